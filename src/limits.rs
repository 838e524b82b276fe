//! How many new calls a second, and how many open files.
//!
//! **Owns**: the counting of new calls in one-second windows, and the raising of the limit of open files. The limits themselves are settings.

use router::Timestamp;
use std::time::Duration;

/// Counts new calls of the last second in a sliding window of two halves.
#[derive(Debug, Default)]
pub struct CallRate {
    window: i64,
    here: u32,
    before: u32,
}

impl CallRate {
    /// Whether one more call fits at `now`; counts it if so.
    pub fn admit(&mut self, now: Timestamp, per_second: u32) -> bool {
        let window = now.millis().div_euclid(1000);
        if window != self.window {
            self.before = if window == self.window + 1 {
                self.here
            } else {
                0
            };
            self.here = 0;
            self.window = window;
        }
        let into = now
            .since(Timestamp::from_millis(window * 1000))
            .min(Duration::from_secs(1));
        let rest = 1000 - u32::try_from(into.as_millis()).unwrap_or(1000);
        let carried = u64::from(self.before) * u64::from(rest) / 1000;
        if carried + u64::from(self.here) >= u64::from(per_second) {
            return false;
        }
        self.here += 1;
        true
    }
}

/// A bridged and recorded call holds four sockets and a file.
const FILES_PER_CALL: u64 = 5;

/// Open files that so many calls at once need.
#[must_use]
pub fn open_files_for(max_calls: u32) -> u64 {
    u64::from(max_calls) * FILES_PER_CALL + 200
}

/// To how many open files the process may raise its limit; none when the system does not say.
#[must_use]
pub fn most_open_files() -> Option<u64> {
    rlimit::Resource::NOFILE.get().ok().map(|(_, most)| most)
}

/// Raises the process's limit of open files as far as the system allows, and says so when that is less than
/// `max_calls` need.
pub fn raise_open_files(max_calls: u32) {
    let wanted = open_files_for(max_calls);
    match rlimit::increase_nofile_limit(u64::MAX) {
        Ok(limit) if limit < wanted => tracing::warn!(
            limit,
            wanted,
            "open files: {max_calls} calls at once need more; raise LimitNOFILE or lower [limits] max_calls"
        ),
        Ok(_) => {}
        Err(error) => tracing::warn!(%error, "the limit of open files could not be raised"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_beyond_the_rate_is_refused_and_a_steady_stream_within_it_passes() {
        let mut rate = CallRate::default();
        let at = Timestamp::from_millis;
        let admitted = (0..100).filter(|_| rate.admit(at(5_000), 10)).count();
        assert_eq!(admitted, 10);
        assert!(
            !rate.admit(at(6_000), 10),
            "the burst still counts at the window's edge"
        );
        assert!(rate.admit(at(7_500), 10));

        let mut steady = CallRate::default();
        assert!((0..100).all(|n| steady.admit(at(10_000 + n * 110), 10)));
    }
}
