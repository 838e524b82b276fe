//! What is wrong with a flow that has the right shape.
//!
//! **Owns**: the checks F001 to F026 and the [`Catalog`] of what lies outside the flow.
//! **Must not know**: YAML, files, the company's settings as such.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::calendar::Calendar;
use crate::finding::{About, Finding, FindingLevel};
use crate::flow::{Action, Flow, Pos};
use crate::read;

mod circles;
mod consent;
mod graph;
mod hours;
mod http;
mod keys;
mod names;
mod order;
mod paths;
mod relax;
mod roots;
mod speech;
#[cfg(test)]
mod tests;

/// From this many findings on names are no longer looked for.
const MAX_FINDINGS: usize = 100;

/// What a flow may refer to outside itself.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    /// Names of the company's queues.
    pub queues: BTreeSet<String>,
    /// Names of the company's skills.
    pub skills: BTreeSet<String>,
    /// Audio files below the prompts folder with `/` between the parts: `greeting.wav`, `en/greeting.wav`. None:
    /// not known, so files are not judged.
    pub prompt_files: Option<BTreeSet<String>>,
    /// Names of the secrets that the settings hold; none: not known, so they are not judged.
    pub secrets: Option<BTreeSet<String>>,
    /// A speech command says what has no file.
    pub speech: bool,
    /// It takes the voices that flows name.
    pub voices: bool,
    /// The company records calls only of those who agreed, on a trunk or everywhere.
    pub consent: bool,
    /// Who is configured to serve whom. None: not known, so nobody is missed.
    pub staff: Option<Staff>,
    /// Whom a flow may call. None: not known, so nobody is judged.
    pub callable: Option<Callable>,
    /// The company's calendars, by name. None: not known.
    pub calendars: Option<Arc<BTreeMap<String, Calendar>>>,
}

/// Whom a flow may call outside queues.
#[derive(Clone, Debug, Default)]
pub struct Callable {
    /// Extensions of agents.
    pub extensions: BTreeSet<String>,
    /// Of each trunk that takes calls out: beginnings of numbers that are allowed, and those that are not all the same.
    pub trunks: Vec<(Vec<String>, Vec<String>)>,
}

impl Callable {
    fn allows(&self, number: &str) -> bool {
        let begins = |all: &[String]| all.iter().any(|prefix| number.starts_with(prefix.as_str()));
        let fits =
            |(allowed, denied): &(Vec<String>, Vec<String>)| begins(allowed) && !begins(denied);
        self.trunks.iter().any(fits)
    }
}

/// Agents and queues, as far as skills go.
#[derive(Clone, Debug, Default)]
pub struct Staff {
    /// Every configured agent.
    pub agents: Vec<Member>,
    /// Minimum levels of each queue, by its name.
    pub queues: BTreeMap<String, BTreeMap<String, u8>>,
}

/// One configured agent.
#[derive(Clone, Debug, Default)]
pub struct Member {
    /// Queues that they serve, by name.
    pub queues: BTreeSet<String>,
    /// Levels of their skills.
    pub skills: BTreeMap<String, u8>,
}

/// What came of [`check_source`].
#[derive(Clone, Debug)]
pub struct Checked {
    /// The flow, when no finding is an error: it may run.
    pub flow: Option<Flow>,
    /// All findings in the order of the file, warnings included.
    pub findings: Vec<Finding>,
}

/// Reads and checks one file: what `flow check` and a reload use. `file` is only a name for the findings.
#[must_use]
pub fn check_source(source: &str, file: &str, catalog: Option<&Catalog>) -> Checked {
    let outcome = read::read(source, file);
    let broken = outcome.has_errors();
    let Some(flow) = outcome.flow else {
        return Checked {
            flow: None,
            findings: outcome.findings,
        };
    };
    // Where a step could not be read, the paths through it are unknown: only names are judged then.
    let mut judged = if broken {
        names_only(&flow, catalog)
    } else {
        check(&flow, catalog)
    };
    let mut findings = outcome.findings;
    roots::attach(source, &mut findings, &mut judged);
    findings.append(&mut judged);
    sort(&mut findings);
    let good = findings
        .iter()
        .all(|finding| finding.level != FindingLevel::Error);
    Checked {
        flow: good.then_some(flow),
        findings,
    }
}

/// Checks names and paths. Without a catalog, queues, skills and audio files are not judged.
#[must_use]
pub fn check(flow: &Flow, catalog: Option<&Catalog>) -> Vec<Finding> {
    let mut notes = Notes {
        file: flow.file(),
        findings: Vec::new(),
    };
    names::check(flow, catalog, &mut notes);
    speech::check(flow, catalog, &mut notes);
    paths::check(flow, &mut notes);
    hours::check(flow, catalog, &mut notes);
    keys::check(flow, &mut notes);
    order::check(flow, &mut notes);
    consent::check(flow, catalog, &mut notes);
    relax::check(flow, catalog, &mut notes);
    for step in flow.steps() {
        if let Action::Http(asked) = &step.action {
            http::check(flow, step, asked, catalog, &mut notes);
        }
    }
    sort(&mut notes.findings);
    roots::among(&mut notes.findings);
    notes.findings
}

fn names_only(flow: &Flow, catalog: Option<&Catalog>) -> Vec<Finding> {
    let mut notes = Notes {
        file: flow.file(),
        findings: Vec::new(),
    };
    names::check(flow, catalog, &mut notes);
    speech::check(flow, catalog, &mut notes);
    notes.findings
}

fn sort(findings: &mut Vec<Finding>) {
    findings.sort_by(|a, b| {
        (a.line, a.column, a.code, &a.message).cmp(&(b.line, b.column, b.code, &b.message))
    });
    findings.dedup();
}

/// Collects findings.
struct Notes<'a> {
    file: &'a str,
    findings: Vec<Finding>,
}

impl Notes<'_> {
    /// Enough is told: looking for near names costs time that a hostile file must not have.
    fn full(&self) -> bool {
        self.findings.len() >= MAX_FINDINGS
    }

    fn error(
        &mut self,
        code: &'static str,
        pos: Pos,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.error_about(About::Itself, code, pos, message, help);
    }

    fn error_about(
        &mut self,
        about: About,
        code: &'static str,
        pos: Pos,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        let finding = Finding::error(code, self.file, pos, message, help);
        self.findings.push(finding.about(about));
    }

    fn warning(
        &mut self,
        code: &'static str,
        pos: Pos,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.warning_about(About::Itself, code, pos, message, help);
    }

    fn warning_about(
        &mut self,
        about: About,
        code: &'static str,
        pos: Pos,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        let finding = Finding::error(code, self.file, pos, message, help);
        self.findings.push(finding.about(about).into_warning());
    }
}
