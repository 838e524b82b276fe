//! URIs.
//!
//! **Owns**: [`Uri`]: `sip:` and `sips:` in their parts, every other scheme as text. **Must not know**: routing.

use super::host::Host;
use super::lex;
use super::params::Params;
use std::fmt;

/// A URI (RFC 3261 19.1). `==` compares what is written; [`Uri::equivalent`] compares as RFC 3261 19.1.4 says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Uri {
    /// `sip:` or `sips:`.
    Sip(Box<SipUri>),
    /// Any other scheme, exactly as written.
    Other {
        /// The scheme, as written, without its colon.
        scheme: Box<str>,
        /// Everything behind the colon.
        rest: Box<str>,
    },
}

/// The parts of a `sip:` or `sips:` URI, escapes kept as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SipUri {
    /// `sips:`.
    pub secure: bool,
    /// User, escaped as written.
    pub user: Option<Box<str>>,
    /// Password, escaped as written.
    pub password: Option<Box<str>>,
    /// Host.
    pub host: Host,
    /// Port, when written.
    pub port: Option<u16>,
    /// Parameters, escaped as written.
    pub params: Params,
    /// Headers behind `?`, escaped as written. Never turned into headers of a message by this module.
    pub headers: Vec<UriHeader>,
}

/// Name and value of a header in a URI, escaped as written.
pub type UriHeader = (Box<str>, Box<str>);

/// The text is no URI; says why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct UriError(pub &'static str);

impl Uri {
    /// `sip:[user@]host[:port]`. The user is plain text and is escaped here.
    #[must_use]
    pub fn sip(user: Option<&str>, host: impl Into<Host>, port: Option<u16>) -> Self {
        Self::Sip(Box::new(SipUri {
            secure: false,
            user: user
                .filter(|u| !u.is_empty())
                .map(|u| lex::escape(u, is_user_char).into()),
            password: None,
            host: host.into(),
            port,
            params: Params::new(),
            headers: Vec::new(),
        }))
    }

    /// Reads a URI, the whole text.
    ///
    /// # Errors
    /// The text holds white space, control characters or angle brackets, has no scheme, or its SIP parts are broken.
    pub fn parse(text: &str) -> Result<Self, UriError> {
        if text
            .chars()
            .any(|c| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | '"'))
        {
            return Err(UriError("character that no URI may hold"));
        }
        let (scheme, rest) = text
            .split_once(':')
            .ok_or(UriError("URI without a scheme"))?;
        if !is_scheme(scheme) {
            return Err(UriError("broken URI scheme"));
        }
        let secure = scheme.eq_ignore_ascii_case("sips");
        if secure || scheme.eq_ignore_ascii_case("sip") {
            return SipUri::parse(secure, rest)
                .map(|u| Self::Sip(Box::new(u)))
                .map_err(UriError);
        }
        if rest.is_empty() {
            return Err(UriError("empty URI"));
        }
        Ok(Self::Other {
            scheme: scheme.into(),
            rest: rest.into(),
        })
    }

    /// The scheme; lower case for SIP, as written otherwise.
    #[must_use]
    pub fn scheme(&self) -> &str {
        match self {
            Self::Sip(uri) if uri.secure => "sips",
            Self::Sip(_) => "sip",
            Self::Other { scheme, .. } => scheme,
        }
    }

    /// True for a `tel:` URI (RFC 3966).
    #[must_use]
    pub fn is_tel(&self) -> bool {
        self.scheme().eq_ignore_ascii_case("tel")
    }

    /// The parts, of `sip:` and `sips:`.
    #[must_use]
    pub fn as_sip(&self) -> Option<&SipUri> {
        match self {
            Self::Sip(uri) => Some(uri),
            Self::Other { .. } => None,
        }
    }

    /// The parts, to change.
    #[must_use]
    pub fn as_sip_mut(&mut self) -> Option<&mut SipUri> {
        match self {
            Self::Sip(uri) => Some(uri),
            Self::Other { .. } => None,
        }
    }

    /// User part as written, of SIP URIs.
    #[must_use]
    pub fn user(&self) -> Option<&str> {
        self.as_sip()?.user.as_deref()
    }

    /// User part, unescaped once; of a `tel:` URI the number without its parameters. What it holds comes from the
    /// network: NUL and other controls are possible.
    #[must_use]
    pub fn user_unescaped(&self) -> Option<String> {
        let written = match self {
            Self::Sip(uri) => uri.user.as_deref()?,
            Self::Other { rest, .. } if self.is_tel() => rest.split(';').next()?,
            Self::Other { .. } => return None,
        };
        Some(String::from_utf8_lossy(&lex::unescape(written)).into_owned())
    }

    /// Host, of SIP URIs.
    #[must_use]
    pub fn host(&self) -> Option<&Host> {
        self.as_sip().map(|uri| &uri.host)
    }

    /// Port as written, of SIP URIs.
    #[must_use]
    pub fn port(&self) -> Option<u16> {
        self.as_sip()?.port
    }

    /// Value of a parameter of a SIP URI, as written. For flags such as `lr` see [`Uri::has_param`].
    #[must_use]
    pub fn param(&self, name: &str) -> Option<&str> {
        self.as_sip()?.params.get(name)
    }

    /// True when a SIP URI has this parameter.
    #[must_use]
    pub fn has_param(&self, name: &str) -> bool {
        self.as_sip().is_some_and(|uri| uri.params.has(name))
    }

    /// Sets a parameter of a SIP URI; name and value are escaped here. Does nothing for other schemes.
    pub fn set_param(&mut self, name: &str, value: Option<&str>) {
        if let Self::Sip(uri) = self {
            let name = lex::escape(name, is_param_char);
            let value = value.map(|v| lex::escape(v, is_param_char));
            uri.params.set_as_written(&name, value.as_deref());
        }
    }

    /// Equality of RFC 3261 19.1.4; other schemes compare by text, their scheme without case.
    #[must_use]
    pub fn equivalent(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Sip(a), Self::Sip(b)) => a.equivalent(b),
            (
                Self::Other { scheme, rest },
                Self::Other {
                    scheme: other_scheme,
                    rest: other_rest,
                },
            ) => scheme.eq_ignore_ascii_case(other_scheme) && rest == other_rest,
            _ => false,
        }
    }
}

