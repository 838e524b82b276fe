//! Waitings in queues, and the offers made for them.
//!
//! **Owns**: the tables `queue_entries`, `offers`.

use super::Conn;
use super::record::{OfferRecord, QueueEntryRecord, offer_text, seconds};
use super::row::{RowExt as _, big, unreadable};
use crate::error::StoreError;
use router::Timestamp;
use router::company::Skills;
use router::id::{AgentId, InteractionId, OfferId, QueueEntryId, QueueId};
use router::outcome::{EntryOutcome, OfferOutcome};

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

pub(crate) async fn entered(conn: &mut Conn, entry: Entry<'_>) -> Result<(), StoreError> {
    let requirement =
        serde_json::to_string(entry.requirement).map_err(|_| unreadable("requirement"))?;
    sqlx::query(
        "INSERT INTO queue_entries \
         (id, interaction_id, queue_id, entered_at, v, class, requirement) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO NOTHING",
    )
    .bind(entry.id.to_string())
    .bind(entry.interaction.to_string())
    .bind(entry.queue.to_string())
    .bind(entry.at.millis())
    .bind(entry.v.millis())
    .bind(i64::from(entry.class))
    .bind(requirement)
    .execute(conn)
    .await?;
    Ok(())
}

pub(crate) async fn left(
    conn: &mut Conn,
    id: QueueEntryId,
    at: Timestamp,
    outcome: EntryOutcome,
    agent: Option<AgentId>,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE queue_entries SET left_at = $1, outcome = $2, agent_id = $3 \
         WHERE id = $4 AND left_at IS NULL",
    )
    .bind(at.millis())
    .bind(outcome.as_str())
    .bind(agent.map(|agent| agent.to_string()))
    .bind(id.to_string())
    .execute(conn)
    .await?;
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

pub(crate) async fn offer_made(conn: &mut Conn, offer: Offer) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO offers (epoch, number, interaction_id, entry_id, queue_id, agent_id, made_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (epoch, number) DO NOTHING",
    )
    .bind(big(offer.id.epoch))
    .bind(big(offer.id.seq))
    .bind(offer.interaction.to_string())
    .bind(offer.entry.to_string())
    .bind(offer.queue.to_string())
    .bind(offer.agent.to_string())
    .bind(offer.at.millis())
    .execute(conn)
    .await?;
    Ok(())
}

pub(crate) async fn offer_ended(
    conn: &mut Conn,
    id: OfferId,
    at: Timestamp,
    outcome: OfferOutcome,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE offers SET ended_at = $1, outcome = $2 \
         WHERE epoch = $3 AND number = $4 AND ended_at IS NULL",
    )
    .bind(at.millis())
    .bind(outcome.as_str())
    .bind(big(id.epoch))
    .bind(big(id.seq))
    .execute(conn)
    .await?;
    Ok(())
}

pub(super) async fn of(
    conn: &mut Conn,
    id: InteractionId,
) -> Result<Vec<QueueEntryRecord>, StoreError> {
    let rows = sqlx::query(
        "SELECT e.*, q.name AS queue_name, a.login AS agent_login FROM queue_entries e \
         LEFT JOIN queues q ON q.id = e.queue_id LEFT JOIN agents a ON a.id = e.agent_id \
         WHERE e.interaction_id = $1 ORDER BY e.entered_at, e.id",
    )
    .bind(id.to_string())
    .fetch_all(conn)
    .await?;
    rows.iter()
        .map(|row| {
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
            })
        })
        .collect()
}

pub(super) async fn offers_of(
    conn: &mut Conn,
    id: InteractionId,
) -> Result<Vec<OfferRecord>, StoreError> {
    let rows = sqlx::query(
        "SELECT o.*, a.login AS agent_login FROM offers o LEFT JOIN agents a ON a.id = o.agent_id \
         WHERE o.interaction_id = $1 ORDER BY o.epoch, o.number",
    )
    .bind(id.to_string())
    .fetch_all(conn)
    .await?;
    rows.iter()
        .map(|row| {
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
        .collect()
}
