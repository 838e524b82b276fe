//! Keeps the quarters of an hour up with the log, behind everything else.
//!
//! **Owns**: when they are counted. **Must not know**: SQL, what is counted.
//!
//! Nobody waits for it, and it needs nothing but the database: it reads the lines that the projector has brought there,
//! from where it stopped, and writes rows and its own position together. It may die at any moment. What the projector
//! hands on besides spares the reading, no more: lines that did not come that way are read where they lie.

use crate::error::StoreError;
use crate::projector::Position;
use crate::store::Store;
use router::LogLine;
use router::metrics::{Fold, Rows};
use std::time::Duration;
use tokio::sync::mpsc;

/// Lines that are counted at once at most.
const LINES: u32 = 4_096;
/// Between two counts.
const PACE: Duration = Duration::from_secs(5);
/// Transactions' lines that are handed on between two counts at most; the database has those beyond.
const HANDED: usize = 32;

/// Where the projector hands on what it has brought into the database.
pub type Brought = mpsc::Sender<Vec<LogLine>>;

/// The counting. One exists.
#[derive(Debug)]
pub struct Intervals {
    store: Store,
    /// What is remembered, as it is in the database too; none: to be read there.
    fold: Option<Fold>,
    /// How often the database was another one when it was read.
    replacements: u64,
    brought: mpsc::Receiver<Vec<LogLine>>,
}

impl Intervals {
    /// Goes on where the database is; what is handed on there need not be read.
    #[must_use]
    pub fn new(store: Store) -> (Self, Brought) {
        let (hand, brought) = mpsc::channel(HANDED);
        let counting = Self {
            store,
            fold: None,
            replacements: 0,
            brought,
        };
        (counting, hand)
    }

    /// Counts until the record is closed. A database that is away is waited for.
    pub async fn run(mut self, mut position: Position) {
        loop {
            if let Err(error) = self.catch_up().await {
                tracing::debug!(%error, "the intervals wait for the database");
            }
            tokio::time::sleep(PACE).await;
            if !position.changed().await {
                return;
            }
        }
    }

    /// Counts every line that the database has.
    ///
    /// # Errors
    /// When the database fails; the next call goes on.
    pub async fn catch_up(&mut self) -> Result<(), StoreError> {
        while self.step().await? > 0 {}
        Ok(())
    }

    /// Counts some lines; says how many.
    async fn step(&mut self) -> Result<usize, StoreError> {
        let replacements = self.store.replacements();
        if replacements != self.replacements {
            (self.replacements, self.fold) = (replacements, None);
        }
        // Taken away here: after an error, what the database holds counts.
        let mut fold = match self.fold.take() {
            Some(fold) => fold,
            None => match self.store.interval_state().await? {
                Some(fold) => fold,
                None => {
                    self.store.clear_intervals().await?;
                    Fold::default()
                }
            },
        };
        let lines = match self.at_hand(fold.position().0) {
            lines if lines.is_empty() => self.store.log_after(fold.position().0, LINES).await?,
            lines => lines,
        };
        if !lines.is_empty() {
            let mut rows = Rows::default();
            for line in &lines {
                fold.read(line, &mut rows);
            }
            self.store.keep_intervals(&rows, &fold).await?;
        }
        self.fold = Some(fold);
        Ok(lines.len())
    }

    /// What was handed on and comes right behind this line, up to the first one that is missing.
    fn at_hand(&mut self, mut last: u64) -> Vec<LogLine> {
        let mut lines = Vec::new();
        while let Ok(some) = self.brought.try_recv() {
            for line in some {
                if line.seq == last + 1 {
                    last = line.seq;
                    lines.push(line);
                }
            }
        }
        lines
    }
}

#[cfg(test)]
mod tests;
