//! The folders that are written to: there, writable, roomy, quick.
//!
//! **Owns**: these, and whether a Cordboard runs on them. **Must not**: leave a file or a folder behind.

use super::Finding;
use crate::config::settings::Settings;
use std::fs::{File, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Below this the disk counts as full.
const LEAST_ROOM: u64 = 200 << 20;
/// Below this it is soon full.
const SMALL_ROOM: u64 = 2 << 30;
/// Bytes of one hour of a recorded talk: 8 kHz, 16 bit, two sides.
const BYTES_PER_HOUR: u64 = 8_000 * 2 * 2 * 3_600;
/// A line is synced before a call is answered: longer than this and callers wait for it.
const SLOW_SYNC: Duration = Duration::from_millis(100);
/// How often syncing is tried; the middle one counts.
const SYNCS: usize = 5;

/// Whether a process holds the data folder.
pub(super) fn in_use(settings: &Settings) -> bool {
    let lock = File::open(settings.node.data.join("lock"));
    lock.is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
}

/// Data, journal and recordings.
pub(super) fn folders(settings: &Settings) -> Vec<Finding> {
    [
        ("data", settings.node.data.clone()),
        ("journal", settings.journal_folder()),
        ("recordings", settings.interactions_folder()),
    ]
    .into_iter()
    .map(|(name, folder)| look(name, &folder))
    .collect()
}

fn look(name: &str, folder: &Path) -> Finding {
    let shown = folder.display();
    let place = existing(folder);
    let tried = try_writing(&place).and_then(|sync| Ok((sync, free(&place)?)));
    match tried {
        Ok((sync, room)) => judge(name, folder, sync, room),
        Err(error) => Finding::error(
            "disk",
            format!(
                "{name} ({shown}): cannot write in {}: {error}",
                place.display()
            ),
            format!(
                "make the folder and give it to the user that Cordboard runs as, or change `{name}` under [node]"
            ),
        ),
    }
}

/// The folder, or the nearest one above it that is there: the rest is made at the start.
fn existing(folder: &Path) -> PathBuf {
    let there = folder.ancestors().find(|path| path.is_dir());
    match there {
        Some(path) if !path.as_os_str().is_empty() => path.to_path_buf(),
        _ => PathBuf::from("."),
    }
}

/// What room and pace mean.
pub(super) fn judge(name: &str, folder: &Path, sync: Duration, room: u64) -> Finding {
    let shown = folder.display();
    let (mib, hours) = (room >> 20, room / BYTES_PER_HOUR);
    let tells = format!("{name} ({shown}): {mib} MiB free, {hours} h of recorded talk");
    let help = "make room, or put recordings and journal on another disk (`recordings`, `journal` under [node])";
    if room < LEAST_ROOM {
        return Finding::error("disk", tells, help);
    }
    if room < SMALL_ROOM {
        return Finding::warning("disk", tells, help);
    }
    if sync > SLOW_SYNC {
        return Finding::warning(
            "disk",
            format!("{tells}; a write takes {} ms to be safe", sync.as_millis()),
            "each call waits for one such write before it is answered: put `journal` under [node] on a faster disk",
        );
    }
    Finding::ok("disk", tells)
}

/// Writes and syncs a small file of our own, and takes it away again. The middle duration of a few tries.
fn try_writing(folder: &Path) -> io::Result<Duration> {
    let path = folder.join(format!(".cordboard-doctor-{}", std::process::id()));
    let result = File::create_new(&path).and_then(|mut file| {
        let mut took = Vec::with_capacity(SYNCS);
        for _ in 0..SYNCS {
            let begun = Instant::now();
            file.write_all(&[0; 512])?;
            file.sync_data()?;
            took.push(begun.elapsed());
        }
        took.sort_unstable();
        Ok(took.get(SYNCS / 2).copied().unwrap_or_default())
    });
    let _ = std::fs::remove_file(&path);
    result
}

fn free(folder: &Path) -> io::Result<u64> {
    let stat = rustix::fs::statvfs(folder)?;
    Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
}
