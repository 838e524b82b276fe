//! Stereo PCM16 WAV files that survive a crash.
//!
//! **Owns**: the 44-byte header, one file's timeline, the repair of a cut file. **Must not know**: calls, queues,
//! threads, the database.
//!
//! A file is written in place under its final name. A temporary name would hide a recording from whoever looks for
//! it after a crash, and there is nothing that a rename would protect: the header tells a length that is on the file
//! already, never more, so the file opens at any moment and lacks at most the last half second. [`repair`] wins that
//! half second back, because the samples themselves are on the file as soon as they were written.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::FileExt as _;
use std::path::Path;

/// Bytes of the header: `RIFF`, one `fmt ` chunk of 16 bytes, one `data` chunk.
pub const HEADER_BYTES: u64 = 44;
/// Bytes of one stereo frame.
pub const FRAME_BYTES: u64 = 4;
/// The most frames a file can hold: RIFF sizes are 32 bits wide.
pub const MAX_FRAMES: u64 = (u32::MAX as u64 - (HEADER_BYTES - 8)) / FRAME_BYTES;

const LOWEST_RATE: u32 = 1_000;
const HIGHEST_RATE: u32 = 192_000;

/// What was wrong with a recording or a request to write one.
#[derive(Debug, thiserror::Error)]
pub enum WavError {
    /// The file could not be read or written.
    #[error("recording file: {0}")]
    Io(#[from] io::Error),
    /// The block lies beyond what one WAV file can hold (4 GiB, 37 h at 8 kHz); begin another recording.
    #[error("a WAV file cannot be longer than 4 GiB")]
    TooLong,
    /// Stereo samples come in pairs.
    #[error("an odd number of samples is not stereo")]
    OddSamples,
    /// The sample rate makes no sense.
    #[error("a sample rate of {0} is not usable")]
    BadRate(u32),
    /// The file does not begin with a header of ours.
    #[error("not a recording of ours: {0}")]
    NotOurs(&'static str),
}

/// How a recording ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finished {
    /// Stereo frames in the file.
    pub frames: u64,
    /// Silence in place of blocks that never came, in ms, rounded.
    pub gap_ms: u64,
}

/// Writes one recording. Blocks go to the file at once; nothing is held back in memory.
#[derive(Debug)]
pub struct WavWriter {
    file: File,
    sample_rate: u32,
    /// Frames on the file.
    written: u64,
    /// Frames that the header tells.
    told: u64,
    /// Frames of silence in place of missing blocks.
    gap: u64,
    /// Frames at the last [`WavWriter::sync`].
    synced: u64,
}

impl WavWriter {
    /// Creates the file with a valid header of length zero. An existing file is never overwritten.
    ///
    /// # Errors
    /// When the file exists or cannot be made, or the rate is unusable.
    pub fn create(path: &Path, sample_rate: u32) -> Result<Self, WavError> {
        if !(LOWEST_RATE..=HIGHEST_RATE).contains(&sample_rate) {
            return Err(WavError::BadRate(sample_rate));
        }
        let file = OpenOptions::new().write(true).create_new(true).open(path)?;
        if let Err(error) = file.write_all_at(&header(sample_rate, 0), 0) {
            // A file that does not open would be worse than none.
            let _ = std::fs::remove_file(path);
            return Err(error.into());
        }
        Ok(Self {
            file,
            sample_rate,
            written: 0,
            told: 0,
            gap: 0,
            synced: 0,
        })
    }

    /// Puts interleaved samples (left, right, left …) at a place on the timeline, in frames. A jump ahead becomes
    /// silence and counts as a gap; what lies before the end of the file is there already and is ignored.
    ///
    /// After an error the file holds what it held before and the writer can be used again: the lost block becomes a
    /// gap when the next one is written.
    ///
    /// # Errors
    /// [`WavError::TooLong`], [`WavError::OddSamples`], or the disk's.
    pub fn write_at(&mut self, start_frame: u64, samples: &[i16]) -> Result<(), WavError> {
        if !samples.len().is_multiple_of(2) {
            return Err(WavError::OddSamples);
        }
        let end = (samples.len() as u64 / 2)
            .checked_add(start_frame)
            .filter(|end| *end <= MAX_FRAMES)
            .ok_or(WavError::TooLong)?;
        if samples.is_empty() || end <= self.written {
            return Ok(());
        }
        let known = self.written.saturating_sub(start_frame);
        let known_samples = usize::try_from(known.saturating_mul(2)).unwrap_or(usize::MAX);
        let fresh = samples.get(known_samples..).unwrap_or_default();
        let bytes: Vec<u8> = fresh.iter().flat_map(|s| s.to_le_bytes()).collect();
        let place = start_frame.max(self.written);
        // Writing beyond the end leaves zeros between: silence without a copy, however long the gap.
        if let Err(error) = self.file.write_all_at(&bytes, byte_of(place)) {
            self.file.set_len(byte_of(self.written))?;
            return Err(error.into());
        }
        self.gap += place - self.written;
        self.written = end;
        if (self.written - self.told) * 2 >= u64::from(self.sample_rate) {
            self.tell()?;
        }
        Ok(())
    }

    /// Frames on the file.
    #[must_use]
    pub fn frames(&self) -> u64 {
        self.written
    }

    /// Audio that a power cut could take, in ms. A crash of the process takes none of it.
    #[must_use]
    pub fn unsynced_ms(&self) -> u64 {
        self.millis(self.written - self.synced)
    }

    /// Makes everything written so far survive a power cut.
    ///
    /// # Errors
    /// The disk's.
    pub fn sync(&mut self) -> Result<(), WavError> {
        self.tell()?;
        self.file.sync_data()?;
        self.synced = self.written;
        Ok(())
    }

