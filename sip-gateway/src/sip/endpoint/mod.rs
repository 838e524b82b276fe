//! One object for all SIP of one process.
//!
//! **Owns**: [`Endpoint`]: it takes datagrams, commands and the time, and gives datagrams, events and the next
//! deadline. **Must not know**: sockets, clocks, tasks, randomness, what SDP says, what a call is for.
//!
//! ```text
//! loop {
//!     endpoint.handle(input, now);
//!     while let Some(output) = endpoint.poll_output() { send or tell }
//!     wait for the next input, at most until endpoint.next_deadline(); then handle(SipInput::Tick, now)
//! }
//! ```

pub(crate) mod answer;
pub(crate) mod arrivals;
mod caller;
mod commands;
pub mod config;
pub(crate) mod core;
pub(crate) mod identity;
pub(crate) mod ids;
mod inbound;
pub(crate) mod logins;
mod overload;
mod register;
pub(crate) mod schedule;
mod sources;
mod stateless;

#[cfg(test)]
mod tests;

pub use config::{Counters, EndpointConfig, Limits, Occupancy};

use self::core::{Core, User};
use self::identity::Identity;
use self::overload::Overload;
use self::schedule::Owner;
use self::sources::Sources;
use crate::leg::{Accounts, DeviceChange, LegId};
use crate::sip::flow::Flow;
use crate::sip::message::{Request, Response};
use crate::sip::port::{SipEvent, SipInput, SipOutput};
use crate::sip::registrar::client::Registrations;
use crate::sip::registrar::{DeviceBindings, Registrar, RegistrationRecord};
use crate::sip::session::{Failure, Leg};
use crate::sip::transaction::{Action, Actions, TransactionId};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

/// All SIP of one process: transactions, dialogs, sessions, registrar, our own registrations.
#[derive(Debug)]
pub struct Endpoint {
    core: Core,
    identity: Identity,
    legs: BTreeMap<LegId, Leg>,
    sources: Sources,
    overload: Overload,
    registrar: Registrar,
    registrations: Registrations,
    next_leg: u64,
}

impl Endpoint {
    /// An endpoint without calls or bindings. The seed must be secret and random: names and nonces come from it.
    #[must_use]
    pub fn new(config: EndpointConfig, accounts: Accounts, now: Instant) -> Self {
        let mut secret = Sha256::new();
        secret.update(config.seed);
        secret.update(b"nonce");
        let secret: [u8; 32] = secret.finalize().into();
        let trunks = accounts.trunks.clone();
        let mut endpoint = Self {
            identity: Identity::new(config.domain.clone(), secret, accounts, &config.limits),
            overload: Overload::default(),
            sources: Sources::new(
                config.limits.messages_per_source,
                config.limits.messages_per_known_source,
            ),
            registrar: Registrar::new(config.limits.contacts_per_device),
            core: Core::new(config, now),
            legs: BTreeMap::new(),
            registrations: Registrations::default(),
            next_leg: 1,
        };
        endpoint
            .registrations
            .set_trunks(&mut endpoint.core, &trunks);
        endpoint
    }

    /// Advances everything. Never fails and never blocks; afterwards call [`Self::poll_output`] until it gives none.
    pub fn handle(&mut self, input: SipInput, now: Instant) {
        self.core.now = now;
        match input {
            SipInput::Datagram { source, bytes } => self.on_message(source.into(), &bytes),
            SipInput::Stream { flow, bytes } => self.on_message(flow, &bytes),
            SipInput::BrokenStream {
                flow,
                head,
                problem,
            } => self.on_broken_stream(flow, &head, problem),
            SipInput::FlowClosed { flow } => self.on_flow_closed(flow),
            SipInput::Refused { peer } => self.on_refused(peer.into()),
            SipInput::Command(command) => self.on_command(command),
            SipInput::Tick => {}
        }
        self.run_due();
    }

