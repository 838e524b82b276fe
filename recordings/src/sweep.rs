//! The start-up sweep: closes what a crash left open, and says which files and rows do not match.
//!
//! **Owns**: which events end what. It appends them to the journal like everybody else, so the log stays the one
//! truth. **Must not**: write rows, or run while calls are taken.
//!
//! The events carry the moment of the last known sign of life (the interaction's last line, or the end of its
//! recording), not the moment of the restart: a call did not last through the night because we were down.

use crate::error::StoreError;
use crate::folder::DataFolder;
use crate::journal::Journal;
use crate::store::Store;
use crate::store::sweeping::{OpenRecording, Unfinished};
use crate::wav;
use router::event::RecordingKind;
use router::id::InteractionId;
use router::outcome::{EndCause, EntryOutcome, OfferOutcome, Outcome};
use router::{Event, Timestamp};
use std::path::{Path, PathBuf};
use std::time::Duration;
use uuid::Uuid;

/// Files and rows are compared from this long before the last line of the log on.
const AUDITED: Duration = Duration::from_secs(24 * 3_600);

/// What the sweep did and found. Tell it to the operator when it is not empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SweepReport {
    /// Interactions that were still open, with the outcome they got.
    pub closed: Vec<(InteractionId, Outcome)>,
    /// Queue entries that got an end.
    pub entries_closed: usize,
    /// Offers that were taken back.
    pub offers_revoked: usize,
    /// Legs that got an end.
    pub legs_closed: usize,
    /// Recordings that were repaired or were whole already.
    pub recordings_recovered: usize,
    /// Rows whose file is missing or is no recording: paths below the folder of interactions.
    pub rows_without_file: Vec<String>,
    /// Recording files that no row names, each made playable: paths below the folder of interactions.
    pub files_without_row: Vec<String>,
}

/// Appends an end for everything that has none. Call it before calls are taken, when the database has the whole
/// journal; let the projector catch up afterwards.
///
/// # Errors
/// When the database or the journal fails. Running it again is harmless once the projector has caught up.
pub async fn sweep(
    store: &Store,
    journal: &Journal,
    folder: &DataFolder,
) -> Result<SweepReport, StoreError> {
    let mut report = SweepReport::default();
    for interaction in store.unfinished().await? {
        close(store, journal, folder, &interaction, &mut report).await?;
    }
    journal.sync().await?;
    Ok(report)
}

async fn close(
    store: &Store,
    journal: &Journal,
    folder: &DataFolder,
    found: &Unfinished,
    report: &mut SweepReport,
) -> Result<(), StoreError> {
    let interaction = found.id;
    let mut ends = Vec::new();
    let mut last_sign = found.last_event_at;
    let mut message = false;
    for recording in store.open_recordings(interaction).await? {
        let (frames, end) = mend(folder, &recording, report).await;
        last_sign = last_sign.max(end);
        message |= recording.kind == RecordingKind::Voicemail && frames > 0;
        ends.push(Event::RecordingFinished {
            interaction,
            recording: recording.id,
            frames,
            gap_ms: 0,
            recovered: true,
        });
    }
    for offer in store.open_offers(interaction).await? {
        report.offers_revoked += 1;
        ends.push(Event::OfferEnded {
            interaction,
            offer: offer.id,
            agent: offer.agent,
            outcome: OfferOutcome::Revoked,
        });
    }
    for entry in store.open_entries(interaction).await? {
        report.entries_closed += 1;
        ends.push(Event::QueueLeft {
            interaction,
            entry: entry.id,
            queue: entry.queue,
            // A waiting that was answered has its line before `Connected`; an open one is lost, even when an agent
            // had talked with this caller before.
            outcome: EntryOutcome::Failed,
            agent: None,
            refusal: None,
            closure: None,
        });
    }
    for leg in store.open_legs(interaction).await? {
        report.legs_closed += 1;
        ends.push(Event::LegEnded {
            interaction,
            leg,
            cause: "crash".to_owned(),
            quality: None,
        });
    }
    if found.open {
        let outcome = match found.connected {
            Some(_) => Outcome::Answered,
            // What the caller had said until then is a message.
            None if message => Outcome::Voicemail,
            None => Outcome::Failed,
        };
        report.closed.push((interaction, outcome));
        ends.push(Event::CallEnded {
            interaction,
            outcome,
            end_cause: EndCause::Crash,
        });
    }
    for event in ends {
        journal.append(last_sign, event, None).await?;
    }
    Ok(())
}

