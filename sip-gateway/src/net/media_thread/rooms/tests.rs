//! Rooms on a network of values: who gets whose voice.

use super::super::command::Command;
use super::super::core::Buffers;
use super::*;
use crate::leg::StreamId;
use crate::media::g711::Codec;
use crate::media::outbound::StreamSeed;
use crate::media::port::{MediaEvent, RecordBlock, RecordRequest, RemoteMedia};
use crate::media::rtp::{RtpHeader, RtpPacket};
use crate::media::tone;
use crate::net::media_thread::Settings;
use crate::net::packet_io::Channel;
use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::mpsc::sync_channel;

const HZ: [f64; 4] = [419.0, 1_297.0, 1_871.0, 733.0];

#[derive(Default)]
struct Wire {
    waiting: HashMap<u32, VecDeque<Vec<u8>>>,
    heard: HashMap<u32, Vec<i16>>,
}

#[derive(Clone, Default)]
struct FakeIo(Rc<RefCell<Wire>>);

fn party(pair: u32) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, pair as u8], 4000))
}

impl PacketIo for FakeIo {
    type Pair = u32;

    fn attach(&mut self, _: &mut u32, _: usize) -> io::Result<()> {
        Ok(())
    }

    fn detach(&mut self, _: &mut u32) {}

    fn receive(
        &self,
        pair: &u32,
        channel: Channel,
        buffer: &mut [u8],
    ) -> io::Result<Option<(usize, SocketAddr)>> {
        let mut wire = self.0.borrow_mut();
        let waiting = wire
            .waiting
            .get_mut(pair)
            .filter(|_| channel == Channel::Rtp);
        Ok(waiting.and_then(VecDeque::pop_front).map(|bytes| {
            buffer[..bytes.len()].copy_from_slice(&bytes);
            (bytes.len(), party(*pair))
        }))
    }

    fn send(&self, pair: &u32, channel: Channel, packet: &[u8], _: SocketAddr) -> io::Result<()> {
        let packet = RtpPacket::parse(packet);
        if let Some(packet) = packet.ok().filter(|_| channel == Channel::Rtp) {
            let samples = packet.payload.iter().map(|code| Codec::Pcmu.decode(*code));
            let mut wire = self.0.borrow_mut();
            wire.heard.entry(*pair).or_default().extend(samples);
        }
        Ok(())
    }
}

/// Legs 1 to 4, each of whom says a tone of its own.
struct Office {
    core: Core<FakeIo>,
    wire: FakeIo,
    buffers: Box<Buffers>,
    now: Duration,
    sent: u16,
}

impl Office {
    fn new() -> Self {
        let wire = FakeIo::default();
        let settings = Settings {
            media_lost_after: Duration::from_secs(30),
            ntp_at_zero: Duration::ZERO,
        };
        let mut office = Self {
            core: Core::new(wire.clone(), settings, None),
            wire,
            buffers: Buffers::new(),
            now: Duration::ZERO,
            sent: 0,
        };
        for leg in 1..=4 {
            office.tell(Command::Open {
                leg: LegId(leg),
                pair: leg as u32,
                seed: StreamSeed::default(),
            });
            office.tell(Command::SetRemote {
                leg: LegId(leg),
                remote: RemoteMedia::pcmu(party(leg as u32)),
            });
        }
        office
    }

    fn tell(&mut self, command: Command<u32>) {
        self.core.handle(command, self.now, &mut self.buffers);
    }

    fn mix(&mut self, hearing: &[(u64, &[u64])]) {
        let leg = |leg: &u64| LegId(*leg);
        let hearing = hearing
            .iter()
            .map(|(one, hears)| (LegId(*one), hears.iter().map(leg).collect()));
        self.tell(Command::Mix(hearing.collect()));
    }

    /// Everybody talks for so many packets of 20 ms.
    fn talk(&mut self, packets: u16) {
        for _ in 0..packets {
            for leg in 1..=4_u32 {
                self.say(leg);
            }
            for _ in 0..20 {
                self.now += Duration::from_millis(1);
                self.core.turn(self.now, &mut self.buffers);
            }
            self.sent += 1;
        }
    }

    fn say(&mut self, leg: u32) {
        let begin = usize::from(self.sent) * FRAME;
        let whole = tone::sine(HZ[leg as usize - 1], 6_000.0, begin + FRAME, 8_000);
        let codes = whole[begin..]
            .iter()
            .map(|sample| Codec::Pcmu.encode(*sample));
        let header = RtpHeader {
            marker: false,
            payload_type: 0,
            sequence: self.sent,
            timestamp: u32::from(self.sent) * FRAME as u32,
            ssrc: leg,
        };
        let bytes = header.to_bytes().into_iter().chain(codes).collect();
        let mut wire = self.wire.0.borrow_mut();
        wire.waiting.entry(leg).or_default().push_back(bytes);
        drop(wire);
        let key = self.core.keys.get(&LegId(leg.into())).copied();
        if let Some(key) = key {
            let (now, buffers) = (self.now, &mut self.buffers);
            self.core.readable(key, Channel::Rtp, now, buffers);
        }
    }

