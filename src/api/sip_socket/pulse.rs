//! When a phone's WebSocket is pinged, asked about, or given up.
//!
//! **Owns**: [`Pulse`]. PURE: the time is handed in. **Must not know**: sockets.

use std::time::Duration;
use tokio::time::Instant;

/// The first SIP message must have come after this time.
const FIRST: Duration = Duration::from_secs(10);
/// A browser that was silent for so long is pinged; it answers by itself.
const PING: Duration = Duration::from_secs(15);
/// One that was silent for so long is gone: its laptop sleeps or its network is away.
const GONE: Duration = Duration::from_secs(30);
/// Without a SIP message for so long the connection is kept only when somebody needs it.
const IDLE: Duration = Duration::from_secs(32);

/// What is to be done now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// Nothing.
    Nothing,
    /// Send a ping.
    Ping,
    /// Ask whether anybody needs the connection.
    Idle,
    /// Close it.
    Gone,
}

/// The signs of life of one connection.
#[derive(Debug)]
pub(super) struct Pulse {
    /// The last frame of any kind.
    heard: Instant,
    /// Since that frame it was pinged.
    pinged: bool,
    /// The last SIP message, or the last time that its absence was told.
    spoke: Instant,
    /// Until when the first SIP message must come; none once it came.
    first: Option<Instant>,
}

impl Pulse {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            heard: now,
            pinged: false,
            spoke: now,
            first: Some(now + FIRST),
        }
    }

    /// A frame of any kind came.
    pub(super) fn heard(&mut self, now: Instant) {
        (self.heard, self.pinged) = (now, false);
    }

    /// A SIP message came.
    pub(super) fn spoke(&mut self, now: Instant) {
        (self.spoke, self.first) = (now, None);
    }

    /// When to ask [`Pulse::due`] at the latest.
    pub(super) fn next(&self) -> Instant {
        let silence = if self.pinged { GONE } else { PING };
        let next = (self.heard + silence).min(self.spoke + IDLE);
        self.first.map_or(next, |first| first.min(next))
    }

    /// What is to be done; asked until it is nothing.
    pub(super) fn due(&mut self, now: Instant) -> Due {
        if now >= self.heard + GONE || self.first.is_some_and(|first| now >= first) {
            return Due::Gone;
        }
        if now >= self.spoke + IDLE {
            self.spoke = now;
            return Due::Idle;
        }
        if now >= self.heard + PING && !self.pinged {
            self.pinged = true;
            return Due::Ping;
        }
        Due::Nothing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What happens, second by second, to a browser that answers pings or not.
    fn story(answers: bool, speaks: bool) -> Vec<(u64, Due)> {
        let start = Instant::now();
        let mut pulse = Pulse::new(start);
        if speaks {
            pulse.spoke(start);
        }
        let mut story = Vec::new();
        let mut now = start;
        while now < start + Duration::from_secs(70) {
            now = pulse.next();
            let due = pulse.due(now);
            story.push(((now - start).as_secs(), due));
            match due {
                Due::Gone => break,
                Due::Ping if answers => pulse.heard(now),
                _ => {}
            }
        }
        story
    }

    #[test]
    fn a_browser_that_answers_pings_stays_and_its_need_is_asked_for() {
        let wanted = [
            (15, Due::Ping),
            (30, Due::Ping),
            (32, Due::Idle),
            (45, Due::Ping),
            (60, Due::Ping),
            (64, Due::Idle),
            (75, Due::Ping),
        ];
        assert_eq!(story(true, true), wanted);
    }

    #[test]
    fn one_that_answers_nothing_is_gone_after_half_a_minute() {
        assert_eq!(story(false, true), [(15, Due::Ping), (30, Due::Gone)]);
    }

    #[test]
    fn one_that_never_speaks_sip_is_gone_after_ten_seconds() {
        assert_eq!(story(true, false), [(10, Due::Gone)]);
    }
}
