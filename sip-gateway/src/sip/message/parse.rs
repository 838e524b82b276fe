//! Bytes to messages: framing, start line, header lines.
//!
//! **Owns**: [`parse_datagram`], [`ParseError`], the limits. **Must not know**: what header values mean, but for
//! Content-Length.
//!
//! Every position comes from searching and every piece from `get`, so no input can make this panic. A line ends with
//! LF, with or without CR before it; a CR anywhere else is refused.

use super::headers::{HeaderValue, Headers};
use super::name::HeaderName;
use super::{Message, Method, Request, Response, Uri};
use bytes::Bytes;

/// Bytes of a message at most.
pub const MAX_MESSAGE: usize = 65_536;
/// Header lines of a message at most.
pub const MAX_HEADERS: usize = 128;
/// Bytes of a header's value, or of the start line, at most.
pub const MAX_VALUE: usize = 8_192;

/// Which layer objects to a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layer {
    /// Where the message, its headers or its body end.
    Framing,
    /// The first line.
    StartLine,
    /// The shape of a header line.
    Header,
    /// Well formed, but not for us: another SIP version.
    Validate,
}

/// Why bytes are no message for us.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{layer:?}: {problem}")]
pub struct ParseError {
    /// Which layer objects.
    pub layer: Layer,
    /// The status to answer with; none when no answer is due (responses, ACK, keep-alives, garbage).
    pub status: Option<u16>,
    /// Why, without any of the content; fit for a reason phrase.
    pub problem: &'static str,
    /// What was readable of a request, for the answer: set exactly when `status` is. Its method and headers are those
    /// that could be read; its URI is `invalid:request-uri` when it could not be read; its body is empty.
    pub partial: Option<Box<Request>>,
}

/// What [`ParseError::is_keep_alive`] knows them by.
const KEEP_ALIVE: &str = "keep-alive";

impl ParseError {
    /// The datagram was empty or line ends only: a phone keeping its way through a NAT open (RFC 5626 4.4.1).
    #[must_use]
    pub fn is_keep_alive(&self) -> bool {
        self.problem == KEEP_ALIVE
    }
}

/// [`ParseError`] before it is known whether anything can be answered.
#[derive(Clone, Copy)]
pub(super) struct Problem {
    layer: Layer,
    status: u16,
    text: &'static str,
}

fn problem<T>(layer: Layer, status: u16, text: &'static str) -> Result<T, Problem> {
    Err(Problem {
        layer,
        status,
        text,
    })
}

/// Reads one datagram as one message (RFC 3261 18.3: without Content-Length the body runs to its end; what lies behind
/// Content-Length is ignored).
///
/// # Errors
/// [`ParseError`] says which layer objects and what to answer.
pub fn parse_datagram(bytes: &Bytes) -> Result<Message, ParseError> {
    if bytes.len() > MAX_MESSAGE {
        return Err(silent("message too large"));
    }
    let mut lines = Lines { rest: bytes };
    let start = loop {
        match lines.next() {
            Some([]) => {}
            Some(line) => break line,
            None if bytes.iter().all(|b| matches!(b, b'\r' | b'\n')) => {
                return Err(silent(KEEP_ALIVE));
            }
            None => return Err(silent("no complete line")),
        }
    };
    let (headers, header_problem) = read_headers(bytes, &mut lines);
    if start
        .split_at_checked(4)
        .is_some_and(|(head, _)| head.eq_ignore_ascii_case(b"SIP/"))
    {
        return read_response(bytes, start, headers, header_problem, lines.rest)
            .map(Message::Response)
            .map_err(|p| ParseError {
                layer: p.layer,
                status: None,
                problem: p.text,
                partial: None,
            });
    }
    read_request(bytes, start, headers, header_problem, lines.rest).map(Message::Request)
}

fn silent(text: &'static str) -> ParseError {
    ParseError {
        layer: Layer::Framing,
        status: None,
        problem: text,
        partial: None,
    }
}

/// Lines without their ends; an unfinished last line is not returned.
pub(super) struct Lines<'a> {
    pub(super) rest: &'a [u8],
}

