//! Keys through a bridge: by any way in, once, and in a way the other side takes.

use super::*;
use crate::media::dtmf::{EventPayload, KeyReceiver, event_of, key_of};
use crate::media::g711::Codec;
use crate::media::inband::{KeyDetector, key_tone};
use crate::media::tone;

const A: LegId = LegId(1);
const B: LegId = LegId(2);

/// A party that speaks.
struct Speaker {
    sequence: u16,
    timestamp: u32,
}

impl Speaker {
    const fn new() -> Self {
        Self {
            sequence: 7,
            timestamp: 70_000,
        }
    }

    fn packet(&mut self, payload_type: u8, timestamp: u32, payload: &[u8]) -> Vec<u8> {
        let header = RtpHeader {
            marker: false,
            payload_type,
            sequence: self.sequence,
            timestamp,
            ssrc: 5,
        };
        self.sequence += 1;
        self.timestamp += 160;
        [&header.to_bytes()[..], payload].concat()
    }

    /// 20 ms of these samples.
    fn say(&mut self, samples: &[i16]) -> Vec<u8> {
        let codes: Vec<u8> = samples.iter().map(|one| Codec::Pcmu.encode(*one)).collect();
        self.packet(0, self.timestamp, &codes)
    }

    /// The packets of a key as an event: five updates, three ends.
    fn event(&mut self, key: char) -> Vec<Vec<u8>> {
        let begun = self.timestamp;
        (1..=8u16)
            .map(|n| {
                let payload = EventPayload {
                    event: event_of(key).unwrap(),
                    end: n > 5,
                    volume: 10,
                    duration: 160 * n.min(6),
                };
                self.packet(101, begun, &payload.to_bytes())
            })
            .collect()
    }

    /// The packets of a key as an event of `ms`: updates, then three ends.
    fn long_event(&mut self, key: char, ms: u16) -> Vec<Vec<u8>> {
        let (begun, updates) = (self.timestamp, ms / 20);
        (1..=updates + 3)
            .map(|n| {
                let payload = EventPayload {
                    event: event_of(key).unwrap(),
                    end: n > updates,
                    volume: 10,
                    duration: 160 * n.min(updates),
                };
                self.packet(101, begun, &payload.to_bytes())
            })
            .collect()
    }

    /// The packets of a key as tones of `ms`, with silence behind it.
    fn tones(&mut self, key: char, ms: usize) -> Vec<Vec<u8>> {
        let mut samples = vec![0; ms * 8 + 960];
        key_tone(key, 0, &mut samples[..ms * 8]);
        samples
            .chunks_exact(160)
            .map(|frame| self.say(frame))
            .collect()
    }
}

impl World {
    fn join(&mut self, a_events: bool, b_events: bool) {
        for (leg, events) in [(A, a_events), (B, b_events)] {
            self.open(leg.0);
            let remote = RemoteMedia {
                telephone_event: events.then_some(101),
                ..RemoteMedia::pcmu(party(leg.0 as u32))
            };
            self.tell(Command::SetRemote { leg, remote });
        }
    }

    fn bridge(&mut self) {
        self.tell(Command::Bridge { a: A, b: B });
    }

    /// Packets arrive, one each 20 ms.
    fn speak(&mut self, leg: LegId, packets: Vec<Vec<u8>>) {
        for packet in packets {
            self.arrive(leg.0, packet);
            self.run(ms(20));
        }
    }

    fn keys(&mut self) -> String {
        let events = self.events().into_iter();
        events
            .filter_map(|event| match event {
                MediaEvent::Key { key, .. } => Some(key),
                _ => None,
            })
            .collect()
    }

    /// The longest event that went to a leg's party, ms.
    fn longest_event(&self, leg: LegId) -> u16 {
        let sent = &self.wire.0.borrow().sent;
        let packets = sent
            .iter()
            .filter(|(pair, channel, _)| *pair == leg.0 as u32 && *channel == Channel::Rtp);
        let lengths = packets.filter_map(|(_, _, bytes)| {
            let packet = RtpPacket::parse(bytes).unwrap();
            let event = EventPayload::parse(packet.payload).unwrap();
            (packet.header.payload_type == 101).then_some(event.duration / 8)
        });
        lengths.max().unwrap_or(0)
    }

    /// What went to a leg's party: keys as events, keys as tones, and the audio.
    fn heard_by(&self, leg: LegId) -> (String, String, Vec<i16>) {
        let (mut receiver, mut detector) = (KeyReceiver::default(), KeyDetector::default());
        let (mut events, mut tones, mut audio) = (String::new(), String::new(), Vec::new());
        for (pair, channel, bytes) in &self.wire.0.borrow().sent {
            if *pair != leg.0 as u32 || *channel != Channel::Rtp {
                continue;
            }
            let packet = RtpPacket::parse(bytes).unwrap();
            if packet.header.payload_type == 101 {
                let payload = EventPayload::parse(packet.payload).unwrap();
                let pressed =
                    receiver.receive(packet.header.ssrc, packet.header.timestamp, payload);
                events.extend(pressed.and_then(key_of));
            } else {
                audio.extend(packet.payload.iter().map(|code| Codec::Pcmu.decode(*code)));
            }
        }
        tones.extend(audio.iter().filter_map(|sample| detector.hear(*sample)));
        (events, tones, audio)
    }
}

fn quiet(frames: usize, speaker: &mut Speaker) -> Vec<Vec<u8>> {
    (0..frames)
        .map(|n| speaker.say(&tone::sine(500.0, 3000.0, 160 * (n + 1), 8000)[160 * n..]))
        .collect()
}

