//! What goes into a call's machine and what comes out. Values only.
//!
//! **Owns**: [`CallSetup`], [`CallInput`], [`CallOutput`], [`LegCommand`] and [`IdSource`].

use super::control::{ControlId, ControlRequest, Refused};
use super::outbound::Way as TrunkWay;
use super::phone_call::PhoneAsk;
use crate::config::settings::RecordPolicy;
use ivr_flows::Flow;
use ivr_flows::calendar::CompanyHours;
use ivr_flows::port::{CustomerAnswer, DialTo, Digits, FetchAnswer, FetchRequest, Sound};
use router::closure::ClosureMessage;
use router::event::PersonalData;
use router::id::{
    AgentId, CustomerId, InteractionId, LegId as LogLegId, OfferId, QueueEntryId, QueueId,
    RecordingId,
};
use router::outcome::{EntryOutcome, Refusal};
use router::overflow::Way;
use router::{Event, PhoneNumber, Private};
use sip_gateway::leg::{Credentials, LegEvent, LegId, PlayId};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Everything a call is born with.
#[derive(Clone, Debug)]
pub struct CallSetup {
    /// The interaction this call begins.
    pub interaction: InteractionId,
    /// The customer's leg, as the gateway names it.
    pub leg: LegId,
    /// The same, as the log names it.
    pub log_leg: LogLegId,
    /// SIP Call-ID of the customer's leg.
    pub sip_call_id: String,
    /// Trunk it came by; none for a call from an agent's phone.
    pub trunk: Option<String>,
    /// The agent whose own phone calls us; that agent is busy meanwhile.
    pub caller_agent: Option<AgentId>,
    /// Who calls; none when withheld.
    pub caller_number: Option<PhoneNumber>,
    /// Name the network sent.
    pub caller_name: Option<Private<String>>,
    /// What was dialled.
    pub dialed_number: PhoneNumber,
    /// Id for a new customer row, should the number be unknown; none for a call from an agent's phone.
    pub new_customer: Option<CustomerId>,
    /// The flow's version that this call stays on.
    pub flow: Arc<Flow>,
    /// Queues by name, as the company has them now.
    pub queues: Arc<BTreeMap<String, KnownQueue>>,
    /// The company's calendars, and those that are closed by hand.
    pub hours: CompanyHours,
    /// The rule about recording, unless the queue says otherwise.
    pub record: RecordPolicy,
}

/// A queue as a call sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownQueue {
    /// Its id.
    pub id: QueueId,
    /// What plays while the flow itself plays nothing: a file below the prompts folder.
    pub music: Option<String>,
    /// What is heard before the tone when the queue sends a caller to its voicemail: such a file too.
    pub voicemail_prompt: Option<String>,
}

/// New ids are inputs, so that a run is reproducible from its seed.
pub trait IdSource {
    /// A new queue entry.
    fn queue_entry(&mut self) -> QueueEntryId;
    /// A new leg: its name at the gateway and in the log.
    fn leg(&mut self) -> (LegId, LogLegId);
    /// A new recording.
    fn recording(&mut self) -> RecordingId;
}

