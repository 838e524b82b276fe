//! Bridged legs and recordings over real sockets.

mod media_support;

use media_support::{
    Heard, Party, assert_continuous, events, every_20_ms, numbered, pool, pool_with, prompt,
    wait_for,
};
use sip_gateway::leg::{LegId, PlayId, StreamId};
use sip_gateway::media::port::{MediaEvent, PlayRequest, RecordBlock, RecordRequest};
use sip_gateway::media::tone;
use std::sync::mpsc::sync_channel;
use std::time::{Duration, Instant};
use tokio::sync::mpsc::Receiver;

const A: LegId = LegId(1);
const B: LegId = LegId(2);

/// Affinities that land on different threads of a pool of two.
fn apart(pool_threads: usize) -> (u64, u64) {
    assert_eq!(pool_threads, 2);
    (1, 2)
}

/// The packets one party must have heard: all that the other sent, bit by bit, none missing.
fn assert_all_heard(heard: &[Heard], from: &Party) {
    let audio: Vec<&Heard> = heard
        .iter()
        .filter(|packet| packet.header.payload_type == 0)
        .collect();
    assert_eq!(audio.len() as u32, from.sent);
    for (n, packet) in audio.iter().enumerate() {
        assert_eq!(packet.payload, numbered(from.header.ssrc, n as u32));
    }
}

#[test]
fn a_bridge_is_bit_exact_and_loses_nothing() {
    for affinities in [(7, 7), apart(2)] {
        let (pool, mut receiver) = pool(2);
        let mut a = Party::join(&pool, A, affinities.0, 0.0);
        let mut b = Party::join(&pool, B, affinities.1, 0.0);
        pool.bridge(A, B).unwrap();
        let (mut heard_a, mut heard_b, mut told) = (Vec::new(), Vec::new(), Vec::new());
        // The bridge stands once an answer to a command given after it has come.
        pool.play(B, prompt(3, 300.0, Duration::from_millis(20)))
            .unwrap();
        wait_for("the bridge", || {
            events(&mut receiver, &mut told);
            !told.is_empty()
        });
        b.hear(&mut heard_b);
        let before = heard_b.len();
        every_20_ms(Duration::from_millis(1500), |n| {
            a.send_numbered();
            b.send_numbered();
            if n == 30 {
                a.send_key(5);
                b.send_key(11);
            }
            a.hear(&mut heard_a);
            b.hear(&mut heard_b);
        });
        wait_for("the last packets", || {
            a.hear(&mut heard_a);
            b.hear(&mut heard_b);
            heard_a.len() == 75 + 5 && heard_b.len() == before + 75 + 5
        });
        assert_continuous(&heard_a);
        assert_continuous(&heard_b);
        assert_all_heard(&heard_a, &b);
        assert_all_heard(&heard_b[before..], &a);
        assert!(heard_b[before].header.marker && heard_a[0].header.marker);
        let keys: Vec<&Heard> = heard_a
            .iter()
            .filter(|packet| packet.header.payload_type == 101)
            .collect();
        assert!(keys.len() == 5 && keys.iter().all(|packet| packet.payload[0] == 11));
        events(&mut receiver, &mut told);
        // Between two legs there is no order.
        let mut pressed = Vec::new();
        for event in &told {
            if let MediaEvent::Key { leg, key } = event {
                pressed.push((*leg, *key));
            }
        }
        pressed.sort_unstable();
        assert_eq!(pressed, [(A, '5'), (B, '#')]);
        let started = told
            .iter()
            .filter(|event| matches!(event, MediaEvent::MediaStarted { .. }))
            .count();
        assert_eq!(started, 2);
        assert_eq!(pool.stats().unsent_packets, 0);
        pool.close(A).unwrap();
        assert_quality(&mut receiver);
    }
}

fn assert_quality(receiver: &mut Receiver<MediaEvent>) {
    let mut told = Vec::new();
    wait_for("the end", || {
        events(receiver, &mut told);
        !told.is_empty()
    });
    let MediaEvent::Closed { leg: A, quality } = &told[0] else {
        panic!("{told:?}")
    };
    assert_eq!((quality.packets_received, quality.packets_sent), (80, 80));
    assert_eq!((quality.packets_lost, quality.packets_ignored), (0, 0));
    assert!(quality.jitter_ms < 20.0, "{}", quality.jitter_ms);
}

#[test]
fn music_yields_to_the_bridge_at_once_and_a_stranger_is_not_heard() {
    let (pool, mut receiver) = pool(1);
    let mut a = Party::join(&pool, A, 7, 0.0);
    let b = Party::join(&pool, B, 7, 0.0);
    pool.play(
        B,
        PlayRequest {
            repeat: true,
            ..prompt(4, 600.0, Duration::from_secs(1))
        },
    )
    .unwrap();
    let (mut heard, mut told) = (Vec::new(), Vec::new());
    wait_for("music", || {
        b.hear(&mut heard);
        heard.len() > 4
    });
    pool.bridge(A, B).unwrap();
    wait_for("the end of the music", || {
        events(&mut receiver, &mut told);
        told.contains(&MediaEvent::PlayEnded {
            leg: B,
            play: PlayId(4),
            finished: false,
        })
    });
    b.hear(&mut heard);
    let music = heard.len();
    let stranger = std::net::UdpSocket::bind("127.0.0.2:0").unwrap();
    every_20_ms(Duration::from_millis(200), |_| {
        a.send_numbered();
        stranger
            .send_to(&[0x80, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 9, 9], a.to)
            .unwrap();
        stranger.send_to(b"noise", a.to).unwrap();
    });
    wait_for("speech", || {
        b.hear(&mut heard);
        heard.len() >= music + 10
    });
    assert_all_heard(&heard[music..], &a);
    assert_continuous(&heard);
    pool.close(A).unwrap();
    wait_for("the end", || {
        events(&mut receiver, &mut told);
        told.iter().any(|event| matches!(event, MediaEvent::Closed { quality, .. } if quality.packets_ignored == 20))
    });
}

