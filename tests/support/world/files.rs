//! The files of a contact centre: settings, company, flow, prompts; its free ports; reading a recording back.
//!
//! **Owns**: [`Plan`] and what is written by it. **Must not know**: the process that reads the files.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

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

/// The two channels of a stereo recording.
pub(crate) fn channels(path: &Path) -> (hound::WavSpec, Vec<i16>, Vec<i16>) {
    let mut wav = hound::WavReader::open(path).unwrap();
    let spec = wav.spec();
    let samples: Vec<i16> = wav.samples::<i16>().map(Result::unwrap).collect();
    let side = |at: usize| samples.iter().skip(at).step_by(2).copied().collect();
    (spec, side(0), side(1))
}

/// The files of a plan, for a test that starts the process itself; ports are free ones.
pub(crate) fn write_plan(root: &Path, plan: &Plan) {
    write_files(root, plan, free_port(plan.ip), free_port(LOCAL));
}

pub(super) fn write_files(root: &Path, plan: &Plan, sip: SocketAddr, http: SocketAddr) {
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

/// Below the ports that the system gives to whoever asks for any and those that media takes: a port from there could be
/// somebody's before the server is up, or while it is down between two lives.
const PORTS: std::ops::Range<u16> = 10_000..16_000;

/// Where HTTP listens.
pub(super) const LOCAL: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// The next port that is free on UDP and on TCP. Programs that run side by side begin at different ones.
pub(super) fn free_port(ip: IpAddr) -> SocketAddr {
    static TAKEN: AtomicU32 = AtomicU32::new(0);
    let count = u32::from(PORTS.end - PORTS.start);
    let next = || {
        let turn = TAKEN.fetch_add(1, Ordering::Relaxed);
        let place = std::process::id().wrapping_mul(97).wrapping_add(turn) % count;
        SocketAddr::new(ip, PORTS.start + place as u16)
    };
    let is_free = |address: &SocketAddr| {
        UdpSocket::bind(address).is_ok() && std::net::TcpListener::bind(address).is_ok()
    };
    std::iter::repeat_with(next)
        .take(count as usize)
        .find(is_free)
        .unwrap()
}
