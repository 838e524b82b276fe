//! Interactions: one row each, with after-call work.
//!
//! **Owns**: the tables `interactions`, `wrap_ups`.

use super::interaction_filter::narrow;
pub use super::interaction_filter::{FlowEnded, FlowFilter, InteractionFilter};
use super::many::{lists, of_interactions, pieces, push_in};
use super::page::{Page, Paging, page};
use super::record::{InteractionRecord, InteractionSummary, Parties, Times, WrapUpRecord, seconds};
use super::row::{RowExt as _, big};
use super::{
    Conn, Store, consents, decisions, events, legs, notes, path, queue_entries, recordings,
    surveys, wrap_up_choices,
};
use crate::error::StoreError;
use router::Timestamp;
use router::event::{Direction, PersonalData};
use router::id::{AgentId, CustomerId, InteractionId, QueueId, UserId};
use router::outcome::{EndCause, Outcome};
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Sqlite};
use std::collections::HashMap;

const SUMMARY: &str = "SELECT i.*, q.name AS queue_name, a.login AS agent_login, u.login AS user_login \
     FROM interactions i LEFT JOIN queues q ON q.id = i.queue_id \
     LEFT JOIN agents a ON a.id = i.agent_id LEFT JOIN known_users u ON u.id = i.user_id ";

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
        let mut record = whole(&mut tx, &[id]).await?;
        tx.rollback().await?;
        Ok(record.pop())
    }

    /// Several interactions whole, of one moment; those that do not exist are left out.
    pub(crate) async fn interactions_whole(
        &self,
        ids: &[InteractionId],
    ) -> Result<Vec<InteractionRecord>, StoreError> {
        let mut conn = self.read().await?;
        let mut tx = sqlx::Connection::begin(&mut *conn).await?;
        let records = whole(&mut tx, ids).await?;
        tx.rollback().await?;
        Ok(records)
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
}

/// A place for an empty page, which is never asked for.
fn unreachable_place() -> (crate::utc::Utc, uuid::Uuid) {
    (crate::utc::Utc::from_millis(0), uuid::Uuid::nil())
}

fn summary(row: &SqliteRow) -> Result<InteractionSummary, StoreError> {
    Ok(InteractionSummary {
        id: row.id("id")?,
        channel: row.text("channel")?,
        direction: row.word("direction", Direction::from_name)?,
        parties: Parties {
            customer_id: row.opt_id("customer_id")?,
            customer_confirmed_at: row.opt_at("customer_confirmed_at")?,
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
        taken_over_by: row.opt_text("user_login")?,
        notes: row.opt_private("notes")?,
    })
}

async fn whole(
    conn: &mut Conn,
    ids: &[InteractionId],
) -> Result<Vec<InteractionRecord>, StoreError> {
    let mut summaries = Vec::with_capacity(ids.len());
    for some in lists(ids) {
        let mut query = QueryBuilder::<Sqlite>::new(SUMMARY);
        query.push("WHERE i.id");
        push_in(&mut query, some);
        for row in query.build().fetch_all(&mut *conn).await? {
            summaries.push(summary(&row)?);
        }
    }
    let mut menu_path = path::menu_paths(conn, ids).await?;
    let mut tags = path::tags(conn, ids).await?;
    let mut consents = consents::of(conn, ids).await?;
    let mut survey = surveys::of(conn, ids).await?;
    let mut queue_entries = queue_entries::of(conn, ids).await?;
    let mut offers = queue_entries::offers_of(conn, ids).await?;
    let mut legs = legs::of(conn, ids).await?;
    let mut recordings = recordings::of(conn, ids).await?;
    let mut wrap_ups = wrap_ups(conn, ids).await?;
    let mut codes = wrap_up_choices::of(conn, ids).await?;
    let mut authors = notes::authors_of(conn, ids).await?;
    let mut decisions = decisions::of(conn, ids).await?;
    let mut events = events::of(conn, ids).await?;
    let whole = summaries.into_iter().map(|summary| {
        let id = &summary.id;
        let events = events.remove(id).unwrap_or_default();
        InteractionRecord {
            why: path::why(&events),
            menu_path: menu_path.remove(id).unwrap_or_default(),
            tags: tags.remove(id).unwrap_or_default().into_iter().collect(),
            recording_consent: consents.remove(id).and_then(|mut all| all.pop()),
            survey: survey.remove(id).unwrap_or_default(),
            queue_entries: queue_entries.remove(id).unwrap_or_default(),
            offers: offers.remove(id).unwrap_or_default(),
            legs: legs.remove(id).unwrap_or_default(),
            recordings: recordings.remove(id).unwrap_or_default(),
            wrap_up: wrap_ups.remove(id).and_then(|mut all| all.pop()),
            wrap_up_code: codes.remove(id).and_then(|mut all| all.pop()),
            note_authors: authors.remove(id).unwrap_or_default(),
            decisions: decisions.remove(id).unwrap_or_default(),
            events,
            summary,
        }
    });
    Ok(whole.collect())
}

/// All after-call work in order; the last one counts.
async fn wrap_ups(
    conn: &mut Conn,
    ids: &[InteractionId],
) -> Result<HashMap<InteractionId, Vec<WrapUpRecord>>, StoreError> {
    let select = "SELECT w.*, a.login AS agent_login FROM wrap_ups w \
                  LEFT JOIN agents a ON a.id = w.agent_id";
    of_interactions(conn, (select, "w.interaction_id", "w.seq"), ids, |row| {
        let (started_at, ended_at) = (row.at("started_at")?, row.opt_at("ended_at")?);
        Ok(WrapUpRecord {
            agent: row.opt_text("agent_login")?,
            agent_id: row.id("agent_id")?,
            started_at,
            ended_at,
            duration: seconds(started_at, ended_at),
        })
    })
    .await
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
    pub(crate) direction: Direction,
    pub(crate) agent: Option<AgentId>,
}

pub(crate) async fn arrived(conn: &mut Conn, arrivals: &[Arrival<'_>]) -> Result<(), StoreError> {
    for some in pieces(arrivals) {
        let mut query = QueryBuilder::<Sqlite>::new(
            "INSERT INTO interactions (id, channel, customer_id, caller_number, caller_name, \
             dialed_number, trunk, flow, flow_version, started_at, direction, agent_id) ",
        );
        query.push_values(some, |mut row, arrival| {
            let personal = arrival.personal;
            row.push_bind(arrival.id.to_string())
                .push("'voice'")
                .push_bind(arrival.customer.map(|id| id.to_string()))
                .push_bind(
                    personal
                        .caller_number
                        .as_ref()
                        .map(|n| n.reveal().to_owned()),
                )
                .push_bind(personal.caller_name.as_ref().map(|n| n.reveal().clone()))
                .push_bind(
                    personal
                        .dialed_number
                        .as_ref()
                        .map(|n| n.reveal().to_owned()),
                )
                .push_bind(arrival.trunk.map(str::to_owned))
                .push_bind(arrival.flow.to_owned())
                .push_bind(arrival.flow_version.to_owned())
                .push_bind(arrival.at.millis())
                .push_bind(arrival.direction.as_str())
                .push_bind(arrival.agent.map(|id| id.to_string()));
        });
        query.push(" ON CONFLICT (id) DO NOTHING");
        query.build().execute(&mut *conn).await?;
    }
    Ok(())
}

/// The first answer of each counts.
pub(crate) async fn answered(
    conn: &mut Conn,
    answers: &[(InteractionId, Timestamp)],
) -> Result<(), StoreError> {
    for some in pieces(answers) {
        let mut query = QueryBuilder::<Sqlite>::new("WITH answers (id, at) AS (");
        query.push_values(some, |mut row, (id, at)| {
            row.push_bind(id.to_string()).push_bind(at.millis());
        });
        query.push(
            ") UPDATE interactions SET answered_at = COALESCE(answered_at, answers.at) \
             FROM answers WHERE interactions.id = answers.id",
        );
        query.build().execute(&mut *conn).await?;
    }
    Ok(())
}

/// Somebody asked who it is, and says so; none: it is not known.
pub(crate) async fn confirmed(
    conn: &mut Conn,
    id: InteractionId,
    customer: Option<CustomerId>,
    at: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE interactions SET customer_confirmed_at = $1, \
         customer_id = (SELECT id FROM customers WHERE id = $2) WHERE id = $3",
    )
    .bind(customer.map(|_| at.millis()))
    .bind(customer.map(|id| id.to_string()))
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
        "UPDATE interactions SET connected_at = COALESCE(connected_at, $1), agent_id = $2, \
         user_id = NULL WHERE id = $3",
    )
    .bind(at.millis())
    .bind(agent.to_string())
    .bind(id.to_string())
    .execute(conn)
    .await?;
    Ok(())
}

