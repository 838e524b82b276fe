//! The database: every table, and all SQL of the product.
//!
//! **Owns**: the connection pools, the migrations, one file of queries a concern. **Must not know**: the journal's
//! files, HTTP. Rows that the log describes are written by `projector/` only, inside its transactions; customers,
//! names, tokens, users, sessions and registrations are written by whoever calls.
//!
//! SQLite in WAL mode with one writing connection and a few reading ones. `synchronous = FULL`: a commit must
//! survive a power cut, because a journal segment is removed once its lines are committed, and because a customer
//! that the API has confirmed lies nowhere else. Commits are batched, so this costs one fsync a batch.
//! Whether the file is still in its place is asked before every use (`place.rs`). The SQL keeps to what PostgreSQL takes too.

pub mod audit;
pub mod calendar_closures;
mod candidates;
pub(crate) mod closures;
pub(crate) mod consents;
pub mod counters;
pub mod customers;
pub mod decisions;
pub(crate) mod documents;
pub mod events;
pub mod flow_drafts;
pub mod flow_plans;
pub mod flows;
pub mod history;
mod interaction_filter;
pub mod interactions;
pub mod intervals;
pub(crate) mod legs;
mod many;
pub mod meta;
pub mod names;
pub mod notes;
pub mod page;
pub(crate) mod path;
pub(crate) mod pauses;
mod peaks;
mod place;
pub(crate) mod queue_entries;
pub mod record;
pub mod recordings;
pub mod registrations;
mod row;
pub mod sessions;
pub(crate) mod surveys;
pub mod sweeping;
pub mod tasks;
pub mod tokens;
pub mod traffic;
pub mod users;
pub(crate) mod wrap_up_choices;

use crate::error::StoreError;
use place::Place;
use sqlx::{Sqlite, SqliteConnection, Transaction};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::watch;

/// The database. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    /// Another one after the file was replaced by hand.
    place: Arc<watch::Sender<Place>>,
    /// How often it was.
    replaced: Arc<AtomicU64>,
}

impl Store {
    /// Opens the database file, creates it when it is missing, and brings it to this program's version.
    ///
    /// # Errors
    /// When the file cannot be opened or is of a version this program does not know.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        let (place, _) = watch::channel(Place::open(path, true).await?);
        Ok(Self {
            place: Arc::new(place),
            replaced: Arc::default(),
        })
    }

    /// Closes all connections, which also folds the write-ahead log into the file.
    pub async fn close(&self) {
        let place = self.place.borrow().clone();
        place.close().await;
    }

    /// Whether the database is in its place and answers.
    ///
    /// # Errors
    /// When it does not.
    pub async fn ping(&self) -> Result<(), StoreError> {
        sqlx::query("SELECT 1")
            .execute(&mut *self.read().await?)
            .await?;
        Ok(())
    }

    /// Takes the file that lies in the place of the one that was opened, if `fits` says so of its position in the
    /// journal; answers that position. The connections to the old file are closed first: its write-ahead log must
    /// not be taken for the new file's. From there on the new file is the database, whatever it holds.
    ///
    /// # Errors
    /// [`StoreError::Replaced`] when the file does not fit, and whatever opening it meets.
    pub(crate) async fn take_replacement(
        &self,
        fits: impl FnOnce(u64) -> bool,
    ) -> Result<u64, StoreError> {
        let old = self.place.borrow().clone();
        let found = meta::journal_seq_of_file(old.path()).await?;
        if !found.is_some_and(fits) {
            return Err(StoreError::Replaced);
        }
        old.close().await;
        let new = Place::open(old.path(), false).await?;
        self.place.send_replace(new);
        self.replaced.fetch_add(1, Ordering::Release);
        self.journal_seq().await
    }

    /// How often another file was put in the place of the first: whoever writes changes only writes everything then.
    #[must_use]
    pub fn replacements(&self) -> u64 {
        self.replaced.load(Ordering::Acquire)
    }

    /// Whether what was committed a moment ago lies on the path.
    pub(crate) fn in_place(&self) -> Result<(), StoreError> {
        self.place.borrow().check()
    }

    pub(crate) async fn read(&self) -> Result<sqlx::pool::PoolConnection<Sqlite>, StoreError> {
        let place = self.place.borrow().clone();
        place.check()?;
        Ok(place.readers.acquire().await?)
    }

    /// A transaction on the one writing connection. Dropped without a commit, it leaves nothing.
    pub(crate) async fn write(&self) -> Result<Transaction<'static, Sqlite>, StoreError> {
        let place = self.place.borrow().clone();
        place.check()?;
        Ok(place.writer.begin().await?)
    }
}

/// What queries run on, inside a transaction or not.
pub(crate) type Conn = SqliteConnection;

#[cfg(test)]
mod tests;
