//! The structure against plain lists: random graphs, everybody coming and going, both questions after each change.

use super::{AgentKey, CallerKey, Classes, Edge, Profile, Signature};
use std::collections::BTreeMap;

/// Numbers that look random: splitmix64.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }
}

/// A caller's keys, unpacked, and where they wait.
struct Waiting {
    signatures: Vec<usize>,
    class: u8,
    v: i64,
    seq: u64,
}

/// An agent's profile, what a strategy says, and the idle key.
struct Ready {
    profile: usize,
    strategy: u32,
    since: i64,
    seq: u64,
}

impl Ready {
    /// By idle time alone, and by the strategy before it.
    const fn keys(&self) -> [AgentKey; 2] {
        [
            AgentKey::new(0, self.since, self.seq),
            AgentKey::new(self.strategy, self.since, self.seq),
        ]
    }
}

/// The structure and the plain lists of the same.
struct World {
    numbers: Numbers,
    classes: Classes,
    signatures: Vec<(Signature, usize)>,
    profiles: Vec<Profile>,
    edges: BTreeMap<(usize, usize), Edge>,
    waiting: BTreeMap<u32, Waiting>,
    ready: BTreeMap<u32, Ready>,
    seq: u64,
}

impl World {
    fn new(seed: u64) -> Self {
        let mut numbers = Numbers(seed);
        let mut classes = Classes::new(2);
        let mut signatures = Vec::new();
        let mut profiles = Vec::new();
        // More than one word of each, now and then.
        for _ in 0..1 + numbers.below(90) {
            let order = numbers.below(2) as usize;
            signatures.push((classes.signature(order), order));
        }
        for _ in 0..1 + numbers.below(90) {
            profiles.push(classes.profile());
        }
        let density = 1 + numbers.below(6);
        let mut edges = BTreeMap::new();
        for (s, (signature, _)) in signatures.iter().enumerate() {
            for (p, profile) in profiles.iter().enumerate() {
                if numbers.below(density) == 0 {
                    let edge = Edge {
                        tier: 1 + numbers.below(3) as u8,
                        skilled: numbers.below(2) as u16,
                        preference: numbers.below(2) as u8,
                    };
                    classes.join(*signature, *profile, edge);
                    edges.insert((s, p), edge);
                }
            }
        }
        Self {
            numbers,
            classes,
            signatures,
            profiles,
            edges,
            waiting: BTreeMap::new(),
            ready: BTreeMap::new(),
            seq: 0,
        }
    }

    fn caller_comes_or_goes(&mut self, number: u32) {
        if let Some(gone) = self.waiting.remove(&number) {
            for signature in gone.signatures {
                let key = CallerKey::new(gone.class, gone.v, gone.seq);
                let (signature, _) = self.signatures[signature];
                self.classes.caller_leaves(signature, number, key);
            }
            return;
        }
        self.seq += 1;
        let count = self.signatures.len() as u64;
        let mut signatures = vec![self.numbers.below(count) as usize];
        if self.numbers.below(3) == 0 {
            signatures.push(self.numbers.below(count) as usize);
            signatures.dedup();
        }
        let caller = Waiting {
            signatures,
            class: self.numbers.below(2) as u8,
            v: self.numbers.below(50) as i64 - 25,
            seq: self.seq,
        };
        for signature in &caller.signatures {
            let key = CallerKey::new(caller.class, caller.v, caller.seq);
            let (signature, _) = self.signatures[*signature];
            self.classes.caller_waits(signature, number, key);
        }
        self.waiting.insert(number, caller);
    }

    fn agent_comes_or_goes(&mut self, number: u32) {
        if let Some(gone) = self.ready.remove(&number) {
            let profile = self.profiles[gone.profile];
            self.classes.agent_taken(profile, number, &gone.keys());
            return;
        }
        self.seq += 1;
        let agent = Ready {
            profile: self.numbers.below(self.profiles.len() as u64) as usize,
            strategy: self.numbers.below(4) as u32,
            since: self.numbers.below(50) as i64 - 25,
            seq: self.seq,
        };
        let profile = self.profiles[agent.profile];
        self.classes.agent_ready(profile, number, &agent.keys());
        self.ready.insert(number, agent);
    }

    fn plain_agent(&self, signature: usize, may: impl Fn(u32) -> bool) -> Option<u32> {
        let order = self.signatures[signature].1;
        let fits = self.ready.iter().filter(|(number, _)| may(**number));
        let ranked = fits.filter_map(|(number, agent)| {
            let edge = self.edges.get(&(signature, agent.profile))?;
            let strategy = if order == 1 { agent.strategy } else { 0 };
            Some((
                (edge.tier, edge.skilled),
                strategy,
                agent.since,
                agent.seq,
                *number,
            ))
        });
        ranked.min().map(|(.., number)| number)
    }

    fn plain_caller(&self, profile: usize, may: impl Fn(u32) -> bool) -> Option<u32> {
        let fits = self.waiting.iter().filter(|(number, _)| may(**number));
        let ranked = fits.filter_map(|(number, caller)| {
            let edges = caller.signatures.iter();
            let edges = edges.filter_map(|signature| self.edges.get(&(*signature, profile)));
            let preference = edges.map(|edge| edge.preference).min()?;
            Some((caller.class, preference, caller.v, caller.seq, *number))
        });
        ranked.min().map(|(.., number)| number)
    }

    fn compare(&mut self) {
        let s = self.numbers.below(self.signatures.len() as u64) as usize;
        let p = self.numbers.below(self.profiles.len() as u64) as usize;
        let (signature, _) = self.signatures[s];
        let profile = self.profiles[p];
        assert_eq!(
            self.classes.agent_for(signature),
            self.plain_agent(s, |_| true)
        );
        assert_eq!(
            self.classes.caller_for(profile),
            self.plain_caller(p, |_| true)
        );
        let left_out = self.numbers.below(5) as u32;
        let may = |number: u32| number % 5 != left_out;
        assert_eq!(
            self.classes.agent_among(signature, may),
            self.plain_agent(s, may)
        );
        assert_eq!(
            self.classes.caller_among(profile, may),
            self.plain_caller(p, may)
        );
    }
}

#[test]
fn it_answers_as_plain_lists_do() {
    for seed in 0..200 {
        let mut world = World::new(seed);
        for _ in 0..400 {
            let number = world.numbers.below(40) as u32;
            if world.numbers.below(2) == 0 {
                world.caller_comes_or_goes(number);
            } else {
                world.agent_comes_or_goes(number);
            }
            world.compare();
        }
    }
}

#[test]
fn nobody_serves_what_is_not_joined() {
    let mut classes = Classes::new(1);
    let (signature, profile) = (classes.signature(0), classes.profile());
    classes.agent_ready(profile, 1, &[AgentKey::new(0, 5, 1)]);
    classes.caller_waits(signature, 1, CallerKey::new(1, 5, 1));
    assert_eq!(classes.agent_for(signature), None);
    assert_eq!(classes.caller_for(profile), None);
}
