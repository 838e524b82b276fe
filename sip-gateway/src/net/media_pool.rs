//! The handle of the media threads: opens legs, routes commands to the thread where a leg lives.
//!
//! **Owns**: [`MediaPool`], which ports are free, which leg lives where. **Must not know**: SIP, files.
//!
//! The directory of legs is the one thing its clones share, under a lock that is held for the sending of a command, so
//! that commands reach the threads in the order they were given. Media threads never take it.

mod plane;
mod ports;
mod values;

pub use values::{LocalAddress, MediaConfig, MediaError, MediaStats, OpenError};

use crate::leg::{LegId, StreamId};
use crate::media::outbound::StreamSeed;
use crate::media::port::{MediaEvent, PlayRequest, RecordRequest, RemoteMedia};
use crate::media::secure::dtls_srtp::Identity;
use crate::net::media_thread::{
    self, COMMANDS, Command, Common, Gauges, Link, MEMBERS, MediaThread, Settings,
};
use crate::net::packet_io::SocketPair;
use crate::secure_media::{IceLogin, LocalSecure};
use ports::Ports;
use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{TrySendError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::sync::mpsc;

/// Events that may wait for the gateway.
const EVENTS: usize = 1024;
/// Pairs of ports tried for one leg before giving up.
const BINDS: usize = 64;
/// Seconds between 1900 and 1970 (RFC 3550 4).
const NTP_TO_UNIX: Duration = Duration::from_secs(2_208_988_800);
/// Expedited forwarding (RFC 3246), as the IP header's TOS byte.
const EXPEDITED: u32 = 46 << 2;

/// Handle of the media threads; cheap to clone. They end when the last clone is dropped.
#[derive(Clone, Debug)]
pub struct MediaPool {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    address: IpAddr,
    begun: Instant,
    links: Arc<[Link]>,
    gauges: Vec<Arc<Gauges>>,
    stop: Arc<AtomicBool>,
    /// None when the system's cryptography refused: there are no secured legs then.
    identity: Option<Arc<Identity>>,
    directory: Mutex<Directory>,
}

#[derive(Debug)]
struct Directory {
    legs: HashMap<LegId, Home>,
    streams: HashMap<StreamId, Recorded>,
    ports: Ports,
}

#[derive(Clone, Copy, Debug)]
struct Home {
    thread: usize,
    port: u16,
}

#[derive(Clone, Debug)]
struct Recorded {
    thread: usize,
    legs: Vec<LegId>,
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        for link in self.links.iter() {
            // A thread that cannot be woken sees the flag at its next step.
            let _ = link.waker.wake();
        }
    }
}

impl Directory {
    fn home(&self, leg: LegId) -> Result<Home, MediaError> {
        self.legs
            .get(&leg)
            .copied()
            .ok_or(MediaError::UnknownLeg(leg))
    }

    fn is_recorded(&self, leg: LegId) -> bool {
        self.streams
            .values()
            .any(|recorded| recorded.legs.contains(&leg))
    }
}

impl MediaPool {
    /// Starts the media threads. The receiver is the one place where all events of all legs arrive.
    ///
    /// # Errors
    /// When the range holds no pair of ports or the system refuses a thread.
    pub fn start(config: MediaConfig) -> io::Result<(Self, mpsc::Receiver<MediaEvent>)> {
        let ports = Ports::new(&config.ports);
        if ports.len() == 0 {
            let text = "the media port range holds no even port with an odd one above it";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        }
        let (events, receiver) = mpsc::channel(EVENTS);
        let (mut links, mut ends) = (Vec::new(), Vec::new());
        for _ in 0..config.threads.max(1) {
            let (poll, waker) = media_thread::poll()?;
            let (commands, receiver) = sync_channel(COMMANDS);
            links.push(Link { commands, waker });
            ends.push((poll, receiver, Arc::new(Gauges::default())));
        }
        let since_1970 = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let begun = Instant::now();
        let common = Common {
            events,
            links: links.into(),
            stop: Arc::default(),
            begun,
            identity: identity(begun),
            settings: Settings {
                media_lost_after: config.media_lost_after,
                ntp_at_zero: since_1970.saturating_add(NTP_TO_UNIX),
            },
        };
        let gauges = ends.iter().map(|(_, _, gauges)| gauges.clone()).collect();
        let shared = Shared {
            address: config.address,
            begun: common.begun,
            links: common.links.clone(),
            gauges,
            stop: common.stop.clone(),
            identity: common.identity.clone(),
            directory: Mutex::new(Directory {
                legs: HashMap::new(),
                streams: HashMap::new(),
                ports,
            }),
        };
        for (n, (poll, commands, gauges)) in ends.into_iter().enumerate() {
            let thread = MediaThread::new(poll, commands, gauges, &common)?;
            std::thread::Builder::new()
                .name(format!("media-{n}"))
                .spawn(move || thread.run())?;
        }
        Ok((
            Self {
                shared: Arc::new(shared),
            },
            receiver,
        ))
    }

