//! Agent ready to INVITE, seen from outside by SIPp: callers come at a rate to a queue in which somebody always waits, agents
//! hang up and are ready with that; the times are those of the messages that SIPp wrote down.
//!
//! **Owns**: the three runs of SIPp and the reading of their messages. **Must not know**: our own generator's clock, which
//! takes no part.

use crate::report;
use crate::server::{Server, Shape};
use crate::sip;
use std::collections::HashMap;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// What to do.
pub(crate) struct Wish {
    /// Callers a second.
    pub(crate) cps: u64,
    /// For so long callers come.
    pub(crate) length: Duration,
    /// Who talk for a second on average, so that a few less callers are served a second; fewer than `cps`, and somebody
    /// always waits.
    pub(crate) agents: usize,
}

/// In the first seconds nobody waits yet: agents who are ready then wait for callers.
const WARM_UP: f64 = 5.0;
/// What SIPp writes of the agents.
const MESSAGES: &str = "messages.log";
/// How long SIPp may take beyond what it has to do.
const PATIENCE: Duration = Duration::from_secs(60);
/// What the project promises, ms.
const PROMISED: f64 = 20.0;

const AGENTS: u16 = 15_090;
const CALLERS: u16 = 15_190;

/// SIPp, ended when dropped.
struct Sipp(Child);

impl Sipp {
    fn start(folder: &Path, scenario: &str, port: u16, more: &[String]) -> Result<Self, String> {
        let scenarios = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/load/sipp");
        let mut command = Command::new("sipp");
        command.current_dir(folder);
        command.arg("-sf").arg(scenarios.join(scenario));
        command.args(["-i", "127.0.0.1", "-mi", "127.0.0.1", "-p"]);
        command.args([
            port.to_string(),
            "-mp".to_owned(),
            (port + 1_000).to_string(),
        ]);
        command.args(more);
        // Messages are looked for each millisecond, and nothing is drawn.
        command.args(["-nostdin", "-trace_err", "-timer_resol", "1"]);
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        child
            .map(Self)
            .map_err(|error| format!("sipp cannot be started: {error}"))
    }

    /// Its end, which must be a good one.
    fn wait(&mut self, what: &str, limit: Duration) -> Result<(), String> {
        let until = Instant::now() + limit;
        while Instant::now() < until {
            match self.0.try_wait().map_err(|error| error.to_string())? {
                Some(status) if status.success() => return Ok(()),
                Some(status) => return Err(format!("{what}: sipp ended with {status}")),
                None => std::thread::sleep(Duration::from_millis(50)),
            }
        }
        Err(format!("{what}: sipp still runs after {limit:?}"))
    }
}

impl Drop for Sipp {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn arguments(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// Who registers, as SIPp reads it.
fn register_file(folder: &Path, agents: usize) -> Result<(), String> {
    let rows = (0..agents).map(|agent| {
        let extension = sip::extension(agent);
        format!("{extension};[authentication username={extension} password=load-{agent}]\n")
    });
    let text = format!("SEQUENTIAL\n{}", rows.collect::<String>());
    std::fs::write(folder.join("agents.csv"), text).map_err(|error| error.to_string())
}

/// Runs it and prints the figures.
pub(crate) fn run(wish: &Wish) -> Result<(), String> {
    let server = Server::start(Shape::Silent, wish.agents)?;
    let target = server.sip.to_string();
    let folder = server.folder.join("sipp");
    std::fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
    register_file(&folder, wish.agents)?;
    let agents = wish.agents.to_string();
    let row = [&target, "-inf", "agents.csv", "-m", &agents, "-r", &agents];
    let row = arguments(&row);
    Sipp::start(&folder, "register.xml", AGENTS, &row)?.wait("register", PATIENCE)?;
    let tracing = arguments(&["-trace_msg", "-message_file", MESSAGES]);
    let answering = Sipp::start(&folder, "agents.xml", AGENTS, &tracing)?;
    // Until it listens; who is called a moment too early is called again.
    std::thread::sleep(Duration::from_secs(1));
    let before = server.usage()?;
    let calls = wish.cps * wish.length.as_secs();
    let (cps, count) = (wish.cps.to_string(), calls.to_string());
    let row = [
        &target, "-s", "9000", "-r", &cps, "-m", &count, "-l", &count,
    ];
    let mut callers = Sipp::start(&folder, "callers.xml", CALLERS, &arguments(&row))?;
    let served = callers.wait("callers", 2 * wish.length + PATIENCE);
    let cpu = server.usage()?.cpu_ms - before.cpu_ms;
    // What SIPp still has to write.
    std::thread::sleep(Duration::from_secs(1));
    drop(answering);
    let left = server.stop();
    served.map_err(|error| format!("{error}; the server's folder: {}", left.display()))?;
    println!(
        "{calls} callers at {cps} a second, {agents} agents; {:.2} ms CPU a call",
        cpu / calls as f64
    );
    tell(&folder.join(MESSAGES))
}

fn tell(messages: &Path) -> Result<(), String> {
    let text = std::fs::read(messages).map_err(|error| error.to_string())?;
    let waits = waits(&String::from_utf8_lossy(&text));
    if waits.is_empty() {
        return Err("SIPp wrote down no agent who was called again".to_owned());
    }
    report::line("agent's BYE -> next INVITE, by SIPp", &waits);
    let late = waits.iter().filter(|ms| **ms > PROMISED).count();
    println!("  later than {PROMISED:.0} ms: {late} of {}", waits.len());
    Ok(())
}

/// From each BYE of an agent to the next INVITE for the same agent, ms, once callers wait. A repeated BYE counts from the
/// first, a repeated INVITE not at all.
fn waits(messages: &str) -> Vec<f64> {
    let (mut agent_of, mut ready, mut waits) = (HashMap::new(), HashMap::new(), Vec::new());
    let mut first = None;
    for message in messages
        .split("\n-----------------------------------------------")
        .map(Message::read)
    {
        let Some(message) = message else { continue };
        if message.received && message.line.starts_with("INVITE sip:") {
            let agent = message.line.trim_start_matches("INVITE sip:");
            let agent = agent.split('@').next().unwrap_or_default();
            if agent_of.insert(message.call, agent).is_some() {
                continue;
            }
            let begun = *first.get_or_insert(message.at);
            if let Some(since) = ready.remove(agent)
                && since - begun > WARM_UP
            {
                waits.push((message.at - since) * 1e3);
            }
        } else if !message.received
            && message.line.starts_with("BYE ")
            && let Some(agent) = agent_of.get(message.call)
        {
            ready.entry(*agent).or_insert(message.at);
        }
    }
    waits
}

/// One message as SIPp writes it down.
struct Message<'a> {
    /// Seconds since 1970, by the clock of the place.
    at: f64,
    received: bool,
    line: &'a str,
    call: &'a str,
}

impl<'a> Message<'a> {
    fn read(text: &'a str) -> Option<Self> {
        let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let at = clock(lines.next()?)?;
        let received = lines.next()?.contains("received");
        let line = lines.next()?;
        let call = lines.find_map(|line| line.strip_prefix("Call-ID:"))?;
        Some(Self {
            at,
            received,
            line,
            call: call.trim(),
        })
    }
}

/// `2026-11-23 00:04:31.567623`, perhaps with more behind it, in seconds since 1970.
fn clock(stamp: &str) -> Option<f64> {
    let mut parts = stamp.trim_matches('-').split_whitespace();
    let text = format!("{}T{}Z", parts.next()?, parts.next()?);
    let at: jiff::Timestamp = text.parse().ok()?;
    Some(at.as_duration().as_secs_f64())
}
