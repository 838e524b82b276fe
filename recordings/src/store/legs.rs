//! Legs of interactions.
//!
//! **Owns**: the table `legs`.

use super::Conn;
use super::record::LegRecord;
use super::row::{RowExt as _, unreadable};
use crate::error::StoreError;
use router::Timestamp;
use router::event::{LegQuality, LegRole};
use router::id::{AgentId, InteractionId, LegId};

/// What a `LegStarted` tells.
pub(crate) struct Leg<'a> {
    pub(crate) id: LegId,
    pub(crate) interaction: InteractionId,
    pub(crate) role: LegRole,
    pub(crate) agent: Option<AgentId>,
    pub(crate) sip_call_id: &'a str,
    pub(crate) at: Timestamp,
}

pub(crate) async fn started(conn: &mut Conn, leg: Leg<'_>) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO legs (id, interaction_id, role, agent_id, sip_call_id, started_at) \
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (id) DO NOTHING",
    )
    .bind(leg.id.to_string())
    .bind(leg.interaction.to_string())
    .bind(role_name(leg.role))
    .bind(leg.agent.map(|agent| agent.to_string()))
    .bind(leg.sip_call_id)
    .bind(leg.at.millis())
    .execute(conn)
    .await?;
    Ok(())
}

/// The agent's leg is connected, and with it the customer's.
pub(crate) async fn connected(
    conn: &mut Conn,
    interaction: InteractionId,
    agent_leg: LegId,
    at: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE legs SET connected_at = $1 WHERE connected_at IS NULL AND \
         (id = $2 OR (interaction_id = $3 AND role = 'customer'))",
    )
    .bind(at.millis())
    .bind(agent_leg.to_string())
    .bind(interaction.to_string())
    .execute(conn)
    .await?;
    Ok(())
}

/// Cause of a leg whose INVITE was cancelled.
const CANCELLED: &str = "cancel";

pub(crate) async fn ended(
    conn: &mut Conn,
    id: LegId,
    at: Timestamp,
    cause: &str,
    quality: Option<&LegQuality>,
) -> Result<(), StoreError> {
    let quality = quality
        .map(serde_json::to_string)
        .transpose()
        .map_err(|_| unreadable("quality"))?;
    sqlx::query(
        "UPDATE legs SET ended_at = $1, cause = $2, quality = $3 WHERE id = $4 AND ended_at IS NULL",
    )
    .bind(at.millis())
    .bind(cause)
    .bind(quality)
    .bind(id.to_string())
    .execute(&mut *conn)
    .await?;
    if cause == CANCELLED {
        never_answered(conn, id).await?;
    }
    Ok(())
}

/// The customer gave up before our 200 left, although its line was in the journal already.
async fn never_answered(conn: &mut Conn, leg: LegId) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE interactions SET answered_at = NULL WHERE id IN \
         (SELECT interaction_id FROM legs WHERE id = $1 AND role = 'customer')",
    )
    .bind(leg.to_string())
    .execute(conn)
    .await?;
    Ok(())
}

pub(super) async fn of(conn: &mut Conn, id: InteractionId) -> Result<Vec<LegRecord>, StoreError> {
    let rows = sqlx::query(
        "SELECT l.*, a.login AS agent_login FROM legs l LEFT JOIN agents a ON a.id = l.agent_id \
         WHERE l.interaction_id = $1 ORDER BY l.started_at, l.id",
    )
    .bind(id.to_string())
    .fetch_all(conn)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(LegRecord {
                id: row.id("id")?,
                role: row
                    .opt_word("role", role_from_name)?
                    .ok_or_else(|| unreadable("role"))?,
                agent: row.opt_text("agent_login")?,
                agent_id: row.opt_id("agent_id")?,
                sip_call_id: row.text("sip_call_id")?,
                started_at: row.at("started_at")?,
                connected_at: row.opt_at("connected_at")?,
                ended_at: row.opt_at("ended_at")?,
                cause: row.opt_text("cause")?,
                quality: row.opt_json("quality")?,
            })
        })
        .collect()
}

const fn role_name(role: LegRole) -> &'static str {
    match role {
        LegRole::Customer => "customer",
        LegRole::Agent => "agent",
    }
}

fn role_from_name(name: &str) -> Option<LegRole> {
    [LegRole::Customer, LegRole::Agent]
        .into_iter()
        .find(|role| role_name(*role) == name)
}
