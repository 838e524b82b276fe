//! The contact centre itself: the product's machines, wired as its tasks wire them, each with its inbox.
//!
//! **Owns**: the inboxes and the order in which they are emptied, by dice: as threads would, any task may be late.
//! Every decision is the product's own: `Legs`, `Arrivals`, `CallMachine`, `InternalCall`, `ServiceCall`, `Desk`.
//! **Must not know**: callers, agents, the network.

mod calls;
mod gateway;
mod ids;
mod inbox;

use crate::company;
use crate::dice::Dice;
use crate::media::StandIn;
use crate::sabotage::Fault;
use crate::transcript::Transcript;
pub(crate) use calls::{Call, Machine};
use cordboard::call::port::CallInput;
use cordboard::call::registry::arrivals::Arrivals;
use cordboard::call::ringback;
use cordboard::company_view::CompanyView;
use cordboard::distributor_task::desk::{Desk, DeskInput, DeskOutput};
use ids::Ids;
use inbox::Inbox;
pub(crate) use inbox::Slow;
use router::id::{InteractionId, QueueEntryId, RecordingId};
use router::{Distributor, Event, RoutingCompany, Timestamp};
use sip_gateway::leg::{GatewayCommand, IncomingCall, LegEvent, LegId, StreamId};
use sip_gateway::legs::{Legs, LegsInput};
use sip_gateway::media::clip::Clip;
use sip_gateway::media::port::{MediaEvent, RecordBlock};
use sip_gateway::sip::port::SipInput;
use sip_gateway::sip::{Endpoint, EndpointConfig};
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{Duration, Instant};

/// The wall clock at the beginning of every seed, ms.
const EPOCH: i64 = 1_800_000_000_000;
/// Record blocks on their way; read after every step.
const BLOCKS: usize = 1024;

/// What the registry is told.
#[derive(Debug)]
enum ToRegistry {
    Incoming(IncomingCall),
    LegEvent(LegId, LegEvent),
    Leg(LegId, InteractionId),
    CallOver(InteractionId, Vec<LegId>),
}

pub(crate) fn timestamp(micros: u64) -> Timestamp {
    Timestamp::from_millis(EPOCH + (micros / 1_000) as i64)
}

fn micros_of(then: Timestamp) -> u64 {
    u64::try_from(then.millis() - EPOCH).unwrap_or(0) * 1_000
}

/// The contact centre.
pub(crate) struct Core {
    pub(crate) legs: Legs<StandIn>,
    start: Instant,
    pub(crate) now: u64,
    dice: Dice,
    commands: Inbox<GatewayCommand>,
    media: Inbox<MediaEvent>,
    registry: Inbox<ToRegistry>,
    arrivals: Arrivals,
    pub(crate) owners: BTreeMap<LegId, InteractionId>,
    pub(crate) calls: BTreeMap<InteractionId, Call>,
    pub(crate) desk: Desk,
    to_desk: Inbox<DeskInput>,
    /// Everything the desk was told, for the replay.
    pub(crate) told: Vec<(DeskInput, Timestamp)>,
    /// What calls did not hear: told at which input, to whom, what.
    pub(crate) unheard: Vec<(usize, InteractionId, CallInput)>,
    pub(crate) company: Arc<CompanyView>,
    /// From which line of the log on which company held.
    pub(crate) companies: Vec<(usize, RoutingCompany)>,
    ids: Ids,
    /// The one log.
    pub(crate) log: Vec<(Timestamp, Event)>,
    /// What the desk said of it, for the replay.
    pub(crate) desk_log: Vec<Event>,
    pub(crate) datagrams: Vec<(SocketAddr, bytes::Bytes)>,
    blocks: (SyncSender<RecordBlock>, Receiver<RecordBlock>),
    recording: BTreeMap<StreamId, (InteractionId, RecordingId)>,
    streams: u64,
    pub(crate) transcript: Transcript,
    /// Interactions whose 200 was asked for without its line: none, ever.
    pub(crate) unlogged_answers: Vec<InteractionId>,
    /// An outdated answer changed something (I8).
    pub(crate) outdated_changed: bool,
    answered: BTreeSet<InteractionId>,
    /// Answers of the customer look-up, by the time at which they come.
    lookups: BTreeMap<(u64, u64), (InteractionId, CallInput)>,
    /// The place that each waiting call was told last.
    pub(crate) places: BTreeMap<QueueEntryId, usize>,
    slow: Slow,
    drained: bool,
    /// Taken in after the drain began: none, ever.
    pub(crate) taken_too_late: Vec<InteractionId>,
    /// Which calls were told to end, and when.
    pub(crate) ended_by_us: Option<(u64, Vec<InteractionId>)>,
    /// Planted, so that the checks are seen to see.
    pub(crate) fault: Option<Fault>,
    pub(crate) counts: BTreeMap<&'static str, u64>,
    tone: Arc<Clip>,
}

