//! How long things wait before and behind the SIP task.
//!
//! **Owns**: [`Backlog`]: since when the socket has not been empty, how old the oldest event is that nobody has taken.
//! **Must not know**: what follows from it.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// How finely the age of events is known.
const GRAIN: Duration = Duration::from_millis(5);
/// So few events are a queue only when the oldest has waited for longer than [`MOMENT`].
const FEW: u64 = 32;
/// A machine that is busy with others holds up a few events for so long; whoever takes events and is well does not.
const MOMENT: Duration = Duration::from_millis(250);
/// Marks that are kept; a wait that needs more is long in any case.
const MARKS: usize = 4_096;

/// What waits.
#[derive(Debug, Default)]
pub(super) struct Backlog {
    /// Datagrams were left in the socket then, and it has not been empty since.
    unread_since: Option<Instant>,
    /// Events put into the channel so far.
    sent: u64,
    /// At this time, so many events had come into being.
    marks: VecDeque<(u64, Instant)>,
}

impl Backlog {
    /// The socket was read until it was empty, or not.
    pub(super) fn on_read(&mut self, is_empty: bool, now: Instant) {
        if is_empty {
            self.unread_since = None;
        } else {
            self.unread_since.get_or_insert(now);
        }
    }

    /// One event went into the channel.
    pub(super) const fn on_sent(&mut self) {
        self.sent = self.sent.saturating_add(1);
    }

    /// The longest wait now: with so many events not yet in the channel, and so many in it that nobody has taken.
    pub(super) fn delay(&mut self, pending: usize, untaken: usize, now: Instant) -> Duration {
        let count = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        let made = self.sent.saturating_add(count(pending));
        let taken = self.sent.saturating_sub(count(untaken));
        while self.marks.front().is_some_and(|mark| mark.0 <= taken) {
            self.marks.pop_front();
        }
        let is_news = self
            .marks
            .back()
            .is_none_or(|mark| mark.0 < made && now >= mark.1 + GRAIN);
        if made > taken && is_news && self.marks.len() < MARKS {
            self.marks.push_back((made, now));
        }
        let are_few = made.saturating_sub(taken) < FEW;
        let is_queue = |since: &Instant| !are_few || now.saturating_duration_since(*since) > MOMENT;
        let oldest_event = self.marks.front().map(|mark| mark.1).filter(is_queue);
        let since = [oldest_event, self.unread_since]
            .into_iter()
            .flatten()
            .min();
        since.map_or(Duration::ZERO, |since| now.saturating_duration_since(since))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(count: u64) -> Duration {
        Duration::from_millis(count)
    }

    #[test]
    fn the_age_of_the_oldest_event_is_known() {
        let (start, mut backlog) = (Instant::now(), Backlog::default());
        assert_eq!(backlog.delay(0, 0, start), ms(0));
        // An event a millisecond, taken 50 ms later each.
        for now in 0..500_u64 {
            backlog.on_sent();
            let untaken = usize::try_from(now.min(49) + 1).unwrap();
            let delay = backlog.delay(0, untaken, start + ms(now));
            if now > 100 {
                assert!((ms(39)..=ms(50)).contains(&delay), "{now}: {delay:?}");
            }
        }
        assert_eq!(backlog.delay(0, 0, start + ms(600)), ms(0));
        // Nobody takes anything any more.
        backlog.delay(32, 0, start + ms(700));
        assert_eq!(backlog.delay(32, 0, start + ms(5_700)), ms(5_000));
        // Nor the few that there are.
        assert_eq!(backlog.delay(31, 0, start + ms(5_700)), ms(5_000));
        let (start, mut backlog) = (Instant::now(), Backlog::default());
        backlog.delay(1, 0, start);
        assert_eq!(backlog.delay(1, 0, start + ms(250)), ms(0), "no queue");
        assert_eq!(backlog.delay(1, 0, start + ms(251)), ms(251));
    }

    #[test]
    fn a_socket_that_never_gets_empty_is_a_wait() {
        let (start, mut backlog) = (Instant::now(), Backlog::default());
        backlog.on_read(false, start);
        backlog.on_read(false, start + ms(80));
        assert_eq!(backlog.delay(0, 0, start + ms(90)), ms(90));
        backlog.on_read(true, start + ms(100));
        assert_eq!(backlog.delay(0, 0, start + ms(100)), ms(0));
    }

    #[test]
    fn a_stall_of_hours_costs_little_memory() {
        let (start, mut backlog) = (Instant::now(), Backlog::default());
        for step in 0..100_000_u64 {
            backlog.on_sent();
            let untaken = usize::try_from(step + 1).unwrap();
            backlog.delay(0, untaken, start + ms(step * 10));
        }
        assert_eq!(backlog.marks.len(), MARKS);
    }
}
