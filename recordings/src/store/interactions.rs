//! Interactions: one row each, with menu path, tags and after-call work.
//!
//! **Owns**: the tables `interactions`, `menu_choices`, `tags`, `wrap_ups`, `documents_due`.

use super::page::{Page, Paging, page};
use super::record::{
    InteractionRecord, InteractionSummary, MenuChoice, Parties, Times, WrapUpRecord, seconds,
};
use super::row::{RowExt as _, big};
use super::{Conn, Store, decisions, events, legs, names, queue_entries, recordings};
use crate::error::StoreError;
use router::Timestamp;
use router::event::PersonalData;
use router::id::{AgentId, CustomerId, InteractionId, QueueId};
use router::outcome::{EndCause, Outcome};
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Sqlite};
use std::collections::BTreeMap;

const SUMMARY: &str = "SELECT i.*, q.name AS queue_name, a.login AS agent_login FROM interactions i \
     LEFT JOIN queues q ON q.id = i.queue_id LEFT JOIN agents a ON a.id = i.agent_id ";

/// Which interactions a list shows; everything that is set must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InteractionFilter {
    /// Started at or after.
    pub from: Option<Timestamp>,
    /// Started before.
    pub to: Option<Timestamp>,
    /// Waited in this queue at some time; name or id.
    pub queue: Option<String>,
    /// Was connected with this agent at some time; login or id.
    pub agent: Option<String>,
    /// Of this customer.
    pub customer: Option<CustomerId>,
    /// Ended so.
    pub outcome: Option<Outcome>,
}

impl Store {
    /// One interaction whole.
    ///
    /// # Errors
    /// When the database fails or a row cannot be read.
    pub async fn interaction(
        &self,
        id: InteractionId,
    ) -> Result<Option<InteractionRecord>, StoreError> {
        // One transaction, so that the record is of one moment.
        let mut conn = self.read().await?;
        let mut tx = sqlx::Connection::begin(&mut *conn).await?;
        let record = whole(&mut tx, id).await?;
        tx.rollback().await?;
        Ok(record)
    }

    /// A page of interactions, newest first.
    ///
    /// # Errors
    /// When the database fails or the cursor is not ours.
    pub async fn interactions(
        &self,
        filter: &InteractionFilter,
        paging: &Paging,
    ) -> Result<Page<InteractionSummary>, StoreError> {
        let mut conn = self.read().await?;
        let limit = paging.limit();
        let mut query = QueryBuilder::<Sqlite>::new(SUMMARY);
        query.push("WHERE 1 = 1");
        if !narrow(&mut conn, &mut query, filter).await? {
            return Ok(page(Vec::new(), limit, |_: &InteractionSummary| {
                unreachable_place()
            }));
        }
        if let Some((at, id)) = paging.after()? {
            query.push(" AND (i.started_at < ").push_bind(at);
            query.push(" OR (i.started_at = ").push_bind(at);
            query.push(" AND i.id < ").push_bind(id).push("))");
        }
        query.push(" ORDER BY i.started_at DESC, i.id DESC LIMIT ");
        query.push_bind(i64::from(limit) + 1);
        let rows = query.build().fetch_all(&mut *conn).await?;
        let items = rows.iter().map(summary).collect::<Result<Vec<_>, _>>()?;
        Ok(page(items, limit, |last| {
            (last.times.started_at, last.id.uuid())
        }))
    }

    /// Interactions that have not ended.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn live_interactions(&self) -> Result<u64, StoreError> {
        let count: i64 =
            sqlx::query_scalar("SELECT COUNT(*) FROM interactions WHERE ended_at IS NULL")
                .fetch_one(&mut *self.read().await?)
                .await?;
        Ok(u64::try_from(count).unwrap_or(0))
    }

    /// Interactions whose `interaction.json` must be written, oldest first.
    pub(crate) async fn documents_due(
        &self,
        at_most: u32,
    ) -> Result<Vec<InteractionId>, StoreError> {
        let rows = sqlx::query(
            "SELECT interaction_id FROM documents_due ORDER BY interaction_id LIMIT $1",
        )
        .bind(i64::from(at_most))
        .fetch_all(&mut *self.read().await?)
        .await?;
        rows.iter().map(|row| row.id("interaction_id")).collect()
    }

    pub(crate) async fn documents_written(
        &self,
        written: &[InteractionId],
    ) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        for id in written {
            sqlx::query("DELETE FROM documents_due WHERE interaction_id = $1")
                .bind(id.to_string())
                .execute(&mut *tx)
                .await?;
        }
        tx.commit().await?;
        Ok(())
    }
}

