//! Where messages end in a stream of bytes (RFC 3261 18.3, RFC 5626 3.5.1).
//!
//! **Owns**: [`Framer`]: it is fed bytes in pieces of any size and gives whole messages, the same ones however the
//! bytes were cut. **Must not know**: what a message says, but for Content-Length.
//!
//! Lines end with LF, with or without CR before it, as the parser has it, so the two agree on where a head ends.
//! Every message must say its length: guessing one would let a body be read as the next request.

use super::message::MAX_MESSAGE;
use bytes::{Buf, Bytes, BytesMut};

/// What stands next in the stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// A message with its body, exactly.
    Message(Bytes),
    /// CRLF CRLF between messages: the peer wants one CRLF back (RFC 5626 3.5.1).
    Ping,
}

/// From here on nobody can say where messages begin: the connection must be closed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub struct FramingError {
    /// The head of the message, when all of it came: enough to answer 400.
    pub head: Option<Bytes>,
    /// Why, without any of the content; fit for a reason phrase.
    pub problem: &'static str,
}

/// Cuts one stream into messages.
#[derive(Debug, Default)]
pub struct Framer {
    buffer: BytesMut,
    /// Line ends seen since the last message or ping.
    line_ends: u8,
    /// Where the line that is being read begins; only while a head is being read.
    line: usize,
    /// Up to where no LF was found.
    searched: usize,
    /// Length of the whole message, once its head is complete.
    whole: Option<usize>,
    failed: Option<FramingError>,
}

impl Framer {
    /// Takes the next bytes. Call [`Self::poll`] until it gives nothing before the next ones.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.failed.is_none() {
            self.buffer.extend_from_slice(bytes);
        }
    }

    /// Whether a message has begun and its end is awaited.
    #[must_use]
    pub fn is_inside_message(&self) -> bool {
        !self.buffer.is_empty()
    }

    /// The next whole thing; none when more bytes are needed.
    ///
    /// # Errors
    /// [`FramingError`], for ever after: the stream has lost its frame.
    pub fn poll(&mut self) -> Result<Option<Frame>, FramingError> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        let next = self.advance();
        if let Err(error) = &next {
            self.failed = Some(error.clone());
            self.buffer = BytesMut::new();
        }
        next
    }

    fn advance(&mut self) -> Result<Option<Frame>, FramingError> {
        if self.line == 0 && self.whole.is_none() && self.skip_line_ends() {
            return Ok(Some(Frame::Ping));
        }
        let whole = match self.whole {
            Some(whole) => whole,
            None => match self.find_head()? {
                Some(head) => self.measure(head)?,
                None => return Ok(None),
            },
        };
        if self.buffer.len() < whole {
            return Ok(None);
        }
        let message = self.buffer.split_to(whole).freeze();
        (self.line, self.searched, self.whole) = (0, 0, None);
        Ok(Some(Frame::Message(message)))
    }

    /// Takes line ends between messages away; true at each second one.
    fn skip_line_ends(&mut self) -> bool {
        while let Some(byte @ (b'\r' | b'\n')) = self.buffer.first().copied() {
            self.buffer.advance(1);
            self.searched = 0;
            if byte == b'\n' {
                self.line_ends += 1;
                if self.line_ends == 2 {
                    self.line_ends = 0;
                    return true;
                }
            }
        }
        if !self.buffer.is_empty() {
            self.line_ends = 0;
        }
        false
    }

    /// The length of the head with its empty line. Each byte is looked at once, however the bytes come.
    fn find_head(&mut self) -> Result<Option<usize>, FramingError> {
        loop {
            let rest = self.buffer.get(self.searched..).unwrap_or_default();
            let Some(offset) = rest.iter().position(|&byte| byte == b'\n') else {
                self.searched = self.buffer.len();
                return if self.searched >= MAX_MESSAGE {
                    Err(lost("message too large"))
                } else {
                    Ok(None)
                };
            };
            let end = self.searched + offset;
            let line = self.buffer.get(self.line..end).unwrap_or_default();
            let is_empty = matches!(line, [] | [b'\r']);
            self.line = end + 1;
            self.searched = end + 1;
            if self.line > MAX_MESSAGE {
                return Err(lost("message too large"));
            }
            if is_empty {
                return Ok(Some(self.line));
            }
        }
    }

    /// The length of the message behind a complete head.
    fn measure(&mut self, head: usize) -> Result<usize, FramingError> {
        let bytes = self.buffer.get(..head).unwrap_or_default();
        let whole = content_length(bytes).and_then(|body| {
            head.checked_add(body)
                .filter(|&whole| whole <= MAX_MESSAGE)
                .ok_or("Content-Length too large")
        });
        match whole {
            Ok(whole) => {
                self.whole = Some(whole);
                Ok(whole)
            }
            Err(problem) => Err(FramingError {
                head: Some(Bytes::copy_from_slice(bytes)),
                problem,
            }),
        }
    }
}

fn lost(problem: &'static str) -> FramingError {
    FramingError {
        head: None,
        problem,
    }
}

/// The Content-Length of a head: in long and compact form, with space before the colon, folded. Several must agree.
fn content_length(head: &[u8]) -> Result<usize, &'static str> {
    let mut found = None;
    // The value of the Content-Length line that is being read; a folded line adds to it (RFC 3261 7.3.1).
    let mut value: Option<Vec<u8>> = None;
    for line in head.split(|&byte| byte == b'\n').skip(1) {
        if let [b' ' | b'\t', ..] = line {
            if let Some(value) = &mut value {
                value.push(b' ');
                value.extend_from_slice(line);
            }
            continue;
        }
        settle(&mut found, value.take())?;
        let Some(colon) = line.iter().position(|&byte| byte == b':') else {
            continue;
        };
        let (name, rest) = line.split_at(colon);
        let name = name.trim_ascii_end();
        if name.eq_ignore_ascii_case(b"Content-Length") || name.eq_ignore_ascii_case(b"l") {
            value = Some(rest.get(1..).unwrap_or_default().to_vec());
        }
    }
    settle(&mut found, value)?;
    found.ok_or("no Content-Length")
}

fn settle(found: &mut Option<usize>, value: Option<Vec<u8>>) -> Result<(), &'static str> {
    let Some(value) = value else {
        return Ok(());
    };
    let digits = value.trim_ascii();
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return Err("Content-Length is no number");
    }
    let length = std::str::from_utf8(digits)
        .ok()
        .and_then(|text| text.parse::<usize>().ok())
        .ok_or("Content-Length too large")?;
    match found.replace(length) {
        Some(other) if other != length => Err("two Content-Lengths"),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
