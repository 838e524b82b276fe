//! The kill loop: waves of calls, `kill -9` at every moment of their lives and right before and after each durable
//! step, and the record joined with what the generator saw.

#[path = "../support/phone/audio.rs"]
#[allow(
    dead_code,
    reason = "one function of the test phone's ear is enough here"
)]
mod audio;

#[path = "../support/faults/mod.rs"]
#[allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    reason = "rules are enough here; a helper that fails is a failed run"
)]
mod faults;

use super::rtp;
use super::server::{Server, Shape, cordboard, own_address, query};
use super::world::{Plan, Witnessed, World};
use faults::{Do, Faults, On};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

const CALLS: u64 = 20;
const CPS: u64 = 20;
/// The last moment of a wave at which it is killed.
const WAVE: Duration = Duration::from_secs(6);
/// Looks at the rows, 50 ms apart, before something counts as left behind: 20 s, for machines that are busy with others.
const PATIENCE: usize = 400;
const AGENTS_PORT: u16 = 15_090;
/// Packets of 20 ms that a crash may cost, and those on their way.
const LOST_AT_MOST: u32 = 55;
/// Servers that are killed beside each other.
const LANES: u8 = 3;
/// A point that is not met within this time of a wave is a fault.
const POINT_COMES: Duration = Duration::from_secs(20);

/// When a wave is killed.
#[derive(Clone, Copy, Debug)]
enum Moment {
    /// So long after its first call.
    At(Duration),
    /// At a call of the system that all durable steps go through, after so many have passed.
    Point(Point, u32),
}

/// A place in the life of a call: its name, the calls of the system it is told by, and what they must hold.
#[derive(Clone, Copy, Debug)]
struct Point(&'static str, On, &'static str, Do);

/// One before and one after each step that must not be torn from its neighbours. The bridge is no call of the system:
/// it comes between the agent's 200, read from the socket, and the making of the recording's file.
const POINTS: [Point; 10] = [
    Point(
        "before a journal sync",
        On::Sync,
        "/journal/",
        Do::KillBefore,
    ),
    Point("after a journal sync", On::Sync, "/journal/", Do::KillAfter),
    Point(
        "before a 200",
        On::Send,
        "SIP/2.0 200&1 INVITE",
        Do::KillBefore,
    ),
    Point(
        "after a 200",
        On::Send,
        "SIP/2.0 200&1 INVITE",
        Do::KillAfter,
    ),
    Point(
        "before a bridge",
        On::Receive,
        "SIP/2.0 200& INVITE",
        Do::KillAfter,
    ),
    Point(
        "after a bridge",
        On::Create,
        "recording-1.wav",
        Do::KillBefore,
    ),
    Point("before a header write", On::Header, ".wav", Do::KillBefore),
    Point("after a header write", On::Header, ".wav", Do::KillAfter),
    Point(
        "before a row commit",
        On::Write,
        "cordboard.db-wal",
        Do::KillBefore,
    ),
    Point(
        "after a row commit",
        On::Sync,
        "cordboard.db-wal",
        Do::KillAfter,
    ),
];

#[derive(Debug, Default)]
struct Tally {
    kills: u64,
    points: u64,
    answered: u64,
    talked: u64,
    worst_audio_ms: u32,
    /// The longest way of speech through the server just before a kill.
    worst_lag_ms: u32,
    slowest_ms: u128,
    faults: Vec<String>,
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.kills += other.kills;
        self.points += other.points;
        self.answered += other.answered;
        self.talked += other.talked;
        self.worst_audio_ms = self.worst_audio_ms.max(other.worst_audio_ms);
        self.worst_lag_ms = self.worst_lag_ms.max(other.worst_lag_ms);
        self.slowest_ms = self.slowest_ms.max(other.slowest_ms);
        self.faults.extend(other.faults);
    }
}

