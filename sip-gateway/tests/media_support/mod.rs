//! A small RTP party for the media tests: sends a tone or numbered packets, keeps everything it hears.

#![allow(dead_code)] // each test file uses a part
#![allow(clippy::unwrap_used)] // clippy does not see that helpers of tests are tests

use sip_gateway::leg::{LegId, PlayId};
use sip_gateway::media::clip::Clip;
use sip_gateway::media::codec::{AnyCodec, decode_g722, encode_g722};
use sip_gateway::media::dtmf::EventPayload;
use sip_gateway::media::g711::Codec;
use sip_gateway::media::opus::{self, Listener, Speaker};
use sip_gateway::media::port::{MediaEvent, PlayRequest, RemoteMedia};
use sip_gateway::media::rtp::{RtpHeader, RtpPacket};
use sip_gateway::media::tone;
use sip_gateway::net::media_pool::{MediaConfig, MediaPool};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc::Receiver;
use tokio::sync::mpsc::error::TryRecvError;

/// What a party heard.
pub(crate) struct Heard {
    pub(crate) at: Instant,
    pub(crate) header: RtpHeader,
    pub(crate) payload: Vec<u8>,
}

pub(crate) struct Party {
    pub(crate) socket: UdpSocket,
    pub(crate) to: SocketAddr,
    pub(crate) header: RtpHeader,
    pub(crate) sent: u32,
    tone: f64,
    codec: AnyCodec,
    /// Some seconds of the tone in the party's codec, in packets, then again.
    packets: Vec<Vec<u8>>,
}

pub(crate) const PCMU: AnyCodec = AnyCodec::G711(Codec::Pcmu);
pub(crate) const PCMA: AnyCodec = AnyCodec::G711(Codec::Pcma);
pub(crate) const G722: AnyCodec = AnyCodec::G722;
pub(crate) const OPUS: AnyCodec = AnyCodec::Opus;

pub(crate) fn pool(threads: usize) -> (MediaPool, Receiver<MediaEvent>) {
    pool_with(threads, Duration::from_secs(30))
}

/// A pool on these ports and no others.
pub(crate) fn pool_on(ports: std::ops::RangeInclusive<u16>) -> (MediaPool, Receiver<MediaEvent>) {
    MediaPool::start(MediaConfig {
        address: IpAddr::V4(Ipv4Addr::LOCALHOST),
        ports,
        threads: 1,
        media_lost_after: Duration::from_secs(30),
    })
    .unwrap()
}

pub(crate) fn pool_with(
    threads: usize,
    media_lost_after: Duration,
) -> (MediaPool, Receiver<MediaEvent>) {
    let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
    // Below the system's range of ports for outgoing connections.
    let ports = 10_000..=29_999;
    MediaPool::start(MediaConfig {
        address,
        ports,
        threads,
        media_lost_after,
    })
    .unwrap()
}

impl Party {
    /// Opens a leg and a party for it that will send `tone` Hz.
    pub(crate) fn join(pool: &MediaPool, leg: LegId, affinity: u64, tone: f64) -> Self {
        Self::join_with(pool, leg, affinity, tone, PCMU)
    }

    /// The same for a party that speaks another codec.
    pub(crate) fn join_with(
        pool: &MediaPool,
        leg: LegId,
        affinity: u64,
        tone: f64,
        codec: AnyCodec,
    ) -> Self {
        let local = pool.open(leg, affinity).unwrap();
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let remote = RemoteMedia {
            codec,
            payload_type: codec.payload_type(),
            ..RemoteMedia::pcmu(socket.local_addr().unwrap())
        };
        pool.set_remote(leg, remote).unwrap();
        let header = RtpHeader {
            marker: false,
            payload_type: codec.payload_type(),
            sequence: 65_500,
            timestamp: u32::MAX - 20_000,
            ssrc: 1000 + leg.0 as u32,
        };
        Self {
            socket,
            to: local.rtp,
            header,
            sent: 0,
            tone,
            codec,
            packets: tone_packets(tone, codec),
        }
    }

