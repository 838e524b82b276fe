//! Queue entries: who is let in, the place in the line, and each way out without an agent.
//!
//! **Owns**: admission, limits, positions, outcomes of entries. **Must not**: choose agents.

use super::Distributor;
use super::entry::{Entry, EntryKey, merged};
use super::port::{EntryRequest, LeaveCause, Output};
use crate::company::{Skills, WhenNoAgents};
use crate::decision::DecisionKind;
use crate::event::Event;
use crate::id::{QueueEntryId, QueueId};
use crate::outcome::{EntryOutcome, OfferOutcome, Refusal};
use std::collections::BTreeMap;
use std::time::Duration;

/// The class of callers for whom no queue says one.
const NORMAL: u8 = 1;

impl Distributor {
    /// Every request that is not a repetition becomes an entry with one outcome, also the refused ones.
    pub(super) fn enqueue(&mut self, request: EntryRequest) {
        let (id, queue) = (request.entry, request.queue);
        if self.world.entries.contains_key(&id) {
            return;
        }
        let refusal = self.refusal(&request);
        let entry = self.new_entry(request);
        self.log(Event::QueueEntered {
            interaction: entry.interaction,
            entry: id,
            queue,
            v: entry.key.v,
            entry_seq: entry.key.seq,
            class: entry.key.class,
            requirement: entry.requirement.clone(),
        });
        self.world.entries.insert(id, entry);
        if let Some((outcome, refusal)) = refusal {
            self.end_entry(id, outcome, refusal);
            return;
        }
        self.work.callers.insert(id, DecisionKind::Arrive);
        // The newcomer hears of its place before anything else happens to it.
        self.tell_newcomer(id);
        self.watch_arrival(id);
    }

    fn new_entry(&mut self, request: EntryRequest) -> Entry {
        self.counters.entry += 1;
        let seq = self.counters.entry;
        let touched = self.next_step();
        let now = self.world.now;
        let queue = self.world.company.queues.get(&request.queue);
        let head_start = queue
            .map_or(Duration::ZERO, |queue| queue.head_start)
            .saturating_add(request.head_start);
        let class = request.class.or_else(|| queue.map(|queue| queue.class));
        Entry {
            interaction: request.interaction,
            queue: request.queue,
            requirement: queue.map_or_else(
                || request.skills.clone(),
                |queue| merged(queue, &request.skills),
            ),
            asked: request.skills,
            enqueued_at: now,
            head_start,
            key: EntryKey {
                class: class.unwrap_or(NORMAL),
                v: now - head_start,
                seq,
            },
            offer: None,
            refused: BTreeMap::new(),
            touched,
        }
    }

    /// Why the caller cannot wait, if so. A queue we do not know and an interaction that waits already are errors
    /// of ours.
    fn refusal(&self, request: &EntryRequest) -> Option<(EntryOutcome, Option<Refusal>)> {
        let twice = self
            .world
            .entries
            .values()
            .any(|entry| entry.interaction == request.interaction);
        let Some(queue) = self.world.company.queues.get(&request.queue) else {
            return Some((EntryOutcome::Failed, None));
        };
        if twice {
            return Some((EntryOutcome::Failed, None));
        }
        let waiting = self
            .world
            .entries
            .values()
            .filter(|entry| entry.queue == request.queue)
            .count();
        if waiting >= queue.max_length {
            return Some((EntryOutcome::Refused, Some(Refusal::Full)));
        }
        let deserted = queue.when_no_agents == WhenNoAgents::Exit
            && !self.world.anybody_logged_in(request.queue);
        deserted.then_some((EntryOutcome::Refused, Some(Refusal::NoAgents)))
    }

