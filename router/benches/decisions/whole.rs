//! The whole Distributor under the same kinds of events: `handle`, its outputs drained, its inputs logged as the program
//! does it.
//!
//! **Owns**: the company of that, who talks and who waits. **Must not know**: how the Distributor does it.

use crate::world::{Numbers, Site};
use router::company::{Agent, Queue, RoutingSettings, Skills, Strategy, WhenNoAgents, WrapUp};
use router::distributor::{EntryRequest, LeaveCause};
use router::id::{AgentId, InteractionId, QueueEntryId, QueueId};
use router::overflow::Overflow;
use router::requirement::{LadderStep, Wishes};
use router::{Distributor, Event, Input, Output, RoutingCompany, Timestamp};
use std::collections::BTreeMap;
use std::time::Duration;
use uuid::Uuid;

/// What a busy agent does.
#[derive(Clone, Copy)]
enum Busy {
    Own,
    Talk(InteractionId),
}

/// What is to be handed in, and as which kind of event it counts.
pub(crate) struct Step {
    pub(crate) kind: Option<usize>,
    pub(crate) input: Input,
    pub(crate) now: Timestamp,
}

/// A Distributor with those around it.
pub(crate) struct Whole {
    distributor: Distributor,
    numbers: Numbers,
    now: Timestamp,
    needs: Vec<Skills>,
    busy: Vec<(AgentId, Busy)>,
    waiting: Vec<QueueEntryId>,
    places: BTreeMap<QueueEntryId, usize>,
    made: u64,
    keeps: usize,
}

/// Ids as the program makes them: time in front, chance behind.
fn id(numbers: &mut Numbers, count: u64) -> Uuid {
    let chance = numbers.below(usize::MAX) as u64;
    Uuid::from_u128((u128::from(count) << 64) | u128::from(chance))
}

impl Whole {
    pub(crate) fn new(site: Site, idle: usize, waiting: usize) -> Self {
        let mut numbers = Numbers::new(1);
        let (company, needs) = company(site, &mut numbers);
        let agents: Vec<AgentId> = company.agents.keys().copied().collect();
        let mut whole = Self {
            distributor: Distributor::new(company, 1),
            numbers,
            now: Timestamp::from_millis(1_700_000_000_000),
            needs,
            busy: Vec::new(),
            waiting: Vec::new(),
            places: BTreeMap::new(),
            made: 0,
            keeps: waiting,
        };
        whole.distributor.log_inputs(whole.now);
        for (place, agent) in agents.into_iter().enumerate() {
            whole.do_now(Input::PhoneRegistered { agent });
            // Spread over the company: every so manieth is idle.
            if place * idle / site.agents == (place + 1) * idle / site.agents {
                whole.do_now(Input::OwnCallStarted { agent });
                whole.busy.push((agent, Busy::Own));
            }
        }
        while whole.waiting.len() < waiting {
            whole.now = whole.now + Duration::from_millis(36);
            let input = whole.arrival();
            whole.do_now(input);
        }
        whole
    }

    fn do_now(&mut self, input: Input) {
        let mut said = Vec::new();
        self.handle(
            Step {
                kind: None,
                input,
                now: self.now,
            },
            &mut said,
        );
        self.settle(&mut said);
    }

    /// What is measured.
    pub(crate) fn handle(&mut self, step: Step, said: &mut Vec<Output>) {
        self.distributor.handle(step.input, step.now);
        said.extend(std::iter::from_fn(|| self.distributor.poll_output()));
    }

    /// How many callers took a step of their ladder.
    pub(crate) fn relaxed(said: &[Output]) -> usize {
        let is_one = |output: &&Output| matches!(output, Output::Log(Event::QueueRelaxed { .. }));
        said.iter().filter(is_one).count()
    }

    /// Who waits and who is busy after what was said; offers are answered at once.
    pub(crate) fn settle(&mut self, said: &mut Vec<Output>) {
        let mut offers = Vec::new();
        for output in said.drain(..) {
            match output {
                Output::Queued { entry, .. } => {
                    self.places.insert(entry, self.waiting.len());
                    self.waiting.push(entry);
                }
                Output::EntryLeft { entry, .. } => self.gone(entry),
                Output::Offer { offer, .. } => offers.push(offer),
                Output::Accepted {
                    entry,
                    agent,
                    interaction,
                    ..
                } => {
                    self.gone(entry);
                    self.busy.push((agent, Busy::Talk(interaction)));
                }
                _ => {}
            }
        }
        for offer in offers {
            self.do_now(Input::OfferAnswered { offer });
        }
    }

    fn gone(&mut self, entry: QueueEntryId) {
        if let Some(place) = self.places.remove(&entry) {
            self.waiting.swap_remove(place);
            if let Some(moved) = self.waiting.get(place) {
                self.places.insert(*moved, place);
            }
        }
    }

