//! `cordboard metrics verify`.
//!
//! **Owns**: reading the log out of the store, and what is said of the proof. **Must not know**: what must be so
//! (`router::metrics::audit` does), how rows are kept.

use super::output::{self, Problem, WRONG};
use super::{MetricsVerifyArgs, check, token};
use crate::api::time;
use crate::config::{self, Settings};
use recordings::store::intervals::{EntryCounts, KeptIntervals};
use recordings::{Store, StoreError, Utc};
use router::Event;
use router::id::{AgentId, QueueId};
use router::metrics::audit::{Audit, Fault, Report, Scope};
use router::metrics::{Fold, Rows};
use router::outcome::EntryOutcome;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;

/// Lines that are read at once.
const PAGE: u32 = 4_096;
/// Faults that are told to people; `--json` tells all that are kept.
const TOLD: usize = 20;

/// What was found, with the names of today.
#[derive(Debug)]
struct Found {
    report: Report,
    scope: Scope,
    queues: BTreeMap<QueueId, String>,
    agents: BTreeMap<AgentId, String>,
    kept: Kept,
}

/// The rows that are kept against those of the log.
#[derive(Debug, Default)]
struct Kept {
    rows: usize,
    /// Counted up to this line.
    seq: u64,
    differ: Vec<(String, i64)>,
    /// Queues of whose waits the record has another number than the log, in words.
    record: Vec<String>,
}

/// Runs the command: exit 0 when everything adds up, 1 when something does not, 2 when the log cannot be read. Works
/// beside a running server.
pub async fn verify(args: &MetricsVerifyArgs) -> ExitCode {
    let settings = match args.config.read() {
        Ok(settings) => settings,
        Err(findings) => return check::cannot_go_on(&findings),
    };
    let found = match look(args, &settings).await {
        Ok(found) => found,
        Err(problem) => return problem.report(),
    };
    if args.json {
        output::result(&as_json(&found).to_string());
    } else {
        output::result(&in_words(&found));
    }
    if found.is_good() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(WRONG)
    }
}

/// A moment as `--from` and `--to` take it.
pub(super) fn read_moment(text: &str) -> Result<router::Timestamp, String> {
    time::parse(text).ok_or_else(|| "write it as 2026-12-24T10:00:00+01:00".to_owned())
}

async fn look(args: &MetricsVerifyArgs, settings: &Settings) -> Result<Found, Problem> {
    let file = settings.database_file();
    if !file.exists() {
        let why = format!("{} is not there", file.display());
        let help = "see `data` under [node]; `cordboard serve` makes the database";
        return Err(Problem::new("there is no log to look at", why, help));
    }
    let store = token::open(settings).await?;
    let unread = |error: StoreError| {
        let help = "try again; see that no other program locks the database";
        Problem::new("cannot read the log", error.to_string(), help)
    };
    let queues = store.queue_names().await.map_err(unread)?;
    let agents = store.agent_logins().await.map_err(unread)?;
    let queue = match &args.queue {
        Some(name) => Some(queue_of(name, &queues)?),
        None => None,
    };
    let scope = Scope {
        from: args.from,
        to: args.to,
        queue,
    };
    let (report, kept) = prove(&store, scope).await.map_err(unread)?;
    store.close().await;
    Ok(Found {
        report,
        scope,
        queues,
        agents,
        kept,
    })
}

fn queue_of(name: &str, queues: &BTreeMap<QueueId, String>) -> Result<QueueId, Problem> {
    let mut all = queues.iter();
    let found = all.find(|(id, known)| *known == name || id.to_string() == name);
    found.map(|(id, _)| *id).ok_or_else(|| {
        let near = config::nearest(name, queues.values().map(String::as_str));
        let help = near.map_or_else(
            || "leave `--queue` out for all of them".to_owned(),
            |near| format!("did you mean \"{near}\"?"),
        );
        let why = format!("no queue was ever called \"{}\"", name.escape_debug());
        Problem::new("cannot look at this queue", why, help)
    })
}

