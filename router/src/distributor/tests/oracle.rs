//! Recomputes every decision from the event log and the company alone, with code of its own.
//!
//! What it knows of agents, callers and offers comes from events only, so it also proves that the log says enough.

mod loads;
mod needs;
mod rings;
mod ways;

use super::support::Story;
use crate::agent::{AgentState, Reason};
use crate::company::{RoutingCompany, Skills, Strategy};
use crate::decision::{Candidate, Decision, DecisionKind, Keys, TieBreak};
use crate::event::Event;
use crate::id::{AgentId, OfferId, QueueEntryId, QueueId};
use crate::outcome::{EntryOutcome, OfferOutcome};
use crate::overflow::{Cause, Way};
use crate::requirement::Wishes;
use crate::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// The keys in their order, as numbers.
type Rank = [i128; 5];

use loads::Loads;
use needs::{ladder_of, steps_due};

#[derive(Clone)]
struct Waiting {
    queue: QueueId,
    class: u8,
    v: Timestamp,
    seq: u64,
    since: Timestamp,
    /// What the flow asked for.
    asked: Skills,
    wishes: Wishes,
    step: usize,
    promoted: bool,
    /// Waits for this agent alone until then.
    hold: Option<(AgentId, Timestamp)>,
    /// Whose phones ring, by which offers.
    ringing: BTreeMap<OfferId, AgentId>,
    refused: Vec<(AgentId, Timestamp)>,
    /// The queue sends the caller on, for this cause.
    sent_on: Option<(Cause, Way)>,
}

/// What the log has told so far.
#[derive(Clone, Default)]
pub(super) struct Oracle {
    company: RoutingCompany,
    now: Timestamp,
    agents: BTreeMap<AgentId, (AgentState, Timestamp, u64)>,
    loads: Loads,
    /// In a call of their own, and not logged in.
    signed_off: BTreeSet<AgentId>,
    waiting: BTreeMap<QueueEntryId, Waiting>,
    offers: BTreeMap<OfferId, QueueEntryId>,
    /// Somebody has answered them.
    won: BTreeSet<QueueEntryId>,
    /// Queues that are closed.
    closed: BTreeSet<QueueId>,
    /// Came to a closed queue; must be out of it when the step is over.
    unwanted: Vec<QueueEntryId>,
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
    pub(super) fn edit(&mut self, company: RoutingCompany, now: Timestamp) {
        self.now = now;
        self.promote(now);
        self.company = company;
        let mut waiting = std::mem::take(&mut self.waiting);
        for waiting in waiting.values_mut() {
            if self.company.queues.contains_key(&waiting.queue) {
                let waited = now.since(waiting.since);
                waiting.step = steps_due(ladder_of(&self.company, waiting), waited);
                let fit = |agent: &AgentId| {
                    self.company.agents.contains_key(agent) && self.unfit(*agent, waiting).is_none()
                };
                waiting.hold = waiting.hold.filter(|(agent, _)| fit(agent));
            }
        }
        self.waiting = waiting;
    }

    /// Whoever has waited long enough by the rules of the moment stays promoted whatever comes.
    fn promote(&mut self, now: Timestamp) {
        for waiting in self.waiting.values_mut() {
            let queue = self.company.queues.get(&waiting.queue);
            waiting.promoted |= queue.is_some_and(|q| now.since(waiting.since) >= q.promote_after);
        }
    }

    /// Reads what one step logged.
    pub(super) fn read(&mut self, story: &Story, from: usize, now: Timestamp) {
        self.read_events(&story.log[from..], now);
    }

