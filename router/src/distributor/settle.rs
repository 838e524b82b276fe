//! After each change: everybody whom it may have left unmatched is matched (I4).
//!
//! **Owns**: the list of work and the order in which it is done. **Must not**: know what changed.

use super::Distributor;
use super::entry::EntryKey;
use super::select::Matcher;
use crate::decision::DecisionKind;
use crate::id::{AgentId, QueueEntryId, QueueId};
use std::collections::{BTreeMap, BTreeSet};

/// What the last change left to do.
#[derive(Debug, Default)]
pub(super) struct Work {
    /// Callers who look for an agent, and why.
    pub(super) callers: BTreeMap<QueueEntryId, DecisionKind>,
    /// Agents who became available.
    pub(super) agents: BTreeSet<AgentId>,
    /// Every waiting caller looks for an agent: the company changed.
    pub(super) everybody: bool,
    /// Somebody logged in or out, or the company changed.
    pub(super) census: bool,
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
        let callers = std::mem::take(&mut self.work.callers);
        let agents = std::mem::take(&mut self.work.agents);
        let everybody = std::mem::take(&mut self.work.everybody);
        // One side only: that side chooses. Both at once: the callers choose in their order, all of them, so that
        // nobody who waited before is passed over by one who has just come back.
        if everybody || !(callers.is_empty() || agents.is_empty()) {
            let all = self.world.entries.keys().copied().collect();
            self.callers_choose(all, &callers);
        } else if agents.is_empty() {
            self.callers_choose(callers.keys().copied().collect(), &callers);
        } else {
            self.agents_choose(agents);
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
                entry.offer.is_none().then_some((entry.key, id))
            })
            .collect();
        line.sort_unstable();
        for (_, id) in line {
            if let Some(found) = self.matcher.agent_for(&self.world, id) {
                let kind = kinds.get(&id).copied().unwrap_or(DecisionKind::Relax);
                self.make_offer(found, kind);
            }
        }
    }

    fn agents_choose(&mut self, ids: BTreeSet<AgentId>) {
        let mut idle: Vec<_> = ids
            .into_iter()
            .filter_map(|id| Some((self.world.agents.get(&id)?.idle, id)))
            .collect();
        idle.sort_unstable();
        for (_, id) in idle {
            if !self.world.is_available(id) {
                continue;
            }
            if let Some(found) = self.matcher.entry_for(&self.world, id) {
                self.make_offer(found, DecisionKind::Ready);
            }
        }
    }
}
