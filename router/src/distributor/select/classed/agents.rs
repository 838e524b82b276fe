//! Agents as the classes know them.
//!
//! **Owns**: who is ready with which keys, in which state each is, how many are logged in. **Must not know**: callers.

use super::{Classed, Number, is_ready};
use crate::classes::bits::Bits;
use crate::classes::{AgentKey, Profile};
use crate::company::Strategy;
use crate::distributor::agent::{AgentRecord, IdleKey, State};
use crate::distributor::entry::World;
use crate::id::AgentId;

/// One agent as told last.
#[derive(Clone, Debug)]
pub(super) struct AgentSlot {
    state: Option<Kept>,
    logged_in: bool,
    pub(super) idle: IdleKey,
    pub(super) occupancy: u16,
    pub(super) calls: u32,
    /// Ready with these keys, one per order; none: not ready.
    keys: Vec<AgentKey>,
}

impl AgentSlot {
    pub(super) fn new(orders: usize) -> Self {
        Self {
            state: None,
            logged_in: false,
            idle: IdleKey::default(),
            occupancy: 0,
            calls: 0,
            keys: Vec::with_capacity(orders),
        }
    }
}

/// Why somebody who is fit is not ready, as decisions count it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kept {
    Busy,
    WrapUp,
    NotReady,
    Offline,
    Offered,
}

impl Kept {
    pub(super) const ALL: [Self; 5] = [
        Self::Busy,
        Self::WrapUp,
        Self::NotReady,
        Self::Offline,
        Self::Offered,
    ];
    const fn of(state: &State) -> Option<Self> {
        match state {
            State::Available => None,
            State::Serving { .. } | State::OwnCall { .. } => Some(Self::Busy),
            State::WrapUp(_) => Some(Self::WrapUp),
            State::NotReady(_) => Some(Self::NotReady),
            State::Offered { .. } => Some(Self::Offered),
            State::Offline => Some(Self::Offline),
        }
    }
}

/// Who is in which state.
#[derive(Clone, Debug, Default)]
pub(super) struct States {
    kept: [Bits; 5],
    pub(super) logged_in: Bits,
}

impl States {
    pub(super) fn those(&self, kept: Kept) -> &Bits {
        &self.kept[kept as usize]
    }
}

impl Classed {
    /// An agent was touched. One who is not of the company counts for nothing.
    pub(in crate::distributor) fn agent_touched(&mut self, world: &World, id: AgentId) {
        let Some(number) = self.numbers.get(&id).copied() else {
            return;
        };
        let record = world.agents.get(&id);
        self.agent_is(number, record);
        let logged_in = record.is_some_and(|record| record.state.logged_in());
        let Some(slot) = self.agents.get_mut(number as usize) else {
            return;
        };
        if std::mem::replace(&mut slot.logged_in, logged_in) != logged_in {
            self.states.logged_in.set(number, logged_in);
            let agent = world.company.agents.get(&id);
            for queue in agent.into_iter().flat_map(|agent| agent.queues.keys()) {
                let count = self.logged_in.entry(*queue).or_default();
                *count = if logged_in {
                    *count + 1
                } else {
                    count.saturating_sub(1)
                };
            }
        }
    }

    fn agent_is(&mut self, number: Number, record: Option<&AgentRecord>) {
        let Some(slot) = self.agents.get_mut(number as usize) else {
            return;
        };
        let kept = record.map_or(Some(Kept::Offline), |record| Kept::of(&record.state));
        if slot.state != kept {
            if let Some(bits) = slot
                .state
                .and_then(|old| self.states.kept.get_mut(old as usize))
            {
                bits.set(number, false);
            }
            if let Some(bits) = kept.and_then(|new| self.states.kept.get_mut(new as usize)) {
                bits.set(number, true);
            }
            slot.state = kept;
        }
        let profile = Profile::of(number);
        if !slot.keys.is_empty() {
            self.classes.agent_taken(profile, number, &slot.keys);
            slot.keys.clear();
        }
        let Some(record) = record else {
            return;
        };
        (slot.idle, slot.occupancy, slot.calls) =
            (record.idle, record.load.occupancy, record.load.calls);
        if is_ready(&record.state) {
            let (since, seq) = (slot.idle.since.millis(), slot.idle.ready_seq);
            slot.keys.extend(self.orders.iter().map(|strategy| {
                let first = match strategy {
                    Strategy::LeastOccupied => u32::from(record.load.occupancy),
                    Strategy::FewestCalls => record.load.calls,
                    Strategy::LongestIdle | Strategy::MostSkilled | Strategy::RingAll => 0,
                };
                AgentKey::new(first, since, seq)
            }));
            self.classes.agent_ready(profile, number, &slot.keys);
        }
    }
}
