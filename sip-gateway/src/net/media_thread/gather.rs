//! When a busy media thread lets packets gather before it looks: waking for each of them costs more than passing it on.
//!
//! **Owns**: the measure of how many packets come, and how long the thread may stay away. **Must not know**: sockets, the
//! poll. PURE.

use std::time::Duration;

/// How often the packets are counted.
const WINDOW: Duration = Duration::from_millis(20);
/// From so many packets a window on (4,000 a second, some 40 calls of two legs) they gather.
const MANY: usize = 80;
/// How long they gather: a tenth of a packet's own length, and a twentieth of what a listener's jitter buffer bridges.
pub(super) const AWAY: Duration = Duration::from_millis(2);

/// How many packets come, and since when the thread has looked.
#[derive(Debug, Default)]
pub(super) struct Gather {
    began: Duration,
    packets: usize,
    many: bool,
    looked: Duration,
}

impl Gather {
    /// The thread looked at `now` and found so many sockets with packets.
    pub(super) fn looked(&mut self, packets: usize, now: Duration) {
        self.looked = now;
        self.packets += packets;
        let passed = now.saturating_sub(self.began);
        if passed >= WINDOW {
            // A window that lasted longer, because nothing came, counts by its length.
            let windows = passed.as_micros() / WINDOW.as_micros();
            self.many = self.packets as u128 >= MANY as u128 * windows;
            self.began = now;
            self.packets = 0;
        }
    }

    /// How long the thread stays away from now on, where it has to act again within `deadline`; zero when few come.
    pub(super) fn pause(&self, now: Duration, deadline: Duration) -> Duration {
        if !self.many {
            return Duration::ZERO;
        }
        (self.looked + AWAY).saturating_sub(now).min(deadline)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    /// One look each millisecond for a tenth of a second.
    fn after_looks(packets_each: usize) -> Gather {
        let mut gather = Gather::default();
        for at in 0..=100 {
            gather.looked(packets_each, ms(at));
        }
        gather
    }

    #[test]
    fn few_packets_are_passed_on_as_they_come() {
        assert_eq!(after_looks(3).pause(ms(100), ms(5)), Duration::ZERO);
    }

    #[test]
    fn many_gather_until_two_milliseconds_after_the_last_look() {
        let gather = after_looks(5);
        assert_eq!(gather.pause(ms(100), ms(5)), AWAY);
        assert_eq!(gather.pause(ms(101), ms(5)), ms(1));
        assert_eq!(gather.pause(ms(103), ms(5)), Duration::ZERO);
    }

    #[test]
    fn the_wheel_is_never_late_for_it() {
        assert_eq!(
            after_looks(5).pause(ms(100), Duration::ZERO),
            Duration::ZERO
        );
        assert_eq!(
            after_looks(5).pause(ms(100), Duration::from_micros(300)),
            Duration::from_micros(300)
        );
    }

    #[test]
    fn it_ends_with_the_load() {
        let mut gather = after_looks(5);
        gather.looked(50, ms(400));
        assert_eq!(gather.pause(ms(400), ms(5)), Duration::ZERO);
    }
}