/// Reads the whole log, a page at a time, and counts the rows anew up to the line of those that are kept.
async fn prove(store: &Store, scope: Scope) -> Result<(Report, Kept), StoreError> {
    let stored = store.kept_intervals().await?;
    let (counted_to, in_record) = store.entry_counts().await?;
    let mut in_log = EntryCounts::new();
    let mut audit = Audit::new(scope);
    let (mut fold, mut rows) = (Fold::default(), Rows::default());
    let mut last = 0;
    loop {
        let lines = store.log_after(last, PAGE).await?;
        let Some(line) = lines.last() else {
            break;
        };
        last = line.seq;
        for line in &lines {
            audit.read(line);
            if line.seq <= counted_to {
                tally(&line.event, &mut in_log);
            }
            if line.seq <= stored.seq {
                fold.read(line, &mut rows);
            }
        }
    }
    let anew = KeptIntervals::of(&fold, &rows)?;
    let kept = Kept {
        rows: stored.queues.len() + stored.agents.len(),
        seq: stored.seq,
        differ: stored.differences(&anew),
        record: not_the_same(&in_log, &in_record),
    };
    Ok((audit.finish(), kept))
}

/// Waits as the log tells them.
fn tally(event: &Event, counts: &mut EntryCounts) {
    match event {
        Event::QueueEntered { queue, .. } => *counts.entry((*queue, None)).or_default() += 1,
        Event::QueueLeft { queue, outcome, .. } => {
            *counts.entry((*queue, Some(*outcome))).or_default() += 1;
            let waits = counts.entry((*queue, None)).or_default();
            *waits = waits.saturating_sub(1);
        }
        _ => {}
    }
}

fn not_the_same(log: &EntryCounts, record: &EntryCounts) -> Vec<String> {
    let keys: BTreeSet<_> = log.keys().chain(record.keys()).collect();
    let number = |counts: &EntryCounts, key| counts.get(key).copied().unwrap_or(0);
    keys.into_iter()
        .filter(|key| number(log, key) != number(record, key))
        .map(|key| {
            let how = key.1.map_or("still waiting", EntryOutcome::as_str);
            let (log, record) = (number(log, key), number(record, key));
            format!(
                "queue {}: {log} {how} in the log, {record} in the record",
                key.0
            )
        })
        .collect()
}

impl Found {
    const fn is_good(&self) -> bool {
        self.report.faults_found == 0 && self.kept.differ.is_empty() && self.kept.record.is_empty()
    }

    fn queue(&self, id: QueueId) -> String {
        let name = self.queues.get(&id);
        name.map_or_else(|| id.to_string(), |name| name.escape_debug().to_string())
    }

    fn agent(&self, id: AgentId) -> String {
        let login = self.agents.get(&id);
        login.map_or_else(|| id.to_string(), |name| name.escape_debug().to_string())
    }
}

fn in_words(found: &Found) -> String {
    let report = &found.report;
    let mut text = match report.span {
        None => return "the log has no lines yet".to_owned(),
        Some((first, last)) => format!(
            "{} lines from {} to {}\n",
            report.lines,
            Utc(first),
            Utc(last)
        ),
    };
    for (id, sum) in &report.queues {
        let left: u64 = sum.left.values().sum();
        let mut ways = Vec::new();
        for (outcome, count) in &sum.left {
            ways.push(format!("{} {count}", outcome.as_str()));
        }
        let ways = if ways.is_empty() {
            String::new()
        } else {
            format!(" ({})", ways.join(", "))
        };
        text += &format!(
            "queue {}: entered {} = left {left}{ways} + waiting at the end {} - at the beginning {}{}\n",
            found.queue(*id),
            sum.entered,
            sum.waiting_end,
            sum.waiting_start,
            if sum.holds() { "" } else { ": WRONG" },
        );
    }
    let ended: u64 = report.interactions.values().sum();
    text += &format!(
        "{ended} interactions ended, each with one outcome, {} go on; {} offers\n",
        report.open, report.offers
    );
    text += &format!(
        "{} parts of talks, {} times a talk changed hands\n",
        report.shares, report.handed_on
    );
    for (id, sum) in &report.agents {
        let states: Vec<String> = sum
            .states
            .iter()
            .map(|(state, ms)| format!("{} {}", state.as_str(), seconds(*ms)))
            .collect();
        text += &format!(
            "agent {}: logged in {} = {}\n",
            found.agent(*id),
            seconds(sum.logged_in),
            states.join(" + ")
        );
    }
    text += &rows_in_words(&found.kept);
    text += &verdict(report, &found.kept);
    text
}

