//! Menus.
//!
//! **Owns**: the fields of `menu`, its keys and choices.
//! **Must not know**: what happens when a key is pressed.

use std::collections::BTreeMap;

use super::{Reader, shortened};
use crate::flow::{Choice, ChoiceTarget, ExitName, InputRules, Menu, Pos, Target};
use crate::yaml::{Entry, Kind, Node, twice};

/// Longest key: more digits than anybody remembers.
const LONGEST_KEY: usize = 8;
/// Letters of a label at most: an agent reads it at a glance.
const LONGEST_LABEL: usize = 80;
/// More keys in one menu are refused.
const MOST_KEYS: usize = 200;
/// The fields of a `menu`.
const KNOWN: [&str; 12] = [
    "prompt",
    "say",
    "short_prompt",
    "keys",
    "tries",
    "timeout",
    "between_digits",
    "barge_in",
    "type_ahead",
    "no_input",
    "no_match",
    "exits",
];

impl Reader<'_> {
    /// Reads a menu; what it does not say comes from the defaults, which are read before any block.
    pub(super) fn menu(&mut self, node: &Node, pos: Pos, block: &str) -> Option<Menu> {
        if !matches!(node.kind, Kind::Map(_)) {
            let help = "write `menu:` and below it `prompt:` and `keys:`";
            self.wrong_kind(node, "a map for `menu`", help);
            return None;
        }
        let fields = self.fields(node, "`menu`", &KNOWN, &["speech", "store"])?;
        let prompt = self.asked(&fields);
        if prompt.is_none() && fields.get("say").is_none() {
            self.missing(
                pos,
                "`menu`",
                "prompt",
                "write `prompt: NAME`: what callers hear",
            );
        }
        let choices = match fields.get("keys") {
            Some(keys) => self.choices(keys, block),
            None => {
                self.missing(
                    pos,
                    "`menu`",
                    "keys",
                    "write `keys:` with lines such as `1: BLOCK`",
                );
                Vec::new()
            }
        };
        let defaults = self.defaults.clone();
        let input = self.input_rules(&fields, defaults.input);
        let list = |reader: &mut Self, key| fields.get(key).map(|node| reader.sayings(node));
        Some(Menu {
            prompt: prompt.unwrap_or_default(),
            short_prompt: list(self, "short_prompt").unwrap_or_default(),
            choices,
            input,
            type_ahead: fields
                .get("type_ahead")
                .and_then(|node| self.truth(node, "`type_ahead`"))
                .unwrap_or(true),
            no_input: list(self, "no_input").unwrap_or(defaults.no_input),
            no_match: list(self, "no_match").unwrap_or(defaults.no_match),
            exits: self.exits(fields.get("exits"), "`menu`", ExitName::MENU, block),
        })
    }

    /// Timing and tries, over `base`.
    pub(super) fn input_rules(
        &mut self,
        fields: &super::Fields<'_>,
        base: InputRules,
    ) -> InputRules {
        let mut rules = base;
        if let Some(time) = fields
            .get("timeout")
            .and_then(|node| self.some_time(node, "`timeout`"))
        {
            rules.timeout = time;
        }
        let between = fields.get("between_digits");
        if let Some(time) = between.and_then(|node| self.duration(node, "`between_digits`")) {
            rules.between_digits = time;
        }
        let tries = fields.get("tries");
        if let Some(tries) = tries.and_then(|node| self.number(node, "a count for `tries`", 1, 10))
        {
            rules.tries = tries;
        }
        if let Some(barge_in) = fields
            .get("barge_in")
            .and_then(|node| self.truth(node, "`barge_in`"))
        {
            rules.barge_in = barge_in;
        }
        rules
    }

    fn choices(&mut self, node: &Node, block: &str) -> Vec<Choice> {
        let entries = self.entries(node, "keys", "write lines such as `1: BLOCK`");
        if entries.is_empty() && matches!(node.kind, Kind::Empty | Kind::Map(_)) {
            self.wrong_kind(node, "at least one key", "write lines such as `1: BLOCK`");
        }
        if entries.len() > MOST_KEYS {
            let help = "callers remember five; lead on to a second menu";
            self.error(
                "F104",
                node.pos,
                format!("a menu has at most {MOST_KEYS} keys"),
                help,
            );
            return Vec::new();
        }
        let mut seen: BTreeMap<String, Pos> = BTreeMap::new();
        let mut choices = Vec::new();
        for entry in entries {
            let Some(keys) = self.keys(entry) else {
                continue;
            };
            if let Some(first) = seen.insert(keys.clone(), entry.pos) {
                self.findings
                    .push(twice(self.file, &entry.key, entry.pos, first));
                continue;
            }
            if let Some(choice) = self.choice(entry, keys, block) {
                choices.push(choice);
            }
        }
        choices
    }

    /// `1`, `12`, `star`, `hash`, and the signs in quotes.
    fn keys(&mut self, entry: &Entry) -> Option<String> {
        let text = entry.key.as_str();
        let signs = text.replace("star", "*").replace("hash", "#");
        let good = |c: char| matches!(c, '0'..='9' | '*' | '#' | 'A'..='D');
        if signs.is_empty() || signs.len() > LONGEST_KEY || !signs.chars().all(good) {
            let message = format!("`{}` is not a telephone key", shortened(text));
            let help = "keys are `0` to `9`, `star`, `hash`, or several digits such as `12`";
            self.error("F104", entry.pos, message, help);
            return None;
        }
        Some(signs)
    }

    fn choice(&mut self, entry: &Entry, keys: String, block: &str) -> Option<Choice> {
        let inline = format!("{block}/{}", entry.key);
        let node = &entry.value;
        let (label, then) = match &node.kind {
            Kind::Map(_) => {
                let fields = self.fields(node, "a choice", &["go", "do", "label"], &["when"])?;
                let label = fields.get("label").and_then(|node| self.label(node));
                let then = match (fields.get("go"), fields.get("do")) {
                    (Some(go), None) => self.word(go)?,
                    (None, Some(steps)) => ChoiceTarget::Leave(self.lift(steps, &inline)),
                    (Some(_), Some(_)) => {
                        let help = "keep `do:`, and end its list with `- go: BLOCK`";
                        self.error(
                            "F105",
                            fields.pos,
                            "a choice has `go` or `do`, not both",
                            help,
                        );
                        return None;
                    }
                    (None, None) => {
                        self.missing(
                            fields.pos,
                            "the choice",
                            "go",
                            "write `go: BLOCK` or `do: [ steps ]`",
                        );
                        return None;
                    }
                };
                (label, then)
            }
            _ => (None, self.word(node)?),
        };
        Some(Choice {
            keys,
            pos: entry.pos,
            label,
            then,
        })
    }

    /// What agents and reports read: short, and something.
    pub(super) fn label(&mut self, node: &Node) -> Option<String> {
        let label = self.text(node, "a label", "write a text")?;
        let length = label.chars().count();
        if label.trim().is_empty() || length > LONGEST_LABEL || label.chars().any(char::is_control)
        {
            let message = format!("a label has 1 to {LONGEST_LABEL} letters, in one line");
            let help = "write what the caller wants, such as `label: An order`";
            self.error("F104", node.pos, message, help);
            return None;
        }
        Some(label)
    }

    fn word(&mut self, node: &Node) -> Option<ChoiceTarget> {
        if matches!(&node.kind, Kind::Text { text, .. } if text == "repeat") {
            return Some(ChoiceTarget::Repeat);
        }
        self.block_or_hangup(node).map(ChoiceTarget::Leave)
    }
}

impl Choice {
    /// What reports call this choice: its label, else where it leads.
    pub(crate) fn shown(&self) -> &str {
        match (&self.label, &self.then) {
            (Some(label), _) => label,
            (None, ChoiceTarget::Repeat) => "repeat",
            (None, ChoiceTarget::Leave(Target::Hangup)) => "hangup",
            (None, ChoiceTarget::Leave(Target::Return)) => "return",
            (None, ChoiceTarget::Leave(Target::Block(name))) => &name.text,
        }
    }
}
