//! The flow files of a folder as calls see them: files mode.
//!
//! **Owns**: reading `NAME.flow.yaml`, and the last good version of each. A saved file is picked up by the next call;
//! a broken one is refused and the last good version stays. **Must not**: interpret flows.

use super::{ENDING, lock, lost};
use ivr_flows::{Catalog, Finding, FindingLevel, Flow};
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
pub(super) struct Folder {
    folder: PathBuf,
    held: Mutex<HashMap<String, Held>>,
    /// What flows may name; until it is known, names are not judged.
    names: Mutex<Option<Catalog>>,
}

impl Folder {
    /// A library over `folder`; nothing is read yet.
    pub(super) fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            held: Mutex::default(),
            names: Mutex::default(),
        }
    }

    /// From now on flows are read against these names: one that names anything else is refused when it is saved. Files
    /// that were refused before are looked at again.
    pub(super) fn set_names(&self, names: Catalog) {
        *lock(&self.names) = Some(names);
        lock(&self.held)
            .values_mut()
            .for_each(|held| held.seen = None);
    }

    /// What the versions that calls take would lose with these names: each place that names something which is gone. A
    /// flow whose file already fits the new names loses nothing.
    pub(super) fn would_lose(&self, names: &Catalog) -> Vec<Finding> {
        let now = lock(&self.names).clone();
        let mut all = Vec::new();
        for flow in self.live() {
            let mut after = lost(&flow, now.as_ref(), names);
            if !after.is_empty() && read(Path::new(flow.file()), Some(names)).is_err() {
                all.append(&mut after);
            }
        }
        all
    }

    /// The versions that calls may take, in order of name.
    pub(super) fn live(&self) -> Vec<Arc<Flow>> {
        let held = lock(&self.held);
        let mut flows: Vec<_> = held.values().filter_map(|held| held.good.clone()).collect();
        flows.sort_by(|a, b| a.name().cmp(b.name()));
        flows
    }

    /// The version that a call beginning now stays on; none when no version could ever be read.
    /// One `stat`, and a read only when the file was saved since.
    pub(super) fn current(&self, name: &str) -> Option<Arc<Flow>> {
        let path = self.folder.join(format!("{name}{ENDING}"));
        let mut held = lock(&self.held);
        let entry = held.entry(name.to_owned()).or_default();
        let stamp = stamp_of(&path);
        if stamp.is_some() && stamp != entry.seen {
            entry.seen = stamp;
            match read(&path, lock(&self.names).as_ref()) {
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
    pub(super) fn refresh(&self) {
        let Ok(entries) = std::fs::read_dir(&self.folder) else {
            return;
        };
        for entry in entries.flatten() {
            let file = entry.file_name();
            if let Some(name) = file.to_str().and_then(|file| file.strip_suffix(ENDING)) {
                self.current(name);
            }
        }
    }

    /// The text of a flow's file and of its tests as they lie there now, good or not.
    pub(super) fn texts(&self, name: &str) -> Option<(String, Option<String>)> {
        let read = |ending: &str| std::fs::read(self.folder.join(format!("{name}{ending}")));
        let text = String::from_utf8_lossy(&read(ENDING).ok()?).into_owned();
        let tests = read(super::TESTS).ok();
        Some((
            text,
            tests.map(|it| String::from_utf8_lossy(&it).into_owned()),
        ))
    }

    /// Names of the flow files in the folder, sorted.
    pub(super) fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = std::fs::read_dir(&self.folder)
            .map(|entries| {
                entries
                    .flatten()
                    .filter_map(|entry| {
                        Some(entry.file_name().to_str()?.strip_suffix(ENDING)?.to_owned())
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
fn read(path: &Path, names: Option<&Catalog>) -> Result<Flow, String> {
    let shown = path.display().to_string();
    let source = std::fs::read_to_string(path).map_err(|error| format!("{shown}: {error}"))?;
    let flow = ivr_flows::parse(&source, &shown)
        .map_err(|findings| ivr_flows::render_human(&findings, &source))?;
    let errors: Vec<Finding> = ivr_flows::check(&flow, names)
        .into_iter()
        .filter(|finding| finding.level == FindingLevel::Error)
        .collect();
    if errors.is_empty() {
        Ok(flow)
    } else {
        Err(ivr_flows::render_human(&errors, &source))
    }
}
