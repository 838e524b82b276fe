//! The one event log: every state change of a call, an agent, an offer or a queue is one [`Event`].
//!
//! **Owns**: the vocabulary of the log. Payloads carry ids, never names or numbers of people, so that erasing a
//! customer leaves the log whole; personal data travels beside the event in [`PersonalData`] and goes only into the
//! customer's and the interaction's own rows.
//! **Must not know**: where or how the log is written.

use crate::agent::{AgentState, Reason};
use crate::closure::{ClosedBy, Closure, Opening};
use crate::company::Skills;
use crate::decision::Decision;
use crate::distributor::Input;
use crate::id::{
    AgentId, ClosureId, CustomerId, InteractionId, LegId, OfferId, QueueEntryId, QueueId,
    RecordingId, TaskId, UserId,
};
use crate::outcome::{EndCause, EntryOutcome, OfferOutcome, Outcome, Refusal};
use crate::overflow::{Cause, Way};
use crate::private::{PhoneNumber, Private};
use crate::requirement::Wishes;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

mod words;

pub use words::{
    DialOutcome, Direction, FlowPointCause, LegQuality, LegRole, PauseCause, RecordingKind,
    TalkChange,
};

/// One line of the log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LogLine {
    /// Position in the log, from 1, without gaps, rising across restarts.
    pub seq: u64,
    /// When it happened.
    pub at: Timestamp,
    /// What happened.
    pub event: Event,
    /// Personal data that belongs to the rows, never to the log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub personal: Option<PersonalData>,
}

/// Personal data beside an event. Stored in rows that erasure reaches.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PersonalData {
    /// Who calls, normalised; none when withheld.
    pub caller_number: Option<PhoneNumber>,
    /// The name the caller's network sent.
    pub caller_name: Option<Private<String>>,
    /// The number that was called.
    pub dialed_number: Option<PhoneNumber>,
    /// Id for the customer row, used when no customer has the caller's (going out: the called) number yet.
    pub new_customer: Option<CustomerId>,
    /// What an agent wrote for the next one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notes: Option<Private<String>>,
}

