//! Agents' time, from the log alone.
//!
//! **Owns**: how the time between two changes of a state is filed: each quarter of an hour gets its part. Time in which
//! we were down is no state's.

use super::rows::{QUARTER, Rows, quarter_of};
use crate::agent::AgentState;
use crate::event::Event;
use crate::id::AgentId;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What an agent does, and from when on that is not filed yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Doing {
    state: AgentState,
    reason: Option<String>,
    since: Timestamp,
}

/// Every agent who is logged in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct AgentTimes(BTreeMap<AgentId, Doing>);

impl AgentTimes {
    pub(super) fn read(&mut self, event: &Event, at: Timestamp, rows: &mut Rows) {
        let Event::AgentStateChanged {
            agent, to, reason, ..
        } = event
        else {
            return;
        };
        let before = self.0.remove(agent);
        if let Some(before) = &before {
            file(*agent, before, at, rows);
        }
        if *to == AgentState::Offline {
            return;
        }
        let since = before.map_or(at, |before| before.since.max(at));
        let reason = reason.as_ref().map(|reason| reason.as_str().to_owned());
        let doing = Doing {
            state: *to,
            reason: reason.filter(|_| *to == AgentState::NotReady),
            since,
        };
        self.0.insert(*agent, doing);
    }

    /// Files everybody's time up to a moment.
    pub(super) fn file_until(&mut self, at: Timestamp, rows: &mut Rows) {
        for (agent, doing) in &mut self.0 {
            file(*agent, doing, at, rows);
            doing.since = doing.since.max(at);
        }
    }

    /// We were down from `last` until `at`.
    pub(super) fn down(&mut self, last: Timestamp, at: Timestamp, rows: &mut Rows) {
        self.file_until(last, rows);
        for (agent, doing) in &mut self.0 {
            for (begin, ms) in quarters(doing.since, at) {
                rows.agent(*agent, begin).unobserved += ms;
            }
            doing.since = doing.since.max(at);
        }
    }

    /// Whether the agent talks, or works on a talk that is over.
    pub(super) fn is_busy(&self, agent: AgentId) -> bool {
        let doing = self.0.get(&agent).map(|doing| doing.state);
        matches!(doing, Some(AgentState::OnCall | AgentState::WrapUp))
    }
}

fn file(agent: AgentId, doing: &Doing, until: Timestamp, rows: &mut Rows) {
    for (begin, ms) in quarters(doing.since, until) {
        let row = rows.agent(agent, begin);
        *row.states.entry(doing.state).or_default() += ms;
        if doing.state == AgentState::NotReady {
            let reason = doing.reason.clone().unwrap_or_default();
            *row.reasons.entry(reason).or_default() += ms;
        }
    }
}

/// The parts of a time, each with the beginning of its part and its milliseconds; nothing of an empty one.
fn quarters(from: Timestamp, until: Timestamp) -> impl Iterator<Item = (Timestamp, u64)> {
    let mut from = from;
    std::iter::from_fn(move || {
        if from >= until {
            return None;
        }
        let end = (quarter_of(from) + QUARTER).min(until);
        let part = (
            from,
            u64::try_from(end.since(from).as_millis()).unwrap_or(0),
        );
        from = end;
        Some(part)
    })
}
