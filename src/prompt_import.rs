//! Recordings of any kind as prompts: read, mixed down, trimmed, brought to one loudness, written where calls look for them.
//!
//! **Owns**: the steps of an import in order, the limits, names below the prompts folder, writing a file whole or not at
//! all. **Must not know**: flows, the command line.
//!
//! One file is written for a prompt, at 16 kHz: what narrow-band callers hear is made of it when it is loaded.

mod decode;
mod judged;
mod level;
#[cfg(test)]
mod tests;

pub use decode::DecodeError;
pub use judged::{Blemish, blemishes};
pub use level::Loudness;

use decode::decode;
use sip_gateway::media::resample::resample;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Samples per second of what is written.
pub const RATE: u32 = 16_000;
/// Loudness of prompts, in LUFS: mono, as ITU-R BS.1770 measures it.
pub const TARGET: f64 = -19.0;
/// No true peak is higher, in dBTP.
pub const CEILING: f64 = -2.0;
/// The largest file that is read, in bytes.
pub const LARGEST: u64 = 64 * 1024 * 1024;
/// Below these folders lie words that follow each other: they are trimmed closer.
const WORDS: [&str; 4] = ["dates/", "money/", "numbers/", "times/"];
/// Longest name, folders included.
const LONGEST_NAME: usize = 100;
/// Folders in folders that prompts are looked for in.
const DEEPEST: usize = 4;

/// Why nothing was imported, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The name.
    #[error(
        "{0:?} is no name of a prompt: write letters, digits, `-` and `_`, with `/` between folders, such as `welcome` or `numbers/21`"
    )]
    Name(String),
    /// The language.
    #[error("{0:?} is no language: write `es` or `en-GB`")]
    Language(String),
    /// It cannot be read as audio.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// There is nothing in it.
    #[error("there is nothing but silence in it")]
    Silent,
    /// A file of more than [`LARGEST`] bytes.
    #[error("it is larger than {max} MiB: export it as MP3, FLAC or Ogg, or cut it", max = LARGEST / (1024 * 1024))]
    TooLarge,
    /// It could not be read or written.
    #[error("{path}: {why}")]
    File {
        /// Which.
        path: String,
        /// Why.
        why: String,
    },
}

/// How it is prepared.
#[derive(Clone, Copy, Debug)]
pub struct Wish {
    /// Take silence away from both ends.
    pub trim: bool,
    /// Loudness in LUFS.
    pub target: f64,
}

impl Default for Wish {
    fn default() -> Self {
        Self {
            trim: true,
            target: TARGET,
        }
    }
}

/// What came of an import.
#[derive(Clone, Debug)]
pub struct Imported {
    /// Where it was written.
    pub path: PathBuf,
    /// There was one before.
    pub replaced: bool,
    /// How long it lasts.
    pub lasts: Duration,
    /// As it came.
    pub before: Loudness,
    /// As it was written.
    pub after: Loudness,
    /// Samples of the original at full scale: it was recorded too loud.
    pub clipped: bool,
}

/// Where a prompt of this name belongs below the prompts folder: `es/welcome.wav`, or `moh/calm.wav` for all languages.
///
/// # Errors
/// [`ImportError::Name`] and [`ImportError::Language`].
pub fn place(language: Option<&str>, name: &str) -> Result<PathBuf, ImportError> {
    let bare = name.strip_suffix(".wav").unwrap_or(name);
    let plain = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    let parts: Vec<&str> = bare.split('/').collect();
    if bare.len() > LONGEST_NAME || parts.len() > DEEPEST || !parts.iter().all(|part| plain(part)) {
        return Err(ImportError::Name(name.to_owned()));
    }
    let file = PathBuf::from(format!("{bare}.wav"));
    let Some(language) = language else {
        return Ok(file);
    };
    let good = matches!(language.split('-').next().map(str::len), Some(2 | 3))
        && language.len() <= 10
        && language
            .split('-')
            .all(|part| plain(part) && !part.contains('_'));
    if good {
        Ok(Path::new(language).join(file))
    } else {
        Err(ImportError::Language(language.to_owned()))
    }
}

/// Reads a file of any size that is allowed.
///
/// # Errors
/// [`ImportError::File`] and [`ImportError::TooLarge`].
pub fn read(path: &Path) -> Result<Vec<u8>, ImportError> {
    let failed = |error: std::io::Error| ImportError::File {
        path: path.display().to_string(),
        why: error.to_string(),
    };
    let meta = std::fs::metadata(path).map_err(failed)?;
    if !meta.is_file() {
        return Err(failed(std::io::Error::other("it is no file")));
    }
    if meta.len() > LARGEST {
        return Err(ImportError::TooLarge);
    }
    std::fs::read(path).map_err(failed)
}

