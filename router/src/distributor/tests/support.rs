//! A small company and short words for telling a Distributor's story.

use crate::agent::{AgentState, Reason, Wanted};
use crate::company::{
    Agent, Queue, RoutingCompany, RoutingSettings, Skills, Strategy, WhenNoAgents, WrapUp,
};
use crate::decision::Decision;
use crate::distributor::{Distributor, EntryRequest, Input, LeaveCause, Output};
use crate::event::Event;
use crate::id::{AgentId, InteractionId, OfferId, QueueEntryId, QueueId};
use crate::outcome::{EntryOutcome, OfferOutcome};
use crate::overflow::Overflow;
use crate::requirement::Wishes;
use crate::time::Timestamp;
use std::collections::BTreeMap;
use std::time::Duration;

pub(super) const SUPPORT: QueueId = QueueId::from_number(1);
pub(super) const SALES: QueueId = QueueId::from_number(2);
pub(super) const ANA: AgentId = AgentId::from_number(1);
pub(super) const BEN: AgentId = AgentId::from_number(2);
pub(super) const CAI: AgentId = AgentId::from_number(3);

pub(super) const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub(super) fn skills(pairs: &[(&str, u8)]) -> Skills {
    pairs.iter().map(|(s, l)| ((*s).to_owned(), *l)).collect()
}

pub(super) fn queue() -> Queue {
    Queue {
        name: "support".into(),
        skills: Skills::new(),
        any_of: Vec::new(),
        max_tier: None,
        ladder: Vec::new(),
        last_agent: None,
        strategy: Strategy::LongestIdle,
        head_start: Duration::ZERO,
        class: 1,
        promote_after: secs(900),
        ring_timeout: secs(20),
        wrap_up: WrapUp::Timed(secs(10)),
        wrap_up_cap: secs(600),
        wrap_up_extend: secs(30),
        wrap_up_extensions: 2,
        max_wait: secs(3600),
        max_length: 100,
        when_no_agents: WhenNoAgents::Wait,
        overflow: Overflow::default(),
        short_abandon: secs(5),
        service_level: secs(20),
    }
}

/// In both queues at tier 1, without skills, screenless.
pub(super) fn agent(login: &str) -> Agent {
    Agent {
        login: login.into(),
        skills: Skills::new(),
        licences: BTreeMap::new(),
        prefers: Vec::new(),
        queues: BTreeMap::from([(SUPPORT, 1), (SALES, 1)]),
        ready_on_register: true,
    }
}

/// Two queues, Ana, Ben and Cai.
pub(super) fn company() -> RoutingCompany {
    RoutingCompany {
        queues: BTreeMap::from([(SUPPORT, queue()), (SALES, queue())]),
        agents: BTreeMap::from([
            (ANA, agent("ana")),
            (BEN, agent("ben")),
            (CAI, agent("cai")),
        ]),
        settings: RoutingSettings::default(),
    }
}

/// A Distributor, its clock, and everything it said.
pub(super) struct Story {
    pub(super) distributor: Distributor,
    pub(super) now: Timestamp,
    /// What the last step said.
    pub(super) said: Vec<Output>,
    pub(super) log: Vec<Event>,
}

