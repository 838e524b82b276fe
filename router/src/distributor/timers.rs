//! Everything that happens because time passes.
//!
//! **Owns**: which deadlines there are and the order of those that are due together. The deadlines themselves lie in
//! the states they belong to, so that a state that ends takes its deadline along.

use super::Distributor;
use super::agent::State;
use super::entry::Entry;
use crate::id::{AgentId, OfferId, QueueEntryId};
use crate::time::Timestamp;
use std::time::Duration;

/// A waiting caller is promoted to class 0 after this long.
pub(super) const PROMOTE_AFTER: Duration = Duration::from_secs(15 * 60);

/// In the order of those that are due together: first what changes callers' order, then callers who leave, so that
/// no phone rings for them any more, then offers, then agents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Timer {
    Promote(QueueEntryId),
    MaxWait(QueueEntryId),
    Offer(OfferId),
    Agent(AgentId),
}

impl Timer {
    const fn rank(self) -> u8 {
        match self {
            Self::Promote(_) => 0,
            Self::MaxWait(_) => 1,
            Self::Offer(_) => 2,
            Self::Agent(_) => 3,
        }
    }
}

impl Distributor {
    /// Runs what is due, one thing at a time, each matched before the next.
    pub(super) fn run_due(&mut self) {
        loop {
            let now = self.world.now;
            self.deadline = self.earliest_deadline();
            if self.deadline.is_none_or(|deadline| deadline > now) {
                return;
            }
            let mut due: Vec<(u8, Timestamp, Timer)> = self
                .timers()
                .filter(|(at, _)| *at <= now)
                .map(|(at, timer)| (timer.rank(), at, timer))
                .collect();
            due.sort_unstable();
            for (_, at, timer) in due {
                // An earlier one may have ended the state that this one belonged to.
                if self.deadline_of(timer) == Some(at) {
                    self.fire(timer);
                    self.settle();
                }
            }
        }
    }

    fn earliest_deadline(&self) -> Option<Timestamp> {
        self.timers().map(|(at, _)| at).min()
    }

    /// Every deadline there is. Asked at each input, so it looks nothing up but the entries' queues.
    fn timers(&self) -> impl Iterator<Item = (Timestamp, Timer)> + '_ {
        let entries = self.world.entries.iter().flat_map(|(id, entry)| {
            let promote = promotion_of(entry).map(|at| (at, Timer::Promote(*id)));
            let max_wait = self.end_of_wait(entry).map(|at| (at, Timer::MaxWait(*id)));
            promote.into_iter().chain(max_wait)
        });
        let offers = self.world.offers.iter();
        let offers = offers.map(|(id, offer)| (offer.expires, Timer::Offer(*id)));
        let agents = self
            .world
            .agents
            .iter()
            .filter_map(|(id, record)| Some((end_of_state(&record.state)?, Timer::Agent(*id))));
        entries.chain(offers).chain(agents)
    }

    fn deadline_of(&self, timer: Timer) -> Option<Timestamp> {
        match timer {
            Timer::Promote(id) => promotion_of(self.world.entries.get(&id)?),
            Timer::MaxWait(id) => self.end_of_wait(self.world.entries.get(&id)?),
            Timer::Offer(id) => self.world.offers.get(&id).map(|offer| offer.expires),
            Timer::Agent(id) => end_of_state(&self.world.agents.get(&id)?.state),
        }
    }

    fn end_of_wait(&self, entry: &Entry) -> Option<Timestamp> {
        let queue = self.world.company.queues.get(&entry.queue)?;
        Some(entry.enqueued_at + queue.max_wait)
    }

    fn fire(&mut self, timer: Timer) {
        match timer {
            Timer::Promote(id) => self.promote(id),
            Timer::MaxWait(id) => self.max_wait_passed(id),
            Timer::Offer(id) => self.offer_expired(id),
            Timer::Agent(id) => match self.world.agents.get(&id).map(|record| &record.state) {
                Some(State::WrapUp(_)) => self.end_wrap_up(id),
                Some(State::NotReady(_)) => self.cooldown_ended(id),
                _ => {}
            },
        }
    }
}

const fn end_of_state(state: &State) -> Option<Timestamp> {
    match state {
        State::WrapUp(work) => Some(work.until),
        State::NotReady(pause) => pause.until,
        State::Offline
        | State::Available
        | State::Offered { .. }
        | State::Serving { .. }
        | State::OwnCall { .. } => None,
    }
}

fn promotion_of(entry: &Entry) -> Option<Timestamp> {
    (entry.key.class > 0).then(|| entry.enqueued_at + PROMOTE_AFTER)
}