    /// Gives a leg its sockets. Legs with the same `affinity` (a number of their call) live on the same thread.
    ///
    /// # Errors
    /// When there is no port, no room or no socket.
    pub fn open(&self, leg: LegId, affinity: u64) -> Result<LocalAddress, OpenError> {
        let mut directory = self.directory();
        if directory.legs.contains_key(&leg) {
            return Err(OpenError::AlreadyOpen(leg));
        }
        let thread = spread(affinity, self.shared.links.len());
        let (pair, port) = self.bind(&mut directory.ports)?;
        let seed = StreamSeed {
            ssrc: rand::random(),
            sequence: rand::random(),
            timestamp: rand::random(),
        };
        let link = self.shared.links.get(thread).ok_or(OpenError::Stopped)?;
        if let Err(error) = link.commands.try_send(Command::Open { leg, pair, seed }) {
            directory.ports.release(port, self.now());
            return Err(match error {
                TrySendError::Full(_) => OpenError::Full,
                TrySendError::Disconnected(_) => OpenError::Stopped,
            });
        }
        wake(link);
        directory.legs.insert(leg, Home { thread, port });
        Ok(LocalAddress {
            rtp: SocketAddr::new(self.shared.address, port),
        })
    }

    fn bind(&self, ports: &mut Ports) -> Result<(SocketPair, u16), OpenError> {
        let start = rand::random_range(0..ports.len().max(1));
        for _ in 0..BINDS {
            let port = ports.take(start, self.now()).ok_or(OpenError::NoPort)?;
            match self.bind_pair(port) {
                Ok(pair) => return Ok((pair, port)),
                Err(error) => {
                    ports.release(port, self.now());
                    if error.kind() != io::ErrorKind::AddrInUse {
                        return Err(OpenError::Io(error));
                    }
                }
            }
        }
        Err(OpenError::NoPort)
    }

    fn bind_pair(&self, port: u16) -> io::Result<SocketPair> {
        let bind = |port| UdpSocket::bind(SocketAddr::new(self.shared.address, port));
        let pair = [bind(port)?, bind(port + 1)?];
        if self.shared.address.is_ipv4() {
            for socket in &pair {
                // Routers may favour the packets; without it they travel as any other.
                let _ = socket2::SockRef::from(socket).set_tos_v4(EXPEDITED);
            }
        }
        let [rtp, rtcp] = pair;
        SocketPair::new(rtp, rtcp)
    }

    /// Who we are on a secured stream: our certificate, and a login that nobody had before.
    #[must_use]
    pub fn secure(&self) -> Option<LocalSecure> {
        let identity = self.shared.identity.as_ref()?;
        Some(LocalSecure {
            login: IceLogin::from_random(rand::random()),
            fingerprint: identity.fingerprint(),
        })
    }

    /// Tells a leg where its party is and what it speaks; again at each change (hold, re-INVITE).
    ///
    /// # Errors
    /// See [`MediaError`].
    pub fn set_remote(&self, leg: LegId, remote: RemoteMedia) -> Result<(), MediaError> {
        self.to_leg(leg, Command::SetRemote { leg, remote })
    }

    /// Plays towards a leg; replaces what plays there, and silences a bridged party for as long.
    ///
    /// # Errors
    /// See [`MediaError`].
    pub fn play(&self, leg: LegId, request: PlayRequest) -> Result<(), MediaError> {
        self.to_leg(leg, Command::Play { leg, request })
    }

    /// Stops what plays; its `PlayEnded` still comes.
    ///
    /// # Errors
    /// See [`MediaError`].
    pub fn stop(&self, leg: LegId) -> Result<(), MediaError> {
        self.to_leg(leg, Command::Stop { leg })
    }

    /// Lets two legs hear each other; what plays on them stops at once. A leg bridged with itself is an echo.
    ///
    /// # Errors
    /// See [`MediaError`].
    pub fn bridge(&self, a: LegId, b: LegId) -> Result<(), MediaError> {
        let mut directory = self.directory();
        let thread = self.join(&mut directory, a, b)?;
        self.send(thread, Command::Bridge { a, b })
    }

