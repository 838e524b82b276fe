//! Inboxes of tasks, and how late a task looks into its own.
//!
//! **Owns**: [`Inbox`], [`Slow`]. **Must not know**: who reads it.

use crate::dice::Dice;
use std::collections::VecDeque;

/// Which task gets too little of the machine, all through a seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Slow {
    Nobody,
    Gateway,
    Registry,
    Distributor,
    /// Half of all calls.
    Calls,
    Everybody,
}

/// How a task comes to its inbox.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Pace {
    /// How often it stands still before it looks.
    stalls_percent: u64,
    /// For how long then, microseconds.
    longest: u64,
}

impl Slow {
    /// Longer than a packet's way, shorter than what a call waits for the Distributor's last word.
    const ALONE: Pace = Pace {
        stalls_percent: 25,
        longest: 4_000_000,
    };
    const TOGETHER: Pace = Pace {
        stalls_percent: 20,
        longest: 600_000,
    };

    /// The pace of one task; a call throws dice for its own.
    pub(super) fn pace(self, task: Self, dice: &mut Dice) -> Pace {
        match self {
            Self::Everybody => Self::TOGETHER,
            Self::Nobody => Pace::default(),
            Self::Calls if task == Self::Calls && dice.percent(50) => Pace::default(),
            slow if slow == task => Self::ALONE,
            _ => Pace::default(),
        }
    }
}

/// A task's inbox. It is looked into at `wake`.
#[derive(Debug)]
pub(crate) struct Inbox<T> {
    pub(super) waiting: VecDeque<T>,
    pub(super) wake: Option<u64>,
    pace: Pace,
}

impl<T> Inbox<T> {
    pub(super) fn new(pace: Pace) -> Self {
        Self {
            waiting: VecDeque::new(),
            wake: None,
            pace,
        }
    }

    pub(super) fn push(&mut self, item: T, now: u64, dice: &mut Dice) {
        self.waiting.push_back(item);
        if self.wake.is_none() {
            let stalls = self.pace.longest > 0 && dice.percent(self.pace.stalls_percent);
            let wait = match stalls {
                true => dice.below(self.pace.longest),
                false => lateness(dice),
            };
            self.wake = Some(now + wait);
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

    pub(super) fn clear(&mut self) {
        self.waiting.clear();
        self.wake = None;
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
