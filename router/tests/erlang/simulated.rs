//! The Distributor under a simulated clock: callers arrive, talk and give up at random moments, agents answer at once.
//!
//! **Owns**: the list of what is to happen, and what each caller met. **Must not**: decide anything that the
//! Distributor decides.

use router::company::{
    Agent, Queue, RoutingCompany, RoutingSettings, Skills, Strategy, WhenNoAgents, WrapUp,
};
use router::distributor::{EntryRequest, LeaveCause};
use router::id::{AgentId, InteractionId, QueueEntryId, QueueId};
use router::requirement::Wishes;
use router::{Distributor, Input, Output, Timestamp};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::time::Duration;

const QUEUE: QueueId = QueueId::from_number(1);

/// How long callers wait before they give up.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Patience {
    /// Not at all.
    None,
    /// Exponential, with this mean in seconds.
    Mean(f64),
    Endless,
}

/// One line and its agents; times are means in seconds.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    pub(crate) agents: u32,
    pub(crate) handling: f64,
    pub(crate) between_calls: f64,
    pub(crate) patience: Patience,
    /// Callers that count.
    pub(crate) calls: u64,
    /// Callers before them, who do not.
    pub(crate) warm_up: u64,
}

/// What the callers of one replication met.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Met {
    /// Share of those who were not served at once.
    pub(crate) waited: f64,
    /// Mean wait of all.
    pub(crate) wait: f64,
    /// Share of those who gave up.
    pub(crate) gave_up: f64,
}

/// Independent runs: each has random numbers of its own.
pub(crate) fn replicate(site: &Site, count: usize, seed: u64) -> Vec<Met> {
    (0..count as u64)
        .map(|run| Run::new(site, (seed << 32) | run).whole())
        .collect()
}

/// What is to happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    Arrives(u64),
    GivesUp(u64),
    HangsUp(AgentId, u64),
}

struct Run<'a> {
    site: &'a Site,
    numbers: Numbers,
    distributor: Distributor,
    due: BinaryHeap<Reverse<(Timestamp, Due)>>,
    now: Timestamp,
    /// Who waits, and since when.
    waiting: BTreeMap<u64, Timestamp>,
    waited: u64,
    wait: Duration,
    gave_up: u64,
}

impl<'a> Run<'a> {
    fn new(site: &'a Site, seed: u64) -> Self {
        let mut run = Self {
            site,
            numbers: Numbers(seed),
            distributor: Distributor::new(company(site.agents), 1),
            due: BinaryHeap::new(),
            now: Timestamp::from_millis(0),
            waiting: BTreeMap::new(),
            waited: 0,
            wait: Duration::ZERO,
            gave_up: 0,
        };
        for agent in 1..=site.agents {
            let agent = AgentId::from_number(u64::from(agent));
            run.tell(Input::PhoneRegistered { agent });
        }
        run.later(site.between_calls, Due::Arrives(1));
        run
    }

    /// Until the last caller that counts has got what they came for.
    fn whole(mut self) -> Met {
        let last = self.site.warm_up + self.site.calls;
        while let Some(Reverse((at, due))) = self.due.pop() {
            self.now = at;
            match due {
                Due::Arrives(caller) => {
                    if caller < last {
                        self.later(self.site.between_calls, Due::Arrives(caller + 1));
                    }
                    self.arrives(caller);
                }
                Due::GivesUp(caller) => self.gives_up(caller),
                Due::HangsUp(agent, caller) => {
                    let interaction = InteractionId::from_number(caller);
                    self.tell(Input::TalkEnded { agent, interaction });
                }
            }
        }
        let calls = self.site.calls as f64;
        Met {
            waited: self.waited as f64 / calls,
            wait: self.wait.as_secs_f64() / calls,
            gave_up: self.gave_up as f64 / calls,
        }
    }

