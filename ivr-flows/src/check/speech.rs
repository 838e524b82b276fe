//! Can everything be heard that callers are to hear?
//!
//! **Owns**: F003, F026, and F002 for audio that is missing.
//! **Must not know**: how audio is made.

use std::collections::{BTreeMap, BTreeSet};

use super::{Catalog, Notes};
use crate::expression::Template;
use crate::finding::About;
use crate::flow::{Flow, Pos, Prompt, Saying, Voices};
use crate::nearest::suggest;
use crate::spoken::Form;

/// Recorded numbers lie here, below the language's folder.
const NUMBERS: &str = "numbers";
/// So many missing recordings are named.
const NAMED: usize = 6;

pub(super) fn check(flow: &Flow, catalog: Option<&Catalog>, notes: &mut Notes<'_>) {
    let mut speech = Speech {
        flow,
        speaks: catalog.is_some_and(|catalog| catalog.speech),
        voices: catalog.is_none_or(|catalog| catalog.voices),
        files: catalog.and_then(|catalog| catalog.prompt_files.as_ref()),
        notes,
        numbers: None,
    };
    let mut used = BTreeMap::new();
    for saying in flow.sayings() {
        match saying {
            Saying::Text(spoken) => {
                speech.text(spoken.pos, &spoken.texts);
                speech.voice(spoken.pos, &spoken.voices);
            }
            Saying::Prompt(name) => {
                if let Some(prompt) = flow.prompts.get(&name.text) {
                    used.insert(name.text.as_str(), prompt);
                }
            }
        }
    }
    for (name, prompt) in used {
        speech.prompt(name, prompt);
        speech.voice(prompt.pos, &prompt.voices);
    }
    speech.numbers();
}

struct Speech<'a, 'n> {
    flow: &'a Flow,
    speaks: bool,
    /// Whoever speaks takes voices by name.
    voices: bool,
    files: Option<&'a BTreeSet<String>>,
    notes: &'a mut Notes<'n>,
    /// Where a value is said first.
    numbers: Option<Pos>,
}

impl Speech<'_, '_> {
    /// A text of a step's own: only the speech command can say it.
    fn text(&mut self, pos: Pos, texts: &BTreeMap<String, Template>) {
        for language in &self.flow.languages.offer {
            if !texts.contains_key(language) {
                let message = format!("this text has no `{language}`, which the flow offers");
                let help =
                    format!("write `{{ {language}: \"…\" }}` with every language of `offer:`");
                self.notes
                    .warning_about(About::Language, "F003", pos, message, help);
            }
        }
        if self.files.is_some() && !self.speaks {
            let message = "nothing can say this text: there is no speech command";
            let help = "set `command` under `[speech]`, or make it a prompt with an audio file";
            self.notes.error("F026", pos, message, help);
        }
    }

    /// A voice by name is for whoever can tell voices apart.
    fn voice(&mut self, pos: Pos, voices: &Voices) {
        if self.speaks && !self.voices && !voices.is_empty() {
            let message = "the speech command takes no voice: this is said as everything else";
            let help = "write {voice} into `command` under `[speech]`, or take `voice:` out";
            self.notes.warning("F026", pos, message, help);
        }
    }

    /// Every prompt that is used needs audio in the default language, or audio for all languages, or a voice.
    fn prompt(&mut self, name: &str, prompt: &Prompt) {
        let mut values = prompt.spoken.values().flat_map(Template::expressions);
        if values.any(|value| value.form.is_none()) {
            self.numbers.get_or_insert(prompt.pos);
        }
        self.forms(prompt);
        for language in &self.flow.languages.offer {
            let spoken = !prompt.texts.is_empty() && !prompt.texts.contains_key(language);
            if spoken && prompt.file == format!("{name}.wav") {
                let message =
                    format!("prompt `{name}` has no text in `{language}`, which the flow offers");
                let help = format!("add `{language}: \"…\"`, or take `{language}` out of `offer:`");
                self.notes
                    .warning_about(About::Language, "F003", prompt.pos, message, help);
            }
            let Some(files) = self.files else { continue };
            let text = prompt.spoken.get(language);
            if self.speaks && text.is_some() {
                continue;
            }
            let pieces = text.map(|text| text.pieces(Some(&prompt.file)));
            match pieces.filter(|_| !prompt.is_fixed()) {
                None => self.file(name, prompt, &prompt.file, language, files),
                Some(pieces) => pieces
                    .iter()
                    .filter_map(|(file, _)| file.as_deref())
                    .for_each(|file| self.file(name, prompt, file, language, files)),
            }
        }
    }

