//! What every request must satisfy before anyone acts on it (RFC 3261 8.1.1, 8.2, 16.3).
//!
//! **Owns**: [`validate`], [`Refusal`] and the checks of content. **Must not know**: dialogs, accounts, which methods
//! the endpoint serves.

use super::headers::{HeaderError, HeaderValue, Headers};
use super::name::HeaderName;
use super::name_addr::Contacts;
use super::via::BRANCH_COOKIE;
use super::{Method, Request, Response, Uri};

/// A request that must be refused, and how.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{status} {reason}")]
pub struct Refusal {
    /// 400-699.
    pub status: u16,
    /// Reason phrase; says what is wrong, without any of the content.
    pub reason: String,
    /// Headers that the response needs besides the copied ones.
    pub headers: Vec<(HeaderName, HeaderValue)>,
}

impl Refusal {
    /// With the standard reason phrase.
    #[must_use]
    pub fn new(status: u16) -> Self {
        Self::because(status, super::reason_phrase(status))
    }

    /// With a reason phrase of its own.
    #[must_use]
    pub fn because(status: u16, reason: impl Into<String>) -> Self {
        Self {
            status,
            reason: reason.into(),
            headers: Vec::new(),
        }
    }

    /// With one more header.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: impl Into<HeaderValue>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The response to this request; To has no tag of ours yet.
    #[must_use]
    pub fn to_response(&self, request: &Request) -> Response {
        let mut response = Response::to_request(request, self.status);
        response.reason.clone_from(&self.reason);
        for (name, value) in &self.headers {
            response.headers.push(name.clone(), value.clone());
        }
        response
    }
}

impl From<HeaderError> for Refusal {
    fn from(error: HeaderError) -> Self {
        Self::because(400, format!("Bad Request: {error}"))
    }
}

/// [`validate_with`] for an endpoint that knows no extension which a Require header could name.
///
/// # Errors
/// See [`validate_with`].
pub fn validate(request: &Request) -> Result<(), Refusal> {
    validate_with(request, &[])
}

/// Checks a request: mandatory headers there, single and readable (400); method of RFC 3261 and its extensions (501);
/// CSeq agrees with the method (400); Request-URI of a scheme we know (416) without headers (400); no extension
/// required that is not in `supported` (420).
///
/// Max-Forwards and Expires may be broken: they have defaults. An ACK is checked too; never answer one.
///
/// # Errors
/// The first check that fails.
pub fn validate_with(request: &Request, supported: &[&str]) -> Result<(), Refusal> {
    let headers = &request.headers;
    check_single(headers)?;
    check_vias(headers)?;
    headers.from()?;
    headers.call_id()?;
    let cseq = headers.cseq()?;
    let to = headers.to()?;
    check_contacts(request)?;
    if request.method == Method::Register && to.uri.as_sip().is_none() {
        return Err(HeaderError::new(HeaderName::To, "address of record is no SIP URI").into());
    }
    if let Method::Other(_) = request.method {
        return Err(Refusal::new(501));
    }
    if cseq.method != request.method {
        return Err(HeaderError::new(HeaderName::CSeq, "method differs from the request's").into());
    }
    check_uri(&request.uri)?;
    check_require(request, supported)
}

/// Checks what a response needs before a transaction or dialog may look at it. A response that fails is dropped.
///
/// # Errors
/// The first header that is missing, repeated or broken.
pub fn validate_response(response: &Response) -> Result<(), HeaderError> {
    let headers = &response.headers;
    check_single(headers)?;
    headers.via_top()?;
    headers.from()?;
    headers.to()?;
    headers.call_id()?;
    headers.cseq()?;
    Ok(())
}

/// Headers that may stand once only (RFC 3261 20).
fn check_single(headers: &Headers) -> Result<(), HeaderError> {
    const SINGLE: [HeaderName; 7] = [
        HeaderName::From,
        HeaderName::To,
        HeaderName::CallId,
        HeaderName::CSeq,
        HeaderName::MaxForwards,
        HeaderName::ContentType,
        HeaderName::Expires,
    ];
    match SINGLE.into_iter().find(|name| headers.count(name) > 1) {
        Some(name) => Err(HeaderError::new(name, "repeated")),
        None => Ok(()),
    }
}

