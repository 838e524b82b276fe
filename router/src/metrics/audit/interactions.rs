//! Interactions: one outcome each, and talks whose parts fit.

use super::{Agents, Faults};
use crate::agent::AgentState;
use crate::event::{Event, LogLine, TalkChange};
use crate::id::{AgentId, InteractionId, LegId, QueueEntryId};
use crate::metrics::talk::{Share, Talks};
use crate::outcome::{EntryOutcome, Outcome};
use crate::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Word between tasks takes its time: what they say of one moment lies no further apart.
const APART: Duration = Duration::from_secs(2);

#[derive(Debug)]
struct Open {
    seq: u64,
    /// An agent, or a supervisor, had the customer.
    connected: bool,
    /// Waits that have not ended.
    waits: BTreeSet<QueueEntryId>,
    /// Agents' legs that are in the talk.
    legs: BTreeMap<Option<AgentId>, LegId>,
    /// Since when there is one, and how long there was one before.
    with_somebody: Option<Timestamp>,
    had_somebody: Duration,
    /// What the parts sum to, and how many there were.
    parts: Duration,
    shares: u64,
}

#[derive(Debug, Default)]
pub(super) struct Interactions {
    live: BTreeMap<InteractionId, Open>,
    over: BTreeMap<InteractionId, u64>,
    talks: Talks,
    /// Waits whose interaction was over before them: they must end soon.
    late: BTreeMap<QueueEntryId, (u64, Timestamp)>,
    pub(super) outcomes: BTreeMap<Outcome, u64>,
    pub(super) open: u64,
    pub(super) shares: u64,
    pub(super) handed_on: u64,
}

impl Interactions {
    pub(super) fn read(&mut self, line: &LogLine, agents: &Agents, faults: &mut Faults) {
        let Some(id) = line.event.interaction() else {
            return;
        };
        if let Event::CallArrived { .. } = line.event {
            self.arrived(id, line, faults);
        }
        if let Some(share) = self.talks.read(&line.event, line.at) {
            self.share(&share, line, agents, faults);
        }
        match &line.event {
            Event::CallEnded { outcome, .. } => self.ended(id, *outcome, line, faults),
            Event::QueueEntered { entry, .. } => {
                if let Some(open) = self.live.get_mut(&id) {
                    open.waits.insert(*entry);
                } else {
                    self.late.insert(*entry, (line.seq, line.at));
                }
            }
            Event::QueueLeft { entry, outcome, .. } => {
                let open = self.live.get_mut(&id);
                if let Some(open) = open {
                    open.waits.remove(entry);
                }
                let late = self.late.remove(entry);
                let failed = *outcome == EntryOutcome::Failed;
                if let Some((seq, at)) = late.filter(|_| !failed)
                    && line.at.since(at) > APART
                {
                    let text = format!("the wait {entry} outlives its interaction");
                    faults.tell("entry", line.at, &[seq, line.seq], text);
                }
            }
            _ => self.together(id, line),
        }
    }

    fn arrived(&mut self, id: InteractionId, line: &LogLine, faults: &mut Faults) {
        let before = self.live.get(&id).map(|open| open.seq);
        let before = before.or_else(|| self.over.get(&id).copied());
        if let Some(before) = before {
            let text = format!("the interaction {id} arrives a second time");
            faults.tell("interaction", line.at, &[before, line.seq], text);
            return;
        }
        let open = Open {
            seq: line.seq,
            connected: false,
            waits: BTreeSet::new(),
            legs: BTreeMap::new(),
            with_somebody: None,
            had_somebody: Duration::ZERO,
            parts: Duration::ZERO,
            shares: 0,
        };
        self.live.insert(id, open);
    }

