//! Tones and how to hear them: test signals for ourselves, the test phone and the end-to-end tests.
//!
//! **Owns**: a sine generator and Goertzel's measure. **Must not know**: packets, legs.

use std::f64::consts::TAU;

/// A sine of `frequency` Hz with peak `amplitude` (0-32767), `frames` samples at `rate` per second.
#[must_use]
pub fn sine(frequency: f64, amplitude: f64, frames: usize, rate: u32) -> Vec<i16> {
    (0..frames)
        .map(|n| (amplitude * (TAU * frequency * n as f64 / f64::from(rate)).sin()).round() as i16)
        .collect()
}

/// Power of `samples` at `frequency` Hz, as the share (0-1) of their whole power that lies there (Goertzel). A clean
/// tone is near 1 when the samples hold whole periods; silence is 0.
#[must_use]
pub fn share(samples: &[i16], frequency: f64, rate: u32) -> f64 {
    let coefficient = 2.0 * (TAU * frequency / f64::from(rate)).cos();
    let (mut last, mut before, mut energy) = (0.0f64, 0.0f64, 0.0f64);
    for sample in samples {
        let sample = f64::from(*sample);
        let next = sample + coefficient * last - before;
        before = last;
        last = next;
        energy += sample * sample;
    }
    if energy == 0.0 {
        return 0.0;
    }
    let power = last * last + before * before - coefficient * last * before;
    2.0 * power / (energy * samples.len() as f64)
}

/// Root mean square of samples, 0-32768.
#[must_use]
pub fn rms(samples: &[i16]) -> f64 {
    if samples.is_empty() {
        return 0.0;
    }
    let energy: f64 = samples
        .iter()
        .map(|sample| f64::from(*sample).powi(2))
        .sum();
    (energy / samples.len() as f64).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tone_is_heard_at_its_frequency_only() {
        let tone = sine(1000.0, 10_000.0, 1600, 8000);
        assert!(share(&tone, 1000.0, 8000) > 0.99);
        assert!(share(&tone, 440.0, 8000) < 0.01);
        assert_eq!(share(&[0; 160], 1000.0, 8000), 0.0);
        assert!((rms(&tone) - 7071.0).abs() < 5.0);
        assert_eq!(rms(&[]), 0.0);
    }
}
