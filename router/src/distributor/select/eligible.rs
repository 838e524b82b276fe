//! Whether an agent may be offered a caller, and if not, why not.
//!
//! **Owns**: the one predicate of eligibility, used by both directions and by the invariants.
//! **Must not**: order anybody.

use crate::company::Agent;
use crate::distributor::agent::State;
use crate::distributor::entry::{Entry, World};
use crate::id::AgentId;
use crate::requirement::Ask;
use crate::time::Timestamp;

/// Why an agent or a caller is no candidate. The first that holds, in this order, is the one that is counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::distributor) enum Cause {
    NotInQueue,
    Tier,
    /// The first skill, by name, whose level is too low.
    Skill(String),
    Licence,
    Excluded,
    Held,
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
            Self::Tier => "tier",
            Self::Skill(skill) => return format!("skill:{skill}"),
            Self::Licence => "licence",
            Self::Excluded => "excluded",
            Self::Held => "held",
            Self::Busy => "busy",
            Self::WrapUp => "wrap_up",
            Self::NotReady => "not_ready",
            Self::Offline => "offline",
            Self::Offered => "offered",
        };
        name.to_owned()
    }
}

/// How well an agent fits a caller: the best of all asks that the agent meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::distributor) struct Fit {
    /// The innermost tier.
    pub(in crate::distributor) tier: u8,
    /// The best place of a queue in the agent's order.
    pub(in crate::distributor) preference: u8,
}

impl Fit {
    fn best(self, other: Self) -> Self {
        Self {
            tier: self.tier.min(other.tier),
            preference: self.preference.min(other.preference),
        }
    }
}

/// How an agent fits, whatever the agent does at the moment. The first ask says what is in the way when none is met.
pub(in crate::distributor) fn can_serve(
    agent: &Agent,
    asks: &[Ask],
    now: Timestamp,
) -> Result<Fit, Cause> {
    let mut first = None;
    let mut best: Option<Fit> = None;
    for ask in asks {
        match meets(agent, ask, now) {
            Ok(tier) => {
                let fit = Fit {
                    tier,
                    preference: agent.preference(ask.queue),
                };
                best = Some(best.map_or(fit, |held| held.best(fit)));
            }
            Err(cause) => first = first.or(Some(cause)),
        }
    }
    best.ok_or_else(|| first.unwrap_or(Cause::NotInQueue))
}

fn meets(agent: &Agent, ask: &Ask, now: Timestamp) -> Result<u8, Cause> {
    let tier = *agent.queues.get(&ask.queue).ok_or(Cause::NotInQueue)?;
    if tier > ask.max_tier {
        return Err(Cause::Tier);
    }
    let lacking = ask
        .skills
        .iter()
        .find(|(skill, level)| agent.skills.get(*skill).copied().unwrap_or(0) < **level);
    if let Some((skill, _)) = lacking {
        return Err(Cause::Skill(skill.clone()));
    }
    let ended = |skill: &String| agent.licences.get(skill).is_some_and(|end| *end <= now);
    let needed = ask.skills.iter().filter(|(_, level)| **level > 0);
    if needed.map(|(skill, _)| skill).any(ended) {
        return Err(Cause::Licence);
    }
    Ok(tier)
}

/// What holds for a caller at this moment, whichever agent is looked at.
#[derive(Clone, Copy, Debug)]
pub(in crate::distributor) struct Terms {
    /// Nobody of an outer tier is asked beside those who ring.
    max_tier: u8,
    /// The exclusion of those who refused this caller is in force.
    exclusion: bool,
}

impl Terms {
    pub(in crate::distributor) fn of(world: &World, entry: &Entry) -> Self {
        let max_tier = world.ring_tier(entry);
        Self {
            max_tier,
            exclusion: exclusion_in_force(world, entry, max_tier),
        }
    }
}

/// Only while somebody else is eligible, or rings.
fn exclusion_in_force(world: &World, entry: &Entry, max_tier: u8) -> bool {
    !entry.refused.is_empty()
        && (world.rings_at_another(entry)
            || world.company.agents.iter().any(|(id, agent)| {
                world.is_available(*id)
                    && !entry.refused_by(*id, world.now)
                    && !entry.is_held_from(*id, world.now)
                    && can_serve(agent, &entry.asks, world.now)
                        .is_ok_and(|fit| fit.tier <= max_tier)
            }))
}

/// How `id` fits `entry`, who may be offered now, or why not. `terms` are those of the entry.
pub(in crate::distributor) fn eligible(
    world: &World,
    id: AgentId,
    agent: &Agent,
    entry: &Entry,
    terms: Terms,
) -> Result<Fit, Cause> {
    let fit = can_serve(agent, &entry.asks, world.now)?;
    if fit.tier > terms.max_tier {
        return Err(Cause::Tier);
    }
    if terms.exclusion && entry.refused_by(id, world.now) {
        return Err(Cause::Excluded);
    }
    if entry.is_held_from(id, world.now) {
        return Err(Cause::Held);
    }
    #[cfg(test)]
    if let Some(State::WrapUp(work)) = world.agents.get(&id).map(|record| &record.state)
        && world.has(crate::distributor::planted::Planted::WrapUpIgnored)
        && work.queue != Some(entry.queue)
    {
        return Ok(fit);
    }
    match world.agents.get(&id).map(|record| &record.state) {
        Some(State::Available) => Ok(fit),
        Some(State::Serving { .. } | State::OwnCall { .. }) => Err(Cause::Busy),
        Some(State::WrapUp(_)) => Err(Cause::WrapUp),
        Some(State::NotReady(_)) => Err(Cause::NotReady),
        Some(State::Offered { .. }) => Err(Cause::Offered),
        Some(State::Offline) | None => Err(Cause::Offline),
    }
}
