//! The first few of those who fit, in order: what a decision tells of whom it passed over.
//!
//! **Owns**: these two questions and how many wait for a profile. **Must not know**: more than [`Classes`] does.

use super::bits::Masks;
use super::{AgentKey, CallerKey, Classes, Profile, Signature};

/// An agent among the first, with what the edge says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RankedAgent {
    /// The agent's number.
    pub agent: u32,
    /// [`super::Edge::tier`].
    pub tier: u8,
    /// [`super::Edge::skilled`].
    pub skilled: u16,
}

impl Classes {
    /// The best `most` agents for callers of a signature, of those of whom `may` is true, in order.
    #[must_use]
    pub fn agents_for(
        &self,
        signature: Signature,
        most: usize,
        may: impl Fn(u32) -> bool,
    ) -> Vec<RankedAgent> {
        let mut all = Vec::new();
        let Some(class) = self.signatures.get(signature.0 as usize) else {
            return all;
        };
        for (group, edges) in class.by_tier.groups() {
            let room = most - all.len();
            if room == 0 {
                break;
            }
            let best = self.agents_of(class.order, edges, room, &may);
            all.extend(best.into_iter().map(|(_, agent)| RankedAgent {
                agent,
                tier: (group >> 16) as u8,
                skilled: group as u16,
            }));
        }
        all
    }

    fn agents_of(
        &self,
        order: usize,
        edges: &Masks,
        most: usize,
        may: impl Fn(u32) -> bool,
    ) -> Vec<(AgentKey, u32)> {
        let mut best = Best::new(most);
        let Some(heads) = self.orders.get(order) else {
            return best.0;
        };
        for number in heads.ready.both(edges) {
            let head = heads.first_agent.get(number as usize);
            if head.is_none_or(|head| best.refuses(&(*head, 0))) {
                continue;
            }
            let profile = self.profiles.get(number as usize);
            let idle = profile.and_then(|profile| profile.idle.get(order));
            for ranked in idle.into_iter().flat_map(super::Ordered::iter) {
                if best.refuses(&ranked) {
                    break;
                }
                if may(ranked.1) {
                    best.add(ranked);
                }
            }
        }
        best.0
    }

    /// The best `most` callers for agents of a profile, of those of whom `may` is true, in order, each with the preference
    /// of its edge.
    #[must_use]
    pub fn callers_for(
        &self,
        profile: Profile,
        most: usize,
        may: impl Fn(u32) -> bool,
    ) -> Vec<(u8, u32)> {
        let mut best: Best<(u8, u32, CallerKey, u32)> = Best::new(most);
        let Some(class) = self.profiles.get(profile.0 as usize) else {
            return Vec::new();
        };
        for (preference, edges) in class.by_preference.groups() {
            for number in self.asked.both(edges) {
                let head = self.first_caller.get(number as usize);
                if head.is_none_or(|head| best.refuses(&(head.class(), preference, *head, 0))) {
                    continue;
                }
                let signature = self.signatures.get(number as usize);
                for (key, caller) in signature.into_iter().flat_map(|class| class.line.iter()) {
                    let ranked = (key.class(), preference, key, caller);
                    if best.refuses(&ranked) {
                        break;
                    }
                    if may(caller) {
                        best.add(ranked);
                    }
                }
            }
        }
        let named = best.0.into_iter();
        named
            .map(|(_, preference, _, caller)| (preference as u8, caller))
            .collect()
    }

    /// The first `most` callers of those whom agents of a profile serve, of whom `may` is true, whatever the agents prefer; in
    /// no order.
    #[must_use]
    pub fn first_callers(
        &self,
        profile: Profile,
        most: usize,
        may: impl Fn(u32) -> bool,
    ) -> Vec<u32> {
        let mut best = Best::new(most);
        let class = self.profiles.get(profile.0 as usize);
        let groups = class
            .into_iter()
            .flat_map(|class| class.by_preference.groups());
        for number in groups.flat_map(|(_, edges)| self.asked.both(edges)) {
            let signature = self.signatures.get(number as usize);
            for ranked in signature.into_iter().flat_map(|class| class.line.iter()) {
                if best.refuses(&ranked) {
                    break;
                }
                if may(ranked.1) {
                    best.add(ranked);
                }
            }
        }
        best.0.into_iter().map(|(_, caller)| caller).collect()
    }

    /// How many callers wait whom agents of a profile serve.
    #[must_use]
    pub fn waiting_for(&self, profile: Profile) -> u32 {
        let class = self.profiles.get(profile.0 as usize);
        let groups = class
            .into_iter()
            .flat_map(|class| class.by_preference.groups());
        groups.map(|(_, edges)| self.waiting_in(edges)).sum()
    }

    /// How many wait in one signature.
    #[must_use]
    pub fn waiting(&self, signature: Signature) -> u32 {
        let waiting = self.waiting.get(signature.0 as usize);
        waiting.copied().unwrap_or(0)
    }

    /// How many wait in these signatures.
    pub(crate) fn waiting_in(&self, signatures: &Masks) -> u32 {
        let asked = self.asked.both(signatures);
        asked
            .filter_map(|number| self.waiting.get(number as usize))
            .sum()
    }
}

/// The smallest few, in order.
struct Best<T>(Vec<T>, usize);

impl<T: Ord> Best<T> {
    fn new(most: usize) -> Self {
        Self(Vec::with_capacity(most), most)
    }
    /// Whether nothing that is no smaller than this can be among them.
    fn refuses(&self, ranked: &T) -> bool {
        self.0.len() == self.1 && self.0.last().is_none_or(|last| last <= ranked)
    }
    fn add(&mut self, ranked: T) {
        let place = self.0.partition_point(|other| *other < ranked);
        if self.0.len() == self.1 {
            self.0.pop();
        }
        self.0.insert(place, ranked);
    }
}
