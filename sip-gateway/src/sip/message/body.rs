//! Bodies with several parts (RFC 2046 5.1, RFC 5621).
//!
//! **Owns**: [`find_body`], [`split_parts`]. **Must not know**: what is inside a part.

use super::headers::{HeaderError, Headers};
use super::name::HeaderName;
use super::parse::{Lines, read_headers};
use super::validate::Refusal;
use super::values::MediaType;
use bytes::Bytes;

/// Parts of a body at most.
const MAX_PARTS: usize = 16;

/// One part of a multipart body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its own headers, such as Content-Type.
    pub headers: Headers,
    /// Its bytes, exactly.
    pub body: Bytes,
}

/// The body of the wanted type, such as `application/sdp`: the whole body, or the first such part of a multipart body.
/// None when there is no body.
///
/// # Errors
/// 415 with Accept when there is a body and nothing in it is of that type; 400 when Content-Type is missing or broken,
/// or the parts cannot be told apart.
pub fn find_body(headers: &Headers, body: &Bytes, wanted: &str) -> Result<Option<Bytes>, Refusal> {
    if body.is_empty() {
        return Ok(None);
    }
    let Some(kind) = headers.content_type()? else {
        return Err(HeaderError::new(HeaderName::ContentType, "missing").into());
    };
    if kind.is(wanted) {
        return Ok(Some(body.clone()));
    }
    if kind.kind.eq_ignore_ascii_case("multipart") {
        for part in split_parts(&kind, body)? {
            if part.headers.content_type()?.is_some_and(|k| k.is(wanted)) {
                return Ok(Some(part.body));
            }
        }
    }
    Err(Refusal::new(415).with_header(HeaderName::Accept, wanted))
}

/// The parts of a multipart body, in order. What stands before the first and behind the last is ignored.
///
/// # Errors
/// No boundary, no end, or a part whose headers are broken.
pub fn split_parts(kind: &MediaType, body: &Bytes) -> Result<Vec<Part>, HeaderError> {
    let broken = |problem| HeaderError::new(HeaderName::ContentType, problem);
    let boundary = kind
        .params
        .text("boundary")
        .filter(|b| (1..=70).contains(&b.len()))
        .ok_or_else(|| broken("no boundary"))?;
    let mut lines = Lines { rest: body };
    let mut parts = Vec::new();
    let mut start: Option<&[u8]> = None;
    loop {
        let before = lines.rest;
        // The closing delimiter may end the body without a line end.
        let line = lines
            .next()
            .or_else(|| Some(std::mem::take(&mut lines.rest)).filter(|rest| !rest.is_empty()))
            .ok_or_else(|| broken("multipart body without an end"))?;
        let Some(delimiter) = read_delimiter(line, &boundary) else {
            continue;
        };
        if let Some(start) = start {
            let length = start.len().saturating_sub(before.len());
            let piece = start.get(..length).unwrap_or_default();
            parts.push(read_part(body, piece).ok_or_else(|| broken("broken part"))?);
        }
        if delimiter == Delimiter::Last {
            return Ok(parts);
        }
        if parts.len() >= MAX_PARTS {
            return Err(broken("too many parts"));
        }
        start = Some(lines.rest);
    }
}

#[derive(PartialEq)]
enum Delimiter {
    Next,
    Last,
}

fn read_delimiter(line: &[u8], boundary: &str) -> Option<Delimiter> {
    let rest = line
        .strip_prefix(b"--")?
        .strip_prefix(boundary.as_bytes())?;
    match rest.trim_ascii_end() {
        b"" => Some(Delimiter::Next),
        b"--" => Some(Delimiter::Last),
        _ => None,
    }
}

/// The line end before a delimiter belongs to the delimiter.
fn read_part(body: &Bytes, piece: &[u8]) -> Option<Part> {
    let mut lines = Lines { rest: piece };
    let (headers, problem) = read_headers(body, &mut lines);
    problem.ok()?;
    let content = lines.rest.strip_suffix(b"\n").unwrap_or(lines.rest);
    let content = content.strip_suffix(b"\r").unwrap_or(content);
    Some(Part {
        headers,
        body: body.slice_ref(content),
    })
}