    /// Whom each leg has heard since the last look, by 60 dB.
    fn heard(&mut self) -> [Vec<u64>; 4] {
        let mut wire = self.wire.0.borrow_mut();
        [1, 2, 3, 4].map(|leg| {
            let samples = wire.heard.remove(&leg).unwrap_or_default();
            let share = |hz: f64| tone::share(&samples, hz, 8_000);
            let audible = HZ.iter().zip(1..).filter(|(hz, _)| share(**hz) > 1e-6);
            audible.map(|(_, leg)| leg).collect()
        })
    }
}

#[test]
fn each_hears_those_of_its_list_and_never_itself() {
    let mut office = Office::new();
    // Three who talk, and one who listens.
    office.mix(&[(1, &[2, 3]), (2, &[1, 3]), (3, &[1, 2]), (4, &[1, 2, 3])]);
    office.talk(10);
    office.heard();
    office.talk(100);
    assert_eq!(
        office.heard(),
        [vec![2, 3], vec![1, 3], vec![1, 2], vec![1, 2, 3]]
    );
    // A whisper; then one leaves, and the others do not notice.
    office.mix(&[(1, &[2, 3]), (2, &[1, 3, 4]), (3, &[1, 2]), (4, &[1, 2, 3])]);
    office.talk(10);
    office.heard();
    office.talk(100);
    assert_eq!(
        office.heard(),
        [vec![2, 3], vec![1, 3, 4], vec![1, 2], vec![1, 2, 3]]
    );
    office.tell(Command::Close { leg: LegId(1) });
    office.talk(10);
    office.heard();
    office.talk(100);
    assert_eq!(office.heard(), [vec![], vec![3, 4], vec![2], vec![2, 3]]);
    // Two of them are bridged: the last is alone and hears nothing.
    office.tell(Command::Bridge {
        a: LegId(2),
        b: LegId(3),
    });
    office.talk(10);
    office.heard();
    office.talk(100);
    assert_eq!(office.heard(), [vec![], vec![3], vec![2], vec![]]);
    assert!(office.core.rooms.iter().all(Option::is_none));
}

#[test]
fn a_recording_hears_each_side_of_a_room() {
    let mut office = Office::new();
    let (sink, blocks) = sync_channel(1_000);
    let stream = StreamId(7);
    office.tell(Command::Bridge {
        a: LegId(1),
        b: LegId(2),
    });
    office.tell(Command::StartRecording(RecordRequest {
        stream,
        left: LegId(1),
        right: LegId(2),
        sample_rate: 8_000,
        sink,
    }));
    office.talk(100);
    office.mix(&[(1, &[2, 3]), (2, &[1, 3]), (3, &[1, 2]), (4, &[1, 2, 3])]);
    office.tell(Command::RecordOthers {
        stream,
        left: LegId(1),
        right: vec![LegId(2), LegId(3)],
    });
    office.talk(100);
    office.tell(Command::StopRecording(stream));
    let mut sides = [Vec::new(), Vec::new()];
    for block in blocks.try_iter() {
        if let RecordBlock::Samples { samples, .. } = block {
            for (n, sample) in samples.into_iter().enumerate() {
                sides[n % 2].push(sample);
            }
        }
    }
    let [left, right] = sides;
    assert!(left.len() > 31_000, "{}", left.len());
    let audible = |part: &[i16]| -> Vec<usize> {
        let hz = HZ.iter().enumerate();
        let loud = hz.filter(|(_, hz)| tone::share(part, **hz, 8_000) > 1e-4);
        loud.map(|(n, _)| n + 1).collect()
    };
    assert_eq!(audible(&left[2_000..14_000]), [1]);
    assert_eq!(audible(&right[2_000..14_000]), [2]);
    assert_eq!(audible(&left[18_000..30_000]), [1]);
    assert_eq!(audible(&right[18_000..30_000]), [2, 3]);
}

#[test]
fn lost_media_is_told_in_a_room() {
    let mut office = Office::new();
    office.mix(&[(1, &[2, 3]), (2, &[1, 3]), (3, &[1, 2])]);
    for _ in 0..31_000 {
        office.now += Duration::from_millis(1);
        office.core.turn(office.now, &mut office.buffers);
    }
    let (sender, mut events) = tokio::sync::mpsc::channel(100);
    office.core.outbox.flush(&sender);
    let lost = std::iter::from_fn(|| events.try_recv().ok())
        .filter(|event| matches!(event, MediaEvent::MediaLost { .. }));
    assert_eq!(lost.count(), 3, "everybody of the room, nobody else");
}