/// Repairs a recording's file; returns its frames and the moment of its last sample. A missing file has neither.
async fn mend(
    folder: &DataFolder,
    recording: &OpenRecording,
    report: &mut SweepReport,
) -> (u64, Timestamp) {
    let repaired = match folder.recording_file(&recording.path) {
        Some(file) => tokio::task::spawn_blocking(move || wav::repair(&file))
            .await
            .ok()
            .and_then(Result::ok),
        None => None,
    };
    match repaired {
        Some(repaired) => {
            report.recordings_recovered += 1;
            let millis = repaired.frames.saturating_mul(1_000) / u64::from(repaired.sample_rate);
            (
                repaired.frames,
                recording.started_at + Duration::from_millis(millis),
            )
        }
        // The audit reports the path.
        None => (0, recording.started_at),
    }
}

/// Compares the recordings' rows with the files below the folder of interactions, for interactions of the day before
/// the last line of the log and later (all of them when `everything`). Files that no row names are made playable.
///
/// # Errors
/// When the database fails. A folder that cannot be read counts as empty.
pub async fn audit(
    store: &Store,
    folder: &DataFolder,
    everything: bool,
    report: &mut SweepReport,
) -> Result<(), StoreError> {
    let since = match store.last_event_at().await? {
        Some(last) if !everything => last - AUDITED,
        _ => Timestamp::from_millis(i64::MIN),
    };
    // Rows from a day earlier too: a recording begins later than its interaction's folder tells.
    let rows = store.recordings_since(since - AUDITED).await?;
    let interactions = folder.interactions().to_owned();
    let files = tokio::task::spawn_blocking(move || recordings_below(&interactions, since))
        .await
        .unwrap_or_default();
    for row in &rows {
        let present = folder
            .recording_file(&row.path)
            .is_some_and(|file| is_recording(&file));
        if !present && row.started_at.0 >= since {
            report.rows_without_file.push(row.path.clone());
        }
    }
    let known: std::collections::BTreeSet<&str> =
        rows.iter().map(|row| row.path.as_str()).collect();
    for path in files {
        if known.contains(path.as_str()) {
            continue;
        }
        if let Some(file) = folder.recording_file(&path)
            && let Err(error) = wav::repair(&file)
        {
            tracing::warn!(path, %error, "a file without a row is no recording");
        }
        report.files_without_row.push(path);
    }
    Ok(())
}

fn is_recording(file: &Path) -> bool {
    std::fs::metadata(file).is_ok_and(|data| data.is_file() && data.len() >= wav::HEADER_BYTES)
}

/// `<yyyy-mm>/<id>/recording-<n>.wav` of every interaction that is not known to be older than `since`.
fn recordings_below(interactions: &Path, since: Timestamp) -> Vec<String> {
    let first_month = crate::utc::Utc(since.max(Timestamp::default())).month_name();
    let mut found = Vec::new();
    for (month, month_path) in entries(interactions) {
        // Months sort as text.
        if month < first_month {
            continue;
        }
        for (id, path) in entries(&month_path) {
            if made_at(&id).is_some_and(|at| at < since) {
                continue;
            }
            let files = entries(&path).into_iter();
            found.extend(
                files
                    .filter(|(name, _)| name.starts_with("recording-") && name.ends_with(".wav"))
                    .map(|(name, _)| format!("{month}/{id}/{name}")),
            );
        }
    }
    found.sort();
    found
}

fn entries(folder: &Path) -> Vec<(String, PathBuf)> {
    std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| Some((entry.file_name().into_string().ok()?, entry.path())))
        .collect()
}

/// The moment inside a UUIDv7; none for other ids, which are then looked at.
fn made_at(id: &str) -> Option<Timestamp> {
    let uuid = Uuid::try_parse(id).ok()?;
    let (seconds, nanos) = uuid.get_timestamp()?.to_unix();
    (uuid.get_version_num() == 7)
        .then(|| i64::try_from(seconds).ok()?.checked_mul(1_000))
        .flatten()
        .map(|millis| Timestamp::from_millis(millis + i64::from(nanos / 1_000_000)))
}

#[cfg(test)]
mod tests;
