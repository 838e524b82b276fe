//! An answered call, from our 200 or our ACK to the end of its BYE (RFC 3261 12.2, 13.3.1.4, 15).
//!
//! **Owns**: repeating a 2xx until its ACK, BYE both ways, requests inside the dialog. **Must not know**: how a change
//! of the session is decided ([`super::change`] asks the product).

use super::change::{self, Change};
use super::own_change;
use super::timer::SessionTimer;
use super::{InDialog, Leg, State, capabilities, refuse};
use crate::leg::LegEndCause;
use crate::sip::dialog::{Dialog, OutOfOrder};
use crate::sip::endpoint::core::{ALLOW, Core, User};
use crate::sip::flow::Flow;
use crate::sip::message::{HeaderName, Method, Request};
use crate::sip::port::SipEvent;
use crate::sip::transaction::TransactionId;
use crate::sip::transaction::timers::{T1, T1_64, T2};
use bytes::Bytes;
use std::time::{Duration, Instant};

/// Our BYE.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bye {
    None,
    /// Wanted, but our 200 is not acknowledged yet: it must wait (RFC 3261 15).
    Held,
    Sent(TransactionId),
    /// The connection to the device is gone: it is sent when the device has come back, and given up then.
    Waiting(Instant),
}

/// A 2xx of ours that waits for its ACK.
#[derive(Debug)]
struct AwaitedAck {
    transaction: TransactionId,
    cseq: u32,
    response: Bytes,
    /// Our 2xx carried the offer, so the ACK carries the answer.
    we_offered: bool,
    /// It answered the first INVITE, not a re-INVITE.
    initial: bool,
    interval: Duration,
    repeat_at: Instant,
    give_up_at: Instant,
}

#[derive(Debug)]
pub(crate) struct Talking {
    pub(super) dialog: Dialog,
    pub(super) change: Option<Change>,
    /// The SDP that we sent last: what a refresh repeats.
    pub(super) local_sdp: Bytes,
    pub(super) timer: Option<SessionTimer>,
    /// The peer says that it takes UPDATE.
    pub(super) peer_updates: bool,
    /// The dialog is of our INVITE, so its Call-ID is ours.
    pub(super) we_called: bool,
    /// The connection that is gone, until the device is found elsewhere.
    pub(super) lost: Option<Flow>,
    awaited: Option<AwaitedAck>,
    bye: Bye,
}

impl Talking {
    pub(super) const fn new(dialog: Dialog, local_sdp: Bytes, we_called: bool) -> Self {
        Self {
            dialog,
            change: None,
            local_sdp,
            timer: None,
            peer_updates: false,
            we_called,
            lost: None,
            awaited: None,
            bye: Bye::None,
        }
    }

    pub(super) fn is_bye(&self, transaction: TransactionId) -> bool {
        self.bye == Bye::Sent(transaction)
    }

    /// Whether nothing can reach the device now.
    pub(super) fn is_lost(&self) -> bool {
        self.lost == Some(self.dialog.destination())
    }

    /// Our BYE waits for the device to come back; false when it is not the connection that is missing.
    pub(super) fn await_device(&mut self, core: &Core) -> bool {
        let lost = self.is_lost();
        if lost {
            self.bye = Bye::Waiting(core.now + T1_64);
        }
        lost
    }

    /// The device is reached by this flow now.
    pub(super) fn follow(&mut self, core: &mut Core, leg: crate::leg::LegId, flow: Flow) {
        self.dialog.moved_to(flow);
        self.lost = None;
        if matches!(self.bye, Bye::Waiting(_)) {
            self.send_bye(core, leg);
        }
    }

    /// Whether its end has begun.
    pub(super) fn is_closing(&self) -> bool {
        self.bye != Bye::None
    }

    /// Whether a 2xx of ours waits for its ACK.
    pub(super) const fn awaits_ack(&self) -> bool {
        self.awaited.is_some()
    }

    /// Whether it carries an offer that nothing has answered.
    pub(super) fn awaits_answer(&self) -> bool {
        self.awaited
            .as_ref()
            .is_some_and(|awaited| awaited.we_offered)
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        let awaited = self.awaited.as_ref();
        let ack = awaited.map(|awaited| awaited.repeat_at.min(awaited.give_up_at));
        let timer = self.timer.filter(|_| !self.is_closing());
        let timer = timer.map(|timer| timer.deadline());
        let bye = match self.bye {
            Bye::Waiting(until) => Some(until),
            _ => None,
        };
        ack.into_iter().chain(timer).chain(bye).min()
    }

    /// A 2xx to an INVITE was sent: it is repeated until the ACK comes.
    pub(super) fn await_ack(
        &mut self,
        core: &Core,
        (transaction, cseq): (TransactionId, u32),
        response: Bytes,
        (we_offered, initial): (bool, bool),
    ) {
        self.awaited = Some(AwaitedAck {
            transaction,
            cseq,
            response,
            we_offered,
            initial,
            interval: T1,
            repeat_at: core.now + T1,
            give_up_at: core.now + T1_64,
        });
    }

    fn send_bye(&mut self, core: &mut Core, leg: crate::leg::LegId) {
        let via = core.new_via(self.dialog.destination());
        let mut bye = self.dialog.request(Method::Bye, via);
        bye.headers
            .push(HeaderName::UserAgent, core.config.agent_name.as_str());
        let transaction = core.start_request(&bye, self.dialog.destination(), User::Leg(leg));
        self.bye = Bye::Sent(transaction);
    }
}

