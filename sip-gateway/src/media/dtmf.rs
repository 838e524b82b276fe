//! Keys as RFC 4733 telephone events: one key per press out of many packets, and one press as many packets.
//!
//! **Owns**: [`EventPayload`], [`KeyReceiver`], [`KeySender`]. **Must not know**: sockets, RTP sequence numbers.

use std::collections::VecDeque;

/// Samples of one 20 ms step at 8 kHz.
pub(super) const STEP: u16 = 160;
/// Length of a key that we send: 100 ms, and longer while it is held.
const LENGTH: u16 = 800;
/// A held key ends after this (8 s, by a clock of 48 kHz 1.3 s): its length is a number of 16 bits (RFC 4733 2.3.5).
const MOST: u16 = 64_000;
/// Steps that a held key goes on after its last sign: 60 ms, so that a lost packet does not cut it.
const HOLD: u8 = 3;
/// The end is sent this often (RFC 4733 2.5.1.4).
const ENDS: u8 = 3;
/// Steps of silence after a key: 60 ms, so that two equal keys are told apart.
const PAUSE: u8 = 3;
/// Keys that wait to be sent.
const WAITING: usize = 32;
/// An event this far back (10 s) is an old packet; further back, the party began its timestamps anew.
const OLD: i32 = 80_000;

/// The payload of an event packet (RFC 4733 2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventPayload {
    /// 0-9 digits, 10 `*`, 11 `#`, 12-15 `A`-`D`, others tones and signals.
    pub event: u8,
    /// The event is over.
    pub end: bool,
    /// -dBm0, 0-63.
    pub volume: u8,
    /// Length so far in timestamp units.
    pub duration: u16,
}

impl EventPayload {
    /// Reads the first event of a payload; redundant events after it are skipped.
    #[must_use]
    pub fn parse(payload: &[u8]) -> Option<Self> {
        let [event, flags, high, low] = *payload.first_chunk::<4>()?;
        let duration = u16::from_be_bytes([high, low]);
        Some(Self {
            event,
            end: flags & 0x80 != 0,
            volume: flags & 0x3f,
            duration,
        })
    }

    /// The payload on the wire.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 4] {
        let [high, low] = self.duration.to_be_bytes();
        [
            self.event,
            (u8::from(self.end) << 7) | (self.volume & 0x3f),
            high,
            low,
        ]
    }
}

/// The key of an event.
#[must_use]
pub fn key_of(event: u8) -> Option<char> {
    b"0123456789*#ABCD"
        .get(usize::from(event))
        .map(|key| char::from(*key))
}

/// The event of a key; letters in either case.
#[must_use]
pub fn event_of(key: char) -> Option<u8> {
    match key.to_ascii_uppercase() {
        digit @ '0'..='9' => Some(digit as u8 - b'0'),
        '*' => Some(10),
        '#' => Some(11),
        letter @ 'A'..='D' => Some(letter as u8 - b'A' + 12),
        _ => None,
    }
}

#[derive(Clone, Copy, Debug)]
struct Current {
    ssrc: u32,
    timestamp: u32,
    event: u8,
    duration: u16,
    ended: bool,
}

/// Tells presses apart: one key per event, at its first packet, however often its packets come or get lost.
#[derive(Clone, Debug, Default)]
pub struct KeyReceiver {
    current: Option<Current>,
}

