//! baresip with the templates of `tests/interop/baresip/`, driven through its control port.
//!
//! ```ignore
//! let agent = Baresip::agent(server, "2001", "secret", 600.0)?;   // registers, answers
//! let mut caller = Baresip::caller("+442079460101", 440.0)?;
//! caller.dial(&format!("sip:9000@{server}"))?;
//! caller.wait_event("CALL_ESTABLISHED", seconds(5))?;
//! caller.press('2')?;
//! caller.hang_up()?;
//! let samples = agent.quit_and_listen()?;                                                // what it heard, 8 kHz
//! ```

use super::super::patience::{LEAST, patient};
use super::super::phone::Failure;
use super::{interop, ports, texts, wait_for, write_tone};
use std::fs;
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// It sends RTP from whatever address the kernel chooses, which on loopback is this one; so it must say this one too.
const IP: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// A baresip that runs; killed when dropped.
#[derive(Debug)]
pub(crate) struct Baresip {
    child: Child,
    folder: TempDir,
    control: TcpStream,
    said: Vec<u8>,
    /// Where its SIP is.
    pub(crate) sip: SocketAddr,
}

impl Baresip {
    /// A customer's phone that sends a tone in its calls.
    pub(crate) fn caller(user: &str, tone: f64) -> Result<Self, Failure> {
        Self::start("accounts_caller", &[("@USER@", user)], tone)
    }

    /// An agent's phone: registers with digest, answers every call at once, sends a tone.
    pub(crate) fn agent(
        server: SocketAddr,
        extension: &str,
        password: &str,
        tone: f64,
    ) -> Result<Self, Failure> {
        let server = server.to_string();
        let words = [
            ("@USER@", extension),
            ("@PASSWORD@", password),
            ("@SERVER@", &server),
        ];
        let agent = Self::start("accounts_agent", &words, tone)?;
        // It may have registered before its control port could be read, so the log is asked instead of the events.
        agent.wait_log("[1 binding]", Duration::from_secs(10))?;
        Ok(agent)
    }

    /// The same over TCP or UDP by a flow of its own; `outbound`: as RFC 5626 wants it.
    pub(crate) fn flow(
        server: SocketAddr,
        (extension, password): (&str, &str),
        (transport, outbound): (&str, bool),
        tone: f64,
    ) -> Result<Self, Failure> {
        let server = server.to_string();
        let words = [
            ("@USER@", extension),
            ("@PASSWORD@", password),
            ("@SERVER@", &server),
            ("@TRANSPORT@", transport),
            ("@SIPNAT@", if outbound { "outbound" } else { "" }),
        ];
        let agent = Self::start("accounts_flow", &words, tone)?;
        agent.wait_log("[1 binding]", Duration::from_secs(10))?;
        Ok(agent)
    }

    /// Calls a URI.
    pub(crate) fn dial(&mut self, uri: &str) -> Result<(), Failure> {
        self.command("dial", uri)
    }

    /// Presses a key (RFC 4733).
    pub(crate) fn press(&mut self, key: char) -> Result<(), Failure> {
        self.command("sndcode", &key.to_string())
    }

    /// Ends the call.
    pub(crate) fn hang_up(&mut self) -> Result<(), Failure> {
        self.command("hangup", "")
    }

