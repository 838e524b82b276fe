//! The flow files as calls see them.
//!
//! **Owns**: reading `NAME.flow.yaml`, and the last good version of each. A saved file is picked up by the next call;
//! a broken one is refused and the last good version stays. **Must not**: interpret flows.

use ivr_flows::{Finding, FindingLevel, Flow};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

/// What tells two savings of a file apart without reading it.
type Stamp = (SystemTime, u64);

/// One file's last good version and what was last seen of the file.
#[derive(Debug, Default)]
struct Held {
    good: Option<Arc<Flow>>,
    seen: Option<Stamp>,
}

/// All flows of one folder.
#[derive(Debug)]
pub struct FlowLibrary {
    folder: PathBuf,
    held: Mutex<HashMap<String, Held>>,
}

impl FlowLibrary {
    /// A library over `folder`; nothing is read yet.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            held: Mutex::default(),
        }
    }

    /// The version that a call beginning now stays on; none when no version could ever be read.
    /// One `stat`, and a read only when the file was saved since.
    pub fn current(&self, name: &str) -> Option<Arc<Flow>> {
        let path = self.folder.join(format!("{name}.flow.yaml"));
        let mut held = self
            .held
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let entry = held.entry(name.to_owned()).or_default();
        let stamp = stamp_of(&path);
        if stamp.is_some() && stamp != entry.seen {
            entry.seen = stamp;
            match read(&path) {
                Ok(flow) => {
                    if entry
                        .good
                        .as_ref()
                        .is_none_or(|good| good.content_hash() != flow.content_hash())
                    {
                        tracing::info!(
                            flow = name,
                            version = flow.content_hash(),
                            "flow read; the next call takes it"
                        );
                    }
                    entry.good = Some(Arc::new(flow));
                }
                Err(report) => tracing::error!(
                    flow = name,
                    "flow refused, the last good version stays:\n{report}"
                ),
            }
        }
        entry.good.clone()
    }

    /// Looks at every flow file, so that a broken one is told when it is saved rather than at the next call.
    pub fn refresh(&self) {
        let Ok(entries) = std::fs::read_dir(&self.folder) else {
            return;
        };
        for entry in entries.flatten() {
            let file = entry.file_name();
            if let Some(name) = file
                .to_str()
                .and_then(|file| file.strip_suffix(".flow.yaml"))
            {
                self.current(name);
            }
        }
    }

    /// Names of the flow files in the folder, sorted.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = std::fs::read_dir(&self.folder)
            .map(|entries| {
                entries
                    .flatten()
                    .filter_map(|entry| {
                        Some(
                            entry
                                .file_name()
                                .to_str()?
                                .strip_suffix(".flow.yaml")?
                                .to_owned(),
                        )
                    })
                    .collect()
            })
            .unwrap_or_default();
        names.sort();
        names
    }
}

fn stamp_of(path: &Path) -> Option<Stamp> {
    let meta = std::fs::metadata(path).ok()?;
    Some((meta.modified().ok()?, meta.len()))
}

/// Reads and checks one file; the report is for people.
fn read(path: &Path) -> Result<Flow, String> {
    let shown = path.display().to_string();
    let source = std::fs::read_to_string(path).map_err(|error| format!("{shown}: {error}"))?;
    let flow = ivr_flows::parse(&source, &shown)
        .map_err(|findings| ivr_flows::render_human(&findings, &source))?;
    let errors: Vec<Finding> = ivr_flows::check(&flow, None)
        .into_iter()
        .filter(|finding| finding.level == FindingLevel::Error)
        .collect();
    if errors.is_empty() {
        Ok(flow)
    } else {
        Err(ivr_flows::render_human(&errors, &source))
    }
}
