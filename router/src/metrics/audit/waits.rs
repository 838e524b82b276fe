//! Waits and offers: one beginning and one end each, and the identity.

use super::{Faults, QueueSum, Scope};
use crate::event::{Event, LogLine};
use crate::id::{AgentId, InteractionId, OfferId, QueueEntryId, QueueId};
use crate::metrics::rows::Rows;
use crate::outcome::{EntryOutcome, OfferOutcome};
use crate::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// A wait or an offer that has begun.
#[derive(Debug)]
struct Begun {
    seq: u64,
    at: Timestamp,
    interaction: InteractionId,
    queue: QueueId,
    agent: Option<AgentId>,
    entry: QueueEntryId,
}

#[derive(Debug, Default)]
pub(super) struct Waits {
    open: BTreeMap<QueueEntryId, Begun>,
    ended: BTreeSet<QueueEntryId>,
    offers: BTreeMap<OfferId, Begun>,
    offers_over: BTreeSet<OfferId>,
    /// Accepted, and the wait's end must follow: the agent and the line.
    accepted: BTreeMap<QueueEntryId, (AgentId, u64)>,
    queues: BTreeMap<QueueId, QueueSum>,
    /// Lines of each queue in the whole log, for the rows: entered, left.
    lines: BTreeMap<QueueId, (u64, u64)>,
    pub(super) offers_ended: u64,
}

impl Waits {
    pub(super) fn read(&mut self, line: &LogLine, faults: &mut Faults) {
        match &line.event {
            Event::QueueEntered { .. } => self.entered(line, faults),
            Event::QueueLeft { .. } => self.left(line, faults),
            Event::OfferMade { .. } => self.offer_made(line, faults),
            Event::OfferEnded { .. } => self.offer_ended(line, faults),
            _ => {}
        }
    }

    fn entered(&mut self, line: &LogLine, faults: &mut Faults) {
        let Event::QueueEntered {
            interaction,
            entry,
            queue,
            ..
        } = &line.event
        else {
            return;
        };
        self.lines.entry(*queue).or_default().0 += 1;
        if faults.scope.is_about(*queue) && faults.scope.holds(line.at) {
            self.queues.entry(*queue).or_default().entered += 1;
        }
        let before = self.open.get(entry).map(|begun| begun.seq);
        if before.is_some() || self.ended.contains(entry) {
            let lines = [before, Some(line.seq)].into_iter().flatten();
            let text = format!("the wait {entry} begins a second time");
            faults.tell("entry", line.at, &lines.collect::<Vec<_>>(), text);
        }
        let begun = Begun {
            seq: line.seq,
            at: line.at,
            interaction: *interaction,
            queue: *queue,
            agent: None,
            entry: *entry,
        };
        self.open.insert(*entry, begun);
    }

    fn left(&mut self, line: &LogLine, faults: &mut Faults) {
        let Event::QueueLeft {
            interaction,
            entry,
            queue,
            outcome,
            agent,
            ..
        } = &line.event
        else {
            return;
        };
        self.lines.entry(*queue).or_default().1 += 1;
        if faults.scope.is_about(*queue) && faults.scope.holds(line.at) {
            let sum = self.queues.entry(*queue).or_default();
            *sum.left.entry(*outcome).or_default() += 1;
        }
        let Some(begun) = self.open.remove(entry) else {
            let again = self.ended.contains(entry);
            let what = if again {
                "ends a second time"
            } else {
                "ends and never began"
            };
            let text = format!("the wait {entry} {what}, as {}", outcome.as_str());
            faults.tell("entry", line.at, &[line.seq], text);
            return;
        };
        self.ended.insert(*entry);
        let both = [begun.seq, line.seq];
        if begun.queue != *queue || begun.interaction != *interaction {
            let text = format!("the wait {entry} ends in another queue or interaction");
            faults.tell("entry", line.at, &both, text);
        }
        if line.at < begun.at {
            let text = format!("the wait {entry} ends before it begins");
            faults.tell("entry", line.at, &both, text);
        }
        let accepted = self.accepted.remove(entry);
        let answered = *outcome == EntryOutcome::Answered;
        if answered != accepted.is_some() || accepted.is_some_and(|(by, _)| Some(by) != *agent) {
            let text = format!(
                "the wait {entry} ends as {}, and the last word of its offers says otherwise",
                outcome.as_str()
            );
            faults.tell("offer", line.at, &both, text);
        }
        self.count(&begun, Some(line.at), faults.scope);
    }

