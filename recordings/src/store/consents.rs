//! Whether callers agreed to be recorded.
//!
//! **Owns**: the table `recording_consents`; the last word of an interaction counts. **Must not know**: what is recorded.

use super::Conn;
use super::many::of_interactions;
use super::record::RecordingConsent;
use super::row::RowExt as _;
use crate::error::StoreError;
use router::Timestamp;
use router::id::InteractionId;
use std::collections::HashMap;

pub(crate) async fn told(
    conn: &mut Conn,
    id: InteractionId,
    at: Timestamp,
    (granted, by_key): (bool, bool),
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO recording_consents (interaction_id, at, granted, by_key) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (interaction_id) DO UPDATE SET \
         at = excluded.at, granted = excluded.granted, by_key = excluded.by_key",
    )
    .bind(id.to_string())
    .bind(at.millis())
    .bind(i64::from(granted))
    .bind(i64::from(by_key))
    .execute(conn)
    .await?;
    Ok(())
}

pub(super) async fn of(
    conn: &mut Conn,
    ids: &[InteractionId],
) -> Result<HashMap<InteractionId, Vec<RecordingConsent>>, StoreError> {
    let asked = ("SELECT * FROM recording_consents", "interaction_id", "at");
    of_interactions(conn, asked, ids, |row| {
        Ok(RecordingConsent {
            at: row.at("at")?,
            granted: row.int("granted")? != 0,
            by_key: row.int("by_key")? != 0,
        })
    })
    .await
}
