//! Legs with different codecs over real sockets: bridges, prompts, recordings.

#![allow(clippy::unwrap_used)] // clippy does not see that helpers of tests are tests

mod media_support;

use media_support::{
    G722, Heard, OPUS, PCMA, PCMU, Party, assert_continuous, events, every_20_ms, numbered, pool,
    prompt, samples_in, snr, wait_bridged, wait_for,
};
use sip_gateway::leg::{LegId, StreamId};
use sip_gateway::media::codec::{AnyCodec, decodes};
use sip_gateway::media::port::{MediaEvent, RecordBlock, RecordRequest};
use sip_gateway::media::tone;
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;

const A: LegId = LegId(1);
const B: LegId = LegId(2);
const CODECS: [AnyCodec; 4] = [PCMU, PCMA, G722, OPUS];

/// dB that a bridge between two codecs must keep of a tone.
fn limit(a: AnyCodec, b: AnyCodec) -> f64 {
    match [a, b] {
        both if both.contains(&OPUS) => 15.0,
        both if both.contains(&G722) => 25.0,
        _ => 35.0,
    }
}

/// How far a tone's level may be off: Opus keeps a voice, not a waveform.
fn is_level(gain: f64, a: AnyCodec, b: AnyCodec) -> bool {
    let off = if a == OPUS || b == OPUS { 0.15 } else { 0.03 };
    (gain - 1.0).abs() < off
}

#[test]
fn a_tone_is_heard_through_a_bridge_of_any_two_codecs() {
    std::thread::scope(|scope| {
        for a in CODECS {
            for b in CODECS {
                scope.spawn(move || hear_each_other(a, b));
            }
        }
    });
}

fn hear_each_other(a_codec: AnyCodec, b_codec: AnyCodec) {
    let (pool, mut receiver) = pool(1);
    let (a_tone, b_tone) = (1004.0, 620.0);
    let mut a = Party::join_with(&pool, A, 7, a_tone, a_codec);
    let mut b = Party::join_with(&pool, B, 7, b_tone, b_codec);
    pool.bridge(A, B).unwrap();
    wait_bridged(&pool, &mut receiver, B, &b);
    let (mut heard_a, mut heard_b) = (Vec::new(), Vec::new());
    let decoding = decodes(a_codec, b_codec);
    // A bridge that decodes has its own time: what a busy machine holds up for long is not heard, so it is asked for more.
    for _ in 0..4 {
        every_20_ms(Duration::from_millis(1600), |_| {
            a.send_tone();
            b.send_tone();
        });
        a.hear(&mut heard_a);
        b.hear(&mut heard_b);
        if !decoding || heard_a.len().min(heard_b.len()) > 70 {
            break;
        }
    }
    let enough = if decoding { 60 } else { 80 };
    wait_for("the last packets", || {
        a.hear(&mut heard_a);
        b.hear(&mut heard_b);
        heard_a.len() >= enough && heard_b.len() >= enough
    });
    for (heard, codec, from, frequency) in [
        (&heard_a, a_codec, b_codec, b_tone),
        (&heard_b, b_codec, a_codec, a_tone),
    ] {
        assert_continuous(heard);
        assert!(codec == OPUS || heard.iter().all(|packet| packet.payload.len() == 160));
        let (samples, rate) = samples_in(codec, heard);
        assert_eq!(samples.len(), heard.len() * 20 * rate as usize / 1000);
        // The clearest 0.4 s of what follows once filters and predictors have settled; all of it where bits are passed.
        let length = rate as usize * 2 / 5;
        let clear = |from: &usize| snr(&samples[*from..*from + length], frequency, rate);
        let places = (rate as usize / 2..samples.len() - length).step_by(length / 4);
        let best = places.max_by(|a, b| clear(a).total_cmp(&clear(b))).unwrap();
        let settled = &samples[best..best + length];
        let (snr, limit) = (snr(settled, frequency, rate), limit(codec, from));
        assert!(
            snr >= limit,
            "{} to {}: {snr} dB",
            from.name(),
            codec.name()
        );
        if !decoding {
            let steady = |pair: &[Heard]| {
                pair[1]
                    .header
                    .timestamp
                    .wrapping_sub(pair[0].header.timestamp)
                    == codec.clock_rate() / 50
            };
            assert!(heard.windows(2).all(steady));
            let whole = &samples[rate as usize / 2..rate as usize * 3 / 2];
            assert!(self::snr(whole, frequency, rate) >= limit);
        }
        let gain = tone::rms(settled) / (8000.0 / 2f64.sqrt());
        assert!(
            is_level(gain, codec, from),
            "{} to {}: {gain}",
            from.name(),
            codec.name()
        );
    }
}

