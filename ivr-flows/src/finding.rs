//! What is wrong with a flow file, where, and what to write instead.

use serde::Serialize;

use crate::flow::Pos;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum FindingLevel {
    /// Cannot run.
    Error,
    /// Runs, and is probably not meant.
    Warning,
    /// For information.
    Info,
}

/// One finding. The field names are those of `flow check --format json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Stable code: `F001`.
    pub code: &'static str,
    /// How bad.
    pub level: FindingLevel,
    /// File as it was named by the caller.
    pub file: String,
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub help: String,
    /// What merely follows from it, and goes away with it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Note>,
    /// What it is about, for telling a fault from what follows from it.
    #[serde(skip)]
    pub(crate) about: About,
}

/// What follows from a finding, and where it shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Note {
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// What.
    pub message: String,
}

/// The kind of thing that is missing, or that nothing leads to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum About {
    /// Nothing that another finding could be the cause of.
    #[default]
    Itself,
    Block,
    Prompt,
    Variable,
    /// What only another step can bring: a tag, the customer.
    Step,
    Wait,
    Calendar,
    Language,
}

impl Finding {
    /// An error at a place.
    pub fn error(
        code: &'static str,
        file: &str,
        pos: Pos,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        Self {
            code,
            level: FindingLevel::Error,
            file: file.to_owned(),
            line: pos.line,
            column: pos.column,
            message: message.into(),
            help: help.into(),
            notes: Vec::new(),
            about: About::Itself,
        }
    }

    /// The same, about something that another finding may be the cause of.
    pub(crate) fn about(self, about: About) -> Self {
        Self { about, ..self }
    }

    /// The same as a warning.
    pub(crate) fn into_warning(self) -> Self {
        Self {
            level: FindingLevel::Warning,
            ..self
        }
    }
}