    /// Mixes some legs, at most eight: each hears those of its list.
    ///
    /// # Errors
    /// See [`MediaError`].
    pub fn mix(&self, mut members: Vec<(LegId, Vec<LegId>)>) -> Result<(), MediaError> {
        members.truncate(MEMBERS);
        let mut directory = self.directory();
        let legs: Vec<LegId> = members.iter().map(|(leg, _)| *leg).collect();
        let mut legs_of_recordings = legs.iter().filter(|leg| directory.is_recorded(**leg));
        let first = legs_of_recordings.next().or_else(|| legs.first());
        let Some(first) = first.copied() else {
            return Ok(());
        };
        let thread = directory.home(first)?.thread;
        for leg in legs {
            self.bring(&mut directory, leg, thread)?;
        }
        self.send(thread, Command::Mix(members))
    }

    /// Parts a leg from its peer, or takes it out of a mix.
    ///
    /// # Errors
    /// See [`MediaError`].
    pub fn unbridge(&self, leg: LegId) -> Result<(), MediaError> {
        self.to_leg(leg, Command::Unbridge { leg })
    }

    /// Its party may be gone: the next second of silence says so.
    ///
    /// # Errors
    /// See [`MediaError`].
    pub fn watch(&self, leg: LegId) -> Result<(), MediaError> {
        self.to_leg(leg, Command::Watch { leg })
    }

    /// Begins a recording of what both legs' parties say.
    ///
    /// # Errors
    /// See [`MediaError`].
    pub fn start_recording(&self, request: RecordRequest) -> Result<(), MediaError> {
        let mut directory = self.directory();
        let (stream, legs) = (request.stream, vec![request.left, request.right]);
        let thread = self.join(&mut directory, request.left, request.right)?;
        self.send(thread, Command::StartRecording(request))?;
        directory.streams.insert(stream, Recorded { thread, legs });
        Ok(())
    }

    /// Leaves out what is said from now on (`paused`), or takes it again: the timeline goes on in silence meanwhile.
    ///
    /// # Errors
    /// See [`MediaError`].
    pub fn pause_recording(&self, stream: StreamId, paused: bool) -> Result<(), MediaError> {
        let directory = self.directory();
        let recorded = directory.streams.get(&stream);
        let thread = recorded.ok_or(MediaError::UnknownStream(stream))?.thread;
        self.send(thread, Command::PauseRecording { stream, paused })
    }

    /// A recording hears others from now on; those of the right side are added up when they are mixed with each other.
    ///
    /// # Errors
    /// See [`MediaError`].
    pub fn record_others(
        &self,
        stream: StreamId,
        left: LegId,
        right: Vec<LegId>,
    ) -> Result<(), MediaError> {
        let mut directory = self.directory();
        let recorded = directory.streams.remove(&stream);
        let mut recorded = recorded.ok_or(MediaError::UnknownStream(stream))?;
        let legs: Vec<LegId> = std::iter::once(left).chain(right.iter().copied()).collect();
        let thread = recorded.thread;
        let brought = legs
            .iter()
            .try_for_each(|leg| self.bring(&mut directory, *leg, thread));
        if brought.is_ok() {
            recorded.legs = legs;
        }
        directory.streams.insert(stream, recorded);
        brought?;
        let command = Command::RecordOthers {
            stream,
            left,
            right,
        };
        self.send(thread, command)
    }

    /// Ends it; the last blocks and the end mark go to its sink.
    ///
    /// # Errors
    /// See [`MediaError`]. A recording ends by itself when both its legs are closed.
    pub fn stop_recording(&self, stream: StreamId) -> Result<(), MediaError> {
        let mut directory = self.directory();
        let recorded = directory
            .streams
            .remove(&stream)
            .ok_or(MediaError::UnknownStream(stream))?;
        self.send(recorded.thread, Command::StopRecording(stream))
    }

    /// The party told a key in signalling. Its [`MediaEvent::Key`] comes unless it is a press that came as an event or
    /// as tones too; a bridged peer gets it.
    ///
    /// # Errors
    /// See [`MediaError`].
    pub fn key_told(&self, leg: LegId, key: char) -> Result<(), MediaError> {
        self.to_leg(leg, Command::KeyTold { leg, key })
    }

    /// Sends a key to the party: as an RFC 4733 event when it takes events, else as tones.
    ///
    /// # Errors
    /// See [`MediaError`].
    pub fn send_key(&self, leg: LegId, key: char) -> Result<(), MediaError> {
        self.to_leg(leg, Command::SendKey { leg, key })
    }

    /// Ends a leg's media; its `Closed` is its last event.
    ///
    /// # Errors
    /// See [`MediaError`].
    pub fn close(&self, leg: LegId) -> Result<(), MediaError> {
        let mut directory = self.directory();
        let home = directory.home(leg)?;
        self.send(home.thread, Command::Close { leg })?;
        directory.legs.remove(&leg);
        directory.ports.release(home.port, self.now());
        let Directory { legs, streams, .. } = &mut *directory;
        streams.retain(|_, recorded| recorded.legs.iter().any(|leg| legs.contains_key(leg)));
        Ok(())
    }

