//! What the tests of a flow came by, and what none of them does. PURE.
//!
//! **Owns**: [`Coverage`]. **Must not know**: how a test is run, who asks.

use ivr_flows::port::{Way, WayOf};
use ivr_flows::trial::{self, Outcome};
use ivr_flows::{Flow, Pos};
use std::collections::BTreeSet;

/// What was come by in all tests.
#[derive(Debug, Default)]
pub struct Met {
    /// Block and step from 0.
    steps: BTreeSet<(String, u32)>,
    ways: BTreeSet<Way>,
}

impl Met {
    /// One more test that was run.
    pub fn add(&mut self, outcome: &Outcome) {
        self.steps.extend(outcome.steps.iter().cloned());
        self.ways.extend(outcome.ways.iter().cloned());
    }
}

/// Something that a test can come by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Covered {
    /// Block and step from 0; none: it stands under `waits:` or `defaults:`.
    pub step: Option<(String, u32)>,
    /// The way out, in words; none: the step itself.
    pub way: Option<String>,
    /// Where it stands.
    pub pos: Pos,
    /// A test comes by it.
    pub met: bool,
}

/// Every step and every way out that stands in the file, in the order of the language's own lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Steps.
    pub steps: Vec<Covered>,
    /// Exits, keys and cases.
    pub ways: Vec<Covered>,
}

impl Coverage {
    /// What of a flow was met.
    #[must_use]
    pub fn of(flow: &Flow, met: &Met) -> Self {
        let steps = trial::steps(flow).into_iter().map(|(block, step, pos)| {
            let step = (block, step);
            Covered {
                met: met.steps.contains(&step),
                step: Some(step),
                way: None,
                pos,
            }
        });
        let ways = trial::ways(flow).into_iter().map(|(way, pos)| {
            let met = met.ways.contains(&way);
            let (step, words) = match way.of {
                WayOf::Step { block, step } => (Some((block, step)), way.name),
                WayOf::Wait(wait) => (None, format!("wait {wait}: {}", way.name)),
                WayOf::Defaults => (None, format!("defaults: {}", way.name)),
            };
            Covered {
                step,
                way: Some(words),
                pos,
                met,
            }
        });
        Self {
            steps: steps.collect(),
            ways: ways.collect(),
        }
    }

    /// Where the steps stand that tests come by, as a drawing takes them.
    #[must_use]
    pub fn places(&self) -> BTreeSet<Pos> {
        let met = self.steps.iter().filter(|step| step.met);
        met.map(|step| step.pos).collect()
    }
}
