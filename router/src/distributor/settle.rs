//! After each change: everybody whom it may have left unmatched is matched (I4).
//!
//! **Owns**: the list of work and the order in which it is done. **Must not**: know what changed.

use super::Distributor;
use super::entry::EntryKey;
use crate::decision::DecisionKind;
use crate::id::{AgentId, QueueEntryId, QueueId};
use std::collections::{BTreeMap, BTreeSet};

/// What the last change left to do.
#[derive(Clone, Debug, Default)]
pub(super) struct Work {
    /// Callers who look for an agent, and why.
    pub(super) callers: BTreeMap<QueueEntryId, DecisionKind>,
    /// Agents who became available.
    pub(super) agents: BTreeSet<AgentId>,
    /// Every waiting caller looks for an agent: the company changed.
    pub(super) everybody: bool,
    /// Somebody logged in or out, or the company changed.
    pub(super) census: bool,
    /// Agents who take no calls for now: nobody waits for them alone.
    pub(super) away: BTreeSet<AgentId>,
    /// Queues whose line moved.
    pub(super) queues: BTreeSet<QueueId>,
}

impl Distributor {
    /// Matches until nobody available and nobody waiting are eligible for each other.
    pub(super) fn settle(&mut self) {
        if std::mem::take(&mut self.work.census) {
            self.leave_deserted_queues();
            self.watch_everybody();
        }
        if !self.work.away.is_empty() {
            let away: Vec<AgentId> = std::mem::take(&mut self.work.away).into_iter().collect();
            self.stop_waiting_for(&away);
        }
        let callers = std::mem::take(&mut self.work.callers);
        let agents = std::mem::take(&mut self.work.agents);
        let everybody = std::mem::take(&mut self.work.everybody);
        // One side only: that side chooses. Both at once: the callers choose in their order, all of them, so that
        // nobody who waited before is passed over by one who has just come back.
        // Several agents at once as well: among them a caller's tier and strategy decide, not who was idle longest.
        if everybody {
            let all = self.world.entries.keys().copied().collect();
            self.callers_choose(all, &callers);
        } else if agents.len() > 1 || !(callers.is_empty() || agents.is_empty()) {
            // Nobody else who waits has anybody: one settled after the last change. Each who chooses takes one of these
            // agents at least, so that of each agent's callers only as many as there are agents can come to choose.
            let classed = &self.index().classed;
            let near = agents
                .iter()
                .flat_map(|id| classed.callers_near(*id, agents.len()));
            let ids: BTreeSet<QueueEntryId> = near.chain(callers.keys().copied()).collect();
            self.callers_choose(ids.into_iter().collect(), &callers);
        } else if agents.is_empty() {
            self.callers_choose(callers.keys().copied().collect(), &callers);
        } else {
            agents.into_iter().for_each(|id| self.agent_chooses(id));
        }
    }

    fn callers_choose(
        &mut self,
        ids: Vec<QueueEntryId>,
        kinds: &BTreeMap<QueueEntryId, DecisionKind>,
    ) {
        let mut line: Vec<(EntryKey, QueueEntryId)> = ids
            .into_iter()
            .filter_map(|id| {
                let entry = self.world.entries.get(&id)?;
                let looks = self.world.looks_for_agents(entry);
                looks.then_some((entry.key, id))
            })
            .collect();
        line.sort_unstable();
        for (_, id) in line {
            let kind = kinds.get(&id).copied().unwrap_or(DecisionKind::Relax);
            while self.looks_for_agents(id)
                && let Some(found) = self.agent_for(id)
            {
                self.make_offer(found, kind);
            }
        }
    }

    fn looks_for_agents(&self, id: QueueEntryId) -> bool {
        let entry = self.world.entries.get(&id);
        entry.is_some_and(|entry| self.world.looks_for_agents(entry))
    }

    fn agent_chooses(&mut self, id: AgentId) {
        if !self.world.is_available(id) {
            return;
        }
        #[cfg(test)]
        if self.world.has(super::planted::Planted::HeadOfLine) && !self.head_fits(id) {
            return;
        }
        if let Some(found) = self.entry_for(id) {
            self.make_offer(found, DecisionKind::Ready);
        }
    }

    /// The planted fault: only the first of everybody counts.
    #[cfg(test)]
    fn head_fits(&self, id: AgentId) -> bool {
        let entries = self.world.entries.values();
        let head = entries
            .filter(|entry| self.world.looks_for_agents(entry))
            .min_by_key(|entry| entry.key);
        let agent = self.world.company.agents.get(&id);
        head.zip(agent).is_none_or(|(head, agent)| {
            super::select::eligible::can_serve(agent, &head.asks, self.world.now).is_ok()
        })
    }
}
