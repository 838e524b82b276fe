//! The call's language, and a caller who is asked for it.
//!
//! **Owns**: `language`: what is known is taken; who is not known hears each language in turn and presses its number, by
//! the input rules of `defaults:`. **Must not know**: where a customer's language is kept.

use std::sync::Arc;
use std::time::Duration;

use super::run::Move;
use super::step_run::StepRun;
use super::{Interpreter, State};
use crate::expression::{Expression, Failure};
use crate::flow::{Action, Language, Saying};
use crate::port::{FlowOutput, PlayToken};

/// One caller who is asked.
#[derive(Debug)]
pub(super) struct LanguageRun {
    /// How often they were asked before.
    tries: u32,
    phase: Phase,
}

#[derive(Debug)]
enum Phase {
    /// The words in the language of this place of `offer`.
    Asking { place: usize, token: PlayToken },
    /// The time after the last of them.
    Listening { until: Duration },
}

impl LanguageRun {
    pub(super) fn deadline(&self) -> Option<Duration> {
        match self.phase {
            Phase::Asking { .. } => None,
            Phase::Listening { until } => Some(until),
        }
    }

    pub(super) fn token(&self) -> Option<PlayToken> {
        match self.phase {
            Phase::Asking { token, .. } => Some(token),
            Phase::Listening { .. } => None,
        }
    }
}

impl Interpreter {
    pub(super) fn enter_language(&mut self, language: &Language) -> Move {
        let Language::From { from, ask } = language else {
            return self.language_step(language);
        };
        let known = self.language_of(from).ok();
        let known = known.is_some_and(|known| self.flow.languages.offer.contains(&known));
        if ask.is_empty() || known {
            return self.language_step(language);
        }
        self.answer();
        // Whoever knows the question need not hear it.
        if let Some(chosen) = self.keys.pop_front().and_then(|key| self.numbered(key)) {
            return self.chosen_language(chosen);
        }
        self.keys.clear();
        self.ask_language(ask, 0, 0)
    }

    /// Without asking: what is known, or no change.
    pub(super) fn language_step(&mut self, language: &Language) -> Move {
        let wanted = match language {
            Language::To(name) => name.text.clone(),
            Language::From { from, .. } => match self.language_of(from) {
                Ok(value) => value,
                Err(why) => return self.failed(why).unwrap_or(Move::Next),
            },
        };
        if self.flow.languages.offer.contains(&wanted) {
            let chosen = matches!(language, Language::To(_));
            self.speak(wanted, chosen);
        }
        Move::Next
    }

    fn language_of(&self, from: &Expression) -> Result<String, Failure> {
        from.value(&self.scope()).and_then(|value| value.text())
    }

    fn speak(&mut self, language: String, chosen: bool) {
        if chosen || language != self.language {
            self.put(FlowOutput::LanguageSet {
                language: language.clone(),
                chosen,
            });
        }
        self.language = language;
    }

    /// Says it in the language of that place; after the last one the caller has time.
    fn ask_language(&mut self, ask: &[Saying], tries: u32, place: usize) -> Move {
        let phase = match self.flow.languages.offer.get(place).cloned() {
            Some(language) => {
                let own = std::mem::replace(&mut self.language, language);
                let sayings: Vec<&Saying> = ask.iter().collect();
                let token = self.start_sayings(&sayings);
                self.language = own;
                Phase::Asking { place, token }
            }
            None => Phase::Listening {
                until: self.now.saturating_add(self.flow.defaults.input.timeout),
            },
        };
        self.state = State::Step(StepRun::Language(LanguageRun { tries, phase }));
        Move::Stay
    }

    fn in_language_step(&mut self, act: impl FnOnce(&mut Self, &[Saying], u32, usize) -> Move) {
        let State::Step(StepRun::Language(run)) = &self.state else {
            return;
        };
        let (tries, place) = match run.phase {
            Phase::Asking { place, .. } => (run.tries, place),
            Phase::Listening { .. } => (run.tries, usize::MAX),
        };
        let flow = Arc::clone(&self.flow);
        if let Some(Action::Language(Language::From { ask, .. })) = Self::action(&flow, self.at) {
            let next = act(self, ask, tries, place);
            self.go(next);
        }
    }

    /// Any other key is passed over: the rest is heard, which may hold the caller's own language.
    pub(super) fn language_key(&mut self, key: char) {
        self.in_language_step(|this, _, _, _| match this.numbered(key) {
            Some(language) => {
                this.stop_playing();
                this.chosen_language(language)
            }
            None => Move::Stay,
        });
    }

    /// The words in one language are over.
    pub(super) fn language_asked(&mut self) {
        self.in_language_step(|this, ask, tries, place| {
            this.ask_language(ask, tries, place.saturating_add(1))
        });
    }

    /// Silence: once more, and in the end the language stays as it is.
    pub(super) fn language_timeout(&mut self) {
        self.in_language_step(|this, ask, tries, _| {
            let tries = tries.saturating_add(1);
            if tries < this.flow.defaults.input.tries {
                this.ask_language(ask, tries, 0)
            } else {
                Move::Next
            }
        });
    }

    /// The language of a key: 1 is the first that is offered.
    fn numbered(&self, key: char) -> Option<String> {
        let number = usize::try_from(key.to_digit(10)?).ok()?;
        let offer = &self.flow.languages.offer;
        offer.get(number.checked_sub(1)?).cloned()
    }

    fn chosen_language(&mut self, language: String) -> Move {
        self.limits.failed = false;
        self.speak(language, true);
        Move::Next
    }
}
