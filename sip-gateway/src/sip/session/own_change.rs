//! We change an answered session, or refresh it: our re-INVITE (RFC 3261 14.1) and UPDATE (RFC 3311).
//!
//! **Owns**: the one change of ours that may be under way, and when it is tried again after the two have crossed.
//! **Must not know**: what SDP says, why the product wants a change.

use super::talking::{self, Talking};
use super::timer::{self, SessionTimer};
use super::{Failure, Leg, State, put_sdp, sdp_of};
use crate::leg::LegEndCause;
use crate::sip::endpoint::core::{ALLOW, Core, SUPPORTED_HEADER, User};
use crate::sip::flow::Flow;
use crate::sip::message::{HeaderName, Method, Request, Response};
use crate::sip::port::SipEvent;
use crate::sip::transaction::TransactionId;
use crate::sip::transaction::timers::T1_64;
use bytes::Bytes;
use std::time::{Duration, Instant};

/// Tries of one change, those that crossed with the peer's included.
const TRIES: u8 = 5;

/// Our change of a session.
#[derive(Debug)]
pub(crate) struct OwnChange {
    /// The offer; none: an UPDATE that only says that we are there.
    offer: Option<Bytes>,
    /// The product asked for it; else it is a refresh.
    wanted: bool,
    tries: u8,
    phase: Phase,
}

#[derive(Debug)]
enum Phase {
    /// Not before this moment, and not while the peer's own change is under way.
    Waiting(Instant),
    Sent(Box<Sent>),
}

#[derive(Debug)]
struct Sent {
    transaction: TransactionId,
    request: Request,
    destination: Flow,
    /// Acknowledges a 2xx that comes when the call is over already.
    ack: Bytes,
    give_up_at: Instant,
}

/// A 2xx that was acknowledged: its repeats get the same ACK.
#[derive(Debug)]
pub(crate) struct Acked {
    pub(super) transaction: TransactionId,
    destination: Flow,
    ack: Bytes,
}

impl Acked {
    pub(super) fn repeat(&self, core: &mut Core) {
        core.transmit(self.destination, self.ack.clone());
    }
}

impl OwnChange {
    pub(super) fn deadline(&self, now: Instant) -> Option<Instant> {
        match &self.phase {
            // What is due already waits for somebody else, not for time.
            Phase::Waiting(at) => (*at > now).then_some(*at),
            Phase::Sent(sent) => Some(sent.give_up_at),
        }
    }

    /// Whether an offer of ours is out and not answered: the peer's would cross it.
    pub(super) const fn is_under_way(&self) -> bool {
        self.offer.is_some() && self.is_sent()
    }

    /// Whether its answer is awaited.
    pub(super) const fn is_sent(&self) -> bool {
        matches!(self.phase, Phase::Sent(_))
    }

    pub(super) fn is(&self, transaction: TransactionId) -> bool {
        matches!(&self.phase, Phase::Sent(sent) if sent.transaction == transaction)
    }

    pub(super) fn request(&self) -> Option<&Request> {
        match &self.phase {
            Phase::Sent(sent) => Some(&sent.request),
            Phase::Waiting(_) => None,
        }
    }
}

/// The product wants another session; false when the leg is not talking. While a change of ours is under way it waits, and
/// what is wanted last counts.
pub(crate) fn want(leg: &mut Leg, core: &Core, offer: Bytes) -> bool {
    let talks = matches!(&leg.state, State::Talking(talking) if !talking.is_closing());
    // A refresh that has not gone out yet is done by the change as well.
    let is_free = leg
        .own
        .as_ref()
        .is_none_or(|own| !own.wanted && !own.is_sent());
    if talks && is_free {
        leg.own = Some(waiting(Some(offer), true, core.now));
    } else if talks {
        leg.next_offer = Some(offer);
    }
    talks
}

const fn waiting(offer: Option<Bytes>, wanted: bool, at: Instant) -> OwnChange {
    OwnChange {
        offer,
        wanted,
        tries: 0,
        phase: Phase::Waiting(at),
    }
}