impl<'a> Lines<'a> {
    pub(super) fn next(&mut self) -> Option<&'a [u8]> {
        let end = self.rest.iter().position(|b| *b == b'\n')?;
        let (line, rest) = self.rest.split_at_checked(end)?;
        self.rest = rest.strip_prefix(b"\n").unwrap_or(rest);
        Some(line.strip_suffix(b"\r").unwrap_or(line))
    }
}

/// Reads header lines up to the empty one. Goes on behind a broken line, so that an answer can be built; the first
/// problem is returned beside.
pub(super) fn read_headers(bytes: &Bytes, lines: &mut Lines<'_>) -> (Headers, Result<(), Problem>) {
    let mut headers = Headers::new();
    let mut first_problem = Ok(());
    let mut current: Option<Folded<'_>> = None;
    loop {
        let line = lines.next();
        if let (Some([b' ' | b'\t', ..]), Some(folded)) = (line, &mut current) {
            folded.more.extend(line);
            continue;
        }
        if let Some(folded) = current.take() {
            let result = folded.read(bytes, &mut headers);
            first_problem = first_problem.and(result);
        }
        match line {
            None => {
                let cut = problem(Layer::Framing, 400, "no empty line behind the headers");
                return (headers, first_problem.and(cut));
            }
            Some([]) => return (headers, first_problem),
            Some(first) => {
                current = Some(Folded {
                    first,
                    more: Vec::new(),
                });
            }
        }
    }
}

/// A header line with its continuation lines.
struct Folded<'a> {
    first: &'a [u8],
    more: Vec<&'a [u8]>,
}

impl Folded<'_> {
    fn read(&self, bytes: &Bytes, headers: &mut Headers) -> Result<(), Problem> {
        let layer = Layer::Header;
        let colon = self.first.iter().position(|b| *b == b':');
        let Some((name, value)) = colon.and_then(|at| self.first.split_at_checked(at)) else {
            return problem(layer, 400, "header line without a colon");
        };
        let name = std::str::from_utf8(name.trim_ascii_end())
            .ok()
            .and_then(HeaderName::parse);
        let Some(name) = name else {
            return problem(layer, 400, "header name is no token");
        };
        let value = value.strip_prefix(b":").unwrap_or(value);
        let value = self.unfold(bytes, value)?;
        if !is_clean(&value) {
            return problem(layer, 400, "stray CR or NUL in a header");
        }
        if headers.len() >= MAX_HEADERS {
            return problem(layer, 400, "too many headers");
        }
        headers.push(name, HeaderValue::received(value));
        Ok(())
    }

    /// Each line break with the white space around it is one space.
    fn unfold(&self, bytes: &Bytes, first: &[u8]) -> Result<Bytes, Problem> {
        let length: usize = first.len() + self.more.iter().map(|l| l.len()).sum::<usize>();
        if length > MAX_VALUE {
            return problem(Layer::Header, 400, "header too long");
        }
        let first = trim(first);
        if self.more.is_empty() {
            return Ok(bytes.slice_ref(first));
        }
        let mut joined = first.to_vec();
        for line in &self.more {
            let line = trim(line);
            if !line.is_empty() && !joined.is_empty() {
                joined.push(b' ');
            }
            joined.extend_from_slice(line);
        }
        Ok(joined.into())
    }
}

/// White space of a header line: SP and HT.
fn trim(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = bytes {
        bytes = rest;
    }
    bytes
}

/// No CR, and NUL only as a quoted pair (RFC 4475 3.1.1.2).
fn is_clean(value: &[u8]) -> bool {
    let mut before = 0;
    for byte in value {
        match byte {
            b'\r' => return false,
            0 if before != b'\\' => return false,
            _ => before = *byte,
        }
    }
    true
}

fn read_response(
    bytes: &Bytes,
    start: &[u8],
    mut headers: Headers,
    header_problem: Result<(), Problem>,
    rest: &[u8],
) -> Result<Response, Problem> {
    let (status, reason) = read_status_line(start)?;
    header_problem?;
    let body = read_body(bytes, &headers, rest)?;
    headers.remove(&HeaderName::ContentLength);
    Ok(Response {
        status,
        reason,
        headers,
        body,
    })
}

