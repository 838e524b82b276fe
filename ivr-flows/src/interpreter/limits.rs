//! The backstops: how many steps and how much time a call may use outside queues.
//!
//! **Owns**: the step budget and the wall-clock cap.
//! **Must not know**: what happens when one is hit.

use std::time::Duration;

/// Steps of a call. Only a broken flow comes near.
const STEPS: u32 = 1_000;
/// Steps left after the budget was hit, for the `error` exit.
const STEPS_AFTER: u32 = 50;
/// Time outside queues and talks.
const TIME: Duration = Duration::from_secs(2 * 3600);
/// Time left after the cap was hit, for the `error` exit.
const TIME_AFTER: Duration = Duration::from_secs(120);

#[derive(Debug)]
pub(super) struct Limits {
    steps: u32,
    /// When time is up, unless paused.
    until: Duration,
    /// Since when the call waits or talks.
    paused: Option<Duration>,
    /// The `error` exit was taken since the caller last chose something.
    pub(super) failed: bool,
    hit: bool,
}

impl Limits {
    pub(super) fn new() -> Self {
        Self {
            steps: STEPS,
            until: TIME,
            paused: None,
            failed: false,
            hit: false,
        }
    }

    pub(super) fn begin(&mut self, now: Duration) {
        self.until = now.saturating_add(TIME);
    }

    /// Counts a step; false when none is left.
    pub(super) fn step(&mut self) -> bool {
        let left = self.steps.checked_sub(1);
        self.steps = left.unwrap_or(0);
        left.is_some()
    }

    /// The clock stands while the call waits or talks.
    pub(super) fn pause(&mut self, now: Duration) {
        self.paused.get_or_insert(now);
    }

    pub(super) fn resume(&mut self, now: Duration) {
        if let Some(since) = self.paused.take() {
            self.until = self.until.saturating_add(now.saturating_sub(since));
        }
    }

    pub(super) fn deadline(&self) -> Option<Duration> {
        self.paused.is_none().then_some(self.until)
    }

    /// A backstop was hit. True the first time: then there is a little left for the `error` exit.
    pub(super) fn hit(&mut self, now: Duration) -> bool {
        self.steps = STEPS_AFTER;
        self.until = now.saturating_add(TIME_AFTER);
        !std::mem::replace(&mut self.hit, true)
    }
}