    fn arrives(&mut self, caller: u64) {
        self.waiting.insert(caller, self.now);
        self.tell(Input::Enqueue(EntryRequest {
            entry: QueueEntryId::from_number(caller),
            interaction: InteractionId::from_number(caller),
            queue: QUEUE,
            skills: Skills::new(),
            head_start: Duration::ZERO,
            class: None,
            wishes: Wishes::default(),
            returning: false,
        }));
        if !self.waiting.contains_key(&caller) {
            return;
        }
        self.waited += u64::from(self.counts(caller));
        match self.site.patience {
            Patience::None => self.gives_up(caller),
            Patience::Mean(mean) => self.later(mean, Due::GivesUp(caller)),
            Patience::Endless => {}
        }
    }

    fn gives_up(&mut self, caller: u64) {
        if self.waiting.contains_key(&caller) {
            self.gave_up += u64::from(self.counts(caller));
            self.waits_no_more(caller);
            let entry = QueueEntryId::from_number(caller);
            let cause = LeaveCause::HungUp;
            self.tell(Input::Leave { entry, cause });
        }
    }

    fn waits_no_more(&mut self, caller: u64) {
        if let Some(since) = self.waiting.remove(&caller)
            && self.counts(caller)
        {
            self.wait += self.now.since(since);
        }
    }

    const fn counts(&self, caller: u64) -> bool {
        caller > self.site.warm_up
    }

    /// Agents answer at once.
    fn tell(&mut self, input: Input) {
        self.distributor.handle(input, self.now);
        while let Some(output) = self.distributor.poll_output() {
            match output {
                Output::Offer { offer, .. } => {
                    self.distributor
                        .handle(Input::OfferAnswered { offer }, self.now);
                }
                Output::Accepted {
                    agent, interaction, ..
                } => {
                    let caller = interaction.uuid().as_u128() as u64;
                    self.waits_no_more(caller);
                    self.later(self.site.handling, Due::HangsUp(agent, caller));
                }
                _ => {}
            }
        }
    }

    fn later(&mut self, mean: f64, due: Due) {
        let after = Duration::from_secs_f64(self.numbers.exponential(mean));
        self.due.push(Reverse((self.now + after, due)));
    }
}

/// Numbers that look random: splitmix64.
struct Numbers(u64);

impl Numbers {
    /// With this mean.
    fn exponential(&mut self, mean: f64) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        // Above 0 and at most 1.
        let share = ((mixed >> 11) as f64 + 1.0) / (1_u64 << 53) as f64;
        -share.ln() * mean
    }
}

fn company(agents: u32) -> RoutingCompany {
    let queue = Queue {
        name: "line".into(),
        skills: Skills::new(),
        any_of: Vec::new(),
        max_tier: None,
        ladder: Vec::new(),
        last_agent: None,
        promote_after: Duration::from_secs(1_000_000_000),
        strategy: Strategy::LongestIdle,
        head_start: Duration::ZERO,
        class: 1,
        ring_timeout: Duration::from_secs(20),
        wrap_up: WrapUp::None,
        wrap_up_cap: Duration::from_secs(600),
        wrap_up_extend: Duration::from_secs(30),
        wrap_up_extensions: 2,
        max_wait: Duration::from_secs(1_000_000_000),
        max_length: 1_000_000,
        when_no_agents: WhenNoAgents::Wait,
        overflow: router::overflow::Overflow::default(),
        short_abandon: Duration::ZERO,
        service_level: Duration::from_secs(20),
    };
    let agent = |number| Agent {
        login: format!("agent{number}"),
        skills: Skills::new(),
        licences: BTreeMap::new(),
        prefers: Vec::new(),
        queues: BTreeMap::from([(QUEUE, 1)]),
        ready_on_register: true,
    };
    let agents = (1..=agents).map(|n| (AgentId::from_number(u64::from(n)), agent(n)));
    RoutingCompany {
        queues: BTreeMap::from([(QUEUE, queue)]),
        agents: agents.collect(),
        settings: RoutingSettings::default(),
    }
}
