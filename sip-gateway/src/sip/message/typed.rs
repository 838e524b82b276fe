//! Typed access to headers. A value is read when it is asked for, so a broken header that nobody needs harms nobody.
//!
//! **Owns**: the readers on [`Headers`]. **Must not know**: what is done with the values.

use super::headers::{HeaderError, HeaderValue, Headers};
use super::name::HeaderName;
use super::name_addr::{Contacts, NameAddr};
use super::values::{AuthHeader, CSeq, MediaType, RAck};
use super::via::Via;
use std::borrow::Cow;

/// Values of one kind of header at most, over all its lines; more is refused.
const MAX_VALUES: usize = 256;

type Reading<T> = Result<T, HeaderError>;

impl Headers {
    /// The topmost Via.
    ///
    /// # Errors
    /// Missing or broken.
    pub fn via_top(&self) -> Reading<Via> {
        let name = HeaderName::Via;
        let Some(value) = self.all(&name).next() else {
            return Err(HeaderError::new(name, "missing"));
        };
        match Via::parse_first(&text_of(value)) {
            Ok((via, _)) => Ok(via),
            Err(problem) => Err(HeaderError::new(name, problem)),
        }
    }

    /// Replaces the topmost Via and leaves all others as they were written, those in the same line too. When the top
    /// one cannot be read, its whole line is replaced.
    pub fn set_via_top(&mut self, via: &Via) {
        let text = self.all(&HeaderName::Via).next().map(text_of);
        let others = text
            .as_deref()
            .and_then(|text| Via::parse_first(text).ok())
            .map_or("", |(_, rest)| rest);
        let line = format!("{via}{others}");
        self.set_first(HeaderName::Via, line);
    }

    /// Every Via, topmost first, over all lines.
    ///
    /// # Errors
    /// Any of them is broken.
    pub fn vias(&self) -> Reading<Vec<Via>> {
        self.list(HeaderName::Via, Via::parse_list)
    }

    /// From.
    ///
    /// # Errors
    /// Missing, repeated or broken.
    pub fn from(&self) -> Reading<NameAddr> {
        self.single(HeaderName::From, NameAddr::parse)
    }

    /// To.
    ///
    /// # Errors
    /// Missing, repeated or broken.
    pub fn to(&self) -> Reading<NameAddr> {
        self.single(HeaderName::To, NameAddr::parse)
    }

    /// Contact, over all lines.
    ///
    /// # Errors
    /// Any is broken, or `*` stands beside others.
    pub fn contacts(&self) -> Reading<Contacts> {
        let name = HeaderName::Contact;
        let stars = self.all(&name).filter(|v| v.as_bytes() == b"*").count();
        if stars == 0 {
            return self.list(name, NameAddr::parse_list).map(Contacts::List);
        }
        if self.count(&name) == 1 {
            return Ok(Contacts::Star);
        }
        Err(HeaderError::new(name, "* beside other values"))
    }

    /// CSeq.
    ///
    /// # Errors
    /// Missing, repeated, broken, or its number is above 2^31-1.
    pub fn cseq(&self) -> Reading<CSeq> {
        self.single(HeaderName::CSeq, CSeq::parse)
    }

    /// Call-ID.
    ///
    /// # Errors
    /// Missing, repeated, empty, not UTF-8 or with white space.
    pub fn call_id(&self) -> Reading<&str> {
        let name = HeaderName::CallId;
        if self.count(&name) > 1 {
            return Err(HeaderError::new(name, "repeated"));
        }
        let value = self
            .all(&HeaderName::CallId)
            .next()
            .ok_or_else(|| HeaderError::new(HeaderName::CallId, "missing"))?;
        value
            .as_str()
            .filter(|text| !text.is_empty() && !text.contains([' ', '\t']))
            .ok_or_else(|| HeaderError::new(name, "broken"))
    }

    /// Max-Forwards; none when absent.
    ///
    /// # Errors
    /// Repeated or no number of 0-255.
    pub fn max_forwards(&self) -> Reading<Option<u8>> {
        self.optional(HeaderName::MaxForwards, |text| {
            read_number(text).and_then(|n| u8::try_from(n).map_err(|_| "number too large"))
        })
    }

    /// Expires in seconds; none when absent.
    ///
    /// # Errors
    /// Repeated or no number below 2^32; RFC 3261 20.19 wants the default instead then.
    pub fn expires(&self) -> Reading<Option<u32>> {
        self.optional(HeaderName::Expires, |text| {
            read_number(text).and_then(|n| u32::try_from(n).map_err(|_| "number too large"))
        })
    }

    /// Content-Length as a received message had it. Parsed messages carry it no longer: see [`Headers`].
    ///
    /// # Errors
    /// Two different lengths, or no number.
    pub fn content_length(&self) -> Reading<Option<usize>> {
        let name = HeaderName::ContentLength;
        let mut length = None;
        for value in self.all(&HeaderName::ContentLength) {
            let number = read_number(&text_of(value))
                .and_then(|n| usize::try_from(n).map_err(|_| "number too large"))
                .map_err(|problem| HeaderError::new(name.clone(), problem))?;
            if length.is_some_and(|other| other != number) {
                return Err(HeaderError::new(name, "two different lengths"));
            }
            length = Some(number);
        }
        Ok(length)
    }

    /// Content-Type; none when absent.
    ///
    /// # Errors
    /// Repeated or broken.
    pub fn content_type(&self) -> Reading<Option<MediaType>> {
        self.optional(HeaderName::ContentType, MediaType::parse)
    }