impl Core {
    pub(crate) fn new(
        address: SocketAddr,
        mut dice: Dice,
        transcript: Transcript,
        slow: Slow,
    ) -> Self {
        let start = Instant::now();
        let company = company::company(0);
        let config = EndpointConfig {
            domain: company::DOMAIN.to_owned(),
            advertised: address,
            stream_port: None,
            tls_port: None,
            agent_name: "Cordboard".to_owned(),
            seed: [7; 32],
            limits: sip_gateway::sip::Limits::default(),
        };
        let endpoint = Endpoint::new(config, company.company.accounts(), start);
        let distributor = Distributor::new(company.routing.clone(), 1);
        Self {
            legs: Legs::new(endpoint, StandIn::default(), address.ip(), start),
            start,
            now: 0,
            commands: Inbox::new(slow.pace(Slow::Gateway, &mut dice)),
            media: Inbox::new(slow.pace(Slow::Gateway, &mut dice)),
            registry: Inbox::new(slow.pace(Slow::Registry, &mut dice)),
            arrivals: Arrivals::default(),
            owners: BTreeMap::new(),
            calls: BTreeMap::new(),
            desk: Desk::new(distributor, company.clone(), timestamp(0)),
            to_desk: Inbox::new(slow.pace(Slow::Distributor, &mut dice)),
            told: Vec::new(),
            unheard: Vec::new(),
            companies: vec![(0, company.routing.clone())],
            company,
            ids: Ids::default(),
            log: Vec::new(),
            desk_log: Vec::new(),
            datagrams: Vec::new(),
            blocks: sync_channel(BLOCKS),
            recording: BTreeMap::new(),
            streams: 0,
            transcript,
            unlogged_answers: Vec::new(),
            outdated_changed: false,
            answered: BTreeSet::new(),
            lookups: BTreeMap::new(),
            places: BTreeMap::new(),
            slow,
            drained: false,
            taken_too_late: Vec::new(),
            ended_by_us: None,
            fault: None,
            dice,
            counts: BTreeMap::new(),
            tone: Arc::new(ringback::clip(None)),
        }
    }

    pub(crate) fn count(&mut self, what: &'static str) {
        *self.counts.entry(what).or_default() += 1;
    }

    pub(crate) fn say(&mut self, who: &str, what: &str) {
        self.transcript.say(self.now, who, what);
    }

    pub(crate) fn instant(&self, micros: u64) -> Instant {
        self.start + Duration::from_micros(micros)
    }

    fn micros_until(&self, then: Instant) -> u64 {
        then.duration_since(self.start).as_micros() as u64
    }

    /// When something is to be done next.
    pub(crate) fn next_due(&self) -> Option<u64> {
        let inboxes = [
            self.commands.wake,
            self.media.wake,
            self.registry.wake,
            self.to_desk.wake,
            self.legs
                .next_deadline()
                .map(|then| self.micros_until(then)),
            self.legs.media().next_deadline(),
            self.desk.next_deadline().map(micros_of),
            self.next_lookup(),
        ];
        let calls = self.calls.values().filter_map(Call::due);
        inboxes.into_iter().flatten().chain(calls).min()
    }

    /// Who wants the time, for a clock that stands still.
    pub(crate) fn why_due(&self) -> String {
        let legs = self
            .legs
            .next_deadline()
            .map(|then| self.micros_until(then));
        let calls: Vec<_> = self
            .calls
            .iter()
            .map(|(id, call)| (name(*id), call.due()))
            .collect();
        format!(
            "{}: legs {legs:?}, media {:?}, distributor {:?}, calls {calls:?}",
            self.now,
            self.legs.media().next_deadline(),
            self.desk.next_deadline().map(micros_of),
        )
    }

    /// Nothing is on its way between tasks.
    pub(crate) fn is_quiet(&self) -> bool {
        let calls_quiet = |call: &Call| call.inbox.is_empty() && call.stalled.is_none();
        self.commands.is_empty()
            && self.media.is_empty()
            && self.registry.is_empty()
            && self.to_desk.is_empty()
            && self.calls.values().all(calls_quiet)
    }

    /// Does one thing that is due at `now`.
    pub(crate) fn step(&mut self, now: u64) {
        self.now = now;
        let due = |at: Option<u64>| at.is_some_and(|at| at <= now);
        let call = self
            .calls
            .iter()
            .find(|(_, call)| due(call.due()))
            .map(|(id, _)| *id);
        if due(self.commands.wake) {
            if let Some(command) = self.commands.pop(now, &mut self.dice) {
                self.legs(LegsInput::Command(command));
            }
        } else if due(self.media.wake) {
            if let Some(event) = self.media.pop(now, &mut self.dice) {
                self.legs(LegsInput::Media(event));
            }
        } else if due(self.registry.wake) {
            if let Some(message) = self.registry.pop(now, &mut self.dice) {
                self.registry(message);
            }
        } else if due(self.to_desk.wake) {
            if let Some(input) = self.to_desk.pop(now, &mut self.dice) {
                self.desk(input);
            }
        } else if let Some(id) = call {
            self.call_due(id);
        } else if due(self.next_lookup()) {
            self.look_up();
        } else if due(self.desk.next_deadline().map(micros_of)) {
            self.desk(DeskInput::Tick);
        } else if due(self.legs.media().next_deadline()) {
            let media = self.legs.media_mut();
            media.now = now;
            media.tick();
            self.take_media_events();
        } else {
            self.legs(LegsInput::Sip(SipInput::Tick));
        }
    }

