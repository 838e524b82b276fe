//! Agents: a path of states, and times that sum to the log-in time.

use super::{AgentSum, Faults, Scope};
use crate::agent::AgentState;
use crate::event::{Event, LogLine};
use crate::id::AgentId;
use crate::metrics::rows::Rows;
use crate::time::Timestamp;
use std::collections::BTreeMap;

#[derive(Debug)]
struct Doing {
    state: AgentState,
    seq: u64,
    since: Timestamp,
    /// Since the log-in; none while offline.
    logged_in: Option<Timestamp>,
    /// In the scope.
    sum: AgentSum,
    /// In the whole log: log-ins, ms.
    all: u64,
}

#[derive(Debug, Default)]
pub(super) struct Agents {
    known: BTreeMap<AgentId, Doing>,
    /// The log is read from its first line on, before which everybody was offline.
    pub(super) whole: bool,
}

/// Whether one state may follow another. A restart says every state anew.
const fn may_follow(from: AgentState, to: AgentState) -> bool {
    use AgentState::{Available, Offered, OnCall, WrapUp};
    match to {
        Offered => matches!(from, Available),
        WrapUp => matches!(from, OnCall | WrapUp),
        _ => true,
    }
}

impl Agents {
    pub(super) fn read(&mut self, line: &LogLine, faults: &mut Faults) {
        let Event::AgentStateChanged {
            agent, from, to, ..
        } = &line.event
        else {
            return;
        };
        let at = line.at;
        let before = if self.whole {
            AgentState::Offline
        } else {
            *from
        };
        let doing = self.known.entry(*agent).or_insert_with(|| Doing {
            state: before,
            seq: line.seq,
            since: at,
            logged_in: (before != AgentState::Offline).then_some(at),
            sum: AgentSum::default(),
            all: 0,
        });
        let both = [doing.seq, line.seq];
        if doing.state != *from {
            let text = format!(
                "agent {agent} leaves {} and was {}",
                from.as_str(),
                doing.state.as_str()
            );
            faults.tell("agent", at, &both, text);
        }
        if !may_follow(*from, *to) {
            let text = format!(
                "agent {agent} goes from {} to {}",
                from.as_str(),
                to.as_str()
            );
            faults.tell("agent", at, &both, text);
        }
        if at < doing.since {
            let text = format!("agent {agent} changes before the change before");
            faults.tell("agent", at, &both, text);
        }
        doing.over(at, faults.scope);
        (doing.state, doing.seq) = (*to, line.seq);
        if *to == AgentState::Offline {
            doing.logged_out(at, faults.scope);
        } else {
            doing.logged_in.get_or_insert(at);
        }
    }

    pub(super) fn state(&self, agent: AgentId) -> Option<(AgentState, Timestamp)> {
        self.known
            .get(&agent)
            .map(|doing| (doing.state, doing.since))
    }

    pub(super) fn finish(
        &mut self,
        end: Timestamp,
        rows: [&Rows; 2],
        faults: &mut Faults,
    ) -> BTreeMap<AgentId, AgentSum> {
        let mut sums = BTreeMap::new();
        for (agent, mut doing) in std::mem::take(&mut self.known) {
            doing.over(end, faults.scope);
            doing.logged_out(end, faults.scope);
            let states: u64 = doing.sum.states.values().sum();
            if states != doing.sum.logged_in {
                let text = format!(
                    "agent {agent}: states of {states} ms in a log-in time of {} ms",
                    doing.sum.logged_in
                );
                faults.tell("agent", end, &[doing.seq], text);
            }
            let of = |rows: &Rows| -> u64 {
                let of = rows.agents.iter().filter(|((id, _), _)| *id == agent);
                of.map(|(_, row)| row.logged_in()).sum()
            };
            let in_rows: u64 = rows.into_iter().map(of).sum();
            if in_rows != doing.all {
                let text = format!(
                    "agent {agent}: rows of {in_rows} ms in a log-in time of {} ms",
                    doing.all
                );
                faults.tell("rows", end, &[doing.seq], text);
            }
            if doing.sum.logged_in > 0 {
                sums.insert(agent, doing.sum);
            }
        }
        sums
    }
}

impl Doing {
    fn over(&mut self, at: Timestamp, scope: Scope) {
        if self.state != AgentState::Offline {
            let ms = scope.part_of(self.since, at);
            if ms > 0 {
                *self.sum.states.entry(self.state).or_default() += ms;
            }
        }
        self.since = self.since.max(at);
    }

    fn logged_out(&mut self, at: Timestamp, scope: Scope) {
        if let Some(since) = self.logged_in.take() {
            self.sum.logged_in += scope.part_of(since, at);
            self.all += u64::try_from(at.since(since).as_millis()).unwrap_or(u64::MAX);
        }
    }
}
