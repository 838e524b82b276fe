//! Pictures of finished recordings.
//!
//! **Owns**: the table `recording_peaks`. **Must not know**: the files; [`crate::peaks`] does.

use super::Store;
use super::row::{RowExt as _, unreadable};
use crate::error::StoreError;
use crate::peaks::Peaks;
use router::id::RecordingId;
use std::fmt::Write as _;

impl Store {
    /// The picture of a recording, if it was computed before.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn peaks(&self, id: RecordingId) -> Result<Option<Peaks>, StoreError> {
        let row = sqlx::query("SELECT * FROM recording_peaks WHERE recording_id = $1")
            .bind(id.to_string())
            .fetch_optional(&mut *self.read().await?)
            .await?;
        let Some(row) = row else { return Ok(None) };
        let lane = |name| -> Result<Vec<u8>, StoreError> {
            from_hex(&row.text(name)?).ok_or_else(|| unreadable(name))
        };
        Ok(Some(Peaks {
            customer: lane("customer_lane")?,
            agent: lane("agent_lane")?,
        }))
    }

    /// Keeps a picture; the first one counts.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn keep_peaks(&self, id: RecordingId, peaks: &Peaks) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        sqlx::query(
            "INSERT INTO recording_peaks (recording_id, customer_lane, agent_lane) \
             VALUES ($1, $2, $3) ON CONFLICT (recording_id) DO NOTHING",
        )
        .bind(id.to_string())
        .bind(hex(&peaks.customer))
        .bind(hex(&peaks.agent))
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(())
    }
}

fn hex(lane: &[u8]) -> String {
    let mut text = String::with_capacity(lane.len() * 2);
    for peak in lane {
        let _ = write!(text, "{peak:02x}");
    }
    text
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    text.as_bytes()
        .chunks(2)
        .map(|pair| match *pair {
            [high, low] => u8::try_from(digit(high)? * 16 + digit(low)?).ok(),
            _ => None,
        })
        .collect()
}
