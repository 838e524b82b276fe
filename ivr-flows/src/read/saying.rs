//! What callers hear: prompts by name, texts of a step's own, and the steps that only say something.
//!
//! **Owns**: where `{ say: TEXT }` may stand, texts by language, `play`, `say`, `language`.
//! **Must not know**: whether anything can speak the texts.

use std::collections::BTreeMap;

use super::{Fields, Reader, top};
use crate::flow::{ExitName, Language, Play, Saying, Spoken, Voices};
use crate::yaml::{Kind, Node};

const TEXT_HELP: &str = "write a text in quotes, or `{ en: \"…\", es: \"…\" }`";
const WHAT: &str = "a prompt name";

impl Reader<'_> {
    /// One saying, or a list of them.
    pub(super) fn sayings(&mut self, node: &Node) -> Vec<Saying> {
        match &node.kind {
            Kind::List(items) => items.iter().filter_map(|item| self.saying(item)).collect(),
            Kind::Empty | Kind::Text { .. } | Kind::Map(_) => {
                self.saying(node).into_iter().collect()
            }
        }
    }

    /// `greeting`, or `{ say: "Hello." }`.
    fn saying(&mut self, node: &Node) -> Option<Saying> {
        let Kind::Map(_) = &node.kind else {
            return self.name(node, WHAT).map(Saying::Prompt);
        };
        let fields = self.fields(node, "what is played", &["say", "voice"], &["ssml"])?;
        let Some(say) = fields.get("say") else {
            self.missing(
                fields.pos,
                "what is played",
                "say",
                "write `{ say: \"text\" }`",
            );
            return None;
        };
        let mut spoken = self.spoken(say)?;
        spoken.voices = self.voice_of(&fields);
        Some(Saying::Text(spoken))
    }

    fn voice_of(&mut self, fields: &Fields<'_>) -> Voices {
        let voice = fields.get("voice");
        voice.map(|node| self.voices(node)).unwrap_or_default()
    }

    /// `voice: amy`, `voice: { en: amy, es: lucia }`.
    pub(super) fn voices(&mut self, node: &Node) -> Voices {
        let mut voices = Voices::default();
        let Kind::Map(entries) = &node.kind else {
            voices.every = self.voice(node);
            return voices;
        };
        for entry in entries {
            if top::language(self, &entry.key, entry.pos)
                && let Some(voice) = self.voice(&entry.value)
            {
                voices.by_language.insert(entry.key.clone(), voice);
            }
        }
        voices
    }

    fn voice(&mut self, node: &Node) -> Option<String> {
        let help =
            "write the name that the speech program or server knows the voice by, such as `amy`";
        let name = self.text(node, "`voice`", help)?;
        if Voices::is_name(&name) {
            return Some(name);
        }
        let message = "this is no name of a voice: it begins with a letter or a digit, has at most 64 of them, and no path";
        self.error("F104", node.pos, message, help);
        None
    }

    /// What a step asks with: `prompt:`, or `say:` with a text.
    pub(super) fn asked(&mut self, fields: &Fields<'_>) -> Option<Vec<Saying>> {
        match (fields.get("prompt"), fields.get("say")) {
            (Some(prompt), None) => Some(self.sayings(prompt)),
            (None, Some(say)) => Some(self.spoken(say).map(Saying::Text).into_iter().collect()),
            (Some(_), Some(say)) => {
                let help = "write `prompt: [NAME, { say: \"text\" }]`";
                self.error(
                    "F105",
                    say.pos,
                    "`prompt` and `say` stand in one step",
                    help,
                );
                None
            }
            (None, None) => None,
        }
    }

    /// Words of a step's own.
    pub(super) fn said(&mut self, node: &Node) -> Option<Vec<Saying>> {
        self.spoken(node).map(|spoken| vec![Saying::Text(spoken)])
    }

    /// A text, or a map of one by language. A bare text is in the flow's default language.
    fn spoken(&mut self, node: &Node) -> Option<Spoken> {
        let mut texts = BTreeMap::new();
        let Kind::Map(entries) = &node.kind else {
            let text = self.heard(node, "a text", TEXT_HELP)?;
            texts.insert(self.language.clone(), text);
            return Some(Spoken {
                pos: node.pos,
                texts,
                voices: Voices::default(),
            });
        };
        for entry in entries {
            if top::language(self, &entry.key, entry.pos)
                && let Some(text) = self.heard(&entry.value, "a text", TEXT_HELP)
            {
                texts.insert(entry.key.clone(), text);
            }
        }
        if entries.is_empty() {
            self.wrong_kind(node, "a text", TEXT_HELP);
        }
        let pos = entries.first().map_or(node.pos, |entry| entry.value.pos);
        (!texts.is_empty()).then(|| Spoken {
            pos,
            texts,
            voices: Voices::default(),
        })
    }

    /// `say: "Hello."`, `say: { text: …, barge_in: …, exits: … }`.
    pub(super) fn say(&mut self, node: &Node, block: &str) -> Option<Play> {
        let long = matches!(&node.kind, Kind::Map(entries) if entries
            .iter()
            .any(|entry| ["text", "barge_in", "exits", "voice", "ssml"].contains(&entry.key.as_str())));
        let mut play = Play {
            said: true,
            ..Play::default()
        };
        if !long {
            play.sayings.push(Saying::Text(self.spoken(node)?));
            return Some(play);
        }
        let known = ["text", "voice", "barge_in", "exits"];
        let fields = self.fields(node, "`say`", &known, &["ssml"])?;
        let Some(text) = fields.get("text") else {
            self.missing(fields.pos, "`say`", "text", "write `text: \"…\"`");
            return None;
        };
        let mut spoken = self.spoken(text)?;
        spoken.voices = self.voice_of(&fields);
        play.sayings.push(Saying::Text(spoken));
        play.barge_in = fields
            .get("barge_in")
            .and_then(|node| self.truth(node, "`barge_in`"));
        play.exits = self.exits(fields.get("exits"), "`say`", ExitName::PLAY, block);
        Some(play)
    }

    /// `play: greeting`, `play: [a, { say: "…" }]`, `play: { prompt: …, barge_in: …, for: … }`.
    pub(super) fn play(&mut self, node: &Node, block: &str) -> Option<Play> {
        let short = match &node.kind {
            Kind::Map(entries) => {
                let said = |key: &str| entries.iter().any(|entry| entry.key == key);
                said("say") && !said("prompt")
            }
            _ => true,
        };
        if short {
            let sayings = self.sayings(node);
            return (!sayings.is_empty()).then(|| Play {
                sayings,
                ..Play::default()
            });
        }
        let known = ["prompt", "barge_in", "for", "loop", "exits"];
        let fields = self.fields(node, "`play`", &known, &["ssml", "file"])?;
        let Some(prompt) = fields.get("prompt") else {
            self.missing(fields.pos, "`play`", "prompt", "write `prompt: NAME`");
            return None;
        };
        let sayings = self.sayings(prompt);
        let barge_in = fields
            .get("barge_in")
            .and_then(|node| self.truth(node, "`barge_in`"));
        let lasts = fields
            .get("for")
            .and_then(|node| self.some_time(node, "`for`"));
        let times = fields.get("loop");
        let times = times.and_then(|node| self.number(node, "`loop`", 2, Play::MOST_TIMES));
        if let (Some(times), Some(_)) = (fields.get("loop"), lasts) {
            let help =
                "keep `for: 30s`, which repeats so long, or `loop: 3`, which repeats so often";
            self.error(
                "F105",
                times.pos,
                "`for` and `loop` stand in one step",
                help,
            );
        }
        let exits = self.exits(fields.get("exits"), "`play`", ExitName::PLAY, block);
        (!sayings.is_empty()).then_some(Play {
            said: false,
            sayings,
            barge_in,
            lasts,
            times: times.unwrap_or(1),
            exits,
        })
    }

    /// `language: es`, `language: { from: customer.language, ask_if_unknown: choose-language }`.
    pub(super) fn language_step(&mut self, node: &Node) -> Option<Language> {
        let Kind::Map(_) = &node.kind else {
            let name = self.name(node, "a language such as `en`")?;
            return top::language(self, &name.text, name.pos).then_some(Language::To(name));
        };
        let fields = self.fields(node, "`language`", &["from", "ask_if_unknown"], &["set"])?;
        let Some(from) = fields.get("from") else {
            let help = "write `language: es`, or `language: { from: customer.language }`";
            self.missing(fields.pos, "`language`", "from", help);
            return None;
        };
        let ask = fields.get("ask_if_unknown");
        let ask = ask.map(|node| self.asks_language(node));
        Some(Language::From {
            from: self.expression(from, "`from`")?,
            ask: ask.unwrap_or_default(),
        })
    }

    /// The prompt that asks; `true` would not say which.
    fn asks_language(&mut self, node: &Node) -> Vec<Saying> {
        let yes = matches!(&node.kind, Kind::Text { text, quoted: false } if text == "true");
        if yes {
            let help = "write `ask_if_unknown: choose-language`, the prompt that says `For English, press 1.` in \
                        English, `Para español, pulse 2.` in Spanish, in the order of `languages: { offer: … }`";
            self.wrong_kind(node, "`ask_if_unknown`", help);
            return Vec::new();
        }
        self.sayings(node)
    }
}
