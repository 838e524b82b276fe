//! The flow files as calls see them.
//!
//! **Owns**: reading `NAME.flow.yaml`, and the last good version of each. A saved file is picked up by the next call;
//! a broken one is refused and the last good version stays. **Must not**: interpret flows.

use ivr_flows::{Catalog, Finding, FindingLevel, Flow};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

mod linked;

use linked::LastSet;

/// The finding for a queue or a skill that the company does not have.
const LOST: &str = "F004";

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
    /// Of the flows that call others.
    sets: Mutex<HashMap<String, LastSet>>,
    /// What flows may name; until it is known, names are not judged.
    names: Mutex<Option<Catalog>>,
}

impl FlowLibrary {
    /// A library over `folder`; nothing is read yet.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            held: Mutex::default(),
            sets: Mutex::default(),
            names: Mutex::default(),
        }
    }

    /// From now on flows are read against these names: one that names anything else is refused when it is saved. Files
    /// that were refused before are looked at again.
    pub fn set_names(&self, names: Catalog) {
        *lock(&self.names) = Some(names);
        lock(&self.held)
            .values_mut()
            .for_each(|held| held.seen = None);
    }

    /// What the versions that calls take would lose with these names: each place that names something which is gone. A
    /// flow whose file already fits the new names loses nothing.
    #[must_use]
    pub fn would_lose(&self, names: &Catalog) -> Vec<Finding> {
        let lost = |flow: &Flow, names: &Catalog| -> Vec<Finding> {
            let findings = ivr_flows::check(flow, Some(names)).into_iter();
            findings.filter(|finding| finding.code == LOST).collect()
        };
        let now = lock(&self.names).clone();
        let mut all = Vec::new();
        for flow in self.live() {
            // What is missing already is no loss.
            let before = now.as_ref().map(|now| lost(&flow, now)).unwrap_or_default();
            let mut after = lost(&flow, names);
            after.retain(|finding| !before.contains(finding));
            if !after.is_empty() && read(Path::new(flow.file()), Some(names)).is_err() {
                all.append(&mut after);
            }
        }
        all
    }

    /// The versions that calls may take, in order of name.
    #[must_use]
    pub fn live(&self) -> Vec<Arc<Flow>> {
        let held = lock(&self.held);
        let mut flows: Vec<_> = held.values().filter_map(|held| held.good.clone()).collect();
        flows.sort_by(|a, b| a.name().cmp(b.name()));
        flows
    }

    /// The version that a call beginning now stays on, with the flows that it calls; none when no version could ever be
    /// read. One `stat` a flow, and a read only when the file was saved since.
    pub fn current(&self, name: &str) -> Option<Arc<Flow>> {
        let flow = self.alone(name)?;
        if flow.called().is_empty() {
            return Some(flow);
        }
        let mut sets = lock(&self.sets);
        let last = sets.entry(name.to_owned()).or_default();
        last.of(&flow, &mut |name| self.alone(name))
    }

    /// The last good version of one file.
    fn alone(&self, name: &str) -> Option<Arc<Flow>> {
        let path = self.folder.join(format!("{name}.flow.yaml"));
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

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
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
