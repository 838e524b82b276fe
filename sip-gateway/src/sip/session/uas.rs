//! A call that came in and waits for the product's answer (RFC 3261 13.3).
//!
//! **Owns**: provisional answers and their refresh, the final answer, CANCEL, the end of patience. **Must not know**:
//! who may call.

use super::own_change;
use super::talking::Talking;
use super::{
    InDialog, Leg, State, capabilities, put_sdp, refuse_for_now, say_capabilities, whole_seconds,
};
use crate::leg::{LegEndCause, LegId};
use crate::sip::dialog::{Dialog, DialogKey, Path};
use crate::sip::endpoint::core::{Core, User};
use crate::sip::flow::Flow;
use crate::sip::message::{HeaderName, Method, Request, Response};
use crate::sip::transaction::TransactionId;
use bytes::Bytes;
use std::time::{Duration, Instant};

/// How often a provisional is sent again, so that no proxy on the way loses patience (RFC 3261 13.3.1.1).
/// Not sooner either where a lost one would be missed: there are phones that begin their audio anew with each 183.
const REFRESH: Duration = Duration::from_secs(60);

#[derive(Debug)]
pub(crate) struct Incoming {
    pub(crate) transaction: TransactionId,
    /// What its INVITE came by.
    pub(crate) flow: Flow,
    invite: Request,
    local_tag: String,
    path: Path,
    /// The last provisional above 100, and when it is sent again.
    provisional: Option<(u16, Bytes, Instant)>,
    give_up_at: Instant,
    /// The caller set that limit (Expires).
    limited_by_caller: bool,
}

impl Incoming {
    pub(crate) fn deadline(&self) -> Instant {
        self.provisional
            .as_ref()
            .map_or(self.give_up_at, |(_, _, refresh)| {
                self.give_up_at.min(*refresh)
            })
    }

    /// Its INVITE came again, by another flow.
    pub(crate) fn moved(&mut self, old: Flow, flow: Flow) {
        if self.flow == old {
            self.flow = flow;
        }
        if self.path == Path::Flow(old) {
            self.path = Path::Flow(flow);
        }
    }

    fn response(&self, core: &Core, status: u16) -> Response {
        let mut response = core.response(&self.invite, status, &self.local_tag);
        if (101..300).contains(&status) {
            let user = self.invite.uri.user_unescaped();
            response.headers.push(
                HeaderName::Contact,
                core.contact(user.as_deref(), self.flow),
            );
            response
                .headers
                .push(HeaderName::Allow, crate::sip::endpoint::core::ALLOW);
            // A dialog follows the route that its INVITE took (RFC 3261 12.1.1).
            response
                .headers
                .copy_from(&self.invite.headers, &HeaderName::RecordRoute);
        }
        response
    }
}

/// An INVITE that passed all checks. Answers 100 at once, so that the caller stops repeating it.
pub(crate) fn arrive(
    core: &mut Core,
    id: LegId,
    (invite, transaction): (Request, TransactionId),
    (flow, path): (Flow, Path),
) -> Leg {
    let local_tag = core.ids.tag();
    let key = DialogKey {
        call_id: invite.headers.call_id().unwrap_or_default().to_owned(),
        local_tag: local_tag.clone(),
        remote_tag: invite
            .headers
            .from()
            .ok()
            .and_then(|from| from.tag().map(str::to_owned))
            .unwrap_or_default(),
    };
    let wanted = invite.headers.expires().ok().flatten();
    let wanted = wanted.map(|seconds| Duration::from_secs(u64::from(seconds)));
    let most = core.config.limits.ringing;
    let incoming = Incoming {
        transaction,
        flow,
        local_tag,
        path,
        provisional: None,
        give_up_at: core.now + wanted.map_or(most, |wanted| wanted.min(most)),
        limited_by_caller: wanted.is_some_and(|wanted| wanted < most),
        invite,
    };
    core.transactions.set_user(transaction, User::Leg(id));
    let trying = incoming.response(core, 100);
    core.respond(transaction, &trying);
    let mut leg = Leg::new(id, State::Incoming(Box::new(incoming)));
    leg.index(core, key);
    leg
}

/// 101-199 from the product; false when the leg does not wait for an answer.
pub(crate) fn provisional(leg: &mut Leg, core: &mut Core, status: u16, sdp: Option<Bytes>) -> bool {
    let State::Incoming(incoming) = &mut leg.state else {
        return false;
    };
    let mut response = incoming.response(core, status.clamp(101, 199));
    if let Some(sdp) = sdp {
        put_sdp(&mut response.headers, &mut response.body, sdp);
    }
    let bytes = response.to_bytes();
    incoming.provisional = Some((response.status, bytes.clone(), core.now + REFRESH));
    core.respond_bytes(incoming.transaction, response.status, bytes);
    true
}

