//! Something to do at a time, for a heap that pops the earliest first.
//!
//! **Owns**: that order. **Must not know**: what is done.

use std::cmp::Ordering;
use std::time::Instant;

/// Compared by its time alone, the other way round: the heap of the standard library pops the greatest.
#[derive(Debug)]
pub(crate) struct Due<T>(pub(crate) Instant, pub(crate) T);

impl<T> PartialEq for Due<T> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<T> Eq for Due<T> {}

impl<T> Ord for Due<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        other.0.cmp(&self.0)
    }
}

impl<T> PartialOrd for Due<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
