//! From a datagram to whoever it is for.
//!
//! **Owns**: the order of checks (RFC 3261 8.2, 18.2.1; RFC 3581), answers that need no state. **Must not know**: how
//! sessions go on.

use super::Endpoint;
use super::caller::describe;
use super::core::{ALLOW, SDP, SUPPORTED, User};
use super::identity::Unproven;
use super::stateless::{reply, stamp, stateless_tag};
use crate::leg::{CallSource, LegId};
use crate::sip::dialog::{DialogKey, Path};
use crate::sip::flow::Flow;
use crate::sip::message::{
    HeaderName, Message, Method, ParseError, Refusal, Request, Response, check_accept,
    check_content, find_body, parse_datagram, validate_response, validate_with,
};
use crate::sip::port::SipEvent;
use crate::sip::session::{self, InDialog, attempt, uas};
use crate::sip::stun;
use crate::sip::transaction::key::{ClientKey, ServerKey};
use crate::sip::transaction::{Action, Actions, TransactionId};
use bytes::Bytes;

/// What an INVITE may carry: SDP, alone or as one part of several.
const BODIES: [&str; 4] = [
    SDP,
    "multipart/mixed",
    "multipart/alternative",
    "multipart/related",
];

/// A request with what is known about its way.
pub(super) struct Arrived {
    pub(super) request: Request,
    pub(super) key: ServerKey,
    /// Where it came from.
    pub(super) source: Flow,
    /// Where its answers go.
    pub(super) reply_to: Flow,
}

impl Endpoint {
    pub(super) fn on_message(&mut self, source: Flow, bytes: &Bytes) {
        self.core.counters.received += 1;
        // A trunk's calls are bounded as calls are; what it sends inside them must not get lost.
        if self.identity.trunk_at(source).is_none()
            && self.registrations.trunk_at(source).is_none()
            && !self.sources.admit(source.ip(), self.core.now)
        {
            self.core.counters.over_rate += 1;
            return;
        }
        if bytes.iter().all(|byte| matches!(byte, b'\r' | b'\n' | 0)) {
            self.core.counters.keep_alives += 1;
            if source.is_stream() {
                // RFC 5626 3.5.1: a ping on a stream wants its pong, else the peer takes the flow for dead.
                self.core.transmit(source, Bytes::from_static(b"\r\n"));
            }
            return;
        }
        if !source.is_stream() && stun::is_stun(bytes) {
            return self.on_stun(source, bytes);
        }
        match parse_datagram(bytes) {
            Ok(Message::Request(request)) => self.on_request(request, source),
            Ok(Message::Response(response)) => self.on_response(&response),
            Err(error) => self.on_unreadable(error, source),
        }
    }

    /// A phone asks whether its flow lives, and by which address it is seen (RFC 5626 4.4.2).
    fn on_stun(&mut self, source: Flow, bytes: &Bytes) {
        match stun::answer(bytes, source.address()) {
            Some(answer) => {
                self.core.counters.keep_alives += 1;
                self.core.transmit(source, answer);
            }
            None => self.core.counters.unreadable += 1,
        }
    }

    /// Answers a request that is broken beyond reading, when its Via says where to.
    fn on_unreadable(&mut self, error: ParseError, source: Flow) {
        self.core.counters.unreadable += 1;
        let (Some(status), Some(mut request)) = (error.status, error.partial) else {
            return;
        };
        if let Some(reply_to) = stamp(&mut request, source) {
            let refusal = Refusal::because(status, error.problem);
            reply(&mut self.core, &request, reply_to, &refusal);
        }
    }

    /// A head whose length nobody can tell: 400 to a request, whatever else is right with it.
    pub(super) fn on_broken_stream(&mut self, flow: Flow, head: &Bytes, problem: &'static str) {
        self.core.counters.received += 1;
        match parse_datagram(head) {
            Ok(Message::Request(mut request)) if request.method != Method::Ack => {
                self.core.counters.unreadable += 1;
                if let Some(reply_to) = stamp(&mut request, flow) {
                    let refusal = Refusal::because(400, problem);
                    reply(&mut self.core, &request, reply_to, &refusal);
                }
            }
            Ok(_) => self.core.counters.unreadable += 1,
            Err(error) => self.on_unreadable(error, flow),
        }
    }

