//! The media of one call of the test phone: a socket, a thread that sends every 20 ms and one that listens.
//!
//! **Owns**: what is being sent, and every packet that came, with its time. **Must not know**: SIP.

use super::audio::{self, Numbered, PACKET};
use super::heard::{Heard, Packet};
use super::relay::Relay;
use super::sdp::{self, Codec, Remote, Voice};
use super::shield::Shield;
use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// What goes out in the place of a voice.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Sending {
    /// No packets at all.
    #[default]
    Nothing,
    /// Packets of silence.
    Silence,
    /// An endless tone of so many Hz.
    Tone(f64),
    /// PCMU packets that carry this leg's id and their number, and a tone of so many Hz; numbers begin at 0.
    Numbered {
        /// This leg's id.
        leg: u8,
        /// The tone.
        hz: f64,
    },
    /// These samples (8 kHz), over and over.
    Samples(Arc<Vec<i16>>),
    /// These bytes of the codec, over and over.
    Codes(Arc<Vec<u8>>),
}

/// Media of one call; its threads end when it is dropped.
#[derive(Debug)]
pub(crate) struct Media {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
    relay: Option<Relay>,
    shield: Option<Shield>,
}

#[derive(Debug)]
struct Shared {
    socket: UdpSocket,
    voice: Voice,
    stop: AtomicBool,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    remote: Option<Remote>,
    sending: Sending,
    keys: VecDeque<char>,
    numbered: u32,
    sent: u64,
    packets: Vec<Packet>,
}

impl Media {
    /// Binds a port on `ip` and starts to listen; nothing is sent until there is a remote and something to send.
    pub(crate) fn start(ip: IpAddr, voice: Voice) -> io::Result<Self> {
        let socket = UdpSocket::bind((ip, 0))?;
        socket.set_read_timeout(Some(Duration::from_millis(50)))?;
        let shared = Arc::new(Shared {
            socket,
            voice,
            stop: AtomicBool::new(false),
            state: Mutex::new(State {
                remote: None,
                sending: Sending::Nothing,
                keys: VecDeque::new(),
                numbered: 0,
                sent: 0,
                packets: Vec::new(),
            }),
        });
        let (listener, sender) = (Arc::clone(&shared), Arc::clone(&shared));
        let threads = vec![
            thread::spawn(move || listener.listen()),
            thread::spawn(move || Sender::new(&sender).run(&sender)),
        ];
        let phone = shared.socket.local_addr()?;
        let relay = (voice.loss > 0)
            .then(|| Relay::start(ip, phone, voice.loss))
            .transpose()?;
        let shield = voice
            .secure
            .map(|manners| Shield::start(ip, phone, manners))
            .transpose()?;
        Ok(Self {
            shared,
            threads,
            relay,
            shield,
        })
    }

    /// Where we want packets.
    pub(crate) fn local(&self) -> SocketAddr {
        self.shared
            .socket
            .local_addr()
            .expect("a bound socket has an address")
    }

    /// Our description.
    pub(crate) fn describe(&self) -> String {
        if let Some(shield) = &self.shield {
            return sdp::describe_secure(shield, self.shared.voice).unwrap_or_default();
        }
        let far = self.relay.as_ref().and_then(|relay| relay.far().ok());
        sdp::describe(far.unwrap_or_else(|| self.local()), self.shared.voice)
    }

    /// What the far end's description says, when it fits ours.
    pub(crate) fn read(&self, sdp: &str) -> Option<Remote> {
        if self
            .shield
            .as_ref()
            .is_some_and(|shield| !shield.learn(sdp))
        {
            return None;
        }
        sdp::read(sdp, self.shared.voice)
    }

    /// Where packets go from now on.
    pub(crate) fn set_remote(&self, remote: Option<Remote>) {
        let by_relay = |relay: &Relay, remote: Remote| {
            relay.set_server(remote.address);
            relay.near().map(|address| Remote { address, ..remote })
        };
        let remote = match (&self.relay, remote) {
            (Some(relay), Some(remote)) => by_relay(relay, remote).ok(),
            _ => remote,
        };
        let by_shield = |shield: &Shield| {
            let address = shield.near().ok()?;
            remote.map(|remote| Remote { address, ..remote })
        };
        let remote = match &self.shield {
            Some(shield) => by_shield(shield),
            None => remote,
        };
        self.shared.lock().remote = remote;
    }

