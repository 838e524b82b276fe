//! The fast structure: who fits whom, asked of classes instead of one by one.
//!
//! **Owns**: callers of one requirement as one class (a *signature*), agents of one ability as another (a *profile*), the
//! edges between them, an ordered set with its head for each, and bitmaps of those that are not empty. A question looks at
//! the heads of the classes that are joined to the asker's and not empty, never at single agents or callers.
//! **Must not know**: what the keys mean, states, timers, offers. It orders by what it is told.
//!
//! Whoever drives it keeps the numbers it hands out. Everything is told as it changes: an agent becomes ready or not, a
//! caller waits or not. A company that is edited is told anew, from the start.
//!
//! # What fits in
//!
//! - A **tier** and a **preference** belong to an edge: the same for all agents and callers of the two classes.
//! - A **strategy** is one more key before the idle key. Agents are kept in as many orders as strategies are in use
//!   ([`Classes::new`]); a signature names the order it goes by.
//! - A caller of **several** queues or requirements stands in several signatures with one key.
//! - **Exclusions** are asked back while a class is walked; without any, its head is the answer.

pub(crate) mod bits;
pub(crate) mod edges;
mod ordered;
mod ranked;
#[cfg(test)]
mod tests;

use bits::Bits;
use edges::Edges;
use ordered::Ordered;
pub use ranked::RankedAgent;

/// Orders callers; smaller goes first. [`CallerKey::new`] packs class, virtual enqueue time and sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CallerKey(u128);

impl CallerKey {
    /// `v` in milliseconds; of `seq` the lower 56 bits count.
    #[must_use]
    pub const fn new(class: u8, v: i64, seq: u64) -> Self {
        // Moved so that times before 1970 come first.
        let v = v.cast_unsigned() ^ (1 << 63);
        Self(((class as u128) << 120) | ((v as u128) << 56) | ((seq & ((1 << 56) - 1)) as u128))
    }
    const fn class(self) -> u8 {
        (self.0 >> 120) as u8
    }
}

/// Orders agents of one tier; smaller goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AgentKey(u128);

impl AgentKey {
    /// `strategy` is what a strategy says, the same for all where it says nothing; `idle_since` in milliseconds, within four
    /// thousand years of 1970; of `ready_seq` the lower 48 bits count.
    #[must_use]
    pub const fn new(strategy: u32, idle_since: i64, ready_seq: u64) -> Self {
        let since = idle_since.wrapping_add(1 << 47).cast_unsigned() & LOWER_48;
        let seq = ready_seq & LOWER_48;
        Self(((strategy as u128) << 96) | ((since as u128) << 48) | seq as u128)
    }
}

const LOWER_48: u64 = (1 << 48) - 1;

/// A class of callers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Signature(u32);

impl Signature {
    /// Small, and used again once it is forgotten.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.0
    }
}

/// A class of agents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Profile(u32);

impl Profile {
    /// That of a number; they are given out in order from 0.
    pub(crate) const fn of(number: u32) -> Self {
        Self(number)
    }
}

/// How a profile serves a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edge {
    /// 1 is asked first.
    pub tier: u8,
    /// Smaller is asked first within a tier: a strategy that is the same for all agents of the profile. 0: none.
    pub skilled: u16,
    /// The agents' preference for the queue; smaller is served first within a class. The same everywhere: none.
    pub preference: u8,
}

/// The structure. Numbers of agents and callers are the driver's, small and used again.
#[derive(Clone, Debug, Default)]
pub struct Classes {
    signatures: Vec<SignatureClass>,
    profiles: Vec<ProfileClass>,
    /// Signatures in which somebody waits.
    asked: Bits,
    /// The first caller of each signature; what it says of an empty one has no meaning.
    first_caller: Vec<CallerKey>,
    /// How many wait in each signature.
    waiting: Vec<u32>,
    /// Signatures that were forgotten: their numbers are used again.
    forgotten: Vec<u32>,
    /// Per order: profiles in which somebody is ready, and the first of each.
    orders: Vec<Order>,
}

