//! What tells transactions apart: RFC 3261 17.1.3 for responses, 17.2.3 for requests.
//!
//! **Owns**: [`ClientKey`], [`ServerKey`]. **Must not know**: the machines.

use crate::sip::message::{HeaderError, Headers, Method, Request, Via};

/// Names a client transaction: our branch, and the method of the CSeq (a CANCEL shares the branch of its INVITE).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ClientKey {
    branch: Box<str>,
    method: Method,
}

impl ClientKey {
    /// The key of a request of ours.
    #[must_use]
    pub fn new(branch: &str, method: Method) -> Self {
        Self {
            branch: branch.into(),
            method,
        }
    }

    /// The key of a response; none when its top Via has no branch.
    ///
    /// # Errors
    /// Via or CSeq is missing or broken.
    pub fn of_response(headers: &Headers) -> Result<Option<Self>, HeaderError> {
        let (via, cseq) = (headers.via_top()?, headers.cseq()?);
        Ok(via.branch.map(|branch| Self {
            branch,
            method: cseq.method,
        }))
    }

    /// The method of the request.
    #[must_use]
    pub const fn method(&self) -> &Method {
        &self.method
    }
}

/// Names a server transaction. An ACK has the key of the INVITE it acknowledges, unless that was answered by 2xx.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ServerKey {
    method: Method,
    sent_by: Box<str>,
    id: Id,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Id {
    /// A branch with the cookie of RFC 3261.
    Branch(Box<str>),
    /// A peer of RFC 2543. The To tag is left out: an INVITE and its ACK differ in it, and transactions of one call
    /// differ in CSeq.
    Legacy {
        uri: Box<str>,
        from_tag: Option<Box<str>>,
        call_id: Box<str>,
        cseq: u32,
        via: Box<str>,
    },
}

impl ServerKey {
    /// The key of a request, whose top Via is `via`.
    ///
    /// # Errors
    /// A header that the key needs is missing or broken.
    pub fn of_request(request: &Request, via: &Via) -> Result<Self, HeaderError> {
        let method = match &request.method {
            Method::Ack => Method::Invite,
            method => method.clone(),
        };
        let id = match (&via.branch, via.has_cookie()) {
            (Some(branch), true) => Id::Branch(branch.clone()),
            _ => Id::Legacy {
                uri: request.uri.to_string().into(),
                from_tag: request.headers.from()?.tag().map(Into::into),
                call_id: request.headers.call_id()?.into(),
                cseq: request.headers.cseq()?.number,
                via: via.branch.clone().unwrap_or_default(),
            },
        };
        let host = via.host.to_string().to_ascii_lowercase();
        let sent_by = format!("{host}:{}", via.port.unwrap_or(5060)).into();
        Ok(Self {
            method,
            sent_by,
            id,
        })
    }

    /// The key of the INVITE that a CANCEL with this key wants to end (RFC 3261 9.2).
    #[must_use]
    pub fn cancelled(&self) -> Self {
        Self {
            method: Method::Invite,
            ..self.clone()
        }
    }

    /// The method, INVITE for ACK.
    #[must_use]
    pub const fn method(&self) -> &Method {
        &self.method
    }
}
