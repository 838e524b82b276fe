//! `cordboard flow check`.
//!
//! **Owns**: which files are checked, against what, and the exit code: 1 for errors only.
//! **Must not know**: what makes a flow right.

use super::output::{self, COULD_NOT, Problem, WRONG};
use super::{FlowCheckArgs, Format, check, flow_files, github, sarif};
use crate::config::finding::{ConfigFinding, has_errors, to_json};
use crate::config::{self, Override};
use ivr_flows::{Catalog, Flow, check_source};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

/// Runs the command.
#[must_use]
pub fn run(args: &FlowCheckArgs) -> ExitCode {
    let overrides = Override::from_environment(&super::environment());
    match findings(args, &overrides) {
        Ok(findings) => {
            report(&findings, args.format);
            if has_errors(&findings) {
                ExitCode::from(WRONG)
            } else {
                ExitCode::SUCCESS
            }
        }
        Err(Stopped::Settings(findings)) => check::cannot_go_on(&findings),
        Err(Stopped::Problem(problem)) => problem.report(),
    }
}

/// Why nothing could be judged.
#[derive(Debug)]
pub enum Stopped {
    /// The settings are wrong.
    Settings(Vec<ConfigFinding>),
    /// Anything else.
    Problem(Problem),
}

impl From<Problem> for Stopped {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

/// Everything found in the files that the arguments name.
///
/// # Errors
/// When a file or the settings cannot be read.
pub fn findings(
    args: &FlowCheckArgs,
    overrides: &[Override],
) -> Result<Vec<ConfigFinding>, Stopped> {
    let mut folder = PathBuf::from("flows");
    let mut catalog = None;
    if let Some(path) = &args.config {
        let loaded = config::load(path, overrides).map_err(Stopped::Settings)?;
        catalog = Some(flow_files::catalog(&loaded.company, &loaded.settings));
        folder = loaded.settings.node.flows;
    }
    let paths = if args.paths.is_empty() {
        vec![folder]
    } else {
        args.paths.clone()
    };
    let mut findings = Vec::new();
    for path in &paths {
        for file in flow_files::find(path)? {
            // What flows do not agree on is found from each of them.
            let found = check_file(&file, catalog.as_ref())?.0.into_iter();
            let new: Vec<_> = found.filter(|one| !findings.contains(one)).collect();
            findings.extend(new);
        }
    }
    Ok(findings)
}

/// Findings of one file, and the flow, with those that it calls, when it may run.
pub(super) fn check_file(
    path: &Path,
    catalog: Option<&Catalog>,
) -> Result<(Vec<ConfigFinding>, Option<Arc<Flow>>), Problem> {
    let source = std::fs::read(path).map_err(|error| {
        Problem::new(
            format!("cannot read {}", path.display()),
            error.to_string(),
            "name a flow file (NAME.flow.yaml) or a folder of them",
        )
    })?;
    // Bytes that are no UTF-8 become a sign that the reader refuses with its place.
    let source = String::from_utf8_lossy(&source);
    let checked = check_source(&source, &path.display().to_string(), catalog);
    let mut findings = checked.findings;
    let mut flow = checked.flow.map(Arc::new);
    if let Some(alone) = flow.take_if(|flow| !flow.called().is_empty()) {
        let linked = ivr_flows::link(&alone, &mut |name| beside(path, name, catalog));
        findings.extend(linked.findings);
        flow = linked.flow;
    }
    let findings = findings.into_iter().map(ConfigFinding::from).collect();
    Ok((findings, flow))
}

/// A flow that another one calls: it lies beside it.
fn beside(path: &Path, name: &str, catalog: Option<&Catalog>) -> Option<Arc<Flow>> {
    let path = path.with_file_name(format!("{name}{}", flow_files::ENDING));
    let source = std::fs::read_to_string(&path).ok()?;
    let checked = check_source(&source, &path.display().to_string(), catalog);
    checked.flow.map(Arc::new)
}

/// Writes findings: JSON always, text for people with a closing line.
pub(super) fn report(findings: &[ConfigFinding], format: Format) {
    match format {
        Format::Json => output::result(&to_json(findings)),
        Format::Sarif => output::result(&sarif::to_sarif(findings)),
        Format::Github => output::result(&github::to_commands(findings)),
        Format::Human => {
            output::result(&check::text(findings));
            output::result(&check::summary(findings));
        }
    }
}

/// Exit code for settings that cannot be used.
pub(super) fn could_not() -> ExitCode {
    ExitCode::from(COULD_NOT)
}
