//! The whole core in virtual time, from a seed.
//!
//! The product's own machines (`Legs` with its `Endpoint`, `Arrivals`, `CallMachine`, `Interpreter`, `InternalCall`,
//! `ServiceCall`, `Desk` with its `Distributor`) are wired as the tasks wire them. Between them and scripted callers and
//! agents lies a network that loses, repeats and reorders; media threads are a stand-in that says what they would say.
//! After every step `checks.rs` and `oracle.rs` hold the whole against the rules of `docs/routing-rules.md`.
//!
//! A seed that fails is printed with the last lines of its story. `CORDBOARD_SEED=N cargo test --test simulation seeds`
//! plays that seed alone and prints all of it. `CORDBOARD_LONG=1` plays many more, `CORDBOARD_SURVEY=200` counts complaints.
//!
//! | file | what it is |
//! |---|---|
//! | `core.rs`, `core/` | the contact centre: machines, inboxes, who hears what when |
//! | `media.rs` | the media threads' stand-in |
//! | `world.rs` | the clock, the network, the parties |
//! | `party.rs`, `script.rs`, `script/` | phones, and what their people do |
//! | `company.rs` | company files and flows |
//! | `checks.rs`, `oracle.rs`, `oracle/` | what must hold |
//! | `sabotage.rs` | a fault for each rule, so that the checks are seen to see |

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::cast_possible_truncation
)]

mod checks;
mod company;
mod core;
mod dice;
mod media;
mod oracle;
mod party;
mod sabotage;
mod script;
mod transcript;
mod world;

use sabotage::Fault;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use world::World;

/// Seeds of an ordinary run.
const SEEDS: u64 = 200;
/// Seeds with `CORDBOARD_LONG=1`.
const LONG_SEEDS: u64 = 20_000;

/// What happened in some seeds, summed up.
type Counts = BTreeMap<&'static str, u64>;

/// Plays one seed; an error says what broke, with the story before it.
fn play(seed: u64, aloud: bool) -> Result<(Counts, (u64, u64)), String> {
    let callers = 8 + seed % 9;
    let mut world = World::new(seed, callers as usize, aloud);
    play_in(seed, &mut world)
}

fn play_in(seed: u64, world: &mut World) -> Result<(Counts, (u64, u64)), String> {
    let ended = catch_unwind(AssertUnwindSafe(|| world.play()));
    let broken = match ended {
        Ok(Ok(())) => return Ok((counts(world), world.core.transcript.digest())),
        Ok(Err(broken)) => broken,
        Err(panic) => panic
            .downcast_ref::<String>()
            .cloned()
            .or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()))
            .unwrap_or_default(),
    };
    Err(format!(
        "seed {seed} ({:?}):\n{}\n{broken}\nall of it: CORDBOARD_SEED={seed} cargo test --test simulation seeds -- --nocapture",
        world.weather,
        world.core.transcript.last_lines(),
    ))
}

fn counts(world: &World) -> Counts {
    let mut counts = world.core.counts.clone();
    let oracle = world.checks.oracle();
    for (outcome, number) in &oracle.outcomes {
        *counts.entry(outcome).or_default() += number;
    }
    *counts.entry("decisions").or_default() += oracle.decisions;
    *counts.entry("crossings").or_default() += oracle.crossings;
    *counts.entry("quiet moments").or_default() += world.checks.quiet_moments();
    *counts.entry("log lines").or_default() += world.core.log.len() as u64;
    counts
}

fn add(to: &mut Counts, more: Counts) {
    for (what, number) in more {
        *to.entry(what).or_default() += number;
    }
}

/// Plays seeds on every core; stops at the first that fails.
fn play_all(seeds: u64) -> Result<Counts, String> {
    let next = AtomicU64::new(0);
    let total = Mutex::new(Ok(Counts::new()));
    let workers = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds {
                        return;
                    }
                    let played = play(seed, false);
                    let mut total = total
                        .lock()
                        .unwrap_or_else(|poisoned| poisoned.into_inner());
                    match (&mut *total, played) {
                        (Ok(total), Ok((counts, _))) => add(total, counts),
                        (Ok(_), Err(broken)) => *total = Err(broken),
                        (Err(_), _) => return,
                    }
                    if total.is_err() {
                        return;
                    }
                }
            });
        }
    });
    total
        .into_inner()
        .unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// Plays seeds until five complain, for a fault that was planted: which check says what, and how soon.
#[allow(clippy::print_stdout)]
fn survey(seeds: u64) {
    let mut complaints = Vec::new();
    let mut played = 0;
    while played < seeds && complaints.len() < 5 {
        if let Err(broken) = play(played, false) {
            let of_use = |line: &&str| !line.is_empty() && !line.starts_with("all of it");
            let last = broken.lines().rfind(of_use);
            complaints.push((played, last.unwrap_or_default().to_owned()));
        }
        played += 1;
    }
    println!("{} of the first {played} seeds complain", complaints.len());
    for (seed, complaint) in complaints {
        println!("seed {seed}: {complaint}");
    }
}

#[test]
#[allow(clippy::print_stdout)]
fn seeds_keep_every_rule() {
    if let Ok(seeds) = std::env::var("CORDBOARD_SURVEY") {
        return survey(seeds.parse().expect("CORDBOARD_SURVEY is a number"));
    }
    if let Ok(seed) = std::env::var("CORDBOARD_SEED") {
        let seed = seed.parse().expect("CORDBOARD_SEED is a number");
        let (counts, _) = play(seed, true).unwrap_or_else(|broken| panic!("{broken}"));
        return println!("{counts:#?}");
    }
    let long = std::env::var_os("CORDBOARD_LONG").is_some();
    let seeds = if long { LONG_SEEDS } else { SEEDS };
    let counts = play_all(seeds).unwrap_or_else(|broken| panic!("{broken}"));
    println!("{seeds} seeds: {counts:#?}");
    // What the script is for does happen.
    for what in [
        "answered",
        "abandoned",
        "short_abandoned",
        "self_served",
        "unserved",
        "failed",
        "refused",
        "crossings",
        "journal failures",
        "feature codes",
        "calls between agents",
        "outdated answers",
        "reloads",
        "holds",
        "controls",
        "controls refused",
        "closings",
    ] {
        assert!(
            counts.get(what).is_some_and(|number| *number >= 3),
            "{what}: {counts:?}"
        );
    }
}

/// For each rule there is a fault that its check, and no other before it, finds within these seeds.
#[test]
fn each_check_finds_its_fault() {
    const WITHIN: u64 = 40;
    let mut unseen = Vec::new();
    for fault in Fault::ALL {
        let found = (0..WITHIN).find_map(|seed| {
            let mut world = World::new(seed, 16, false);
            world.core.fault = Some(fault);
            play_in(seed, &mut world).err().map(|broken| (seed, broken))
        });
        match found {
            None => unseen.push(format!("{fault:?} is not seen")),
            Some((seed, broken)) if broken.contains(&format!("\n{fault:?}: ")) => {
                println!("{fault:?} is seen at seed {seed}");
            }
            Some((_, broken)) => unseen.push(format!("{fault:?} is seen as: {broken}")),
        }
    }
    assert!(unseen.is_empty(), "{}", unseen.join("\n"));
}

#[test]
fn the_same_seed_tells_the_same_story() {
    for seed in 1_000..1_003 {
        let (_, first) = play(seed, false).unwrap_or_else(|broken| panic!("{broken}"));
        let (_, again) = play(seed, false).unwrap_or_else(|broken| panic!("{broken}"));
        assert_eq!(first, again, "seed {seed}");
        assert!(first.0 > 200, "seed {seed} tells too little");
    }
}
