//! `cordboard flow schema`, `draw`, `diff`, `rename` and `fmt`.
//!
//! **Owns**: which files are read and written, and the exit codes: 1 where something is different or wrong, 2 where a file
//! cannot be used. **Must not know**: the language; `ivr_flows` does.

use super::flow_args::{DiffArgs, DrawArgs, Drawing, FlowTool, FmtArgs, RenameArgs, SchemaArgs};
use super::output::{self, Problem, WRONG};
use super::{check, flow_files, flow_test};
use crate::config::{self, Company, CompanyContext, ConfigFinding, Override, PasswordPolicy};
use ivr_flows::draw::{self, Options, Zoom};
use ivr_flows::edit::{self, Refused};
use ivr_flows::reference::{self, Names};
use ivr_flows::{Finding, diff, format, parse};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Runs a tool.
#[must_use]
pub fn run(tool: &FlowTool) -> ExitCode {
    let done = match tool {
        FlowTool::Schema(args) => schema(args),
        FlowTool::Draw(args) => drawn(args),
        FlowTool::Diff(args) => difference(args),
        FlowTool::Rename(args) => rename(args),
        FlowTool::Fmt(args) => laid_out(args),
    };
    match done {
        Ok(code) => code,
        Err(Stopped::Findings(findings)) => check::cannot_go_on(&findings),
        Err(Stopped::Problem(problem)) => problem.report(),
    }
}

/// Why a tool could not do its work.
#[derive(Debug)]
pub enum Stopped {
    /// A file says what cannot be.
    Findings(Vec<ConfigFinding>),
    /// Anything else.
    Problem(Problem),
}

impl From<Problem> for Stopped {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

fn read(path: &Path) -> Result<String, Problem> {
    std::fs::read_to_string(path).map_err(|error| {
        let what = format!("cannot read {}", path.display());
        Problem::new(what, error.to_string(), "name a flow file (NAME.flow.yaml)")
    })
}

fn write(path: &Path, text: &str) -> Result<(), Problem> {
    std::fs::write(path, text).map_err(|error| {
        let what = format!("cannot write {}", path.display());
        Problem::new(what, error.to_string(), "name a file that may be written")
    })
}

/// Findings of a text that was read without its name.
fn named(findings: Vec<Finding>, path: &Path) -> Stopped {
    let file = path.display().to_string();
    let with_file = |mut finding: Finding| {
        finding.file.clone_from(&file);
        ConfigFinding::from(finding)
    };
    Stopped::Findings(findings.into_iter().map(with_file).collect())
}

fn refused(why: Refused, what: &str, path: &Path) -> Stopped {
    match why {
        Refused::Unreadable(findings) => named(findings, path),
        Refused::Unfit(why) | Refused::Layout(why) => {
            let what = format!("cannot {what} {}", path.display());
            Problem::new(what, why, "nothing was changed").into()
        }
    }
}

/// The names that a company gives to flows.
pub(crate) fn names_of(company: &Company) -> Names {
    let queues = company.queues.iter().map(|queue| queue.name.clone());
    Names::of_company(queues.collect(), company.skills.iter().cloned().collect())
        .with_calendars(company.calendars.keys().cloned())
}

/// The schema with the names that the arguments lead to.
///
/// # Errors
/// When settings, company file or flows cannot be read.
pub fn schema_text(args: &SchemaArgs) -> Result<String, Stopped> {
    let mut names = Names::default();
    let mut paths = args.paths.clone();
    if let Some(path) = &args.config {
        let overrides = Override::from_environment(&super::environment());
        let loaded = config::load(path, &overrides).map_err(Stopped::Findings)?;
        names = names_of(&loaded.company);
        if paths.is_empty() {
            paths.push(loaded.settings.node.flows);
        }
    } else if let Some(path) = &args.company {
        let source = read(path)?;
        // Names alone are looked at here.
        let context = CompanyContext {
            passwords: PasswordPolicy::FilledByDemo,
            country: None,
            today: None,
            secrets: &|_| Ok("a secret that nobody needs here".to_owned()),
        };
        let read = config::parse_company_with(&source, &path.display().to_string(), context);
        let (company, _) = read.into_result().map_err(Stopped::Findings)?;
        names = names_of(&company);
    }
    for path in &paths {
        for file in flow_files::find(path)? {
            // A flow that is being written may be broken: the others still have names.
            match parse(&read(&file)?, &file.display().to_string()) {
                Ok(flow) => names.add(&flow),
                Err(_) => output::note(&format!("{}: left out, it cannot be read", file.display())),
            }
        }
    }
    let schema = reference::schema(&names);
    Ok(format!("{schema:#}\n"))
}

fn schema(args: &SchemaArgs) -> Result<ExitCode, Stopped> {
    output::result(&schema_text(args)?);
    Ok(ExitCode::SUCCESS)
}

/// The picture as text.
///
/// # Errors
/// When the flow or its tests cannot be read, or there is too much of it for an SVG.
pub fn drawing(args: &DrawArgs) -> Result<String, Stopped> {
    let source = read(&args.file)?;
    let mut options = Options {
        zoom: if args.steps {
            Zoom::Steps
        } else {
            Zoom::Blocks
        },
        inherited: args.inherited,
        ..Options::default()
    };
    if args.coverage {
        let covered = flow_test::covered(&args.file).map_err(|why| match why {
            flow_test::Unusable::Findings(findings) => Stopped::Findings(findings),
            flow_test::Unusable::Problem(problem) => Stopped::Problem(problem),
        })?;
        options.covered = Some(covered);
    }
    if let Some(path) = &args.traffic {
        options.traffic = Some(traffic(path)?);
    }
    let picture = draw::picture(&source, &options).map_err(|found| named(found, &args.file))?;
    Ok(match args.format {
        Drawing::Text => picture.lines(),
        Drawing::Mermaid => picture.mermaid(),
        Drawing::Dot => picture.dot(),
        Drawing::Svg => picture.svg().ok_or_else(|| {
            let (count, most) = (picture.boxes.len(), draw::MOST_BOXES);
            let why = format!("it has {count} boxes ({most} at most), or they cannot be placed");
            let help = "leave out --steps, or take --format dot";
            Problem::new("there is no SVG of this flow", why, help)
        })?,
    })
}

/// What `--traffic` reads of the API's answer.
#[derive(serde::Deserialize)]
struct Traffic {
    ways: Vec<TrafficWay>,
}

/// From block to block.
#[derive(serde::Deserialize)]
struct TrafficWay {
    from: String,
    exit: String,
    to: String,
    times: u64,
}

fn traffic(path: &Path) -> Result<draw::Traffic, Stopped> {
    let text = read(path)?;
    let answer: Traffic = serde_json::from_str(&text).map_err(|why| {
        let help = "keep an answer of GET /api/v1/flows/NAME/traffic in it, with `ways` of `from`, `exit`, `to` and `times`";
        Problem::new(format!("{} is no traffic", path.display()), why.to_string(), help)
    })?;
    let mut calls = draw::Traffic::new();
    for way in answer.ways {
        let exits = calls.entry((way.from, way.to)).or_default();
        let count = exits.entry(way.exit).or_default();
        *count = count.saturating_add(way.times);
    }
    Ok(calls)
}

fn drawn(args: &DrawArgs) -> Result<ExitCode, Stopped> {
    // The layout library may break off; the picture is then placed otherwise, and nobody needs to read of it.
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let text = drawing(args);
    std::panic::set_hook(hook);
    let text = text?;
    match &args.output {
        Some(path) => write(path, &text)?,
        None => output::result(&text),
    }
    Ok(ExitCode::SUCCESS)
}

fn difference(args: &DiffArgs) -> Result<ExitCode, Stopped> {
    let (before, after) = (read(&args.before)?, read(&args.after)?);
    // Whichever of the two cannot be read is told by its own name.
    diff::diff(&before, &before).map_err(|found| named(found, &args.before))?;
    let changes = diff::diff(&before, &after).map_err(|found| named(found, &args.after))?;
    if args.json {
        output::result(&serde_json::json!({ "changes": changes }).to_string());
    } else if changes.is_empty() {
        output::result("no difference in blocks, steps, exits and prompts");
    } else {
        let lines: Vec<String> = changes.iter().map(ToString::to_string).collect();
        output::result(&lines.join("\n"));
    }
    Ok(if changes.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(WRONG)
    })
}

