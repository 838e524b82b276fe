//! The record as people, the API and `interaction.json` read it.
//!
//! **Owns**: the shapes and field names of the contract. Moments are RFC 3339 UTC with milliseconds, durations
//! seconds as numbers, absent values `null`. A queue or an agent appears by its present name and, beside it, by the
//! id that never changes. Names and numbers of people are in types whose `Debug` does not show them.

use crate::utc::Utc;
use router::company::Skills;
use router::decision::{DecisionKind, StrategyKey, TieBreak};
use router::event::{Direction, LegQuality, LegRole, PauseCause, RecordingKind};
use router::id::{
    AgentId, ClosureId, CustomerId, InteractionId, LegId, OfferId, QueueEntryId, QueueId,
    RecordingId,
};
use router::outcome::{EndCause, EntryOutcome, OfferOutcome, Outcome, Refusal};
use router::{PhoneNumber, Private};
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// All scalar fields of an interaction: an item of a list.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct InteractionSummary {
    /// Id.
    pub id: InteractionId,
    /// `voice`.
    pub channel: String,
    /// Which way it went.
    pub direction: Direction,
    /// Who called whom.
    #[serde(flatten)]
    pub parties: Parties,
    /// When what happened.
    #[serde(flatten)]
    pub times: Times,
    /// Flow by name.
    pub flow: String,
    /// Content hash of the flow's version.
    pub flow_version: String,
    /// How it ended; none while it lives.
    pub outcome: Option<Outcome>,
    /// Who or what ended it.
    pub end_cause: Option<EndCause>,
    /// The last queue it waited in, by name.
    pub queue: Option<String>,
    /// The same by id.
    pub queue_id: Option<QueueId>,
    /// The last agent who talked with the customer, or who called out, by login.
    pub agent: Option<String>,
    /// The same by id.
    pub agent_id: Option<AgentId>,
    /// Login of the supervisor, no agent, who took the call over and had the customer last.
    pub taken_over_by: Option<String>,
    /// What people wrote.
    pub notes: Option<Private<String>>,
}

/// Who called whom.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Parties {
    /// The customer; none when the number was withheld.
    pub customer_id: Option<CustomerId>,
    /// When somebody said, having asked, who the customer is; none: the number alone says so.
    pub customer_confirmed_at: Option<Utc>,
    /// E.164, or a short internal number; going out, what the called party was shown.
    pub caller_number: Option<PhoneNumber>,
    /// The name the caller's network sent.
    pub caller_name: Option<Private<String>>,
    /// The number that was called.
    pub dialed_number: Option<PhoneNumber>,
    /// Trunk it went by; none when an agent's phone dialled one of our numbers, or one that no trunk allows.
    pub trunk: Option<String>,
}

/// When what happened to an interaction.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Times {
    /// The call reached a flow; going out, the agent had dialled.
    pub started_at: Utc,
    /// Our 200 OK.
    pub answered_at: Option<Utc>,
    /// Agent and customer hear each other, for the first time.
    pub connected_at: Option<Utc>,
    /// The customer's leg ended. After a crash: the last known sign of life.
    pub ended_at: Option<Utc>,
}

/// One interaction whole.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct InteractionRecord {
    /// The scalar fields.
    #[serde(flatten)]
    pub summary: InteractionSummary,
    /// What the caller chose, in order.
    pub menu_path: Vec<MenuChoice>,
    /// Why the customer called, in words.
    pub why: Vec<String>,
    /// What the flow noted.
    pub tags: BTreeMap<String, String>,
    /// What the caller said when asked whether the call may be recorded; none: nobody asked.
    pub recording_consent: Option<RecordingConsent>,
    /// What the caller answered in surveys, in order.
    pub survey: Vec<SurveyAnswer>,
    /// Each waiting.
    pub queue_entries: Vec<QueueEntryRecord>,
    /// Each offer to an agent.
    pub offers: Vec<OfferRecord>,
    /// Each leg.
    pub legs: Vec<LegRecord>,
    /// Each recording.
    pub recordings: Vec<RecordingRecord>,
    /// The last after-call work.
    pub wrap_up: Option<WrapUpRecord>,
    /// What it was about, in the company's codes.
    pub wrap_up_code: Option<WrapUpChoice>,
    /// Who wrote the notes.
    pub note_authors: Vec<NoteAuthor>,
    /// Each routing decision.
    pub decisions: Vec<DecisionRecord>,
    /// The log of this interaction.
    pub events: Vec<EventRecord>,
}

/// One part of the menu path.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MenuChoice {
    /// When.
    pub at: Utc,
    /// The menu's block.
    pub block: String,
    /// The key.
    pub key: String,
    /// The choice in words.
    pub label: String,
}

