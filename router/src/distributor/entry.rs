//! One waiting caller, and the world that selection looks at.
//!
//! **Owns**: [`Entry`], [`EntryKey`], [`Offer`], [`World`]. **Must not**: choose anybody (`select/` does).

use super::agent::{AgentRecord, State};
use crate::company::{Queue, RoutingCompany, Skills};
use crate::id::{AgentId, InteractionId, OfferId, QueueEntryId, QueueId};
use crate::time::Timestamp;
use std::collections::BTreeMap;
use std::time::Duration;

/// Orders callers; smaller goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct EntryKey {
    /// 0 emergency, 1 normal; 0 after the promotion.
    pub(super) class: u8,
    /// `V = enqueued_at - head_start`. Never changes while the caller waits.
    pub(super) v: Timestamp,
    /// Order of arrival.
    pub(super) seq: u64,
}

/// One waiting.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) interaction: InteractionId,
    pub(super) queue: QueueId,
    /// What the flow asked for, beyond the queue's own.
    pub(super) asked: Skills,
    /// What is needed now: the higher level of the queue's and the flow's.
    pub(super) requirement: Skills,
    pub(super) enqueued_at: Timestamp,
    pub(super) head_start: Duration,
    pub(super) key: EntryKey,
    /// The open offer.
    pub(super) offer: Option<OfferId>,
    /// Agents who refused or missed this caller, and until when they are excluded.
    pub(super) refused: BTreeMap<AgentId, Timestamp>,
    /// The step at which this caller last came to be matched anew; see `invariants.rs`.
    pub(super) touched: u64,
}

impl Entry {
    pub(super) fn refused_by(&self, agent: AgentId, now: Timestamp) -> bool {
        self.refused.get(&agent).is_some_and(|until| now < *until)
    }
}

/// The higher level of both holds, skill by skill.
pub(super) fn merged(queue: &Queue, asked: &Skills) -> Skills {
    let mut all = queue.skills.clone();
    for (skill, level) in asked {
        let held = all.entry(skill.clone()).or_insert(*level);
        *held = (*held).max(*level);
    }
    all
}

/// One open offer.
#[derive(Clone, Debug)]
pub(super) struct Offer {
    pub(super) entry: QueueEntryId,
    pub(super) interaction: InteractionId,
    pub(super) agent: AgentId,
    pub(super) queue: QueueId,
    /// A call that has not reported by then is taken for a missed one.
    pub(super) expires: Timestamp,
    /// The step at which it was made; see `invariants.rs`.
    pub(super) step: u64,
}

/// Everything that selection may look at.
#[derive(Debug)]
pub(super) struct World {
    pub(super) now: Timestamp,
    pub(super) company: RoutingCompany,
    pub(super) agents: BTreeMap<AgentId, AgentRecord>,
    pub(super) entries: BTreeMap<QueueEntryId, Entry>,
    pub(super) offers: BTreeMap<OfferId, Offer>,
}

impl World {
    /// Callers of one queue, rung ones included, in order.
    pub(super) fn line(&self, queue: QueueId) -> Vec<(QueueEntryId, &Entry)> {
        let mut line: Vec<_> = self
            .entries
            .iter()
            .filter(|(_, entry)| entry.queue == queue)
            .map(|(id, entry)| (*id, entry))
            .collect();
        line.sort_by_key(|(_, entry)| entry.key);
        line
    }
    /// Whether anybody who serves this queue, in whatever tier, is logged in.
    pub(super) fn anybody_logged_in(&self, queue: QueueId) -> bool {
        self.company.agents.iter().any(|(id, agent)| {
            agent.queues.contains_key(&queue)
                && self
                    .agents
                    .get(id)
                    .is_some_and(|record| record.state.logged_in())
        })
    }
    pub(super) fn is_available(&self, agent: AgentId) -> bool {
        self.agents
            .get(&agent)
            .is_some_and(|record| record.state == State::Available)
    }
}
