//! `name-addr` and `addr-spec`: From, To, Contact, Route and their kin.
//!
//! **Owns**: [`NameAddr`], [`Contacts`]. **Must not know**: dialogs, registrations.

use super::lex::{self, Scanner};
use super::params::Params;
use super::uri::Uri;
use std::fmt;

/// A URI with a display name and header parameters (RFC 3261 20.10). Prints with angle brackets always, so that
/// parameters never change sides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameAddr {
    /// Display name, unquoted.
    pub display: Option<String>,
    /// The URI.
    pub uri: Uri,
    /// Parameters of the header, not of the URI.
    pub params: Params,
}

/// What Contact headers hold together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Contacts {
    /// `Contact: *`.
    Star,
    /// Contacts, in order; empty when there is no header.
    List(Vec<NameAddr>),
}

impl NameAddr {
    /// A bare URI.
    #[must_use]
    pub fn new(uri: Uri) -> Self {
        Self {
            display: None,
            uri,
            params: Params::new(),
        }
    }

    /// With this display name; an empty one is none.
    #[must_use]
    pub fn with_display(mut self, display: &str) -> Self {
        self.display = (!display.is_empty()).then(|| display.to_owned());
        self
    }

    /// With this tag.
    #[must_use]
    pub fn with_tag(mut self, tag: &str) -> Self {
        self.set_tag(tag);
        self
    }

    /// The `tag` parameter.
    #[must_use]
    pub fn tag(&self) -> Option<&str> {
        self.params.get("tag")
    }

    /// Sets the `tag` parameter.
    pub fn set_tag(&mut self, tag: &str) {
        self.params.set("tag", Some(tag));
    }

    /// Reads exactly one.
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        let mut scanner = Scanner::new(text);
        let one = Self::read(&mut scanner)?;
        if !scanner.at_end() {
            return Err("text behind the value");
        }
        Ok(one)
    }

    /// Reads a list with commas.
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

    fn read(scanner: &mut Scanner<'_>) -> Result<Self, &'static str> {
        scanner.skip_space();
        let quoted = scanner.peek() == Some('"');
        let display = if quoted {
            let text = scanner.quoted().ok_or("quoted name without an end")?;
            Some(lex::unquote(text))
        } else {
            read_plain_display(scanner)?
        };
        let uri = if scanner.eat('<') {
            let text = scanner.take_while(|c| c != '>');
            if !scanner.eat('>') {
                return Err("URI without its closing bracket");
            }
            text
        } else if quoted {
            return Err("display name without a URI in brackets");
        } else {
            // Without brackets the URI ends where RFC 3261 20 says that brackets would be needed.
            let text = scanner.take_while(|c| !matches!(c, ';' | ',' | '?' | ' ' | '\t'));
            if scanner.peek() == Some('?') {
                return Err("URI with headers outside brackets");
            }
            text
        };
        Ok(Self {
            display: display.filter(|d| !d.is_empty()),
            uri: Uri::parse(uri).map_err(|e| e.0)?,
            params: Params::read(scanner)?,
        })
    }
}

/// `*(token LWS)` before `<`; leaves the scanner untouched when a bare URI comes instead.
fn read_plain_display(scanner: &mut Scanner<'_>) -> Result<Option<String>, &'static str> {
    let mut ahead = scanner.clone();
    let text = ahead.take_while(|c| c != '<');
    let bracket_belongs_here = ahead.peek() == Some('<') && !text.contains([',', ';', ':', '"']);
    if bracket_belongs_here {
        // Letters outside ASCII are no tokens, yet phones send them unquoted; nothing else is guessed.
        let fits = |c: char| lex::is_token_char(c) || matches!(c, ' ' | '\t') || !c.is_ascii();
        if !text.chars().all(fits) {
            return Err("display name needs quotes");
        }
        *scanner = ahead;
        return Ok(Some(text.trim().to_owned()));
    }
    Ok(None)
}

impl fmt::Display for NameAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(display) = &self.display {
            write!(f, "{} ", lex::quote(display))?;
        }
        write!(f, "<{}>{}", self.uri, self.params)
    }
}
