//! Disks that are full, stall, or fail to sync: calls go on, what is missing is said in the record, and what can wait
//! waits for room.

use crate::calls::{AGENT_HZ, CUSTOMER_HZ, Line, Talk, heard_in, metric, told, wait_metric};
use crate::support::faults::{Do, EIO, Faults, Filled, On, inside, small_disks};
use crate::support::patience::eventually;
use crate::support::phone::{Sending, seconds};
use crate::support::world::{Plan, World};
use std::path::PathBuf;
use std::time::Duration;

/// A contact centre one of whose folders is a disk of 1 MiB.
fn with_small_disk(name: &str) -> World {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join(name);
    std::fs::create_dir(&place).unwrap();
    let plan = Plan {
        node: "journal = \"./journal\"\nrecordings = \"./interactions\"\n".to_owned(),
        log_level: Some("info"),
        before: small_disks(&[&place], "1m"),
        ..Plan::default()
    };
    World::in_folder(folder, &plan)
}

fn with_faults() -> (World, Faults) {
    let folder = tempfile::tempdir().unwrap();
    let faults = Faults::below(folder.path());
    let plan = Plan {
        node: "journal = \"./journal\"\nrecordings = \"./interactions\"\n".to_owned(),
        log_level: Some("info"),
        environment: faults.environment(),
        ..Plan::default()
    };
    (World::in_folder(folder, &plan), faults)
}

/// A folder or file as the server sees it.
fn seen(world: &World, below: &str) -> PathBuf {
    inside(world.pid(), &world.root().join(below))
}

/// Both still hear each other, without a packet missing from here on.
fn still_talk(talk: &Talk, time: Duration) {
    talk.agent.send(Sending::Numbered {
        leg: 2,
        hz: AGENT_HZ,
    });
    talk.customer.send(Sending::Numbered {
        leg: 1,
        hz: CUSTOMER_HZ,
    });
    std::thread::sleep(time);
    talk.customer.wait_tone(AGENT_HZ, seconds(1)).unwrap();
    talk.agent.wait_tone(CUSTOMER_HZ, seconds(1)).unwrap();
    assert_eq!(talk.customer.heard().numbers(2).missing, 0);
    assert_eq!(talk.agent.heard().numbers(1).missing, 0);
}

/// The interaction of a talk as the API tells it, once it is complete.
fn record(world: &World, talk: &Talk) -> serde_json::Value {
    let sql = format!(
        "SELECT id FROM interactions WHERE caller_number LIKE '%{}'",
        talk.number
    );
    let complete = || {
        let id = world.query(&sql).first()?[0].clone();
        let whole = world.get(&format!("/interactions/{id}"));
        let ended = !whole["ended_at"].is_null();
        let mut recordings = whole["recordings"].as_array().unwrap().iter();
        let finished = recordings.all(|recording| !recording["finished_at"].is_null());
        (ended && finished).then_some(whole)
    };
    eventually(seconds(10), complete, || world.log())
}

/// The file of an interaction's only recording.
fn file_of(world: &World, record: &serde_json::Value) -> PathBuf {
    let id = record["id"].as_str().unwrap();
    let sql = format!("SELECT path FROM recordings WHERE interaction_id = '{id}'");
    seen(world, "interactions").join(&world.query(&sql)[0][0])
}

#[test]
fn recordings_on_a_full_disk_stop_cleanly_and_calls_go_on() {
    let world = with_small_disk("interactions");
    let mut line = Line::open(&world);
    let talk = line.begin(&world);
    std::thread::sleep(seconds(3));
    let filled = Filled::disk_of(&seen(&world, "interactions"));
    still_talk(&talk, seconds(4));
    line.end(&world, &talk);
    let whole = record(&world, &talk);
    assert_eq!(whole["outcome"], "answered");
    assert_eq!(whole["tags"]["recording_fault"], "disk_full", "{whole:#}");
    let gap = whole["recordings"][0]["gap"].as_f64().unwrap();
    assert!((2.0..6.0).contains(&gap), "{gap} s");
    // What was written before opens, and the rest of the timeline is silence.
    let (length, customer, agent) = heard_in(&file_of(&world, &whole));
    assert!(
        length > 6.5 && customer > 2.0 && agent > 2.0,
        "{length} {customer} {agent}"
    );
    assert!(length - agent > 2.0, "{length} {agent}");

    // A talk that begins on the full disk goes on without a recording, and its record says so.
    let silent = line.begin(&world);
    still_talk(&silent, seconds(1));
    line.end(&world, &silent);
    assert_eq!(
        record(&world, &silent)["tags"]["recording_fault"],
        "disk_full"
    );
    assert_eq!(
        metric(&world, "cordboard_recording_faults_total")
            + metric(&world, "cordboard_talks_not_recorded_total"),
        2.0
    );
    assert_eq!(told(&world, "a recording has a gap"), 1, "{}", world.log());
    assert_eq!(
        told(&world, "this talk is NOT recorded"),
        1,
        "{}",
        world.log()
    );

    drop(filled);
    let again = line.begin(&world);
    still_talk(&again, seconds(2));
    line.end(&world, &again);
    let whole = record(&world, &again);
    assert!(whole["tags"]["recording_fault"].is_null(), "{whole:#}");
    assert_eq!(whole["recordings"][0]["gap"], 0.0, "{whole:#}");
    let (length, customer, agent) = heard_in(&file_of(&world, &whole));
    assert!(
        length - customer < 1.0 && length - agent < 1.0,
        "{length} {customer} {agent}"
    );
    world.wait_query("SELECT count(*) FROM documents_due", "0", seconds(10));
    let month =
        seen(&world, "interactions").join(whole["started_at"].as_str().unwrap().get(..7).unwrap());
    let documents = std::fs::read_dir(month).unwrap().flatten();
    assert_eq!(
        documents
            .filter(|entry| entry.path().join("interaction.json").exists())
            .count(),
        3
    );
}

