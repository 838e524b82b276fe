//! The real Distributor with random callers: what callers are told against how long they wait.

use super::record::share_within;
use super::*;
use crate::company::{Agent, Queue, RoutingSettings, Strategy, WhenNoAgents, WrapUp};
use crate::distributor::{Distributor, EntryRequest, Input, LeaveCause, Output};
use crate::id::InteractionId;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// A day's traffic.
#[derive(Clone, Copy)]
struct Day {
    queues: u64,
    agents: u64,
    /// Of each queue, callers an hour, at the beginning and at the end: it changes in between.
    calls: (f64, f64),
    /// Seconds of a talk, and of a caller's patience, in the mean.
    talk: f64,
    patience: f64,
    /// Each agent serves every queue.
    shared: bool,
    hours: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    Arrives {
        queue: u64,
    },
    GivesUp {
        entry: QueueEntryId,
    },
    Hangs {
        agent: AgentId,
        interaction: InteractionId,
    },
}

struct Dice(u64);

impl Dice {
    /// Between 0 and 1, 0 excluded.
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (((mixed ^ (mixed >> 31)) >> 11) as f64 + 1.0) / (1u64 << 53) as f64
    }

    fn exponential(&mut self, mean: f64) -> Duration {
        length(-self.next().ln() * mean)
    }
}

fn queue(number: u64) -> Queue {
    Queue {
        name: format!("q{number}"),
        skills: Skills::new(),
        strategy: Strategy::LongestIdle,
        head_start: Duration::ZERO,
        class: 1,
        any_of: Vec::new(),
        max_tier: None,
        ladder: Vec::new(),
        last_agent: None,
        promote_after: Duration::from_secs(900),
        ring_timeout: Duration::from_secs(20),
        wrap_up: WrapUp::None,
        wrap_up_cap: Duration::from_secs(600),
        wrap_up_extend: Duration::from_secs(30),
        wrap_up_extensions: 2,
        max_wait: Duration::from_secs(36_000),
        max_length: 1_000,
        when_no_agents: WhenNoAgents::Wait,
        overflow: crate::overflow::Overflow::default(),
        short_abandon: Duration::ZERO,
        service_level: Duration::from_secs(20),
    }
}

fn company(day: Day) -> RoutingCompany {
    let queues = (1..=day.queues).map(|n| (QueueId::from_number(n), queue(n)));
    let agents = (1..=day.agents).map(|n| {
        let own = QueueId::from_number(1 + n % day.queues);
        let all = (1..=day.queues).map(|queue| (QueueId::from_number(queue), 1));
        let agent = Agent {
            login: format!("a{n}"),
            skills: Skills::new(),
            licences: BTreeMap::new(),
            prefers: Vec::new(),
            queues: if day.shared {
                all.collect()
            } else {
                BTreeMap::from([(own, 1)])
            },
            ready_on_register: true,
        };
        (AgentId::from_number(n), agent)
    });
    RoutingCompany {
        queues: queues.collect(),
        agents: agents.collect(),
        settings: RoutingSettings::default(),
    }
}

/// One caller: what was told on entry, how long the wait was, whether an agent ended it.
#[derive(Clone, Copy)]
struct Told {
    forecast: Forecast,
    entered: Timestamp,
    over: Option<(f64, bool)>,
}

struct World {
    day: Day,
    dice: Dice,
    now: Timestamp,
    distributor: Distributor,
    forecast: WaitForecast,
    due: BinaryHeap<Reverse<(Timestamp, u64, Due)>>,
    sequence: u64,
    callers: u64,
    told: BTreeMap<QueueEntryId, Told>,
}

impl World {
    fn new(day: Day, seed: u64) -> Self {
        let company = company(day);
        let mut world = Self {
            day,
            dice: Dice(seed),
            now: Timestamp::from_millis(1_000_000),
            forecast: WaitForecast::new(&company),
            distributor: Distributor::new(company, 1),
            due: BinaryHeap::new(),
            sequence: 0,
            callers: 0,
            told: BTreeMap::new(),
        };
        for agent in 1..=day.agents {
            let agent = AgentId::from_number(agent);
            world.tell(Input::PhoneRegistered { agent });
        }
        for queue in 1..=day.queues {
            world.plan(Duration::from_secs(1), Due::Arrives { queue });
        }
        world
    }

