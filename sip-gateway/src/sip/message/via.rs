//! Via.
//!
//! **Owns**: [`Via`]. **Must not know**: transactions, sockets.

use super::host::Host;
use super::lex::{self, Scanner};
use super::params::Params;
use std::fmt;
use std::net::IpAddr;

/// What RFC 3261 8.1.1.7 wants every branch to begin with.
pub const BRANCH_COOKIE: &str = "z9hG4bK";

/// One Via value (RFC 3261 20.42, RFC 3581).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Via {
    /// `UDP`, `TCP`, … as written.
    pub transport: Box<str>,
    /// Sent-by host.
    pub host: Host,
    /// Sent-by port, when written.
    pub port: Option<u16>,
    /// `branch`.
    pub branch: Option<Box<str>>,
    /// `received`; anything but an address there is worth nothing and is dropped.
    pub received: Option<IpAddr>,
    /// `rport`.
    pub rport: Rport,
    /// All other parameters.
    pub params: Params,
}

/// The `rport` parameter (RFC 3581).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rport {
    /// Not there.
    #[default]
    Absent,
    /// There without a value: the sender asks for symmetric responses.
    Asked,
    /// Filled in.
    Port(u16),
}

impl Via {
    /// A Via of our own.
    #[must_use]
    pub fn new(transport: &str, host: impl Into<Host>, port: Option<u16>, branch: &str) -> Self {
        Self {
            transport: transport.into(),
            host: host.into(),
            port,
            branch: Some(branch.into()),
            received: None,
            rport: Rport::Absent,
            params: Params::new(),
        }
    }

    /// True when the branch was made by the rules of RFC 3261, so that it alone names the transaction.
    #[must_use]
    pub fn has_cookie(&self) -> bool {
        self.branch
            .as_deref()
            .and_then(|b| b.split_at_checked(BRANCH_COOKIE.len()))
            .is_some_and(|(start, rest)| {
                start.eq_ignore_ascii_case(BRANCH_COOKIE) && !rest.is_empty()
            })
    }

    /// Reads every value of one header line.
    pub(super) fn parse_list(text: &str, into: &mut Vec<Self>) -> Result<(), &'static str> {
        let mut scanner = Scanner::new(text);
        loop {
            into.push(Self::read(&mut scanner)?);
            if scanner.at_end() {
                return Ok(());
            }
            if !scanner.eat(',') {
                return Err("text behind a value");
            }
        }
    }

    /// Reads the first value of a header line; gives the rest of the line, with its comma, beside it.
    pub(super) fn parse_first(text: &str) -> Result<(Self, &str), &'static str> {
        let mut scanner = Scanner::new(text);
        let first = Self::read(&mut scanner)?;
        scanner.skip_space();
        let rest = scanner.rest();
        if !rest.is_empty() && !rest.starts_with(',') {
            return Err("text behind a value");
        }
        Ok((first, rest))
    }

    fn read(scanner: &mut Scanner<'_>) -> Result<Self, &'static str> {
        let protocol = scanner.token().ok_or("no protocol")?;
        if !protocol.eq_ignore_ascii_case("SIP") {
            return Err("protocol is not SIP");
        }
        if !scanner.eat('/') {
            return Err("no protocol version");
        }
        scanner.token().ok_or("no protocol version")?;
        if !scanner.eat('/') {
            return Err("no transport");
        }
        let transport = scanner.token().ok_or("no transport")?;
        let sent_by = scanner.take_while(|c| !matches!(c, ';' | ','));
        let (host, port) = Host::parse_with_port(sent_by.trim_matches([' ', '\t']))?;
        if !sent_by.starts_with([' ', '\t']) {
            return Err("no space before the host");
        }
        let mut via = Self {
            transport: transport.into(),
            host,
            port,
            branch: None,
            received: None,
            rport: Rport::Absent,
            params: Params::read(scanner)?,
        };
        via.take_known_params()?;
        Ok(via)
    }

    fn take_known_params(&mut self) -> Result<(), &'static str> {
        if self.params.has("branch") {
            let branch = self.params.get("branch").ok_or("branch without a value")?;
            if branch.starts_with('"') {
                return Err("branch is no token");
            }
            self.branch = Some(branch.into());
            self.params.remove("branch");
        }
        self.received = self.params.get("received").and_then(read_address);
        self.params.remove("received");
        if self.params.has("rport") {
            self.rport = match self.params.get("rport") {
                None => Rport::Asked,
                Some(port) => lex::number(port)
                    .and_then(|n| u16::try_from(n).ok())
                    .map(Rport::Port)
                    .ok_or("broken rport")?,
            };
            self.params.remove("rport");
        }
        Ok(())
    }
}

/// IPv6 with and without brackets: both are seen (RFC 5118 4.5).
fn read_address(text: &str) -> Option<IpAddr> {
    text.parse()
        .ok()
        .or_else(|| Host::parse(text).and_then(|host| host.ip()))
}

impl fmt::Display for Via {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SIP/2.0/{} {}", self.transport, self.host)?;
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        if let Some(branch) = &self.branch {
            write!(f, ";branch={branch}")?;
        }
        if let Some(received) = self.received {
            write!(f, ";received={received}")?;
        }
        match self.rport {
            Rport::Absent => {}
            Rport::Asked => f.write_str(";rport")?,
            Rport::Port(port) => write!(f, ";rport={port}")?,
        }
        write!(f, "{}", self.params)
    }
}
