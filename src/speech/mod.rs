//! Speech: texts of flows as audio, by an external command or a server outside.
//!
//! **Owns**: who may be asked to speak when, what is kept of it, rendering ahead. **Must not**: hold up a call: every
//! answer comes within [`PATIENCE`], and what was slow is left alone for a while. What is said reaches no log.

mod cache;
mod command;
mod own;
mod speaker;
mod voice;

pub use command::{SpeechCommand, SpeechError};
pub use own::RECONNECTING;
pub use speaker::{Speaker, SpeechMeans, SpeechSettings};
pub use voice::{SilentSound, Voice};

use cache::{Cache, Key};
use sip_gateway::media::clip::Clip;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};
use tokio::sync::{Semaphore, watch};

/// How long a call waits for one text, the wait for a free place included.
pub const PATIENCE: Duration = Duration::from_secs(3);
/// How long rendering ahead waits for one text.
const AHEAD: Duration = Duration::from_secs(30);
/// How many commands run at once for calls. Rendering ahead runs one more.
const PLACES: usize = 4;
/// How long what was slow is left alone.
const REST: Duration = Duration::from_secs(10);
/// Pauses before a server is asked again for a text to render ahead.
const PAUSES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(3)];
/// After so long the texts that a server did not give are asked for once more.
const AGAIN: Duration = Duration::from_secs(120);

/// Who is to say something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct By<'a> {
    /// In which language.
    pub language: &'a str,
    /// Whose voice; none: the language's.
    pub voice: Option<&'a str>,
}

impl<'a> From<&'a str> for By<'a> {
    fn from(language: &'a str) -> Self {
        let voice = None;
        Self { language, voice }
    }
}

/// A text to render ahead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AheadText {
    /// In which language.
    pub language: String,
    /// Whose voice; none: the language's.
    pub voice: Option<String>,
    /// What is said.
    pub words: String,
}

impl AheadText {
    fn by(&self) -> By<'_> {
        By {
            language: &self.language,
            voice: self.voice.as_deref(),
        }
    }
}

/// Handle: cheap to clone.
#[derive(Clone, Debug)]
pub struct Speech {
    engine: Option<Arc<Engine>>,
}

#[derive(Debug)]
struct Engine {
    speaker: Speaker,
    cache: Cache,
    places: Semaphore,
    began: Instant,
    /// Milliseconds since `began` until which nobody is asked to speak.
    rests_until: AtomicU64,
    ahead: watch::Sender<Vec<AheadText>>,
}

impl Speech {
    /// A voice by `speaker`, which keeps audio in `folder`; without one nothing can be said. The second part is the task
    /// that renders ahead.
    pub fn new(
        speaker: Option<Speaker>,
        folder: PathBuf,
    ) -> (Self, impl Future<Output = ()> + Send) {
        let (ahead, texts) = watch::channel(Vec::new());
        let engine = speaker.map(|speaker| {
            Arc::new(Engine {
                speaker,
                cache: Cache::new(folder),
                places: Semaphore::new(PLACES),
                began: Instant::now(),
                rests_until: AtomicU64::new(0),
                ahead,
            })
        });
        let speech = Self { engine };
        (speech.clone(), render_ahead(speech.engine, texts))
    }

    /// Whether there is anybody who speaks.
    #[must_use]
    pub fn can_speak(&self) -> bool {
        self.engine.is_some()
    }

    /// The texts that calls may need, from now on; those that are not there yet are made one after the other.
    pub fn ahead(&self, texts: Vec<AheadText>) {
        if let Some(engine) = &self.engine {
            engine.ahead.send_if_modified(|known| {
                let new = *known != texts;
                *known = texts;
                new
            });
        }
    }

    /// The audio of a text that is the same for every caller: from the cache, else made and kept.
    ///
    /// # Errors
    /// [`SpeechError`], within [`PATIENCE`].
    pub async fn fixed<'a>(
        &self,
        by: impl Into<By<'a>>,
        text: &str,
    ) -> Result<Arc<Clip>, SpeechError> {
        let engine = self.engine.as_ref().ok_or(SpeechError::NoCommand)?;
        let by = by.into();
        let key = engine.key(by, text);
        if let Some(clip) = engine.look(&key).await {
            return Ok(clip);
        }
        let wav = engine.make(by, text).await?;
        engine.clip(wav, Some(key)).await
    }

    /// The audio of a text that may be a caller's own: made anew and kept nowhere.
    ///
    /// # Errors
    /// As above.
    pub async fn once<'a>(
        &self,
        by: impl Into<By<'a>>,
        text: &str,
    ) -> Result<Arc<Clip>, SpeechError> {
        let engine = self.engine.as_ref().ok_or(SpeechError::NoCommand)?;
        let wav = engine.make(by.into(), text).await?;
        engine.clip(wav, None).await
    }
}

