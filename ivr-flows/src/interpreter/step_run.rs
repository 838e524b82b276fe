//! Steps that keep the caller for a while and are no menu, input, message or queue.
//!
//! **Owns**: which of them the call is in, and what reaches it: keys, the end of a playing, its time, the caller's leaving.
//! **Must not know**: what each of them does with it.

use std::time::Duration;

use super::language::LanguageRun;
use super::recording::ConsentRun;
use super::run::Move;
use super::survey::SurveyRun;
use super::{Interpreter, State};
use crate::port::PlayToken;

/// The step that the call is in.
#[derive(Debug)]
pub(super) enum StepRun {
    Survey(SurveyRun),
    Consent(ConsentRun),
    Language(LanguageRun),
    /// Somebody is called, or talks with the caller.
    Dialling,
    /// Nothing is heard.
    Pause {
        until: Duration,
    },
}

impl StepRun {
    pub(super) fn deadline(&self) -> Option<Duration> {
        match self {
            Self::Survey(survey) => survey.deadline(),
            Self::Consent(consent) => consent.deadline(),
            Self::Language(language) => language.deadline(),
            Self::Pause { until } => Some(*until),
            Self::Dialling => None,
        }
    }

    pub(super) fn token(&self) -> Option<PlayToken> {
        match self {
            Self::Survey(survey) => survey.token(),
            Self::Consent(consent) => consent.token(),
            Self::Language(language) => language.token(),
            Self::Pause { .. } | Self::Dialling => None,
        }
    }

    pub(super) fn plays(&self, token: PlayToken) -> bool {
        self.token() == Some(token)
    }
}

impl Interpreter {
    pub(super) fn step_key(&mut self, key: char) {
        match &self.state {
            State::Step(StepRun::Survey(_)) => self.survey_key(key),
            State::Step(StepRun::Consent(_)) => self.consent_key(key),
            State::Step(StepRun::Language(_)) => self.language_key(key),
            State::Step(StepRun::Pause { .. }) => self.keep(key),
            _ => {}
        }
    }

    /// What the step plays is over.
    pub(super) fn step_played(&mut self) {
        match &self.state {
            State::Step(StepRun::Survey(_)) => self.survey_asked(),
            State::Step(StepRun::Consent(_)) => self.consent_asked(),
            State::Step(StepRun::Language(_)) => self.language_asked(),
            _ => {}
        }
    }

    pub(super) fn step_timeout(&mut self) {
        match &self.state {
            State::Step(StepRun::Survey(_)) => self.survey_timeout(),
            State::Step(StepRun::Consent(_)) => self.consent_timeout(),
            State::Step(StepRun::Language(_)) => self.language_timeout(),
            State::Step(StepRun::Pause { .. }) => self.go(Move::Next),
            _ => {}
        }
    }

    /// The caller hung up in the middle of it.
    pub(super) fn step_cut_off(&mut self) {
        if let State::Step(StepRun::Survey(_)) = &self.state {
            self.survey_cut_off();
        }
    }

    /// Nothing of what it plays could be made audible; whether the step minds.
    pub(super) fn step_unheard(&mut self, token: PlayToken) -> bool {
        let minds =
            matches!(&self.state, State::Step(step @ StepRun::Consent(_)) if step.plays(token));
        if minds {
            self.consent_unheard();
        }
        minds
    }
}
