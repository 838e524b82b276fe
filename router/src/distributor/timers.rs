//! Everything that happens because time passes.
//!
//! **Owns**: which deadlines there are and the order of those that are due together. The deadlines themselves lie in
//! the states they belong to, so that a state that ends takes its deadline along.

use super::Distributor;
use super::agent::State;
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
            let mut due: Vec<(u8, Timestamp, Timer)> = self
                .timers()
                .filter(|(at, _)| *at <= now)
                .map(|(at, timer)| (timer.rank(), at, timer))
                .collect();
            if due.is_empty() {
                return;
            }
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

    pub(super) fn earliest_deadline(&self) -> Option<Timestamp> {
        self.timers().map(|(at, _)| at).min()
    }

    fn timers(&self) -> impl Iterator<Item = (Timestamp, Timer)> + '_ {
        let entries = self
            .world
            .entries
            .keys()
            .flat_map(|id| [Timer::Promote(*id), Timer::MaxWait(*id)]);
        let offers = self.world.offers.keys().map(|id| Timer::Offer(*id));
        let agents = self.world.agents.keys().map(|id| Timer::Agent(*id));
        entries
            .chain(offers)
            .chain(agents)
            .filter_map(|timer| Some((self.deadline_of(timer)?, timer)))
    }

    fn deadline_of(&self, timer: Timer) -> Option<Timestamp> {
        match timer {
            Timer::Promote(id) => {
                let entry = self.world.entries.get(&id)?;
                (entry.key.class > 0).then(|| entry.enqueued_at + PROMOTE_AFTER)
            }
            Timer::MaxWait(id) => {
                let entry = self.world.entries.get(&id)?;
                let queue = self.world.company.queues.get(&entry.queue)?;
                Some(entry.enqueued_at + queue.max_wait)
            }
            Timer::Offer(id) => self.world.offers.get(&id).map(|offer| offer.expires),
            Timer::Agent(id) => match &self.world.agents.get(&id)?.state {
                State::WrapUp(work) => Some(work.until),
                State::NotReady(pause) => pause.until,
                State::Offline
                | State::Available
                | State::Offered { .. }
                | State::Serving { .. }
                | State::OwnCall { .. } => None,
            },
        }
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
