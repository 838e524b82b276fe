//! A quarter of an hour of a queue and of an agent.
//!
//! **Owns**: what stands in a row, and how rows add up. Every number is a count or a sum of whole milliseconds, so rows
//! that were written in pieces equal rows that were counted at once.

use super::histogram::Histogram;
use crate::agent::AgentState;
use crate::id::{AgentId, QueueId};
use crate::outcome::{EntryOutcome, OfferOutcome, Refusal};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// From one row to the next.
pub const QUARTER: Duration = Duration::from_secs(15 * 60);

/// The beginning of the quarter of an hour that a moment lies in, UTC.
#[must_use]
pub fn quarter_of(at: Timestamp) -> Timestamp {
    let quarter = i64::try_from(QUARTER.as_millis()).unwrap_or(i64::MAX);
    Timestamp::from_millis(at.millis().div_euclid(quarter).saturating_mul(quarter))
}

/// One queue, one quarter of an hour.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueRow {
    /// Waits that began in it.
    pub entered: u64,
    /// Waits that ended in it, by outcome, each with its length.
    pub left: BTreeMap<EntryOutcome, Histogram>,
    /// Why the refused were.
    pub refusals: BTreeMap<Refusal, u64>,
    /// Offers made in it.
    pub offered: u64,
    /// Offers that ended in it.
    pub offers: BTreeMap<OfferOutcome, u64>,
    /// Talks that an agent began in it with a caller of this queue, each with the time in which both heard each other.
    pub talk: Histogram,
    /// The same talks, each with the time in which the caller was held.
    pub hold: Histogram,
    /// After-call work of these talks.
    pub wrap_up: Histogram,
}

/// One agent, one quarter of an hour.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentRow {
    /// Milliseconds in each state; offline is left out.
    pub states: BTreeMap<AgentState, u64>,
    /// Milliseconds not ready, by reason.
    pub reasons: BTreeMap<String, u64>,
    /// Milliseconds logged in while we were down, in whatever state.
    pub unobserved: u64,
    /// Offers that ended in it.
    pub offers: BTreeMap<OfferOutcome, u64>,
    /// Talks begun in it, each with the time in which both heard each other.
    pub talk: Histogram,
    /// The same talks, each with the time in which the caller was held.
    pub hold: Histogram,
    /// After-call work of these talks.
    pub wrap_up: Histogram,
}

impl QueueRow {
    /// All of another row.
    pub fn merge(&mut self, other: &Self) {
        self.entered += other.entered;
        self.offered += other.offered;
        for (outcome, waits) in &other.left {
            self.left.entry(*outcome).or_default().merge(waits);
        }
        add(&mut self.refusals, &other.refusals);
        add(&mut self.offers, &other.offers);
        self.talk.merge(&other.talk);
        self.hold.merge(&other.hold);
        self.wrap_up.merge(&other.wrap_up);
    }

    /// How many waits ended so.
    #[must_use]
    pub fn left_by(&self, outcome: EntryOutcome) -> u64 {
        self.left.get(&outcome).map_or(0, |waits| waits.count)
    }

    /// How many waits ended, in whatever way.
    #[must_use]
    pub fn left_all(&self) -> u64 {
        self.left.values().map(|waits| waits.count).sum()
    }
}

impl AgentRow {
    /// All of another row.
    pub fn merge(&mut self, other: &Self) {
        add(&mut self.states, &other.states);
        add(&mut self.reasons, &other.reasons);
        self.unobserved += other.unobserved;
        add(&mut self.offers, &other.offers);
        self.talk.merge(&other.talk);
        self.hold.merge(&other.hold);
        self.wrap_up.merge(&other.wrap_up);
    }

    /// Milliseconds logged in: the states' and those while we were down.
    #[must_use]
    pub fn logged_in(&self) -> u64 {
        self.states.values().sum::<u64>() + self.unobserved
    }
}

fn add<K: Ord + Clone>(to: &mut BTreeMap<K, u64>, more: &BTreeMap<K, u64>) {
    for (key, count) in more {
        *to.entry(key.clone()).or_default() += count;
    }
}

/// Rows by whose they are and when they begin.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rows {
    /// Of queues.
    pub queues: BTreeMap<(QueueId, Timestamp), QueueRow>,
    /// Of agents.
    pub agents: BTreeMap<(AgentId, Timestamp), AgentRow>,
}

impl Rows {
    /// The queue's row that a moment lies in.
    pub(super) fn queue(&mut self, queue: QueueId, at: Timestamp) -> &mut QueueRow {
        self.queues.entry((queue, quarter_of(at))).or_default()
    }

    /// The agent's row that a moment lies in.
    pub(super) fn agent(&mut self, agent: AgentId, at: Timestamp) -> &mut AgentRow {
        self.agents.entry((agent, quarter_of(at))).or_default()
    }

    /// Whether nothing is in them.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.queues.is_empty() && self.agents.is_empty()
    }
}
