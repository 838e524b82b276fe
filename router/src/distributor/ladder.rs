//! The ladder: what a waiting caller asks for grows less with time.
//!
//! **Owns**: the steps of waiting callers and what an entry asks for now. What a step means is in
//! `crate::requirement`. **Must not**: choose anybody.

use super::Distributor;
use super::entry::Entry;
use crate::company::RoutingCompany;
use crate::decision::DecisionKind;
use crate::event::Event;
use crate::id::QueueEntryId;
use crate::requirement::Rules;
use crate::time::Timestamp;
use std::collections::BTreeSet;

impl Entry {
    /// The rules that hold for this caller; none when the queue is gone.
    pub(super) fn rules<'a>(&'a self, company: &'a RoutingCompany) -> Option<Rules<'a>> {
        Some(Rules {
            id: self.queue,
            queue: company.queues.get(&self.queue)?,
            asked: &self.asked,
            wishes: &self.wishes,
        })
    }

    /// What is asked for after the steps that were taken, what after the last one, and what strategies count.
    pub(super) fn renew(&mut self, company: &RoutingCompany) {
        let Some(rules) = self.rules(company) else {
            return;
        };
        let (asks, last) = (rules.asks(self.step), rules.asks(usize::MAX));
        let named = rules.named();
        (self.asks, self.last_asks, self.named) = (asks, last, named);
    }

    /// When the next step is due.
    pub(super) fn next_step_at(&self, company: &RoutingCompany) -> Option<Timestamp> {
        let rules = self.rules(company)?;
        let step = rules.ladder().get(self.step)?;
        Some(self.enqueued_at + step.after)
    }
}

impl Distributor {
    /// The moment of the next step of any caller with whom something is due.
    pub(super) fn next_relaxation(&mut self) -> Option<Timestamp> {
        let due = self.due_callers();
        let company = &self.world.company;
        let entries = due.iter().filter_map(|id| self.world.entries.get(id));
        entries
            .filter_map(|entry| entry.next_step_at(company))
            .min()
    }

    /// All callers whose step is due at `at` take it, then they look for agents together, in their order.
    pub(super) fn relax(&mut self, at: Timestamp) {
        for id in self.due_callers() {
            let entry = self.world.entries.get(&id);
            let next = entry.and_then(|entry| entry.next_step_at(&self.world.company));
            if next == Some(at) {
                self.take_step(id);
            }
        }
    }

    /// Callers with whom something is due by now, by id.
    pub(super) fn due_callers(&mut self) -> BTreeSet<QueueEntryId> {
        let now = self.world.now;
        self.index().deadlines.due_entries(now)
    }

    fn take_step(&mut self, id: QueueEntryId) {
        let number = self.next_step();
        let company = &self.world.company;
        let Some(entry) = self.world.entries.get_mut(&id) else {
            return;
        };
        let head_start = entry
            .rules(company)
            .and_then(|rules| Some(rules.ladder().get(entry.step)?.head_start))
            .unwrap_or_default();
        entry.step += 1;
        entry.head_start = entry.head_start.saturating_add(head_start);
        entry.key.v = entry.enqueued_at - entry.head_start;
        entry.touched = number;
        entry.renew(company);
        let event = Event::QueueRelaxed {
            interaction: entry.interaction,
            entry: id,
            queue: entry.queue,
            step: entry.step,
            v: entry.key.v,
        };
        if !head_start.is_zero() {
            self.work.queues.insert(entry.queue);
        }
        self.work.callers.insert(id, DecisionKind::Relax);
        self.log(event);
    }
}