#[test]
fn an_event_passes_as_it_is_or_becomes_tones() {
    for (b_events, expected) in [(true, ("5", "")), (false, ("", "5"))] {
        let (mut world, mut a) = (World::new(), Speaker::new());
        world.join(true, b_events);
        world.bridge();
        world.speak(A, a.event('5'));
        world.run(ms(300));
        let (events, tones, _) = world.heard_by(B);
        assert_eq!((events.as_str(), tones.as_str()), expected);
        assert_eq!(world.keys(), "5");
    }
}

#[test]
fn tones_pass_as_they_are_or_become_an_event() {
    for (b_events, expected) in [(true, ("5", "")), (false, ("", "5"))] {
        let (mut world, mut a) = (World::new(), Speaker::new());
        world.join(false, b_events);
        world.bridge();
        world.speak(A, a.tones('5', 400));
        world.run(ms(300));
        let (events, tones, audio) = world.heard_by(B);
        assert_eq!((events.as_str(), tones.as_str()), expected);
        assert_eq!(world.keys(), "5");
        // What leaks of the tones before they are suspected is below the 40 ms that another detector takes.
        let loud = audio.chunks(80).filter(|part| tone::rms(part) > 1000.0);
        assert!(!b_events || loud.count() <= 2);
    }
}

#[test]
fn a_key_that_is_held_stays_long_whatever_it_becomes() {
    for length in [100, 300, 1500] {
        // An event becomes tones.
        let (mut world, mut a) = (World::new(), Speaker::new());
        world.join(true, false);
        world.bridge();
        world.speak(A, a.long_event('5', length));
        world.run(ms(400));
        let (_, tones, audio) = world.heard_by(B);
        let loud = audio.chunks(80).filter(|part| tone::rms(part) > 1000.0);
        let heard = 10 * loud.count() as u16;
        assert_eq!(tones, "5");
        assert!(
            (length..=length + 100).contains(&heard),
            "{length}: {heard}"
        );
        // Tones become an event.
        let (mut world, mut a) = (World::new(), Speaker::new());
        world.join(false, true);
        world.bridge();
        world.speak(A, a.tones('5', usize::from(length)));
        world.run(ms(400));
        let told = world.longest_event(B);
        assert_eq!(world.heard_by(B).0, "5");
        assert!(
            (length - 60..=length + 100).contains(&told),
            "{length}: {told}"
        );
    }
    // Nobody holds a key for longer than its length can be told.
    let (mut world, mut a) = (World::new(), Speaker::new());
    world.join(false, true);
    world.bridge();
    world.speak(A, a.tones('5', 12_000));
    world.run(ms(400));
    assert_eq!(
        (world.heard_by(B).0.as_str(), world.longest_event(B)),
        ("5", 8_000)
    );
}

#[test]
fn a_leg_with_events_is_not_listened_to() {
    let (mut world, mut a) = (World::new(), Speaker::new());
    world.join(true, true);
    world.bridge();
    world.speak(A, a.tones('5', 400));
    assert_eq!(
        (world.heard_by(B).0.as_str(), world.keys().as_str()),
        ("", "")
    );
}

#[test]
fn a_key_in_signalling_reaches_the_peer() {
    for (b_events, expected) in [(true, ("5", "")), (false, ("", "5"))] {
        let mut world = World::new();
        world.join(true, b_events);
        world.bridge();
        world.tell(Command::KeyTold { leg: A, key: '5' });
        world.run(ms(300));
        let (events, tones, _) = world.heard_by(B);
        assert_eq!((events.as_str(), tones.as_str()), expected);
        assert_eq!(world.keys(), "5");
    }
}

#[test]
fn a_press_told_two_ways_is_one_key() {
    for event_first in [true, false] {
        let (mut world, mut a) = (World::new(), Speaker::new());
        world.join(true, true);
        world.bridge();
        for key in "5550".chars() {
            let told = Command::KeyTold { leg: A, key };
            if event_first {
                world.speak(A, a.event(key));
                world.tell(told);
            } else {
                world.tell(told);
                world.speak(A, a.event(key));
            }
            world.run(ms(150));
        }
        world.run(ms(500));
        assert_eq!(world.heard_by(B).0, "5550", "event first: {event_first}");
        assert_eq!(world.keys(), "5550");
    }
    // Much later it is another press.
    let (mut world, mut a) = (World::new(), Speaker::new());
    world.join(true, true);
    world.speak(A, a.event('5'));
    world.run(ms(1500));
    world.tell(Command::KeyTold { leg: A, key: '5' });
    assert_eq!(world.keys(), "55");
}

#[test]
fn what_is_left_of_a_menu_key_does_not_reach_the_agent() {
    let (mut world, mut a) = (World::new(), Speaker::new());
    world.join(true, true);
    let mut packets = a.event('2');
    let tail = packets.split_off(3);
    world.speak(A, packets);
    world.bridge();
    world.speak(A, tail);
    assert_eq!((world.sent_to(B.0), world.keys().as_str()), (0, "2"));
    world.speak(A, a.event('3'));
    assert_eq!(world.heard_by(B).0, "3");

    let (mut world, mut a) = (World::new(), Speaker::new());
    world.join(false, false);
    let mut packets = a.tones('2', 300);
    let tail = packets.split_off(5);
    world.speak(A, packets);
    assert_eq!(world.keys(), "2");
    world.bridge();
    world.speak(A, tail);
    world.speak(A, quiet(5, &mut a));
    let (_, tones, audio) = world.heard_by(B);
    assert_eq!(tones, "");
    assert!(tone::share(&audio[audio.len() - 640..], 500.0, 8000) > 0.9);
}
