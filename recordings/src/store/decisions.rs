//! Stored decisions: why an agent got a caller.
//!
//! **Owns**: the table `decisions`.

use super::many::{of_interactions, pieces};
use super::record::{CandidateRecord, DecisionRecord, KeysRecord, offer_text};
use super::row::{RowExt as _, big, unreadable};
use super::{Conn, Store, names};
use crate::error::StoreError;
use crate::utc::Utc;
use router::Decision;
use router::decision::{Candidate, Keys, StrategyKey};
use router::id::{AgentId, InteractionId, QueueId};
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Sqlite};
use std::collections::{BTreeMap, HashMap};

impl Store {
    /// The decisions about one interaction, in order.
    ///
    /// # Errors
    /// When the database fails or a row cannot be read.
    pub async fn decisions(&self, id: InteractionId) -> Result<Vec<DecisionRecord>, StoreError> {
        let found = of(&mut *self.read().await?, &[id]).await?;
        Ok(found.into_values().next().unwrap_or_default())
    }
}

/// Each with its place in the log.
pub(crate) async fn decided(
    conn: &mut Conn,
    decisions: &[(u64, &Decision)],
) -> Result<(), StoreError> {
    for some in pieces(decisions) {
        let mut rows = Vec::with_capacity(some.len());
        for (seq, decision) in some {
            let json = serde_json::to_string(decision).map_err(|_| unreadable("decision"))?;
            rows.push((*seq, *decision, json));
        }
        let mut query = QueryBuilder::<Sqlite>::new(
            "INSERT INTO decisions (seq, at, interaction_id, decision) ",
        );
        query.push_values(rows, |mut row, (seq, decision, json)| {
            row.push_bind(big(seq))
                .push_bind(decision.at.millis())
                .push_bind(decision.interaction.to_string())
                .push_bind(json);
        });
        query.push(" ON CONFLICT (seq) DO NOTHING");
        query.build().execute(&mut *conn).await?;
    }
    Ok(())
}

pub(super) async fn of(
    conn: &mut Conn,
    ids: &[InteractionId],
) -> Result<HashMap<InteractionId, Vec<DecisionRecord>>, StoreError> {
    let select = "SELECT seq, interaction_id, decision FROM decisions";
    let read = |row: &SqliteRow| Ok((row.count("seq")?, row.json("decision")?));
    let found: HashMap<_, Vec<(u64, Decision)>> =
        of_interactions(conn, (select, "interaction_id", "seq"), ids, read).await?;
    if found.is_empty() {
        return Ok(HashMap::new());
    }
    let agents = names::agent_logins(conn).await?;
    let queues = names::queue_names(conn).await?;
    let told = |decisions: Vec<(u64, Decision)>| {
        let told = decisions.into_iter();
        told.map(|(seq, decision)| record(seq, decision, &agents, &queues))
            .collect()
    };
    Ok(found
        .into_iter()
        .map(|(id, decisions)| (id, told(decisions)))
        .collect())
}

fn record(
    seq: u64,
    decision: Decision,
    agents: &BTreeMap<AgentId, String>,
    queues: &BTreeMap<QueueId, String>,
) -> DecisionRecord {
    let candidate = |candidate: Candidate| CandidateRecord {
        agent: agents.get(&candidate.agent).cloned(),
        agent_id: candidate.agent,
        entry: candidate.entry,
        keys: keys(&candidate.keys),
    };
    DecisionRecord {
        seq,
        at: Utc(decision.at),
        kind: decision.kind,
        interaction_id: decision.interaction,
        entry: decision.entry,
        queue: queues.get(&decision.queue).cloned(),
        queue_id: decision.queue,
        offer: offer_text(decision.offer.epoch, decision.offer.seq),
        requirement: decision.requirement,
        step: decision.step,
        beside: decision.beside,
        v: Utc(decision.v),
        keys: match decision.chosen.keys {
            Keys::Agent { strategy, .. } => agent_keys(strategy),
            Keys::Caller { .. } => vec!["class", "preference", "v", "seq"],
        },
        chosen: candidate(decision.chosen),
        candidates: decision.candidates.into_iter().map(candidate).collect(),
        removed: decision.removed,
        tie_break: decision.tie_break,
    }
}

fn agent_keys(strategy: Option<StrategyKey>) -> Vec<&'static str> {
    let own = strategy.map(|key| match key {
        StrategyKey::MostSkilled(_) => "most_skilled",
        StrategyKey::LeastOccupied(_) => "least_occupied",
        StrategyKey::FewestCalls(_) => "fewest_calls",
        StrategyKey::RingAll(_) => "ring_all",
    });
    let idle = ["idle_since", "ready_seq", "agent_id"];
    ["tier"].into_iter().chain(own).chain(idle).collect()
}

fn keys(keys: &Keys) -> KeysRecord {
    match *keys {
        Keys::Agent {
            tier,
            strategy,
            idle_since,
            ready_seq,
        } => KeysRecord::Agent {
            tier,
            strategy,
            idle_since: Utc(idle_since),
            ready_seq,
        },
        Keys::Caller {
            class,
            preference,
            v,
            seq,
        } => KeysRecord::Caller {
            class,
            preference,
            v: Utc(v),
            seq,
        },
    }
}
