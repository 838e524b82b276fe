//! Requirements that nobody logged in can meet: told to the supervisor at once (I13), never silently held.
//!
//! **Owns**: when it is told, once per queue and requirement until somebody can meet it or nobody asks for it any
//! more. **Must not**: move anybody.

use super::Distributor;
use super::select::eligible::can_serve;
use crate::company::Skills;
use crate::event::Event;
use crate::id::{QueueEntryId, QueueId};
use std::collections::BTreeSet;

/// The name under which the supervisor is told.
const UNMEETABLE: &str = "unmeetable_requirement";

impl Distributor {
    /// A caller came.
    pub(super) fn watch_arrival(&mut self, id: QueueEntryId) {
        let Some(entry) = self.world.entries.get(&id) else {
            return;
        };
        let asked = (entry.queue, entry.requirement.clone());
        if self.can_be_met(&asked) {
            self.unmeetable.remove(&asked);
        } else {
            self.tell_unmeetable(asked);
        }
    }

    /// Somebody logged in or out, or the company changed.
    pub(super) fn watch_everybody(&mut self) {
        let asked: BTreeSet<(QueueId, Skills)> = self
            .world
            .entries
            .values()
            .map(|entry| (entry.queue, entry.requirement.clone()))
            .collect();
        let unmet: BTreeSet<_> = asked
            .into_iter()
            .filter(|asked| !self.can_be_met(asked))
            .collect();
        self.unmeetable.retain(|told| unmet.contains(told));
        for asked in unmet {
            self.tell_unmeetable(asked);
        }
    }

    pub(super) fn can_be_met(&self, (queue, requirement): &(QueueId, Skills)) -> bool {
        self.world.company.agents.iter().any(|(id, agent)| {
            can_serve(agent, *queue, requirement).is_ok()
                && self
                    .world
                    .agents
                    .get(id)
                    .is_some_and(|record| record.state.logged_in())
        })
    }

    fn tell_unmeetable(&mut self, asked: (QueueId, Skills)) {
        let queue = asked.0;
        if self.unmeetable.insert(asked) {
            self.log(Event::SupervisorTold {
                agent: None,
                queue: Some(queue),
                what: UNMEETABLE.to_owned(),
            });
        }
    }
}