    fn send(&mut self, payload: &[u8]) {
        let mut out = [0; 400];
        let length = self.header.write(payload, &mut out).unwrap();
        self.socket.send_to(&out[..length], self.to).unwrap();
        self.header.sequence = self.header.sequence.wrapping_add(1);
    }

    /// The next 20 ms of the tone.
    pub(crate) fn send_tone(&mut self) {
        let packet = self.packets[self.sent as usize % self.packets.len()].clone();
        self.send_audio(&packet);
    }

    /// 20 ms whose bytes tell who sent it and which it is.
    pub(crate) fn send_numbered(&mut self) {
        let payload = numbered(self.header.ssrc, self.sent);
        self.send_audio(&payload);
    }

    fn send_audio(&mut self, payload: &[u8]) {
        self.send(payload);
        let step = self.codec.clock_rate() / 50;
        self.header.timestamp = self.header.timestamp.wrapping_add(step);
        self.sent += 1;
    }

    /// A whole key: three updates and three ends.
    pub(crate) fn send_key(&mut self, event: u8) {
        let (payload_type, start) = (self.header.payload_type, self.header.timestamp);
        self.header.payload_type = 101;
        for (n, (duration, end)) in [
            (160, false),
            (320, false),
            (480, true),
            (480, true),
            (480, true),
        ]
        .into_iter()
        .enumerate()
        {
            self.header.marker = n == 0;
            self.send(
                &EventPayload {
                    event,
                    end,
                    volume: 10,
                    duration,
                }
                .to_bytes(),
            );
        }
        self.header = RtpHeader {
            marker: false,
            payload_type,
            timestamp: start.wrapping_add(960),
            ..self.header
        };
    }

    /// Everything that has arrived by now.
    pub(crate) fn hear(&self, into: &mut Vec<Heard>) {
        self.socket.set_nonblocking(true).unwrap();
        let mut buffer = [0; 2048];
        while let Ok(length) = self.socket.recv(&mut buffer) {
            let packet = RtpPacket::parse(&buffer[..length]).unwrap();
            into.push(Heard {
                at: Instant::now(),
                header: packet.header,
                payload: packet.payload.to_vec(),
            });
        }
    }
}

/// Whole seconds of a tone. G.722 and Opus depend on what came before: 10 s, so that tests of less hear no seam.
fn tone_packets(frequency: f64, codec: AnyCodec) -> Vec<Vec<u8>> {
    let codes: Vec<u8> = match codec {
        AnyCodec::G711(codec) => tone::sine(frequency, 8000.0, 8000, 8000)
            .iter()
            .map(|sample| codec.encode(*sample))
            .collect(),
        AnyCodec::G722 => encode_g722(&tone::sine(frequency, 8000.0, 160_000, 16_000)),
        AnyCodec::Opus => {
            let samples = tone::sine(frequency, 8000.0, 80_000, 8000);
            let mut speaker = Speaker::default();
            let packet = |frame: &[i16; 160]| {
                let mut out = [0; 400];
                let length = speaker.speak(frame, &mut out);
                out[..length].to_vec()
            };
            return samples.as_chunks().0.iter().map(packet).collect();
        }
    };
    codes.chunks(160).map(<[u8]>::to_vec).collect()
}

pub(crate) fn numbered(ssrc: u32, n: u32) -> Vec<u8> {
    let mut payload = vec![(n % 251) as u8; 160];
    payload[..4].copy_from_slice(&ssrc.to_be_bytes());
    payload[4..8].copy_from_slice(&n.to_be_bytes());
    payload
}

/// Runs `step` every 20 ms for so long, with the number of the step.
pub(crate) fn every_20_ms(length: Duration, mut step: impl FnMut(u32)) {
    let begun = Instant::now();
    for n in 0..(length.as_millis() / 20) as u32 {
        let due = begun + Duration::from_millis(20) * n;
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        step(n);
    }
}

