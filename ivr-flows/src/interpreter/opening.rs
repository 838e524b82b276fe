//! The step `hours`: is it open, and what a caller hears where somebody closed it by hand.
//!
//! **Owns**: which exit is taken, and the message before `emergency`.
//! **Must not know**: who closed a calendar, and where that is kept.

use super::run::Move;
use super::{Interpreter, State};
use crate::calendar::Opening;
use crate::flow::{Action, ExitName, Hours};
use crate::port::Sound;

impl Interpreter {
    /// For a caller who is there: a closing by hand says its message first.
    pub(super) fn enter_hours(&mut self, hours: &Hours) -> Move {
        let closed = self.facts.hours.closed_at(&hours.check.text, self.moment());
        let message = closed.and_then(|closed| closed.message.clone());
        match message {
            Some(message) if self.opening(hours) == Some(Opening::Emergency) => {
                self.hear_message(message);
                Move::Stay
            }
            _ => self.hours(hours),
        }
    }

    /// Without a clock, or beyond all calendars, the `error` exit, else as if it were open.
    pub(super) fn hours(&mut self, hours: &Hours) -> Move {
        let exit = match self.opening(hours) {
            Some(Opening::Open) => self.exit(ExitName::Open),
            Some(Opening::Closed) => self.exit(ExitName::Closed),
            Some(Opening::Holiday) => self.exit(ExitName::Holiday),
            Some(Opening::Emergency) => self.exit(ExitName::Emergency),
            None => self.trouble("whether it is open is not known"),
        };
        exit.unwrap_or(Move::Next)
    }

    fn opening(&self, hours: &Hours) -> Option<Opening> {
        let name = &hours.check.text;
        let own = self.flow.calendars.get(name);
        self.facts.hours.at(name, own, self.moment())
    }

    /// A prompt is heard in the caller's language, words in the flow's own. Then [`Self::take_closed_exit`].
    pub(super) fn hear_message(&mut self, message: Sound) {
        let language = if message.file.is_some() {
            self.language.clone()
        } else {
            self.flow.languages.default.clone()
        };
        let token = self.play_sounds(vec![message], language);
        self.state = State::TurnedAway { token };
    }

    /// The message was heard, or cut short: of a queue that is closed, or of a calendar.
    pub(super) fn take_closed_exit(&mut self) {
        if matches!(Self::action(&self.flow, self.at), Some(Action::Hours(_))) {
            // Also when it opened again meanwhile: the caller has heard that it is closed.
            let next = self.exit(ExitName::Emergency).unwrap_or(Move::Next);
            return self.go(next);
        }
        self.leave_wait(ExitName::Closed);
    }
}
