//! The loudness of a recording in columns, for its picture.
//!
//! **Owns**: reading a recording of ours once from its beginning to its end. **Must not know**: the database, who looks.

use crate::wav::{FRAME_BYTES, HEADER_BYTES, WavError};
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Columns of every picture, however long the recording is.
pub const COLUMNS: usize = 800;
/// Bytes read at once; whole frames.
const PIECE: usize = 64 * 1_024;

/// The loudest sample of each column: 0 silence, 255 full scale, linear. A recording shorter than [`COLUMNS`] frames
/// leaves the last columns silent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peaks {
    /// Left: the customer.
    pub customer: Vec<u8>,
    /// Right: the agent.
    pub agent: Vec<u8>,
}

/// Reads a whole recording; one that is still written as far as it is on the disk. Blocks for as long as that takes.
///
/// # Errors
/// When the file cannot be read, or is none of ours.
pub fn peaks(path: &Path) -> Result<Peaks, WavError> {
    let mut file = File::open(path)?;
    let bytes = file.metadata()?.len();
    let mut header = [0_u8; 12];
    file.read_exact(&mut header)?;
    if !header.starts_with(b"RIFF") || !header.ends_with(b"WAVE") {
        return Err(WavError::NotOurs("it does not begin as a WAV file"));
    }
    let mut rest = vec![
        0_u8;
        usize::try_from(HEADER_BYTES)
            .unwrap_or(44)
            .saturating_sub(12)
    ];
    file.read_exact(&mut rest)?;
    let frames = bytes.saturating_sub(HEADER_BYTES) / FRAME_BYTES;
    of_samples(&mut file.take(frames * FRAME_BYTES), frames)
}

fn of_samples(samples: &mut impl Read, frames: u64) -> Result<Peaks, WavError> {
    let mut peaks = Peaks {
        customer: vec![0; COLUMNS],
        agent: vec![0; COLUMNS],
    };
    let per_column = frames.div_ceil(COLUMNS as u64).max(1);
    let mut piece = vec![0_u8; PIECE];
    let mut frame = 0_u64;
    loop {
        let length = fill(samples, &mut piece)?;
        for four in piece.get(..length).unwrap_or_default().chunks_exact(4) {
            let column = usize::try_from(frame / per_column).unwrap_or(usize::MAX);
            if let [a, b, c, d] = *four {
                raise(&mut peaks.customer, column, i16::from_le_bytes([a, b]));
                raise(&mut peaks.agent, column, i16::from_le_bytes([c, d]));
            }
            frame += 1;
        }
        if length < PIECE {
            return Ok(peaks);
        }
    }
}

/// As much as fits, less only at the end: a frame is never cut.
fn fill(from: &mut impl Read, piece: &mut [u8]) -> Result<usize, WavError> {
    let mut length = 0;
    while let Some(free) = piece.get_mut(length..).filter(|free| !free.is_empty()) {
        match from.read(free)? {
            0 => break,
            count => length += count,
        }
    }
    Ok(length)
}

fn raise(lane: &mut [u8], column: usize, sample: i16) {
    // 0 to 32,768 in steps of 128: 256 of them, of which full scale is the last but one's end.
    let loud = u8::try_from(sample.unsigned_abs() >> 7).unwrap_or(u8::MAX);
    if let Some(peak) = lane.get_mut(column) {
        *peak = (*peak).max(loud);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wav::WavWriter;

    #[test]
    fn each_lane_shows_where_its_party_speaks() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("recording-1.wav");
        let mut writer = WavWriter::create(&path, 8_000).unwrap();
        // The customer in the first half, the agent in the last quarter, at full scale.
        let frames: Vec<i16> = (0..16_000_u32)
            .flat_map(|n| {
                let customer = if n < 8_000 { 12_800 } else { 0 };
                let agent = if n >= 12_000 { i16::MIN } else { 0 };
                [customer, agent]
            })
            .collect();
        writer.write_at(0, &frames).unwrap();
        writer.finish(16_000).unwrap();
        let found = peaks(&path).unwrap();
        assert_eq!(
            (found.customer.len(), found.agent.len()),
            (COLUMNS, COLUMNS)
        );
        assert!(found.customer[..400].iter().all(|peak| *peak == 100));
        assert!(found.customer[400..].iter().all(|peak| *peak == 0));
        assert!(found.agent[..600].iter().all(|peak| *peak == 0));
        assert!(found.agent[600..].iter().all(|peak| *peak == 255));
    }

    #[test]
    fn nothing_and_junk_are_told_apart_from_silence() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("recording-1.wav");
        WavWriter::create(&path, 8_000).unwrap().finish(3).unwrap();
        assert_eq!(peaks(&path).unwrap().agent, vec![0; COLUMNS]);
        for junk in [&b""[..], b"RIFF", &[b'x'; 100]] {
            std::fs::write(&path, junk).unwrap();
            assert!(peaks(&path).is_err());
        }
    }
}