#[derive(Clone, Debug, Default)]
struct Order {
    ready: Bits,
    first_agent: Vec<AgentKey>,
}

#[derive(Clone, Debug, Default)]
struct SignatureClass {
    order: usize,
    /// Profiles that serve it, by tier.
    by_tier: Edges,
    line: Ordered<CallerKey>,
}

#[derive(Clone, Debug, Default)]
struct ProfileClass {
    /// Signatures that it serves, by preference.
    by_preference: Edges,
    /// Those who are ready, per order.
    idle: Vec<Ordered<AgentKey>>,
}

impl Classes {
    /// With so many orders of agents: 1, and 1 for each strategy in use that has keys of its own.
    #[must_use]
    pub fn new(orders: usize) -> Self {
        Self {
            orders: vec![Order::default(); orders.max(1)],
            ..Self::default()
        }
    }

    /// A new class of callers, who choose agents by the order of that number. It serves nobody until it is joined.
    pub fn signature(&mut self, order: usize) -> Signature {
        let class = SignatureClass {
            order: order.min(self.orders.len() - 1),
            ..SignatureClass::default()
        };
        if let Some(number) = self.forgotten.pop() {
            if let Some(slot) = self.signatures.get_mut(number as usize) {
                *slot = class;
            }
            return Signature(number);
        }
        let number = self.signatures.len() as u32;
        self.signatures.push(class);
        self.first_caller.push(CallerKey(u128::MAX));
        self.waiting.push(0);
        Signature(number)
    }

    /// A class of callers in which nobody waits, and which nobody will name any more.
    pub fn forget(&mut self, signature: Signature) {
        let number = signature.0;
        let Some(class) = self.signatures.get_mut(number as usize) else {
            return;
        };
        for profile in std::mem::take(class).by_tier.classes() {
            if let Some(profile) = self.profiles.get_mut(profile as usize) {
                profile.by_preference.remove(number);
            }
        }
        self.asked.set(number, false);
        self.forgotten.push(number);
    }

    /// A new class of agents.
    pub fn profile(&mut self) -> Profile {
        let number = self.profiles.len() as u32;
        let orders = self.orders.len();
        self.profiles.push(ProfileClass {
            by_preference: Edges::default(),
            idle: vec![Ordered::default(); orders],
        });
        for order in &mut self.orders {
            order.first_agent.push(AgentKey(u128::MAX));
        }
        Profile(number)
    }

    /// Agents of `profile` serve callers of `signature`. Once for each pair.
    pub fn join(&mut self, signature: Signature, profile: Profile, edge: Edge) {
        if let Some(class) = self.signatures.get_mut(signature.0 as usize) {
            let group = (u32::from(edge.tier) << 16) | u32::from(edge.skilled);
            class.by_tier.add(group, profile.0);
        }
        if let Some(class) = self.profiles.get_mut(profile.0 as usize) {
            class
                .by_preference
                .add(u32::from(edge.preference), signature.0);
        }
    }

    /// An agent becomes ready, with one key per order.
    pub fn agent_ready(&mut self, profile: Profile, agent: u32, keys: &[AgentKey]) {
        self.agent_changes(profile, agent, keys, Ordered::insert);
    }

    /// An agent is ready no longer; the keys are those of [`Classes::agent_ready`].
    pub fn agent_taken(&mut self, profile: Profile, agent: u32, keys: &[AgentKey]) {
        self.agent_changes(profile, agent, keys, Ordered::remove);
    }

    fn agent_changes(
        &mut self,
        profile: Profile,
        agent: u32,
        keys: &[AgentKey],
        change: impl Fn(&mut Ordered<AgentKey>, AgentKey, u32),
    ) {
        let number = profile.0 as usize;
        let Some(class) = self.profiles.get_mut(number) else {
            return;
        };
        for ((idle, order), key) in class.idle.iter_mut().zip(&mut self.orders).zip(keys) {
            change(idle, *key, agent);
            let first = idle.first();
            order.ready.set(profile.0, first.is_some());
            if let (Some((key, _)), Some(slot)) = (first, order.first_agent.get_mut(number)) {
                *slot = key;
            }
        }
    }

