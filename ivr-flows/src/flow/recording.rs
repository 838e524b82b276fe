//! Steps about the recording of the call.
//!
//! **Owns**: their forms. **Must not know**: what is recorded.

use std::time::Duration;

use super::{Exits, Saying};
use crate::port::RecordAction;

/// Asks whether the call may be recorded.
#[derive(Clone, Debug)]
pub(crate) struct Consent {
    pub(crate) prompt: Vec<Saying>,
    /// The key that says no.
    pub(crate) opt_out: Option<char>,
    /// The key that says yes.
    pub(crate) opt_in: Option<char>,
    /// What a caller says who presses neither.
    pub(crate) granted: bool,
    /// How long the caller may take after the words.
    pub(crate) timeout: Duration,
    pub(crate) exits: Exits,
}

/// Begins or ends the recording, or leaves something out of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) what: RecordAction,
    /// The caller hears a tone.
    pub(crate) beep: bool,
}
