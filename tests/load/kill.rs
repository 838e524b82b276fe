//! The kill loop: waves of calls, `kill -9` at every moment of their lives, and the record joined with what the
//! generator saw.

#[path = "../support/phone/audio.rs"]
#[allow(
    dead_code,
    reason = "one function of the test phone's ear is enough here"
)]
mod audio;

use super::rtp;
use super::server::{Server, Shape};
use super::world::{Plan, Witnessed, World};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

const CALLS: u64 = 20;
const CPS: u64 = 20;
/// The last moment of a wave at which it is killed.
const WAVE: Duration = Duration::from_secs(6);
/// Looks at the rows, 50 ms apart, before something counts as left behind.
const PATIENCE: usize = 40;
const AGENTS_PORT: u16 = 15_090;
/// Packets of 20 ms that a crash may cost, and those on their way.
const LOST_AT_MOST: u32 = 55;

#[derive(Debug, Default)]
struct Tally {
    answered: u64,
    talked: u64,
    worst_audio_ms: u32,
    slowest_ms: u128,
    faults: Vec<String>,
}

pub(crate) fn run(kills: u64) -> Result<(), String> {
    let mut server = Server::start(Shape::Queue, CALLS as usize + 5)?;
    let mut tally = Tally::default();
    for kill in 0..kills {
        let plan = Plan {
            first: (kill * CALLS) as usize,
            ..Plan::talk(CPS, CALLS, WAVE * 2)
        };
        let mut world = World::with_agents_at(&server, plan, AGENTS_PORT)?;
        world.register_agents()?;
        let at = WAVE.mul_f64((kill as f64 + 0.5) / kills as f64);
        world.run_for(at)?;
        server.kill()?;
        let seen = world.witnessed();
        drop(world);
        let took = server.restart()?;
        tally.slowest_ms = tally.slowest_ms.max(took.as_millis());
        join(&server, &seen, at, &mut tally)?;
    }
    println!(
        "workload K: {kills} kills, {} calls had a 200, {} were talking; slowest restart {} ms; most audio lost {} ms; \
         {} faults",
        tally.answered,
        tally.talked,
        tally.slowest_ms,
        tally.worst_audio_ms,
        tally.faults.len()
    );
    for fault in tally.faults.iter().take(20) {
        println!("  {fault}");
    }
    let folder = server.stop();
    if tally.faults.is_empty() {
        return Ok(());
    }
    let shown = folder.display();
    Err(format!(
        "the record and the generator disagree; see {shown}"
    ))
}

/// Everything that must hold after a restart.
fn join(
    server: &Server,
    seen: &[Witnessed],
    at: Duration,
    tally: &mut Tally,
) -> Result<(), String> {
    let moment = format!("killed at {:.2} s", at.as_secs_f64());
    let rows = query(
        &server.folder,
        "SELECT caller_number, ended_at IS NOT NULL, coalesce(outcome, ''), coalesce(end_cause, '') FROM interactions",
    )?;
    let mut records: BTreeMap<&str, Vec<&Vec<String>>> = BTreeMap::new();
    for row in &rows {
        records.entry(row[0].as_str()).or_default().push(row);
    }
    for call in seen.iter().filter(|call| call.answered) {
        tally.answered += 1;
        tally.talked += u64::from(call.talked);
        match records.get(call.number.as_str()).map(Vec::as_slice) {
            Some([row]) if row[1] == "1" && !row[2].is_empty() && !row[3].is_empty() => {
                if call.talked && row[2] != "answered" {
                    let fault = format!("{moment}: a talk has outcome {}", row[2]);
                    tally.faults.push(fault);
                }
            }
            other => {
                let fault = format!("{moment}: a call with a 200 has {other:?}");
                tally.faults.push(fault);
            }
        }
    }
    for (what, sql) in [
        (
            "agents left busy",
            "SELECT state FROM agent_states WHERE state IN ('offered', 'on_call', 'wrap_up')",
        ),
        (
            "waitings without an outcome",
            "SELECT id FROM queue_entries WHERE outcome IS NULL",
        ),
        ("open legs", "SELECT id FROM legs WHERE ended_at IS NULL"),
    ] {
        let mut found = query(&server.folder, sql)?;
        // The router's first words after the start take a moment to become rows.
        for _ in 0..PATIENCE {
            if found.is_empty() {
                break;
            }
            std::thread::sleep(Duration::from_millis(50));
            found = query(&server.folder, sql)?;
        }
        if !found.is_empty() {
            tally
                .faults
                .push(format!("{moment}: {} {what}", found.len()));
        }
    }
    recordings(server, seen, &moment, tally)
}

/// Each talk's recording opens and holds the caller's packets up to at most a second before the kill.
fn recordings(
    server: &Server,
    seen: &[Witnessed],
    moment: &str,
    tally: &mut Tally,
) -> Result<(), String> {
    let rows = query(
        &server.folder,
        "SELECT i.caller_number, r.path FROM recordings r JOIN interactions i ON i.id = r.interaction_id",
    )?;
    for call in seen.iter().filter(|call| call.talked) {
        let Some(row) = rows.iter().find(|row| row[0] == call.number) else {
            tally
                .faults
                .push(format!("{moment}: a talk has no recording"));
            continue;
        };
        let path = server.folder.join("data/interactions").join(&row[1]);
        // A talk of a few packets may have none of them on the disk yet: that is within the second.
        let kept = last_number(&path, call.sent)?.map_or(0, |number| number + 1);
        let lost = call.sent.saturating_sub(kept.max(call.before_talk));
        tally.worst_audio_ms = tally.worst_audio_ms.max(lost * 20);
        if lost > LOST_AT_MOST {
            let fault = format!("{moment}: {} ms of audio are gone", lost * 20);
            tally.faults.push(fault);
        }
    }
    Ok(())
}

/// The highest packet number that the left channel holds; none above `sent` is believed.
fn last_number(path: &Path, sent: u32) -> Result<Option<u32>, String> {
    let shown = |error: hound::Error| format!("{}: {error}", path.display());
    let mut wav = hound::WavReader::open(path).map_err(shown)?;
    let left: Vec<u8> = wav
        .samples::<i16>()
        .step_by(2)
        .map(|sample| sample.map(audio::to_ulaw))
        .collect::<Result<_, _>>()
        .map_err(shown)?;
    let mut packet = [0u8; 32];
    let mut last = None;
    for window in left.windows(20) {
        packet[12..].copy_from_slice(window);
        if let Some(mark) = rtp::read(&packet).filter(|mark| mark.number < sent) {
            last = last.max(Some(mark.number));
        }
    }
    Ok(last)
}

/// Rows of the database as text.
fn query(folder: &Path, sql: &str) -> Result<Vec<Vec<String>>, String> {
    let out = Command::new("sqlite3")
        .args(["-readonly", "-separator", "\u{1f}"])
        .arg(folder.join("data/cordboard.db"))
        .arg(sql)
        .output()
        .map_err(|error| format!("sqlite3: {error}"))?;
    if !out.status.success() {
        return Err(String::from_utf8_lossy(&out.stderr).into_owned());
    }
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    Ok(text
        .lines()
        .map(|line| line.split('\u{1f}').map(str::to_owned).collect())
        .collect())
}
