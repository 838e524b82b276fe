//! Parameters: `;name=value` behind URIs and header values.
//!
//! **Owns**: [`Params`]. **Must not know**: what any parameter means.

use super::lex::{self, Scanner};
use std::fmt;

/// Parameters of one value or URI at most; more is refused.
const MAX_PARAMS: usize = 64;

/// Parameters in their order. Names compare without case; values are kept as written, quotes included.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Params {
    list: Vec<Param>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Param {
    name: Box<str>,
    value: Option<Box<str>>,
}

impl Params {
    /// No parameters.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// True when there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// True when the parameter is there, with or without a value.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    /// The value as written; none when the parameter is absent or has no value.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.find(name)?.value.as_deref()
    }

    /// The value without quotes and quoting.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<String> {
        self.get(name).map(lex::unquote)
    }

    /// Sets or replaces a parameter of a header. A value that is no token or host is quoted; a name that is no token
    /// changes nothing.
    pub fn set(&mut self, name: &str, value: Option<&str>) {
        if !lex::is_token(name) {
            return;
        }
        let value = value.map(|v| {
            if !v.is_empty() && v.chars().all(is_plain_value_char) {
                v.to_owned()
            } else {
                lex::quote(v)
            }
        });
        self.set_as_written(name, value.as_deref());
    }

    /// Sets or replaces a parameter; name and value must be fit for the wire already.
    pub(super) fn set_as_written(&mut self, name: &str, value: Option<&str>) {
        let value = value.map(Into::into);
        match self
            .list
            .iter_mut()
            .find(|p| p.name.eq_ignore_ascii_case(name))
        {
            Some(param) => param.value = value,
            None => self.list.push(Param {
                name: name.into(),
                value,
            }),
        }
    }

    /// Takes a parameter away; true when it was there.
    pub fn remove(&mut self, name: &str) -> bool {
        let before = self.list.len();
        self.list.retain(|p| !p.name.eq_ignore_ascii_case(name));
        self.list.len() != before
    }

    /// Name and value of each, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.list.iter().map(|p| (&*p.name, p.value.as_deref()))
    }

    /// Adds a parameter that was read; refuses a second one of the same name (RFC 3261 7.3.1).
    pub(super) fn add(&mut self, name: &str, value: Option<&str>) -> Result<(), &'static str> {
        if self.list.len() >= MAX_PARAMS {
            return Err("too many parameters");
        }
        if self.has(name) {
            return Err("parameter repeated");
        }
        self.list.push(Param {
            name: name.into(),
            value: value.map(Into::into),
        });
        Ok(())
    }

    /// Reads `*( SEMI generic-param )`.
    pub(super) fn read(scanner: &mut Scanner<'_>) -> Result<Self, &'static str> {
        let mut params = Self::new();
        while scanner.eat(';') {
            let name = scanner.token().ok_or("parameter without a name")?;
            let value = if scanner.eat('=') {
                Some(read_value(scanner)?)
            } else {
                None
            };
            params.add(name, value)?;
        }
        Ok(params)
    }

    fn find(&self, name: &str) -> Option<&Param> {
        self.list.iter().find(|p| p.name.eq_ignore_ascii_case(name))
    }
}

impl fmt::Display for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in self.iter() {
            write!(f, ";{name}")?;
            if let Some(value) = value {
                write!(f, "={value}")?;
            }
        }
        Ok(())
    }
}

fn read_value<'a>(scanner: &mut Scanner<'a>) -> Result<&'a str, &'static str> {
    scanner.skip_space();
    if scanner.peek() == Some('"') {
        return scanner.quoted().ok_or("quoted value without an end");
    }
    let value = scanner.take_while(is_plain_value_char);
    if value.is_empty() {
        return Err("parameter with an empty value");
    }
    Ok(value)
}

/// `token / host` of RFC 3261 25.1, and what phones put there without quotes besides.
fn is_plain_value_char(c: char) -> bool {
    lex::is_token_char(c) || matches!(c, '[' | ']' | ':' | '/' | '@' | '=' | '$' | '&' | '(' | ')')
}
