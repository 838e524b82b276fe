//! A small SIP phone with ears, for tests: it registers, calls, is called, sends tones, keys and numbered packets, and
//! can say what it heard. Threads and the standard library (a connection alone needs tokio, to choose its address), and none of the product's code: a misreading of an RFC
//! is not shared by both ends.
//!
//! ```ignore
//! let agent = Phone::start("127.0.0.21".parse()?)?;
//! agent.register(server, "2001", "secret")?;
//! let customer = Phone::start("127.0.0.2".parse()?)?;
//! let call = customer.call(server, "9000", "+442079460101")?;
//! call.wait_answered(seconds(5))?;
//! call.press("2");
//! let ringing = agent.wait_ring(seconds(10))?;
//! let answered = ringing.answer()?;
//! answered.send(Sending::Tone(440.0));
//! call.wait_tone(440.0, seconds(2))?;
//! call.hang_up();
//! answered.wait_ended(seconds(2))?;
//! ```
//!
//! Every wait has a limit and ends in a [`Failure`] that shows the SIP messages of the phone. Nothing sleeps longer
//! than it must, and no limit is shorter than `patience.rs` has it, but for those of the few waits whose name says
//! "within".

pub(crate) mod audio;
mod call;
pub(crate) mod digest;
mod engine;
mod exchange;
pub(crate) mod heard;
mod listen;
pub(crate) mod md5;
pub(crate) mod media;
pub(crate) mod message;
mod relay;
mod requests;
mod sdp;
mod shield;
pub(crate) mod wire;

pub(crate) use call::{Call, IncomingCall, is_tone};
pub(crate) use engine::{End, Failure};
pub(crate) use media::Sending;
pub(crate) use sdp::Codec;
pub(crate) use shield::{Manners, Shield};

use super::patience::patient;
use digest::Account;
use engine::{Engine, Phase};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

/// What most calls of a phone give back.
pub(crate) type Outcome<T> = Result<T, Failure>;

/// `seconds(2)` reads better than its long form in a test.
pub(crate) fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

/// A phone on an address of its own. Ends with its thread and its calls' media when dropped; nothing is sent then.
#[derive(Debug)]
pub(crate) struct Phone {
    engine: Arc<Engine>,
    thread: Option<JoinHandle<()>>,
}

impl Phone {
    /// A phone on any free port of `ip`.
    pub(crate) fn start(ip: IpAddr) -> Outcome<Self> {
        Self::start_at(SocketAddr::new(ip, 0))
    }

    /// A phone on this very port.
    pub(crate) fn start_at(local: SocketAddr) -> Outcome<Self> {
        Ok(Self::around(Engine::bind(local)?))
    }

    fn around(engine: Engine) -> Self {
        let engine = Arc::new(engine);
        let runner = Arc::clone(&engine);
        let thread = Some(std::thread::spawn(move || runner.run()));
        Self { engine, thread }
    }

    /// A phone at `ip` that speaks over one connection to `server`.
    pub(crate) fn start_tcp(ip: IpAddr, server: SocketAddr) -> Outcome<Self> {
        Ok(Self::around(Engine::connect(ip, server)?))
    }

    /// A phone at `ip` that speaks over a WebSocket, as one in a page that `http` has served.
    pub(crate) fn start_web(ip: IpAddr, http: SocketAddr) -> Outcome<Self> {
        let phone = Self::around(Engine::browse(ip, http)?);
        phone.be_browser(Manners::default());
        Ok(phone)
    }

    /// Where it is.
    pub(crate) fn address(&self) -> SocketAddr {
        self.engine.local
    }

    /// Gives the phone an account without registering: it answers challenges of calls.
    pub(crate) fn set_account(&self, extension: &str, password: &str) {
        self.engine.lock().account = Some(Account {
            username: extension.to_owned(),
            password: password.to_owned(),
        });
    }

    /// Registers for an hour and waits until it is done. Again: a refresh, in the same Call-ID.
    pub(crate) fn register(
        &self,
        server: SocketAddr,
        extension: &str,
        password: &str,
    ) -> Outcome<()> {
        self.set_account(extension, password);
        self.register_for(server, extension, 3600)
    }

    /// Registers for so many seconds, 0 to de-register, with the account of the phone.
    pub(crate) fn register_for(
        &self,
        server: SocketAddr,
        extension: &str,
        expires: u32,
    ) -> Outcome<()> {
        match self.register_status(server, extension, expires)? {
            200 => Ok(()),
            status => Err(self
                .engine
                .failure(&format!("REGISTER was refused with {status}"))),
        }
    }

    /// The same, giving the final status whatever it is.
    pub(crate) fn register_status(
        &self,
        server: SocketAddr,
        extension: &str,
        expires: u32,
    ) -> Outcome<u16> {
        self.engine.lock().send_register(server, extension, expires);
        self.engine
            .wait(patient(seconds(5)), "an answer to REGISTER", |inner| {
                inner.register_status.take()
            })
    }

    /// Takes the registration back.
    pub(crate) fn unregister(&self, server: SocketAddr, extension: &str) -> Outcome<()> {
        self.register_for(server, extension, 0)
    }

