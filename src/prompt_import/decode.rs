//! Audio files of others as mono samples.
//!
//! **Owns**: the use of the libraries that read WAV, MP3, FLAC and Ogg; limits of length and rate. **Must not know**: what
//! the audio is for. Any bytes give samples or an error.

use opus_pure::{OggOpusReader, OggPacket, Trim};
use sip_gateway::media::clip::MAX_LENGTH;
use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};
use symphonia::core::audio::SampleBuffer;
use symphonia::core::codecs::{CODEC_TYPE_NULL, DecoderOptions};
use symphonia::core::errors::Error;
use symphonia::core::formats::FormatOptions;
use symphonia::core::io::MediaSourceStream;
use symphonia::core::meta::{Limit, MetadataOptions};
use symphonia::core::probe::Hint;

/// Samples per second that a file may have.
const RATES: std::ops::RangeInclusive<u32> = 4_000..=192_000;
/// Channels that are mixed down.
const MOST_CHANNELS: usize = 8;
/// Packets that may be damaged before the file is given up.
const MOST_DAMAGED: usize = 20;
/// Opus at its own rate.
const OPUS_RATE: u32 = 48_000;
/// Samples of the longest Opus packet, a channel.
const OPUS_PACKET: usize = 5_760;
/// So many samples in a row at full scale are no accident.
const CLIPPED: usize = 4;

/// Why a file gives no audio.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// No format that we read.
    #[error("it is no WAV, MP3, FLAC or Ogg file (Vorbis or Opus)")]
    Unknown,
    /// It begins well and is broken inside.
    #[error("it is damaged or cut off: export or copy it again ({0})")]
    Damaged(String),
    /// No samples.
    #[error("it holds no audio")]
    Empty,
    /// Longer than a prompt may be.
    #[error("it is longer than {max} minutes: cut it", max = MAX_LENGTH.as_secs() / 60)]
    TooLong,
    /// A rate that no recording has.
    #[error("it has {0} samples per second; 4000 to 192000 are possible")]
    Rate(u32),
    /// More channels than a recording of speech has.
    #[error("it has {0} channels; mix it down to one or two")]
    Channels(usize),
}

/// Audio mixed down; one is full scale.
#[derive(Debug)]
pub(super) struct Sound {
    pub(super) mono: Vec<f32>,
    pub(super) rate: u32,
    /// It was recorded too loud.
    pub(super) clipped: bool,
}

/// Reads a file.
pub(super) fn decode(bytes: Vec<u8>) -> Result<Sound, DecodeError> {
    // The libraries read what others may have made to hurt them: a fault of theirs is a broken file for us.
    let decoded = catch_unwind(AssertUnwindSafe(move || {
        let opus = bytes.starts_with(b"OggS")
            && bytes
                .get(..128)
                .unwrap_or(&bytes)
                .windows(8)
                .any(|part| part == b"OpusHead");
        if opus { opus_of(bytes) } else { any_of(bytes) }
    }));
    let (mono, rate) = decoded.unwrap_or_else(|_| Err(damaged("it cannot be read")))?;
    if mono.is_empty() {
        return Err(DecodeError::Empty);
    }
    let full = |sample: &f32| sample.abs() >= 0.999;
    let clipped = mono.windows(CLIPPED).any(|part| part.iter().all(full));
    Ok(Sound {
        mono,
        rate,
        clipped,
    })
}

fn damaged(why: impl ToString) -> DecodeError {
    DecodeError::Damaged(why.to_string())
}

/// Takes interleaved samples in, mixed down, up to the longest prompt.
struct Mixer {
    mono: Vec<f32>,
    rate: u32,
    most: usize,
}

impl Mixer {
    fn new(rate: u32) -> Result<Self, DecodeError> {
        if !RATES.contains(&rate) {
            return Err(DecodeError::Rate(rate));
        }
        let seconds = usize::try_from(MAX_LENGTH.as_secs()).unwrap_or(usize::MAX);
        let most = seconds.saturating_mul(usize::try_from(rate).unwrap_or(usize::MAX));
        Ok(Self {
            mono: Vec::new(),
            rate,
            most,
        })
    }

