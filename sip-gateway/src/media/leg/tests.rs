use super::*;
use crate::media::clip::Clip;
use crate::media::dtmf::event_of;
use crate::media::g711::Codec;
use crate::media::port::Direction;
use proptest::prelude::*;
use std::sync::Arc;

mod opus;

const SEED: StreamSeed = StreamSeed {
    ssrc: 77,
    sequence: 100,
    timestamp: 5000,
};

fn party() -> SocketAddr {
    "192.0.2.1:4000".parse().unwrap()
}

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn leg() -> MediaLeg {
    let mut leg = MediaLeg::new(LegId(1), SEED, Duration::ZERO);
    leg.set_remote(RemoteMedia::pcmu(party()));
    leg
}

fn packet(payload_type: u8, sequence: u16, timestamp: u32, payload: &[u8]) -> Vec<u8> {
    let header = RtpHeader {
        marker: false,
        payload_type,
        sequence,
        timestamp,
        ssrc: 5,
    };
    [&header.to_bytes()[..], payload].concat()
}

fn music(length: usize) -> PlayRequest {
    let clips = vec![Arc::new(Clip::from_samples(vec![1000; length]))];
    PlayRequest {
        play: PlayId(3),
        clips,
        repeat: false,
        resume: true,
        at_most: None,
        until_heard: false,
    }
}

#[test]
fn only_the_party_is_believed() {
    let mut leg = leg();
    let audio = packet(0, 1, 0, &[1; 160]);
    let stranger = "198.51.100.9:4000".parse().unwrap();
    assert_eq!(leg.receive(&audio, stranger, ms(0)), Received::Ignored);
    assert!(matches!(
        leg.receive(&audio, party(), ms(0)),
        Received::Audio(_)
    ));
    assert_eq!(leg.receive(b"not RTP", party(), ms(1)), Received::Ignored);
    assert_eq!(
        leg.receive(&packet(0, 2, 160, &[]), party(), ms(20)),
        Received::Quiet
    );
    assert_eq!(
        leg.receive(&packet(13, 3, 320, &[60]), party(), ms(40)),
        Received::Quiet
    );
    assert_eq!(
        leg.receive(&packet(96, 4, 480, &[60]), party(), ms(60)),
        Received::Quiet
    );
    assert_eq!(
        leg.receive(&packet(0, 6, 640, &[1; 160]), stranger, ms(80)),
        Received::Ignored
    );
    let quality = leg.quality();
    assert_eq!(
        (
            quality.packets_received,
            quality.packets_ignored,
            quality.packets_lost
        ),
        (4, 3, 0)
    );
    assert_eq!(
        (leg.last_heard(), quality.codec.as_str()),
        (Some(ms(60)), "PCMU")
    );
}

#[test]
fn before_signalling_nothing_is_believed_or_sent() {
    let mut leg = MediaLeg::new(LegId(1), SEED, Duration::ZERO);
    assert_eq!(
        leg.receive(&packet(0, 1, 0, &[1; 160]), party(), ms(0)),
        Received::Ignored
    );
    assert_eq!(leg.destination(), None);
    leg.play(music(160), ms(0));
    assert_eq!(leg.tick(ms(20), &mut [0; 400]), Ticked::default());
    // The prompt waited: nothing of it is lost.
    leg.set_remote(RemoteMedia::pcmu(party()));
    assert_eq!(leg.tick(ms(40), &mut [0; 400]).packet, Some(172));
}

#[test]
fn a_payload_type_nobody_agreed_on_teaches_nothing() {
    let mut leg = leg();
    let other_port = "192.0.2.1:9999".parse().unwrap();
    for n in 0..10 {
        assert_eq!(
            leg.receive(&packet(96, n, 0, &[1; 160]), other_port, ms(0)),
            Received::Ignored
        );
    }
    assert_eq!(leg.destination(), Some(party()));
}