#[test]
fn a_recording_has_each_party_on_its_side_at_its_time() {
    let (pool, _receiver) = pool(2);
    let affinities = apart(2);
    let mut a = Party::join(&pool, A, affinities.0, 500.0);
    let mut b = Party::join(&pool, B, affinities.1, 1300.0);
    pool.bridge(A, B).unwrap();
    let (sink, blocks) = sync_channel(64);
    let begun = Instant::now();
    pool.start_recording(RecordRequest {
        stream: StreamId(8),
        left: A,
        right: B,
        sample_rate: 8000,
        sink,
    })
    .unwrap();
    // The right party begins to talk half a second later and is silent at the end; when, a busy machine decides.
    let mut talks = Vec::new();
    every_20_ms(Duration::from_millis(1200), |n| {
        a.send_tone();
        if (25..50).contains(&n) {
            talks.push(begun.elapsed().as_millis() as usize);
            b.send_tone();
        }
    });
    let length = begun.elapsed();
    pool.stop_recording(StreamId(8)).unwrap();
    assert!(pool.stop_recording(StreamId(8)).is_err());
    let (mut left, mut right, mut frames) = (Vec::new(), Vec::new(), None);
    while frames.is_none() {
        match blocks.recv_timeout(Duration::from_secs(20)).unwrap() {
            RecordBlock::Samples {
                start_frame,
                samples,
                ..
            } => {
                assert_eq!(start_frame, left.len() as u64);
                left.extend(samples.iter().step_by(2));
                right.extend(samples.iter().skip(1).step_by(2));
            }
            RecordBlock::End { frames: all, .. } => frames = Some(all),
        }
    }
    assert_eq!(frames, Some(left.len() as u64));
    let (least, most) = (
        length.as_millis() * 8 - 400,
        begun.elapsed().as_micros().div_ceil(1000) * 8,
    );
    let recorded = left.len() as u128;
    assert!(
        (least..=most).contains(&recorded),
        "{recorded}: {least} to {most}"
    );
    assert!(tone::share(&left[1600..8000], 500.0, 8000) > 0.97);
    let onset = right
        .iter()
        .position(|sample: &i16| sample.unsigned_abs() > 1000)
        .unwrap();
    let last = right
        .iter()
        .rposition(|sample| sample.unsigned_abs() > 1000)
        .unwrap();
    let (from, to) = (8 * talks[0], 8 * (talks[talks.len() - 1] + 20));
    assert!(onset.abs_diff(from) < 320, "{onset}, said at {from}");
    assert!(last.abs_diff(to) < 320, "{last}, said until {to}");
    assert!(tone::share(&right[onset + 200..last - 200], 1300.0, 8000) > 0.97);
    assert!(right[..onset - 200].iter().all(|sample| *sample == 0));
}

#[test]
fn a_bridged_leg_without_packets_is_told_once_and_a_waiting_one_never() {
    let (pool, mut receiver) = pool_with(1, Duration::from_millis(800));
    let mut a = Party::join(&pool, A, 7, 0.0);
    let _b = Party::join(&pool, B, 7, 0.0);
    let _waiting = Party::join(&pool, LegId(3), 7, 0.0);
    pool.bridge(A, B).unwrap();
    let mut told = Vec::new();
    let mut last = Instant::now();
    wait_for("both events", || {
        if last.elapsed() >= Duration::from_millis(20) {
            last = Instant::now();
            a.send_numbered();
        }
        events(&mut receiver, &mut told);
        told.len() >= 2
    });
    // Once, and nobody else.
    every_20_ms(Duration::from_millis(300), |_| a.send_numbered());
    events(&mut receiver, &mut told);
    assert_eq!(
        told,
        [
            MediaEvent::MediaStarted { leg: A },
            MediaEvent::MediaLost { leg: B }
        ]
    );
}

#[test]
fn the_end_of_the_pool_ends_recordings() {
    let (pool, receiver) = pool(1);
    let _a = Party::join(&pool, A, 7, 0.0);
    let _b = Party::join(&pool, B, 7, 0.0);
    let (sink, blocks) = sync_channel(64);
    pool.start_recording(RecordRequest {
        stream: StreamId(8),
        left: A,
        right: B,
        sample_rate: 16_000,
        sink,
    })
    .unwrap();
    let first = blocks.recv_timeout(Duration::from_secs(20)).unwrap();
    drop((pool, receiver));
    let mut all = vec![first];
    all.extend(blocks.iter());
    assert!(
        matches!(all.last(), Some(RecordBlock::End { frames: 320.., .. })),
        "{all:?}"
    );
}