    /// A datagram from the network.
    pub(crate) fn receive(&mut self, now: u64, source: SocketAddr, bytes: bytes::Bytes) {
        self.now = now;
        self.legs(LegsInput::Sip(SipInput::Datagram { source, bytes }));
    }

    /// A party presses a key.
    pub(crate) fn key_from(&mut self, now: u64, ip: std::net::IpAddr, key: char) -> bool {
        self.now = now;
        let heard = self.legs.media_mut().key_from(ip, key);
        self.take_media_events();
        heard
    }

    pub(crate) fn tell_desk(&mut self, input: DeskInput) {
        let now = self.now;
        self.to_desk.push(input, now, &mut self.dice);
    }

    /// The company file was saved.
    pub(crate) fn reload(&mut self, company: Arc<CompanyView>) {
        self.company = company.clone();
        let accounts = company.company.accounts();
        let now = self.now;
        let command = GatewayCommand::SetAccounts(accounts);
        self.commands.push(command, now, &mut self.dice);
        self.tell_desk(DeskInput::Company(company));
    }

    /// The line that an interaction's 200 waits for is in the log.
    pub(crate) fn has_answered_line(&self, interaction: InteractionId) -> bool {
        self.answered.contains(&interaction)
    }

    pub(crate) const fn drain(&mut self) {
        self.arrivals.drain();
        self.drained = true;
    }

    pub(crate) fn end_all(&mut self) {
        let ids: Vec<InteractionId> = self.calls.keys().copied().collect();
        for id in &ids {
            self.tell_call(*id, CallInput::Shutdown);
        }
        self.ended_by_us = Some((self.now, ids));
    }

    pub(crate) fn desk(&mut self, input: DeskInput) {
        let now = timestamp(self.now);
        if let DeskInput::Company(_) = &input {
            // What was due before the edit is decided under the old company: one line of the log, one company.
            self.desk_one(DeskInput::Tick, now);
            self.say("distributor", "a new company");
        }
        self.desk_one(input, now);
    }

    fn desk_one(&mut self, input: DeskInput, now: Timestamp) {
        let Some(input) = (match self.fault {
            Some(fault) => fault.heard(self, input),
            None => Some(input),
        }) else {
            return;
        };
        if self.fault.is_none_or(|fault| fault.is_kept(&input)) {
            self.told.push((input.clone(), now));
        }
        let company = match &input {
            DeskInput::Company(company) => Some(company.routing.clone()),
            _ => None,
        };
        if let Some(routing) = company {
            self.companies.push((self.log.len(), routing));
        }
        self.desk.handle(input, now);
        while let Some(output) = self.desk.poll_output() {
            match output {
                DeskOutput::Log(event) => {
                    self.desk_log.push(event.clone());
                    self.log(event);
                }
                DeskOutput::Tell { call, input } => {
                    if let CallInput::Queued {
                        entry, position, ..
                    } = &input
                    {
                        self.places.insert(*entry, *position);
                    }
                    if let Some(unheard) = self.tell_call(call, input) {
                        self.unheard
                            .push((self.told.len() - 1, call, unheard.clone()));
                        self.desk.unheard(call, &unheard, now);
                    }
                }
                DeskOutput::TellAll(input) => {
                    let ids: Vec<InteractionId> = self.calls.keys().copied().collect();
                    for id in ids {
                        self.tell_call(id, input.clone());
                    }
                }
            }
        }
    }

    fn log(&mut self, event: Event) {
        let lines = match self.fault {
            Some(fault) => fault.line(self, event),
            None => vec![event],
        };
        for line in lines {
            self.write(line);
        }
    }

    fn write(&mut self, event: Event) {
        if let Event::CallAnswered { interaction } = &event {
            self.answered.insert(*interaction);
        }
        self.say("log", &short(&event));
        self.log.push((timestamp(self.now), event));
    }
}

/// `call-12` for an id that was counted.
pub(crate) fn name(id: InteractionId) -> String {
    format!("call-{}", id.uuid().as_u128())
}

/// A value in one line: ids as numbers.
pub(crate) fn short(value: &dyn std::fmt::Debug) -> String {
    let text = format!("{value:?}");
    let mut out = text.replace("00000000-0000-0000-0000-00000000", "");
    if out.len() > 170 {
        let cut = (0..=170).rev().find(|at| out.is_char_boundary(*at));
        out.truncate(cut.unwrap_or(0));
        out.push('…');
    }
    out
}
