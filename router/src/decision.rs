//! A stored decision: who was chosen for whom, from whom, and what decided.
//!
//! **Owns**: the record's shape (see `docs/routing-rules.md`). Ids only, never names or numbers of people; skill
//! and cause names are words of the company, not of persons.

use crate::company::Skills;
use crate::id::{AgentId, InteractionId, OfferId, QueueEntryId, QueueId};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What moved the Distributor to decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DecisionKind {
    /// A caller arrived: an agent was chosen for the caller.
    Arrive,
    /// An agent became ready: a caller was chosen for the agent.
    Ready,
    /// A requirement was relaxed, an exclusion ended or the company was edited.
    Relax,
    /// A refused or missed caller was offered to the next agent.
    Return,
}

/// One agent or caller as a candidate, with the keys that order it. Smaller sorts first, field by field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// The agent.
    pub agent: AgentId,
    /// The caller's queue entry.
    pub entry: QueueEntryId,
    /// The keys in the order of comparison.
    pub keys: Keys,
}

/// The keys of both directions; a decision uses those of its kind and leaves the others out.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Keys {
    /// An agent among agents: tier, then idle since, then ready sequence, then agent id.
    Agent {
        /// 1 is asked first.
        tier: u8,
        /// The agent's idle clock.
        idle_since: Timestamp,
        /// Order in which agents became ready; breaks equal times.
        ready_seq: u64,
    },
    /// A caller among callers: class, then virtual enqueue time, then sequence.
    Caller {
        /// 0 emergency, 1 normal.
        class: u8,
        /// `V = enqueued_at - head_start`.
        v: Timestamp,
        /// Order of arrival; breaks equal times.
        seq: u64,
    },
}

/// What decided between the chosen and the next candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TieBreak {
    /// There was no other candidate.
    OnlyOne,
    /// The inner tier.
    Tier,
    /// Longest idle.
    LongestIdle,
    /// The earlier ready sequence.
    ReadySeq,
    /// The smaller agent id.
    AgentId,
    /// The class.
    Class,
    /// The smaller virtual enqueue time.
    V,
    /// The earlier arrival.
    Sequence,
}

/// Everything that is stored of one decision. The rest is derived by replay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// The offer that followed.
    pub offer: OfferId,
    /// What moved the Distributor.
    pub kind: DecisionKind,
    /// When.
    pub at: Timestamp,
    /// The caller's interaction.
    pub interaction: InteractionId,
    /// The caller's queue entry.
    pub entry: QueueEntryId,
    /// The queue.
    pub queue: QueueId,
    /// Minimum levels the caller needed at that moment.
    pub requirement: Skills,
    /// The caller's virtual enqueue time.
    pub v: Timestamp,
    /// The chosen pair with its keys.
    pub chosen: Candidate,
    /// Up to nine next candidates with theirs, in order.
    pub candidates: Vec<Candidate>,
    /// How many agents (kinds arrive, relax, return) or callers (kind ready) were removed, by cause:
    /// `not_in_queue, tier, skill:NAME, licence, excluded, held, busy, wrap_up, not_ready, offline, offered`.
    pub removed: BTreeMap<String, u32>,
    /// What decided.
    pub tie_break: TieBreak,
}
