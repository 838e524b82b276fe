//! Offers: one caller rings at one agent, under a number that is never used again. With `ring_all` a caller has several.
//!
//! **Owns**: how an offer begins and each way it ends, for both sides. **Must not**: choose (`select/` does) or
//! know what a miss does to the agent (`miss.rs` does).

use super::Distributor;
use super::agent::{Clock, State};
use super::entry::Offer;
#[cfg(test)]
use super::planted::Planted;
use super::port::Output;
use super::select::Found;
use crate::decision::{Decision, DecisionKind};
use crate::event::Event;
use crate::id::{OfferId, QueueEntryId};
use crate::outcome::{EntryOutcome, OfferOutcome};
use std::time::Duration;

/// A call that reports nothing is taken for a missed one this long after the ringing should have ended.
const REPORT_GRACE: Duration = Duration::from_secs(2);

impl Distributor {
    /// Reserves both sides, logs why, and asks for the ringing.
    pub(super) fn make_offer(&mut self, found: Found, kind: DecisionKind) {
        let (agent, entry_id) = (found.chosen.agent, found.chosen.entry);
        let step = self.next_step();
        self.counters.offer += 1;
        let id = OfferId {
            epoch: self.counters.epoch,
            seq: self.counters.offer,
        };
        let now = self.world.now;
        let Some(entry) = self.world.entries.get_mut(&entry_id) else {
            return;
        };
        let beside = entry.offers.len();
        entry.offers.push(id);
        let (interaction, queue, key) = (entry.interaction, entry.queue, entry.key);
        let decision = Decision {
            offer: id,
            kind,
            at: now,
            interaction,
            entry: entry_id,
            queue,
            requirement: entry.requirement(),
            step: entry.step,
            asks: entry.told_asks(),
            beside,
            v: entry.key.v,
            chosen: found.chosen,
            candidates: found.next,
            removed: found.removed,
            tie_break: found.tie_break,
        };
        let rules = self.world.company.queues.get(&queue);
        let ring_timeout = rules.map_or(Duration::ZERO, |queue| queue.ring_timeout);
        let offer = Offer {
            key,
            by_agent: kind == DecisionKind::Ready,
            entry: entry_id,
            interaction,
            agent,
            queue,
            expires: now + ring_timeout + REPORT_GRACE,
            step,
        };
        self.world.offers.insert(id, offer);
        self.log(Event::Decided {
            decision: Box::new(decision),
        });
        self.log(Event::OfferMade {
            interaction,
            entry: entry_id,
            offer: id,
            agent,
            queue,
        });
        let state = State::Offered {
            offer: id,
            interaction,
        };
        self.enter(agent, state, Clock::Keep);
        self.say(Output::Offer {
            interaction,
            entry: entry_id,
            offer: id,
            agent,
            queue,
            ring_timeout,
        });
    }

    /// The agent answered. Whatever is not the open offer is void and changes nothing (I8).
    pub(super) fn offer_answered(&mut self, id: OfferId) {
        #[cfg(test)]
        let id = match self.world.offers.keys().next() {
            Some(first) if self.world.has(Planted::AnswerWithoutNumber) => *first,
            _ => id,
        };
        let Some(offer) = self.close_offer(id, OfferOutcome::Accepted) else {
            self.say(Output::OfferVoid { offer: id });
            return;
        };
        let losers = self.losers(offer.entry);
        self.world.entries.remove(&offer.entry);
        self.entry_gone(&offer.queue);
        self.log(Event::QueueLeft {
            interaction: offer.interaction,
            entry: offer.entry,
            queue: offer.queue,
            outcome: EntryOutcome::Answered,
            agent: Some(offer.agent),
            refusal: None,
            closure: None,
        });
        if let Some(record) = self.world.agents.get_mut(&offer.agent) {
            record.misses = 0;
        }
        let state = State::Serving {
            interaction: offer.interaction,
            queue: offer.queue,
        };
        self.enter(offer.agent, state, Clock::Keep);
        self.say(Output::Accepted {
            interaction: offer.interaction,
            entry: offer.entry,
            offer: id,
            agent: offer.agent,
        });
        for (id, loser) in losers {
            self.let_go(id, &loser, OfferOutcome::Revoked);
        }
    }

