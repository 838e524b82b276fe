//! Whether the call may be recorded, and what is recorded of it.
//!
//! **Owns**: how a caller says yes or no: nothing typed ahead counts, only the step's own keys do, and whoever did not
//! hear the words has not agreed. **Must not know**: what the company's rule is; the call holds both together.

use std::sync::Arc;
use std::time::Duration;

use super::run::Move;
use super::step_run::StepRun;
use super::{Interpreter, State};
use crate::flow::{Action, Consent, ExitName, Record, Saying};
use crate::port::{FlowOutput, PlayToken, RecordAction, Sound, Words};

/// A caller who is asked.
#[derive(Debug)]
pub(super) enum ConsentRun {
    /// The words.
    Asking(PlayToken),
    /// The time after them.
    Listening { until: Duration },
}

impl ConsentRun {
    pub(super) fn deadline(&self) -> Option<Duration> {
        match self {
            Self::Asking(_) => None,
            Self::Listening { until } => Some(*until),
        }
    }

    pub(super) fn token(&self) -> Option<PlayToken> {
        match self {
            Self::Asking(token) => Some(*token),
            Self::Listening { .. } => None,
        }
    }
}

impl Interpreter {
    pub(super) fn enter_consent(&mut self, consent: &Consent) -> Move {
        self.answer();
        // Whoever typed ahead has not heard what they would agree to.
        self.keys.clear();
        let prompt: Vec<&Saying> = consent.prompt.iter().collect();
        let token = self.start_sayings(&prompt);
        self.state = State::Step(StepRun::Consent(ConsentRun::Asking(token)));
        Move::Stay
    }

    fn in_consent(&mut self, act: impl FnOnce(&mut Self, &Consent) -> Move) {
        let flow = Arc::clone(&self.flow);
        if let Some(Action::Consent(consent)) = Self::action(&flow, self.at) {
            let next = act(self, consent);
            self.go(next);
        }
    }

    /// Any other key is passed over: the words are heard to their end.
    pub(super) fn consent_key(&mut self, key: char) {
        self.in_consent(|this, consent| {
            let granted = if consent.opt_out == Some(key) {
                false
            } else if consent.opt_in == Some(key) {
                true
            } else {
                return Move::Stay;
            };
            this.stop_playing();
            this.limits.failed = false;
            this.consented(granted, true)
        });
    }

    pub(super) fn consent_asked(&mut self) {
        let flow = Arc::clone(&self.flow);
        if let Some(Action::Consent(consent)) = Self::action(&flow, self.at) {
            let until = self.now.saturating_add(consent.timeout);
            self.state = State::Step(StepRun::Consent(ConsentRun::Listening { until }));
            // No time to think: at once.
            if consent.timeout.is_zero() {
                self.consent_timeout();
            }
        }
    }

    pub(super) fn consent_timeout(&mut self) {
        self.in_consent(|this, consent| this.consented(consent.granted, false));
    }

    /// The words could not be made audible: silence agrees to nothing.
    pub(super) fn consent_unheard(&mut self) {
        self.in_consent(|this, _| {
            let flow = this.flow.name().to_owned();
            let what =
                format!("flow `{flow}`: callers could not be asked whether they may be recorded");
            this.put(FlowOutput::Incident { what });
            this.consented(false, false)
        });
    }

    fn consented(&mut self, granted: bool, by_key: bool) -> Move {
        self.put(FlowOutput::Consent { granted, by_key });
        let exit = if granted {
            ExitName::Granted
        } else {
            ExitName::Denied
        };
        self.exit(exit).unwrap_or(Move::Next)
    }

    pub(super) fn record(&mut self, record: &Record) -> Move {
        if record.what == RecordAction::Start {
            self.answer();
        }
        self.put(FlowOutput::Record { what: record.what });
        if !record.beep {
            return Move::Next;
        }
        self.be_heard();
        let tone = vec![Sound::words(Words::Beep)];
        let token = self.play_sounds(tone, self.language.clone());
        self.state = State::Playing {
            token,
            barge_in: false,
        };
        Move::Stay
    }
}
