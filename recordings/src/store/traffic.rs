//! What callers did in a flow: the steps that calls came by, as their events tell.
//!
//! **Owns**: which calls are looked at, how many at most. **Must not know**: what is counted in them.

use super::many::of_interactions;
use super::row::RowExt as _;
use super::{Conn, Store};
use crate::error::StoreError;
use router::id::InteractionId;
use router::outcome::{EndCause, Outcome};
use router::{Event, Timestamp};
use sqlx::{QueryBuilder, Row as _, Sqlite};
use std::collections::BTreeMap;

/// Which calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrafficFilter {
    /// The flow by name.
    pub flow: String,
    /// Began at or after.
    pub from: Timestamp,
    /// Began before.
    pub to: Timestamp,
}

/// One step that a call came by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathStep {
    /// Block by name.
    pub block: String,
    /// From 0.
    pub step: u32,
    /// The exit, key or case that led here; none: what was before was simply over.
    pub exit: Option<String>,
}

/// A call that is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlowPath {
    /// What came of it.
    pub outcome: Outcome,
    /// Who or what ended it.
    pub end_cause: Option<EndCause>,
    /// The flow met trouble in it: the same that counts against a version on trial.
    pub trouble: bool,
    /// In their order.
    pub steps: Vec<PathStep>,
}

impl Store {
    /// The newest calls of a flow that are over, `most` of them; and whether there are more.
    ///
    /// # Errors
    /// When the database fails or a row cannot be read.
    pub async fn flow_paths(
        &self,
        filter: &TrafficFilter,
        most: usize,
    ) -> Result<(Vec<FlowPath>, bool), StoreError> {
        let mut conn = self.read().await?;
        let mut calls = heads(&mut conn, filter, most).await?;
        let more = calls.len() > most;
        calls.truncate(most);
        let ids: Vec<InteractionId> = calls.iter().map(|(id, _)| *id).collect();
        let asked = (
            "SELECT * FROM events",
            "kind = 'step_entered' AND interaction_id",
            "interaction_id, seq",
        );
        let mut steps = of_interactions(&mut conn, asked, &ids, |row| {
            let event = serde_json::from_str(&row.text("payload")?);
            Ok(match event {
                Ok(Event::StepEntered {
                    block, step, exit, ..
                }) => Some(PathStep { block, step, exit }),
                // A line of a later version that cannot be read tells nothing.
                _ => None,
            })
        })
        .await?;
        let paths = calls.into_iter().map(|(id, path)| FlowPath {
            steps: steps.remove(&id).into_iter().flatten().flatten().collect(),
            ..path
        });
        Ok((paths.collect(), more))
    }
}

/// Where the callers of a flow are who are on the line now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FlowCallers {
    /// In the flow: how many are in each block by name.
    pub blocks: BTreeMap<String, u64>,
    /// The flow is done with them: they talk with an agent, or are on the way to the next one.
    pub beyond: u64,
}

impl Store {
    /// Where the callers of a flow are now, as far as their events are written.
    ///
    /// # Errors
    /// When the database fails or a row cannot be read.
    pub async fn flow_callers(&self, flow: &str) -> Result<FlowCallers, StoreError> {
        let mut conn = self.read().await?;
        // Whoever took a step after the agent answered is back in the flow: a survey.
        let mut query = QueryBuilder::<Sqlite>::new(
            "SELECT e.payload, i.connected_at IS NOT NULL AND e.at < i.connected_at AS beyond FROM interactions i JOIN events e \
             ON e.interaction_id = i.id WHERE i.ended_at IS NULL AND e.seq = (SELECT MAX(last.seq) FROM events last \
             WHERE last.interaction_id = i.id AND last.kind = 'step_entered') AND i.flow = ",
        );
        query.push_bind(flow);
        let mut callers = FlowCallers::default();
        for row in query.build().fetch_all(&mut *conn).await? {
            if row.try_get("beyond")? {
                callers.beyond += 1;
                continue;
            }
            // A line of a later version that cannot be read tells nothing.
            if let Ok(Event::StepEntered { block, .. }) =
                serde_json::from_str(&row.text("payload")?)
            {
                *callers.blocks.entry(block).or_default() += 1;
            }
        }
        Ok(callers)
    }
}

async fn heads(
    conn: &mut Conn,
    filter: &TrafficFilter,
    most: usize,
) -> Result<Vec<(InteractionId, FlowPath)>, StoreError> {
    let mut query = QueryBuilder::<Sqlite>::new(
        "SELECT i.id, i.outcome, i.end_cause, i.outcome = 'failed' OR EXISTS (SELECT 1 FROM events e \
         WHERE e.interaction_id = i.id AND e.kind = 'supervisor_told') AS trouble FROM interactions i \
         WHERE i.ended_at IS NOT NULL AND i.flow = ",
    );
    query.push_bind(&filter.flow);
    query
        .push(" AND i.started_at >= ")
        .push_bind(filter.from.millis());
    query
        .push(" AND i.started_at < ")
        .push_bind(filter.to.millis());
    query.push(" ORDER BY i.started_at DESC, i.id DESC LIMIT ");
    query.push_bind(i64::try_from(most).unwrap_or(i64::MAX).saturating_add(1));
    let rows = query.build().fetch_all(&mut *conn).await?;
    let read = rows.iter().map(|row| {
        let outcome: Option<String> = row.try_get("outcome")?;
        let cause: Option<String> = row.try_get("end_cause")?;
        let path = FlowPath {
            outcome: outcome
                .and_then(|name| Outcome::from_name(&name))
                .unwrap_or(Outcome::Failed),
            end_cause: cause.and_then(|name| EndCause::from_name(&name)),
            trouble: row.try_get("trouble")?,
            steps: Vec::new(),
        };
        Ok((row.id("id")?, path))
    });
    read.collect()
}