#[test]
fn a_key_is_told_once_and_its_packets_are_passed_on() {
    let (mut from, mut to) = (leg(), leg());
    to.set_remote(RemoteMedia {
        telephone_event: Some(96),
        ..RemoteMedia::pcmu(party())
    });
    let mut out = [0; 400];
    let mut told = Vec::new();
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
        let payload = EventPayload {
            event: event_of('#').unwrap(),
            end,
            volume: 10,
            duration,
        };
        let bytes = packet(101, n as u16, 8000, &payload.to_bytes());
        let Received::Event { packet, key, .. } = from.receive(&bytes, party(), ms(n as u64 * 20))
        else {
            panic!()
        };
        told.extend(key);
        let length = to
            .forward(&packet, true, Codec::Pcmu, ms(n as u64 * 20), &mut out)
            .unwrap();
        let passed = RtpPacket::parse(&out[..length]).unwrap();
        assert_eq!(
            (passed.header.payload_type, passed.payload),
            (96, &payload.to_bytes()[..])
        );
        assert_eq!(passed.header.timestamp, SEED.timestamp);
    }
    assert_eq!(told, ['#']);
    to.set_remote(RemoteMedia {
        telephone_event: None,
        ..RemoteMedia::pcmu(party())
    });
    let bytes = packet(101, 9, 9000, &[1, 0, 0, 160]);
    let packet = RtpPacket::parse(&bytes).unwrap();
    assert_eq!(
        to.forward(&packet, true, Codec::Pcmu, ms(200), &mut out),
        None
    );
}

#[test]
fn a_prompt_is_sent_in_frames_and_ends() {
    let mut leg = leg();
    assert_eq!(leg.play(music(400), ms(0)), None);
    let mut out = [0; 400];
    for n in 0..3u16 {
        let ticked = leg.tick(ms(20 * u64::from(n)), &mut out);
        let packet = RtpPacket::parse(&out[..ticked.packet.unwrap()]).unwrap();
        let expected = RtpHeader {
            marker: n == 0,
            payload_type: 0,
            sequence: 100 + n,
            timestamp: 5000 + 160 * u32::from(n),
            ssrc: 77,
        };
        assert_eq!((packet.header, packet.payload.len()), (expected, FRAME));
    }
    let ended = Some(Ended {
        play: PlayId(3),
        finished: true,
    });
    assert_eq!(
        leg.tick(ms(60), &mut out),
        Ticked {
            packet: None,
            ended
        }
    );
    assert_eq!(leg.tick(ms(80), &mut out), Ticked::default());
    assert!(!leg.wants_ticks());
}

#[test]
fn a_new_prompt_replaces_the_old_one() {
    let mut leg = leg();
    leg.play(music(4000), ms(0));
    assert_eq!(
        leg.play(music(4000), ms(10)),
        Some(Ended {
            play: PlayId(3),
            finished: false
        })
    );
    assert_eq!(
        leg.stop(),
        Some(Ended {
            play: PlayId(3),
            finished: false
        })
    );
    assert_eq!(leg.stop(), None);
}

#[test]
fn prompts_have_the_line_before_a_bridged_party() {
    let mut leg = leg();
    let mut out = [0; 400];
    let bytes = packet(0, 1, 0, &[9; 160]);
    let audio = RtpPacket::parse(&bytes).unwrap();
    leg.play(music(4000), ms(0));
    assert_eq!(
        leg.forward(&audio, false, Codec::Pcmu, ms(5), &mut out),
        None
    );
    leg.stop();
    assert_eq!(
        leg.forward(&audio, false, Codec::Pcmu, ms(5), &mut out),
        Some(172)
    );
    assert!(RtpPacket::parse(&out[..172]).unwrap().header.marker);
}

#[test]
fn on_hold_nothing_is_sent_but_prompts_run_on() {
    let mut leg = leg();
    leg.set_remote(RemoteMedia {
        direction: Direction::ReceiveOnly,
        ..RemoteMedia::pcmu(party())
    });
    leg.play(music(320), ms(0));
    let mut out = [0; 400];
    assert_eq!(leg.destination(), None);
    assert_eq!(leg.tick(ms(0), &mut out), Ticked::default());
    assert_eq!(leg.tick(ms(20), &mut out), Ticked::default());
    assert!(leg.tick(ms(40), &mut out).ended.unwrap().finished);
    let bytes = packet(0, 1, 0, &[9; 160]);
    assert_eq!(
        leg.forward(
            &RtpPacket::parse(&bytes).unwrap(),
            false,
            Codec::Pcmu,
            ms(5),
            &mut out
        ),
        None
    );
}

