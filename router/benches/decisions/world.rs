//! Worlds that the structure is measured in, and the plain scan over the same.
//!
//! **Owns**: who serves whom by queue, tier and levels, who is ready, who waits. **Must not know**: time.

use router::classes::{AgentKey, CallerKey, Classes, Edge, Profile, Signature};
use std::collections::BTreeMap;

/// How large.
#[derive(Clone, Copy)]
pub(crate) struct Site {
    pub(crate) agents: usize,
    pub(crate) queues: usize,
    pub(crate) skills: usize,
}

/// Numbers that look random: splitmix64.
pub(crate) struct Numbers(u64);

impl Numbers {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % limit.max(1) as u64) as usize
    }
    /// Smaller ones far more often.
    pub(crate) fn uneven(&mut self, limit: usize) -> usize {
        let share = (self.below(1 << 20) as f64 + 1.0) / f64::from(1 << 20);
        ((limit as f64).powf(share) - 1.0) as usize
    }
}

struct Agent {
    profile: Profile,
    tiers: BTreeMap<usize, u8>,
    levels: Vec<u8>,
    idle: Option<(i64, u64)>,
}

struct Wanted {
    signature: Signature,
    queue: usize,
    tier: u8,
    levels: Vec<(usize, u8)>,
}

/// A caller: which kind of call, at which step of its ladder, with which keys.
#[derive(Clone, Copy, Debug)]
struct Caller {
    wanted: usize,
    key: CallerKey,
}

/// What happens next.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Event {
    Arrives { wanted: usize },
    Idle { agent: usize },
    Abandons { place: usize },
    Relaxes { place: usize },
}

impl Event {
    pub(crate) const KINDS: usize = 4;
    pub(crate) const fn kind(&self) -> usize {
        match self {
            Self::Arrives { .. } => 0,
            Self::Idle { .. } => 1,
            Self::Abandons { .. } => 2,
            Self::Relaxes { .. } => 3,
        }
    }
}

/// Who is there.
pub(crate) struct World {
    classes: Classes,
    agents: Vec<Agent>,
    wanted: Vec<Wanted>,
    callers: Vec<Option<Caller>>,
    /// Numbers of callers who wait, in no order, and each one's place there.
    waiting: Vec<u32>,
    places: Vec<usize>,
    free: Vec<u32>,
    busy: Vec<usize>,
    clock: i64,
    seq: u64,
    /// How many wait where the regime keeps a line.
    keeps: usize,
}

/// Steps of each ladder.
const STEPS: usize = 3;

impl World {
    fn empty(agents: Vec<Agent>, wanted: Vec<Wanted>, classes: Classes) -> Self {
        let busy = (0..agents.len()).collect();
        Self {
            classes,
            agents,
            wanted,
            callers: Vec::new(),
            waiting: Vec::new(),
            places: Vec::new(),
            free: Vec::new(),
            busy,
            clock: 0,
            seq: 0,
            keeps: 0,
        }
    }

    /// Nearly a quarter of the agents idle, now and then somebody waits.
    pub(crate) fn light(site: Site) -> Self {
        let mut world = Self::of(site);
        world.free_agents(site.agents * 23 / 100);
        world
    }

    /// A long line, agents busy.
    pub(crate) fn full(site: Site, waiting: usize) -> Self {
        let mut world = Self::of(site);
        world.fill(waiting);
        world
    }

    /// Everybody serves one queue, each with levels of their own.
    pub(crate) fn one_queue(agents: usize, idle: usize) -> Self {
        let mut numbers = Numbers::new(3);
        let agents = (0..agents).map(|_| (BTreeMap::from([(0, 1)]), levels(&mut numbers, 10)));
        let asks = (0..6).map(|step| (0, 1, vec![(step % 3, 1 + (step / 3) as u8)]));
        let mut world = Self::joined(agents.collect(), asks.collect());
        world.free_agents(idle);
        world
    }

    /// Everybody serves every queue, two kinds of calls wait in each.
    pub(crate) fn all_queues(agents: usize, queues: usize, waiting: usize) -> Self {
        let tiers: BTreeMap<usize, u8> = (0..queues).map(|queue| (queue, 1)).collect();
        let agents = (0..agents).map(|_| (tiers.clone(), vec![10]));
        let asks = (0..queues * 2).map(|number| (number / 2, 1, vec![(0, 1 + (number % 2) as u8)]));
        let mut world = Self::joined(agents.collect(), asks.collect());
        world.fill(waiting);
        world
    }

