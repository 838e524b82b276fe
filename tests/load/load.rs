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
//! soak  `--standing` calls at any moment for `--minutes`, of every kind, with agents who come and go; then nothing, and
//!    64 s later the server must hold what it held before the first call.
//!
//! Every speech packet carries leg, number and send time in its payload bytes, so that loss, delay and gaps are read
//! from what arrives. Only loopback addresses are used. `cargo bench --bench load -- B --calls 20 --talk 60`.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command for people"
)]

mod kill;
mod report;
mod rtp;
mod server;
mod sip;
mod soak;
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

fn run(name: &str, args: &[String]) -> Result<(), String> {
    let cps = flag(
        args,
        "--cps",
        if name == "B" || name == "D" { 10 } else { 50 },
    );
    let seconds = flag(args, "--seconds", 10);
    let calls = flag(args, "--calls", 20);
    let talk = flag(args, "--talk", 15);
    let (shape, plan) = match name {
        "A1" => (Shape::Silent, Plan::answer_only(cps, cps * seconds)),
        "A2" => (Shape::Prompt, Plan::answer_only(cps, cps * seconds)),
        "soak" => {
            return soak::run(soak::Wish {
                standing: flag(args, "--standing", 30) as usize,
                length: Duration::from_secs(60 * flag(args, "--minutes", 60)),
                calls: flag(args, "--at-least", 50 * flag(args, "--minutes", 60)) as usize,
            });
        }
        "K" => return kill::run(flag(args, "--kills", 50)),
        "B" | "D" => (
            Shape::Queue,
            Plan::talk(cps, calls, Duration::from_secs(talk)),
        ),
        other => {
            return Err(format!(
                "no workload {other}; there are A1, A2, B, D, K and soak"
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
        world.run_until_all_talk(Duration::from_secs(talk / 2))?;
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
