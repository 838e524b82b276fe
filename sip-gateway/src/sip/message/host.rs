//! Hosts in URIs and Via.
//!
//! **Owns**: [`Host`] and the reading of `host [":" port]`. **Must not know**: DNS.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A host as it stands in a URI or Via (RFC 3261 25.1, RFC 5118). Equality is of the text for names; see
/// [`Host::same`] for the comparison without case.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Host {
    /// A name, as written.
    Domain(Box<str>),
    /// An IPv4 address.
    V4(Ipv4Addr),
    /// An IPv6 address; in brackets on the wire.
    V6(Ipv6Addr),
}

impl Host {
    /// Reads a host; IPv6 addresses must be in brackets.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(inner) = text.strip_prefix('[') {
            return inner.strip_suffix(']')?.parse().ok().map(Self::V6);
        }
        if let Ok(address) = text.parse() {
            return Some(Self::V4(address));
        }
        let fits = !text.is_empty()
            && text.len() <= 255
            && text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_'));
        fits.then(|| Self::Domain(text.into()))
    }

    /// The address, when it is one.
    #[must_use]
    pub fn ip(&self) -> Option<IpAddr> {
        match self {
            Self::Domain(_) => None,
            Self::V4(address) => Some(IpAddr::V4(*address)),
            Self::V6(address) => Some(IpAddr::V6(*address)),
        }
    }

    /// The same host: names without regard to case, addresses by value.
    #[must_use]
    pub fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Domain(a), Self::Domain(b)) => a.eq_ignore_ascii_case(b),
            (a, b) => a == b,
        }
    }

    /// Reads `host [":" port]`, the whole text.
    pub(super) fn parse_with_port(text: &str) -> Result<(Self, Option<u16>), &'static str> {
        let name_end = if text.starts_with('[') {
            text.find(']').ok_or("IPv6 address without its bracket")?
        } else {
            0
        };
        let (name, port) = match text.rfind(':').filter(|colon| *colon > name_end) {
            Some(colon) => {
                let (name, port) = text.split_at_checked(colon).ok_or("broken host")?;
                (name, port.strip_prefix(':'))
            }
            None => (text, None),
        };
        let host = Self::parse(name.trim_end_matches([' ', '\t'])).ok_or("broken host")?;
        let port = match port {
            Some(port) => Some(read_port(port).ok_or("broken port")?),
            None => None,
        };
        Ok((host, port))
    }
}

fn read_port(text: &str) -> Option<u16> {
    let text = text.trim_matches([' ', '\t']);
    super::lex::number(text).and_then(|n| u16::try_from(n).ok())
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Domain(name) => f.write_str(name),
            Self::V4(address) => write!(f, "{address}"),
            Self::V6(address) => write!(f, "[{address}]"),
        }
    }
}

impl From<IpAddr> for Host {
    fn from(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => Self::V4(address),
            IpAddr::V6(address) => Self::V6(address),
        }
    }
}

impl From<Ipv4Addr> for Host {
    fn from(address: Ipv4Addr) -> Self {
        Self::V4(address)
    }
}

impl From<Ipv6Addr> for Host {
    fn from(address: Ipv6Addr) -> Self {
        Self::V6(address)
    }
}

impl From<&str> for Host {
    /// A name or address from our own settings, IPv6 with or without brackets. What cannot be a host becomes
    /// `host.invalid`, which no resolver answers (RFC 2606).
    fn from(text: &str) -> Self {
        if let Ok(address) = text.parse::<Ipv6Addr>() {
            return Self::V6(address);
        }
        Self::parse(text).unwrap_or_else(|| Self::Domain("host.invalid".into()))
    }
}

impl From<&String> for Host {
    fn from(text: &String) -> Self {
        Self::from(text.as_str())
    }
}