impl Story {
    pub(super) fn new(company: RoutingCompany) -> Self {
        Self {
            distributor: Distributor::new(company, 7),
            now: Timestamp::from_millis(1_700_000_000_000),
            said: Vec::new(),
            log: Vec::new(),
        }
    }
    /// With the agents named registered and available, in that order of idle time, 1 s apart.
    pub(super) fn with(company: RoutingCompany, agents: &[AgentId]) -> Self {
        let mut story = Self::new(company);
        for agent in agents {
            story.log_in(*agent);
            story.pass(1);
        }
        story
    }
    pub(super) fn tell(&mut self, input: Input) {
        self.distributor.handle(input, self.now);
        self.said = std::iter::from_fn(|| self.distributor.poll_output()).collect();
        let events = self.said.iter().filter_map(|output| match output {
            Output::Log(event) => Some(event.clone()),
            _ => None,
        });
        self.log.extend(events);
        self.distributor.check_invariants().unwrap();
    }
    /// Lets time pass and ticks once at the end.
    pub(super) fn pass(&mut self, seconds: u64) {
        self.now = self.now + secs(seconds);
        self.tell(Input::Tick);
    }
    pub(super) fn log_in(&mut self, agent: AgentId) {
        self.tell(Input::PhoneRegistered { agent });
        self.want(agent, Wanted::Available);
    }
    pub(super) fn want(&mut self, agent: AgentId, wanted: Wanted) {
        self.tell(Input::SetState { agent, wanted });
    }
    pub(super) fn lunch(&mut self, agent: AgentId) {
        self.want(agent, lunch());
    }
    pub(super) fn caller(&mut self, number: u64) {
        self.tell(Input::Enqueue(request(number)));
    }
    pub(super) fn hang_up(&mut self, number: u64) {
        self.tell(Input::Leave {
            entry: QueueEntryId::from_number(number),
            cause: LeaveCause::HungUp,
        });
    }
    pub(super) fn answer(&mut self, offer: OfferId) {
        self.tell(Input::OfferAnswered { offer });
    }
    pub(super) fn fail(&mut self, offer: OfferId, outcome: OfferOutcome) {
        self.tell(Input::OfferFailed { offer, outcome });
    }
    pub(super) fn end_talk(&mut self, agent: AgentId, number: u64) {
        self.tell(Input::TalkEnded {
            agent,
            interaction: InteractionId::from_number(number),
        });
    }
    /// A caller whom `agent` answers at once; nobody else may be available.
    pub(super) fn talk(&mut self, agent: AgentId, number: u64) {
        self.caller(number);
        let (offer, to) = self.offered().unwrap();
        assert_eq!(to, agent);
        self.answer(offer);
    }
    /// The offer that the last step made.
    pub(super) fn offered(&self) -> Option<(OfferId, AgentId)> {
        self.said.iter().find_map(|output| match output {
            Output::Offer { offer, agent, .. } => Some((*offer, *agent)),
            _ => None,
        })
    }
    pub(super) fn state(&self, agent: AgentId) -> (AgentState, Option<Reason>) {
        let view = self.distributor.agent(agent).unwrap();
        (view.state, view.reason)
    }
    pub(super) fn is(&self, agent: AgentId, state: AgentState) -> bool {
        self.state(agent).0 == state
    }
    pub(super) fn idle(&self, agent: AgentId) -> Timestamp {
        self.distributor.agent(agent).unwrap().idle_since
    }
    pub(super) fn decisions(&self) -> Vec<Decision> {
        let events = self.log.iter();
        events
            .filter_map(|event| match event {
                Event::Decided { decision } => Some((**decision).clone()),
                _ => None,
            })
            .collect()
    }
    /// Outcomes of one waiting, of which there should be one.
    pub(super) fn outcomes(&self, number: u64) -> Vec<EntryOutcome> {
        let wanted = QueueEntryId::from_number(number);
        let events = self.log.iter();
        events
            .filter_map(|event| match event {
                Event::QueueLeft { entry, outcome, .. } if *entry == wanted => Some(*outcome),
                _ => None,
            })
            .collect()
    }
    pub(super) fn told(&self, what: &str) -> usize {
        let events = self.log.iter();
        events
            .filter(
                |event| matches!(event, Event::SupervisorTold { what: told, .. } if told == what),
            )
            .count()
    }
    pub(super) fn revoked(&self) -> Option<OfferOutcome> {
        self.said.iter().find_map(|output| match output {
            Output::Revoke { outcome, .. } => Some(*outcome),
            _ => None,
        })
    }
}

pub(super) fn lunch() -> Wanted {
    Wanted::NotReady {
        reason: Reason::Company("lunch".into()),
    }
}

/// A caller of `SUPPORT` without further wishes; entry and interaction carry the number.
pub(super) fn request(number: u64) -> EntryRequest {
    EntryRequest {
        entry: QueueEntryId::from_number(number),
        interaction: InteractionId::from_number(number),
        queue: SUPPORT,
        skills: Skills::new(),
        wishes: Wishes::default(),
        head_start: Duration::ZERO,
        class: None,
        returning: false,
    }
}
