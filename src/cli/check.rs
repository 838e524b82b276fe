//! `cordboard check`: settings, company file, flows and prompts together.
//!
//! **Owns**: what refers across files: numbers to flows, queues to music, flows to prompts.
//! **Must not know**: what makes one file right.

use super::output::{self, COULD_NOT, WRONG};
use super::{CheckArgs, flow_check, flow_files, prompt_check};
use crate::certificates;
use crate::config::finding::{ConfigFinding, code, to_text};
use crate::config::settings::FlowMaster;
use crate::config::{self, Company, Loaded, Override, Settings, nearest};
use crate::flows::{LIVE, aliased};
use ivr_flows::{Catalog, FindingLevel};
use std::collections::BTreeSet;
use std::path::Path;
use std::process::ExitCode;

/// Runs the command: exit 0 clean (remarks for information apart), 1 findings, 2 could not run.
#[must_use]
pub fn run(args: &CheckArgs) -> ExitCode {
    let overrides = args.config.overrides(&super::environment());
    let findings = findings(args, &overrides);
    flow_check::report(&findings, args.format);
    if findings
        .iter()
        .any(|f| f.code == code::UNREADABLE && f.file == args.config.config.display().to_string())
    {
        return ExitCode::from(COULD_NOT);
    }
    if findings.iter().any(|f| f.level != FindingLevel::Info) {
        return ExitCode::from(WRONG);
    }
    ExitCode::SUCCESS
}

/// Everything found. Flows are judged only when settings and company can be read.
#[must_use]
pub fn findings(args: &CheckArgs, overrides: &[Override]) -> Vec<ConfigFinding> {
    match config::load(&args.config.config, overrides) {
        Err(findings) => findings,
        Ok(loaded) => {
            let mut findings = loaded.remarks.clone();
            findings.extend(certificates(&loaded.settings, &args.config.config));
            let (found, prompts) = judged(&loaded);
            findings.extend(found);
            let prompts = prompts.iter().map(String::as_str);
            let folder = &loaded.settings.node.prompts;
            // Every prompt is heard to its end, which a start need not wait for.
            findings.extend(prompt_check::blemishes(folder, prompts));
            findings
        }
    }
}

/// Certificates that cannot be used.
fn certificates(settings: &Settings, file: &Path) -> Vec<ConfigFinding> {
    let judged = certificates::judged(settings).into_iter();
    judged
        .filter_map(|(section, _, read)| {
            let error = read.err()?;
            Some(ConfigFinding {
                code: code::CERTIFICATE,
                message: format!("[{section}] tls: {error}"),
                help: error.help().to_owned(),
                ..in_file(file.display().to_string())
            })
        })
        .collect()
}

/// Everything wrong with flows, numbers, music and prompts of a company that could be read.
#[must_use]
pub fn flows_and_prompts(loaded: &Loaded) -> Vec<ConfigFinding> {
    judged(loaded).0
}

/// The same, and the prompts that callers will hear.
fn judged(loaded: &Loaded) -> (Vec<ConfigFinding>, BTreeSet<String>) {
    let node = &loaded.settings.node;
    let catalog = flow_files::catalog(&loaded.company, &loaded.settings);
    if loaded.settings.flows == FlowMaster::Database {
        return without_flows(loaded, &catalog);
    }
    let files = match flow_files::find(&node.flows) {
        Ok(files) => files,
        Err(problem) => {
            let finding = unreadable(&node.flows.display().to_string(), &problem.why);
            return (vec![finding], BTreeSet::new());
        }
    };
    let mut findings = Vec::new();
    let mut names = BTreeSet::new();
    let mut prompts = BTreeSet::new();
    for file in &files {
        names.extend(flow_files::name_of(file).map(str::to_owned));
        match flow_check::check_file(file, Some(&catalog)) {
            Ok((found, flow)) => {
                let new = found.into_iter().filter(|one| !findings.contains(one));
                let new: Vec<_> = new.collect();
                findings.extend(new);
                prompts.extend(
                    flow.iter()
                        .flat_map(|flow| flow_files::needed(flow, &catalog)),
                );
            }
            Err(problem) => findings.push(unreadable(&file.display().to_string(), &problem.why)),
        }
    }
    findings.extend(numbers_without_flow(
        &loaded.company,
        &in_company(loaded).file,
        &names,
    ));
    findings.extend(music(loaded, &catalog, &mut prompts));
    findings.extend(flow_files::check_prompts(
        &node.prompts,
        prompts.iter().map(String::as_str),
    ));
    (findings, prompts)
}