#[test]
fn codecs_are_converted_on_the_way() {
    let mut leg = leg();
    leg.set_remote(RemoteMedia {
        codec: Codec::Pcma.into(),
        payload_type: 8,
        ..RemoteMedia::pcmu(party())
    });
    let mut out = [0; 400];
    let code = Codec::Pcmu.encode(5000);
    let bytes = packet(0, 1, 0, &[code; 160]);
    let length = leg
        .forward(
            &RtpPacket::parse(&bytes).unwrap(),
            false,
            Codec::Pcmu,
            ms(0),
            &mut out,
        )
        .unwrap();
    let sent = RtpPacket::parse(&out[..length]).unwrap();
    assert_eq!(sent.header.payload_type, 8);
    assert!((i32::from(Codec::Pcma.decode(sent.payload[0])) - 5000).abs() < 300);
    leg.play(music(160), ms(0));
    assert_eq!(leg.tick(ms(0), &mut out), Ticked::default());
    let (codec, clips) = leg.unprepared().unwrap();
    assert!(codec == Codec::Pcma.into() && leg.unprepared().is_none());
    clips[0].prepare(codec);
    let length = leg.tick(ms(20), &mut out).packet.unwrap();
    assert!((i32::from(Codec::Pcma.decode(out[length - 1])) - 1000).abs() < 80);
}

#[test]
fn keys_of_our_own_hold_the_prompt_back() {
    let mut leg = leg();
    leg.play(music(160), ms(0));
    assert!(leg.send_key('5') && !leg.send_key('x'));
    let (mut out, mut kinds) = ([0; 400], Vec::new());
    for n in 0..13 {
        let ticked = leg.tick(ms(20 * n), &mut out);
        kinds.extend(ticked.packet.map(|length| {
            RtpPacket::parse(&out[..length])
                .unwrap()
                .header
                .payload_type
        }));
    }
    assert_eq!(kinds, [101, 101, 101, 101, 101, 101, 101, 0]);
    leg.set_remote(RemoteMedia {
        telephone_event: None,
        ..RemoteMedia::pcmu(party())
    });
    assert!(leg.send_key('5'));
    let kinds: Vec<_> = (13..23)
        .filter_map(|n| leg.tick(ms(20 * n), &mut out).packet)
        .collect();
    assert_eq!(kinds, [172; 10], "tones and the silence behind them");
}

#[test]
fn reports_go_out_every_five_seconds_and_say_goodbye() {
    let mut leg = leg();
    let mut out = [0; 400];
    leg.receive(&packet(0, 1, 0, &[9; 160]), party(), ms(10));
    assert_eq!(leg.report(ms(4990), ms(0), &mut out), None);
    assert_eq!(leg.goodbye(ms(4990), ms(0), &mut out), None);
    let (length, to) = leg.report(ms(5000), ms(0), &mut out).unwrap();
    assert_eq!(to, "192.0.2.1:4001".parse::<SocketAddr>().unwrap());
    assert_eq!(out[1], 201);
    assert!(
        crate::media::rtcp::parse(&out[..length], 5)
            .unwrap()
            .about_us
            .is_some()
    );
    leg.play(music(4000), ms(5000));
    leg.tick(ms(5000), &mut out);
    leg.report(ms(10_000), ms(0), &mut out).unwrap();
    assert_eq!(out[1], 200);
    let (length, _) = leg.goodbye(ms(11_000), ms(0), &mut out).unwrap();
    let compound = crate::media::rtcp::parse(&out[..length], 5).unwrap();
    assert!(compound.goodbye);
    assert!(leg.receive_report(
        &out[..length],
        "192.0.2.1:4001".parse().unwrap(),
        ms(11_000)
    ));
    assert!(!leg.receive_report(
        &out[..length],
        "192.0.2.2:4001".parse().unwrap(),
        ms(11_000)
    ));
    assert!(!leg.receive_report(b"x", "192.0.2.1:4001".parse().unwrap(), ms(11_000)));
}

