//! Room kept back on the journal's disk for the calls that are live when it fills up.
//!
//! **Owns**: one file of zeros beside the segments. **Must not know**: lines, calls.
//!
//! When the disk is full the file is removed, and what live calls still have to say goes where it was. It is made again
//! as soon as the disk has room for it twice over, so that a disk at its limit does not change its mind every second.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// The file's name; no segment is called so.
pub(super) const NAME: &str = "reserve";
/// Less than this keeps nobody alive.
const SMALLEST: u64 = 64 << 10;
static CHUNK: [u8; 64 << 10] = [0; 64 << 10];

pub(super) struct Reserve {
    path: PathBuf,
    /// What is wanted, in bytes; 0: none at all.
    wanted: u64,
    held: bool,
}

impl Reserve {
    /// The one a former run left, or a new one of `wanted` bytes, of a part of that on a small disk. None can be had
    /// on a full disk.
    pub(super) fn take(folder: &Path, wanted: u64) -> Self {
        let mut reserve = Self {
            path: folder.join(NAME),
            wanted,
            held: false,
        };
        let left = fs::metadata(&reserve.path).map_or(0, |meta| meta.len());
        reserve.held = left >= SMALLEST.min(wanted.max(1));
        // Small beside the disk, so that the journal itself never keeps it from being made again.
        while !reserve.make(4) && reserve.wanted > SMALLEST {
            reserve.wanted /= 2;
        }
        reserve
    }

    /// Whether there is room kept back, or none was asked for.
    pub(super) fn is_held(&self) -> bool {
        self.held || self.wanted == 0
    }

    /// Frees the room; false when there was none.
    pub(super) fn give_up(&mut self) -> bool {
        let held = std::mem::replace(&mut self.held, false);
        held && fs::remove_file(&self.path).is_ok()
    }

    /// Makes the file again if the disk has room for it twice over; true when it is there.
    pub(super) fn refill(&mut self) -> bool {
        self.make(2)
    }

    fn make(&mut self, times: u64) -> bool {
        if self.is_held() {
            return true;
        }
        self.held = self.write(times).is_ok();
        if !self.held {
            // Half a reserve would take the room that the journal needs now.
            let _ = fs::remove_file(&self.path);
        }
        self.held
    }

    fn write(&self, times: u64) -> io::Result<()> {
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&self.path)?;
        for _ in 0..(self.wanted * times).div_ceil(CHUNK.len() as u64) {
            file.write_all(&CHUNK)?;
        }
        // Some file systems say only now that there is no room.
        file.sync_data()?;
        file.set_len(self.wanted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reserve_outlives_a_start_and_comes_back_after_it_was_given_up() {
        let temp = tempfile::tempdir().unwrap();
        let length = || fs::metadata(temp.path().join(NAME)).map(|meta| meta.len());
        let mut reserve = Reserve::take(temp.path(), 200_000);
        assert!(reserve.is_held());
        assert_eq!(length().unwrap(), 200_000);
        assert!(Reserve::take(temp.path(), 200_000).is_held());
        assert!(reserve.give_up() && !reserve.is_held() && !reserve.give_up());
        assert!(length().is_err());
        assert!(reserve.refill() && reserve.is_held());
        assert!(Reserve::take(&temp.path().join("none"), 0).is_held());
        assert!(!Reserve::take(&temp.path().join("none"), 100_000).is_held());
    }
}
