//! Chance from a seed.
//!
//! **Owns**: the sequence of numbers. **Must not know**: what they decide.

use std::time::Duration;

/// A sequence of numbers by SplitMix64 (Steele, Lea, Flood, 2014): the same for the same seed.
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// Below `bound`, which is not 0.
    pub(super) fn below(&mut self, bound: usize) -> usize {
        let bound = u64::try_from(bound).unwrap_or(u64::MAX).max(1);
        usize::try_from(self.next() % bound).unwrap_or(0)
    }

    /// True once in `times`.
    pub(super) fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    /// One of them; `all` is not empty.
    pub(super) fn one<T: Copy>(&mut self, all: &[T], else_this: T) -> T {
        all.get(self.below(all.len())).copied().unwrap_or(else_this)
    }

    /// Up to `most`.
    pub(super) fn time(&mut self, most: Duration) -> Duration {
        let millis = usize::try_from(most.as_millis()).unwrap_or(usize::MAX);
        let some = self.below(millis.saturating_add(1));
        Duration::from_millis(u64::try_from(some).unwrap_or(0))
    }
}
