//! Recordings' metadata.
//!
//! **Owns**: the table `recordings`. **Must not know**: the files; `wav` and `recorder` do.

use super::many::of_interactions;
use super::record::RecordingRecord;
use super::row::{RowExt as _, big};
use super::{Conn, Store, pauses};
use crate::error::StoreError;
use router::Timestamp;
use router::event::RecordingKind;
use router::id::{InteractionId, RecordingId};
use sqlx::sqlite::SqliteRow;
use std::collections::HashMap;

impl Store {
    /// One recording's metadata; [`crate::DataFolder::recording_file`] makes a file of its path.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn recording(&self, id: RecordingId) -> Result<Option<RecordingRecord>, StoreError> {
        let mut conn = self.read().await?;
        let row = sqlx::query("SELECT * FROM recordings WHERE id = $1")
            .bind(id.to_string())
            .fetch_optional(&mut *conn)
            .await?;
        let Some(mut recording) = row.as_ref().map(read).transpose()? else {
            return Ok(None);
        };
        let of = recording.interaction_id;
        let pauses = pauses::of(&mut conn, &[of]).await?;
        pauses::mark(
            std::slice::from_mut(&mut recording),
            pauses.get(&of).map_or(&[], Vec::as_slice),
        );
        Ok(Some(recording))
    }

    /// Recordings that began at or after a moment, oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn recordings_since(
        &self,
        since: Timestamp,
    ) -> Result<Vec<RecordingRecord>, StoreError> {
        let rows =
            sqlx::query("SELECT * FROM recordings WHERE started_at >= $1 ORDER BY started_at")
                .bind(since.millis())
                .fetch_all(&mut *self.read().await?)
                .await?;
        rows.iter().map(read).collect()
    }
}

pub(super) fn read(row: &SqliteRow) -> Result<RecordingRecord, StoreError> {
    let sample_rate: u32 = row.count("sample_rate")?;
    let frames = row.opt_int("frames")?.map(i64::unsigned_abs);
    let gap_ms = row.opt_int("gap_ms")?.map(i64::unsigned_abs);
    // Exact below 2^53 frames, which a file cannot reach.
    #[expect(
        clippy::cast_precision_loss,
        reason = "a file holds fewer than 2^53 frames"
    )]
    let in_seconds = |count: u64, per_second: f64| count as f64 / per_second;
    Ok(RecordingRecord {
        id: row.id("id")?,
        interaction_id: row.id("interaction_id")?,
        index: row.count("place")?,
        kind: RecordingKind::from_name(&row.text("kind")?).unwrap_or_default(),
        path: row.text("path")?,
        sample_rate,
        channels: 2,
        started_at: row.at("started_at")?,
        finished_at: row.opt_at("finished_at")?,
        frames,
        duration: frames.map(|n| in_seconds(n, f64::from(sample_rate.max(1)))),
        gap: gap_ms.map(|n| in_seconds(n, 1_000.0)),
        recovered: row.int("recovered")? != 0,
        marks: Vec::new(),
    })
}

pub(super) async fn of(
    conn: &mut Conn,
    ids: &[InteractionId],
) -> Result<HashMap<InteractionId, Vec<RecordingRecord>>, StoreError> {
    let asked = ("SELECT * FROM recordings", "interaction_id", "place");
    let mut found = of_interactions(conn, asked, ids, read).await?;
    let paused = pauses::of(conn, ids).await?;
    for (of, recordings) in &mut found {
        pauses::mark(recordings, paused.get(of).map_or(&[], Vec::as_slice));
    }
    Ok(found)
}

/// What a `RecordingStarted` tells.
pub(crate) struct Recording<'a> {
    pub(crate) id: RecordingId,
    pub(crate) interaction: InteractionId,
    pub(crate) index: u32,
    pub(crate) path: &'a str,
    pub(crate) sample_rate: u32,
    pub(crate) kind: RecordingKind,
    pub(crate) at: Timestamp,
}

pub(crate) async fn started(conn: &mut Conn, recording: Recording<'_>) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO recordings \
         (id, interaction_id, place, path, sample_rate, started_at, kind, recovered) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, 0) ON CONFLICT (id) DO NOTHING",
    )
    .bind(recording.id.to_string())
    .bind(recording.interaction.to_string())
    .bind(i64::from(recording.index))
    .bind(recording.path)
    .bind(i64::from(recording.sample_rate))
    .bind(recording.at.millis())
    .bind(recording.kind.as_str())
    .execute(conn)
    .await?;
    Ok(())
}

pub(crate) async fn finished(
    conn: &mut Conn,
    id: RecordingId,
    at: Timestamp,
    frames: u64,
    gap_ms: u64,
    recovered: bool,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE recordings SET finished_at = $1, frames = $2, gap_ms = $3, recovered = $4 \
         WHERE id = $5 AND finished_at IS NULL",
    )
    .bind(at.millis())
    .bind(big(frames))
    .bind(big(gap_ms))
    .bind(i64::from(recovered))
    .bind(id.to_string())
    .execute(conn)
    .await?;
    Ok(())
}