/// So many kills, of which each fourth is at a point of the list, at least once each; the others are spread over a wave.
pub(crate) fn run(kills: u64) -> Result<(), String> {
    let points = (kills / 4).max(POINTS.len() as u64).min(kills);
    let timed = kills - points;
    let mut moments: Vec<Moment> = (0..timed)
        .map(|kill| Moment::At(WAVE.mul_f64((kill as f64 + 0.5) / timed as f64)))
        .collect();
    for round in 0..points {
        let point = POINTS[round as usize % POINTS.len()];
        // A later one in each round; commits are the rarest, a slow machine makes a dozen in a wave.
        let passed = 2 + 2 * (round as u32 / POINTS.len() as u32) % 10;
        moments.push(Moment::Point(point, passed));
    }
    let folder = std::env::temp_dir().join(format!("cordboard-kills-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    let lanes = std::thread::scope(|scope| {
        let lanes: Vec<_> = (0..LANES)
            .map(|lane| {
                let own = moments.iter().skip(lane.into()).step_by(LANES.into());
                let folder = folder.join(lane.to_string());
                scope.spawn(move || run_lane(lane, &folder, own.copied()))
            })
            .collect();
        lanes
            .into_iter()
            .map(|lane| {
                lane.join()
                    .unwrap_or_else(|_| Err("a lane died".to_owned()))
            })
            .collect::<Vec<_>>()
    });
    let mut tally = Tally::default();
    for lane in lanes {
        tally.add(lane?);
    }
    println!(
        "workload K: {} kills, {} of them at a point of the list; {} calls had a 200, {} were talking; slowest restart \
         {} ms; most audio lost {} ms, longest way of speech {} ms; {} faults",
        tally.kills,
        tally.points,
        tally.answered,
        tally.talked,
        tally.slowest_ms,
        tally.worst_audio_ms,
        tally.worst_lag_ms,
        tally.faults.len()
    );
    for fault in tally.faults.iter().take(20) {
        println!("  {fault}");
    }
    if tally.faults.is_empty() {
        let _ = std::fs::remove_dir_all(&folder);
        return Ok(());
    }
    let shown = folder.display();
    Err(format!(
        "the record and the generator disagree; see {shown}"
    ))
}

/// One server, killed again and again on one folder.
fn run_lane(
    lane: u8,
    folder: &Path,
    moments: impl Iterator<Item = Moment>,
) -> Result<Tally, String> {
    std::fs::create_dir_all(folder).map_err(|error| error.to_string())?;
    let faults = Faults::below(folder);
    let ip = own_address(lane);
    let shape = (Shape::Queue, CALLS as usize + 5);
    let mut server = Server::start_at(folder.to_owned(), ip, shape, faults.environment())?;
    let mut tally = Tally::default();
    for (wave, moment) in moments.enumerate() {
        let plan = Plan {
            first: wave * CALLS as usize,
            ..Plan::talk(CPS, CALLS, WAVE * 2)
        };
        let mut world = World::with_agents_at(&server, plan, (ip, AGENTS_PORT).into())?;
        world.register_agents()?;
        let name = kill(&mut server, &mut world, &faults, moment, &mut tally)?;
        world.hear_last_answers();
        let seen = world.witnessed();
        drop(world);
        let took = server.restart()?;
        tally.slowest_ms = tally.slowest_ms.max(took.as_millis());
        join(&server, &seen, &name, &mut tally)?;
    }
    let folder = server.stop();
    numbers(&folder, &mut tally);
    Ok(tally)
}

/// After all the kills the log decides the same again, and its numbers add up.
fn numbers(folder: &Path, tally: &mut Tally) {
    for command in [&["replay"][..], &["metrics", "verify"]] {
        let fault = match cordboard(folder, command) {
            Ok(out) if out.status.success() => continue,
            Ok(out) => String::from_utf8_lossy(&out.stdout).into_owned(),
            Err(error) => error,
        };
        tally.faults.push(format!("{}: {fault}", command.join(" ")));
    }
}

/// Runs a wave until it is killed; says when that was.
fn kill(
    server: &mut Server,
    world: &mut World,
    faults: &Faults,
    moment: Moment,
    tally: &mut Tally,
) -> Result<String, String> {
    tally.kills += 1;
    let name = match moment {
        Moment::At(at) => {
            world.run_until(at, || false)?;
            format!("killed at {:.2} s", at.as_secs_f64())
        }
        Moment::Point(Point(name, on, text, what), passed) => {
            faults.set(0, on, text, what, passed);
            world.run_until(POINT_COMES, || server.is_gone())?;
            faults.clear(0);
            let name = format!("killed {name}, {passed} of them passed");
            tally.points += 1;
            if !server.is_gone() {
                let hits = faults.hits(0);
                tally
                    .faults
                    .push(format!("{name}: the point did not come, {hits} hits"));
            }
            name
        }
    };
    server.kill()?;
    Ok(name)
}

/// Everything that must hold after a restart.
fn join(
    server: &Server,
    seen: &[Witnessed],
    moment: &str,
    tally: &mut Tally,
) -> Result<(), String> {
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
                if call.talked_for() > LOST_AT_MOST && row[2] != "answered" {
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
    recordings(server, seen, moment, tally)
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
    // A shorter talk may be lost whole: that is within the second.
    let told = |call: &&Witnessed| call.talked_for() > LOST_AT_MOST;
    for call in seen.iter().filter(told) {
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
        tally.worst_lag_ms = tally.worst_lag_ms.max(call.lag * 20);
        // What a starved machine had not even read from its sockets was never ours to lose.
        if lost > LOST_AT_MOST + call.lag {
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
