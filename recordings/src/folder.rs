//! Where things lie on disk.
//!
//! **Owns**: every path below the data folder, and its lock. **Must not know**: what the files hold.
//!
//! ```text
//! data/lock                                  held by the one process that uses the folder
//! data/cordboard.db                          the database
//! data/journal/                              lines that the database may not have consumed yet
//! data/interactions/<yyyy-mm>/<id>/          interaction.json, recording-<n>.wav
//! ```

use crate::utc::Utc;
use router::Timestamp;
use router::id::InteractionId;
use std::fs::{DirBuilder, File, TryLockError};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

/// The folders of one Cordboard. Journal and recordings may lie on other disks than the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataFolder {
    root: PathBuf,
    journal: PathBuf,
    interactions: PathBuf,
}

impl DataFolder {
    /// Everything below one folder.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        let root = root.into();
        Self {
            journal: root.join("journal"),
            interactions: root.join("interactions"),
            root,
        }
    }

    /// Puts the journal elsewhere.
    #[must_use]
    pub fn with_journal(mut self, journal: impl Into<PathBuf>) -> Self {
        self.journal = journal.into();
        self
    }

    /// Puts interactions and their recordings elsewhere.
    #[must_use]
    pub fn with_interactions(mut self, interactions: impl Into<PathBuf>) -> Self {
        self.interactions = interactions.into();
        self
    }

    /// The folder itself.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The database file.
    #[must_use]
    pub fn database(&self) -> PathBuf {
        self.root.join("cordboard.db")
    }

    /// The folder of journal segments.
    #[must_use]
    pub fn journal(&self) -> &Path {
        &self.journal
    }

    /// The folder of all interactions; the `path` of a recording is relative to it.
    #[must_use]
    pub fn interactions(&self) -> &Path {
        &self.interactions
    }

    /// The folder of one interaction. The month is that of `started_at` in UTC.
    #[must_use]
    pub fn interaction(&self, started_at: Timestamp, id: InteractionId) -> PathBuf {
        interaction_dir(&self.interactions, started_at, id)
    }

    /// Path of a recording below [`DataFolder::interactions`], as `RecordingStarted` carries it.
    #[must_use]
    pub fn recording_path(started_at: Timestamp, id: InteractionId, index: u32) -> String {
        format!(
            "{}/{id}/recording-{index}.wav",
            Utc(started_at).month_name()
        )
    }

    /// Where a recording's file lies; none when the stored path would lead out of the folder.
    #[must_use]
    pub fn recording_file(&self, path: &str) -> Option<PathBuf> {
        let relative = Path::new(path);
        relative
            .components()
            .all(|part| matches!(part, std::path::Component::Normal(_)))
            .then(|| self.interactions.join(relative))
    }

    /// Makes the folders, readable by their owner only.
    ///
    /// # Errors
    /// When one cannot be made.
    pub fn create(&self) -> io::Result<()> {
        for folder in [&self.root, &self.journal, &self.interactions] {
            private_folder(folder)?;
        }
        Ok(())
    }

    /// Takes the folder for this process alone, until the lock is dropped or the process ends in whatever way.
    ///
    /// # Errors
    /// `ResourceBusy` when another process holds it.
    pub fn lock(&self) -> io::Result<FolderLock> {
        let file = File::create(self.root.join("lock"))?;
        match file.try_lock() {
            Ok(()) => Ok(FolderLock { _file: file }),
            Err(TryLockError::WouldBlock) => Err(io::Error::new(
                io::ErrorKind::ResourceBusy,
                "another cordboard uses this data folder",
            )),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

/// Holds the data folder for this process.
#[derive(Debug)]
pub struct FolderLock {
    _file: File,
}

/// The folder of one interaction below the folder of all.
#[must_use]
pub fn interaction_dir(interactions: &Path, started_at: Timestamp, id: InteractionId) -> PathBuf {
    interactions
        .join(Utc(started_at).month_name())
        .join(id.to_string())
}

/// Makes a folder and its parents, readable by their owner only.
///
/// # Errors
/// When it cannot be made.
pub fn private_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Makes the entries of a folder durable after a file was created, renamed or removed in it.
pub(crate) fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interaction_lies_in_the_month_it_began() {
        let folder = DataFolder::new("data");
        let id = InteractionId::from_number(7);
        let last_ms_of_november = Timestamp::from_millis(1_796_083_199_999);
        assert_eq!(
            folder.interaction(last_ms_of_november, id),
            Path::new("data/interactions/2026-11").join(id.to_string())
        );
        assert_eq!(
            DataFolder::recording_path(last_ms_of_november, id, 2),
            format!("2026-11/{id}/recording-2.wav")
        );
    }

    #[test]
    fn a_stored_path_cannot_lead_out_of_the_folder() {
        let folder = DataFolder::new("data");
        assert!(folder.recording_file("2026-11/x/recording-1.wav").is_some());
        for path in ["../secret", "/etc/passwd", "2026-11/../../x", "./x"] {
            assert_eq!(folder.recording_file(path), None, "{path}");
        }
    }

    #[test]
    fn a_folder_has_one_process() {
        let temp = tempfile::tempdir().unwrap();
        let folder = DataFolder::new(temp.path());
        let held = folder.lock().unwrap();
        assert_eq!(
            folder.lock().unwrap_err().kind(),
            io::ErrorKind::ResourceBusy
        );
        drop(held);
        folder.lock().unwrap();
    }
}
