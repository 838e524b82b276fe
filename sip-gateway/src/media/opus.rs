//! Opus (RFC 6716) in RTP (RFC 7587): any sender's packets down to 8 kHz samples, and samples to packets.
//!
//! **Owns**: [`Listener`], [`Speaker`], [`Wish`]; the codec crate is named here alone. **Must not know**: legs, SDP,
//! the clock.
//!
//! Inside, everything is 8 kHz as for the other codecs. We speak at that rate; what we hear is decoded at 16 kHz and
//! brought down as G.722 is, because the crate (0.2.2) garbles music-like packets (CELT with a pitch filter) when it is
//! to decode them at 8 kHz. A packet has no fixed length: a [`Listener`] gives the samples of each with the timestamp
//! that they would have at 8 kHz. It carries state from packet to packet, so it takes them in order: what was lost before a packet is
//! made good with it, from the copy that the packet carries (in-band FEC) or by the decoder's own concealment; what
//! comes later than its successor is not played.

use super::codec::CHUNK;
use super::halfband::Halver;
use super::player::FRAME;
use super::rtp::RtpHeader;
use opus_pure::{Application, Bandwidth, OpusDecoder, OpusEncoder, packet};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// RTP clock in Hz, whatever is in a packet (RFC 7587 4.1).
pub const CLOCK_RATE: u32 = 48_000;
/// Ticks of that clock in a sample of ours.
const TICKS: u64 = 6;
/// Samples per second of ours.
const RATE: i32 = 8000;
/// Samples that are decoded for one of ours.
const WIDER: usize = 2;
/// Samples of the longest packet, 120 ms (RFC 6716 3.2.5), and the longest loss that is made good.
const LONGEST: usize = 960;
/// The decoder counts in pieces of 2.5 ms.
const STEP: usize = 20;
/// Samples that one packet becomes at most: what was lost before it, and its own.
pub const MOST: usize = 2 * LONGEST;
/// Packets further behind than this are no late ones: the sender began its numbers anew.
const LATE: i16 = 100;
/// Where a stream's ticks begin to be counted: far enough from zero for what comes out of order.
const BEGINNING: u64 = 1 << 40;

/// Bits per second that we send: narrow-band speech is clear at 16,000; a copy for losses costs some more.
const BITRATE: i32 = 16_000;
const BITRATE_WITH_FEC: i32 = 22_000;
/// What a party may ask for at least (RFC 7587 6.1 allows 6000) and what we never exceed.
const BITRATES: std::ops::RangeInclusive<i32> = 6_000..=32_000;
/// Bytes of a packet of ours at most: four times the rate's share of 20 ms.
const PACKET: usize = 320;
/// Work that the encoder does, 0 to 10.
const COMPLEXITY: i32 = 5;
/// The loss in percent that FEC is made for.
const EXPECTED_LOSS: i32 = 10;
/// A packet that holds nothing but its length, 20 ms of narrow-band: the receiver fills it in (RFC 6716 3.1).
const NOTHING: u8 = 0x08;

/// How a party wants to be spoken to (RFC 7587 6.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wish {
    /// Bits per second at most, `maxaveragebitrate`.
    pub max_bitrate: Option<u32>,
    /// It uses in-band FEC, `useinbandfec`.
    pub fec: bool,
}

/// What a packet brought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Heard {
    /// Timestamp of the first sample on an 8 kHz clock; meaningless when there is none.
    pub timestamp: u32,
    /// Samples written; none for a packet that came after its successor, or again.
    pub samples: usize,
    /// The payload is no Opus: what was written is made up.
    pub broken: bool,
}

#[derive(Clone, Copy, Debug)]
struct Before {
    ssrc: u32,
    sequence: u16,
    /// RTP timestamp right behind the packet.
    end: u32,
    /// The same counted without wrapping.
    ticks: u64,
}

/// What one party says.
pub struct Listener {
    decoder: OpusDecoder,
    before: Option<Before>,
    /// What was decoded, before it is brought down.
    wide: Box<[i16; WIDER * MOST]>,
    halver: Halver,
}

impl std::fmt::Debug for Listener {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Listener")
            .field("before", &self.before)
            .finish_non_exhaustive()
    }
}

fn decoder_at_16_khz() -> OpusDecoder {
    OpusDecoder::new(WIDER as i32 * RATE, 1).expect("16 kHz and one channel are Opus's own")
}

impl Default for Listener {
    fn default() -> Self {
        Self {
            decoder: decoder_at_16_khz(),
            before: None,
            wide: Box::new([0; WIDER * MOST]),
            halver: Halver::default(),
        }
    }
}

impl Listener {
    /// Decodes a packet into `out`, which has room for [`MOST`] samples, behind what was lost before it.
    pub fn hear(&mut self, header: &RtpHeader, payload: &[u8], out: &mut [i16]) -> Heard {
        let before = self.before.filter(|before| before.ssrc == header.ssrc);
        if before.is_none() {
            // Cannot fail for a decoder that could be made; if it did, the old state would fade out.
            let _ = self.decoder.reset_state();
        }
        let ahead = before.map_or(1, |before| {
            header.sequence.wrapping_sub(before.sequence) as i16
        });
        if (-LATE..=0).contains(&ahead) {
            return Heard::default();
        }
        let gap = before.map_or(0, |before| header.timestamp.wrapping_sub(before.end) as i32);
        let start = before.map_or(BEGINNING, |before| {
            before.ticks.wrapping_add_signed(i64::from(gap))
        });
        let lost = if ahead > 1 { missing(gap) } else { 0 };
        let made = self.make_good(payload, lost);
        let (samples, broken) = self.decode(payload, made);
        self.bring_down(made + samples, out);
        let length = samples as u64 * TICKS;
        self.before = Some(Before {
            ssrc: header.ssrc,
            sequence: header.sequence,
            end: header.timestamp.wrapping_add(length as u32),
            ticks: start.wrapping_add(length),
        });
        Heard {
            timestamp: (start.wrapping_sub(made as u64 * TICKS) / TICKS) as u32,
            samples: made + samples,
            broken,
        }
    }