/// A supervisor who is no agent has the customer.
pub(crate) async fn taken_over(
    conn: &mut Conn,
    id: InteractionId,
    user: UserId,
) -> Result<(), StoreError> {
    sqlx::query("UPDATE interactions SET user_id = $1 WHERE id = $2")
        .bind(user.to_string())
        .bind(id.to_string())
        .execute(conn)
        .await?;
    Ok(())
}

/// The last queue of each; at most one each.
pub(crate) async fn in_queue(
    conn: &mut Conn,
    places: &[(InteractionId, QueueId)],
) -> Result<(), StoreError> {
    for some in pieces(places) {
        let mut query = QueryBuilder::<Sqlite>::new("WITH places (id, queue) AS (");
        query.push_values(some, |mut row, (id, queue)| {
            row.push_bind(id.to_string()).push_bind(queue.to_string());
        });
        query.push(
            ") UPDATE interactions SET queue_id = places.queue \
             FROM places WHERE interactions.id = places.id",
        );
        query.build().execute(&mut *conn).await?;
    }
    Ok(())
}

/// What a `CallEnded` tells.
pub(crate) struct Ended {
    pub(crate) id: InteractionId,
    pub(crate) at: Timestamp,
    pub(crate) outcome: Outcome,
    pub(crate) end_cause: EndCause,
}

/// The first end counts: an interaction has exactly one outcome (invariant I10). At most one end of each here.
pub(crate) async fn ended(conn: &mut Conn, ends: &[Ended]) -> Result<(), StoreError> {
    for some in pieces(ends) {
        let mut query = QueryBuilder::<Sqlite>::new("WITH ends (id, at, outcome, cause) AS (");
        query.push_values(some, |mut row, end| {
            row.push_bind(end.id.to_string())
                .push_bind(end.at.millis())
                .push_bind(end.outcome.as_str())
                .push_bind(end.end_cause.as_str());
        });
        query.push(
            ") UPDATE interactions SET ended_at = ends.at, outcome = ends.outcome, \
             end_cause = ends.cause FROM ends \
             WHERE interactions.id = ends.id AND interactions.ended_at IS NULL",
        );
        let done = query.build().execute(&mut *conn).await?;
        let (told, new) = (some.len() as u64, done.rows_affected());
        if new < told {
            let first = some.first().map(|end| end.id.to_string());
            tracing::warn!(
                first,
                told,
                new,
                "ends of interactions that are unknown or ended already"
            );
        }
    }
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
