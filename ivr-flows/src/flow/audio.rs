//! Which recordings a flow's prompts are made of.
//!
//! **Owns**: the list, for those who record. **Must not know**: which of them are there.

use std::collections::BTreeMap;

use super::{Flow, Saying};
use crate::expression::Template;

impl Flow {
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
}
