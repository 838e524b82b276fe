//! Callers whom a queue does not take, or does not keep: it waited too long, it is full, nobody is there.
//!
//! **Owns**: which way such a caller goes, and whom nobody could ever serve. **Must not know**: what comes of it in
//! the call.

use super::Distributor;
use super::entry::Entry;
use crate::company::WhenNoAgents;
use crate::event::Event;
use crate::id::{QueueEntryId, QueueId};
use crate::outcome::{EntryOutcome, Refusal};
use crate::overflow::{Cause, Way};

impl Distributor {
    /// Ends a waiting for this cause and says where the caller goes.
    pub(super) fn send_on(&mut self, id: QueueEntryId, cause: Cause) {
        let Some(entry) = self.world.entries.get(&id) else {
            return;
        };
        let way = self.way_of(entry, cause);
        if way != Way::Exit {
            self.log(Event::QueueOverflowed {
                interaction: entry.interaction,
                entry: id,
                queue: entry.queue,
                cause,
                way,
            });
        }
        let refusal = match cause {
            Cause::MaxWait => None,
            Cause::Full => Some(Refusal::Full),
            Cause::NoAgents => Some(Refusal::NoAgents),
        };
        let (outcome, refusal) = match (way, refusal) {
            (Way::Queue(_), _) => (EntryOutcome::Overflowed, None),
            (Way::Voicemail, _) => (EntryOutcome::Voicemail, None),
            (_, Some(_)) => (EntryOutcome::Refused, refusal),
            (_, None) => (EntryOutcome::TimedOut, None),
        };
        self.end_entry_by(id, outcome, refusal, way);
    }

    /// The flow's exit comes first, then the queue's way. No queue twice: two that send callers to each other, both
    /// full, would do so for ever.
    fn way_of(&self, entry: &Entry, cause: Cause) -> Way {
        let queues = &self.world.company.queues;
        if entry.wishes.own_exits.contains(&cause) {
            return Way::Exit;
        }
        let way = queues
            .get(&entry.queue)
            .map(|queue| queue.overflow.way(cause));
        match way.unwrap_or_default() {
            Way::Queue(to) if !self.may_go_to(to, entry) => Way::Exit,
            way => way,
        }
    }

    fn may_go_to(&self, queue: QueueId, entry: &Entry) -> bool {
        queue != entry.queue
            && !entry.wishes.been.contains(&queue)
            && self.world.company.queues.contains_key(&queue)
    }

    /// A newcomer for whom nobody is there does not wait, where the queue says so.
    pub(super) fn send_on_if_deserted(&mut self, id: QueueEntryId) -> bool {
        self.index();
        let nobody = self.has_nobody(id);
        if nobody {
            self.send_on_deserted(id);
        }
        nobody
    }

    /// Somebody logged in or out, or the company changed: nobody is there any more for some who wait.
    pub(super) fn leave_deserted_queues(&mut self) {
        self.index();
        let queues = self.world.company.queues.iter();
        let leaving = queues.filter(|(_, queue)| queue.when_no_agents == WhenNoAgents::Exit);
        let deserted: Vec<QueueEntryId> = leaving
            .flat_map(|(id, _)| self.index.lines.line(*id))
            .filter(|id| self.has_nobody(*id))
            .collect();
        for id in deserted {
            self.send_on_deserted(id);
        }
    }

    /// [`Self::is_deserted`] by the index, which is in step.
    fn has_nobody(&self, id: QueueEntryId) -> bool {
        let Some(entry) = self.world.entries.get(&id) else {
            return false;
        };
        let queue = self.world.company.queues.get(&entry.queue);
        let classed = &self.index.classed;
        queue.is_some_and(|queue| queue.when_no_agents == WhenNoAgents::Exit)
            && (!classed.anybody_logged_in(entry.queue) || !classed.can_be_met(id))
    }

    /// Whether nobody logged in serves the queue, or could ever meet what the caller asks for, and the queue lets
    /// nobody wait for that. Asked of everybody: for the invariants.
    pub(super) fn is_deserted(&self, entry: &Entry) -> bool {
        let queue = self.world.company.queues.get(&entry.queue);
        queue.is_some_and(|queue| queue.when_no_agents == WhenNoAgents::Exit)
            && (!self.world.anybody_logged_in(entry.queue) || !self.can_be_met(&entry.last_asks))
    }

    /// That others are logged in and none of them fits is told before the caller goes.
    fn send_on_deserted(&mut self, id: QueueEntryId) {
        let Some(entry) = self.world.entries.get(&id) else {
            return;
        };
        let (queue, asked) = (entry.queue, entry.last_asks.clone());
        if self.index().classed.anybody_logged_in(queue) {
            self.tell_unmeetable(asked);
        }
        self.send_on(id, Cause::NoAgents);
    }
}
