use super::*;
use crate::media::g711::Codec;

const ALL: &str = "0123456789*#ABCD";

/// Numbers from a seed (xorshift), 0 to 1.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }

    fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.roll()
    }

    /// Of variance 1, near enough to a normal distribution (sum of twelve).
    fn noise(&mut self) -> f64 {
        (0..12).map(|_| self.roll()).sum::<f64>() - 6.0
    }
}

/// How a key is sent.
#[derive(Clone, Copy)]
struct Press {
    /// Of both tones together, dBm0.
    level: f64,
    /// High tone over low tone, dB.
    twist: f64,
    /// Off the frequencies, in parts.
    off: f64,
    ms: f64,
    pause_ms: f64,
}

const PLAIN: Press = Press {
    level: -12.0,
    twist: 0.0,
    off: 0.0,
    ms: 60.0,
    pause_ms: 60.0,
};

/// Root mean square of 0 dBm0 in G.711's µ-law, from its overload point of 3.17 dBm0.
fn rms(dbm0: f64) -> f64 {
    32_124.0 / 2f64.sqrt() * 10f64.powf((dbm0 - 3.17) / 20.0)
}

/// The tones of Q.23, written down a second time.
fn frequencies(key: char) -> (f64, f64) {
    let rows = ["123A", "456B", "789C", "*0#D"];
    let row = rows.iter().position(|row| row.contains(key)).unwrap();
    let column = rows[row].find(key).unwrap();
    (
        [697.0, 770.0, 852.0, 941.0][row],
        [1209.0, 1336.0, 1477.0, 1633.0][column],
    )
}

fn press(key: char, how: Press, dice: &mut Dice, out: &mut Vec<f64>) {
    let (low, high) = frequencies(key);
    let ratio = 10f64.powf(how.twist / 20.0);
    let low_rms = rms(how.level) / (1.0 + ratio * ratio).sqrt();
    let (a, b) = (dice.roll(), dice.roll());
    let wave = |at: f64, hz: f64, phase: f64| {
        ((at / 8000.0 * hz * (1.0 + how.off) + phase) * std::f64::consts::TAU).sin() * 2f64.sqrt()
    };
    let length = (how.ms * 8.0) as usize;
    out.extend(
        (0..length)
            .map(|at| low_rms * (wave(at as f64, low, a) + ratio * wave(at as f64, high, b))),
    );
    out.extend(std::iter::repeat_n(0.0, (how.pause_ms * 8.0) as usize));
}

fn hear(samples: &[f64]) -> String {
    let mut detector = KeyDetector::default();
    let through = |sample: &f64| Codec::Pcmu.decode(Codec::Pcmu.encode(*sample as i16));
    samples
        .iter()
        .filter_map(|sample| detector.hear(through(sample)))
        .collect()
}

fn add_noise(samples: &mut [f64], rms: f64, dice: &mut Dice) {
    samples
        .iter_mut()
        .for_each(|sample| *sample += rms * dice.noise());
}

#[test]
fn a_thousand_keys_at_minus_20_dbm0_with_20_db_of_noise() {
    let mut dice = Dice(0x5eed);
    let (mut samples, mut sent) = (vec![0.0; 400], String::new());
    for n in 0..1000 {
        let key = ALL.chars().nth(n % 16).unwrap();
        let how = Press {
            level: -20.0,
            ms: dice.between(40.0, 120.0),
            pause_ms: dice.between(40.0, 120.0),
            ..PLAIN
        };
        press(key, how, &mut dice, &mut samples);
        sent.push(key);
    }
    add_noise(&mut samples, rms(-40.0), &mut dice);
    assert_eq!(hear(&samples), sent);
}

#[test]
fn tolerances_of_q24_are_taken() {
    let mut dice = Dice(7);
    for (name, how) in [
        (
            "loud",
            Press {
                level: 0.0,
                ..PLAIN
            },
        ),
        (
            "soft",
            Press {
                level: -28.0,
                ..PLAIN
            },
        ),
        (
            "high group 4 dB up",
            Press {
                twist: 4.0,
                ..PLAIN
            },
        ),
        (
            "high group 8 dB down",
            Press {
                twist: -8.0,
                ..PLAIN
            },
        ),
        (
            "1.5 % up",
            Press {
                off: 0.015,
                ..PLAIN
            },
        ),
        (
            "1.5 % down",
            Press {
                off: -0.015,
                ..PLAIN
            },
        ),
        (
            "short",
            Press {
                ms: 40.0,
                pause_ms: 40.0,
                ..PLAIN
            },
        ),
        (
            "long",
            Press {
                ms: 3000.0,
                ..PLAIN
            },
        ),
    ] {
        for shift in 0..20 {
            let mut samples = vec![0.0; 5 * shift];
            ALL.chars()
                .for_each(|key| press(key, how, &mut dice, &mut samples));
            add_noise(&mut samples, rms(how.level - 25.0), &mut dice);
            assert_eq!(hear(&samples), ALL, "{name}, shifted by {shift}");
        }
    }
}

