//! The company as routing sees it: skills, queues, agents and the settings of `[routing]`.
//!
//! **Owns**: these plain values, already checked (every name resolved to an id, every default filled in).
//! **Must not know**: files, TOML, passwords, extensions, trunks.

use crate::id::{AgentId, QueueId};
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
    /// How one agent is chosen among the eligible.
    pub strategy: Strategy,
    /// Virtual head start of every caller of this queue: `V = enqueued_at - head_start`.
    pub head_start: Duration,
    /// 0 emergency, 1 normal.
    pub class: u8,
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
    /// What happens when nobody is logged in for this queue.
    pub when_no_agents: WhenNoAgents,
    /// An abandoned caller who waited less than this counts as `short_abandoned`.
    pub short_abandon: Duration,
    /// Target of the service level.
    pub service_level: Duration,
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

/// How one agent is chosen among the eligible of the innermost tier.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// The agent who has been idle longest.
    #[default]
    LongestIdle,
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
    /// Takes the `no_agents` exit at once.
    Exit,
}

/// One agent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Agent {
    /// Log-in name.
    pub login: String,
    /// What the agent can serve, and how well.
    pub skills: Skills,
    /// Queue -> tier, 1 is asked first.
    pub queues: BTreeMap<QueueId, u8>,
    /// A desk phone without a screen: registered means available, a miss means a cooldown.
    pub ready_on_register: bool,
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
