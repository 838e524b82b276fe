//! The answers: the best, the next nine, and how many were left out for which cause.
//!
//! **Owns**: what a decision tells. **Must not**: change anything.

use super::agents::Kept;
use super::{CallerSlot, Classed, Kind, Number};
use crate::classes::bits::is_in;
use crate::classes::{Profile, RankedAgent, Signature};
use crate::company::Strategy;
use crate::decision::{Candidate, Keys, StrategyKey};
use crate::distributor::entry::World;
use crate::distributor::select::eligible::Cause;
use crate::distributor::select::{Found, NEXT_STORED};
use crate::id::{AgentId, QueueEntryId};
use crate::time::Timestamp;
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// The chosen one and the next.
const TOLD: usize = NEXT_STORED + 1;

impl Classed {
    pub(super) fn best_agent(&self, now: Timestamp, id: QueueEntryId) -> Option<Found> {
        let slot = self.callers.get(*self.places.get(&id)? as usize)?;
        let (signature, _) = slot.filed?;
        let kind = self.kind(signature)?;
        let excluded = self.excluded_agents(slot, signature, now);
        let found = self
            .classes
            .agents_for(signature, TOLD, |agent| !excluded.contains(&agent));
        if found.is_empty() {
            return None;
        }
        let candidates = found.iter().filter_map(|ranked| {
            Some(Candidate {
                agent: *self.ids.get(ranked.agent as usize)?,
                entry: id,
                keys: self.agent_keys(slot, kind, ranked)?,
            })
        });
        Found::of(candidates, self.agents_removed(kind, &excluded))
    }

    fn agent_keys(&self, caller: &CallerSlot, kind: Kind, ranked: &RankedAgent) -> Option<Keys> {
        let slot = self.agents.get(ranked.agent as usize)?;
        let strategy = match kind.strategy {
            Strategy::LongestIdle => None,
            Strategy::MostSkilled => Some(StrategyKey::MostSkilled(Reverse(u32::from(
                u16::MAX - ranked.skilled,
            )))),
            Strategy::LeastOccupied => Some(StrategyKey::LeastOccupied(slot.occupancy)),
            Strategy::FewestCalls => Some(StrategyKey::FewestCalls(slot.calls)),
            Strategy::RingAll => Some(StrategyKey::RingAll(caller.rings_at.len() as u32)),
        };
        Some(Keys::Agent {
            tier: ranked.tier,
            strategy,
            idle_since: slot.idle.since,
            ready_seq: slot.idle.ready_seq,
        })
    }

    /// Those who refused this caller, while somebody who did not would do or rings.
    fn excluded_agents(
        &self,
        slot: &CallerSlot,
        signature: Signature,
        now: Timestamp,
    ) -> Vec<Number> {
        let refused = slot.refused.iter().filter(|(_, until)| now < *until);
        let refused: Vec<Number> = refused.map(|(agent, _)| *agent).collect();
        let others = |agent: Number| !refused.contains(&agent);
        if refused.is_empty() {
            return refused;
        }
        let rings_at_another = slot.rings_at.iter().copied().any(others);
        if rings_at_another || self.classes.agent_among(signature, others).is_some() {
            return refused;
        }
        Vec::new()
    }

    fn agents_removed(&self, kind: Kind, excluded: &[Number]) -> BTreeMap<String, u32> {
        let mut removed = BTreeMap::new();
        let Some(ability) = self.abilities.get(kind.ability) else {
            return removed;
        };
        for (cause, count) in &ability.causes {
            removed.insert(self.abilities.cause_name(*cause).to_owned(), *count);
        }
        let outer: Vec<Number> = ability.beyond(kind.max_tier).collect();
        if !outer.is_empty() {
            *removed.entry(Cause::Tier.name()).or_default() += outer.len() as u32;
        }
        let is_able = |agent: &Number| is_in(&ability.able, *agent) && !outer.contains(agent);
        let excluded: Vec<Number> = excluded.iter().copied().filter(is_able).collect();
        tell(&mut removed, &Cause::Excluded, excluded.len() as u32);
        if let Some(held_for) = kind.held_for {
            let others = ability.fits.len() - excluded.len();
            let meant = is_able(&held_for) && !excluded.contains(&held_for);
            tell(&mut removed, &Cause::Held, others as u32 - u32::from(meant));
            return removed;
        }
        for kept in Kept::ALL {
            let bits = self.states.those(kept);
            let twice = excluded.iter().chain(&outer);
            let twice = twice.filter(|agent| bits.has(**agent)).count();
            let count = bits.count(&ability.able) - twice as u32;
            tell(&mut removed, &cause_of(kept), count);
        }
        removed
    }

