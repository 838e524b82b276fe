//! The contact centre itself: the product's machines, wired as its tasks wire them, each with its inbox.
//!
//! **Owns**: the inboxes and the order in which they are emptied, by dice: as threads would, any task may be late.
//! Every decision is the product's own: `Legs`, `Arrivals`, `CallMachine`, `InternalCall`, `ServiceCall`, `Desk`.
//! **Must not know**: callers, agents, the network.

use crate::company;
use crate::dice::Dice;
use crate::media::StandIn;
use crate::transcript::Transcript;
use cordboard::call::actor::MAILBOX;
use cordboard::call::internal::InternalCall;
use cordboard::call::leg_commands::{ForGateway, WantedRecording};
use cordboard::call::machine::CallMachine;
use cordboard::call::phone_call::{PhoneMachine, PhoneOutput};
use cordboard::call::port::{CallInput, CallOutput, IdSource, PlayFiles};
use cordboard::call::registry::arrivals::{Arrival, ArrivalIds, Arrivals, Moment};
use cordboard::call::ringback;
use cordboard::call::service::ServiceCall;
use cordboard::company_view::CompanyView;
use cordboard::distributor_task::desk::{Desk, DeskInput, DeskOutput};
use ivr_flows::port::CustomerAnswer;
use router::id::{CustomerId, InteractionId, LegId as LogLegId, QueueEntryId, RecordingId};
use router::{Distributor, Event, RoutingCompany, Timestamp};
use sip_gateway::leg::{GatewayCommand, GatewayEvent, IncomingCall, LegEvent, LegId, StreamId};
use sip_gateway::legs::{Legs, LegsInput, LegsOutput};
use sip_gateway::media::clip::Clip;
use sip_gateway::media::port::{MediaEvent, PlayRequest, RecordBlock, RecordRequest};
use sip_gateway::sip::port::SipInput;
use sip_gateway::sip::{Endpoint, EndpointConfig};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{Duration, Instant};

/// The wall clock at the beginning of every seed, ms.
const EPOCH: i64 = 1_800_000_000_000;
/// Record blocks on their way; read after every step.
const BLOCKS: usize = 1024;

/// A task's inbox. It is looked into at `wake`.
#[derive(Debug)]
pub(crate) struct Inbox<T> {
    waiting: VecDeque<T>,
    wake: Option<u64>,
}

impl<T> Default for Inbox<T> {
    fn default() -> Self {
        Self {
            waiting: VecDeque::new(),
            wake: None,
        }
    }
}

impl<T> Inbox<T> {
    fn push(&mut self, item: T, now: u64, dice: &mut Dice) {
        self.waiting.push_back(item);
        if self.wake.is_none() {
            self.wake = Some(now + lateness(dice));
        }
    }

    fn pop(&mut self, now: u64, dice: &mut Dice) -> Option<T> {
        let item = self.waiting.pop_front();
        self.wake = (!self.waiting.is_empty()).then(|| now + lateness(dice));
        item
    }

    fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }
}

/// How long a task takes to look into its inbox, microseconds.
fn lateness(dice: &mut Dice) -> u64 {
    match dice.below(100) {
        0 => dice.below(300_000),
        1..=15 => dice.below(8_000),
        _ => dice.below(300),
    }
}

/// What the registry is told.
#[derive(Debug)]
enum ToRegistry {
    Incoming(IncomingCall),
    LegEvent(LegId, LegEvent),
    Leg(LegId, InteractionId),
    CallOver(InteractionId, Vec<LegId>),
}

/// The machine of a call.
#[derive(Debug)]
pub(crate) enum Machine {
    Call(Box<CallMachine>),
    Internal(InternalCall),
    Service(ServiceCall),
}

/// A call and its driver.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) machine: Machine,
    inbox: Inbox<CallInput>,
    legs: Vec<LegId>,
    streams: BTreeMap<RecordingId, StreamId>,
    /// Waits for the disk: until when, for which line, and whether it will be written.
    stalled: Option<(u64, Event, bool)>,
    over: bool,
}

impl Call {
    fn next_deadline(&self) -> Option<Timestamp> {
        match &self.machine {
            Machine::Call(machine) => machine.next_deadline(),
            Machine::Internal(machine) => machine.next_deadline(),
            Machine::Service(machine) => machine.next_deadline(),
        }
    }

    fn due(&self) -> Option<u64> {
        if self.over {
            return None;
        }
        if let Some((until, ..)) = self.stalled {
            return Some(until);
        }
        let tick = self.next_deadline().map(micros_of);
        self.inbox.wake.into_iter().chain(tick).min()
    }
}