    fn plan(&mut self, after: Duration, due: Due) {
        self.sequence += 1;
        self.due
            .push(Reverse((self.now + after, self.sequence, due)));
    }

    fn tell(&mut self, input: Input) {
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            self.distributor.handle(input, self.now);
            while let Some(output) = self.distributor.poll_output() {
                match output {
                    Output::Log(event) => self.forecast.read(&event, self.now),
                    Output::Queued {
                        entry, position, ..
                    } => {
                        if let Some(forecast) = self.forecast.of(entry, position, self.now) {
                            let told = Told {
                                forecast,
                                entered: self.now,
                                over: None,
                            };
                            self.told.insert(entry, told);
                        }
                    }
                    Output::Offer { offer, entry, .. } => {
                        // At once: one who is served on arrival was told nothing.
                        if self
                            .told
                            .get(&entry)
                            .is_some_and(|told| told.entered == self.now)
                        {
                            self.told.remove(&entry);
                        }
                        inputs.push_back(Input::OfferAnswered { offer });
                    }
                    Output::Accepted {
                        entry,
                        agent,
                        interaction,
                        ..
                    } => {
                        self.over(entry, true);
                        let lasts = self.dice.exponential(self.day.talk);
                        self.plan(lasts, Due::Hangs { agent, interaction });
                    }
                    Output::EntryLeft { entry, .. } => self.over(entry, false),
                    _ => {}
                }
            }
        }
    }

    fn over(&mut self, entry: QueueEntryId, answered: bool) {
        let now = self.now;
        if let Some(told) = self.told.get_mut(&entry) {
            told.over
                .get_or_insert_with(|| (now.since(told.entered).as_secs_f64(), answered));
        }
    }

    fn arrives(&mut self, queue: u64, passed: f64) {
        self.callers += 1;
        let entry = QueueEntryId::from_number(self.callers);
        let request = EntryRequest {
            entry,
            interaction: InteractionId::from_number(self.callers),
            queue: QueueId::from_number(queue),
            skills: Skills::new(),
            head_start: Duration::ZERO,
            class: None,
            wishes: crate::requirement::Wishes::default(),
            returning: false,
        };
        let patience = self.dice.exponential(self.day.patience);
        self.plan(patience, Due::GivesUp { entry });
        let (first, last) = self.day.calls;
        let rate = first + (last - first) * passed;
        let next = self.dice.exponential(3_600.0 / rate);
        self.plan(next, Due::Arrives { queue });
        self.tell(Input::Enqueue(request));
    }

    /// Everything that was told after the first half hour, with what became of it.
    fn play(mut self) -> Vec<Told> {
        let begin = self.now;
        let end = begin + length(self.day.hours * 3_600.0);
        while let Some(Reverse((at, _, due))) = self.due.pop() {
            if at > end {
                break;
            }
            self.now = at;
            match due {
                Due::Arrives { queue } => {
                    let passed = at.since(begin).as_secs_f64() / (self.day.hours * 3_600.0);
                    self.arrives(queue, passed);
                }
                Due::GivesUp { entry } => self.tell(Input::Leave {
                    entry,
                    cause: LeaveCause::HungUp,
                }),
                Due::Hangs { agent, interaction } => {
                    self.tell(Input::TalkEnded { agent, interaction });
                }
            }
        }
        let warm = begin + Duration::from_secs(1_800);
        let told = self.told.into_values();
        told.filter(|told| told.entered > warm && told.over.is_some())
            .collect()
    }
}

/// The share of callers who wait at most what they were told, those who gave up censored; and how many they are.
fn coverage(told: &[Told], of: impl Fn(&Forecast) -> Duration) -> (f64, usize) {
    let mut ratios: Vec<(f64, bool)> = told
        .iter()
        .filter_map(|told| {
            let (waited, answered) = told.over?;
            Some((
                waited / of(&told.forecast).as_secs_f64().max(1e-3),
                answered,
            ))
        })
        .collect();
    ratios.sort_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)));
    (share_within(&ratios).unwrap(), ratios.len())
}

