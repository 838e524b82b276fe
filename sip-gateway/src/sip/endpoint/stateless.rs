//! Answers that keep no state (RFC 3261 8.2.7): a flood of requests that nobody vouches for costs no memory.
//!
//! **Owns**: refusals, challenges, and where answers go. **Must not know**: sessions.

use super::Endpoint;
use super::core::Core;
use super::identity::Unproven;
use super::inbound::Arrived;
use crate::sip::flow::Flow;
use crate::sip::message::{HeaderName, Refusal, Request, Rport};
use std::net::SocketAddr;

impl Endpoint {
    pub(super) fn refuse(&mut self, request: &Request, reply_to: Flow, refusal: &Refusal) {
        if matches!(refusal.status, 400 | 416 | 420 | 505) {
            self.core.counters.bad_requests += 1;
        }
        reply(&mut self.core, request, reply_to, refusal);
    }

    /// 503 without state; the pause is spread, so that all who were refused do not come back together.
    pub(super) fn overloaded(&mut self, request: &Request, reply_to: Flow) {
        self.core.counters.overload += 1;
        let pause = self.core.ids.below(26).saturating_add(5);
        let refusal = Refusal::new(503).with_header(HeaderName::RetryAfter, pause);
        reply(&mut self.core, request, reply_to, &refusal);
    }

    /// A new request while we are behind: 503, or nothing when there are too many of them.
    pub(super) fn refuse_new(&mut self, arrived: &Arrived) {
        if self.overload.may_answer(self.core.now) {
            self.overloaded(&arrived.request, arrived.reply_to);
        } else {
            self.core.counters.overload += 1;
        }
    }

    /// 401 without state; the same words for every user.
    pub(super) fn challenge(&mut self, arrived: &Arrived, unproven: Unproven) {
        self.core.counters.challenges += 1;
        self.core.counters.failed_auth += u64::from(unproven.failed);
        self.core.counters.locked_out += u64::from(unproven.locked);
        let randomness = self.core.ids.below(u64::MAX);
        let here = (arrived.source, self.core.now);
        let challenge = self.identity.challenge(unproven, here, randomness);
        let refusal = Refusal::new(401).with_header(HeaderName::WwwAuthenticate, challenge);
        reply(&mut self.core, &arrived.request, arrived.reply_to, &refusal);
    }
}

/// Answers without keeping state: each repeat of the request gets the same answer (RFC 3261 8.2.7).
pub(super) fn reply(core: &mut Core, request: &Request, reply_to: Flow, refusal: &Refusal) {
    let tag = stateless_tag(core, request);
    let mut response = refusal.to_response(request).with_to_tag(&tag);
    response
        .headers
        .push(HeaderName::Server, core.config.agent_name.as_str());
    core.transmit(reply_to, response.to_bytes());
}

pub(super) fn stateless_tag(core: &Core, request: &Request) -> String {
    let headers = &request.headers;
    let text = |name| headers.get_str(name).unwrap_or_default();
    core.ids.stateless_tag(&[
        text(&HeaderName::CallId),
        text(&HeaderName::From),
        text(&HeaderName::CSeq),
    ])
}

/// Writes where the request really came from into its top Via (RFC 3261 18.2.1, RFC 3581 4); gives where answers go:
/// on a stream, back on it (RFC 3261 18.2.2).
/// A Via that cannot be read is left as it is and the answer goes to the source; none without any Via: then nobody can
/// be answered.
pub(super) fn stamp(request: &mut Request, source: Flow) -> Option<Flow> {
    let Ok(mut via) = request.headers.via_top() else {
        return request.headers.has(&HeaderName::Via).then_some(source);
    };
    let asks_for_port = via.rport != Rport::Absent;
    let reply_to = if asks_for_port || source.is_stream() {
        source
    } else {
        Flow::Udp(SocketAddr::new(source.ip(), via.port.unwrap_or(5060)))
    };
    if asks_for_port {
        via.rport = Rport::Port(source.address().port());
    }
    let is_written = via.host.ip() == Some(source.ip());
    via.received = (asks_for_port || !is_written).then_some(source.ip());
    request.headers.set_via_top(&via);
    Some(reply_to)
}