    /// Waits until its log holds `text`.
    pub(crate) fn wait_log(&self, text: &str, limit: Duration) -> Result<(), Failure> {
        let deadline = Instant::now() + patient(limit);
        while Instant::now() < deadline {
            if texts(self.folder.path(), &["baresip.log"]).contains(text) {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Err(self.failure(&format!("the log does not say {text:?} after {limit:?}")))
    }

    /// Waits for an event by its type, such as `CALL_ESTABLISHED` or `CALL_CLOSED`, and takes it.
    pub(crate) fn wait_event(&mut self, kind: &str, limit: Duration) -> Result<(), Failure> {
        let deadline = Instant::now() + patient(limit);
        let wanted = format!("\"type\":\"{kind}\"");
        loop {
            let text = String::from_utf8_lossy(&self.said).into_owned();
            if let Some(place) = text.find(&wanted) {
                self.said = text.as_bytes()[place + wanted.len()..].to_vec();
                return Ok(());
            }
            if Instant::now() >= deadline {
                return Err(self.failure(&format!("no event {kind} within {limit:?}")));
            }
            let mut buffer = [0; 4096];
            if let Ok(length) = self.control.read(&mut buffer) {
                self.said.extend_from_slice(&buffer[..length]);
            }
        }
    }

    /// Ends it; what it heard in its last call, at 8 kHz.
    pub(crate) fn quit_and_listen(mut self) -> Result<Vec<i16>, Failure> {
        self.command("quit", "")?;
        if wait_for(&mut self.child, Duration::from_secs(5)).is_none() {
            return Err(self.failure("did not quit"));
        }
        let path =
            newest_dump(self.folder.path()).ok_or_else(|| self.failure("no dump-*-dec.wav"))?;
        let mut reader = hound::WavReader::open(&path)
            .map_err(|error| self.failure(&format!("{}: {error}", path.display())))?;
        Ok(reader.samples::<i16>().map_while(Result::ok).collect())
    }

    fn start(accounts: &str, words: &[(&str, &str)], tone: f64) -> Result<Self, Failure> {
        let failed =
            |what: std::io::Error| Failure::new(format!("baresip cannot be started: {what}"));
        let folder = tempfile::tempdir().map_err(failed)?;
        let here = folder.path().to_string_lossy().into_owned();
        let modules = modules().ok_or_else(|| {
            Failure::new("baresip's module folder was not found; is it installed?")
        })?;
        let sip = SocketAddr::new(IP, ports::free_pair(IP).map_err(failed)?);
        let control = SocketAddr::new(IP, ports::free_pair(IP).map_err(failed)?);
        let (ip, sip_port) = (IP.to_string(), sip.port().to_string());
        let (control_port, rtp) = (control.port().to_string(), rtp_ports(sip));
        let mut all = vec![
            ("@IP@", ip.as_str()),
            ("@SIP_PORT@", &sip_port),
            ("@FOLDER@", &here),
            ("@MODULES@", &modules),
            ("@CONTROL_PORT@", &control_port),
            ("@RTP_PORTS@", &rtp),
        ];
        all.extend_from_slice(words);
        for (template, name) in [("config", "config"), (accounts, "accounts")] {
            let text = fs::read_to_string(interop("baresip").join(template)).map_err(failed)?;
            let filled = all
                .iter()
                .fold(text, |text, (word, value)| text.replace(word, value));
            fs::write(folder.path().join(name), filled).map_err(failed)?;
        }
        fs::write(folder.path().join("contacts"), "").map_err(failed)?;
        write_tone(&folder.path().join("tone.wav"), tone)?;
        let log = fs::File::create(folder.path().join("baresip.log")).map_err(failed)?;
        let errors = log.try_clone().map_err(failed)?;
        let child = Command::new("baresip")
            .args(["-f", &here, "-s"])
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(errors)
            .spawn()
            .map_err(failed)?;
        let mut this = Starting { child: Some(child) };
        let control =
            connect(control).ok_or_else(|| Failure::new(texts(folder.path(), &["baresip.log"])))?;
        let child = this
            .child
            .take()
            .ok_or_else(|| Failure::new("baresip was taken already"))?;
        Ok(Self {
            child,
            folder,
            control,
            said: Vec::new(),
            sip,
        })
    }

    /// One command as the control port wants it: a netstring of JSON.
    fn command(&mut self, command: &str, parameters: &str) -> Result<(), Failure> {
        let json =
            format!("{{\"command\":\"{command}\",\"params\":\"{parameters}\",\"token\":\"t\"}}");
        let message = format!("{}:{json},", json.len());
        self.control
            .write_all(message.as_bytes())
            .map_err(|error| self.failure(&format!("{command}: {error}")))
    }

    fn failure(&self, what: &str) -> Failure {
        let said = String::from_utf8_lossy(&self.said);
        let log = texts(self.folder.path(), &["baresip.log"]);
        Failure::new(format!("baresip: {what}\nevents: {said}\n{log}"))
    }
}

impl Drop for Baresip {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Kills a program whose start did not come to its end.
struct Starting {
    child: Option<Child>,
}

impl Drop for Starting {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// A small range of its own for each, so that two do not meet: above the ports of our servers, which must be free while
/// one starts again, and below those of its media.
fn rtp_ports(sip: SocketAddr) -> String {
    let first = 16_000 + sip.port() / 2 % 200 * 20;
    format!("{first}-{}", first + 19)
}

fn connect(control: SocketAddr) -> Option<TcpStream> {
    let deadline = Instant::now() + LEAST;
    while Instant::now() < deadline {
        if let Ok(stream) = TcpStream::connect(control) {
            stream
                .set_read_timeout(Some(Duration::from_millis(50)))
                .ok()?;
            return Some(stream);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    None
}

/// Where Debian and others put the modules.
fn modules() -> Option<String> {
    let places = [
        "/usr/lib/baresip/modules",
        "/usr/local/lib/baresip/modules",
        "/usr/lib64/baresip/modules",
    ];
    let found = places.iter().find(|place| Path::new(place).is_dir())?;
    Some((*found).to_owned())
}

fn newest_dump(folder: &Path) -> Option<PathBuf> {
    let entries = fs::read_dir(folder).ok()?.flatten();
    entries
        .map(|entry| entry.path())
        .filter(|path| path.to_string_lossy().ends_with("-dec.wav"))
        .max()
}