/// A place for an empty page, which is never asked for.
fn unreachable_place() -> (crate::utc::Utc, uuid::Uuid) {
    (crate::utc::Utc::from_millis(0), uuid::Uuid::nil())
}

/// Adds the filter's conditions; false when nothing can match because a name is unknown.
async fn narrow(
    conn: &mut Conn,
    query: &mut QueryBuilder<Sqlite>,
    filter: &InteractionFilter,
) -> Result<bool, StoreError> {
    if let Some(from) = filter.from {
        query.push(" AND i.started_at >= ").push_bind(from.millis());
    }
    if let Some(to) = filter.to {
        query.push(" AND i.started_at < ").push_bind(to.millis());
    }
    if let Some(customer) = filter.customer {
        query.push(" AND i.customer_id = ");
        query.push_bind(customer.to_string());
    }
    if let Some(outcome) = filter.outcome {
        query.push(" AND i.outcome = ").push_bind(outcome.as_str());
    }
    if let Some(queue) = &filter.queue {
        let names = names::queue_names(conn).await?;
        let Some(id) = by_name_or_id(&names, queue) else {
            return Ok(false);
        };
        query.push(" AND EXISTS (SELECT 1 FROM queue_entries e WHERE e.interaction_id = i.id AND e.queue_id = ");
        query.push_bind(id.to_string()).push(")");
    }
    if let Some(agent) = &filter.agent {
        let logins = names::agent_logins(conn).await?;
        let Some(id) = by_name_or_id(&logins, agent) else {
            return Ok(false);
        };
        query.push(" AND (i.agent_id = ").push_bind(id.to_string());
        query.push(" OR EXISTS (SELECT 1 FROM legs l WHERE l.interaction_id = i.id AND l.connected_at IS NOT NULL AND l.agent_id = ");
        query.push_bind(id.to_string()).push("))");
    }
    Ok(true)
}

fn by_name_or_id<Id: Copy + Ord + std::str::FromStr>(
    names: &BTreeMap<Id, String>,
    wanted: &str,
) -> Option<Id> {
    let by_name = names.iter().find(|(_, name)| *name == wanted);
    by_name.map(|(id, _)| *id).or_else(|| wanted.parse().ok())
}

fn summary(row: &SqliteRow) -> Result<InteractionSummary, StoreError> {
    Ok(InteractionSummary {
        id: row.id("id")?,
        channel: row.text("channel")?,
        parties: Parties {
            customer_id: row.opt_id("customer_id")?,
            caller_number: row.opt_number("caller_number")?,
            caller_name: row.opt_private("caller_name")?,
            dialed_number: row.opt_number("dialed_number")?,
            trunk: row.opt_text("trunk")?,
        },
        times: Times {
            started_at: row.at("started_at")?,
            answered_at: row.opt_at("answered_at")?,
            connected_at: row.opt_at("connected_at")?,
            ended_at: row.opt_at("ended_at")?,
        },
        flow: row.text("flow")?,
        flow_version: row.text("flow_version")?,
        outcome: row.opt_word("outcome", Outcome::from_name)?,
        end_cause: row.opt_word("end_cause", EndCause::from_name)?,
        queue: row.opt_text("queue_name")?,
        queue_id: row.opt_id("queue_id")?,
        agent: row.opt_text("agent_login")?,
        agent_id: row.opt_id("agent_id")?,
        notes: row.opt_private("notes")?,
    })
}

async fn whole(
    conn: &mut Conn,
    id: InteractionId,
) -> Result<Option<InteractionRecord>, StoreError> {
    let row = QueryBuilder::<Sqlite>::new(SUMMARY)
        .push("WHERE i.id = ")
        .push_bind(id.to_string())
        .build()
        .fetch_optional(&mut *conn)
        .await?;
    let Some(row) = row else {
        return Ok(None);
    };
    Ok(Some(InteractionRecord {
        summary: summary(&row)?,
        menu_path: menu_path(conn, id).await?,
        tags: tags(conn, id).await?,
        queue_entries: queue_entries::of(conn, id).await?,
        offers: queue_entries::offers_of(conn, id).await?,
        legs: legs::of(conn, id).await?,
        recordings: recordings::of(conn, id).await?,
        wrap_up: wrap_up(conn, id).await?,
        decisions: decisions::of(conn, id).await?,
        events: events::of(conn, id).await?,
    }))
}

