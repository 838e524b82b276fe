//! One waiting caller, and the world that selection looks at.
//!
//! **Owns**: [`Entry`], [`EntryKey`], [`Offer`], [`World`]. **Must not**: choose anybody (`select/` does).

use super::agent::{AgentRecord, State};
use super::kept::Kept;
use crate::company::{RoutingCompany, Skills};
use crate::id::{AgentId, InteractionId, OfferId, QueueEntryId, QueueId};
use crate::requirement::{ANY_TIER, Ask, Wishes};
use crate::time::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Orders callers; smaller goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct EntryKey {
    /// 0 emergency, 1 normal; 0 after the promotion.
    pub(super) class: u8,
    /// `V = enqueued_at - head_start`. Only a step of the ladder changes it while the caller waits.
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
    /// What else the flow asked for.
    pub(super) wishes: Wishes,
    /// Steps of the ladder that were taken.
    pub(super) step: usize,
    /// Whoever meets one of these is fit; the own queue's first. See `ladder.rs`.
    pub(super) asks: Vec<Ask>,
    /// The same after the last step.
    pub(super) last_asks: Vec<Ask>,
    /// The skills that count for `most_skilled`.
    pub(super) named: Vec<String>,
    pub(super) enqueued_at: Timestamp,
    pub(super) head_start: Duration,
    /// The class without the promotion.
    pub(super) class: u8,
    /// How much of the head start a supervisor gave.
    pub(super) ahead: Duration,
    pub(super) key: EntryKey,
    /// Has waited for `promote_after`.
    pub(super) promoted: bool,
    /// Waits for this agent alone until then.
    pub(super) hold: Option<(AgentId, Timestamp)>,
    /// The open offers: one, or several with `ring_all`.
    pub(super) offers: Vec<OfferId>,
    /// Agents who refused or missed this caller, and until when they are excluded.
    pub(super) refused: BTreeMap<AgentId, Timestamp>,
    /// The step at which this caller last came to be matched anew; see `invariants.rs`.
    pub(super) touched: u64,
}

impl Entry {
    /// Minimum levels of the first ask, as the log and decisions show them.
    pub(super) fn requirement(&self) -> Skills {
        self.asks
            .first()
            .map(|ask| ask.skills.clone())
            .unwrap_or_default()
    }

    /// All asks, when they say more than the first one's levels.
    pub(super) fn told_asks(&self) -> Vec<Ask> {
        match self.asks.as_slice() {
            [only] if only.max_tier == ANY_TIER => Vec::new(),
            all => all.to_vec(),
        }
    }

    /// Waits for another agent than this one.
    pub(super) fn is_held_from(&self, agent: AgentId, now: Timestamp) -> bool {
        self.hold
            .is_some_and(|(held_for, until)| held_for != agent && now < until)
    }

    pub(super) fn refused_by(&self, agent: AgentId, now: Timestamp) -> bool {
        self.refused.get(&agent).is_some_and(|until| now < *until)
    }
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
    /// The agent became ready and chose; else the caller did.
    pub(super) by_agent: bool,
    /// The caller's key then.
    pub(super) key: EntryKey,
    /// The step at which it was made; see `invariants.rs`.
    pub(super) step: u64,
}

/// Everything that selection may look at.
#[derive(Clone, Debug)]
pub(super) struct World {
    pub(super) now: Timestamp,
    pub(super) company: Arc<RoutingCompany>,
    /// Rises with each edit of the company.
    pub(super) edition: u64,
    pub(super) agents: Kept<AgentId, AgentRecord>,
    pub(super) entries: Kept<QueueEntryId, Entry>,
    pub(super) offers: Kept<OfferId, Offer>,
    /// Licences that ended until then have been dealt with.
    pub(super) licences_until: Timestamp,
    /// Whether the scan is asked beside `classes/`; its answers must be the same.
    #[cfg(test)]
    pub(super) asks_both: bool,
    /// A fault that a test planted.
    #[cfg(test)]
    pub(super) planted: Option<super::planted::Planted>,
}

impl World {
    /// Whether a test planted this fault.
    #[cfg(test)]
    pub(super) fn has(&self, fault: super::planted::Planted) -> bool {
        self.planted == Some(fault)
    }
    /// Whether anybody who serves this queue, in whatever tier, is logged in. Asked of everybody: for the invariants.
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
