//! Waitings in queues, and the offers made for them.
//!
//! **Owns**: the tables `queue_entries`, `offers`.

use super::Conn;
use super::many::{of_interactions, pieces};
use super::record::{ClosureRecord, OfferRecord, QueueEntryRecord, offer_text, seconds};
use super::row::{RowExt as _, big, unreadable};
use crate::error::StoreError;
use router::Timestamp;
use router::company::Skills;
use router::id::{AgentId, ClosureId, InteractionId, OfferId, QueueEntryId, QueueId};
use router::outcome::{EntryOutcome, OfferOutcome, Refusal};
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Sqlite};
use std::collections::HashMap;

/// What a `QueueEntered` tells.
pub(crate) struct Entry<'a> {
    pub(crate) id: QueueEntryId,
    pub(crate) interaction: InteractionId,
    pub(crate) queue: QueueId,
    pub(crate) at: Timestamp,
    pub(crate) v: Timestamp,
    pub(crate) class: u8,
    pub(crate) requirement: &'a Skills,
}

pub(crate) async fn entered(conn: &mut Conn, entries: &[Entry<'_>]) -> Result<(), StoreError> {
    for some in pieces(entries) {
        let mut rows = Vec::with_capacity(some.len());
        for entry in some {
            let requirement = serde_json::to_string(entry.requirement);
            rows.push((entry, requirement.map_err(|_| unreadable("requirement"))?));
        }
        let mut query = QueryBuilder::<Sqlite>::new(
            "INSERT INTO queue_entries \
             (id, interaction_id, queue_id, entered_at, v, class, requirement) ",
        );
        query.push_values(rows, |mut row, (entry, requirement)| {
            row.push_bind(entry.id.to_string())
                .push_bind(entry.interaction.to_string())
                .push_bind(entry.queue.to_string())
                .push_bind(entry.at.millis())
                .push_bind(entry.v.millis())
                .push_bind(i64::from(entry.class))
                .push_bind(requirement);
        });
        query.push(" ON CONFLICT (id) DO NOTHING");
        query.build().execute(&mut *conn).await?;
    }
    Ok(())
}

/// What a `QueueLeft` tells.
pub(crate) struct Left {
    pub(crate) id: QueueEntryId,
    pub(crate) at: Timestamp,
    pub(crate) outcome: EntryOutcome,
    pub(crate) agent: Option<AgentId>,
    pub(crate) refusal: Option<Refusal>,
    pub(crate) closure: Option<ClosureId>,
}

/// At most one end of each entry.
pub(crate) async fn left(conn: &mut Conn, ends: &[Left]) -> Result<(), StoreError> {
    for some in pieces(ends) {
        let mut query = QueryBuilder::<Sqlite>::new(
            "WITH ends (id, at, outcome, agent, refusal, closure) AS (",
        );
        query.push_values(some, |mut row, end| {
            row.push_bind(end.id.to_string())
                .push_bind(end.at.millis())
                .push_bind(end.outcome.as_str())
                .push_bind(end.agent.map(|agent| agent.to_string()))
                .push_bind(end.refusal.map(Refusal::as_str))
                .push_bind(end.closure.map(|closure| closure.to_string()));
        });
        query.push(
            ") UPDATE queue_entries SET left_at = ends.at, outcome = ends.outcome, \
             agent_id = ends.agent, refusal = ends.refusal, closure_id = ends.closure FROM ends \
             WHERE queue_entries.id = ends.id AND queue_entries.left_at IS NULL",
        );
        query.build().execute(&mut *conn).await?;
    }
    Ok(())
}

/// What an `OfferMade` tells.
pub(crate) struct Offer {
    pub(crate) id: OfferId,
    pub(crate) interaction: InteractionId,
    pub(crate) entry: QueueEntryId,
    pub(crate) queue: QueueId,
    pub(crate) agent: AgentId,
    pub(crate) at: Timestamp,
}

pub(crate) async fn offers_made(conn: &mut Conn, offers: &[Offer]) -> Result<(), StoreError> {
    for some in pieces(offers) {
        let mut query = QueryBuilder::<Sqlite>::new(
            "INSERT INTO offers \
             (epoch, number, interaction_id, entry_id, queue_id, agent_id, made_at) ",
        );
        query.push_values(some, |mut row, offer| {
            row.push_bind(big(offer.id.epoch))
                .push_bind(big(offer.id.seq))
                .push_bind(offer.interaction.to_string())
                .push_bind(offer.entry.to_string())
                .push_bind(offer.queue.to_string())
                .push_bind(offer.agent.to_string())
                .push_bind(offer.at.millis());
        });
        query.push(" ON CONFLICT (epoch, number) DO NOTHING");
        query.build().execute(&mut *conn).await?;
    }
    Ok(())
}

/// What an `OfferEnded` tells.
pub(crate) struct OfferEnd {
    pub(crate) id: OfferId,
    pub(crate) at: Timestamp,
    pub(crate) outcome: OfferOutcome,
}

/// At most one end of each offer.
pub(crate) async fn offers_ended(conn: &mut Conn, ends: &[OfferEnd]) -> Result<(), StoreError> {
    for some in pieces(ends) {
        let mut query = QueryBuilder::<Sqlite>::new("WITH ends (epoch, number, at, outcome) AS (");
        query.push_values(some, |mut row, end| {
            row.push_bind(big(end.id.epoch))
                .push_bind(big(end.id.seq))
                .push_bind(end.at.millis())
                .push_bind(end.outcome.as_str());
        });
        query.push(
            ") UPDATE offers SET ended_at = ends.at, outcome = ends.outcome FROM ends \
             WHERE offers.epoch = ends.epoch AND offers.number = ends.number \
             AND offers.ended_at IS NULL",
        );
        query.build().execute(&mut *conn).await?;
    }
    Ok(())
}

pub(super) async fn of(
    conn: &mut Conn,
    ids: &[InteractionId],
) -> Result<HashMap<InteractionId, Vec<QueueEntryRecord>>, StoreError> {
    let select = "SELECT e.*, q.name AS queue_name, a.login AS agent_login, \
                  c.closed_at, c.ends_at, c.reason, k.login AS closed_by FROM queue_entries e \
                  LEFT JOIN queues q ON q.id = e.queue_id LEFT JOIN agents a ON a.id = e.agent_id \
                  LEFT JOIN queue_closures c ON c.id = e.closure_id \
                  LEFT JOIN known_users k ON k.id = c.user_id";
    let asked = (select, "e.interaction_id", "e.entered_at, e.id");
    of_interactions(conn, asked, ids, |row| {
        let (entered_at, left_at) = (row.at("entered_at")?, row.opt_at("left_at")?);
        Ok(QueueEntryRecord {
            id: row.id("id")?,
            queue: row.opt_text("queue_name")?,
            queue_id: row.id("queue_id")?,
            entered_at,
            left_at,
            wait: seconds(entered_at, left_at),
            outcome: row.opt_word("outcome", EntryOutcome::from_name)?,
            agent: row.opt_text("agent_login")?,
            agent_id: row.opt_id("agent_id")?,
            class: row.count("class")?,
            v: row.at("v")?,
            requirement: row.json("requirement")?,
            refusal: row.opt_word("refusal", Refusal::from_name)?,
            closure: closure(row)?,
        })
    })
    .await
}

/// The closing that kept the caller out.
fn closure(row: &SqliteRow) -> Result<Option<ClosureRecord>, StoreError> {
    let Some(id) = row.opt_id("closure_id")? else {
        return Ok(None);
    };
    Ok(Some(ClosureRecord {
        id,
        by: row.opt_text("closed_by")?,
        since: row.opt_at("closed_at")?,
        until: row.opt_at("ends_at")?,
        reason: row.opt_text("reason")?,
    }))
}

pub(super) async fn offers_of(
    conn: &mut Conn,
    ids: &[InteractionId],
) -> Result<HashMap<InteractionId, Vec<OfferRecord>>, StoreError> {
    let select = "SELECT o.*, a.login AS agent_login FROM offers o \
                  LEFT JOIN agents a ON a.id = o.agent_id";
    let asked = (select, "o.interaction_id", "o.epoch, o.number");
    of_interactions(conn, asked, ids, |row| {
        Ok(OfferRecord {
            id: offer_text(row.count("epoch")?, row.count("number")?),
            entry: row.id("entry_id")?,
            agent: row.opt_text("agent_login")?,
            agent_id: row.id("agent_id")?,
            made_at: row.at("made_at")?,
            ended_at: row.opt_at("ended_at")?,
            outcome: row.opt_word("outcome", OfferOutcome::from_name)?,
        })
    })
    .await
}
