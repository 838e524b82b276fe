//! One line of the journal: eight hexadecimal digits of CRC-32, a space, one [`LogLine`] as JSON, a newline.
//!
//! **Owns**: this form. **Must not know**: files.

use router::LogLine;
use router::event::{Event, PersonalData};
use serde::Serialize;
use std::io::Write as _;

/// The same JSON as [`LogLine`], borrowed.
#[derive(Serialize)]
struct Borrowed<'a> {
    seq: u64,
    at: router::Timestamp,
    event: &'a Event,
    #[serde(skip_serializing_if = "Option::is_none")]
    personal: Option<&'a PersonalData>,
}

/// What a line is about before it has its place in the log.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    pub(super) at: router::Timestamp,
    pub(super) event: Event,
    pub(super) personal: Option<PersonalData>,
}

/// Appends the line to a buffer; the buffer is unchanged when it cannot be written as JSON.
pub(super) fn encode(seq: u64, draft: &Draft, buffer: &mut Vec<u8>) -> Result<(), String> {
    let json = serde_json::to_vec(&Borrowed {
        seq,
        at: draft.at,
        event: &draft.event,
        personal: draft.personal.as_ref(),
    })
    .map_err(|error| error.to_string())?;
    // Writing into a Vec does not fail.
    let _ = write!(buffer, "{:08x} ", crc32fast::hash(&json));
    buffer.extend_from_slice(&json);
    buffer.push(b'\n');
    Ok(())
}

/// Why a line cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Broken {
    /// No checksum in front, or no newline at the end.
    Form,
    /// The checksum does not fit.
    Checksum,
    /// The checksum fits, but this program does not know the content: written by a newer one.
    Content,
}

/// Reads one line, with or without its newline.
pub(super) fn decode(line: &[u8]) -> Result<LogLine, Broken> {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let (checksum, rest) = line.split_at_checked(8).ok_or(Broken::Form)?;
    let json = rest.strip_prefix(b" ").ok_or(Broken::Form)?;
    let checksum = std::str::from_utf8(checksum)
        .ok()
        .filter(|text| text.bytes().all(|b| b.is_ascii_hexdigit()))
        .and_then(|text| u32::from_str_radix(text, 16).ok())
        .ok_or(Broken::Form)?;
    if checksum != crc32fast::hash(json) {
        return Err(Broken::Checksum);
    }
    serde_json::from_slice(json).map_err(|_| Broken::Content)
}
