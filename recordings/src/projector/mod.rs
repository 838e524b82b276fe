//! The projector: turns journal lines into rows, each line exactly once.
//!
//! **Owns**: the order journal -> rows -> `interaction.json`, and the published position. **Must not know**: SQL.
//!
//! A batch of lines and the new position are committed in one transaction, and lines at or before the position are
//! skipped, so a crash at any point between repeats nothing and leaves nothing out. A line that the database refuses
//! for what it says (never for being busy) is kept in the log, complained of and skipped: one bad line must not hold
//! up all records behind it.

mod apply;
mod batch;
mod document;

use crate::error::StoreError;
use crate::folder::DataFolder;
use crate::journal::JournalReader;
use crate::store::{Store, meta};
use router::LogLine;
use std::time::Duration;
use tokio::sync::watch;

/// Lines of one transaction at most.
const BATCH: usize = 512;
/// `interaction.json` files written between two transactions at most.
const DOCUMENTS: u32 = 64;
/// Lines gather this long between two transactions: a commit costs more than the lines in it. Nobody waits for rows
/// on a call's path; with the journal's own gathering a row tells what happened half a second ago at the latest.
const GATHER: Duration = Duration::from_millis(200);
/// First and longest pause after the database refused to work.
const PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Reads the journal and keeps the database up with it. Exactly one exists.
#[derive(Debug)]
pub struct Projector {
    reader: JournalReader,
    store: Store,
    folder: DataFolder,
    position: watch::Sender<u64>,
    /// Documents may be due that no batch of this run made due: after the start, after the disk refused some.
    behind: bool,
}

/// How far the database has come; cheap to clone.
#[derive(Clone, Debug)]
pub struct Position(watch::Receiver<u64>);

impl Position {
    /// The last line whose effects are in the database, and in `interaction.json` where there is one.
    #[must_use]
    pub fn now(&self) -> u64 {
        *self.0.borrow()
    }

    /// Waits for a position of at least `seq`; with [`crate::Journal::sync`] before it, everything appended so far
    /// is in the database. False when the projector has ended before.
    pub async fn reached(&mut self, seq: u64) -> bool {
        self.0.wait_for(|position| *position >= seq).await.is_ok()
    }

    /// Waits until the position has changed since the last look. False when the projector has ended.
    pub async fn changed(&mut self) -> bool {
        self.0.changed().await.is_ok()
    }
}

impl Projector {
    /// A projector that goes on behind the store's position.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn new(
        reader: JournalReader,
        store: Store,
        folder: DataFolder,
    ) -> Result<Self, StoreError> {
        let position = watch::Sender::new(store.journal_seq().await?);
        Ok(Self {
            reader,
            store,
            folder,
            position,
            behind: true,
        })
    }

    /// How far it has come, for those who wait.
    #[must_use]
    pub fn position(&self) -> Position {
        Position(self.position.subscribe())
    }

    /// Works until the journal is closed and everything in it is applied. Failures of the database or the disk are
    /// waited out; the journal holds the lines meanwhile.
    pub async fn run(mut self) {
        let mut pause = PAUSE;
        loop {
            match self.step().await {
                Ok(true) => {
                    pause = PAUSE;
                    tokio::time::sleep(GATHER).await;
                }
                Ok(false) => return,
                Err(error) => {
                    tracing::warn!(%error, position = *self.position.borrow(), "the records wait for the database");
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
    }

    /// Applies lines up to `seq`, which the journal must hold already; for the start, before anything runs. The
    /// documents that become due are left to [`Projector::run`], so that a start does not wait for them.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn catch_up(&mut self, seq: u64) -> Result<(), StoreError> {
        while *self.position.borrow() < seq {
            let lines = self.reader.next_batch(BATCH).await?;
            let Some(last) = lines.last().map(|line| line.seq) else {
                break;
            };
            self.apply_patiently(&lines).await;
            self.come_to(last);
        }
        Ok(())
    }

    /// One batch; false at the end of a closed journal.
    async fn step(&mut self) -> Result<bool, StoreError> {
        if self.behind {
            self.write_documents().await;
        }
        let lines = self.reader.next_batch(BATCH).await?;
        let Some(last) = lines.last().map(|line| line.seq) else {
            return Ok(false);
        };
        self.apply_patiently(&lines).await;
        self.write_documents().await;
        self.come_to(last);
        Ok(true)
    }

    fn come_to(&self, seq: u64) {
        self.position.send_replace(seq);
        if let Err(error) = self.reader.release(seq) {
            tracing::warn!(%error, "a consumed segment of the journal could not be removed");
        }
    }

    /// The reader has given these lines out, so they must not be dropped: tries until the database takes them.
    async fn apply_patiently(&self, lines: &[LogLine]) {
        let mut pause = PAUSE;
        while let Err(error) = apply_batch(&self.store, lines).await {
            tracing::warn!(%error, lines = lines.len(), "the records wait for the database");
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Writes what is due. A disk that refuses documents must not hold up the rows: they stay due.
    async fn write_documents(&mut self) {
        let written = self.try_documents().await;
        self.behind = written.is_err();
        if let Err(error) = written {
            tracing::warn!(%error, "interaction.json files wait for the disk");
        }
    }

    async fn try_documents(&self) -> Result<(), StoreError> {
        loop {
            let due = self.store.documents_due(DOCUMENTS).await?;
            if due.is_empty() {
                return Ok(());
            }
            document::write(&self.store, &self.folder, &due).await?;
            self.store.documents_written(&due).await?;
            if due.len() < DOCUMENTS as usize {
                return Ok(());
            }
        }
    }
}

/// Applies lines and moves the position, all or nothing.
///
/// # Errors
/// Only what may pass: a locked or full database. Lines that it refuses for good are skipped.
pub(crate) async fn apply_batch(store: &Store, lines: &[LogLine]) -> Result<(), StoreError> {
    match apply_whole(store, lines).await {
        Err(error) if !error.is_transient() => {
            tracing::warn!(%error, "a batch of the log was refused; its lines are applied one by one");
            for line in lines {
                apply_alone(store, line).await?;
            }
            Ok(())
        }
        other => other,
    }
}

async fn apply_whole(store: &Store, lines: &[LogLine]) -> Result<(), StoreError> {
    let mut tx = store.write().await?;
    apply::lines(&mut tx, lines).await?;
    Ok(tx.commit().await?)
}

/// One line in a transaction of its own; if it is refused for good, only its place in the log is kept.
async fn apply_alone(store: &Store, line: &LogLine) -> Result<(), StoreError> {
    match apply_whole(store, std::slice::from_ref(line)).await {
        Err(error) if !error.is_transient() => {
            tracing::error!(
                seq = line.seq,
                %error,
                "a line of the log does not fit the records and is only kept in the log"
            );
            let mut tx = store.write().await?;
            apply::log_only(&mut tx, line).await?;
            meta::set_journal_seq(&mut tx, line.seq).await?;
            Ok(tx.commit().await?)
        }
        other => other,
    }
}

#[cfg(test)]
mod tests;
