//! Callers as the classes know them.
//!
//! **Owns**: in which class each caller waits, and when classes of callers are made and forgotten. **Must not know**:
//! agents beyond who is able to serve whom.

use super::abilities::Staff;
use super::{CallerSlot, Classed, Kind, Number};
use crate::classes::{CallerKey, Edge, Profile, Signature};
use crate::company::Strategy;
use crate::distributor::entry::{Entry, World};
use crate::distributor::select::eligible::Cause;
use crate::id::QueueEntryId;
use crate::requirement::ANY_TIER;
use crate::time::Timestamp;

impl Classed {
    /// Holds that ended by now.
    pub(in crate::distributor) fn holds_ended(&mut self, world: &World) {
        while let Some((until, id)) = self.held.first().copied()
            && until <= world.now
        {
            self.held.pop_first();
            self.caller_touched(world, id);
        }
    }

    /// A caller came, changed or is gone.
    pub(in crate::distributor) fn caller_touched(&mut self, world: &World, id: QueueEntryId) {
        let place = self.places.get(&id).copied();
        let Some(entry) = world.entries.get(&id) else {
            if let Some(place) = place {
                self.caller_gone(place, id);
            }
            return;
        };
        let staff_ids = std::mem::take(&mut self.ids);
        let staff = Staff {
            company: &world.company,
            ids: &staff_ids,
            now: world.now,
        };
        let place = place.unwrap_or_else(|| self.caller_came(id, entry, staff));
        self.take_out(place);
        self.renew_last(place, entry, staff);
        if world.looks_for_agents(entry) {
            self.put_in(place, entry, staff, world.ring_tier(entry));
            let rings_at = world.ringing_agents(entry);
            let rings_at = rings_at.filter_map(|id| self.numbers.get(&id).copied());
            if let Some(slot) = self.callers.get_mut(place as usize) {
                slot.rings_at = rings_at.collect();
            }
        }
        self.ids = staff_ids;
    }

    fn caller_came(&mut self, id: QueueEntryId, entry: &Entry, staff: Staff<'_>) -> Number {
        let slot = CallerSlot {
            id,
            key: entry.key,
            last_ability: self.abilities.take_last_use(&entry.last_asks, staff),
            filed: None,
            held_until: None,
            refused: Vec::new(),
            rings_at: Vec::new(),
        };
        let place = self.free_callers.pop();
        let place = if let Some(place) = place {
            if let Some(free) = self.callers.get_mut(place as usize) {
                *free = slot;
            }
            place
        } else {
            self.callers.push(slot);
            self.callers.len() as Number - 1
        };
        self.places.insert(id, place);
        place
    }

    fn caller_gone(&mut self, place: Number, id: QueueEntryId) {
        self.take_out(place);
        if let Some(last) = self
            .callers
            .get(place as usize)
            .map(|slot| slot.last_ability)
        {
            let unused = self.abilities.drop_last_use(last);
            self.forget_ability(unused);
        }
        self.places.remove(&id);
        self.free_callers.push(place);
    }

    /// What is asked for in the end changes with the company only.
    fn renew_last(&mut self, place: Number, entry: &Entry, staff: Staff<'_>) {
        let Some(slot) = self.callers.get(place as usize) else {
            return;
        };
        let old = slot.last_ability;
        if self
            .abilities
            .get(old)
            .is_some_and(|ability| ability.asks == entry.last_asks)
        {
            return;
        }
        let new = self.abilities.take_last_use(&entry.last_asks, staff);
        if let Some(slot) = self.callers.get_mut(place as usize) {
            slot.last_ability = new;
        }
        let unused = self.abilities.drop_last_use(old);
        self.forget_ability(unused);
    }

    /// Out of the class, if in one.
    fn take_out(&mut self, place: Number) {
        let Some(slot) = self.callers.get_mut(place as usize) else {
            return;
        };
        let Some((signature, key)) = slot.filed.take() else {
            return;
        };
        for (agent, _) in slot.refused.drain(..) {
            if let Some(refused) = self.refusals.get_mut(agent as usize) {
                refused.retain(|other| *other != place);
            }
        }
        if let Some(until) = slot.held_until.take() {
            self.held.remove(&(until, slot.id));
        }
        self.filed -= 1;
        self.classes.caller_leaves(signature, place, key);
        let Some(kind) = self.kind(signature) else {
            return;
        };
        if let Some(held_for) = kind.held_for {
            self.count_held(kind.ability, held_for, false);
            if self.classes.waiting(signature) == 0 {
                self.forget_signature(signature);
            }
        }
        let unused = self.abilities.drop_use(kind.ability);
        self.forget_ability(unused);
    }

    fn put_in(&mut self, place: Number, entry: &Entry, staff: Staff<'_>, max_tier: u8) {
        let queue = staff.company.queues.get(&entry.queue);
        let strategy = queue.map_or(Strategy::LongestIdle, |queue| queue.strategy);
        let hold = entry.hold.filter(|(_, until)| staff.now < *until);
        let kind = Kind {
            ability: self.abilities.take_use(&entry.asks, staff),
            strategy,
            named: match strategy {
                Strategy::MostSkilled => self.number_of_names(&entry.named),
                _ => 0,
            },
            promoted: entry.promoted,
            // Somebody who is no agent of the company any more is waited for in vain, all the same.
            held_for: hold.map(|(id, _)| self.numbers.get(&id).copied().unwrap_or(Number::MAX)),
            max_tier,
        };
        let signature = match self.kinds.get(&kind) {
            Some(known) => *known,
            None => self.new_signature(kind, staff),
        };
        let key = CallerKey::new(entry.key.class, entry.key.v.millis(), entry.key.seq);
        self.classes.caller_waits(signature, place, key);
        self.filed += 1;
        if let (Some((_, until)), Some(held_for)) = (hold, kind.held_for) {
            self.count_held(kind.ability, held_for, true);
            if let Some(slot) = self.callers.get(place as usize) {
                self.held.insert((until, slot.id));
            }
        }
        let refused = entry.refused.iter();
        let refused = refused.filter_map(|(id, until)| Some((*self.numbers.get(id)?, *until)));
        let refused: Vec<(Number, Timestamp)> = refused.collect();
        for (agent, _) in &refused {
            if let Some(callers) = self.refusals.get_mut(*agent as usize) {
                callers.push(place);
            }
        }
        if let Some(slot) = self.callers.get_mut(place as usize) {
            slot.key = entry.key;
            slot.filed = Some((signature, key));
            slot.held_until = hold.map(|(_, until)| until);
            slot.refused = refused;
        }
    }

