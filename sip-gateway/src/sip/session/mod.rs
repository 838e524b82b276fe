//! INVITE sessions: what the product calls legs (RFC 3261 9, 13, 14, 15).
//!
//! **Owns**: [`Leg`] and its states: an incoming call that waits for an answer ([`uas`]), an outgoing one ([`uac`]),
//! an answered one ([`talking`]). **Must not know**: who may call, what SDP says, why the product wants something.
//!
//! A leg tells the product [`SipEvent::Ended`] exactly once. It may live on after that, unseen, for as long as the
//! peer is owed an answer: a BYE not yet answered, an INVITE not yet cancelled, a 2xx still to be acknowledged.

pub(crate) mod attempt;
pub(crate) mod change;
mod early;
mod info;
pub(crate) mod own_change;
pub(crate) mod talking;
pub(crate) mod timer;
pub(crate) mod uac;
pub(crate) mod uas;

use crate::leg::{LegEndCause, LegId};
use crate::sip::dialog::DialogKey;
use crate::sip::endpoint::core::{Core, SDP};
use crate::sip::endpoint::schedule::Owner;
use crate::sip::flow::Flow;
use crate::sip::message::{HeaderName, Headers, Request, Response, find_body};
use crate::sip::port::SipEvent;
use crate::sip::transaction::TransactionId;
use attempt::Attempt;
use bytes::Bytes;
use early::EarlyDialogs;
use own_change::{Acked, OwnChange};
use std::time::{Duration, Instant};
use talking::Talking;
use uac::Outgoing;
use uas::Incoming;

/// A request inside a dialog, with the transaction that waits for its answer.
#[derive(Debug)]
pub(crate) struct InDialog<'a> {
    pub(crate) request: &'a Request,
    pub(crate) transaction: TransactionId,
    pub(crate) source: Flow,
}

/// Why a client transaction brought no response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    TimedOut,
    Unreachable,
}

/// Where a leg stands.
#[derive(Debug)]
pub(crate) enum State {
    Incoming(Box<Incoming>),
    Outgoing(Box<Outgoing>),
    Talking(Box<Talking>),
    /// Nothing left but forks that must be ended.
    Over,
}

/// A device of ours at the other end of a leg.
#[derive(Debug)]
struct Device {
    extension: String,
    instance: Option<String>,
}

/// Our dialog with one party.
#[derive(Debug)]
pub(crate) struct Leg {
    id: LegId,
    state: State,
    /// INVITEs of ours whose transactions live; they may still bring a 2xx that must be acknowledged and ended.
    attempts: Vec<Attempt>,
    /// What they said before their final answers.
    early: EarlyDialogs,
    /// Our change of the session, wanted or under way.
    own: Option<OwnChange>,
    /// The offer that the product wants to follow it.
    next_offer: Option<Bytes>,
    /// 2xx to changes of ours that may be repeated.
    acked: Vec<Acked>,
    /// The device at its other end, and the instance of it.
    device: Option<Device>,
    /// Its entry in the dialog index.
    key: Option<DialogKey>,
    ended: bool,
}

impl Leg {
    fn new(id: LegId, state: State) -> Self {
        Self {
            id,
            state,
            attempts: Vec::new(),
            early: EarlyDialogs::default(),
            own: None,
            next_offer: None,
            device: None,
            acked: Vec::new(),
            key: None,
            ended: false,
        }
    }

    /// Whether nothing is owed to anybody.
    pub(crate) fn is_over(&self) -> bool {
        matches!(self.state, State::Over)
            && self.attempts.is_empty()
            && self.acked.is_empty()
            && self.own.is_none()
    }

    /// Sets its deadline anew; takes it out of the indexes when it is over. To be called after every change.
    pub(crate) fn settle(&mut self, core: &mut Core) {
        own_change::advance(self, core);
        if matches!(self.state, State::Over) {
            self.own.take_if(|own| !own.is_sent());
        }
        if matches!(self.state, State::Over)
            && let Some(key) = self.key.take()
        {
            core.dialogs.remove(&key);
        }
        let due = (!self.is_over()).then(|| self.deadline(core.now)).flatten();
        core.schedule.set(Owner::Leg(self.id), due);
    }

    fn deadline(&self, now: Instant) -> Option<Instant> {
        let own = match &self.state {
            State::Incoming(incoming) => Some(incoming.deadline()),
            State::Outgoing(outgoing) => Some(outgoing.give_up_at),
            State::Talking(talking) => talking.deadline(),
            State::Over => None,
        };
        let attempts = self.attempts.iter().filter_map(Attempt::deadline);
        let change = self.own.as_ref().and_then(|own| own.deadline(now));
        attempts.chain(own).chain(change).min()
    }

