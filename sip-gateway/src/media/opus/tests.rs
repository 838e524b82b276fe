use super::*;
use crate::media::tone;
use proptest::prelude::*;

const WISH: Wish = Wish {
    max_bitrate: None,
    fec: true,
};

/// Packets of these samples, 20 ms each.
fn speak(samples: &[i16], wish: Wish) -> Vec<Vec<u8>> {
    let mut speaker = Speaker::new(wish);
    let (frames, _) = samples.as_chunks::<FRAME>();
    let packet = |frame| {
        let mut out = [0; 400];
        let length = speaker.speak(frame, &mut out);
        out[..length].to_vec()
    };
    frames.iter().map(packet).collect()
}

fn header(number: u32) -> RtpHeader {
    RtpHeader {
        marker: false,
        payload_type: 111,
        // Both wrap on the way.
        sequence: 65_500u16.wrapping_add(number as u16),
        timestamp: (u32::MAX - 20_000).wrapping_add(number.wrapping_mul(960)),
        ssrc: 5,
    }
}

fn listen(packets: &[Vec<u8>], arrives: impl Fn(usize) -> bool) -> Vec<(Heard, Vec<i16>)> {
    let mut listener = Listener::default();
    let arrived = (0u32..)
        .zip(packets)
        .filter(|(at, _)| arrives(*at as usize));
    arrived
        .map(|(at, packet)| {
            let mut out = [0; MOST];
            let heard = listener.hear(&header(at), packet, &mut out);
            (heard, out[..heard.samples].to_vec())
        })
        .collect()
}

fn whole(heard: &[(Heard, Vec<i16>)]) -> Vec<i16> {
    heard
        .iter()
        .flat_map(|(_, samples)| samples.clone())
        .collect()
}

/// Signal to everything else, dB.
fn snr(samples: &[i16], frequency: f64) -> f64 {
    let share = tone::share(samples, frequency, 8000);
    10.0 * (share / (1.0 - share).max(1e-9)).log10()
}

/// A voice of a kind: harmonics that swell, of a pitch that moves.
fn voice(seconds: usize) -> Vec<i16> {
    let turn = std::f64::consts::TAU / 8000.0;
    let sample = |at: usize| {
        let time = at as f64;
        let pitch = 130.0 + 20.0 * (turn * 0.7 * time).sin();
        let harmonic = |n: usize| (turn * pitch * n as f64 * time).sin() / n as f64;
        let swell = (turn * 2.0 * time).sin().abs();
        (4000.0 * swell * (1..12).map(harmonic).sum::<f64>()) as i16
    };
    (0..seconds * 8000).map(sample).collect()
}

#[test]
fn tones_of_the_telephone_band_pass() {
    for frequency in [400.0, 1000.0, 2000.0, 3000.0] {
        for wish in [Wish::default(), WISH] {
            let said = tone::sine(frequency, 8000.0, 16_000, 8000);
            let heard = whole(&listen(&speak(&said, wish), |_| true));
            assert_eq!(heard.len(), said.len());
            let settled = &heard[4000..12_000];
            let (snr, gain) = (
                snr(settled, frequency),
                tone::rms(settled) / tone::rms(&said),
            );
            println!("{frequency} Hz: {snr:.1} dB {gain:.3}");
            assert!(snr > 12.0, "{frequency} Hz: {snr} dB");
            assert!((0.9..1.1).contains(&gain), "{frequency} Hz: {gain}");
        }
    }
}

#[test]
fn timestamps_are_those_of_8_khz_and_wrap() {
    let heard = listen(&speak(&voice(2), WISH), |_| true);
    for pair in heard.windows(2) {
        let step = pair[1].0.timestamp.wrapping_sub(pair[0].0.timestamp);
        assert_eq!((step, pair[0].0.samples), (160, 160));
    }
}