/// Calls `step` each millisecond or so until it is true; panics after 20 s.
pub(crate) fn wait_for(what: &str, mut step: impl FnMut() -> bool) {
    let until = Instant::now() + Duration::from_secs(20);
    while !step() {
        assert!(Instant::now() < until, "waited for {what} in vain");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Events that have arrived by now.
pub(crate) fn events(receiver: &mut Receiver<MediaEvent>, into: &mut Vec<MediaEvent>) {
    loop {
        match receiver.try_recv() {
            Ok(event) => into.push(event),
            Err(TryRecvError::Empty) => return,
            Err(TryRecvError::Disconnected) => panic!("the media threads are gone"),
        }
    }
}

pub(crate) fn prompt(play: u64, frequency: f64, length: Duration) -> PlayRequest {
    let frames = (length.as_millis() * 8) as usize;
    let clip = Clip::from_samples(tone::sine(frequency, 8000.0, frames, 8000));
    PlayRequest {
        play: PlayId(play),
        clips: vec![Arc::new(clip)],
        repeat: false,
        resume: false,
        at_most: None,
        until_heard: false,
    }
}

/// Waits until the bridge of `party`'s leg stands: an answer to a command given after it has come.
pub(crate) fn wait_bridged(
    pool: &MediaPool,
    receiver: &mut Receiver<MediaEvent>,
    leg: LegId,
    party: &Party,
) {
    pool.play(leg, prompt(99, 300.0, Duration::from_millis(20)))
        .unwrap();
    let mut told = Vec::new();
    wait_for("the bridge", || {
        events(receiver, &mut told);
        !told.is_empty()
    });
    party.hear(&mut Vec::new());
}

/// All audio heard, decoded.
pub(crate) fn samples(heard: &[Heard]) -> Vec<i16> {
    let audio = heard
        .iter()
        .filter(|packet| packet.header.payload_type == 0);
    audio
        .flat_map(|packet| packet.payload.iter().map(|code| Codec::Pcmu.decode(*code)))
        .collect()
}

/// All audio heard in a codec, decoded, with its rate.
pub(crate) fn samples_in(codec: AnyCodec, heard: &[Heard]) -> (Vec<i16>, u32) {
    let spoken = heard
        .iter()
        .filter(|packet| packet.header.payload_type == codec.payload_type());
    let codes: Vec<u8> = spoken
        .clone()
        .flat_map(|packet| packet.payload.clone())
        .collect();
    match codec {
        AnyCodec::Opus => {
            let (mut listener, mut samples) = (Listener::default(), Vec::new());
            for packet in spoken {
                let mut out = [0; opus::MOST];
                let heard = listener.hear(&packet.header, &packet.payload, &mut out);
                assert!(!heard.broken);
                samples.extend_from_slice(&out[..heard.samples]);
            }
            (samples, 8000)
        }
        AnyCodec::G711(codec) => (codes.iter().map(|code| codec.decode(*code)).collect(), 8000),
        AnyCodec::G722 => (decode_g722(&codes), 16_000),
    }
}

/// What is the tone against what is not, dB.
pub(crate) fn snr(samples: &[i16], frequency: f64, rate: u32) -> f64 {
    let share = tone::share(samples, frequency, rate);
    10.0 * (share / (1.0 - share).max(1e-9)).log10()
}

/// Sequence numbers go up by one and all packets share an SSRC.
pub(crate) fn assert_continuous(heard: &[Heard]) {
    for pair in heard.windows(2) {
        assert_eq!(
            pair[1].header.sequence,
            pair[0].header.sequence.wrapping_add(1)
        );
        assert_eq!(pair[1].header.ssrc, pair[0].header.ssrc);
        assert!(
            pair[1]
                .header
                .timestamp
                .wrapping_sub(pair[0].header.timestamp) as i32
                >= 0
        );
    }
}