    fn on_request(&mut self, mut request: Request, source: Flow) {
        let is_ack = request.method == Method::Ack;
        let Some(reply_to) = stamp(&mut request, source) else {
            self.core.counters.bad_requests += 1;
            return;
        };
        let key = request
            .headers
            .via_top()
            .and_then(|via| ServerKey::of_request(&request, &via));
        let valid = validate_with(&request, &SUPPORTED);
        let (key, known) = match key {
            Ok(key) => {
                let known = self.core.transactions.find_server(&key);
                (key, known)
            }
            Err(_) if is_ack => {
                self.core.counters.stray_acks += 1;
                return;
            }
            Err(error) => return self.refuse(&request, reply_to, &error.into()),
        };
        if let Some(id) = known {
            let mut actions = Actions::new();
            if is_ack {
                self.core.transactions.ack(id, self.core.now, &mut actions);
            } else {
                self.core.counters.repeats_received += 1;
                self.follow_repeat(id, reply_to);
                self.core
                    .transactions
                    .repeat(id, self.core.now, &mut actions);
            }
            self.core.send_all(id, &actions);
            self.core.settle(id);
            if !is_ack || !actions.contains(&Action::Deliver) {
                return;
            }
        }
        if is_ack {
            return self.on_ack(&request);
        }
        if let Err(refusal) = valid {
            return self.refuse(&request, reply_to, &refusal);
        }
        let arrived = Arrived {
            request,
            key,
            source,
            reply_to,
        };
        self.dispatch(arrived);
    }

    /// A request that comes again over another connection: the first is of no use any more, so the answers and what
    /// follows go by this one.
    fn follow_repeat(&mut self, id: TransactionId, flow: Flow) {
        let Some((old, user)) = self.core.transactions.peer_and_user(id) else {
            return;
        };
        if self.core.transactions.moved(id, flow)
            && let User::Leg(leg) = user
        {
            self.with_leg(leg, |leg, core| leg.moved(core, old, flow));
        }
    }

    fn dispatch(&mut self, arrived: Arrived) {
        let request = &arrived.request;
        if request.method == Method::Cancel {
            return self.on_cancel(&arrived);
        }
        if request.headers.to().is_ok_and(|to| to.tag().is_some())
            && request.method != Method::Register
        {
            return self.on_in_dialog(arrived);
        }
        // The others are answered without work and without state in any case.
        let is_new = !matches!(
            request.method,
            Method::Options | Method::Bye | Method::Info | Method::Update | Method::Prack
        );
        if is_new && self.overload.refuses() {
            return self.refuse_new(&arrived);
        }
        match request.method {
            Method::Invite => self.on_invite(arrived),
            Method::Register => self.on_register(&arrived),
            Method::Options => self.on_options(&arrived),
            Method::Bye | Method::Info | Method::Update | Method::Prack => {
                self.refuse(request, arrived.reply_to, &Refusal::new(481));
            }
            _ => match self.identify(&arrived) {
                Ok(_) => {
                    let refusal = Refusal::new(405).with_header(HeaderName::Allow, ALLOW);
                    self.refuse(&arrived.request, arrived.reply_to, &refusal);
                }
                Err(unproven) => self.challenge(&arrived, unproven),
            },
        }
    }

    /// The rule of identity, for a request outside any dialog.
    fn identify(&mut self, arrived: &Arrived) -> Result<CallSource, Unproven> {
        let (source, now) = (arrived.source, self.core.now);
        let registrar = &self.registrar;
        let is_bound = |user: &str| registrar.is_bound(user, source, now);
        let line = self.registrations.trunk_of_line(&arrived.request.uri);
        let line = line.filter(|_| !source.is_web());
        let registrar = self.registrations.trunk_at(source);
        self.identity
            .identify(&arrived.request, (source, now), (line, registrar), is_bound)
    }

    /// Answered to anybody: it is a keep-alive, says nothing but what we speak, and keeps no state.
    fn on_options(&mut self, arrived: &Arrived) {
        let tag = stateless_tag(&self.core, &arrived.request);
        let response = session::capabilities(&self.core, &arrived.request, &tag);
        self.core.transmit(arrived.reply_to, response.to_bytes());
    }

    fn on_ack(&mut self, ack: &Request) {
        let leg = DialogKey::of_request(&ack.headers)
            .and_then(|key| self.core.dialogs.get(&key).copied());
        match leg {
            Some(leg) => self.with_leg(leg, |leg, core| leg.on_ack(core, ack)),
            None => self.core.counters.stray_acks += 1,
        }
    }

    /// A CANCEL is believed when it matches a live INVITE and comes from the same host (RFC 3261 9.2).
    fn on_cancel(&mut self, arrived: &Arrived) {
        let invite = self.core.transactions.find_server(&arrived.key.cancelled());
        let found = invite.and_then(|id| {
            self.core
                .transactions
                .peer_and_user(id)
                .map(|found| (id, found))
        });
        let Some((invite, (_, user))) =
            found.filter(|(_, (peer, _))| peer.ip() == arrived.reply_to.ip())
        else {
            return self.refuse(&arrived.request, arrived.reply_to, &Refusal::new(481));
        };
        let User::Leg(leg) = user else {
            return;
        };
        let tag = self
            .legs
            .get(&leg)
            .and_then(|leg| leg.local_tag().map(str::to_owned));
        let tag = tag.unwrap_or_else(|| stateless_tag(&self.core, &arrived.request));
        let response = self.core.response(&arrived.request, 200, &tag);
        self.core.transmit(arrived.reply_to, response.to_bytes());
        self.with_leg(leg, |leg, core| leg.on_cancel(core, invite));
    }

