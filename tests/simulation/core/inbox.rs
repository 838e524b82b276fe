//! Inboxes of tasks, and how late a task looks into its own.
//!
//! **Owns**: [`Inbox`]. **Must not know**: who reads it.

use crate::dice::Dice;
use std::collections::VecDeque;

/// A task's inbox. It is looked into at `wake`.
#[derive(Debug)]
pub(crate) struct Inbox<T> {
    pub(super) waiting: VecDeque<T>,
    pub(super) wake: Option<u64>,
}

impl<T> Default for Inbox<T> {
    fn default() -> Self {
        Self {
            waiting: VecDeque::new(),
            wake: None,
        }
    }
}

impl<T> Inbox<T> {
    pub(super) fn push(&mut self, item: T, now: u64, dice: &mut Dice) {
        self.waiting.push_back(item);
        if self.wake.is_none() {
            self.wake = Some(now + lateness(dice));
        }
    }

    pub(super) fn pop(&mut self, now: u64, dice: &mut Dice) -> Option<T> {
        let item = self.waiting.pop_front();
        self.wake = (!self.waiting.is_empty()).then(|| now + lateness(dice));
        item
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }
}

/// How long a task takes to look into its inbox, microseconds.
fn lateness(dice: &mut Dice) -> u64 {
    match dice.below(100) {
        0 => dice.below(300_000),
        1..=15 => dice.below(8_000),
        _ => dice.below(300),
    }
}