    fn of(site: Site) -> Self {
        let mut numbers = Numbers::new(1);
        let mut asks = Vec::new();
        let mut needs: Vec<Vec<(usize, u8)>> = Vec::new();
        for queue in 0..site.queues {
            let mut need: BTreeMap<usize, u8> = BTreeMap::new();
            for _ in 0..1 + numbers.below(3) {
                need.insert(numbers.uneven(site.skills), 2 + numbers.below(5) as u8);
            }
            let need: Vec<_> = need.into_iter().collect();
            for kind in 0..2_u8 {
                for step in 0..STEPS as u8 {
                    // The second kind asks for more, each step for less, the last not for the last skill.
                    let kept = if step == 2 {
                        need.len().max(2) - 1
                    } else {
                        need.len()
                    };
                    let less = need.iter().take(kept);
                    let less = less.map(|(s, l)| (*s, (l + kind).saturating_sub(step * 2).max(1)));
                    asks.push((queue, 1 + step, less.collect()));
                }
            }
            needs.push(need);
        }
        let mut agents = Vec::new();
        while agents.len() < site.agents {
            let count = (4 + numbers.below(13)).min(site.queues);
            let queues: Vec<usize> = (0..count).map(|_| numbers.below(site.queues)).collect();
            for _ in 0..40.min(site.agents - agents.len()) {
                let tiers = queues
                    .iter()
                    .map(|q| (*q, 1 + numbers.below(3) as u8))
                    .collect();
                let mut held = vec![0; site.skills];
                for (skill, _) in queues.iter().flat_map(|queue| &needs[*queue]) {
                    if numbers.below(10) < 8 {
                        held[*skill] = 1 + numbers.below(10) as u8;
                    }
                }
                agents.push((tiers, held));
            }
        }
        Self::joined(agents, asks)
    }

    /// Every agent a profile, every ask a signature, an edge where one serves the other.
    fn joined(agents: Vec<(BTreeMap<usize, u8>, Vec<u8>)>, asks: Vec<Ask>) -> Self {
        let mut classes = Classes::new(1);
        let asks = asks.into_iter().map(|(queue, tier, levels)| Wanted {
            signature: classes.signature(0),
            queue,
            tier,
            levels,
        });
        let wanted: Vec<Wanted> = asks.collect();
        let mut of_queue: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (number, wanted) in wanted.iter().enumerate() {
            of_queue.entry(wanted.queue).or_default().push(number);
        }
        let agents = agents.into_iter().map(|(tiers, levels)| Agent {
            profile: classes.profile(),
            tiers,
            levels,
            idle: None,
        });
        let agents: Vec<Agent> = agents.collect();
        for agent in &agents {
            for (queue, tier) in &agent.tiers {
                for wanted in of_queue
                    .get(queue)
                    .into_iter()
                    .flatten()
                    .map(|n| &wanted[*n])
                {
                    if agent.serves(wanted).is_some() {
                        let edge = Edge {
                            tier: *tier,
                            skilled: 0,
                            preference: 0,
                        };
                        classes.join(wanted.signature, agent.profile, edge);
                    }
                }
            }
        }
        Self::empty(agents, wanted, classes)
    }

    fn free_agents(&mut self, count: usize) {
        let mut numbers = Numbers::new(2);
        for _ in 0..count {
            let place = numbers.below(self.busy.len());
            let agent = self.busy.swap_remove(place);
            self.become_ready(agent);
        }
    }

    fn fill(&mut self, count: usize) {
        let mut numbers = Numbers::new(4);
        self.keeps = count;
        for _ in 0..count {
            let wanted = numbers.below(self.wanted.len());
            self.join_line(wanted, None);
        }
    }

    /// In a full world as many come as go; in a light one everything that can happen does.
    pub(crate) fn next(&mut self, numbers: &mut Numbers) -> Option<Event> {
        self.clock += numbers.below(20) as i64;
        let few = self.waiting.len() < self.keeps;
        let first_steps = self.wanted.len() / STEPS;
        let arrival = numbers.below(first_steps) * STEPS;
        Some(match numbers.below(10) {
            0..4 => Event::Arrives { wanted: arrival },
            _ if few => Event::Arrives { wanted: arrival },
            4..8 if !self.busy.is_empty() => {
                let place = numbers.below(self.busy.len());
                Event::Idle {
                    agent: self.busy.swap_remove(place),
                }
            }
            8 if !self.waiting.is_empty() => Event::Abandons {
                place: numbers.below(self.waiting.len()),
            },
            9 if !self.waiting.is_empty() => Event::Relaxes {
                place: numbers.below(self.waiting.len()),
            },
            _ => return None,
        })
    }

    /// What the structure has to do for an event: ask, and change. Gives who was found.
    pub(crate) fn happen(&mut self, event: &Event) -> Option<u32> {
        match *event {
            Event::Arrives { wanted } => self.place(wanted, None),
            Event::Idle { agent } => {
                let found = self.classes.caller_for(self.agents[agent].profile);
                match found {
                    Some(caller) => self.take_out(caller),
                    None => self.become_ready(agent),
                }
                found
            }
            Event::Abandons { place } => {
                self.take_out(self.waiting[place]);
                None
            }
            Event::Relaxes { place } => {
                let number = self.waiting[place];
                let caller = self.callers[number as usize]?;
                self.take_out(number);
                self.place(self.relaxed(caller.wanted), Some(caller.key))
            }
        }
    }

