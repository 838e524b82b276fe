//! The record beside what the generator saw: each call once, each talk with its recording.

use super::call::{Call, Story};
use crate::server::query;
use std::collections::HashMap;
use std::path::Path;

/// A recording may be this much shorter or longer than the talk as the caller heard it, seconds.
const TALK_SLACK: f64 = 2.5;

/// How the joining went.
#[derive(Debug, Default)]
pub(crate) struct Joined {
    pub(crate) records: usize,
    pub(crate) recordings: usize,
    pub(crate) faults: Vec<String>,
}

/// Everything that must hold when all is over.
pub(crate) fn join(folder: &Path, calls: &[Call]) -> Result<Joined, String> {
    let mut joined = Joined::default();
    let rows = query(
        folder,
        "SELECT caller_number, ended_at IS NOT NULL, coalesce(outcome, ''), coalesce(end_cause, '') FROM interactions",
    )?;
    joined.records = rows.len();
    let mut records: HashMap<&str, Vec<&Vec<String>>> = HashMap::new();
    for row in &rows {
        records.entry(row[0].as_str()).or_default().push(row);
    }
    for call in calls {
        let found = records.remove(call.number.as_str()).unwrap_or_default();
        if let Some(fault) = record_fault(call, &found) {
            joined.faults.push(format!("{}: {fault}", call.told()));
        }
    }
    if !records.is_empty() {
        let strangers = format!("{} records of callers who never called", records.len());
        joined.faults.push(strangers);
    }
    recordings(folder, calls, &mut joined)?;
    for (what, sql) in [
        (
            "waitings without an outcome",
            "SELECT id FROM queue_entries WHERE outcome IS NULL",
        ),
        ("open legs", "SELECT id FROM legs WHERE ended_at IS NULL"),
        (
            "agents left busy",
            "SELECT state FROM agent_states WHERE state IN ('offered', 'on_call', 'wrap_up')",
        ),
    ] {
        let left = query(folder, sql)?.len();
        if left > 0 {
            joined.faults.push(format!("{left} {what}"));
        }
    }
    Ok(joined)
}

fn record_fault(call: &Call, found: &[&Vec<String>]) -> Option<String> {
    match (call.answered.is_some(), found) {
        (true, [row]) if whole(row) && (call.cut || call.story.may_end_as(&row[2])) => None,
        // Whoever gave up before the answer may have been too early for a record.
        (false, []) => None,
        (false, [row]) if call.story == Story::Cancels && whole(row) => None,
        (_, other) => Some(format!("its records are {other:?}")),
    }
}

/// It has an end, an outcome and an end cause.
fn whole(row: &[String]) -> bool {
    row[1] == "1" && !row[2].is_empty() && !row[3].is_empty()
}

/// Each talk has one recording that opens and is as long as the talk.
fn recordings(folder: &Path, calls: &[Call], joined: &mut Joined) -> Result<(), String> {
    let rows = query(
        folder,
        "SELECT i.caller_number, r.path FROM recordings r JOIN interactions i ON i.id = r.interaction_id",
    )?;
    joined.recordings = rows.len();
    let mut paths: HashMap<&str, Vec<&str>> = HashMap::new();
    for row in &rows {
        paths
            .entry(row[0].as_str())
            .or_default()
            .push(row[1].as_str());
    }
    for call in calls {
        let found = paths.remove(call.number.as_str()).unwrap_or_default();
        let fault = match (call.talked(), found.as_slice()) {
            (None, []) => None,
            (Some(talk), [path]) => match seconds(&folder.join("data/interactions").join(path)) {
                Ok(length) if (length - talk).abs() <= TALK_SLACK => None,
                Ok(length) => Some(format!("{length:.2} s recorded of {talk:.2} s")),
                Err(error) => Some(error),
            },
            // A talk that ended with its first packet on the way.
            (None, [_]) if call.met_agent => None,
            (talk, other) => Some(format!("talked {talk:?}, recordings {other:?}")),
        };
        if let Some(fault) = fault {
            joined.faults.push(format!("{}: {fault}", call.told()));
        }
    }
    Ok(())
}

fn seconds(path: &Path) -> Result<f64, String> {
    let wav = hound::WavReader::open(path).map_err(|e| format!("{}: {e}", path.display()))?;
    Ok(f64::from(wav.duration()) / f64::from(wav.spec().sample_rate))
}
