//! What a caller hears as clips: files first, words by recorded fragments or the speech command.
//!
//! **Owns**: the order in which a sound is looked for (a file of the company before our own words), numbers and digits
//! from fragments, the tone before a message.
//! **Must not know**: flows, calls.

use super::{Speech, SpeechError, own};
use crate::prompts::{PromptError, Prompts};
use ivr_flows::port::{Sound, Words};
use sip_gateway::media::clip::{CLIP_RATE, Clip};
use sip_gateway::media::tone;
use std::sync::Arc;

/// Recorded numbers lie here: `LANG/numbers/7.wav`.
const NUMBERS: &str = "numbers";
/// Hz of the tone before a message.
const BEEP: f64 = 1_000.0;
/// Peak of it: about -12 dBm0, as loud as speech.
const BEEP_LOUDNESS: f64 = 8_000.0;
/// Samples of it: 0.4 s.
const BEEP_LENGTH: usize = 3_200;

/// Prompts and speech together. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Voice {
    prompts: Arc<Prompts>,
    speech: Speech,
}

/// Why a sound cannot be heard.
#[derive(Debug, thiserror::Error)]
pub enum SilentSound {
    /// Its file.
    #[error(transparent)]
    Prompt(#[from] PromptError),
    /// Its words.
    #[error(transparent)]
    Speech(#[from] SpeechError),
    /// The flow gave it neither.
    #[error("it has neither a file nor words")]
    Nothing,
}

impl Voice {
    /// A voice by these.
    #[must_use]
    pub fn new(prompts: Arc<Prompts>, speech: Speech) -> Self {
        Self { prompts, speech }
    }

    /// The clips of one sound where no command has to run for them; none when one has.
    #[must_use]
    pub fn at_once(&self, language: &str, sound: &Sound) -> Option<Vec<Arc<Clip>>> {
        if let Some(file) = &sound.file
            && let Ok(clip) = self.prompts.clip(language, file)
        {
            return Some(vec![clip]);
        }
        if let Some(clip) = sound
            .file
            .as_deref()
            .and_then(|file| own::words(language, file))
        {
            return Some(vec![clip]);
        }
        match sound.words.as_ref()? {
            Words::Beep => Some(vec![Arc::new(beep())]),
            Words::Number(number) => self.number(language, *number),
            Words::Digits(digits) => self.digits(language, digits),
            Words::Fixed(_) | Words::Value(_) => None,
        }
    }

    /// The clips of one sound.
    ///
    /// # Errors
    /// [`SilentSound`]; the words are not in it.
    pub async fn clips(
        &self,
        language: &str,
        sound: &Sound,
    ) -> Result<Vec<Arc<Clip>>, SilentSound> {
        if let Some(clips) = self.at_once(language, sound) {
            return Ok(clips);
        }
        let one = match (&sound.words, &sound.file) {
            (Some(Words::Fixed(text)), file) => {
                let said = self.speech.fixed(language, text).await;
                match (said, file) {
                    // The file is what is missing where nothing can speak.
                    (Err(SpeechError::NoCommand), Some(file)) => {
                        self.prompts.clip(language, file)?
                    }
                    (said, _) => said?,
                }
            }
            (Some(Words::Number(number)), _) => {
                self.speech.fixed(language, &number.to_string()).await?
            }
            (Some(Words::Value(text)), _) => self.speech.once(language, text).await?,
            (Some(Words::Digits(digits)), _) => {
                let mut clips = Vec::new();
                for digit in digits.chars() {
                    clips.push(self.speech.fixed(language, &digit.to_string()).await?);
                }
                return Ok(clips);
            }
            (Some(Words::Beep), _) => Arc::new(beep()),
            (None, Some(file)) => self.prompts.clip(language, file)?,
            (None, None) => return Err(SilentSound::Nothing),
        };
        Ok(vec![one])
    }

    fn fragment(&self, language: &str, name: &str) -> Option<Arc<Clip>> {
        let file = format!("{NUMBERS}/{name}.wav");
        self.prompts.clip(language, &file).ok()
    }

    /// A number from fragments: itself, else in the way of English as tens and units, hundreds and thousands.
    fn number(&self, language: &str, number: i64) -> Option<Vec<Arc<Clip>>> {
        if let Some(clip) = self.fragment(language, &number.to_string()) {
            return Some(vec![clip]);
        }
        let (number, english) = (u32::try_from(number).ok()?, language.split('-').next());
        if english != Some("en") || number >= 1_000_000 {
            return None;
        }
        let mut names = Vec::new();
        spell(number, &mut names);
        names
            .iter()
            .map(|name| self.fragment(language, name))
            .collect()
    }

    fn digits(&self, language: &str, digits: &str) -> Option<Vec<Arc<Clip>>> {
        let one = |digit: char| self.fragment(language, &digit.to_string());
        digits.chars().map(one).collect()
    }
}

/// The fragments of a number in English.
fn spell(number: u32, names: &mut Vec<String>) {
    match number {
        0..=20 => names.push(number.to_string()),
        21..=99 => {
            names.push((number / 10 * 10).to_string());
            if !number.is_multiple_of(10) {
                names.push((number % 10).to_string());
            }
        }
        _ => {
            let (unit, name) = if number < 1_000 {
                (100, "hundred")
            } else {
                (1_000, "thousand")
            };
            spell(number / unit, names);
            names.push(name.to_owned());
            if !number.is_multiple_of(unit) {
                spell(number % unit, names);
            }
        }
    }
}

fn beep() -> Clip {
    Clip::from_samples(tone::sine(BEEP, BEEP_LOUDNESS, BEEP_LENGTH, CLIP_RATE))
}

#[cfg(test)]
mod tests {
    use super::spell;

    #[test]
    fn numbers_are_spelled_as_english_says_them() {
        for (number, expected) in [
            (0, "0"),
            (20, "20"),
            (21, "20 1"),
            (90, "90"),
            (100, "1 hundred"),
            (342, "3 hundred 40 2"),
            (1_005, "1 thousand 5"),
            (12_300, "12 thousand 3 hundred"),
            (999_999, "9 hundred 90 9 thousand 9 hundred 90 9"),
        ] {
            let mut names = Vec::new();
            spell(number, &mut names);
            assert_eq!(names.join(" "), expected);
        }
    }
}
