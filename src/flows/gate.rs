//! Whether the text of a flow may reach a caller: it can be read, nothing in it is wrong, its tests pass. PURE.
//!
//! **Owns**: [`judge`] and its [`Report`], for every way in: the API, `flow push`, the import, a rollback.
//! **Must not know**: who asks, where texts are kept.

use super::coverage::{Coverage, Met};
use super::{ENDING, TESTS};
use ivr_flows::trial;
use ivr_flows::{Catalog, Finding, FindingLevel, Flow, Pos, check_source};
use recordings::store::flows::FlowTexts;
use serde::Serialize;
use std::sync::Arc;

/// Tests of one flow at most; each costs far below a millisecond.
const MOST_TESTS: usize = 2_000;
/// Things that happen in the tests of one flow at most, all together: about a second of work. A test of a caller who waits
/// for hours has ten thousand.
const MOST_HAPPENINGS: usize = 1_000_000;
/// Lines of a failed test's transcript that are kept: the last ones.
const LINES: usize = 40;
/// `GET /flows/schema` is no flow.
const SCHEMA: &str = "schema";
/// The flow has another name than the one it is published by.
const OTHER_NAME: &str = "F104";

/// What check and tests said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Report {
    /// Everything found in both texts, in their order.
    #[schema(value_type = Vec<FoundSchema>)]
    pub findings: Vec<Finding>,
    /// What came of the tests; none: there are none, or they cannot be run.
    pub tests: Option<Tests>,
}

/// What came of the tests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Tests {
    /// How many were run.
    pub count: usize,
    /// Those that failed.
    pub failed: Vec<FailedTest>,
}

/// A test that failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct FailedTest {
    /// Its name.
    pub name: String,
    /// Where in the file of tests, from 1.
    pub line: usize,
    /// From 1.
    pub column: usize,
    /// What was missed.
    pub why: String,
    /// What the caller heard and did.
    pub transcript: Vec<String>,
}

/// A finding as the API's description has it.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "only its description is used")]
#[schema(as = FlowFinding)]
pub(crate) struct FoundSchema {
    code: String,
    /// `error`, `warning` or `info`.
    level: String,
    file: String,
    line: usize,
    column: usize,
    message: String,
    help: String,
}

/// Why a text may not be published as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// It is wrong, or a test failed: never.
    Broken,
    /// It has warnings: only with a reason.
    Warnings,
}

/// What came of [`judge`].
#[derive(Clone, Debug)]
pub struct Judged {
    /// The flow, when nothing in either text is wrong and every test passed.
    pub flow: Option<Arc<Flow>>,
    /// What is told.
    pub report: Report,
    /// What the tests came by; none: none was run.
    pub coverage: Option<Coverage>,
}

impl Judged {
    /// Why it may not be published as it is; none: it may.
    #[must_use]
    pub fn held(&self) -> Option<Held> {
        if self.flow.is_none() {
            return Some(Held::Broken);
        }
        let mut levels = self.report.findings.iter().map(|finding| finding.level);
        levels
            .any(|level| level == FindingLevel::Warning)
            .then_some(Held::Warnings)
    }
}

impl Report {
    /// As it is kept beside a version.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::to_value(self).unwrap_or_default()
    }

    /// How many errors, warnings and failed tests, in words.
    #[must_use]
    pub fn summary(&self) -> String {
        let count = |level| self.findings.iter().filter(|f| f.level == level).count();
        let failed = self.tests.as_ref().map_or(0, |tests| tests.failed.len());
        let errors = count(FindingLevel::Error);
        let warnings = count(FindingLevel::Warning);
        format!("{errors} error(s), {warnings} warning(s), {failed} failed test(s)")
    }
}

/// Judges the texts of the flow `name` among `others`, the flows that calls take now. Without a catalog, queues, skills
/// and audio are not judged.
#[must_use]
pub fn judge(
    name: &str,
    texts: &FlowTexts,
    catalog: Option<&Catalog>,
    others: &[Arc<Flow>],
) -> Judged {
    let file = format!("{name}{ENDING}");
    let checked = check_source(&texts.text, &file, catalog);
    let mut findings = checked.findings;
    let mut flow = checked.flow.map(Arc::new);
    if let Some(found) = flow.take_if(|flow| flow.name() != name) {
        let message = format!("the flow calls itself `{}`", found.name());
        let help = format!("write `name: {name}`, or publish it as `{}`", found.name());
        findings.push(wrong(&file, 1, message, help));
    }
    if flow.take_if(|flow| flow.name() == SCHEMA).is_some() {
        let message = format!("the API has `{SCHEMA}` for itself");
        let help = "give the flow another name".to_owned();
        findings.push(wrong(&file, 1, message, help));
    }
    let linked = flow.as_ref().and_then(|flow| {
        let linked = ivr_flows::link(flow, &mut |name| named(others, name));
        let fits = linked.flow;
        findings.extend(linked.findings);
        let lost = callers_lose(flow, others);
        let stays = lost.is_empty();
        findings.extend(lost);
        fits.filter(|_| stays)
    });
    flow.take_if(|_| linked.is_none());
    let (mut tests, mut coverage) = (None, None);
    if let Some(text) = &texts.tests {
        match read_tests(name, text) {
            Err(found) => {
                findings.extend(found);
                flow = None;
            }
            Ok(trials) => {
                let run = |flow| run(flow, &trials, MOST_HAPPENINGS);
                (tests, coverage) = linked.as_ref().map(run).unzip();
            }
        }
    }
    if tests.as_ref().is_some_and(|tests| !tests.failed.is_empty()) {
        flow = None;
    }
    Judged {
        flow,
        report: Report { findings, tests },
        coverage,
    }
}

