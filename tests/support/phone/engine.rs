//! The state of a phone behind one lock, its one receiving thread, and waiting with a limit.
//!
//! **Owns**: calls, transactions still waiting for an answer, the transcript. **Must not know**: sound.

use super::digest::Account;
use super::media::Media;
use super::message::Message;
use super::sdp::Voice;
use super::wire::Wire;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// T1 and T2 of RFC 3261 17.1.1.1.
pub(super) const T1: Duration = Duration::from_millis(500);
pub(super) const T2: Duration = Duration::from_secs(4);

/// What went wrong, with the SIP messages that led to it.
pub(crate) struct Failure(String);

impl Failure {
    /// A failure that says this.
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Failure {}

/// Why a call is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The far end refused with this status; 487 after our CANCEL.
    Rejected(u16),
    /// The far end sent BYE.
    TheyHungUp,
    /// We sent BYE.
    WeHungUp,
    /// The far end sent CANCEL while we rang.
    TheyCancelled,
    /// We refused with this status.
    WeDeclined(u16),
    /// Nothing came back.
    TimedOut,
    /// The far end's description could not be used.
    BadMedia,
}

/// Where a call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// INVITE sent or received, no more than 100 since.
    Calling,
    /// 180-199 sent or received.
    Ringing,
    /// 200 sent or received.
    Answered,
    /// Over.
    Ended(End),
}

/// One dialog with its media.
#[derive(Debug)]
pub(super) struct CallState {
    /// We sent the INVITE.
    pub(super) ours: bool,
    pub(super) phase: Phase,
    /// The INVITE as it was sent or received last.
    pub(super) invite: Message,
    /// From or To of our side, with tag.
    pub(super) local: String,
    /// The other's; with tag once known.
    pub(super) remote: String,
    /// Request-URI inside the dialog.
    pub(super) target: String,
    /// Where its packets go.
    pub(super) peer: SocketAddr,
    pub(super) cseq: u32,
    pub(super) tag: String,
    /// Credentials were tried already.
    pub(super) authorised: bool,
    /// CANCEL was sent or wanted.
    pub(super) cancelled: bool,
    /// Our ACK, to be sent again with each repeated final answer.
    pub(super) ack: Option<Vec<u8>>,
    /// Our 200 was acknowledged.
    pub(super) confirmed: bool,
    pub(super) provisional: Vec<u16>,
    pub(super) answered_at: Option<Instant>,
    /// Descriptions in the answers to our INVITEs.
    pub(super) answers: Vec<String>,
    pub(super) media: Arc<Media>,
}

/// A message that is sent again until it is answered.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) branch: String,
    pub(super) method: String,
    pub(super) bytes: Vec<u8>,
    pub(super) to: SocketAddr,
    pub(super) call_id: String,
    pub(super) next: Instant,
    pub(super) interval: Duration,
    pub(super) give_up: Instant,
}

/// Everything that changes.
#[derive(Debug)]
pub(super) struct Inner {
    pub(super) wire: Arc<Wire>,
    pub(super) local: SocketAddr,
    pub(super) began: Instant,
    pub(super) transcript: Vec<String>,
    pub(super) counter: u64,
    pub(super) account: Option<Account>,
    pub(super) pending: Vec<Pending>,
    /// Last answer by transaction: branch and method.
    pub(super) answers: HashMap<String, Vec<u8>>,
    pub(super) calls: BTreeMap<String, CallState>,
    pub(super) arrived: VecDeque<String>,
    pub(super) register: Option<Message>,
    pub(super) register_status: Option<u16>,
    pub(super) options_status: Option<u16>,
    pub(super) ring_by_itself: bool,
    /// What it speaks.
    pub(super) voice: Voice,
    pub(super) unplugged: bool,
    pub(super) repeats_seen: usize,
    pub(super) repeats_sent: usize,
    /// Accounts this phone plays the registrar for, and where they registered from.
    pub(super) registrar: Vec<(Account, Option<SocketAddr>)>,
}

/// A phone's lock, bell and thread.
#[derive(Debug)]
pub(super) struct Engine {
    pub(super) wire: Arc<Wire>,
    pub(super) local: SocketAddr,
    inner: Mutex<Inner>,
    changed: Condvar,
    stop: AtomicBool,
}

impl Engine {
    pub(super) fn bind(local: SocketAddr) -> Result<Self, Failure> {
        let failed = |what: io::Error| Failure::new(format!("cannot bind {local}: {what}"));
        Wire::udp(local).and_then(Self::on).map_err(failed)
    }

    /// A phone whose messages travel on a connection of its own.
    pub(super) fn connect(ip: IpAddr, server: SocketAddr) -> Result<Self, Failure> {
        let failed = |what: io::Error| Failure::new(format!("cannot connect to {server}: {what}"));
        Wire::tcp(ip, server).and_then(Self::on).map_err(failed)
    }

    /// A phone in a page that `http` has served.
    pub(super) fn browse(ip: IpAddr, http: SocketAddr) -> Result<Self, Failure> {
        let failed = |what: io::Error| Failure::new(format!("no WebSocket at {http}: {what}"));
        Wire::web(ip, http).and_then(Self::on).map_err(failed)
    }

