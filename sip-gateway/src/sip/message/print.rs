//! Messages to bytes.
//!
//! **Owns**: the order on the wire and Content-Length. **Must not know**: where the bytes go.

use super::headers::Headers;
use super::name::HeaderName;
use super::{Message, Request, Response};
use bytes::Bytes;

impl Request {
    /// The bytes for the wire; Content-Length is the body's length.
    #[must_use]
    pub fn to_bytes(&self) -> Bytes {
        let start = format!("{} {} SIP/2.0", self.method, self.uri);
        print(&start, &self.headers, &self.body)
    }
}

impl Response {
    /// The bytes for the wire; Content-Length is the body's length.
    #[must_use]
    pub fn to_bytes(&self) -> Bytes {
        let start = format!("SIP/2.0 {} {}", self.status, self.reason);
        print(&start, &self.headers, &self.body)
    }
}

impl Message {
    /// The bytes for the wire.
    #[must_use]
    pub fn to_bytes(&self) -> Bytes {
        match self {
            Self::Request(request) => request.to_bytes(),
            Self::Response(response) => response.to_bytes(),
        }
    }
}

fn print(start: &str, headers: &Headers, body: &[u8]) -> Bytes {
    let room: usize = headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.as_bytes().len() + 4)
        .sum();
    let mut out = Vec::with_capacity(start.len() + room + body.len() + 32);
    // A start line that our own code built wrongly must not grow into a header.
    out.extend(start.bytes().filter(|b| !matches!(b, b'\r' | b'\n' | 0)));
    out.extend_from_slice(b"\r\n");
    for (name, value) in headers.iter() {
        if *name == HeaderName::ContentLength {
            continue;
        }
        out.extend_from_slice(name.as_str().as_bytes());
        out.extend_from_slice(b": ");
        out.extend_from_slice(value.as_bytes());
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(format!("Content-Length: {}\r\n\r\n", body.len()).as_bytes());
    out.extend_from_slice(body);
    out.into()
}
