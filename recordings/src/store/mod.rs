//! The database: every table, and all SQL of the product.
//!
//! **Owns**: the connection pools, the migrations, one file of queries a concern. **Must not know**: the journal's
//! files, HTTP. Rows that the log describes are written by `projector/` only, inside its transactions; customers,
//! names, tokens and registrations are written by whoever calls.
//!
//! SQLite in WAL mode with one writing connection and a few reading ones. `synchronous = FULL`: a commit must
//! survive a power cut, because a journal segment is removed once its lines are committed, and because a customer
//! that the API has confirmed lies nowhere else. Commits are batched, so this costs one fsync a batch.
//! The SQL keeps to what PostgreSQL takes too.

pub mod counters;
pub mod customers;
pub mod decisions;
pub mod events;
pub mod interactions;
pub(crate) mod legs;
pub mod meta;
pub mod names;
pub mod page;
pub(crate) mod queue_entries;
pub mod record;
pub mod recordings;
pub mod registrations;
mod row;
pub mod sweeping;
pub mod tokens;

use crate::error::StoreError;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Sqlite, SqliteConnection, SqlitePool, Transaction};
use std::path::Path;
use std::time::Duration;

/// Connections for reading; a slow report does not hold up an API look-up.
/// All are opened at the start and stay: a file on this machine ages no connection, and what the process holds does not
/// depend on how busy it was.
const READERS: u32 = 4;
/// How long one statement waits for a lock that another process (a shell, a backup) holds.
const BUSY: Duration = Duration::from_secs(5);
/// How long a caller waits for a free connection.
const ACQUIRE: Duration = Duration::from_secs(10);

/// The database. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    readers: SqlitePool,
    writer: SqlitePool,
}

impl Store {
    /// Opens the database file, creates it when it is missing, and brings it to this program's version.
    ///
    /// # Errors
    /// When the file cannot be opened or is of a version this program does not know.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY);
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .min_connections(1)
            .max_lifetime(None)
            .idle_timeout(None)
            .acquire_timeout(ACQUIRE)
            .connect_with(options.clone())
            .await?;
        sqlx::migrate!("./migrations").run(&writer).await?;
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS)
            .min_connections(READERS)
            .max_lifetime(None)
            .idle_timeout(None)
            .acquire_timeout(ACQUIRE)
            .connect_with(options.read_only(true))
            .await?;
        Ok(Self { readers, writer })
    }

    /// Closes all connections, which also folds the write-ahead log into the file.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// When it does not.
    pub async fn ping(&self) -> Result<(), StoreError> {
        sqlx::query("SELECT 1").execute(&self.readers).await?;
        Ok(())
    }

    pub(crate) async fn read(&self) -> Result<sqlx::pool::PoolConnection<Sqlite>, StoreError> {
        Ok(self.readers.acquire().await?)
    }

    /// A transaction on the one writing connection. Dropped without a commit, it leaves nothing.
    pub(crate) async fn write(&self) -> Result<Transaction<'static, Sqlite>, StoreError> {
        Ok(self.writer.begin().await?)
    }
}

/// What queries run on, inside a transaction or not.
pub(crate) type Conn = SqliteConnection;

#[cfg(test)]
mod tests;