    /// How the threads do. Looking resets the worst lateness.
    #[must_use]
    pub fn stats(&self) -> MediaStats {
        let (ports_taken, ports_resting) = self.directory().ports.in_use(self.now());
        let mut stats = MediaStats {
            ports_taken,
            ports_resting,
            ..MediaStats::default()
        };
        for gauges in &self.shared.gauges {
            let worst = gauges.worst_lateness_us.swap(0, Ordering::Relaxed);
            stats.worst_lateness_us = stats.worst_lateness_us.max(worst);
            stats.legs += gauges.legs.load(Ordering::Relaxed);
            stats.late_steps += gauges.late_steps.load(Ordering::Relaxed);
            stats.skipped_steps += gauges.skipped_steps.load(Ordering::Relaxed);
            stats.dropped_blocks += gauges.dropped_blocks.load(Ordering::Relaxed);
            stats.delayed_events += gauges.delayed_events.load(Ordering::Relaxed);
            stats.dropped_keys += gauges.dropped_keys.load(Ordering::Relaxed);
            stats.unsent_packets += gauges.unsent_packets.load(Ordering::Relaxed);
            stats.secured_legs += gauges.secured_legs.load(Ordering::Relaxed);
            stats.refused_stun += gauges.refused_stun.load(Ordering::Relaxed);
            stats.refused_dtls += gauges.refused_dtls.load(Ordering::Relaxed);
            stats.refused_srtp += gauges.refused_srtp.load(Ordering::Relaxed);
        }
        stats
    }

    fn now(&self) -> Duration {
        self.shared.begun.elapsed()
    }

    fn directory(&self) -> MutexGuard<'_, Directory> {
        // No code under the lock panics half-way through a change.
        self.shared
            .directory
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn to_leg(&self, leg: LegId, command: Command<SocketPair>) -> Result<(), MediaError> {
        let directory = self.directory();
        self.send(directory.home(leg)?.thread, command)
    }

    /// Waits when the queue is full: the thread empties it at its next step.
    fn send(&self, thread: usize, command: Command<SocketPair>) -> Result<(), MediaError> {
        let link = self.shared.links.get(thread).ok_or(MediaError::Stopped)?;
        link.commands
            .send(command)
            .map_err(|_| MediaError::Stopped)?;
        wake(link);
        Ok(())
    }

    /// Brings two legs to one thread and tells which.
    fn join(&self, directory: &mut Directory, a: LegId, b: LegId) -> Result<usize, MediaError> {
        let (home_a, home_b) = (directory.home(a)?, directory.home(b)?);
        if home_a.thread == home_b.thread {
            return Ok(home_a.thread);
        }
        let (leg, from, to) = if !directory.is_recorded(b) {
            (b, home_b, home_a.thread)
        } else if !directory.is_recorded(a) {
            (a, home_a, home_b.thread)
        } else {
            return Err(MediaError::Apart);
        };
        self.hand_over(directory, leg, from, to)?;
        Ok(to)
    }

    /// Brings a leg to a thread. One that is recorded elsewhere stays there.
    fn bring(&self, directory: &mut Directory, leg: LegId, to: usize) -> Result<(), MediaError> {
        let from = directory.home(leg)?;
        if from.thread == to {
            return Ok(());
        }
        if directory.is_recorded(leg) {
            return Err(MediaError::Apart);
        }
        self.hand_over(directory, leg, from, to)
    }

    fn hand_over(
        &self,
        directory: &mut Directory,
        leg: LegId,
        from: Home,
        to: usize,
    ) -> Result<(), MediaError> {
        self.send(to, Command::Expect { leg })?;
        self.send(from.thread, Command::MoveOut { leg, to })?;
        directory.legs.insert(leg, Home { thread: to, ..from });
        Ok(())
    }
}

fn identity(begun: Instant) -> Option<Arc<Identity>> {
    match Identity::new(begun) {
        Ok(identity) => Some(Arc::new(identity)),
        Err(error) => {
            tracing::error!(%error, "no certificate for browsers' calls: they are refused");
            None
        }
    }
}

fn wake(link: &Link) {
    // A thread that cannot be woken looks at its queue at its next step.
    let _ = link.waker.wake();
}

/// Spreads affinities over threads (Fibonacci hashing), also when they are all multiples of something.
fn spread(affinity: u64, threads: usize) -> usize {
    let mixed = affinity.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
    (mixed % threads.max(1) as u64) as usize
}

#[cfg(test)]
mod tests;
