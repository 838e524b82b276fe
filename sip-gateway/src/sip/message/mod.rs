//! SIP messages: our own types, parser and printer.
//!
//! **Owns**: [`Request`], [`Response`], [`Headers`], URIs and the values in headers; [`parse_datagram`],
//! [`validate`], printing. **Must not know**: transactions, dialogs, sockets, time.
//!
//! Bytes go in by [`parse_datagram`] only. It checks framing, start line and the shape of header lines; values are
//! read when asked for, by the readers on [`Headers`], and [`validate`] asks for those that every request needs.
//! Unknown methods, schemes and headers are kept as written. `rsip` is imported by `vocabulary.rs` alone and never
//! sees a byte from the network.

mod body;
mod headers;
mod host;
pub(in crate::sip) mod lex;
mod method;
mod name;
mod name_addr;
mod params;
mod parse;
mod print;
#[cfg(test)]
pub(in crate::sip) mod tests;
mod typed;
mod uri;
mod validate;
mod values;
mod via;
pub mod vocabulary;

pub use body::{Part, find_body, split_parts};
pub use headers::{HeaderError, HeaderValue, Headers};
pub use host::Host;
pub use method::Method;
pub use name::{HeaderName, OtherName};
pub use name_addr::{Contacts, NameAddr};
pub use params::Params;
pub use parse::{Layer, MAX_HEADERS, MAX_MESSAGE, MAX_VALUE, ParseError, parse_datagram};
pub use uri::{SipUri, Uri, UriError, UriHeader};
pub use validate::{
    Refusal, check_accept, check_content, validate, validate_response, validate_with,
};
pub use values::{AuthHeader, CSEQ_MAX, CSeq, MediaType, RAck};
pub use via::{BRANCH_COOKIE, Rport, Via};
pub use vocabulary::reason_phrase;

use bytes::Bytes;

/// A request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Method.
    pub method: Method,
    /// Request-URI.
    pub uri: Uri,
    /// Headers, without Content-Length.
    pub headers: Headers,
    /// Body, exactly as long as Content-Length said.
    pub body: Bytes,
}

/// A response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// 100-699.
    pub status: u16,
    /// Reason phrase; may be empty. Bytes that are not UTF-8 are shown as U+FFFD.
    pub reason: String,
    /// Headers, without Content-Length.
    pub headers: Headers,
    /// Body, exactly as long as Content-Length said.
    pub body: Bytes,
}

/// A message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// A request.
    Request(Request),
    /// A response.
    Response(Response),
}

impl Request {
    /// A request without headers.
    #[must_use]
    pub fn new(method: Method, uri: Uri) -> Self {
        Self {
            method,
            uri,
            headers: Headers::new(),
            body: Bytes::new(),
        }
    }

    /// Gives it a body of this type; replaces Content-Type.
    #[must_use]
    pub fn with_body(mut self, content_type: &str, body: Bytes) -> Self {
        self.headers.set(HeaderName::ContentType, content_type);
        self.body = body;
        self
    }
}

impl Response {
    /// A response without headers, with the standard reason phrase.
    #[must_use]
    pub fn new(status: u16) -> Self {
        Self {
            status,
            reason: reason_phrase(status),
            headers: Headers::new(),
            body: Bytes::new(),
        }
    }

    /// A response to this request: Via, From, To, Call-ID and CSeq are copied as they are (RFC 3261 8.2.6.2), and
    /// Timestamp into a 100. The tag of To is the caller's business: [`Response::with_to_tag`].
    #[must_use]
    pub fn to_request(request: &Request, status: u16) -> Self {
        let mut response = Self::new(status);
        let mut names = vec![
            HeaderName::Via,
            HeaderName::From,
            HeaderName::To,
            HeaderName::CallId,
            HeaderName::CSeq,
        ];
        if status == 100 {
            names.push(HeaderName::Timestamp);
        }
        for name in &names {
            response.headers.copy_from(&request.headers, name);
        }
        response
    }

    /// Adds this tag to To when To can be read and has none.
    #[must_use]
    pub fn with_to_tag(mut self, tag: &str) -> Self {
        if let Ok(mut to) = self.headers.to()
            && to.tag().is_none()
        {
            to.set_tag(tag);
            self.headers.set(HeaderName::To, to);
        }
        self
    }

    /// Gives it a body of this type; replaces Content-Type.
    #[must_use]
    pub fn with_body(mut self, content_type: &str, body: Bytes) -> Self {
        self.headers.set(HeaderName::ContentType, content_type);
        self.body = body;
        self
    }

    /// 100-199.
    #[must_use]
    pub fn is_provisional(&self) -> bool {
        (100..200).contains(&self.status)
    }

    /// 200-299.
    #[must_use]
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// 200-699.
    #[must_use]
    pub fn is_final(&self) -> bool {
        self.status >= 200
    }
}

impl Message {
    /// The headers, of either.
    #[must_use]
    pub fn headers(&self) -> &Headers {
        match self {
            Self::Request(request) => &request.headers,
            Self::Response(response) => &response.headers,
        }
    }
}