    fn on_in_dialog(&mut self, arrived: Arrived) {
        let Arrived {
            request,
            key,
            source,
            reply_to,
        } = arrived;
        let leg = DialogKey::of_request(&request.headers)
            .and_then(|key| self.core.dialogs.get(&key).copied());
        let Some(leg) = leg else {
            return self.refuse(&request, reply_to, &Refusal::new(481));
        };
        if !self.core.has_room_in_dialog() {
            return self.overloaded(&request, reply_to);
        }
        let transaction = self
            .core
            .transactions
            .start_server(key, reply_to, User::Leg(leg));
        let in_dialog = InDialog {
            request: &request,
            transaction,
            source,
        };
        self.with_leg(leg, |leg, core| leg.on_request(core, &in_dialog));
    }

    fn on_invite(&mut self, arrived: Arrived) {
        let call_source = match self.identify(&arrived) {
            Ok(call_source) => call_source,
            Err(unproven) => return self.challenge(&arrived, unproven),
        };
        let Arrived {
            request,
            key,
            source,
            reply_to,
        } = arrived;
        let offer = session::own_change::check(&request).and_then(|()| read_offer(&request));
        let offer = match offer {
            Ok(offer) => offer,
            Err(refusal) => return self.refuse(&request, reply_to, &refusal),
        };
        if self.core.arrivals.is_merged(&request) {
            return self.refuse(&request, reply_to, &Refusal::new(482));
        }
        let limits = self.core.config.limits;
        let waiting = self.core.arrivals.waiting_from(source.ip());
        if !self.core.has_room()
            || self.legs.len() >= limits.legs
            || waiting >= limits.ringing_per_source
        {
            return self.overloaded(&request, reply_to);
        }
        let path = match call_source {
            CallSource::Device(_) | CallSource::Caller { .. } => Path::Flow(source),
            CallSource::Trunk(_) => match source {
                Flow::Udp(address) => Path::Fallback(address),
                // We open no connections: the one it came by is the only way back.
                Flow::Stream(..) => Path::Flow(source),
            },
        };
        let device = match &call_source {
            CallSource::Device(extension) => Some(extension.clone()),
            CallSource::Trunk(_) | CallSource::Caller { .. } => None,
        };
        let id = self.new_leg_id();
        if let CallSource::Caller { login, .. } = &call_source
            && let Err(refusal) = self.begin_call(login, id)
        {
            return self.refuse(&request, reply_to, &refusal);
        }
        let call = describe(&request, id, call_source);
        let transaction = self
            .core
            .transactions
            .start_server(key, reply_to, User::Leg(id));
        self.core.arrivals.add(source.ip(), &request, transaction);
        let mut leg = uas::arrive(&mut self.core, id, (request, transaction), (source, path));
        if let Some(device) = device {
            leg.set_device(&device);
        }
        leg.settle(&mut self.core);
        self.legs.insert(id, leg);
        self.core.emit(SipEvent::Incoming { call, offer });
    }

    /// A caller has one call at a time, and not too many of them.
    fn begin_call(&mut self, login: &str, leg: LegId) -> Result<(), Refusal> {
        let logins = &mut self.identity.logins;
        let call = logins.call_of(login).and_then(|call| self.legs.get(&call));
        if call.is_some_and(|call| !call.has_ended()) {
            return Err(Refusal::new(486));
        }
        if !logins.begin_call(login, leg, self.core.now) {
            self.core.counters.overload += 1;
            return Err(Refusal::new(503).with_header(HeaderName::RetryAfter, 60_u8));
        }
        Ok(())
    }

    fn on_response(&mut self, response: &Response) {
        let key =
            validate_response(response).and_then(|()| ClientKey::of_response(&response.headers));
        let Ok(Some(key)) = key else {
            self.core.counters.stray_responses += 1;
            return;
        };
        let Some(id) = self.core.transactions.find_client(&key) else {
            self.core.counters.stray_responses += 1;
            return;
        };
        let ack = if *key.method() == Method::Invite && response.status >= 300 {
            self.invite_of(id)
                .and_then(|invite| attempt::ack_of_refusal(invite, response))
        } else {
            None
        };
        let ack = ack.map(|ack| ack.to_bytes()).unwrap_or_default();
        let mut actions = Actions::new();
        self.core
            .transactions
            .response(id, response.status, ack, self.core.now, &mut actions);
        self.after_client(id, &actions, Some(response));
    }

    /// Odd numbers are calls that came in; even ones are the product's to choose.
    fn new_leg_id(&mut self) -> LegId {
        let id = LegId(self.next_leg);
        self.next_leg = self.next_leg.wrapping_add(2);
        id
    }
}

/// The offer of an INVITE whose body and Accept suit us (RFC 3261 8.2.3).
fn read_offer(invite: &Request) -> Result<Option<Bytes>, Refusal> {
    let offer = find_body(&invite.headers, &invite.body, SDP)?;
    check_content(invite, &BODIES)?;
    check_accept(invite, SDP)?;
    Ok(offer)
}
