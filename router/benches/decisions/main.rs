//! What one event costs the structure of `router::classes`, what the plain scan would have cost for the same, and what it
//! costs the whole Distributor.
//!
//! **Owns**: the worlds, the regimes and the table in `BENCHMARKS.md`. `cargo bench -p router` prints it.
//!
//! Skills are unevenly wanted, each queue asks for one to three of them in two kinds of calls and three steps of a ladder,
//! teams of forty serve four to sixteen queues in three tiers, and every agent is a profile of their own. Every so often the
//! plain scan answers the same question: it is timed beside, and the two must agree.

#![allow(clippy::print_stdout)] // its output is a table
#![allow(clippy::disallowed_methods)] // measures; the crate itself reads no clock

mod whole;
mod world;

use std::time::{Duration, Instant};
use whole::Whole;
use world::{Event, Numbers, Site, World};

/// What is measured of one kind of event.
#[derive(Default)]
struct Times {
    taken: Vec<u32>,
    plain: Vec<u32>,
}

fn nanos(time: Duration) -> u32 {
    u32::try_from(time.as_nanos()).unwrap_or(u32::MAX)
}

fn quantile(sorted: &[u32], share: f64) -> u32 {
    let place = (sorted.len() as f64 * share) as usize;
    sorted
        .get(place.min(sorted.len().saturating_sub(1)))
        .copied()
        .unwrap_or(0)
}

impl Times {
    fn told(&mut self) -> String {
        self.taken.sort_unstable();
        self.plain.sort_unstable();
        format!(
            "{:>6} / {:>6} ({:>9})",
            quantile(&self.taken, 0.5),
            quantile(&self.taken, 0.99),
            quantile(&self.plain, 0.5)
        )
    }
}

/// Runs a regime and prints its line: p50 / p99 in ns per kind of event, the plain scan's p50 beside it.
fn run(name: &str, mut world: World, events: usize) {
    let mut numbers = Numbers::new(7);
    let mut times: [Times; Event::KINDS] = std::array::from_fn(|_| Times::default());
    let mut whole = Duration::ZERO;
    for turn in 0..events {
        let Some(event) = world.next(&mut numbers) else {
            continue;
        };
        // The scan answers first, from the same state, as seldom as its cost asks for.
        let scanned = (turn % 500 == 0).then(|| {
            let began = Instant::now();
            let answer = world.scan(&event);
            (began.elapsed(), answer)
        });
        let began = Instant::now();
        let answer = world.happen(&event);
        let taken = began.elapsed();
        world.settle(&event, answer);
        whole += taken;
        let slot = &mut times[event.kind()];
        slot.taken.push(nanos(taken));
        if let Some((time, plain)) = scanned {
            assert_eq!(answer, plain, "{event:?}");
            slot.plain.push(nanos(time));
        }
    }
    let count: usize = times.iter().map(|t| t.taken.len()).sum();
    let rate = count as f64 / whole.as_secs_f64();
    let told: Vec<String> = times.iter_mut().map(Times::told).collect();
    println!("| {name:<34} | {} | {:>9.0} |", told.join(" | "), rate);
}

/// The same of the whole Distributor. What relaxes is due by time: it is counted per caller who takes a step.
fn run_whole(name: &str, mut whole: Whole, events: usize) {
    let mut times: [Times; Event::KINDS] = std::array::from_fn(|_| Times::default());
    let mut said = Vec::new();
    let (mut spent, mut count) = (Duration::ZERO, 0);
    for _ in 0..events {
        let step = whole.next();
        let kind = step.kind;
        let began = Instant::now();
        whole.handle(step, &mut said);
        let taken = began.elapsed();
        let relaxed = Whole::relaxed(&said);
        whole.settle(&mut said);
        spent += taken;
        count += kind.map_or(relaxed, |_| 1);
        match (kind, u32::try_from(relaxed)) {
            (Some(kind), _) => times[kind].taken.push(nanos(taken)),
            (None, Ok(relaxed)) if relaxed > 0 => times[3].taken.push(nanos(taken / relaxed)),
            _ => {}
        }
    }
    let rate = count as f64 / spent.as_secs_f64();
    let told: Vec<String> = times.iter_mut().map(Times::told).collect();
    println!("| {name:<34} | {} | {rate:>9.0} |", told.join(" | "));
}

fn main() {
    // `cargo test --benches` and the house's clippy run build this too; measuring is `cargo bench`.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    // `cargo bench -p router --bench decisions -- whole` leaves the first table out.
    let whole_alone = std::env::args().any(|argument| argument == "whole");
    let sites = sites();
    if !whole_alone {
        structure(&sites);
    }
    println!("| the whole Distributor | arrive | idle | abandon | relax | events/s |");
    println!("|---|---|---|---|---|---|");
    for site in sites {
        let agents = site.agents;
        let name = format!("{agents} agents, 23 % idle");
        run_whole(&name, Whole::new(site, agents * 23 / 100, 0), 200_000);
        let name = format!("{agents} agents, {} waiting", agents * 10);
        run_whole(&name, Whole::new(site, 0, agents * 10), 200_000);
    }
}

fn structure(sites: &[Site]) {
    println!("ns per event, p50 / p99 (p50 of the plain scan)");
    println!("| world | arrive | idle | abandon | relax | events/s |");
    println!("|---|---|---|---|---|---|");
    for site in sites {
        let (site, agents) = (*site, site.agents);
        run(
            &format!("{agents} agents, 23 % idle"),
            World::light(site),
            400_000,
        );
        let waiting = agents * 10;
        let name = format!("{agents} agents, {waiting} waiting");
        run(&name, World::full(site, waiting), 400_000);
    }
    run(
        "10000 agents of one queue, 1700 idle",
        World::one_queue(10_000, 1_700),
        200_000,
    );
    run(
        "10000 agents of all 2000 queues",
        World::all_queues(10_000, 2_000, 100_000),
        200_000,
    );
}

fn sites() -> [Site; 3] {
    [
        Site {
            agents: 100,
            queues: 20,
            skills: 10,
        },
        Site {
            agents: 1_000,
            queues: 200,
            skills: 50,
        },
        Site {
            agents: 10_000,
            queues: 2_000,
            skills: 200,
        },
    ]
}