fn read_status_line(line: &[u8]) -> Result<(u16, String), Problem> {
    let layer = Layer::StartLine;
    if line.len() > MAX_VALUE || line.contains(&b'\r') || line.contains(&0) {
        return problem(layer, 400, "broken status line");
    }
    let mut parts = line.splitn(3, |b| *b == b' ');
    let version = parts.next().unwrap_or_default();
    if !version.eq_ignore_ascii_case(b"SIP/2.0") {
        return problem(layer, 505, "other SIP version");
    }
    let status = match parts.next() {
        Some(digits @ [_, _, _]) => std::str::from_utf8(digits)
            .ok()
            .and_then(super::lex::number),
        _ => None,
    };
    let status = status
        .and_then(|n| u16::try_from(n).ok())
        .filter(|n| (100..700).contains(n));
    let Some(status) = status else {
        return problem(layer, 400, "status is no number of 100-699");
    };
    let reason = parts.next().unwrap_or_default();
    Ok((status, String::from_utf8_lossy(reason).into_owned()))
}

fn read_request(
    bytes: &Bytes,
    start: &[u8],
    mut headers: Headers,
    header_problem: Result<(), Problem>,
    rest: &[u8],
) -> Result<Request, ParseError> {
    let line = read_request_line(start);
    let body = line
        .as_ref()
        .map_or_else(|p| Err(*p), |_| Ok(()))
        .and(header_problem)
        .and_then(|()| read_body(bytes, &headers, rest));
    headers.remove(&HeaderName::ContentLength);
    match (line, body) {
        (Ok((method, uri)), Ok(body)) => Ok(Request {
            method,
            uri,
            headers,
            body,
        }),
        (Err(problem), _) => Err(refuse(problem, start, None, headers)),
        (Ok((_, uri)), Err(problem)) => Err(refuse(problem, start, Some(uri), headers)),
    }
}

fn refuse(problem: Problem, start: &[u8], uri: Option<Uri>, headers: Headers) -> ParseError {
    let method = start
        .split(|b| *b == b' ')
        .next()
        .and_then(|m| std::str::from_utf8(m).ok())
        .and_then(Method::parse);
    // Without a method and a Via these bytes are hardly SIP, and an ACK is never answered.
    let partial = method
        .filter(|m| *m != Method::Ack && headers.has(&HeaderName::Via))
        .map(|method| {
            let unreadable = || Uri::Other {
                scheme: "invalid".into(),
                rest: "request-uri".into(),
            };
            let mut request = Request::new(method, uri.unwrap_or_else(unreadable));
            request.headers = headers;
            Box::new(request)
        });
    ParseError {
        layer: problem.layer,
        status: partial.is_some().then_some(problem.status),
        problem: problem.text,
        partial,
    }
}

/// `Method SP Request-URI SP SIP-Version`: exactly two spaces.
fn read_request_line(line: &[u8]) -> Result<(Method, Uri), Problem> {
    let layer = Layer::StartLine;
    if line.len() > MAX_VALUE {
        return problem(layer, 414, "Request-URI too long");
    }
    let Ok(text) = std::str::from_utf8(line) else {
        return problem(layer, 400, "request line is not UTF-8");
    };
    let mut parts = text.split(' ');
    let (Some(method), Some(uri), Some(version), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return problem(layer, 400, "request line is not method, URI, version");
    };
    let Some(method) = Method::parse(method) else {
        return problem(layer, 400, "method is no token");
    };
    if !version
        .split_at_checked(4)
        .is_some_and(|(head, _)| head.eq_ignore_ascii_case("SIP/"))
    {
        return problem(layer, 400, "no SIP version");
    }
    if !version.eq_ignore_ascii_case("SIP/2.0") {
        return problem(Layer::Validate, 505, "other SIP version");
    }
    match Uri::parse(uri) {
        Ok(uri) => Ok((method, uri)),
        Err(error) => problem(layer, 400, error.0),
    }
}

fn read_body(bytes: &Bytes, headers: &Headers, rest: &[u8]) -> Result<Bytes, Problem> {
    let length = match headers.content_length() {
        Ok(length) => length.unwrap_or(rest.len()),
        Err(error) => return problem(Layer::Framing, 400, error.problem),
    };
    match rest.get(..length) {
        Some(body) => Ok(bytes.slice_ref(body)),
        None => problem(Layer::Framing, 400, "body shorter than Content-Length"),
    }
}
