//! Speech packets whose payload says who sent them, which one it is, and when.

use std::time::Instant;

/// What a payload says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) leg: u32,
    pub(crate) number: u32,
    pub(crate) sent_us: u64,
}

const MAGIC: [u8; 4] = [0xC5, 0x5C, 0x3A, 0xA3];

/// One packet: 12 bytes of header, 160 of payload (20 ms of PCMU).
pub(crate) fn packet(mark: Mark, begun: bool) -> [u8; 172] {
    let mut out = [0u8; 172];
    out[0] = 0x80;
    out[1] = if begun { 0x80 } else { 0 };
    out[2..4].copy_from_slice(&(mark.number as u16).to_be_bytes());
    out[4..8].copy_from_slice(&mark.number.wrapping_mul(160).to_be_bytes());
    out[8..12].copy_from_slice(&(mark.leg | 0x5000_0000).to_be_bytes());
    for chunk in out[12..].chunks_mut(20) {
        chunk[..4].copy_from_slice(&MAGIC);
        chunk[4..8].copy_from_slice(&mark.leg.to_be_bytes());
        chunk[8..12].copy_from_slice(&mark.number.to_be_bytes());
        chunk[12..20].copy_from_slice(&mark.sent_us.to_be_bytes());
    }
    out
}

/// One of the eight packets of a key (RFC 4733 2.3): five of the press, three of its end.
pub(crate) fn key(leg: u32, number: u32, key: u8, step: u16) -> [u8; 16] {
    let mut out = [0u8; 16];
    out[0] = 0x80;
    out[1] = if step == 0 { 0x80 | 101 } else { 101 };
    out[2..4].copy_from_slice(&(number as u16).to_be_bytes());
    // All packets of a key carry the time of its beginning.
    let begun = number.wrapping_sub(u32::from(step));
    out[4..8].copy_from_slice(&begun.wrapping_mul(160).to_be_bytes());
    out[8..12].copy_from_slice(&(leg | 0x5000_0000).to_be_bytes());
    out[12] = key;
    out[13] = if step >= 5 { 0x80 | 10 } else { 10 };
    out[14..16].copy_from_slice(&(step.min(5) * 160 + 160).to_be_bytes());
    out
}

/// Reads the mark of a packet that one of ours became; none for music and prompts.
pub(crate) fn read(packet: &[u8]) -> Option<Mark> {
    let payload = packet.get(12..32)?;
    if payload[..4] != MAGIC {
        return None;
    }
    let word = |at: usize| {
        payload
            .get(at..at + 4)
            .and_then(|b| b.try_into().ok())
            .map(u32::from_be_bytes)
    };
    let sent_us = u64::from_be_bytes(payload.get(12..20)?.try_into().ok()?);
    Some(Mark {
        leg: word(4)?,
        number: word(8)?,
        sent_us,
    })
}

/// What one leg has heard of the other's packets.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    pub(crate) first: Option<(u32, Instant)>,
    pub(crate) last: Option<(u32, Instant)>,
    pub(crate) count: u64,
    pub(crate) largest_gap_ms: f64,
    pub(crate) foreign: u64,
}

impl Heard {
    pub(crate) fn take(&mut self, mark: Mark, now: Instant) {
        if let Some((_, before)) = self.last {
            self.largest_gap_ms = self
                .largest_gap_ms
                .max(now.duration_since(before).as_secs_f64() * 1e3);
        }
        self.first.get_or_insert((mark.number, now));
        self.last = Some((mark.number, now));
        self.count += 1;
    }

    /// Packets missing between the first and the last that were heard.
    pub(crate) fn missing(&self) -> u64 {
        match (self.first, self.last) {
            (Some((first, _)), Some((last, _))) => {
                u64::from(last.saturating_sub(first) + 1).saturating_sub(self.count)
            }
            _ => 0,
        }
    }
}
