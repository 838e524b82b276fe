//! Dialogs: RFC 3261 12.
//!
//! **Owns**: [`Dialog`]: tags, sequence numbers, route set, remote target, and the requests inside it. **Must not
//! know**: transactions, sessions, media.

use crate::sip::flow::Flow;
use crate::sip::message::{
    CSeq, HeaderName, Headers, Method, NameAddr, Request, Response, Uri, Via,
};
use bytes::Bytes;
use std::net::SocketAddr;

#[cfg(test)]
mod tests;

/// What names a dialog at our end (RFC 3261 12).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DialogKey {
    /// Call-ID.
    pub call_id: String,
    /// Our tag.
    pub local_tag: String,
    /// The peer's tag; empty for a peer of RFC 2543 that sends none.
    pub remote_tag: String,
}

impl DialogKey {
    /// The dialog a received request belongs to; none when its To has no tag or a header is broken.
    #[must_use]
    pub fn of_request(headers: &Headers) -> Option<Self> {
        Some(Self {
            call_id: headers.call_id().ok()?.to_owned(),
            local_tag: headers.to().ok()?.tag()?.to_owned(),
            remote_tag: headers.from().ok()?.tag().unwrap_or_default().to_owned(),
        })
    }
}

/// Where a request of ours goes and how it is addressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Path {
    /// Always here: the flow of a device, or a connection, whatever the Contact says (RFC 5626).
    Flow(Flow),
    /// To the first route or the remote target when they name an address, else here.
    Fallback(SocketAddr),
}

/// A dialog, from the answer on.
#[derive(Clone, Debug)]
pub struct Dialog {
    key: DialogKey,
    /// Our side as it stands in From of our requests, tag included.
    local: NameAddr,
    /// The peer's side as it stands in To of our requests.
    remote: NameAddr,
    local_cseq: u32,
    remote_cseq: Option<u32>,
    route_set: Vec<NameAddr>,
    remote_target: Uri,
    path: Path,
}

/// A request arrived with a lower CSeq than one before (RFC 3261 12.2.2): answer 500.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutOfOrder;

impl Dialog {
    /// The dialog that our 2xx to `invite` makes (RFC 3261 12.1.1). None when the INVITE lacks what a dialog needs:
    /// exactly one Contact, readable From, To, Call-ID, CSeq and Record-Route.
    #[must_use]
    pub fn from_invite(invite: &Request, local_tag: &str, path: Path) -> Option<Self> {
        let headers = &invite.headers;
        let remote = headers.from().ok()?;
        Some(Self {
            key: DialogKey {
                call_id: headers.call_id().ok()?.to_owned(),
                local_tag: local_tag.to_owned(),
                remote_tag: remote.tag().unwrap_or_default().to_owned(),
            },
            local: headers.to().ok()?.with_tag(local_tag),
            remote,
            local_cseq: 0,
            remote_cseq: Some(headers.cseq().ok()?.number),
            route_set: headers.record_routes().ok()?,
            remote_target: contact_of(headers)?,
            path,
        })
    }

    /// The dialog that a 2xx to our INVITE makes (RFC 3261 12.1.2). None when the answer lacks what a dialog needs.
    #[must_use]
    pub fn from_answer(invite: &Request, answer: &Response, path: Path) -> Option<Self> {
        let local = invite.headers.from().ok()?;
        let remote = answer.headers.to().ok()?;
        let mut route_set = answer.headers.record_routes().ok()?;
        route_set.reverse();
        Some(Self {
            key: DialogKey {
                call_id: invite.headers.call_id().ok()?.to_owned(),
                local_tag: local.tag()?.to_owned(),
                remote_tag: remote.tag().unwrap_or_default().to_owned(),
            },
            local,
            remote,
            local_cseq: invite.headers.cseq().ok()?.number,
            remote_cseq: None,
            route_set,
            remote_target: contact_of(&answer.headers).unwrap_or_else(|| invite.uri.clone()),
            path,
        })
    }

    /// Goes on counting where another part of the same dialog has come to: requests were sent before the answer.
    pub(crate) fn count_on(&mut self, before: &Self) {
        self.local_cseq = self.local_cseq.max(before.local_cseq);
    }