    /// One has won: the other offers of that caller are over.
    fn losers(&mut self, entry: QueueEntryId) -> Vec<(OfferId, Offer)> {
        #[cfg(test)]
        if self.world.has(Planted::LosersRingOn) {
            return Vec::new();
        }
        let entry = self.world.entries.get(&entry);
        let open = entry.map(|entry| entry.offers.clone());
        let over = open.into_iter().flatten().filter_map(|id| {
            let offer = self.close_offer(id, OfferOutcome::Revoked)?;
            Some((id, offer))
        });
        over.collect()
    }

    /// The call reports that the phone did not take it.
    pub(super) fn offer_failed(&mut self, id: OfferId, outcome: OfferOutcome) {
        match outcome {
            OfferOutcome::Declined | OfferOutcome::NoAnswer => {
                if let Some(offer) = self.close_offer(id, outcome) {
                    self.refused(&offer);
                }
            }
            OfferOutcome::Unreachable => {
                if let Some(offer) = self.close_offer(id, outcome) {
                    self.enter_device_lost(offer.agent, Clock::Keep);
                    self.caller_returns(offer.entry);
                }
            }
            // Only we end offers in these ways.
            OfferOutcome::Accepted | OfferOutcome::CallerLeft | OfferOutcome::Revoked => {}
        }
    }

    /// The call reported nothing in time.
    pub(super) fn offer_expired(&mut self, id: OfferId) {
        if let Some(offer) = self.close_offer(id, OfferOutcome::NoAnswer) {
            self.say_revoke(id, &offer, OfferOutcome::NoAnswer);
            self.refused(&offer);
        }
    }

    /// We take the offer back because of the agent. The caller returns; the agent's new state is up to the caller
    /// of this function.
    pub(super) fn revoke(&mut self, id: OfferId, outcome: OfferOutcome) {
        if let Some(offer) = self.close_offer(id, outcome) {
            self.say_revoke(id, &offer, outcome);
            self.caller_returns(offer.entry);
        }
    }

    /// The caller is gone while it rang: the agent is free.
    pub(super) fn release(&mut self, id: OfferId, outcome: OfferOutcome) {
        if let Some(offer) = self.close_offer(id, outcome) {
            self.let_go(id, &offer, outcome);
        }
    }

    /// The agent is ready again with the former idle clock, as if nothing had rung.
    fn let_go(&mut self, id: OfferId, offer: &Offer, outcome: OfferOutcome) {
        self.say_revoke(id, offer, outcome);
        #[cfg(test)]
        match self.world.planted {
            Some(Planted::AgentKept) => return,
            Some(Planted::IdleKeyLost) => {
                return self.enter_available(offer.agent, Clock::Restart);
            }
            _ => {}
        }
        self.enter_available(offer.agent, Clock::Keep);
    }

    fn refused(&mut self, offer: &Offer) {
        let until = self.world.now + self.world.company.settings.exclude_for;
        if let Some(entry) = self.world.entries.get_mut(&offer.entry) {
            entry.refused.insert(offer.agent, until);
        }
        self.agent_missed(offer.agent);
        self.caller_returns(offer.entry);
    }

    /// Back to its place: `V` is what it was (I7). Where it still rings at others it goes on doing so.
    fn caller_returns(&mut self, id: QueueEntryId) {
        let step = self.next_step();
        if let Some(entry) = self.world.entries.get_mut(&id) {
            entry.touched = step;
            // Whoever was waited for alone has had the chance.
            entry.hold = None;
            self.work.callers.insert(id, DecisionKind::Return);
        }
    }

    fn close_offer(&mut self, id: OfferId, outcome: OfferOutcome) -> Option<Offer> {
        let offer = self.world.offers.remove(&id)?;
        if let Some(entry) = self.world.entries.get_mut(&offer.entry) {
            entry.offers.retain(|open| *open != id);
        }
        self.log(Event::OfferEnded {
            interaction: offer.interaction,
            offer: id,
            agent: offer.agent,
            outcome,
        });
        Some(offer)
    }

    fn say_revoke(&mut self, id: OfferId, offer: &Offer, outcome: OfferOutcome) {
        self.say(Output::Revoke {
            interaction: offer.interaction,
            offer: id,
            agent: offer.agent,
            outcome,
        });
    }
}
