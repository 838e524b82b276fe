//! The peer wants to change an answered session: re-INVITE (RFC 3261 14) and UPDATE (RFC 3311).
//!
//! **Owns**: the one change that may be under way, and when another must wait. **Must not know**: what SDP says; the
//! product answers with [`crate::sip::port::SipCommand::Reanswer`].

use super::own_change::{self, OwnChange};
use super::talking::Talking;
use super::{InDialog, Leg, State, put_sdp, refuse, refuse_for_now};
use crate::sip::endpoint::core::{ALLOW, Core, SDP};
use crate::sip::message::{HeaderName, Method, Request, find_body};
use crate::sip::port::SipEvent;
use crate::sip::transaction::TransactionId;
use bytes::Bytes;

/// A re-INVITE or UPDATE that waits for the product.
#[derive(Debug)]
pub(crate) struct Change {
    transaction: TransactionId,
    request: Request,
}

/// A re-INVITE or UPDATE arrived in order.
pub(super) fn on_offer(leg: &mut Leg, core: &mut Core, request: &InDialog<'_>) {
    let id = leg.id;
    let crosses = leg.own.as_ref().is_some_and(OwnChange::is_under_way);
    let State::Talking(talking) = &mut leg.state else {
        return;
    };
    if talking.change.is_some() {
        return refuse_for_now(core, request);
    }
    let is_invite = request.request.method == Method::Invite;
    if (is_invite && talking.awaits_ack()) || talking.awaits_answer() {
        // Our last answer is not acknowledged, or our offer not answered: the two have crossed.
        return refuse(core, request, 491);
    }
    let sdp = own_change::check(request.request)
        .and_then(|()| find_body(&request.request.headers, &request.request.body, SDP));
    let sdp = match sdp {
        Ok(sdp) => sdp,
        Err(refusal) => {
            return core.respond(request.transaction, &refusal.to_response(request.request));
        }
    };
    if !is_invite && sdp.is_none() {
        // An UPDATE without an offer moves the contact and keeps the session.
        talking.dialog.refresh_target(&request.request.headers);
        return accept(core, request.transaction, request.request, (talking, None));
    }
    if crosses {
        // RFC 3261 14.2: our own offer is out and not answered.
        return refuse(core, request, 491);
    }
    talking.change = Some(Change {
        transaction: request.transaction,
        request: request.request.clone(),
    });
    if is_invite {
        let trying = core.response(request.request, 100, "");
        core.respond(request.transaction, &trying);
    }
    core.emit(SipEvent::Reoffer { leg: id, sdp });
}

/// The product's answer; false when nothing waits for one.
pub(crate) fn answer(leg: &mut Leg, core: &mut Core, result: Result<Bytes, u16>) -> bool {
    let State::Talking(talking) = &mut leg.state else {
        return false;
    };
    let Some(change) = talking.change.take() else {
        return false;
    };
    let Change {
        transaction,
        request,
    } = change;
    match result {
        Ok(sdp) => {
            talking.dialog.refresh_target(&request.headers);
            accept(core, transaction, &request, (talking, Some(sdp)));
        }
        Err(status) => {
            let response = core.response(&request, status.clamp(300, 699), "");
            core.respond(transaction, &response);
        }
    }
    true
}

/// 200; one to an INVITE is repeated until its ACK.
fn accept(
    core: &mut Core,
    id: TransactionId,
    request: &Request,
    (talking, sdp): (&mut Talking, Option<Bytes>),
) {
    let mut response = core.response(request, 200, "");
    if let Some((flow, _)) = core.transactions.peer_and_user(id) {
        let contact = core.contact(None, flow);
        response.headers.push(HeaderName::Contact, contact);
    }
    response.headers.push(HeaderName::Allow, ALLOW);
    own_change::grant(talking, request, &mut response, core.now);
    let Some(sdp) = sdp else {
        return core.respond(id, &response);
    };
    talking.local_sdp = sdp.clone();
    put_sdp(&mut response.headers, &mut response.body, sdp);
    let bytes = response.to_bytes();
    core.respond_bytes(id, 200, bytes.clone());
    if request.method == Method::Invite {
        let cseq = request.headers.cseq().map_or(0, |cseq| cseq.number);
        let we_offered = request.body.is_empty();
        talking.await_ack(core, (id, cseq), bytes, (we_offered, false));
    }
}

/// The call ends while a change waits: 487 (RFC 3261 15.1.2).
pub(super) fn abandon(talking: &mut Talking, core: &mut Core) {
    if let Some(Change {
        transaction,
        request,
    }) = talking.change.take()
    {
        let response = core.response(&request, 487, "");
        core.respond(transaction, &response);
    }
}

/// The peer takes its re-INVITE back.
pub(super) fn on_cancel(talking: &mut Talking, core: &mut Core, transaction: TransactionId) {
    let is_this = |change: &Change| {
        change.transaction == transaction && change.request.method == Method::Invite
    };
    if talking.change.as_ref().is_some_and(is_this) {
        abandon(talking, core);
    }
}
