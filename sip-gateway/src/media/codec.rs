//! The codecs of a leg, narrow-band and wide-band, and the way from one to another.
//!
//! **Owns**: [`AnyCodec`], [`Sound`], [`Narrower`], [`Widener`]. **Must not know**: packets, legs, SDP.
//!
//! All codecs here but Opus (`opus.rs`) have an RTP clock of 8000 and 8 bytes per millisecond: G.722 too, whose 16,000
//! samples per second are a historical oversight of RFC 3551 4.5.2. So a packet keeps its length and its timestamp in
//! each of them. A packet of Opus is decoded to the same form before anybody looks at it.
//!
//! G.722 is predictive: sender and receiver carry state from byte to byte. Where the stream's source changes (prompt,
//! bridge) the two disagree for some tens of milliseconds until the leakage of the predictor has brought them together,
//! as after a lost packet; the codec is made for that.

use super::g711::Codec;
use super::halfband::{Doubler, Halver};
use super::opus;
use super::outbound::CLOCK_RATE;
use audio_codec::g722::{G722Decoder, G722Encoder};
use audio_codec::{Decoder as _, Encoder as _};

/// Codes worked on at a time: 20 ms.
pub(super) const CHUNK: usize = 160;
/// There is no code for silence: the smallest step of both bands, which decays to below -60 dB of full scale.
const G722_SILENCE: u8 = 0xfc;

/// A codec that a leg can speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AnyCodec {
    /// 8 kHz, stateless, one byte per sample.
    G711(Codec),
    /// 16 kHz, 64 kbit/s, one byte for two samples.
    G722,
    /// Packets of any rate and length; spoken at 8 kHz.
    Opus,
}

/// The number of Opus in our offers; it has no static one.
const OPUS_TYPE: u8 = 111;

impl AnyCodec {
    /// Name in SDP and in the record.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::G711(codec) => codec.name(),
            Self::G722 => "G722",
            Self::Opus => "opus",
        }
    }

    /// Static RTP payload type (RFC 3551 6), or that of our offers.
    #[must_use]
    pub fn payload_type(self) -> u8 {
        match self {
            Self::G711(codec) => codec.payload_type(),
            Self::G722 => 9,
            Self::Opus => OPUS_TYPE,
        }
    }

    /// RTP clock in Hz.
    #[must_use]
    pub fn clock_rate(self) -> u32 {
        match self {
            Self::G711(_) | Self::G722 => CLOCK_RATE,
            Self::Opus => opus::CLOCK_RATE,
        }
    }

    /// The codec in which clips are kept for it: packets of Opus hang on those before them, so they are made as they
    /// are played.
    #[must_use]
    pub fn kept(self) -> Self {
        match self {
            Self::Opus => Self::default(),
            own => own,
        }
    }

    /// The byte that is silence, in the codec of clips.
    #[must_use]
    pub fn silence(self) -> u8 {
        match self {
            Self::G711(codec) => codec.silence(),
            Self::G722 => G722_SILENCE,
            Self::Opus => Codec::default().silence(),
        }
    }
}

/// Whether audio of one codec must be decoded to become the other. G.711 becomes G.711 by a table.
#[must_use]
pub fn decodes(from: AnyCodec, to: AnyCodec) -> bool {
    let both_g711 = matches!((from, to), (AnyCodec::G711(_), AnyCodec::G711(_)));
    from != to && !both_g711
}

impl Default for AnyCodec {
    fn default() -> Self {
        Self::G711(Codec::default())
    }
}

impl From<Codec> for AnyCodec {
    fn from(codec: Codec) -> Self {
        Self::G711(codec)
    }
}

/// How a packet's bytes are to be understood.
#[derive(Clone, Copy, Debug)]
pub struct Sound<'a> {
    /// Their codec.
    pub codec: AnyCodec,
    /// The same at 8 kHz, one sample per byte, for all but G.711 where somebody needs it decoded; else empty.
    pub narrow: &'a [i16],
}