    /// The samples before a packet, from the copy in it as far as that reaches, the rest concealed.
    fn make_good(&mut self, payload: &[u8], lost: usize) -> usize {
        if lost == 0 {
            return 0;
        }
        let made = self.guarded(0, |decoder, wide| {
            decoder.decode_fec_s16(payload, WIDER * lost, wide)
        });
        made.unwrap_or(0).min(lost)
    }

    /// The packet's own samples, behind so many that were made good.
    fn decode(&mut self, payload: &[u8], made: usize) -> (usize, bool) {
        let own = self.guarded(made, |decoder, wide| {
            decoder.decode_s16(payload, WIDER * LONGEST, wide)
        });
        if let Some(samples) = own {
            return (samples.min(LONGEST), false);
        }
        let filled = self.guarded(made, |decoder, wide| {
            decoder.decode_s16(&[], WIDER * FRAME, wide)
        });
        (filled.unwrap_or(0).min(FRAME), true)
    }

    /// Asks the decoder for sound at this place; samples of ours that it gave, none when it refused. Its input is
    /// anybody's and the crate is young: a packet that makes it panic is a broken one, and the next begins anew.
    fn guarded(
        &mut self,
        place: usize,
        ask: impl FnOnce(&mut OpusDecoder, &mut [i16]) -> Result<usize, opus_pure::Error>,
    ) -> Option<usize> {
        let wide = self.wide.get_mut(WIDER * place..).unwrap_or_default();
        let decoder = &mut self.decoder;
        let asked = catch_unwind(AssertUnwindSafe(|| ask(decoder, wide)));
        if asked.is_err() {
            self.decoder = decoder_at_16_khz();
        }
        asked.ok()?.ok().map(|samples| samples / WIDER)
    }

    fn bring_down(&mut self, samples: usize, out: &mut [i16]) {
        let wide = self.wide.get(..WIDER * samples).unwrap_or_default();
        for (wide, out) in wide.chunks(WIDER * CHUNK).zip(out.chunks_mut(CHUNK)) {
            self.halver.halve(wide, out);
        }
    }
}

/// Samples that a gap in the timestamps holds, when it is one that is made good. Where no number is missing a gap is
/// no loss: the sender was silent.
fn missing(gap: i32) -> usize {
    let samples = usize::try_from(gap).map_or(0, |gap| gap / TICKS as usize);
    let whole = samples.is_multiple_of(STEP) && samples <= LONGEST;
    if whole { samples } else { 0 }
}

/// Samples that a packet holds by its first bytes; none when it is no Opus.
#[must_use]
pub fn samples(payload: &[u8]) -> Option<u32> {
    let samples = packet::samples(payload, RATE).ok()?;
    u32::try_from(samples).ok().filter(|n| *n <= LONGEST as u32)
}

/// What one party is told.
pub struct Speaker {
    encoder: OpusEncoder,
}

impl std::fmt::Debug for Speaker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Speaker").finish_non_exhaustive()
    }
}

impl Default for Speaker {
    fn default() -> Self {
        Self::new(Wish::default())
    }
}

impl Speaker {
    /// One who speaks as this party wishes.
    #[must_use]
    pub fn new(wish: Wish) -> Self {
        let mut encoder = OpusEncoder::new(RATE, 1, Application::Voip)
            .expect("8 kHz and one channel are Opus's own");
        encoder.complexity = COMPLEXITY;
        encoder.max_bandwidth = Bandwidth::Narrowband;
        let mut speaker = Self { encoder };
        speaker.obey(wish);
        speaker
    }

    /// The party wishes otherwise.
    pub fn obey(&mut self, wish: Wish) {
        let ours = if wish.fec { BITRATE_WITH_FEC } else { BITRATE };
        let most = wish.max_bitrate.and_then(|most| i32::try_from(most).ok());
        let rate = ours.min(most.unwrap_or(ours));
        self.encoder.bitrate_bps = rate.clamp(*BITRATES.start(), *BITRATES.end());
        self.encoder.use_inband_fec = wish.fec;
        self.encoder.packet_loss_perc = if wish.fec { EXPECTED_LOSS } else { 0 };
    }

    /// The next 20 ms as a packet; its length in `out`.
    pub fn speak(&mut self, samples: &[i16; FRAME], out: &mut [u8]) -> usize {
        let room = PACKET.min(out.len());
        let packet = out.get_mut(..room).unwrap_or_default();
        match self.encoder.encode_s16(samples, FRAME, packet) {
            Ok(length @ 1..) => length.min(room),
            _ => {
                packet.iter_mut().take(1).for_each(|toc| *toc = NOTHING);
                room.min(1)
            }
        }
    }
}

#[cfg(test)]
mod tests;
