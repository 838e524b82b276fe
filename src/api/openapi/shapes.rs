//! The outside form of what comes from the record, for the API's description only.
//!
//! **Owns**: field names and types as clients see them; a test holds them against real answers.
//! **Must not know**: where the values come from.
#![expect(dead_code, reason = "only their description is used")]

use router::event::PauseCause;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// An id, a UUID.
#[derive(ToSchema)]
#[schema(value_type = String, format = "uuid")]
pub(in crate::api) struct Id(String);

/// A moment in UTC with milliseconds, as in `2026-01-31T12:00:00.000Z`.
#[derive(ToSchema)]
#[schema(value_type = String, format = "date-time")]
pub(in crate::api) struct Moment(String);

/// One page of a list.
#[derive(ToSchema)]
pub(in crate::api) struct PageOf<T: ToSchema> {
    /// The items.
    items: Vec<T>,
    /// Hand it in as `cursor` to get the next page; `null` at the end.
    next: Option<String>,
}

/// Something that somebody did; `hash` covers this row and the one before it.
#[derive(ToSchema)]
pub(in crate::api) struct Audit {
    seq: u64,
    at: Moment,
    actor: String,
    role: String,
    action: String,
    object: String,
    status: u16,
    hash: String,
}

/// What is wrong, as RFC 9457 has it.
#[derive(ToSchema)]
pub(in crate::api) struct Problem {
    r#type: String,
    title: String,
    status: u16,
    detail: String,
}

/// An interaction with all its parts.
#[derive(ToSchema)]
pub(in crate::api) struct InteractionRecord {
    #[serde(flatten)]
    summary: Interaction,
    menu_path: Vec<MenuChoice>,
    why: Vec<String>,
    tags: BTreeMap<String, String>,
    recording_consent: Option<RecordingConsent>,
    survey: Vec<SurveyAnswer>,
    queue_entries: Vec<QueueEntry>,
    offers: Vec<Offer>,
    legs: Vec<Leg>,
    recordings: Vec<Recording>,
    wrap_up: Option<WrapUp>,
    wrap_up_code: Option<WrapUpChoice>,
    note_authors: Vec<NoteAuthor>,
    decisions: Vec<Decision>,
    events: Vec<LogEvent>,
}

/// One line of the event log: `seq`, `at`, `kind`, and the fields of its kind.
#[derive(ToSchema)]
pub(in crate::api) struct LogEvent {
    seq: u64,
    at: Moment,
    kind: String,
    #[serde(flatten)]
    fields: BTreeMap<String, serde_json::Value>,
}

/// Which way it went: a customer called, an agent called a customer, an agent's phone called one of our numbers.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub(in crate::api) enum Direction {
    Inbound,
    Outbound,
    Internal,
}

/// One interaction, without its parts.
#[derive(ToSchema)]
pub(in crate::api) struct Interaction {
    id: Id,
    channel: String,
    direction: Direction,
    customer_id: Option<Id>,
    customer_confirmed_at: Option<Moment>,
    caller_number: Option<String>,
    caller_name: Option<String>,
    dialed_number: Option<String>,
    trunk: Option<String>,
    started_at: Moment,
    answered_at: Option<Moment>,
    connected_at: Option<Moment>,
    ended_at: Option<Moment>,
    flow: String,
    flow_version: String,
    outcome: Option<String>,
    end_cause: Option<String>,
    queue: Option<String>,
    queue_id: Option<Id>,
    agent: Option<String>,
    agent_id: Option<Id>,
    taken_over_by: Option<String>,
    notes: Option<String>,
}

/// A choice in a menu.
#[derive(ToSchema)]
pub(in crate::api) struct MenuChoice {
    at: Moment,
    block: String,
    key: String,
    label: String,
}

/// What the caller said when asked whether the call may be recorded; `by_key`: not by pressing nothing.
#[derive(ToSchema)]
pub(in crate::api) struct RecordingConsent {
    at: Moment,
    granted: bool,
    by_key: bool,
}

/// A question of a survey that the caller was asked; `answer` is `null` when there is none.
#[derive(ToSchema)]
pub(in crate::api) struct SurveyAnswer {
    at: Moment,
    question: String,
    answer: Option<u8>,
}

/// One waiting in one queue.
#[derive(ToSchema)]
pub(in crate::api) struct QueueEntry {
    id: Id,
    queue: Option<String>,
    queue_id: Id,
    entered_at: Moment,
    left_at: Option<Moment>,
    wait: Option<f64>,
    outcome: Option<String>,
    agent: Option<String>,
    agent_id: Option<Id>,
    class: u8,
    v: Moment,
    requirement: BTreeMap<String, u8>,
    /// `full`, `closed` or `no_agents`.
    refusal: Option<String>,
    closure: Option<QueueEntryClosure>,
}

