//! Who fits whom: the two questions of the Distributor, behind one interface.
//!
//! **Owns**: [`Matcher`], the seam at which a faster structure takes the scan's place, and [`Found`].
//! **Must not**: change anything. The classes answer; the scan stays as their oracle in test builds.

mod classed;
pub(super) mod eligible;
#[cfg(test)]
mod scan;
pub(super) mod strategy;
mod tie_break;

pub(super) use classed::Classed;
#[cfg(test)]
pub(super) use scan::Scan;

use super::entry::World;
use crate::decision::{Candidate, TieBreak};
use crate::id::{AgentId, QueueEntryId};
use std::collections::BTreeMap;

/// How many next candidates a decision stores.
pub(super) const NEXT_STORED: usize = 9;

/// The best pair, and what a stored decision says about the others.
#[derive(Debug, PartialEq)]
pub(super) struct Found {
    pub(super) chosen: Candidate,
    /// At most [`NEXT_STORED`], in order.
    pub(super) next: Vec<Candidate>,
    pub(super) removed: BTreeMap<String, u32>,
    pub(super) tie_break: TieBreak,
}

/// Answers the two questions on the sets of waiting callers and ready agents.
pub(super) trait Matcher {
    /// The best agent for a caller: tier, the strategy's key, longest idle, ready sequence, agent id. None when nobody is eligible.
    fn agent_for(&self, world: &World, entry: QueueEntryId) -> Option<Found>;
    /// The best caller for an agent: class, preference, `V`, sequence. None when no caller is eligible.
    fn entry_for(&self, world: &World, agent: AgentId) -> Option<Found>;
}
