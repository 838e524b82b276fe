//! A media thread: one plain OS thread that owns the sockets of its legs.
//!
//! **Owns**: the poll loop. **Must not know**: SIP, tokio tasks, files, SQL, HTTP.
//!
//! # The thread's rules
//! - **It waits in one place only**: `epoll`, until a packet, a command (waker) or the wheel's next 5 ms step; from 4,000
//!   packets a second on it sleeps 2 ms between two looks, so that it wakes once for many (`gather.rs`). Steps have
//!   absolute deadlines, so lateness never adds up; a thread held up for more than 100 ms leaves steps out. While all its
//!   legs rest it wakes for several steps at once (`rest.rs`).
//! - **Per packet** there is one receive, at most one send, no lock and no allocation. Only commands, keys and record
//!   blocks (each 0.2 s) allocate; on a browser's leg the SRTP crate makes one buffer per packet, and a handshake is done
//!   between two packets.
//! - **Commands** come through a bounded queue (1024, per thread); the pool's caller waits when it is full, which lasts
//!   a step at most. **Events** leave through one bounded channel (1024, all threads); what it cannot take is kept in
//!   order and tried again each step. **Record blocks** leave through the recorder's bounded channel; a full one loses
//!   the block (silence of the same length for the writer) and counts it, the end mark is tried again.
//! - **A leg lives on one thread.** Legs that are bridged or recorded together live on the same one; the pool moves one
//!   of them when they do not. Commands about a leg on its way wait for it, in order.
//! - **A flood on one port** is read in portions, so that the wheel and other legs get their turn.
//!
//! | file | what it is |
//! |---|---|
//! | `core.rs` | seats of legs, what a packet and a tick do |
//! | `verbs.rs` | what a command does |
//! | `command.rs`, `parking.rs` | commands, and those that wait for a leg |
//! | `wheel.rs`, `gather.rs` | when which leg ticks; when packets gather before the thread looks |
//! | `secured.rs` | what stands between the socket and a browser's leg |
//! | `rest.rs` | legs that need no look for a while |
//! | `recordings.rs` | timelines and sinks |
//! | `rooms.rs` | three and more legs, mixed |
//! | `outbox.rs` | events on their way out |

mod command;
mod core;
mod gather;
mod outbox;
mod parking;
mod recordings;
mod rest;
mod rooms;
mod secured;
mod verbs;
mod wheel;

pub(crate) use command::Command;
pub(crate) use core::Settings;
pub(crate) use rooms::MEMBERS;

use self::core::{Buffers, Core};
use self::gather::Gather;
use self::rest::Doze;
use super::packet_io::{Channel, SocketPair, UdpIo};
use crate::media::port::MediaEvent;
use crate::media::secure::dtls_srtp::Identity;
use mio::{Events, Poll, Token, Waker};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError};
use std::time::{Duration, Instant};
use tokio::sync::mpsc::Sender;

/// Commands that may wait for a thread.
pub(crate) const COMMANDS: usize = 1024;
/// The waker's token; no leg's key comes near it.
const WAKER: Token = Token(usize::MAX);
/// A thread without legs looks round this often, should a wake-up ever be missed.
const REST: Duration = Duration::from_secs(1);
/// Readiness reports taken at once.
const REPORTS: usize = 1024;
/// How long the last record blocks and events may take at the end.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// How others reach a thread.
#[derive(Clone, Debug)]
pub(crate) struct Link {
    pub(crate) commands: SyncSender<Command<SocketPair>>,
    pub(crate) waker: Arc<Waker>,
}

/// What a thread tells about itself.
#[derive(Debug, Default)]
pub(crate) struct Gauges {
    pub(crate) legs: AtomicU64,
    pub(crate) worst_lateness_us: AtomicU64,
    pub(crate) late_steps: AtomicU64,
    pub(crate) skipped_steps: AtomicU64,
    pub(crate) dropped_blocks: AtomicU64,
    pub(crate) delayed_events: AtomicU64,
    pub(crate) dropped_keys: AtomicU64,
    pub(crate) unsent_packets: AtomicU64,
    pub(crate) secured_legs: AtomicU64,
    pub(crate) refused_stun: AtomicU64,
    pub(crate) refused_dtls: AtomicU64,
    pub(crate) refused_srtp: AtomicU64,
}

/// Everything a thread is given.
pub(crate) struct MediaThread {
    poll: Poll,
    core: Core<UdpIo>,
    commands: Receiver<Command<SocketPair>>,
    events: Sender<MediaEvent>,
    links: Arc<[Link]>,
    stop: Arc<AtomicBool>,
    gauges: Arc<Gauges>,
    begun: Instant,
    buffers: Box<Buffers>,
    /// Sockets whose portion was used up.
    unfinished: Vec<(usize, Channel)>,
    gather: Gather,
    doze: Doze,
}

/// What all threads share.
pub(crate) struct Common {
    pub(crate) events: Sender<MediaEvent>,
    pub(crate) links: Arc<[Link]>,
    pub(crate) stop: Arc<AtomicBool>,
    pub(crate) begun: Instant,
    pub(crate) identity: Option<Arc<Identity>>,
    pub(crate) settings: Settings,
}

/// Makes the poll of a thread and its waker.
pub(crate) fn poll() -> io::Result<(Poll, Arc<Waker>)> {
    let poll = Poll::new()?;
    let waker = Waker::new(poll.registry(), WAKER)?;
    Ok((poll, Arc::new(waker)))
}

/// Stops all threads when the one that holds it dies.
struct Deathbed {
    stop: Arc<AtomicBool>,
    links: Arc<[Link]>,
}