    /// The call says that the caller leaves.
    pub(super) fn leave(&mut self, id: QueueEntryId, cause: LeaveCause) {
        let Some(entry) = self.world.entries.get(&id) else {
            return;
        };
        let outcome = match cause {
            LeaveCause::HungUp => {
                let waited = self.world.now.since(entry.enqueued_at);
                let short = self
                    .world
                    .company
                    .queues
                    .get(&entry.queue)
                    .is_some_and(|queue| waited < queue.short_abandon);
                if short {
                    EntryOutcome::ShortAbandoned
                } else {
                    EntryOutcome::Abandoned
                }
            }
            LeaveCause::KeyExit => EntryOutcome::KeyExit,
            LeaveCause::TimedOut => EntryOutcome::TimedOut,
            LeaveCause::Failed => EntryOutcome::Failed,
        };
        self.end_entry(id, outcome, None);
    }

    /// `max_wait` passed.
    pub(super) fn max_wait_passed(&mut self, id: QueueEntryId) {
        self.end_entry(id, EntryOutcome::TimedOut, None);
    }

    /// The one way out without an agent; takes an open offer back.
    pub(super) fn end_entry(
        &mut self,
        id: QueueEntryId,
        outcome: EntryOutcome,
        refusal: Option<Refusal>,
    ) {
        let Some(entry) = self.world.entries.remove(&id) else {
            return;
        };
        self.work.callers.remove(&id);
        self.entry_gone(&entry.queue);
        if let Some(offer) = entry.offer {
            self.release(offer, OfferOutcome::CallerLeft);
        }
        self.log(Event::QueueLeft {
            interaction: entry.interaction,
            entry: id,
            queue: entry.queue,
            outcome,
            agent: None,
        });
        self.say(Output::EntryLeft {
            interaction: entry.interaction,
            entry: id,
            outcome,
            refusal,
        });
    }

    /// The line moved up, and a requirement may have nobody left who asks for it.
    pub(super) fn entry_gone(&mut self, queue: &QueueId) {
        self.work.queues.insert(*queue);
        let entries = &self.world.entries;
        let still_asked = |asked: &(QueueId, Skills)| {
            asked.0 != *queue
                || entries
                    .values()
                    .any(|entry| entry.queue == asked.0 && entry.requirement == asked.1)
        };
        self.unmeetable.retain(still_asked);
    }

    /// Nobody is logged in any more where the queue says `exit`: its callers take the `no_agents` exit.
    pub(super) fn leave_deserted_queues(&mut self) {
        let deserted: Vec<QueueId> = self
            .world
            .company
            .queues
            .iter()
            .filter(|(id, queue)| {
                queue.when_no_agents == WhenNoAgents::Exit && !self.world.anybody_logged_in(**id)
            })
            .map(|(id, _)| *id)
            .collect();
        for queue in deserted {
            let line: Vec<QueueEntryId> =
                self.world.line(queue).iter().map(|(id, _)| *id).collect();
            for id in line {
                self.end_entry(id, EntryOutcome::Refused, Some(Refusal::NoAgents));
            }
        }
    }

    /// A caller has waited for `promote_after`: before everybody of a later `V`, whatever their class.
    pub(super) fn promote(&mut self, id: QueueEntryId) {
        let step = self.next_step();
        if let Some(entry) = self.world.entries.get_mut(&id) {
            entry.key.class = 0;
            entry.touched = step;
            self.work.queues.insert(entry.queue);
        }
    }

    /// Says which lines have moved.
    pub(super) fn tell_moved_lines(&mut self) {
        for queue in std::mem::take(&mut self.work.queues) {
            self.say(Output::LineMoved { queue });
        }
    }

    /// Its place, by counting: a line of hundreds is not sorted for each who joins it.
    fn tell_newcomer(&mut self, id: QueueEntryId) {
        let Some(newcomer) = self.world.entries.get(&id) else {
            return;
        };
        let (interaction, queue, key) = (newcomer.interaction, newcomer.queue, newcomer.key);
        let (mut ahead, mut behind) = (0, false);
        for other in self.world.entries.values().filter(|e| e.queue == queue) {
            if other.key < key {
                ahead += 1;
            } else if other.key > key {
                behind = true;
            }
        }
        self.say(Output::Queued {
            interaction,
            entry: id,
            position: ahead + 1,
        });
        if behind {
            self.work.queues.insert(queue);
        }
    }
}
