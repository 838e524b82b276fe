//! The soak: hours of ordinary days. Callers who press keys, wait, give up and talk; agents on UDP and TCP who answer,
//! decline, let it ring, register again, lose their connections and dial codes. Then nothing, and everything the server
//! holds must be what it held before the first call.

mod agent;
mod call;
mod engine;
mod join;
mod site;
pub(crate) mod text;
mod watch;

use crate::server::Server;
use engine::{Engine, Tally, What};
use site::Ports;
use std::process::Command;
use std::time::{Duration, Instant};
use watch::{Held, Samples, Watcher};

/// Timers of SIP (32 s at most) and resting ports (30 s) are over after this time, threads for odd jobs (10 s) too.
const REST: Duration = Duration::from_secs(64);
/// What the memory does while the server warms up is not its slope.
const WARMING: f64 = 600.0;
/// Resident memory may rise so much in an hour, MiB.
const SLOPE: f64 = 4.0;

/// How long, how much.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wish {
    pub(crate) standing: usize,
    pub(crate) length: Duration,
    /// The fewest calls that make it count.
    pub(crate) calls: usize,
}

pub(crate) fn run(wish: Wish) -> Result<(), String> {
    let (mut server, ports) = site::start()?;
    let token = token(&server)?;
    let mut engine = Engine::new(ports.sip, agent::phones())?;
    let idle = warm_start(&mut server, ports, &mut engine)?;
    println!("soak: idle: {}", told(&idle));
    let watcher = Watcher::start(server.pid(), ports, token, engine.agents.len());
    traffic(&mut engine, wish)?;
    let samples = watcher.stop()?;
    let left = rest(&mut engine, &server, ports, &idle, wish)?;
    let joined = join::join(&server.folder, &engine.calls)?;
    let mut faults = std::mem::take(&mut engine.tally.faults);
    faults.extend(left);
    faults.extend(joined.faults);
    let slope = slope(&samples, wish, &mut faults);
    if engine.calls.len() < wish.calls {
        faults.push(format!("{} calls of {}", engine.calls.len(), wish.calls));
    }
    report(
        &engine,
        &samples,
        slope,
        (joined.records, joined.recordings),
    );
    for fault in faults.iter().take(40) {
        println!("  FAULT {fault}");
    }
    let folder = server.stop();
    if faults.is_empty() {
        return std::fs::remove_dir_all(&folder).map_err(|error| error.to_string());
    }
    Err(format!(
        "{} faults; the server's folder: {}",
        faults.len(),
        folder.display()
    ))
}

/// Registers everybody, restarts the server, and measures once it is quiet: phones on UDP do nothing about the restart,
/// phones on TCP come back.
fn warm_start(server: &mut Server, ports: Ports, engine: &mut Engine) -> Result<Held, String> {
    let second = Duration::from_secs(1);
    for agent in 0..engine.agents.len() {
        engine.register(agent, 3600)?;
    }
    let everybody = |engine: &Engine| engine.agents.iter().all(|agent| agent.registered);
    if !engine.run_until(20 * second, everybody)? {
        return Err("not all agents could register".to_owned());
    }
    engine.run_until(second, |_| false)?;
    server.kill()?;
    server.restart()?;
    for agent in (0..engine.agents.len())
        .filter(|agent| engine.agents[*agent].tcp)
        .collect::<Vec<_>>()
    {
        engine.agents[agent].registered = false;
        engine.disconnect(agent);
        engine.register(agent, 3600)?;
    }
    if !engine.run_until(20 * second, everybody)? {
        return Err("not all agents were back after the restart".to_owned());
    }
    // The runtime's threads for odd jobs end after 10 s of nothing.
    engine.run_until(14 * second, |_| false)?;
    engine.tally = Tally::default();
    watch::held(server.pid(), ports)
}

fn traffic(engine: &mut Engine, wish: Wish) -> Result<(), String> {
    engine.begun = Instant::now();
    let spread = wish.length.mul_f64(0.1).min(Duration::from_secs(30));
    for place in 0..wish.standing {
        let after = spread.mul_f64(place as f64 / wish.standing as f64);
        engine.at(after, What::NewCall);
    }
    for agent in 0..engine.agents.len() {
        let after = engine.dice.ms(1_000, 60_000);
        engine.at(after, What::Chore(agent));
    }
    let mut left = wish.length;
    while !left.is_zero() {
        let step = left.min(Duration::from_secs(60));
        engine.run_until(step, |_| false)?;
        left -= step;
        let (tally, minutes) = (&engine.tally, engine.begun.elapsed().as_secs() / 60);
        println!(
            "soak: minute {minutes}: {} calls, {} standing, {} offers, {} faults",
            engine.calls.len(),
            engine.standing,
            tally.offers,
            tally.faults.len()
        );
        for fault in tally.faults.iter().rev().take(3) {
            println!("  so far: {fault}");
        }
    }
    Ok(())
}

