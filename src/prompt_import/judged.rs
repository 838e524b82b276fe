//! What is wrong with a prompt that is there, beyond that it can be played.
//!
//! **Owns**: how far from the target a prompt may be. **Must not know**: where prompts lie, who names them.

use super::decode::{DecodeError, decode};
use super::{TARGET, level};

/// So far from [`TARGET`] a caller notices that one prompt is louder than the next, in LU.
const APART: f64 = 6.0;

/// A fault that is heard.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Blemish {
    /// Its peaks are cut off.
    Clipped,
    /// Its loudness, in LUFS.
    Loud(f64),
    /// Its loudness, in LUFS.
    Soft(f64),
    /// There is nothing to hear.
    Silent,
}

/// Listens to a whole file.
///
/// # Errors
/// [`DecodeError`].
pub fn blemishes(bytes: Vec<u8>) -> Result<Vec<Blemish>, DecodeError> {
    let sound = decode(bytes)?;
    let mut found = Vec::new();
    if sound.clipped {
        found.push(Blemish::Clipped);
    }
    match level::integrated(&sound.mono, sound.rate) {
        None => found.push(Blemish::Silent),
        Some(lufs) if lufs > TARGET + APART => found.push(Blemish::Loud(lufs)),
        Some(lufs) if lufs < TARGET - APART => found.push(Blemish::Soft(lufs)),
        Some(_) => {}
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prompt_import::{RATE, wav};

    /// A second of a tone whose peak is `peak`, cut off at full scale.
    fn tone(peak: f64) -> Vec<u8> {
        let at = |n: u32| {
            let wave = (f64::from(n) / f64::from(RATE) * 440.0 * std::f64::consts::TAU).sin();
            (wave * peak * 32_767.0).clamp(-32_768.0, 32_767.0) as i16
        };
        wav(&(0..RATE).map(at).collect::<Vec<i16>>())
    }

    #[test]
    fn what_is_too_loud_too_soft_cut_off_or_silent_is_told_and_nothing_else() {
        assert_eq!(blemishes(tone(0.16)).unwrap(), []);
        assert!(matches!(
            blemishes(tone(0.9)).unwrap()[..],
            [Blemish::Loud(lufs)] if lufs > -6.0
        ));
        assert!(matches!(
            blemishes(tone(0.02)).unwrap()[..],
            [Blemish::Soft(lufs)] if lufs < -30.0
        ));
        assert!(matches!(
            blemishes(tone(3.0)).unwrap()[..],
            [Blemish::Clipped, Blemish::Loud(_)]
        ));
        assert_eq!(blemishes(tone(0.0)).unwrap(), [Blemish::Silent]);
        assert!(blemishes(b"no audio".to_vec()).is_err());
    }
}