/// How somebody closed a queue for now.
#[derive(ToSchema)]
pub(in crate::api) struct Closure {
    id: Id,
    /// Who closed it, by login.
    by: String,
    since: Moment,
    /// Opens by itself then; `null`: until somebody opens it.
    until: Option<Moment>,
    /// What becomes of those who waited already: `serve` or `end`.
    waiting: String,
    /// Why, for colleagues.
    reason: String,
    message: ClosureMessage,
}

/// What callers of a closed queue hear: one of the two.
#[derive(ToSchema)]
pub(in crate::api) struct ClosureMessage {
    prompt: Option<String>,
    words: Option<String>,
}

/// The closing of the queue that kept the caller out.
#[derive(ToSchema)]
pub(in crate::api) struct QueueEntryClosure {
    id: Id,
    by: Option<String>,
    since: Option<Moment>,
    until: Option<Moment>,
    reason: Option<String>,
}

/// One offer to one agent.
#[derive(ToSchema)]
pub(in crate::api) struct Offer {
    id: String,
    entry: Id,
    agent: Option<String>,
    agent_id: Id,
    made_at: Moment,
    ended_at: Option<Moment>,
    outcome: Option<String>,
}

/// One leg of the call.
#[derive(ToSchema)]
pub(in crate::api) struct Leg {
    id: Id,
    role: String,
    agent: Option<String>,
    agent_id: Option<Id>,
    user: Option<String>,
    sip_call_id: String,
    started_at: Moment,
    connected_at: Option<Moment>,
    ended_at: Option<Moment>,
    cause: Option<String>,
    quality: Option<BTreeMap<String, serde_json::Value>>,
}

/// One recording; its audio is at `/recordings/{id}/audio`.
#[derive(ToSchema)]
pub(in crate::api) struct Recording {
    id: Id,
    interaction_id: Id,
    index: u32,
    kind: String,
    path: String,
    sample_rate: u32,
    channels: u8,
    started_at: Moment,
    finished_at: Option<Moment>,
    frames: Option<u64>,
    duration: Option<f64>,
    gap: Option<f64>,
    recovered: bool,
    marks: Vec<Mark>,
}

/// Silence by intent; seconds from the recording's beginning.
#[derive(ToSchema)]
pub(in crate::api) struct Mark {
    kind: MarkKind,
    from: f64,
    to: Option<f64>,
}

/// Why a recording is silent: on hold; a colleague is asked; a colleague's phone rings; the agent's phone is gone; the flow leaves something
/// out.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub(in crate::api) enum MarkKind {
    Hold,
    Consult,
    Transfer,
    Reconnect,
    Flow,
}

impl From<PauseCause> for MarkKind {
    /// A cause that is not described does not compile.
    fn from(cause: PauseCause) -> Self {
        match cause {
            PauseCause::Hold => Self::Hold,
            PauseCause::Consult => Self::Consult,
            PauseCause::Transfer => Self::Transfer,
            PauseCause::Reconnect => Self::Reconnect,
            PauseCause::Flow => Self::Flow,
        }
    }
}

/// The work after the call.
#[derive(ToSchema)]
pub(in crate::api) struct WrapUp {
    agent: Option<String>,
    agent_id: Id,
    started_at: Moment,
    ended_at: Option<Moment>,
    duration: Option<f64>,
}

/// What an interaction was about; `agent` is `null` for others than agents.
#[derive(ToSchema)]
pub(in crate::api) struct WrapUpChoice {
    code: String,
    name: String,
    tags: Vec<String>,
    agent: Option<String>,
    agent_id: Option<Id>,
    chosen_at: Moment,
}

/// A follow-up task of an agent or of a queue.
#[derive(ToSchema)]
pub(in crate::api) struct Task {
    id: Id,
    title: String,
    text: Option<String>,
    owner: Option<String>,
    owner_id: Option<Id>,
    queue: Option<String>,
    queue_id: Option<Id>,
    interaction_id: Option<Id>,
    customer_id: Option<Id>,
    due_at: Option<Moment>,
    created_at: Moment,
    created_by: String,
    updated_at: Moment,
    done_at: Option<Moment>,
}

/// Somebody who wrote notes.
#[derive(ToSchema)]
pub(in crate::api) struct NoteAuthor {
    author: String,
    agent_id: Option<Id>,
    first_at: Moment,
    last_at: Moment,
    version: u64,
}

/// The notes of an interaction; `version` is 0 before anybody wrote.
#[derive(ToSchema)]
pub(in crate::api) struct Notes {
    text: String,
    version: u64,
    authors: Vec<NoteAuthor>,
}