    fn on(wire: Wire) -> io::Result<Self> {
        let local = wire.local()?;
        let wire = Arc::new(wire);
        let inner = Inner {
            wire: Arc::clone(&wire),
            local,
            began: Instant::now(),
            transcript: Vec::new(),
            counter: 0,
            account: None,
            pending: Vec::new(),
            answers: HashMap::new(),
            calls: BTreeMap::new(),
            arrived: VecDeque::new(),
            register: None,
            register_status: None,
            options_status: None,
            ring_by_itself: true,
            voice: Voice::default(),
            unplugged: false,
            repeats_seen: 0,
            repeats_sent: 0,
            registrar: Vec::new(),
        };
        Ok(Self {
            wire,
            local,
            inner: Mutex::new(inner),
            changed: Condvar::new(),
            stop: AtomicBool::new(false),
        })
    }

    /// The state; a test that panicked while holding it does not hide behind a poisoned lock.
    pub(super) fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends the thread.
    pub(super) fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// The receiving thread: what has come or one turn of the timers after the other.
    pub(super) fn run(&self) {
        let mut came = Vec::new();
        while !self.stop.load(Ordering::Relaxed) {
            let received = self.wire.receive(&mut came);
            let mut inner = self.lock();
            for (bytes, from) in received {
                if !inner.unplugged
                    && let Some(message) = Message::parse(&bytes)
                {
                    inner.note("<-", from, &bytes);
                    inner.receive(&message, from);
                }
            }
            inner.repeat_what_is_due(Instant::now());
            drop(inner);
            self.changed.notify_all();
        }
    }

    /// Waits until `look` finds something, at most `limit`.
    pub(super) fn wait<T>(
        &self,
        limit: Duration,
        what: &str,
        mut look: impl FnMut(&mut Inner) -> Option<T>,
    ) -> Result<T, Failure> {
        let deadline = Instant::now() + limit;
        let mut inner = self.lock();
        loop {
            if let Some(found) = look(&mut inner) {
                return Ok(found);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let waited = limit.as_secs_f64();
                return Err(inner.failure(&format!("waited {waited} s for {what}")));
            }
            let result = self.changed.wait_timeout(inner, left);
            inner = result.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// A failure with the transcript.
    pub(super) fn failure(&self, what: &str) -> Failure {
        self.lock().failure(what)
    }
}

impl Inner {
    /// A failure with the transcript.
    pub(super) fn failure(&self, what: &str) -> Failure {
        let messages = self.transcript.join("\n");
        Failure::new(format!(
            "phone {}: {what}\n--- its messages:\n{messages}",
            self.local
        ))
    }

    /// Writes a message into the transcript.
    pub(super) fn note(&mut self, arrow: &str, peer: SocketAddr, bytes: &[u8]) {
        let at = self.began.elapsed().as_secs_f64();
        let text = String::from_utf8_lossy(bytes);
        let indented = text.trim_end().replace("\r\n", "\n    ");
        self.transcript
            .push(format!("{at:8.3} {arrow} {peer}\n    {indented}"));
    }

    /// Sends once and notes it.
    pub(super) fn transmit(&mut self, bytes: &[u8], to: SocketAddr) {
        self.note("->", to, bytes);
        self.wire.send(bytes, to);
    }

    /// Where we are, as a Contact says it.
    pub(super) fn contact(&self, user: &str) -> String {
        let host = self.wire.host(self.local);
        format!("<sip:{user}@{host}{}>", self.wire.parameter())
    }

    /// A Via of ours.
    pub(super) fn via(&self, branch: &str) -> String {
        let (name, host) = (self.wire.name(), self.wire.host(self.local));
        format!("SIP/2.0/{name} {host};branch={branch};rport")
    }

    /// A word nobody else uses: for tags, branches, Call-IDs.
    pub(super) fn unique(&mut self) -> String {
        self.counter += 1;
        let nanos = self.began.elapsed().as_nanos();
        format!("{}x{}x{nanos}", self.local.port(), self.counter)
    }

    /// Sends what was not answered again, RFC 3261 17.1, and gives up after 64 T1.
    fn repeat_what_is_due(&mut self, now: Instant) {
        let mut due = Vec::new();
        let mut given_up = Vec::new();
        let reliable = self.wire.is_reliable();
        self.pending.retain_mut(|pending| {
            if now >= pending.give_up {
                given_up.push((pending.method.clone(), pending.call_id.clone()));
                return false;
            }
            // RFC 3261 17.1.1.2 and 17.1.2.2; a 200 is repeated on every transport (13.3.1.4).
            let repeats = !reliable || pending.method == "200";
            if now >= pending.next && repeats {
                pending.interval *= 2;
                if pending.method != "INVITE" {
                    pending.interval = pending.interval.min(T2);
                }
                pending.next = now + pending.interval;
                due.push((pending.bytes.clone(), pending.to));
            }
            true
        });
        for (bytes, to) in due {
            self.repeats_sent += 1;
            self.transmit(&bytes, to);
        }
        for (method, call_id) in given_up {
            self.give_up(&method, &call_id);
        }
    }

    fn give_up(&mut self, method: &str, call_id: &str) {
        match method {
            "REGISTER" => self.register_status = Some(408),
            "OPTIONS" => self.options_status = Some(408),
            _ => {
                if let Some(call) = self.calls.get_mut(call_id)
                    && !matches!(call.phase, Phase::Ended(_))
                {
                    call.end(End::TimedOut);
                }
            }
        }
    }
}

impl CallState {
    /// The call is over: its media falls silent, what was heard stays.
    pub(super) fn end(&mut self, end: End) {
        self.phase = Phase::Ended(end);
        self.media.set_remote(None);
    }
}