fn rows_in_words(kept: &Kept) -> String {
    let mut text = format!(
        "{} rows of quarters of an hour are kept up to line {}, {} of them not as the log says\n",
        kept.rows,
        kept.seq,
        kept.differ.len()
    );
    for (of, begin) in kept.differ.iter().take(TOLD) {
        let begin = Utc::from_millis(*begin);
        text += &format!("  rows: the row of {of} that begins at {begin}\n");
    }
    for differs in &kept.record {
        text += &format!("  record: {differs}\n");
    }
    text
}

fn verdict(report: &Report, kept: &Kept) -> String {
    let wrong = (kept.differ.len() + kept.record.len()) as u64 + report.faults_found;
    if wrong == 0 {
        return "everything adds up".to_owned();
    }
    let mut text = format!("{wrong} things do not add up\n");
    for fault in report.faults.iter().take(TOLD) {
        text += &format!("  {}\n", told(fault));
    }
    let more = report.faults_found.saturating_sub(TOLD as u64);
    if more > 0 {
        text += &format!(
            "  and {more} more; `--json` tells the first {}\n",
            Report::FAULTS
        );
    }
    text
}

fn told(fault: &Fault) -> String {
    let lines: Vec<String> = fault.lines.iter().map(u64::to_string).collect();
    let place = match lines.len() {
        0 => String::new(),
        1 => format!(" (line {})", lines.join("")),
        _ => format!(" (lines {})", lines.join(", ")),
    };
    format!("{}: {}{place}", fault.rule, fault.text)
}

fn seconds(ms: u64) -> String {
    format!("{}.{:03} s", ms / 1_000, ms % 1_000)
}

fn as_json(found: &Found) -> Value {
    let Found { report, scope, .. } = found;
    let moment = |at: router::Timestamp| Utc(at).to_string();
    let queues = report.queues.iter().map(|(id, sum)| {
        let left = sum.left.iter();
        let left: BTreeMap<&str, u64> = left.map(|(o, n)| (EntryOutcome::as_str(*o), *n)).collect();
        json!({
            "queue": found.queue(*id), "entered": sum.entered, "left": left,
            "waiting_start": sum.waiting_start, "waiting_end": sum.waiting_end, "holds": sum.holds(),
        })
    });
    let agents = report.agents.iter().map(|(id, sum)| {
        json!({ "agent": found.agent(*id), "logged_in_ms": sum.logged_in, "states_ms": sum.states })
    });
    let faults = report.faults.iter().map(|fault| {
        json!({ "rule": fault.rule, "what": fault.text, "lines": fault.lines, "at": moment(fault.at) })
    });
    json!({
        "good": found.is_good(),
        "rows_kept": found.kept.rows,
        "rows_differ": found.kept.differ,
        "record_differs": found.kept.record,
        "from": scope.from.map(moment),
        "to": scope.to.map(moment),
        "lines": report.lines,
        "queues": queues.collect::<Vec<_>>(),
        "interactions": report.interactions,
        "interactions_open": report.open,
        "offers": report.offers,
        "parts_of_talks": report.shares,
        "handed_on": report.handed_on,
        "agents": agents.collect::<Vec<_>>(),
        "faults": faults.collect::<Vec<_>>(),
        "faults_found": report.faults_found,
    })
}