/// The session timer is due: refreshes, or ends the call whose peer has not.
pub(super) fn on_session_timer(leg: &mut Leg, core: &mut Core) {
    let State::Talking(talking) = &mut leg.state else {
        return;
    };
    let due = talking
        .timer
        .filter(|timer| timer.deadline() <= core.now && !talking.is_closing());
    match due {
        None => {}
        Some(timer) if !timer.ours => {
            talking::hang_up(leg, core, LegEndCause::Timeout { silent: true });
        }
        Some(_) => {
            let by_update = talking.peer_updates;
            let offer = (!by_update).then(|| talking.local_sdp.clone());
            if let Some(timer) = &mut talking.timer {
                timer.restart(core.now);
            }
            if leg.own.is_none() {
                leg.own = Some(waiting(offer, false, core.now));
            }
        }
    }
}

/// Sends what is due, when nothing of the peer's stands in the way.
pub(super) fn advance(leg: &mut Leg, core: &mut Core) {
    let id = leg.id;
    if leg.own.is_none()
        && let Some(offer) = leg.next_offer.take()
    {
        want(leg, core, offer);
    }
    let (Some(own), State::Talking(talking)) = (&mut leg.own, &mut leg.state) else {
        return;
    };
    let Phase::Waiting(at) = own.phase else {
        return;
    };
    if at > core.now || talking.change.is_some() || talking.awaits_ack() || talking.is_closing() {
        return;
    }
    own.tries = own.tries.saturating_add(1);
    let destination = talking.dialog.destination();
    let request = write(core, talking, destination, own.offer.clone());
    let cseq = request.headers.cseq().map_or(0, |cseq| cseq.number);
    let ack = talking.dialog.ack(cseq, core.new_via(destination));
    own.phase = Phase::Sent(Box::new(Sent {
        transaction: core.start_request(&request, destination, User::Leg(id)),
        request,
        destination,
        ack: ack.to_bytes(),
        give_up_at: core.now + T1_64 + T1_64,
    }));
}

fn write(
    core: &mut Core,
    talking: &mut Talking,
    destination: Flow,
    offer: Option<Bytes>,
) -> Request {
    let method = match offer {
        Some(_) => Method::Invite,
        None => Method::Update,
    };
    let via = core.new_via(destination);
    let mut request = talking.dialog.request(method, via);
    let headers = &mut request.headers;
    headers.push(HeaderName::Contact, core.contact(None, destination));
    headers.push(HeaderName::Allow, ALLOW);
    headers.push(HeaderName::Supported, SUPPORTED_HEADER);
    if let Some(timer) = talking.timer {
        timer.write_request(headers);
    }
    headers.push(HeaderName::UserAgent, core.config.agent_name.as_str());
    if let Some(offer) = offer {
        put_sdp(headers, &mut request.body, offer);
    }
    request
}

/// A response to it.
pub(super) fn on_response(leg: &mut Leg, core: &mut Core, response: &Response) {
    match response.status {
        ..=199 => {}
        200..=299 => on_success(leg, core, response),
        491 => try_again(leg, core, None, 491),
        500 => try_again(leg, core, retry_after(response), 500),
        408 | 481 => {
            leg.own = None;
            talking::hang_up(leg, core, LegEndCause::Timeout { silent: false });
        }
        status => on_refusal(leg, core, status),
    }
}

fn on_success(leg: &mut Leg, core: &mut Core, response: &Response) {
    let id = leg.id;
    let Some(OwnChange {
        offer,
        phase: Phase::Sent(sent),
        ..
    }) = leg.own.take()
    else {
        return;
    };
    let is_invite = sent.request.method == Method::Invite;
    let mut acked = Acked {
        transaction: sent.transaction,
        destination: sent.destination,
        ack: sent.ack,
    };
    let State::Talking(talking) = &mut leg.state else {
        // The call has ended meanwhile; the 2xx is acknowledged all the same.
        acked.repeat(core);
        return leg.acked.push(acked);
    };
    talking.dialog.refresh_target(&response.headers);
    talking.timer = SessionTimer::agreed(&response.headers, core.now);
    if is_invite {
        acked.destination = talking.dialog.destination();
        let cseq = sent.request.headers.cseq().map_or(0, |cseq| cseq.number);
        let via = core.new_via(acked.destination);
        acked.ack = core.send_ack(&talking.dialog.ack(cseq, via), acked.destination);
        leg.acked.push(acked);
    }
    let answer = sdp_of(&response.headers, &response.body);
    if let (Some(offer), Some(answer), false) = (offer, answer, leg.ended) {
        talking.local_sdp = offer.clone();
        let result = Ok((offer, answer));
        core.emit(SipEvent::Reoffered { leg: id, result });
    }
}

