//! A whole contact centre for a test: the real binary on free ports of loopback, its own folder, its API.
//!
//! **Owns**: files, process, HTTP. Prompts are tones, so that ears can tell them apart: greeting 500 Hz, menu 600 Hz,
//! music 700 Hz, "still busy" 800 Hz, sorry 900 Hz, goodbye 1000 Hz.

use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

pub(crate) const GREETING: f64 = 500.0;
pub(crate) const MENU: f64 = 600.0;
pub(crate) const MUSIC: f64 = 700.0;
pub(crate) const BUSY: f64 = 800.0;
pub(crate) const SORRY: f64 = 900.0;
pub(crate) const GOODBYE: f64 = 1000.0;

/// Three agents, of whom `cleo` lacks the skill; key 2 of the menu leads to them.
pub(crate) const COMPANY: &str = r#"
[[skills]]
name = "billing"

[[queues]]
name = "support"
skills = { billing = 3 }
ring_timeout = "4s"
wrap_up = "1s"
short_abandon = "1s"

[[agents]]
login = "ana"
name = "Ana Ruiz"
extension = "2001"
password = "word-of-ana"
skills = { billing = 5 }
queues = { support = 1 }
ready_on_register = true

[[agents]]
login = "ben"
name = "Ben Carter"
extension = "2002"
password = "word-of-ben"
skills = { billing = 4 }
queues = { support = 1 }
ready_on_register = true

[[agents]]
login = "cleo"
name = "Cleo Martin"
extension = "2003"
password = "word-of-cleo"
queues = { support = 1 }
ready_on_register = true

[[trunks]]
name = "carrier"
from = ["127.0.0.2/32"]

[[numbers]]
number = "9000"
flow = "support"
"#;

pub(crate) const FLOW: &str = r#"
flow: 1
name: support
prompts:
  greeting: { file: greeting.wav }
  menu: { file: menu.wav }
  music: { file: music.wav }
  busy: { file: busy.wav }
  sorry: { file: sorry.wav }
  goodbye: { file: goodbye.wav }
defaults:
  input: { timeout: 3s, tries: 2 }
  exits: { exhausted: to-a-person, error: sorry }
blocks:
  start:
    - answer:
    - play: greeting
    - menu:
        prompt: menu
        keys:
          1: { go: goodbye, label: Nothing }
          2: { go: to-a-person, label: Help }
  to-a-person:
    - tag: { reason: help }
    - queue: { to: support, use: wait, exits: { answered: goodbye, timeout: sorry, full: sorry, closed: sorry, no_agents: sorry } }
  sorry:
    - play: sorry
    - hangup:
  goodbye:
    - play: goodbye
    - hangup:
waits:
  wait:
    loop:
      - play: { prompt: music, for: 3s }
      - play: busy
"#;

/// What a test's contact centre starts with.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) company: String,
    pub(crate) flow: String,
    /// Added to `[node]` of `cordboard.toml`.
    pub(crate) node: String,
    /// Where SIP and media listen.
    pub(crate) ip: IpAddr,
    /// Whether SIP listens on TCP too, on the port it has on UDP.
    pub(crate) tcp: bool,
    /// Added to `cordboard.toml`.
    pub(crate) settings: String,
    /// What `RUST_LOG` is; none: as it is for the tests, `debug` when it is not set.
    pub(crate) log_level: Option<&'static str>,
    /// Added to `cordboard serve --config FILE`.
    pub(crate) arguments: &'static [&'static str],
    /// Added to the process's environment.
    pub(crate) environment: Vec<(String, String)>,
    /// A command line before the program's own, such as `unshare`.
    pub(crate) before: Vec<String>,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            company: COMPANY.to_owned(),
            flow: FLOW.to_owned(),
            node: String::new(),
            ip: Ipv4Addr::LOCALHOST.into(),
            tcp: false,
            settings: String::new(),
            log_level: None,
            arguments: &[],
            environment: Vec::new(),
            before: Vec::new(),
        }
    }
}

/// A running contact centre. Killed when dropped; its folder goes with it, unless the test failed.
#[derive(Debug)]
pub(crate) struct World {
    folder: Option<tempfile::TempDir>,
    root: PathBuf,
    child: Child,
    /// How long the last start took until `ready`.
    pub(crate) ready_after: Duration,
    pub(crate) sip: SocketAddr,
    pub(crate) http: SocketAddr,
    token: String,
    plan: Plan,
}

