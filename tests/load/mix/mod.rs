//! The mix: thousands of calls with everything that a day brings, and crashes in between; then the log that is left must
//! decide the same again, its numbers must add up, and a rule that was changed must be noticed.
//!
//! Callers talk, are held, handed to a queue or to a colleague, with and without asking; they give up while they wait and
//! while a phone rings; queues are full, closed, unmanned, or take too long. Agents let it ring, decline, go and come back;
//! a supervisor moves callers and edits the company. Handling takes a second, the rules are a company's.

mod call;
mod desk;
mod engine;
mod join;
mod phone;
mod site;

use crate::server::{self, Server};
use desk::{Acts, Desk, Supervisor};
use engine::Engine;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

/// How much.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wish {
    pub(crate) calls: usize,
    /// Calls a second, by chance.
    pub(crate) cps: u64,
    pub(crate) kills: usize,
}

/// So many calls, with a crash in each thousand, are enough to judge forecasts.
const LEARNED: usize = 10_000;

/// What was seen on the way.
#[derive(Debug, Default)]
struct Seen {
    slowest_restart: Duration,
    /// By queue: callers with a forecast, and those within the quantile and within what was said.
    waits: BTreeMap<String, [f64; 3]>,
}

impl Seen {
    fn look(&mut self, server: &Server, token: &str) {
        for (queue, [callers, within, announced]) in desk::coverage(server.http(), token) {
            let sums = self.waits.entry(queue).or_default();
            let added = [callers, callers * within, callers * announced];
            for (sum, more) in sums.iter_mut().zip(added) {
                *sum += more;
            }
        }
    }

    /// Callers with a forecast, and the shares of them in percent within the quantile and within what was said.
    fn shares(&self) -> [f64; 3] {
        let sum = |part: usize| self.waits.values().map(|sums| sums[part]).sum::<f64>();
        let all = sum(0);
        let share = |part| 100.0 * sum(part) / all.max(1.0);
        [all, share(1), share(2)]
    }

    fn told(&self) -> String {
        let of_queue = |(queue, sums): (&String, &[f64; 3])| {
            let share = 100.0 * sums[1] / sums[0].max(1.0);
            format!("{queue} {share:.0} % of {:.0}", sums[0])
        };
        let parts: Vec<String> = self.waits.iter().map(of_queue).collect();
        let [all, within, announced] = self.shares();
        format!(
            "{all:.0} callers with a forecast, {within:.1} % within the quantile ({}), {announced:.1} % within what was said",
            parts.join(", ")
        )
    }

    /// What is foretold is learned from what came of it, which takes a long run.
    fn judge(&self, calls: usize, faults: &mut Vec<String>) {
        let [_, within, announced] = self.shares();
        let right = (75.0..=85.0).contains(&within) && announced >= 75.0;
        if calls >= LEARNED && !right {
            faults.push(format!("waits were foretold wrong: {}", self.told()));
        }
    }
}

pub(crate) fn run(wish: Wish) -> Result<(), String> {
    let mut server = site::start()?;
    // The supervisor edits nothing before that, so one company decides until then.
    let one_company = SystemTime::now() + Duration::from_millis(250 * (desk::CALM - 4));
    let token = server.token()?;
    let desk = Desk::new(server.http(), &token);
    let mut engine = Engine::new(server.sip, desk, site::AGENTS)?;
    engine.pause = Duration::from_secs(1) / u32::try_from(wish.cps.max(1)).unwrap_or(1);
    everybody_registers(&mut engine)?;
    let supervisor = Supervisor::start(server.http(), token.clone(), server.folder.clone());
    let (begun, mut seen) = (Instant::now(), Seen::default());
    for wave in 0..=wish.kills {
        engine.wanted = wish.calls * (wave + 1) / (wish.kills + 1);
        engine.begin();
        let limit = engine.pause * u32::try_from(wish.calls).unwrap_or(u32::MAX);
        if !engine.run_until(2 * limit, |engine| engine.calls.len() >= engine.wanted)? {
            return Err("the calls could not be placed in twice their time".to_owned());
        }
        if wave < wish.kills {
            // In the middle of what the last ones began.
            let moment = engine.dice.ms(0, 400);
            engine.run_until(moment, |_| false)?;
            seen.look(&server, &token);
            crash(&mut server, &mut engine, &mut seen)?;
        }
        println!(
            "mix: {:.0} s, {} calls, {} standing, {} repeats, {} faults",
            begun.elapsed().as_secs_f64(),
            engine.calls.len(),
            engine.standing,
            engine.tally.repeats,
            engine.tally.faults.len()
        );
    }
    if !engine.run_until(Duration::from_secs(90), |engine| engine.standing == 0)? {
        let fault = format!("{} calls stand after 90 s", engine.standing);
        engine.tally.faults.push(fault);
    }
    let acts = supervisor.stop()?;
    seen.look(&server, &token);
    end(server, &mut engine, wish, (acts, &seen), one_company)
}

