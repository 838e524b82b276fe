//! What the caller hears.
//!
//! **Owns**: turning prompts and texts of the flow into the sounds of one playing, in the call's language; `play` and
//! `say`.
//! **Must not know**: audio; where the words of a file come from.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::run::Move;
use super::{Interpreter, State};
use crate::expression::{Failure, Part, Template};
use crate::flow::{Action, ExitName, Play, Prompt, Saying, Value, find_exit};
use crate::port::{FlowOutput, PlayToken, Sound, Words};

/// Longest value that is said: nobody listens to more.
const LONGEST_VALUE: usize = 200;

impl Interpreter {
    pub(super) fn answer(&mut self) {
        if !std::mem::replace(&mut self.answered, true) {
            self.audible = true;
            self.put(FlowOutput::Answer);
        }
    }

    /// What only is heard needs no answer: nobody is charged for an announcement.
    pub(super) fn be_heard(&mut self) {
        if !std::mem::replace(&mut self.audible, true) {
            self.put(FlowOutput::EarlyMedia);
        }
    }

    pub(super) fn play(&mut self, play: &Play) -> Move {
        let barge_in = play.barge_in.unwrap_or(self.flow.defaults.input.barge_in);
        self.be_heard();
        // Whoever typed ahead of an earlier prompt is already further on.
        if barge_in && !self.keys.is_empty() {
            return self.interrupted();
        }
        let token = self.start_play(play);
        self.state = State::Playing { token, barge_in };
        Move::Stay
    }

    pub(super) fn interrupted(&mut self) -> Move {
        self.exit(ExitName::Interrupted).unwrap_or(Move::Next)
    }

    /// Nothing could be made audible. A step that only says something takes its own `error` exit; an inherited one would
    /// send away callers who merely miss a sentence. Anything else goes on as if it had been said.
    pub(super) fn play_failed(&mut self, token: PlayToken) {
        if self.step_unheard(token) {
            return;
        }
        let says = matches!(self.state, State::Playing { token: current, .. } if current == token);
        let flow = Arc::clone(&self.flow);
        let own = match Self::action(&flow, self.at) {
            Some(Action::Play(play)) if says => find_exit([&play.exits], ExitName::Error),
            _ => None,
        };
        // Once, until the caller chooses something: like every `error` exit.
        let own = own.filter(|_| !std::mem::replace(&mut self.limits.failed, true));
        match own {
            Some(target) => {
                self.took_own(ExitName::Error.as_str());
                let next = self.target(target);
                self.go(next);
            }
            None => self.play_ended(token),
        }
    }

    pub(super) fn start_play(&mut self, play: &Play) -> PlayToken {
        let times = usize::try_from(play.times.max(1)).unwrap_or(1);
        let once: Vec<&Saying> = play.sayings.iter().collect();
        self.begin_play(&once.repeat(times), &[], play.lasts)
    }

    pub(super) fn start_sayings(&mut self, sayings: &[&Saying]) -> PlayToken {
        self.begin_play(sayings, &[], None)
    }

    /// `lasts`: music for so long, from where it last stopped.
    pub(super) fn begin_play(
        &mut self,
        sayings: &[&Saying],
        after: &[Words],
        lasts: Option<Duration>,
    ) -> PlayToken {
        let token = self.next_token();
        let mut sounds = Vec::new();
        for saying in sayings {
            match self.sounds(saying) {
                Ok(more) => sounds.extend(more),
                Err(why) => self.told_words(why),
            }
        }
        sounds.extend(after.iter().cloned().map(Sound::words));
        self.put(FlowOutput::Play {
            token,
            sounds,
            language: self.language.clone(),
            repeat: lasts.is_some(),
            resume: lasts.is_some(),
            at_most: lasts,
        });
        token
    }

    /// What no step says.
    pub(super) fn play_sounds(&mut self, sounds: Vec<Sound>, language: String) -> PlayToken {
        let token = self.next_token();
        self.put(FlowOutput::Play {
            token,
            sounds,
            language,
            repeat: false,
            resume: false,
            at_most: None,
        });
        token
    }

    fn next_token(&mut self) -> PlayToken {
        let token = PlayToken(self.tokens);
        self.tokens = self.tokens.wrapping_add(1);
        token
    }

    /// A text that cannot be worked out is left out; told once in a call.
    pub(super) fn told_words(&mut self, why: Failure) {
        if !std::mem::replace(&mut self.words_failed, true) {
            let flow = self.flow.name().to_owned();
            let what = format!("flow `{flow}`: a text is left out, an expression failed: {why}");
            self.put(FlowOutput::Incident { what });
        }
    }

    /// A text that cannot be worked out is left out.
    pub(super) fn sounds_or_nothing(&mut self, saying: &Saying) -> Vec<Sound> {
        self.sounds(saying).unwrap_or_else(|why| {
            self.told_words(why);
            Vec::new()
        })
    }

