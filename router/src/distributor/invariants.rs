//! The invariants of `docs/routing-rules.md`, as far as one moment's state shows them.
//!
//! **Owns**: [`Distributor::check_invariants`]. It asks the same predicate of eligibility as selection does but none
//! of selection's ordering. **Must not**: change anything.
//!
//! Order (I5, I6) is a matter of the moment of the decision. Each offer, and the last change of each agent and
//! caller, carries a step number; so whoever stood there unchanged when an offer was made can still be told.

use super::Distributor;
use super::agent::State;
use super::entry::{Entry, Offer};
use super::select::eligible::{Terms, can_serve, eligible};
use super::select::strategy::key_of;
use crate::closure::WhileClosed;
use crate::company::RING_ALL_MAX;
use crate::id::{AgentId, OfferId, QueueEntryId};
use std::collections::BTreeSet;

impl Distributor {
    /// Checks I1 to I7 and I13 in the present state. Runs after every `handle` in debug builds; costs time in
    /// proportion to agents times callers.
    ///
    /// # Errors
    /// The first one that is broken, in words for whoever debugs it.
    pub fn check_invariants(&self) -> Result<(), String> {
        for (id, offer) in &self.world.offers {
            self.check_offer(*id, offer)?;
        }
        self.check_agents()?;
        self.check_entries()?;
        self.check_work_conservation()?;
        for (id, offer) in &self.world.offers {
            if offer.step > self.counters.configured {
                self.check_order(*id, offer)?;
            }
        }
        Ok(())
    }

    /// I1, I2: an offer, its agent and its caller point at each other.
    fn check_offer(&self, id: OfferId, offer: &Offer) -> Result<(), String> {
        let agent = self.world.agents.get(&offer.agent);
        if !agent
            .is_some_and(|agent| matches!(agent.state, State::Offered { offer, .. } if offer == id))
        {
            return Err(format!("I1: {} is not offered {id}", offer.agent));
        }
        let entry = self.world.entries.get(&offer.entry);
        if entry.is_none_or(|entry| !entry.offers.contains(&id)) {
            return Err(format!("I2: {} does not ring by {id}", offer.entry));
        }
        Ok(())
    }

    fn check_agents(&self) -> Result<(), String> {
        for (id, agent) in &self.world.agents {
            let known = self.world.company.agents.contains_key(id);
            match agent.state {
                State::Offered { offer, .. } if !self.world.offers.contains_key(&offer) => {
                    return Err(format!("I1: {id} holds {offer}, which is over"));
                }
                State::Available | State::Offered { .. } if !agent.registered => {
                    return Err(format!("{id} could ring without a phone"));
                }
                State::Serving { .. } | State::OwnCall { .. } | State::WrapUp(_) => {}
                _ if !known => return Err(format!("{id} is not of the company")),
                _ => {}
            }
        }
        Ok(())
    }

    /// I2, I3, I7: one place, one open offer, `V` as on arrival.
    fn check_entries(&self) -> Result<(), String> {
        let mut interactions = BTreeSet::new();
        for (id, entry) in &self.world.entries {
            self.check_ringing(*id, entry)?;
            if !interactions.insert(entry.interaction) {
                return Err(format!("I3: {} waits twice", entry.interaction));
            }
            if !self.world.company.queues.contains_key(&entry.queue) {
                return Err(format!("I3: {id} waits in a queue that is gone"));
            }
            let closure = self.closures.get(&entry.queue);
            if closure.is_some_and(|closure| closure.waiting == WhileClosed::End) {
                return Err(format!("{id} waits in a queue that is closed to all"));
            }
            if entry.key.v != entry.enqueued_at - entry.head_start {
                return Err(format!("I7: the V of {id} changed"));
            }
            if self.is_deserted(entry) {
                return Err(format!("I13: {id} waits where nobody could ever serve"));
            }
            let asked = &entry.last_asks;
            if self.can_be_met(asked) == self.unmeetable.contains(asked) {
                return Err(format!("I13: {id} is not told of rightly"));
            }
        }
        Ok(())
    }

