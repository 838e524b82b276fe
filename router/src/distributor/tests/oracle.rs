//! Recomputes every decision from the event log and the company alone, with code of its own.
//!
//! What it knows of agents, callers and offers comes from events only, so it also proves that the log says enough.

use super::support::Story;
use crate::agent::AgentState;
use crate::company::{RoutingCompany, Skills};
use crate::decision::{Candidate, Decision, DecisionKind, Keys, TieBreak};
use crate::event::Event;
use crate::id::{AgentId, QueueEntryId, QueueId};
use crate::outcome::{EntryOutcome, OfferOutcome};
use crate::time::Timestamp;
use std::collections::BTreeMap;
use std::time::Duration;

struct Waiting {
    queue: QueueId,
    class: u8,
    v: Timestamp,
    seq: u64,
    since: Timestamp,
    requirement: Skills,
    ringing: bool,
    refused: Vec<(AgentId, Timestamp)>,
}

/// What the log has told so far.
#[derive(Default)]
pub(super) struct Oracle {
    company: RoutingCompany,
    agents: BTreeMap<AgentId, (AgentState, Timestamp, u64)>,
    waiting: BTreeMap<QueueEntryId, Waiting>,
    offers: BTreeMap<crate::id::OfferId, QueueEntryId>,
    /// Ended waitings, each with its one outcome.
    pub(super) outcomes: BTreeMap<QueueEntryId, EntryOutcome>,
    pub(super) entered: usize,
    pub(super) decisions: usize,
}

impl Oracle {
    pub(super) fn new(company: RoutingCompany) -> Self {
        Self {
            company,
            ..Self::default()
        }
    }

    /// The company file is no event; its history is kept with the flows' and known to whoever recomputes.
    pub(super) fn edit(&mut self, company: RoutingCompany, asked: &BTreeMap<QueueEntryId, Skills>) {
        for (id, waiting) in &mut self.waiting {
            if let Some(queue) = company.queues.get(&waiting.queue) {
                let mut all: Vec<_> = queue.skills.iter().chain(&asked[id]).collect();
                all.sort();
                waiting.requirement = all.into_iter().map(|(s, l)| (s.clone(), *l)).collect();
            }
        }
        self.company = company;
    }

    /// Reads what one step logged.
    pub(super) fn read(&mut self, story: &Story, from: usize, now: Timestamp) {
        for event in &story.log[from..] {
            self.event(event, now);
        }
    }

    fn event(&mut self, event: &Event, now: Timestamp) {
        match event {
            Event::AgentStateChanged {
                agent,
                from,
                to,
                idle_since,
                ready_seq,
                ..
            } => {
                let known = self.agents.get(agent).map(|a| a.0);
                assert!(known.is_none_or(|known| known == *from), "I9: a path");
                self.agents.insert(*agent, (*to, *idle_since, *ready_seq));
            }
            Event::QueueEntered {
                entry,
                queue,
                v,
                entry_seq,
                class,
                requirement,
                ..
            } => {
                self.entered += 1;
                let waiting = Waiting {
                    queue: *queue,
                    class: *class,
                    v: *v,
                    seq: *entry_seq,
                    since: now,
                    requirement: requirement.clone(),
                    ringing: false,
                    refused: Vec::new(),
                };
                assert!(self.waiting.insert(*entry, waiting).is_none());
            }
            Event::QueueLeft { entry, outcome, .. } => {
                assert!(self.waiting.remove(entry).is_some(), "I10: left once");
                assert!(self.outcomes.insert(*entry, *outcome).is_none(), "I10");
            }
            Event::Decided { decision } => self.check(decision, now),
            Event::OfferMade { entry, offer, .. } => {
                self.waiting.get_mut(entry).unwrap().ringing = true;
                assert!(self.offers.insert(*offer, *entry).is_none());
            }
            Event::OfferEnded {
                offer,
                agent,
                outcome,
                ..
            } => {
                let entry = self.offers.remove(offer).expect("ended once");
                if let Some(waiting) = self.waiting.get_mut(&entry) {
                    waiting.ringing = false;
                    if [OfferOutcome::Declined, OfferOutcome::NoAnswer].contains(outcome) {
                        let until = now + self.company.settings.exclude_for;
                        waiting.refused.retain(|(who, _)| who != agent);
                        waiting.refused.push((*agent, until));
                    }
                }
            }
            _ => {}
        }
    }

    fn state(&self, agent: AgentId) -> AgentState {
        self.agents.get(&agent).map_or(AgentState::Offline, |a| a.0)
    }

    /// None: could take this caller if free. Otherwise the first thing that is in the way.
    fn unfit(&self, agent: AgentId, waiting: &Waiting) -> Option<String> {
        let facts = &self.company.agents[&agent];
        if !facts.queues.contains_key(&waiting.queue) {
            return Some("not_in_queue".into());
        }
        for (skill, level) in &waiting.requirement {
            if facts.skills.get(skill).unwrap_or(&0) < level {
                return Some(format!("skill:{skill}"));
            }
        }
        None
    }

    fn barred(&self, agent: AgentId, waiting: &Waiting, now: Timestamp) -> bool {
        let refused = |who: AgentId| waiting.refused.iter().any(|(a, t)| *a == who && now < *t);
        let others = self.company.agents.keys().filter(|other| {
            self.state(**other) == AgentState::Available
                && self.unfit(**other, waiting).is_none()
                && !refused(**other)
        });
        refused(agent) && others.count() > 0
    }

