//! Prompt audio, ready to send: read from WAV, mixed down, brought to 8 or 16 kHz and encoded once per codec.
//!
//! **Owns**: [`Clip`], [`ClipError`]; the only reader of WAV files in this crate. **Must not know**: file names, who
//! plays it.

use super::codec::{AnyCodec, encode_g722};
use super::g711::Codec;
use super::resample::resample;
use std::borrow::Cow;
use std::io::{Cursor, Read};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Samples per second of a clip as narrow-band legs hear it.
pub const CLIP_RATE: u32 = 8000;
/// The same for wide-band legs.
const WIDE_RATE: u32 = 16_000;
/// The longest clip.
pub const MAX_LENGTH: Duration = Duration::from_secs(15 * 60);
/// From here on a `data` length means "until the end": programs that write WAV to a pipe do not know it.
const UNKNOWN_LENGTH: u32 = 0x7fff_0000;

/// One prompt or piece of music, decoded and resampled once. Mu-law is made with it; other codecs by
/// [`Clip::prepare`], when the first leg wants them, and kept.
pub struct Clip {
    /// At 16 kHz when the file had more than 8 kHz, else at 8 kHz.
    source: Vec<i16>,
    rate: u32,
    /// The source at 8 kHz, when somebody asked for it.
    narrow: OnceLock<Vec<i16>>,
    ulaw: Vec<u8>,
    alaw: Prepared,
    g722: Prepared,
}

/// A clip in one codec, made when first wanted.
#[derive(Default)]
struct Prepared {
    codes: OnceLock<Vec<u8>>,
    claimed: AtomicBool,
}

impl std::fmt::Debug for Clip {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Clip")
            .field("duration", &self.duration())
            .finish_non_exhaustive()
    }
}

/// Why a file is no clip, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClipError {
    /// Not RIFF/WAVE at all.
    #[error(
        "this is not a WAV file; convert it with `ffmpeg -i IN -ac 1 -ar 16000 -c:a pcm_s16le OUT.wav`"
    )]
    NotWav,
    /// The `fmt ` or the `data` part is missing.
    #[error("the WAV file has no `{0}` part: it is cut off or damaged; export it again")]
    Missing(&'static str),
    /// The `data` part is shorter than announced.
    #[error(
        "the WAV file announces {announced} bytes of audio but holds {found}: it is cut off; copy or export it again"
    )]
    Truncated {
        /// Bytes the header announces.
        announced: u32,
        /// Bytes that are there.
        found: usize,
    },
    /// A coding, depth or header we do not read.
    #[error(
        "the WAV file's coding is not readable ({0}); convert it with `ffmpeg -i IN -ac 1 -ar 16000 -c:a pcm_s16le OUT.wav`"
    )]
    Coding(String),
    /// More than two channels.
    #[error("the WAV file has {0} channels; mix it down to one or two")]
    Channels(u16),
    /// A rate outside 4-192 kHz.
    #[error("the WAV file has {0} samples per second; between 4000 and 192000 are possible")]
    Rate(u32),
    /// No audio in it.
    #[error("the WAV file holds no audio")]
    Empty,
    /// Too long.
    #[error("the WAV file is {0} s long; at most {max} s are possible, split it", max = MAX_LENGTH.as_secs())]
    TooLong(u64),
}

impl Clip {
    /// Reads a WAV file: PCM of 8, 16, 24 or 32 bits or 32-bit float, one or two channels (mixed down), 4-192 kHz.
    /// A `data` length of about 2 or 4 GiB, as programs write to a pipe, means "until the end".
    ///
    /// # Errors
    /// When the bytes are no such file; the error says what to do.
    pub fn from_wav(bytes: &[u8]) -> Result<Self, ClipError> {
        let (format, data) = parts(bytes)?;
        let header = canonical_header(format, data.len());
        let reader =
            hound::WavReader::new(Cursor::new(header).chain(Cursor::new(data))).map_err(coding)?;
        let spec = reader.spec();
        if !matches!(spec.channels, 1 | 2) {
            return Err(ClipError::Channels(spec.channels));
        }
        if !(4000..=192_000).contains(&spec.sample_rate) {
            return Err(ClipError::Rate(spec.sample_rate));
        }
        let seconds = u64::from(reader.duration() / spec.sample_rate);
        if seconds >= MAX_LENGTH.as_secs() {
            return Err(ClipError::TooLong(seconds));
        }
        let mono = read_mono(reader, spec)?;
        if mono.is_empty() {
            return Err(ClipError::Empty);
        }
        let rate = if spec.sample_rate > CLIP_RATE {
            WIDE_RATE
        } else {
            CLIP_RATE
        };
        Ok(Self::new(
            rounded(resample(&mono, spec.sample_rate, rate)),
            rate,
        ))
    }

