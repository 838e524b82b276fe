//! Requirements that nobody logged in can meet: told to the supervisor at once (I13), never silently held.
//!
//! **Owns**: when it is told, once per queue and requirement until somebody can meet it or nobody asks for it any
//! more. **Must not**: move anybody.

use super::Distributor;
use super::select::eligible::can_serve;
use crate::event::Event;
use crate::id::QueueEntryId;
use crate::requirement::Ask;

/// The name under which the supervisor is told.
const UNMEETABLE: &str = "unmeetable_requirement";

impl Distributor {
    /// A caller came.
    pub(super) fn watch_arrival(&mut self, id: QueueEntryId) {
        let Some(entry) = self.world.entries.get(&id) else {
            return;
        };
        let asked = entry.last_asks.clone();
        if !self.index().classed.can_be_met(id) {
            self.tell_unmeetable(asked);
        } else if !self.unmeetable.is_empty() {
            self.unmeetable.remove(&asked);
        }
    }

    /// Somebody logged in or out, or the company changed.
    pub(super) fn watch_everybody(&mut self) {
        let unmet = self.index().classed.unmet();
        self.unmeetable.retain(|told| unmet.contains(told));
        for asked in unmet {
            self.tell_unmeetable(asked);
        }
    }

    /// Whether somebody logged in meets one of the asks, asked of everybody: for the invariants.
    pub(super) fn can_be_met(&self, asks: &[Ask]) -> bool {
        self.world.company.agents.iter().any(|(id, agent)| {
            can_serve(agent, asks, self.world.now).is_ok()
                && self
                    .world
                    .agents
                    .get(id)
                    .is_some_and(|record| record.state.logged_in())
        })
    }

    pub(super) fn tell_unmeetable(&mut self, asked: Vec<Ask>) {
        let queue = asked.first().map(|ask| ask.queue);
        if self.unmeetable.insert(asked) {
            self.log(Event::SupervisorTold {
                interaction: None,
                agent: None,
                queue,
                what: UNMEETABLE.to_owned(),
            });
        }
    }
}
