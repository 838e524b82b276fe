//! What people do with a mouse: agents' commands for a call, on threads of their own so that no phone waits for them, and a
//! supervisor who moves agents and callers, closes a queue and edits the company.

use super::site;
use crate::dice::Dice;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// A command for a call: what it is, its interaction, its body.
#[derive(Clone, Debug)]
pub(crate) struct Wish {
    pub(crate) call: usize,
    pub(crate) verb: &'static str,
    pub(crate) interaction: String,
    pub(crate) body: String,
}

/// What became of a command; 0 when the server is not there.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) call: usize,
    pub(crate) verb: &'static str,
    pub(crate) status: u16,
    /// Why not, in the server's words.
    pub(crate) why: String,
}

/// Who carries commands out beside each other.
const HANDS: usize = 3;

/// The desks of all agents.
#[derive(Debug)]
pub(crate) struct Desk {
    hands: Vec<SyncSender<Wish>>,
    told: Receiver<Told>,
}

impl Desk {
    pub(crate) fn new(server: SocketAddr, token: &str) -> Self {
        let (tell, told) = sync_channel(1_024);
        let hand = |_| {
            let (sender, wishes) = sync_channel::<Wish>(1_024);
            let (tell, token) = (tell.clone(), token.to_owned());
            std::thread::spawn(move || {
                for wish in wishes {
                    let path = format!("/api/v1/calls/{}/{}", wish.interaction, wish.verb);
                    let (status, why) = ask(server, &token, ("POST", &path), &wish.body);
                    let told = Told {
                        call: wish.call,
                        verb: wish.verb,
                        status,
                        why: detail(&why),
                    };
                    if tell.send(told).is_err() {
                        return;
                    }
                }
            });
            sender
        };
        let hands = (0..HANDS).map(hand).collect();
        Self { hands, told }
    }

    /// False when its hands are full.
    pub(crate) fn ask(&self, wish: Wish) -> bool {
        let hand = self.hands.get(wish.call % HANDS);
        hand.is_some_and(|hand| hand.try_send(wish).is_ok())
    }

    pub(crate) fn told(&self) -> Option<Told> {
        self.told.try_recv().ok()
    }
}

fn detail(body: &str) -> String {
    let problem: serde_json::Value = serde_json::from_str(body).unwrap_or_default();
    problem["detail"].as_str().unwrap_or_default().to_owned()
}

/// Status and body; status 0 when there is no answer.
pub(crate) fn ask(
    server: SocketAddr,
    token: &str,
    (method, path): (&str, &str),
    body: &str,
) -> (u16, String) {
    answer(server, token, (method, path), body).unwrap_or_default()
}

fn answer(
    server: SocketAddr,
    token: &str,
    (method, path): (&str, &str),
    body: &str,
) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect(server).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
    let kind = if body.is_empty() {
        ""
    } else {
        "Content-Type: application/json\r\n"
    };
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: {server}\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n{kind}\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .ok()?;
    let mut text = Vec::new();
    stream.read_to_end(&mut text).ok()?;
    let text = String::from_utf8_lossy(&text);
    let status = text.split(' ').nth(1)?.parse().ok()?;
    let body = text.split_once("\r\n\r\n")?.1;
    Some((status, body.to_owned()))
}

/// A supervisor, until stopped.
#[derive(Debug)]
pub(crate) struct Supervisor {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Acts>,
}

/// What a supervisor did that was done.
#[derive(Clone, Debug, Default)]
pub(crate) struct Acts {
    pub(crate) agents: u64,
    pub(crate) callers: u64,
    pub(crate) closings: u64,
    pub(crate) edits: u64,
    /// What was refused that must not be.
    pub(crate) faults: Vec<String>,
}

/// One act each so often.
const BEAT: Duration = Duration::from_millis(250);
/// Beats before the first edit: until then the log has one company.
pub(crate) const CALM: u64 = 48;

impl Supervisor {
    pub(crate) fn start(server: SocketAddr, token: String, folder: PathBuf) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let floor = Floor {
            server,
            token,
            folder,
            dice: Dice(0xf100),
            acts: Acts::default(),
            closed: false,
        };
        let told = Arc::clone(&stop);
        let thread = std::thread::spawn(move || floor.run(&told));
        Self { stop, thread }
    }

    pub(crate) fn stop(self) -> Result<Acts, String> {
        self.stop.store(true, Ordering::Release);
        let died = |_| "the supervisor died".to_owned();
        self.thread.join().map_err(died)
    }
}

struct Floor {
    server: SocketAddr,
    token: String,
    folder: PathBuf,
    dice: Dice,
    acts: Acts,
    /// A queue is closed, as far as is known here.
    closed: bool,
}

