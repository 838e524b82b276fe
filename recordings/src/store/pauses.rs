//! When customer and agent did not hear each other: hold, consultation, transfer.
//!
//! **Owns**: the table `talk_pauses`. What lies within a recording is a mark of it.

use super::Conn;
use super::many::of_interactions;
use super::record::{MarkRecord, RecordingRecord};
use super::row::{RowExt as _, unreadable};
use crate::error::StoreError;
use crate::utc::Utc;
use router::Timestamp;
use router::event::PauseCause;
use router::id::{InteractionId, RecordingId};
use std::collections::HashMap;

/// A pause as the table has it.
#[derive(Clone, Debug)]
pub(super) struct Pause {
    recording: Option<RecordingId>,
    cause: PauseCause,
    from: Timestamp,
    to: Option<Timestamp>,
}

/// One begins; whatever was open ends.
pub(crate) async fn began(
    conn: &mut Conn,
    seq: u64,
    (interaction, recording): (InteractionId, Option<RecordingId>),
    cause: PauseCause,
    at: Timestamp,
) -> Result<(), StoreError> {
    ended(conn, interaction, at).await?;
    sqlx::query(
        "INSERT INTO talk_pauses (seq, interaction_id, recording_id, cause, started_at) \
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT (seq) DO NOTHING",
    )
    .bind(super::row::big(seq))
    .bind(interaction.to_string())
    .bind(recording.map(|id| id.to_string()))
    .bind(cause.as_str())
    .bind(at.millis())
    .execute(conn)
    .await?;
    Ok(())
}

/// They hear each other again.
pub(crate) async fn ended(
    conn: &mut Conn,
    interaction: InteractionId,
    at: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE talk_pauses SET ended_at = $1 WHERE interaction_id = $2 AND ended_at IS NULL",
    )
    .bind(at.millis())
    .bind(interaction.to_string())
    .execute(conn)
    .await?;
    Ok(())
}

/// A crash left one open: it ends with the recording, or where it began.
pub(crate) async fn cut_off(conn: &mut Conn, recording: RecordingId) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE talk_pauses SET ended_at = COALESCE((SELECT r.started_at + r.frames * 1000 / r.sample_rate \
         FROM recordings r WHERE r.id = talk_pauses.recording_id), started_at) \
         WHERE recording_id = $1 AND ended_at IS NULL",
    )
    .bind(recording.to_string())
    .execute(conn)
    .await?;
    Ok(())
}

pub(super) async fn of(
    conn: &mut Conn,
    ids: &[InteractionId],
) -> Result<HashMap<InteractionId, Vec<Pause>>, StoreError> {
    let asked = ("SELECT * FROM talk_pauses", "interaction_id", "seq");
    of_interactions(conn, asked, ids, |row| {
        Ok(Pause {
            recording: row.opt_id("recording_id")?,
            cause: row
                .opt_word("cause", PauseCause::from_name)?
                .ok_or_else(|| unreadable("cause"))?,
            from: row.at("started_at")?.0,
            to: row.opt_at("ended_at")?.map(|at| at.0),
        })
    })
    .await
}

/// Gives each recording its marks.
pub(super) fn mark(recordings: &mut [RecordingRecord], pauses: &[Pause]) {
    for recording in recordings {
        let Utc(begun) = recording.started_at;
        let within = pauses
            .iter()
            .filter(|pause| pause.recording == Some(recording.id));
        recording.marks = within
            .map(|pause| MarkRecord {
                kind: pause.cause,
                from: pause.from.since(begun).as_secs_f64(),
                to: pause.to.map(|to| to.since(begun).as_secs_f64()),
            })
            .collect();
    }
}
