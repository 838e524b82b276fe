//! The order of a start: what must be true before the first call is taken.
//!
//! **Owns**: the order. Lock the folder; open database and journal; apply every old line; end what a crash left
//! open; apply that too; raise the epoch. After [`startup`] returns, no row is open and no offer of an earlier epoch
//! can count. **Must not**: start tasks; whoever calls drives [`Projector::run`].

use crate::error::StoreError;
use crate::folder::{DataFolder, FolderLock};
use crate::health::Health;
use crate::journal::{Damage, Journal, Opened, Settings};
use crate::projector::{Position, Projector};
use crate::store::Store;
use crate::store::names::StoredAgentState;
use crate::sweep::{SweepReport, audit, sweep};
use router::closure::Closure;
use router::{Event, Timestamp};
use std::thread::JoinHandle;

/// Everything a running Cordboard needs of its records.
#[derive(Debug)]
pub struct Started {
    /// For appending events.
    pub journal: Journal,
    /// For reading, and for customers, tokens, names, registrations.
    pub store: Store,
    /// Drive [`Projector::run`] in a task of its own. It ends after the last [`Journal`] is dropped.
    pub projector: Projector,
    /// How far the database has come.
    pub position: Position,
    /// What was closed, repaired and found not to match.
    pub report: SweepReport,
    /// What was broken in the journal itself.
    pub damage: Damage,
    /// What every agent was doing, for the Distributor's restore.
    pub agents: Vec<StoredAgentState>,
    /// Queues that somebody closed, for the same.
    pub closures: Vec<Closure>,
    /// The epoch of this run's offers; its `RouterStarted` is in the log already.
    pub epoch: u64,
    /// How the disks are.
    pub health: Health,
    /// The journal's thread; join it after everything else has ended.
    pub journal_thread: JoinHandle<()>,
    /// Keep it as long as the process uses the folder.
    pub lock: FolderLock,
}

/// Brings the records of a data folder up, whatever state a crash left them in. `now` is the moment of the start.
///
/// # Errors
/// When another process uses the folder, or the database, the journal or the disk fails.
pub async fn startup(folder: &DataFolder, now: Timestamp) -> Result<Started, StoreError> {
    startup_with(folder, now, Settings::default()).await
}

/// [`startup`] with other sizes and times of the journal.
///
/// # Errors
/// As [`startup`].
pub async fn startup_with(
    folder: &DataFolder,
    now: Timestamp,
    settings: Settings,
) -> Result<Started, StoreError> {
    folder
        .create()
        .map_err(StoreError::file("the data folder cannot be made"))?;
    let lock = folder
        .lock()
        .map_err(StoreError::file("the data folder cannot be used"))?;
    let store = Store::open(&folder.database()).await?;
    let position = store.journal_seq().await?;
    let journal_folder = folder.journal().to_owned();
    let opened =
        tokio::task::spawn_blocking(move || Journal::open(&journal_folder, position, settings))
            .await
            .map_err(|_| crate::error::JournalError::Closed)??;
    let Opened {
        journal,
        reader,
        next_seq,
        damage,
        health,
        thread,
    } = opened;
    let mut projector = Projector::new(reader, store.clone(), folder.clone())
        .await?
        .telling(health.clone());
    projector.catch_up(next_seq - 1).await?;
    store.doubt_documents().await?;
    // Before the sweep: it appends lines of another moment, and the audit asks for the last one.
    let agents = store.agent_states().await?;
    let closures = store.closures_in_force().await?;
    let mut report = sweep(&store, &journal, folder).await?;
    audit(&store, folder, false, &mut report).await?;
    let epoch = store.epoch().await? + 1;
    let started = journal
        .append_synced(now, Event::RouterStarted { epoch }, None)
        .await?;
    projector.catch_up(started).await?;
    Ok(Started {
        position: projector.position(),
        journal,
        store,
        projector,
        report,
        damage,
        agents,
        closures,
        epoch,
        health,
        journal_thread: thread,
        lock,
    })
}

#[cfg(test)]
mod tests;
