//! The names that a text defines itself, read from its lines.
//!
//! **Owns**: which section of a flow names what. **Must not know**: what is offered where.

use crate::reference::Refers;
use std::collections::BTreeSet;

/// What stands in the sections of a text, whether the rest of it can be read or not.
#[derive(Debug, Default)]
pub(super) struct Own {
    pub(super) blocks: BTreeSet<String>,
    prompts: BTreeSet<String>,
    waits: BTreeSet<String>,
    calendars: BTreeSet<String>,
    variables: BTreeSet<String>,
    languages: BTreeSet<String>,
}

impl Own {
    /// `cursor` is the line, from 0, whose half-written name is none yet.
    pub(super) fn of(text: &str, cursor: usize) -> Self {
        let mut own = Self::default();
        let mut section = String::new();
        let mut indent = None;
        for (at, line) in text.lines().enumerate() {
            let words = line.trim_start();
            let column = line.len().saturating_sub(words.len());
            if words.is_empty() || words.starts_with('#') {
                continue;
            }
            let key = words
                .split_once(':')
                .map(|(key, _)| key.trim_matches(['"', '\'']));
            if column == 0 {
                section = key.unwrap_or_default().to_owned();
                indent = None;
            }
            if section == "languages" {
                if at != cursor {
                    own.add_languages(words);
                }
                continue;
            }
            let Some(key) = key.filter(|_| column > 0) else {
                continue;
            };
            if *indent.get_or_insert(column) == column && at != cursor {
                own.add(&section, key);
            }
        }
        own
    }

    fn add(&mut self, section: &str, name: &str) {
        let names = match section {
            "blocks" => &mut self.blocks,
            "prompts" => &mut self.prompts,
            "waits" => &mut self.waits,
            "hours" => &mut self.calendars,
            "vars" | "inputs" | "outputs" => &mut self.variables,
            _ => return,
        };
        names.insert(name.to_owned());
    }

    fn add_languages(&mut self, line: &str) {
        let line = line.split(" #").next().unwrap_or_default();
        let words = line.split(|one: char| !one.is_alphanumeric() && one != '-');
        let words = words.map(|word| word.trim_matches('-'));
        let own = words.filter(|word| !["", "languages", "default", "offer"].contains(word));
        self.languages.extend(own.map(str::to_owned));
    }

    pub(super) fn names(&self, refers: Refers) -> impl Iterator<Item = &String> {
        let found = match refers {
            Refers::Prompt => Some(&self.prompts),
            Refers::Wait => Some(&self.waits),
            Refers::Calendar => Some(&self.calendars),
            Refers::Variable => Some(&self.variables),
            Refers::Language => Some(&self.languages),
            Refers::Queue | Refers::Skill | Refers::Flow | Refers::Secret => None,
        };
        found.into_iter().flatten()
    }
}