/// Everything that can happen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Event {
    /// The router started; offers of earlier epochs are void.
    RouterStarted {
        /// Epoch of the offers that follow.
        epoch: u64,
    },
    /// The Distributor was told something. With these lines and nothing else [`crate::Replay`] makes every decision of the
    /// epoch again; the first one behind [`Self::RouterStarted`] is the company as it was.
    RouterInput {
        /// The Distributor's time, which the line is written a little after.
        at: Timestamp,
        /// What.
        input: Box<Input>,
    },
    /// A customer's call reached a flow, or an agent dialled a customer. Personal data: caller, dialed number.
    CallArrived {
        /// The interaction it began.
        interaction: InteractionId,
        /// The customer's leg.
        leg: LegId,
        /// Trunk it goes by; none when an agent's phone dialled one of our numbers, or one that no trunk allows.
        trunk: Option<String>,
        /// Flow by name; `outbound` for a call out.
        flow: String,
        /// Content hash of the flow's version.
        flow_version: String,
        /// Which way it goes. Lines of earlier versions say nothing and mean inbound.
        #[serde(default)]
        direction: Direction,
        /// Who called out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        agent: Option<AgentId>,
    },
    /// Written and synced before our 200 OK leaves.
    CallAnswered {
        /// The interaction.
        interaction: InteractionId,
    },
    /// The flow began a step.
    StepEntered {
        /// The interaction.
        interaction: InteractionId,
        /// Block by name.
        block: String,
        /// Index of the step in the block, from 0.
        step: u32,
        /// The step's action, such as `menu`.
        action: String,
        /// Which way led here from the step before: its exit, key or case; none: that step was simply over.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        exit: Option<String>,
    },
    /// The caller chose in a menu: one part of the menu path.
    MenuChosen {
        /// The interaction.
        interaction: InteractionId,
        /// The menu's block.
        block: String,
        /// The key.
        key: String,
        /// Label of the choice in words, or the target block's name.
        label: String,
    },
    /// The caller typed digits that the flow asked for.
    Typed {
        /// The interaction.
        interaction: InteractionId,
        /// The block that asked.
        block: String,
        /// What was typed in words, or the variable's name.
        label: String,
        /// The digits, where the flow says that they are harmless.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        digits: Option<String>,
    },
    /// The call's language changed.
    LanguageSet {
        /// The interaction.
        interaction: InteractionId,
        /// To this one, a tag such as `es`.
        language: String,
        /// A step for it alone; else it was known of the customer.
        chosen: bool,
    },
    /// The flow noted something about the interaction.
    Tagged {
        /// The interaction.
        interaction: InteractionId,
        /// Name of the tag.
        key: String,
        /// Its value.
        value: String,
    },
    /// The flow called somebody for the caller; told when it is over. The numbers are in no line.
    FlowDialled {
        /// The interaction.
        interaction: InteractionId,
        /// The agent whose phone rang; none: a number, or an agent who was not free.
        agent: Option<AgentId>,
        /// The trunk that was tried last.
        trunk: Option<String>,
        /// What came of it.
        outcome: DialOutcome,
    },
    /// The flow tells others something by a name of its own.
    Notified {
        /// The interaction.
        interaction: InteractionId,
        /// What, by the flow's name for it.
        event: String,
        /// What goes with it, by name.
        data: BTreeMap<String, String>,
    },
    /// The caller was asked whether the call may be recorded.
    RecordingConsent {
        /// The interaction.
        interaction: InteractionId,
        /// It may.
        granted: bool,
        /// Said by a key; else it is what holds for a caller who presses nothing.
        by_key: bool,
    },
    /// A question of a survey was asked: the answer, or that the caller gave none.
    SurveyAnswered {
        /// The interaction.
        interaction: InteractionId,
        /// The name under which answers are kept.
        question: String,
        /// The digit that was pressed.
        answer: Option<u8>,
    },
    /// The flow found out whose call this is.
    CustomerIdentified {
        /// The interaction.
        interaction: InteractionId,
        /// The customer.
        customer: CustomerId,
    },
    /// A caller began to wait.
    QueueEntered {
        /// The interaction.
        interaction: InteractionId,
        /// This waiting.
        entry: QueueEntryId,
        /// The queue.
        queue: QueueId,
        /// Virtual enqueue time.
        v: Timestamp,
        /// Order of arrival within the epoch.
        entry_seq: u64,
        /// 0 emergency, 1 normal.
        class: u8,
        /// Minimum levels needed.
        requirement: Skills,
        /// Those of them that the flow asked for.
        #[serde(default, skip_serializing_if = "Skills::is_empty")]
        asked: Skills,
        /// What the flow asked for besides.
        #[serde(default, skip_serializing_if = "Wishes::is_plain")]
        wishes: Box<Wishes>,
    },
    /// A waiting caller's ladder took a step: whom we ask, or the place in the line, is another from now on.
    QueueRelaxed {
        /// The interaction.
        interaction: InteractionId,
        /// The waiting.
        entry: QueueEntryId,
        /// The queue.
        queue: QueueId,
        /// Which step, from 1.
        step: usize,
        /// Virtual enqueue time after it.
        v: Timestamp,
    },
    /// A supervisor gave a waiting caller another place in the order.
    QueueReprioritised {
        /// The interaction.
        interaction: InteractionId,
        /// The waiting.
        entry: QueueEntryId,
        /// The queue.
        queue: QueueId,
        /// The class from now on: 0 emergency, 1 normal.
        class: u8,
        /// Virtual enqueue time from now on.
        v: Timestamp,
    },
    /// The queue sends a caller on by a way of its own; the end of that waiting follows.
    QueueOverflowed {
        /// The interaction.
        interaction: InteractionId,
        /// The waiting.
        entry: QueueEntryId,
        /// The queue.
        queue: QueueId,
        /// Why.
        cause: Cause,
        /// Where to.
        way: Way,
    },
    /// A waiting ended; each entry has exactly one of these.
    QueueLeft {
        /// The interaction.
        interaction: InteractionId,
        /// The waiting.
        entry: QueueEntryId,
        /// The queue.
        queue: QueueId,
        /// How it ended.
        outcome: EntryOutcome,
        /// Who answered.
        agent: Option<AgentId>,
        /// Why the queue did not take or keep the caller, when it did not.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        refusal: Option<Refusal>,
        /// The closing that kept the caller out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        closure: Option<ClosureId>,
    },
    /// Somebody closed a queue.
    QueueClosed {
        /// How.
        closure: Box<Closure>,
    },
    /// A closed queue is open again.
    QueueOpened {
        /// The queue.
        queue: QueueId,
        /// The closing that is over.
        closure: ClosureId,
        /// How it ended.
        cause: Opening,
        /// Who opened it; nobody when it did so by itself.
        by: ClosedBy,
    },
    /// The Distributor decided; an offer follows.
    Decided {
        /// Everything stored of it.
        decision: Box<Decision>,
    },
    /// An agent's phone began to ring for a caller.
    OfferMade {
        /// The interaction.
        interaction: InteractionId,
        /// The waiting.
        entry: QueueEntryId,
        /// The offer.
        offer: OfferId,
        /// The agent.
        agent: AgentId,
        /// The queue.
        queue: QueueId,
    },
    /// An offer ended.
    OfferEnded {
        /// The interaction.
        interaction: InteractionId,
        /// The offer.
        offer: OfferId,
        /// The agent.
        agent: AgentId,
        /// How.
        outcome: OfferOutcome,
    },
    /// A leg began.
    LegStarted {
        /// The interaction.
        interaction: InteractionId,
        /// The leg.
        leg: LegId,
        /// Whose.
        role: LegRole,
        /// The agent, for an agent's leg.
        agent: Option<AgentId>,
        /// SIP Call-ID, so that packet captures can be matched.
        sip_call_id: String,
    },
    /// A leg ended.
    LegEnded {
        /// The interaction.
        interaction: InteractionId,
        /// The leg.
        leg: LegId,
        /// SIP status or `bye`, `cancel`, `timeout`.
        cause: String,
        /// Its media, when it had any.
        quality: Option<LegQuality>,
    },
    /// Agent and customer hear each other from here on.
    Connected {
        /// The interaction.
        interaction: InteractionId,
        /// The agent.
        agent: AgentId,
        /// The agent's leg.
        leg: LegId,
    },
    /// Customer and agent do not hear each other from here on. A recording goes on in silence.
    TalkPaused {
        /// The interaction.
        interaction: InteractionId,
        /// What is recorded of the talk, if anything.
        recording: Option<RecordingId>,
        /// Why.
        cause: PauseCause,
    },
    /// They hear each other again, or the pause has another cause from here on.
    TalkResumed {
        /// The interaction.
        interaction: InteractionId,
        /// What is recorded of the talk, if anything.
        recording: Option<RecordingId>,
    },
    /// Others came into the talk, or left it.
    TalkChanged {
        /// The interaction.
        interaction: InteractionId,
        /// What happened.
        change: TalkChange,
        /// The colleague or supervisor it is about.
        agent: Option<AgentId>,
        /// The agent whose call it was then.
        by: Option<AgentId>,
        /// The queue it is about.
        queue: Option<QueueId>,
        /// The supervisor it is about, who is no agent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        user: Option<UserId>,
        /// That supervisor's leg.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        leg: Option<LegId>,
    },
    /// A recording began; its file exists.
    RecordingStarted {
        /// The interaction.
        interaction: InteractionId,
        /// The recording.
        recording: RecordingId,
        /// Counts an interaction's recordings from 1: `recording-<n>.wav`.
        index: u32,
        /// Path below the data folder's `interactions/`.
        path: String,
        /// Samples per second of each channel.
        sample_rate: u32,
        /// What it holds. Lines of earlier versions say nothing and mean a talk.
        #[serde(default)]
        recording_kind: RecordingKind,
    },
    /// A recording's file is closed and synced.
    RecordingFinished {
        /// The interaction.
        interaction: InteractionId,
        /// The recording.
        recording: RecordingId,
        /// Stereo frames in the file.
        frames: u64,
        /// Silence inserted because blocks were lost on the way to the writer, in ms.
        gap_ms: u64,
        /// Repaired by the start-up sweep.
        recovered: bool,
    },
    /// The customer's leg ended.
    CallEnded {
        /// The interaction.
        interaction: InteractionId,
        /// How the interaction ended.
        outcome: Outcome,
        /// Who ended it.
        end_cause: EndCause,
    },
    /// After-call work began.
    WrapUpStarted {
        /// The interaction.
        interaction: InteractionId,
        /// The agent.
        agent: AgentId,
    },
    /// After-call work ended.
    WrapUpEnded {
        /// The interaction.
        interaction: InteractionId,
        /// The agent.
        agent: AgentId,
    },
    /// The agent took longer for after-call work.
    WrapUpExtended {
        /// The interaction.
        interaction: InteractionId,
        /// The agent.
        agent: AgentId,
        /// It ends by itself then.
        until: Timestamp,
    },
    /// Somebody said what the interaction was about. Code and name are the company's words, tags short words without
    /// long numbers.
    WrapUpCoded {
        /// The interaction.
        interaction: InteractionId,
        /// The code.
        code: String,
        /// Its name at that time.
        name: String,
        /// What else, in short words.
        tags: Vec<String>,
        /// Which agent; none for others.
        by: Option<AgentId>,
    },
    /// Whoever had the caller wrote something for the next one. Personal data: the notes, which its row gets behind those
    /// that it has.
    NotesHandedOn {
        /// The interaction.
        interaction: InteractionId,
        /// Which agent; none for a supervisor who is none.
        by: Option<AgentId>,
    },
    /// The interaction's notes were saved; the text is in its row alone.
    NotesSaved {
        /// The interaction.
        interaction: InteractionId,
        /// Counts from 1.
        version: u64,
        /// Which agent; none for others.
        by: Option<AgentId>,
    },
    /// Somebody said who the customer is, having asked; a number is only a hint.
    CustomerConfirmed {
        /// The interaction.
        interaction: InteractionId,
        /// The customer; none: it is not known who it is.
        customer: Option<CustomerId>,
        /// Which agent; none for others.
        by: Option<AgentId>,
    },
    /// A follow-up task was made or changed; what it says is in its row alone.
    TaskChanged {
        /// The task.
        task: TaskId,
        /// The interaction that it follows.
        interaction: Option<InteractionId>,
        /// Done since now.
        done: bool,
        /// Which agent; none for others.
        by: Option<AgentId>,
    },
    /// An agent's state changed.
    AgentStateChanged {
        /// The agent.
        agent: AgentId,
        /// From.
        from: AgentState,
        /// To.
        to: AgentState,
        /// Why not ready.
        reason: Option<Reason>,
        /// The interaction it is about.
        interaction: Option<InteractionId>,
        /// The idle clock after the change.
        idle_since: Timestamp,
        /// Ready sequence after the change.
        ready_seq: u64,
        /// Hundredths of a percent of the last hour in calls and their work, as it was when the agent became ready.
        #[serde(default, skip_serializing_if = "is_none16")]
        occupancy: u16,
        /// Calls of queues answered since log-in.
        #[serde(default, skip_serializing_if = "is_none32")]
        calls: u32,
    },
    /// An alias of a flow was moved: calls that begin from now on take another version.
    FlowPointed {
        /// The flow by name.
        flow: String,
        /// The alias: `live`, `test`, …
        alias: String,
        /// The version by number.
        version: u32,
        /// Content hash of the flow's text.
        flow_version: String,
        /// A version that a share of the calls takes instead, and the share in percent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        canary: Option<(u32, u8)>,
        /// Why.
        cause: FlowPointCause,
    },
    /// Something a supervisor should be told.
    SupervisorTold {
        /// In which interaction, if in one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        interaction: Option<InteractionId>,
        /// Which agent it is about, if any.
        agent: Option<AgentId>,
        /// Which queue it is about, if any.
        queue: Option<QueueId>,
        /// What, as a stable name such as `max_misses` or `unmeetable_requirement`.
        what: String,
    },
}

