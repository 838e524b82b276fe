//! What a `survey` step asks.
//!
//! **Owns**: its form. **Must not know**: who answers when.

use super::{Exits, InputRules, Name, Saying};

/// Asks the caller what they think, one key an answer.
#[derive(Clone, Debug)]
pub(crate) struct Survey {
    /// At least one.
    pub(crate) questions: Vec<Question>,
    pub(crate) input: InputRules,
    pub(crate) no_input: Vec<Saying>,
    pub(crate) no_match: Vec<Saying>,
    pub(crate) exits: Exits,
}

/// One question.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    pub(crate) prompt: Vec<Saying>,
    /// The digits that are answers, each once, in order.
    pub(crate) keys: Vec<u8>,
    /// The name under which answers are kept.
    pub(crate) store: Name,
}

impl Question {
    /// The answer that a key is; none: that key answers nothing here.
    pub(crate) fn answer(&self, key: char) -> Option<u8> {
        let digit = key
            .to_digit(10)
            .and_then(|digit| u8::try_from(digit).ok())?;
        self.keys.contains(&digit).then_some(digit)
    }
}

impl Survey {
    /// Everything that it may say.
    pub(crate) fn sayings(&self) -> Vec<&Vec<Saying>> {
        let failures = [&self.no_input, &self.no_match];
        let questions = self.questions.iter().map(|question| &question.prompt);
        questions.chain(failures).collect()
    }
}
