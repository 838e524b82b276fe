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
use crate::health::Health;
use crate::intervals::Brought;
use crate::journal::JournalReader;
use crate::store::{Store, meta};
use router::LogLine;
use std::time::Duration;
use tokio::sync::watch;

/// Lines of one transaction at most.
const BATCH: usize = 2048;
/// `interaction.json` files written between two transactions at most.
const DOCUMENTS: u32 = 256;
/// Lines gather this long between two transactions: a commit costs more than the lines in it. Nobody waits for rows
/// on a call's path; with the journal's own gathering a row tells what happened half a second ago at the latest, and
/// three quarters when many calls come.
const GATHER: Duration = Duration::from_millis(200);
const LONG_GATHER: Duration = Duration::from_millis(500);
/// Lines of a transaction behind which the longer time holds.
const MANY: usize = 100;
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
    health: Health,
    counting: Option<Brought>,
}

/// What became of a batch.
enum Applied {
    /// Its lines are in the database.
    Yes,
    /// The database is another one now and wants the lines from its own position on.
    GoOnElsewhere,
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
            health: Health::default(),
            counting: None,
        })
    }

    /// Hands on there what it has brought into the database.
    pub fn hand_on(&mut self, counting: Brought) {
        self.counting = Some(counting);
    }

    /// Tells there how the database is.
    #[must_use]
    pub fn telling(mut self, health: Health) -> Self {
        self.health = health;
        self
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
                Ok(Some(lines)) => {
                    pause = PAUSE;
                    tokio::time::sleep(gathering(lines)).await;
                }
                Ok(None) => return,
                Err(error) => {
                    self.refused(&error);
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
            if let Applied::Yes = self.apply_patiently(&lines).await {
                self.come_to(last);
            }
        }
        Ok(())
    }

    /// One batch: how many lines it had; none at the end of a closed journal.
    async fn step(&mut self) -> Result<Option<usize>, StoreError> {
        if self.behind {
            self.write_documents().await;
        }
        let lines = self.reader.next_batch(BATCH).await?;
        let Some(last) = lines.last().map(|line| line.seq) else {
            return Ok(None);
        };
        let count = lines.len();
        if let Applied::Yes = self.apply_patiently(&lines).await {
            self.write_documents().await;
            if let Some(counting) = &self.counting {
                // Full: the counting reads them in the database.
                let _ = counting.try_send(lines);
            }
            self.come_to(last);
        }
        Ok(Some(count))
    }

    fn come_to(&self, seq: u64) {
        self.position.send_replace(seq);
        if let Err(error) = self.reader.release(seq) {
            tracing::warn!(%error, "a consumed segment of the journal could not be removed");
        }
    }

    /// The reader has given these lines out, so they must not be dropped: tries until the database takes them.
    async fn apply_patiently(&mut self, lines: &[LogLine]) -> Applied {
        let mut pause = PAUSE;
        loop {
            match apply_batch(&self.store, lines).await {
                Ok(()) => {
                    if self.health.set_database(true) {
                        tracing::warn!("the database takes the records again");
                    }
                    return Applied::Yes;
                }
                Err(StoreError::Replaced) if self.take_replacement().await => {
                    return Applied::GoOnElsewhere;
                }
                Err(error) => self.refused(&error),
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Said loudly once; the metrics show how long it lasts.
    fn refused(&self, error: &StoreError) {
        let position = *self.position.borrow();
        if self.health.set_database(false) {
            tracing::error!(
                %error,
                position,
                "the database does not take the records: calls go on, the journal keeps their lines until it does"
            );
        } else {
            tracing::debug!(%error, position, "the records still wait for the database");
        }
    }

    /// Goes on with the file that lies in the place of the database, if the journal still holds all that it lacks.
    async fn take_replacement(&mut self) -> bool {
        let reader = &self.reader;
        let taken = self
            .store
            .take_replacement(|position| reader.reaches_back_to(position))
            .await;
        match taken {
            Ok(position) => {
                self.reader.go_back_to(position);
                self.position.send_replace(position);
                self.behind = true;
                tracing::warn!(
                    position,
                    "the database file was replaced: its records go on behind its own position"
                );
                true
            }
            Err(error) => {
                self.refused(&error);
                false
            }
        }
    }

    /// Writes what is due. A disk that refuses documents must not hold up the rows: they stay due.
    async fn write_documents(&mut self) {
        let result = self.try_documents().await;
        self.behind = result.is_err();
        let news = self.health.set_documents(result.is_ok());
        match result {
            Ok(()) if news => tracing::warn!("interaction.json files are written again"),
            Err(error) if news => {
                tracing::error!(%error, "interaction.json files wait for the disk")
            }
            Ok(()) | Err(_) => {}
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

/// How long lines gather behind a transaction of so many. Behind a full one others wait already.
const fn gathering(lines: usize) -> Duration {
    match lines {
        BATCH.. => Duration::ZERO,
        MANY.. => LONG_GATHER,
        _ => GATHER,
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
    tx.commit().await?;
    // A commit into a file that was moved away meanwhile may never be seen again: the lines are tried again, and
    // those that the database has are skipped.
    store.in_place()
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