/// What a call can be told.
#[derive(Clone, Debug)]
pub enum CallInput {
    /// The INVITE is here.
    Begin,
    /// Something happened on one of the call's legs.
    Leg {
        /// Which.
        leg: LegId,
        /// What.
        event: LegEvent,
    },
    /// The customer's record was found (or not) in the background.
    CustomerKnown {
        /// The customer's name, if it is known.
        name: Option<Private<String>>,
        /// Whom the customer spoke with last, if with anybody.
        last_agent: Option<AgentId>,
    },
    /// The Distributor: the caller waits at this place.
    Queued {
        /// The waiting.
        entry: QueueEntryId,
        /// 1 is next.
        position: usize,
        /// How long until an agent is expected to answer; none when nobody can tell.
        expected: Option<Duration>,
    },
    /// Nothing of a playing could be made audible.
    PlayFailed {
        /// Which.
        play: PlayId,
    },
    /// The customer that the flow asked for.
    CustomerFound {
        /// The flow's question.
        ask: u32,
        /// The customer's id, when there is one.
        customer: Option<CustomerId>,
        /// What the flow hears.
        answer: CustomerAnswer,
    },
    /// What came of a [`CallOutput::Fetch`].
    Fetched {
        /// The flow's question.
        ask: u32,
        /// What the flow hears.
        answer: FetchAnswer,
    },
    /// The caller who leaves a message has said nothing for long enough.
    CallerSilent,
    /// The message cannot be recorded.
    MessageFailed {
        /// Which.
        recording: RecordingId,
    },
    /// The Distributor: ring this agent.
    Offered(Offered),
    /// The Distributor: the offer is over, stop ringing.
    OfferRevoked {
        /// The offer.
        offer: OfferId,
    },
    /// The Distributor: the answer counts, bridge.
    OfferAccepted {
        /// The offer.
        offer: OfferId,
        /// Who answered.
        agent: AgentId,
    },
    /// The Distributor: the answer does not count, release that leg.
    OfferVoid {
        /// The offer.
        offer: OfferId,
    },
    /// The Distributor: the caller is out of the queue without an agent.
    EntryLeft {
        /// The waiting.
        entry: QueueEntryId,
        /// How it ended.
        outcome: EntryOutcome,
        /// Which refusal.
        refusal: Option<Refusal>,
        /// What the caller of a closed queue is to hear.
        message: Option<ClosureMessage>,
        /// Where the caller goes now.
        way: Way,
    },
    /// The Distributor's task, to a call of an agent's phone that asked it something.
    PhoneAnswered(super::phone_call::PhoneAnswer),
    /// The Distributor's task: an agent whose phone was awaited ([`PhoneAsk::Await`]) can be rung.
    AgentReachable {
        /// The agent.
        agent: AgentId,
        /// The phone.
        extension: String,
    },
    /// By which way somebody is called whom the flow asked for.
    WayFound(DialWays),
    /// Somebody asks something of the call; answered by [`CallOutput::Answer`].
    Control(ControlRequest),
    /// The line that had to be on the disk is not: nothing that was to follow it was carried out.
    JournalFailed,
    /// The process is going down: end politely now.
    Shutdown,
    /// A deadline passed.
    Tick,
}

/// An offer with what is needed to ring the agent's phone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offered {
    /// The waiting.
    pub entry: QueueEntryId,
    /// The offer.
    pub offer: OfferId,
    /// The agent.
    pub agent: AgentId,
    /// The agent's phone.
    pub extension: String,
    /// The queue's present name, for the agent's screen.
    pub queue_name: String,
    /// How long to ring.
    pub ring_timeout: Duration,
    /// What the queue says about recording; none: as the call's trunk or the node says.
    pub record: Option<RecordPolicy>,
}

/// What a call asks of its driver, in order.
#[derive(Clone, Debug)]
pub enum CallOutput {
    /// Something to do with a leg.
    Leg(LegCommand),
    /// An input for the Distributor.
    Distribute(router::Input),
    /// May a colleague be rung, and who is free again; the answer is [`CallInput::PhoneAnswered`].
    Ask(PhoneAsk),
    /// What came of a [`CallInput::Control`].
    Answer {
        /// Which.
        id: ControlId,
        /// Done, or why not.
        result: Result<(), Refused>,
    },
    /// By which way can somebody be called? The answer is [`CallInput::WayFound`].
    FindWay(WayQuestion),
    /// Whoever was called is called no more: the trunk has room for others.
    WayOver,
    /// Look for a customer; the answer is [`CallInput::CustomerFound`].
    FindCustomer(CustomerQuestion),
    /// Ask a server outside; the answer is [`CallInput::Fetched`].
    Fetch {
        /// The flow's question.
        ask: u32,
        /// What is asked.
        request: Box<FetchRequest>,
    },
    /// A line for the one event log.
    Log {
        /// The event.
        event: Event,
        /// Personal data that belongs to the rows.
        personal: Option<PersonalData>,
    },
    /// The same, and it must be on the disk before the next output is carried out.
    LogSynced(Event),
    /// Who waits and why, for the screens of agents; comes before the waiting and again when it changes.
    ShowCaller(CallerCard),
    /// All legs are over: the actor may end.
    Finished,
}

/// A waiting caller as an agent's screen shows them. Live state only: it is in no log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallerCard {
    /// Who calls; none when withheld.
    pub number: Option<PhoneNumber>,
    /// The name that the customer's record or the network gave.
    pub name: Option<Private<String>>,
    /// Why they call: what they pressed, typed and chose.
    pub why: Vec<String>,
    /// What the one who had them before wrote.
    pub handed: Option<Handed>,
}

/// Notes from one agent to the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handed {
    /// The notes.
    pub notes: Private<String>,
    /// Who wrote them; none for a supervisor who is no agent.
    pub by: Option<AgentId>,
}