#[test]
fn a_lost_packet_comes_back_with_the_next_one() {
    let packets = speak(&voice(4), WISH);
    let all = whole(&listen(&packets, |_| true));
    let lost = |at: usize| at % 10 == 7;
    let heard = listen(&packets, |at| !lost(at));
    let there = whole(&heard);
    assert_eq!(there.len(), all.len(), "no hole is left");
    let lengths: Vec<usize> = heard.iter().map(|(heard, _)| heard.samples).collect();
    assert_eq!(lengths[5..9], [160, 160, 320, 160]);
    // What was lost is nearly what was said: clearly nearer than silence is, all losses taken together.
    let (mut off, mut said) = (0.0, 0.0);
    for at in (0..packets.len()).filter(|at| lost(*at)) {
        let place = at * 160..(at + 1) * 160;
        for (one, other) in all[place.clone()].iter().zip(&there[place]) {
            off += (f64::from(*one) - f64::from(*other)).powi(2);
            said += f64::from(*one).powi(2);
        }
    }
    assert!(off < said / 4.0, "{:.1} dB", 10.0 * (said / off).log10());
}

#[test]
fn a_longer_loss_is_concealed_and_the_longest_is_left_open() {
    let packets = speak(&voice(2), WISH);
    let after = |missing: std::ops::Range<usize>| {
        let next = missing.start;
        let heard = listen(&packets, |at| !missing.contains(&at));
        heard[next].0
    };
    assert_eq!(after(30..33).samples, 4 * 160);
    let (before, gone) = (after(30..30), after(30..36));
    assert_eq!((gone.samples, gone.timestamp), (7 * 160, before.timestamp));
    assert_eq!(after(30..37).samples, 160);
}

#[test]
fn what_comes_late_or_again_is_no_sound() {
    let packets = speak(&voice(1), WISH);
    let (mut listener, mut out) = (Listener::default(), [0; MOST]);
    let mut hear = |at: u32| {
        listener
            .hear(&header(at), &packets[at as usize], &mut out)
            .samples
    };
    let heard: Vec<usize> = [0, 1, 3, 2, 3, 4].into_iter().map(&mut hear).collect();
    assert_eq!(heard, [160, 160, 320, 0, 0, 160]);
}

#[test]
fn silence_that_is_not_sent_is_no_loss() {
    let packets = speak(&voice(1), Wish::default());
    let (mut listener, mut out) = (Listener::default(), [0; MOST]);
    let first = listener.hear(&header(0), &packets[0], &mut out);
    // 400 ms later, by the next number: DTX.
    let next = RtpHeader {
        timestamp: header(0).timestamp.wrapping_add(19_200),
        ..header(1)
    };
    let heard = listener.hear(&next, &packets[1], &mut out);
    assert_eq!(heard.samples, 160);
    assert_eq!(heard.timestamp, first.timestamp.wrapping_add(3200));
    // A packet without sound says how long the silence is.
    let quiet = listener.hear(&header(21), &[NOTHING], &mut out);
    assert!(quiet.samples >= 160 && !quiet.broken);
}

#[test]
fn another_source_or_new_numbers_begin_anew() {
    let packets = speak(&voice(1), Wish::default());
    let (mut listener, mut out) = (Listener::default(), [0; MOST]);
    listener.hear(&header(0), &packets[0], &mut out);
    let other = RtpHeader {
        ssrc: 9,
        ..header(30)
    };
    assert_eq!(listener.hear(&other, &packets[1], &mut out).samples, 160);
    let back = RtpHeader {
        sequence: other.sequence.wrapping_sub(20_000),
        timestamp: 3,
        ..other
    };
    assert_eq!(listener.hear(&back, &packets[2], &mut out).samples, 160);
}