    /// Changes what is sent, from the next packet on.
    pub(crate) fn send(&self, sending: Sending) {
        self.shared.lock().sending = sending;
    }

    /// Queues keys, each sent as an event of 160 ms (RFC 4733), or as tones where the far end takes none, followed by
    /// 100 ms of pause.
    pub(crate) fn press(&self, keys: &str) {
        self.shared.lock().keys.extend(keys.chars());
    }

    /// Every packet so far.
    pub(crate) fn heard(&self) -> Heard {
        Heard {
            packets: self.shared.lock().packets.clone(),
        }
    }

    /// Packets from `instant` on, for those who look often.
    pub(crate) fn heard_since(&self, instant: Instant) -> Heard {
        let state = self.shared.lock();
        let old = state.packets.partition_point(|packet| packet.at < instant);
        Heard {
            packets: state.packets[old..].to_vec(),
        }
    }

    /// Where in the order of arrival `instant` was, for [`Self::audio_from`].
    pub(super) fn place_at(&self, instant: Instant) -> usize {
        let state = self.shared.lock();
        state.packets.partition_point(|packet| packet.at < instant)
    }

    /// Audio from that place on, each packet with the place behind it.
    pub(super) fn audio_from(&self, place: usize) -> Vec<(usize, Packet)> {
        let state = self.shared.lock();
        let all = state.packets.iter().enumerate().skip(place);
        all.filter(|(_, packet)| packet.is_audio())
            .map(|(at, packet)| (at + 1, packet.clone()))
            .collect()
    }

    /// Packets that a lossy network took from us, and how many of them it lost.
    pub(crate) fn carried(&self) -> (u64, u64) {
        self.relay.as_ref().map_or((0, 0), Relay::up)
    }

    /// What makes it a browser's, where it is one's.
    pub(crate) fn shield(&self) -> Option<&Shield> {
        self.shield.as_ref()
    }

    /// Packets sent so far, and how many of them were numbered.
    pub(crate) fn sent(&self) -> (u64, u32) {
        let state = self.shared.lock();
        (state.sent, state.numbered)
    }
}

impl Drop for Media {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    fn listen(&self) {
        let mut buffer = [0; 2048];
        while !self.stopped() {
            let Ok((length, from)) = self.socket.recv_from(&mut buffer) else {
                continue;
            };
            if let Some(packet) = Packet::parse(&buffer[..length], from, Instant::now()) {
                self.lock().packets.push(packet);
            }
        }
    }
}

/// The sending side's counters.
struct Sender {
    sequence: u16,
    timestamp: u32,
    ssrc: u32,
    was_silent: bool,
    place: u64,
    event: Option<Event>,
}

/// A key on its way.
struct Event {
    code: u8,
    timestamp: u32,
    packets: u16,
}

/// Packets of an event while the key is down, three that say it is up, and the pause after it.
const KEY_DOWN: u16 = 8;
const KEY_UP: u16 = 3;
const KEY_PAUSE: u16 = 5;

impl Sender {
    fn new(shared: &Shared) -> Self {
        let seed = shared
            .socket
            .local_addr()
            .map_or(1, |address| u32::from(address.port()));
        Self {
            sequence: (seed.wrapping_mul(40_503) >> 3) as u16,
            timestamp: seed.wrapping_mul(2_654_435_761),
            ssrc: seed.wrapping_mul(2_246_822_519) | 1,
            was_silent: true,
            place: 0,
            event: None,
        }
    }

    fn run(&mut self, shared: &Shared) {
        let mut next = Instant::now();
        while !shared.stopped() {
            next += Duration::from_millis(20);
            thread::sleep(next.saturating_duration_since(Instant::now()));
            let mut state = shared.lock();
            let Some(remote) = state.remote else {
                self.was_silent = true;
                self.timestamp = self.timestamp.wrapping_add(PACKET as u32);
                continue;
            };
            if self.event.is_none()
                && let Some(code) = state.keys.pop_front().and_then(event_code)
            {
                self.event = Some(Event {
                    code,
                    timestamp: self.timestamp,
                    packets: 0,
                });
            }
            let key = match remote.event_type {
                Some(payload_type) => self.event_packet(payload_type),
                None => self.tone_packet(shared.voice.codec),
            };
            let packet = match key {
                Some(packet) => Some(packet),
                None => self.audio_packet(&mut state, shared.voice.codec),
            };
            if let Some(packet) = packet {
                let _ = shared.socket.send_to(&packet, remote.address);
                state.sent += 1;
            }
            self.timestamp = self.timestamp.wrapping_add(PACKET as u32);
        }
    }

