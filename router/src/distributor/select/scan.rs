//! The plain scan: looks at every agent, or at every waiting caller, and sorts.
//!
//! **Owns**: the order of agents and of callers. Slow and easy to check; the oracle of any faster structure.

use super::eligible::{Cause, eligible, exclusion_in_force};
use super::{Found, Matcher, NEXT_STORED};
use crate::decision::{Candidate, Keys, TieBreak};
use crate::distributor::entry::{Entry, World};
use crate::id::{AgentId, QueueEntryId};
use std::collections::BTreeMap;

/// The plain scan.
#[derive(Debug, Default)]
pub(in crate::distributor) struct Scan;

impl Matcher for Scan {
    fn agent_for(&self, world: &World, id: QueueEntryId) -> Option<Found> {
        let entry = world.entries.get(&id)?;
        let exclusion = exclusion_in_force(world, entry);
        let mut pool = Pool::default();
        for (agent_id, agent) in &world.company.agents {
            match eligible(world, *agent_id, agent, entry, exclusion) {
                Ok(tier) => pool.add(agent_candidate(world, *agent_id, id, tier)?),
                Err(cause) => pool.remove(&cause),
            }
        }
        pool.best()
    }

    fn entry_for(&self, world: &World, agent_id: AgentId) -> Option<Found> {
        let agent = world.company.agents.get(&agent_id)?;
        let mut pool = Pool::default();
        for (id, entry) in &world.entries {
            if entry.offer.is_some() {
                pool.remove(&Cause::Offered);
                continue;
            }
            let exclusion = exclusion_in_force(world, entry);
            match eligible(world, agent_id, agent, entry, exclusion) {
                Ok(_) => pool.add(entry_candidate(agent_id, *id, entry)),
                Err(cause) => pool.remove(&cause),
            }
        }
        pool.best()
    }
}

fn agent_candidate(
    world: &World,
    agent: AgentId,
    entry: QueueEntryId,
    tier: u8,
) -> Option<Candidate> {
    let idle = world.agents.get(&agent)?.idle;
    Some(Candidate {
        agent,
        entry,
        keys: Keys::Agent {
            tier,
            idle_since: idle.since,
            ready_seq: idle.ready_seq,
        },
    })
}

const fn entry_candidate(agent: AgentId, id: QueueEntryId, entry: &Entry) -> Candidate {
    Candidate {
        agent,
        entry: id,
        keys: Keys::Caller {
            class: entry.key.class,
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
        let mut candidates = self.candidates.into_iter();
        let chosen = candidates.next()?;
        let next: Vec<Candidate> = candidates.take(NEXT_STORED).collect();
        let tie_break = next
            .first()
            .map_or(TieBreak::OnlyOne, |second| decided_by(&chosen, second));
        Some(Found {
            chosen,
            next,
            removed: self.removed,
            tie_break,
        })
    }
}

/// The first key in which the two differ.
fn decided_by(first: &Candidate, second: &Candidate) -> TieBreak {
    match (&first.keys, &second.keys) {
        (
            Keys::Agent {
                tier,
                idle_since,
                ready_seq,
            },
            Keys::Agent {
                tier: next_tier,
                idle_since: next_idle,
                ready_seq: next_ready,
            },
        ) => {
            if tier != next_tier {
                TieBreak::Tier
            } else if idle_since != next_idle {
                TieBreak::LongestIdle
            } else if ready_seq != next_ready {
                TieBreak::ReadySeq
            } else {
                TieBreak::AgentId
            }
        }
        (
            Keys::Caller { class, v, .. },
            Keys::Caller {
                class: next_class,
                v: next_v,
                ..
            },
        ) => {
            if class != next_class {
                TieBreak::Class
            } else if v != next_v {
                TieBreak::V
            } else {
                TieBreak::Sequence
            }
        }
        // The candidates of one decision are all agents or all callers.
        _ => TieBreak::OnlyOne,
    }
}
