//! Chance from a seed (SplitMix64), so that a run can be had again.

use std::time::Duration;

#[derive(Debug)]
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    /// A number below `sides`.
    pub(crate) fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % sides
    }

    /// So many milliseconds at least, and less than so many.
    pub(crate) fn ms(&mut self, from: u64, to: u64) -> Duration {
        Duration::from_millis(from + self.roll(to - from))
    }

    /// Exponential with this mean.
    pub(crate) fn exponential(&mut self, mean: Duration) -> Duration {
        let chance = (self.roll(1 << 20) + 1) as f64 / f64::from(1 << 20);
        mean.mul_f64(-chance.ln())
    }
}
