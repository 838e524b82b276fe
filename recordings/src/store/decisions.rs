//! Stored decisions: why an agent got a caller.
//!
//! **Owns**: the table `decisions`.

use super::record::{CandidateRecord, DecisionRecord, KeysRecord, offer_text};
use super::row::{RowExt as _, big, unreadable};
use super::{Conn, Store, names};
use crate::error::StoreError;
use crate::utc::Utc;
use router::Decision;
use router::decision::{Candidate, Keys};
use router::id::{AgentId, InteractionId, QueueId};
use std::collections::BTreeMap;

impl Store {
    /// The decisions about one interaction, in order.
    ///
    /// # Errors
    /// When the database fails or a row cannot be read.
    pub async fn decisions(&self, id: InteractionId) -> Result<Vec<DecisionRecord>, StoreError> {
        of(&mut *self.read().await?, id).await
    }
}

pub(crate) async fn decided(
    conn: &mut Conn,
    seq: u64,
    decision: &Decision,
) -> Result<(), StoreError> {
    let json = serde_json::to_string(decision).map_err(|_| unreadable("decision"))?;
    sqlx::query(
        "INSERT INTO decisions (seq, at, interaction_id, decision) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (seq) DO NOTHING",
    )
    .bind(big(seq))
    .bind(decision.at.millis())
    .bind(decision.interaction.to_string())
    .bind(json)
    .execute(conn)
    .await?;
    Ok(())
}

pub(super) async fn of(
    conn: &mut Conn,
    id: InteractionId,
) -> Result<Vec<DecisionRecord>, StoreError> {
    let rows =
        sqlx::query("SELECT seq, decision FROM decisions WHERE interaction_id = $1 ORDER BY seq")
            .bind(id.to_string())
            .fetch_all(&mut *conn)
            .await?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let agents = names::agent_logins(conn).await?;
    let queues = names::queue_names(conn).await?;
    rows.iter()
        .map(|row| {
            let decision = row.json("decision")?;
            Ok(record(row.count("seq")?, decision, &agents, &queues))
        })
        .collect()
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
        v: Utc(decision.v),
        keys: match decision.chosen.keys {
            Keys::Agent { .. } => vec!["tier", "idle_since", "ready_seq", "agent_id"],
            Keys::Caller { .. } => vec!["class", "v", "seq"],
        },
        chosen: candidate(decision.chosen),
        candidates: decision.candidates.into_iter().map(candidate).collect(),
        removed: decision.removed,
        tie_break: decision.tie_break,
    }
}

fn keys(keys: &Keys) -> KeysRecord {
    match *keys {
        Keys::Agent {
            tier,
            idle_since,
            ready_seq,
        } => KeysRecord::Agent {
            tier,
            idle_since: Utc(idle_since),
            ready_seq,
        },
        Keys::Caller { class, v, seq } => KeysRecord::Caller {
            class,
            v: Utc(v),
            seq,
        },
    }
}
