//! What may happen in the model: the acts that make sense in a state, and what each does to the real Distributor.
//!
//! **Owns**: [`Setting`], [`Act`], [`State`]. **Must not**: judge; `watch.rs` and the oracle do.

use super::watch::Watch;
use crate::agent::Wanted;
use crate::company::{RoutingCompany, Strategy};
use crate::distributor::agent::State as Doing;
use crate::distributor::planted::Planted;
use crate::distributor::tests::oracle::Oracle;
use crate::distributor::tests::support::{lunch, request};
use crate::distributor::{Distributor, EntryRequest, Input, LeaveCause, Output};
use crate::event::Event;
use crate::id::{AgentId, OfferId, QueueEntryId, QueueId};
use crate::outcome::OfferOutcome;
use crate::time::Timestamp;
use std::time::Duration;

/// Which kinds of acts there are beside calls and the death of the program.
#[derive(Clone, Copy, Debug)]
pub(super) struct May {
    pub(super) phones: bool,
    pub(super) pauses: bool,
    pub(super) own_calls: bool,
    /// The longest wait, exclusions and cooldowns end while other things go on.
    pub(super) run_out: bool,
}

/// One search.
#[derive(Clone, Debug)]
pub(super) struct Setting {
    pub(super) company: RoutingCompany,
    /// How many wait or talk at the same time.
    pub(super) callers: usize,
    pub(super) may: May,
    /// What each act takes.
    pub(super) step: Duration,
    pub(super) planted: Option<Planted>,
}

/// One thing that happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    Call(QueueId),
    HangUp(QueueEntryId),
    Answer(OfferId),
    Fail(OfferId, OfferOutcome),
    EndTalk(AgentId),
    EndWork(AgentId),
    Lunch(AgentId),
    Ready(AgentId),
    SignOut(AgentId),
    PhoneLost(AgentId),
    PhoneSignsOff(AgentId),
    PhoneRegisters(AgentId),
    OwnCall(AgentId),
    OwnCallEnds(AgentId),
    /// Time goes on to whatever ends next.
    Pass,
    /// The program dies and starts again.
    Crash,
}

/// The Distributor, and who looks at it.
#[derive(Clone)]
pub(super) struct State {
    pub(super) distributor: Distributor,
    pub(super) now: Timestamp,
    pub(super) watch: Watch,
    oracle: Oracle,
    /// Entries made so far.
    made: u64,
    epoch: u64,
    /// The last offer that is over.
    spent: Option<OfferId>,
}

impl State {
    /// Everybody has a phone and is logged in.
    pub(super) fn new(setting: &Setting) -> Self {
        let mut state = Self {
            distributor: Distributor::new(setting.company.clone(), 1),
            now: Timestamp::from_millis(1_000_000),
            watch: Watch::default(),
            oracle: Oracle::new(setting.company.clone()),
            made: 0,
            epoch: 1,
            spent: None,
        };
        let queues = setting.company.queues.iter();
        let all = queues.filter(|(_, queue)| queue.strategy == Strategy::RingAll);
        state.watch.rings_all = all.map(|(id, _)| *id).collect();
        state.distributor.world.planted = setting.planted;
        // The scan has its say in the other tests; this one is to search far.
        state.distributor.world.asks_both = setting.planted.is_some();
        for agent in setting.company.agents.keys() {
            state.now = state.now + setting.step;
            state.tell(Input::PhoneRegistered { agent: *agent });
            state.tell(want(*agent, Wanted::Available));
        }
        state
    }