#[test]
fn a_database_on_a_full_disk_costs_no_call_and_no_record() {
    let world = with_small_disk("data");
    let mut line = Line::open(&world);
    let filled = Filled::disk_of(&seen(&world, "data"));
    let calls = line.keep_calling(&world, seconds(5));
    assert!(calls >= 2, "{calls}");
    wait_metric(&world, "cordboard_database_up", 0.0, seconds(5));
    drop(filled);
    // A database of 1 MiB is too small for good: it gets room as an operator would give it.
    world.command_inside(&["mount", "-o", "remount,size=32m"], "data");
    wait_metric(&world, "cordboard_database_up", 1.0, seconds(20));
    line.whole(&world);
    line.reconcile(&world, seconds(20));
    assert_eq!(
        told(&world, "the database does not take the records"),
        1,
        "{}",
        world.log()
    );
    assert_eq!(world.query("PRAGMA integrity_check"), [["ok"]]);
}

#[test]
fn a_journal_on_a_full_disk_refuses_new_calls_and_loses_nothing() {
    let world = with_small_disk("journal");
    let mut line = Line::open(&world);
    line.whole(&world);
    let talk = line.begin(&world);
    let filled = Filled::disk_of(&seen(&world, "journal"));
    // The first line that meets the full disk still goes into the room kept back.
    let mut served = 0;
    while metric(&world, "cordboard_journal_room") == 1.0 {
        line.begin_elsewhere(&world);
        served += 1;
        assert!(served < 4, "the disk is full and nobody noticed");
    }
    for _ in 0..3 {
        let refusal = line.refused(&world);
        let after = refusal.split("Retry-After:").nth(1).unwrap_or_default();
        let wait: u32 = after.split_whitespace().next().unwrap().parse().unwrap();
        assert!((1..=120).contains(&wait), "{wait}");
    }
    let (status, _, _) = world.http("GET", "/readyz", None, &[]);
    assert_eq!(status, 503);
    still_talk(&talk, seconds(3));
    line.end(&world, &talk);
    // The live call's end is in the record although the disk is full.
    assert_eq!(record(&world, &talk)["outcome"], "answered");
    drop(filled);
    wait_metric(&world, "cordboard_journal_room", 1.0, seconds(10));
    line.whole(&world);
    line.reconcile(&world, seconds(20));
    assert_eq!(
        told(&world, "the journal's disk is full"),
        1,
        "{}",
        world.log()
    );
    assert_eq!(told(&world, "the journal's disk has room again"), 1);
    assert_eq!(told(&world, "were lost"), 0);
}

#[test]
fn a_journal_that_cannot_be_synced_refuses_the_call_and_writes_its_lines_anew() {
    let (world, faults) = with_faults();
    let mut line = Line::open(&world);
    let talk = line.begin(&world);
    faults.set(0, On::Sync, "/journal/", Do::Fail(EIO), 0);
    line.refused(&world);
    still_talk(&talk, seconds(2));
    faults.clear(0);
    assert!(faults.hits(0) > 0);
    line.end(&world, &talk);
    line.whole(&world);
    line.reconcile(&world, seconds(20));
    assert!(metric(&world, "cordboard_journal_faults_total") >= 1.0);
    assert!(told(&world, "fdatasync of the journal failed") >= 1);
}

#[test]
fn a_recording_disk_that_stalls_or_fails_to_sync_does_not_touch_the_talk() {
    let (world, faults) = with_faults();
    let mut line = Line::open(&world);
    let talk = line.begin(&world);
    faults.set(0, On::Write, ".wav", Do::Wait(10_000), 0);
    std::thread::sleep(Duration::from_millis(500));
    faults.clear(0);
    still_talk(&talk, seconds(8));
    line.end(&world, &talk);
    let whole = record(&world, &talk);
    let (length, customer, agent) = heard_in(&file_of(&world, &whole));
    let gap = whole["recordings"][0]["gap"].as_f64().unwrap();
    assert!(
        length - customer - gap < 1.0 && length - agent - gap < 1.0,
        "{length} {customer} {agent} {gap}"
    );
    assert!(whole["tags"]["recording_fault"].is_null(), "{whole:#}");

    faults.set(1, On::Sync, ".wav", Do::Fail(EIO), 0);
    let talk = line.begin(&world);
    still_talk(&talk, seconds(2));
    line.end(&world, &talk);
    let whole = record(&world, &talk);
    faults.clear(1);
    assert_eq!(whole["tags"]["recording_fault"], "disk_failed", "{whole:#}");
    assert_eq!(metric(&world, "cordboard_recording_faults_total"), 1.0);
    line.reconcile(&world, seconds(10));
}

#[test]
fn a_slow_sync_keeps_no_audio_in_memory() {
    let (mut world, faults) = with_faults();
    let mut line = Line::open(&world);
    // The folder of the file is synced too when it is made: that one passes.
    faults.set(0, On::Sync, ".wav", Do::Wait(20_000), 0);
    let talk = line.begin(&world);
    std::thread::sleep(seconds(5));
    let talked = talk.began.elapsed().as_secs_f64();
    world.kill();
    assert!(faults.hits(0) > 0, "nothing was synced");
    let path = world.query("SELECT path FROM recordings")[0][0].clone();
    let file = world.root().join("interactions").join(path);
    let kept = (std::fs::metadata(file).unwrap().len() - 44) as f64 / 32_000.0;
    assert!(
        kept + 1.1 > talked,
        "{kept:.2} of {talked:.2} s are on the file"
    );
}