    /// What is not the structure's, after the clock has stopped.
    pub(crate) fn settle(&mut self, event: &Event, found: Option<u32>) {
        match (event, found) {
            (Event::Idle { agent }, Some(_)) => self.busy.push(*agent),
            (Event::Arrives { .. } | Event::Relaxes { .. }, Some(agent)) => {
                self.busy.push(agent as usize);
            }
            _ => {}
        }
    }

    fn place(&mut self, wanted: usize, key: Option<CallerKey>) -> Option<u32> {
        let found = self.classes.agent_for(self.wanted[wanted].signature);
        match found {
            Some(agent) => self.take_agent(agent),
            None => self.join_line(wanted, key),
        }
        found
    }

    fn take_agent(&mut self, number: u32) {
        let agent = &mut self.agents[number as usize];
        if let Some((since, seq)) = agent.idle.take() {
            let key = AgentKey::new(0, since, seq);
            self.classes.agent_taken(agent.profile, number, &[key]);
        }
    }

    fn become_ready(&mut self, agent: usize) {
        self.seq += 1;
        let key = AgentKey::new(0, self.clock, self.seq);
        let record = &mut self.agents[agent];
        record.idle = Some((self.clock, self.seq));
        self.classes
            .agent_ready(record.profile, agent as u32, &[key]);
    }

    fn join_line(&mut self, wanted: usize, key: Option<CallerKey>) {
        self.seq += 1;
        let urgent = self.seq.is_multiple_of(100);
        // One of five has a minute's start.
        let start = if self.seq.is_multiple_of(5) {
            60_000
        } else {
            0
        };
        let new = CallerKey::new(u8::from(!urgent), self.clock - start, self.seq);
        let key = key.unwrap_or(new);
        let number = self.free.pop().unwrap_or_else(|| {
            self.callers.push(None);
            self.places.push(0);
            (self.callers.len() - 1) as u32
        });
        self.classes
            .caller_waits(self.wanted[wanted].signature, number, key);
        self.callers[number as usize] = Some(Caller { wanted, key });
        self.places[number as usize] = self.waiting.len();
        self.waiting.push(number);
    }

    fn take_out(&mut self, number: u32) {
        let Some(caller) = self.callers[number as usize].take() else {
            return;
        };
        let signature = self.wanted[caller.wanted].signature;
        self.classes.caller_leaves(signature, number, caller.key);
        let place = self.places[number as usize];
        self.waiting.swap_remove(place);
        if let Some(moved) = self.waiting.get(place) {
            self.places[*moved as usize] = place;
        }
        self.free.push(number);
    }

    /// The same answer from everybody, one by one.
    pub(crate) fn scan(&self, event: &Event) -> Option<u32> {
        match *event {
            Event::Arrives { wanted } => self.scan_agents(wanted),
            Event::Relaxes { place } => {
                let caller = self.callers[self.waiting[place] as usize]?;
                self.scan_agents(self.relaxed(caller.wanted))
            }
            Event::Idle { agent } => self.scan_callers(agent),
            Event::Abandons { .. } => None,
        }
    }

    /// The next step of the same ladder; the last stays.
    fn relaxed(&self, wanted: usize) -> usize {
        let queue = |number: usize| self.wanted.get(number).map(|wanted| wanted.queue);
        if wanted % STEPS == STEPS - 1 || queue(wanted + 1) != queue(wanted) {
            wanted
        } else {
            wanted + 1
        }
    }

    fn scan_agents(&self, wanted: usize) -> Option<u32> {
        let wanted = &self.wanted[wanted];
        let agents = self.agents.iter().enumerate();
        let ranked = agents.filter_map(|(number, agent)| {
            let idle = agent.idle?;
            Some((agent.serves(wanted)?, idle, number as u32))
        });
        ranked.min().map(|(.., number)| number)
    }

    fn scan_callers(&self, agent: usize) -> Option<u32> {
        let agent = &self.agents[agent];
        let callers = self.callers.iter().enumerate();
        let ranked = callers.filter_map(|(number, caller)| {
            let caller = (*caller)?;
            agent.serves(&self.wanted[caller.wanted])?;
            Some((caller.key, number as u32))
        });
        ranked.min().map(|(_, number)| number)
    }
}

/// Queue, the outermost tier, and the levels.
type Ask = (usize, u8, Vec<(usize, u8)>);

impl Agent {
    /// The tier at which this agent serves such a caller.
    fn serves(&self, wanted: &Wanted) -> Option<u8> {
        let tier = *self.tiers.get(&wanted.queue)?;
        let able = wanted
            .levels
            .iter()
            .all(|(skill, level)| self.levels[*skill] >= *level);
        (tier <= wanted.tier && able).then_some(tier)
    }
}

fn levels(numbers: &mut Numbers, skills: usize) -> Vec<u8> {
    (0..skills).map(|_| 1 + numbers.below(10) as u8).collect()
}
