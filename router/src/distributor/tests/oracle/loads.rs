//! The oracle's own account of what agents had to do, from the log alone.

use crate::agent::{AgentState, Reason};
use crate::event::Event;
use crate::id::AgentId;
use crate::time::Timestamp;
use std::collections::BTreeMap;
use std::time::Duration;

/// One agent since log-in: each change and whether it began work.
#[derive(Clone, Default)]
struct Load {
    here: bool,
    changes: Vec<(Timestamp, bool)>,
    calls: u32,
    occupancy: u16,
    ready_seq: u64,
}

#[derive(Clone, Default)]
pub(super) struct Loads(BTreeMap<AgentId, Load>);

impl Loads {
    pub(super) fn answered(&mut self, agent: AgentId) {
        self.0.entry(agent).or_default().calls += 1;
    }

    /// Occupancy and calls.
    pub(super) fn of(&self, agent: AgentId) -> (u16, u32) {
        self.0
            .get(&agent)
            .map_or((0, 0), |a| (a.occupancy, a.calls))
    }

    /// Follows a change of state, and compares what it says.
    pub(super) fn changed(&mut self, event: &Event, now: Timestamp) {
        let Event::AgentStateChanged {
            agent,
            to,
            reason,
            ready_seq,
            occupancy,
            calls,
            ..
        } = event
        else {
            return;
        };
        let load = self.0.entry(*agent).or_default();
        let signed_off = *to == AgentState::OnCall && *reason == Some(Reason::SignedOff);
        let here = *to != AgentState::Offline && !signed_off;
        if !here || !load.here {
            *load = Load::default();
        }
        load.here = here;
        load.changes
            .push((now, [AgentState::OnCall, AgentState::WrapUp].contains(to)));
        if *to == AgentState::Available && *ready_seq != load.ready_seq {
            load.occupancy = share(&load.changes, now);
        }
        load.ready_seq = *ready_seq;
        assert_eq!((*occupancy, *calls), (load.occupancy, load.calls));
    }
}

/// Hundredths of a percent of the last hour, or of the time since the first change.
fn share(changes: &[(Timestamp, bool)], now: Timestamp) -> u16 {
    let begin = changes[0].0.max(now - Duration::from_secs(3600));
    let ends = changes.iter().skip(1).map(|(at, _)| *at).chain([now]);
    let busy: u128 = changes
        .iter()
        .zip(ends)
        .filter(|((_, works), _)| *works)
        .map(|((from, _), to)| to.since((*from).max(begin)).as_millis())
        .sum();
    let all = now.since(begin).as_millis();
    (busy * 10_000).checked_div(all).unwrap_or(0) as u16
}