impl World {
    pub(crate) fn start() -> Self {
        Self::with(&Plan::default())
    }

    pub(crate) fn with(plan: &Plan) -> Self {
        Self::in_folder(tempfile::tempdir().unwrap(), plan)
    }

    /// In a folder that the test has put something into already.
    pub(crate) fn in_folder(folder: tempfile::TempDir, plan: &Plan) -> Self {
        let root = folder.path().to_owned();
        let sip = free_sip(plan.ip);
        let http = free_tcp();
        write_files(&root, plan, sip, http);
        let (child, ready_after) = launch(&root, plan);
        let mut create = enter(plan, child.id(), env!("CARGO_BIN_EXE_cordboard"));
        let token = token_by(create.current_dir(&root), &root, &["--role", "admin"]);
        Self {
            folder: Some(folder),
            root,
            child,
            ready_after,
            sip,
            http,
            token,
            plan: plan.clone(),
        }
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn write_flow(&self, text: &str) {
        std::fs::write(self.root.join("flows/support.flow.yaml"), text).unwrap();
    }

    /// Everything the process has logged.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.root.join("server.log")).unwrap_or_default()
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// A crash.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Starts again with another environment.
    pub(crate) fn set_environment(&mut self, environment: Vec<(String, String)>) {
        self.plan.environment = environment;
    }

    pub(crate) fn start_again(&mut self) {
        let (child, ready_after) = launch(&self.root, &self.plan);
        self.child = child;
        self.ready_after = ready_after;
    }

    /// SIGTERM, and the exit code.
    pub(crate) fn stop(&mut self) -> Option<i32> {
        self.terminate();
        self.child.wait().unwrap().code()
    }

    /// SIGTERM, and nothing more.
    pub(crate) fn terminate(&self) {
        Command::new("kill")
            .arg("-TERM")
            .arg(self.child.id().to_string())
            .status()
            .unwrap();
    }

    /// Whether the process still runs.
    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Waits until the process has ended by itself: its exit code.
    pub(crate) fn wait_exit(&mut self, limit: Duration) -> Option<i32> {
        let until = Instant::now() + limit;
        while self.is_running() {
            assert!(Instant::now() < until, "it still runs\n{}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
        self.child.wait().unwrap().code()
    }

    /// Waits until the log holds `text`.
    pub(crate) fn wait_log(&self, text: &str, limit: Duration) {
        let until = Instant::now() + limit;
        while !self.log().contains(text) {
            assert!(
                Instant::now() < until,
                "{text:?} is not in the log:\n{}",
                self.log()
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// The admin's token.
    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    /// `GET /api/v1{path}` with the admin's token; anything but 200 fails the test.
    pub(crate) fn get(&self, path: &str) -> Value {
        let (status, _, body) = self.http("GET", &format!("/api/v1{path}"), None, &[]);
        assert_eq!(
            status,
            200,
            "GET {path}: {}",
            String::from_utf8_lossy(&body)
        );
        serde_json::from_slice(&body).unwrap()
    }

    pub(crate) fn put(&self, path: &str, body: &Value) -> u16 {
        self.http("PUT", &format!("/api/v1{path}"), Some(body), &[])
            .0
    }

    /// A whole HTTP exchange: status, head, body.
    pub(crate) fn http(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
        extra: &[&str],
    ) -> (u16, String, Vec<u8>) {
        super::http::exchange(
            self.http,
            Some(&self.token),
            (method, path),
            body.map(Value::to_string).as_deref(),
            extra,
        )
    }

    /// Asks until `wanted` says yes; shows the last answer when it never does.
    pub(crate) fn wait_for(
        &self,
        path: &str,
        limit: Duration,
        wanted: impl Fn(&Value) -> bool,
    ) -> Value {
        let until = Instant::now() + limit;
        loop {
            let value = self.get(path);
            if wanted(&value) {
                return value;
            }
            assert!(
                Instant::now() < until,
                "GET {path} never became what was wanted: {value:#}\n{}",
                self.log()
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    pub(crate) fn agent_state(&self, login: &str) -> String {
        self.get(&format!("/agents/{login}"))["state"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    pub(crate) fn wait_agent(&self, login: &str, state: &str, limit: Duration) {
        self.wait_for(&format!("/agents/{login}"), limit, |agent| {
            agent["state"] == state
        });
    }

    /// The newest interaction, once it has ended (and so have its recordings).
    pub(crate) fn wait_last_interaction(&self, limit: Duration) -> Value {
        let list = self.wait_for("/interactions?limit=1", limit, |list| {
            !list["items"][0]["ended_at"].is_null()
        });
        let id = list["items"][0]["id"].as_str().unwrap().to_owned();
        self.wait_for(&format!("/interactions/{id}"), limit, |whole| {
            !whole["ended_at"].is_null()
                && whole["recordings"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .all(|r| !r["frames"].is_null() || !r["duration"].is_null())
        })
    }

    /// Rows of the database as text, read by another process.
    pub(crate) fn query(&self, sql: &str) -> Vec<Vec<String>> {
        let out = enter(&self.plan, self.pid(), "sqlite3")
            .args(["-readonly", "-separator", "\u{1f}", "-cmd", ".timeout 5000"])
            .args([
                self.root.join("data/cordboard.db").as_os_str(),
                sql.as_ref(),
            ])
            .output()
            .unwrap();
        assert!(
            out.status.success(),
            "{}",
            String::from_utf8_lossy(&out.stderr)
        );
        String::from_utf8_lossy(&out.stdout)
            .lines()
            .map(|line| line.split('\u{1f}').map(str::to_owned).collect())
            .collect()
    }

    /// Waits until the first field of the first row is this.
    pub(crate) fn wait_query(&self, sql: &str, wanted: &str, limit: Duration) {
        let until = Instant::now() + limit;
        while self.query(sql)[0][0] != wanted {
            assert!(
                Instant::now() < until,
                "{sql}: {:?}\n{}",
                self.query(sql),
                self.log()
            );
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Runs a command on a folder as the server sees it.
    pub(crate) fn command_inside(&self, command: &[&str], folder: &str) {
        let (program, arguments) = command.split_first().unwrap();
        let status = enter(&self.plan, self.pid(), program)
            .args(arguments)
            .arg(self.root.join(folder))
            .status()
            .unwrap();
        assert!(status.success(), "{command:?}");
    }

    /// Path of an interaction's recording on the disk.
    pub(crate) fn recording_file(&self, interaction: &str, index: u32) -> PathBuf {
        let months = std::fs::read_dir(self.root.join("data/interactions")).unwrap();
        months
            .flatten()
            .map(|month| {
                month
                    .path()
                    .join(interaction)
                    .join(format!("recording-{index}.wav"))
            })
            .find(|path| path.exists())
            .unwrap_or_else(|| panic!("no recording {index} of {interaction}"))
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking()
            && let Some(folder) = self.folder.take()
        {
            let kept = folder.keep();
            let log = self.log();
            let from = log.len().saturating_sub(4_000);
            eprintln!(
                "kept: {}\n{}",
                kept.display(),
                log.get(from..).unwrap_or_default()
            );
        }
    }
}

/// The two channels of a stereo recording.
pub(crate) fn channels(path: &Path) -> (hound::WavSpec, Vec<i16>, Vec<i16>) {
    let mut wav = hound::WavReader::open(path).unwrap();
    let spec = wav.spec();
    let samples: Vec<i16> = wav.samples::<i16>().map(Result::unwrap).collect();
    let side = |at: usize| samples.iter().skip(at).step_by(2).copied().collect();
    (spec, side(0), side(1))
}

/// A program that sees the same disks as the server.
fn enter(plan: &Plan, pid: u32, program: &str) -> Command {
    if plan.before.is_empty() {
        return Command::new(program);
    }
    let mut command = Command::new("nsenter");
    if plan.before.iter().any(|word| word == "--user") {
        command.args(["--user", "--preserve-credentials"]);
    }
    command.args(["--mount", "--target", &pid.to_string(), program]);
    command
}

/// `cordboard token create --role ROLE`.
pub(crate) fn token(root: &Path, role: &str) -> String {
    token_with(root, &["--role", role])
}

/// `cordboard token create` with these arguments.
pub(crate) fn token_with(root: &Path, arguments: &[&str]) -> String {
    token_by(&mut cordboard(root), root, arguments)
}

fn token_by(command: &mut Command, root: &Path, arguments: &[&str]) -> String {
    let out = command
        .args(["token", "create", "--config"])
        .arg(root.join("cordboard.toml"))
        .args(arguments)
        .output()
        .unwrap();
    assert!(
        out.status.success(),
        "{}",
        String::from_utf8_lossy(&out.stderr)
    );
    String::from_utf8(out.stdout).unwrap().trim().to_owned()
}

/// The binary under test, in a folder.
pub(crate) fn cordboard(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cordboard"));
    command.current_dir(folder);
    command
}

/// The binary under test with whatever the plan puts before it.
fn command(root: &Path, plan: &Plan) -> Command {
    let mut command = match plan.before.split_first() {
        None => cordboard(root),
        Some((program, arguments)) => {
            let mut command = Command::new(program);
            command.args(arguments).arg(env!("CARGO_BIN_EXE_cordboard"));
            command.current_dir(root);
            command
        }
    };
    let environment = plan.environment.iter().map(|(name, value)| (name, value));
    command.envs(environment);
    command
}

fn launch(root: &Path, plan: &Plan) -> (Child, Duration) {
    let log = std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(root.join("server.log"))
        .unwrap();
    let begun = Instant::now();
    let mut child = command(root, plan)
        .args(["serve", "--config"])
        .arg(root.join("cordboard.toml"))
        .args(plan.arguments)
        .env(
            "RUST_LOG",
            plan.log_level.map_or_else(
                || std::env::var("RUST_LOG").unwrap_or_else(|_| "debug".to_owned()),
                str::to_owned,
            ),
        )
        .stdout(Stdio::piped())
        .stderr(log)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let ready = lines
        .by_ref()
        .map_while(Result::ok)
        .any(|line| line.starts_with("ready"));
    let took = begun.elapsed();
    if !ready {
        panic!(
            "not ready:\n{}",
            std::fs::read_to_string(root.join("server.log")).unwrap_or_default()
        );
    }
    let mut said = std::fs::File::create(root.join("server.out")).unwrap();
    std::thread::spawn(move || {
        for line in lines.map_while(Result::ok) {
            let _ = writeln!(said, "{line}");
        }
    });
    (child, took)
}

/// The files of a plan, for a test that starts the process itself; ports are free ones.
pub(crate) fn write_plan(root: &Path, plan: &Plan) {
    write_files(root, plan, free_sip(plan.ip), free_tcp());
}

fn write_files(root: &Path, plan: &Plan, sip: SocketAddr, http: SocketAddr) {
    for folder in ["flows", "prompts"] {
        std::fs::create_dir_all(root.join(folder)).unwrap();
    }
    let mut listen = format!("\"udp:{sip}\"");
    if plan.tcp {
        listen.push_str(&format!(", \"tcp:{sip}\""));
    }
    let media = match plan.ip {
        // The default, which a test may want to write itself.
        IpAddr::V4(Ipv4Addr::LOCALHOST) => String::new(),
        ip => format!("[media]\nlisten = \"{ip}\"\n"),
    };
    let settings = format!(
        "[node]\ndata = \"./data\"\ncountry = \"ES\"\n{}[sip]\nlisten = [{listen}]\n{media}[http]\nlisten = \"{http}\"\n{}",
        plan.node, plan.settings
    );
    std::fs::write(root.join("cordboard.toml"), settings).unwrap();
    std::fs::write(root.join("company.toml"), &plan.company).unwrap();
    std::fs::write(root.join("flows/support.flow.yaml"), &plan.flow).unwrap();
    for (name, hz, ms) in [
        ("greeting", GREETING, 1_000),
        ("menu", MENU, 1_000),
        ("music", MUSIC, 10_000),
        ("busy", BUSY, 1_000),
        ("sorry", SORRY, 1_000),
        ("goodbye", GOODBYE, 1_000),
    ] {
        tone(&root.join(format!("prompts/{name}.wav")), hz, ms);
    }
}

/// A tone of 8 kHz PCM16.
pub(crate) fn tone(path: &Path, hz: f64, ms: u32) {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 8_000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut wav = hound::WavWriter::create(path, spec).unwrap();
    for n in 0..ms * 8 {
        wav.write_sample(
            ((f64::from(n) * hz * std::f64::consts::TAU / 8_000.0).sin() * 8_000.0) as i16,
        )
        .unwrap();
    }
    wav.finalize().unwrap();
}

/// A port that is free on UDP and on TCP.
fn free_sip(ip: IpAddr) -> SocketAddr {
    let udp = || UdpSocket::bind((ip, 0)).unwrap().local_addr().unwrap();
    let is_free = |address: &SocketAddr| std::net::TcpListener::bind(address).is_ok();
    std::iter::repeat_with(udp).find(is_free).unwrap()
}

fn free_tcp() -> SocketAddr {
    std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
}
