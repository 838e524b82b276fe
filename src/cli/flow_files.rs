//! Flow files and prompts on disk, as `check` and `flow check` read them.
//!
//! **Owns**: finding the files, the catalog of prompts, opening every prompt that a flow needs.
//! **Must not know**: how flows are checked.

pub(super) use crate::flows::ENDING;

use super::output::Problem;
use crate::config::Company;
use crate::config::finding::{ConfigFinding, code};
use crate::config::settings::Settings;
use ivr_flows::{Catalog, FindingLevel, Flow};
use sip_gateway::media::clip::Clip;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Folders below the prompts folder are read to this depth: `en/greeting.wav`, `en/menu/greeting.wav`.
const DEPTH: usize = 4;

/// The flow files that a path names: itself, or every one in a folder, in order of name.
pub(crate) fn find(path: &Path) -> Result<Vec<PathBuf>, Problem> {
    let cannot = |error: std::io::Error| {
        Problem::new(
            format!("cannot read {}", path.display()),
            error.to_string(),
            "name a flow file (NAME.flow.yaml) or a folder of them",
        )
    };
    if !std::fs::metadata(path).map_err(cannot)?.is_dir() {
        return Ok(vec![path.to_path_buf()]);
    }
    let mut files = Vec::new();
    for entry in std::fs::read_dir(path).map_err(cannot)? {
        let entry = entry.map_err(cannot)?;
        if entry.file_name().to_string_lossy().ends_with(ENDING) {
            files.push(entry.path());
        }
    }
    files.sort();
    Ok(files)
}

/// Name of the flow of a file: `support` of `…/support.flow.yaml`.
pub(crate) fn name_of(path: &Path) -> Option<&str> {
    path.file_name()?.to_str()?.strip_suffix(ENDING)
}

/// What flows may refer to: the company's names and the audio files below the prompts folder.
pub(crate) fn catalog(company: &Company, settings: &Settings) -> Catalog {
    let mut files = BTreeSet::new();
    collect(&settings.node.prompts, "", DEPTH, &mut files);
    Catalog {
        queues: company.queues.iter().map(|q| q.name.clone()).collect(),
        skills: company.skills.iter().cloned().collect(),
        prompt_files: Some(files),
        secrets: Some(settings.secret_names()),
        speech: settings.speech.is_some(),
        voices: settings.takes_voices(),
        consent: company.needs_consent(settings.recording),
        staff: Some(company.staff()),
        callable: Some(company.callable()),
        calendars: Some(Arc::clone(&company.calendars)),
    }
}

fn collect(folder: &Path, below: &str, depth: usize, files: &mut BTreeSet<String>) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let Some(name) = name.to_str() else { continue };
        let path = entry.path();
        if path.is_dir() && depth > 0 {
            collect(&path, &format!("{below}{name}/"), depth - 1, files);
        } else if path.is_file() {
            files.insert(format!("{below}{name}"));
        }
    }
}

/// The audio files that a call of this flow may play, as far as they are there: of each prompt the file of each
/// language, else the one for all languages.
pub(super) fn needed(flow: &Flow, catalog: &Catalog) -> BTreeSet<String> {
    let files = catalog.prompt_files.clone().unwrap_or_default();
    let languages = &flow.languages().offer;
    flow.prompts()
        .values()
        .flat_map(|prompt| {
            languages.iter().map(|language| {
                let own = format!("{language}/{}", prompt.file);
                if files.contains(&own) {
                    own
                } else {
                    prompt.file.clone()
                }
            })
        })
        .chain(pieces(flow))
        .filter(|file| files.contains(file))
        .collect()
}

/// The pieces of prompts with values, and the recorded numbers that may stand between them.
fn pieces(flow: &Flow) -> impl Iterator<Item = String> {
    let words = flow.fixed_words().into_iter();
    words.flat_map(|text| {
        let language = &text.language;
        let own = text.file.as_ref().map(|file| format!("{language}/{file}"));
        own.into_iter().chain(text.file)
    })
}

/// Opens one prompt as a call would.
pub(super) fn check_prompt(bytes: &[u8]) -> Result<(), String> {
    Clip::from_wav(bytes)
        .map(drop)
        .map_err(|error| error.to_string())
}

/// A finding for every named audio file that is there and cannot be played.
pub(super) fn check_prompts<'a>(
    folder: &Path,
    files: impl IntoIterator<Item = &'a str>,
) -> Vec<ConfigFinding> {
    let mut findings = Vec::new();
    for file in files {
        let path = folder.join(file);
        let opened = std::fs::read(&path)
            .map_err(|error| error.to_string())
            .and_then(|bytes| check_prompt(&bytes));
        if let Err(why) = opened {
            findings.push(ConfigFinding {
                code: code::PROMPT,
                level: FindingLevel::Error,
                file: path.display().to_string(),
                line: 1,
                column: 1,
                message: format!("this prompt cannot be played: {why}"),
                help: "save it as WAV, 16 bit PCM, mono, 8 to 48 kHz".to_owned(),
                notes: Vec::new(),
            });
        }
    }
    findings
}
