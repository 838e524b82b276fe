//! Whose voice says a text.
//!
//! **Owns**: what `voice:` may hold. **Must not know**: which voices there are; whoever speaks does.

use std::collections::BTreeMap;

/// One voice for every language, or one by language; a language without one is said as the company has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Voices {
    pub(crate) every: Option<String>,
    pub(crate) by_language: BTreeMap<String, String>,
}

impl Voices {
    /// Letters of a voice's name at most.
    const LONGEST: usize = 64;

    pub(crate) fn of(&self, language: &str) -> Option<String> {
        self.by_language
            .get(language)
            .or(self.every.as_ref())
            .cloned()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.every.is_none() && self.by_language.is_empty()
    }

    /// A name may become an argument of a program: it is no option and no path.
    pub(crate) fn is_name(text: &str) -> bool {
        let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '+' | '.' | ' ');
        text.len() <= Self::LONGEST
            && text.starts_with(char::is_alphanumeric)
            && text.chars().all(plain)
            && !text.contains("..")
    }
}