fn everybody_registers(engine: &mut Engine) -> Result<(), String> {
    for phone in 0..engine.phones.len() {
        engine.register(phone);
    }
    let everybody = |engine: &Engine| engine.phones.iter().all(|phone| phone.registered);
    if engine.run_until(Duration::from_secs(40), everybody)? {
        return Ok(());
    }
    Err("not all phones could register within 40 s".to_owned())
}

/// `kill -9`, and everything goes on as it would.
fn crash(server: &mut Server, engine: &mut Engine, seen: &mut Seen) -> Result<(), String> {
    server.kill()?;
    engine.forget_all();
    seen.slowest_restart = seen.slowest_restart.max(server.restart()?);
    everybody_registers(engine)
}

fn end(
    server: Server,
    engine: &mut Engine,
    wish: Wish,
    (mut acts, seen): (Acts, &Seen),
    one_company: SystemTime,
) -> Result<(), String> {
    let mut faults = std::mem::take(&mut engine.tally.faults);
    faults.append(&mut acts.faults);
    faults.extend(join::rest(&server.folder)?);
    let folder = server.stop();
    let joined = join::join(&folder, &engine.calls)?;
    faults.extend(joined.faults);
    report(engine, wish, &acts, seen);
    for line in joined.lines {
        println!("  {line}");
    }
    seen.judge(wish.calls, &mut faults);
    prove(&folder, one_company, &mut faults)?;
    for fault in faults.iter().take(40) {
        println!("  FAULT {fault}");
    }
    if faults.is_empty() {
        return std::fs::remove_dir_all(&folder).map_err(|error| error.to_string());
    }
    Err(format!(
        "{} faults; the server's folder: {}",
        faults.len(),
        folder.display()
    ))
}

fn report(engine: &Engine, wish: Wish, acts: &Acts, seen: &Seen) {
    let cut = engine.calls.iter().filter(|call| call.cut).count();
    let talked = engine.calls.iter().filter(|call| call.joined.is_some());
    println!(
        "workload mix: {} calls, {} with an agent, {} kills, which cut {cut} calls off, slowest restart {} ms; {} were turned away, {} repeats",
        engine.calls.len(),
        talked.count(),
        wish.kills,
        seen.slowest_restart.as_millis(),
        engine.tally.turned_away,
        engine.tally.repeats
    );
    println!(
        "  supervisor: {} agents sent away, {} callers moved, {} closings, {} edits of the company",
        acts.agents, acts.callers, acts.closings, acts.edits
    );
    let commands = engine.tally.commands.iter();
    let commands: Vec<String> = commands
        .map(|((verb, status), count)| format!("{verb} {status}: {count}"))
        .collect();
    println!("  commands: {}", commands.join(", "));
    for (why, count) in &engine.tally.refusals {
        println!("    {count} times: {why}");
    }
    println!("  wait: {}", seen.told());
}

/// What commands say about the folder that was left.
fn prove(folder: &Path, one_company: SystemTime, faults: &mut Vec<String>) -> Result<(), String> {
    let to = site::moment(one_company);
    let file = |name: &str| folder.join(name).display().to_string();
    let (same, other) = (file("same.toml"), file("other.toml"));
    let checks: [(&[&str], bool); 4] = [
        (&["replay"], true),
        (&["metrics", "verify"], true),
        (&["replay", "--to", &to, "--company", &same], true),
        (&["replay", "--to", &to, "--company", &other], false),
    ];
    for (command, holds) in checks {
        let out = server::cordboard(folder, command)?;
        let text = String::from_utf8_lossy(&out.stdout).into_owned();
        let wrong = String::from_utf8_lossy(&out.stderr).into_owned();
        println!("  $ cordboard {}", command.join(" ").replace(&file(""), ""));
        for line in text.lines().filter(|line| !line.starts_with("agent ")) {
            println!("    {}", line.chars().take(240).collect::<String>());
        }
        let told = text.contains("the first difference is line");
        let right = match holds {
            // What could not be compared was not proven.
            true => out.status.success() && !text.contains("were not compared"),
            false => out.status.code() == Some(1) && told,
        };
        if !right {
            faults.push(format!("{}: {} {wrong}", command.join(" "), out.status));
        }
    }
    Ok(())
}
