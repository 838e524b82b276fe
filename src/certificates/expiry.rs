//! How near the end of a certificate is, and when to say so again. PURE.
//!
//! **Owns**: [`Nearness`], [`Reminder`] and their words. **Must not**: read a clock or a file.

use recordings::Utc;
use router::Timestamp;
use std::time::Duration;

const DAY: Duration = Duration::from_secs(86_400);

/// How near the end is; the later, the worse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Nearness {
    /// More than 21 days.
    Far,
    /// 21 days or less: whoever renews by hand should.
    Near,
    /// 7 days or less: what renews by itself has failed.
    Close,
    /// Browsers and phones refuse it.
    Expired,
}

impl Nearness {
    /// Its name outside.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Far => "far",
            Self::Near => "near",
            Self::Close => "close",
            Self::Expired => "expired",
        }
    }

    /// At `now`, of one that ends at `end`.
    pub(crate) fn of(end: Timestamp, now: Timestamp) -> Self {
        match end.since(now) {
            Duration::ZERO => Self::Expired,
            left if left <= DAY * 7 => Self::Close,
            left if left <= DAY * 21 => Self::Near,
            _ => Self::Far,
        }
    }

    /// What to do; nothing while the end is far.
    pub(crate) const fn help(self) -> &'static str {
        match self {
            Self::Far => "",
            Self::Near => "renew it and save it in place of the old one; it is taken within 2 s",
            Self::Close => {
                "renew it now and save it in place of the old one; look why that did not happen by itself"
            }
            Self::Expired => {
                "browsers and phones refuse it: save a new one in its place, it is taken within 2 s"
            }
        }
    }
}

/// When it ends, in words.
pub(crate) fn words(end: Timestamp, now: Timestamp) -> String {
    let date: String = Utc(end).to_string().chars().take(10).collect();
    let days = end.since(now).as_secs() / DAY.as_secs();
    match (Nearness::of(end, now), days) {
        (Nearness::Expired, _) => format!("expired on {date}"),
        (_, 0) => format!("expires within a day, on {date}"),
        (_, 1) => format!("expires in 1 day, on {date}"),
        (_, days) => format!("expires in {days} days, on {date}"),
    }
}

/// Says it once a day, and at once when it has become worse.
#[derive(Debug, Default)]
pub(crate) struct Reminder(Option<(Nearness, Timestamp)>);

impl Reminder {
    /// Whether it is to be said now.
    pub(crate) fn is_due(&mut self, end: Timestamp, now: Timestamp) -> bool {
        let nearness = Nearness::of(end, now);
        if nearness == Nearness::Far {
            self.0 = None;
            return false;
        }
        let due = self
            .0
            .is_none_or(|(before, at)| nearness > before || now.since(at) >= DAY);
        if due {
            self.0 = Some((nearness, now));
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So many hours after the beginning of 2026-11-22.
    fn at(hours: i64) -> Timestamp {
        Timestamp::from_millis(1_795_305_600_000 + hours * 3_600_000)
    }

    #[test]
    fn the_end_comes_nearer() {
        let end = at(0);
        for (hours, nearness, says) in [
            (-22 * 24, Nearness::Far, "expires in 22 days, on 2026-11-22"),
            (
                -21 * 24 - 1,
                Nearness::Far,
                "expires in 21 days, on 2026-11-22",
            ),
            (
                -21 * 24,
                Nearness::Near,
                "expires in 21 days, on 2026-11-22",
            ),
            (
                -7 * 24 - 1,
                Nearness::Near,
                "expires in 7 days, on 2026-11-22",
            ),
            (-7 * 24, Nearness::Close, "expires in 7 days, on 2026-11-22"),
            (-24, Nearness::Close, "expires in 1 day, on 2026-11-22"),
            (-1, Nearness::Close, "expires within a day, on 2026-11-22"),
            (0, Nearness::Expired, "expired on 2026-11-22"),
            (1_000, Nearness::Expired, "expired on 2026-11-22"),
        ] {
            let now = at(hours);
            assert_eq!(Nearness::of(end, now), nearness, "{hours}");
            assert_eq!(words(end, now), says, "{hours}");
            assert_eq!(nearness.help().is_empty(), nearness == Nearness::Far);
        }
    }

    #[test]
    fn it_is_said_once_a_day_and_at_once_when_it_is_worse() {
        let mut reminder = Reminder::default();
        let end = at(0);
        let said: Vec<i64> = (-23 * 24..=50)
            .filter(|hour| reminder.is_due(end, at(*hour)))
            .collect();
        // Once a day from the 21st day on, and the day begins anew when it expires.
        let wanted: Vec<i64> = (0..=21)
            .map(|day| -21 * 24 + day * 24)
            .chain([24, 48])
            .collect();
        assert_eq!(said, wanted);
        // Renewed: nothing is said, and the next time it is said at once.
        assert!(!reminder.is_due(at(2_000), at(51)));
        assert!(reminder.is_due(end, at(52)));
        // Worse within the day.
        let mut reminder = Reminder::default();
        assert!(reminder.is_due(end, at(-7 * 24 - 3)));
        assert!(!reminder.is_due(end, at(-7 * 24 - 2)));
        assert!(reminder.is_due(end, at(-7 * 24)));
    }
}
