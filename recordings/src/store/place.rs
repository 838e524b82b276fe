//! Where the database file lies, and whether it is still the file that was opened.
//!
//! **Owns**: [`Place`], the opening of connections. **Must not know**: tables.
//!
//! SQLite goes on writing into a file that was moved or removed: what it commits there is on no path any more. So
//! every use asks first whether the path still leads to the same file, and a commit counts only when it does
//! afterwards too. A connection never makes a file once the process has started: an empty database in the place of
//! one that is away would look like one that lost everything.

use crate::error::StoreError;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Connection as _, SqliteConnection, SqlitePool};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Connections for reading; a slow report does not hold up an API look-up.
/// All are opened at the start and stay: a file on this machine ages no connection, and what the process holds does not
/// depend on how busy it was.
const READERS: u32 = 4;
/// Kibibytes of pages that each keeps, below zero as SQLite wants it. The system has them too; a reader's own would grow with
/// the file for hours.
const READERS_CACHE: &str = "-512";
/// How long one statement waits for a lock that another process (a shell, a backup) holds.
const BUSY: Duration = Duration::from_secs(5);
/// How long a caller waits for a free connection.
const ACQUIRE: Duration = Duration::from_secs(10);

/// Device and inode: the same file whatever it is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Identity(u64, u64);

/// The connections to one file.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) readers: SqlitePool,
    pub(super) writer: SqlitePool,
    path: PathBuf,
    identity: Identity,
}

impl Place {
    /// Opens the file and brings it to this program's version; `create` makes it when it is missing.
    pub(super) async fn open(path: &Path, create: bool) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(create)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            // Each batch statement exists in seven lengths; one that is thrown out is prepared anew.
            .statement_cache_capacity(256)
            .busy_timeout(BUSY);
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .min_connections(1)
            .max_lifetime(None)
            .idle_timeout(None)
            .acquire_timeout(ACQUIRE)
            // A file does not go away as a server does: asking whether it is there costs as much as a statement.
            .test_before_acquire(false)
            .after_release(|connection, _| Box::pin(is_sane(connection)))
            .connect_with(options.clone())
            .await?;
        writer.set_connect_options(options.clone().create_if_missing(false));
        migrate(&writer).await?;
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS)
            .min_connections(READERS)
            .max_lifetime(None)
            .idle_timeout(None)
            .acquire_timeout(ACQUIRE)
            .test_before_acquire(false)
            .connect_with(
                options
                    .create_if_missing(false)
                    .read_only(true)
                    .pragma("cache_size", READERS_CACHE),
            )
            .await?;
        Ok(Self {
            readers,
            writer,
            path: path.to_owned(),
            identity: identity(path).map_err(StoreError::file("the database file"))?,
        })
    }

    /// Fails when the path leads to nothing ([`StoreError::Gone`]) or to another file ([`StoreError::Replaced`]).
    pub(super) fn check(&self) -> Result<(), StoreError> {
        match identity(&self.path) {
            Ok(found) if found == self.identity => Ok(()),
            Ok(_) => Err(StoreError::Replaced),
            Err(_) => Err(StoreError::Gone),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}

/// Brings the file to this program's version. The write-ahead log is kept short meanwhile and is empty afterwards: what is
/// made at once must not need the room twice on a small disk.
async fn migrate(writer: &SqlitePool) -> Result<(), StoreError> {
    sqlx::query("PRAGMA wal_autocheckpoint = 16")
        .execute(writer)
        .await?;
    sqlx::migrate!("./migrations").run(writer).await?;
    // Busy readers of another process may keep it from that: then it is the next checkpoint's.
    sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)")
        .execute(writer)
        .await?;
    sqlx::query("PRAGMA wal_autocheckpoint = 1000")
        .execute(writer)
        .await?;
    Ok(())
}

/// False for a connection whose COMMIT failed: SQLite has rolled back by itself, and what sqlx counts as open would
/// turn every further transaction into a savepoint that nobody commits. Such a connection is closed.
async fn is_sane(connection: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
    // A rollback that was asked for by a drop comes before this in the connection's queue.
    connection.ping().await?;
    Ok(!connection.is_in_transaction())
}

fn identity(path: &Path) -> io::Result<Identity> {
    let meta = std::fs::metadata(path)?;
    Ok(Identity(meta.dev(), meta.ino()))
}
