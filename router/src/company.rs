//! The company as routing sees it: skills, queues, agents and the settings of `[routing]`.
//!
//! **Owns**: these plain values, already checked (every name resolved to an id, every default filled in).
//! **Must not know**: files, TOML, passwords, extensions, trunks.

use crate::id::{AgentId, QueueId};
use crate::overflow::Overflow;
use crate::requirement::{Ask, LadderStep};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// Skill levels go from 1 to 10; a requirement is a threshold.
pub type Level = u8;

/// Skill name -> level. Names, because decisions must be readable years later.
pub type Skills = BTreeMap<String, Level>;

/// Everything the Distributor knows of the company. Replaced whole on reload; edits apply to waiting callers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RoutingCompany {
    /// Queues by id.
    pub queues: BTreeMap<QueueId, Queue>,
    /// Agents by id.
    pub agents: BTreeMap<AgentId, Agent>,
    /// The `[routing]` table.
    pub settings: RoutingSettings,
}

/// One waiting line and its rules.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Queue {
    /// Its present name.
    pub name: String,
    /// Minimum levels every caller of this queue needs.
    pub skills: Skills,
    /// One of these must be met besides; none: nothing besides.
    #[serde(default)]
    pub any_of: Vec<Skills>,
    /// Agents up to this tier are asked at first; none: all of them.
    #[serde(default)]
    pub max_tier: Option<u8>,
    /// How the requirement is relaxed with the time waited; the times rise.
    #[serde(default)]
    pub ladder: Vec<LadderStep>,
    /// For so long a caller waits for the agent they spoke with last alone; none: for anybody.
    #[serde(default)]
    pub last_agent: Option<Duration>,
    /// How one agent is chosen among the eligible.
    pub strategy: Strategy,
    /// Virtual head start of every caller of this queue: `V = enqueued_at - head_start`.
    pub head_start: Duration,
    /// 0 emergency, 1 normal.
    pub class: u8,
    /// After this wait a caller comes before those of a better class.
    #[serde(default = "promote_after")]
    pub promote_after: Duration,
    /// How long one agent's phone rings.
    pub ring_timeout: Duration,
    /// After-call work.
    pub wrap_up: WrapUp,
    /// The longest an open-ended or extended wrap-up may take.
    pub wrap_up_cap: Duration,
    /// How much longer one extension of after-call work makes it.
    #[serde(default = "extend_by")]
    pub wrap_up_extend: Duration,
    /// How often an agent may extend one after-call work.
    #[serde(default = "extensions")]
    pub wrap_up_extensions: u32,
    /// The longest a caller may wait.
    pub max_wait: Duration,
    /// How many callers may wait.
    pub max_length: usize,
    /// What happens when nobody is logged in for this queue, or nobody who could ever serve the caller.
    pub when_no_agents: WhenNoAgents,
    /// Where callers go whom it does not take or keep.
    #[serde(default, skip_serializing_if = "Overflow::is_exit")]
    pub overflow: Overflow,
    /// An abandoned caller who waited less than this counts as `short_abandoned`.
    pub short_abandon: Duration,
    /// Target of the service level.
    pub service_level: Duration,
}

/// [`Queue::promote_after`] when nothing is said.
#[must_use]
pub const fn promote_after() -> Duration {
    Duration::from_secs(15 * 60)
}

/// [`Queue::wrap_up_extend`] when nothing is said.
#[must_use]
pub const fn extend_by() -> Duration {
    Duration::from_secs(30)
}

/// [`Queue::wrap_up_extensions`] when nothing is said.
#[must_use]
pub const fn extensions() -> u32 {
    2
}

/// How one agent is chosen among the eligible of the innermost tier. Among equals the longest idle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// The agent who has been idle longest.
    #[default]
    LongestIdle,
    /// The highest sum of levels in the skills that queue and flow name.
    MostSkilled,
    /// The smallest share of the last hour in calls and their work, as it was when the agent became ready.
    LeastOccupied,
    /// The fewest calls of queues answered since log-in.
    FewestCalls,
    /// All of them at once, up to [`RING_ALL_MAX`]: the first who answers.
    RingAll,
}

/// At so many phones one caller rings at once, at most: each is an INVITE of its own.
pub const RING_ALL_MAX: usize = 20;

impl Strategy {
    /// Every one, in the order of the documentation.
    pub const ALL: [Self; 5] = [
        Self::LongestIdle,
        Self::MostSkilled,
        Self::LeastOccupied,
        Self::FewestCalls,
        Self::RingAll,
    ];

    /// The name in the company file.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LongestIdle => "longest_idle",
            Self::MostSkilled => "most_skilled",
            Self::LeastOccupied => "least_occupied",
            Self::FewestCalls => "fewest_calls",
            Self::RingAll => "ring_all",
        }
    }

    /// The inverse of [`Self::as_str`].
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str() == name)
    }
}

/// What follows a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WrapUp {
    /// No after-call work.
    None,
    /// Ends by itself after this time; the agent may end or extend it.
    Timed(Duration),
    /// Until the agent ends it, at most `wrap_up_cap`.
    Open,
}

/// What a caller meets when nobody is logged in for the queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhenNoAgents {
    /// Waits all the same.
    #[default]
    Wait,
    /// Goes the queue's way for it at once, see [`Overflow::no_agents`].
    Exit,
}

/// One agent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Agent {
    /// Log-in name.
    pub login: String,
    /// What the agent can serve, and how well.
    pub skills: Skills,
    /// Skills that may be used only before a moment.
    #[serde(default)]
    pub licences: BTreeMap<String, Timestamp>,
    /// Queue -> tier, 1 is asked first.
    pub queues: BTreeMap<QueueId, u8>,
    /// Whose callers are taken first, best first; empty: no queue's before another's.
    #[serde(default)]
    pub prefers: Vec<QueueId>,
    /// A desk phone without a screen: registered means available, a miss means a cooldown.
    pub ready_on_register: bool,
}

impl Agent {
    /// The place of a queue in the agent's order; those that the agent does not name come last together.
    #[must_use]
    pub fn preference(&self, queue: QueueId) -> u8 {
        let named = self.prefers.iter().position(|known| *known == queue);
        u8::try_from(named.unwrap_or(self.prefers.len())).unwrap_or(u8::MAX)
    }

    /// Whether this agent, free or not, is one whom the ask is for, with all licences valid.
    #[must_use]
    pub fn meets(&self, ask: &Ask) -> bool {
        let near = |tier: &u8| *tier <= ask.max_tier;
        self.queues.get(&ask.queue).is_some_and(near)
            && ask
                .skills
                .iter()
                .all(|(skill, level)| self.skills.get(skill).copied().unwrap_or(0) >= *level)
    }
}

/// The `[routing]` table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RoutingSettings {
    /// A screenless phone is not ready for this long after a miss.
    pub miss_cooldown: Duration,
    /// After this many misses in a row the agent is `not_ready(missed)` and the supervisor is told.
    pub max_misses: u32,
    /// A caller is not offered again to an agent who refused, for this long, unless nobody else is eligible.
    pub exclude_for: Duration,
    /// An own outbound or internal call leaves the idle clock as it was.
    pub outbound_keeps_idle: bool,
    /// After-call work of a call out that was answered; none: the longest of the agent's queues.
    #[serde(default)]
    pub outbound_wrap_up: Option<WrapUp>,
}

impl Default for RoutingSettings {
    fn default() -> Self {
        Self {
            miss_cooldown: Duration::from_secs(10),
            max_misses: 3,
            exclude_for: Duration::from_secs(30),
            outbound_keeps_idle: false,
            outbound_wrap_up: None,
        }
    }
}