#[test]
fn what_the_party_reports_and_what_was_lost_is_the_quality() {
    let (mut leg, mut out) = (leg(), [0; 400]);
    leg.play(music(4000), ms(4000));
    leg.tick(ms(4000), &mut out);
    assert_eq!(leg.quality().mos, None);
    // One in ten is lost, at random as far as the numbers tell.
    for n in (0..1000u16).filter(|n| n % 10 != 5) {
        let bytes = packet(0, n, 160 * u32::from(n), &[9; 160]);
        leg.receive(&bytes, party(), ms(20 * u64::from(n)));
    }
    let sent_at = Duration::new(0x1234_5678, 500_000_000);
    leg.report(ms(5000), sent_at, &mut out).unwrap();
    // The party held our report for 200 ms; its answer comes 300 ms after.
    let answer = |delay, last| crate::media::rtcp::Report {
        ssrc: 5,
        sent: None,
        received: Some(crate::media::sequence::ReceptionReport {
            ssrc: SEED.ssrc,
            fraction_lost: 0,
            lost: 7,
            highest: 9,
            jitter: 3,
        }),
        last_sender_report: Some((last, ms(delay))),
        cname: "x",
        goodbye: false,
    };
    let length = answer(200, 0x5678_8000).write(&mut out).unwrap();
    assert!(leg.receive_report(&out[..length], party(), ms(5300)));
    let told = leg.quality();
    assert_eq!((told.packets_lost, told.far_lost), (100, Some(7)));
    assert!((told.round_trip_ms.unwrap() - 100.0).abs() < 0.1);
    assert!((told.burst_ratio - 1.0).abs() < 1e-9);
    // R = 93.2 - 95 * 10 / (10 + 25.1) = 66.1, and a little for 70 ms of delay and 65 dB of echo.
    let mos = told.mos.unwrap();
    assert!((3.25..3.42).contains(&mos), "{mos}");
    // A report that we did not send, or that was held for longer than it can be, tells no time.
    for (delay, last) in [(200, 0x5678_8001), (900, 0x5678_8000)] {
        let length = answer(delay, last).write(&mut out).unwrap();
        leg.receive_report(&out[..length], party(), ms(5300));
        assert_eq!(leg.quality().round_trip_ms, told.round_trip_ms);
    }
}

#[test]
fn reports_follow_a_learned_address() {
    let mut leg = leg();
    let real = "192.0.2.1:7000".parse().unwrap();
    for n in 0..3 {
        leg.receive(
            &packet(0, n, 160 * u32::from(n), &[9; 160]),
            real,
            ms(u64::from(n) * 20),
        );
    }
    assert_eq!(leg.destination(), Some(real));
    let (_, to) = leg.report(ms(6000), ms(0), &mut [0; 400]).unwrap();
    assert_eq!(to, "192.0.2.1:7001".parse::<SocketAddr>().unwrap());
}

proptest! {
    #[test]
    fn any_bytes_never_panic(datagrams in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..100), 0..40)) {
        let mut leg = leg();
        let mut to = leg_for_forwarding();
        for (n, mut bytes) in datagrams.into_iter().enumerate() {
            // Make most of them look like RTP of this call.
            if let [first, second, ..] = &mut bytes[..] {
                *first = (*first & 0x3f) | 0x80;
                *second = [0, 101, 13, *second][n % 4];
            }
            let now = ms(n as u64 * 20);
            leg.receive_report(&bytes, party(), now);
            match leg.receive(&bytes, party(), now) {
                Received::Audio(packet) => { to.forward(&packet, false, Codec::Pcma, now, &mut [0; 60]); }
                Received::Event { packet, .. } => { to.forward(&packet, true, Codec::Pcmu, now, &mut [0; 60]); }
                Received::Ignored | Received::Quiet => {}
            }
        }
    }
}

fn leg_for_forwarding() -> MediaLeg {
    let mut leg = leg();
    leg.set_remote(RemoteMedia::pcmu("198.51.100.1:2000".parse().unwrap()));
    leg
}
