//! What the oracle thinks of callers for whom several phones ring (`ring_all`).

use super::{Oracle, Waiting};
use crate::company::Strategy;
use crate::event::Event;
use crate::id::AgentId;
use crate::time::Timestamp;

impl Oracle {
    pub(super) fn offer_made(&mut self, event: &Event) {
        let Event::OfferMade {
            entry,
            offer,
            agent,
            ..
        } = event
        else {
            return;
        };
        let caller = self.waiting.get_mut(entry).unwrap();
        assert!(caller.ringing.insert(*offer, *agent).is_none());
        assert!(self.offers.insert(*offer, *entry).is_none());
    }

    fn rings_all(&self, waiting: &Waiting) -> bool {
        let rules = self.company.queues.get(&waiting.queue);
        rules.is_some_and(|rules| rules.strategy == Strategy::RingAll)
    }

    /// Whether somebody more may ring for this caller.
    pub(super) fn looks(&self, waiting: &Waiting) -> bool {
        match waiting.ringing.len() {
            0 => true,
            1..20 => self.rings_all(waiting),
            _ => false,
        }
    }

    /// Nobody joins those who ring from further out than the innermost of them.
    pub(super) fn is_near(&self, agent: AgentId, waiting: &Waiting, now: Timestamp) -> bool {
        let held = waiting.hold.is_some_and(|(_, until)| now < until);
        let fit = |who: &&AgentId| {
            self.company.agents.contains_key(who) && self.unfit(**who, waiting).is_none()
        };
        let ringing = waiting.ringing.values().filter(fit);
        let tiers = ringing.map(|who| self.tier(*who, waiting));
        held || tiers
            .min()
            .is_none_or(|innermost| self.tier(agent, waiting) <= innermost)
    }

    /// After each step: whoever rings does so for one who waits, at different agents, and where all are to ring nobody
    /// who may is left out.
    pub(super) fn it_rings_rightly(&self, now: Timestamp) {
        assert!(self.won.is_empty(), "I2: answered and still there");
        for (offer, entry) in &self.offers {
            let caller = self.waiting.get(entry);
            let rings = caller.is_some_and(|caller| caller.ringing.contains_key(offer));
            assert!(rings, "I2: {offer} rings for nobody");
        }
        for (entry, waiting) in &self.waiting {
            let mut agents: Vec<_> = waiting.ringing.values().collect();
            agents.sort();
            agents.dedup();
            assert_eq!(
                agents.len(),
                waiting.ringing.len(),
                "I1: twice at one phone"
            );
            if !self.rings_all(waiting) || !self.looks(waiting) {
                continue;
            }
            for agent in self.company.agents.keys() {
                let left_out = self.verdict(*agent, waiting, now).is_none();
                assert!(!left_out, "I4: {agent} could ring for {entry}");
            }
        }
    }
}