/// 200 OK; false when the leg does not wait for an answer.
pub(crate) fn answer(leg: &mut Leg, core: &mut Core, sdp: Bytes) -> bool {
    let State::Incoming(incoming) = &leg.state else {
        return false;
    };
    let Some(dialog) = Dialog::from_invite(&incoming.invite, &incoming.local_tag, incoming.path)
    else {
        // The checks on arrival make this impossible; should they change, the call is refused, not lost.
        reject(leg, core, 400, None, LegEndCause::Local);
        return true;
    };
    let mut response = incoming.response(core, 200);
    say_capabilities(&mut response);
    response
        .headers
        .set(HeaderName::Allow, crate::sip::endpoint::core::ALLOW);
    let mut talking = Talking::new(dialog, sdp.clone(), false);
    talking.peer_updates = own_change::takes_update(&incoming.invite.headers);
    own_change::grant(&mut talking, &incoming.invite, &mut response, core.now);
    put_sdp(&mut response.headers, &mut response.body, sdp);
    let bytes = response.to_bytes();
    let cseq = incoming.invite.headers.cseq().map_or(0, |cseq| cseq.number);
    let we_offered = incoming.invite.body.is_empty();
    let transaction = incoming.transaction;
    core.respond_bytes(transaction, 200, bytes.clone());
    talking.await_ack(core, (transaction, cseq), bytes, (we_offered, true));
    leave(leg, core);
    leg.state = State::Talking(Box::new(talking));
    true
}

/// A final refusal; false when the leg does not wait for an answer.
pub(crate) fn reject(
    leg: &mut Leg,
    core: &mut Core,
    status: u16,
    retry_after: Option<Duration>,
    cause: LegEndCause,
) -> bool {
    let State::Incoming(incoming) = &leg.state else {
        return false;
    };
    let mut response = incoming.response(core, status.clamp(300, 699));
    if let Some(time) = retry_after {
        response
            .headers
            .push(HeaderName::RetryAfter, whole_seconds(time));
    }
    let transaction = incoming.transaction;
    core.respond(transaction, &response);
    leave(leg, core);
    leg.state = State::Over;
    leg.end(core, cause);
    true
}

pub(super) fn on_cancel(leg: &mut Leg, core: &mut Core) {
    reject(leg, core, 487, None, LegEndCause::Cancelled);
}

/// The connection of its caller is gone: no answer of ours can reach it. Nothing is sent.
pub(super) fn on_flow_gone(leg: &mut Leg, core: &mut Core) {
    leave(leg, core);
    leg.state = State::Over;
    leg.end(core, LegEndCause::Cancelled);
}

pub(super) fn on_timer(leg: &mut Leg, core: &mut Core) {
    let State::Incoming(incoming) = &mut leg.state else {
        return;
    };
    if incoming.give_up_at <= core.now {
        let status = if incoming.limited_by_caller { 487 } else { 480 };
        reject(
            leg,
            core,
            status,
            None,
            LegEndCause::Timeout { silent: false },
        );
    } else if let Some((status, bytes, refresh)) = &mut incoming.provisional
        && *refresh <= core.now
    {
        *refresh = core.now + REFRESH;
        core.respond_bytes(incoming.transaction, *status, bytes.clone());
    }
}

/// A request in the early dialog.
pub(super) fn on_request(leg: &mut Leg, core: &mut Core, request: &InDialog<'_>) {
    let State::Incoming(incoming) = &leg.state else {
        return;
    };
    match &request.request.method {
        Method::Bye => {
            // A caller may leave this way too (RFC 3261 15): it has not been answered, so it counts as a CANCEL.
            let ok = core.response(request.request, 200, "");
            core.respond(request.transaction, &ok);
            on_cancel(leg, core);
        }
        Method::Options => {
            let response = capabilities(core, request.request, &incoming.local_tag);
            core.respond(request.transaction, &response);
        }
        Method::Info => super::talking::on_info(leg, core, request),
        Method::Update if request.request.body.is_empty() => {
            // It moves the caller's contact or says that the caller is there (RFC 3311 5.2); there is no offer in it.
            let mut response = core.response(request.request, 200, "");
            let contact = core.contact(None, incoming.flow);
            response.headers.push(HeaderName::Contact, contact);
            core.respond(request.transaction, &response);
        }
        // The first offer has not been answered.
        Method::Invite | Method::Update => refuse_for_now(core, request),
        _ => super::talking::refuse_method(core, request),
    }
}

/// It waits no longer: the counts of waiting calls go down.
fn leave(leg: &Leg, core: &mut Core) {
    if let State::Incoming(incoming) = &leg.state {
        core.arrivals.answered(incoming.flow.ip());
    }
}
