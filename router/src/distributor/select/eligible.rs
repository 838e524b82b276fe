//! Whether an agent may be offered a caller, and if not, why not.
//!
//! **Owns**: the one predicate of eligibility, used by both directions and by the invariants.
//! **Must not**: order anybody.

use crate::company::{Agent, Skills};
use crate::distributor::agent::State;
use crate::distributor::entry::{Entry, World};
use crate::id::{AgentId, QueueId};

/// Why an agent or a caller is no candidate. The first that holds, in this order, is the one that is counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::distributor) enum Cause {
    NotInQueue,
    /// The first skill, by name, whose level is too low.
    Skill(String),
    Excluded,
    Busy,
    WrapUp,
    NotReady,
    Offline,
    Offered,
}

impl Cause {
    /// The stored name.
    pub(super) fn name(&self) -> String {
        let name = match self {
            Self::NotInQueue => "not_in_queue",
            Self::Skill(skill) => return format!("skill:{skill}"),
            Self::Excluded => "excluded",
            Self::Busy => "busy",
            Self::WrapUp => "wrap_up",
            Self::NotReady => "not_ready",
            Self::Offline => "offline",
            Self::Offered => "offered",
        };
        name.to_owned()
    }
}

/// The tier at which an agent serves a queue with a requirement, whatever the agent does at the moment.
pub(in crate::distributor) fn can_serve(
    agent: &Agent,
    queue: QueueId,
    requirement: &Skills,
) -> Result<u8, Cause> {
    let tier = *agent.queues.get(&queue).ok_or(Cause::NotInQueue)?;
    let lacking = requirement
        .iter()
        .find(|(skill, level)| agent.skills.get(*skill).copied().unwrap_or(0) < **level);
    match lacking {
        Some((skill, _)) => Err(Cause::Skill(skill.clone())),
        None => Ok(tier),
    }
}

/// Whether the exclusion of those who refused this caller is in force: only while somebody else is eligible.
pub(in crate::distributor) fn exclusion_in_force(world: &World, entry: &Entry) -> bool {
    !entry.refused.is_empty()
        && world.company.agents.iter().any(|(id, agent)| {
            world.is_available(*id)
                && !entry.refused_by(*id, world.now)
                && can_serve(agent, entry.queue, &entry.requirement).is_ok()
        })
}

/// The tier at which `id` may be offered `entry` now, or why not. `exclusion` is [`exclusion_in_force`] of the entry.
pub(in crate::distributor) fn eligible(
    world: &World,
    id: AgentId,
    agent: &Agent,
    entry: &Entry,
    exclusion: bool,
) -> Result<u8, Cause> {
    let tier = can_serve(agent, entry.queue, &entry.requirement)?;
    if exclusion && entry.refused_by(id, world.now) {
        return Err(Cause::Excluded);
    }
    match world.agents.get(&id).map(|record| &record.state) {
        Some(State::Available) => Ok(tier),
        Some(State::Serving { .. } | State::OwnCall { .. }) => Err(Cause::Busy),
        Some(State::WrapUp(_)) => Err(Cause::WrapUp),
        Some(State::NotReady(_)) => Err(Cause::NotReady),
        Some(State::Offered { .. }) => Err(Cause::Offered),
        Some(State::Offline) | None => Err(Cause::Offline),
    }
}
