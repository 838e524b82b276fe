//! Small numbers about the store itself.
//!
//! **Owns**: the position in the journal, the router's epoch.

use super::{Conn, Store};
use crate::error::StoreError;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection as _, SqliteConnection};
use std::path::Path;

const JOURNAL_SEQ: &str = "journal_seq";
const EPOCH: &str = "epoch";

impl Store {
    /// The last line of the journal whose effects are in the database.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn journal_seq(&self) -> Result<u64, StoreError> {
        get(&mut *self.read().await?, JOURNAL_SEQ).await
    }

    /// The highest epoch of the router that the log has seen; 0 before the first start.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn epoch(&self) -> Result<u64, StoreError> {
        get(&mut *self.read().await?, EPOCH).await
    }
}

/// The position of a database file that is not in use, read without changing it; none when it is no database of ours.
///
/// # Errors
/// When the file cannot be read.
pub(super) async fn journal_seq_of_file(path: &Path) -> Result<Option<u64>, StoreError> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .immutable(true)
        .read_only(true);
    let mut conn = SqliteConnection::connect_with(&options).await?;
    let tables: i64 =
        sqlx::query_scalar("SELECT count(*) FROM sqlite_master WHERE name IN ('meta', 'agents')")
            .fetch_one(&mut conn)
            .await?;
    let seq = match tables {
        0 => None,
        _ => Some(get(&mut conn, JOURNAL_SEQ).await?),
    };
    conn.close().await?;
    Ok(seq)
}

pub(crate) async fn journal_seq(conn: &mut Conn) -> Result<u64, StoreError> {
    get(conn, JOURNAL_SEQ).await
}

pub(crate) async fn set_journal_seq(conn: &mut Conn, seq: u64) -> Result<(), StoreError> {
    raise(conn, JOURNAL_SEQ, seq).await
}

pub(crate) async fn raise_epoch(conn: &mut Conn, epoch: u64) -> Result<(), StoreError> {
    raise(conn, EPOCH, epoch).await
}

async fn get(conn: &mut Conn, name: &str) -> Result<u64, StoreError> {
    let value: Option<i64> = sqlx::query_scalar("SELECT value FROM meta WHERE name = $1")
        .bind(name)
        .fetch_optional(conn)
        .await?;
    Ok(value.and_then(|v| u64::try_from(v).ok()).unwrap_or(0))
}

/// Sets a number that only ever rises.
async fn raise(conn: &mut Conn, name: &str, value: u64) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO meta (name, value) VALUES ($1, $2) \
         ON CONFLICT (name) DO UPDATE SET value = excluded.value WHERE meta.value < excluded.value",
    )
    .bind(name)
    .bind(super::row::big(value))
    .execute(conn)
    .await?;
    Ok(())
}
