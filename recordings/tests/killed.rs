//! A real `kill -9` in the middle of a talk: this test starts itself again as a child that writes journal, rows and
//! a recording, kills it, and opens what is left.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test; the child talks by its standard output"
)]

use recordings::recorder::{Block, Recorder};
use recordings::{DataFolder, startup};
use router::event::LegRole;
use router::id::{AgentId, InteractionId, LegId, RecordingId};
use router::outcome::{EndCause, Outcome};
use router::{Event, Timestamp};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const CHILD: &str = "CORDBOARD_TEST_KILLED_CHILD";
const RATE: u32 = 8_000;
const BLOCK: u64 = 1_600;

fn start() -> Timestamp {
    Timestamp::from_millis(1_795_291_200_000)
}

fn interaction(n: u64) -> InteractionId {
    InteractionId::from_number(100 + n)
}

/// One talking call after the other, told on standard output once its `Connected` is safe, and one recording that
/// grows by five blocks. Ends by being killed.
async fn child(folder: &Path) {
    let folder = DataFolder::new(folder);
    let started = startup(&folder, start()).await.unwrap();
    let journal = started.journal.clone();
    tokio::spawn(started.projector.run());
    let (recorder, ring) = Recorder::start(64, |block: Block| block).unwrap();
    for n in 0.. {
        let interaction = interaction(n);
        let leg = LegId::from_number(500 + n);
        let path = DataFolder::recording_path(start(), interaction, 1);
        let file = folder.recording_file(&path).unwrap();
        let recording = recorder.open(n, file, RATE, None).await.unwrap();
        let events = [
            Event::CallArrived {
                interaction,
                leg,
                trunk: None,
                flow: "support".to_owned(),
                flow_version: "1".to_owned(),
                direction: router::event::Direction::Inbound,
                agent: None,
            },
            Event::LegStarted {
                interaction,
                leg,
                role: LegRole::Customer,
                agent: None,
                sip_call_id: "call".to_owned(),
            },
            Event::RecordingStarted {
                interaction,
                recording: RecordingId::from_number(900 + n),
                index: 1,
                path,
                sample_rate: RATE,
                recording_kind: router::event::RecordingKind::Talk,
            },
        ];
        for event in events {
            journal.append(start(), event, None).await.unwrap();
        }
        let connected = Event::Connected {
            interaction,
            agent: AgentId::from_number(1),
            leg,
        };
        journal
            .append_synced(start(), connected, None)
            .await
            .unwrap();
        println!("connected {n}");
        for block in 0..5 {
            let value = i16::try_from(n % 100).unwrap() + 1;
            let samples = (0..BLOCK).flat_map(|_| [value, -value]).collect();
            let start_frame = block * BLOCK;
            ring.send(Block::Samples {
                stream: n,
                start_frame,
                samples,
            })
            .unwrap();
        }
        drop(recording);
    }
}

/// Only the child does something here; in an ordinary run this passes at once.
#[test]
fn child_process() {
    let Some(folder) = std::env::var_os(CHILD).map(PathBuf::from) else {
        return;
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(child(&folder));
}

/// Runs the child for a while, kills it, and returns how many calls it had told to be connected.
fn run_and_kill(folder: &Path, patience: Duration) -> u64 {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child_process", "--nocapture"])
        .env(CHILD, folder)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let output = BufReader::new(child.stdout.take().unwrap());
    let mut told = 0;
    let mut deadline = None;
    for line in output.lines() {
        let Ok(line) = line else { break };
        if let Some((_, n)) = line.split_once("connected ") {
            told = n.trim().parse::<u64>().unwrap() + 1;
            // The patience counts from the first call on, so that a slow start does not make the test empty.
            let deadline = *deadline.get_or_insert_with(|| Instant::now() + patience);
            if Instant::now() >= deadline {
                child.kill().unwrap(); // SIGKILL
                break;
            }
        }
    }
    child.wait().unwrap();
    told
}

#[test]
fn kill_9_leaves_one_closed_record_for_every_connected_call() {
    for patience in [0, 7, 40, 150] {
        let temp = tempfile::tempdir().unwrap();
        let told = run_and_kill(temp.path(), Duration::from_millis(patience));
        assert!(told > 0, "the child told nothing");
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(judge(temp.path(), told));
    }
}

async fn judge(folder: &Path, told: u64) {
    let folder = DataFolder::new(folder);
    let started = startup(&folder, start() + Duration::from_secs(3_600))
        .await
        .unwrap();
    assert_eq!(started.epoch, 2);
    assert_eq!(started.damage.broken_lines, 0);
    let store = started.store;
    assert_eq!(store.live_interactions().await.unwrap(), 0);
    for n in 0..told {
        let record = store.interaction(interaction(n)).await.unwrap();
        let record = record.unwrap_or_else(|| panic!("connected call {n} of {told} is missing"));
        assert_eq!(record.summary.outcome, Some(Outcome::Answered), "call {n}");
        assert_eq!(record.summary.end_cause, Some(EndCause::Crash));
        assert!(record.summary.times.ended_at.unwrap().0 < start() + Duration::from_secs(60));
        assert_eq!(record.legs[0].cause.as_deref(), Some("crash"));
        let recording = &record.recordings[0];
        assert!(recording.recovered);
        let file = folder.recording_file(&recording.path).unwrap();
        let mut wav = hound::WavReader::open(file).unwrap();
        assert_eq!(Some(u64::from(wav.duration())), recording.frames);
        // The ring holds 64 blocks, so those of 15 calls before the last were certainly taken from it.
        if n + 15 < told {
            assert_eq!(recording.frames, Some(5 * BLOCK), "call {n} of {told}");
        }
        let value = i16::try_from(n % 100).unwrap() + 1;
        let samples: Vec<i16> = wav.samples().map(Result::unwrap).collect();
        assert!(samples.chunks(2).all(|frame| frame == [value, -value]));
    }
    // Numbers have no gaps, across the kill as well.
    let log = store.log_after(0, 1_000_000).await.unwrap();
    assert!(log.iter().map(|line| line.seq).eq(1..=log.len() as u64));
    assert_eq!(started.report.files_without_row.len() as u64, {
        let all = store.recordings_since(Timestamp::default()).await.unwrap();
        let files = walk(folder.interactions());
        files - all.len() as u64
    });
}

fn walk(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| {
            let path = entry.path();
            let wav = path.extension().is_some_and(|e| e == "wav");
            if path.is_dir() {
                walk(&path)
            } else {
                u64::from(wav)
            }
        })
        .sum()
}