impl Floor {
    fn run(mut self, stop: &AtomicBool) -> Acts {
        for beat in 0_u64.. {
            std::thread::sleep(BEAT);
            if stop.load(Ordering::Acquire) {
                break;
            }
            match beat % 8 {
                0 => self.leaves(),
                2 | 6 => self.moves(),
                4 => self.comes_back(),
                _ => {}
            }
            match beat % 80 {
                // Nobody is sent away the first time, the line of the second.
                31 => self.closes(if beat % 160 == 31 { "serve" } else { "end" }),
                // Until the server is there to hear it.
                39.. if self.closed => self.opens(),
                _ => {}
            }
            if beat >= CALM && beat % 64 == CALM {
                let edited = site::edit(&self.folder, beat / 64 + 1).is_ok();
                self.acts.edits += u64::from(edited);
            }
        }
        self.opens();
        self.comes_back();
        self.acts
    }

    fn ask(&self, method: &str, path: &str, body: &str) -> (u16, String) {
        let path = format!("/api/v1{path}");
        ask(self.server, &self.token, (method, &path), body)
    }

    fn leaves(&mut self) {
        let agent = self.dice.roll(site::AGENTS as u64);
        let state = match self.dice.roll(4) {
            0 => r#"{"state":"offline"}"#,
            _ => r#"{"state":"not_ready","reason":"lunch"}"#,
        };
        let (status, _) = self.ask("PUT", &format!("/agents/a{agent}/state"), state);
        self.acts.agents += u64::from(status == 200);
    }

    /// Whoever is away, or missed too many calls, is at work again.
    fn comes_back(&mut self) {
        let (_, text) = self.ask("GET", "/agents?limit=100", "");
        let Ok(list) = serde_json::from_str::<serde_json::Value>(&text) else {
            return;
        };
        for agent in list["items"].as_array().into_iter().flatten() {
            let away = matches!(agent["state"].as_str(), Some("not_ready" | "offline"));
            let login = agent["login"].as_str().unwrap_or_default();
            if away && login.len() < 4 && agent["reason"] != "cooldown" {
                let path = format!("/agents/{login}/state");
                self.ask("PUT", &path, r#"{"state":"available"}"#);
            }
        }
    }

    /// A caller who waits goes to another queue, or to an agent by name.
    fn moves(&mut self) {
        let (from, to) = match self.dice.roll(3) {
            0 => ("sales", r#"{"to":{"queue":"support"}}"#.to_owned()),
            1 => ("nobody", r#"{"to":{"queue":"crowd"}}"#.to_owned()),
            _ => {
                let agent = self.dice.roll(site::AGENTS as u64);
                ("crowd", format!(r#"{{"to":{{"agent":"a{agent}"}}}}"#))
            }
        };
        let (_, text) = self.ask("GET", &format!("/queues/{from}"), "");
        let Ok(queue) = serde_json::from_str::<serde_json::Value>(&text) else {
            return;
        };
        let Some(waiting) = queue["waiting"].as_array().and_then(|all| all.last()) else {
            return;
        };
        let id = waiting["interaction"].as_str().unwrap_or_default();
        let (status, _) = self.ask("POST", &format!("/calls/{id}/transfer"), &to);
        self.acts.callers += u64::from(status == 204);
    }

    fn closes(&mut self, waiting: &str) {
        let body = format!(
            r#"{{"message":{{"prompt":"closed.wav"}},"waiting":"{waiting}","reason":"drill"}}"#
        );
        let (status, why) = self.ask("PUT", "/queues/crowd/closure", &body);
        self.acts.closings += u64::from(status == 200);
        self.closed = true;
        if !matches!(status, 0 | 200) {
            self.acts.faults.push(format!("closing: {status} {why}"));
        }
    }

    fn opens(&mut self) {
        let (status, _) = self.ask("DELETE", "/queues/crowd/closure", "");
        self.closed = status == 0;
    }
}

/// How well the wait was foretold since the last start, by queue: callers, share within the quantile, share within what is
/// said.
pub(crate) fn coverage(server: SocketAddr, token: &str) -> Vec<(String, [f64; 3])> {
    let (_, text) = ask(server, token, ("GET", "/api/v1/queues?limit=100"), "");
    let list: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
    let queues = list["items"].as_array().into_iter().flatten();
    queues
        .filter_map(|queue| {
            let wait = &queue["expected_wait"];
            let name = queue["name"].as_str()?.to_owned();
            let share = |name: &str| wait[name].as_f64();
            let callers = share("callers")?;
            let shares = [callers, share("coverage")?, share("coverage_announced")?];
            Some((name, shares))
        })
        .collect()
}
