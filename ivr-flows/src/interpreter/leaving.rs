//! After the caller hung up.
//!
//! **Owns**: the `hangup` exit: steps without audio, and few of them.
//! **Must not know**: how those steps work.

use std::sync::Arc;

use super::run::Move;
use super::{Interpreter, Place, State};
use crate::flow::Action;
use crate::port::FlowEnd;

/// Steps that may run. None of them takes time, so that this bounds the exit far below its 5 s; the first action that
/// waits for something outside must bring a deadline with it.
const STEPS: u32 = 100;

impl Interpreter {
    pub(super) fn caller_left(&mut self) {
        let next = match self.state {
            State::Over => return,
            State::New => None,
            State::Playing { .. }
            | State::Menu(_)
            | State::Collect(_)
            | State::Asking { .. }
            | State::Fetching(_)
            | State::Voicemail(_)
            | State::Step(_)
            | State::Waiting(_)
            | State::TurnedAway { .. }
            | State::Talking => {
                self.stop_message();
                self.step_cut_off();
                self.left = true;
                self.hangup_exit()
            }
        };
        if let Some(next) = next {
            self.run_quietly(next);
        }
        self.end(FlowEnd::CallerLeft);
    }

    /// Runs steps without audio; `play`, `answer`, `customer`, `http` and `call` are passed over; what asks or
    /// waits for the caller ends it.
    fn run_quietly(&mut self, first: Move) {
        let mut next = first;
        for _ in 0..STEPS {
            match next {
                Move::Stay | Move::End(_) => return,
                Move::Next => self.at.step = self.at.step.saturating_add(1),
                Move::To(block) => self.at = Place { block, step: 0 },
            }
            let flow = Arc::clone(&self.flow);
            let Some(step) = Self::step_at(&flow, self.at) else {
                return;
            };
            // Nobody is there for an `error` exit: what cannot be worked out counts as false.
            if let Some(when) = &step.when
                && !self.truth(when).unwrap_or(false)
            {
                next = Move::Next;
                continue;
            }
            let action = &step.action;
            if matches!(
                action,
                Action::Go(_)
                    | Action::Branch(_)
                    | Action::Hours(_)
                    | Action::Language(_)
                    | Action::Set(_)
                    | Action::Tag(_)
                    | Action::Notify(_)
                    | Action::Hangup(_)
            ) {
                self.step_entered(action);
            }
            next = self.quiet(action);
        }
    }
}
