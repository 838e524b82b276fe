//! What the API reads. Values, made at the moment of asking.
//!
//! **Owns**: the read side. **Must not**: change anything.

use super::Distributor;
use super::port::{AgentView, QueueView, WaitingView};
use crate::company::RoutingCompany;
use crate::id::{AgentId, QueueId};

impl Distributor {
    /// Every agent of the company, and those who were removed from it but are still busy, by id.
    #[must_use]
    pub fn agents(&self) -> Vec<AgentView> {
        let agents = &self.world.agents;
        agents.iter().map(|(id, agent)| agent.view(*id)).collect()
    }

    /// One agent; none when unknown.
    #[must_use]
    pub fn agent(&self, id: AgentId) -> Option<AgentView> {
        self.world.agents.get(&id).map(|agent| agent.view(id))
    }

    /// Every queue of the company with its waiting callers in order, by id.
    #[must_use]
    pub fn queues(&self) -> Vec<QueueView> {
        let queues = &self.world.company.queues;
        queues.keys().filter_map(|id| self.queue(*id)).collect()
    }

    /// One queue with its waiting callers in order; none when unknown.
    #[must_use]
    pub fn queue(&self, id: QueueId) -> Option<QueueView> {
        self.world.company.queues.get(&id)?;
        // In step: whatever changes ends by looking at the deadlines.
        let line = self.index.lines.line(id).into_iter();
        let line = line.filter_map(|entry| Some((entry, self.world.entries.get(&entry)?)));
        let waiting = line.enumerate();
        let waiting = waiting.map(|(index, (entry_id, entry))| WaitingView {
            entry: entry_id,
            interaction: entry.interaction,
            position: index + 1,
            enqueued_at: entry.enqueued_at,
            v: entry.key.v,
            class: entry.key.class,
            offered_to: self.world.ringing_agents(entry).collect(),
            unmeetable: self.unmeetable.contains(&entry.last_asks),
        });
        Some(QueueView {
            queue: id,
            waiting: waiting.collect(),
            closure: self.closures.get(&id).cloned(),
        })
    }

    /// The company as configured last.
    #[must_use]
    pub fn company(&self) -> &RoutingCompany {
        &self.world.company
    }
}