/// What a caller said when asked whether the call may be recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RecordingConsent {
    /// When.
    pub at: Utc,
    /// It may.
    pub granted: bool,
    /// Said by a key; else it is what holds for a caller who presses nothing.
    pub by_key: bool,
}

/// A question of a survey that the caller was asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SurveyAnswer {
    /// When it was answered, or given up.
    pub at: Utc,
    /// The name under which the flow keeps answers, such as `csat`.
    pub question: String,
    /// The digit that was pressed; none: the caller gave no answer.
    pub answer: Option<u8>,
}

/// One waiting in one queue.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct QueueEntryRecord {
    /// Id.
    pub id: QueueEntryId,
    /// Queue by name.
    pub queue: Option<String>,
    /// Queue by id.
    pub queue_id: QueueId,
    /// Began to wait.
    pub entered_at: Utc,
    /// Left.
    pub left_at: Option<Utc>,
    /// Time between the two in seconds, ringing included.
    pub wait: Option<f64>,
    /// How it ended.
    pub outcome: Option<EntryOutcome>,
    /// Who answered, by login.
    pub agent: Option<String>,
    /// The same by id.
    pub agent_id: Option<AgentId>,
    /// 0 emergency, 1 normal.
    pub class: u8,
    /// Virtual enqueue time.
    pub v: Utc,
    /// Minimum levels needed.
    pub requirement: Skills,
    /// Why the queue did not take or keep the caller, when it did not.
    pub refusal: Option<Refusal>,
    /// The closing of the queue that kept the caller out.
    pub closure: Option<ClosureRecord>,
}

/// A closing of a queue by somebody, as it is told beside a caller whom it kept out.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClosureRecord {
    /// Id.
    pub id: ClosureId,
    /// Who closed the queue, by login.
    pub by: Option<String>,
    /// Since when.
    pub since: Option<Utc>,
    /// Until when; none: until somebody opens it.
    pub until: Option<Utc>,
    /// Why, for colleagues.
    pub reason: Option<String>,
}

/// One offer to one agent.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OfferRecord {
    /// `epoch-seq`.
    pub id: String,
    /// The waiting it was for.
    pub entry: QueueEntryId,
    /// Agent by login.
    pub agent: Option<String>,
    /// Agent by id.
    pub agent_id: AgentId,
    /// Began to ring.
    pub made_at: Utc,
    /// Ended.
    pub ended_at: Option<Utc>,
    /// How.
    pub outcome: Option<OfferOutcome>,
}

impl OfferRecord {
    /// Whether it was taken back because a colleague had answered: several phones rang for this caller, and these are
    /// their offers.
    #[must_use]
    pub fn lost_to_another(&self, all: &[Self]) -> bool {
        let accepted = |other: &Self| {
            other.entry == self.entry
                && other.outcome == Some(OfferOutcome::Accepted)
                && other.ended_at <= self.ended_at
        };
        self.outcome == Some(OfferOutcome::Revoked) && all.iter().any(accepted)
    }
}

/// One leg.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LegRecord {
    /// Id.
    pub id: LegId,
    /// Whose.
    pub role: LegRole,
    /// Agent by login, for an agent's leg.
    pub agent: Option<String>,
    /// Agent by id.
    pub agent_id: Option<AgentId>,
    /// Login of the supervisor whose leg it is, who is no agent.
    pub user: Option<String>,
    /// SIP Call-ID.
    pub sip_call_id: String,
    /// Began.
    pub started_at: Utc,
    /// Heard by the other side since.
    pub connected_at: Option<Utc>,
    /// Ended.
    pub ended_at: Option<Utc>,
    /// SIP status or `bye`, `cancel`, `timeout`, `crash`.
    pub cause: Option<String>,
    /// Its media.
    pub quality: Option<LegQuality>,
}

/// A recording's metadata.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RecordingRecord {
    /// Id.
    pub id: RecordingId,
    /// The interaction.
    pub interaction_id: InteractionId,
    /// Counts an interaction's recordings from 1.
    pub index: u32,
    /// `talk`, or `voicemail` for a message.
    pub kind: RecordingKind,
    /// Path below the folder of interactions.
    pub path: String,
    /// Samples per second of each channel.
    pub sample_rate: u32,
    /// Always 2: left = customer, right = agent.
    pub channels: u8,
    /// First sample.
    pub started_at: Utc,
    /// File closed and synced; none while it runs.
    pub finished_at: Option<Utc>,
    /// Stereo frames.
    pub frames: Option<u64>,
    /// Length in seconds.
    pub duration: Option<f64>,
    /// Silence in place of lost blocks, seconds.
    pub gap: Option<f64>,
    /// Repaired after a crash.
    pub recovered: bool,
    /// What is silence by intent.
    pub marks: Vec<MarkRecord>,
}