#[test]
fn legs_of_one_codec_hear_the_very_bits() {
    for codec in [PCMA, G722, OPUS] {
        let (pool, mut receiver) = pool(1);
        let mut a = Party::join_with(&pool, A, 7, 0.0, codec);
        let b = Party::join_with(&pool, B, 7, 0.0, codec);
        pool.bridge(A, B).unwrap();
        wait_bridged(&pool, &mut receiver, B, &b);
        let mut heard = Vec::new();
        every_20_ms(Duration::from_millis(200), |_| a.send_numbered());
        wait_for("the last packets", || {
            b.hear(&mut heard);
            heard.len() == 10
        });
        for (n, packet) in heard.iter().enumerate() {
            assert_eq!(packet.header.payload_type, codec.payload_type());
            assert_eq!(packet.payload, numbered(a.header.ssrc, n as u32));
        }
    }
}

#[test]
fn a_prompt_is_heard_in_each_codec_without_a_gap() {
    for codec in CODECS {
        let (pool, mut receiver) = pool(1);
        let party = Party::join_with(&pool, A, 7, 0.0, codec);
        pool.play(A, prompt(5, 1000.0, Duration::from_millis(600)))
            .unwrap();
        let (mut heard, mut told) = (Vec::new(), Vec::new());
        wait_for("the end", || {
            party.hear(&mut heard);
            events(&mut receiver, &mut told);
            !told.is_empty()
        });
        party.hear(&mut heard);
        assert_eq!(heard.len(), 30, "{}", codec.name());
        assert_continuous(&heard);
        assert!(heard[0].header.marker && heard[1..].iter().all(|one| !one.header.marker));
        let (samples, rate) = samples_in(codec, &heard);
        let settled = &samples[rate as usize / 20..rate as usize * 11 / 20];
        assert!(
            snr(settled, 1000.0, rate) > limit(codec, codec),
            "{}",
            codec.name()
        );
        pool.close(A).unwrap();
        wait_for("the end of the leg", || {
            events(&mut receiver, &mut told);
            told.len() == 2
        });
        let MediaEvent::Closed { quality, .. } = &told[1] else {
            panic!("{told:?}")
        };
        assert_eq!(quality.codec, codec.name());
    }
}

#[test]
fn a_recording_has_the_pitch_of_each_codec() {
    std::thread::scope(|scope| {
        for (left, right) in [
            (PCMU, PCMA),
            (PCMA, G722),
            (G722, PCMU),
            (G722, G722),
            (PCMU, OPUS),
            (OPUS, OPUS),
        ] {
            scope.spawn(move || record(left, right));
        }
    });
}

fn record(left_codec: AnyCodec, right_codec: AnyCodec) {
    let (pool, _receiver) = pool(1);
    let mut a = Party::join_with(&pool, A, 7, 500.0, left_codec);
    let mut b = Party::join_with(&pool, B, 7, 1300.0, right_codec);
    pool.bridge(A, B).unwrap();
    let (sink, blocks) = sync_channel(64);
    pool.start_recording(RecordRequest {
        stream: StreamId(8),
        left: A,
        right: B,
        sample_rate: 8000,
        sink,
    })
    .unwrap();
    every_20_ms(Duration::from_millis(1400), |_| {
        a.send_tone();
        b.send_tone();
    });
    pool.stop_recording(StreamId(8)).unwrap();
    let (left, right) = sides(&blocks);
    for (side, frequency, codec) in [(left, 500.0, left_codec), (right, 1300.0, right_codec)] {
        // Opus begins in the middle of a stream and takes its time for a pure tone: its clearest 0.2 s.
        let clear = |part: &&[i16]| snr(part, frequency, 8000);
        let parts = side[4800..9600].chunks(1600);
        let settled = match codec {
            OPUS => parts.max_by(|a, b| clear(a).total_cmp(&clear(b))).unwrap(),
            _ => &side[1600..9600],
        };
        let snr = snr(settled, frequency, 8000);
        assert!(snr > limit(codec, codec) - 5.0, "{}: {snr}", codec.name());
        let gain = tone::rms(settled) / (8000.0 / 2f64.sqrt());
        assert!(is_level(gain, codec, codec), "{}: {gain}", codec.name());
    }
}

fn sides(blocks: &Receiver<RecordBlock>) -> (Vec<i16>, Vec<i16>) {
    let (mut left, mut right) = (Vec::new(), Vec::new());
    while let RecordBlock::Samples { samples, .. } =
        blocks.recv_timeout(Duration::from_secs(20)).unwrap()
    {
        left.extend(samples.iter().step_by(2));
        right.extend(samples.iter().skip(1).step_by(2));
    }
    (left, right)
}