/// In database mode each version was judged when it was published, and the running process judges the company.
fn without_flows(loaded: &Loaded, catalog: &Catalog) -> (Vec<ConfigFinding>, BTreeSet<String>) {
    let mut prompts = BTreeSet::new();
    let mut findings = music(loaded, catalog, &mut prompts);
    let files = prompts.iter().map(String::as_str);
    findings.extend(flow_files::check_prompts(
        &loaded.settings.node.prompts,
        files,
    ));
    (findings, prompts)
}

/// The numbers that start a flow which is not among `names`; `file` is the company's.
#[must_use]
pub(crate) fn numbers_without_flow(
    company: &Company,
    file: &str,
    names: &BTreeSet<String>,
) -> Vec<ConfigFinding> {
    // `support@live` is `support`.
    let named = |flow: &str| match aliased(flow) {
        (name, LIVE) => name.to_owned(),
        _ => flow.to_owned(),
    };
    let numbers = company.numbers.iter();
    let missing = numbers.filter(|number| !names.contains(&named(&number.flow)));
    missing
        .map(|number| ConfigFinding {
            line: number.line,
            message: format!("there is no flow \"{}\"", number.flow),
            help: match aliased(&number.flow) {
                (name, LIVE) => nearest(name, names.iter().map(String::as_str)).map_or_else(
                    || format!("add {name}{}", flow_files::ENDING),
                    |near| format!("did you mean \"{near}\"?"),
                ),
                (name, alias) => format!(
                    "with `master = \"database\"` under [flows], `PUT /flows/{name}/aliases/{alias}` makes it; files have \
                     no alias but `live`"
                ),
            },
            ..in_file(file.to_owned())
        })
        .collect()
}

/// Every queue's music, and what is heard before its voicemail, is there in some form.
fn music(loaded: &Loaded, catalog: &Catalog, prompts: &mut BTreeSet<String>) -> Vec<ConfigFinding> {
    let files: Vec<&String> = catalog.prompt_files.iter().flatten().collect();
    let mut findings = Vec::new();
    let queues = loaded.company.queues.iter();
    let named = queues.flat_map(|queue| {
        let music = queue.music.iter().map(|name| ("music", name));
        let prompt = queue.voicemail_prompt.iter();
        let prompt = prompt.map(|name| ("voicemail_prompt", name));
        music
            .chain(prompt)
            .map(move |(key, name)| (queue, key, name))
    });
    for (queue, key, name) in named {
        let wanted = if name.ends_with(".wav") {
            name.clone()
        } else {
            format!("{name}.wav")
        };
        let ending = format!("/{wanted}");
        let found: Vec<String> = files
            .iter()
            .filter(|file| ***file == wanted || file.ends_with(&ending))
            .map(|file| (*file).clone())
            .collect();
        if found.is_empty() {
            findings.push(ConfigFinding {
                level: FindingLevel::Warning,
                message: format!(
                    "queue \"{}\" has the {key} \"{name}\", and no file {wanted} is there",
                    queue.name
                ),
                help: format!("add {wanted} to the prompts folder, or take `{key}` out"),
                ..in_company(loaded)
            });
        }
        prompts.extend(found);
    }
    findings
}

fn in_company(loaded: &Loaded) -> ConfigFinding {
    in_file(loaded.settings.node.company.display().to_string())
}

fn in_file(file: String) -> ConfigFinding {
    ConfigFinding {
        code: code::UNKNOWN_NAME,
        level: FindingLevel::Error,
        file,
        line: 1,
        column: 1,
        message: String::new(),
        help: String::new(),
        notes: Vec::new(),
    }
}

fn unreadable(file: &str, why: &str) -> ConfigFinding {
    ConfigFinding {
        code: code::UNREADABLE,
        level: FindingLevel::Error,
        file: file.to_owned(),
        line: 1,
        column: 1,
        message: format!("cannot read {file}: {why}"),
        help: "name the folder with `flows` under [node]".to_owned(),
        notes: Vec::new(),
    }
}

/// Text for people with the lines themselves.
#[must_use]
pub fn text(findings: &[ConfigFinding]) -> String {
    to_text(findings, &|file| {
        let bytes = std::fs::read(file).ok()?;
        String::from_utf8(bytes).ok()
    })
}

/// The closing line.
pub(super) fn summary(findings: &[ConfigFinding]) -> String {
    let count = |level| findings.iter().filter(|f| f.level == level).count();
    match (count(FindingLevel::Error), count(FindingLevel::Warning)) {
        (0, 0) => "nothing to correct".to_owned(),
        (errors, warnings) => format!("{errors} error(s), {warnings} warning(s)"),
    }
}

/// Reports settings that a command cannot go on with.
#[must_use]
pub fn cannot_go_on(findings: &[ConfigFinding]) -> ExitCode {
    output::note(&text(findings));
    flow_check::could_not()
}