#[test]
fn what_is_no_opus_is_told_and_filled_in() {
    let packets = speak(&voice(1), Wish::default());
    let (mut listener, mut out) = (Listener::default(), [0; MOST]);
    for (at, packet) in (0u32..).zip(&packets) {
        // A packet of two frames of equal length that has an odd number of bytes cannot be one (RFC 6716 3.2.3).
        let junk = [packet[0] | 1, 1, 2, 3, 4, 5];
        let broken = at % 10 == 9;
        let payload = if broken { &junk[..] } else { packet };
        let heard = listener.hear(&header(at), payload, &mut out);
        assert_eq!((heard.samples, heard.broken), (160, broken), "{at}");
    }
    assert_eq!(samples(&packets[0]), Some(160));
    assert_eq!(samples(&[]), None);
}

#[test]
fn a_decoder_that_panics_is_replaced() {
    let packets = speak(&voice(1), Wish::default());
    let mut listener = Listener::default();
    assert_eq!(listener.guarded(0, |_, _| panic!("told to")), None);
    let mut out = [0; MOST];
    for (at, packet) in (0u32..).zip(&packets) {
        let heard = listener.hear(&header(at), packet, &mut out);
        assert_eq!((heard.samples, heard.broken), (160, false));
    }
}

#[test]
fn stereo_and_any_length_and_rate_are_heard() {
    use opus_pure::{Application, OpusEncoder};
    for (rate, channels, length) in [
        (48_000, 2, 20),
        (48_000, 1, 10),
        (16_000, 1, 60),
        (24_000, 2, 40),
    ] {
        let mut encoder = OpusEncoder::new(rate, channels, Application::Audio).unwrap();
        encoder.bitrate_bps = 48_000;
        let frame = rate as usize / 1000 * length;
        let said = tone::sine(1000.0, 8000.0, rate as usize, rate as u32);
        let said: Vec<i16> = said.iter().flat_map(|one| vec![*one; channels]).collect();
        let (mut listener, mut out) = (Listener::default(), [0; MOST]);
        let mut heard = Vec::new();
        for (at, part) in (0u32..).zip(said.chunks_exact(frame * channels)) {
            let mut packet = [0; 1500];
            let bytes = encoder.encode_s16(part, frame, &mut packet).unwrap();
            let header = RtpHeader {
                timestamp: at * 48 * length as u32,
                ..header(at)
            };
            let one = listener.hear(&header, &packet[..bytes], &mut out);
            assert_eq!((one.samples, one.broken), (length * 8, false));
            heard.extend_from_slice(&out[..one.samples]);
        }
        let snr = snr(&heard[1600..6400], 1000.0);
        println!("{rate} Hz, {channels} channels: {snr} dB");
        assert!(snr > 20.0, "{rate} Hz, {channels} channels: {snr} dB");
    }
}

#[test]
fn a_party_is_spoken_to_as_it_wishes() {
    let said = voice(4);
    let rate = |max_bitrate, fec| {
        let bytes: usize = speak(&said, Wish { max_bitrate, fec })
            .iter()
            .map(Vec::len)
            .sum();
        bytes * 8 / 4
    };
    assert!(
        (8_000..20_000).contains(&rate(None, false)),
        "{}",
        rate(None, false)
    );
    assert!(rate(None, true) > rate(None, false));
    assert!(rate(None, true) < 28_000, "{}", rate(None, true));
    let low = rate(Some(8_000), true);
    assert!(low < 10_000, "{low}");
    assert!(rate(Some(1), false) < 9_000);
    assert!(rate(Some(u32::MAX), false) < 20_000);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_bytes_are_sound_or_told(
        payloads in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 1..120), 1..20),
        steps in proptest::collection::vec((0u16..4, 0u32..3000), 20),
    ) {
        let (mut listener, mut out) = (Listener::default(), [0; MOST]);
        let mut at = header(0);
        for (payload, (numbers, ticks)) in payloads.iter().zip(steps) {
            at.sequence = at.sequence.wrapping_add(numbers);
            at.timestamp = at.timestamp.wrapping_add(ticks);
            let heard = listener.hear(&at, payload, &mut out);
            prop_assert!(heard.samples <= MOST);
            let _ = samples(payload);
        }
    }
}
