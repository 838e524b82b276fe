//! Legs of interactions.
//!
//! **Owns**: the table `legs`.

use super::Conn;
use super::many::{of_interactions, pieces};
use super::record::LegRecord;
use super::row::{RowExt as _, unreadable};
use crate::error::StoreError;
use router::Timestamp;
use router::event::{LegQuality, LegRole};
use router::id::{AgentId, InteractionId, LegId, UserId};
use sqlx::{QueryBuilder, Sqlite};
use std::collections::HashMap;

/// What a `LegStarted` tells.
pub(crate) struct Leg<'a> {
    pub(crate) id: LegId,
    pub(crate) interaction: InteractionId,
    pub(crate) role: LegRole,
    pub(crate) agent: Option<AgentId>,
    pub(crate) sip_call_id: &'a str,
    pub(crate) at: Timestamp,
}

pub(crate) async fn started(conn: &mut Conn, legs: &[Leg<'_>]) -> Result<(), StoreError> {
    for some in pieces(legs) {
        let mut query = QueryBuilder::<Sqlite>::new(
            "INSERT INTO legs (id, interaction_id, role, agent_id, sip_call_id, started_at) ",
        );
        query.push_values(some, |mut row, leg| {
            row.push_bind(leg.id.to_string())
                .push_bind(leg.interaction.to_string())
                .push_bind(role_name(leg.role))
                .push_bind(leg.agent.map(|agent| agent.to_string()))
                .push_bind(leg.sip_call_id.to_owned())
                .push_bind(leg.at.millis());
        });
        query.push(" ON CONFLICT (id) DO NOTHING");
        query.build().execute(&mut *conn).await?;
    }
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

/// It is the leg of a supervisor who is no agent.
pub(crate) async fn of_user(conn: &mut Conn, leg: LegId, user: UserId) -> Result<(), StoreError> {
    sqlx::query("UPDATE legs SET user_id = $1 WHERE id = $2")
        .bind(user.to_string())
        .bind(leg.to_string())
        .execute(conn)
        .await?;
    Ok(())
}

/// Cause of a leg whose INVITE was cancelled.
pub(crate) const CANCELLED: &str = "cancel";

/// What a `LegEnded` tells.
pub(crate) struct LegEnd<'a> {
    pub(crate) id: LegId,
    pub(crate) at: Timestamp,
    pub(crate) cause: &'a str,
    pub(crate) quality: Option<&'a LegQuality>,
}

/// At most one end of each leg.
pub(crate) async fn ended(conn: &mut Conn, ends: &[LegEnd<'_>]) -> Result<(), StoreError> {
    for some in pieces(ends) {
        let mut rows = Vec::with_capacity(some.len());
        for end in some {
            let quality = end.quality.map(serde_json::to_string).transpose();
            rows.push((end, quality.map_err(|_| unreadable("quality"))?));
        }
        let mut query = QueryBuilder::<Sqlite>::new("WITH ends (id, at, cause, quality) AS (");
        query.push_values(rows, |mut row, (end, quality)| {
            row.push_bind(end.id.to_string())
                .push_bind(end.at.millis())
                .push_bind(end.cause.to_owned())
                .push_bind(quality);
        });
        query.push(
            ") UPDATE legs SET ended_at = ends.at, cause = ends.cause, quality = ends.quality \
             FROM ends WHERE legs.id = ends.id AND legs.ended_at IS NULL",
        );
        query.build().execute(&mut *conn).await?;
    }
    for end in ends.iter().filter(|end| end.cause == CANCELLED) {
        never_answered(conn, end.id).await?;
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

pub(super) async fn of(
    conn: &mut Conn,
    ids: &[InteractionId],
) -> Result<HashMap<InteractionId, Vec<LegRecord>>, StoreError> {
    let select = "SELECT l.*, a.login AS agent_login, u.login AS user_login FROM legs l \
                  LEFT JOIN agents a ON a.id = l.agent_id \
                  LEFT JOIN known_users u ON u.id = l.user_id";
    let asked = (select, "l.interaction_id", "l.started_at, l.id");
    of_interactions(conn, asked, ids, |row| {
        Ok(LegRecord {
            id: row.id("id")?,
            role: row
                .opt_word("role", role_from_name)?
                .ok_or_else(|| unreadable("role"))?,
            agent: row.opt_text("agent_login")?,
            agent_id: row.opt_id("agent_id")?,
            user: row.opt_text("user_login")?,
            sip_call_id: row.text("sip_call_id")?,
            started_at: row.at("started_at")?,
            connected_at: row.opt_at("connected_at")?,
            ended_at: row.opt_at("ended_at")?,
            cause: row.opt_text("cause")?,
            quality: row.opt_json("quality")?,
        })
    })
    .await
}

const fn role_name(role: LegRole) -> &'static str {
    match role {
        LegRole::Customer => "customer",
        LegRole::Agent => "agent",
        LegRole::Outside => "outside",
    }
}

fn role_from_name(name: &str) -> Option<LegRole> {
    [LegRole::Customer, LegRole::Agent, LegRole::Outside]
        .into_iter()
        .find(|role| role_name(*role) == name)
}