/// What can be done with a leg of this call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LegCommand {
    /// 183: the caller hears us without an answer.
    EarlyMedia(LegId),
    /// 200 OK.
    Answer(LegId),
    /// Ring an agent's phone.
    Dial {
        /// The new leg.
        leg: LegId,
        /// The phone.
        extension: String,
        /// The customer's number for From and P-Asserted-Identity.
        from_number: Option<PhoneNumber>,
        /// The customer's name beside it.
        from_name: Option<Private<String>>,
        /// `X-Cordboard-…` headers.
        headers: Vec<(String, String)>,
    },
    /// Call the outside through a trunk.
    DialOut {
        /// The new leg.
        leg: LegId,
        /// The trunk, by name.
        trunk: String,
        /// `sip:NUMBER@ADDRESS`.
        uri: Private<String>,
        /// What the called party is shown.
        caller_id: PhoneNumber,
        /// For the carrier's challenge.
        credentials: Option<Credentials>,
    },
    /// End it in the way its state needs.
    Hangup(LegId),
    /// The same because a colleague has the caller: the phone is told so.
    TakenElsewhere(LegId),
    /// The phone cannot be reached where it registered from: it must register again before it is rung.
    ForgetDevice {
        /// The phone.
        extension: String,
    },
    /// Refuse the unanswered customer's leg.
    Reject {
        /// The leg.
        leg: LegId,
        /// SIP status.
        status: u16,
    },
    /// Play prompt files towards the leg.
    Play(PlayFiles),
    /// The ringing tone towards the leg, until it is bridged or told to stop.
    Ringback(LegId),
    /// Stop what plays.
    StopPlay(LegId),
    /// Let both hear each other.
    Bridge {
        /// The customer's.
        customer: LegId,
        /// The agent's.
        agent: LegId,
    },
    /// Part them.
    Unbridge(LegId),
    /// Let some of these hear some others: each with those whom it hears. Whoever is in it is in no bridge.
    Mix(Vec<(LegId, Vec<LegId>)>),
    /// A soft tone towards the leg from time to time: it is on hold, and there is no music.
    HoldTone(LegId),
    /// Begin a recording: left = customer, right = agent.
    StartRecording {
        /// Its id.
        recording: RecordingId,
        /// Counts from 1 within the interaction.
        index: u32,
        /// The customer's leg.
        customer: LegId,
        /// The agent's leg.
        agent: LegId,
    },
    /// Begin to record a message of the customer, alone.
    StartMessage {
        /// Its id.
        recording: RecordingId,
        /// Counts from 1 within the interaction.
        index: u32,
        /// The customer's leg.
        customer: LegId,
        /// Tell [`CallInput::CallerSilent`] after so much silence.
        silence: Duration,
    },
    /// End either.
    StopRecording(RecordingId),
    /// Leave out what is said from now on, or take it again; its time goes on in silence.
    PauseRecording {
        /// Its id.
        recording: RecordingId,
        /// Leave it out.
        paused: bool,
    },
    /// The customer talks with others now: they are the right side.
    RecordOthers {
        /// Its id.
        recording: RecordingId,
        /// The customer's leg.
        customer: LegId,
        /// The legs of the right side.
        agents: Vec<LegId>,
    },
}

/// Whom the flow wants to call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WayQuestion {
    /// As it stands in the flow.
    pub to: DialTo,
}

/// By which way.
#[derive(Clone, Debug)]
pub enum DialWays {
    /// Nobody may be called so, or every trunk is full.
    None,
    /// An agent's phone.
    Agent {
        /// The agent.
        agent: AgentId,
        /// The phone.
        extension: String,
    },
    /// Trunks, in the order to try them; at least one.
    Trunks(Vec<TrunkWay>),
}

/// A question of the flow: whose number is this?
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomerQuestion {
    /// Names it.
    pub ask: u32,
    /// As it was typed or sent.
    pub number: Digits,
    /// Make a customer when there is none.
    pub create: bool,
    /// The customer that this very call makes for an unknown caller: is none yet.
    pub fresh: Option<CustomerId>,
}

/// Something to play.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlayFiles {
    /// The leg.
    pub leg: LegId,
    /// Names this playing.
    pub play: PlayId,
    /// What is heard, in order.
    pub sounds: Vec<Sound>,
    /// `LANG/FILE` is looked for first.
    pub language: String,
    /// Start over at the end.
    pub repeat: bool,
    /// Music: go on where it stopped.
    pub resume: bool,
    /// Stop by itself.
    pub at_most: Option<Duration>,
}
