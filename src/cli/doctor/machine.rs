//! Clock and descriptors.
//!
//! **Owns**: what may be expected of a machine. **Must not know**: the network, the disk's room.

use super::Finding;
use crate::config::settings::Settings;
use crate::limits;
use crate::speech::SpeechMeans;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Years between which a clock is believed.
const YEARS: std::ops::RangeInclusive<u64> = 2025..=2100;
/// Seconds of a mean year.
const YEAR: u64 = 31_556_952;
/// How long the two clocks are compared.
const COMPARED: Duration = Duration::from_millis(50);
/// By how much they may differ after that time.
const APART: Duration = Duration::from_millis(20);
/// A file may be so much younger than now, for file systems of other machines.
const FROM_THE_FUTURE: Duration = Duration::from_secs(60);

/// The year, the pace of wall clock and monotonic clock, and whether the last run lies in the future.
pub(super) fn clock(settings: &Settings) -> Finding {
    let (wall, steady) = (SystemTime::now(), Instant::now());
    std::thread::sleep(COMPARED);
    let wall_went = wall.elapsed().unwrap_or_default();
    let written = std::fs::metadata(settings.database_file()).and_then(|meta| meta.modified());
    judge_clock(wall, written.ok(), (wall_went, steady.elapsed()))
}

/// The same with the clocks' values handed in.
pub(super) fn judge_clock(
    now: SystemTime,
    written: Option<SystemTime>,
    (wall_went, steady_went): (Duration, Duration),
) -> Finding {
    let help = "set the clock and keep it right with NTP: `timedatectl set-ntp true`";
    let since_1970 = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    let year = 1970 + since_1970.as_secs() / YEAR;
    if !YEARS.contains(&year) {
        let message = format!("the clock says {year}; records would carry wrong times");
        return Finding::error("clock", message, help);
    }
    let ahead = written.and_then(|at| at.duration_since(now).ok());
    if ahead.is_some_and(|ahead| ahead > FROM_THE_FUTURE) {
        let message = "the database was written in the future: the clock was set back";
        return Finding::warning("clock", message, help);
    }
    if wall_went.abs_diff(steady_went) > APART {
        let message = format!(
            "the wall clock went {} ms while {} ms passed: it is being corrected in steps",
            wall_went.as_millis(),
            steady_went.as_millis()
        );
        return Finding::warning("clock", message, help);
    }
    Finding::ok("clock", format!("the year is {year}, and time goes evenly"))
}

/// Open files that so many calls need.
pub(super) fn descriptors(max_calls: u32) -> Finding {
    judge_descriptors(max_calls, limits::most_open_files())
}

/// The same with the system's limit handed in.
pub(super) fn judge_descriptors(max_calls: u32, most: Option<u64>) -> Finding {
    let wanted = limits::open_files_for(max_calls);
    match most {
        Some(most) if most < wanted => Finding::warning(
            "descriptors",
            format!("{most} open files are allowed, and {max_calls} calls need {wanted}"),
            format!(
                "set LimitNOFILE={wanted} in the unit (`ulimit -Hn` in a shell), or lower [limits] max_calls"
            ),
        ),
        Some(most) => Finding::ok(
            "descriptors",
            format!("{most} open files are allowed, {wanted} are needed for {max_calls} calls"),
        ),
        None => Finding::warning(
            "descriptors",
            "the limit of open files cannot be read",
            format!("see that `ulimit -Hn` is at least {wanted}"),
        ),
    }
}

/// Whether the speech command's program is there. A server is not asked: that may cost money.
pub(super) fn speech(settings: &Settings) -> Option<Finding> {
    let program = match &settings.speech.as_ref()?.means {
        SpeechMeans::Command(command) => command.program(),
        SpeechMeans::Server { .. } => return None,
    };
    let here = std::path::Path::new(program);
    let found = if here.components().count() > 1 {
        here.is_file()
    } else {
        let path = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
    };
    Some(if found {
        Finding::ok("speech", format!("the speech command `{program}` is there"))
    } else {
        let message =
            format!("the speech command `{program}` is not there: texts of flows cannot be said");
        Finding::error(
            "speech",
            message,
            "install it, or change `command` under [speech]",
        )
    })
}
