//! `ring_all`: a caller rings at several agents at once, and the first who answers has the caller.
//!
//! **Owns**: who may be asked beside those who ring already: room, tier, exclusion, and when an exclusion ends while it
//! rings. **Must not**: choose anybody, or make and end offers (`offer.rs` does).
//!
//! A caller who rings and has room looks for agents like one who waits, so whoever becomes free joins the ringing in the
//! caller's turn.

use super::Distributor;
use super::entry::{Entry, World};
use super::select::eligible::can_serve;
use crate::company::{RING_ALL_MAX, Strategy};
use crate::decision::DecisionKind;
use crate::id::{AgentId, QueueEntryId};
use crate::requirement::ANY_TIER;
use crate::time::Timestamp;

impl World {
    /// Rings nowhere; or rings at all, and there is room for one more.
    pub(super) fn looks_for_agents(&self, entry: &Entry) -> bool {
        entry.offers.is_empty() || (entry.offers.len() < RING_ALL_MAX && self.rings_all(entry))
    }

    /// Whether the caller's own queue rings at all at once.
    pub(super) fn rings_all(&self, entry: &Entry) -> bool {
        let queue = self.company.queues.get(&entry.queue);
        queue.is_some_and(|queue| queue.strategy == Strategy::RingAll)
    }

    /// The agents at whose phones it rings for this caller.
    pub(super) fn ringing_agents(&self, entry: &Entry) -> impl Iterator<Item = AgentId> {
        let offers = entry.offers.iter().filter_map(|id| self.offers.get(id));
        offers.map(|offer| offer.agent)
    }

    /// Up to this tier agents are asked now: the innermost of those who ring. One who waits for one agent alone has no
    /// tier to stay in.
    pub(super) fn ring_tier(&self, entry: &Entry) -> u8 {
        if entry.hold.is_some_and(|(_, until)| self.now < until) {
            return ANY_TIER;
        }
        let tiers = self.ringing_agents(entry).filter_map(|id| {
            let agent = self.company.agents.get(&id)?;
            Some(can_serve(agent, &entry.asks, self.now).ok()?.tier)
        });
        tiers.min().unwrap_or(ANY_TIER)
    }

    /// Whether it rings at somebody who has not refused this caller lately: then nobody needs to be asked again.
    pub(super) fn rings_at_another(&self, entry: &Entry) -> bool {
        let mut ringing = self.ringing_agents(entry);
        ringing.any(|agent| !entry.refused_by(agent, self.now))
    }

    /// When the next exclusion ends of one who rings and looks for more. One who rings nowhere needs no such moment:
    /// the exclusion is lifted as soon as nobody else is there.
    pub(super) fn exclusion_end(&self, entry: &Entry) -> Option<Timestamp> {
        let first = entry.refused.values().min()?;
        let joins = !entry.offers.is_empty() && self.looks_for_agents(entry);
        joins.then_some(*first)
    }
}

impl Distributor {
    /// The moment at which the next exclusion ends, of ringing callers with whom something is due.
    pub(super) fn next_exclusion_end(&mut self) -> Option<Timestamp> {
        let due = self.due_callers();
        let entries = due.iter().filter_map(|id| self.world.entries.get(id));
        let ends = entries.filter_map(|entry| self.world.exclusion_end(entry));
        ends.min()
    }

    /// Exclusions that end by `at`: those callers may ring at one more, in their order.
    pub(super) fn exclusions_over(&mut self, at: Timestamp) {
        let mut callers: Vec<QueueEntryId> = self.due_callers().into_iter().collect();
        callers.retain(|id| {
            let entry = self.world.entries.get(id);
            let end = entry.and_then(|entry| self.world.exclusion_end(entry));
            end.is_some_and(|end| end <= at)
        });
        let step = self.next_step();
        for id in callers {
            if let Some(entry) = self.world.entries.get_mut(&id) {
                entry.refused.retain(|_, until| at < *until);
                entry.touched = step;
                self.work.callers.insert(id, DecisionKind::Relax);
            }
        }
    }
}
