//! Quarters of an hour of queues and agents, as they are kept.
//!
//! **Owns**: the tables `queue_intervals`, `agent_intervals`, `interval_state`. **Must not know**: how they are counted;
//! `router::metrics` does.
//!
//! Rows and what the counting remembers are committed together, as of one line of the log. So rows counted in pieces are
//! those of the log counted at once, whenever the process died in between.

use super::row::{RowExt as _, big, unreadable};
use super::{Conn, Store};
use crate::error::StoreError;
use router::Timestamp;
use router::id::{AgentId, QueueId};
use router::metrics::{AgentRow, Fold, QueueRow, Rows, VERSION};
use router::outcome::EntryOutcome;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;

/// Rows of queues or agents, of one owner.
pub type OfOne<T> = BTreeMap<Timestamp, T>;

/// Waits by queue and outcome; none: still waiting.
pub type EntryCounts = BTreeMap<(QueueId, Option<EntryOutcome>), u64>;

/// Everything that is kept, as text: to be held against a count from the beginning.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeptIntervals {
    /// The last line that was counted.
    pub seq: u64,
    /// Of queues, by id and beginning.
    pub queues: BTreeMap<(String, i64), String>,
    /// Of agents, by id and beginning.
    pub agents: BTreeMap<(String, i64), String>,
}

impl KeptIntervals {
    /// What must be kept when the log is counted up to where `fold` stands.
    ///
    /// # Errors
    /// Never: rows are plain numbers.
    pub fn of(fold: &Fold, rows: &Rows) -> Result<Self, StoreError> {
        let mut kept = Self {
            seq: fold.position().0,
            ..Self::default()
        };
        for ((queue, begin), row) in &rows.queues {
            let text = serde_json::to_string(row).map_err(|_| unreadable("counts"))?;
            kept.queues
                .insert((queue.to_string(), begin.millis()), text);
        }
        for ((agent, begin), row) in &rows.agents {
            let text = serde_json::to_string(row).map_err(|_| unreadable("counts"))?;
            kept.agents
                .insert((agent.to_string(), begin.millis()), text);
        }
        Ok(kept)
    }

    /// Rows that are not the same in both, by whose they are and their beginning in ms since 1970.
    #[must_use]
    pub fn differences(&self, other: &Self) -> Vec<(String, i64)> {
        let mut found = Vec::new();
        for (own, others) in [(&self.queues, &other.queues), (&self.agents, &other.agents)] {
            let keys: std::collections::BTreeSet<_> = own.keys().chain(others.keys()).collect();
            let differ = keys
                .into_iter()
                .filter(|key| own.get(*key) != others.get(*key));
            found.extend(differ.cloned());
        }
        found
    }
}

/// One kind of row: its table and the column of whose it is.
#[derive(Clone, Copy)]
struct Table {
    select: &'static str,
    keep: &'static str,
    all: &'static str,
    between: &'static str,
}

const QUEUES: Table = Table {
    select: "SELECT counts FROM queue_intervals WHERE queue_id = $1 AND begins_at = $2",
    keep: "INSERT INTO queue_intervals (queue_id, begins_at, counts) VALUES ($1, $2, $3) \
           ON CONFLICT (queue_id, begins_at) DO UPDATE SET counts = excluded.counts",
    all: "SELECT queue_id AS owner, begins_at, counts FROM queue_intervals",
    between: "SELECT begins_at, counts FROM queue_intervals \
              WHERE queue_id = $1 AND begins_at >= $2 AND begins_at < $3 ORDER BY begins_at",
};
const AGENTS: Table = Table {
    select: "SELECT counts FROM agent_intervals WHERE agent_id = $1 AND begins_at = $2",
    keep: "INSERT INTO agent_intervals (agent_id, begins_at, counts) VALUES ($1, $2, $3) \
           ON CONFLICT (agent_id, begins_at) DO UPDATE SET counts = excluded.counts",
    all: "SELECT agent_id AS owner, begins_at, counts FROM agent_intervals",
    between: "SELECT begins_at, counts FROM agent_intervals \
              WHERE agent_id = $1 AND begins_at >= $2 AND begins_at < $3 ORDER BY begins_at",
};

