//! Which version of which flow each live call is on.
//!
//! **Owns**: [`Pins`]. A call's interpreter holds its version itself: this is the count that people are shown.
//! **Must not know**: what a call does.

use super::lock;
use ivr_flows::Flow;
use router::id::InteractionId;
use std::collections::{BTreeMap, HashMap};
use std::sync::Mutex;

/// Live calls of one version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InUse {
    /// SHA-256 of the flow's text.
    pub hash: String,
    /// Live calls that began on it.
    pub calls: usize,
}

/// As many as there are live calls.
#[derive(Debug, Default)]
pub(super) struct Pins(Mutex<HashMap<InteractionId, (String, String)>>);

impl Pins {
    pub(super) fn pin(&self, interaction: InteractionId, flow: &Flow) {
        let version = (flow.name().to_owned(), flow.content_hash().to_owned());
        lock(&self.0).insert(interaction, version);
    }

    pub(super) fn unpin(&self, interaction: InteractionId) {
        lock(&self.0).remove(&interaction);
    }

    pub(super) fn of(&self, flow: &str) -> Vec<InUse> {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for (name, hash) in lock(&self.0).values() {
            if name == flow {
                *counts.entry(hash.clone()).or_default() += 1;
            }
        }
        let counts = counts.into_iter();
        counts.map(|(hash, calls)| InUse { hash, calls }).collect()
    }
}
