//! One line in the log for an attack, and not one for each of its messages.
//!
//! **Owns**: [`Alarm`]: what was counted since its last line, and when the next may come. **Must not know**: how it is
//! counted.

use crate::sip::Counters;
use std::net::IpAddr;
use std::time::{Duration, Instant};

/// The least time between two lines.
const QUIET: Duration = Duration::from_secs(60);

/// Watches the counters.
#[derive(Debug, Default)]
pub(super) struct Alarm {
    told: Counters,
    next: Option<Instant>,
}

/// What one line says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Alert {
    wrong_credentials: u64,
    locked_out: u64,
    not_read: u64,
    refused: u64,
}

impl Alarm {
    /// Writes the line when one is due. The sources are where the last pause after wrong passwords began, and who sent
    /// too much last.
    pub(super) fn look(
        &mut self,
        counters: &Counters,
        (guessing, flooding): (Option<IpAddr>, Option<IpAddr>),
        now: Instant,
    ) {
        let Some(alert) = self.due(counters, now) else {
            return;
        };
        let Alert {
            wrong_credentials,
            locked_out,
            not_read,
            refused,
        } = alert;
        let text = |source: Option<IpAddr>| source.map(|source| source.to_string());
        tracing::warn!(
            wrong_credentials,
            locked_out,
            not_read,
            refused,
            guessing_from = text(guessing),
            flooding_from = text(flooding),
            "SIP is under attack or overloaded; this line comes once a minute at most"
        );
    }

    fn due(&mut self, counters: &Counters, now: Instant) -> Option<Alert> {
        let told = &self.told;
        let worth_it = counters.lockouts > told.lockouts
            || counters.over_rate > told.over_rate
            || counters.overload > told.overload;
        if !worth_it || self.next.is_some_and(|next| now < next) {
            return None;
        }
        let since = |now: u64, then: u64| now.saturating_sub(then);
        let alert = Alert {
            wrong_credentials: since(counters.failed_auth, told.failed_auth),
            locked_out: since(counters.locked_out, told.locked_out),
            not_read: since(counters.over_rate, told.over_rate),
            refused: since(counters.overload, told.overload),
        };
        (self.told, self.next) = (*counters, Some(now + QUIET));
        Some(alert)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_thousand_guesses_are_two_lines_and_nothing_is_left_out() {
        let (start, mut alarm) = (Instant::now(), Alarm::default());
        let mut counters = Counters::default();
        let mut lines = Vec::new();
        for second in 0..100 {
            counters.failed_auth += 100;
            counters.lockouts += 1;
            let now = start + Duration::from_secs(second);
            lines.extend(alarm.due(&counters, now));
        }
        let wrong: Vec<u64> = lines.iter().map(|line| line.wrong_credentials).collect();
        assert_eq!(wrong, [100, 6_000]);
    }

    #[test]
    fn a_mistyped_password_is_no_attack() {
        let mut alarm = Alarm::default();
        let counters = Counters {
            failed_auth: 2,
            challenges: 500,
            ..Counters::default()
        };
        assert_eq!(alarm.due(&counters, Instant::now()), None);
    }
}
