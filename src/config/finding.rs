//! What is wrong with a settings or company file, where, and what to write instead.
//!
//! **Owns**: [`ConfigFinding`], its shape for people and for machines (the same as `flow check`'s).
//! **Must not know**: how files are read or what the keys mean.

use ivr_flows::{FindingLevel, Note};
use serde::Serialize;
use std::fmt::Write as _;

/// One finding. The field names are those of `--format json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ConfigFinding {
    /// Stable code: `C001` and up for settings and company, `F001` and up for flows.
    pub code: &'static str,
    /// How bad.
    pub level: FindingLevel,
    /// File as the caller named it, or the environment variable or flag that gave the value.
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
}

impl From<ivr_flows::Finding> for ConfigFinding {
    fn from(finding: ivr_flows::Finding) -> Self {
        Self {
            code: finding.code,
            level: finding.level,
            file: finding.file,
            line: finding.line,
            column: finding.column,
            message: finding.message,
            help: finding.help,
            notes: finding.notes,
        }
    }
}

/// Stable codes of what can be wrong with settings and company files.
pub mod code {
    /// Not TOML.
    pub const SYNTAX: &str = "C001";
    /// A key or table that does not exist.
    pub const UNKNOWN_KEY: &str = "C002";
    /// A value of the wrong type.
    pub const WRONG_TYPE: &str = "C003";
    /// A value that cannot be used.
    pub const BAD_VALUE: &str = "C004";
    /// A key that must be there and is not.
    pub const MISSING: &str = "C005";
    /// Something that must be unique and is not.
    pub const DUPLICATE: &str = "C006";
    /// A name that refers to nothing.
    pub const UNKNOWN_NAME: &str = "C007";
    /// Known, and not served by this version.
    pub const NOT_YET: &str = "C008";
    /// A file that cannot be read.
    pub const UNREADABLE: &str = "C009";
    /// A prompt that a flow needs and that cannot be played.
    pub const PROMPT: &str = "C010";
    /// A certificate or its key that cannot be used.
    pub const CERTIFICATE: &str = "C011";
}

/// Whether any of the findings is an error.
#[must_use]
pub fn has_errors(findings: &[ConfigFinding]) -> bool {
    findings.iter().any(|f| f.level == FindingLevel::Error)
}

/// `{"findings":[…]}`, with an empty list when clean.
#[must_use]
pub fn to_json(findings: &[ConfigFinding]) -> String {
    serde_json::json!({ "findings": findings }).to_string()
}

/// Text for people: what, where with the line itself, what to do. `source` gives a file's text by the name that
/// the finding carries. Lines that may hold a secret are not shown.
#[must_use]
pub fn to_text(findings: &[ConfigFinding], source: &dyn Fn(&str) -> Option<String>) -> String {
    let mut text = String::new();
    for finding in findings {
        text.push_str(&one_to_text(finding, source));
        text.push('\n');
    }
    text
}

fn one_to_text(finding: &ConfigFinding, source: &dyn Fn(&str) -> Option<String>) -> String {
    let level = level_name(finding.level);
    let mut text = format!("{level}[{}]: {}\n", finding.code, finding.message);
    let number = finding.line.to_string();
    let margin = " ".repeat(number.len());
    // Writing to a String cannot fail.
    let _ = writeln!(
        text,
        "{margin}--> {}:{}:{}",
        finding.file, finding.line, finding.column
    );
    let line = source(&finding.file).and_then(|all| {
        let line = all.lines().nth(finding.line.checked_sub(1)?)?;
        (!may_hold_secret(line)).then(|| line.replace('\t', " "))
    });
    if let Some(line) = line {
        let indent = " ".repeat(finding.column.saturating_sub(1).min(line.chars().count()));
        let _ = writeln!(text, "{margin} |\n{number} | {line}\n{margin} | {indent}^");
    }
    if !finding.help.is_empty() {
        let _ = writeln!(text, "{margin} = help: {}", finding.help);
    }
    for note in &finding.notes {
        let _ = writeln!(
            text,
            "{margin} = note: so line {}: {}",
            note.line, note.message
        );
    }
    text
}

const fn level_name(level: FindingLevel) -> &'static str {
    match level {
        FindingLevel::Error => "error",
        FindingLevel::Warning => "warning",
        FindingLevel::Info => "info",
    }
}

fn may_hold_secret(line: &str) -> bool {
    let line = line.to_ascii_lowercase();
    ["password", "secret", "token", "postgres"]
        .iter()
        .any(|word| line.contains(word))
}
