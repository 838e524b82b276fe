//! Whose turn it is in a call.
//!
//! **Owns**: [`WaitsFor`]. **Must not know**: how the call goes on.

use super::step_run::StepRun;
use super::{Interpreter, State};
use serde::Serialize;

/// What a call waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WaitsFor {
    /// A key of the caller, whether the question still sounds or not.
    Key,
    /// Something that sounds, to its end; or the message of the caller.
    Audio,
    /// An agent, or somebody who is called.
    Agent,
    /// A server outside, or whether the caller is known.
    Server,
    /// Nothing: the call has not begun or is over.
    Nothing,
}

impl Interpreter {
    /// Whose turn it is.
    #[must_use]
    pub const fn waits_for(&self) -> WaitsFor {
        match &self.state {
            State::New | State::Over => WaitsFor::Nothing,
            State::Playing { .. }
            | State::TurnedAway { .. }
            | State::Voicemail(_)
            | State::Step(StepRun::Pause { .. }) => WaitsFor::Audio,
            State::Menu(_)
            | State::Collect(_)
            | State::Step(StepRun::Survey(_) | StepRun::Consent(_) | StepRun::Language(_)) => {
                WaitsFor::Key
            }
            State::Asking { .. } | State::Fetching(_) => WaitsFor::Server,
            State::Waiting(_) | State::Talking | State::Step(StepRun::Dialling) => WaitsFor::Agent,
        }
    }
}