    /// Tells how long what comes in, or what goes out to the product, waits now. While that stays above 20 ms, new calls
    /// and registrations are refused without state; what is under way goes on.
    pub fn observe_delay(&mut self, delay: Duration, now: Instant) {
        self.overload.observe(delay, now);
    }

    /// The next thing to send or to tell; none when all has been given.
    pub fn poll_output(&mut self) -> Option<SipOutput> {
        self.core.poll_output()
    }

    /// When [`SipInput::Tick`] is wanted at the latest.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Instant> {
        self.core.schedule.next()
    }

    /// What happened since the start.
    #[must_use]
    pub const fn counters(&self) -> Counters {
        let lockouts = self.identity.lockouts().0;
        Counters {
            lockouts,
            ..self.core.counters
        }
    }

    /// Where the last pause after wrong passwords began, and who sent too much last.
    #[must_use]
    pub const fn offenders(&self) -> (Option<IpAddr>, Option<IpAddr>) {
        (self.identity.lockouts().1, self.sources.last())
    }

    /// How much there is now.
    #[must_use]
    pub fn occupancy(&self) -> Occupancy {
        Occupancy {
            transactions: self.core.transactions.len(),
            legs: self.legs.len(),
            dialogs: self.core.dialogs.len(),
            bindings: self.registrar.len(),
            registrations: self.registrations.len(),
            deadlines: self.core.schedule.len(),
        }
    }

    /// Whether [`Endpoint::take_changed_registrations`] has anything to give: true when it is more than refreshes.
    #[must_use]
    pub fn registrations_changed(&self) -> Option<bool> {
        self.registrar.has_changed()
    }

    /// The bindings of each device of which one changed since the last time, with the time they have left, to be kept
    /// over a restart.
    pub fn take_changed_registrations(&mut self, now: Instant) -> Vec<DeviceBindings> {
        self.registrar.take_changed(now)
    }

    /// Puts a binding back after a restart; ignored when its device is no account any more. Tells
    /// [`SipEvent::Device`] for a device's first.
    pub fn restore_registration(&mut self, record: &RegistrationRecord, now: Instant) {
        self.core.now = now;
        self.sources.vouch(record.source.ip(), now);
        if self.identity.is_device(&record.extension) && self.registrar.restore(record, now) {
            self.core.emit(SipEvent::Device {
                extension: record.extension.clone(),
                change: DeviceChange::Registered,
            });
        }
        self.watch_registrar();
    }

    fn run_due(&mut self) {
        let now = self.core.now;
        while let Some(owner) = self.core.schedule.pop_due(now) {
            match owner {
                Owner::Transaction(id) => self.fire(id),
                Owner::Leg(id) => self.with_leg(id, Leg::on_timer),
                Owner::Registrar => self.expire_bindings(),
                Owner::Registration(id) => self.registrations.on_timer(&mut self.core, id),
            }
        }
    }

    /// One timer of a transaction; a second one that is due too comes with the next turn.
    fn fire(&mut self, id: TransactionId) {
        let mut actions = Actions::new();
        self.core.transactions.fire(id, self.core.now, &mut actions);
        self.after_client(id, &actions, None);
    }

    /// A connection is gone: what waits on it has failed, and who registered over it is not there any more.
    fn on_flow_closed(&mut self, flow: Flow) {
        for (id, leg) in &mut self.legs {
            if let Some(device) = leg.device_at(flow) {
                let instance = self.registrar.instance_at(device, flow);
                leg.on_flow_lost(flow, instance);
            }
            if flow.is_web() && leg.uses(flow) {
                self.core.emit(SipEvent::FlowLost { leg: *id });
            }
        }
        self.on_refused(flow);
        let gone = self.registrar.remove_flow(flow, self.core.now);
        self.tell_gone(gone);
        self.watch_registrar();
        self.follow_device(None);
    }

    /// Calls whose device has lost its connection go on over the one that it has now (RFC 5626 5.3): those of this
    /// device, or of any.
    pub(super) fn follow_device(&mut self, extension: Option<&str>) {
        let (registrar, now) = (&self.registrar, self.core.now);
        let found = self.legs.iter().filter_map(|(id, leg)| {
            let (device, instance) = leg.lost_device()?;
            let is_it = extension.is_none_or(|extension| extension == device);
            let flow = registrar.heir(device, instance, now).filter(|_| is_it)?;
            Some((*id, flow))
        });
        let found: Vec<(LegId, Flow)> = found.collect();
        for (id, flow) in found {
            self.with_leg(id, |leg, core| leg.follow(core, flow));
        }
    }

    /// Whether a silent connection is still wanted: a device registered over it that did not promise to ping, a call
    /// uses it, or a transaction waits on it. A browser's connection is pinged below SIP.
    #[must_use]
    pub fn uses(&self, flow: Flow) -> bool {
        self.registrar.may_be_silent(flow)
            || (flow.is_web() && self.registrar.is_flow(flow))
            || !self.core.transactions.users_of(flow).is_empty()
            || self.legs.values().any(|leg| leg.uses(flow))
    }

    /// Whether somebody has proven who they are over this connection: a device is registered over it, or a call uses it.
    #[must_use]
    pub fn is_proven(&self, flow: Flow) -> bool {
        self.registrar.is_flow(flow) || self.legs.values().any(|leg| leg.uses(flow))
    }

    /// The transport reported a peer as gone: every request of ours that waits for it has failed.
    fn on_refused(&mut self, peer: Flow) {
        for id in self.core.transactions.users_of(peer) {
            let mut actions = Actions::new();
            self.core
                .transactions
                .transport_error(id, self.core.now, &mut actions);
            self.after_client(id, &actions, None);
        }
    }

    /// Carries out what a machine wants: sends, tells its user, takes it out when it is over.
    fn after_client(&mut self, id: TransactionId, actions: &[Action], response: Option<&Response>) {
        self.core.send_all(id, actions);
        for action in actions {
            match (action, response) {
                (Action::Deliver, Some(response)) => self.deliver(id, Ok(response)),
                (Action::TimedOut, _) => self.deliver(id, Err(Failure::TimedOut)),
                (Action::TransportFailed, _) => self.deliver(id, Err(Failure::Unreachable)),
                (Action::Send(_) | Action::Deliver, _) => {}
            }
        }
        if let Some(User::Leg(leg)) = self.core.settle(id) {
            self.with_leg(leg, |leg, _| leg.on_transaction_over(id));
        }
    }

    fn deliver(&mut self, id: TransactionId, outcome: Result<&Response, Failure>) {
        let Some((_, user)) = self.core.transactions.peer_and_user(id) else {
            return;
        };
        match user {
            User::Leg(leg) => self.with_leg(leg, |leg, core| match outcome {
                Ok(response) => leg.on_response(core, id, response),
                Err(failure) => leg.on_failure(core, id, failure),
            }),
            User::Registration(registration) => {
                self.registrations
                    .on_outcome(&mut self.core, registration, id, outcome.ok());
            }
            User::Nobody => {}
        }
    }

    /// The only way to a leg: whatever is done to it, its deadline and the indexes are right afterwards, and it is
    /// taken out when nothing is owed to anybody any more.
    fn with_leg(&mut self, id: LegId, act: impl FnOnce(&mut Leg, &mut Core)) {
        let Some(leg) = self.legs.get_mut(&id) else {
            return;
        };
        act(leg, &mut self.core);
        leg.settle(&mut self.core);
        if leg.is_over() {
            debug_assert!(
                leg.has_ended(),
                "a leg is over and the product was not told"
            );
            self.legs.remove(&id);
        }
    }

    /// The INVITE of ours that a client transaction carries.
    fn invite_of(&self, id: TransactionId) -> Option<&Request> {
        match self.core.transactions.peer_and_user(id)? {
            (_, User::Leg(leg)) => self.legs.get(&leg)?.invite_of(id),
            _ => None,
        }
    }
}