    /// Its deadline has passed.
    pub(crate) fn on_timer(&mut self, core: &mut Core) {
        self.attempts.retain(|attempt| {
            let late = attempt.deadline().is_some_and(|due| due <= core.now);
            if late {
                core.drop_transaction(attempt.transaction);
            }
            !late
        });
        own_change::on_timer(self, core);
        match &self.state {
            State::Incoming(_) => uas::on_timer(self, core),
            State::Outgoing(_) => uac::on_timer(self, core),
            State::Talking(_) => talking::on_timer(self, core),
            State::Over => {}
        }
    }

    /// A request inside its dialog; BYE, INVITE, UPDATE and all others but ACK and CANCEL.
    pub(crate) fn on_request(&mut self, core: &mut Core, request: &InDialog<'_>) {
        match &self.state {
            State::Incoming(_) => uas::on_request(self, core, request),
            State::Talking(_) => talking::on_request(self, core, request),
            State::Outgoing(_) | State::Over => refuse(core, request, 481),
        }
    }

    /// An ACK of a 2xx of ours.
    pub(crate) fn on_ack(&mut self, core: &mut Core, ack: &Request) {
        if let State::Talking(_) = &self.state {
            talking::on_ack(self, core, ack);
        }
    }

    /// A CANCEL for this INVITE of the peer; the CANCEL itself has been answered.
    pub(crate) fn on_cancel(&mut self, core: &mut Core, transaction: TransactionId) {
        match &mut self.state {
            State::Incoming(incoming) if incoming.transaction == transaction => {
                uas::on_cancel(self, core)
            }
            State::Talking(talking) => change::on_cancel(talking, core, transaction),
            _ => {}
        }
    }

    /// A response to one of its requests.
    pub(crate) fn on_response(
        &mut self,
        core: &mut Core,
        transaction: TransactionId,
        response: &Response,
    ) {
        if self
            .attempts
            .iter()
            .any(|attempt| attempt.transaction == transaction)
        {
            uac::on_response(self, core, transaction, response);
        } else if self.own.as_ref().is_some_and(|own| own.is(transaction)) {
            own_change::on_response(self, core, response);
        } else if let Some(acked) = self
            .acked
            .iter()
            .find(|acked| acked.transaction == transaction)
        {
            acked.repeat(core);
        } else if let State::Talking(talking) = &self.state
            && talking.is_bye(transaction)
            && response.status >= 200
        {
            self.state = State::Over;
        }
    }

    /// One of its requests was not answered.
    pub(crate) fn on_failure(
        &mut self,
        core: &mut Core,
        transaction: TransactionId,
        failure: Failure,
    ) {
        if self
            .attempts
            .iter()
            .any(|attempt| attempt.transaction == transaction)
        {
            uac::on_failure(self, core, transaction, failure);
        } else if self.own.as_ref().is_some_and(|own| own.is(transaction)) {
            own_change::on_failure(self, core, failure);
        } else if let State::Talking(talking) = &mut self.state
            && talking.is_bye(transaction)
        {
            let waits = self.device.is_some() && failure == Failure::Unreachable;
            if !(waits && talking.await_device(core)) {
                self.state = State::Over;
            }
        } else if let State::Incoming(incoming) = &self.state
            && incoming.transaction == transaction
        {
            uas::on_flow_gone(self, core);
        }
    }

    /// One of its client transactions is over: no response can come any more.
    pub(crate) fn on_transaction_over(&mut self, transaction: TransactionId) {
        self.attempts
            .retain(|attempt| attempt.transaction != transaction);
        self.acked.retain(|acked| acked.transaction != transaction);
        self.own.take_if(|own| own.is(transaction));
        if let State::Talking(talking) = &self.state
            && talking.is_bye(transaction)
        {
            self.state = State::Over;
        }
    }

    /// End it in the way its state needs.
    pub(crate) fn hang_up(&mut self, core: &mut Core) {
        match &self.state {
            State::Incoming(_) => {
                uas::reject(self, core, 480, None, LegEndCause::Local);
            }
            State::Outgoing(_) => uac::give_up(self, core, LegEndCause::Local),
            State::Talking(_) => talking::hang_up(self, core, LegEndCause::Local),
            State::Over => {}
        }
    }

    /// Ends it because another leg has the call: as [`Self::hang_up`], and a phone that rings still is told why.
    pub(crate) fn taken_elsewhere(&mut self, core: &mut Core) {
        for attempt in &mut self.attempts {
            attempt.elsewhere = true;
        }
        self.hang_up(core);
    }

    /// Names the device at its other end.
    pub(crate) fn set_device(&mut self, extension: &str) {
        self.device = Some(Device {
            extension: extension.to_owned(),
            instance: None,
        });
    }

    /// The device at its other end when that is reached by this flow.
    pub(crate) fn device_at(&self, flow: Flow) -> Option<&str> {
        let device = self.device.as_ref()?;
        let is_there =
            matches!(&self.state, State::Talking(talking) if talking.dialog.destination() == flow);
        is_there.then_some(device.extension.as_str())
    }