    /// What happens next: what has become due comes first.
    pub(crate) fn next(&mut self) -> Step {
        let later = self.now + Duration::from_millis(self.numbers.below(20) as u64);
        if let Some(due) = self.distributor.next_deadline()
            && due <= later
        {
            self.now = due;
            return self.step(None, Input::Tick);
        }
        self.now = later;
        let few = self.waiting.len() < self.keeps;
        match self.numbers.below(10) {
            5..9 if !few && !self.busy.is_empty() => {
                let place = self.numbers.below(self.busy.len());
                let (agent, busy) = self.busy.swap_remove(place);
                let input = match busy {
                    Busy::Own => Input::OwnCallEnded { agent },
                    Busy::Talk(interaction) => Input::TalkEnded { agent, interaction },
                };
                self.step(Some(1), input)
            }
            9 if !few && !self.waiting.is_empty() => {
                let place = self.numbers.below(self.waiting.len());
                let (entry, cause) = (self.waiting[place], LeaveCause::HungUp);
                self.step(Some(2), Input::Leave { entry, cause })
            }
            _ => {
                let input = self.arrival();
                self.step(Some(0), input)
            }
        }
    }

    const fn step(&self, kind: Option<usize>, input: Input) -> Step {
        let now = self.now;
        Step { kind, input, now }
    }

    fn arrival(&mut self) -> Input {
        self.made += 1;
        let queue = self.numbers.below(self.needs.len());
        // The second kind of call asks for more.
        let more = self.numbers.below(2) == 0;
        let levels = self.needs[queue].iter().filter(|_| more);
        let skills = levels.map(|(skill, level)| (skill.clone(), level + 1));
        Input::Enqueue(EntryRequest {
            entry: QueueEntryId::from_uuid(id(&mut self.numbers, self.made)),
            interaction: InteractionId::from_uuid(id(&mut self.numbers, self.made)),
            queue: QueueId::from_number(queue as u64),
            skills: skills.collect(),
            wishes: Wishes::default(),
            head_start: Duration::from_secs(if self.made.is_multiple_of(5) { 60 } else { 0 }),
            class: self.made.is_multiple_of(100).then_some(0),
            returning: false,
        })
    }
}

fn company(site: Site, numbers: &mut Numbers) -> (RoutingCompany, Vec<Skills>) {
    let mut needs: Vec<Skills> = Vec::new();
    for _ in 0..site.queues {
        let count = 1 + numbers.below(3);
        let need = (0..count).map(|_| {
            let skill = numbers.uneven(site.skills);
            (format!("skill-{skill}"), 2 + numbers.below(5) as u8)
        });
        needs.push(need.collect());
    }
    let queues = (0..).zip(&needs);
    let queues = queues.map(|(number, need)| (QueueId::from_number(number), queue(need)));
    let mut company = RoutingCompany {
        queues: queues.collect(),
        agents: BTreeMap::new(),
        settings: RoutingSettings::default(),
    };
    while company.agents.len() < site.agents {
        let count = (4 + numbers.below(13)).min(site.queues);
        let team: Vec<usize> = (0..count).map(|_| numbers.below(site.queues)).collect();
        for _ in 0..40.min(site.agents - company.agents.len()) {
            let number = company.agents.len() as u64;
            let tier = |queue: &usize| (QueueId::from_number(*queue as u64), *queue as u8 % 3 + 1);
            let wanted = team.iter().flat_map(|queue| needs[*queue].keys());
            let held = wanted.filter(|_| numbers.below(10) < 8).cloned();
            let skills: Vec<String> = held.collect();
            let levels = skills
                .into_iter()
                .map(|skill| (skill, 1 + numbers.below(10) as u8));
            let agent = Agent {
                login: format!("agent-{number}"),
                skills: levels.collect(),
                licences: BTreeMap::new(),
                queues: team.iter().map(tier).collect(),
                prefers: Vec::new(),
                ready_on_register: true,
            };
            company.agents.insert(AgentId::from_number(number), agent);
        }
    }
    (company, needs)
}

/// Three steps: the inner tier; lower levels and the next tier; lower again, without one skill, everybody.
fn queue(need: &Skills) -> Queue {
    let lower = |by: u8| -> Skills {
        let lowered = need
            .iter()
            .map(|(skill, level)| (skill.clone(), level.saturating_sub(by).max(1)));
        lowered.collect()
    };
    let mut last = lower(4);
    if need.len() > 1
        && let Some(mut skill) = last.last_entry()
    {
        skill.insert(0);
    }
    let step = |after: u64, skills: Skills, max_tier: u8| LadderStep {
        after: Duration::from_secs(after),
        skills,
        max_tier: Some(max_tier),
        ..LadderStep::default()
    };
    Queue {
        name: String::new(),
        skills: need.clone(),
        any_of: Vec::new(),
        max_tier: Some(1),
        ladder: vec![step(30, lower(2), 2), step(90, last, 3)],
        last_agent: None,
        strategy: Strategy::LongestIdle,
        head_start: Duration::ZERO,
        class: 1,
        promote_after: Duration::from_secs(15 * 60),
        ring_timeout: Duration::from_secs(15),
        wrap_up: WrapUp::None,
        wrap_up_cap: Duration::from_secs(600),
        wrap_up_extend: Duration::from_secs(30),
        wrap_up_extensions: 2,
        max_wait: Duration::from_secs(24 * 3600),
        max_length: 1_000_000,
        when_no_agents: WhenNoAgents::Wait,
        overflow: Overflow::default(),
        short_abandon: Duration::from_secs(5),
        service_level: Duration::from_secs(20),
    }
}