    /// Sends 180 by itself when called; on from the start. Off: a called phone stays mute until it is answered.
    pub(crate) fn ring_by_itself(&self, on: bool) {
        self.engine.lock().ring_by_itself = on;
    }

    /// Offers and takes PCMA alone from the next call on, instead of PCMU.
    pub(crate) fn speak_pcma(&self) {
        self.speak(Codec::Pcma);
    }

    /// Offers and takes this codec alone from the next call on.
    pub(crate) fn speak(&self, codec: Codec) {
        self.engine.lock().voice.codec = codec;
    }

    /// Loses so many of a hundred packets of media on the way, from the next call on.
    pub(crate) fn lose_media(&self, percent: u8) {
        self.engine.lock().voice.loss = percent;
    }

    /// Is a browser from the next call on: its media goes by ICE, DTLS and SRTP.
    pub(crate) fn be_browser(&self, manners: Manners) {
        self.engine.lock().voice.secure = Some(manners);
    }

    /// Knows no telephone events from the next call on: keys are tones.
    pub(crate) fn press_in_band(&self) {
        self.engine.lock().voice.no_events = true;
    }

    /// Answers nothing at all from now on, as a phone whose cable was pulled.
    pub(crate) fn unplug(&self, unplugged: bool) {
        self.engine.lock().unplugged = unplugged;
    }

    /// Calls `number` at `server`; gives the call at once, before anything was answered.
    pub(crate) fn call(&self, server: SocketAddr, number: &str, from: &str) -> Outcome<Call> {
        self.call_with(server, number, from, &[])
    }

    /// The same with extra headers.
    pub(crate) fn call_with(
        &self,
        server: SocketAddr,
        number: &str,
        from: &str,
        headers: &[(&str, &str)],
    ) -> Outcome<Call> {
        let call_id = self
            .engine
            .lock()
            .send_invite(server, number, from, headers)?;
        Ok(Call::new(Arc::clone(&self.engine), call_id))
    }

    /// The next call that arrives, or has arrived already.
    pub(crate) fn wait_ring(&self, limit: Duration) -> Outcome<IncomingCall> {
        self.rings_within(patient(limit))
    }

    /// The same within no more than this time: for whoever has something else to do then.
    pub(crate) fn rings_within(&self, time: Duration) -> Outcome<IncomingCall> {
        let call_id = self
            .engine
            .wait(time, "an incoming call", |inner| inner.arrived.pop_front())?;
        Ok(IncomingCall::new(Arc::clone(&self.engine), call_id))
    }

    /// Fails when a call arrives within `time`; for agents who must not be asked.
    pub(crate) fn expect_quiet(&self, time: Duration) -> Outcome<()> {
        match self.rings_within(time) {
            Err(_) => Ok(()),
            Ok(call) => Err(self.engine.failure(&format!(
                "a call arrived that should not have: {}",
                call.call_id()
            ))),
        }
    }

    /// Sends OPTIONS and waits for the status; a server that takes calls says 200.
    pub(crate) fn ping(&self, server: SocketAddr) -> Outcome<u16> {
        self.engine.lock().send_options(server);
        self.engine
            .wait(patient(seconds(5)), "an answer to OPTIONS", |inner| {
                inner.options_status.take()
            })
    }

    /// Plays the registrar for this account, to try a peer without the product.
    pub(crate) fn be_registrar(&self, extension: &str, password: &str) {
        let account = Account {
            username: extension.to_owned(),
            password: password.to_owned(),
        };
        self.engine.lock().registrar.push((account, None));
    }

    /// Waits until that account has registered; where from.
    pub(crate) fn wait_registered(&self, extension: &str, limit: Duration) -> Outcome<SocketAddr> {
        self.engine.wait(patient(limit), "a registration", |inner| {
            let found = inner
                .registrar
                .iter()
                .find(|(account, _)| account.username == extension);
            found.and_then(|(_, place)| *place)
        })
    }

    /// Sends bytes as they are, and nothing else: for bad input.
    pub(crate) fn send_raw(&self, server: SocketAddr, datagram: &[u8]) {
        self.engine.wire.send(datagram, server);
    }

    /// Requests that came twice because an answer was late or lost; 0 in a healthy test.
    pub(crate) fn repeats_seen(&self) -> usize {
        self.engine.lock().repeats_seen
    }

    /// Requests of ours that had to be sent again; 0 in a healthy test.
    pub(crate) fn repeats_sent(&self) -> usize {
        self.engine.lock().repeats_sent
    }

    /// Calls of this phone that have not ended.
    pub(crate) fn live_calls(&self) -> usize {
        let inner = self.engine.lock();
        let is_live = |phase: &Phase| !matches!(phase, Phase::Ended(_));
        inner
            .calls
            .values()
            .filter(|call| is_live(&call.phase))
            .count()
    }

    /// Every SIP message so far, with times.
    pub(crate) fn transcript(&self) -> String {
        self.engine.lock().transcript.join("\n")
    }
}

impl Drop for Phone {
    fn drop(&mut self) {
        self.engine.stop();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