    /// Accept, over all lines; none when absent, which is not the same as empty (RFC 3261 20.1).
    ///
    /// # Errors
    /// Any is broken.
    pub fn accept(&self) -> Reading<Option<Vec<MediaType>>> {
        if !self.has(&HeaderName::Accept) {
            return Ok(None);
        }
        self.list(HeaderName::Accept, MediaType::parse_list)
            .map(Some)
    }

    /// Option tags of Require.
    ///
    /// # Errors
    /// Any is no token.
    pub fn require(&self) -> Reading<Vec<Box<str>>> {
        self.tokens(HeaderName::Require)
    }

    /// Option tags of Supported.
    ///
    /// # Errors
    /// Any is no token.
    pub fn supported(&self) -> Reading<Vec<Box<str>>> {
        self.tokens(HeaderName::Supported)
    }

    /// A list of tokens with commas, such as Allow.
    ///
    /// # Errors
    /// Any is no token.
    pub fn tokens(&self, name: HeaderName) -> Reading<Vec<Box<str>>> {
        self.list(name, |text, into| {
            for part in text.split(',').map(|p| p.trim_matches([' ', '\t'])) {
                if part.is_empty() {
                    continue;
                }
                if !super::lex::is_token(part) {
                    return Err("no token");
                }
                into.push(part.into());
            }
            Ok(())
        })
    }

    /// Route, over all lines.
    ///
    /// # Errors
    /// Any is broken.
    pub fn routes(&self) -> Reading<Vec<NameAddr>> {
        self.list(HeaderName::Route, NameAddr::parse_list)
    }

    /// Record-Route, over all lines, in message order.
    ///
    /// # Errors
    /// Any is broken.
    pub fn record_routes(&self) -> Reading<Vec<NameAddr>> {
        self.list(HeaderName::RecordRoute, NameAddr::parse_list)
    }

    /// P-Asserted-Identity (RFC 3325): none, one, or a SIP and a tel URI.
    ///
    /// # Errors
    /// Any is broken.
    pub fn p_asserted_identity(&self) -> Reading<Vec<NameAddr>> {
        self.list(HeaderName::PAssertedIdentity, NameAddr::parse_list)
    }

    /// Refer-To; none when absent.
    ///
    /// # Errors
    /// Repeated or broken.
    pub fn refer_to(&self) -> Reading<Option<NameAddr>> {
        self.optional(HeaderName::ReferTo, NameAddr::parse)
    }

    /// RAck; none when absent.
    ///
    /// # Errors
    /// Repeated or broken.
    pub fn rack(&self) -> Reading<Option<RAck>> {
        self.optional(HeaderName::RAck, RAck::parse)
    }

    /// Credentials in Authorization, one a line, of any scheme.
    ///
    /// # Errors
    /// Any is broken.
    pub fn authorization(&self) -> Reading<Vec<AuthHeader>> {
        self.auth(HeaderName::Authorization)
    }

    /// Credentials in Proxy-Authorization.
    ///
    /// # Errors
    /// Any is broken.
    pub fn proxy_authorization(&self) -> Reading<Vec<AuthHeader>> {
        self.auth(HeaderName::ProxyAuthorization)
    }

    /// Challenges in WWW-Authenticate, one a line, in the order of the server's preference.
    ///
    /// # Errors
    /// Any is broken.
    pub fn www_authenticate(&self) -> Reading<Vec<AuthHeader>> {
        self.auth(HeaderName::WwwAuthenticate)
    }

    /// Challenges in Proxy-Authenticate.
    ///
    /// # Errors
    /// Any is broken.
    pub fn proxy_authenticate(&self) -> Reading<Vec<AuthHeader>> {
        self.auth(HeaderName::ProxyAuthenticate)
    }

    fn auth(&self, name: HeaderName) -> Reading<Vec<AuthHeader>> {
        self.list(name, |text, into| {
            into.push(AuthHeader::parse(text)?);
            Ok(())
        })
    }

    fn single<T>(
        &self,
        name: HeaderName,
        read: impl Fn(&str) -> Result<T, &'static str>,
    ) -> Reading<T> {
        self.optional(name.clone(), read)?
            .ok_or_else(|| HeaderError::new(name, "missing"))
    }

    fn optional<T>(
        &self,
        name: HeaderName,
        read: impl Fn(&str) -> Result<T, &'static str>,
    ) -> Reading<Option<T>> {
        let result = {
            let mut values = self.all(&name);
            match (values.next(), values.next()) {
                (None, _) => return Ok(None),
                (Some(_), Some(_)) => Err("repeated"),
                (Some(value), None) => read(&text_of(value)),
            }
        };
        result
            .map(Some)
            .map_err(|problem| HeaderError::new(name, problem))
    }

    fn list<T>(
        &self,
        name: HeaderName,
        read: impl Fn(&str, &mut Vec<T>) -> Result<(), &'static str>,
    ) -> Reading<Vec<T>> {
        let mut items = Vec::new();
        let result = self.all(&name).try_for_each(|value| {
            read(&text_of(value), &mut items)?;
            if items.len() > MAX_VALUES {
                return Err("too many values");
            }
            Ok(())
        });
        match result {
            Ok(()) => Ok(items),
            Err(problem) => Err(HeaderError::new(name, problem)),
        }
    }
}

/// The value as text. Bytes that are not UTF-8 become U+FFFD, which no token holds: they can stand in display names
/// and comments only, everything else refuses them.
fn text_of(value: &HeaderValue) -> Cow<'_, str> {
    String::from_utf8_lossy(value.as_bytes())
}

fn read_number(text: &str) -> Result<u64, &'static str> {
    super::lex::number(text.trim_matches([' ', '\t'])).ok_or("no number, or too large")
}
