//! Last-agent affinity: for a while a caller waits for the agent they spoke with last, and for nobody else.
//!
//! **Owns**: when such a hold begins and ends. It is the one configured exception to "nobody waits while somebody who
//! fits is free". **Must not**: choose anybody.

use super::Distributor;
use super::agent::State;
use super::entry::Entry;
use super::select::eligible::can_serve;
use crate::decision::DecisionKind;
use crate::id::{AgentId, QueueEntryId};
use crate::time::Timestamp;
use std::collections::BTreeSet;

/// Whether an agent in this state will take a call again without being asked to.
pub(super) const fn is_worth_waiting_for(state: &State) -> bool {
    !matches!(state, State::Offline | State::NotReady(_))
}

impl Distributor {
    /// The hold of a newcomer: the agent is at work, and fit for the caller now.
    pub(super) fn hold_of(&self, entry: &Entry) -> Option<(AgentId, Timestamp)> {
        let (agent, hold) = entry.rules(&self.world.company)?.hold()?;
        let record = self.world.agents.get(&agent)?;
        let fit = self.is_fit(agent, entry) && is_worth_waiting_for(&record.state);
        fit.then(|| (agent, self.world.now + hold))
    }

    fn is_fit(&self, agent: AgentId, entry: &Entry) -> bool {
        let known = self.world.company.agents.get(&agent);
        known.is_some_and(|known| can_serve(known, &entry.asks, self.world.now).is_ok())
    }

    /// The moment at which the next hold ends by itself, of callers with whom something is due.
    pub(super) fn next_hold_end(&mut self) -> Option<Timestamp> {
        let due = self.due_callers();
        let entries = due.iter().filter_map(|id| self.world.entries.get(id));
        entries
            .filter_map(|entry| entry.hold.map(|(_, until)| until))
            .min()
    }

    /// Holds that end at `at`: those callers look for anybody, in their order.
    pub(super) fn holds_over(&mut self, at: Timestamp) {
        self.end_holds(|entry| entry.hold.is_some_and(|(_, until)| until == at));
    }

    /// These agents take no calls for now.
    pub(super) fn stop_waiting_for(&mut self, agents: &[AgentId]) {
        self.end_holds(|entry| entry.hold.is_some_and(|(agent, _)| agents.contains(&agent)));
    }

    /// An edit: whom the held agent cannot serve any more waits for anybody.
    pub(super) fn renew_holds(&mut self) {
        let held = self.held_callers();
        let is_unfit = |id: &QueueEntryId| {
            self.world.entries.get(id).is_some_and(|entry| {
                let agent = entry.hold.map(|(agent, _)| agent);
                agent.is_some_and(|agent| !self.is_fit(agent, entry))
            })
        };
        let unfit: Vec<QueueEntryId> = held.into_iter().filter(is_unfit).collect();
        for id in unfit {
            self.end_hold(id);
        }
    }

    fn end_holds(&mut self, which: impl Fn(&Entry) -> bool) {
        for id in self.held_callers() {
            if self.world.entries.get(&id).is_some_and(&which) {
                self.end_hold(id);
            }
        }
    }

    /// Those who wait for one agent alone, by id.
    fn held_callers(&mut self) -> BTreeSet<QueueEntryId> {
        self.index().lines.held().clone()
    }

    fn end_hold(&mut self, id: QueueEntryId) {
        let step = self.next_step();
        if let Some(entry) = self.world.entries.get_mut(&id) {
            entry.hold = None;
            entry.touched = step;
            self.work.callers.insert(id, DecisionKind::Relax);
        }
    }
}
