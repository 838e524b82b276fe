//! The one event log, as the database keeps it: without personal data.
//!
//! **Owns**: the table `events`.

use super::many::{of_interactions, pieces};
use super::record::EventRecord;
use super::row::{RowExt as _, big, unreadable};
use super::{Conn, Store};
use crate::error::StoreError;
use crate::utc::Utc;
use router::id::InteractionId;
use router::{Event, LogLine, Timestamp};
use serde_json::{Map, Value};
use sqlx::QueryBuilder;
use sqlx::sqlite::SqliteRow;
use std::collections::HashMap;

/// Fields of events that hold a moment as milliseconds.
const MOMENTS: [&str; 4] = ["at", "v", "idle_since", "until"];

impl Store {
    /// Lines behind a position, in order, as the API and event streams show them.
    ///
    /// # Errors
    /// When the database fails or a row cannot be read.
    pub async fn events_after(
        &self,
        seq: u64,
        at_most: u32,
    ) -> Result<Vec<EventRecord>, StoreError> {
        let rows = self.rows_after(seq, at_most).await?;
        rows.iter().map(read).collect()
    }

    /// The same lines as the log wrote them, for replay and for checking counters.
    ///
    /// # Errors
    /// When the database fails or a row cannot be read.
    pub async fn log_after(&self, seq: u64, at_most: u32) -> Result<Vec<LogLine>, StoreError> {
        let rows = self.rows_after(seq, at_most).await?;
        rows.iter()
            .map(|row| {
                Ok(LogLine {
                    seq: row.count("seq")?,
                    at: row.at("at")?.0,
                    event: row.json("payload")?,
                    personal: None,
                })
            })
            .collect()
    }

    /// The moment of the last line; none in an empty log.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn last_event_at(&self) -> Result<Option<Timestamp>, StoreError> {
        let row = sqlx::query("SELECT at FROM events ORDER BY seq DESC LIMIT 1")
            .fetch_optional(&mut *self.read().await?)
            .await?;
        row.map(|row| Ok(row.at("at")?.0)).transpose()
    }

    async fn rows_after(&self, seq: u64, at_most: u32) -> Result<Vec<SqliteRow>, StoreError> {
        Ok(
            sqlx::query("SELECT seq, at, payload FROM events WHERE seq > $1 ORDER BY seq LIMIT $2")
                .bind(big(seq))
                .bind(i64::from(at_most))
                .fetch_all(&mut *self.read().await?)
                .await?,
        )
    }
}

pub(super) async fn of(
    conn: &mut Conn,
    ids: &[InteractionId],
) -> Result<HashMap<InteractionId, Vec<EventRecord>>, StoreError> {
    let select = "SELECT seq, at, interaction_id, payload FROM events";
    of_interactions(conn, (select, "interaction_id", "seq"), ids, read).await
}

fn read(row: &SqliteRow) -> Result<EventRecord, StoreError> {
    let mut event: Map<String, Value> = row.json("payload")?;
    event.iter_mut().for_each(tell_moments);
    Ok(EventRecord {
        seq: row.count("seq")?,
        at: row.at("at")?,
        event,
    })
}

/// Turns milliseconds into text wherever a field holds a moment.
fn tell_moments((name, value): (&String, &mut Value)) {
    match value {
        Value::Number(number) if MOMENTS.contains(&name.as_str()) => {
            if let Some(millis) = number.as_i64() {
                *value = Value::String(Utc::from_millis(millis).to_string());
            }
        }
        Value::Object(fields) => fields.iter_mut().for_each(tell_moments),
        Value::Array(items) => items
            .iter_mut()
            .filter_map(Value::as_object_mut)
            .for_each(|fields| fields.iter_mut().for_each(tell_moments)),
        _ => {}
    }
}

/// Keeps lines. The payload is the event alone: personal data stays out.
pub(crate) async fn insert(conn: &mut Conn, lines: &[&LogLine]) -> Result<(), StoreError> {
    for some in pieces(lines) {
        let mut rows = Vec::with_capacity(some.len());
        for line in some {
            rows.push((line, payload(&line.event)?));
        }
        let mut query =
            QueryBuilder::new("INSERT INTO events (seq, at, kind, interaction_id, payload) ");
        query.push_values(rows, |mut row, (line, (kind, payload))| {
            row.push_bind(big(line.seq))
                .push_bind(line.at.millis())
                .push_bind(kind)
                .push_bind(line.event.interaction().map(|id| id.to_string()))
                .push_bind(payload);
        });
        query.push(" ON CONFLICT (seq) DO NOTHING");
        query.build().execute(&mut *conn).await?;
    }
    Ok(())
}

fn payload(event: &Event) -> Result<(String, String), StoreError> {
    let value = serde_json::to_value(event).map_err(|_| unreadable("payload"))?;
    let kind = value.get("kind").and_then(Value::as_str);
    let kind = kind.ok_or_else(|| unreadable("kind"))?.to_owned();
    Ok((kind, value.to_string()))
}
