//! A stored decision: who was chosen for whom, from whom, and what decided.
//!
//! **Owns**: the record's shape (see `docs/routing-rules.md`). Ids only, never names or numbers of people; skill
//! and cause names are words of the company, not of persons.

use crate::company::Skills;
use crate::id::{AgentId, InteractionId, OfferId, QueueEntryId, QueueId};
use crate::requirement::Ask;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
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
    /// An agent among agents: tier, then the strategy's key, idle since, ready sequence, agent id.
    Agent {
        /// 1 is asked first.
        tier: u8,
        /// What the queue's strategy puts before the idle clock, if anything.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        strategy: Option<StrategyKey>,
        /// The agent's idle clock.
        idle_since: Timestamp,
        /// Order in which agents became ready; breaks equal times.
        ready_seq: u64,
    },
    /// A caller among callers: class, then the agent's preference, then virtual enqueue time, then sequence.
    Caller {
        /// 0 emergency, 1 normal.
        class: u8,
        /// Place of the queue in the agent's order; 0 for an agent without one, and for a caller who was promoted.
        #[serde(default, skip_serializing_if = "is_first")]
        preference: u8,
        /// `V = enqueued_at - head_start`.
        v: Timestamp,
        /// Order of arrival; breaks equal times.
        seq: u64,
    },
}

/// The key of a strategy other than longest idle. Smaller sorts first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StrategyKey {
    /// The sum of levels in the skills that queue and flow name.
    MostSkilled(Reverse<u32>),
    /// Hundredths of a percent of the last hour in calls and their work, when the agent became ready.
    LeastOccupied(u16),
    /// Calls of queues answered since log-in.
    FewestCalls(u32),
    /// Phones that rang for this caller already: the same for everybody, since all are asked.
    RingAll(u32),
}

/// What decided between the chosen and the next candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TieBreak {
    /// There was no other candidate.
    OnlyOne,
    /// The inner tier.
    Tier,
    /// The higher sum of levels.
    MostSkilled,
    /// The smaller occupancy.
    LeastOccupied,
    /// The fewer calls.
    FewestCalls,
    /// Longest idle.
    LongestIdle,
    /// The earlier ready sequence.
    ReadySeq,
    /// The smaller agent id.
    AgentId,
    /// The class.
    Class,
    /// The queue that the agent prefers.
    Preference,
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
    /// Minimum levels the caller needed at that moment: those of the first ask.
    pub requirement: Skills,
    /// Steps of the ladder behind the caller.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub step: usize,
    /// What the caller asked for, when that was more than the requirement of the own queue at any tier.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub asks: Vec<Ask>,
    /// Phones that rang for this caller already: the chosen one joins them.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub beside: usize,
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

#[allow(clippy::trivially_copy_pass_by_ref)] // serde hands a reference
const fn is_zero(number: &usize) -> bool {
    *number == 0
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde hands a reference
const fn is_first(preference: &u8) -> bool {
    *preference == 0
}