    /// What may happen now.
    pub(super) fn acts(&self, setting: &Setting) -> Vec<Act> {
        let world = &self.distributor.world;
        let mut acts = Vec::with_capacity(24);
        let talking = world.agents.values();
        let talking = talking.filter(|agent| matches!(agent.state, Doing::Serving { .. }));
        if world.entries.len() + talking.count() < setting.callers {
            acts.extend(setting.company.queues.keys().map(|queue| Act::Call(*queue)));
        }
        acts.extend(world.entries.keys().map(|entry| Act::HangUp(*entry)));
        for offer in world.offers.keys() {
            acts.push(Act::Answer(*offer));
            acts.push(Act::Fail(*offer, OfferOutcome::Declined));
            // The phone that does not answer and the call that says nothing are both silent: one of them is `Pass`.
            if setting.may.phones {
                acts.push(Act::Fail(*offer, OfferOutcome::Unreachable));
            }
        }
        for id in world.agents.keys() {
            self.acts_of(*id, setting.may, &mut acts);
        }
        if self.next_change().is_some() {
            acts.push(Act::Pass);
        }
        acts.push(Act::Crash);
        acts
    }

    fn acts_of(&self, id: AgentId, may: May, acts: &mut Vec<Act>) {
        let record = &self.distributor.world.agents[&id];
        match record.state {
            Doing::Serving { .. } => acts.push(Act::EndTalk(id)),
            Doing::WrapUp(_) => acts.push(Act::EndWork(id)),
            Doing::OwnCall { .. } => acts.push(Act::OwnCallEnds(id)),
            Doing::Offline | Doing::Available | Doing::Offered { .. } | Doing::NotReady(_) => {}
        }
        if may.own_calls && !matches!(record.state, Doing::OwnCall { .. }) {
            acts.push(Act::OwnCall(id));
        }
        if may.pauses {
            acts.extend([Act::Lunch(id), Act::SignOut(id)]);
        }
        if may.pauses || matches!(record.state, Doing::NotReady(_)) {
            acts.push(Act::Ready(id));
        }
        if may.phones && record.registered {
            acts.extend([Act::PhoneLost(id), Act::PhoneSignsOff(id)]);
        }
        if !record.registered {
            acts.push(Act::PhoneRegisters(id));
        }
    }

    /// The next moment at which something is different, whether the Distributor wakes for it or not.
    fn next_change(&self) -> Option<Timestamp> {
        let world = &self.distributor.world;
        let refused = world.entries.values().flat_map(|e| e.refused.values());
        let grace = world
            .agents
            .values()
            .filter_map(|agent| match &agent.state {
                Doing::NotReady(pause) => pause.keep_clock_until,
                _ => None,
            });
        // Grace holds at its last moment still.
        let silent = refused
            .copied()
            .chain(grace.map(|at| at + Duration::from_millis(1)));
        let silent = silent.filter(|at| *at > self.now).min();
        [self.distributor.next_deadline(), silent]
            .into_iter()
            .flatten()
            .min()
    }

    /// What becomes of this state by an act.
    pub(super) fn after(&self, act: Act, setting: &Setting) -> Self {
        let mut next = self.clone();
        if act == Act::Pass {
            next.now = self.next_change().unwrap();
            next.tell(Input::Tick);
            return next;
        }
        next.now = self.now + setting.step;
        // What is due before the act has its own time, as with a driver that comes back at the deadline.
        while let Some(deadline) = next.distributor.next_deadline() {
            if deadline > next.now {
                break;
            }
            let at = std::mem::replace(&mut next.now, deadline);
            next.tell(Input::Tick);
            next.now = at;
        }
        if act == Act::Crash {
            next.crash(setting);
        } else {
            let input = next.input(act);
            next.tell(input);
        }
        next
    }

