//! What callers do in a flow, counted: how many came into a block, how they left it, where they hung up. PURE.
//!
//! **Owns**: [`Traffic`], [`of`]; `docs/editor.md` tells what the figures mean. **Must not know**: where calls are kept,
//! who reads the figures.
//!
//! Whoever comes into a block leaves it by one of its ways or ends there: `visits` is the sum of both.

use recordings::store::traffic::{FlowPath, PathStep};
use router::outcome::{EndCause, Outcome};
use std::collections::{BTreeMap, BTreeSet};

/// The way of a step that was simply over.
pub const THEN: &str = "then";
/// The way that a flow takes when the caller is gone.
const HANGUP: &str = "hangup";
/// The way that a flow takes when it met trouble.
const ERROR: &str = "error";

/// One block.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BlockTraffic {
    /// Calls that came into it.
    pub calls: u64,
    /// Times that one did.
    pub visits: u64,
    /// Calls that came no further; those of `dropped` among them.
    pub ended: u64,
    /// Callers who hung up here before anything came of the call.
    pub dropped: u64,
    /// Times that it was left by `error`.
    pub errors: u64,
}

/// From one block to another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TrafficWay {
    /// The block that is left.
    pub from: String,
    /// The exit, key or case; [`THEN`] where a step was simply over.
    pub exit: String,
    /// The block that comes next.
    pub to: String,
}

/// All of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Calls that are over.
    pub calls: u64,
    /// Served by the flow alone: it ended the call, nobody talked, nothing was wrong.
    pub contained: u64,
    /// Talked with an agent.
    pub answered: u64,
    /// The caller hung up in the flow before anything came of the call.
    pub dropped: u64,
    /// The flow met trouble: what counts against a version on trial.
    pub errors: u64,
    /// By outcome.
    pub outcomes: BTreeMap<&'static str, u64>,
    /// Blocks by name.
    pub blocks: BTreeMap<String, BlockTraffic>,
    /// How often each way was taken.
    pub ways: BTreeMap<TrafficWay, u64>,
}

/// Counts these calls.
#[must_use]
pub fn of<'p>(paths: impl IntoIterator<Item = &'p FlowPath>) -> Traffic {
    let mut traffic = Traffic::default();
    for path in paths {
        let dropped =
            path.outcome == Outcome::SelfServed && path.end_cause == Some(EndCause::Customer);
        traffic.calls += 1;
        *traffic.outcomes.entry(path.outcome.as_str()).or_default() += 1;
        traffic.answered += u64::from(path.outcome == Outcome::Answered);
        traffic.dropped += u64::from(dropped);
        traffic.errors += u64::from(path.trouble);
        let served = path.outcome == Outcome::SelfServed && !dropped && !path.trouble;
        traffic.contained += u64::from(served);
        traffic.walk(&path.steps, dropped);
    }
    traffic
}

impl Traffic {
    fn walk(&mut self, steps: &[PathStep], dropped: bool) {
        let mut seen = BTreeSet::new();
        // Where the caller was when they hung up: what the flow does afterwards is nobody's way.
        let mut left = None;
        let mut last: Option<&PathStep> = None;
        for step in steps {
            let goes_on =
                last.is_some_and(|last| last.block == step.block && last.step < step.step);
            if !goes_on {
                if let Some(before) = last {
                    self.way(before, step);
                    if step.exit.as_deref() == Some(HANGUP) {
                        left = Some(before.block.as_str());
                    }
                }
                let block = self.blocks.entry(step.block.clone()).or_default();
                block.visits += 1;
                block.calls += u64::from(seen.insert(step.block.as_str()));
            }
            last = Some(step);
        }
        let Some(last) = last.map(|last| last.block.as_str()) else {
            return;
        };
        self.blocks.entry(last.to_owned()).or_default().ended += 1;
        if dropped {
            let left = left.unwrap_or(last);
            self.blocks.entry(left.to_owned()).or_default().dropped += 1;
        }
    }