    /// A caller waits. One of several signatures is told once for each, with the same key.
    pub fn caller_waits(&mut self, signature: Signature, caller: u32, key: CallerKey) {
        self.caller_changes(signature, caller, key, Ordered::insert);
    }

    /// A caller waits there no longer.
    pub fn caller_leaves(&mut self, signature: Signature, caller: u32, key: CallerKey) {
        self.caller_changes(signature, caller, key, Ordered::remove);
    }

    fn caller_changes(
        &mut self,
        signature: Signature,
        caller: u32,
        key: CallerKey,
        change: impl Fn(&mut Ordered<CallerKey>, CallerKey, u32),
    ) {
        let number = signature.0 as usize;
        let Some(class) = self.signatures.get_mut(number) else {
            return;
        };
        change(&mut class.line, key, caller);
        if let Some(waiting) = self.waiting.get_mut(number) {
            *waiting = class.line.len() as u32;
        }
        let first = class.line.first();
        self.asked.set(signature.0, first.is_some());
        if let (Some((key, _)), Some(slot)) = (first, self.first_caller.get_mut(number)) {
            *slot = key;
        }
    }

    /// The best agent for callers of a signature: tier, then the key of its order.
    #[must_use]
    pub fn agent_for(&self, signature: Signature) -> Option<u32> {
        let class = self.signatures.get(signature.0 as usize)?;
        let order = self.orders.get(class.order)?;
        class.by_tier.groups().find_map(|(_, edges)| {
            let (_, number) = order.ready.smallest(edges, &order.first_agent)?;
            let idle = self.profiles.get(number as usize)?.idle.get(class.order)?;
            idle.first().map(|(_, agent)| agent)
        })
    }

    /// The same among those of whom `may` is true.
    pub fn agent_among(&self, signature: Signature, may: impl Fn(u32) -> bool) -> Option<u32> {
        let class = self.signatures.get(signature.0 as usize)?;
        let order = self.orders.get(class.order)?;
        class.by_tier.groups().find_map(|(_, edges)| {
            let profiles = order.ready.both(edges);
            let idle = profiles.filter_map(|profile| {
                let idle = self.profiles.get(profile as usize)?.idle.get(class.order)?;
                idle.iter().find(|(_, agent)| may(*agent))
            });
            idle.min().map(|(_, agent)| agent)
        })
    }

    /// The best caller for agents of a profile: class, then preference, then virtual enqueue time, then sequence.
    #[must_use]
    pub fn caller_for(&self, profile: Profile) -> Option<u32> {
        let class = self.profiles.get(profile.0 as usize)?;
        let heads = class
            .by_preference
            .groups()
            .filter_map(|(preference, edges)| {
                let (key, number) = self.asked.smallest(edges, &self.first_caller)?;
                Some((key.class(), preference, key, number))
            });
        let (.., signature) = heads.min()?;
        let (_, caller) = self.signatures.get(signature as usize)?.line.first()?;
        Some(caller)
    }

    /// The same among those of whom `may` is true. A caller of several signatures may be asked about several times.
    pub fn caller_among(&self, profile: Profile, may: impl Fn(u32) -> bool) -> Option<u32> {
        let class = self.profiles.get(profile.0 as usize)?;
        let groups = class.by_preference.groups();
        let heads = groups.flat_map(|(preference, edges)| {
            self.asked
                .both(edges)
                .map(move |number| (preference, number))
        });
        let best = heads.filter_map(|(preference, number)| {
            let line = &self.signatures.get(number as usize)?.line;
            let (key, caller) = line.iter().find(|(_, caller)| may(*caller))?;
            Some((key.class(), preference, key, caller))
        });
        best.min().map(|(.., caller)| caller)
    }
}