fn rename(args: &RenameArgs) -> Result<ExitCode, Stopped> {
    let source = read(&args.file)?;
    let edited = edit::rename(&source, &args.from, &args.to)
        .map_err(|why| refused(why, "rename a block of", &args.file))?;
    let tests = flow_test::beside(&args.file).filter(|path| path.exists());
    let tests = match tests {
        None => None,
        Some(path) => {
            let source = read(&path)?;
            let edited = edit::rename_in_tests(&source, &args.from, &args.to)
                .map_err(|why| refused(why, "rename a block in", &path))?;
            edited.map(|edited| (path, edited))
        }
    };
    let places = |before: &str, after: &str| {
        let lines = before.lines().zip(after.lines());
        lines.filter(|(before, after)| before != after).count()
    };
    let mut told = format!(
        "{}: {} line(s)",
        args.file.display(),
        places(&source, &edited.text)
    );
    write(&args.file, &edited.text)?;
    if let Some((path, edited)) = tests {
        let before = edited.undone();
        let lines = places(&before, &edited.text);
        told = format!("{told}\n{}: {lines} line(s)", path.display());
        write(&path, &edited.text)?;
    }
    output::result(&told);
    Ok(ExitCode::SUCCESS)
}

fn laid_out(args: &FmtArgs) -> Result<ExitCode, Stopped> {
    let mut files: Vec<PathBuf> = Vec::new();
    for path in &args.paths {
        files.extend(flow_files::find(path)?);
    }
    let mut changed = 0_usize;
    for file in &files {
        let source = read(file)?;
        let text = format::format(&source).map_err(|why| refused(why, "lay out", file))?;
        if text == source {
            continue;
        }
        changed += 1;
        output::result(&file.display().to_string());
        if !args.check {
            write(file, &text)?;
        }
    }
    let word = if args.check {
        "would change"
    } else {
        "changed"
    };
    output::note(&format!("{changed} of {} file(s) {word}", files.len()));
    Ok(if args.check && changed > 0 {
        ExitCode::from(WRONG)
    } else {
        ExitCode::SUCCESS
    })
}