    fn add(&mut self, interleaved: &[f32], channels: usize) -> Result<(), DecodeError> {
        if !(1..=MOST_CHANNELS).contains(&channels) {
            return Err(DecodeError::Channels(channels));
        }
        let frames = interleaved.chunks_exact(channels);
        if self.mono.len().saturating_add(frames.len()) >= self.most {
            return Err(DecodeError::TooLong);
        }
        let share = 1.0 / channels as f32;
        self.mono.extend(frames.map(|frame| {
            let sum: f32 = frame.iter().sum::<f32>() * share;
            if sum.is_finite() {
                sum.clamp(-4.0, 4.0)
            } else {
                0.0
            }
        }));
        Ok(())
    }
}

fn any_of(bytes: Vec<u8>) -> Result<(Vec<f32>, u32), DecodeError> {
    let source = MediaSourceStream::new(
        Box::new(Cursor::new(bytes)),
        symphonia::core::io::MediaSourceStreamOptions::default(),
    );
    let meta = MetadataOptions {
        limit_metadata_bytes: Limit::Maximum(1024 * 1024),
        limit_visual_bytes: Limit::Maximum(1024 * 1024),
    };
    let probed = symphonia::default::get_probe().format(
        &Hint::new(),
        source,
        &FormatOptions::default(),
        &meta,
    );
    let mut format = probed.map_err(|_| DecodeError::Unknown)?.format;
    let track = format
        .tracks()
        .iter()
        .find(|track| track.codec_params.codec != CODEC_TYPE_NULL);
    let (id, params) = match track {
        Some(track) => (track.id, track.codec_params.clone()),
        None => return Err(DecodeError::Unknown),
    };
    let mut decoder = symphonia::default::get_codecs()
        .make(&params, &DecoderOptions::default())
        .map_err(|_| DecodeError::Unknown)?;
    let mut mixer: Option<Mixer> = None;
    let mut faults = 0_usize;
    loop {
        let packet = match format.next_packet() {
            Ok(packet) => packet,
            // The end of a file has no word of its own.
            Err(Error::IoError(error)) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
                break;
            }
            Err(Error::ResetRequired) => break,
            Err(error) => return Err(damaged(error)),
        };
        if packet.track_id() != id {
            continue;
        }
        match decoder.decode(&packet) {
            Ok(audio) => {
                let spec = *audio.spec();
                let mut buffer = SampleBuffer::<f32>::new(audio.capacity() as u64, spec);
                buffer.copy_interleaved_ref(audio);
                let mixer = match &mut mixer {
                    Some(mixer) => mixer,
                    none => none.insert(Mixer::new(spec.rate)?),
                };
                if mixer.rate != spec.rate {
                    return Err(damaged("its sample rate changes"));
                }
                mixer.add(buffer.samples(), spec.channels.count())?;
            }
            Err(Error::DecodeError(why)) if faults < MOST_DAMAGED => {
                faults += 1;
                let _ = why;
            }
            Err(error) => return Err(damaged(error)),
        }
    }
    let mixer = mixer.ok_or(DecodeError::Empty)?;
    Ok((mixer.mono, mixer.rate))
}

fn opus_of(bytes: Vec<u8>) -> Result<(Vec<f32>, u32), DecodeError> {
    let mut reader = OggOpusReader::new(Cursor::new(bytes)).map_err(damaged)?;
    let channels = usize::from(reader.head().channel_count);
    if !(1..=2).contains(&channels) {
        return Err(DecodeError::Channels(channels));
    }
    let rate = i32::try_from(OPUS_RATE).unwrap_or(i32::MAX);
    let mut decoder = reader.head().decoder(rate).map_err(damaged)?;
    let mut trim = Trim::new(reader.head(), rate, channels).map_err(damaged)?;
    let mut mixer = Mixer::new(OPUS_RATE)?;
    let mut pcm = vec![0.0_f32; OPUS_PACKET * channels];
    let mut packet = OggPacket::default();
    while reader.read_packet_into(&mut packet).map_err(damaged)? {
        let frames = decoder
            .decode(&packet.data, OPUS_PACKET, &mut pcm)
            .map_err(damaged)?;
        let decoded = pcm.get(..frames * channels).unwrap_or_default();
        mixer.add(trim.keep(&packet, decoded), channels)?;
    }
    Ok((mixer.mono, OPUS_RATE))
}