/// The text with the flows that it calls, when nothing in it is wrong. Names of the company are not judged: without audio
/// and agents a call goes its way all the same.
///
/// # Errors
/// What is wrong.
pub fn rehearsable(name: &str, text: &str, others: &[Arc<Flow>]) -> Result<Arc<Flow>, Report> {
    let checked = check_source(text, &format!("{name}{ENDING}"), None);
    let mut findings = checked.findings;
    if let Some(flow) = checked.flow.map(Arc::new) {
        let linked = ivr_flows::link(&flow, &mut |name| named(others, name));
        if let Some(flow) = linked.flow {
            return Ok(flow);
        }
        findings.extend(linked.findings);
    }
    Err(Report {
        findings,
        tests: None,
    })
}

fn named(flows: &[Arc<Flow>], name: &str) -> Option<Arc<Flow>> {
    flows.iter().find(|flow| flow.name() == name).cloned()
}

/// What the flows that calls take now would lose by it: what calls it must fit it as well.
fn callers_lose(flow: &Arc<Flow>, others: &[Arc<Flow>]) -> Vec<Finding> {
    let mut lost: Vec<Finding> = Vec::new();
    for caller in others.iter().filter(|other| other.name() != flow.name()) {
        let mut met = false;
        let after = ivr_flows::link(caller, &mut |name| {
            met |= name == flow.name();
            match name == flow.name() {
                true => Some(Arc::clone(flow)),
                false => named(others, name),
            }
        });
        if met && after.flow.is_none() {
            let before = ivr_flows::link(caller, &mut |name| named(others, name));
            let new = |one: &Finding| !before.findings.contains(one);
            for finding in after.findings.into_iter().filter(new) {
                if !lost.contains(&finding) {
                    lost.push(finding);
                }
            }
        }
    }
    lost
}

fn read_tests(name: &str, text: &str) -> Result<Vec<trial::Trial>, Vec<Finding>> {
    let file = format!("{name}{TESTS}");
    let trials = trial::read(text, &file)?;
    if trials.flow != name {
        let message = format!("these are tests of the flow `{}`", trials.flow);
        let help = format!("write `flow: {name}`");
        return Err(vec![wrong(&file, 1, message, help)]);
    }
    if trials.trials.len() > MOST_TESTS {
        let message = format!("there are more than {MOST_TESTS} tests");
        let help = "keep those that fail for different reasons".to_owned();
        return Err(vec![wrong(&file, 1, message, help)]);
    }
    Ok(trials.trials)
}

fn run(flow: &Arc<Flow>, trials: &[trial::Trial], mut left: usize) -> (Tests, Coverage) {
    let mut met = Met::default();
    let failed = trials.iter().filter_map(|one| {
        if left == 0 {
            return Some(FailedTest {
                name: one.name.clone(),
                line: one.pos.line,
                column: one.pos.column,
                why: "it was not run: too much happens in the tests before it; let their callers wait for less long"
                    .to_owned(),
                transcript: Vec::new(),
            });
        }
        let outcome = trial::run(flow, one);
        left = left.saturating_sub(outcome.happened);
        met.add(&outcome);
        let (pos, why) = outcome.missed?;
        let skipped = outcome.transcript.len().saturating_sub(LINES);
        let lines = outcome.transcript.iter().skip(skipped);
        Some(FailedTest {
            name: one.name.clone(),
            line: pos.line,
            column: pos.column,
            why,
            transcript: lines.map(ToString::to_string).collect(),
        })
    });
    let tests = Tests {
        failed: failed.collect(),
        count: trials.len(),
    };
    (tests, Coverage::of(flow, &met))
}

fn wrong(file: &str, line: usize, message: String, help: String) -> Finding {
    Finding::error(OTHER_NAME, file, Pos { line, column: 1 }, message, help)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_in_which_too_much_happens_are_not_run_to_the_end() {
        let text = "flow: 1\nname: x\ndefaults: { exits: { exhausted: bye, error: bye } }\nblocks:\n  start:\n    - answer:\n    \
            - queue: { to: support, use: w }\n  bye:\n    - hangup:\nwaits:\n  w: { loop: [ { say: { en: \"Hi.\" } } ] }\n";
        let tests = "flow: x\ntests:\n  - name: one\n    do: [ { wait: 5m } ]\n    expect: [ { queued: support } ]\n  - name: two\n    do: [ { wait: 5m } ]\n    expect: [ { queued: support } ]\n";
        let flow = Arc::new(check_source(text, "x", None).flow.unwrap());
        let trials = read_tests("x", tests).unwrap();
        assert_eq!(run(&flow, &trials, MOST_HAPPENINGS).0.failed, []);
        let (cut, _) = run(&flow, &trials, 100);
        assert_eq!((cut.count, cut.failed.len()), (2, 1));
        assert_eq!(
            (cut.failed[0].name.as_str(), cut.failed[0].line),
            ("two", 6)
        );
        assert!(cut.failed[0].why.starts_with("it was not run"));
    }
}