/// A stretch of a recording that is silence by intent: customer and agent did not hear each other.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MarkRecord {
    /// Why.
    pub kind: PauseCause,
    /// Its beginning, seconds from the recording's.
    pub from: f64,
    /// Its end; none while it lasts.
    pub to: Option<f64>,
}

/// After-call work.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WrapUpRecord {
    /// Agent by login.
    pub agent: Option<String>,
    /// Agent by id.
    pub agent_id: AgentId,
    /// Began.
    pub started_at: Utc,
    /// Ended.
    pub ended_at: Option<Utc>,
    /// Seconds between.
    pub duration: Option<f64>,
}

/// What an interaction was about.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WrapUpChoice {
    /// The company's code.
    pub code: String,
    /// Its name when it was chosen.
    pub name: String,
    /// What else, in short words.
    pub tags: Vec<String>,
    /// Who chose it, by login; none for others than agents.
    pub agent: Option<String>,
    /// The same by id.
    pub agent_id: Option<AgentId>,
    /// When.
    pub chosen_at: Utc,
}

/// Somebody who wrote notes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NoteAuthor {
    /// Login, or what else names them.
    pub author: String,
    /// Their agent.
    pub agent_id: Option<AgentId>,
    /// First saved.
    pub first_at: Utc,
    /// Last saved.
    pub last_at: Utc,
    /// The version that they saved last.
    pub version: u64,
}

/// One line of the log, without personal data: `seq`, `at`, `kind` and the event's own fields.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EventRecord {
    /// Position in the log.
    pub seq: u64,
    /// When.
    pub at: Utc,
    /// `kind` and fields.
    #[serde(flatten)]
    pub event: Map<String, Value>,
}

/// One routing decision.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DecisionRecord {
    /// Position in the log.
    pub seq: u64,
    /// When.
    pub at: Utc,
    /// What moved the Distributor.
    pub kind: DecisionKind,
    /// The interaction.
    pub interaction_id: InteractionId,
    /// The waiting.
    pub entry: QueueEntryId,
    /// Queue by name.
    pub queue: Option<String>,
    /// Queue by id.
    pub queue_id: QueueId,
    /// The offer that followed, `epoch-seq`.
    pub offer: String,
    /// Minimum levels the caller needed.
    pub requirement: Skills,
    /// Steps of the ladder that were behind the caller.
    pub step: usize,
    /// Phones that rang for the caller already.
    pub beside: usize,
    /// The caller's virtual enqueue time.
    pub v: Utc,
    /// The chosen pair.
    pub chosen: CandidateRecord,
    /// Up to nine next candidates, in order.
    pub candidates: Vec<CandidateRecord>,
    /// How many were removed, by cause.
    pub removed: BTreeMap<String, u32>,
    /// The names of the keys, in the order of comparison.
    pub keys: Vec<&'static str>,
    /// What decided.
    pub tie_break: TieBreak,
}

/// One candidate of a decision.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CandidateRecord {
    /// Agent by login.
    pub agent: Option<String>,
    /// Agent by id.
    pub agent_id: AgentId,
    /// The caller's waiting.
    pub entry: QueueEntryId,
    /// The keys; smaller sorts first, field by field.
    pub keys: KeysRecord,
}

/// The keys of one candidate.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum KeysRecord {
    /// An agent among agents.
    Agent {
        /// 1 is asked first.
        tier: u8,
        /// What the queue's strategy puts before the idle clock, if anything.
        #[serde(flatten, skip_serializing_if = "Option::is_none")]
        strategy: Option<StrategyKey>,
        /// The idle clock.
        idle_since: Utc,
        /// Order in which agents became ready.
        ready_seq: u64,
    },
    /// A caller among callers.
    Caller {
        /// 0 emergency, 1 normal.
        class: u8,
        /// Place of the queue in the agent's order; 0 without one.
        #[serde(skip_serializing_if = "is_first")]
        preference: u8,
        /// Virtual enqueue time.
        v: Utc,
        /// Order of arrival.
        seq: u64,
    },
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde hands a reference
const fn is_first(preference: &u8) -> bool {
    *preference == 0
}

/// Seconds between two moments; never negative.
pub(super) fn seconds(from: Utc, to: Option<Utc>) -> Option<f64> {
    to.map(|to| to.0.since(from.0).as_secs_f64())
}

/// The text of an offer's id in the records.
pub(super) fn offer_text(epoch: u64, seq: u64) -> String {
    OfferId { epoch, seq }.to_string()
}