    /// The same for whoever keeps no story.
    pub(super) fn read_events(&mut self, events: &[Event], now: Timestamp) {
        self.now = now;
        for event in events {
            self.event(event, now);
        }
        for entry in self.unwanted.drain(..) {
            assert!(
                self.outcomes.contains_key(&entry),
                "waits in a closed queue"
            );
        }
        self.promote(now);
        self.nobody_waits_in_vain();
        self.it_rings_rightly(now);
        for waiting in self.waiting.values() {
            let due = steps_due(ladder_of(&self.company, waiting), now.since(waiting.since));
            assert_eq!(waiting.step, due, "every step that is due was taken");
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
                reason,
                ..
            } => {
                self.loads.changed(event, now);
                self.signed_off.remove(agent);
                if *reason == Some(Reason::SignedOff) {
                    self.signed_off.insert(*agent);
                }
                let known = self.agents.get(agent).map(|a| a.0);
                assert!(known.is_none_or(|known| known == *from), "I9: a path");
                self.agents.insert(*agent, (*to, *idle_since, *ready_seq));
                if [AgentState::Offline, AgentState::NotReady].contains(to) {
                    for waiting in self.waiting.values_mut() {
                        waiting.hold = waiting.hold.filter(|(held_for, _)| held_for != agent);
                    }
                }
            }
            Event::QueueEntered { .. } => self.entered(event, now),
            Event::QueueReprioritised {
                entry, class, v, ..
            } => {
                let waiting = self.waiting.get_mut(entry).unwrap();
                (waiting.class, waiting.v) = (*class, *v);
            }
            Event::QueueOverflowed { .. } => self.overflowed(event),
            Event::QueueLeft { entry, outcome, .. } => {
                if self
                    .waiting
                    .get(entry)
                    .is_some_and(|w| self.company.queues.contains_key(&w.queue))
                {
                    self.left_rightly(event, now);
                }
                let won = self.won.remove(entry);
                assert_eq!(won, *outcome == EntryOutcome::Answered, "I2: who won");
                assert!(self.waiting.remove(entry).is_some(), "I10: left once");
                assert!(self.outcomes.insert(*entry, *outcome).is_none(), "I10");
            }
            Event::QueueRelaxed { entry, step, v, .. } => {
                let waiting = self.waiting.get_mut(entry).unwrap();
                let taken = ladder_of(&self.company, waiting)[waiting.step].clone();
                assert!(
                    now.since(waiting.since) >= taken.after,
                    "not before its time"
                );
                waiting.step += 1;
                waiting.v = waiting.v - taken.head_start;
                assert_eq!((*step, *v), (waiting.step, waiting.v));
            }
            Event::QueueClosed { closure } => {
                assert!(self.closed.insert(closure.queue), "closed once");
            }
            Event::QueueOpened { queue, .. } => assert!(self.closed.remove(queue)),
            Event::Decided { decision } => self.check(decision, now),
            Event::OfferMade { .. } => self.offer_made(event),
            Event::OfferEnded { .. } => self.offer_ended(event, now),
            _ => {}
        }
    }

    /// What is left of its knowledge when the program restarts: the agents, but no caller and no offer.
    pub(super) fn restarted(&self) -> Self {
        Self {
            agents: self.agents.clone(),
            ..Self::new(self.company.clone())
        }
    }

    /// Forgets who left, as a run without end must; says how many waitings have ended since the last time.
    pub(super) fn forget_outcomes(&mut self) -> usize {
        self.entered -= self.outcomes.len();
        std::mem::take(&mut self.outcomes).len()
    }

    fn entered(&mut self, event: &Event, now: Timestamp) {
        let Event::QueueEntered {
            entry,
            queue,
            v,
            entry_seq,
            class,
            requirement,
            asked,
            wishes,
            ..
        } = event
        else {
            return;
        };
        self.entered += 1;
        if self.closed.contains(queue) {
            self.unwanted.push(*entry);
        }
        let mut waiting = Waiting {
            queue: *queue,
            class: *class,
            v: *v,
            seq: *entry_seq,
            since: now,
            asked: asked.clone(),
            wishes: (**wishes).clone(),
            step: 0,
            promoted: false,
            hold: None,
            ringing: BTreeMap::new(),
            refused: Vec::new(),
            sent_on: None,
        };
        if self.company.queues.contains_key(queue) {
            waiting.hold = self.hold(&waiting, now);
            assert_eq!(*requirement, self.ways(&waiting)[0].2);
        }
        assert!(self.waiting.insert(*entry, waiting).is_none());
    }

    fn offer_ended(&mut self, event: &Event, now: Timestamp) {
        let Event::OfferEnded {
            offer,
            agent,
            outcome,
            ..
        } = event
        else {
            return;
        };
        let entry = self.offers.remove(offer).expect("ended once");
        if *outcome == OfferOutcome::Accepted {
            self.loads.answered(*agent);
            assert!(self.won.insert(entry), "I2: two have answered");
        }
        if let Some(waiting) = self.waiting.get_mut(&entry) {
            waiting.hold = None;
            waiting.ringing.remove(offer);
            if [OfferOutcome::Declined, OfferOutcome::NoAnswer].contains(outcome) {
                let until = now + self.company.settings.exclude_for;
                waiting.refused.retain(|(who, _)| who != agent);
                waiting.refused.push((*agent, until));
            }
        }
    }

    fn state(&self, agent: AgentId) -> AgentState {
        self.agents.get(&agent).map_or(AgentState::Offline, |a| a.0)
    }

    fn barred(&self, agent: AgentId, waiting: &Waiting, now: Timestamp) -> bool {
        let refused = |who: AgentId| waiting.refused.iter().any(|(a, t)| *a == who && now < *t);
        let others = self.company.agents.keys().filter(|other| {
            self.state(**other) == AgentState::Available
                && self.unfit(**other, waiting).is_none()
                && waiting
                    .hold
                    .is_none_or(|(who, until)| who == **other || until <= now)
                && self.is_near(**other, waiting, now)
                && !refused(**other)
        });
        let rings = waiting.ringing.values().any(|other| !refused(*other));
        refused(agent) && (rings || others.count() > 0)
    }

    fn verdict(&self, agent: AgentId, waiting: &Waiting, now: Timestamp) -> Option<String> {
        if let Some(cause) = self.unfit(agent, waiting) {
            return Some(cause);
        }
        if !self.is_near(agent, waiting, now) {
            return Some("tier".into());
        }
        if self.barred(agent, waiting, now) {
            return Some("excluded".into());
        }
        let held = waiting.hold.filter(|(_, until)| now < *until);
        if held.is_some_and(|(held_for, _)| held_for != agent) {
            return Some("held".into());
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
        let ways = self.ways(caller);
        assert_eq!(decision.requirement, ways[0].2);
        assert_eq!(decision.step, caller.step);
        assert_eq!(decision.beside, caller.ringing.len());
        for ask in &decision.asks {
            assert!(ways.contains(&(ask.queue, ask.max_tier, ask.skills.clone())));
        }
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
                let by_strategy = match self.company.queues[&decision.queue].strategy {
                    Strategy::MostSkilled => TieBreak::MostSkilled,
                    Strategy::LeastOccupied => TieBreak::LeastOccupied,
                    _ => TieBreak::FewestCalls,
                };
                let names = if decision.kind == DecisionKind::Ready {
                    [
                        TieBreak::Class,
                        TieBreak::Preference,
                        TieBreak::V,
                        TieBreak::Sequence,
                        TieBreak::Sequence,
                    ]
                } else {
                    [
                        TieBreak::Tier,
                        by_strategy,
                        TieBreak::LongestIdle,
                        TieBreak::ReadySeq,
                        TieBreak::AgentId,
                    ]
                };
                names[(0..5).find(|i| first[*i] != second[*i]).unwrap()]
            }
        };
        assert_eq!(decision.tie_break, tie_break);
    }

    #[allow(clippy::type_complexity)]
    fn agents_for(
        &self,
        entry: QueueEntryId,
        now: Timestamp,
    ) -> (Vec<(Rank, Candidate)>, BTreeMap<String, u32>) {
        let caller = &self.waiting[&entry];
        assert!(self.looks(caller), "I2");
        let (mut ranked, mut removed) = (Vec::new(), BTreeMap::new());
        for agent in self.company.agents.keys() {
            if let Some(cause) = self.verdict(*agent, caller, now) {
                *removed.entry(cause).or_default() += 1;
                continue;
            }
            let (_, idle_since, ready_seq) = self.agents[agent];
            let tier = self.tier(*agent, caller);
            let (better, strategy) = self.strategy(*agent, caller);
            let rank = [
                i128::from(tier),
                better,
                i128::from(idle_since.millis()),
                i128::from(ready_seq),
                agent.uuid().as_u128() as i128,
            ];
            let keys = Keys::Agent {
                tier,
                strategy,
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
    ) -> (Vec<(Rank, Candidate)>, BTreeMap<String, u32>) {
        assert_eq!(self.state(agent), AgentState::Available, "I1");
        let (mut ranked, mut removed) = (Vec::new(), BTreeMap::new());
        for (entry, caller) in &self.waiting {
            let cause = if !self.looks(caller) {
                Some("offered".to_owned())
            } else {
                self.verdict(agent, caller, now)
            };
            if let Some(cause) = cause {
                *removed.entry(cause).or_default() += 1;
                continue;
            }
            let long = self.company.queues[&caller.queue].promote_after;
            let promoted = caller.promoted || now.since(caller.since) >= long;
            let class = if promoted { 0 } else { caller.class };
            let preference = if promoted {
                0
            } else {
                self.preference(agent, caller)
            };
            let (v, seq) = (caller.v, caller.seq);
            let rank = [
                i128::from(class),
                i128::from(preference),
                i128::from(v.millis()),
                i128::from(seq),
                entry.uuid().as_u128() as i128,
            ];
            let entry = *entry;
            let keys = Keys::Caller {
                class,
                preference,
                v,
                seq,
            };
            ranked.push((rank, Candidate { agent, entry, keys }));
        }
        ranked.sort_by_key(|(rank, _)| *rank);
        (ranked, removed)
    }

    /// Waiting now and whether they ring, to be compared with the view.
    pub(super) fn still_waiting(&self) -> BTreeMap<QueueEntryId, bool> {
        self.waiting
            .iter()
            .map(|(id, w)| (*id, !w.ringing.is_empty()))
            .collect()
    }

    pub(super) fn state_of(&self, agent: AgentId) -> AgentState {
        self.state(agent)
    }
}
