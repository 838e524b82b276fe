//! Everything that happens because time passes.
//!
//! **Owns**: which deadlines there are and the order of those that are due together. The deadlines themselves lie in
//! the states they belong to, so that a state that ends takes its deadline along.

use super::Distributor;
use super::agent::State;
use super::entry::{Entry, World};
use super::index::deadlines::Who;
use crate::company::RoutingCompany;
use crate::id::{AgentId, OfferId, QueueEntryId, QueueId};
use crate::time::Timestamp;

/// In the order of those that are due together: first queues that open, then what changes callers' order, then callers who leave, so that
/// no phone rings for them any more, then licences, holds and
/// ladders, all callers of one moment together, then exclusions likewise, then offers, then agents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Timer {
    Closure(QueueId),
    Promote(QueueEntryId),
    MaxWait(QueueEntryId),
    Licence,
    Hold,
    Ladder,
    Exclusion,
    Offer(OfferId),
    Agent(AgentId),
}

impl Timer {
    const fn rank(self) -> u8 {
        match self {
            Self::Closure(_) => 0,
            Self::Promote(_) => 1,
            Self::MaxWait(_) => 2,
            Self::Licence => 3,
            Self::Hold => 4,
            Self::Ladder => 5,
            Self::Exclusion => 6,
            Self::Offer(_) => 7,
            Self::Agent(_) => 8,
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
                .due_timers()
                .into_iter()
                .map(|(at, timer)| (timer.rank(), at, timer))
                .collect();
            due.sort_unstable();
            for (_, at, timer) in due {
                // An earlier one may have ended the state that this one belonged to.
                if self.deadline_of(timer) == Some(at) {
                    self.fire(timer, at);
                    self.settle();
                }
            }
        }
    }

    fn earliest_deadline(&mut self) -> Option<Timestamp> {
        let next = self.index().deadlines.next();
        let licence = self.next_licence_end();
        next.into_iter().chain(licence).min()
    }

    /// What is due by now. Of ladders and holds the earliest moment: whoever it concerns is due together.
    fn due_timers(&mut self) -> Vec<(Timestamp, Timer)> {
        let now = self.world.now;
        let due: Vec<Who> = self.index().deadlines.due(now).collect();
        let (mut timers, mut ladder, mut hold) = (Vec::new(), None, None);
        let mut exclusion = None;
        for who in due {
            match who {
                Who::Closure(id) => timers.extend(self.timed(Timer::Closure(id))),
                Who::Offer(id) => timers.extend(self.timed(Timer::Offer(id))),
                Who::Agent(id) => timers.extend(self.timed(Timer::Agent(id))),
                Who::Entry(id) => {
                    timers.extend(self.timed(Timer::Promote(id)));
                    timers.extend(self.timed(Timer::MaxWait(id)));
                    let Some(entry) = self.world.entries.get(&id) else {
                        continue;
                    };
                    let step = entry.next_step_at(&self.world.company);
                    ladder = ladder.into_iter().chain(step).min();
                    let end = entry.hold.map(|(_, until)| until);
                    hold = hold.into_iter().chain(end).min();
                    let end = self.world.exclusion_end(entry);
                    exclusion = exclusion.into_iter().chain(end).min();
                }
            }
        }
        timers.extend(ladder.map(|at| (at, Timer::Ladder)));
        timers.extend(hold.map(|at| (at, Timer::Hold)));
        timers.extend(exclusion.map(|at| (at, Timer::Exclusion)));
        timers.extend(self.next_licence_end().map(|at| (at, Timer::Licence)));
        timers.retain(|(at, _)| *at <= now);
        timers
    }

    fn timed(&mut self, timer: Timer) -> Option<(Timestamp, Timer)> {
        Some((self.deadline_of(timer)?, timer))
    }

    fn deadline_of(&mut self, timer: Timer) -> Option<Timestamp> {
        match timer {
            Timer::Closure(queue) => self.end_of_closure(queue),
            Timer::Promote(id) => promotion_of(self.world.entries.get(&id)?, &self.world.company),
            Timer::MaxWait(id) => end_of_wait(self.world.entries.get(&id)?, &self.world.company),
            Timer::Licence => self.next_licence_end(),
            Timer::Hold => self.next_hold_end(),
            Timer::Ladder => self.next_relaxation(),
            Timer::Exclusion => self.next_exclusion_end(),
            Timer::Offer(id) => self.world.offers.get(&id).map(|offer| offer.expires),
            Timer::Agent(id) => end_of_state(&self.world.agents.get(&id)?.state),
        }
    }

    /// The next moment at which somebody's licence ends.
    fn next_licence_end(&mut self) -> Option<Timestamp> {
        let dealt_with = self.world.licences_until;
        self.index().deadlines.next_licence_end(dealt_with)
    }

    /// Nobody is freed by it, but a requirement may have nobody left who meets it.
    fn licences_over(&mut self, at: Timestamp) {
        self.world.licences_until = at;
        self.work.census = true;
        self.work.everybody = true;
    }

    fn fire(&mut self, timer: Timer, at: Timestamp) {
        match timer {
            Timer::Closure(queue) => self.closure_expired(queue),
            Timer::Promote(id) => self.promote(id),
            Timer::MaxWait(id) => self.max_wait_passed(id),
            Timer::Licence => self.licences_over(at),
            Timer::Hold => self.holds_over(at),
            Timer::Ladder => self.relax(at),
            Timer::Exclusion => self.exclusions_over(at),
            Timer::Offer(id) => self.offer_expired(id),
            Timer::Agent(id) => match self.world.agents.get(&id).map(|record| &record.state) {
                Some(State::WrapUp(_)) => self.end_wrap_up(id),
                Some(State::NotReady(_)) => self.cooldown_ended(id),
                _ => {}
            },
        }
    }
}

fn promotion_of(entry: &Entry, company: &RoutingCompany) -> Option<Timestamp> {
    let queue = company.queues.get(&entry.queue)?;
    (!entry.promoted).then(|| entry.enqueued_at + queue.promote_after)
}

fn end_of_wait(entry: &Entry, company: &RoutingCompany) -> Option<Timestamp> {
    let queue = company.queues.get(&entry.queue)?;
    Some(entry.enqueued_at + queue.max_wait)
}

/// The next deadline of a caller.
pub(super) fn next_of_entry(entry: &Entry, world: &World) -> Option<Timestamp> {
    let company = &world.company;
    [
        promotion_of(entry, company),
        end_of_wait(entry, company),
        entry.next_step_at(company),
        entry.hold.map(|(_, until)| until),
        world.exclusion_end(entry),
    ]
    .into_iter()
    .flatten()
    .min()
}

/// When an agent's state ends by itself.
pub(super) const fn end_of_state(state: &State) -> Option<Timestamp> {
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
