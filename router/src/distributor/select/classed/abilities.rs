//! Lists of asks that somebody waits with, and who of the company meets each.
//!
//! **Owns**: [`Abilities`]: worked out once for each list of asks, forgotten some time after the last who asked. **Must
//! not know**: who is ready, who waits.

use super::Number;
use crate::classes::bits::{Masks, is_in, put_in};
use crate::company::RoutingCompany;
use crate::distributor::kept::{Lookup, Quick};
use crate::distributor::select::eligible::{Cause, Fit, can_serve};
use crate::id::{AgentId, QueueId};
use crate::requirement::{ANY_TIER, Ask};
use crate::time::Timestamp;
use std::collections::VecDeque;
use std::hash::{BuildHasher, BuildHasherDefault};

/// So many that nobody asks for any more are kept for the next who does.
const MOST_UNUSED: usize = 65_536;

/// One list of asks.
#[derive(Clone, Debug, Default)]
pub(super) struct Ability {
    pub(super) asks: Vec<Ask>,
    /// Agents who meet it.
    pub(super) able: Masks,
    /// The same with how well, by number.
    pub(super) fits: Vec<(Number, Fit)>,
    /// Agents of the queues who do not meet it, and why, by number. Everybody else is not in the queue.
    pub(super) unable: Vec<(Number, Number)>,
    /// All who do not meet it, counted by cause.
    pub(super) causes: Vec<(Number, u32)>,
    /// Callers who ask for it now, and those who will in the end.
    users: u32,
    /// Those who will in the end.
    last_users: u32,
    unused: bool,
}

impl Ability {
    /// Agents who meet it in a tier beyond this one.
    pub(super) fn beyond(&self, max_tier: u8) -> impl Iterator<Item = Number> + '_ {
        // Most callers are limited to no tier: nobody is looked at for them.
        let limited = (max_tier < ANY_TIER).then_some(&self.fits);
        let fits = limited.into_iter().flatten();
        let outer = fits.filter(move |(_, fit)| fit.tier > max_tier);
        outer.map(|(agent, _)| *agent)
    }

    /// Whether an agent meets it up to this tier.
    pub(super) fn is_within(&self, agent: Number, max_tier: u8) -> bool {
        is_in(&self.able, agent) && self.beyond(max_tier).all(|outer| outer != agent)
    }

    /// Why an agent does not meet it.
    pub(super) fn cause(&self, agent: Number) -> Option<Number> {
        let found = self
            .unable
            .binary_search_by_key(&agent, |(agent, _)| *agent);
        found.ok().and_then(|place| Some(self.unable.get(place)?.1))
    }
}

/// All of them.
#[derive(Clone, Debug, Default)]
pub(super) struct Abilities {
    all: Vec<Ability>,
    known: Lookup<u64, Vec<Number>>,
    free: Vec<Number>,
    unused: VecDeque<Number>,
    /// Names of causes; the first is that of somebody who is not in the queue.
    causes: Vec<String>,
    cause_numbers: Lookup<String, Number>,
    /// Numbers of agents, by queue.
    members: Lookup<QueueId, Vec<Number>>,
    agents: u32,
}

/// The company, numbered.
#[derive(Clone, Copy)]
pub(super) struct Staff<'a> {
    pub(super) company: &'a RoutingCompany,
    pub(super) ids: &'a [AgentId],
    pub(super) now: Timestamp,
}

impl Abilities {
    pub(super) fn new(company: &RoutingCompany) -> Self {
        let mut members: Lookup<QueueId, Vec<Number>> = Lookup::default();
        for (number, agent) in (0..).zip(company.agents.values()) {
            for queue in agent.queues.keys() {
                members.entry(*queue).or_default().push(number);
            }
        }
        Self {
            causes: vec![Cause::NotInQueue.name()],
            cause_numbers: [(Cause::NotInQueue.name(), 0)].into_iter().collect(),
            members,
            agents: company.agents.len() as u32,
            ..Self::default()
        }
    }

    pub(super) fn get(&self, number: Number) -> Option<&Ability> {
        self.all.get(number as usize)
    }

    pub(super) fn cause_name(&self, number: Number) -> &str {
        self.causes.get(number as usize).map_or("", String::as_str)
    }

    /// What somebody asks for; worked out if nobody asked for it before. Counts as used until [`Self::drop_use`].
    pub(super) fn take_use(&mut self, asks: &[Ask], staff: Staff<'_>) -> Number {
        let number = self.number_of(asks).unwrap_or_else(|| {
            let ability = self.work_out(asks, staff);
            self.add(ability)
        });
        if let Some(ability) = self.all.get_mut(number as usize) {
            ability.users += 1;
        }
        number
    }

