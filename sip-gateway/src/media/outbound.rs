//! The stream that we send on a leg: one SSRC, sequence numbers and timestamps that stay continuous while what is
//! sent changes between prompts, keys and packets of a bridged leg.
//!
//! **Owns**: [`Outbound`]. **Must not know**: payloads and where they come from.

use super::rtp::RtpHeader;
use std::time::Duration;

/// Timestamps per second of all codecs but Opus, and of their telephone events.
pub const CLOCK_RATE: u32 = 8000;
/// Numbers ahead or behind by more than this are another stream.
const SEQUENCE_JUMP: u16 = 1000;
/// A source whose timestamps leave real time by this many samples (2 s) is mapped anew.
const TIMESTAMP_JUMP: u32 = 16_000;

/// How a source's numbers become ours.
#[derive(Clone, Copy, Debug)]
struct Mapping {
    ssrc: u32,
    first: u16,
    newest: u16,
    sequence_offset: u16,
    timestamp_offset: u32,
    timestamp: u32,
    at: Duration,
}

/// Numbers of the packets sent on a leg.
#[derive(Clone, Debug)]
pub struct Outbound {
    ssrc: u32,
    next_sequence: u16,
    /// Timestamp right behind what was sent last.
    next_timestamp: u32,
    timestamp_base: u32,
    /// Ticks of the clock in a sample of 8 kHz.
    ticks: u32,
    /// The last packet was audio of our own: the next one follows without a marker.
    talking: bool,
    source: Option<Mapping>,
    packets: u64,
    octets: u64,
}

/// Random beginnings of a stream (RFC 3550 5.1), from the driver.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StreamSeed {
    /// Our SSRC.
    pub ssrc: u32,
    /// First sequence number.
    pub sequence: u16,
    /// Timestamp at media time zero.
    pub timestamp: u32,
}

/// The later of two timestamps.
fn later(a: u32, b: u32) -> u32 {
    if (a.wrapping_sub(b) as i32) > 0 { a } else { b }
}

impl Outbound {
    /// A stream that has sent nothing.
    #[must_use]
    pub fn new(seed: StreamSeed) -> Self {
        Self {
            ssrc: seed.ssrc,
            next_sequence: seed.sequence,
            next_timestamp: seed.timestamp,
            timestamp_base: seed.timestamp,
            ticks: 1,
            talking: false,
            source: None,
            packets: 0,
            octets: 0,
        }
    }

    /// The clock of what is sent from now on, in Hz: a multiple of [`CLOCK_RATE`]. The numbers go on; lengths and
    /// instants are counted by the new clock.
    pub fn set_clock(&mut self, rate: u32) {
        let ticks = (rate / CLOCK_RATE).max(1);
        if std::mem::replace(&mut self.ticks, ticks) != ticks {
            self.source = None;
            self.talking = false;
        }
    }

    /// Ticks of the clock in a sample of 8 kHz.
    #[must_use]
    pub fn ticks(&self) -> u32 {
        self.ticks
    }

    /// Our SSRC.
    #[must_use]
    pub fn ssrc(&self) -> u32 {
        self.ssrc
    }

    /// Packets and payload bytes sent.
    #[must_use]
    pub fn sent(&self) -> (u64, u64) {
        (self.packets, self.octets)
    }

    /// The timestamp of an instant.
    #[must_use]
    pub fn clock(&self, now: Duration) -> u32 {
        let rate = u128::from(CLOCK_RATE * self.ticks);
        let elapsed = now.as_micros() * rate / 1_000_000;
        self.timestamp_base.wrapping_add(elapsed as u32)
    }

    /// Header for a piece of audio of our own, `samples` of 8 kHz long.
    pub fn own_audio(&mut self, payload_type: u8, samples: u32, now: Duration) -> RtpHeader {
        let marker = !self.talking;
        let timestamp = if marker {
            later(self.clock(now), self.next_timestamp)
        } else {
            self.next_timestamp
        };
        self.talking = true;
        self.source = None;
        self.next_timestamp = timestamp.wrapping_add(samples.wrapping_mul(self.ticks));
        self.numbered(marker, payload_type, timestamp)
    }

    /// Header for a packet of a key of our own; `timestamp` is the event's once its first packet has been made.
    pub fn own_event(
        &mut self,
        payload_type: u8,
        timestamp: Option<u32>,
        now: Duration,
    ) -> RtpHeader {
        let marker = timestamp.is_none();
        let timestamp = timestamp.unwrap_or_else(|| later(self.clock(now), self.next_timestamp));
        self.talking = false;
        self.source = None;
        self.next_timestamp = later(self.next_timestamp, timestamp.wrapping_add(1));
        self.numbered(marker, payload_type, timestamp)
    }

