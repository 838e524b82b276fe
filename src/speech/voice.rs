//! What a caller hears as clips: files first, words by recorded fragments or the speech command.
//!
//! **Owns**: the order in which a sound is looked for (a file of the company before our own words), numbers, digits
//! and phrases from fragments, the tone before a message.
//! **Must not know**: flows, calls.

use super::{By, Speech, SpeechError, own};
use crate::prompts::{PromptError, Prompts};
use ivr_flows::port::{Sound, Words};
use ivr_flows::spoken::{self, Phrase, Piece};
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
/// Samples between two groups of digits: 0.25 s.
const PAUSE_LENGTH: usize = 2_000;

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
            Words::Phrase(phrase) => self.phrase(language, phrase),
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
        let by = By {
            language,
            voice: sound.voice.as_deref(),
        };
        let one = match (&sound.words, &sound.file) {
            (Some(Words::Fixed(text)), file) => {
                let said = self.speech.fixed(by, text).await;
                match (said, file) {
                    // The file is what is missing where nothing can speak.
                    (Err(SpeechError::NoCommand), Some(file)) => {
                        self.prompts.clip(language, file)?
                    }
                    (said, _) => said?,
                }
            }
            (Some(Words::Number(number)), _) => self.speech.fixed(by, &number.to_string()).await?,
            // One word that was not recorded: the whole is said by one voice. It may be a caller's own.
            (Some(Words::Phrase(phrase)), _) => self.speech.once(by, &phrase.text()).await?,
            (Some(Words::Value(text)), _) => self.speech.once(by, text).await?,
            (Some(Words::Digits(digits)), _) => {
                let mut clips = Vec::new();
                for digit in digits.chars() {
                    clips.push(self.speech.fixed(by, &digit.to_string()).await?);
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

    /// A number from fragments: itself, else as its words.
    fn number(&self, language: &str, number: i64) -> Option<Vec<Arc<Clip>>> {
        if let Some(clip) = self.fragment(language, &number.to_string()) {
            return Some(vec![clip]);
        }
        self.phrase(language, &spoken::number(language, number)?)
    }

    /// Every word of a phrase from its recording; none when one is missing.
    fn phrase(&self, language: &str, phrase: &Phrase) -> Option<Vec<Arc<Clip>>> {
        let piece = |piece: &Piece| match &piece.name {
            Some(name) => self.prompts.clip(language, &format!("{name}.wav")).ok(),
            None => Some(Arc::new(Clip::from_samples(vec![0; PAUSE_LENGTH]))),
        };
        phrase.pieces.iter().map(piece).collect()
    }

    fn digits(&self, language: &str, digits: &str) -> Option<Vec<Arc<Clip>>> {
        let one = |digit: char| self.fragment(language, &digit.to_string());
        digits.chars().map(one).collect()
    }
}

fn beep() -> Clip {
    Clip::from_samples(tone::sine(BEEP, BEEP_LOUDNESS, BEEP_LENGTH, CLIP_RATE))
}
