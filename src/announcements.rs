//! What a supervisor may let callers hear: prompts that are there in every language, or words for the speech command.
//!
//! **Owns**: which prompts those are, and that words can be spoken before anybody counts on them. **Must not know**:
//! who hears it when.

use crate::flows::FlowLibrary;
use crate::prompts::Prompts;
use crate::speech::{Speech, SpeechError};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

/// Recorded numbers are parts of sentences.
const NUMBERS: &str = "numbers/";

/// Prompts, speech and the languages of the flows. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Announcements {
    prompts: Arc<Prompts>,
    speech: Speech,
    flows: Arc<FlowLibrary>,
}

impl Announcements {
    /// Over these.
    #[must_use]
    pub fn new(prompts: Arc<Prompts>, speech: Speech, flows: Arc<FlowLibrary>) -> Self {
        Self {
            prompts,
            speech,
            flows,
        }
    }

    /// Where recordings lie.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.prompts.folder()
    }

    /// Whether words can be spoken.
    #[must_use]
    pub fn can_speak(&self) -> bool {
        self.speech.can_speak()
    }

    /// Files below the prompts folder that callers of every language can hear, in order.
    pub async fn prompts(&self) -> Vec<String> {
        let (prompts, languages) = (self.prompts.clone(), self.languages());
        let listed = tokio::task::spawn_blocking(move || {
            let heard_by_all = |file: &String| {
                !file.starts_with(NUMBERS) && languages.iter().all(|l| prompts.has(l, file))
            };
            let mut files = prompts.files(&languages);
            files.retain(heard_by_all);
            files.into_iter().collect()
        });
        listed.await.unwrap_or_default()
    }

    /// Whether callers of every language can hear this file: it is there, and it is audio.
    pub async fn can_play(&self, file: &str) -> bool {
        let (prompts, languages) = (self.prompts.clone(), self.languages());
        let file = file.to_owned();
        let tried = tokio::task::spawn_blocking(move || {
            languages
                .iter()
                .all(|language| prompts.clip(language, &file).is_ok())
        });
        tried.await.unwrap_or(false)
    }

    /// Speaks these words once in each flow's own language, so that they lie ready for the first caller.
    ///
    /// # Errors
    /// What the command said.
    pub async fn speak(&self, words: &str) -> Result<(), SpeechError> {
        let flows = self.flows.live();
        let own: BTreeSet<&str> = flows
            .iter()
            .map(|flow| flow.languages().default.as_str())
            .collect();
        if own.is_empty() && !self.can_speak() {
            return Err(SpeechError::NoCommand);
        }
        for language in own {
            self.speech.fixed(language, words).await?;
        }
        Ok(())
    }

    /// Every language that a live flow offers.
    fn languages(&self) -> BTreeSet<String> {
        let flows = self.flows.live();
        let offered = flows
            .iter()
            .flat_map(|flow| flow.languages().offer.iter().cloned());
        let mut languages: BTreeSet<String> = offered.collect();
        languages.extend(flows.iter().map(|flow| flow.languages().default.clone()));
        if languages.is_empty() {
            languages.insert("en".to_owned());
        }
        languages
    }
}