#[test]
fn what_is_no_key_is_not_heard() {
    let mut dice = Dice(11);
    for (name, how) in [
        (
            "too soft",
            Press {
                level: -45.0,
                ..PLAIN
            },
        ),
        (
            "high group 12 dB up",
            Press {
                twist: 12.0,
                ..PLAIN
            },
        ),
        (
            "high group 14 dB down",
            Press {
                twist: -14.0,
                ..PLAIN
            },
        ),
        (
            "3.5 % up",
            Press {
                off: 0.035,
                ..PLAIN
            },
        ),
        (
            "3.5 % down",
            Press {
                off: -0.035,
                ..PLAIN
            },
        ),
        (
            "too short",
            Press {
                ms: 20.0,
                pause_ms: 40.0,
                ..PLAIN
            },
        ),
    ] {
        for shift in 0..20 {
            let mut samples = vec![0.0; 5 * shift];
            ALL.chars()
                .for_each(|key| press(key, how, &mut dice, &mut samples));
            assert_eq!(hear(&samples), "", "{name}, shifted by {shift}");
        }
    }
    let mut noise = vec![0.0; 80_000];
    add_noise(&mut noise, rms(-10.0), &mut dice);
    assert_eq!(hear(&noise), "");
}

#[test]
fn an_interruption_of_10_ms_does_not_double_a_key() {
    let mut dice = Dice(3);
    for shift in 0..100 {
        let mut samples = vec![0.0; shift];
        press('5', Press { ms: 150.0, ..PLAIN }, &mut dice, &mut samples);
        samples[shift + 560..shift + 640].fill(0.0);
        assert_eq!(hear(&samples), "5");
    }
}

#[test]
fn a_tone_with_a_second_harmonic_is_a_voice() {
    let mut samples = Vec::new();
    press(
        '6',
        Press { ms: 500.0, ..PLAIN },
        &mut Dice(5),
        &mut samples,
    );
    for (at, sample) in samples.iter_mut().enumerate() {
        let turn = at as f64 / 8000.0 * std::f64::consts::TAU;
        *sample += rms(-19.0) * (turn * 2.0 * 1477.0).sin();
    }
    assert_eq!(hear(&samples), "");
}

#[test]
fn keys_that_we_make_are_heard_in_each_codec() {
    for codec in [Codec::Pcmu, Codec::Pcma] {
        let (mut detector, mut heard) = (KeyDetector::default(), String::new());
        for key in ALL.chars() {
            let mut samples = [0; 1600];
            for (n, frame) in samples.chunks_mut(160).take(5).enumerate() {
                key_tone(key.to_ascii_lowercase(), n * 160, frame);
            }
            let through = samples.map(|sample| codec.decode(codec.encode(sample)));
            heard.extend(through.iter().filter_map(|sample| detector.hear(*sample)));
            assert!(!detector.is_sounding());
        }
        assert_eq!(heard, ALL);
    }
    let mut none = [1; 160];
    key_tone('x', 0, &mut none);
    assert_eq!(none, [0; 160]);
}

#[test]
fn keys_are_heard_through_opus() {
    use crate::media::opus::{Listener, MOST, Speaker, Wish};
    use crate::media::rtp::RtpHeader;
    for fec in [false, true] {
        let max_bitrate = None;
        let mut speaker = Speaker::new(Wish { max_bitrate, fec });
        let (mut listener, mut detector) = (Listener::default(), KeyDetector::default());
        let (mut heard, mut at) = (String::new(), 0u16);
        for key in ALL.chars() {
            for n in 0..12 {
                let mut frame = [0; 160];
                if n < 6 {
                    key_tone(key.to_ascii_lowercase(), n * 160, &mut frame);
                }
                let mut packet = [0; 400];
                let length = speaker.speak(&frame, &mut packet);
                let header = RtpHeader {
                    marker: false,
                    payload_type: 111,
                    sequence: at,
                    timestamp: u32::from(at) * 960,
                    ssrc: 1,
                };
                at += 1;
                let mut samples = [0; MOST];
                let one = listener.hear(&header, &packet[..length], &mut samples);
                let samples = &samples[..one.samples];
                heard.extend(samples.iter().filter_map(|sample| detector.hear(*sample)));
            }
        }
        assert_eq!(heard, ALL, "FEC {fec}");
    }
}