    /// The next packet of the key that is being sent; none when audio may go, as in the pause after it.
    fn event_packet(&mut self, payload_type: u8) -> Option<Vec<u8>> {
        let event = self.event.as_mut()?;
        event.packets += 1;
        let (count, code, timestamp) = (event.packets, event.code, event.timestamp);
        if count > KEY_DOWN + KEY_UP {
            if count == KEY_DOWN + KEY_UP + KEY_PAUSE {
                self.event = None;
            }
            return None;
        }
        let end = if count > KEY_DOWN { 0x80 } else { 0 };
        let duration = (count.min(KEY_DOWN) * PACKET as u16).to_be_bytes();
        let payload = [code, end | 10, duration[0], duration[1]];
        Some(self.packet(payload_type, count == 1, timestamp, &payload))
    }

    /// The next packet of the key that is being sent as tones, with silence behind it.
    fn tone_packet(&mut self, codec: Codec) -> Option<Vec<u8>> {
        let event = self.event.as_mut()?;
        event.packets += 1;
        let (count, code) = (event.packets, event.code);
        if count == KEY_DOWN + KEY_PAUSE {
            self.event = None;
        }
        let from = u64::from(count - 1) * PACKET as u64;
        let (_, silence, law) = coding(codec);
        let payload = match count {
            ..=KEY_DOWN => audio::key(code, from).into_iter().map(law).collect(),
            _ => vec![silence; PACKET],
        };
        let marker = std::mem::take(&mut self.was_silent);
        Some(self.packet(codec.payload_type(), marker, self.timestamp, &payload))
    }

    fn audio_packet(&mut self, state: &mut State, codec: Codec) -> Option<Vec<u8>> {
        let (payload_type, silence, law) = coding(codec);
        let encode = |samples: Vec<i16>| samples.into_iter().map(law).collect::<Vec<u8>>();
        let payload = match &state.sending {
            Sending::Nothing => {
                self.was_silent = true;
                return None;
            }
            Sending::Silence => vec![silence; PACKET],
            Sending::Tone(hz) => encode(audio::tone(*hz, self.place)),
            Sending::Numbered { leg, hz } => {
                let number = state.numbered;
                state.numbered += 1;
                Numbered { leg: *leg, number }.payload(*hz)
            }
            Sending::Codes(codes) => {
                let from = self.place as usize;
                (from..from + PACKET)
                    .map(|at| {
                        codes
                            .get(at % codes.len().max(1))
                            .copied()
                            .unwrap_or(silence)
                    })
                    .collect()
            }
            Sending::Samples(samples) if samples.is_empty() => vec![silence; PACKET],
            Sending::Samples(samples) => {
                let from = self.place as usize;
                encode(
                    (from..from + PACKET)
                        .map(|at| samples[at % samples.len()])
                        .collect(),
                )
            }
        };
        self.place += PACKET as u64;
        let marker = std::mem::take(&mut self.was_silent);
        let timestamp = self.timestamp;
        Some(self.packet(payload_type, marker, timestamp, &payload))
    }

    fn packet(
        &mut self,
        payload_type: u8,
        marker: bool,
        timestamp: u32,
        payload: &[u8],
    ) -> Vec<u8> {
        let mut packet = vec![0x80, payload_type | u8::from(marker) << 7];
        packet.extend_from_slice(&self.sequence.to_be_bytes());
        packet.extend_from_slice(&timestamp.to_be_bytes());
        packet.extend_from_slice(&self.ssrc.to_be_bytes());
        packet.extend_from_slice(payload);
        self.sequence = self.sequence.wrapping_add(1);
        packet
    }
}

/// Payload type, silence and law of a codec. G.722 is brought as bytes; its samples are silent here.
fn coding(codec: Codec) -> (u8, u8, fn(i16) -> u8) {
    match codec {
        Codec::Pcmu => (0, 0xff, audio::to_ulaw),
        Codec::Pcma => (8, 0xd5, audio::to_alaw),
        Codec::G722 => (9, 0xfc, |_| 0xfc),
    }
}

fn event_code(key: char) -> Option<u8> {
    let place = "0123456789*#ABCD".find(key.to_ascii_uppercase())?;
    u8::try_from(place).ok()
}
