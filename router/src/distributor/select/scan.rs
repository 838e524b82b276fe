//! The plain scan: looks at every agent, or at every waiting caller, and sorts.
//!
//! **Owns**: the order of agents and of callers. Slow and easy to check: in test builds every answer of the classes is
//! compared with it.

use super::eligible::{Cause, Fit, Terms, eligible};
use super::strategy::key_of;
use super::{Found, Matcher};
use crate::decision::{Candidate, Keys};
use crate::distributor::entry::{Entry, World};
use crate::id::{AgentId, QueueEntryId};
use std::collections::BTreeMap;

/// The plain scan.
#[derive(Clone, Debug, Default)]
pub(in crate::distributor) struct Scan;

impl Matcher for Scan {
    fn agent_for(&self, world: &World, id: QueueEntryId) -> Option<Found> {
        let entry = world.entries.get(&id)?;
        let terms = Terms::of(world, entry);
        let mut pool = Pool::default();
        for (agent_id, agent) in &world.company.agents {
            match eligible(world, *agent_id, agent, entry, terms) {
                Ok(fit) => pool.add(agent_candidate(world, *agent_id, (id, entry), fit.tier)?),
                Err(cause) => pool.remove(&cause),
            }
        }
        pool.best()
    }

    fn entry_for(&self, world: &World, agent_id: AgentId) -> Option<Found> {
        let agent = world.company.agents.get(&agent_id)?;
        let mut pool = Pool::default();
        for (id, entry) in &world.entries {
            if !world.looks_for_agents(entry) {
                pool.remove(&Cause::Offered);
                continue;
            }
            let terms = Terms::of(world, entry);
            match eligible(world, agent_id, agent, entry, terms) {
                Ok(fit) => pool.add(entry_candidate(agent_id, *id, entry, fit)),
                Err(cause) => pool.remove(&cause),
            }
        }
        pool.best()
    }
}

fn agent_candidate(
    world: &World,
    agent: AgentId,
    (id, entry): (QueueEntryId, &Entry),
    tier: u8,
) -> Option<Candidate> {
    let idle = world.agents.get(&agent)?.idle;
    Some(Candidate {
        agent,
        entry: id,
        keys: Keys::Agent {
            tier,
            strategy: key_of(world, agent, entry),
            idle_since: idle.since,
            ready_seq: idle.ready_seq,
        },
    })
}

const fn entry_candidate(agent: AgentId, id: QueueEntryId, entry: &Entry, fit: Fit) -> Candidate {
    Candidate {
        agent,
        entry: id,
        keys: Keys::Caller {
            class: entry.key.class,
            preference: if entry.promoted { 0 } else { fit.preference },
            v: entry.key.v,
            seq: entry.key.seq,
        },
    }
}

/// Candidates of one decision, and the count of the others by cause.
#[derive(Default)]
struct Pool {
    candidates: Vec<Candidate>,
    removed: BTreeMap<String, u32>,
}

impl Pool {
    fn add(&mut self, candidate: Candidate) {
        self.candidates.push(candidate);
    }
    fn remove(&mut self, cause: &Cause) {
        *self.removed.entry(cause.name()).or_default() += 1;
    }
    fn best(mut self) -> Option<Found> {
        // The ids make the order total, so the same candidates always give the same choice.
        self.candidates
            .sort_by(|a, b| (&a.keys, a.agent, a.entry).cmp(&(&b.keys, b.agent, b.entry)));
        Found::of(self.candidates, self.removed)
    }
}
