//! Segment files: their names, and what is done to the ones a crash left behind.
//!
//! **Owns**: listing, checking and mending old segments. **Must not know**: the running writer.
//!
//! A segment is named after the first sequence number it may hold: `00000000000000000042.log`. What cannot be read
//! is moved to a file of the same name ending in `.bad`.

use super::line::{self, Broken};
use crate::folder::sync_folder;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// One file of the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Segment {
    pub(super) first_seq: u64,
    pub(super) path: PathBuf,
}

pub(super) fn path_of(folder: &Path, first_seq: u64) -> PathBuf {
    folder.join(format!("{first_seq:020}.log"))
}

/// All segments, oldest first. Files with other names are none of ours and stay.
pub(super) fn list(folder: &Path) -> io::Result<Vec<Segment>> {
    let mut segments = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let seq = path
            .file_name()
            .and_then(|name| name.to_str())
            .and_then(|name| name.strip_suffix(".log"))
            .filter(|stem| stem.len() == 20)
            .and_then(|stem| stem.parse().ok());
        if let Some(first_seq) = seq {
            segments.push(Segment { first_seq, path });
        }
    }
    segments.sort_by_key(|segment| segment.first_seq);
    Ok(segments)
}

/// Removes segments whose every line has a sequence number of at most `consumed`. The newest one stays.
pub(super) fn remove_consumed(folder: &Path, consumed: u64) -> io::Result<()> {
    let segments = list(folder)?;
    for (segment, next) in segments.iter().zip(segments.iter().skip(1)) {
        if next.first_seq <= consumed.saturating_add(1) {
            fs::remove_file(&segment.path)?;
        }
    }
    Ok(())
}

/// What was found broken in the journal at start. Tell a supervisor when it is not empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Damage {
    /// Broken lines in the middle, now kept in `.bad` files: what they said is missing from the records.
    pub broken_lines: u64,
    /// Bytes cut from the end: a line that was being written when the process or the machine stopped.
    pub torn_bytes: u64,
}

/// What a check of one segment found.
#[derive(Debug, Default)]
pub(super) struct Checked {
    /// The highest sequence number in it.
    pub(super) last_seq: Option<u64>,
    pub(super) damage: Damage,
}

/// Checks every line of a segment; cuts a torn end and moves broken lines away. Afterwards every line is readable.
pub(super) fn mend(segment: &Segment) -> io::Result<Checked> {
    let bytes = fs::read(&segment.path)?;
    let mut checked = Checked::default();
    let mut good = Vec::with_capacity(bytes.len());
    let mut bad: Vec<u8> = Vec::new();
    let mut torn: &[u8] = &[];
    for (index, line) in bytes.split_inclusive(|byte| *byte == b'\n').enumerate() {
        match line::decode(line) {
            Ok(read) if line.ends_with(b"\n") => {
                good.extend_from_slice(line);
                checked.last_seq = checked.last_seq.max(Some(read.seq));
            }
            _ if !line.ends_with(b"\n") => torn = line,
            Ok(_) => {}
            Err(broken) => {
                checked.damage.broken_lines += 1;
                complain(segment, index + 1, broken);
                bad.extend_from_slice(line);
            }
        }
    }
    checked.damage.torn_bytes = torn.len() as u64;
    if !bad.is_empty() {
        keep_aside(segment, &bad)?;
        replace(segment, &good)?;
    } else if !torn.is_empty() {
        tracing::warn!(
            segment = segment.first_seq,
            bytes = torn.len(),
            "the journal ends in a torn line, which is cut off"
        );
        let file = OpenOptions::new().write(true).open(&segment.path)?;
        file.set_len(good.len() as u64)?;
        file.sync_all()?;
    }
    Ok(checked)
}

/// Says where, never what: lines hold personal data.
fn complain(segment: &Segment, line: usize, broken: Broken) {
    tracing::error!(
        segment = segment.first_seq,
        line,
        ?broken,
        "a line of the journal cannot be read; it is skipped and kept in a .bad file"
    );
}

fn keep_aside(segment: &Segment, bad: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(segment.path.with_extension("bad"))?;
    file.write_all(bad)?;
    file.sync_all()
}

fn replace(segment: &Segment, good: &[u8]) -> io::Result<()> {
    let temporary = segment.path.with_extension("mending");
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&temporary)?;
    file.write_all(good)?;
    file.sync_all()?;
    fs::rename(&temporary, &segment.path)?;
    segment.path.parent().map_or(Ok(()), sync_folder)
}
