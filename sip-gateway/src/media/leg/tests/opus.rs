//! A leg whose party speaks Opus: another clock, packets of any length.

use super::*;
use crate::media::opus::{self, MOST, Speaker};

fn opus_leg() -> MediaLeg {
    let mut leg = MediaLeg::new(LegId(1), SEED, Duration::ZERO);
    leg.set_remote(RemoteMedia {
        codec: AnyCodec::Opus,
        payload_type: 111,
        telephone_event: Some(110),
        ..RemoteMedia::pcmu(party())
    });
    leg
}

/// Packets that a leg sends on its ticks until it has nothing more to send.
fn ticks(leg: &mut MediaLeg) -> Vec<Vec<u8>> {
    let mut sent = Vec::new();
    let mut now = ms(0);
    while leg.wants_ticks() {
        let mut out = [0; 400];
        if let Some(length) = leg.tick(now, &mut out).packet {
            sent.push(out[..length].to_vec());
        }
        now += ms(20);
    }
    sent
}

fn read(packet: &[u8]) -> RtpPacket<'_> {
    RtpPacket::parse(packet).unwrap()
}

#[test]
fn a_prompt_goes_out_by_its_clock() {
    let mut leg = opus_leg();
    leg.play(music(800), ms(0));
    assert!(leg.unprepared().is_none(), "it is made as it is played");
    let sent = ticks(&mut leg);
    assert_eq!(sent.len(), 5);
    for pair in sent.windows(2) {
        let (one, next) = (read(&pair[0]), read(&pair[1]));
        assert_eq!(
            next.header.timestamp.wrapping_sub(one.header.timestamp),
            960
        );
        assert_eq!(next.header.sequence, one.header.sequence.wrapping_add(1));
        assert_eq!(opus::samples(one.payload), Some(160));
    }
    let (packets, bytes) = leg.outbound.sent();
    let payloads: usize = sent.iter().map(|packet| read(packet).payload.len()).sum();
    assert_eq!((packets, bytes), (5, payloads as u64));
}

#[test]
fn keys_count_by_its_clock_both_ways() {
    let (mut from, mut to) = (opus_leg(), opus_leg());
    assert!(from.send_key('5'));
    let sent = ticks(&mut from);
    let lengths: Vec<u16> = sent
        .iter()
        .map(|packet| EventPayload::parse(read(packet).payload).unwrap().duration)
        .collect();
    assert_eq!(lengths, [960, 1920, 2880, 3840, 4800, 4800, 4800]);
    assert!(
        sent.iter()
            .all(|packet| read(packet).header.payload_type == 110)
    );
    let keys: String = sent
        .iter()
        .filter_map(|packet| match to.receive(packet, party(), ms(0)) {
            Received::Event { key, .. } => key,
            _ => None,
        })
        .collect();
    assert_eq!(keys, "5");
}

#[test]
fn a_key_that_is_held_ends_before_its_length_cannot_be_told() {
    let mut leg = opus_leg();
    leg.send_key('7');
    let (mut last, mut out) = (0, [0; 400]);
    for step in 0..200 {
        leg.hold_key('7', true);
        if let Some(length) = leg.tick(ms(20 * step), &mut out).packet {
            let event = EventPayload::parse(read(&out[..length]).payload).unwrap();
            assert!(event.duration >= last && event.duration < u16::MAX);
            last = event.duration;
        }
    }
    assert!(!leg.wants_ticks() && last > 60_000, "{last}");
}

#[test]
fn what_is_no_opus_is_counted_and_filled_in() {
    let mut leg = opus_leg();
    let (mut speaker, mut bytes, mut narrow) = (Speaker::default(), [0; 400], [0; MOST]);
    for at in 0..20u16 {
        let length = speaker.speak(&[1000; FRAME], &mut bytes);
        // Two frames of one length in an odd number of bytes.
        let junk = [0x09, 1, 2, 3, 4, 5];
        let payload = if at % 5 == 4 {
            &junk[..]
        } else {
            &bytes[..length]
        };
        let packet = packet(111, at, u32::from(at) * 960, payload);
        let Received::Audio(packet) = leg.receive(&packet, party(), ms(u64::from(at) * 20)) else {
            panic!("it is audio");
        };
        let (heard, sound) = leg.hear(&packet, true, &mut narrow);
        assert_eq!((heard.payload.len(), sound.narrow.len()), (160, 160));
        // Nobody needs it decoded: it stays as it is.
        let (same, _) = leg.hear(&packet, false, &mut narrow);
        assert_eq!(same, packet);
    }
    let quality = leg.quality();
    assert_eq!((quality.packets_received, quality.packets_ignored), (20, 4));
    assert_eq!((quality.packets_lost, quality.codec.as_str()), (0, "opus"));
    assert!(quality.jitter_ms < 0.1, "{}", quality.jitter_ms);
}