/// Stops everything, waits, and tells what has not come back to idle. A short round ends as soon as all has.
fn rest(
    engine: &mut Engine,
    server: &Server,
    ports: Ports,
    idle: &Held,
    wish: Wish,
) -> Result<Vec<String>, String> {
    engine.stop_calls();
    let second = Duration::from_secs(1);
    if !engine.run_until(30 * second, Engine::all_at_rest)? {
        return Ok(vec![
            "calls or registrations were not over after 30 s".to_owned(),
        ]);
    }
    let until = Instant::now() + REST;
    let mut left = Vec::new();
    while Instant::now() < until {
        let whole = wish.length > Duration::from_secs(120);
        let step = if whole { REST } else { second };
        engine.run_until(step, |_| false)?;
        left = watch::differences(idle, &watch::held(server.pid(), ports)?);
        if left.is_empty() {
            break;
        }
    }
    Ok(left)
}

/// The slope after warming up, when there is enough of it to tell.
fn slope(samples: &Samples, wish: Wish, faults: &mut Vec<String>) -> Option<f64> {
    let warm: Vec<(f64, f64)> = samples
        .memory
        .iter()
        .copied()
        .filter(|at| at.0 >= WARMING)
        .collect();
    let slope =
        (wish.length.as_secs_f64() > 2.0 * WARMING).then(|| watch::slope_per_hour(&warm))?;
    if slope > SLOPE {
        faults.push(format!("resident memory rises by {slope:.2} MiB/h"));
    }
    Some(slope)
}

fn report(engine: &Engine, samples: &Samples, slope: Option<f64>, kept: (usize, usize)) {
    let tally = &engine.tally;
    let answered = engine
        .calls
        .iter()
        .filter(|call| call.answered.is_some())
        .count();
    let talks = engine
        .calls
        .iter()
        .filter(|call| call.talked().is_some_and(|talk| talk > 0.0))
        .count();
    let standing = tally.standing.0 as f64 / tally.standing.1.max(1) as f64;
    println!(
        "workload soak: {} calls, {answered} with a 200, {talks} ended talks or waits; {standing:.1} standing on average; \
         {} records, {} recordings",
        engine.calls.len(),
        kept.0,
        kept.1
    );
    println!(
        "  {} offers, {} declined, {} not answered; {} registrations, {} connections, {} codes, {} moves by the API; \
         {} repeats; speech packets heard {}, missing {}",
        tally.offers,
        tally.declined,
        tally.unanswered,
        tally.registrations,
        tally.connections,
        tally.codes,
        samples.moved,
        tally.repeats,
        tally.packets,
        tally.missing
    );
    println!("  most at once: {}", told(&samples.most));
    let at = |place: usize| samples.memory.get(place).map_or(f64::NAN, |at| at.1);
    let last = samples.memory.len().saturating_sub(1);
    println!(
        "  memory {:.1} MiB at the start, {:.1} after 10 minutes, {:.1} at the end; slope {}",
        at(0),
        at(600.min(last)),
        at(last),
        slope.map_or_else(
            || "not judged: too short".to_owned(),
            |slope| format!("{slope:.2} MiB/h")
        )
    );
}

fn told(held: &Held) -> String {
    let parts: Vec<String> = held
        .iter()
        .map(|(name, value)| format!("{name} {value}"))
        .collect();
    parts.join(", ")
}

fn token(server: &Server) -> Result<String, String> {
    let out = Command::new(env!("CARGO_BIN_EXE_cordboard"))
        .args(["token", "create", "--role", "admin", "--config"])
        .arg(server.folder.join("cordboard.toml"))
        .output()
        .map_err(|error| error.to_string())?;
    let text = String::from_utf8_lossy(&out.stdout).trim().to_owned();
    if text.is_empty() {
        return Err(String::from_utf8_lossy(&out.stderr).into_owned());
    }
    Ok(text)
}
