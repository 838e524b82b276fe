//! `cordboard prompt import` and `list`; `export` and `translate` are next door.
//!
//! **Owns**: which files are read and written, what is printed; exit 1 where a recording is refused, 2 where settings or
//! flows cannot be read. **Must not know**: audio.

use super::output::{self, Problem, WRONG};
use super::prompt_args::{PromptCommand, PromptImportArgs, PromptListArgs};
use super::{check, flow_check, flow_files, translation};
use crate::config::settings::{FlowMaster, Settings};
use crate::prompt_import::{self, ImportError, Imported, Loudness, TARGET, Wish};
use crate::prompts::Prompts;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Music is so much softer than speech, in dB.
const SOFTER: f64 = 3.0;
/// A recording that was so much softer than prompts are comes with its noise, in dB.
const FAINT: f64 = 30.0;

/// Runs the command.
#[must_use]
pub fn run(command: &PromptCommand) -> ExitCode {
    match command {
        PromptCommand::Import(args) => import(args),
        PromptCommand::List(args) => list(args),
        PromptCommand::Export(args) => translation::export(args),
        PromptCommand::Translate(args) => translation::translate(args),
    }
}

fn import(args: &PromptImportArgs) -> ExitCode {
    let settings = match args.config.read() {
        Ok(settings) => settings,
        Err(findings) => return check::cannot_go_on(&findings),
    };
    if args.name.is_some() && args.files.len() > 1 {
        let why = "`--name` names one prompt, and several files are given";
        let help = "leave `--name` out: each prompt gets the name of its file";
        return Problem::new("cannot import", why, help).report();
    }
    let wish = Wish {
        trim: !args.music,
        target: if args.music { TARGET - SOFTER } else { TARGET },
    };
    let mut wrong = false;
    for file in &args.files {
        match one(args, file, &settings.node.prompts, wish) {
            Ok(imported) => output::result(&told(&imported, &settings.node.prompts, wish)),
            Err(error) => {
                wrong = true;
                output::note(&format!("error: {}: {error}", file.display()));
            }
        }
    }
    if wrong {
        ExitCode::from(WRONG)
    } else {
        ExitCode::SUCCESS
    }
}

fn one(
    args: &PromptImportArgs,
    file: &Path,
    folder: &Path,
    wish: Wish,
) -> Result<Imported, ImportError> {
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    let name = args.name.as_deref().unwrap_or(&stem);
    // Before the file is read: a wrong name is told at once.
    let place = prompt_import::place(args.language.as_deref(), name)?;
    prompt_import::import(prompt_import::read(file)?, folder, &place, wish)
}

fn told(imported: &Imported, folder: &Path, wish: Wish) -> String {
    let Imported { before, after, .. } = imported;
    let name = imported.path.strip_prefix(folder).unwrap_or(&imported.path);
    let mut text = format!(
        "{}: {:.1} s, {} -> {}{}",
        name.display(),
        imported.lasts.as_secs_f64(),
        loud(before),
        loud(after),
        if imported.replaced {
            ", in place of the old one"
        } else {
            ""
        },
    );
    if imported.clipped {
        text.push_str(
            "\n  it was recorded too loud: its peaks are cut off, record it again softer",
        );
    }
    if before.lufs < wish.target - FAINT {
        text.push_str("\n  it was recorded very softly: listen whether its noise is heard");
    }
    if (after.lufs - wish.target).abs() > 0.5 {
        text.push_str("\n  its peaks leave no room for more: listen whether it is loud enough");
    }
    text
}

fn loud(loudness: &Loudness) -> String {
    format!("{:.1} LUFS, peak {:.1} dBTP", loudness.lufs, loudness.peak)
}

/// One recording in the list.
#[derive(Debug, Serialize)]
struct Line {
    /// None: for all languages.
    language: Option<String>,
    /// Below the language's folder.
    file: String,
    /// It is there, in this language or for all.
    present: bool,
    /// Nothing is there, and the speech command says it.
    spoken: bool,
    lufs: Option<f64>,
    peak_dbtp: Option<f64>,
    /// What is heard, where the flow tells.
    words: Option<String>,
    flows: BTreeSet<String>,
}