    fn count_held(&mut self, ability: Number, agent: Number, more: bool) {
        let held = self.held_by_ability.entry(ability).or_default();
        let mine = held.by_agent.entry(agent).or_default();
        if more {
            (held.all, *mine) = (held.all + 1, *mine + 1);
            return;
        }
        (held.all, *mine) = (held.all - 1, *mine - 1);
        if *mine == 0 {
            held.by_agent.remove(&agent);
        }
        if held.all == 0 {
            self.held_by_ability.remove(&ability);
        }
    }

    pub(super) fn kind(&self, signature: Signature) -> Option<Kind> {
        *self.signatures.get(signature.number() as usize)?
    }

    fn number_of_names(&mut self, names: &[String]) -> Number {
        let known = self.named.iter().position(|known| known == names);
        known.unwrap_or_else(|| {
            self.named.push(names.to_vec());
            self.named.len() - 1
        }) as Number
    }

    fn new_signature(&mut self, kind: Kind, staff: Staff<'_>) -> Signature {
        let signature = self.classes.signature(self.order_of(kind.strategy));
        let number = signature.number();
        if self.signatures.len() <= number as usize {
            self.signatures.resize(number as usize + 1, None);
        }
        if let Some(slot) = self.signatures.get_mut(number as usize) {
            *slot = Some(kind);
        }
        self.kinds.insert(kind, signature);
        let ability = self.abilities.get(kind.ability);
        let outer = ability.map(|ability| ability.beyond(kind.max_tier).collect());
        let outer: Vec<Number> = outer.unwrap_or_default();
        self.keep_away(number, &outer);
        let Some(ability) = self.abilities.get(kind.ability) else {
            return signature;
        };
        let is_meant = |agent: Number| kind.held_for.is_none_or(|held_for| held_for == agent);
        let is_asked = |agent: Number| is_meant(agent) && !outer.contains(&agent);
        for (agent, fit) in ability.fits.iter().filter(|(agent, _)| is_asked(*agent)) {
            let edge = Edge {
                tier: fit.tier,
                skilled: self.skilled(kind, *agent, staff),
                preference: if kind.promoted { 0 } else { fit.preference },
            };
            self.classes.join(signature, Profile::of(*agent), edge);
        }
        if kind.held_for.is_some() {
            return signature;
        }
        for (agent, cause) in &ability.unable {
            if let Some(near) = self.near.get_mut(*agent as usize) {
                near.add(*cause, number);
            }
        }
        let place = kind.ability as usize;
        if self.by_ability.len() <= place {
            self.by_ability.resize(place + 1, Vec::new());
        }
        if let Some(signatures) = self.by_ability.get_mut(place) {
            signatures.push(signature);
        }
        signature
    }

    /// Agents of an outer tier than what rings: for them it counts as out of reach by the tier.
    fn keep_away(&mut self, signature: Number, outer: &[Number]) {
        if outer.is_empty() {
            return;
        }
        let tier = self.abilities.cause_number(Cause::Tier.name());
        for agent in outer {
            if let Some(near) = self.near.get_mut(*agent as usize) {
                near.add(tier, signature);
            }
        }
    }

    /// What `most_skilled` says of an agent: the smaller, the more.
    fn skilled(&self, kind: Kind, agent: Number, staff: Staff<'_>) -> u16 {
        let id = staff.ids.get(agent as usize);
        let Some(agent) = id.and_then(|id| staff.company.agents.get(id)) else {
            return 0;
        };
        let named = self.named.get(kind.named as usize);
        let named = named.filter(|_| kind.strategy == Strategy::MostSkilled);
        let levels = named.map(|named| named.iter().filter_map(|skill| agent.skills.get(skill)));
        levels.map_or(0, |levels| {
            levels.fold(u16::MAX, |rest, level| {
                rest.saturating_sub(u16::from(*level))
            })
        })
    }

    fn forget_ability(&mut self, ability: Option<Number>) {
        let Some(number) = ability else {
            return;
        };
        let signatures = self.by_ability.get_mut(number as usize);
        for signature in signatures.map(std::mem::take).unwrap_or_default() {
            if let Some(ability) = self.abilities.get(number) {
                let max_tier = self.kind(signature).map_or(ANY_TIER, |kind| kind.max_tier);
                let unable = ability.unable.iter().map(|(agent, _)| *agent);
                for agent in unable.chain(ability.beyond(max_tier)) {
                    if let Some(near) = self.near.get_mut(agent as usize) {
                        near.remove(signature.number());
                    }
                }
            }
            self.forget_signature(signature);
        }
        self.abilities.forget(number);
    }

    fn forget_signature(&mut self, signature: Signature) {
        let slot = self.signatures.get_mut(signature.number() as usize);
        if let Some(kind) = slot.and_then(Option::take) {
            self.kinds.remove(&kind);
        }
        self.classes.forget(signature);
    }
}
