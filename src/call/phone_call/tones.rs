//! What a feature code sounds like: two rising tones for yes, two falling ones for no.
//!
//! **Owns**: these clips, made of sines. **Must not know**: what was asked.

use sip_gateway::media::clip::{CLIP_RATE, Clip};
use sip_gateway::media::tone;

/// Hz of the lower tone.
const LOW: f64 = 523.0;
/// Hz of the higher tone.
const HIGH: f64 = 784.0;
/// Peak of the tones: about -12 dBm0, as loud as speech.
const LOUDNESS: f64 = 8_000.0;
/// Samples of each tone: 0.3 s.
const TONE: usize = 2_400;
/// Samples of silence before the first tone, for a phone that opens its ear late: 0.2 s.
const LEAD: usize = 1_600;
/// Samples over which a tone swells and fades, so that it does not click: 5 ms.
const RAMP: usize = 40;

/// An answer without words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confirmation {
    /// Done: rising.
    Yes,
    /// Nothing has changed: falling.
    No,
}

impl Confirmation {
    /// The sound of it, 0.8 s.
    #[must_use]
    pub fn clip(self) -> Clip {
        let (first, second) = match self {
            Self::Yes => (LOW, HIGH),
            Self::No => (HIGH, LOW),
        };
        let mut samples = vec![0; LEAD];
        samples.extend(swelling(first));
        samples.extend(swelling(second));
        Clip::from_samples(samples)
    }
}

fn swelling(frequency: f64) -> impl Iterator<Item = i16> {
    let sine = tone::sine(frequency, LOUDNESS, TONE, CLIP_RATE);
    sine.into_iter().enumerate().map(|(n, sample)| {
        let edge = n.min(TONE - 1 - n).min(RAMP);
        // In range: the factor is at most 1.
        (f64::from(sample) * edge as f64 / RAMP as f64) as i16
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yes_rises_and_no_falls() {
        for (answer, first, second) in [
            (Confirmation::Yes, LOW, HIGH),
            (Confirmation::No, HIGH, LOW),
        ] {
            let clip = answer.clip();
            let pcm = clip.pcm();
            let (lead, tones) = pcm.split_at(LEAD);
            assert_eq!(tone::rms(lead), 0.0);
            let (one, two) = tones.split_at(TONE);
            assert!(tone::share(one, first, CLIP_RATE) > 0.9);
            assert!(tone::share(two, second, CLIP_RATE) > 0.9);
            assert_eq!(two.len(), TONE);
        }
    }
}
