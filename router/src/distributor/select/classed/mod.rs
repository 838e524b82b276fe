//! The two questions asked of `classes/`: callers who ask for the same in one class, each agent in one of their own.
//!
//! **Owns**: [`Classed`]: the classes kept in step with the world, by what was touched. Worked out anew when the company
//! is edited and when a licence ends. **Must not**: order anybody; the structure does.
//!
//! A caller who waits for one agent alone is in a private class that only this agent serves. Whoever refused a caller is
//! left out while somebody else would do: that is asked back, and only where somebody refused.

mod abilities;
mod agents;
mod answer;
mod callers;

use super::{Found, Matcher};
use crate::classes::edges::Edges;
use crate::classes::{CallerKey, Classes, Signature};
use crate::company::{RoutingCompany, Strategy};
use crate::distributor::agent::State;
use crate::distributor::entry::{EntryKey, World};
use crate::distributor::kept::Lookup;
use crate::id::{AgentId, QueueEntryId, QueueId};
use crate::requirement::Ask;
use crate::time::Timestamp;
use abilities::Abilities;
use agents::{AgentSlot, States};
use std::collections::{BTreeMap, BTreeSet};

/// Of agents, callers, asks, names: small, and used again.
type Number = u32;

/// The world as classes.
#[derive(Clone, Debug, Default)]
pub(in crate::distributor) struct Classed {
    /// The edition of the company this was made for.
    edition: u64,
    /// The next end of a licence.
    valid_until: Option<Timestamp>,
    classes: Classes,
    /// Orders of agents in use, the first by idle time alone.
    orders: Vec<Strategy>,
    abilities: Abilities,
    /// By number, which rises with the id.
    agents: Vec<AgentSlot>,
    ids: Vec<AgentId>,
    numbers: Lookup<AgentId, Number>,
    states: States,
    /// How many are logged in, by queue.
    logged_in: Lookup<QueueId, u32>,
    /// Classes of callers near an agent whom the agent does not serve, by cause.
    near: Vec<Edges>,
    /// Callers who wait and were refused by an agent.
    refusals: Vec<Vec<Number>>,
    callers: Vec<CallerSlot>,
    free_callers: Vec<Number>,
    places: Lookup<QueueEntryId, Number>,
    /// Callers who look for agents.
    filed: u32,
    /// Callers who wait for one agent alone, by when that ends.
    held: BTreeSet<(Timestamp, QueueEntryId)>,
    /// The same counted.
    held_by_ability: BTreeMap<Number, HeldCallers>,
    kinds: Lookup<Kind, Signature>,
    /// By number of signature.
    signatures: Vec<Option<Kind>>,
    /// Signatures by ability, the private ones left out.
    by_ability: Vec<Vec<Signature>>,
    /// Lists of skills that `most_skilled` counts.
    named: Vec<Vec<String>>,
}

/// Callers with the same asks who wait for one agent alone.
#[derive(Clone, Debug, Default)]
struct HeldCallers {
    all: u32,
    by_agent: BTreeMap<Number, u32>,
}

/// What makes callers the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Kind {
    ability: Number,
    strategy: Strategy,
    /// What `most_skilled` counts; 0 for other strategies.
    named: Number,
    /// Agents' preferences count no more.
    promoted: bool,
    /// Waits for this agent alone.
    held_for: Option<Number>,
    /// Rings, and is given nobody of an outer tier.
    max_tier: u8,
}

/// One who waits, rings, or both: with `ring_all` whoever rings looks for more.
#[derive(Clone, Debug)]
struct CallerSlot {
    id: QueueEntryId,
    key: EntryKey,
    last_ability: Number,
    /// Looks for agents: the class and the key there.
    filed: Option<(Signature, CallerKey)>,
    held_until: Option<Timestamp>,
    refused: Vec<(Number, Timestamp)>,
    /// Agents at whose phones it rings.
    rings_at: Vec<Number>,
}

impl Classed {
    /// Whether the company was edited or a licence ended since.
    pub(in crate::distributor) fn is_outdated(&self, world: &World) -> bool {
        self.edition != world.edition || self.valid_until.is_some_and(|until| until <= world.now)
    }

    /// For a company with nobody in it yet: everybody is to be told anew.
    pub(in crate::distributor) fn anew(world: &World) -> Self {
        let company = &world.company;
        let licences = company.agents.values().flat_map(|a| a.licences.values());
        let mut orders = vec![Strategy::LongestIdle];
        for queue in company.queues.values() {
            if has_an_order(queue.strategy) && !orders.contains(&queue.strategy) {
                orders.push(queue.strategy);
            }
        }
        let mut classed = Self {
            edition: world.edition,
            valid_until: licences.filter(|end| **end > world.now).min().copied(),
            classes: Classes::new(orders.len()),
            orders,
            abilities: Abilities::new(company),
            named: vec![Vec::new()],
            ..Self::default()
        };
        classed.number_agents(company);
        classed
    }

    fn number_agents(&mut self, company: &RoutingCompany) {
        for (number, id) in (0..).zip(company.agents.keys()) {
            self.classes.profile();
            self.agents.push(AgentSlot::new(self.orders.len()));
            self.ids.push(*id);
            self.numbers.insert(*id, number);
        }
        self.near = vec![Edges::default(); self.ids.len()];
        self.refusals = vec![Vec::new(); self.ids.len()];
    }

    /// The place of a strategy's order of agents.
    fn order_of(&self, strategy: Strategy) -> usize {
        let place = self.orders.iter().position(|known| *known == strategy);
        place.unwrap_or(0)
    }

    /// Whether anybody who serves this queue, in whatever tier, is logged in.
    pub(in crate::distributor) fn anybody_logged_in(&self, queue: QueueId) -> bool {
        self.logged_in.get(&queue).is_some_and(|count| *count > 0)
    }

    /// Whether somebody logged in meets what this caller asks for in the end.
    pub(in crate::distributor) fn can_be_met(&self, id: QueueEntryId) -> bool {
        let place = self.places.get(&id);
        let slot = place.and_then(|place| self.callers.get(*place as usize));
        let ability = slot.and_then(|slot| self.abilities.get(slot.last_ability));
        ability.is_some_and(|ability| self.states.logged_in.meets(&ability.able))
    }

    /// What those who wait ask for in the end and nobody logged in meets, each once.
    pub(in crate::distributor) fn unmet(&self) -> BTreeSet<Vec<Ask>> {
        let last = self.abilities.last();
        let unmet = last.filter(|ability| !self.states.logged_in.meets(&ability.able));
        unmet.map(|ability| ability.asks.clone()).collect()
    }

    /// Whether anybody who waits asks for this in the end.
    pub(in crate::distributor) fn is_asked_in_the_end(&self, asks: &[Ask]) -> bool {
        self.abilities.is_asked_in_the_end(asks)
    }
}

impl Matcher for Classed {
    fn agent_for(&self, world: &World, entry: QueueEntryId) -> Option<Found> {
        self.best_agent(world.now, entry)
    }
    fn entry_for(&self, world: &World, agent: AgentId) -> Option<Found> {
        self.best_caller(world, agent)
    }
}

/// Strategies that put agents in an order of its own; `most_skilled` is the same for all callers of a class.
const fn has_an_order(strategy: Strategy) -> bool {
    matches!(strategy, Strategy::LeastOccupied | Strategy::FewestCalls)
}

/// Whether an agent in this state may be offered somebody.
fn is_ready(state: &State) -> bool {
    *state == State::Available
}
