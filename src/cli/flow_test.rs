//! `cordboard flow test`: the tests beside flow files.
//!
//! **Owns**: which files are run, what is written, and the exit code: 1 when a test failed, 2 when a file cannot be used.
//! **Must not know**: what a test means; `ivr_flows::trial` does.

use super::output::{self, COULD_NOT, Problem, WRONG};
use super::{FlowTestArgs, check, flow_check, junit};
use crate::config::finding::{ConfigFinding, has_errors};
use crate::flows::coverage::{Coverage, Covered, Met};
use ivr_flows::trial::{self, Outcome, Trial};
use ivr_flows::{FindingLevel, Flow, Pos};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

/// What a test file's name ends with.
const ENDING: &str = ".test.yaml";
/// How often `--watch` looks.
const GLANCE: Duration = Duration::from_millis(250);
/// Lines of a failed test's transcript that are shown at most: the last ones.
const LINES: usize = 40;

/// One file of tests, run.
#[derive(Debug)]
pub struct Tested {
    /// The file.
    pub file: PathBuf,
    flow: Arc<Flow>,
    /// Each test with what came of it and how long it took.
    pub tests: Vec<(Trial, Outcome, Duration)>,
}

/// Runs the command.
#[must_use]
pub fn run(args: &FlowTestArgs) -> ExitCode {
    let code = once(args);
    if !args.watch {
        return code;
    }
    let mut seen = stamps(args);
    loop {
        std::thread::sleep(GLANCE);
        let now = stamps(args);
        if now != seen {
            seen = now;
            output::note("\nsaved:");
            once(args);
        }
    }
}

fn once(args: &FlowTestArgs) -> ExitCode {
    match tested(args) {
        Ok(all) => report(args, &all),
        Err(Unusable::Findings(findings)) => {
            output::result(&check::text(&findings));
            output::result(&check::summary(&findings));
            ExitCode::from(COULD_NOT)
        }
        Err(Unusable::Problem(problem)) => problem.report(),
    }
}

/// Why nothing could be tested.
#[derive(Debug)]
pub enum Unusable {
    /// A file says what cannot be.
    Findings(Vec<ConfigFinding>),
    /// Anything else.
    Problem(Problem),
}

