//! Reading header values: a cursor over text, tokens, quoted strings.
//!
//! **Owns**: the character classes of RFC 3261 25.1 and quoting. **Must not know**: which header it reads.
//! Nothing here indexes or slices by number, so no input can make it panic.

/// A cursor over one header value. Folding has been undone before; white space is SP and HT.
#[derive(Clone, Debug)]
pub(in crate::sip) struct Scanner<'a> {
    rest: &'a str,
}

impl<'a> Scanner<'a> {
    pub(in crate::sip) fn new(text: &'a str) -> Self {
        Self { rest: text }
    }

    /// What has not been read yet.
    pub(in crate::sip) fn rest(&self) -> &'a str {
        self.rest
    }

    pub(in crate::sip) fn skip_space(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t']);
    }

    /// True when only white space is left.
    pub(in crate::sip) fn at_end(&mut self) -> bool {
        self.skip_space();
        self.rest.is_empty()
    }

    pub(in crate::sip) fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    /// Reads this character, with white space before it; reads nothing when something else comes.
    pub(in crate::sip) fn eat(&mut self, wanted: char) -> bool {
        let rest = self.rest.trim_start_matches([' ', '\t']);
        let Some(after) = rest.strip_prefix(wanted) else {
            return false;
        };
        self.rest = after;
        true
    }

    /// Reads as long as the test holds; may be empty.
    pub(in crate::sip) fn take_while(&mut self, test: impl Fn(char) -> bool) -> &'a str {
        let end = self.rest.find(|c| !test(c)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at_checked(end).unwrap_or((self.rest, ""));
        self.rest = rest;
        taken
    }

    /// A token (RFC 3261 25.1), not empty, with white space before it.
    pub(in crate::sip) fn token(&mut self) -> Option<&'a str> {
        self.skip_space();
        let taken = self.take_while(is_token_char);
        (!taken.is_empty()).then_some(taken)
    }

    /// A quoted string with its quotes; none when there is none here or its end is missing.
    pub(in crate::sip) fn quoted(&mut self) -> Option<&'a str> {
        self.skip_space();
        let mut chars = self.rest.char_indices();
        if chars.next()?.1 != '"' {
            return None;
        }
        while let Some((_, c)) = chars.next() {
            match c {
                '\\' => {
                    chars.next()?;
                }
                '"' => {
                    let rest = chars.as_str();
                    let end = self.rest.len().checked_sub(rest.len())?;
                    let (taken, _) = self.rest.split_at_checked(end)?;
                    self.rest = rest;
                    return Some(taken);
                }
                _ => {}
            }
        }
        None
    }
}

/// `token` of RFC 3261 25.1.
pub(in crate::sip) fn is_token_char(c: char) -> bool {
    c.is_ascii_alphanumeric()
        || matches!(
            c,
            '-' | '.' | '!' | '%' | '*' | '_' | '+' | '`' | '\'' | '~'
        )
}

/// A token that is not empty.
pub(in crate::sip) fn is_token(text: &str) -> bool {
    !text.is_empty() && text.chars().all(is_token_char)
}

/// The text inside a quoted string; text without quotes is returned as it is.
pub(in crate::sip) fn unquote(text: &str) -> String {
    let Some(inner) = text.strip_prefix('"').and_then(|t| t.strip_suffix('"')) else {
        return text.to_owned();
    };
    let mut plain = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => plain.extend(chars.next()),
            other => plain.push(other),
        }
    }
    plain
}

/// A quoted string for this text. CR, LF and NUL become spaces: they may not stand on the wire.
pub(in crate::sip) fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len().saturating_add(2));
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                quoted.push('\\');
                quoted.push(c);
            }
            '\r' | '\n' | '\0' => quoted.push(' '),
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

/// Unsigned decimal number: digits only, any number of leading zeros, none when it does not fit.
pub(in crate::sip) fn number(text: &str) -> Option<u64> {
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

/// Percent-decoding, once. A `%` that starts no escape stays.
pub(in crate::sip) fn unescape(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let mut ahead = rest.clone();
        let pair = (ahead.next().and_then(hex), ahead.next().and_then(hex));
        match (byte, pair) {
            (b'%', (Some(high), Some(low))) => {
                bytes.push((high << 4) | low);
                rest = ahead;
            }
            (other, _) => bytes.push(other),
        }
    }
    bytes
}

/// Percent-encodes every byte that the test does not allow.
pub(in crate::sip) fn escape(text: &str, allowed: impl Fn(char) -> bool) -> String {
    use std::fmt::Write as _;
    let mut out = String::with_capacity(text.len());
    let mut buffer = [0_u8; 4];
    for c in text.chars() {
        if allowed(c) {
            out.push(c);
            continue;
        }
        for byte in c.encode_utf8(&mut buffer).bytes() {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

fn hex(byte: u8) -> Option<u8> {
    char::from(byte)
        .to_digit(16)
        .and_then(|d| u8::try_from(d).ok())
}