    /// I2: every offer is the caller's own; several at once with `ring_all` alone, each at another agent (I1), and no
    /// more than there may be. Those that were made before an edit ring on whatever the strategy is now.
    fn check_ringing(&self, id: QueueEntryId, entry: &Entry) -> Result<(), String> {
        let offers = entry.offers.iter().map(|open| self.world.offers.get(open));
        let Some(offers) = offers.collect::<Option<Vec<&Offer>>>() else {
            return Err(format!("I2: {id} rings by an offer that is over"));
        };
        if offers.iter().any(|offer| offer.entry != id) {
            return Err(format!("I2: {id} rings by an offer that is not its own"));
        }
        let edited = self.counters.configured;
        let since_edited = offers.iter().any(|offer| offer.step > edited);
        let most = if self.world.rings_all(entry) || !since_edited {
            RING_ALL_MAX
        } else {
            1
        };
        if offers.len() > most {
            return Err(format!("I2: {id} rings at {}", offers.len()));
        }
        Ok(())
    }

    /// I4: nobody available and nobody waiting are eligible for each other, nor one who rings at all and has room.
    fn check_work_conservation(&self) -> Result<(), String> {
        for (entry_id, entry) in &self.world.entries {
            if !self.world.looks_for_agents(entry) {
                continue;
            }
            let terms = Terms::of(&self.world, entry);
            for (id, agent) in &self.world.company.agents {
                if eligible(&self.world, *id, agent, entry, terms).is_ok() {
                    return Err(format!("I4: {entry_id} waits while {id} is available"));
                }
            }
        }
        Ok(())
    }

    fn check_order(&self, id: OfferId, offer: &Offer) -> Result<(), String> {
        let (Some(entry), Some(agent)) = (
            self.world.entries.get(&offer.entry),
            self.world.company.agents.get(&offer.agent),
        ) else {
            return Ok(());
        };
        for (other_id, other) in &self.world.entries {
            let looked = *other_id != offer.entry && self.world.looks_for_agents(other);
            let stood_there = looked && other.touched < offer.step;
            if stood_there
                && self.comes_before(other, entry, offer)
                && !other.refused.contains_key(&offer.agent)
                && !other.is_held_from(offer.agent, self.world.now)
                && can_serve(agent, &other.asks, self.world.now)
                    .is_ok_and(|fit| fit.tier <= self.world.ring_tier(other))
            {
                return Err(format!("I6: {id} passed over {other_id}"));
            }
        }
        // What was asked for when this offer was made is known no more: a step of the ladder, or an edit, came since.
        if entry.touched > offer.step {
            return Ok(());
        }
        let chosen = self.idle_rank(offer.agent, entry);
        for other in self.world.company.agents.keys() {
            let stood_there = self.world.is_available(*other)
                && self
                    .world
                    .agents
                    .get(other)
                    .is_some_and(|record| record.touched < offer.step);
            let held = entry.is_held_from(*other, self.world.now);
            if stood_there && !held && !entry.refused.contains_key(other) {
                let rank = self.idle_rank(*other, entry);
                if rank.is_some() && rank < chosen {
                    return Err(format!("I5: {id} passed over {other}"));
                }
            }
        }
        Ok(())
    }

    /// By the keys of whoever chose: an agent's preference counts when the agent did.
    fn comes_before(&self, one: &Entry, other: &Entry, offer: &Offer) -> bool {
        let agent = self.world.company.agents.get(&offer.agent);
        let preference = |entry: &Entry| {
            let fit = agent.map(|agent| can_serve(agent, &entry.asks, self.world.now));
            match fit {
                Some(Ok(fit)) if offer.by_agent && !entry.promoted => fit.preference,
                _ => 0,
            }
        };
        // What came since, a step of the ladder or a supervisor's word, was not known when the offer was made.
        let other_key = (offer.key.class, preference(other), offer.key);
        (one.key.class, preference(one), one.key) < other_key
    }

    /// By tier, strategy and idle clock; none when the agent cannot serve the caller at all.
    fn idle_rank(&self, id: AgentId, entry: &Entry) -> Option<impl Ord + use<>> {
        let agent = self.world.company.agents.get(&id)?;
        let tier = can_serve(agent, &entry.asks, self.world.now).ok()?.tier;
        let strategy = key_of(&self.world, id, entry);
        Some((tier, strategy, self.world.agents.get(&id)?.idle, id))
    }
}
