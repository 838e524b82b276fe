//! Programs that others wrote, as peers in tests: SIPp and baresip, each in a folder of its own.
//!
//! **Owns**: starting, limiting and stopping them, and what they left behind. **Must not know**: what is tested.

pub(crate) mod baresip;
pub(crate) mod linphone;
mod ports;
pub(crate) mod sipp;
pub(crate) mod track;

use super::patience::patient;
use super::phone::{Failure, audio};
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus};
use std::time::{Duration, Instant};

/// A file or folder below `tests/interop/`.
fn interop(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/interop")
        .join(name)
}

/// `seconds` of a tone at 8 kHz.
fn tone_samples(hz: f64, seconds: u64) -> Vec<i16> {
    (0..seconds * 50)
        .flat_map(|packet| audio::tone(hz, packet * 160))
        .collect()
}

/// Waits for the end of a program; none when the limit passed first.
fn wait_for(child: &mut Child, limit: Duration) -> Option<ExitStatus> {
    let deadline = Instant::now() + patient(limit);
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status),
            Ok(None) if Instant::now() < deadline => std::thread::sleep(Duration::from_millis(20)),
            _ => return None,
        }
    }
}

/// The text of every file of a folder whose name ends so, for failures.
fn texts(folder: &Path, ends: &[&str]) -> String {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let wanted = entries.filter(|entry| {
        let name = entry.file_name().to_string_lossy().into_owned();
        ends.iter().any(|end| name.ends_with(end))
    });
    wanted
        .map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            let text = std::fs::read_to_string(entry.path()).unwrap_or_default();
            format!("--- {name}\n{text}\n")
        })
        .collect()
}

/// Two minutes of a tone, for its end would be the end of the sound.
fn write_tone(path: &Path, hz: f64) -> Result<(), Failure> {
    let failed = |error: hound::Error| Failure::new(format!("{}: {error}", path.display()));
    let format = hound::WavSpec {
        channels: 1,
        sample_rate: 8000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(path, format).map_err(failed)?;
    for sample in tone_samples(hz, 120) {
        writer.write_sample(sample).map_err(failed)?;
    }
    writer.finalize().map_err(failed)
}