async fn menu_path(conn: &mut Conn, id: InteractionId) -> Result<Vec<MenuChoice>, StoreError> {
    let rows = sqlx::query("SELECT * FROM menu_choices WHERE interaction_id = $1 ORDER BY seq")
        .bind(id.to_string())
        .fetch_all(conn)
        .await?;
    rows.iter()
        .map(|row| {
            Ok(MenuChoice {
                at: row.at("at")?,
                block: row.text("block")?,
                key: row.text("pressed")?,
                label: row.text("label")?,
            })
        })
        .collect()
}

async fn tags(conn: &mut Conn, id: InteractionId) -> Result<BTreeMap<String, String>, StoreError> {
    let rows = sqlx::query("SELECT name, value FROM tags WHERE interaction_id = $1")
        .bind(id.to_string())
        .fetch_all(conn)
        .await?;
    rows.iter()
        .map(|row| Ok((row.text("name")?, row.text("value")?)))
        .collect()
}

async fn wrap_up(conn: &mut Conn, id: InteractionId) -> Result<Option<WrapUpRecord>, StoreError> {
    let row = sqlx::query(
        "SELECT w.*, a.login AS agent_login FROM wrap_ups w LEFT JOIN agents a ON a.id = w.agent_id \
         WHERE w.interaction_id = $1 ORDER BY w.seq DESC LIMIT 1",
    )
    .bind(id.to_string())
    .fetch_optional(conn)
    .await?;
    row.map(|row| {
        let (started_at, ended_at) = (row.at("started_at")?, row.opt_at("ended_at")?);
        Ok(WrapUpRecord {
            agent: row.opt_text("agent_login")?,
            agent_id: row.id("agent_id")?,
            started_at,
            ended_at,
            duration: seconds(started_at, ended_at),
        })
    })
    .transpose()
}

/// What a `CallArrived` tells.
pub(crate) struct Arrival<'a> {
    pub(crate) id: InteractionId,
    pub(crate) at: Timestamp,
    pub(crate) trunk: Option<&'a str>,
    pub(crate) flow: &'a str,
    pub(crate) flow_version: &'a str,
    pub(crate) customer: Option<CustomerId>,
    pub(crate) personal: &'a PersonalData,
}

pub(crate) async fn arrived(conn: &mut Conn, arrival: Arrival<'_>) -> Result<(), StoreError> {
    let personal = arrival.personal;
    sqlx::query(
        "INSERT INTO interactions (id, channel, customer_id, caller_number, caller_name, \
         dialed_number, trunk, flow, flow_version, started_at) \
         VALUES ($1, 'voice', $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (id) DO NOTHING",
    )
    .bind(arrival.id.to_string())
    .bind(arrival.customer.map(|id| id.to_string()))
    .bind(personal.caller_number.as_ref().map(|n| n.reveal()))
    .bind(personal.caller_name.as_ref().map(|n| n.reveal()))
    .bind(personal.dialed_number.as_ref().map(|n| n.reveal()))
    .bind(arrival.trunk)
    .bind(arrival.flow)
    .bind(arrival.flow_version)
    .bind(arrival.at.millis())
    .execute(conn)
    .await?;
    Ok(())
}

pub(crate) async fn answered(
    conn: &mut Conn,
    id: InteractionId,
    at: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query("UPDATE interactions SET answered_at = COALESCE(answered_at, $1) WHERE id = $2")
        .bind(at.millis())
        .bind(id.to_string())
        .execute(conn)
        .await?;
    Ok(())
}

/// The flow found out whose call it is.
pub(crate) async fn identified(
    conn: &mut Conn,
    id: InteractionId,
    customer: CustomerId,
) -> Result<(), StoreError> {
    // A customer who was erased meanwhile stays erased.
    sqlx::query(
        "UPDATE interactions SET customer_id = $1 \
         WHERE id = $2 AND EXISTS (SELECT 1 FROM customers WHERE id = $1)",
    )
    .bind(customer.to_string())
    .bind(id.to_string())
    .execute(conn)
    .await?;
    Ok(())
}

