//! The one key that a queue's strategy puts between the tier and the idle clock.
//!
//! **Owns**: how it is worked out for an agent and a caller. **Must not**: order anybody.

use crate::company::Strategy;
use crate::decision::{StrategyKey, TieBreak};
use crate::distributor::entry::{Entry, World};
use crate::id::AgentId;
use std::cmp::Reverse;

/// None for the longest idle, which has the idle clock alone.
pub(in crate::distributor) fn key_of(
    world: &World,
    agent: AgentId,
    entry: &Entry,
) -> Option<StrategyKey> {
    let strategy = world.company.queues.get(&entry.queue)?.strategy;
    let load = &world.agents.get(&agent)?.load;
    match strategy {
        Strategy::LongestIdle => None,
        Strategy::MostSkilled => {
            let held = &world.company.agents.get(&agent)?.skills;
            let levels = entry.named.iter().filter_map(|skill| held.get(skill));
            let sum = levels.map(|level| u32::from(*level)).sum();
            Some(StrategyKey::MostSkilled(Reverse(sum)))
        }
        Strategy::LeastOccupied => Some(StrategyKey::LeastOccupied(load.occupancy)),
        Strategy::FewestCalls => Some(StrategyKey::FewestCalls(load.calls)),
        Strategy::RingAll => Some(StrategyKey::RingAll(entry.offers.len() as u32)),
    }
}

/// What a decision says when this key decided.
pub(super) const fn tie_break_of(key: StrategyKey) -> TieBreak {
    match key {
        StrategyKey::MostSkilled(_) => TieBreak::MostSkilled,
        StrategyKey::LeastOccupied(_) => TieBreak::LeastOccupied,
        StrategyKey::FewestCalls(_) => TieBreak::FewestCalls,
        // Never: it is the same for everybody.
        StrategyKey::RingAll(_) => TieBreak::LongestIdle,
    }
}
