//! The product under load: its files, its process, what it uses.

use std::io::{BufRead, BufReader};
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// What a caller meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Answer, then a queue without music: no RTP either way.
    Silent,
    /// Answer, a prompt of 1.000 s, then the same.
    Prompt,
    /// Answer, the prompt, a queue with agents and music.
    Queue,
}

/// CPU and memory of the process at one moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Usage {
    pub(crate) cpu_ms: f64,
    pub(crate) rss_kb: f64,
}

#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    pub(crate) folder: PathBuf,
    pub(crate) sip: std::net::SocketAddr,
    pub(crate) agents: usize,
    environment: Vec<(String, String)>,
}

const SIP_PORT: u16 = 15_060;
const HTTP_PORT: u16 = 18_080;

/// An address of loopback for a server of this process beside others, of this and of other processes.
pub(crate) fn own_address(lane: u8) -> Ipv4Addr {
    let [.., high, low] = std::process::id().to_be_bytes();
    Ipv4Addr::new(127, 64 + high % 128, low, 2 + lane)
}

impl Server {
    pub(crate) fn start(shape: Shape, agents: usize) -> Result<Self, String> {
        let folder = std::env::temp_dir().join(format!("cordboard-load-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        Self::start_at(folder, Ipv4Addr::LOCALHOST, (shape, agents), Vec::new())
    }

    /// In a folder and on an address of its own, with more in its environment.
    pub(crate) fn start_at(
        folder: PathBuf,
        ip: Ipv4Addr,
        (shape, agents): (Shape, usize),
        environment: Vec<(String, String)>,
    ) -> Result<Self, String> {
        write_files(&folder, shape, agents, ip)
            .map_err(|error| format!("{}: {error}", folder.display()))?;
        Self::spawned(folder, (ip, SIP_PORT).into(), agents, environment)
    }

    /// Starts on files that are written already.
    pub(crate) fn start_in(
        folder: PathBuf,
        sip: std::net::SocketAddr,
        agents: usize,
    ) -> Result<Self, String> {
        Self::spawned(folder, sip, agents, Vec::new())
    }

    fn spawned(
        folder: PathBuf,
        sip: std::net::SocketAddr,
        agents: usize,
        environment: Vec<(String, String)>,
    ) -> Result<Self, String> {
        let child = spawn(&folder, &environment)?;
        Ok(Self {
            child,
            folder,
            sip,
            agents,
            environment,
        })
    }

    /// Where its API is.
    pub(crate) fn http(&self) -> std::net::SocketAddr {
        (self.sip.ip(), HTTP_PORT).into()
    }

    /// A token for everything.
    pub(crate) fn token(&self) -> Result<String, String> {
        let out = Command::new(binary())
            .args(["token", "create", "--role", "admin", "--config"])
            .arg(self.folder.join("cordboard.toml"))
            .output()
            .map_err(|error| error.to_string())?;
        if !out.status.success() {
            return Err(String::from_utf8_lossy(&out.stderr).into_owned());
        }
        Ok(String::from_utf8_lossy(&out.stdout).trim().to_owned())
    }

    /// Whether the process has ended.
    pub(crate) fn is_gone(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn status_file(&self) -> PathBuf {
        PathBuf::from(format!("/proc/{}/status", self.child.id()))
    }

    pub(crate) fn usage(&self) -> Result<Usage, String> {
        Ok(Usage {
            cpu_ms: cpu_ms(self.child.id())?,
            rss_kb: rss_kb(&self.status_file()),
        })
    }

    /// SIGKILL, as a crash would be.
    pub(crate) fn kill(&mut self) -> Result<(), String> {
        self.child
            .kill()
            .and_then(|()| self.child.wait())
            .map(|_| ())
            .map_err(|e| e.to_string())
    }

    /// Starts again on the same folder; returns how long it took to be ready.
    pub(crate) fn restart(&mut self) -> Result<Duration, String> {
        let begun = Instant::now();
        self.child = spawn(&self.folder, &self.environment)?;
        Ok(begun.elapsed())
    }

    pub(crate) fn stop(mut self) -> PathBuf {
        let _ = Command::new("kill")
            .arg("-TERM")
            .arg(self.child.id().to_string())
            .status();
        let _ = self.child.wait();
        self.folder.clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// User and system time of a process so far, ms.
pub(crate) fn cpu_ms(pid: u32) -> Result<f64, String> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).map_err(|e| e.to_string())?;
    // Fields after the closing parenthesis of the name: utime and stime are the 12th and 13th of them, in ticks.
    let rest: Vec<&str> = stat
        .rsplit_once(')')
        .ok_or("stat")?
        .1
        .split_whitespace()
        .collect();
    let ticks = |at: usize| {
        rest.get(at)
            .and_then(|f| f.parse::<f64>().ok())
            .ok_or("stat")
    };
    Ok((ticks(11)? + ticks(12)?) * 10.0)
}

/// Resident memory, kB; 0 when the process is gone.
pub(crate) fn rss_kb(status: &Path) -> f64 {
    let text = std::fs::read_to_string(status).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok())
        .unwrap_or(0.0)
}

/// The binary of this build, or the one of `CORDBOARD_BIN`: two builds are compared by turns, with one generator.
pub(crate) fn binary() -> std::ffi::OsString {
    std::env::var_os("CORDBOARD_BIN").unwrap_or_else(|| env!("CARGO_BIN_EXE_cordboard").into())
}

/// A command of ours on a server's folder.
pub(crate) fn cordboard(folder: &Path, command: &[&str]) -> Result<std::process::Output, String> {
    Command::new(binary())
        .args(command)
        .arg("--config")
        .arg(folder.join("cordboard.toml"))
        .output()
        .map_err(|error| error.to_string())
}

/// A server's program: with `CORDBOARD_CORE` on that core alone, as the peers were measured, the generator elsewhere.
pub(crate) fn command(program: &std::ffi::OsStr) -> Command {
    let Some(core) = std::env::var_os("CORDBOARD_CORE") else {
        return Command::new(program);
    };
    let mut command = Command::new("taskset");
    command.arg("-c").arg(core).arg(program);
    command
}

fn spawn(folder: &Path, environment: &[(String, String)]) -> Result<Child, String> {
    let log = std::fs::File::create(folder.join("server.log")).map_err(|e| e.to_string())?;
    let mut child = command(&binary())
        .args(["serve", "--config"])
        .arg(folder.join("cordboard.toml"))
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .stdout(Stdio::piped())
        .stderr(log)
        .spawn()
        .map_err(|e| e.to_string())?;
    let out = child.stdout.take().ok_or("no standard output")?;
    let mut lines = BufReader::new(out).lines();
    let ready = lines
        .by_ref()
        .map_while(Result::ok)
        .any(|line| line.starts_with("ready"));
    if !ready {
        let _ = child.kill();
        let log = std::fs::read_to_string(folder.join("server.log")).unwrap_or_default();
        return Err(format!("the server did not get ready:\n{log}"));
    }
    std::thread::spawn(move || lines.for_each(drop));
    Ok(child)
}

fn write_files(folder: &Path, shape: Shape, agents: usize, ip: Ipv4Addr) -> std::io::Result<()> {
    std::fs::create_dir_all(folder.join("flows"))?;
    std::fs::create_dir_all(folder.join("prompts"))?;
    std::fs::write(
        folder.join("cordboard.toml"),
        format!(
            "[node]\ndata = \"./data\"\ncountry = \"ES\"\n[sip]\nlisten = [\"udp:{ip}:{SIP_PORT}\"]\n\
             [media]\nlisten = \"{ip}\"\nports = \"20000-27999\"\n[http]\nlisten = \"{ip}:{HTTP_PORT}\"\n\
             [limits]\nmax_calls = 5000\nmax_calls_per_second = 5000\n"
        ),
    )?;
    std::fs::write(folder.join("company.toml"), company(agents))?;
    std::fs::write(folder.join("flows/load.flow.yaml"), flow(shape))?;
    tone(&folder.join("prompts/one-second.wav"), 8_000)?;
    tone(&folder.join("prompts/music.wav"), 80_000)
}

fn company(agents: usize) -> String {
    let mut text = String::from(
        "[[queues]]\nname = \"load\"\nwrap_up = \"0s\"\nmax_length = 5000\n\
         [[trunks]]\nname = \"carrier\"\nfrom = [\"127.0.0.1/32\"]\n[[numbers]]\nnumber = \"9000\"\nflow = \"load\"\n",
    );
    for agent in 0..agents {
        text.push_str(&format!(
            "[[agents]]\nlogin = \"a{agent}\"\nname = \"Agent {agent}\"\nextension = \"{}\"\npassword = \"load-{agent}\"\n\
             queues = {{ load = 1 }}\nready_on_register = true\n",
            super::sip::extension(agent)
        ));
    }
    text
}

fn flow(shape: Shape) -> String {
    let prompt = if shape == Shape::Silent {
        ""
    } else {
        "    - play: one-second\n"
    };
    let queue = if shape == Shape::Queue {
        "{ to: load, use: music }"
    } else {
        "load"
    };
    let waits = if shape == Shape::Queue {
        "waits:\n  music:\n    loop:\n      - play: { prompt: music, for: 30s }\n"
    } else {
        ""
    };
    format!(
        "flow: 1\nname: load\nprompts:\n  one-second: {{ file: one-second.wav }}\n  music: {{ file: music.wav }}\n\
         blocks:\n  start:\n    - answer:\n{prompt}    - queue: {queue}\n{waits}"
    )
}

/// A 440 Hz tone, 8 kHz PCM16.
pub(crate) fn tone(path: &Path, samples: u32) -> std::io::Result<()> {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 8_000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut wav = hound::WavWriter::create(path, spec).map_err(std::io::Error::other)?;
    for n in 0..samples {
        let sample = (f64::from(n) * 440.0 * std::f64::consts::TAU / 8_000.0).sin() * 8_000.0;
        wav.write_sample(sample as i16)
            .map_err(std::io::Error::other)?;
    }
    wav.finalize().map_err(std::io::Error::other)
}

/// Rows of the database as text.
pub(crate) fn query(folder: &Path, sql: &str) -> Result<Vec<Vec<String>>, String> {
    let out = Command::new("sqlite3")
        .args(["-readonly", "-separator", "\u{1f}"])
        .arg(folder.join("data/cordboard.db"))
        .arg(sql)
        .output()
        .map_err(|error| format!("sqlite3: {error}"))?;
    if !out.status.success() {
        return Err(String::from_utf8_lossy(&out.stderr).into_owned());
    }
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    Ok(text
        .lines()
        .map(|line| line.split('\u{1f}').map(str::to_owned).collect())
        .collect())
}