impl Engine {
    fn key(&self, by: By<'_>, text: &str) -> Key {
        Key::new(&self.speaker.identity(by), by.language, text)
    }

    /// For nobody who waits: a server that may have been away for a moment is asked again.
    async fn make_ahead(&self, by: By<'_>, text: &str) -> Result<Vec<u8>, SpeechError> {
        let mut made = self.speaker.say(by, text, AHEAD).await;
        for pause in PAUSES {
            let passing = matches!(
                made,
                Err(SpeechError::Away
                    | SpeechError::Slow(_)
                    | SpeechError::Status(429 | 500..=599))
            );
            if !self.speaker.is_server() || !passing {
                break;
            }
            tokio::time::sleep(pause).await;
            made = self.speaker.say(by, text, AHEAD).await;
        }
        made
    }

    /// For a call: within its patience, or not at all while the speaker rests.
    async fn make(&self, by: By<'_>, text: &str) -> Result<Vec<u8>, SpeechError> {
        if self.now() < self.rests_until.load(Ordering::Relaxed) {
            return Err(SpeechError::Resting);
        }
        let run = async {
            // Closed never: the engine owns it.
            let _place = self.places.acquire().await;
            self.speaker.say(by, text, PATIENCE).await
        };
        let outcome = tokio::time::timeout(PATIENCE, run).await;
        let outcome = outcome.unwrap_or(Err(SpeechError::Slow(PATIENCE)));
        if let Err(SpeechError::Slow(_) | SpeechError::NotStarted(_) | SpeechError::Away) = &outcome
        {
            let rest = u64::try_from(REST.as_millis()).unwrap_or(u64::MAX);
            self.rests_until
                .store(self.now().saturating_add(rest), Ordering::Relaxed);
        }
        outcome
    }

    async fn look(self: &Arc<Self>, key: &Key) -> Option<Arc<Clip>> {
        if let Some(clip) = self.cache.held(key) {
            return Some(clip);
        }
        let (engine, key) = (self.clone(), key.clone());
        let found = tokio::task::spawn_blocking(move || engine.cache.find(&key)).await;
        found.ok().flatten()
    }

    /// Decodes what was given, and keeps it under `key`.
    async fn clip(
        self: &Arc<Self>,
        wav: Vec<u8>,
        key: Option<Key>,
    ) -> Result<Arc<Clip>, SpeechError> {
        let engine = self.clone();
        let decoded = tokio::task::spawn_blocking(move || {
            let clip = Clip::from_wav(&wav).map(Arc::new);
            let clip = clip.map_err(|error| SpeechError::NoAudio(error.to_string()))?;
            if let Some(key) = key {
                engine.cache.keep(&key, &clip, &wav);
            }
            Ok(clip)
        });
        let failed = |_| SpeechError::NoAudio("it could not be decoded".to_owned());
        decoded.await.map_err(failed)?
    }

    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

/// Makes the latest list's texts, one at a time; a new list ends the old one. Without a speaker it only waits.
async fn render_ahead(engine: Option<Arc<Engine>>, mut texts: watch::Receiver<Vec<AheadText>>) {
    let Some(engine) = engine else {
        return std::future::pending().await;
    };
    // Old files of earlier runs.
    let pruning = engine.clone();
    let _ = tokio::task::spawn_blocking(move || pruning.cache.prune(SystemTime::now())).await;
    loop {
        let list = texts.borrow_and_update().clone();
        let mut failures = 0_usize;
        for text in &list {
            let key = engine.key(text.by(), &text.words);
            if engine.look(&key).await.is_none() {
                let made = match engine.make_ahead(text.by(), &text.words).await {
                    Ok(wav) => engine.clip(wav, Some(key)).await,
                    Err(error) => Err(error),
                };
                if let Err(error) = made {
                    failures += 1;
                    tracing::error!(%error, "a text of a flow could not be rendered ahead");
                }
            }
            if texts.has_changed().unwrap_or(true) {
                break;
            }
        }
        if !list.is_empty() {
            tracing::info!(texts = list.len(), failures, "texts of flows are rendered");
        }
        let changed = if failures > 0 && engine.speaker.is_server() {
            // What has failed is not in the cache, so that the same list asks for that alone.
            let changed = tokio::time::timeout(AGAIN, texts.changed()).await;
            changed.unwrap_or(Ok(()))
        } else {
            texts.changed().await
        };
        if changed.is_err() {
            return std::future::pending().await;
        }
    }
}

#[cfg(test)]
mod tests;

#[cfg(test)]
mod server_tests;