/// A problem document with the notes as they are.
#[derive(ToSchema)]
pub(in crate::api) struct StaleNotes {
    r#type: String,
    title: String,
    status: u16,
    detail: String,
    current: Notes,
}

/// An agent, or a caller, among whom was chosen; `keys` in the order of comparison.
#[derive(ToSchema)]
pub(in crate::api) struct Candidate {
    agent: Option<String>,
    agent_id: Id,
    entry: Id,
    keys: BTreeMap<String, serde_json::Value>,
}

/// Why an agent was chosen.
#[derive(ToSchema)]
pub(in crate::api) struct Decision {
    seq: u64,
    at: Moment,
    kind: String,
    interaction_id: Id,
    entry: Id,
    queue: Option<String>,
    queue_id: Id,
    offer: String,
    requirement: BTreeMap<String, u8>,
    step: usize,
    /// Phones that rang for the caller already.
    beside: usize,
    v: Moment,
    chosen: Candidate,
    candidates: Vec<Candidate>,
    removed: BTreeMap<String, u32>,
    keys: Vec<String>,
    tie_break: String,
}

/// A customer.
#[derive(ToSchema)]
pub(in crate::api) struct Customer {
    id: Id,
    name: Option<String>,
    company: Option<String>,
    email: Option<String>,
    notes: Option<String>,
    language: Option<String>,
    tier: Option<String>,
    numbers: Vec<String>,
    created_at: Moment,
    updated_at: Moment,
}

/// What may be written of a customer. In a PATCH, what is absent stays and `null` is removed.
#[derive(ToSchema)]
pub(in crate::api) struct CustomerBody {
    name: Option<String>,
    company: Option<String>,
    email: Option<String>,
    notes: Option<String>,
    language: Option<String>,
    tier: Option<String>,
    numbers: Option<Vec<String>>,
}

/// Counters of one queue since the beginning of the day.
#[derive(ToSchema)]
pub(in crate::api) struct QueueCounters {
    entered: u64,
    waiting: u64,
    answered: u64,
    abandoned: u64,
    short_abandoned: u64,
    overflowed: u64,
    key_exit: u64,
    callback: u64,
    voicemail: u64,
    timed_out: u64,
    refused: u64,
    failed: u64,
    answered_in_time: u64,
    service_level_target: f64,
    service_level: Option<f64>,
    service_level_formula: String,
    average_wait: Option<f64>,
    longest_wait: Option<f64>,
}

/// From where on the floor says that somebody has to look at a queue (`warning`), or act (`critical`).
#[derive(ToSchema)]
pub(in crate::api) struct Thresholds {
    /// Callers who wait, from these on: `warning` counts those beyond the available agents, `critical` all.
    waiting: StepsOf<u32>,
    /// Seconds of the longest wait, from these on.
    longest_wait: StepsOf<f64>,
    /// Today's service level, 0 to 1, below these.
    service_level: StepsOf<f64>,
}

/// Two steps of one number.
#[derive(ToSchema)]
pub(in crate::api) struct StepsOf<T: ToSchema> {
    warning: T,
    critical: T,
}

/// A queue's minutes and five minutes.
#[derive(ToSchema)]
pub(in crate::api) struct HistoryPart {
    /// By minute, the oldest first; the last one is not over.
    points: Vec<HistoryPoint>,
    /// By five minutes, the oldest first; the last ones are not over.
    counts: Vec<HistoryCount>,
}

/// One minute of a queue.
#[derive(ToSchema)]
pub(in crate::api) struct HistoryPoint {
    /// Its beginning.
    at: Moment,
    /// The most callers who waited at once.
    waiting: u64,
    /// Seconds that the longest had waited.
    longest_wait: f64,
}

/// Five minutes of a queue.
#[derive(ToSchema)]
pub(in crate::api) struct HistoryCount {
    /// Their beginning.
    at: Moment,
    /// An agent answered.
    answered: u64,
    /// The caller hung up after the short-abandon limit.
    abandoned: u64,
}

/// Counters of today.
#[derive(ToSchema)]
pub(in crate::api) struct HistoryToday {
    answered: u64,
    abandoned: u64,
}

/// A formula of numbers; its id never changes its meaning.
#[derive(ToSchema)]
pub(in crate::api) struct Formula {
    id: String,
    /// The fields that it gives.
    name: String,
    words: String,
}

/// Service levels, each 0 to 1; null when nobody counts.
#[derive(ToSchema)]
pub(in crate::api) struct ServiceLevels {
    /// `sl_v1`.
    service_level: Option<f64>,
    /// `sl_answered_v1`.
    service_level_answered: Option<f64>,
    /// `sl_both_v1`.
    service_level_both: Option<f64>,
    /// `sl_left_v1`.
    service_level_left: Option<f64>,
    /// `sl_pure_v1`.
    service_level_pure: Option<f64>,
}
