//! Which recordings a flow's prompts are made of, and which words are spoken where there are none.
//!
//! **Owns**: the list for those who record, and the one for whoever renders ahead. **Must not know**: which of them are there.

use std::collections::BTreeMap;

use super::{Flow, Pos, Saying};
use crate::expression::Template;

/// Fixed words that callers may hear.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FixedWords {
    /// The language they are in.
    pub language: String,
    /// Whose voice says them; none: the language's.
    pub voice: Option<String>,
    /// The audio file that comes before them, where there is one.
    pub file: Option<String>,
    /// The words.
    pub words: String,
}

/// What one prompt is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PromptPiece {
    /// Its audio file; none: it is spoken whatever is recorded.
    pub file: Option<String>,
    /// The words; none: there is only the file.
    pub words: Option<String>,
}

impl Flow {
    /// What a prompt is made of in a language: one piece, or the pieces around its values.
    #[must_use]
    pub fn pieces_of(&self, prompt: &str, language: &str) -> Vec<PromptPiece> {
        let Some(prompt) = self.prompts.get(prompt) else {
            return Vec::new();
        };
        let Some(text) = prompt.spoken.get(language) else {
            let file = Some(prompt.file.clone());
            return vec![PromptPiece { file, words: None }];
        };
        let pieces = text.pieces(Some(&prompt.file)).into_iter();
        let each = pieces.map(|(file, words)| PromptPiece {
            file,
            words: Some(words),
        });
        each.collect()
    }

    /// Where a prompt is named: in steps, waits and defaults, in the order of the file.
    #[must_use]
    pub fn uses_of(&self, prompt: &str) -> Vec<Pos> {
        let named = self.sayings().filter_map(|saying| match saying {
            Saying::Prompt(name) if name.text == prompt => Some(name.pos),
            Saying::Prompt(_) | Saying::Text(_) => None,
        });
        let mut all: Vec<Pos> = named.collect();
        all.sort_by_key(|pos| (pos.line, pos.column));
        all.dedup();
        all
    }

    /// Every audio file below the language's folder that callers in `language` may hear by this flow, with the words to
    /// record where the flow tells them: prompts, the pieces of those with values, and the words that values in forms are
    /// put together from.
    #[must_use]
    pub fn audio(&self, language: &str) -> BTreeMap<String, Option<String>> {
        let mut all = BTreeMap::new();
        for prompt in self.prompts.values() {
            match prompt.spoken.get(language) {
                Some(text) => {
                    let pieces = text.pieces(Some(&prompt.file)).into_iter();
                    all.extend(pieces.filter_map(|(file, words)| Some((file?, Some(words)))));
                }
                None => drop(all.insert(prompt.file.clone(), None)),
            }
        }
        let prompts = self
            .prompts
            .values()
            .filter_map(|prompt| prompt.spoken.get(language));
        let said = self.sayings().filter_map(|saying| match saying {
            Saying::Text(spoken) => spoken.texts.get(language),
            Saying::Prompt(_) => None,
        });
        let values = prompts.chain(said).flat_map(Template::expressions);
        for form in values.filter_map(|value| value.form.as_ref()) {
            let words = form.vocabulary(language).unwrap_or_default().into_iter();
            all.extend(words.map(|(name, words)| (format!("{name}.wav"), Some(words))));
        }
        all
    }

    /// The fixed words that callers may hear, for whoever renders them ahead.
    #[must_use]
    pub fn fixed_words(&self) -> Vec<FixedWords> {
        let mut all = Vec::new();
        for saying in self.sayings() {
            let (texts, file, voices) = match saying {
                Saying::Text(spoken) => (&spoken.texts, None, &spoken.voices),
                Saying::Prompt(name) => match self.prompts.get(&name.text) {
                    Some(prompt) => (&prompt.spoken, Some(prompt.file.as_str()), &prompt.voices),
                    None => continue,
                },
            };
            for (language, text) in texts {
                let pieces = text.pieces(file).into_iter();
                all.extend(pieces.map(|(file, words)| FixedWords {
                    language: language.clone(),
                    voice: voices.of(language),
                    file,
                    words,
                }));
            }
        }
        all.sort();
        all.dedup();
        all
    }
}
