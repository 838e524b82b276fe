//! What the gateway counts, as a snapshot that others may look at without asking the SIP task.
//!
//! **Owns**: [`GatewayStats`], and the worst lateness of the recent past. **Must not know**: who looks.

use super::media_pool::MediaStats;
use crate::sip::{Counters, Occupancy};
use std::time::Duration;

/// How often the SIP task publishes a snapshot.
pub(super) const PUBLISHED_EVERY: Duration = Duration::from_secs(1);

/// Snapshots that one window of [`RecentWorst`] holds.
const WINDOW: u32 = 30;

/// Counters and occupancy of the gateway, at most a second old.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GatewayStats {
    /// What happened in SIP since the start.
    pub sip: Counters,
    /// How much SIP holds now.
    pub held: Occupancy,
    /// SIP connections that are open now.
    pub connections: usize,
    /// How the media threads do; their worst lateness is that of the last 30 to 60 s.
    pub media: MediaStats,
}

/// The greatest of the last 30 to 60 values: whoever looks every 15 s misses none.
#[derive(Debug, Default)]
pub(super) struct RecentWorst {
    before: u64,
    here: u64,
    taken: u32,
}

impl RecentWorst {
    pub(super) fn take(&mut self, value: u64) -> u64 {
        if self.taken >= WINDOW {
            (self.before, self.here, self.taken) = (self.here, 0, 0);
        }
        self.taken += 1;
        self.here = self.here.max(value);
        self.here.max(self.before)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_is_shown_for_thirty_steps_at_least_and_sixty_at_most() {
        for first in 0..u64::from(WINDOW) {
            let mut worst = RecentWorst::default();
            for _ in 0..first {
                assert_eq!(worst.take(1), 1);
            }
            let shown = 1 + (0..100).filter(|_| worst.take(1) == 9).count();
            assert_eq!(shown, 1, "nothing was late");
            worst.take(9);
            let shown = 1 + (0..100).filter(|_| worst.take(1) == 9).count();
            assert!((30..=60).contains(&shown), "{first}: {shown}");
        }
    }
}
