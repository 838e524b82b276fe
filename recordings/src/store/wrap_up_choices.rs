//! What an interaction was about, in the company's codes.
//!
//! **Owns**: the table `wrap_up_choices`; the last word about an interaction counts. **Must not know**: which codes
//! there are.

use super::many::of_interactions;
use super::record::WrapUpChoice;
use super::row::RowExt as _;
use super::{Conn, Store};
use crate::error::StoreError;
use router::Timestamp;
use router::id::{AgentId, InteractionId};
use std::collections::HashMap;

/// As many codes count as an agent's recent ones.
const RECENT: i64 = 5;

/// What a `WrapUpCoded` tells.
pub(crate) struct Chosen<'a> {
    pub(crate) interaction: InteractionId,
    pub(crate) code: &'a str,
    pub(crate) name: &'a str,
    pub(crate) tags: &'a [String],
    pub(crate) by: Option<AgentId>,
    pub(crate) at: Timestamp,
}

impl Store {
    /// The codes that an agent chose last, the latest first, each once; at most five.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn recent_wrap_up_codes(&self, agent: AgentId) -> Result<Vec<String>, StoreError> {
        let codes = sqlx::query_scalar(
            "SELECT code FROM wrap_up_choices WHERE agent_id = $1 \
             GROUP BY code ORDER BY MAX(chosen_at) DESC, code LIMIT $2",
        )
        .bind(agent.to_string())
        .bind(RECENT)
        .fetch_all(&mut *self.read().await?)
        .await?;
        Ok(codes)
    }

    /// Whether somebody said what an interaction was about.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn has_wrap_up_code(&self, id: InteractionId) -> Result<bool, StoreError> {
        let found: Option<i64> =
            sqlx::query_scalar("SELECT 1 FROM wrap_up_choices WHERE interaction_id = $1")
                .bind(id.to_string())
                .fetch_optional(&mut *self.read().await?)
                .await?;
        Ok(found.is_some())
    }
}

pub(crate) async fn chosen(conn: &mut Conn, choice: &Chosen<'_>) -> Result<(), StoreError> {
    let tags = serde_json::Value::from(choice.tags.to_vec()).to_string();
    sqlx::query(
        "INSERT INTO wrap_up_choices (interaction_id, code, name, tags, agent_id, chosen_at) \
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (interaction_id) DO UPDATE SET \
         code = excluded.code, name = excluded.name, tags = excluded.tags, \
         agent_id = excluded.agent_id, chosen_at = excluded.chosen_at",
    )
    .bind(choice.interaction.to_string())
    .bind(choice.code)
    .bind(choice.name)
    .bind(tags)
    .bind(choice.by.map(|agent| agent.to_string()))
    .bind(choice.at.millis())
    .execute(conn)
    .await?;
    Ok(())
}

pub(super) async fn of(
    conn: &mut Conn,
    ids: &[InteractionId],
) -> Result<HashMap<InteractionId, Vec<WrapUpChoice>>, StoreError> {
    let select = "SELECT w.*, a.login AS agent_login FROM wrap_up_choices w \
                  LEFT JOIN agents a ON a.id = w.agent_id";
    let asked = (select, "w.interaction_id", "w.chosen_at");
    of_interactions(conn, asked, ids, |row| {
        Ok(WrapUpChoice {
            code: row.text("code")?,
            name: row.text("name")?,
            tags: row.json("tags")?,
            agent: row.opt_text("agent_login")?,
            agent_id: row.opt_id("agent_id")?,
            chosen_at: row.at("chosen_at")?,
        })
    })
    .await
}
