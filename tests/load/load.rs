//! The load generator: callers and agents in one process and one clock, against the real binary on loopback.
//!
//! Workloads (figures and peers in BENCHMARKS.md):
//! A1  INVITE, answered, silence, caller's BYE 1 s after the 200. `--cps`, `--seconds`.
//! A2  the same with a prompt of 1.000 s played during that second.
//! B   INVITE, prompt of 1.000 s, queue, an agent rings 100 ms and answers, speech both ways from both ends,
//!     recorded; caller's BYE `--talk` seconds after first hearing the agent. `--calls` at once, `--cps` to get there.
//! D   B, then `kill -9` of the server `--talk` / 2 seconds after all are bridged; restart; what is left.
//!
//! K  20 calls at 20 a second, `kill -9` at a moment between 0 and 6 s or right before or after a durable step, restart;
//!    again and again (`--kills`, three servers beside each other), each time joined with what the generator saw: who got a 200 has one closed record, no agent is left busy, audio is there.
//!
//! legs  `--calls` stand for `--talk` seconds, once for each kind of leg: agents on plain RTP, in browsers by PCMU and by
//!    Opus, with a colleague in the call, with a supervisor who listens; `--rounds`, or one kind by name: `legs three-way`.
//!
//! C   `--callers` wait in silence while nobody is ready; then `--agents` become ready at once; then each has a caller for
//!     `--handling` seconds until everybody is served. `--rate`: agents first, callers at that rate.
//!
//! ready  the same measured by SIPp, with no part of ours but the server: callers at `--cps` for `--seconds` to a queue in which
//!    somebody always waits, and from each agent's BYE to the next INVITE for that agent.
//!
//! relay  B by turns with rtpengine, which only relays the same packets: what a call costs as a multiple of a bare relay.
//!
//! soak  `--standing` calls at any moment for `--minutes`, of every kind, with agents who come and go; then nothing, and
//!    64 s later the server must hold what it held before the first call.
//!
//! mix  `--calls` with transfers, overflows, refusals, people who give up, and `--kills` crashes in between; then the log that is
//!    left is replayed and its numbers are proven.
//!
//! screens  B for `--seconds` at 20 a second, with 100 desks and 20 wallboards on WebSocket: how late changes are on them.
//!
//! Every speech packet carries leg, number and send time in its payload bytes, so that loss, delay and gaps are read
//! from what arrives. Only loopback addresses are used. `cargo bench --bench load -- B --calls 20 --talk 60`.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command for people"
)]

mod dice;
mod due;
mod kill;
mod legs;
mod mix;
mod ready;
mod relay;
mod report;
mod rtp;
mod screens;
mod server;
#[path = "../support/phone/shield.rs"]
#[allow(
    dead_code,
    clippy::unwrap_used,
    reason = "the test phone's: it asks more of it, and is a test"
)]
mod shield;
mod sip;
mod soak;
mod voice;
mod waiting;
mod world;

use server::{Server, Shape};
use std::time::Duration;
use world::{Plan, World};

fn main() {
    let args: Vec<String> = std::env::args()
        .skip(1)
        .filter(|arg| arg != "--bench")
        .collect();
    let outcome = match args.first().map(String::as_str) {
        None => ["A1", "A2", "B"]
            .into_iter()
            .try_for_each(|name| run(name, &["--seconds".into(), "10".into()])),
        Some(name) => run(name, args.get(1..).unwrap_or_default()),
    };
    if let Err(error) = outcome {
        eprintln!("load: {error}");
        std::process::exit(1);
    }
}

fn flag(args: &[String], name: &str, default: u64) -> u64 {
    args.iter()
        .position(|arg| arg == name)
        .and_then(|at| args.get(at + 1))
        .and_then(|value| value.parse().ok())
        .unwrap_or(default)
}

/// The workloads that start their own servers; none: another one.
fn apart(name: &str, args: &[String]) -> Option<Result<(), String>> {
    let seconds = |name, default| Duration::from_secs(flag(args, name, default));
    let result = match name {
        "soak" => soak::run(soak::Wish {
            standing: flag(args, "--standing", 30) as usize,
            length: 60 * seconds("--minutes", 60),
            calls: flag(args, "--at-least", 50 * flag(args, "--minutes", 60)) as usize,
        }),
        "legs" => {
            let which = args.first().filter(|arg| !arg.starts_with("--"));
            let which = which.map_or("", String::as_str);
            let (calls, rounds) = (flag(args, "--calls", 20), flag(args, "--rounds", 1));
            legs::run(which, calls, seconds("--talk", 6), rounds)
        }
        "C" => waiting::run(&waiting::Wish {
            callers: flag(args, "--callers", 1_000),
            agents: flag(args, "--agents", 100) as usize,
            handling: seconds("--handling", 2),
            rate: flag(args, "--rate", 0),
        }),
        "ready" => ready::run(&ready::Wish {
            cps: flag(args, "--cps", 50),
            length: seconds("--seconds", 60),
            agents: flag(args, "--agents", 45) as usize,
        }),
        "relay" => {
            let (calls, rounds) = (flag(args, "--calls", 150), flag(args, "--rounds", 3));
            relay::run(calls, seconds("--talk", 15), rounds)
        }
        "mix" => {
            let calls = flag(args, "--calls", 10_000) as usize;
            mix::run(mix::Wish {
                calls,
                cps: flag(args, "--cps", 16),
                kills: flag(args, "--kills", (calls as u64 / 1_000).max(2)) as usize,
            })
        }
        "K" => kill::run(flag(args, "--kills", 50)),
        "screens" => screens::run(screens::Wish {
            cps: flag(args, "--cps", 20),
            seconds: flag(args, "--seconds", 10),
            p99: Duration::from_millis(300),
        }),
        _ => return None,
    };
    Some(result)
}

fn run(name: &str, args: &[String]) -> Result<(), String> {
    if let Some(result) = apart(name, args) {
        return result;
    }
    let cps = flag(
        args,
        "--cps",
        if name == "B" || name == "D" { 10 } else { 50 },
    );
    let seconds = flag(args, "--seconds", 10);
    let calls = flag(args, "--calls", 20);
    let talk = Duration::from_secs(flag(args, "--talk", 15));
    let (shape, plan) = match name {
        "A1" => (Shape::Silent, Plan::answer_only(cps, cps * seconds)),
        "A2" => (Shape::Prompt, Plan::answer_only(cps, cps * seconds)),
        "B" | "D" => (Shape::Queue, Plan::talk(cps, calls, talk)),
        other => {
            return Err(format!(
                "no workload {other}; there are A1, A2, B, C, D, K, legs, mix, relay, soak and screens"
            ));
        }
    };
    let agents = if plan.talk.is_some() {
        calls as usize + 5
    } else {
        0
    };
    let mut server = Server::start(shape, agents)?;
    let mut world = World::new(&server, plan)?;
    world.register_agents()?;
    // Start-up and registration are not the workload.
    std::thread::sleep(Duration::from_millis(500));
    let before = server.usage()?;
    if name == "D" {
        world.run_until_all_talk(talk / 2)?;
        let bridged = world.talking();
        server.kill()?;
        return report::after_kill(&mut server, bridged);
    }
    world.run()?;
    let after = server.usage()?;
    report::print(name, &world, before, after);
    let kept = server.stop();
    report::verdict(&world).inspect_err(|_| eprintln!("the server's folder: {}", kept.display()))
}
