//! Prompt audio by file name.
//!
//! **Owns**: finding `LANG/FILE` before `FILE` below the prompts folder, decoding each file once, and reading it again
//! after it was saved. **Must not know**: what flows do.

use ivr_flows::Flow;
use sip_gateway::media::clip::Clip;
use std::collections::{BTreeSet, HashMap};
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

/// Folders in folders that are looked into for a list of prompts.
const DEEPEST: usize = 4;

/// Why a prompt cannot be played.
#[derive(Debug, thiserror::Error)]
pub enum PromptError {
    /// No such file.
    #[error(
        "no audio file {file} for language {language} below {folder}: add it, or run `cordboard check`"
    )]
    Missing {
        /// The file asked for.
        file: String,
        /// The language asked for.
        language: String,
        /// The prompts folder.
        folder: String,
    },
    /// The name leads out of the folder.
    #[error("{0:?} is not a name below the prompts folder")]
    Outside(String),
    /// The file is not audio we can read.
    #[error("{path}: {reason}")]
    Broken {
        /// Which file.
        path: String,
        /// Why, and what to do.
        reason: String,
    },
}

#[derive(Debug)]
struct Held {
    seen: SystemTime,
    /// It was told that the file is gone.
    gone: bool,
    clip: Arc<Clip>,
}

/// The prompts folder with what has been decoded of it.
#[derive(Debug)]
pub struct Prompts {
    folder: PathBuf,
    held: Mutex<HashMap<PathBuf, Held>>,
}

impl Prompts {
    /// Nothing is read yet.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            held: Mutex::default(),
        }
    }

    /// The prompts folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The audio of `file` in `language`.
    ///
    /// # Errors
    /// [`PromptError`] says which file and what to do.
    pub fn clip(&self, language: &str, file: &str) -> Result<Arc<Clip>, PromptError> {
        let path = match self.find(language, file) {
            Err(PromptError::Missing { .. }) if let Some(clip) = self.vanished(language, file) => {
                return Ok(clip);
            }
            found => found?,
        };
        let broken = |reason: String| PromptError::Broken {
            path: path.display().to_string(),
            reason,
        };
        let seen = std::fs::metadata(&path)
            .and_then(|meta| meta.modified())
            .map_err(|e| broken(e.to_string()))?;
        let mut held = self
            .held
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(known) = held.get(&path)
            && known.seen == seen
        {
            return Ok(known.clip.clone());
        }
        let bytes = std::fs::read(&path).map_err(|error| broken(error.to_string()))?;
        match Clip::from_wav(&bytes) {
            Ok(clip) => {
                let clip = Arc::new(clip);
                if held.contains_key(&path) {
                    tracing::info!(path = %path.display(), "prompt changed; the next caller hears it");
                }
                held.insert(
                    path,
                    Held {
                        seen,
                        gone: false,
                        clip: clip.clone(),
                    },
                );
                Ok(clip)
            }
            // A broken file never replaces a working one.
            Err(error) => match held.get_mut(&path) {
                Some(known) => {
                    tracing::error!(path = %path.display(), %error, "prompt refused, the last good audio stays");
                    known.seen = seen;
                    Ok(known.clip.clone())
                }
                None => Err(broken(error.to_string())),
            },
        }
    }

    /// Audio that was there and is not any more: the last good one stays until the process ends.
    fn vanished(&self, language: &str, file: &str) -> Option<Arc<Clip>> {
        let mut held = self
            .held
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let paths = [
            self.folder.join(language).join(file),
            self.folder.join(file),
        ];
        let path = paths.iter().find(|path| held.contains_key(*path))?;
        let known = held.get_mut(path)?;
        if !std::mem::replace(&mut known.gone, true) {
            tracing::error!(path = %path.display(), "a prompt is gone, the last good audio stays: put the file back");
        }
        Some(known.clip.clone())
    }

    /// Reads what a flow may play, so that a file which is lost later is there all the same. What is missing is told when
    /// it is to be heard.
    pub fn keep(&self, flow: &Flow) {
        for language in &flow.languages().offer {
            for prompt in flow.prompts().values() {
                let _ = self.clip(language, &prompt.file);
            }
        }
    }

    /// Whether there is a file for this language.
    #[must_use]
    pub fn has(&self, language: &str, file: &str) -> bool {
        self.find(language, file).is_ok()
    }

    /// Where the file for this language lies, if there is one.
    #[must_use]
    pub fn place(&self, language: &str, file: &str) -> Option<PathBuf> {
        self.find(language, file).ok()
    }

    /// Every audio file by the name that flows give it: without the folder of its language.
    #[must_use]
    pub fn files(&self, languages: &BTreeSet<String>) -> BTreeSet<String> {
        let mut files = BTreeSet::new();
        let mut folders = vec![(PathBuf::new(), 0)];
        while let Some((folder, depth)) = folders.pop() {
            let Ok(entries) = std::fs::read_dir(self.folder.join(&folder)) else {
                continue;
            };
            for entry in entries.flatten() {
                let path = folder.join(entry.file_name());
                if entry.path().is_dir() {
                    if depth < DEEPEST {
                        folders.push((path, depth + 1));
                    }
                } else if path.extension().is_some_and(|ending| ending == "wav") {
                    let mut parts = path.components();
                    let own = path.components().next();
                    let own = own.and_then(|first| first.as_os_str().to_str());
                    if path.components().count() > 1
                        && own.is_some_and(|own| languages.contains(own))
                    {
                        parts.next();
                    }
                    files.extend(parts.as_path().to_str().map(str::to_owned));
                }
            }
        }
        files
    }

    fn find(&self, language: &str, file: &str) -> Result<PathBuf, PromptError> {
        let plain = |name: &str| {
            Path::new(name)
                .components()
                .all(|part| matches!(part, Component::Normal(_)))
        };
        if !plain(file) || !plain(language) {
            return Err(PromptError::Outside(file.to_owned()));
        }
        [
            self.folder.join(language).join(file),
            self.folder.join(file),
        ]
        .into_iter()
        .find(|path| path.is_file())
        .ok_or_else(|| PromptError::Missing {
            file: file.to_owned(),
            language: language.to_owned(),
            folder: self.folder.display().to_string(),
        })
    }
}
