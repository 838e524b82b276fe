//! The one door through which an agent's state changes.
//!
//! **Owns**: what every change has in common: the idle clock, the log, the work it leaves.
//! **Must not**: know why a state changes.

use super::Distributor;
use super::affinity::is_worth_waiting_for;
use super::agent::{Clock, IdleKey, Pause, State};
use crate::agent::{Reason, Wanted};
use crate::event::Event;
use crate::id::AgentId;
use crate::time::Timestamp;
use std::time::Duration;

/// A phone that is back within this keeps its agent's idle clock.
const LOST_GRACE: Duration = Duration::from_secs(30);

impl Distributor {
    /// Puts an agent into a state and logs it. An agent whom the company no longer knows goes once offline.
    pub(super) fn enter(&mut self, id: AgentId, to: State, clock: Clock) {
        let idle = (clock == Clock::Restart).then(|| self.fresh_idle_key());
        let step = self.next_step();
        let now = self.world.now;
        let Some(record) = self.world.agents.get_mut(&id) else {
            return;
        };
        record.idle = idle.unwrap_or(record.idle);
        let from = std::mem::replace(&mut record.state, to);
        (record.since, record.touched) = (now, step);
        let to = &record.state;
        record.load.moved(&from, to, clock, now);
        let event = Event::AgentStateChanged {
            agent: id,
            from: from.public(),
            to: to.public(),
            reason: to.logged_reason().cloned(),
            interaction: to.interaction().or_else(|| from.interaction()),
            idle_since: record.idle.since,
            ready_seq: record.idle.ready_seq,
            occupancy: record.load.occupancy,
            calls: record.load.calls,
        };
        if !is_worth_waiting_for(to) {
            self.work.away.insert(id);
        }
        if *to == State::Available {
            self.work.agents.insert(id);
        }
        self.work.census |= from.logged_in() != to.logged_in();
        let gone = *to == State::Offline && !self.world.company.agents.contains_key(&id);
        if gone {
            self.world.agents.remove(&id);
        }
        self.log(event);
    }

    fn fresh_idle_key(&mut self) -> IdleKey {
        self.counters.ready += 1;
        IdleKey {
            since: self.world.now,
            ready_seq: self.counters.ready,
        }
    }

    /// Ready for callers again, if there is a phone to ring.
    pub(super) fn enter_available(&mut self, id: AgentId, clock: Clock) {
        let Some(record) = self.world.agents.get(&id) else {
            return;
        };
        if !self.world.company.agents.contains_key(&id) {
            self.enter(id, State::Offline, Clock::Keep);
        } else if record.registered {
            self.enter(id, State::Available, clock);
        } else if record.signed_off {
            self.enter(id, State::Offline, Clock::Keep);
        } else {
            self.enter_device_lost(id, clock);
        }
    }

    /// The phone cannot be reached. With [`Clock::Keep`] a return within 30 s leaves the idle clock as it was.
    pub(super) fn enter_device_lost(&mut self, id: AgentId, clock: Clock) {
        let keep_clock_until: Option<Timestamp> =
            (clock == Clock::Keep).then(|| self.world.now + LOST_GRACE);
        let pause = Pause {
            reason: Reason::DeviceLost,
            until: None,
            keep_clock_until,
        };
        self.enter(id, State::NotReady(pause), Clock::Keep);
    }

    /// What somebody asked for, now.
    pub(super) fn enter_wanted(&mut self, id: AgentId, wanted: Wanted) {
        if !self.world.company.agents.contains_key(&id) {
            self.enter(id, State::Offline, Clock::Keep);
            return;
        }
        match wanted {
            Wanted::Available => {
                // Whoever asks to be called has not signed off, whatever the phone did before.
                if let Some(record) = self.world.agents.get_mut(&id) {
                    record.signed_off = false;
                }
                self.enter_available(id, Clock::Restart);
            }
            Wanted::NotReady { reason } => {
                self.enter(
                    id,
                    State::NotReady(Pause::until_return(reason)),
                    Clock::Keep,
                );
            }
            Wanted::Offline => self.enter(id, State::Offline, Clock::Keep),
        }
    }

    /// Call and after-call work are done: what was asked for meanwhile, else ready.
    pub(super) fn after_work(&mut self, id: AgentId, clock: Clock) {
        let next = self
            .world
            .agents
            .get_mut(&id)
            .and_then(|record| record.next.take());
        match next {
            Some(Wanted::Available) | None => self.enter_available(id, clock),
            Some(wanted) => self.enter_wanted(id, wanted),
        }
    }
}