    fn file(
        &mut self,
        name: &str,
        prompt: &Prompt,
        file: &str,
        language: &str,
        files: &BTreeSet<String>,
    ) {
        let own = format!("{language}/{file}");
        if files.contains(&own) || files.contains(file) || self.notes.full() {
            return;
        }
        let message = format!("prompt `{name}` has no audio file `{own}`, nor `{file}`");
        let near = suggest(&own, files.iter().map(String::as_str));
        let help = format!("put the file into the prompts folder; {near}");
        if language == self.flow.languages.default {
            self.notes
                .error_about(About::Language, "F002", prompt.pos, message, help);
        } else {
            self.notes
                .warning_about(About::Language, "F003", prompt.pos, message, help);
        }
    }

    /// A value in a form needs each word that it may be made of, in each language, where there is no voice.
    fn forms(&mut self, prompt: &Prompt) {
        let Some(files) = self.files.filter(|_| !self.speaks) else {
            return;
        };
        for language in &self.flow.languages.offer {
            let text = prompt.spoken.get(language);
            let values = text.into_iter().flat_map(Template::expressions);
            for form in values.filter_map(|value| value.form.as_ref()) {
                self.form(prompt.pos, form, language, files);
            }
        }
    }

    fn form(&mut self, pos: Pos, form: &Form, language: &str, files: &BTreeSet<String>) {
        let Some(words) = form.vocabulary(language) else {
            let message =
                format!("nothing can say this value in `{language}`: its grammar is not known");
            let help = "set `command` under `[speech]`; English and Spanish can be put together from recordings";
            self.notes.error("F026", pos, message, help);
            return;
        };
        let there = |name: &str| {
            let file = format!("{name}.wav");
            files.contains(&format!("{language}/{file}")) || files.contains(&file)
        };
        let missing: Vec<String> = words
            .iter()
            .filter(|(name, _)| !there(name))
            .map(|(name, words)| format!("{language}/{name}.wav (\"{words}\")"))
            .collect();
        if missing.is_empty() {
            return;
        }
        let named: Vec<&str> = missing.iter().take(NAMED).map(String::as_str).collect();
        let more = match missing.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let message = format!(
            "a value in this prompt cannot be said: there is no {}{more}",
            named.join(", ")
        );
        let help = "record them (`cordboard prompt list` names every one), or set `command` under `[speech]`";
        self.notes.error("F026", pos, message, help);
    }

    /// Values in prompts are said from recorded numbers where there is no voice.
    fn numbers(&mut self) {
        let (Some(pos), Some(files)) = (self.numbers, self.files) else {
            return;
        };
        let missing = (0..=9)
            .map(|digit| format!("{NUMBERS}/{digit}.wav"))
            .find(|file| {
                let own = format!("{}/{file}", self.flow.languages.default);
                !files.contains(&own) && !files.contains(file)
            });
        if let Some(file) = missing.filter(|_| !self.speaks) {
            let message = format!("the values in this prompt cannot be said: there is no `{file}`");
            let help = format!(
                "record `{NUMBERS}/0.wav` to `{NUMBERS}/9.wav` and more, or set `command` under `[speech]`"
            );
            self.notes.error("F026", pos, message, help);
        }
    }
}
