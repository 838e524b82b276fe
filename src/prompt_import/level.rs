//! Loudness and silence of speech.
//!
//! **Owns**: the use of the library that measures loudness, what counts as silence, the limiter. **Must not know**: files.

use ebur128::{EbuR128, Mode};
use sip_gateway::media::resample::resample;
use std::ops::Range;

/// Shorter audio has no loudness of its own: it is measured repeated.
const SHORTEST: f64 = 0.4;
/// Quieter audio is silence, in LUFS.
const SILENCE: f64 = -65.0;
/// A window of what is looked at for silence, in seconds.
const WINDOW: f64 = 0.01;
/// So far below the loudest window is silence.
const BELOW: f32 = 0.01;
/// Kept before the first sound and behind the last, in seconds; of words that follow each other, less.
const MARGINS: (f64, f64) = (0.08, 0.15);
const CLOSE: (f64, f64) = (0.04, 0.08);
/// The fade at both ends, in seconds.
const FADE: f64 = 0.005;
/// The limiter looks so far ahead, in seconds.
const AHEAD: f64 = 0.005;
/// How closely peaks between samples are looked at.
const FINER: u32 = 4;
/// How often loudness is brought nearer after the limiter took some of it.
const ROUNDS: usize = 8;
/// Room for what the measurement of peaks is off by, in dB.
const ROOM: f64 = 0.3;

/// How loud something is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Loudness {
    /// Integrated loudness in LUFS (ITU-R BS.1770).
    pub lufs: f64,
    /// True peak in dBTP.
    pub peak: f64,
}

/// None: silence.
pub(super) fn measured(mono: &[f32], rate: u32) -> Option<Loudness> {
    let meter = heard(mono, rate, Mode::I | Mode::TRUE_PEAK)?;
    let lufs = sounding_at(&meter)?;
    let peak = 20.0 * meter.true_peak(0).ok()?.log10();
    Some(Loudness { lufs, peak })
}

/// Loudness alone, in LUFS, which costs a fraction of the peaks between samples. None: silence.
pub(super) fn integrated(mono: &[f32], rate: u32) -> Option<f64> {
    sounding_at(&heard(mono, rate, Mode::I)?)
}

fn sounding_at(meter: &EbuR128) -> Option<f64> {
    let lufs = meter.loudness_global().ok();
    lufs.filter(|lufs| *lufs > SILENCE)
}

fn heard(mono: &[f32], rate: u32, mode: Mode) -> Option<EbuR128> {
    let mut meter = EbuR128::new(1, rate, mode).ok()?;
    let least = (SHORTEST * 1.5 * f64::from(rate)) as usize;
    let short = (mono.len() as f64) < SHORTEST * f64::from(rate);
    let times = if short {
        least.div_ceil(mono.len().max(1))
    } else {
        1
    };
    for _ in 0..times {
        meter.add_frames_f32(mono).ok()?;
    }
    Some(meter)
}

/// What is left without the silence at both ends; none: nothing.
pub(super) fn sounding(mono: &[f32], rate: u32, word: bool) -> Option<Range<usize>> {
    let samples = |seconds: f64| (seconds * f64::from(rate)) as usize;
    let window = samples(WINDOW).max(1);
    let power =
        |part: &[f32]| part.iter().map(|sample| sample * sample).sum::<f32>() / part.len() as f32;
    let powers: Vec<f32> = mono.chunks(window).map(power).collect();
    let loudest = powers.iter().copied().fold(0.0_f32, f32::max);
    // Amplitude squared.
    let least = loudest * BELOW * BELOW;
    let sounds = |power: &f32| *power > least && *power > 0.0;
    let (first, last) = (
        powers.iter().position(sounds)?,
        powers.iter().rposition(sounds)?,
    );
    let (before, after) = if word { CLOSE } else { MARGINS };
    let from = (first * window).saturating_sub(samples(before));
    let to = ((last + 1) * window + samples(after)).min(mono.len());
    Some(from..to)
}

/// No click at either end.
pub(super) fn fade(mono: &mut [f32], rate: u32) {
    let length = ((FADE * f64::from(rate)) as usize).min(mono.len() / 2);
    let gain = |place: usize| place as f32 / length as f32;
    mono.iter_mut()
        .take(length)
        .enumerate()
        .for_each(|(place, sample)| *sample *= gain(place));
    mono.iter_mut()
        .rev()
        .take(length)
        .enumerate()
        .for_each(|(place, sample)| *sample *= gain(place));
}

/// At this loudness, with no peak above the ceiling; none: silence.
pub(super) fn brought_to(mono: &[f32], rate: u32, target: f64, ceiling: f64) -> Option<Vec<i16>> {
    let factor = |decibels: f64| 10.0_f64.powf(decibels / 20.0) as f32;
    let plain = measured(mono, rate)?;
    let mut gain = target - plain.lufs;
    let mut best: Option<(f64, Vec<f32>)> = None;
    for _ in 0..ROUNDS {
        let louder: Vec<f32> = mono.iter().map(|sample| sample * factor(gain)).collect();
        // Looking between the samples takes long, and most speech has room.
        let mut limited = if plain.peak + gain <= ceiling - ROOM {
            louder
        } else {
            limited(&louder, rate, factor(ceiling - ROOM))
        };
        let mut is = measured(&limited, rate)?;
        // What the limiter's smoothing let through.
        if is.peak > ceiling - ROOM / 2.0 {
            let less = ceiling - ROOM - is.peak;
            limited
                .iter_mut()
                .for_each(|sample| *sample *= factor(less));
            is = measured(&limited, rate)?;
        }
        let off = target - is.lufs;
        if best.as_ref().is_none_or(|(least, _)| off.abs() < *least) {
            best = Some((off.abs(), limited));
        }
        if off.abs() < 0.05 {
            break;
        }
        gain += off;
    }
    let (_, samples) = best?;
    let whole = |sample: &f32| (sample * 32_768.0).round().clamp(-32_768.0, 32_767.0) as i16;
    Some(samples.iter().map(whole).collect())
}

/// Turns loud moments down so that no peak, between samples too, is above `most`.
fn limited(mono: &[f32], rate: u32, most: f32) -> Vec<f32> {
    let fine = resample(mono, rate, rate * FINER);
    let finer = FINER as usize;
    let wanted: Vec<f32> = (0..mono.len())
        .map(|place| {
            let from = (place * finer).saturating_sub(finer);
            let near = fine
                .get(from..fine.len().min(place * finer + finer))
                .unwrap_or_default();
            let peak = near
                .iter()
                .fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
            if peak > most { most / peak } else { 1.0 }
        })
        .collect();
    if wanted.iter().all(|gain| *gain >= 1.0) {
        return mono.to_vec();
    }
    let reach = ((AHEAD * f64::from(rate)) as usize).max(1);
    // The least of the neighbourhood, then its mean over the same width: never above what is wanted.
    let least: Vec<f32> = (0..wanted.len())
        .map(|place| {
            let near = wanted.get(place.saturating_sub(reach)..wanted.len().min(place + reach + 1));
            near.unwrap_or_default()
                .iter()
                .copied()
                .fold(1.0_f32, f32::min)
        })
        .collect();
    mono.iter()
        .enumerate()
        .map(|(place, sample)| {
            let near = least.get(place.saturating_sub(reach)..least.len().min(place + reach + 1));
            let near = near.unwrap_or_default();
            sample * (near.iter().sum::<f32>() / near.len().max(1) as f32)
        })
        .collect()
}
