//! Linphone's terminal phone, headless: sound comes from a file and goes into a file.
//!
//! ```ignore
//! let agent = Linphone::agent(server, "2002", "secret", 600.0)?;     // registers, answers
//! let mut caller = Linphone::caller("600111222", 440.0)?;
//! caller.dial(&format!("sip:9000@{server}"))?;
//! caller.wait_said("connected", seconds(5))?;
//! caller.press('2')?;
//! caller.hang_up()?;
//! let samples = agent.quit_and_listen()?;                                // what it heard, 8 kHz
//! ```

use super::super::patience::{LEAST, patient};
use super::super::phone::Failure;
use super::{ports, texts, wait_for, write_tone};
use std::fs;
use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Without a word about it, a machine with other addresses would offer media on one of those.
const IP: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// A Linphone that runs; killed when dropped.
#[derive(Debug)]
pub(crate) struct Linphone {
    child: Child,
    commands: ChildStdin,
    folder: TempDir,
}

impl Linphone {
    /// A customer's phone that sends a tone in its calls.
    pub(crate) fn caller(user: &str, tone: f64) -> Result<Self, Failure> {
        Self::start(user, false, tone)
    }

    /// An agent's phone: registers with digest, answers every call at once, sends a tone.
    pub(crate) fn agent(
        server: SocketAddr,
        extension: &str,
        password: &str,
        tone: f64,
    ) -> Result<Self, Failure> {
        let mut agent = Self::start(extension, true, tone)?;
        let identity = format!("sip:{extension}@cordboard.localhost");
        agent.command(&format!("register {identity} sip:{server} {password}"))?;
        let until = Instant::now() + LEAST;
        while !agent.said().contains("registered, identity=") {
            if Instant::now() > until {
                return Err(agent.failure("did not register"));
            }
            agent.command("status register")?;
            std::thread::sleep(Duration::from_millis(200));
        }
        Ok(agent)
    }

    /// Calls a URI.
    pub(crate) fn dial(&mut self, uri: &str) -> Result<(), Failure> {
        self.command(&format!("call {uri}"))
    }

    /// Presses a key (RFC 4733).
    pub(crate) fn press(&mut self, key: char) -> Result<(), Failure> {
        self.command(&key.to_string())
    }

    /// Ends the call.
    pub(crate) fn hang_up(&mut self) -> Result<(), Failure> {
        self.command("terminate")
    }

    /// How many REGISTERs it has sent.
    pub(crate) fn registers_sent(&self) -> usize {
        let log = texts(self.folder.path(), &["linphone.log"]);
        log.lines()
            .filter(|line| line.starts_with("REGISTER sip:"))
            .count()
    }

    /// Waits until it has said `text`.
    pub(crate) fn wait_said(&self, text: &str, limit: Duration) -> Result<(), Failure> {
        self.wait_for(text, limit, |folder| {
            texts(folder, &["said.log"]).contains(text)
        })
    }

    fn wait_for(
        &self,
        what: &str,
        limit: Duration,
        is_there: impl Fn(&Path) -> bool,
    ) -> Result<(), Failure> {
        let deadline = Instant::now() + patient(limit);
        while !is_there(self.folder.path()) {
            if Instant::now() > deadline {
                return Err(self.failure(&format!("no {what:?} within {limit:?}")));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    /// Ends it; what it heard in its last call, at 8 kHz.
    pub(crate) fn quit_and_listen(mut self) -> Result<Vec<i16>, Failure> {
        self.command("quit")?;
        if wait_for(&mut self.child, Duration::from_secs(10)).is_none() {
            return Err(self.failure("did not quit"));
        }
        let path = self.folder.path().join("heard.wav");
        let mut reader = hound::WavReader::open(&path)
            .map_err(|error| self.failure(&format!("{}: {error}", path.display())))?;
        let rate = reader.spec().sample_rate;
        if rate != 8_000 {
            return Err(self.failure(&format!("it recorded at {rate} Hz")));
        }
        Ok(reader.samples::<i16>().map_while(Result::ok).collect())
    }

    fn start(user: &str, answers: bool, tone: f64) -> Result<Self, Failure> {
        let failed =
            |what: std::io::Error| Failure::new(format!("linphonec cannot be started: {what}"));
        let folder = tempfile::tempdir().map_err(failed)?;
        let here = folder.path();
        // Without this folder for its database it starts, and opens no socket.
        fs::create_dir_all(here.join(".local/share/linphone")).map_err(failed)?;
        write_tone(&here.join("tone.wav"), tone)?;
        let sip = ports::free_pair(IP).map_err(failed)?;
        let rtp = ports::free_pair(IP).map_err(failed)?;
        let settings = format!(
            "[sip]\nsip_port={sip}\nsip_tcp_port=0\nsip_tls_port=0\nuse_ipv6=0\nguess_hostname=0\n\
             contact=<sip:{user}@{IP}>\n[rtp]\naudio_rtp_port={rtp}\nbind_address={IP}\n[sound]\nechocancellation=0\n\
             [net]\nnat_policy_ref=\n"
        );
        fs::write(here.join("settings"), settings).map_err(failed)?;
        let out = fs::File::create(here.join("said.log")).map_err(failed)?;
        let errors = out.try_clone().map_err(failed)?;
        let mut command = Command::new("linphonec");
        command.env("HOME", here).current_dir(here);
        command.args(["-c", "settings", "-d", "6", "-l", "linphone.log"]);
        if answers {
            command.arg("-a");
        }
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(out)
            .stderr(errors)
            .spawn()
            .map_err(failed)?;
        let commands = child
            .stdin
            .take()
            .ok_or_else(|| Failure::new("linphonec has no standard input"))?;
        let mut this = Self {
            child,
            commands,
            folder,
        };
        this.command("soundcard use files")?;
        this.wait_said("Using wav files", Duration::from_secs(15))?;
        this.wait_for("its socket", Duration::from_secs(15), |folder| {
            texts(folder, &["linphone.log"]).contains("Creating listening point")
        })?;
        let path = |name: &str| this.folder.path().join(name).display().to_string();
        let (tone, heard) = (path("tone.wav"), path("heard.wav"));
        this.command(&format!("play {tone}"))?;
        this.command(&format!("record {heard}"))?;
        Ok(this)
    }

    fn said(&self) -> String {
        texts(self.folder.path(), &["said.log"])
    }

    fn command(&mut self, line: &str) -> Result<(), Failure> {
        writeln!(self.commands, "{line}").map_err(|error| self.failure(&format!("{line}: {error}")))
    }

    fn failure(&self, what: &str) -> Failure {
        let (said, log) = (self.said(), texts(self.folder.path(), &["linphone.log"]));
        let telling = ["SIP/2.0", "-error-", "From:", "moving from state"];
        let log: Vec<&str> = log
            .lines()
            .filter(|line| telling.iter().any(|word| line.contains(word)))
            .collect();
        Failure::new(format!("linphonec: {what}\n{said}\n{}", log.join("\n")))
    }
}

impl Drop for Linphone {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