    /// Who waited when the interval began, and when it ended.
    fn count(&mut self, begun: &Begun, left: Option<Timestamp>, scope: Scope) {
        if !scope.is_about(begun.queue) {
            return;
        }
        let there = |moment| Scope::was_there(moment, begun.at, left);
        let sum = self.queues.entry(begun.queue).or_default();
        if scope.from.is_some_and(there) {
            sum.waiting_start += 1;
        }
        if scope.to.map_or_else(|| left.is_none(), there) {
            sum.waiting_end += 1;
        }
    }

    fn offer_made(&mut self, line: &LogLine, faults: &mut Faults) {
        let Event::OfferMade {
            interaction,
            entry,
            offer,
            agent,
            queue,
        } = &line.event
        else {
            return;
        };
        if self.offers.contains_key(offer) || self.offers_over.contains(offer) {
            let text = format!("the offer {offer} is made a second time");
            faults.tell("offer", line.at, &[line.seq], text);
        }
        let waits = self.open.get(entry);
        if waits.is_none_or(|begun| begun.queue != *queue) {
            let text = format!("the offer {offer} is for a caller who does not wait there");
            faults.tell("offer", line.at, &[line.seq], text);
        }
        let begun = Begun {
            seq: line.seq,
            at: line.at,
            interaction: *interaction,
            queue: *queue,
            agent: Some(*agent),
            entry: *entry,
        };
        self.offers.insert(*offer, begun);
    }

    fn offer_ended(&mut self, line: &LogLine, faults: &mut Faults) {
        let Event::OfferEnded {
            interaction,
            offer,
            agent,
            outcome,
        } = &line.event
        else {
            return;
        };
        let Some(begun) = self.offers.remove(offer) else {
            let text = format!("the offer {offer} ends and is not open");
            faults.tell("offer", line.at, &[line.seq], text);
            return;
        };
        self.offers_over.insert(*offer);
        if faults.scope.is_about(begun.queue) && faults.scope.holds(line.at) {
            self.offers_ended += 1;
        }
        if begun.agent != Some(*agent) || begun.interaction != *interaction || line.at < begun.at {
            let text = format!("the offer {offer} ends otherwise than it was made");
            faults.tell("offer", line.at, &[begun.seq, line.seq], text);
        }
        if *outcome == OfferOutcome::Accepted {
            self.accepted.insert(begun.entry, (*agent, line.seq));
        }
    }

    /// The sweep ended what an earlier run had left, before the line that says that we started.
    pub(super) fn restarted(&mut self, line: &LogLine, faults: &mut Faults) {
        for (entry, begun) in std::mem::take(&mut self.open) {
            let text = format!("the wait {entry} has no end though the server started anew");
            faults.tell("entry", line.at, &[begun.seq, line.seq], text);
        }
        for (offer, begun) in std::mem::take(&mut self.offers) {
            let text = format!("the offer {offer} has no end though the server started anew");
            faults.tell("offer", line.at, &[begun.seq, line.seq], text);
        }
        // The process died between the two lines: the wait was lost, and ended as failed.
        self.accepted.clear();
    }

    pub(super) fn finish(
        &mut self,
        faults: &mut Faults,
        rows: &Rows,
    ) -> BTreeMap<QueueId, QueueSum> {
        for begun in std::mem::take(&mut self.open).into_values() {
            self.count(&begun, None, faults.scope);
        }
        let moment = faults.scope.from.unwrap_or_default();
        for (queue, sum) in &self.queues {
            if !sum.holds() {
                let left: u64 = sum.left.values().sum();
                let text = format!(
                    "queue {queue}: entered {}, left {left}, waiting {} at the end and {} at the beginning",
                    sum.entered, sum.waiting_end, sum.waiting_start
                );
                faults.tell("identity", moment, &[], text);
            }
        }
        for (queue, (entered, left)) in &self.lines {
            let of = rows.queues.iter().filter(|((id, _), _)| id == queue);
            let (mut in_rows, mut out) = (0, 0);
            for (_, row) in of {
                in_rows += row.entered;
                out += row.left_all();
            }
            if (in_rows, out) != (*entered, *left) {
                let text = format!(
                    "queue {queue}: {entered} lines say that a wait began and {left} that one ended; the rows say {in_rows} and {out}"
                );
                faults.tell("rows", moment, &[], text);
            }
        }
        std::mem::take(&mut self.queues)
    }
}