    fn way(&mut self, before: &PathStep, step: &PathStep) {
        let exit = step.exit.as_deref().unwrap_or(THEN);
        if exit == ERROR {
            self.blocks.entry(before.block.clone()).or_default().errors += 1;
        }
        let way = TrafficWay {
            from: before.block.clone(),
            exit: exit.to_owned(),
            to: step.block.clone(),
        };
        *self.ways.entry(way).or_default() += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(block: &str, step: u32, exit: &str) -> PathStep {
        let exit = Some(exit.to_owned()).filter(|exit| !exit.is_empty());
        let block = block.to_owned();
        PathStep { block, step, exit }
    }

    fn path(outcome: Outcome, cause: EndCause, steps: Vec<PathStep>) -> FlowPath {
        FlowPath {
            outcome,
            end_cause: Some(cause),
            trouble: false,
            steps,
        }
    }

    #[test]
    fn a_caller_is_counted_where_they_hung_up_and_not_where_the_flow_went_then() {
        let steps = vec![
            step("start", 0, ""),
            step("start", 1, ""),
            step("main", 0, ""),
            step("main", 0, "9"),
            step("gone", 0, "hangup"),
        ];
        let traffic = of(&[path(Outcome::SelfServed, EndCause::Customer, steps)]);
        let main = &traffic.blocks["main"];
        assert_eq!(
            (main.calls, main.visits, main.dropped, main.ended),
            (1, 2, 1, 0)
        );
        assert_eq!(traffic.blocks["gone"].ended, 1);
        assert_eq!((traffic.dropped, traffic.contained), (1, 0));
        let ways: Vec<_> = traffic
            .ways
            .keys()
            .map(|way| (way.from.as_str(), way.exit.as_str()))
            .collect();
        assert_eq!(ways, [("main", "9"), ("main", "hangup"), ("start", "then")]);
    }

    #[test]
    fn what_comes_into_a_block_leaves_it_or_ends_there() {
        // A walk by a fixed rule through five blocks, a thousand times.
        let mut dice = 12_345_u64;
        let mut roll = |sides: u64| {
            dice = dice
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (dice >> 33) % sides
        };
        let paths: Vec<FlowPath> = (0..1_000)
            .map(|_| {
                let mut steps = vec![step("b0", 0, "")];
                for _ in 0..roll(12) {
                    let exit = ["", "1", "error", "timeout"][roll(4) as usize];
                    steps.push(step(&format!("b{}", roll(5)), roll(3) as u32, exit));
                }
                let outcome =
                    [Outcome::SelfServed, Outcome::Answered, Outcome::Abandoned][roll(3) as usize];
                path(
                    outcome,
                    [EndCause::Flow, EndCause::Customer][roll(2) as usize],
                    steps,
                )
            })
            .collect();
        let traffic = of(&paths);
        for (name, block) in &traffic.blocks {
            let out: u64 = traffic
                .ways
                .iter()
                .filter(|(way, _)| way.from == *name)
                .map(|(_, n)| n)
                .sum();
            let begun = if name == "b0" { 1_000 } else { 0 };
            let into: u64 = traffic
                .ways
                .iter()
                .filter(|(way, _)| way.to == *name)
                .map(|(_, n)| n)
                .sum();
            assert_eq!(block.visits, out + block.ended, "{name}");
            assert_eq!(block.visits, into + begun, "{name}");
            assert!(block.calls <= block.visits && block.dropped <= block.calls);
        }
        assert_eq!(
            traffic
                .blocks
                .values()
                .map(|block| block.ended)
                .sum::<u64>(),
            1_000
        );
        assert_eq!(
            traffic
                .blocks
                .values()
                .map(|block| block.dropped)
                .sum::<u64>(),
            traffic.dropped
        );
        assert_eq!(traffic.outcomes.values().sum::<u64>(), traffic.calls);
        assert!(
            traffic.dropped > 50 && traffic.contained > 50,
            "{traffic:?}"
        );
    }
}
