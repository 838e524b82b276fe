//! What a test phone heard: packets with their times, and the questions a test asks of them.
//!
//! **Owns**: levels and tones by window, gaps, losses, keys, numbers. **Must not know**: sockets, SIP.

use super::audio::{self, NumberReport, Numbered, RATE};
use super::sdp::EVENT_TYPE;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// Length of a piece that is judged.
const WINDOW: Duration = Duration::from_millis(100);
/// From this share on a window is that tone.
pub(crate) const IS_TONE: f64 = 0.8;
/// Softer than this is silence, dBFS.
pub(crate) const SILENCE: f64 = -50.0;

/// One RTP packet (RFC 3550).
#[derive(Clone, Debug)]
pub(crate) struct Packet {
    /// When it arrived.
    pub(crate) at: Instant,
    /// Who sent it.
    pub(crate) from: SocketAddr,
    /// Payload type.
    pub(crate) payload_type: u8,
    /// Marker bit.
    pub(crate) marker: bool,
    /// Sequence number.
    pub(crate) sequence: u16,
    /// Media time in samples.
    pub(crate) timestamp: u32,
    /// Source.
    pub(crate) ssrc: u32,
    /// What it carries.
    pub(crate) payload: Vec<u8>,
}

impl Packet {
    /// Reads a datagram; none when it is not RTP of version 2.
    pub(crate) fn parse(datagram: &[u8], from: SocketAddr, at: Instant) -> Option<Self> {
        let header = datagram.get(..12)?;
        if header[0] >> 6 != 2 {
            return None;
        }
        let word = |at: usize| {
            u32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]])
        };
        let sources = 4 * usize::from(header[0] & 0x0f);
        Some(Self {
            at,
            from,
            payload_type: header[1] & 0x7f,
            marker: header[1] & 0x80 != 0,
            sequence: u16::from_be_bytes([header[2], header[3]]),
            timestamp: word(4),
            ssrc: word(8),
            payload: datagram.get(12 + sources..)?.to_vec(),
        })
    }

    pub(super) fn is_audio(&self) -> bool {
        matches!(self.payload_type, 0 | 8)
    }

    pub(super) fn samples(&self) -> impl Iterator<Item = i16> {
        let decode = match self.payload_type {
            8 => audio::from_alaw,
            _ => audio::from_ulaw,
        };
        self.payload.iter().map(move |byte| decode(*byte))
    }
}

/// Packets of one call in the order of arrival.
#[derive(Clone, Debug, Default)]
pub(crate) struct Heard {
    /// All of them, events included.
    pub(crate) packets: Vec<Packet>,
}

impl Heard {
    /// Only what came at `instant` or later.
    #[must_use]
    pub(crate) fn since(mut self, instant: Instant) -> Self {
        self.packets.retain(|packet| packet.at >= instant);
        self
    }

    /// Only what came before `instant`.
    #[must_use]
    pub(crate) fn until(mut self, instant: Instant) -> Self {
        self.packets.retain(|packet| packet.at < instant);
        self
    }

    /// All audio one after the other, as it came.
    pub(crate) fn samples(&self) -> Vec<i16> {
        self.audio().flat_map(Packet::samples).collect()
    }

    /// How long `hz` was the sound, by pieces of 100 ms of what came: a reader who was late does not shorten it.
    pub(crate) fn duration_of(&self, hz: f64) -> Duration {
        let length = (WINDOW.as_secs_f64() * RATE) as usize;
        let is_tone = |piece: &&[i16]| {
            audio::level(piece) > SILENCE && audio::dominance(piece, hz, RATE) >= IS_TONE
        };
        WINDOW * self.samples().chunks_exact(length).filter(is_tone).count() as u32
    }

    /// Times between two audio packets that are longer than `limit`: when from the first packet, and how long.
    pub(crate) fn gaps(&self, limit: Duration) -> Vec<(Duration, Duration)> {
        let times: Vec<Instant> = self.audio().map(|packet| packet.at).collect();
        let Some(first) = times.first() else {
            return Vec::new();
        };
        let pairs = times
            .windows(2)
            .map(|pair| (pair[0] - *first, pair[1] - pair[0]));
        pairs.filter(|(_, gap)| *gap > limit).collect()
    }

    /// Whether the far end left out more than `limit` of media time somewhere: between two audio packets of one source.
    pub(crate) fn holes(&self, limit: Duration) -> Vec<Duration> {
        let audio: Vec<&Packet> = self.audio().collect();
        let pairs = audio.windows(2).filter(|pair| pair[0].ssrc == pair[1].ssrc);
        pairs
            .map(|pair| pair[1].timestamp.wrapping_sub(pair[0].timestamp) as i32)
            .map(|samples| Duration::from_secs_f64(f64::from(samples.max(0)) / RATE))
            .filter(|hole| *hole > limit)
            .collect()
    }

    /// Packets missing by sequence number, each source by itself.
    pub(crate) fn lost(&self) -> u64 {
        let mut sources: std::collections::BTreeMap<u32, Vec<i64>> =
            std::collections::BTreeMap::new();
        for packet in &self.packets {
            let numbers = sources.entry(packet.ssrc).or_default();
            let before = numbers
                .last()
                .copied()
                .unwrap_or_else(|| i64::from(packet.sequence));
            let step = packet.sequence.wrapping_sub(before as u16) as i16;
            numbers.push(before + i64::from(step));
        }
        let lost = sources.into_values().map(|mut numbers| {
            numbers.sort_unstable();
            numbers.dedup();
            let span = numbers
                .last()
                .zip(numbers.first())
                .map_or(0, |(last, first)| last - first + 1);
            span as u64 - numbers.len() as u64
        });
        lost.sum()
    }

    /// What became of the numbered packets of `leg`.
    pub(crate) fn numbers(&self, leg: u8) -> NumberReport {
        let all = self
            .audio()
            .filter_map(|packet| Numbered::read(&packet.payload));
        NumberReport::new(
            all.filter(|found| found.leg == leg)
                .map(|found| found.number),
        )
    }

    /// Keys that came as events, in order, each once.
    pub(crate) fn keys(&self) -> String {
        let mut last = None;
        let mut keys = String::new();
        for packet in self
            .packets
            .iter()
            .filter(|packet| packet.payload_type == EVENT_TYPE)
        {
            if last.replace(packet.timestamp) != Some(packet.timestamp) {
                let code = packet.payload.first().copied().unwrap_or(u8::MAX);
                keys.extend("0123456789*#ABCD".chars().nth(usize::from(code)));
            }
        }
        keys
    }

    /// The bytes of all packets of a payload type, as they came.
    pub(crate) fn codes(&self, payload_type: u8) -> Vec<u8> {
        let all = self.packets.iter();
        all.filter(|packet| packet.payload_type == payload_type)
            .flat_map(|packet| packet.payload.clone())
            .collect()
    }

    /// Whether a key came as tones: 40 ms of audio that are its two tones and little else.
    pub(crate) fn has_tones(&self, key: char) -> bool {
        let code = "0123456789*#ABCD".find(key).expect("a key");
        let (low, high) = audio::key_tones(code as u8);
        let mostly = |part: &[i16]| {
            let shares = [low, high].map(|hz| audio::dominance(part, hz, RATE));
            audio::level(part) > SILENCE
                && shares.iter().sum::<f64>() > 0.85
                && shares.iter().all(|share| *share > 0.2)
        };
        self.samples().chunks_exact(320).any(mostly)
    }

    fn audio(&self) -> impl Iterator<Item = &Packet> {
        self.packets.iter().filter(|packet| packet.is_audio())
    }
}