    fn sounds(&self, saying: &Saying) -> Result<Vec<Sound>, Failure> {
        match saying {
            Saying::Text(spoken) => match self.in_language(&spoken.texts) {
                Some((language, text)) => self.parts(text, None, &spoken.voices.of(language)),
                None => Ok(Vec::new()),
            },
            Saying::Prompt(name) => match self.flow.prompts.get(&name.text) {
                Some(prompt) => self.prompt(prompt),
                None => Ok(vec![Sound {
                    file: Some(format!("{}.wav", name.text)),
                    words: None,
                    voice: None,
                }]),
            },
        }
    }

    fn prompt(&self, prompt: &Prompt) -> Result<Vec<Sound>, Failure> {
        let found = self.in_language(&prompt.spoken);
        let voice = found.and_then(|(language, _)| prompt.voices.of(language));
        match found {
            Some((_, text)) if !text.is_fixed() => self.parts(text, Some(&prompt.file), &voice),
            _ => Ok(vec![Sound {
                file: Some(prompt.file.clone()),
                words: found.and_then(|(_, text)| fixed(text)).map(Words::Fixed),
                voice,
            }]),
        }
    }

    /// The text in the call's language, else in the flow's own.
    fn in_language<'t>(
        &self,
        texts: &'t BTreeMap<String, Template>,
    ) -> Option<(&'t str, &'t Template)> {
        let own = &self.flow.languages.default;
        let found = texts.get_key_value(&self.language);
        let found = found.or_else(|| texts.get_key_value(own));
        found.map(|(language, text)| (language.as_str(), text))
    }

    /// The pieces of a text with values: what is fixed has a file of its own, when the text has a name.
    fn parts(
        &self,
        text: &Template,
        file: Option<&str>,
        voice: &Option<String>,
    ) -> Result<Vec<Sound>, Failure> {
        let scope = self.scope();
        let mut sounds = Vec::new();
        for (part, file) in text.parts.iter().zip(text.files(file)) {
            match part {
                Part::Text(text) if !speakable(text) => {}
                Part::Text(text) => sounds.push(Sound {
                    file,
                    words: Some(Words::Fixed(text.trim().to_owned())),
                    voice: voice.clone(),
                }),
                Part::Value(value) => {
                    let worked = value.value(&scope)?;
                    let phrase = match &value.form {
                        Some(form) => form.said(&worked, &self.language)?,
                        None => None,
                    };
                    let words = match phrase {
                        Some(phrase) => Some(Words::Phrase(phrase)),
                        None => said(&worked)?,
                    };
                    sounds.extend(words.map(|words| Sound {
                        voice: voice.clone(),
                        ..Sound::words(words)
                    }));
                }
            }
        }
        Ok(sounds)
    }
}

impl Template {
    /// The file of each part, where a text whose values stand between recorded pieces has one.
    pub(crate) fn files(&self, file: Option<&str>) -> Vec<Option<String>> {
        let stem = file.map(|file| file.strip_suffix(".wav").unwrap_or(file));
        let mut number = 0_usize;
        let of = |part: &Part| match part {
            Part::Text(text) if speakable(text) => {
                number = number.saturating_add(1);
                stem.map(|stem| format!("{stem}-{number}.wav"))
            }
            Part::Text(_) | Part::Value(_) => None,
        };
        self.parts.iter().map(of).collect()
    }

    /// The fixed pieces of a text and, when it has a name, their files.
    pub(crate) fn pieces(&self, file: Option<&str>) -> Vec<(Option<String>, String)> {
        if self.is_fixed() {
            let whole = fixed(self);
            let file = file.map(str::to_owned);
            return whole.into_iter().map(|text| (file.clone(), text)).collect();
        }
        let files = self.files(file);
        let parts = self.parts.iter().zip(files);
        parts
            .filter_map(|(part, file)| match part {
                Part::Text(text) if speakable(text) => Some((file, text.trim().to_owned())),
                Part::Text(_) | Part::Value(_) => None,
            })
            .collect()
    }
}

/// Whether a text is more than signs.
fn speakable(text: &str) -> bool {
    text.chars().any(char::is_alphanumeric)
}

/// The whole of a text without values.
fn fixed(text: &Template) -> Option<String> {
    let mut whole = String::new();
    for part in &text.parts {
        match part {
            Part::Text(text) => whole.push_str(text),
            Part::Value(_) => return None,
        }
    }
    let whole = whole.trim();
    speakable(whole).then(|| whole.to_owned())
}

/// How a value is said: a number as a number, a text of digits digit by digit, nothing for nothing.
fn said(value: &Value) -> Result<Option<Words>, Failure> {
    Ok(match value {
        Value::Int(number) | Value::Duration(number) => Some(Words::Number(*number)),
        Value::Bool(truth) => Some(Words::Fixed(truth.to_string())),
        Value::Text(text) => {
            let text: String = text.trim().chars().take(LONGEST_VALUE).collect();
            let digits = text.strip_prefix('+').unwrap_or(&text);
            if !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit()) {
                return Ok(Some(Words::Digits(digits.to_owned())));
            }
            speakable(&text).then_some(Words::Value(text))
        }
        Value::Null => return Err("a value that is to be said is null"),
        Value::Number(_) | Value::Time(_) => Some(Words::Value(value.to_string())),
        Value::List(_) | Value::Map(_) => return Err("a list or a map is to be said"),
    })
}