impl SipUri {
    fn parse(secure: bool, text: &str) -> Result<Self, &'static str> {
        // The user may hold ';' and '?', so '@' is looked for first (RFC 4475 3.1.1.9).
        let (userinfo, rest) = match text.split_once('@') {
            Some((userinfo, rest)) => (Some(userinfo), rest),
            None => (None, text),
        };
        let (user, password) = match userinfo {
            Some("") => return Err("empty user"),
            Some(userinfo) => match userinfo.split_once(':') {
                Some(("", _)) => return Err("empty user"),
                Some((user, password)) => (Some(user), Some(password)),
                None => (Some(userinfo), None),
            },
            None => (None, None),
        };
        let (place, headers) = match rest.split_once('?') {
            Some((place, headers)) => (place, Some(headers)),
            None => (rest, None),
        };
        let mut parts = place.split(';');
        let (host, port) = Host::parse_with_port(parts.next().unwrap_or_default())?;
        let mut params = Params::new();
        for part in parts {
            let (name, value) = match part.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (part, None),
            };
            if name.is_empty() || value.is_some_and(str::is_empty) || part.contains(['@', ',']) {
                return Err("broken URI parameter");
            }
            params.add(name, value)?;
        }
        Ok(Self {
            secure,
            user: user.map(Into::into),
            password: password.map(Into::into),
            host,
            port,
            params,
            headers: headers.map_or_else(|| Ok(Vec::new()), parse_headers)?,
        })
    }

    fn equivalent(&self, other: &Self) -> bool {
        // Parameters that count even when only one side has them; RFC 3261 19.1.4 gives the last by example.
        const BOTH_OR_NONE: [&str; 5] = ["user", "ttl", "method", "maddr", "transport"];
        self.secure == other.secure
            && same_escaped(self.user.as_deref(), other.user.as_deref())
            && same_escaped(self.password.as_deref(), other.password.as_deref())
            && self.host.same(&other.host)
            && self.port == other.port
            && BOTH_OR_NONE
                .iter()
                .all(|name| self.params.has(name) == other.params.has(name))
            && self.params.iter().all(|(name, value)| {
                !other.params.has(name) || same_without_case(value, other.params.get(name))
            })
            && self.same_headers(other)
    }

    fn same_headers(&self, other: &Self) -> bool {
        let key = |uri: &Self| {
            let mut list: Vec<_> = uri
                .headers
                .iter()
                .map(|(name, value)| {
                    let name = lex::unescape(name).to_ascii_lowercase();
                    (name, lex::unescape(value))
                })
                .collect();
            list.sort();
            list
        };
        key(self) == key(other)
    }
}

fn parse_headers(text: &str) -> Result<Vec<UriHeader>, &'static str> {
    text.split('&')
        .map(|pair| match pair.split_once('=') {
            Some((name, value)) if !name.is_empty() => Ok((name.into(), value.into())),
            _ => Err("broken URI header"),
        })
        .collect()
}

fn same_escaped(a: Option<&str>, b: Option<&str>) -> bool {
    a.map(lex::unescape) == b.map(lex::unescape)
}

fn same_without_case(a: Option<&str>, b: Option<&str>) -> bool {
    let plain = |text: &str| lex::unescape(text).to_ascii_lowercase();
    a.map(plain) == b.map(plain)
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
}

/// `unreserved` of RFC 3261 25.1.
fn is_unreserved(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '!' | '~' | '*' | '\'' | '(' | ')')
}

fn is_user_char(c: char) -> bool {
    is_unreserved(c) || matches!(c, '&' | '=' | '+' | '$' | ',' | ';' | '?' | '/')
}

fn is_param_char(c: char) -> bool {
    is_unreserved(c) || matches!(c, '[' | ']' | '/' | ':' | '&' | '+' | '$')
}

impl fmt::Display for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sip(uri) => write!(f, "{uri}"),
            Self::Other { scheme, rest } => write!(f, "{scheme}:{rest}"),
        }
    }
}

impl fmt::Display for SipUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.secure { "sips:" } else { "sip:" })?;
        if let Some(user) = &self.user {
            f.write_str(user)?;
            if let Some(password) = &self.password {
                write!(f, ":{password}")?;
            }
            f.write_str("@")?;
        }
        write!(f, "{}", self.host)?;
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        write!(f, "{}", self.params)?;
        for (index, (name, value)) in self.headers.iter().enumerate() {
            let mark = if index == 0 { '?' } else { '&' };
            write!(f, "{mark}{name}={value}")?;
        }
        Ok(())
    }
}

impl std::str::FromStr for Uri {
    type Err = UriError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}
