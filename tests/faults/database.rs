//! The database moved away, replaced, slow, locked, read-only: calls go on, the journal keeps their lines, and
//! everything is in the database exactly once afterwards.

use crate::calls::{Line, metric, status_of, told, wait_metric};
use crate::support::faults::{Do, EROFS, Faults, On};
use crate::support::phone::seconds;
use crate::support::world::{Plan, World};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const REFUSED: &str = "the database does not take the records";
const AGAIN: &str = "the database takes the records again";
const UP: &str = "cordboard_database_up";

/// The database has a folder of its own, so that it can be taken away without journal and recordings.
fn plan() -> Plan {
    Plan {
        node: "journal = \"./journal\"\nrecordings = \"./interactions\"\n".to_owned(),
        log_level: Some("info"),
        ..Plan::default()
    }
}

fn with_faults() -> (World, Faults) {
    let folder = tempfile::tempdir().unwrap();
    let faults = Faults::below(folder.path());
    let plan = Plan {
        environment: faults.environment(),
        ..plan()
    };
    (World::in_folder(folder, &plan), faults)
}

/// Said loudly once, taken back once, and all is there.
fn drained(world: &World, line: &Line) {
    wait_metric(world, UP, 1.0, seconds(30));
    line.reconcile(world, seconds(30));
    assert_eq!(
        (told(world, REFUSED), told(world, AGAIN)),
        (1, 1),
        "{}",
        world.log()
    );
    assert_eq!(metric(world, "cordboard_database_faults_total"), 1.0);
    assert_eq!(status_of(world, "/interactions").0, 200);
}

/// Live state answers soon, whatever the database does.
fn live_goes_on(world: &World) {
    let asked = Instant::now();
    assert_eq!(world.agent_state("ana"), "available");
    let queue = world.get("/queues/support");
    assert_eq!(queue["agents"]["available"], 1, "{queue:#}");
    let (status, _, _) = world.http("GET", "/readyz", None, &[]);
    assert_eq!(status, 200);
    let took = asked.elapsed();
    assert!(took < seconds(8), "{took:?}");
}

#[test]
fn a_database_that_is_away_costs_no_call_and_no_record() {
    let long = std::env::var_os("CORDBOARD_LONG").is_some();
    let world = World::with(&plan());
    let mut line = Line::open(&world);
    line.whole(&world);
    let (here, away) = (world.root().join("data"), world.root().join("away"));
    std::fs::rename(&here, &away).unwrap();
    let calls = line.keep_calling(&world, seconds(if long { 60 } else { 12 }));
    assert!(calls >= 2, "{calls}");
    wait_metric(&world, UP, 0.0, seconds(5));
    assert!(!here.exists(), "somebody made a new one");
    let (status, problem) = status_of(&world, "/interactions");
    assert_eq!(status, 503, "{problem}");
    assert!(problem["detail"].as_str().unwrap().contains("try again"));
    live_goes_on(&world);
    assert!(world.get("/queues/support")["today"].is_null());
    std::fs::rename(&away, &here).unwrap();
    drained(&world, &line);
    line.whole(&world);
    line.reconcile(&world, seconds(10));
    println!("{calls} calls while the database was away");
}

#[test]
fn a_database_put_in_place_of_another_gets_what_it_lacks() {
    let world = World::with(&plan());
    let mut line = Line::open(&world);
    line.whole(&world);
    line.reconcile(&world, seconds(10));
    let database = world.root().join("data/cordboard.db");
    let copy = world.root().join("copy.db");
    let backup = format!(".backup '{}'", copy.display());
    let made = Command::new("sqlite3").arg(&database).arg(backup).status();
    assert!(made.unwrap().success());
    line.whole(&world);
    line.reconcile(&world, seconds(10));
    // A foreign file is not taken.
    let foreign = world.root().join("foreign.db");
    std::fs::write(&foreign, b"").unwrap();
    std::fs::rename(&foreign, &database).unwrap();
    line.whole(&world);
    wait_metric(&world, UP, 0.0, seconds(5));
    assert_eq!(std::fs::metadata(&database).unwrap().len(), 0);
    // A copy of our own is, and gets what came after it was made.
    std::fs::rename(&copy, &database).unwrap();
    drained(&world, &line);
}

#[test]
fn a_database_that_is_slow_by_two_seconds_costs_no_call_and_no_record() {
    let (world, faults) = with_faults();
    let mut line = Line::open(&world);
    line.whole(&world);
    faults.set(0, On::ReadOrSync, "cordboard.db", Do::Wait(2_000), 0);
    let calls = line.keep_calling(&world, seconds(10));
    assert!(calls >= 2, "{calls}");
    assert!(
        faults.hits(0) >= 2,
        "{} statements were slow",
        faults.hits(0)
    );
    live_goes_on(&world);
    faults.clear(0);
    line.reconcile(&world, seconds(30));
    assert_eq!(told(&world, REFUSED), 0);
}

#[test]
fn a_database_that_cannot_be_written_costs_no_call_and_no_record() {
    let (world, faults) = with_faults();
    let mut line = Line::open(&world);
    line.whole(&world);
    line.reconcile(&world, seconds(10));
    faults.set(0, On::WriteOrSync, "cordboard.db", Do::Fail(EROFS), 0);
    line.keep_calling(&world, seconds(5));
    wait_metric(&world, UP, 0.0, seconds(5));
    // What is in the database can be read on.
    assert_eq!(status_of(&world, "/interactions").0, 200);
    live_goes_on(&world);
    faults.clear(0);
    drained(&world, &line);
}

#[test]
fn a_database_that_somebody_else_holds_costs_no_call_and_no_record() {
    let world = World::with(&plan());
    let mut line = Line::open(&world);
    line.whole(&world);
    // Each writer has five seconds of patience, and they wait one behind the other: the last one has lost it by then.
    let lock = hold(&world.root().join("data/cordboard.db"), seconds(20));
    let calls = line.keep_calling(&world, seconds(7));
    assert!(calls >= 1, "{calls}");
    wait_metric(&world, UP, 0.0, seconds(12));
    live_goes_on(&world);
    lock.join().unwrap();
    drained(&world, &line);
}

/// Another process holds the write lock for a time.
fn hold(database: &Path, time: Duration) -> std::thread::JoinHandle<()> {
    let mut shell = Command::new("sqlite3")
        .arg(database)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut commands = shell.stdin.take().unwrap();
    writeln!(commands, ".timeout 5000\nBEGIN EXCLUSIVE;\nSELECT 'held';").unwrap();
    let mut said = std::io::BufReader::new(shell.stdout.take().unwrap());
    let mut held = String::new();
    std::io::BufRead::read_line(&mut said, &mut held).unwrap();
    assert_eq!(held.trim(), "held");
    std::thread::spawn(move || {
        std::thread::sleep(time);
        writeln!(commands, "ROLLBACK;").unwrap();
        drop(commands);
        assert!(shell.wait().unwrap().success());
    })
}