    /// What names it.
    #[must_use]
    pub const fn key(&self) -> &DialogKey {
        &self.key
    }

    /// Checks and remembers the CSeq of a request from the peer (RFC 3261 12.2.2).
    ///
    /// # Errors
    /// [`OutOfOrder`].
    pub fn receive(&mut self, cseq: u32) -> Result<(), OutOfOrder> {
        if self.remote_cseq.is_some_and(|last| cseq < last) {
            return Err(OutOfOrder);
        }
        self.remote_cseq = Some(cseq);
        Ok(())
    }

    /// A target refresh (re-INVITE, UPDATE and their 2xx) moves the peer's contact; the route set stays.
    pub fn refresh_target(&mut self, headers: &Headers) {
        if let Some(uri) = contact_of(headers) {
            self.remote_target = uri;
        }
    }

    /// The peer's requests now come from here: answer its flow.
    pub fn moved_to(&mut self, source: Flow) {
        self.path = match (self.path, source) {
            (Path::Fallback(_), Flow::Udp(address)) => Path::Fallback(address),
            _ => Path::Flow(source),
        };
    }

    /// Where its requests go.
    #[must_use]
    pub fn destination(&self) -> Flow {
        match self.path {
            Path::Flow(flow) => flow,
            Path::Fallback(address) => {
                let first = self
                    .route_set
                    .first()
                    .map_or(&self.remote_target, |route| &route.uri);
                address_of(first).unwrap_or(address).into()
            }
        }
    }

    /// A new request inside the dialog (RFC 3261 12.2.1.1), with the next CSeq.
    pub fn request(&mut self, method: Method, via: Via) -> Request {
        self.local_cseq = self.local_cseq.saturating_add(1);
        self.build(method, self.local_cseq, via)
    }

    /// The ACK of a 2xx to the INVITE with this CSeq (RFC 3261 13.2.2.4).
    #[must_use]
    pub fn ack(&self, invite_cseq: u32, via: Via) -> Request {
        self.build(Method::Ack, invite_cseq, via)
    }

    fn build(&self, method: Method, cseq: u32, via: Via) -> Request {
        let (uri, routes) = self.addressing();
        let mut headers = Headers::new();
        headers.push(HeaderName::Via, via);
        for route in routes {
            headers.push(HeaderName::Route, route);
        }
        headers.push(HeaderName::MaxForwards, 70_u8);
        headers.push(HeaderName::From, &self.local);
        headers.push(HeaderName::To, &self.remote);
        headers.push(HeaderName::CallId, self.key.call_id.as_str());
        headers.push(HeaderName::CSeq, CSeq::new(cseq, method.clone()));
        Request {
            method,
            uri,
            headers,
            body: Bytes::new(),
        }
    }

    /// Request-URI and Route: loose routing, or the strict routing of RFC 2543 when the first route has no `lr`.
    fn addressing(&self) -> (Uri, Vec<NameAddr>) {
        match self.route_set.split_first() {
            Some((first, rest)) if !first.uri.has_param("lr") => {
                let target = NameAddr::new(self.remote_target.clone());
                let routes = rest.iter().cloned().chain([target]).collect();
                (first.uri.clone(), routes)
            }
            _ => (self.remote_target.clone(), self.route_set.clone()),
        }
    }
}

/// The one Contact of a message that makes or refreshes a dialog.
fn contact_of(headers: &Headers) -> Option<Uri> {
    match headers.contacts().ok()? {
        crate::sip::message::Contacts::List(list) if list.len() == 1 => list
            .into_iter()
            .next()
            .map(|contact| contact.uri)
            .filter(|uri| uri.as_sip().is_some()),
        _ => None,
    }
}

/// The address a SIP URI names without asking DNS; default port 5060.
#[must_use]
pub fn address_of(uri: &Uri) -> Option<SocketAddr> {
    let ip = uri.host()?.ip()?;
    Some(SocketAddr::new(ip, uri.port().unwrap_or(5060)))
}