/// The two have crossed: the owner of the Call-ID waits longer (RFC 3261 14.1), so that one of them goes first.
fn try_again(leg: &mut Leg, core: &mut Core, after: Option<Duration>, status: u16) {
    let State::Talking(talking) = &leg.state else {
        leg.own = None;
        return;
    };
    let tens = if talking.we_called {
        core.ids.below(191).saturating_add(210)
    } else {
        core.ids.below(201)
    };
    let pause = after.unwrap_or_else(|| Duration::from_millis(tens.saturating_mul(10)));
    match &mut leg.own {
        Some(own) if own.tries < TRIES => own.phase = Phase::Waiting(core.now + pause),
        _ => on_refusal(leg, core, status),
    }
}

fn retry_after(response: &Response) -> Option<Duration> {
    let text = response.headers.get_str(&HeaderName::RetryAfter)?;
    let seconds: u64 = text.split([';', ' ', '(']).next()?.parse().ok()?;
    Some(Duration::from_secs(seconds.min(30)))
}

/// The session stays as it was; the peer has answered, so it is there.
fn on_refusal(leg: &mut Leg, core: &mut Core, status: u16) {
    let Some(own) = leg.own.take() else {
        return;
    };
    let State::Talking(talking) = &mut leg.state else {
        return;
    };
    if own.offer.is_none() && matches!(status, 405 | 420 | 501) {
        // It says that it takes UPDATE and does not.
        talking.peer_updates = false;
        let offer = Some(talking.local_sdp.clone());
        leg.own = Some(waiting(offer, false, core.now));
    } else if own.wanted {
        core.emit(SipEvent::Reoffered {
            leg: leg.id,
            result: Err(status),
        });
    }
}

/// Nobody answered: the dialog is over (RFC 3261 12.2.1.2).
pub(super) fn on_failure(leg: &mut Leg, core: &mut Core, failure: Failure) {
    leg.own = None;
    let cause = match failure {
        Failure::TimedOut => LegEndCause::Timeout { silent: true },
        Failure::Unreachable => LegEndCause::Unreachable,
    };
    talking::hang_up(leg, core, cause);
}

/// Its time is over though a provisional had come.
pub(super) fn on_timer(leg: &mut Leg, core: &mut Core) {
    let late = leg.own.as_ref().and_then(|own| match &own.phase {
        Phase::Sent(sent) if sent.give_up_at <= core.now => Some(sent.transaction),
        _ => None,
    });
    if let Some(transaction) = late {
        core.drop_transaction(transaction);
        on_failure(leg, core, Failure::TimedOut);
    }
}

/// What a 2xx or an INVITE of the peer says of itself: whether it takes UPDATE.
pub(super) fn takes_update(headers: &crate::sip::message::Headers) -> bool {
    let allowed = headers.tokens(HeaderName::Allow).unwrap_or_default();
    allowed.iter().any(|method| &**method == "UPDATE")
}

/// Adds what our 2xx says of timers, and remembers it.
pub(super) fn grant(
    talking: &mut Talking,
    request: &Request,
    response: &mut Response,
    now: Instant,
) {
    let timer = SessionTimer::grant(&request.headers, now);
    timer.write_answer(&mut response.headers);
    talking.timer = Some(timer);
}

/// 422 to a request of the peer whose timer is too short.
pub(crate) fn check(request: &Request) -> Result<(), crate::sip::message::Refusal> {
    timer::check(&request.headers)
}