    /// Makes a clip of samples at [`CLIP_RATE`].
    #[must_use]
    pub fn from_samples(pcm: Vec<i16>) -> Self {
        Self::new(pcm, CLIP_RATE)
    }

    fn new(mut source: Vec<i16>, rate: u32) -> Self {
        if rate == WIDE_RATE && source.len() % 2 == 1 {
            // Whole narrow-band samples, so that a place is the same in each codec.
            source.push(0);
        }
        let ulaw = encode(&at_rate(&source, rate, CLIP_RATE), Codec::Pcmu);
        Self {
            source,
            rate,
            narrow: OnceLock::new(),
            ulaw,
            alaw: Prepared::default(),
            g722: Prepared::default(),
        }
    }

    /// The samples, at [`CLIP_RATE`].
    #[must_use]
    pub fn pcm(&self) -> &[i16] {
        if self.rate == CLIP_RATE {
            return &self.source;
        }
        let narrow = || at_rate(&self.source, self.rate, CLIP_RATE).into_owned();
        self.narrow.get_or_init(narrow)
    }

    /// The same as mu-law.
    #[must_use]
    pub fn ulaw(&self) -> &[u8] {
        &self.ulaw
    }

    /// The same in a codec; none before [`Clip::prepare`] has made it.
    #[must_use]
    pub fn codes(&self, codec: AnyCodec) -> Option<&[u8]> {
        match codec.kept() {
            AnyCodec::G711(Codec::Pcmu) => Some(&self.ulaw),
            AnyCodec::G711(Codec::Pcma) => self.alaw.codes.get().map(Vec::as_slice),
            AnyCodec::G722 => self.g722.codes.get().map(Vec::as_slice),
            AnyCodec::Opus => None,
        }
    }

    /// True for the one caller who is to prepare this codec, false when it is there or somebody is at it.
    #[must_use]
    pub fn claim(&self, codec: AnyCodec) -> bool {
        match codec.kept() {
            AnyCodec::G711(Codec::Pcmu) | AnyCodec::Opus => false,
            AnyCodec::G711(Codec::Pcma) => !self.alaw.claimed.swap(true, Ordering::Relaxed),
            AnyCodec::G722 => !self.g722.claimed.swap(true, Ordering::Relaxed),
        }
    }

    /// Encodes the whole clip for a codec, once. It takes milliseconds per minute of audio: not for a media thread.
    pub fn prepare(&self, codec: AnyCodec) {
        match codec.kept() {
            AnyCodec::G711(Codec::Pcmu) | AnyCodec::Opus => {}
            AnyCodec::G711(codec) => {
                self.alaw
                    .codes
                    .get_or_init(|| encode(&at_rate(&self.source, self.rate, CLIP_RATE), codec));
            }
            AnyCodec::G722 => {
                let wide = || at_rate(&self.source, self.rate, WIDE_RATE);
                self.g722.codes.get_or_init(|| encode_g722(&wide()));
            }
        }
    }

    /// How long it plays.
    #[must_use]
    pub fn duration(&self) -> Duration {
        Duration::from_secs_f64(self.source.len() as f64 / f64::from(self.rate))
    }
}

fn encode(samples: &[i16], codec: Codec) -> Vec<u8> {
    samples.iter().map(|sample| codec.encode(*sample)).collect()
}

fn at_rate(samples: &[i16], from: u32, to: u32) -> Cow<'_, [i16]> {
    if from == to {
        return Cow::Borrowed(samples);
    }
    let samples: Vec<f32> = samples.iter().copied().map(f32::from).collect();
    Cow::Owned(rounded(resample(&samples, from, to)))
}

