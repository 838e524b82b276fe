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
    /// Lines behind a position, in order, as the API and event streams show them: without what the router was told, which is
    /// there for replay and says nothing that its answers do not say.
    ///
    /// # Errors
    /// When the database fails or a row cannot be read.
    pub async fn events_after(
        &self,
        seq: u64,
        at_most: u32,
    ) -> Result<Vec<EventRecord>, StoreError> {
        let rows = self
            .rows_after(seq, at_most, "AND kind <> 'router_input'")
            .await?;
        rows.iter().map(read).collect()
    }

    /// The same lines as the log wrote them, for replay and for checking counters.
    ///
    /// # Errors
    /// When the database fails or a row cannot be read.
    pub async fn log_after(&self, seq: u64, at_most: u32) -> Result<Vec<LogLine>, StoreError> {
        let rows = self.rows_after(seq, at_most, "").await?;
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

    /// Position right before the last start of the router up to `moment`; 0 when there is none.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn router_start_before(&self, moment: Timestamp) -> Result<u64, StoreError> {
        let row = sqlx::query(
            "SELECT COALESCE(MAX(seq), 1) AS seq FROM events WHERE kind = 'router_started' AND at <= $1",
        )
        .bind(moment.millis())
        .fetch_one(&mut *self.read().await?)
        .await?;
        Ok(row.count::<u64>("seq")?.saturating_sub(1))
    }

    async fn rows_after(
        &self,
        seq: u64,
        at_most: u32,
        which: &'static str,
    ) -> Result<Vec<SqliteRow>, StoreError> {
        let mut query = QueryBuilder::new("SELECT seq, at, payload FROM events WHERE seq > ");
        query.push_bind(big(seq)).push(" ").push(which);
        query
            .push(" ORDER BY seq LIMIT ")
            .push_bind(i64::from(at_most));
        let rows = query.build().fetch_all(&mut *self.read().await?).await?;
        Ok(rows)
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

impl EventRecord {
    /// The event as the log has it; none when this program cannot read such a line any more.
    #[must_use]
    pub fn as_event(&self) -> Option<Event> {
        let mut fields = self.event.clone();
        fields.iter_mut().for_each(take_moments_back);
        serde_json::from_value(Value::Object(fields)).ok()
    }
}

/// The opposite of [`tell_moments`].
fn take_moments_back((name, value): (&String, &mut Value)) {
    match value {
        Value::String(text) if MOMENTS.contains(&name.as_str()) => {
            if let Some(at) = Utc::parse(text) {
                *value = Value::from(at.0.millis());
            }
        }
        Value::Object(fields) => fields.iter_mut().for_each(take_moments_back),
        Value::Array(items) => items
            .iter_mut()
            .filter_map(Value::as_object_mut)
            .for_each(|fields| fields.iter_mut().for_each(take_moments_back)),
        _ => {}
    }
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