    /// The first half of [`WavWriter::sync`]: the header tells what is there, and the file is given out to be synced by
    /// somebody else, with what to hand to [`WavWriter::synced_to`] afterwards.
    ///
    /// # Errors
    /// The disk's, or no descriptor is left.
    pub fn begin_sync(&mut self) -> Result<(File, u64), WavError> {
        self.tell()?;
        Ok((self.file.try_clone()?, self.written))
    }

    /// So many frames survive a power cut.
    pub fn synced_to(&mut self, frames: u64) {
        self.synced = self.synced.max(frames.min(self.written));
    }

    /// Ends the timeline at `total_frames`, padding with silence, which counts as a gap; a smaller total changes
    /// nothing. Afterwards the file is complete and survives a power cut.
    ///
    /// # Errors
    /// [`WavError::TooLong`] (the file is closed in order all the same), or the disk's.
    pub fn finish(&mut self, total_frames: u64) -> Result<Finished, WavError> {
        let padding = total_frames.saturating_sub(self.written);
        if total_frames > MAX_FRAMES {
            self.sync()?;
            return Err(WavError::TooLong);
        }
        if padding > 0 {
            self.file.set_len(byte_of(total_frames))?;
            self.gap += padding;
            self.written = total_frames;
        }
        self.tell()?;
        self.file.sync_all()?;
        self.synced = self.written;
        Ok(self.so_far())
    }

    /// What a [`WavWriter::finish`] at this place would return.
    #[must_use]
    pub fn so_far(&self) -> Finished {
        Finished {
            frames: self.written,
            gap_ms: self.millis(self.gap),
        }
    }

    fn tell(&mut self) -> Result<(), WavError> {
        if self.told != self.written {
            let header = header(self.sample_rate, self.written);
            self.file.write_all_at(&header, 0)?;
            self.told = self.written;
        }
        Ok(())
    }

    fn millis(&self, frames: u64) -> u64 {
        let rate = u64::from(self.sample_rate);
        (frames.saturating_mul(1_000) + rate / 2) / rate
    }
}

const fn byte_of(frame: u64) -> u64 {
    HEADER_BYTES + frame * FRAME_BYTES
}

fn header(sample_rate: u32, frames: u64) -> [u8; HEADER_BYTES as usize] {
    let data = u32::try_from(frames * FRAME_BYTES).unwrap_or(u32::MAX);
    let fields: [&[u8]; 13] = [
        b"RIFF",
        &data.saturating_add(HEADER_BYTES as u32 - 8).to_le_bytes(),
        b"WAVE",
        b"fmt ",
        &16_u32.to_le_bytes(),
        &1_u16.to_le_bytes(), // PCM
        &2_u16.to_le_bytes(), // channels
        &sample_rate.to_le_bytes(),
        &(sample_rate * FRAME_BYTES as u32).to_le_bytes(),
        &(FRAME_BYTES as u16).to_le_bytes(),
        &16_u16.to_le_bytes(), // bits a sample
        b"data",
        &data.to_le_bytes(),
    ];
    let mut bytes = [0; HEADER_BYTES as usize];
    for (place, byte) in bytes.iter_mut().zip(fields.concat()) {
        *place = byte;
    }
    bytes
}

/// What a repair found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Repaired {
    /// Stereo frames in the file now.
    pub frames: u64,
    /// Samples per second of each channel.
    pub sample_rate: u32,
    /// Whether the header or the length had to be changed.
    pub changed: bool,
}

/// Makes the header tell what is on the file, and cuts a torn last frame. Harmless on a file that is whole.
///
/// # Errors
/// [`WavError::NotOurs`] when the first 44 bytes are no stereo PCM16 header, [`WavError::TooLong`] beyond 4 GiB, or
/// the disk's. The file is unchanged then.
pub fn repair(path: &Path) -> Result<Repaired, WavError> {
    let mut file = OpenOptions::new().read(true).write(true).open(path)?;
    let length = file.metadata()?.len();
    let mut found = [0; HEADER_BYTES as usize];
    file.read_exact(&mut found)
        .map_err(|_| WavError::NotOurs("shorter than a header"))?;
    let sample_rate = rate_of(&found)?;
    let frames = (length - HEADER_BYTES) / FRAME_BYTES;
    if frames > MAX_FRAMES {
        return Err(WavError::TooLong);
    }
    let right = header(sample_rate, frames);
    let changed = found != right || length != byte_of(frames);
    if changed {
        file.set_len(byte_of(frames))?;
        file.write_all_at(&right, 0)?;
        file.sync_all()?;
    }
    Ok(Repaired {
        frames,
        sample_rate,
        changed,
    })
}

/// The sample rate of a header of ours, whose two sizes may be wrong.
fn rate_of(found: &[u8; HEADER_BYTES as usize]) -> Result<u32, WavError> {
    let rate = found
        .get(24..28)
        .and_then(|bytes| bytes.try_into().ok())
        .map(u32::from_le_bytes)
        .filter(|rate| (LOWEST_RATE..=HIGHEST_RATE).contains(rate))
        .ok_or(WavError::NotOurs("no usable sample rate"))?;
    let ours = header(rate, 0);
    // Bytes 4-8 and 40-44 are the two sizes.
    if found.get(..4) == ours.get(..4) && found.get(8..40) == ours.get(8..40) {
        Ok(rate)
    } else {
        Err(WavError::NotOurs("no stereo PCM16 header"))
    }
}

#[cfg(test)]
mod tests;