fn list(args: &PromptListArgs) -> ExitCode {
    let settings = match args.config.read() {
        Ok(settings) => settings,
        Err(findings) => return check::cannot_go_on(&findings),
    };
    match lines(&settings) {
        Ok(lines) if args.json => {
            let text = serde_json::to_string_pretty(&serde_json::json!({ "items": lines }));
            output::result(&text.unwrap_or_default());
            ExitCode::SUCCESS
        }
        Ok(lines) => {
            output::result(&table(&lines));
            ExitCode::SUCCESS
        }
        Err(problem) => problem.report(),
    }
}

fn lines(settings: &Settings) -> Result<Vec<Line>, Problem> {
    if settings.flows == FlowMaster::Database {
        let why = "flows are kept in the database here, and this list is made of files";
        let help = "the console's page of a flow says what is missing for it";
        return Err(Problem::new("cannot list prompts", why, help));
    }
    let folder = &settings.node.prompts;
    let prompts = Prompts::new(folder);
    let mut wanted: BTreeMap<(String, String), (Option<String>, BTreeSet<String>)> =
        BTreeMap::new();
    let mut languages = BTreeSet::new();
    for path in flow_files::find(&settings.node.flows)? {
        let Ok((_, Some(flow))) = flow_check::check_file(&path, None) else {
            output::note(&format!("{}: left out, it cannot be read", path.display()));
            continue;
        };
        for language in &flow.languages().offer {
            languages.insert(language.clone());
            for (file, words) in flow.audio(language) {
                let entry = wanted.entry((language.clone(), file)).or_default();
                entry.0 = entry.0.take().or(words);
                entry.1.insert(flow.name().to_owned());
            }
        }
    }
    let mut seen: BTreeMap<PathBuf, Option<Loudness>> = BTreeMap::new();
    let mut measure = |path: PathBuf| {
        *seen.entry(path).or_insert_with_key(|path| {
            prompt_import::measure(path)
                .ok()
                .map(|(loudness, _)| loudness)
        })
    };
    let mut used = BTreeSet::new();
    let mut all = Vec::new();
    for ((language, file), (words, flows)) in wanted {
        let found = prompts.place(&language, &file);
        let loudness = found.clone().and_then(&mut measure);
        used.insert(file.clone());
        all.push(Line {
            present: found.is_some(),
            spoken: found.is_none() && words.is_some() && settings.speech.is_some(),
            lufs: loudness.map(|one| one.lufs),
            peak_dbtp: loudness.map(|one| one.peak),
            language: Some(language),
            file,
            words,
            flows,
        });
    }
    for file in prompts.files(&languages) {
        if used.contains(&file) {
            continue;
        }
        let loudness = measure(folder.join(&file));
        all.push(Line {
            language: None,
            present: true,
            spoken: false,
            lufs: loudness.map(|one| one.lufs),
            peak_dbtp: loudness.map(|one| one.peak),
            file,
            words: None,
            flows: BTreeSet::new(),
        });
    }
    Ok(all)
}

fn table(lines: &[Line]) -> String {
    let mut text = String::new();
    let mut last = None;
    for line in lines {
        if last != Some(&line.language) {
            let title = line.language.as_deref().unwrap_or("in no flow");
            text.push_str(&format!("{title}\n"));
            last = Some(&line.language);
        }
        let state = match (line.present, line.spoken, line.lufs) {
            (true, _, Some(lufs)) => format!("{lufs:.1} LUFS"),
            (true, ..) => "there".to_owned(),
            (_, true, _) => "spoken".to_owned(),
            _ => "MISSING".to_owned(),
        };
        let flows: Vec<&str> = line.flows.iter().map(String::as_str).collect();
        let words = match &line.words {
            Some(words) if !line.present => format!("  \"{words}\""),
            _ => String::new(),
        };
        text.push_str(&format!(
            "  {:<32} {state:<12} {}{words}\n",
            line.file,
            flows.join(", ")
        ));
    }
    let missing = lines
        .iter()
        .filter(|line| !line.present && !line.spoken)
        .count();
    text.push_str(&format!("{} recordings, {missing} missing\n", lines.len()));
    text
}
