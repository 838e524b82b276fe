//! The record beside what the generator saw, and what the run was made of.

use super::call::Call;
use crate::server::query;
use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

/// Looks, 50 ms apart, before something counts as left behind.
const PATIENCE: usize = 400;

/// So many calls have something of everything.
const ENOUGH: usize = 1_000;

/// What the record counts: a heading, the rows, and those that a run must have to be what it says.
type Count = (&'static str, &'static str, &'static [&'static str]);

const COUNTS: [Count; 5] = [
    (
        "interactions",
        "SELECT coalesce(outcome, 'open'), count(*) FROM interactions GROUP BY 1 ORDER BY 2 DESC",
        &["answered", "abandoned", "unserved", "voicemail", "failed"],
    ),
    (
        "queue entries",
        "SELECT coalesce(outcome, 'open'), count(*) FROM queue_entries GROUP BY 1 ORDER BY 2 DESC",
        &[
            "answered",
            "abandoned",
            "overflowed",
            "timed_out",
            "voicemail",
            "refused",
        ],
    ),
    (
        "offers",
        "SELECT coalesce(outcome, 'open'), count(*) FROM offers GROUP BY 1 ORDER BY 2 DESC",
        &["accepted", "declined", "no_answer", "caller_left"],
    ),
    (
        "talks",
        "SELECT json_extract(payload, '$.change'), count(*) FROM events WHERE kind = 'talk_changed' GROUP BY 1 \
         ORDER BY 2 DESC",
        &[
            "transferred",
            "transfer_failed",
            "sent_to_queue",
            "consult_answered",
            "consult_ended",
        ],
    ),
    (
        "decisions",
        "SELECT json_extract(decision, '$.kind'), count(*) FROM decisions GROUP BY 1 ORDER BY 2 DESC",
        &["arrive", "ready", "relax", "return"],
    ),
];

/// How the joining went.
#[derive(Debug, Default)]
pub(crate) struct Joined {
    pub(crate) lines: Vec<String>,
    pub(crate) faults: Vec<String>,
}

/// Waits until nothing is open any more; what is open then is a fault.
pub(crate) fn rest(folder: &Path) -> Result<Vec<String>, String> {
    let mut faults = Vec::new();
    for (what, sql) in [
        (
            "waits without an outcome",
            "SELECT id FROM queue_entries WHERE outcome IS NULL",
        ),
        (
            "offers without an outcome",
            "SELECT number FROM offers WHERE outcome IS NULL",
        ),
        ("open legs", "SELECT id FROM legs WHERE ended_at IS NULL"),
        (
            "agents left busy",
            "SELECT state FROM agent_states WHERE state IN ('offered', 'on_call', 'wrap_up')",
        ),
    ] {
        let mut found = query(folder, sql)?;
        for _ in 0..PATIENCE {
            if found.is_empty() {
                break;
            }
            std::thread::sleep(Duration::from_millis(50));
            found = query(folder, sql)?;
        }
        if !found.is_empty() {
            faults.push(format!("{} {what}", found.len()));
        }
    }
    Ok(faults)
}

/// Everything that must hold when all is over.
pub(crate) fn join(folder: &Path, calls: &[Call]) -> Result<Joined, String> {
    let mut joined = Joined::default();
    let rows = query(
        folder,
        "SELECT l.sip_call_id, i.ended_at IS NOT NULL, coalesce(i.outcome, ''), coalesce(i.end_cause, '') \
         FROM interactions i JOIN legs l ON l.interaction_id = i.id WHERE l.role = 'customer'",
    )?;
    let mut records: HashMap<&str, Vec<&Vec<String>>> = HashMap::new();
    for row in &rows {
        records.entry(row[0].as_str()).or_default().push(row);
    }
    let mut crossed = 0;
    for call in calls {
        let found = records.remove(call.id.as_str()).unwrap_or_default();
        crossed += found.iter().filter(|row| call.crossed(&row[2])).count();
        if let Some(fault) = fault(call, &found) {
            joined.faults.push(format!("{}: {fault}", call.told()));
        }
    }
    if crossed > 5 + calls.len() / 100 {
        let fault = format!("{crossed} calls ended as if answer or hang-up had crossed something");
        joined.faults.push(fault);
    }
    joined
        .lines
        .push(format!("{crossed} answers or hang-ups crossed"));
    if !records.is_empty() {
        let strangers = format!("{} records of callers who never called", records.len());
        joined.faults.push(strangers);
    }
    for (heading, sql, needed) in COUNTS {
        let counts = query(folder, sql)?;
        let told: Vec<String> = counts
            .iter()
            .map(|row| format!("{} {}", row[0], row[1]))
            .collect();
        joined.lines.push(format!("{heading}: {}", told.join(", ")));
        for name in needed {
            if calls.len() >= ENOUGH && !counts.iter().any(|row| row[0] == *name) {
                let fault = format!("{heading}: none is `{name}`, so this was no mix");
                joined.faults.push(fault);
            }
        }
    }
    Ok(joined)
}

fn fault(call: &Call, found: &[&Vec<String>]) -> Option<String> {
    let whole = |row: &[String]| row[1] == "1" && !row[2].is_empty() && !row[3].is_empty();
    match found {
        [row] if whole(row) && (call.cut || call.crossed(&row[2]) || call.may_end_as(&row[2])) => {
            None
        }
        // The crash came before anything of it was written; nobody was told of an answer.
        [] if call.cut && !call.answered => None,
        [] if call.turned_away => None,
        other => Some(format!(
            "its records are {other:?}; it met a phone {}, hung up {}, had an agent {:?}",
            call.met, call.hung_up, call.joined
        )),
    }
}