fn check_vias(headers: &Headers) -> Result<(), HeaderError> {
    let vias = headers.vias()?;
    let Some(top) = vias.first() else {
        return Err(HeaderError::new(HeaderName::Via, "missing"));
    };
    // A cookie with nothing behind it would match every other such request (RFC 4475 3.2.1).
    if top
        .branch
        .as_deref()
        .is_some_and(|b| b.eq_ignore_ascii_case(BRANCH_COOKIE))
    {
        return Err(HeaderError::new(
            HeaderName::Via,
            "branch is the bare cookie",
        ));
    }
    Ok(())
}

fn check_contacts(request: &Request) -> Result<(), HeaderError> {
    let name = HeaderName::Contact;
    match (request.headers.contacts()?, &request.method) {
        (Contacts::Star, Method::Register) => Ok(()),
        (Contacts::Star, _) => Err(HeaderError::new(name, "* outside REGISTER")),
        (Contacts::List(list), Method::Invite) if list.len() != 1 => Err(HeaderError::new(
            name,
            "an INVITE needs exactly one (RFC 3261 8.1.1.8)",
        )),
        (Contacts::List(_), _) => Ok(()),
    }
}

fn check_uri(uri: &Uri) -> Result<(), Refusal> {
    match uri {
        Uri::Sip(sip) if !sip.headers.is_empty() => Err(Refusal::because(
            400,
            "Bad Request: Request-URI with headers",
        )),
        Uri::Sip(_) => Ok(()),
        other if other.is_tel() => Ok(()),
        Uri::Other { .. } => Err(Refusal::new(416)),
    }
}

fn check_require(request: &Request, supported: &[&str]) -> Result<(), Refusal> {
    // RFC 3261 8.2.2.3: not in CANCEL, and never for an ACK to a non-2xx.
    if matches!(request.method, Method::Ack | Method::Cancel) {
        return Ok(());
    }
    let required = request.headers.require()?;
    let unknown: Vec<&str> = required
        .iter()
        .map(|tag| &**tag)
        .filter(|tag| !supported.iter().any(|s| s.eq_ignore_ascii_case(tag)))
        .collect();
    if unknown.is_empty() {
        return Ok(());
    }
    let list = unknown.join(", ");
    Err(Refusal::new(420).with_header(HeaderName::Unsupported, list))
}

/// Checks that the body, if any, is of a type in `accepted` (such as `application/sdp`) and not encoded
/// (RFC 3261 8.2.3).
///
/// # Errors
/// 415 with Accept, or with Accept-Encoding; 400 when Content-Type is broken or missing beside a body.
pub fn check_content(request: &Request, accepted: &[&str]) -> Result<(), Refusal> {
    if request.body.is_empty() {
        return Ok(());
    }
    let Some(kind) = request.headers.content_type()? else {
        return Err(HeaderError::new(HeaderName::ContentType, "missing").into());
    };
    if !accepted.iter().any(|a| kind.is(a)) {
        return Err(Refusal::new(415).with_header(HeaderName::Accept, accepted.join(", ")));
    }
    let encodings = request.headers.tokens(HeaderName::ContentEncoding)?;
    if encodings
        .iter()
        .any(|e| !e.eq_ignore_ascii_case("identity"))
    {
        return Err(Refusal::new(415).with_header(HeaderName::AcceptEncoding, "identity"));
    }
    Ok(())
}

/// Checks that the sender takes a body of this type, such as `application/sdp` (RFC 3261 20.1).
///
/// # Errors
/// 406 when Accept is there and covers it nowhere; 400 when Accept is broken.
pub fn check_accept(request: &Request, produced: &str) -> Result<(), Refusal> {
    let Some(accepted) = request.headers.accept()? else {
        return Ok(());
    };
    let kind = produced.split('/').next().unwrap_or_default();
    let takes = accepted.iter().any(|a| {
        a.is(produced) || a.is("*/*") || (&*a.subtype == "*" && a.kind.eq_ignore_ascii_case(kind))
    });
    if takes {
        Ok(())
    } else {
        Err(Refusal::new(406))
    }
}
