//! `survey`: what callers are asked once an agent has left.
//!
//! **Owns**: its fields and limits. **Must not know**: what becomes of answers.

use std::collections::BTreeSet;

use super::{Fields, Reader, shortened};
use crate::flow::{ExitName, Pos, Question, Survey};
use crate::yaml::{Kind, Node};

/// Nobody answers more at the end of a call.
const MOST_QUESTIONS: usize = 10;
const KEYS: &str = "write the digits that are answers: `keys: 1-5`, or `keys: [1, 2]`";

impl Reader<'_> {
    /// `survey: { prompt: rate-us, keys: 1-5, store: csat }`, or `survey: { questions: [ … ] }`.
    pub(super) fn survey(&mut self, node: &Node, pos: Pos, block: &str) -> Option<Survey> {
        let known = [
            "questions",
            "prompt",
            "say",
            "keys",
            "store",
            "tries",
            "timeout",
            "barge_in",
            "no_input",
            "no_match",
            "exits",
        ];
        let fields = self.fields(node, "`survey`", &known, &["voice_comment"])?;
        let questions = self.questions(&fields, pos);
        let defaults = self.defaults.clone();
        let input = self.input_rules(&fields, defaults.input);
        let list = |reader: &mut Self, key| fields.get(key).map(|node| reader.sayings(node));
        let survey = Survey {
            input,
            no_input: list(self, "no_input").unwrap_or(defaults.no_input),
            no_match: list(self, "no_match").unwrap_or(defaults.no_match),
            exits: self.exits(fields.get("exits"), "`survey`", ExitName::SURVEY, block),
            questions,
        };
        (!survey.questions.is_empty()).then_some(survey)
    }

    fn questions(&mut self, fields: &Fields<'_>, pos: Pos) -> Vec<Question> {
        let Some(list) = fields.get("questions") else {
            return self.question(fields, pos).into_iter().collect();
        };
        if let Some(other) = ["prompt", "say", "keys", "store"]
            .iter()
            .find_map(|key| fields.get(key))
        {
            let message = "`questions` and a question of its own stand in one survey";
            let help = "move `prompt`, `keys` and `store` into the list";
            self.error("F105", other.pos, message, help);
        }
        let items = match &list.kind {
            Kind::List(items) if (1..=MOST_QUESTIONS).contains(&items.len()) => items.as_slice(),
            _ => {
                let wanted = format!("a list of 1 to {MOST_QUESTIONS} questions");
                let help = "write `- { prompt: NAME, keys: 1-5, store: NAME }`";
                self.wrong_kind(list, &wanted, help);
                &[]
            }
        };
        let mut stored = BTreeSet::new();
        let mut questions = Vec::new();
        for item in items {
            let known = ["prompt", "say", "keys", "store"];
            let Some(fields) = self.fields(item, "a question", &known, &["voice_comment"]) else {
                continue;
            };
            let Some(question) = self.question(&fields, item.pos) else {
                continue;
            };
            if !stored.insert(question.store.text.clone()) {
                let message = format!("two questions are stored as `{}`", question.store.text);
                let help = "give each a name of its own: the answers are told apart by it";
                self.error("F104", question.store.pos, message, help);
            }
            questions.push(question);
        }
        questions
    }

    fn question(&mut self, fields: &Fields<'_>, pos: Pos) -> Option<Question> {
        let prompt = self.asked(fields);
        if prompt.is_none() && fields.get("say").is_none() {
            let help = "write `prompt: NAME`: what callers hear";
            self.missing(pos, "the question", "prompt", help);
        }
        let keys = match fields.get("keys") {
            Some(keys) => self.answers(keys),
            None => {
                self.missing(pos, "the question", "keys", KEYS);
                None
            }
        };
        let store = match fields.get("store") {
            Some(store) => self.name(store, "the name of an answer"),
            None => {
                let help = "write `store: csat`: the name under which answers are kept";
                self.missing(pos, "the question", "store", help);
                None
            }
        };
        Some(Question {
            prompt: prompt?,
            keys: keys?,
            store: store?,
        })
    }

    /// `1-5`, or `[1, 2]`.
    fn answers(&mut self, node: &Node) -> Option<Vec<u8>> {
        let digit = |text: &str| {
            let number = text.trim().parse::<u8>().ok();
            number.filter(|number| *number <= 9)
        };
        let keys: Option<BTreeSet<u8>> = match &node.kind {
            Kind::Text { text, .. } => match text.split_once('-') {
                Some((from, to)) => digit(from)
                    .zip(digit(to))
                    .filter(|(from, to)| from < to)
                    .map(|(from, to)| (from..=to).collect()),
                None => None,
            },
            Kind::List(items) => {
                let each = items.iter().map(|item| match &item.kind {
                    Kind::Text { text, .. } => digit(text),
                    _ => None,
                });
                each.collect()
            }
            _ => None,
        };
        let keys = keys.filter(|keys| !keys.is_empty());
        if keys.is_none() {
            let found = match &node.kind {
                Kind::Text { text, .. } => format!("`{}` is no choice of keys", shortened(text)),
                _ => "this is no choice of keys".to_owned(),
            };
            self.error("F104", node.pos, found, KEYS);
        }
        keys.map(|keys| keys.into_iter().collect())
    }
}