impl Sound<'_> {
    /// The sample of byte `code` at `place` at 8 kHz.
    #[must_use]
    pub fn sample(&self, place: usize, code: u8) -> i16 {
        match self.codec {
            AnyCodec::G711(codec) => codec.decode(code),
            AnyCodec::G722 | AnyCodec::Opus => self.narrow.get(place).copied().unwrap_or_default(),
        }
    }
}

impl From<Codec> for Sound<'_> {
    fn from(codec: Codec) -> Self {
        Self {
            codec: codec.into(),
            narrow: &[],
        }
    }
}

/// Brings one G.722 stream down to 8 kHz samples.
pub struct Narrower {
    decoder: G722Decoder,
    halver: Halver,
}

/// Makes one G.722 stream of 8 kHz samples.
pub struct Widener {
    encoder: G722Encoder,
    doubler: Doubler,
}

impl std::fmt::Debug for Narrower {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Narrower").finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Widener {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Widener").finish_non_exhaustive()
    }
}

impl Default for Narrower {
    fn default() -> Self {
        Self {
            decoder: G722Decoder::new(),
            halver: Halver::default(),
        }
    }
}

impl Default for Widener {
    fn default() -> Self {
        Self {
            encoder: G722Encoder::new(),
            doubler: Doubler::default(),
        }
    }
}

impl Narrower {
    /// The next codes of the stream as samples, one per byte, as far as `out` reaches.
    pub fn decode(&mut self, codes: &[u8], out: &mut [i16]) {
        let mut wide = [0; 2 * CHUNK];
        for (codes, out) in codes.chunks(CHUNK).zip(out.chunks_mut(CHUNK)) {
            // The buffer has room for all samples of a chunk.
            let samples = self.decoder.decode_into(codes, &mut wide).unwrap_or(0);
            self.halver
                .halve(wide.get(..samples).unwrap_or_default(), out);
        }
    }
}

impl Widener {
    /// The next samples of the stream as codes, one byte each, as far as `out` reaches.
    pub fn encode(&mut self, samples: &[i16], out: &mut [u8]) {
        let mut wide = [0; 2 * CHUNK];
        for (samples, out) in samples.chunks(CHUNK).zip(out.chunks_mut(CHUNK)) {
            self.doubler.double(samples, &mut wide);
            let wide = wide.get(..2 * samples.len()).unwrap_or_default();
            if self.encoder.encode_into(wide, out).is_err() {
                out.fill(G722_SILENCE);
            }
        }
    }

    /// The same for codes of G.711, rewritten in place.
    pub fn convert(&mut self, from: Codec, codes: &mut [u8]) {
        let mut samples = [0; CHUNK];
        for codes in codes.chunks_mut(CHUNK) {
            for (sample, code) in samples.iter_mut().zip(codes.iter()) {
                *sample = from.decode(*code);
            }
            let length = codes.len();
            self.encode(samples.get(..length).unwrap_or_default(), codes);
        }
    }
}

/// A whole piece of 16 kHz audio, of even length, as G.722.
#[must_use]
pub fn encode_g722(wide: &[i16]) -> Vec<u8> {
    let mut encoder = G722Encoder::new();
    let mut codes = vec![G722_SILENCE; wide.len() / 2];
    for (samples, out) in wide.chunks(2 * CHUNK).zip(codes.chunks_mut(CHUNK)) {
        if encoder.encode_into(samples, out).is_err() {
            break;
        }
    }
    codes
}

/// A whole piece of G.722 as 16 kHz audio.
#[must_use]
pub fn decode_g722(codes: &[u8]) -> Vec<i16> {
    let mut wide = vec![0; codes.len() * 2];
    let length = G722Decoder::new()
        .decode_into(codes, &mut wide)
        .unwrap_or(0);
    wide.truncate(length);
    wide
}

#[cfg(test)]
mod tests;