impl From<Problem> for Unusable {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

/// Every file that the arguments name, run.
///
/// # Errors
/// When a file cannot be read, or says what cannot be.
pub fn tested(args: &FlowTestArgs) -> Result<Vec<Tested>, Unusable> {
    let mut all = Vec::new();
    for path in &args.paths {
        for file in test_files(path)? {
            all.push(test(file)?);
        }
    }
    if all.is_empty() {
        let help = "write NAME.test.yaml beside NAME.flow.yaml; docs/flows.md shows one";
        Err(Problem::new(
            "there is nothing to test",
            "no file of tests was found",
            help,
        ))?;
    }
    Ok(all)
}

fn cannot_read(path: &Path, error: &std::io::Error) -> Problem {
    let what = format!("cannot read {}", path.display());
    let help = "name a test file (NAME.test.yaml), its flow file, or a folder of them";
    Problem::new(what, error.to_string(), help)
}

/// The test files that a path names: itself, the one beside a flow file, or all of a folder.
fn test_files(path: &Path) -> Result<Vec<PathBuf>, Problem> {
    if std::fs::metadata(path)
        .map_err(|error| cannot_read(path, &error))?
        .is_dir()
    {
        let mut files = Vec::new();
        for entry in std::fs::read_dir(path).map_err(|error| cannot_read(path, &error))? {
            let entry = entry.map_err(|error| cannot_read(path, &error))?;
            if entry.file_name().to_string_lossy().ends_with(ENDING) {
                files.push(entry.path());
            }
        }
        files.sort();
        return Ok(files);
    }
    Ok(vec![beside(path).unwrap_or_else(|| path.to_path_buf())])
}

/// The test file beside a flow file; none: the path names no flow file.
pub(super) fn beside(path: &Path) -> Option<PathBuf> {
    let name = super::flow_files::name_of(path)?;
    Some(path.with_file_name(format!("{name}{ENDING}")))
}

/// The steps of a flow that the tests beside it come by.
pub(super) fn covered(flow: &Path) -> Result<BTreeSet<Pos>, Unusable> {
    let Some(file) = beside(flow) else {
        let why = format!("{} is no flow file", flow.display());
        let help = "name a file such as flows/support.flow.yaml";
        Err(Problem::new("there are no tests beside it", why, help))?
    };
    Ok(coverage(&test(file)?).places())
}

fn test(file: PathBuf) -> Result<Tested, Unusable> {
    let source = std::fs::read(&file).map_err(|error| cannot_read(&file, &error))?;
    let source = String::from_utf8_lossy(&source);
    let trials = trial::read(&source, &file.display().to_string()).map_err(|found| {
        Unusable::Findings(found.into_iter().map(ConfigFinding::from).collect())
    })?;
    let path = file.with_file_name(format!("{}{}", trials.flow, super::flow_files::ENDING));
    let (findings, flow) = flow_check::check_file(&path, None)?;
    let Some(flow) = flow.filter(|_| !has_errors(&findings)) else {
        let errors = findings
            .into_iter()
            .filter(|one| one.level == FindingLevel::Error);
        return Err(Unusable::Findings(errors.collect()));
    };
    let tests = trials.trials.into_iter().map(|one| {
        let began = Instant::now();
        let outcome = trial::run(&flow, &one);
        (one, outcome, began.elapsed())
    });
    let tests = tests.collect();
    Ok(Tested { file, flow, tests })
}

fn report(args: &FlowTestArgs, all: &[Tested]) -> ExitCode {
    for one in all {
        output::result(&told(one, args.coverage));
    }
    let count: usize = all.iter().map(|one| one.tests.len()).sum();
    let failed = all.iter().flat_map(|one| &one.tests);
    let failed = failed
        .filter(|(_, outcome, _)| outcome.missed.is_some())
        .count();
    output::result(&format!(
        "{count} tests, {} passed, {failed} failed",
        count - failed
    ));
    if let Some(path) = &args.junit
        && let Err(error) = std::fs::write(path, junit::xml(all))
    {
        let what = format!("cannot write {}", path.display());
        return Problem::new(
            what,
            error.to_string(),
            "name a file in a folder that is there",
        )
        .report();
    }
    if failed > 0 {
        ExitCode::from(WRONG)
    } else {
        ExitCode::SUCCESS
    }
}

/// One file's tests, in lines.
#[must_use]
pub fn told(one: &Tested, coverage: bool) -> String {
    let mut text = format!("{}\n", one.file.display());
    for (trial, outcome, _) in &one.tests {
        let Some((pos, why)) = &outcome.missed else {
            let _ = writeln!(text, "  ok    {}", trial.name);
            continue;
        };
        let place = format!("{}:{}:{}", one.file.display(), pos.line, pos.column);
        let _ = writeln!(text, "  FAIL  {}\n        {place}: {why}", trial.name);
        let left_out = outcome.transcript.len().saturating_sub(LINES);
        if left_out > 0 {
            let _ = writeln!(text, "        ({left_out} lines before)");
        }
        for moment in outcome.transcript.iter().skip(left_out) {
            let _ = writeln!(text, "        {moment}");
        }
    }
    if coverage {
        text.push_str(&coverage_of(one));
    }
    text
}

fn coverage(one: &Tested) -> Coverage {
    let mut met = Met::default();
    for (_, outcome, _) in &one.tests {
        met.add(outcome);
    }
    Coverage::of(&one.flow, &met)
}

/// How many steps and ways out were come by, and those that were not.
fn coverage_of(one: &Tested) -> String {
    let (coverage, file) = (coverage(one), one.flow.file());
    format!(
        "{}{}",
        share("steps", "comes by", file, &coverage.steps),
        share("exits", "takes", file, &coverage.ways)
    )
}

fn named(one: &Covered) -> String {
    let step = one.step.as_ref();
    let step = step.map(|(block, step)| format!("block {block}, step {}", step + 1));
    let both: Vec<&str> = [&step, &one.way]
        .into_iter()
        .flatten()
        .map(String::as_str)
        .collect();
    both.join(": ")
}

/// A line with the share of what the tests came by, and one with code F024 for each of the rest.
fn share(what: &str, does: &str, file: &str, all: &[Covered]) -> String {
    let reached = all.iter().filter(|one| one.met).count();
    let count = all.len();
    let percent = reached * 100 / count.max(1);
    let mut text = format!("  {what}: {reached} of {count}, {percent} %\n");
    for one in all.iter().filter(|one| !one.met) {
        let (line, name) = (one.pos.line, named(one));
        let _ = writeln!(text, "    info[F024]: no test {does} {file}:{line}: {name}");
    }
    text
}

/// When the files were saved that the arguments name, and the flows beside them.
fn stamps(args: &FlowTestArgs) -> Vec<(PathBuf, Option<SystemTime>)> {
    let files = args
        .paths
        .iter()
        .filter_map(|path| test_files(path).ok())
        .flatten();
    let folders: BTreeSet<PathBuf> = files
        .filter_map(|file| Some(file.parent()?.to_path_buf()))
        .collect();
    let entries = folders.iter().filter_map(|folder| {
        let folder = if folder.as_os_str().is_empty() {
            Path::new(".")
        } else {
            folder
        };
        std::fs::read_dir(folder).ok()
    });
    let mut stamps: Vec<_> = entries
        .flatten()
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().ends_with(".yaml"))
        .map(|entry| {
            (
                entry.path(),
                entry.metadata().and_then(|about| about.modified()).ok(),
            )
        })
        .collect();
    stamps.sort();
    stamps
}