/// New ids, counted.
#[derive(Debug, Default)]
pub(crate) struct Ids {
    next: u64,
}

impl Ids {
    const fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }
}

impl ArrivalIds for Ids {
    fn interaction(&mut self) -> InteractionId {
        InteractionId::from_number(self.number())
    }
    fn customer(&mut self) -> CustomerId {
        CustomerId::from_number(self.number())
    }
    fn log_leg(&mut self) -> LogLegId {
        LogLegId::from_number(self.number())
    }
    fn new_leg(&mut self) -> LegId {
        LegId(2 * self.number())
    }
}

impl IdSource for Ids {
    fn queue_entry(&mut self) -> QueueEntryId {
        QueueEntryId::from_number(self.number())
    }
    fn leg(&mut self) -> (LegId, LogLegId) {
        (self.new_leg(), self.log_leg())
    }
    fn recording(&mut self) -> RecordingId {
        RecordingId::from_number(self.number())
    }
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
    pub(crate) counts: BTreeMap<&'static str, u64>,
    tone: Arc<Clip>,
}

impl Core {
    pub(crate) fn new(address: SocketAddr, dice: Dice, transcript: Transcript) -> Self {
        let start = Instant::now();
        let company = company::company(0);
        let config = EndpointConfig {
            domain: company::DOMAIN.to_owned(),
            advertised: address,
            stream_port: None,
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
            dice,
            commands: Inbox::default(),
            media: Inbox::default(),
            registry: Inbox::default(),
            arrivals: Arrivals::default(),
            owners: BTreeMap::new(),
            calls: BTreeMap::new(),
            desk: Desk::new(distributor, company.clone(), timestamp(0)),
            to_desk: Inbox::default(),
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
    }

    pub(crate) fn end_all(&mut self) {
        let ids: Vec<InteractionId> = self.calls.keys().copied().collect();
        for id in ids {
            self.tell_call(id, CallInput::Shutdown);
        }
    }

    fn legs(&mut self, input: LegsInput) {
        let now = self.instant(self.now);
        self.legs.media_mut().now = self.now;
        self.legs.handle(input, now);
        while let Some(output) = self.legs.poll_output() {
            match output {
                LegsOutput::Transmit { destination, bytes } => {
                    self.datagrams.push((destination, bytes));
                }
                LegsOutput::Event(GatewayEvent::Incoming(call)) => {
                    self.say(
                        "gateway",
                        &format!("{} arrives for {}", call.leg, call.dialed_user),
                    );
                    self.tell_registry(ToRegistry::Incoming(call));
                }
                LegsOutput::Event(GatewayEvent::Leg { leg, event }) => {
                    self.say("gateway", &format!("{leg} {}", short(&event)));
                    self.tell_registry(ToRegistry::LegEvent(leg, event));
                }
                LegsOutput::Event(GatewayEvent::Device { extension, change }) => {
                    self.say("gateway", &format!("phone {extension} {change:?}"));
                    self.tell_desk(DeskInput::Device { extension, change });
                }
                LegsOutput::Event(_)
                | LegsOutput::TransmitStream { .. }
                | LegsOutput::Resolve { .. } => {}
            }
        }
        self.take_media_events();
    }

    fn take_media_events(&mut self) {
        while let Some(event) = self.legs.media_mut().events.pop_front() {
            self.media.push(event, self.now, &mut self.dice);
        }
        while let Ok(block) = self.blocks.1.try_recv() {
            if let RecordBlock::End { stream, .. } = block
                && let Some((interaction, recording)) = self.recording.remove(&stream)
            {
                self.log(Event::RecordingFinished {
                    interaction,
                    recording,
                    frames: 0,
                    gap_ms: 0,
                    recovered: false,
                });
            }
        }
    }

    fn tell_registry(&mut self, message: ToRegistry) {
        self.registry.push(message, self.now, &mut self.dice);
    }

    fn registry(&mut self, message: ToRegistry) {
        match message {
            ToRegistry::Incoming(call) => self.incoming(call),
            ToRegistry::LegEvent(leg, event) => {
                if let Some(owner) = self.owners.get(&leg).copied() {
                    self.tell_call(owner, CallInput::Leg { leg, event });
                }
            }
            ToRegistry::Leg(leg, owner) => {
                self.owners.insert(leg, owner);
            }
            ToRegistry::CallOver(interaction, legs) => {
                self.calls.remove(&interaction);
                for leg in legs {
                    self.owners.remove(&leg);
                }
            }
        }
    }

    fn incoming(&mut self, call: IncomingCall) {
        let leg = call.leg;
        let company = self.company.clone();
        let moment = Moment {
            now: timestamp(self.now),
            live: self.calls.len(),
            journal_has_room: !self.dice.percent(1),
            company: &company,
            flow: &company::flow,
        };
        let (id, machine) = match self.arrivals.decide(call, &moment, &mut self.ids) {
            Arrival::Refused(refused) => {
                self.say("registry", &format!("{leg} refused {}", refused.status));
                self.count("refused");
                let command = GatewayCommand::Reject {
                    leg,
                    status: refused.status,
                    retry_after: refused.retry_after,
                };
                return self.commands.push(command, self.now, &mut self.dice);
            }
            Arrival::Interaction(setup) => {
                self.count("interactions");
                let id = setup.interaction;
                let machine = CallMachine::new(*setup, timestamp(self.now));
                (id, Machine::Call(Box::new(machine)))
            }
            Arrival::Service(machine) => {
                self.count("feature codes");
                (self.ids.interaction(), Machine::Service(machine))
            }
            Arrival::Internal(machine) => {
                self.count("calls between agents");
                (self.ids.interaction(), Machine::Internal(machine))
            }
            Arrival::Outbound(_) => panic!("no trunk of this company allows a call out"),
        };
        self.say("registry", &format!("{leg} is call {}", name(id)));
        self.owners.insert(leg, id);
        let call = Call {
            machine,
            inbox: Inbox::default(),
            legs: vec![leg],
            streams: BTreeMap::new(),
            stalled: None,
            over: false,
        };
        self.calls.insert(id, call);
        self.tell_call(id, CallInput::Begin);
    }

    /// Into a call's mailbox; gives the input back when nobody reads it.
    fn tell_call(&mut self, id: InteractionId, input: CallInput) -> Option<CallInput> {
        let now = self.now;
        match self.calls.get_mut(&id) {
            Some(call) if !call.over && call.inbox.waiting.len() < MAILBOX => {
                call.inbox.push(input, now, &mut self.dice);
                None
            }
            _ => Some(input),
        }
    }

    fn call_due(&mut self, id: InteractionId) {
        let now = self.now;
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        if let Some((_, event, written)) = call.stalled.take() {
            if written {
                self.log(event);
            } else {
                self.count("journal failures");
                self.say(&name(id), "the line cannot be written");
                self.handle(id, CallInput::JournalFailed);
            }
            return self.drain_call(id);
        }
        let timed_out = call
            .next_deadline()
            .is_some_and(|then| micros_of(then) <= now);
        let awake = call.inbox.wake.is_some_and(|wake| wake <= now);
        // Whichever is ready may be taken first.
        let input = if awake && !(timed_out && self.dice.percent(50)) {
            call.inbox.pop(now, &mut self.dice)
        } else {
            timed_out.then_some(CallInput::Tick)
        };
        if let Some(input) = input {
            self.handle(id, input);
            self.drain_call(id);
        }
    }

    fn handle(&mut self, id: InteractionId, input: CallInput) {
        let now = timestamp(self.now);
        if !matches!(
            input,
            CallInput::Tick | CallInput::Leg { .. } | CallInput::Begin
        ) {
            let text = format!("hears {}", short(&input));
            self.say(&name(id), &text);
        }
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        match &mut call.machine {
            Machine::Call(machine) => machine.handle(input, now, &mut self.ids),
            Machine::Internal(machine) => machine.handle(input, now),
            Machine::Service(machine) => machine.handle(input, now),
        }
    }

    /// Carries out what a call asks, in order, until it waits for the disk.
    fn drain_call(&mut self, id: InteractionId) {
        while let Some(call) = self.calls.get_mut(&id) {
            let phone = match &mut call.machine {
                Machine::Call(machine) => {
                    let Some(output) = machine.poll_output() else {
                        break;
                    };
                    self.carry_out(id, output);
                    if self
                        .calls
                        .get(&id)
                        .is_some_and(|call| call.stalled.is_some())
                    {
                        return;
                    }
                    continue;
                }
                Machine::Internal(machine) => machine.poll_output(),
                Machine::Service(machine) => machine.poll_output(),
            };
            let Some(output) = phone else { break };
            match output.for_gateway() {
                Err(other) => match *other {
                    PhoneOutput::Ask(ask) => {
                        self.tell_desk(DeskInput::FromPhone { call: id, ask });
                    }
                    other => panic!("no call to the outside is here: {other:?}"),
                },
                Ok(command) => self.gateway(id, command),
            }
        }
        self.bury(id);
    }

    /// A call whose machine has finished tells everybody.
    fn bury(&mut self, id: InteractionId) {
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        let finished = match &call.machine {
            Machine::Call(machine) => machine.is_finished(),
            Machine::Internal(machine) => machine.is_finished(),
            Machine::Service(machine) => machine.is_finished(),
        };
        if finished && !std::mem::replace(&mut call.over, true) {
            call.inbox = Inbox::default();
            let legs = call.legs.clone();
            self.tell_registry(ToRegistry::CallOver(id, legs));
            self.tell_desk(DeskInput::Detach { interaction: id });
        }
    }

    fn carry_out(&mut self, id: InteractionId, output: CallOutput) {
        match output {
            CallOutput::Leg(command) => self.gateway(id, command.for_gateway()),
            CallOutput::Distribute(input) => self.tell_desk(DeskInput::FromCall {
                interaction: id,
                input,
            }),
            CallOutput::Log { event, .. } => self.log(event),
            CallOutput::LogSynced(event) => {
                let wait = match self.dice.below(100) {
                    0..=1 => self.dice.below(3_000_000),
                    2..=9 => self.dice.below(200_000),
                    _ => self.dice.below(6_000),
                };
                let written = !self.dice.percent(1);
                let until = self.now + wait;
                if let Some(call) = self.calls.get_mut(&id) {
                    call.stalled = Some((until, event, written));
                }
            }
            CallOutput::FindCustomer(question) => {
                let found = CallInput::CustomerFound {
                    ask: question.ask,
                    customer: None,
                    answer: CustomerAnswer::NotFound,
                };
                let _ = self.tell_call(id, found);
            }
            CallOutput::Finished => {}
        }
    }

    fn gateway(&mut self, id: InteractionId, command: ForGateway) {
        let command = match command {
            ForGateway::AsIs(command) => command,
            ForGateway::Dial { leg, command } => {
                if let Some(call) = self.calls.get_mut(&id) {
                    call.legs.push(leg);
                }
                self.tell_registry(ToRegistry::Leg(leg, id));
                command
            }
            ForGateway::Ringback(leg) => ringback::play(leg, &self.tone),
            ForGateway::Play(play) => match self.play(id, play) {
                Some(command) => command,
                None => return,
            },
            ForGateway::StartRecording(wanted) => match self.start_recording(id, wanted) {
                Some(command) => command,
                None => return,
            },
            ForGateway::StopRecording(recording) => {
                let call = self.calls.get_mut(&id);
                match call.and_then(|call| call.streams.remove(&recording)) {
                    Some(stream) => GatewayCommand::StopRecording(stream),
                    None => return,
                }
            }
        };
        if let GatewayCommand::Answer(leg) = &command
            && self.owners.get(leg) == Some(&id)
            && matches!(
                self.calls.get(&id),
                Some(Call {
                    machine: Machine::Call(_),
                    ..
                })
            )
            && !self.answered.contains(&id)
        {
            self.unlogged_answers.push(id);
        }
        self.say(&name(id), &short(&command));
        self.commands.push(command, self.now, &mut self.dice);
    }

    fn play(&mut self, id: InteractionId, play: PlayFiles) -> Option<GatewayCommand> {
        let clips: Vec<_> = play
            .sounds
            .iter()
            .filter_map(|sound| company::clip(sound.file.as_deref()?))
            .collect();
        if clips.is_empty() {
            let event = LegEvent::PlayEnded {
                play: play.play,
                finished: true,
            };
            self.tell_call(
                id,
                CallInput::Leg {
                    leg: play.leg,
                    event,
                },
            );
            return None;
        }
        Some(GatewayCommand::Play {
            leg: play.leg,
            request: PlayRequest {
                play: play.play,
                clips,
                repeat: play.repeat,
                resume: play.resume,
                at_most: play.at_most,
                until_heard: false,
            },
        })
    }

    fn start_recording(
        &mut self,
        id: InteractionId,
        wanted: WantedRecording,
    ) -> Option<GatewayCommand> {
        if self.dice.percent(2) {
            self.say(&name(id), "this talk is not recorded: no file");
            return None;
        }
        self.streams += 1;
        let stream = StreamId(self.streams);
        let call = self.calls.get_mut(&id)?;
        call.streams.insert(wanted.recording, stream);
        self.recording.insert(stream, (id, wanted.recording));
        self.log(Event::RecordingStarted {
            interaction: id,
            recording: wanted.recording,
            index: wanted.index,
            path: String::new(),
            sample_rate: 8_000,
            recording_kind: router::event::RecordingKind::Talk,
        });
        Some(GatewayCommand::StartRecording(RecordRequest {
            stream,
            left: wanted.customer,
            right: wanted.agent,
            sample_rate: 8_000,
            sink: self.blocks.0.clone(),
        }))
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
        self.told.push((input.clone(), now));
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
