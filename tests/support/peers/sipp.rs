//! SIPp with the scenarios of `tests/interop/sipp/`.
//!
//! ```ignore
//! Sipp::new("agent_register.xml", agent_address).server(server).user("2001").password("secret").run(seconds(5))?;
//! let agent = Sipp::new("agent.xml", agent_address).plays(&Track::new(2, 600.0, 30)).start()?;
//! let caller = Sipp::new("caller.xml", caller_address).server(server).user("9000").from("+442079460101")
//!     .plays(&Track::new(1, 440.0, 30).key('2', 2_000)).talk(10_000).start()?;
//! caller.wait(seconds(20))?;
//! agent.wait(seconds(5))?;
//! ```

use super::super::phone::Failure;
use super::track::Track;
use super::{interop, texts, wait_for};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// One run of a scenario, not started yet.
#[derive(Clone, Debug)]
pub(crate) struct Sipp {
    scenario: String,
    local: SocketAddr,
    server: Option<SocketAddr>,
    track: Option<Vec<u8>>,
    arguments: Vec<String>,
}

impl Sipp {
    /// `scenario` from `tests/interop/sipp/`; SIP on `local`, RTP 2000 ports above it.
    pub(crate) fn new(scenario: &str, local: SocketAddr) -> Self {
        Self {
            scenario: scenario.to_owned(),
            local,
            server: None,
            track: None,
            arguments: Vec::new(),
        }
    }

    /// Whom it talks to; an agent that waits for calls needs none.
    #[must_use]
    pub(crate) fn server(mut self, server: SocketAddr) -> Self {
        self.server = Some(server);
        self
    }

    /// The number called, or the extension that registers.
    #[must_use]
    pub(crate) fn user(self, user: &str) -> Self {
        self.with(&["-s", user, "-au", user])
    }

    /// Digest password.
    #[must_use]
    pub(crate) fn password(self, password: &str) -> Self {
        self.with(&["-ap", password])
    }

    /// User part of From.
    #[must_use]
    pub(crate) fn from(self, user: &str) -> Self {
        self.with(&["-key", "from", user])
    }

    /// Milliseconds from the answer to BYE.
    #[must_use]
    pub(crate) fn talk(self, milliseconds: u64) -> Self {
        self.with(&["-set", "talk", &milliseconds.to_string()])
    }

    /// What it sends from the answer on; needs root or the capability `cap_net_raw` on sipp.
    #[must_use]
    pub(crate) fn plays(mut self, track: &Track) -> Self {
        self.track = Some(track.to_pcap());
        self
    }

    /// Sends back every packet it receives.
    #[must_use]
    pub(crate) fn echo(self) -> Self {
        self.with(&["-rtp_echo"])
    }

    /// So many calls in all, at so many a second, at most so many at once.
    #[must_use]
    pub(crate) fn load(self, calls: u32, a_second: u32, at_once: u32) -> Self {
        let [calls, rate, limit] = [calls, a_second, at_once].map(|number| number.to_string());
        self.with(&["-m", &calls, "-r", &rate, "-l", &limit])
    }

    /// Anything else.
    #[must_use]
    pub(crate) fn with(mut self, arguments: &[&str]) -> Self {
        self.arguments
            .extend(arguments.iter().map(|argument| (*argument).to_owned()));
        self
    }

    /// Starts it.
    pub(crate) fn start(self) -> Result<RunningSipp, Failure> {
        let failed = |what: std::io::Error| Failure::new(format!("sipp cannot be started: {what}"));
        let folder = tempfile::tempdir().map_err(failed)?;
        if let Some(track) = &self.track {
            std::fs::write(folder.path().join("track.pcap"), track).map_err(failed)?;
        }
        let ip = self.local.ip().to_string();
        let mut command = Command::new("sipp");
        command.current_dir(folder.path());
        command.args(self.server.map(|server| server.to_string()));
        command.arg("-sf").arg(interop("sipp").join(&self.scenario));
        command.args(["-i", &ip, "-mi", &ip, "-p", &self.local.port().to_string()]);
        // It takes the next three ports as well (RTCP, video): its neighbour's must lie further away.
        let media = 8_000 + 8 * (self.local.port() % 1_000);
        command.args(["-mp", &media.to_string()]);
        if !self.arguments.iter().any(|argument| argument == "-m") {
            command.args(["-m", "1"]);
        }
        command.args(&self.arguments);
        command.args(["-nostdin", "-trace_err", "-trace_msg", "-trace_screen"]);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let child = command.spawn().map_err(failed)?;
        Ok(RunningSipp {
            child,
            folder,
            scenario: self.scenario,
        })
    }

    /// Starts it and waits for its end.
    pub(crate) fn run(self, limit: Duration) -> Result<(), Failure> {
        self.start()?.wait(limit)
    }
}

/// A SIPp that runs; killed when dropped.
#[derive(Debug)]
pub(crate) struct RunningSipp {
    child: Child,
    folder: TempDir,
    scenario: String,
}

impl RunningSipp {
    /// Waits for its end; anything but exit code 0 (every call as the scenario says) is a failure with its messages.
    pub(crate) fn wait(mut self, limit: Duration) -> Result<(), Failure> {
        let status = wait_for(&mut self.child, limit);
        if status.is_some_and(|status| status.success()) {
            return Ok(());
        }
        let _ = self.child.kill();
        let how = status.map_or_else(
            || format!("still ran after {limit:?}"),
            |status| status.to_string(),
        );
        let left = texts(self.folder.path(), &["_errors.log", "_messages.log"]);
        Err(Failure::new(format!(
            "sipp {}: {how}\n{left}",
            self.scenario
        )))
    }
}

impl Drop for RunningSipp {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
