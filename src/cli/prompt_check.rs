//! What `check` hears in the prompts that callers will hear.
//!
//! **Owns**: F022. **Must not know**: how loudness is measured.

use crate::config::finding::ConfigFinding;
use crate::prompt_import::{self, Blemish, TARGET};
use ivr_flows::FindingLevel;
use std::path::Path;

/// A warning for each fault of these files below `folder`. What cannot be played is another's finding.
pub(super) fn blemishes<'a>(
    folder: &Path,
    files: impl IntoIterator<Item = &'a str>,
) -> Vec<ConfigFinding> {
    let mut findings = Vec::new();
    for file in files {
        let path = folder.join(file);
        let Ok(bytes) = prompt_import::read(&path) else {
            continue;
        };
        let found = prompt_import::blemishes(bytes).unwrap_or_default();
        findings.extend(found.into_iter().map(|blemish| {
            let (message, help) = told(blemish);
            ConfigFinding {
                code: "F022",
                level: FindingLevel::Warning,
                file: path.display().to_string(),
                line: 1,
                column: 1,
                message,
                help: help.to_owned(),
                notes: Vec::new(),
            }
        }));
    }
    findings
}

fn told(blemish: Blemish) -> (String, &'static str) {
    const IMPORT: &str = "take the original and run `cordboard prompt import`, which brings it to the same loudness as the others";
    let apart = |lufs: f64, word: &str| {
        let by = (lufs - TARGET).abs();
        format!("this prompt is {by:.1} LU {word} than {TARGET} LUFS ({lufs:.1} LUFS)")
    };
    match blemish {
        Blemish::Clipped => (
            "the peaks of this prompt are cut off: it was recorded too loud".to_owned(),
            "record it again with the level turned down",
        ),
        Blemish::Loud(lufs) => (apart(lufs, "louder"), IMPORT),
        Blemish::Soft(lufs) => (apart(lufs, "softer"), IMPORT),
        Blemish::Silent => (
            "there is nothing but silence in this prompt".to_owned(),
            "record it again, or take it out of the flows",
        ),
    }
}