    fn numbered(&mut self, marker: bool, payload_type: u8, timestamp: u32) -> RtpHeader {
        let sequence = self.next_sequence;
        self.next_sequence = sequence.wrapping_add(1);
        RtpHeader {
            marker,
            payload_type,
            sequence,
            timestamp,
            ssrc: self.ssrc,
        }
    }

    /// Header for a packet that a bridged leg's party sent, by the same clock, `samples` of 8 kHz long. Gaps in its numbers stay gaps in ours, so that the
    /// receiver sees the loss and can put late packets in order. None for a packet older than the bridge.
    pub fn mapped(
        &mut self,
        from: RtpHeader,
        payload_type: u8,
        samples: u32,
        now: Duration,
    ) -> Option<RtpHeader> {
        let known = self
            .source
            .filter(|source| source.continues(from, self.ticks, now));
        let marker = known.is_none() || from.marker;
        let mut source = known.unwrap_or_else(|| Mapping {
            ssrc: from.ssrc,
            first: from.sequence,
            newest: from.sequence,
            sequence_offset: self.next_sequence.wrapping_sub(from.sequence),
            timestamp_offset: later(self.clock(now), self.next_timestamp)
                .wrapping_sub(from.timestamp),
            timestamp: from.timestamp,
            at: now,
        });
        if from.sequence.wrapping_sub(source.first) as i16 <= -1 {
            return None;
        }
        if from.sequence.wrapping_sub(source.newest) as i16 >= 0 {
            (source.newest, source.timestamp, source.at) = (from.sequence, from.timestamp, now);
            // The beginning moves along, so that a long stream never looks older than its start.
            if source.newest.wrapping_sub(source.first) > SEQUENCE_JUMP {
                source.first = source.newest.wrapping_sub(SEQUENCE_JUMP);
            }
        }
        let sequence = from.sequence.wrapping_add(source.sequence_offset);
        let timestamp = from.timestamp.wrapping_add(source.timestamp_offset);
        if sequence.wrapping_sub(self.next_sequence) as i16 >= 0 {
            self.next_sequence = sequence.wrapping_add(1);
        }
        self.next_timestamp = later(
            self.next_timestamp,
            timestamp.wrapping_add(samples.wrapping_mul(self.ticks)),
        );
        self.talking = false;
        self.source = Some(source);
        Some(RtpHeader {
            marker,
            payload_type,
            sequence,
            timestamp,
            ssrc: self.ssrc,
        })
    }

    /// The source changes or pauses: the next packet of a source is mapped anew.
    pub fn leave_source(&mut self) {
        self.source = None;
    }

    /// Our own audio stops: the next piece starts with a marker, at the timestamp of its time.
    pub fn pause(&mut self) {
        self.talking = false;
    }

    /// Counts a packet that was made.
    pub fn count(&mut self, payload: usize) {
        self.packets += 1;
        self.octets += payload as u64;
    }
}

