//! Who makes audio of texts: a command, or a server outside; and by which voice.
//!
//! **Owns**: `[speech]` as it was read, one text by either, what tells two of them apart. **Must not know**: caches,
//! calls. What is said never reaches a log line.

use super::command::MOST_BYTES;
use super::{By, SpeechCommand, SpeechError};
use crate::outside::{AudioFailure, AudioServer, OutsideSettings};
use crate::prompt_import::as_wav;
use ivr_flows::port::FetchSecret;
use serde_json::json;
use std::collections::BTreeMap;
use std::time::Duration;

/// `[speech]` of the settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpeechSettings {
    /// Who speaks.
    pub means: SpeechMeans,
    /// Which voice, by language.
    pub voices: BTreeMap<String, String>,
}

/// Who speaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SpeechMeans {
    /// A program.
    Command(SpeechCommand),
    /// A server outside.
    Server {
        /// Where it is asked.
        url: String,
        /// What authorises us there.
        secret: Option<FetchSecret>,
    },
}

/// Speaks one text after the other.
#[derive(Clone, Debug)]
pub struct Speaker {
    settings: SpeechSettings,
    /// The way to the server, where it is one.
    server: Option<AudioServer>,
}

impl SpeechSettings {
    /// Whether a server speaks.
    #[must_use]
    pub const fn is_server(&self) -> bool {
        matches!(self.means, SpeechMeans::Server { .. })
    }

    /// Whether voices can be told apart by name.
    #[must_use]
    pub fn takes_voices(&self) -> bool {
        match &self.means {
            SpeechMeans::Command(command) => command.names_voice(),
            SpeechMeans::Server { .. } => true,
        }
    }

    /// The voice that was asked for, else the language's: its own, or that of the same language in any country.
    fn voice<'a>(&'a self, by: By<'a>) -> Option<&'a str> {
        let any_country = by.language.split('-').next().unwrap_or(by.language);
        let own = self.voices.get(by.language);
        let own = own.or_else(|| self.voices.get(any_country));
        by.voice.or_else(|| own.map(String::as_str))
    }
}

impl From<SpeechCommand> for Speaker {
    fn from(command: SpeechCommand) -> Self {
        let settings = SpeechSettings {
            means: SpeechMeans::Command(command),
            voices: BTreeMap::new(),
        };
        Self::new(settings, &OutsideSettings::default())
    }
}

impl Speaker {
    /// By these settings. Nothing is started or asked yet; a server is asked within the rules of `outside`.
    #[must_use]
    pub fn new(settings: SpeechSettings, outside: &OutsideSettings) -> Self {
        let server = match &settings.means {
            SpeechMeans::Command(_) => None,
            SpeechMeans::Server { url, secret } => Some(AudioServer::new(
                outside.clone(),
                url.clone(),
                secret.clone(),
            )),
        };
        Self { settings, server }
    }

    /// Whether a server speaks, which may be away for a moment.
    pub(super) const fn is_server(&self) -> bool {
        self.settings.is_server()
    }

    /// What makes the sound of a text besides its words and its language.
    pub(super) fn identity(&self, by: By<'_>) -> Vec<String> {
        let voice = self.settings.voice(by);
        match &self.settings.means {
            SpeechMeans::Command(command) => command.with_voice(voice.unwrap_or(by.language)),
            SpeechMeans::Server { url, .. } => {
                let parts = ["POST", url, voice.unwrap_or_default()];
                parts.map(str::to_owned).to_vec()
            }
        }
    }

    /// One text as a WAV file.
    ///
    /// # Errors
    /// [`SpeechError`], within `limit`.
    pub(super) async fn say(
        &self,
        by: By<'_>,
        text: &str,
        limit: Duration,
    ) -> Result<Vec<u8>, SpeechError> {
        let language = by.language;
        let voice = self.settings.voice(by);
        let Some(server) = &self.server else {
            let SpeechMeans::Command(command) = &self.settings.means else {
                return Err(SpeechError::NoCommand);
            };
            let voice = voice.unwrap_or(language);
            return command.run(language, voice, text, limit).await;
        };
        let asked = json!({ "text": text, "language": language, "voice": voice });
        let most = usize::try_from(MOST_BYTES).unwrap_or(usize::MAX);
        let audio = server.ask(asked.to_string(), limit, most).await;
        let audio = audio.map_err(|failure| match failure {
            AudioFailure::Slow => SpeechError::Slow(limit),
            AudioFailure::Unreachable => SpeechError::Away,
            AudioFailure::Status(status) => SpeechError::Status(status),
            AudioFailure::Refused(why) => SpeechError::Refused(why),
        })?;
        let decoded = tokio::task::spawn_blocking(move || as_wav(audio)).await;
        let failed = |_| SpeechError::NoAudio("it could not be decoded".to_owned());
        let wav = decoded.map_err(failed)?;
        wav.map_err(|error| SpeechError::NoAudio(error.to_string()))
    }
}