/// Makes a prompt of a recording and writes it below `folder`. Nothing is written when anything is wrong.
///
/// # Errors
/// [`ImportError`].
pub fn import(
    bytes: Vec<u8>,
    folder: &Path,
    place: &Path,
    wish: Wish,
) -> Result<Imported, ImportError> {
    let sound = decode(bytes)?;
    let before = level::measured(&sound.mono, sound.rate).ok_or(ImportError::Silent)?;
    let name = place.to_string_lossy();
    let word = WORDS
        .iter()
        .any(|words| name.starts_with(words) || name.contains(&format!("/{words}")));
    let mut mono = resample(&sound.mono, sound.rate, RATE);
    if wish.trim {
        let kept = level::sounding(&mono, RATE, word).ok_or(ImportError::Silent)?;
        mono = mono.get(kept).map(<[f32]>::to_vec).unwrap_or_default();
        level::fade(&mut mono, RATE);
    }
    let samples =
        level::brought_to(&mono, RATE, wish.target, CEILING).ok_or(ImportError::Silent)?;
    let written: Vec<f32> = samples
        .iter()
        .map(|sample| f32::from(*sample) / 32_768.0)
        .collect();
    let after = level::measured(&written, RATE).ok_or(ImportError::Silent)?;
    let path = folder.join(place);
    let replaced = path.exists();
    write_whole(&path, &wav(&samples)).map_err(|error| ImportError::File {
        path: path.display().to_string(),
        why: error.to_string(),
    })?;
    Ok(Imported {
        path,
        replaced,
        lasts: Duration::from_secs_f64(samples.len() as f64 / f64::from(RATE)),
        before,
        after,
        clipped: sound.clipped,
    })
}

/// Audio of any format we read as a WAV file at [`RATE`], its loudness untouched.
///
/// # Errors
/// [`DecodeError`].
pub fn as_wav(bytes: Vec<u8>) -> Result<Vec<u8>, DecodeError> {
    let sound = decode(bytes)?;
    let sample = |sample: &f32| (sample.clamp(-1.0, 1.0) * 32_767.0).round() as i16;
    let mono = resample(&sound.mono, sound.rate, RATE);
    Ok(wav(&mono.iter().map(sample).collect::<Vec<i16>>()))
}

/// How loud a prompt is that is there, and how long.
///
/// # Errors
/// [`ImportError`].
pub fn measure(path: &Path) -> Result<(Loudness, Duration), ImportError> {
    let sound = decode(read(path)?)?;
    let loudness = level::measured(&sound.mono, sound.rate).ok_or(ImportError::Silent)?;
    let seconds = sound.mono.len() as f64 / f64::from(sound.rate.max(1));
    Ok((loudness, Duration::from_secs_f64(seconds)))
}

fn wav(samples: &[i16]) -> Vec<u8> {
    wav_at(samples, RATE)
}

/// These samples as a file: 16 bit, mono, at `rate` Hz.
pub(crate) fn wav_at(samples: &[i16], rate: u32) -> Vec<u8> {
    let bytes = u32::try_from(samples.len().saturating_mul(2)).unwrap_or(u32::MAX);
    let mut out = Vec::with_capacity(samples.len() * 2 + 44);
    out.extend(b"RIFF");
    out.extend(bytes.saturating_add(36).to_le_bytes());
    out.extend(b"WAVEfmt ");
    out.extend(16_u32.to_le_bytes());
    out.extend(1_u16.to_le_bytes());
    out.extend(1_u16.to_le_bytes());
    out.extend(rate.to_le_bytes());
    out.extend(rate.saturating_mul(2).to_le_bytes());
    out.extend(2_u16.to_le_bytes());
    out.extend(16_u16.to_le_bytes());
    out.extend(b"data");
    out.extend(bytes.to_le_bytes());
    out.extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
    out
}

/// A call that reads meanwhile finds the old file or the new one.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = path.parent().unwrap_or_else(|| Path::new("."));
    std::fs::create_dir_all(folder)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let beside = folder.join(format!(".{name}.{}.new", std::process::id()));
    let written = std::fs::File::create(&beside)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .and_then(|()| std::fs::rename(&beside, path));
    if written.is_err() {
        let _ = std::fs::remove_file(&beside);
    }
    written
}
