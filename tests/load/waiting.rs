//! Callers who wait in silence, nobody there to take them; then agents who become ready all at once; then one hand-over after
//! the other until everybody is served. With `rate`, agents are ready first and callers come at that rate. Afterwards the log
//! must decide the same again, and its numbers must add up.

use crate::report;
use crate::server::{self, Server, Shape, Usage};
use crate::world::{Plan, World};
use std::path::Path;
use std::time::{Duration, Instant};

/// What to do.
pub(crate) struct Wish {
    pub(crate) callers: u64,
    pub(crate) agents: usize,
    /// How long an agent has each caller: agents divided by this are hand-overs a second.
    pub(crate) handling: Duration,
    /// Callers a second to agents who are ready already; 0: all wait first.
    pub(crate) rate: u64,
}

/// CPU at rest is taken over this long.
const REST: Duration = Duration::from_secs(10);

/// All callers wait, then all agents become ready. What the server had used before that.
fn wait_first(wish: &Wish, server: &Server, world: &mut World) -> Result<Usage, String> {
    world.all_wait()?;
    world.go_on(Duration::from_secs(3))?;
    let before = server.usage()?;
    world.go_on(REST)?;
    let rest = server.usage()?.cpu_ms - before.cpu_ms;
    println!(
        "{} callers wait in silence: {:.2} % of a core, {:.1} MB",
        wish.callers,
        rest / REST.as_secs_f64() / 10.0,
        before.rss_kb / 1e3
    );
    let before = server.usage()?;
    let burst = world.all_ready()?;
    println!(
        "{} agents ready at once: all INVITEs {:.0} ms after the first 200 to a REGISTER",
        wish.agents,
        burst.as_secs_f64() * 1e3
    );
    report::line("their 200 -> INVITE", &world.figures.ready_to_invite);
    world.figures.ready_to_invite.clear();
    Ok(before)
}

/// What two commands say about the folder that was left.
fn prove(folder: &Path) -> Result<(), String> {
    for command in [&["replay"][..], &["metrics", "verify"]] {
        let out = server::cordboard(folder, command)?;
        let text = String::from_utf8_lossy(&out.stdout);
        let last = text.lines().last().unwrap_or_default();
        println!("  {}: {last}", command.join(" "));
        if !out.status.success() {
            return Err(format!("{}: {text}", command.join(" ")));
        }
    }
    Ok(())
}

/// Runs it and prints the figures.
pub(crate) fn run(wish: &Wish) -> Result<(), String> {
    let server = Server::start(Shape::Silent, wish.agents)?;
    let cps = if wish.rate == 0 { 100 } else { wish.rate };
    let mut world = World::new(&server, Plan::wait(cps, wish.callers, wish.handling))?;
    let before = if wish.rate == 0 {
        wait_first(wish, &server, &mut world)?
    } else {
        world.register_agents()?;
        let before = server.usage()?;
        world.begin();
        before
    };
    let began = Instant::now();
    world.all_served()?;
    let served = world.figures.done as f64;
    let took = began.elapsed().as_secs_f64();
    let cpu = server.usage()?.cpu_ms - before.cpu_ms;
    println!(
        "{served} callers served, {:.0} a second, {:.2} ms CPU each",
        served / took,
        cpu / served.max(1.0)
    );
    if wish.rate == 0 {
        report::line("agent's BYE -> next INVITE", &world.figures.ready_to_invite);
    } else {
        // Counted from the end of a prompt of a second, which these callers do not hear.
        let after = world.figures.queue_to_invite.iter();
        let after: Vec<f64> = after.map(|ms| ms + 1_000.0).collect();
        report::line("caller's 200 -> agent's INVITE", &after);
    }
    println!(
        "  {} failed, {} retransmissions",
        world.figures.failed, world.figures.retransmissions
    );
    let folder = server.stop();
    report::verdict(&world)
        .and_then(|()| prove(&folder))
        .inspect_err(|_| eprintln!("the server's folder: {}", folder.display()))
}
