//! `cordboard flow fuzz`: random callers go through flows.
//!
//! **Owns**: which flows, how many callers, what is written, and the exit code: 1 when a call broke a promise.
//! **Must not know**: what the promises are; `ivr_flows::fuzz` does.

use super::output::{self, COULD_NOT, Problem, WRONG};
use super::{FlowFuzzArgs, Format, flow_check, flow_files};
use ivr_flows::Flow;
use ivr_flows::fuzz::{self, Broken, Report};
use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

/// Callers between two looks at what to say.
const ROUND: u64 = 10_000;
/// Lines of a transcript that are shown at most: the last ones.
const LINES: usize = 60;

/// Runs the command.
#[must_use]
pub fn run(args: &FlowFuzzArgs) -> ExitCode {
    let mut code = ExitCode::SUCCESS;
    for path in &args.paths {
        let files = match flow_files::find(path) {
            Ok(files) => files,
            Err(problem) => return problem.report(),
        };
        for file in files {
            match one(args, &file) {
                Ok(true) => {}
                Ok(false) => code = ExitCode::from(WRONG),
                Err(refused) => return refused,
            }
        }
    }
    code
}

/// Whether every call through the flow kept every promise.
fn one(args: &FlowFuzzArgs, file: &Path) -> Result<bool, ExitCode> {
    let (findings, flow) =
        flow_check::check_file(file, None).map_err(|problem: Problem| problem.report())?;
    let Some(flow) = flow else {
        flow_check::report(&findings, Format::Human);
        return Err(ExitCode::from(COULD_NOT));
    };
    let told = match callers(&flow, args) {
        Ok(report) => good(file, &report),
        Err(broken) => {
            output::result(&bad(file, &broken));
            return Ok(false);
        }
    };
    output::result(&told);
    Ok(true)
}

fn callers(flow: &Arc<Flow>, args: &FlowFuzzArgs) -> Result<Report, Box<Broken>> {
    let mut whole = Report::default();
    let mut left = args.callers;
    let mut seed = args.seed;
    while left > 0 {
        let now = left.min(ROUND);
        whole.add(&fuzz::callers(flow, seed, now)?);
        (left, seed) = (left - now, seed.wrapping_add(now));
        if left > 0 && whole.callers.is_multiple_of(ROUND * 10) {
            output::note(&format!("{} callers", whole.callers));
        }
    }
    Ok(whole)
}

/// What is written when every promise held.
#[must_use]
pub fn good(file: &Path, report: &Report) -> String {
    let ends: Vec<String> = report
        .ends
        .iter()
        .map(|(how, count)| format!("{how} {count}"))
        .collect();
    format!(
        "{}: {} callers, {} steps, the longest call {}; every call ended, no backstop, nothing secret told\n  {}",
        file.display(),
        report.callers,
        report.steps,
        clock(report.longest),
        ends.join(", ")
    )
}

/// What is written of the call that broke a promise.
#[must_use]
pub fn bad(file: &Path, broken: &Broken) -> String {
    let seed = broken.seed;
    let mut text = format!(
        "{}: {}\n  the same call again: cordboard flow fuzz {} --seed {seed} --callers 1\n",
        file.display(),
        broken.what,
        file.display()
    );
    let left_out = broken.transcript.len().saturating_sub(LINES);
    if left_out > 0 {
        let _ = writeln!(text, "  ({left_out} lines before)");
    }
    for (at, what) in broken.transcript.iter().skip(left_out) {
        let _ = writeln!(text, "  {}  {what}", clock(*at));
    }
    text
}

fn clock(time: Duration) -> String {
    let seconds = time.as_secs();
    format!("{}:{:02}", seconds / 60, seconds % 60)
}