fn judged(day: Day, model: Model) {
    let told: Vec<Told> = (1..=3)
        .flat_map(|seed| World::new(day, seed).play())
        .collect();
    let by_model = told
        .iter()
        .filter(|told| told.forecast.model == model)
        .count();
    assert!(
        by_model * 2 > told.len(),
        "{by_model} of {} by {model:?}",
        told.len()
    );
    let (unrounded, callers) = coverage(&told, |forecast| forecast.quantile);
    let (announced, _) = coverage(&told, |forecast| forecast.announced);
    println!("{callers} callers: {unrounded:.3} unrounded, {announced:.3} as said");
    assert!(callers > 1_000, "{callers}");
    assert!(
        (0.75..=0.85).contains(&unrounded),
        "{unrounded} of {callers}"
    );
    assert!(announced >= 0.75 && announced >= unrounded, "{announced}");
}

const STEADY: Day = Day {
    queues: 1,
    agents: 10,
    calls: (210.0, 210.0),
    talk: 180.0,
    patience: 240.0,
    shared: false,
    hours: 6.0,
};

#[test]
fn four_of_five_wait_no_longer_where_agents_serve_nothing_else() {
    judged(STEADY, Model::QueueLength);
}

#[test]
fn four_of_five_wait_no_longer_where_agents_are_shared() {
    let day = Day {
        queues: 2,
        agents: 16,
        calls: (190.0, 190.0),
        shared: true,
        ..STEADY
    };
    judged(day, Model::HeadOfLine);
}

#[test]
fn four_of_five_wait_no_longer_while_traffic_grows() {
    let day = Day {
        calls: (170.0, 290.0),
        ..STEADY
    };
    judged(day, Model::QueueLength);
    let day = Day {
        queues: 2,
        agents: 16,
        calls: (150.0, 240.0),
        shared: true,
        ..STEADY
    };
    judged(day, Model::HeadOfLine);
}

/// Who serves what decides how the wait is foretold.
#[test]
fn a_queue_length_tells_only_where_agents_and_queue_are_each_others() {
    use crate::requirement::LadderStep;
    let alone = company(STEADY);
    let (queue, other) = (QueueId::from_number(1), QueueId::from_number(2));
    assert!(is_dedicated(queue, &alone) && !is_dedicated(other, &alone));
    let mut skilled = alone.clone();
    let rules = skilled.queues.get_mut(&queue).unwrap();
    rules.skills.insert("billing".into(), 3);
    assert!(!is_dedicated(queue, &skilled), "nobody has the skill");
    for agent in skilled.agents.values_mut() {
        agent.skills.insert("billing".into(), 3);
    }
    assert!(is_dedicated(queue, &skilled));
    let mut two = company(Day {
        queues: 2,
        ..STEADY
    });
    assert!(is_dedicated(queue, &two) && is_dedicated(other, &two));
    two.queues.get_mut(&queue).unwrap().ladder = vec![LadderStep {
        queues: vec![other],
        ..LadderStep::default()
    }];
    assert!(!is_dedicated(queue, &two) && !is_dedicated(other, &two));
    let shared = company(Day {
        queues: 2,
        shared: true,
        ..STEADY
    });
    assert!(!is_dedicated(queue, &shared));
}

#[test]
fn nobody_there_is_told_nothing_and_the_error_is_shown() {
    let company = company(STEADY);
    let forecast = WaitForecast::new(&company);
    let (queue, now) = (QueueId::from_number(1), Timestamp::from_millis(5));
    assert_eq!(forecast.newcomer(queue, &Skills::new(), now), None);
    assert_eq!(forecast.error(queue), WaitError::default());
    let mut world = World::new(STEADY, 9);
    for _ in 0..3_000 {
        let Some(Reverse((at, _, due))) = world.due.pop() else {
            break;
        };
        world.now = at;
        match due {
            Due::Arrives { queue } => world.arrives(queue, 0.0),
            Due::GivesUp { entry } => world.tell(Input::Leave {
                entry,
                cause: LeaveCause::HungUp,
            }),
            Due::Hangs { agent, interaction } => {
                world.tell(Input::TalkEnded { agent, interaction });
            }
        }
    }
    let error = world.forecast.error(queue);
    assert_eq!(error.lately, 200);
    assert!(error.forecasts > 300 && error.answered > 100, "{error:?}");
    assert!(error.coverage.is_some_and(|share| share > 0.6), "{error:?}");
    let newcomer = world.forecast.newcomer(queue, &Skills::new(), world.now);
    assert!(
        newcomer.is_some_and(|told| told.announced >= told.quantile),
        "{newcomer:?}"
    );
}