impl Mapping {
    fn continues(&self, from: RtpHeader, ticks: u32, now: Duration) -> bool {
        let ahead = (from.sequence.wrapping_sub(self.newest) as i16).unsigned_abs();
        let rate = u128::from(CLOCK_RATE * ticks);
        let elapsed = now.saturating_sub(self.at).as_micros() * rate / 1_000_000;
        let expected = self.timestamp.wrapping_add(elapsed as u32);
        let off = (from.timestamp.wrapping_sub(expected) as i32).unsigned_abs();
        from.ssrc == self.ssrc && ahead <= SEQUENCE_JUMP && off <= TIMESTAMP_JUMP * ticks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEED: StreamSeed = StreamSeed {
        ssrc: 9,
        sequence: 65_530,
        timestamp: u32::MAX - 1000,
    };

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn incoming(ssrc: u32, sequence: u16, timestamp: u32) -> RtpHeader {
        RtpHeader {
            marker: false,
            payload_type: 0,
            sequence,
            timestamp,
            ssrc,
        }
    }

    #[test]
    fn own_audio_is_continuous_and_a_pause_shows_in_the_timestamp() {
        let mut out = Outbound::new(SEED);
        let first = out.own_audio(0, 160, ms(1000));
        assert_eq!((first.marker, first.sequence), (true, 65_530));
        assert_eq!(first.timestamp, SEED.timestamp.wrapping_add(8000));
        for n in 1..10u16 {
            // The wheel's lateness must not show.
            let next = out.own_audio(0, 160, ms(1000 + u64::from(n) * 20 + 3));
            let expected = first.timestamp.wrapping_add(160 * u32::from(n));
            assert_eq!((next.marker, next.timestamp), (false, expected));
            assert_eq!(next.sequence, 65_530u16.wrapping_add(n));
        }
        out.pause();
        let after = out.own_audio(0, 160, ms(5000));
        assert_eq!(
            (after.marker, after.timestamp),
            (true, SEED.timestamp.wrapping_add(40_000))
        );
    }

    #[test]
    fn a_bridge_continues_what_was_played() {
        let mut out = Outbound::new(SEED);
        let played = out.own_audio(0, 160, ms(0));
        let mapped = out.mapped(incoming(5, 300, 77), 0, 160, ms(25)).unwrap();
        assert_eq!(mapped.ssrc, played.ssrc);
        assert!(mapped.marker);
        assert_eq!(mapped.sequence, played.sequence.wrapping_add(1));
        assert_eq!(mapped.timestamp, SEED.timestamp.wrapping_add(200));
        let next = out.mapped(incoming(5, 301, 237), 0, 160, ms(45)).unwrap();
        assert_eq!(
            (next.marker, next.timestamp),
            (false, mapped.timestamp.wrapping_add(160))
        );
        // Back to a prompt: later than everything sent.
        let own = out.own_audio(0, 160, ms(50));
        assert!(own.marker);
        assert_eq!(own.sequence, next.sequence.wrapping_add(1));
        assert_eq!(own.timestamp, next.timestamp.wrapping_add(160));
    }

    #[test]
    fn gaps_and_late_packets_keep_their_places() {
        let mut out = Outbound::new(SEED);
        let first = out.mapped(incoming(5, 10, 0), 0, 160, ms(0)).unwrap();
        let gap = out.mapped(incoming(5, 13, 480), 0, 160, ms(60)).unwrap();
        assert_eq!(gap.sequence, first.sequence.wrapping_add(3));
        let late = out.mapped(incoming(5, 12, 320), 0, 160, ms(61)).unwrap();
        assert_eq!(late.sequence, first.sequence.wrapping_add(2));
        assert_eq!(late.timestamp, first.timestamp.wrapping_add(320));
        assert_eq!(
            out.mapped(incoming(5, 14, 640), 0, 160, ms(80))
                .unwrap()
                .sequence,
            gap.sequence.wrapping_add(1)
        );
        // Older than the bridge: it would take the number of a packet sent before.
        assert_eq!(
            out.mapped(incoming(5, 9, u32::MAX - 159), 0, 160, ms(81)),
            None
        );
    }

    #[test]
    fn another_source_or_a_jump_is_mapped_anew() {
        for (ssrc, sequence, timestamp) in [(6, 11, 160), (5, 30_000, 160), (5, 11, 900_000)] {
            let mut out = Outbound::new(SEED);
            let first = out.mapped(incoming(5, 10, 0), 0, 160, ms(0)).unwrap();
            let other = out
                .mapped(incoming(ssrc, sequence, timestamp), 0, 160, ms(20))
                .unwrap();
            assert!(other.marker);
            assert_eq!(other.sequence, first.sequence.wrapping_add(1));
            assert_eq!(other.timestamp, first.timestamp.wrapping_add(160));
        }
    }

    #[test]
    fn a_long_stream_wraps() {
        let mut out = Outbound::new(SEED);
        let mut previous: Option<RtpHeader> = None;
        for n in 0..200_000u32 {
            let from = incoming(
                5,
                n as u16,
                n.wrapping_mul(160).wrapping_add(u32::MAX - 5000),
            );
            let mapped = out.mapped(from, 0, 160, ms(20) * n).unwrap();
            if let Some(previous) = previous {
                assert_eq!(mapped.sequence, previous.sequence.wrapping_add(1));
                assert_eq!(mapped.timestamp, previous.timestamp.wrapping_add(160));
                assert!(!mapped.marker);
            }
            previous = Some(mapped);
        }
    }

    #[test]
    fn key_packets_share_a_timestamp_and_audio_comes_after() {
        let mut out = Outbound::new(SEED);
        out.own_audio(0, 160, ms(0));
        let first = out.own_event(101, None, ms(20));
        let second = out.own_event(101, Some(first.timestamp), ms(40));
        assert_eq!((first.marker, second.marker), (true, false));
        assert_eq!(first.timestamp, second.timestamp);
        let audio = out.own_audio(0, 160, ms(240));
        assert_eq!((audio.marker, audio.timestamp), (true, out.clock(ms(240))));
    }
}
