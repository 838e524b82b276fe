//! What a phone hears: is it sound or silence?
//!
//! **Owns**: the judgement of "the prompt has ended". Pure: fed with samples, counts time in samples.

/// Louder than this counts as sound: -45 dB below full scale, root mean square over a block.
const SOUND: f64 = 32_768.0 * 0.005_6;

/// Samples per second.
const RATE: u64 = 8_000;

/// Listens for the first silence after sound.
#[derive(Debug, Default)]
pub struct Ears {
    sound: u64,
    silence: u64,
    heard: u64,
}

impl Ears {
    /// Takes mono samples at 8 kHz. True once at least 0.3 s of sound was followed by 0.4 s of silence, or when
    /// nothing but sound (music) or nothing at all has been heard for 15 s.
    pub fn hear(&mut self, samples: &[i16]) -> bool {
        let count = samples.len() as u64;
        if count == 0 {
            return false;
        }
        let energy: f64 = samples.iter().map(|s| f64::from(*s) * f64::from(*s)).sum();
        let loud = (energy / count as f64).sqrt() > SOUND;
        self.heard += count;
        if loud {
            self.sound += count;
            self.silence = 0;
        } else {
            self.silence += count;
        }
        (self.sound >= RATE * 3 / 10 && self.silence >= RATE * 4 / 10) || self.heard >= RATE * 15
    }

    /// Begins to listen anew, for the next key.
    pub fn again(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(ms: u64) -> Vec<i16> {
        (0..ms * 8)
            .map(|n| ((n as f64 * 0.785).sin() * 8000.0) as i16)
            .collect()
    }

    #[test]
    fn a_prompt_ends_with_silence_after_sound() {
        let mut ears = Ears::default();
        assert!(
            !ears.hear(&vec![0; 8000]),
            "silence before any sound is no end"
        );
        assert!(!ears.hear(&tone(400)));
        assert!(!ears.hear(&vec![0; 1600]), "0.2 s may be a breath");
        assert!(ears.hear(&vec![0; 1600]));
    }

    #[test]
    fn music_without_an_end_counts_after_15_s() {
        let mut ears = Ears::default();
        assert_eq!((0..20).position(|_| ears.hear(&tone(1000))), Some(14));
    }
}