    fn input(&mut self, act: Act) -> Input {
        match act {
            Act::Call(queue) => {
                self.made += 1;
                Input::Enqueue(EntryRequest {
                    queue,
                    ..request(self.made)
                })
            }
            Act::HangUp(entry) => Input::Leave {
                entry,
                cause: LeaveCause::HungUp,
            },
            Act::Answer(offer) => Input::OfferAnswered { offer },
            Act::Fail(offer, outcome) => Input::OfferFailed { offer, outcome },
            Act::EndTalk(agent) => match self.distributor.world.agents[&agent].state {
                Doing::Serving { interaction, .. } => Input::TalkEnded { agent, interaction },
                _ => Input::Tick,
            },
            Act::EndWork(agent) => Input::EndWrapUp { agent },
            Act::Lunch(agent) => want(agent, lunch()),
            Act::Ready(agent) => want(agent, Wanted::Available),
            Act::SignOut(agent) => want(agent, Wanted::Offline),
            Act::PhoneLost(agent) => Input::PhoneGone {
                agent,
                by_agent: false,
            },
            Act::PhoneSignsOff(agent) => Input::PhoneGone {
                agent,
                by_agent: true,
            },
            Act::PhoneRegisters(agent) => Input::PhoneRegistered { agent },
            Act::OwnCall(agent) => Input::OwnCallStarted { agent },
            Act::OwnCallEnds(agent) => Input::OwnCallEnded { agent },
            Act::Pass | Act::Crash => Input::Tick,
        }
    }

    /// Calls die with the program, phones stay; agents come back from what the log says of them.
    fn crash(&mut self, setting: &Setting) {
        let registered: Vec<_> = self
            .distributor
            .world
            .agents
            .iter()
            .map(|(id, record)| (*id, record.registered))
            .collect();
        self.spent = self.distributor.world.offers.keys().last().copied();
        self.epoch += 1;
        self.distributor = Distributor::new(setting.company.clone(), self.epoch);
        self.distributor.world.planted = setting.planted;
        self.oracle = self.oracle.restarted();
        for (agent, stored) in self.watch.restart() {
            let registered = registered.iter().any(|(id, has)| *id == agent && *has);
            self.tell(Input::RestoreAgent {
                agent,
                state: stored.state,
                reason: stored.reason,
                idle_since: stored.idle.0,
                interaction: stored.interaction,
                queue: stored.queue,
                registered,
            });
        }
        self.watch.restarted(&self.distributor);
        self.compare();
    }

    /// Hands one input in, and lets everybody look at what was said. Panics at what must not be.
    fn tell(&mut self, input: Input) {
        self.distributor.handle(input.clone(), self.now);
        let outputs: Vec<Output> = std::iter::from_fn(|| self.distributor.poll_output()).collect();
        let events: Vec<Event> = outputs
            .iter()
            .filter_map(|output| match output {
                Output::Log(event) => Some(event.clone()),
                _ => None,
            })
            .collect();
        for event in &events {
            if let Event::OfferEnded { offer, .. } = event {
                self.spent = Some(*offer);
            }
        }
        self.watch.read(&input, &outputs, self.now);
        self.oracle.read_events(&events, self.now);
        if !self.watch.is_restarting() {
            self.compare();
        }
    }

    /// The state as the log tells it is the state as the views show it.
    fn compare(&mut self) {
        self.oracle.forget_outcomes();
        for view in self.distributor.agents() {
            assert_eq!(self.oracle.state_of(view.agent), view.state, "the log's");
        }
        let world = &self.distributor.world;
        let waiting = world.entries.iter();
        let waiting = waiting.map(|(id, entry)| (*id, !entry.offers.is_empty()));
        assert!(
            waiting.eq(self.oracle.still_waiting()),
            "I3: another line than the log tells"
        );
        assert_eq!(self.oracle.entered, world.entries.len(), "I10");
        self.watch.look(&self.distributor);
    }

    /// I8: an answer that carries a number that is over changes nothing, and its leg is released.
    pub(super) fn try_void(&self) {
        let open = self.distributor.world.offers.keys().next();
        let seq = open.map_or(1, |open| open.seq);
        let other_epoch = OfferId {
            epoch: self.epoch - 1,
            seq,
        };
        for offer in self.spent.into_iter().chain([other_epoch]) {
            let mut other = self.distributor.clone();
            other.handle(Input::OfferAnswered { offer }, self.now);
            let said: Vec<_> = std::iter::from_fn(|| other.poll_output()).collect();
            assert_eq!(said, [Output::OfferVoid { offer }], "I8: {offer} counted");
        }
    }
}

const fn want(agent: AgentId, wanted: Wanted) -> Input {
    Input::SetState { agent, wanted }
}
