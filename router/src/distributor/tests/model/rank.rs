//! When two states of the model are the same: times and sequences by their rank, names of callers by their order.
//!
//! **Owns**: [`key`]. What cannot matter any more is left out: an idle key that begins anew before it counts, a moment
//! that has passed.

use super::world::State;
use crate::distributor::agent::{AfterCall, AgentRecord, Before, Clock, Pause, State as Doing};
use crate::distributor::entry::Entry;
use crate::id::{AgentId, InteractionId};
use crate::time::Timestamp;
use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

/// Beyond this the order of moments is left out: nothing else in the model takes as long.
const FAR: Duration = Duration::from_secs(3600);

/// Ranks of the moments that are still to come.
struct Moments {
    now: Timestamp,
    coming: Vec<Timestamp>,
}

impl Moments {
    fn of(state: &State) -> Self {
        let world = &state.distributor.world;
        let mut coming = Vec::with_capacity(12);
        for entry in world.entries.values() {
            coming.push(end_of_wait(state, entry));
            coming.extend(entry.refused.values());
        }
        coming.extend(world.offers.values().map(|offer| offer.expires));
        for agent in world.agents.values() {
            match &agent.state {
                Doing::WrapUp(work)
                | Doing::OwnCall {
                    before: Before::WrapUp(work),
                    ..
                } => coming.push(work.until),
                Doing::NotReady(pause)
                | Doing::OwnCall {
                    before: Before::NotReady(pause),
                    ..
                } => coming.extend(pause.until.into_iter().chain(pause.keep_clock_until)),
                _ => {}
            }
        }
        coming.retain(|at| *at >= state.now);
        coming.sort_unstable();
        coming.dedup();
        Self {
            now: state.now,
            coming,
        }
    }

    /// 0 for what has passed; what is far is equally far.
    fn rank(&self, at: Timestamp) -> u8 {
        if at < self.now {
            return 0;
        }
        if at.since(self.now) > FAR {
            return u8::MAX;
        }
        self.coming.partition_point(|other| *other < at) as u8 + 1
    }
}

fn end_of_wait(state: &State, entry: &Entry) -> Timestamp {
    let queue = state.distributor.world.company.queues.get(&entry.queue);
    entry.enqueued_at + queue.map_or(Duration::ZERO, |queue| queue.max_wait)
}

/// The same for two states from which the same can follow, as far as ranks tell. A hash of 64 bits: among a million
/// states two different ones share it with a probability of some 10^-8.
pub(super) fn key(state: &State) -> u64 {
    let moments = Moments::of(state);
    let mut hash = DefaultHasher::new();
    let world = &state.distributor.world;
    // Numbers rise with time, so the order of the maps is the order of arrival.
    let place = |interaction: InteractionId| {
        let mut entries = world.entries.values();
        entries.position(|entry| entry.interaction == interaction)
    };
    let mut line: Vec<_> = world.entries.iter().collect();
    line.sort_unstable_by_key(|(_, entry)| entry.key);
    for (id, entry) in &world.entries {
        entry.queue.hash(&mut hash);
        entry.key.class.hash(&mut hash);
        moments.rank(end_of_wait(state, entry)).hash(&mut hash);
        line.iter()
            .position(|(other, _)| *other == id)
            .hash(&mut hash);
        // Of several phones that ring for one caller it matters whose they are, not which rang first.
        let ringing: BTreeSet<AgentId> = world.ringing_agents(entry).collect();
        ringing.hash(&mut hash);
        // Who is excluded no longer is like anybody else.
        for (agent, until) in entry.refused.iter().filter(|(_, at)| **at > state.now) {
            (agent, moments.rank(*until)).hash(&mut hash);
        }
    }
    world.entries.len().hash(&mut hash);
    for offer in world.offers.values() {
        (offer.agent, moments.rank(offer.expires)).hash(&mut hash);
        // Who stood there when it was made and stands there still, for the invariants of order.
        for entry in world.entries.values() {
            (world.looks_for_agents(entry) && entry.touched < offer.step).hash(&mut hash);
        }
        for agent in world.agents.values() {
            (agent.state == Doing::Available && agent.touched < offer.step).hash(&mut hash);
        }
    }
    for agent in world.agents.values() {
        hash_agent(agent, &moments, place, &mut hash);
        let idle = world.agents.values().filter(|other| {
            key_counts(&other.state) && key_counts(&agent.state) && other.idle < agent.idle
        });
        idle.count().hash(&mut hash);
    }
    hash.finish()
}

/// Whether the idle key may still come to count.
fn key_counts(state: &Doing) -> bool {
    match state {
        Doing::Available | Doing::Offered { .. } => true,
        Doing::NotReady(pause)
        | Doing::OwnCall {
            before: Before::NotReady(pause),
            ..
        } => pause.keep_clock_until.is_some(),
        _ => false,
    }
}

fn hash_agent(
    agent: &AgentRecord,
    moments: &Moments,
    place: impl Fn(InteractionId) -> Option<usize>,
    hash: &mut DefaultHasher,
) {
    (agent.registered, agent.signed_off, agent.misses).hash(hash);
    format!("{:?}", agent.next).hash(hash);
    std::mem::discriminant(&agent.state).hash(hash);
    match &agent.state {
        Doing::Offline | Doing::Available => {}
        Doing::Offered { interaction, .. } => place(*interaction).hash(hash),
        Doing::Serving { queue, .. } => queue.hash(hash),
        Doing::OwnCall { before, .. } => {
            std::mem::discriminant(before).hash(hash);
            match before {
                Before::Offline | Before::Available => {}
                Before::WrapUp(work) => hash_work(work, moments, hash),
                Before::NotReady(pause) => hash_pause(pause, moments, hash),
            }
        }
        Doing::WrapUp(work) => hash_work(work, moments, hash),
        Doing::NotReady(pause) => hash_pause(pause, moments, hash),
    }
}

fn hash_work(work: &AfterCall, moments: &Moments, hash: &mut DefaultHasher) {
    (work.queue, work.open, work.clock == Clock::Keep).hash(hash);
    moments.rank(work.until).hash(hash);
}

fn hash_pause(pause: &Pause, moments: &Moments, hash: &mut DefaultHasher) {
    pause.reason.hash(hash);
    pause.until.map(|at| moments.rank(at)).hash(hash);
    pause.keep_clock_until.map(|at| moments.rank(at)).hash(hash);
}