impl Drop for Deathbed {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.stop.store(true, Ordering::Release);
            for link in self.links.iter() {
                // A thread that cannot be woken sees the flag at its next step.
                let _ = link.waker.wake();
            }
        }
    }
}

impl MediaThread {
    pub(crate) fn new(
        poll: Poll,
        commands: Receiver<Command<SocketPair>>,
        gauges: Arc<Gauges>,
        common: &Common,
    ) -> io::Result<Self> {
        let io = UdpIo::new(poll.registry().try_clone()?);
        Ok(Self {
            poll,
            core: Core::new(io, common.settings, common.identity.clone()),
            commands,
            events: common.events.clone(),
            links: common.links.clone(),
            stop: common.stop.clone(),
            gauges,
            begun: common.begun,
            buffers: Buffers::new(),
            unfinished: Vec::new(),
            gather: Gather::default(),
            doze: Doze::default(),
        })
    }

    /// The loop; returns when the pool is gone. A fault in it ends all media threads: legs of the others go on for no
    /// caller's good when a part of the calls is deaf, so the channel of events closes and the process can start anew.
    pub(crate) fn run(mut self) {
        let _deathbed = Deathbed {
            stop: self.stop.clone(),
            links: self.links.clone(),
        };
        let mut reports = Events::with_capacity(REPORTS);
        while !self.stop.load(Ordering::Acquire) {
            self.stay_away();
            let timeout = self.timeout();
            if self.poll.poll(&mut reports, timeout).is_err() {
                // A signal came in between; everything below is still right.
                reports.clear();
            }
            if self.doze.is_asleep() {
                self.turn();
            }
            self.read(&reports);
            self.obey();
            self.turn();
            self.pass_moves();
            self.core.outbox.flush(&self.events);
        }
        self.finish();
    }

    fn now(&self) -> Duration {
        self.begun.elapsed()
    }

    /// Where many packets come, they are taken a few at a time.
    fn stay_away(&self) {
        if !self.unfinished.is_empty() {
            return;
        }
        let now = self.now();
        let deadline = self.core.wheel.deadline().saturating_sub(now);
        let pause = self.gather.pause(now, deadline);
        if !pause.is_zero() {
            std::thread::sleep(pause);
        }
    }

    fn timeout(&mut self) -> Option<Duration> {
        let busy = self.core.is_busy();
        let all_rest = busy && self.unfinished.is_empty() && self.core.is_at_rest();
        let deadline = self.doze.until(all_rest, self.core.wheel.deadline());
        if !self.unfinished.is_empty() {
            return Some(Duration::ZERO);
        }
        let deadline = deadline.saturating_sub(self.now());
        Some(if busy { deadline } else { REST })
    }

    fn read(&mut self, reports: &Events) {
        let now = self.now();
        self.gather.looked(reports.iter().count(), now);
        let again = std::mem::take(&mut self.unfinished);
        let reported = reports
            .iter()
            .filter(|report| report.token() != WAKER)
            .map(|report| UdpIo::source(report.token()));
        for (key, channel) in again.into_iter().chain(reported) {
            if self.core.readable(key, channel, now, &mut self.buffers)
                && !self.unfinished.contains(&(key, channel))
            {
                self.unfinished.push((key, channel));
            }
        }
    }

    fn obey(&mut self) {
        let now = self.now();
        while let Ok(command) = self.commands.try_recv() {
            self.core.handle(command, now, &mut self.buffers);
        }
    }

    fn turn(&mut self) {
        let now = self.now();
        if !self.core.is_busy() {
            self.core.wheel.resume(now);
            return;
        }
        let lateness = self.core.turn(now, &mut self.buffers);
        let lateness = lateness.saturating_sub(self.doze.excused());
        let gauges = &self.gauges;
        let micros = u64::try_from(lateness.as_micros()).unwrap_or(u64::MAX);
        gauges
            .worst_lateness_us
            .fetch_max(micros, Ordering::Relaxed);
        if lateness > wheel::STEP {
            gauges.late_steps.fetch_add(1, Ordering::Relaxed);
        }
        let (delayed, dropped) = self.core.outbox.counts();
        gauges
            .legs
            .store(self.core.keys.len() as u64, Ordering::Relaxed);
        gauges
            .skipped_steps
            .store(self.core.wheel.skipped(), Ordering::Relaxed);
        gauges
            .dropped_blocks
            .store(self.core.recordings.dropped(), Ordering::Relaxed);
        gauges.delayed_events.store(delayed, Ordering::Relaxed);
        gauges.dropped_keys.store(dropped, Ordering::Relaxed);
        gauges
            .unsent_packets
            .store(self.core.unsent, Ordering::Relaxed);
        self.core.secured.publish(gauges);
    }

    /// Hands legs over to other threads; a full queue is tried again at the next step.
    fn pass_moves(&mut self) {
        for (to, command) in std::mem::take(&mut self.core.moves) {
            let Some(link) = self.links.get(to) else {
                continue;
            };
            match link.commands.try_send(command) {
                Ok(()) => {
                    // A failed wake is made up for by the thread's next step.
                    let _ = link.waker.wake();
                }
                Err(TrySendError::Full(command)) => self.core.moves.push((to, command)),
                Err(TrySendError::Disconnected(_)) => {}
            }
        }
    }

    /// The last blocks and events; waits a little for whoever takes them.
    fn finish(mut self) {
        self.obey();
        let now = self.now();
        self.core.close_all(now, &mut self.buffers);
        while self.now().saturating_sub(now) < LAST_WORDS {
            self.core.recordings.step(now);
            self.core.outbox.flush(&self.events);
            if self.core.recordings.is_empty() && self.core.outbox.is_empty() {
                return;
            }
            std::thread::sleep(wheel::STEP);
        }
    }
}
