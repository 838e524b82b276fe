//! Events on their way out of a media thread: through a bounded channel, without ever waiting for it.
//!
//! **Owns**: the list of what the channel could not take yet, in order. What must not be lost stays in it and is tried
//! again each step; only keys are dropped, and only when a party floods us with them.

use crate::media::port::MediaEvent;
use std::collections::VecDeque;
use tokio::sync::mpsc::Sender;
use tokio::sync::mpsc::error::TrySendError;

/// Above this many waiting events, keys are dropped.
const KEYS_UP_TO: usize = 4096;

#[derive(Debug, Default)]
pub(super) struct Outbox {
    waiting: VecDeque<MediaEvent>,
    delayed: u64,
    dropped: u64,
}

impl Outbox {
    pub(super) fn push(&mut self, event: MediaEvent) {
        if self.waiting.len() >= KEYS_UP_TO && matches!(event, MediaEvent::Key { .. }) {
            self.dropped += 1;
        } else {
            self.waiting.push_back(event);
        }
    }

    /// Gives the channel as much as it takes.
    pub(super) fn flush(&mut self, channel: &Sender<MediaEvent>) {
        while let Some(event) = self.waiting.pop_front() {
            match channel.try_send(event) {
                Ok(()) => {}
                Err(TrySendError::Full(event)) => {
                    self.delayed += 1;
                    self.waiting.push_front(event);
                    return;
                }
                // Nobody listens any more: the process is on its way out.
                Err(TrySendError::Closed(_)) => self.waiting.clear(),
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Times the channel was full, and keys dropped.
    pub(super) fn counts(&self) -> (u64, u64) {
        (self.delayed, self.dropped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::leg::LegId;

    fn key(n: u64) -> MediaEvent {
        MediaEvent::Key {
            leg: LegId(n),
            key: '1',
        }
    }

    #[test]
    fn a_full_channel_delays_but_loses_nothing() {
        let (sender, mut receiver) = tokio::sync::mpsc::channel(2);
        let mut outbox = Outbox::default();
        (0..5).for_each(|n| outbox.push(key(n)));
        let mut heard = Vec::new();
        while !outbox.is_empty() {
            outbox.flush(&sender);
            while let Ok(event) = receiver.try_recv() {
                heard.push(event);
            }
        }
        assert_eq!(heard, (0..5).map(key).collect::<Vec<_>>());
        assert_eq!(outbox.counts(), (2, 0));
    }

    #[test]
    fn a_flood_of_keys_is_cut_but_nothing_else() {
        let mut outbox = Outbox::default();
        (0..5000).for_each(|n| outbox.push(key(n)));
        outbox.push(MediaEvent::MediaStarted { leg: LegId(1) });
        assert_eq!(
            (outbox.waiting.len(), outbox.counts().1),
            (KEYS_UP_TO + 1, 904)
        );
        let (sender, receiver) = tokio::sync::mpsc::channel(1);
        drop(receiver);
        outbox.flush(&sender);
        assert!(outbox.is_empty());
    }
}
