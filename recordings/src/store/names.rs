//! Agents and queues: ids that never change behind names that may, and each agent's last known state.
//!
//! **Owns**: the tables `agents`, `queues`, `agent_states`.

use super::many::pieces;
use super::row::{RowExt as _, big};
use super::{Conn, Store};
use crate::error::StoreError;
use crate::utc::Utc;
use router::id::{AgentId, InteractionId, QueueId};
use router::{AgentState, Reason, Timestamp};
use sqlx::{QueryBuilder, Sqlite};
use std::collections::BTreeMap;

/// What an agent was doing when we stopped; for the Distributor's restore.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredAgentState {
    /// The agent.
    pub agent: AgentId,
    /// State.
    pub state: AgentState,
    /// Why not ready.
    pub reason: Option<Reason>,
    /// In this state since.
    pub since: Utc,
    /// The idle clock.
    pub idle_since: Utc,
    /// Order in which agents became ready.
    pub ready_seq: u64,
    /// The interaction the agent was offered, talked with or wrapped up.
    pub interaction: Option<InteractionId>,
    /// The queue of that interaction.
    pub queue: Option<QueueId>,
}

impl Store {
    /// The id of an agent by login; `fresh` becomes it when the login is new.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn agent_id(&self, login: &str, fresh: AgentId) -> Result<AgentId, StoreError> {
        let mut tx = self.write().await?;
        sqlx::query(
            "INSERT INTO agents (id, login) VALUES ($1, $2) ON CONFLICT (login) DO NOTHING",
        )
        .bind(fresh.to_string())
        .bind(login)
        .execute(&mut *tx)
        .await?;
        let row = sqlx::query("SELECT id FROM agents WHERE login = $1")
            .bind(login)
            .fetch_one(&mut *tx)
            .await?;
        tx.commit().await?;
        row.id("id")
    }

    /// The id of a queue by name; `fresh` becomes it when the name is new.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn queue_id(&self, name: &str, fresh: QueueId) -> Result<QueueId, StoreError> {
        let mut tx = self.write().await?;
        sqlx::query("INSERT INTO queues (id, name) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING")
            .bind(fresh.to_string())
            .bind(name)
            .execute(&mut *tx)
            .await?;
        let row = sqlx::query("SELECT id FROM queues WHERE name = $1")
            .bind(name)
            .fetch_one(&mut *tx)
            .await?;
        tx.commit().await?;
        row.id("id")
    }

    /// Every agent there ever was: id and login.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn agent_logins(&self) -> Result<BTreeMap<AgentId, String>, StoreError> {
        agent_logins(&mut *self.read().await?).await
    }

    /// Every queue there ever was: id and name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn queue_names(&self) -> Result<BTreeMap<QueueId, String>, StoreError> {
        queue_names(&mut *self.read().await?).await
    }

    /// The last known state of every agent.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn agent_states(&self) -> Result<Vec<StoredAgentState>, StoreError> {
        let rows = sqlx::query(
            "SELECT s.agent_id, s.state, s.reason, s.since, s.idle_since, s.ready_seq, \
             s.interaction_id, i.queue_id \
             FROM agent_states s LEFT JOIN interactions i ON i.id = s.interaction_id \
             ORDER BY s.ready_seq, s.agent_id",
        )
        .fetch_all(&mut *self.read().await?)
        .await?;
        rows.iter().map(stored_state).collect()
    }
}

fn stored_state(row: &sqlx::sqlite::SqliteRow) -> Result<StoredAgentState, StoreError> {
    Ok(StoredAgentState {
        agent: row.id("agent_id")?,
        state: row
            .opt_word("state", state_from_name)?
            .ok_or_else(|| super::row::unreadable("state"))?,
        reason: row.opt_text("reason")?.map(|name| Reason::from_name(&name)),
        since: row.at("since")?,
        idle_since: row.at("idle_since")?,
        ready_seq: row.count("ready_seq")?,
        interaction: row.opt_id("interaction_id")?,
        queue: row.opt_id("queue_id")?,
    })
}

fn state_from_name(name: &str) -> Option<AgentState> {
    [
        AgentState::Offline,
        AgentState::Available,
        AgentState::Offered,
        AgentState::OnCall,
        AgentState::WrapUp,
        AgentState::NotReady,
    ]
    .into_iter()
    .find(|state| state.as_str() == name)
}

pub(crate) async fn agent_logins(conn: &mut Conn) -> Result<BTreeMap<AgentId, String>, StoreError> {
    let rows = sqlx::query("SELECT id, login FROM agents")
        .fetch_all(conn)
        .await?;
    rows.iter()
        .map(|row| Ok((row.id("id")?, row.text("login")?)))
        .collect()
}

pub(crate) async fn queue_names(conn: &mut Conn) -> Result<BTreeMap<QueueId, String>, StoreError> {
    let rows = sqlx::query("SELECT id, name FROM queues")
        .fetch_all(conn)
        .await?;
    rows.iter()
        .map(|row| Ok((row.id("id")?, row.text("name")?)))
        .collect()
}

/// What an `AgentStateChanged` tells.
pub(crate) struct StateChange<'a> {
    pub(crate) agent: AgentId,
    pub(crate) at: Timestamp,
    pub(crate) state: AgentState,
    pub(crate) reason: Option<&'a Reason>,
    pub(crate) interaction: Option<InteractionId>,
    pub(crate) idle_since: Timestamp,
    pub(crate) ready_seq: u64,
}

/// At most one change of each agent: the last one.
pub(crate) async fn agent_states_changed(
    conn: &mut Conn,
    changes: &[StateChange<'_>],
) -> Result<(), StoreError> {
    for some in pieces(changes) {
        let mut query = QueryBuilder::<Sqlite>::new(
            "INSERT INTO agent_states \
             (agent_id, state, reason, since, idle_since, ready_seq, interaction_id) ",
        );
        query.push_values(some, |mut row, change| {
            row.push_bind(change.agent.to_string())
                .push_bind(change.state.as_str())
                .push_bind(change.reason.map(|reason| reason.as_str().to_owned()))
                .push_bind(change.at.millis())
                .push_bind(change.idle_since.millis())
                .push_bind(big(change.ready_seq))
                .push_bind(change.interaction.map(|id| id.to_string()));
        });
        query.push(
            " ON CONFLICT (agent_id) DO UPDATE SET state = excluded.state, \
             reason = excluded.reason, since = excluded.since, idle_since = excluded.idle_since, \
             ready_seq = excluded.ready_seq, interaction_id = excluded.interaction_id",
        );
        query.build().execute(&mut *conn).await?;
    }
    Ok(())
}
