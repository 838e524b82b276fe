//! Header names.
//!
//! **Owns**: [`HeaderName`], the table of names and compact forms. **Must not know**: what the values mean.

use super::lex;
use std::fmt;

/// Writes the enum and its table from one list: variant, canonical name, compact form.
macro_rules! header_names {
    ($($variant:ident $name:literal $(/ $compact:literal)?;)*) => {
        /// A header's name. Names compare without case and a compact form is its long form; names outside the table
        /// are kept as written.
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        pub enum HeaderName {
            $(
                #[doc = concat!("`", $name, "`")]
                $variant,
            )*
            /// Any other name.
            Other(OtherName),
        }

        impl HeaderName {
            /// The name for the wire.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $name,)*
                    Self::Other(name) => &name.0,
                }
            }

            fn known(text: &str) -> Option<Self> {
                $(
                    if text.eq_ignore_ascii_case($name) $(|| text.eq_ignore_ascii_case($compact))? {
                        return Some(Self::$variant);
                    }
                )*
                None
            }
        }
    };
}

header_names! {
    Via "Via" / "v";
    From "From" / "f";
    To "To" / "t";
    CallId "Call-ID" / "i";
    CSeq "CSeq";
    Contact "Contact" / "m";
    MaxForwards "Max-Forwards";
    ContentLength "Content-Length" / "l";
    ContentType "Content-Type" / "c";
    Route "Route";
    RecordRoute "Record-Route";
    Expires "Expires";
    MinExpires "Min-Expires";
    Require "Require";
    ProxyRequire "Proxy-Require";
    Supported "Supported" / "k";
    Unsupported "Unsupported";
    Allow "Allow";
    AllowEvents "Allow-Events" / "u";
    Accept "Accept";
    AcceptEncoding "Accept-Encoding";
    AcceptLanguage "Accept-Language";
    ContentEncoding "Content-Encoding" / "e";
    ContentDisposition "Content-Disposition";
    Authorization "Authorization";
    WwwAuthenticate "WWW-Authenticate";
    ProxyAuthorization "Proxy-Authorization";
    ProxyAuthenticate "Proxy-Authenticate";
    AuthenticationInfo "Authentication-Info";
    UserAgent "User-Agent";
    Server "Server";
    FlowTimer "Flow-Timer";
    Date "Date";
    Timestamp "Timestamp";
    Warning "Warning";
    RetryAfter "Retry-After";
    Reason "Reason";
    Subject "Subject" / "s";
    Event "Event" / "o";
    SubscriptionState "Subscription-State";
    ReferTo "Refer-To" / "r";
    ReferredBy "Referred-By" / "b";
    Replaces "Replaces";
    RSeq "RSeq";
    RAck "RAck";
    SessionExpires "Session-Expires" / "x";
    MinSe "Min-SE";
    Path "Path";
    ServiceRoute "Service-Route";
    PAssertedIdentity "P-Asserted-Identity";
    PPreferredIdentity "P-Preferred-Identity";
    Privacy "Privacy";
    Diversion "Diversion";
    HistoryInfo "History-Info";
    Identity "Identity" / "y";
}

impl HeaderName {
    /// Reads a name, long or compact; none when the text is no token.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(known) = Self::known(text) {
            return Some(known);
        }
        lex::is_token(text).then(|| Self::Other(OtherName(text.into())))
    }
}

impl fmt::Display for HeaderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A name outside the table, as written; made by [`HeaderName::parse`] only, so it never holds a known name.
#[derive(Clone, Debug)]
pub struct OtherName(Box<str>);

impl PartialEq for OtherName {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for OtherName {}

impl std::hash::Hash for OtherName {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        for byte in self.0.bytes() {
            state.write_u8(byte.to_ascii_lowercase());
        }
        state.write_u8(0xff);
    }
}
