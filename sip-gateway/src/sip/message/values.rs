//! Small header values: CSeq, RAck, media types, challenges and credentials.
//!
//! **Owns**: [`CSeq`], [`RAck`], [`MediaType`], [`AuthHeader`]. **Must not know**: how digests are computed; see
//! `sip/auth`.

use super::lex::{self, Scanner};
use super::method::Method;
use super::params::Params;
use std::fmt;

/// Largest sequence number a CSeq may have (RFC 3261 8.1.1.5).
pub const CSEQ_MAX: u32 = 0x7fff_ffff;

/// Parts of a challenge or of credentials at most.
const MAX_AUTH_PARTS: usize = 32;

/// `CSeq: number method`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CSeq {
    /// At most [`CSEQ_MAX`].
    pub number: u32,
    /// The method.
    pub method: Method,
}

/// `RAck: rseq number method` (RFC 3262 7.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RAck {
    /// RSeq of the provisional response.
    pub rseq: u32,
    /// CSeq of it.
    pub cseq: CSeq,
}

/// `type/subtype;params`; compares without case by [`MediaType::is`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaType {
    /// Before the slash.
    pub kind: Box<str>,
    /// Behind the slash.
    pub subtype: Box<str>,
    /// Parameters, such as `boundary`.
    pub params: Params,
}

/// A challenge or credentials: `scheme name=value, …` (RFC 3261 20.7, 20.44).
#[derive(Clone, PartialEq, Eq)]
pub struct AuthHeader {
    /// `Digest`, or whatever was written.
    pub scheme: Box<str>,
    parts: Vec<AuthPart>,
}

#[derive(Clone, PartialEq, Eq)]
struct AuthPart {
    name: Box<str>,
    value: String,
    quoted: bool,
}

impl CSeq {
    /// A CSeq; the number is cut to [`CSEQ_MAX`].
    #[must_use]
    pub fn new(number: u32, method: Method) -> Self {
        Self {
            number: number.min(CSEQ_MAX),
            method,
        }
    }

    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        let mut scanner = Scanner::new(text);
        let cseq = Self::read(&mut scanner)?;
        if !scanner.at_end() {
            return Err("text behind the method");
        }
        Ok(cseq)
    }

    fn read(scanner: &mut Scanner<'_>) -> Result<Self, &'static str> {
        let number = read_number(scanner)?;
        if number > CSEQ_MAX {
            return Err("number above 2^31-1");
        }
        let method = scanner.token().and_then(Method::parse).ok_or("no method")?;
        Ok(Self { number, method })
    }
}

impl RAck {
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        let mut scanner = Scanner::new(text);
        let rseq = read_number(&mut scanner)?;
        let cseq = CSeq::read(&mut scanner)?;
        if !scanner.at_end() {
            return Err("text behind the method");
        }
        Ok(Self { rseq, cseq })
    }
}

/// Digits with white space before them and behind them.
fn read_number(scanner: &mut Scanner<'_>) -> Result<u32, &'static str> {
    scanner.skip_space();
    let digits = scanner.take_while(|c| c.is_ascii_digit());
    let number = lex::number(digits)
        .and_then(|n| u32::try_from(n).ok())
        .ok_or("broken number")?;
    if !scanner.rest().starts_with([' ', '\t']) {
        return Err("no space behind the number");
    }
    Ok(number)
}

impl MediaType {
    /// True for this type, such as `application/sdp`.
    #[must_use]
    pub fn is(&self, text: &str) -> bool {
        text.split_once('/').is_some_and(|(kind, subtype)| {
            self.kind.eq_ignore_ascii_case(kind) && self.subtype.eq_ignore_ascii_case(subtype)
        })
    }

    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        let mut scanner = Scanner::new(text);
        let media = Self::read(&mut scanner)?;
        if !scanner.at_end() {
            return Err("text behind the media type");
        }
        Ok(media)
    }

    pub(super) fn parse_list(text: &str, into: &mut Vec<Self>) -> Result<(), &'static str> {
        let mut scanner = Scanner::new(text);
        while !scanner.at_end() {
            into.push(Self::read(&mut scanner)?);
            if !scanner.at_end() && !scanner.eat(',') {
                return Err("text behind a media type");
            }
        }
        Ok(())
    }

    fn read(scanner: &mut Scanner<'_>) -> Result<Self, &'static str> {
        let kind = scanner.token().ok_or("no media type")?;
        if !scanner.eat('/') {
            return Err("no media subtype");
        }
        let subtype = scanner.token().ok_or("no media subtype")?;
        Ok(Self {
            kind: kind.into(),
            subtype: subtype.into(),
            params: Params::read(scanner)?,
        })
    }
}

impl AuthHeader {
    /// An empty one of this scheme.
    #[must_use]
    pub fn new(scheme: &str) -> Self {
        Self {
            scheme: scheme.into(),
            parts: Vec::new(),
        }
    }

    /// True for `Digest`.
    #[must_use]
    pub fn is_digest(&self) -> bool {
        self.scheme.eq_ignore_ascii_case("Digest")
    }

    /// A part, unquoted.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.parts
            .iter()
            .find(|p| p.name.eq_ignore_ascii_case(name))
            .map(|p| p.value.as_str())
    }

    /// Adds a part in quotes.
    pub fn push_quoted(&mut self, name: &str, value: &str) {
        self.push(name, value, true);
    }

    /// Adds a part without quotes; the value must be a token.
    pub fn push_token(&mut self, name: &str, value: &str) {
        self.push(name, value, false);
    }

    fn push(&mut self, name: &str, value: &str, quoted: bool) {
        self.parts.push(AuthPart {
            name: name.into(),
            value: value.to_owned(),
            quoted,
        });
    }

    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        let mut scanner = Scanner::new(text);
        let scheme = scanner.token().ok_or("no scheme")?;
        let mut header = Self::new(scheme);
        if !scanner.rest().is_empty() && !scanner.rest().starts_with([' ', '\t']) {
            return Err("broken scheme");
        }
        while !scanner.at_end() {
            // Empty list elements are allowed (RFC 9110 5.6.1) and phones do send a comma at the end.
            if scanner.eat(',') {
                continue;
            }
            let name = scanner.token().ok_or("part without a name")?;
            if !scanner.eat('=') {
                return Err("part without a value");
            }
            scanner.skip_space();
            let quoted = scanner.peek() == Some('"');
            let value = if quoted {
                lex::unquote(scanner.quoted().ok_or("quoted value without an end")?)
            } else {
                let fits = |c: char| !matches!(c, ',' | '"' | ' ' | '\t');
                scanner.take_while(fits).to_owned()
            };
            if header.get(name).is_some() {
                return Err("part repeated");
            }
            if header.parts.len() >= MAX_AUTH_PARTS {
                return Err("too many parts");
            }
            header.push(name, &value, quoted);
            if !scanner.at_end() && scanner.peek() != Some(',') {
                return Err("no comma between parts");
            }
        }
        Ok(header)
    }
}

/// Never shows user names, nonces or responses.
impl fmt::Debug for AuthHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthHeader")
            .field("scheme", &self.scheme)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for AuthHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.scheme)?;
        for (index, part) in self.parts.iter().enumerate() {
            f.write_str(if index == 0 { " " } else { ", " })?;
            if part.quoted {
                write!(f, "{}={}", part.name, lex::quote(&part.value))?;
            } else {
                write!(f, "{}={}", part.name, part.value)?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for CSeq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.number, self.method)
    }
}

impl fmt::Display for RAck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.rseq, self.cseq)
    }
}

impl fmt::Display for MediaType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}{}", self.kind, self.subtype, self.params)
    }
}
