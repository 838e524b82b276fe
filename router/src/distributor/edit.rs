//! The company file changed: edits reach waiting callers at once and agents at their next transition.
//!
//! **Owns**: what an edit does to everybody. **Must not**: touch `V`, class or idle clocks.

use super::Distributor;
use super::agent::{AgentRecord, Clock, State};
use crate::agent::Wanted;
use crate::company::RoutingCompany;
use crate::id::{AgentId, QueueEntryId};
use crate::outcome::{EntryOutcome, OfferOutcome, Refusal};
use std::sync::Arc;

impl Distributor {
    /// Replaces the company. Open offers to agents who stay go on ringing, whatever else changed.
    pub(super) fn configure(&mut self, company: RoutingCompany) {
        self.world.company = Arc::new(company);
        self.world.edition += 1;
        self.admit_new_agents();
        self.send_off_agents();
        self.close_queues();
        self.forget_closures();
        self.renew_requirements();
        self.world.licences_until = self.world.now;
        self.renew_holds();
        self.counters.configured = self.next_step();
        self.work.census = true;
        self.work.everybody = true;
    }

    fn admit_new_agents(&mut self) {
        let (now, step) = (self.world.now, self.next_step());
        for id in self.world.company.agents.keys() {
            // A step of its own: no stored state is waiting for an agent who has just been hired.
            let hired = || AgentRecord {
                touched: step,
                ..AgentRecord::offline(now)
            };
            self.world.agents.entry(*id).or_insert_with(hired);
        }
    }

    /// An agent who is no longer in the company goes offline: at once, or after the call and its work.
    fn send_off_agents(&mut self) {
        let known = &self.world.company.agents;
        let gone: Vec<AgentId> = self
            .world
            .agents
            .keys()
            .filter(|id| !known.contains_key(id))
            .copied()
            .collect();
        for id in gone {
            let Some(record) = self.world.agents.get_mut(&id) else {
                continue;
            };
            match record.state {
                State::Serving { .. } | State::OwnCall { .. } | State::WrapUp(_) => {
                    record.next = Some(Wanted::Offline);
                }
                State::Offered { offer, .. } => {
                    self.revoke(offer, OfferOutcome::Revoked);
                    self.enter(id, State::Offline, Clock::Keep);
                }
                State::Available | State::NotReady(_) => {
                    self.enter(id, State::Offline, Clock::Keep);
                }
                State::Offline => {
                    self.world.agents.remove(&id);
                }
            }
        }
    }

    /// Callers of a queue that is gone take its `closed` exit.
    fn close_queues(&mut self) {
        let known = &self.world.company.queues;
        let stranded: Vec<QueueEntryId> = self
            .world
            .entries
            .iter()
            .filter(|(_, entry)| !known.contains_key(&entry.queue))
            .map(|(id, _)| *id)
            .collect();
        for id in stranded {
            self.end_entry(id, EntryOutcome::Refused, Some(Refusal::Closed));
        }
    }

    fn renew_requirements(&mut self) {
        let step = self.next_step();
        let now = self.world.now;
        for entry in self.world.entries.values_mut() {
            let waited = now.since(entry.enqueued_at);
            let Some(rules) = entry.rules(&self.world.company) else {
                continue;
            };
            // Steps that were due count as taken; their head start does not: an edit moves nobody in the line.
            entry.step = rules.steps_after(waited);
            entry.touched = step;
            entry.renew(&self.world.company);
        }
    }
}
