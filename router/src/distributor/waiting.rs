//! Queue entries: who is let in, the place in the line, and each way out without an agent.
//!
//! **Owns**: admission, limits, positions, outcomes of entries. **Must not**: choose agents.

use super::Distributor;
use super::entry::{Entry, EntryKey};
use super::port::{EntryRequest, LeaveCause, Output};
use crate::decision::DecisionKind;
use crate::event::Event;
use crate::id::{QueueEntryId, QueueId};
use crate::outcome::{EntryOutcome, OfferOutcome, Refusal};
use crate::overflow::{Cause, Way};
use crate::requirement::{ANY_TIER, Ask};
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
            requirement: entry.requirement(),
            asked: entry.asked.clone(),
            wishes: Box::new(entry.wishes.clone()),
        });
        self.world.entries.insert(id, entry);
        match refusal {
            Some((_, Some(Refusal::Full))) => return self.send_on(id, Cause::Full),
            Some((outcome, refusal)) => return self.end_entry(id, outcome, refusal),
            None if self.send_on_if_deserted(id) => return,
            None => {}
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
        let class = class.unwrap_or(NORMAL);
        let mut entry = Entry {
            interaction: request.interaction,
            queue: request.queue,
            // A queue nobody knows has no rules: what was asked for is all there is.
            asks: vec![Ask {
                queue: request.queue,
                max_tier: ANY_TIER,
                skills: request.skills.clone(),
            }],
            last_asks: Vec::new(),
            named: Vec::new(),
            step: 0,
            asked: request.skills,
            wishes: request.wishes,
            enqueued_at: now,
            head_start,
            class,
            ahead: Duration::ZERO,
            key: EntryKey {
                class,
                v: now - head_start,
                seq,
            },
            offers: Vec::new(),
            refused: BTreeMap::new(),
            promoted: false,
            hold: None,
            touched,
        };
        entry.renew(&self.world.company);
        entry.hold = self.hold_of(&entry);
        entry
    }

    /// Why the caller cannot wait, if so. A queue we do not know and an interaction that waits already are errors
    /// of ours.
    fn refusal(&mut self, request: &EntryRequest) -> Option<(EntryOutcome, Option<Refusal>)> {
        let lines = &self.index().lines;
        let (twice, waiting) = (
            lines.waits(request.interaction),
            lines.length(request.queue),
        );
        let Some(queue) = self.world.company.queues.get(&request.queue) else {
            return Some((EntryOutcome::Failed, None));
        };
        if twice {
            return Some((EntryOutcome::Failed, None));
        }
        if self.is_closed_to(request) {
            return Some((EntryOutcome::Refused, Some(Refusal::Closed)));
        }
        (waiting >= queue.max_length).then_some((EntryOutcome::Refused, Some(Refusal::Full)))
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
            LeaveCause::Moved => EntryOutcome::Overflowed,
            LeaveCause::Failed => EntryOutcome::Failed,
        };
        self.end_entry(id, outcome, None);
    }

    /// `max_wait` passed.
    pub(super) fn max_wait_passed(&mut self, id: QueueEntryId) {
        self.send_on(id, Cause::MaxWait);
    }

    /// Out of the queue without an agent, to wherever the flow says.
    pub(super) fn end_entry(
        &mut self,
        id: QueueEntryId,
        outcome: EntryOutcome,
        refusal: Option<Refusal>,
    ) {
        self.end_entry_by(id, outcome, refusal, Way::Exit);
    }

    /// The one way out without an agent; takes open offers back.
    pub(super) fn end_entry_by(
        &mut self,
        id: QueueEntryId,
        outcome: EntryOutcome,
        refusal: Option<Refusal>,
        way: Way,
    ) {
        let Some(entry) = self.world.entries.remove(&id) else {
            return;
        };
        self.work.callers.remove(&id);
        self.entry_gone(&entry.queue);
        for offer in entry.offers {
            self.release(offer, OfferOutcome::CallerLeft);
        }
        let closure = self
            .closures
            .get(&entry.queue)
            .filter(|_| refusal == Some(Refusal::Closed));
        let (message, closed) = (
            closure.map(|closure| closure.message.clone()),
            closure.map(|closure| closure.id),
        );
        self.log(Event::QueueLeft {
            interaction: entry.interaction,
            entry: id,
            queue: entry.queue,
            outcome,
            agent: None,
            refusal,
            closure: closed,
        });
        self.say(Output::EntryLeft {
            interaction: entry.interaction,
            entry: id,
            outcome,
            refusal,
            message,
            way,
        });
    }

    /// The line moved up, and a requirement may have nobody left who asks for it.
    pub(super) fn entry_gone(&mut self, queue: &QueueId) {
        self.work.queues.insert(*queue);
        if self.unmeetable.is_empty() {
            return;
        }
        let mut unmeetable = std::mem::take(&mut self.unmeetable);
        let classed = &self.index().classed;
        unmeetable.retain(|asked: &Vec<Ask>| {
            asked.first().is_some_and(|first| first.queue != *queue)
                || classed.is_asked_in_the_end(asked)
        });
        self.unmeetable = unmeetable;
    }

    /// A caller has waited for `promote_after`: before everybody of a later `V`, whatever their class, and whichever
    /// queue an agent prefers.
    pub(super) fn promote(&mut self, id: QueueEntryId) {
        let step = self.next_step();
        if let Some(entry) = self.world.entries.get_mut(&id) {
            entry.promoted = true;
            entry.touched = step;
            if entry.key.class > 0 {
                entry.key.class = 0;
                self.work.queues.insert(entry.queue);
            }
        }
    }

    /// A supervisor gives a caller another place. It ends no ringing, and no promotion; whoever waits has no eligible
    /// agent free, so nobody is matched by it.
    pub(super) fn reprioritise(
        &mut self,
        id: QueueEntryId,
        class: Option<u8>,
        ahead: Option<Duration>,
    ) {
        let step = self.next_step();
        let Some(entry) = self.world.entries.get_mut(&id) else {
            return;
        };
        entry.class = class.unwrap_or(entry.class);
        if !entry.promoted {
            entry.key.class = entry.class;
        }
        let ahead = ahead.unwrap_or(entry.ahead);
        let others = entry.head_start.saturating_sub(entry.ahead);
        (entry.ahead, entry.head_start) = (ahead, others.saturating_add(ahead));
        entry.key.v = entry.enqueued_at - entry.head_start;
        entry.touched = step;
        let event = Event::QueueReprioritised {
            interaction: entry.interaction,
            entry: id,
            queue: entry.queue,
            class: entry.key.class,
            v: entry.key.v,
        };
        self.work.queues.insert(entry.queue);
        self.log(event);
    }

    /// Says which lines have moved.
    pub(super) fn tell_moved_lines(&mut self) {
        for queue in std::mem::take(&mut self.work.queues) {
            self.say(Output::LineMoved { queue });
        }
    }

    /// Its place, by those behind it: few, for newcomers stand at the end.
    fn tell_newcomer(&mut self, id: QueueEntryId) {
        let Some(newcomer) = self.world.entries.get(&id) else {
            return;
        };
        let (interaction, queue, key) = (newcomer.interaction, newcomer.queue, newcomer.key);
        let lines = &self.index().lines;
        let behind = lines.behind(queue, key);
        let position = lines.length(queue) - behind;
        self.say(Output::Queued {
            interaction,
            entry: id,
            position,
        });
        if behind > 0 {
            self.work.queues.insert(queue);
        }
    }
}
