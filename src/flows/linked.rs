//! A flow with those that it calls, as one set.
//!
//! **Owns**: the last good set of each flow. A saved file is in the sets of calls that begin afterwards; where the flows no
//! longer agree, the last good set stays. **Must not**: read files.

use ivr_flows::{Flow, Linked};
use std::sync::Arc;

/// What was last made of one flow and those that it calls.
#[derive(Debug, Default)]
pub(super) struct LastSet {
    good: Option<Arc<Flow>>,
    /// What was told about the last set that was not good.
    told: String,
}

impl LastSet {
    /// The set of a version on trial as its flows are now. Where they do not agree there is none: whoever asks takes
    /// another version.
    pub(super) fn of_trial(
        &mut self,
        flow: &Arc<Flow>,
        find: &mut dyn FnMut(&str) -> Option<Arc<Flow>>,
    ) -> Option<Arc<Flow>> {
        self.of(flow, find)
            .filter(|set| set.content_hash() == flow.content_hash())
    }

    /// The set of `flow` as its flows are now, or the last one that was good. `find` gives a flow by name.
    pub(super) fn of(
        &mut self,
        flow: &Arc<Flow>,
        find: &mut dyn FnMut(&str) -> Option<Arc<Flow>>,
    ) -> Option<Arc<Flow>> {
        if let Some(good) = &self.good
            && is_current(good, flow, find)
        {
            return Some(Arc::clone(good));
        }
        let Linked {
            flow: set,
            findings,
        } = ivr_flows::link(flow, find);
        match set {
            Some(set) => {
                self.told.clear();
                self.good = Some(set);
            }
            None => {
                let report: Vec<String> = findings
                    .iter()
                    .map(|one| format!("{}:{}: {}: {}", one.file, one.line, one.code, one.message))
                    .collect();
                let report = report.join("\n");
                if report != self.told {
                    tracing::error!(
                        flow = flow.name(),
                        "the flows that it calls do not fit, the last good set stays:\n{report}"
                    );
                    self.told = report;
                }
            }
        }
        self.good.clone()
    }
}

/// Whether each flow of the set is the one that a call would take now.
fn is_current(
    set: &Arc<Flow>,
    flow: &Arc<Flow>,
    find: &mut dyn FnMut(&str) -> Option<Arc<Flow>>,
) -> bool {
    let same = |one: &Flow, other: &Flow| one.content_hash() == other.content_hash();
    same(set, flow)
        && set
            .set()
            .all(|one| find(one.name()).is_some_and(|now| same(one, &now)))
}
