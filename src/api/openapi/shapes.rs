//! The outside form of what comes from the record, for the API's description only.
//!
//! **Owns**: field names and types as clients see them; a test holds them against real answers.
//! **Must not know**: where the values come from.
#![expect(dead_code, reason = "only their description is used")]

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

/// Silence by intent: `hold`, `consult` or `transfer`; seconds from the recording's beginning.
#[derive(ToSchema)]
pub(in crate::api) struct Mark {
    kind: String,
    from: f64,
    to: Option<f64>,
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