    pub(super) fn best_caller(&self, world: &World, id: AgentId) -> Option<Found> {
        let number = *self.numbers.get(&id)?;
        if !world.is_available(id) {
            return None;
        }
        let profile = Profile::of(number);
        let excluded = self.excluded_callers(number, world.now);
        let may = |caller: Number| !excluded.contains(&caller);
        let found = self.classes.callers_for(profile, TOLD, may);
        if found.is_empty() {
            return None;
        }
        let candidates = found.into_iter().filter_map(|(preference, place)| {
            let slot = self.callers.get(place as usize)?;
            Some(Candidate {
                agent: id,
                entry: slot.id,
                keys: Keys::Caller {
                    class: slot.key.class,
                    preference,
                    v: slot.key.v,
                    seq: slot.key.seq,
                },
            })
        });
        let ringing = world.entries.len() as u32 - self.filed;
        Found::of(
            candidates,
            self.callers_removed(number, ringing, excluded.len() as u32),
        )
    }

    /// Every caller whom this agent may be given when so many agents are free at once: the first of those who did not refuse,
    /// and all who were refused.
    pub(in crate::distributor) fn callers_near(
        &self,
        id: AgentId,
        agents: usize,
    ) -> impl Iterator<Item = QueueEntryId> + '_ {
        let number = self.numbers.get(&id).copied();
        let refused = number.and_then(|number| self.refusals.get(number as usize));
        let refused = refused.cloned().unwrap_or_default();
        let may = |caller: Number| !refused.contains(&caller);
        let first = number.map(|number| {
            let profile = Profile::of(number);
            self.classes.first_callers(profile, agents, may)
        });
        let near: Vec<Number> = first.into_iter().flatten().chain(refused).collect();
        let slots = near
            .into_iter()
            .filter_map(|place| self.callers.get(place as usize));
        slots.map(|slot| slot.id)
    }

    /// Callers whom this agent serves and refused, and for whom somebody else would do.
    fn excluded_callers(&self, agent: Number, now: Timestamp) -> Vec<Number> {
        let refused = self.refusals.get(agent as usize);
        let refused = refused.into_iter().flatten().copied();
        let is_excluded = |place: &Number| {
            let slot = self.callers.get(*place as usize);
            let filed = slot.and_then(|slot| Some((slot, slot.filed?.0)));
            filed.is_some_and(|(slot, signature)| {
                self.is_joined(signature, agent)
                    && self.excluded_agents(slot, signature, now).contains(&agent)
            })
        };
        refused.filter(is_excluded).collect()
    }

    fn is_joined(&self, signature: Signature, agent: Number) -> bool {
        let Some(kind) = self.kind(signature) else {
            return false;
        };
        let ability = self.abilities.get(kind.ability);
        kind.held_for.is_none_or(|held_for| held_for == agent)
            && ability.is_some_and(|ability| ability.is_within(agent, kind.max_tier))
    }

    fn callers_removed(&self, agent: Number, ringing: u32, excluded: u32) -> BTreeMap<String, u32> {
        let mut counts: Vec<(Number, u32)> = Vec::new();
        let near = self.near.get(agent as usize);
        let mut told = self.classes.waiting_for(Profile::of(agent));
        for (cause, signatures) in near.into_iter().flat_map(|near| near.groups()) {
            let waiting = self.classes.waiting_in(signatures);
            told += waiting;
            counts.push((cause, waiting));
        }
        let mut held = 0;
        for (number, waiting) in &self.held_by_ability {
            let Some(ability) = self.abilities.get(*number) else {
                continue;
            };
            if is_in(&ability.able, agent) {
                let mine = waiting.by_agent.get(&agent).copied().unwrap_or(0);
                held += waiting.all - mine;
                told += waiting.all - mine;
            } else if let Some(cause) = ability.cause(agent) {
                told += waiting.all;
                counts.push((cause, waiting.all));
            }
        }
        counts.push((0, self.filed - told));
        let mut removed = BTreeMap::new();
        for (cause, count) in counts.into_iter().filter(|(_, count)| *count > 0) {
            let name = self.abilities.cause_name(cause);
            if let Some(known) = removed.get_mut(name) {
                *known += count;
            } else {
                removed.insert(name.to_owned(), count);
            }
        }
        tell(&mut removed, &Cause::Held, held);
        tell(&mut removed, &Cause::Offered, ringing);
        tell(&mut removed, &Cause::Excluded, excluded);
        removed
    }
}

fn tell(removed: &mut BTreeMap<String, u32>, cause: &Cause, count: u32) {
    if count > 0 {
        removed.insert(cause.name(), count);
    }
}

const fn cause_of(kept: Kept) -> Cause {
    match kept {
        Kept::Busy => Cause::Busy,
        Kept::WrapUp => Cause::WrapUp,
        Kept::NotReady => Cause::NotReady,
        Kept::Offline => Cause::Offline,
        Kept::Offered => Cause::Offered,
    }
}
