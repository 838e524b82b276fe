//! Waiting for what is to become true: how often is looked, and how long at least.
//!
//! **Owns**: the one limit below which nobody waits. **Must not know**: what is waited for.
//!
//! What one side has seen (a BYE, a 200, a state) another path shows a moment later: a row, a counter, a file, the other
//! leg. Such things are waited for, and a wait ends as soon as they are there. On a machine whose two cores build
//! something meanwhile, or whose disk syncs slowly, that moment may be many seconds long, so a wait is never shorter than
//! [`LEAST`], whatever its test asks for. How fast something has to be is measured and asserted where it matters.

use std::time::{Duration, Instant};

/// The shortest limit of a wait.
pub(crate) const LEAST: Duration = Duration::from_secs(20);

/// How often is looked.
const GLANCE: Duration = Duration::from_millis(20);

/// This limit, or the shortest there is.
pub(crate) fn patient(limit: Duration) -> Duration {
    limit.max(LEAST)
}

/// Looks until something is there; when it never comes, the test fails with what `told` says.
pub(crate) fn eventually<T>(
    limit: Duration,
    mut look: impl FnMut() -> Option<T>,
    told: impl FnOnce() -> String,
) -> T {
    let until = Instant::now() + patient(limit);
    loop {
        if let Some(found) = look() {
            return found;
        }
        if Instant::now() >= until {
            panic!("waited {:?}: {}", patient(limit), told());
        }
        std::thread::sleep(GLANCE);
    }
}

/// The same for what is or is not so.
pub(crate) fn until(limit: Duration, mut so: impl FnMut() -> bool, told: impl FnOnce() -> String) {
    eventually(limit, || so().then_some(()), told);
}
