//! Queues that somebody closed for now.
//!
//! **Owns**: which queues are closed, when each opens by itself, who is let in all the same, what happens to those who
//! wait. **Must not know**: what callers hear; it hands the message out with the refusal.

use super::Distributor;
use super::port::EntryRequest;
use crate::closure::{ClosedBy, Closure, Opening, WhileClosed};
use crate::event::Event;
use crate::id::QueueId;
use crate::outcome::{EntryOutcome, Refusal};
use crate::time::Timestamp;

impl Distributor {
    /// Closes a queue, or closes it anew with other words. One that the company does not have stays unknown.
    pub(super) fn close_queue(&mut self, mut closure: Closure) {
        let queue = closure.queue;
        if !self.world.company.queues.contains_key(&queue) {
            return;
        }
        closure.since = self.world.now;
        self.end_closure(queue, Opening::Replaced, closure.by.clone());
        let waiting = closure.waiting;
        self.log(Event::QueueClosed {
            closure: Box::new(closure.clone()),
        });
        self.closures.insert(queue, closure);
        if waiting == WhileClosed::End {
            self.send_off_line(queue);
        }
    }

    /// At start: closed as before. Whose time has passed meanwhile is over with the next deadline, in the log too.
    pub(super) fn restore_closure(&mut self, closure: Closure) {
        self.closures.entry(closure.queue).or_insert(closure);
        self.forget_closures();
    }

    /// Somebody opens a queue.
    pub(super) fn open_queue(&mut self, queue: QueueId, by: ClosedBy) {
        self.end_closure(queue, Opening::Reopened, by);
    }

    /// A closure's time is over.
    pub(super) fn closure_expired(&mut self, queue: QueueId) {
        self.end_closure(queue, Opening::Expired, ClosedBy::default());
    }

    /// Queues that the company has no more are not closed, they are gone.
    pub(super) fn forget_closures(&mut self) {
        let known = &self.world.company.queues;
        let gone: Vec<QueueId> = self
            .closures
            .keys()
            .filter(|queue| !known.contains_key(queue))
            .copied()
            .collect();
        for queue in gone {
            self.end_closure(queue, Opening::QueueGone, ClosedBy::default());
        }
    }

    /// Whether a closed queue keeps this caller out. One who stood in it before is let in again, where those who wait
    /// are served.
    pub(super) fn is_closed_to(&self, request: &EntryRequest) -> bool {
        self.closures
            .get(&request.queue)
            .is_some_and(|closure| closure.waiting == WhileClosed::End || !request.returning)
    }

    /// When a closure ends by itself.
    pub(super) fn end_of_closure(&self, queue: QueueId) -> Option<Timestamp> {
        self.closures.get(&queue)?.until
    }

    fn end_closure(&mut self, queue: QueueId, cause: Opening, by: ClosedBy) {
        if let Some(closure) = self.closures.remove(&queue) {
            self.log(Event::QueueOpened {
                queue,
                closure: closure.id,
                cause,
                by,
            });
        }
    }

    /// Everybody in the line hears the message, in their order; who rings at an agent's phone too.
    fn send_off_line(&mut self, queue: QueueId) {
        for id in self.index().lines.line(queue) {
            self.end_entry(id, EntryOutcome::Refused, Some(Refusal::Closed));
        }
    }
}
