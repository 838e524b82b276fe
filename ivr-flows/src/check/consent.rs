//! Is anybody recorded before they could say no?
//!
//! **Owns**: F017. **Must not know**: where the company's rule stands.

use std::collections::BTreeSet;

use super::graph::Graph;
use super::{Catalog, Notes};
use crate::flow::{Action, Flow};
use crate::port::RecordAction;

/// Follows every path from the start up to a `consent`; what records before it is told.
pub(super) fn check(flow: &Flow, catalog: Option<&Catalog>, notes: &mut Notes<'_>) {
    if !catalog.is_some_and(|catalog| catalog.consent) {
        return;
    }
    let graph = Graph::new(flow);
    let start = flow.block_index("start");
    let mut todo: Vec<usize> = start
        .and_then(|block| graph.starts.get(block))
        .copied()
        .into_iter()
        .collect();
    let mut seen = BTreeSet::new();
    while let Some(at) = todo.pop() {
        let Some(node) = graph.nodes.get(at).filter(|_| seen.insert(at)) else {
            continue;
        };
        let first = graph.starts.get(node.block).copied().unwrap_or(0);
        let block = flow.blocks.get(node.block);
        let step = block.and_then(|block| block.steps.get(at.saturating_sub(first)));
        match step.map(|step| &step.action) {
            Some(Action::Consent(_)) => continue,
            Some(Action::Record(record)) if record.what == RecordAction::Start => {
                let message = "the recording begins before the caller was asked";
                let help = "put a `consent` step before it: the company records with consent only";
                notes.error("F017", node.pos, message, help);
            }
            _ => {}
        }
        todo.extend(node.edges.iter().map(|edge| edge.to));
    }
}