impl Store {
    /// What the counting remembers; none when nothing was counted yet, or in another way than this version's.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn interval_state(&self) -> Result<Option<Fold>, StoreError> {
        let row = sqlx::query("SELECT fold FROM interval_state WHERE version = $1")
            .bind(i64::from(VERSION))
            .fetch_optional(&mut *self.read().await?)
            .await?;
        row.map(|row| row.json("fold")).transpose()
    }

    /// The last line that was counted.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn intervals_counted_to(&self) -> Result<u64, StoreError> {
        let row = sqlx::query("SELECT seq FROM interval_state WHERE version = $1")
            .bind(i64::from(VERSION))
            .fetch_optional(&mut *self.read().await?)
            .await?;
        row.map_or(Ok(0), |row| row.count("seq"))
    }

    /// Throws away what was counted in another way.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn clear_intervals(&self) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        for sql in [
            "DELETE FROM queue_intervals",
            "DELETE FROM agent_intervals",
            "DELETE FROM interval_state",
        ] {
            sqlx::query(sql).execute(&mut *tx).await?;
        }
        tx.commit().await?;
        self.in_place()
    }

    /// Adds rows to those that are kept, with what the counting remembers behind them: all or nothing.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn keep_intervals(&self, new: &Rows, fold: &Fold) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        for ((queue, begin), row) in &new.queues {
            let add = |kept: &mut QueueRow| kept.merge(row);
            keep(&mut tx, QUEUES, queue.to_string(), *begin, add).await?;
        }
        for ((agent, begin), row) in &new.agents {
            let add = |kept: &mut AgentRow| kept.merge(row);
            keep(&mut tx, AGENTS, agent.to_string(), *begin, add).await?;
        }
        let text = serde_json::to_string(fold).map_err(|_| unreadable("fold"))?;
        sqlx::query(
            "INSERT INTO interval_state (version, seq, fold) VALUES ($1, $2, $3) \
             ON CONFLICT (version) DO UPDATE SET seq = excluded.seq, fold = excluded.fold",
        )
        .bind(i64::from(VERSION))
        .bind(big(fold.position().0))
        .bind(text)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        self.in_place()
    }

    /// A queue's rows that begin in `[from, to)`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn queue_intervals(
        &self,
        queue: QueueId,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<OfOne<QueueRow>, StoreError> {
        self.between(QUEUES, queue.to_string(), from, to).await
    }

    /// An agent's rows that begin in `[from, to)`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn agent_intervals(
        &self,
        agent: AgentId,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<OfOne<AgentRow>, StoreError> {
        self.between(AGENTS, agent.to_string(), from, to).await
    }

    /// How many waited in a queue at a moment: who had come before it and left then or later, or not at all.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn waiting_at(&self, queue: QueueId, at: Timestamp) -> Result<u64, StoreError> {
        let row = sqlx::query(
            "SELECT COUNT(*) AS waiting FROM queue_entries WHERE queue_id = $1 \
             AND entered_at < $2 AND (left_at IS NULL OR left_at >= $2)",
        )
        .bind(queue.to_string())
        .bind(at.millis())
        .fetch_one(&mut *self.read().await?)
        .await?;
        row.count("waiting")
    }

    /// How many waits the record has, by queue and outcome (none: still waiting), as of one line of the log. Screens count
    /// their days from these rows.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn entry_counts(&self) -> Result<(u64, EntryCounts), StoreError> {
        let mut connection = self.read().await?;
        let mut tx = sqlx::Connection::begin(&mut *connection).await?;
        let last = sqlx::query("SELECT COALESCE(MAX(seq), 0) AS seq FROM events")
            .fetch_one(&mut *tx)
            .await?;
        let rows = sqlx::query(
            "SELECT queue_id, outcome, COUNT(*) AS entries FROM queue_entries \
             GROUP BY queue_id, outcome",
        )
        .fetch_all(&mut *tx)
        .await?;
        let mut counts = EntryCounts::new();
        for row in rows {
            let outcome = row.opt_word("outcome", EntryOutcome::from_name)?;
            counts.insert((row.id("queue_id")?, outcome), row.count("entries")?);
        }
        Ok((last.count("seq")?, counts))
    }

    /// Everything that is kept, as of one line of the log.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn kept_intervals(&self) -> Result<KeptIntervals, StoreError> {
        let mut kept = KeptIntervals::default();
        let mut connection = self.read().await?;
        // One statement sees one moment, three do not: a transaction does.
        let mut tx = sqlx::Connection::begin(&mut *connection).await?;
        let state = sqlx::query("SELECT seq FROM interval_state WHERE version = $1")
            .bind(i64::from(VERSION))
            .fetch_optional(&mut *tx)
            .await?;
        let Some(state) = state else {
            return Ok(kept);
        };
        kept.seq = state.count("seq")?;
        kept.queues = all(&mut tx, QUEUES).await?;
        kept.agents = all(&mut tx, AGENTS).await?;
        Ok(kept)
    }

    async fn between<T: DeserializeOwned>(
        &self,
        table: Table,
        owner: String,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<OfOne<T>, StoreError> {
        let rows = sqlx::query(table.between)
            .bind(owner)
            .bind(from.millis())
            .bind(to.millis())
            .fetch_all(&mut *self.read().await?)
            .await?;
        rows.iter()
            .map(|row| Ok((row.at("begins_at")?.0, row.json("counts")?)))
            .collect()
    }
}

async fn keep<T: Default + Serialize + DeserializeOwned>(
    conn: &mut Conn,
    table: Table,
    owner: String,
    begin: Timestamp,
    add: impl FnOnce(&mut T),
) -> Result<(), StoreError> {
    let kept = sqlx::query(table.select)
        .bind(&owner)
        .bind(begin.millis())
        .fetch_optional(&mut *conn)
        .await?;
    let mut row: T = match kept {
        Some(kept) => kept.json("counts")?,
        None => T::default(),
    };
    add(&mut row);
    let text = serde_json::to_string(&row).map_err(|_| unreadable("counts"))?;
    sqlx::query(table.keep)
        .bind(owner)
        .bind(begin.millis())
        .bind(text)
        .execute(&mut *conn)
        .await?;
    Ok(())
}

async fn all(conn: &mut Conn, table: Table) -> Result<BTreeMap<(String, i64), String>, StoreError> {
    let rows = sqlx::query(table.all).fetch_all(&mut *conn).await?;
    rows.iter()
        .map(|row| {
            let key = (row.text("owner")?, row.int("begins_at")?);
            Ok((key, row.text("counts")?))
        })
        .collect()
}