pub(crate) async fn connected(
    conn: &mut Conn,
    id: InteractionId,
    agent: AgentId,
    at: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE interactions SET connected_at = COALESCE(connected_at, $1), agent_id = $2 \
         WHERE id = $3",
    )
    .bind(at.millis())
    .bind(agent.to_string())
    .bind(id.to_string())
    .execute(conn)
    .await?;
    Ok(())
}

pub(crate) async fn in_queue(
    conn: &mut Conn,
    id: InteractionId,
    queue: QueueId,
) -> Result<(), StoreError> {
    sqlx::query("UPDATE interactions SET queue_id = $1 WHERE id = $2")
        .bind(queue.to_string())
        .bind(id.to_string())
        .execute(conn)
        .await?;
    Ok(())
}

/// The first end counts: an interaction has exactly one outcome (invariant I10).
pub(crate) async fn ended(
    conn: &mut Conn,
    id: InteractionId,
    at: Timestamp,
    outcome: Outcome,
    end_cause: EndCause,
) -> Result<(), StoreError> {
    let done = sqlx::query(
        "UPDATE interactions SET ended_at = $1, outcome = $2, end_cause = $3 \
         WHERE id = $4 AND ended_at IS NULL",
    )
    .bind(at.millis())
    .bind(outcome.as_str())
    .bind(end_cause.as_str())
    .bind(id.to_string())
    .execute(conn)
    .await?;
    if done.rows_affected() == 0 {
        tracing::warn!(interaction = %id, "an end of an interaction that is unknown or ended already");
    }
    Ok(())
}

pub(crate) async fn menu_chosen(
    conn: &mut Conn,
    seq: u64,
    id: InteractionId,
    at: Timestamp,
    choice: [&str; 3],
) -> Result<(), StoreError> {
    let [block, key, label] = choice;
    sqlx::query(
        "INSERT INTO menu_choices (seq, interaction_id, at, block, pressed, label) \
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (seq) DO NOTHING",
    )
    .bind(big(seq))
    .bind(id.to_string())
    .bind(at.millis())
    .bind(block)
    .bind(key)
    .bind(label)
    .execute(conn)
    .await?;
    Ok(())
}

pub(crate) async fn tagged(
    conn: &mut Conn,
    id: InteractionId,
    name: &str,
    value: &str,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO tags (interaction_id, name, value) VALUES ($1, $2, $3) \
         ON CONFLICT (interaction_id, name) DO UPDATE SET value = excluded.value",
    )
    .bind(id.to_string())
    .bind(name)
    .bind(value)
    .execute(conn)
    .await?;
    Ok(())
}

pub(crate) async fn wrap_up_started(
    conn: &mut Conn,
    seq: u64,
    id: InteractionId,
    agent: AgentId,
    at: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO wrap_ups (seq, interaction_id, agent_id, started_at) \
         VALUES ($1, $2, $3, $4) ON CONFLICT (seq) DO NOTHING",
    )
    .bind(big(seq))
    .bind(id.to_string())
    .bind(agent.to_string())
    .bind(at.millis())
    .execute(conn)
    .await?;
    Ok(())
}

pub(crate) async fn wrap_up_ended(
    conn: &mut Conn,
    id: InteractionId,
    agent: AgentId,
    at: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE wrap_ups SET ended_at = $1 \
         WHERE interaction_id = $2 AND agent_id = $3 AND ended_at IS NULL",
    )
    .bind(at.millis())
    .bind(id.to_string())
    .bind(agent.to_string())
    .execute(conn)
    .await?;
    Ok(())
}

/// Notes that `interaction.json` is behind, if the interaction has ended (before that there is none).
pub(crate) async fn document_due(conn: &mut Conn, id: InteractionId) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO documents_due (interaction_id) \
         SELECT id FROM interactions WHERE id = $1 AND ended_at IS NOT NULL \
         ON CONFLICT (interaction_id) DO NOTHING",
    )
    .bind(id.to_string())
    .execute(conn)
    .await?;
    Ok(())
}