    /// The same for what somebody asks for in the end.
    pub(super) fn take_last_use(&mut self, asks: &[Ask], staff: Staff<'_>) -> Number {
        let number = self.take_use(asks, staff);
        if let Some(ability) = self.all.get_mut(number as usize) {
            ability.last_users += 1;
        }
        number
    }

    /// One fewer who asks for it in the end. As [`Self::drop_use`].
    pub(super) fn drop_last_use(&mut self, number: Number) -> Option<Number> {
        if let Some(ability) = self.all.get_mut(number as usize) {
            ability.last_users = ability.last_users.saturating_sub(1);
        }
        self.drop_use(number)
    }

    /// One fewer. Gives one that is to be forgotten, if any.
    pub(super) fn drop_use(&mut self, number: Number) -> Option<Number> {
        let ability = self.all.get_mut(number as usize)?;
        ability.users = ability.users.saturating_sub(1);
        if ability.users == 0 && !ability.unused {
            ability.unused = true;
            self.unused.push_back(number);
        }
        if self.unused.len() <= MOST_UNUSED {
            return None;
        }
        let oldest = self.unused.pop_front()?;
        let ability = self.all.get_mut(oldest as usize)?;
        ability.unused = false;
        (ability.users == 0).then_some(oldest)
    }

    /// Forgets what nobody uses.
    pub(super) fn forget(&mut self, number: Number) {
        let Some(ability) = self.all.get_mut(number as usize) else {
            return;
        };
        let hash = hash_of(&std::mem::take(ability).asks);
        if let Some(same) = self.known.get_mut(&hash) {
            same.retain(|other| *other != number);
            if same.is_empty() {
                self.known.remove(&hash);
            }
        }
        self.free.push(number);
    }

    /// Whether anybody who waits asks for this in the end.
    pub(super) fn is_asked_in_the_end(&self, asks: &[Ask]) -> bool {
        let found = self.number_of(asks).and_then(|number| self.get(number));
        found.is_some_and(|ability| ability.last_users > 0)
    }

    /// What those who wait ask for in the end, each once.
    pub(super) fn last(&self) -> impl Iterator<Item = &Ability> {
        self.all.iter().filter(|ability| ability.last_users > 0)
    }

    fn number_of(&self, asks: &[Ask]) -> Option<Number> {
        let same = self.known.get(&hash_of(asks))?;
        let is_it = |number: &&Number| self.get(**number).is_some_and(|known| known.asks == asks);
        same.iter().find(is_it).copied()
    }

    fn add(&mut self, ability: Ability) -> Number {
        let hash = hash_of(&ability.asks);
        let number = self.free.pop().unwrap_or_else(|| {
            self.all.push(Ability::default());
            self.all.len() as Number - 1
        });
        if let Some(slot) = self.all.get_mut(number as usize) {
            *slot = ability;
        }
        self.known.entry(hash).or_default().push(number);
        number
    }

    fn work_out(&mut self, asks: &[Ask], staff: Staff<'_>) -> Ability {
        let mut near: Vec<Number> = asks
            .iter()
            .filter_map(|ask| self.members.get(&ask.queue))
            .flatten()
            .copied()
            .collect();
        near.sort_unstable();
        near.dedup();
        let mut ability = Ability {
            asks: asks.to_vec(),
            ..Ability::default()
        };
        let far = self.agents - near.len() as u32;
        if far > 0 {
            ability.causes.push((0, far));
        }
        for number in near {
            let id = staff.ids.get(number as usize);
            let Some(agent) = id.and_then(|id| staff.company.agents.get(id)) else {
                continue;
            };
            match can_serve(agent, asks, staff.now) {
                Ok(fit) => {
                    put_in(&mut ability.able, number);
                    ability.fits.push((number, fit));
                }
                Err(cause) => {
                    let cause = self.cause_number(cause.name());
                    ability.unable.push((number, cause));
                    count(&mut ability.causes, cause);
                }
            }
        }
        ability
    }

    pub(super) fn cause_number(&mut self, name: String) -> Number {
        let next = self.causes.len() as Number;
        let number = *self.cause_numbers.entry(name.clone()).or_insert(next);
        if number == next {
            self.causes.push(name);
        }
        number
    }
}

fn count(causes: &mut Vec<(Number, u32)>, cause: Number) {
    match causes.iter_mut().find(|(known, _)| *known == cause) {
        Some((_, count)) => *count += 1,
        None => causes.push((cause, 1)),
    }
}

fn hash_of(asks: &[Ask]) -> u64 {
    BuildHasherDefault::<Quick>::default().hash_one(asks)
}
