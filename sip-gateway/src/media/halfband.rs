//! Streams between 8 and 16 kHz, a few samples at a time, for legs whose codecs differ.
//!
//! **Owns**: [`Doubler`], [`Halver`]: the two directions of one half-band filter. **Must not know**: codecs. For audio
//! that is loaded once there is `resample.rs`, which is sharper and knows all rates.
//!
//! Every other sample of a half-band filter's response is zero, so one direction copies half its output and the other
//! filters half its input. 36 taps: flat to 3.4 kHz, 60 dB from 4.6 kHz on, 2.25 ms of delay each way.

use super::codec::CHUNK;
use super::resample::{kaiser, sinc};
use std::sync::LazyLock;

/// Taps of the part that is not trivial.
const TAPS: usize = 36;
const HALF: usize = TAPS / 2;
/// Kaiser beta: about 60 dB of stopband.
const BETA: f64 = 5.65;

/// Weights of the samples around a point half-way between two of them; their sum is 1.
static HALFWAY: LazyLock<[f32; TAPS]> = LazyLock::new(|| {
    let weights: [f64; TAPS] = std::array::from_fn(|tap| {
        let distance = tap as f64 - HALF as f64 + 0.5;
        sinc(distance) * kaiser(distance / HALF as f64, BETA)
    });
    let sum: f64 = weights.iter().sum();
    weights.map(|weight| (weight / sum) as f32)
});

/// The samples a filter still needs, and room for a chunk behind them.
struct Line([f32; TAPS + CHUNK]);

impl Line {
    /// Takes at most a chunk; calls `step` with the place in the chunk and the `TAPS` samples up to it.
    fn run(&mut self, input: impl Iterator<Item = i16>, mut step: impl FnMut(usize, &[f32])) {
        let mut length = 0;
        for (slot, sample) in self.0.iter_mut().skip(TAPS).zip(input) {
            *slot = f32::from(sample);
            length += 1;
        }
        for (place, window) in self.0.windows(TAPS).skip(1).take(length).enumerate() {
            step(place, window);
        }
        self.0.copy_within(length..length + TAPS, 0);
    }
}

/// Four sums side by side, which the compiler makes one vector of.
fn halfway(window: &[f32]) -> f32 {
    let mut sums = [0.0f32; 4];
    for (samples, weights) in window.chunks_exact(4).zip(HALFWAY.chunks_exact(4)) {
        for ((sum, sample), weight) in sums.iter_mut().zip(samples).zip(weights) {
            *sum += sample * weight;
        }
    }
    sums.iter().sum()
}

/// 8 kHz to 16 kHz.
pub struct Doubler {
    line: Line,
}

/// 16 kHz to 8 kHz.
pub struct Halver {
    /// Samples with even numbers wait here for their neighbours.
    even: Line,
    odd: Line,
}

impl Default for Doubler {
    fn default() -> Self {
        Self {
            line: Line([0.0; TAPS + CHUNK]),
        }
    }
}

impl Default for Halver {
    fn default() -> Self {
        Self {
            even: Line([0.0; TAPS + CHUNK]),
            odd: Line([0.0; TAPS + CHUNK]),
        }
    }
}

impl Doubler {
    /// At most [`CHUNK`] samples become twice as many, as far as `out` reaches.
    pub fn double(&mut self, input: &[i16], out: &mut [i16]) {
        self.line.run(input.iter().copied(), |place, window| {
            if let (Some(pair), Some(sample)) =
                (out.get_mut(2 * place..2 * place + 2), window.get(HALF - 1))
            {
                // `as` saturates, here and below.
                pair.copy_from_slice(&[*sample as i16, halfway(window).round() as i16]);
            }
        });
    }
}

impl Halver {
    /// At most twice [`CHUNK`] samples, an even number, become half as many, as far as `out` reaches.
    pub fn halve(&mut self, input: &[i16], out: &mut [i16]) {
        let (even, odd) = (input.iter().step_by(2), input.iter().skip(1).step_by(2));
        let mut sums = [0.0f32; CHUNK];
        self.odd.run(odd.copied(), |place, window| {
            if let Some(sum) = sums.get_mut(place) {
                *sum = halfway(window);
            }
        });
        self.even.run(even.copied(), |place, window| {
            // The even sample between the two odd ones in the middle of the window.
            if let (Some(out), Some(sum), Some(sample)) =
                (out.get_mut(place), sums.get(place), window.get(HALF))
            {
                *out = ((sum + sample) / 2.0).round() as i16;
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::tone;

    fn double(input: &[i16]) -> Vec<i16> {
        let (mut doubler, mut out) = (Doubler::default(), Vec::new());
        for chunk in input.chunks(97) {
            let mut wide = [0; 2 * CHUNK];
            doubler.double(chunk, &mut wide);
            out.extend_from_slice(&wide[..2 * chunk.len()]);
        }
        out
    }

    fn halve(input: &[i16]) -> Vec<i16> {
        let (mut halver, mut out) = (Halver::default(), Vec::new());
        for chunk in input.chunks(194) {
            let mut narrow = [0; CHUNK];
            halver.halve(chunk, &mut narrow);
            out.extend_from_slice(&narrow[..chunk.len() / 2]);
        }
        out
    }

    #[test]
    fn telephone_band_passes_both_ways_unchanged() {
        for frequency in [300.0, 1000.0, 2000.0, 3400.0] {
            let narrow = tone::sine(frequency, 10_000.0, 8000, 8000);
            let wide = double(&narrow);
            assert!(tone::share(&wide[800..15_200], frequency, 16_000) > 0.9999);
            let back = halve(&wide);
            assert!(tone::share(&back[800..7600], frequency, 8000) > 0.9999);
            let gain = tone::rms(&back[800..7600]) / tone::rms(&narrow[800..7600]);
            assert!((0.99..1.01).contains(&gain), "{frequency} Hz: {gain}");
        }
    }

    #[test]
    fn what_narrow_band_cannot_hold_does_not_fold_back() {
        for frequency in [4700.0, 5500.0, 7000.0] {
            let wide = tone::sine(frequency, 10_000.0, 16_000, 16_000);
            let level = tone::rms(&halve(&wide)[100..]);
            assert!(level < 15.0, "{frequency} Hz: {level}");
        }
    }
}
