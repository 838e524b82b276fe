//! Which interactions a list shows.
//!
//! **Owns**: the filter and its conditions. **Must not know**: what of a row is shown.

use super::Conn;
use super::names;
use crate::error::StoreError;
use router::event::Direction;
use router::id::CustomerId;
use router::outcome::Outcome;
use router::{Private, Timestamp};
use sqlx::{QueryBuilder, Sqlite};
use std::collections::BTreeMap;

/// Which interactions a list shows; everything that is set must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InteractionFilter {
    /// Started at or after.
    pub from: Option<Timestamp>,
    /// Started before.
    pub to: Option<Timestamp>,
    /// Waited in this queue at some time; name or id.
    pub queue: Option<String>,
    /// Was connected with this agent at some time; login or id.
    pub agent: Option<String>,
    /// Of this customer.
    pub customer: Option<CustomerId>,
    /// Ended so.
    pub outcome: Option<Outcome>,
    /// Went this way.
    pub direction: Option<Direction>,
    /// The customer's number has these digits in a row; digits alone.
    pub number: Option<Private<String>>,
    /// Took this flow, and there went this way.
    pub flow: Option<FlowFilter>,
    /// The notes have this text, whatever its case (of letters A to Z).
    pub text: Option<Private<String>>,
}

/// Which way of a flow calls went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FlowFilter {
    /// The flow by name.
    pub flow: String,
    /// Came into this block.
    pub block: Option<String>,
    /// Left it by this exit, key or case; by none: by going on.
    pub exit: Option<Option<String>>,
    /// Into this block; only beside `exit`.
    pub next: Option<String>,
    /// Came no further than that block, and whether only callers who hung up there are meant.
    pub ended: Option<FlowEnded>,
}

/// Calls that came no further.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlowEnded {
    /// However they ended.
    Here,
    /// The caller hung up before anything came of the call.
    Dropped,
}

/// Adds the filter's conditions; false when nothing can match because a name is unknown.
pub(super) async fn narrow(
    conn: &mut Conn,
    query: &mut QueryBuilder<Sqlite>,
    filter: &InteractionFilter,
) -> Result<bool, StoreError> {
    if let Some(from) = filter.from {
        query.push(" AND i.started_at >= ").push_bind(from.millis());
    }
    if let Some(to) = filter.to {
        query.push(" AND i.started_at < ").push_bind(to.millis());
    }
    if let Some(customer) = filter.customer {
        query.push(" AND i.customer_id = ");
        query.push_bind(customer.to_string());
    }
    if let Some(outcome) = filter.outcome {
        query.push(" AND i.outcome = ").push_bind(outcome.as_str());
    }
    if let Some(direction) = filter.direction {
        query.push(" AND i.direction = ");
        query.push_bind(direction.as_str());
    }
    if let Some(flow) = &filter.flow {
        of_flow(query, flow);
    }
    search(query, filter);
    if let Some(queue) = &filter.queue {
        let names = names::queue_names(conn).await?;
        let Some(id) = by_name_or_id(&names, queue) else {
            return Ok(false);
        };
        query.push(" AND EXISTS (SELECT 1 FROM queue_entries e WHERE e.interaction_id = i.id AND e.queue_id = ");
        query.push_bind(id.to_string()).push(")");
    }
    if let Some(agent) = &filter.agent {
        let logins = names::agent_logins(conn).await?;
        let Some(id) = by_name_or_id(&logins, agent) else {
            return Ok(false);
        };
        query.push(" AND (i.agent_id = ").push_bind(id.to_string());
        query.push(" OR EXISTS (SELECT 1 FROM legs l WHERE l.interaction_id = i.id AND l.connected_at IS NOT NULL AND l.agent_id = ");
        query.push_bind(id.to_string()).push("))");
    }
    Ok(true)
}

/// A step's event is told by the text it is kept as: names of blocks and exits have no letters that JSON writes otherwise.
fn of_flow(query: &mut QueryBuilder<Sqlite>, filter: &FlowFilter) {
    query.push(" AND i.flow = ").push_bind(filter.flow.clone());
    if filter.ended == Some(FlowEnded::Dropped) {
        query.push(" AND i.outcome = 'self_served' AND i.end_cause = 'customer'");
    }
    let Some(block) = &filter.block else { return };
    let block = containing(&format!("\"block\":\"{block}\""));
    query.push(
        " AND EXISTS (SELECT 1 FROM (SELECT payload, LEAD(payload) OVER (ORDER BY seq) AS later FROM events \
         WHERE interaction_id = i.id AND kind = 'step_entered') AS steps WHERE steps.payload LIKE ",
    );
    query.push_bind(block.clone()).push(" ESCAPE '\\'");
    match &filter.exit {
        Some(Some(exit)) => {
            query.push(" AND steps.later LIKE ");
            query.push_bind(containing(&format!("\"exit\":\"{exit}\"")));
            query.push(" ESCAPE '\\'");
        }
        Some(None) => {
            query.push(" AND steps.later NOT LIKE '%\"exit\":%' AND steps.later NOT LIKE ");
            query.push_bind(block).push(" ESCAPE '\\'");
        }
        None => {}
    }
    if let Some(next) = &filter.next {
        query.push(" AND steps.later LIKE ");
        query.push_bind(containing(&format!("\"block\":\"{next}\"")));
        query.push(" ESCAPE '\\'");
    }
    match filter.ended {
        Some(FlowEnded::Here) => {
            query.push(" AND steps.later IS NULL");
        }
        // What the flow does once the caller is gone is nobody's way.
        Some(FlowEnded::Dropped) => {
            query.push(
                " AND (steps.later LIKE '%\"exit\":\"hangup\"%' OR (steps.later IS NULL AND NOT EXISTS (SELECT 1 FROM \
                 events gone WHERE gone.interaction_id = i.id AND gone.kind = 'step_entered' AND gone.payload LIKE \
                 '%\"exit\":\"hangup\"%')))",
            );
        }
        None => {}
    }
    query.push(")");
}

/// What people type: a part of the customer's number, words of the notes.
fn search(query: &mut QueryBuilder<Sqlite>, filter: &InteractionFilter) {
    if let Some(number) = &filter.number {
        query.push(
            " AND (CASE i.direction WHEN 'outbound' THEN i.dialed_number ELSE i.caller_number END) LIKE ",
        );
        query.push_bind(containing(number.reveal()));
        query.push(" ESCAPE '\\'");
    }
    if let Some(text) = &filter.text {
        query.push(" AND LOWER(i.notes) LIKE LOWER(");
        query.push_bind(containing(text.reveal()));
        query.push(") ESCAPE '\\'");
    }
}

/// A pattern of `LIKE` in which nothing that was typed is a wildcard.
fn containing(text: &str) -> String {
    let mut pattern = String::from("%");
    for letter in text.chars() {
        if matches!(letter, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    pattern
}

fn by_name_or_id<Id: Copy + Ord + std::str::FromStr>(
    names: &BTreeMap<Id, String>,
    wanted: &str,
) -> Option<Id> {
    let by_name = names.iter().find(|(_, name)| *name == wanted);
    by_name.map(|(id, _)| *id).or_else(|| wanted.parse().ok())
}
