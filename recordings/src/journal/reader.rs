//! Reading the journal in order, behind the writer's syncs.
//!
//! **Owns**: the consumer's place in the segments, and the removal of segments that are consumed. **Must not know**:
//! what becomes of the lines.

use super::line;
use super::segment::{self, Segment};
use crate::error::JournalError;
use router::LogLine;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use tokio::sync::watch;

/// The one consumer's view of the journal: synced lines, in order, each once.
#[derive(Debug)]
pub struct JournalReader {
    place: Option<Place>,
    durable: watch::Receiver<u64>,
}

impl JournalReader {
    pub(super) fn new(folder: &Path, next_seq: u64, durable: watch::Receiver<u64>) -> Self {
        let place = Place {
            folder: folder.to_owned(),
            next_seq,
            current: None,
        };
        Self {
            place: Some(place),
            durable,
        }
    }

    /// The last sequence number that may be read now.
    #[must_use]
    pub fn durable(&self) -> u64 {
        *self.durable.borrow()
    }

    /// Waits for lines and returns up to `at_most` of them; empty when the journal is closed and everything was
    /// read. Files are read on a thread of the runtime that may block. Not cancel-safe: drive it from one task.
    ///
    /// # Errors
    /// When a segment cannot be read; trying again is allowed and loses nothing.
    pub async fn next_batch(&mut self, at_most: usize) -> Result<Vec<LogLine>, JournalError> {
        loop {
            let mut place = self.place.take().ok_or(JournalError::Closed)?;
            let durable = *self.durable.borrow_and_update();
            let (place, lines) = tokio::task::spawn_blocking(move || {
                let lines = place.read(durable, at_most);
                (place, lines)
            })
            .await
            .map_err(|_| JournalError::Closed)?;
            let closed = self.durable.has_changed().is_err();
            let behind = place.next_seq <= *self.durable.borrow();
            self.place = Some(place);
            let lines = lines?;
            if !lines.is_empty() {
                return Ok(lines);
            }
            if closed && !behind {
                return Ok(lines);
            }
            if !behind && self.durable.changed().await.is_err() {
                // The last value may have come with the closing.
                continue;
            }
        }
    }

    /// Whether the line behind `position` can still be read, or will be the next one written: a consumer that comes
    /// back to `position` misses nothing.
    #[must_use]
    pub fn reaches_back_to(&self, position: u64) -> bool {
        let Some(place) = &self.place else {
            return false;
        };
        let oldest = segment::list(&place.folder)
            .ok()
            .and_then(|segments| segments.first().map(|segment| segment.first_seq));
        position <= self.durable() && oldest.is_some_and(|oldest| oldest <= position + 1)
    }

    /// Goes on behind `position`, which may lie before lines that were given out already.
    pub fn go_back_to(&mut self, position: u64) {
        if let Some(place) = self.place.as_mut() {
            place.next_seq = position + 1;
            place.current = None;
        }
    }

    /// Removes segments that hold nothing beyond `consumed`, which the database has durably.
    ///
    /// # Errors
    /// When a file cannot be removed; harmless, it is tried again later.
    pub fn release(&self, consumed: u64) -> Result<(), JournalError> {
        let Some(place) = &self.place else {
            return Ok(());
        };
        // Most of the time the consumer is inside the newest segment, and there is nothing to look for.
        Ok(segment::remove_consumed(&place.folder, consumed)?)
    }
}

#[derive(Debug)]
struct Current {
    segment: Segment,
    offset: u64,
}

#[derive(Debug)]
struct Place {
    folder: PathBuf,
    next_seq: u64,
    current: Option<Current>,
}

impl Place {
    fn read(&mut self, durable: u64, at_most: usize) -> Result<Vec<LogLine>, JournalError> {
        let mut lines = Vec::new();
        while self.next_seq <= durable && lines.len() < at_most {
            match self.read_segment(durable, at_most, &mut lines) {
                // What was read before the failure must not be lost; the failure comes again.
                Err(_) if !lines.is_empty() => break,
                other => other?,
            }
            if self.next_seq > durable || lines.len() >= at_most {
                break;
            }
            if !self.advance()? {
                // Only a journal that lost lines gets here; the records go on without them.
                tracing::error!(
                    from = self.next_seq,
                    to = durable,
                    "lines of the journal are missing"
                );
                self.next_seq = durable + 1;
            }
        }
        Ok(lines)
    }

    fn read_segment(
        &mut self,
        durable: u64,
        at_most: usize,
        lines: &mut Vec<LogLine>,
    ) -> io::Result<()> {
        let Some(current) = self.current.as_mut() else {
            return Ok(());
        };
        // A fresh buffer each time: what lies behind the synced lines may still be cut off and written anew.
        let mut file = match File::open(&current.segment.path) {
            // Released: every line of it was read.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            other => other?,
        };
        file.seek(SeekFrom::Start(current.offset))?;
        let mut file = BufReader::new(file);
        let mut bytes = Vec::new();
        while self.next_seq <= durable && lines.len() < at_most {
            bytes.clear();
            let length = file.read_until(b'\n', &mut bytes)?;
            if length == 0 || bytes.last() != Some(&b'\n') {
                break;
            }
            current.offset += length as u64;
            match line::decode(&bytes) {
                Ok(line) if line.seq < self.next_seq => {}
                Ok(line) => {
                    if line.seq > self.next_seq {
                        let (from, to) = (self.next_seq, line.seq - 1);
                        tracing::error!(from, to, "lines of the journal are missing");
                    }
                    self.next_seq = line.seq + 1;
                    lines.push(line);
                }
                Err(broken) => tracing::error!(
                    segment = current.segment.first_seq,
                    ?broken,
                    "a line of the journal cannot be read and is skipped"
                ),
            }
        }
        Ok(())
    }

    /// Goes to the segment that holds the next line, or else to the one after the current. False when there is none.
    fn advance(&mut self) -> io::Result<bool> {
        let behind = self.current.as_ref().map(|c| c.segment.first_seq);
        let mut later: Vec<Segment> = segment::list(&self.folder)?
            .into_iter()
            .filter(|segment| behind.is_none_or(|seq| segment.first_seq > seq))
            .collect();
        // Skip segments whose successor begins at or before the line that is wanted.
        while later.get(1).is_some_and(|s| s.first_seq <= self.next_seq) {
            later.remove(0);
        }
        let next = later.into_iter().next();
        let found = next.is_some();
        if let Some(segment) = next {
            self.current = Some(Current { segment, offset: 0 });
        }
        Ok(found)
    }
}
