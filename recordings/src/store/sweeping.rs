//! What a crash left open: the questions of the start-up sweep.
//!
//! **Owns**: these queries. **Must not**: change a row; the sweep appends events, and the projector applies them.

use super::Store;
use super::row::RowExt as _;
use crate::error::StoreError;
use crate::utc::Utc;
use router::Timestamp;
use router::event::RecordingKind;
use router::id::{AgentId, InteractionId, LegId, OfferId, QueueEntryId, QueueId, RecordingId};
use sqlx::sqlite::SqliteRow;

/// An interaction with something that has no end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unfinished {
    pub(crate) id: InteractionId,
    /// Its own `CallEnded` is missing.
    pub(crate) open: bool,
    /// The agent who was connected with the customer.
    pub(crate) connected: Option<AgentId>,
    /// Its last line in the log.
    pub(crate) last_event_at: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OpenEntry {
    pub(crate) id: QueueEntryId,
    pub(crate) queue: QueueId,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OpenOffer {
    pub(crate) id: OfferId,
    pub(crate) agent: AgentId,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OpenRecording {
    pub(crate) id: RecordingId,
    pub(crate) path: String,
    pub(crate) started_at: Timestamp,
    pub(crate) kind: RecordingKind,
}

impl Store {
    pub(crate) async fn unfinished(&self) -> Result<Vec<Unfinished>, StoreError> {
        let rows = sqlx::query(
            "SELECT i.id, i.started_at, i.ended_at, i.connected_at, i.agent_id, \
             (SELECT MAX(e.at) FROM events e WHERE e.interaction_id = i.id) AS last_event_at \
             FROM interactions i WHERE i.id IN ( \
             SELECT id FROM interactions WHERE ended_at IS NULL \
             UNION SELECT interaction_id FROM queue_entries WHERE left_at IS NULL \
             UNION SELECT interaction_id FROM offers WHERE ended_at IS NULL \
             UNION SELECT interaction_id FROM legs WHERE ended_at IS NULL \
             UNION SELECT interaction_id FROM recordings WHERE finished_at IS NULL) \
             ORDER BY i.started_at, i.id",
        )
        .fetch_all(&mut *self.read().await?)
        .await?;
        rows.iter().map(unfinished).collect()
    }

    pub(crate) async fn open_entries(
        &self,
        id: InteractionId,
    ) -> Result<Vec<OpenEntry>, StoreError> {
        let sql = "SELECT id, queue_id FROM queue_entries \
                   WHERE interaction_id = $1 AND left_at IS NULL ORDER BY entered_at, id";
        self.of_interaction(sql, id, |row| {
            Ok(OpenEntry {
                id: row.id("id")?,
                queue: row.id("queue_id")?,
            })
        })
        .await
    }

    pub(crate) async fn open_offers(
        &self,
        id: InteractionId,
    ) -> Result<Vec<OpenOffer>, StoreError> {
        let sql = "SELECT epoch, number, agent_id FROM offers \
                   WHERE interaction_id = $1 AND ended_at IS NULL ORDER BY epoch, number";
        self.of_interaction(sql, id, |row| {
            Ok(OpenOffer {
                id: OfferId {
                    epoch: row.count("epoch")?,
                    seq: row.count("number")?,
                },
                agent: row.id("agent_id")?,
            })
        })
        .await
    }

    pub(crate) async fn open_legs(&self, id: InteractionId) -> Result<Vec<LegId>, StoreError> {
        let sql = "SELECT id FROM legs \
                   WHERE interaction_id = $1 AND ended_at IS NULL ORDER BY started_at, id";
        self.of_interaction(sql, id, |row| row.id("id")).await
    }

    pub(crate) async fn open_recordings(
        &self,
        id: InteractionId,
    ) -> Result<Vec<OpenRecording>, StoreError> {
        let sql = "SELECT id, path, started_at, kind FROM recordings \
                   WHERE interaction_id = $1 AND finished_at IS NULL ORDER BY place";
        self.of_interaction(sql, id, |row| {
            let Utc(started_at) = row.at("started_at")?;
            Ok(OpenRecording {
                id: row.id("id")?,
                path: row.text("path")?,
                started_at,
                kind: RecordingKind::from_name(&row.text("kind")?).unwrap_or_default(),
            })
        })
        .await
    }

    async fn of_interaction<T>(
        &self,
        sql: &'static str,
        id: InteractionId,
        read: impl Fn(&SqliteRow) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        let rows = sqlx::query(sql)
            .bind(id.to_string())
            .fetch_all(&mut *self.read().await?)
            .await?;
        rows.iter().map(read).collect()
    }
}

fn unfinished(row: &SqliteRow) -> Result<Unfinished, StoreError> {
    let connected = row.opt_int("connected_at")?.is_some();
    let agent: Option<AgentId> = row.opt_id("agent_id")?;
    let last_event_at = match row.opt_at("last_event_at")? {
        Some(at) => at,
        None => row.at("started_at")?,
    };
    Ok(Unfinished {
        id: row.id("id")?,
        open: row.opt_int("ended_at")?.is_none(),
        connected: agent.filter(|_| connected),
        last_event_at: last_event_at.0,
    })
}
