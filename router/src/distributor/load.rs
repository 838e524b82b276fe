//! How much an agent has had to do: the keys of `least_occupied` and `fewest_calls`.
//!
//! **Owns**: [`Load`]. Counts from log-in, and from our start: a restart forgets it. **Must not**: decide anything.

use super::agent::{Clock, State};
use crate::time::Timestamp;
use std::collections::VecDeque;
use std::time::Duration;

/// Occupancy looks so far back.
const WINDOW: Duration = Duration::from_secs(3600);
/// Occupancy is counted in hundredths of a percent.
const WHOLE: u128 = 10_000;

/// What one agent has done since log-in.
#[derive(Clone, Debug, Default)]
pub(super) struct Load {
    logged_in: Option<Timestamp>,
    busy_since: Option<Timestamp>,
    /// Times in calls or their work, of the last hour, oldest first.
    busy: VecDeque<(Timestamp, Timestamp)>,
    /// Calls of queues answered.
    pub(super) calls: u32,
    /// As it was when the agent became ready.
    pub(super) occupancy: u16,
}

impl Load {
    /// The agent goes from one state to another.
    pub(super) fn moved(&mut self, from: &State, to: &State, clock: Clock, now: Timestamp) {
        if !to.logged_in() {
            *self = Self::default();
            return;
        }
        if !from.logged_in() || self.logged_in.is_none() {
            *self = Self {
                logged_in: Some(now),
                ..Self::default()
            };
        }
        if matches!(to, State::Serving { .. }) {
            self.calls = self.calls.saturating_add(1);
        }
        if is_busy(to) {
            self.busy_since.get_or_insert(now);
        } else if let Some(since) = self.busy_since.take() {
            self.busy.push_back((since, now));
        }
        while self
            .busy
            .front()
            .is_some_and(|(_, to)| now.since(*to) >= WINDOW)
        {
            self.busy.pop_front();
        }
        if *to == State::Available && clock == Clock::Restart {
            self.occupancy = self.measured(now);
        }
    }

    fn measured(&self, now: Timestamp) -> u16 {
        let begins = now - WINDOW;
        let since = self.logged_in.map_or(now, |at| at.max(begins));
        let here = now.since(since).as_millis();
        let busy: u128 = self
            .busy
            .iter()
            .map(|(from, to)| to.since((*from).max(since)).as_millis())
            .sum();
        let share = (busy.saturating_mul(WHOLE)).checked_div(here).unwrap_or(0);
        u16::try_from(share.min(WHOLE)).unwrap_or(u16::MAX)
    }
}

const fn is_busy(state: &State) -> bool {
    matches!(
        state,
        State::Serving { .. } | State::OwnCall { .. } | State::WrapUp(_)
    )
}
