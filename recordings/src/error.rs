//! What can go wrong in the system of record, told by what the caller can do about it.
//!
//! **Owns**: [`JournalError`], [`StoreError`]. Business results (abandoned, declined) are never errors.

use std::io;

/// Why a line is not safe in the journal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JournalError {
    /// The disk has no room. The line was not written; later lines will be tried again. Refuse the call.
    #[error("the journal's disk is full")]
    DiskFull,
    /// The disk failed; the line may or may not be in the log. Refuse the call.
    #[error("the journal's disk failed: {0}")]
    Disk(String),
    /// A line of this kind cannot be written as JSON.
    #[error("a log line cannot be written: {0}")]
    Unwritable(String),
    /// The journal's thread has ended: the process is shutting down.
    #[error("the journal is closed")]
    Closed,
}

impl From<&io::Error> for JournalError {
    fn from(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull,
            _ => Self::Disk(error.to_string()),
        }
    }
}

impl From<io::Error> for JournalError {
    fn from(error: io::Error) -> Self {
        Self::from(&error)
    }
}

/// Why the store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database failed or is locked by somebody else; see [`StoreError::is_transient`].
    #[error("the database failed: {0}")]
    Database(#[from] sqlx::Error),
    /// The database is of another version than this program, or its migrations were changed.
    #[error("the database could not be brought to this program's version: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// The database file is not where it was opened: moved away, or its disk is gone. It may come back.
    #[error("the database file is not in its place")]
    Gone,
    /// Another file lies where the database was opened.
    #[error("another file lies in the place of the database")]
    Replaced,
    /// The wanted thing belongs to somebody else already (a telephone number to another customer).
    #[error("{0} is taken already")]
    Taken(&'static str),
    /// The page cursor was not made by this store.
    #[error("the cursor is not one of ours")]
    BadCursor,
    /// A row holds what this program cannot read.
    #[error("column {column} of a row cannot be read")]
    Unreadable {
        /// Which column.
        column: String,
    },
    /// A file beside the database could not be read or written.
    #[error("{what}: {source}")]
    File {
        /// What was tried.
        what: &'static str,
        /// Why it failed.
        source: io::Error,
    },
    /// The journal under the store failed.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

impl StoreError {
    /// Whether trying the same thing again later may succeed: locked, busy, out of room, input/output.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Database(sqlx::Error::Database(error)) => {
                // Primary SQLite result codes: BUSY 5, LOCKED 6, NOMEM 7, READONLY 8, IOERR 10, FULL 13, CANTOPEN 14.
                let code = error.code().and_then(|code| code.parse::<u32>().ok());
                code.is_some_and(|code| matches!(code & 0xff, 5 | 6 | 7 | 8 | 10 | 13 | 14))
            }
            Self::Database(
                sqlx::Error::Io(_)
                | sqlx::Error::PoolTimedOut
                | sqlx::Error::PoolClosed
                | sqlx::Error::WorkerCrashed,
            ) => true,
            Self::Gone | Self::Replaced | Self::File { .. } | Self::Journal(_) => true,
            _ => false,
        }
    }

    pub(crate) fn file(what: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::File { what, source }
    }
}
