//! The flows of database mode: where each alias points, and which version a call gets by it.
//!
//! **Owns**: [`Pointed`], the aliases in memory. **Must not know**: how versions are kept, who moves an alias.

use super::{LIVE, canary, lock, lost};
use ivr_flows::{Catalog, Finding, Flow};
use router::id::InteractionId;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// Where an alias points.
#[derive(Clone, Debug)]
pub struct Pointed {
    /// The version that calls take.
    pub main: Arc<Flow>,
    /// One that a share of them takes instead, in percent.
    pub canary: Option<(Arc<Flow>, u8)>,
}

impl Pointed {
    /// The version of one call: the same however often it is asked.
    #[must_use]
    pub fn of_call(&self, interaction: InteractionId) -> Arc<Flow> {
        match &self.canary {
            Some((flow, percent)) if canary::takes(interaction, flow.content_hash(), *percent) => {
                Arc::clone(flow)
            }
            _ => Arc::clone(&self.main),
        }
    }
}

/// Every alias by flow and name.
type Aliases = BTreeMap<(String, String), Pointed>;

/// All flows of the database.
#[derive(Debug, Default)]
pub(super) struct Published {
    aliases: Mutex<Aliases>,
    /// What flows may name.
    names: Mutex<Option<Catalog>>,
}

impl Published {
    pub(super) fn point(&self, flow: &str, alias: &str, at: Pointed) {
        lock(&self.aliases).insert((flow.to_owned(), alias.to_owned()), at);
    }

    pub(super) fn pointed(&self, flow: &str, alias: &str) -> Option<Pointed> {
        let key = (flow.to_owned(), alias.to_owned());
        lock(&self.aliases).get(&key).cloned()
    }

    pub(super) fn set_names(&self, names: Catalog) {
        *lock(&self.names) = Some(names);
    }

    pub(super) fn would_lose(&self, names: &Catalog) -> Vec<Finding> {
        let now = lock(&self.names).clone();
        let live = self.live().into_iter();
        live.flat_map(|flow| lost(&flow, now.as_ref(), names))
            .collect()
    }

    /// Each version once.
    pub(super) fn live(&self) -> Vec<Arc<Flow>> {
        let mut flows: Vec<Arc<Flow>> = Vec::new();
        for at in lock(&self.aliases).values() {
            let canary = at.canary.iter().map(|(flow, _)| flow);
            for flow in [&at.main].into_iter().chain(canary) {
                let same = |known: &Arc<Flow>| {
                    known.name() == flow.name() && known.content_hash() == flow.content_hash()
                };
                if !flows.iter().any(same) {
                    flows.push(Arc::clone(flow));
                }
            }
        }
        flows
    }

    pub(super) fn names(&self) -> Vec<String> {
        let aliases = lock(&self.aliases);
        let names = aliases.keys().map(|(flow, alias)| {
            if alias == LIVE {
                flow.clone()
            } else {
                format!("{flow}@{alias}")
            }
        });
        names.collect()
    }
}