    /// The device at its other end, when the connection to it is lost and it is still wanted.
    pub(crate) fn lost_device(&self) -> Option<(&str, Option<&str>)> {
        let device = self.device.as_ref()?;
        let State::Talking(talking) = &self.state else {
            return None;
        };
        let found = (device.extension.as_str(), device.instance.as_deref());
        talking.is_lost().then_some(found)
    }

    /// The connection to its device is gone, and this instance of it had registered over it.
    pub(crate) fn on_flow_lost(&mut self, flow: Flow, instance: Option<String>) {
        if let (State::Talking(talking), Some(device)) = (&mut self.state, &mut self.device) {
            talking.lost = Some(flow);
            device.instance = instance;
        }
    }

    /// Its party is reached by this flow now; a BYE that got lost with the old one is sent again.
    pub(crate) fn follow(&mut self, core: &mut Core, flow: Flow) {
        let id = self.id;
        if let State::Talking(talking) = &mut self.state {
            talking.follow(core, id, flow);
        }
    }

    /// Its party has left one flow for another.
    pub(crate) fn moved(&mut self, core: &mut Core, old: Flow, flow: Flow) {
        match &mut self.state {
            State::Incoming(incoming) => incoming.moved(old, flow),
            State::Talking(talking) if talking.dialog.destination() == old => {
                self.follow(core, flow);
            }
            _ => {}
        }
    }

    /// Whether messages to its party go over this flow.
    pub(crate) fn uses(&self, flow: Flow) -> bool {
        let own = match &self.state {
            State::Incoming(incoming) => incoming.flow == flow,
            State::Talking(talking) => talking.dialog.destination() == flow,
            State::Outgoing(_) | State::Over => false,
        };
        own || self
            .attempts
            .iter()
            .any(|attempt| attempt.destination == flow)
    }

    /// Whether the product has heard of its end.
    pub(crate) const fn has_ended(&self) -> bool {
        self.ended
    }

    /// Our tag, while it is in the dialog index.
    pub(crate) fn local_tag(&self) -> Option<&str> {
        self.key.as_ref().map(|key| key.local_tag.as_str())
    }

    /// The INVITE of ours that this transaction carries.
    pub(crate) fn invite_of(&self, transaction: TransactionId) -> Option<&Request> {
        let attempt = self
            .attempts
            .iter()
            .find(|attempt| attempt.transaction == transaction);
        let own = self.own.as_ref().filter(|own| own.is(transaction));
        attempt
            .map(|attempt| &attempt.invite)
            .or_else(|| own.and_then(OwnChange::request))
    }

    /// Tells the product, once.
    fn end(&mut self, core: &mut Core, cause: LegEndCause) {
        if !std::mem::replace(&mut self.ended, true) {
            let leg = self.id;
            core.emit(SipEvent::Ended { leg, cause });
        }
    }

    /// Puts the leg into the dialog index under this key alone.
    fn index(&mut self, core: &mut Core, key: DialogKey) {
        if let Some(old) = self.key.replace(key.clone()) {
            core.dialogs.remove(&old);
        }
        core.dialogs.insert(key, self.id);
    }
}

/// Refuses a request inside a dialog.
fn refuse(core: &mut Core, request: &InDialog<'_>, status: u16) {
    let response = core.response(request.request, status, "");
    core.respond(request.transaction, &response);
}

/// Asks the peer to come back in 0-10 s (RFC 3261 14.2, RFC 3311 5.2).
fn refuse_for_now(core: &mut Core, request: &InDialog<'_>) {
    let mut response = core.response(request.request, 500, "");
    let wait = core.ids.below(11);
    response.headers.push(HeaderName::RetryAfter, wait);
    core.respond(request.transaction, &response);
}

/// 200 with what OPTIONS wants to know (RFC 3261 11.2).
pub(crate) fn capabilities(core: &Core, request: &Request, tag: &str) -> Response {
    let mut response = core.response(request, 200, tag);
    say_capabilities(&mut response);
    response
}

/// Allow, Accept, Supported.
pub(crate) fn say_capabilities(response: &mut Response) {
    use crate::sip::endpoint::core::{ALLOW, SUPPORTED_HEADER};
    response.headers.push(HeaderName::Allow, ALLOW);
    response.headers.push(HeaderName::Accept, SDP);
    response
        .headers
        .push(HeaderName::Supported, SUPPORTED_HEADER);
}

/// The SDP of a message; none when it has none that can be read.
fn sdp_of(headers: &Headers, body: &Bytes) -> Option<Bytes> {
    find_body(headers, body, SDP).ok().flatten()
}

/// Puts SDP into a message.
fn put_sdp(headers: &mut Headers, body: &mut Bytes, sdp: Bytes) {
    headers.set(HeaderName::ContentType, SDP);
    *body = sdp;
}

/// Seconds, rounded up.
fn whole_seconds(time: Duration) -> u64 {
    time.as_secs()
        .saturating_add(u64::from(time.subsec_nanos() > 0))
}
