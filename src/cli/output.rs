//! Writing to the terminal: results to standard output, errors to standard error.
//!
//! **Owns**: [`result`], [`note`], [`Problem`]. A reader that went away (a closed pipe) is no error of ours.

use std::fmt;
use std::io::Write as _;
use std::process::ExitCode;

/// The thing checked is wrong.
pub const WRONG: u8 = 1;
/// Usage or environment.
pub const COULD_NOT: u8 = 2;

/// Writes a result; a line end is added where the text has none.
pub fn result(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = write!(out, "{text}{}", line_end(text)).and_then(|()| out.flush());
}

/// Writes a remark for people.
pub fn note(text: &str) {
    let mut out = std::io::stderr().lock();
    let _ = write!(out, "{text}{}", line_end(text)).and_then(|()| out.flush());
}

fn line_end(text: &str) -> &'static str {
    if text.ends_with('\n') || text.is_empty() {
        ""
    } else {
        "\n"
    }
}

/// Why a command could not be done: what, why, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Problem {
    /// What could not be done, where.
    pub what: String,
    /// Why.
    pub why: String,
    /// What to do.
    pub help: String,
}

impl Problem {
    /// A problem in three sentences.
    pub fn new(what: impl Into<String>, why: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            why: why.into(),
            help: help.into(),
        }
    }

    /// Writes it and gives the exit code for it.
    #[must_use]
    pub fn report(&self) -> ExitCode {
        note(&self.to_string());
        ExitCode::from(COULD_NOT)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "error: {}\n  why: {}\n  help: {}",
            self.what, self.why, self.help
        )
    }
}