/// `as` saturates: an overshoot of the filter becomes the loudest sample.
fn rounded(samples: Vec<f32>) -> Vec<i16> {
    let round = |sample: f32| sample.round() as i16;
    samples.into_iter().map(round).collect()
}

/// Finds the `fmt ` and `data` parts. Done here because files in the wild hold odd-sized parts with a padding byte
/// and lengths of streams, which `hound` does not skip.
fn parts(bytes: &[u8]) -> Result<(&[u8], &[u8]), ClipError> {
    let head = bytes.first_chunk::<12>().ok_or(ClipError::NotWav)?;
    if &head[..4] != b"RIFF" || &head[8..] != b"WAVE" {
        return Err(ClipError::NotWav);
    }
    let (mut format, mut rest) = (None, &bytes[12..]);
    while let Some((part, body)) = rest.split_first_chunk::<8>() {
        let length = u32::from_le_bytes([part[4], part[5], part[6], part[7]]);
        let available = body
            .len()
            .min(usize::try_from(length).unwrap_or(usize::MAX));
        match &part[..4] {
            b"fmt " => format = Some(&body[..available]),
            b"data" => {
                let format = format.ok_or(ClipError::Missing("fmt "))?;
                if (available as u64) < u64::from(length) && length < UNKNOWN_LENGTH {
                    return Err(ClipError::Truncated {
                        announced: length,
                        found: available,
                    });
                }
                return Ok((format, &body[..available]));
            }
            _ => {}
        }
        rest = body.get(available + (available & 1)..).unwrap_or_default();
    }
    Err(ClipError::Missing(if format.is_some() {
        "data"
    } else {
        "fmt "
    }))
}

/// A header that `hound` reads: nothing but `fmt ` and `data`, the extra bytes of plain formats cut off.
fn canonical_header(format: &[u8], data: usize) -> Vec<u8> {
    let plain = matches!(format, [1 | 3, 0, ..]);
    let format = if plain {
        &format[..format.len().min(16)]
    } else {
        format
    };
    let block = match format.get(12..14) {
        Some(&[low, high]) => usize::from(u16::from_le_bytes([low, high])).max(1),
        _ => 1,
    };
    // A half frame at the end, as pipes leave it, is dropped.
    let data = data - data % block;
    let mut header = Vec::with_capacity(28 + format.len());
    for (name, length) in [
        (b"RIFF", 20 + format.len() + data),
        (b"WAVE", 0),
        (b"fmt ", format.len()),
    ] {
        header.extend_from_slice(name);
        if name != b"WAVE" {
            header.extend_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes());
        }
    }
    header.extend_from_slice(format);
    header.extend_from_slice(b"data");
    header.extend_from_slice(&u32::try_from(data).unwrap_or(u32::MAX).to_le_bytes());
    header
}

fn coding(error: hound::Error) -> ClipError {
    ClipError::Coding(error.to_string())
}

/// All samples at the scale of 16 bits, two channels mixed down.
fn read_mono<R: Read>(
    mut reader: hound::WavReader<R>,
    spec: hound::WavSpec,
) -> Result<Vec<f32>, ClipError> {
    let samples: Vec<f32> = match spec.sample_format {
        hound::SampleFormat::Float => reader
            .samples::<f32>()
            .map(|sample| {
                sample.map(|value| {
                    if value.is_finite() {
                        value * 32_767.0
                    } else {
                        0.0
                    }
                })
            })
            .collect::<Result<_, _>>()
            .map_err(coding)?,
        hound::SampleFormat::Int => {
            let scale = 2f32.powi(16 - i32::from(spec.bits_per_sample));
            reader
                .samples::<i32>()
                .map(|sample| sample.map(|value| value as f32 * scale))
                .collect::<Result<_, _>>()
                .map_err(coding)?
        }
    };
    if spec.channels == 1 {
        return Ok(samples);
    }
    Ok(samples
        .chunks_exact(2)
        .map(|pair| (pair[0] + pair[1]) / 2.0)
        .collect())
}

#[cfg(test)]
mod tests;
