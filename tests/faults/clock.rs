//! The wall clock set forward and back by an hour while calls run: nothing ends, fires or is ordered by it.

use crate::calls::Line;
use crate::support::phone::{Phone, seconds};
use crate::support::world::{Plan, World};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The library of the Debian package `libfaketime`.
fn library() -> PathBuf {
    let found = std::fs::read_dir("/usr/lib")
        .unwrap()
        .flatten()
        .find_map(|entry| {
            let library = entry.path().join("faketime/libfaketime.so.1");
            library.exists().then_some(library)
        });
    found.expect("this test sets clocks by libfaketime: apt-get install faketime")
}

fn set(file: &Path, offset: &str) {
    // A whole file at once: the server reads it whenever it asks for the time.
    let new = file.with_extension("new");
    std::fs::write(&new, offset).unwrap();
    std::fs::rename(new, file).unwrap();
}

/// The offset that the server's own log lines show, in whole minutes.
fn minutes_off(world: &World) -> f64 {
    let log = world.log();
    let line = log
        .lines()
        .rev()
        .find(|line| line.starts_with("20"))
        .unwrap();
    let shown = |text: &str| {
        let clock: Vec<f64> = text[11..19]
            .split(':')
            .map(|part| part.parse().unwrap())
            .collect();
        clock[0] * 60.0 + clock[1]
    };
    let now = std::process::Command::new("date")
        .args(["-u", "+%Y-%m-%dT%H:%M:%S"])
        .output();
    let now = String::from_utf8(now.unwrap().stdout).unwrap();
    let off = shown(line) - shown(&now);
    // Over midnight.
    (off + 1_440.0 + 720.0).rem_euclid(1_440.0) - 720.0
}

#[test]
fn a_wall_clock_that_jumps_by_an_hour_touches_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let time = folder.path().join("time");
    set(&time, "+0s");
    let shown = |path: &Path| path.to_str().unwrap().to_owned();
    let plan = Plan {
        environment: [
            ("LD_PRELOAD", shown(&library())),
            ("FAKETIME_TIMESTAMP_FILE", shown(&time)),
            ("FAKETIME_NO_CACHE", "1".to_owned()),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into(),
        ..Plan::default()
    };
    let world = World::in_folder(folder, &plan);
    let mut line = Line::open(&world);
    line.whole(&world);
    // Registered before the jumps, for ten minutes; asked again after them.
    let ben = Phone::start("127.0.0.3".parse().unwrap()).unwrap();
    ben.set_account("2002", "word-of-ben");
    ben.register_for(world.sip, "2002", 600).unwrap();
    world.put(
        "/agents/ben/state",
        &serde_json::json!({"state": "not_ready", "reason": "lunch"}),
    );

    for (offset, minutes) in [("+3600s", 60.0), ("-3600s", -60.0), ("+0s", 0.0)] {
        let talk = line.begin(&world);
        set(&time, offset);
        std::thread::sleep(seconds(2));
        assert_eq!(world.agent_state("ana"), "on_call");
        assert_eq!(talk.customer.ended(), None, "{}", world.log());
        let agents = world.get("/agents");
        for login in ["ana", "ben"] {
            let mut agents = agents["items"].as_array().unwrap().iter();
            let agent = agents.find(|agent| agent["login"] == login).unwrap();
            assert_eq!(agent["registered"], true, "{offset}: {agent:#}");
        }
        let talked = talk.began.elapsed();
        line.end(&world, &talk);
        let off: f64 = minutes_off(&world);
        assert!(
            (off - minutes).abs() <= 1.0,
            "the server's clock is off by {off}, not {minutes} min"
        );
        assert!(talked < Duration::from_secs(10), "{talked:?}");
        // A nonce of before the jump, and a whole call after it.
        ben.register_for(world.sip, "2002", 600).unwrap();
        line.whole(&world);
    }
    line.reconcile(&world, seconds(10));
    let spread = world.query("SELECT (max(at) - min(at)) / 1000 FROM events");
    let spread: u64 = spread[0][0].parse().unwrap();
    assert!(spread < 120, "the log spans {spread} s");
    for sql in [
        // The log's order is the order of time.
        "SELECT count(*) FROM (SELECT at, lag(at) OVER (ORDER BY seq) AS before FROM events) WHERE at < before",
        "SELECT count(*) FROM queue_entries WHERE left_at < entered_at",
        "SELECT count(*) FROM legs WHERE ended_at < connected_at OR connected_at < started_at",
        "SELECT count(*) FROM wrap_ups WHERE ended_at < started_at OR ended_at > started_at + 10000",
    ] {
        assert_eq!(world.query(sql)[0][0], "0", "{sql}");
    }
    let by_time = world.query("SELECT id FROM interactions ORDER BY started_at");
    let by_id = world.query("SELECT id FROM interactions ORDER BY id");
    assert_eq!(by_time, by_id);
}