impl KeyReceiver {
    /// Takes an event packet; the event, when this is a new press. See [`key_of`]: not each event is a key.
    pub fn receive(&mut self, ssrc: u32, timestamp: u32, payload: EventPayload) -> Option<u8> {
        let EventPayload {
            event,
            end,
            duration,
            ..
        } = payload;
        if let Some(current) = self.current.as_mut().filter(|current| current.ssrc == ssrc) {
            let ahead = timestamp.wrapping_sub(current.timestamp) as i32;
            let same = ahead == 0 && (event == current.event || !current.ended);
            // A key held longer than a duration can count goes on as a segment right behind (2.5.1.3).
            let goes_on = event == current.event
                && !current.ended
                && current.duration > u16::MAX - 8000
                && (i32::from(current.duration)..=i32::from(u16::MAX) + 1).contains(&ahead);
            if same || goes_on {
                current.timestamp = timestamp;
                current.duration = if goes_on {
                    duration
                } else {
                    current.duration.max(duration)
                };
                // Another event in the place of this one is nobody's press, and ends nothing.
                current.ended |= end && event == current.event;
                return None;
            }
            if (-OLD..0).contains(&ahead) {
                return None;
            }
        }
        self.current = Some(Current {
            ssrc,
            timestamp,
            event,
            duration,
            ended: end,
        });
        Some(event)
    }
}

/// A packet of a key that we send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyPacket {
    /// First of its event: takes a fresh timestamp and the marker. The others repeat that timestamp.
    pub first: bool,
    /// Repeats the end; nothing new is said.
    pub again: bool,
    /// The payload.
    pub payload: EventPayload,
}

/// What the sender wants in a 20 ms step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyStep {
    /// No key on its way: audio may flow.
    Idle,
    /// Send this.
    Packet(KeyPacket),
    /// The pause after a key.
    Pause,
}

/// Sends keys one after the other, one packet each 20 ms step.
#[derive(Clone, Debug, Default)]
pub struct KeySender {
    waiting: VecDeque<u8>,
    current: Option<Sending>,
    /// Ticks of the events' clock in a sample of 8 kHz, less one.
    more_ticks: u16,
}

#[derive(Clone, Copy, Debug)]
struct Sending {
    event: u8,
    duration: u16,
    /// Steps for which it does not end yet.
    held: u8,
    ends: u8,
    pauses: u8,
}

impl KeySender {
    /// Queues a key; false when it is no key or too many wait.
    pub fn push(&mut self, key: char) -> bool {
        match event_of(key) {
            Some(event) if self.waiting.len() < WAITING => {
                self.waiting.push_back(event);
                true
            }
            _ => false,
        }
    }

    /// Events count their length by a clock of `ticks` for each sample of 8 kHz from now on.
    pub fn set_ticks(&mut self, ticks: u32) {
        self.more_ticks = u16::try_from(ticks).unwrap_or(1).saturating_sub(1);
    }

    /// Somebody still presses the key that is being sent, or has let it go: it ends no earlier, and not much later. A
    /// key that waits, or another one, is left as it is.
    pub fn hold(&mut self, key: char, pressed: bool) {
        let newest = self.waiting.is_empty();
        if let Some(sending) = self.current.as_mut().filter(|_| newest)
            && event_of(key) == Some(sending.event)
        {
            sending.held = if pressed { HOLD } else { 0 };
        }
    }

    /// A key is on its way or waits.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        self.current.is_some() || !self.waiting.is_empty()
    }

    /// The next 20 ms.
    pub fn step(&mut self) -> KeyStep {
        if self.current.is_none() {
            self.current = self.waiting.pop_front().map(|event| Sending {
                event,
                duration: 0,
                held: 0,
                ends: 0,
                pauses: 0,
            });
        }
        let Some(sending) = &mut self.current else {
            return KeyStep::Idle;
        };
        if sending.ends == ENDS {
            sending.pauses += 1;
            if sending.pauses == PAUSE {
                self.current = None;
            }
            return KeyStep::Pause;
        }
        let first = sending.duration == 0;
        let again = sending.ends > 0;
        if !again {
            sending.duration = sending.duration.saturating_add(STEP);
        }
        let enough = sending.duration >= LENGTH && sending.held == 0;
        sending.held = sending.held.saturating_sub(1);
        let end = again || enough || sending.duration >= MOST / (self.more_ticks + 1);
        sending.ends += u8::from(end);
        let payload = EventPayload {
            event: sending.event,
            end,
            volume: 10,
            duration: sending.duration,
        };
        KeyStep::Packet(KeyPacket {
            first,
            again,
            payload,
        })
    }
}

#[cfg(test)]
mod tests;
