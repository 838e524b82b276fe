//! `cordboard doctor`: does this machine fit these settings, and what to do where it does not.
//!
//! **Owns**: [`Finding`], the order of checks, the exit code. **Must not know**: how the running process works; a check
//! looks from outside and leaves nothing behind.

mod carrier;
mod disk;
mod machine;
mod network;
mod registered;
#[cfg(test)]
mod tests;
mod tls;

use super::output::{self, WRONG};
use super::{DoctorArgs, Format, check};
use crate::clock::Clock;
use crate::config::finding::ConfigFinding;
use crate::config::{self, Loaded, Override};
use ivr_flows::FindingLevel;
use serde::Serialize;
use std::fmt::Write as _;
use std::process::ExitCode;

/// How one thing stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// As it should be.
    Ok,
    /// It works, and may fail one day or for some callers.
    Warning,
    /// It will not work.
    Error,
}

/// One thing that was looked at. The field names are those of `--format json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// `ports`, `address`, `tls`, `clock`, `disk`, `descriptors`, `trunks`, `prompts`, `speech`.
    pub check: &'static str,
    /// How it stands.
    pub level: Level,
    /// What was found.
    pub message: String,
    /// What to do; empty when there is nothing to do.
    pub help: String,
}

impl Finding {
    fn ok(check: &'static str, message: impl Into<String>) -> Self {
        Self {
            check,
            level: Level::Ok,
            message: message.into(),
            help: String::new(),
        }
    }

    fn warning(check: &'static str, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            check,
            level: Level::Warning,
            message: message.into(),
            help: help.into(),
        }
    }

    fn error(check: &'static str, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            level: Level::Error,
            ..Self::warning(check, message, help)
        }
    }
}

/// Runs the command: exit 0 when all is well, 1 when anything is to be done, 2 when the settings cannot be read.
#[must_use]
pub fn run(args: &DoctorArgs) -> ExitCode {
    let overrides: Vec<Override> = args.config.overrides(&super::environment());
    let loaded = match config::load(&args.config.config, &overrides) {
        Ok(loaded) => loaded,
        Err(findings) => return check::cannot_go_on(&findings),
    };
    let findings = examine(&loaded);
    match args.format {
        Format::Json => {
            output::result(&serde_json::json!({ "findings": findings }).to_string());
        }
        Format::Sarif => output::result(&super::sarif::to_sarif(&as_results(&findings))),
        Format::Github => {
            output::result(&super::github::to_commands(&as_results(&findings)));
        }
        Format::Human => output::result(&text(&findings)),
    }
    if findings.iter().any(|f| f.level != Level::Ok) {
        ExitCode::from(WRONG)
    } else {
        ExitCode::SUCCESS
    }
}

/// What is not well, as findings about the settings file as a whole.
fn as_results(findings: &[Finding]) -> Vec<ConfigFinding> {
    let open = findings.iter().filter(|f| f.level != Level::Ok);
    open.map(|f| ConfigFinding {
        code: f.check,
        level: match f.level {
            Level::Error => FindingLevel::Error,
            Level::Ok | Level::Warning => FindingLevel::Warning,
        },
        file: "cordboard.toml".to_owned(),
        line: 1,
        column: 1,
        message: f.message.clone(),
        help: f.help.clone(),
        notes: Vec::new(),
    })
    .collect()
}

/// Every check.
#[must_use]
pub fn examine(loaded: &Loaded) -> Vec<Finding> {
    let running = disk::in_use(&loaded.settings);
    let mut findings = network::ports(&loaded.settings, loaded.limits().max_calls, running);
    findings.extend(network::address(&loaded.settings));
    findings.extend(tls::certificates(&loaded.settings, Clock::start().now()));
    findings.extend(network::trunks(&loaded.settings, &loaded.company));
    findings.extend(carrier::carriers(&loaded.company));
    findings.extend(registered::registrations(
        &loaded.settings,
        &loaded.company,
        running,
    ));
    findings.push(machine::clock(&loaded.settings));
    findings.extend(disk::folders(&loaded.settings));
    findings.push(machine::descriptors(loaded.limits().max_calls));
    findings.extend(prompts(loaded));
    findings.extend(machine::speech(&loaded.settings));
    findings
}

/// Flows, numbers, music and prompts, as `cordboard check` judges them.
fn prompts(loaded: &Loaded) -> Vec<Finding> {
    let found = check::flows_and_prompts(loaded);
    let findings: Vec<Finding> = found
        .into_iter()
        .filter(|f| f.level != FindingLevel::Info)
        .map(|f| Finding {
            check: "prompts",
            level: match f.level {
                FindingLevel::Error => Level::Error,
                _ => Level::Warning,
            },
            message: format!("{}:{}: {}", f.file, f.line, f.message),
            help: f.help,
        })
        .collect();
    if findings.is_empty() {
        return vec![Finding::ok("prompts", "flows and prompts can be read")];
    }
    findings
}

/// For people: one line each, and under it what to do.
#[must_use]
pub fn text(findings: &[Finding]) -> String {
    let mut text = String::new();
    for finding in findings {
        let level = match finding.level {
            Level::Ok => "ok     ",
            Level::Warning => "warning",
            Level::Error => "error  ",
        };
        let _ = writeln!(text, "{level} {}: {}", finding.check, finding.message);
        if !finding.help.is_empty() {
            let _ = writeln!(text, "        help: {}", finding.help);
        }
    }
    let open = findings.iter().filter(|f| f.level != Level::Ok).count();
    let _ = match open {
        0 => writeln!(text, "nothing to do"),
        _ => writeln!(text, "{open} to look at"),
    };
    text
}
