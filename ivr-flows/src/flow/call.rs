//! The steps `call` and `return`, and what a flow that others call takes and gives.
//!
//! **Owns**: their values. **Must not know**: which flows there are.

use std::collections::{BTreeMap, BTreeSet};

use super::{Exits, Given, Name, Pos, Target};

/// What a flow that others call takes and gives. Inputs and outputs are variables of its own.
#[derive(Clone, Debug, Default)]
pub(crate) struct Interface {
    pub(crate) inputs: BTreeMap<String, Input>,
    pub(crate) outputs: BTreeSet<String>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Input {
    /// It has no default, so whoever calls must give it.
    pub(crate) required: bool,
}

/// Goes through another flow and comes back.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) flow: Name,
    /// Inputs by name.
    pub(crate) with: Vec<(Name, Given)>,
    /// A variable of ours, and the output that it gets.
    pub(crate) into: Vec<(Name, Name)>,
    /// By the word after `return:`.
    pub(crate) returns: BTreeMap<String, (Pos, Target)>,
    pub(crate) exits: Exits,
}
