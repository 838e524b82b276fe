//! What a leg costs while it stands: the same calls with agents on plain RTP, in browsers by PCMU and by Opus, with a
//! colleague in the call, with a supervisor who listens. Only the standing is measured, not the way there.

use crate::server::{Server, Shape, Usage};
use crate::world::{Line, Plan, World};
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

/// Registrations, caches and the first packets are over.
const SETTLE: Duration = Duration::from_secs(2);

/// A kind of call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Kind {
    name: &'static str,
    line: Line,
    third: Third,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Third {
    Nobody,
    /// A colleague, after a consultation: three hear each other.
    Colleague,
    /// A supervisor who listens.
    Supervisor,
}

const KINDS: [Kind; 6] = [
    kind("plain", Line::Plain, Third::Nobody),
    kind("browser-pcmu", Line::Browser, Third::Nobody),
    kind("browser-opus", Line::BrowserInOpus, Third::Nobody),
    kind("three-way", Line::Plain, Third::Colleague),
    kind("listened", Line::Plain, Third::Supervisor),
    kind("listened-opus", Line::BrowserInOpus, Third::Supervisor),
];

const fn kind(name: &'static str, line: Line, third: Third) -> Kind {
    Kind { name, line, third }
}

/// What one kind cost.
struct Cost {
    /// CPU of the server, ms a call-second: thousandths of a core a call.
    cpu: f64,
    /// Resident memory that the calls added, kB a call.
    memory: f64,
    /// Packets that the leg which heard fewest got of those it should, 0 to 1.
    heard: f64,
}

/// Runs the kinds whose name begins with `which`, one after the other, `rounds` times.
pub(crate) fn run(which: &str, calls: u64, talk: Duration, rounds: u64) -> Result<(), String> {
    let kinds: Vec<Kind> = KINDS
        .into_iter()
        .filter(|kind| kind.name.starts_with(which))
        .collect();
    if kinds.is_empty() {
        let names: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
        return Err(format!("no kind {which}; there are {}", names.join(", ")));
    }
    println!(
        "{calls} calls at once, {} s of talk, CPU and memory of the server:",
        talk.as_secs()
    );
    for _ in 0..rounds {
        for kind in &kinds {
            let cost = measure(*kind, calls, talk)?;
            println!(
                "  {:<14} {:>6.2} ms a call-second   {:>6.0} kB a call   {:>5.1} % of packets heard by the leg that heard fewest",
                kind.name,
                cost.cpu,
                cost.memory,
                cost.heard * 100.0
            );
            // What is mixed or decoded keeps its own time: a generator that falls behind leaves holes.
            if cost.heard < 0.5 {
                return Err(format!("{}: a leg heard too little", kind.name));
            }
        }
    }
    Ok(())
}

fn measure(kind: Kind, calls: u64, talk: Duration) -> Result<Cost, String> {
    let folder = std::env::temp_dir().join(format!("cordboard-legs-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    let opus = if kind.line == Line::BrowserInOpus {
        "first"
    } else {
        "off"
    };
    let environment = vec![("CORDBOARD__MEDIA__OPUS".to_owned(), opus.to_owned())];
    let agents = 2 * calls as usize + 5;
    let shape = (Shape::Queue, agents);
    let server = Server::start_at(folder.clone(), Ipv4Addr::LOCALHOST, shape, environment)?;
    let mut world = World::new(&server, Plan::steady(calls, kind.line))?;
    world.register_agents()?;
    world.go_on(SETTLE)?;
    let idle = server.usage()?;
    world.talk_all()?;
    bring_in(kind.third, &server, &mut world)?;
    world.go_on(SETTLE)?;
    let (before, heard_before) = (server.usage()?, world.heard());
    world.go_on(talk)?;
    let (after, heard_after) = (server.usage()?, world.heard());
    world.hang_up_all()?;
    let cost = cost_of((idle, before, after), calls as f64, talk);
    let wanted = talk.as_secs_f64() * 50.0;
    let heard = heard_after.iter().zip(&heard_before);
    let fewest = heard.map(|(after, before)| (after - before) as f64 / wanted);
    drop(server);
    let _ = std::fs::remove_dir_all(&folder);
    Ok(Cost {
        heard: fewest.fold(f64::MAX, f64::min),
        ..cost
    })
}

fn cost_of((idle, before, after): (Usage, Usage, Usage), calls: f64, talk: Duration) -> Cost {
    Cost {
        cpu: (after.cpu_ms - before.cpu_ms) / calls / talk.as_secs_f64(),
        memory: (after.rss_kb - idle.rss_kb) / calls,
        heard: 0.0,
    }
}

fn bring_in(third: Third, server: &Server, world: &mut World) -> Result<(), String> {
    if third == Third::Nobody {
        return Ok(());
    }
    let token = server.token()?;
    let api = Api {
        server: server.http(),
        token,
    };
    let interactions = world.interactions();
    for interaction in &interactions {
        let agent = world.take_free_agent().ok_or("no agent is free")?;
        let (verb, body) = match third {
            Third::Supervisor => (
                "monitor",
                format!(
                    "{{\"mode\":\"listen\",\"extension\":\"{}\"}}",
                    crate::sip::extension(agent)
                ),
            ),
            _ => ("consult", format!("{{\"to\":{{\"agent\":\"a{agent}\"}}}}")),
        };
        api.post(interaction, verb, &body)?;
        world.go_on(Duration::from_millis(20))?;
    }
    world.wait_helpers()?;
    if third == Third::Colleague {
        for interaction in &interactions {
            api.post(interaction, "merge", "")?;
        }
    }
    Ok(())
}

struct Api {
    server: SocketAddr,
    token: String,
}

impl Api {
    fn post(&self, interaction: &str, verb: &str, body: &str) -> Result<(), String> {
        let told = |error: std::io::Error| format!("{verb}: {error}");
        let mut stream = TcpStream::connect(self.server).map_err(told)?;
        let kind = if body.is_empty() {
            ""
        } else {
            "Content-Type: application/json\r\n"
        };
        let request = format!(
            "POST /api/v1/calls/{interaction}/{verb} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\
             Authorization: Bearer {}\r\n{kind}Content-Length: {}\r\n\r\n{body}",
            self.server,
            self.token,
            body.len()
        );
        stream.write_all(request.as_bytes()).map_err(told)?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).map_err(told)?;
        if answer.starts_with("HTTP/1.1 204") {
            Ok(())
        } else {
            Err(format!("{verb} {interaction}: {answer}"))
        }
    }
}