    fn ended(&mut self, id: InteractionId, outcome: Outcome, line: &LogLine, faults: &mut Faults) {
        let Some(mut open) = self.live.remove(&id) else {
            let before = self.over.get(&id).copied();
            let lines: Vec<u64> = before.into_iter().chain([line.seq]).collect();
            let text = format!("the interaction {id} ends, and did before or never arrived");
            faults.tell("interaction", line.at, &lines, text);
            return;
        };
        self.over.insert(id, line.seq);
        if faults.scope.holds(line.at) {
            *self.outcomes.entry(outcome).or_default() += 1;
        }
        let both = [open.seq, line.seq];
        if open.connected != (outcome == Outcome::Answered) {
            let had = if open.connected { "had" } else { "never had" };
            let text = format!("{id} ends as {}, and {had} an agent", outcome.as_str());
            faults.tell("interaction", line.at, &both, text);
        }
        open.alone(line.at);
        let apart = open.had_somebody.abs_diff(open.parts);
        let slack = APART * u32::try_from(open.shares.max(1)).unwrap_or(u32::MAX);
        if apart > slack {
            let text = format!(
                "{id}: the parts of its talks sum to {:?}, and the customer had somebody for {:?}",
                open.parts, open.had_somebody
            );
            faults.tell("talk", line.at, &both, text);
        }
        self.handed_on += open.shares.saturating_sub(1);
        for entry in open.waits {
            self.late.insert(entry, (line.seq, line.at));
        }
    }

    /// One agent's part is over.
    fn share(&mut self, share: &Share, line: &LogLine, agents: &Agents, faults: &mut Faults) {
        if faults.scope.holds(line.at) {
            self.shares += 1;
        }
        if let Some(open) = self.live.get_mut(&share.interaction) {
            open.parts += share.talk + share.hold;
            open.shares += 1;
        }
        let lasted = line.at.since(share.since);
        if share.talk + share.hold > lasted {
            let text = format!("{}: a part is longer than it lasted", share.interaction);
            faults.tell("talk", line.at, &[line.seq], text);
        }
        // Until a moment ago the agent was on a call; the state may have changed first, or changes in a moment.
        let state = share.agent.and_then(|agent| agents.state(agent));
        if let Some((state, since)) = state
            && state != AgentState::OnCall
            && line.at.since(since) > APART
            && share.since + share.talk + share.hold > since + APART
        {
            let text = format!(
                "{}: a part of the talk goes on though its agent is {}",
                share.interaction,
                state.as_str()
            );
            faults.tell("talk", line.at, &[line.seq], text);
        }
    }

    /// Whether the customer has somebody, told by legs alone.
    fn together(&mut self, id: InteractionId, line: &LogLine) {
        let Some(open) = self.live.get_mut(&id) else {
            return;
        };
        match &line.event {
            Event::Connected { agent, leg, .. } => open.joins(Some(*agent), *leg, line.at),
            Event::TalkChanged {
                change, agent, leg, ..
            } => match change {
                TalkChange::Transferred | TalkChange::TookOver => {
                    open.legs.retain(|of, _| of == agent);
                    if let Some(leg) = leg {
                        open.joins(*agent, *leg, line.at);
                    }
                }
                TalkChange::SentToQueue | TalkChange::AgentLost => open.nobody(line.at),
                _ => {}
            },
            Event::StepEntered { .. } => open.nobody(line.at),
            Event::LegEnded { leg, .. } => {
                let before = open.legs.len();
                open.legs.retain(|_, of| of != leg);
                if before > 0 && open.legs.is_empty() {
                    open.alone(line.at);
                }
            }
            _ => {}
        }
    }

    /// What was under way in an earlier run was ended by the sweep.
    pub(super) fn restarted(&mut self, line: &LogLine, faults: &mut Faults) {
        for (id, open) in std::mem::take(&mut self.live) {
            let text = format!("the interaction {id} has no end though the server started anew");
            faults.tell("interaction", line.at, &[open.seq, line.seq], text);
        }
        self.talks = Talks::default();
    }

    pub(super) fn finish(&mut self, end: Timestamp, faults: &mut Faults) {
        self.open = self.live.len() as u64;
        for (entry, (seq, at)) in std::mem::take(&mut self.late) {
            if end.since(at) > APART {
                let text = format!("the wait {entry} outlives its interaction");
                faults.tell("entry", at, &[seq], text);
            }
        }
    }
}

impl Open {
    fn joins(&mut self, agent: Option<AgentId>, leg: LegId, at: Timestamp) {
        self.connected = true;
        self.legs.insert(agent, leg);
        self.with_somebody.get_or_insert(at);
    }

    fn nobody(&mut self, at: Timestamp) {
        self.legs.clear();
        self.alone(at);
    }

    fn alone(&mut self, at: Timestamp) {
        if let Some(since) = self.with_somebody.take() {
            self.had_somebody += at.since(since);
        }
    }
}
