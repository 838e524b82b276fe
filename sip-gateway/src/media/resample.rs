//! Change of sample rate for audio that is loaded once: prompts and music.
//!
//! **Owns**: [`resample`], a Kaiser-windowed sinc between any two rates. Made for quality, not for speed: it runs when
//! a file is loaded, never on a media thread.

use std::f64::consts::PI;

/// Zero crossings of the sinc on each side.
const CROSSINGS: f64 = 36.0;
/// Kaiser beta: about 80 dB of stopband.
const BETA: f64 = 8.0;
/// Edge of the passband as a share of the smaller rate: 3640 Hz of 8 kHz, so that all of 300-3400 Hz passes and
/// nothing folds back into it.
const EDGE: f64 = 0.455;
/// Phases of the filter. Common rates need fewer; odd ones take the nearest, which is off by less than 1/1024 of a sample.
const MAX_PHASES: usize = 1024;

/// Resamples `input` from `from` to `to` samples per second (both above zero). The output is aligned with the input:
/// its sample `k` is the input at time `k / to`.
#[must_use]
pub fn resample(input: &[f32], from: u32, to: u32) -> Vec<f32> {
    if from == to || from == 0 || to == 0 {
        return input.to_vec();
    }
    let shared = greatest_common_divisor(from, to);
    let (step, phases) = ((from / shared) as usize, (to / shared) as usize);
    let kept = phases.min(MAX_PHASES);
    let filter = Filter::new(f64::from(from), f64::from(to), kept);
    let length = (input.len() as u64 * u64::from(to)).div_ceil(u64::from(from)) as usize;
    let mut output = Vec::with_capacity(length);
    for k in 0..length {
        // Position k * from / to, as whole input samples and a phase of 1 / phases.
        let position = k * step;
        output.push(filter.at(input, position / phases, position % phases * kept / phases));
    }
    output
}

fn greatest_common_divisor(a: u32, b: u32) -> u32 {
    if b == 0 {
        a
    } else {
        greatest_common_divisor(b, a % b)
    }
}

/// One set of taps per phase; `half` taps on each side of a position.
struct Filter {
    taps: Vec<f32>,
    half: usize,
}

impl Filter {
    fn new(from: f64, to: f64, phases: usize) -> Self {
        let edge = EDGE * (to / from).min(1.0);
        let reach = CROSSINGS / (2.0 * edge);
        let half = reach.ceil() as usize;
        let mut taps = Vec::with_capacity(phases * half * 2);
        for phase in 0..phases {
            let fraction = phase as f64 / phases as f64;
            let start = taps.len();
            for tap in 0..half * 2 {
                let distance = (tap as f64 - (half as f64 - 1.0)) - fraction;
                taps.push(
                    (2.0 * edge * sinc(2.0 * edge * distance) * kaiser(distance / reach, BETA))
                        as f32,
                );
            }
            // Unity gain at 0 Hz in every phase, so that no phase is louder than another.
            let sum: f32 = taps[start..].iter().sum();
            taps[start..].iter_mut().for_each(|tap| *tap /= sum);
        }
        Self { taps, half }
    }

    /// The input at `whole` + the phase's fraction; silence lies outside.
    fn at(&self, input: &[f32], whole: usize, phase: usize) -> f32 {
        let width = self.half * 2;
        let taps = &self.taps[phase * width..(phase + 1) * width];
        // Tap t meets input sample whole + t + 1 - half.
        let before = (self.half - 1).saturating_sub(whole);
        let first = (whole + 1 + before)
            .saturating_sub(self.half)
            .min(input.len());
        let near = &input[first..(whole + self.half + 1).min(input.len()).max(first)];
        taps[before.min(width)..]
            .iter()
            .zip(near)
            .map(|(tap, sample)| tap * sample)
            .sum()
    }
}

pub(super) fn sinc(x: f64) -> f64 {
    if x.abs() < 1e-9 {
        1.0
    } else {
        (PI * x).sin() / (PI * x)
    }
}

/// Kaiser window over -1..=1.
pub(super) fn kaiser(x: f64, beta: f64) -> f64 {
    if x.abs() > 1.0 {
        0.0
    } else {
        bessel(beta * (1.0 - x * x).sqrt()) / bessel(beta)
    }
}

/// Modified Bessel function of the first kind, order 0.
fn bessel(x: f64) -> f64 {
    let (mut sum, mut term, mut n) = (1.0, 1.0, 1.0);
    while term > sum * 1e-12 {
        term *= (x / (2.0 * n)).powi(2);
        sum += term;
        n += 1.0;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::tone;

    fn convert(frequency: f64, from: u32, to: u32) -> Vec<i16> {
        let input: Vec<f32> = tone::sine(frequency, 16_000.0, from as usize / 4, from)
            .into_iter()
            .map(f32::from)
            .collect();
        resample(&input, from, to)
            .into_iter()
            .map(|sample| sample.round() as i16)
            .collect()
    }

    #[test]
    fn tones_keep_their_frequency_and_level() {
        for rate in [
            4000, 8000, 11_025, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000, 192_000,
        ] {
            let output = convert(1000.0, rate, 8000);
            assert_eq!(output.len(), 2000, "{rate}");
            let middle = &output[400..1600];
            assert!(tone::share(middle, 1000.0, 8000) > 0.9999, "{rate}");
            let level = tone::rms(middle) / (16_000.0 / 2f64.sqrt());
            assert!((0.99..1.01).contains(&level), "{rate}: {level}");
        }
    }

    #[test]
    fn nothing_folds_back() {
        for (frequency, from) in [
            (5000.0, 16_000),
            (4600.0, 22_050),
            (7000.0, 44_100),
            (19_000.0, 48_000),
        ] {
            let level = tone::rms(&convert(frequency, from, 8000)[400..1600]);
            assert!(level < 8.0, "{frequency} Hz at {from}: {level}");
        }
    }

    #[test]
    fn speech_band_is_flat() {
        for frequency in [300.0, 2000.0, 3000.0, 3400.0] {
            let level =
                tone::rms(&convert(frequency, 44_100, 8000)[400..1600]) / (16_000.0 / 2f64.sqrt());
            assert!((0.97..1.03).contains(&level), "{frequency}: {level}");
        }
    }

    #[test]
    fn output_is_aligned_with_the_input() {
        let mut input = vec![0.0f32; 44_100];
        input[22_050] = 1.0;
        let output = resample(&input, 44_100, 8000);
        let peak = (0..output.len())
            .max_by(|a, b| output[*a].total_cmp(&output[*b]))
            .unwrap();
        assert_eq!(peak, 4000);
    }

    #[test]
    fn short_and_empty_inputs() {
        for length in [0, 1, 2, 33, 50] {
            for rate in [4000, 12_345, 191_999] {
                let output = resample(&vec![1.0; length], rate, 8000);
                assert_eq!(output.len(), (length * 8000).div_ceil(rate as usize));
            }
        }
    }
}
