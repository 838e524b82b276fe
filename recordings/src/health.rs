//! How the disks under the record are, for whoever watches the process.
//!
//! **Owns**: [`Health`], a few flags and counters that whoever meets a fault sets. **Must not know**: who reads them,
//! what is done about it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Cheap to clone; all clones are one.
#[derive(Clone, Debug, Default)]
pub struct Health(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    database_away: AtomicBool,
    database_faults: AtomicU64,
    documents_wait: AtomicBool,
    journal_tight: AtomicBool,
    journal_faults: AtomicU64,
    recording_faults: AtomicU64,
    not_recorded: AtomicU64,
}

impl Health {
    /// Whether the database takes what the journal holds.
    #[must_use]
    pub fn database_up(&self) -> bool {
        !self.0.database_away.load(Ordering::Relaxed)
    }

    /// How often the database stopped taking lines since the start.
    #[must_use]
    pub fn database_faults(&self) -> u64 {
        self.0.database_faults.load(Ordering::Relaxed)
    }

    /// Says how the database is; true when that is news.
    pub(crate) fn set_database(&self, up: bool) -> bool {
        let news = self.0.database_away.swap(!up, Ordering::Relaxed) == up;
        if news && !up {
            self.0.database_faults.fetch_add(1, Ordering::Relaxed);
        }
        news
    }

    /// Says whether `interaction.json` files are written as they become due; true when that is news.
    pub(crate) fn set_documents(&self, written: bool) -> bool {
        self.0.documents_wait.swap(!written, Ordering::Relaxed) == written
    }

    /// Whether the journal's disk has room for new calls; without it only live calls may still write.
    #[must_use]
    pub fn journal_has_room(&self) -> bool {
        !self.0.journal_tight.load(Ordering::Relaxed)
    }

    /// How often the journal's disk refused a line or a sync since the start.
    #[must_use]
    pub fn journal_faults(&self) -> u64 {
        self.0.journal_faults.load(Ordering::Relaxed)
    }

    /// Says whether the journal has room for new calls; true when that is news.
    pub(crate) fn set_journal_room(&self, room: bool) -> bool {
        self.0.journal_tight.swap(!room, Ordering::Relaxed) == room
    }

    pub(crate) fn journal_failed(&self) {
        self.0.journal_faults.fetch_add(1, Ordering::Relaxed);
    }

    /// Recordings since the start that have a gap because their disk failed.
    #[must_use]
    pub fn recording_faults(&self) -> u64 {
        self.0.recording_faults.load(Ordering::Relaxed)
    }

    /// Talks since the start that have no recording because its file could not be made.
    #[must_use]
    pub fn not_recorded(&self) -> u64 {
        self.0.not_recorded.load(Ordering::Relaxed)
    }

    /// A recording has a gap because its disk failed.
    pub fn recording_failed(&self) {
        self.0.recording_faults.fetch_add(1, Ordering::Relaxed);
    }

    /// A talk goes on without a recording.
    pub fn talk_not_recorded(&self) {
        self.0.not_recorded.fetch_add(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_change_is_news() {
        let health = Health::default();
        assert!(health.database_up() && !health.set_database(true));
        assert!(health.set_database(false) && !health.set_database(false));
        assert!(!health.database_up());
        assert!(health.set_database(true) && health.set_database(false));
        assert_eq!(health.database_faults(), 2);
        assert!(health.set_journal_room(false) && !health.journal_has_room());
        assert!(!health.set_journal_room(false) && health.set_journal_room(true));
    }
}