    fn verdict(&self, agent: AgentId, waiting: &Waiting, now: Timestamp) -> Option<String> {
        if let Some(cause) = self.unfit(agent, waiting) {
            return Some(cause);
        }
        if self.barred(agent, waiting, now) {
            return Some("excluded".into());
        }
        let cause = match self.state(agent) {
            AgentState::Available => return None,
            AgentState::OnCall => "busy",
            AgentState::WrapUp => "wrap_up",
            AgentState::NotReady => "not_ready",
            AgentState::Offline => "offline",
            AgentState::Offered => "offered",
        };
        Some(cause.into())
    }

    fn check(&mut self, decision: &Decision, now: Timestamp) {
        self.decisions += 1;
        let caller = &self.waiting[&decision.entry];
        assert_eq!(decision.at, now);
        assert_eq!(decision.v, caller.v, "I7: V is what it was on arrival");
        assert_eq!(decision.requirement, caller.requirement);
        let (ranked, removed) = if decision.kind == DecisionKind::Ready {
            self.callers_for(decision.chosen.agent, now)
        } else {
            self.agents_for(decision.entry, now)
        };
        let got: Vec<_> = std::iter::once(&decision.chosen)
            .chain(&decision.candidates)
            .cloned()
            .collect();
        let wanted: Vec<_> = ranked.iter().take(10).map(|(_, c)| c.clone()).collect();
        assert_eq!(got, wanted, "candidates of {:?}", decision.offer);
        assert_eq!(decision.removed, removed);
        let tie_break = match ranked.as_slice() {
            [] => panic!("nobody was eligible"),
            [_] => TieBreak::OnlyOne,
            [(first, _), (second, _), ..] => {
                let names = if decision.kind == DecisionKind::Ready {
                    [
                        TieBreak::Class,
                        TieBreak::V,
                        TieBreak::Sequence,
                        TieBreak::Sequence,
                    ]
                } else {
                    [
                        TieBreak::Tier,
                        TieBreak::LongestIdle,
                        TieBreak::ReadySeq,
                        TieBreak::AgentId,
                    ]
                };
                names[(0..4).find(|i| first[*i] != second[*i]).unwrap()]
            }
        };
        assert_eq!(decision.tie_break, tie_break);
    }

    #[allow(clippy::type_complexity)]
    fn agents_for(
        &self,
        entry: QueueEntryId,
        now: Timestamp,
    ) -> (Vec<([i128; 4], Candidate)>, BTreeMap<String, u32>) {
        let caller = &self.waiting[&entry];
        assert!(!caller.ringing, "I2");
        let (mut ranked, mut removed) = (Vec::new(), BTreeMap::new());
        for (agent, facts) in &self.company.agents {
            if let Some(cause) = self.verdict(*agent, caller, now) {
                *removed.entry(cause).or_default() += 1;
                continue;
            }
            let (_, idle_since, ready_seq) = self.agents[agent];
            let tier = facts.queues[&caller.queue];
            let rank = [
                i128::from(tier),
                i128::from(idle_since.millis()),
                i128::from(ready_seq),
                agent.uuid().as_u128() as i128,
            ];
            let keys = Keys::Agent {
                tier,
                idle_since,
                ready_seq,
            };
            let agent = *agent;
            ranked.push((rank, Candidate { agent, entry, keys }));
        }
        ranked.sort_by_key(|(rank, _)| *rank);
        (ranked, removed)
    }

    #[allow(clippy::type_complexity)]
    fn callers_for(
        &self,
        agent: AgentId,
        now: Timestamp,
    ) -> (Vec<([i128; 4], Candidate)>, BTreeMap<String, u32>) {
        assert_eq!(self.state(agent), AgentState::Available, "I1");
        let (mut ranked, mut removed) = (Vec::new(), BTreeMap::new());
        for (entry, caller) in &self.waiting {
            let cause = if caller.ringing {
                Some("offered".to_owned())
            } else {
                self.verdict(agent, caller, now)
            };
            if let Some(cause) = cause {
                *removed.entry(cause).or_default() += 1;
                continue;
            }
            let promoted = now.since(caller.since) >= Duration::from_secs(15 * 60);
            let class = if promoted { 0 } else { caller.class };
            let (v, seq) = (caller.v, caller.seq);
            let rank = [
                i128::from(class),
                i128::from(v.millis()),
                i128::from(seq),
                entry.uuid().as_u128() as i128,
            ];
            let entry = *entry;
            let keys = Keys::Caller { class, v, seq };
            ranked.push((rank, Candidate { agent, entry, keys }));
        }
        ranked.sort_by_key(|(rank, _)| *rank);
        (ranked, removed)
    }

    /// Waiting now and whether they ring, to be compared with the view.
    pub(super) fn still_waiting(&self) -> BTreeMap<QueueEntryId, bool> {
        self.waiting
            .iter()
            .map(|(id, w)| (*id, w.ringing))
            .collect()
    }

    pub(super) fn state_of(&self, agent: AgentId) -> AgentState {
        self.state(agent)
    }
}
