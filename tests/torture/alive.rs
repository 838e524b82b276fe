//! That the server lives: the same process, no panic, OPTIONS answered, a whole call with a key, nothing left over.
//!
//! **Owns**: [`Alive`]. **Must not know**: what was sent before.

use crate::support::patience::LEAST;
use crate::support::phone::message::Message;
use crate::support::phone::seconds;
use crate::support::world::{COMPANY, Plan, World};
use crate::wire::{NETWORK, Wire, place};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

/// Long enough for a machine that does ten other things; a healthy server needs milliseconds.
pub(crate) const PATIENCE: Duration = LEAST;

/// A server under test with the caller whose calls prove that it lives.
#[derive(Debug)]
pub(crate) struct Alive {
    pub(crate) world: World,
    caller: Wire,
    pid: u32,
    calls: u32,
    pings: u32,
}

impl Alive {
    /// A contact centre on UDP and TCP, whose trunk is [`NETWORK`].
    pub(crate) fn start() -> Self {
        Self::with_company(|company| company)
    }

    /// The same with a company that differs.
    pub(crate) fn with_company(change: impl FnOnce(String) -> String) -> Self {
        Self::at(Ipv4Addr::LOCALHOST.into(), (place(0), NETWORK), change)
    }

    /// The same listening on `ip`, with callers of the trunk `network`, of whom ours is at `caller`.
    pub(crate) fn at(
        ip: IpAddr,
        (caller, network): (IpAddr, &str),
        change: impl FnOnce(String) -> String,
    ) -> Self {
        let company = change(COMPANY.replace("127.0.0.2/32", network));
        assert!(
            company.contains(network),
            "the test company has another trunk"
        );
        let world = World::with(&Plan {
            company,
            ip,
            tcp: true,
            log_level: Some("info"),
            ..Plan::default()
        });
        let caller = Wire::udp(world.sip, caller, &[]);
        let pid = world.pid();
        Self {
            world,
            caller,
            pid,
            calls: 0,
            pings: 0,
        }
    }

    /// OPTIONS, then INVITE, ACK, a key by INFO, BYE. `after` is what was done before, for the failure.
    pub(crate) fn check(&mut self, after: &str) {
        assert!(self.world.is_running(), "after {after}: the server is gone");
        assert_eq!(self.world.pid(), self.pid);
        self.calls += 1;
        let call_id = format!("alive-{}", self.calls);
        let tag = self.ask("OPTIONS", &call_id, 1, None, "", after).tag("to");
        assert!(tag.is_some(), "after {after}: no tag");
        let us = match self.world.sip {
            SocketAddr::V4(_) => "IN IP4 127.0.0.9",
            SocketAddr::V6(_) => "IN IP6 ::1",
        };
        let sdp =
            format!("v=0\r\no=- 1 1 {us}\r\ns=-\r\nc={us}\r\nt=0 0\r\nm=audio 9 RTP/AVP 0\r\n");
        let to = self.ask("INVITE", &call_id, 2, None, &sdp, after).tag("to");
        let to = to.as_deref();
        let ack = self.request("ACK", &call_id, 2, to, "");
        self.caller.send(&ack);
        self.ask("INFO", &call_id, 3, to, "Signal=1\r\n", after);
        self.ask("BYE", &call_id, 4, to, "", after);
    }

    /// OPTIONS alone: everything sent before it has been dealt with when it is answered.
    pub(crate) fn ping(&mut self, after: &str) {
        self.pings += 1;
        let call_id = format!("ping-{}", self.pings);
        self.ask("OPTIONS", &call_id, 1, None, "", after);
    }

    /// How many calls [`Self::check`] made.
    pub(crate) fn calls(&self) -> u32 {
        self.calls
    }

    /// No panic in the log, all calls over, and the SIP tables empty again. That may take 64 s: a 200 that nobody
    /// acknowledges is repeated for 32 s, and the BYE after it for as long.
    pub(crate) fn assert_clean(&self) {
        assert!(!self.world.log().contains("panicked"));
        let until = Instant::now() + seconds(90);
        loop {
            let held = self.held();
            if held.iter().all(|(_, count)| *count == 0.0) {
                return;
            }
            assert!(Instant::now() < until, "left behind: {held:?}");
            std::thread::sleep(Duration::from_millis(250));
        }
    }

    /// Memory of the server that is resident, KiB.
    pub(crate) fn resident(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid)).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let number = line.unwrap().split_whitespace().next().unwrap();
        number.parse().unwrap()
    }

    /// `cordboard_calls_live` and what `cordboard_sip_held` says.
    fn held(&self) -> Vec<(String, f64)> {
        let (status, _, body) = self.world.http("GET", "/metrics", None, &[]);
        assert_eq!(status, 200);
        let text = String::from_utf8(body).unwrap();
        let is_held = |line: &&str| {
            line.starts_with("cordboard_sip_held{") || line.starts_with("cordboard_calls_live")
        };
        let held: Vec<(String, f64)> = text
            .lines()
            .filter(is_held)
            .map(|line| {
                let (name, value) = line.rsplit_once(' ').unwrap();
                (name.to_owned(), value.parse().unwrap())
            })
            .collect();
        assert!(held.len() > 3, "{text}");
        held
    }

    fn ask(
        &mut self,
        method: &str,
        call_id: &str,
        cseq: u32,
        to: Option<&str>,
        body: &str,
        after: &str,
    ) -> Message {
        let request = self.request(method, call_id, cseq, to, body);
        self.caller.send(&request);
        let answer = self.caller.answer(call_id, cseq, PATIENCE);
        let answer = answer.unwrap_or_else(|| {
            let log = self.world.log();
            panic!("after {after}: {method} was not answered\n{log}")
        });
        assert_eq!(answer.status(), Some(200), "after {after}: {answer:?}");
        answer
    }

    fn request(
        &self,
        method: &str,
        call_id: &str,
        cseq: u32,
        to: Option<&str>,
        body: &str,
    ) -> Vec<u8> {
        let (here, server) = (self.caller.local(), self.world.sip);
        let to = to.map(|tag| format!(";tag={tag}")).unwrap_or_default();
        let content = match method {
            "INFO" => "Content-Type: application/dtmf-relay\r\n",
            "INVITE" => "Content-Type: application/sdp\r\n",
            _ => "",
        };
        format!(
            "{method} sip:9000@{server} SIP/2.0\r\nVia: SIP/2.0/UDP {here};branch=z9hG4bK{call_id}{cseq}{method};rport\r\n\
             Max-Forwards: 70\r\nFrom: <sip:600111222@{here}>;tag=alive\r\nTo: <sip:9000@{server}>{to}\r\n\
             Call-ID: {call_id}\r\nCSeq: {cseq} {method}\r\nContact: <sip:600111222@{here}>\r\n{content}\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .into_bytes()
    }
}