impl Event {
    /// The interaction an event belongs to.
    #[must_use]
    pub fn interaction(&self) -> Option<InteractionId> {
        match self {
            Self::RouterStarted { .. }
            | Self::RouterInput { .. }
            | Self::QueueClosed { .. }
            | Self::QueueOpened { .. }
            | Self::FlowPointed { .. } => None,
            Self::AgentStateChanged { interaction, .. }
            | Self::TaskChanged { interaction, .. }
            | Self::SupervisorTold { interaction, .. } => *interaction,
            Self::Decided { decision } => Some(decision.interaction),
            Self::CallArrived { interaction, .. }
            | Self::CallAnswered { interaction }
            | Self::StepEntered { interaction, .. }
            | Self::MenuChosen { interaction, .. }
            | Self::Typed { interaction, .. }
            | Self::LanguageSet { interaction, .. }
            | Self::Tagged { interaction, .. }
            | Self::SurveyAnswered { interaction, .. }
            | Self::RecordingConsent { interaction, .. }
            | Self::Notified { interaction, .. }
            | Self::FlowDialled { interaction, .. }
            | Self::CustomerIdentified { interaction, .. }
            | Self::QueueEntered { interaction, .. }
            | Self::QueueRelaxed { interaction, .. }
            | Self::QueueReprioritised { interaction, .. }
            | Self::QueueOverflowed { interaction, .. }
            | Self::QueueLeft { interaction, .. }
            | Self::OfferMade { interaction, .. }
            | Self::OfferEnded { interaction, .. }
            | Self::LegStarted { interaction, .. }
            | Self::LegEnded { interaction, .. }
            | Self::Connected { interaction, .. }
            | Self::TalkPaused { interaction, .. }
            | Self::TalkResumed { interaction, .. }
            | Self::TalkChanged { interaction, .. }
            | Self::RecordingStarted { interaction, .. }
            | Self::RecordingFinished { interaction, .. }
            | Self::CallEnded { interaction, .. }
            | Self::WrapUpStarted { interaction, .. }
            | Self::WrapUpExtended { interaction, .. }
            | Self::WrapUpCoded { interaction, .. }
            | Self::NotesHandedOn { interaction, .. }
            | Self::NotesSaved { interaction, .. }
            | Self::CustomerConfirmed { interaction, .. }
            | Self::WrapUpEnded { interaction, .. } => Some(*interaction),
        }
    }
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde hands a reference
const fn is_none16(number: &u16) -> bool {
    *number == 0
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde hands a reference
const fn is_none32(number: &u32) -> bool {
    *number == 0
}