/// BYE in a dialog that no leg wants.
pub(super) fn send_bye_for_nobody(dialog: &mut Dialog, core: &mut Core) {
    let via = core.new_via(dialog.destination());
    let bye = dialog.request(Method::Bye, via);
    core.start_request(&bye, dialog.destination(), User::Nobody);
}

/// Ends the call: tells the product now, sends BYE as soon as it may be sent.
pub(super) fn hang_up(leg: &mut Leg, core: &mut Core, cause: LegEndCause) {
    let State::Talking(talking) = &mut leg.state else {
        return;
    };
    if talking.bye == Bye::None {
        change::abandon(talking, core);
        if talking
            .awaited
            .as_ref()
            .is_some_and(|awaited| awaited.initial)
        {
            talking.bye = Bye::Held;
        } else {
            talking.awaited = None;
            if !(leg.device.is_some() && talking.await_device(core)) {
                talking.send_bye(core, leg.id);
            }
        }
    }
    leg.end(core, cause);
}

pub(super) fn on_timer(leg: &mut Leg, core: &mut Core) {
    own_change::on_session_timer(leg, core);
    let State::Talking(talking) = &mut leg.state else {
        return;
    };
    if let Bye::Waiting(until) = talking.bye
        && until <= core.now
    {
        leg.state = State::Over;
        return;
    }
    let Some(awaited) = &mut talking.awaited else {
        return;
    };
    if awaited.give_up_at <= core.now {
        // RFC 3261 13.3.1.4: without an ACK the dialog stands but the session is ended by BYE.
        talking.awaited = None;
        if talking.bye == Bye::Held {
            talking.send_bye(core, leg.id);
        } else {
            hang_up(leg, core, LegEndCause::Timeout { silent: true });
        }
    } else if awaited.repeat_at <= core.now {
        awaited.interval = awaited.interval.saturating_mul(2).min(T2);
        awaited.repeat_at = core.now + awaited.interval;
        core.respond_bytes(awaited.transaction, 200, awaited.response.clone());
    }
}

pub(super) fn on_ack(leg: &mut Leg, core: &mut Core, ack: &Request) {
    let State::Talking(talking) = &mut leg.state else {
        return;
    };
    let cseq = ack.headers.cseq().map(|cseq| cseq.number).ok();
    let Some(awaited) = talking
        .awaited
        .take_if(|awaited| cseq == Some(awaited.cseq))
    else {
        return;
    };
    if talking.bye == Bye::Held {
        talking.send_bye(core, leg.id);
    }
    if leg.ended {
        return;
    }
    let answer = awaited
        .we_offered
        .then(|| super::sdp_of(&ack.headers, &ack.body));
    let sdp = answer.flatten();
    if awaited.initial || sdp.is_some() {
        core.emit(SipEvent::Confirmed { leg: leg.id, sdp });
    }
}

pub(super) fn on_request(leg: &mut Leg, core: &mut Core, request: &InDialog<'_>) {
    let State::Talking(talking) = &mut leg.state else {
        return;
    };
    let cseq = request.request.headers.cseq().map_or(0, |cseq| cseq.number);
    if talking.dialog.receive(cseq) == Err(OutOfOrder) {
        return refuse(core, request, 500);
    }
    talking.dialog.moved_to(request.source);
    let closing = talking.is_closing();
    match &request.request.method {
        Method::Bye => on_bye(leg, core, request),
        Method::Invite | Method::Update if closing => refuse(core, request, 481),
        Method::Invite | Method::Update => change::on_offer(leg, core, request),
        Method::Options => {
            let response = capabilities(core, request.request, "");
            core.respond(request.transaction, &response);
        }
        Method::Info => on_info(leg, core, request),
        _ => refuse_method(core, request),
    }
}

/// INFO is answered 200 whatever it carries; a key in it is told.
pub(super) fn on_info(leg: &Leg, core: &mut Core, request: &InDialog<'_>) {
    let ok = core.response(request.request, 200, "");
    core.respond(request.transaction, &ok);
    if let Some(key) = super::info::key_of(request.request).filter(|_| !leg.has_ended()) {
        core.emit(SipEvent::Key { leg: leg.id, key });
    }
}

/// BYE of the peer: also when it crosses ours, and before the ACK of our 200.
fn on_bye(leg: &mut Leg, core: &mut Core, request: &InDialog<'_>) {
    let ok = core.response(request.request, 200, "");
    core.respond(request.transaction, &ok);
    let State::Talking(talking) = &mut leg.state else {
        return;
    };
    change::abandon(talking, core);
    talking.awaited = None;
    if !matches!(talking.bye, Bye::Sent(_)) {
        leg.state = State::Over;
    }
    leg.end(core, LegEndCause::Bye);
}

/// 405 for a method that SIP knows and we do not serve here; what SIP does not know never comes this far.
pub(super) fn refuse_method(core: &mut Core, request: &InDialog<'_>) {
    let mut response = core.response(request.request, 405, "");
    response.headers.push(HeaderName::Allow, ALLOW);
    core.respond(request.transaction, &response);
}
