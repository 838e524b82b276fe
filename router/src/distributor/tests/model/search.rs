//! Breadth first through the states of the model, so that what is found is found by a shortest way.
//!
//! **Owns**: [`search`]. **Must not know**: what the acts mean.

use super::rank::key;
use super::world::{Act, Setting, State};
use std::collections::HashSet;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What a search went through.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) states: usize,
    pub(super) acts: usize,
    /// The longest of the shortest ways.
    pub(super) depth: usize,
}

/// What must not be, and how to get there.
pub(super) struct Broken {
    pub(super) way: Vec<Act>,
    pub(super) why: String,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} after {:?}", self.why, self.way)
    }
}

impl fmt::Debug for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Where a state came from, and by what.
type Steps = Vec<(usize, Act)>;

/// Goes through every state that can be reached.
pub(super) fn search(setting: &Setting) -> Result<Seen, Broken> {
    let first = State::new(setting);
    let mut known = HashSet::from([key(&first)]);
    // The first stands at 0 and has no way to it.
    let mut steps: Steps = vec![(0, Act::Pass)];
    let mut level = vec![(first, 0)];
    let (mut acts, mut depth) = (0, 0);
    while !level.is_empty() {
        let mut next = Vec::new();
        for (state, place) in level {
            guarded(|| state.try_void()).map_err(|why| broken(&steps, place, None, why))?;
            for act in state.acts(setting) {
                acts += 1;
                let after = guarded(|| state.after(act, setting))
                    .map_err(|why| broken(&steps, place, Some(act), why))?;
                if known.insert(key(&after)) {
                    steps.push((place, act));
                    next.push((after, steps.len() - 1));
                }
            }
        }
        depth += usize::from(!next.is_empty());
        level = next;
    }
    Ok(Seen {
        states: known.len(),
        acts,
        depth,
    })
}

fn guarded<T>(step: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(step)).map_err(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let word = panic.downcast_ref::<&str>().map(|word| (*word).to_owned());
        text.or(word).unwrap_or_default()
    })
}

fn broken(steps: &Steps, mut place: usize, last: Option<Act>, why: String) -> Broken {
    let mut way: Vec<Act> = last.into_iter().collect();
    while place > 0 {
        way.push(steps[place].1);
        place = steps[place].0;
    }
    way.reverse();
    Broken { way, why }
}
