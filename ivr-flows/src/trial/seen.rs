//! What was seen of a call, for the judgement and for whoever reads why a test failed.
//!
//! **Owns**: the transcript's lines and whether one is what was expected.
//! **Must not know**: how the call is driven.

use super::Expect;
use crate::flow::Flow;
use crate::port::{HttpMethod, RecordAction, Sound};
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::time::Duration;

/// One line of the transcript.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Since the call began.
    pub at: Duration,
    /// What was seen.
    pub seen: Seen,
}

/// What was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// A prompt, or words of a step's own.
    Heard {
        /// By name.
        prompt: Option<String>,
        /// What is said; empty: music.
        words: String,
    },
    /// What the caller or an agent did.
    Did(String),
    /// A block was entered.
    Block(String),
    /// Waits in a queue.
    Queued {
        /// Name.
        to: String,
        /// Levels asked for.
        skills: BTreeMap<String, u8>,
    },
    /// A server outside is asked.
    Fetched {
        /// The step's id.
        id: Option<String>,
        /// Its block.
        block: String,
        /// How it is asked.
        method: HttpMethod,
    },
    /// Left the queue by a key or by the flow's own limit.
    LeftQueue,
    /// A message was left in this box; none: it was too short.
    Message(Option<String>),
    /// A choice of a menu.
    Chose(String),
    /// A question of a survey and its answer, if any was given.
    Survey(String, Option<u8>),
    /// Somebody is called for the caller.
    Calls(String),
    /// An event was told.
    Notified(String),
    /// The call is refused with this SIP status.
    Refused(u16),
    /// Whether the call may be recorded.
    Consent(bool),
    /// Something is done with the recording.
    Record(RecordAction),
    /// A tag was set.
    Tagged(String, String),
    /// The language changed.
    Language(String),
    /// The flow was stopped by a backstop, or something failed in it.
    Incident(String),
    /// The call is over.
    Ended(String),
}

impl Seen {
    /// Whether this is what was expected.
    pub(super) fn is(&self, expect: &Expect) -> bool {
        match (expect, self) {
            (Expect::Hears(wanted), Self::Heard { prompt, words }) => {
                let part = |words: &str| words.to_lowercase().contains(&wanted.to_lowercase());
                prompt.as_ref() == Some(wanted) || (wanted.contains(' ') && part(words))
            }
            (
                Expect::Queued { to, skills },
                Self::Queued {
                    to: own,
                    skills: has,
                },
            ) => {
                to == own
                    && skills
                        .iter()
                        .all(|(skill, level)| has.get(skill) == Some(level))
            }
            (Expect::Http(wanted), Self::Fetched { id, block, .. }) => {
                id.as_ref() == Some(wanted) || wanted == block
            }
            (Expect::Voicemail(wanted), Self::Message(Some(mailbox))) => wanted == mailbox,
            (Expect::Chooses(wanted), Self::Chose(label)) => wanted == label,
            (Expect::Tag { key, value }, Self::Tagged(own, has)) => key == own && value == has,
            (Expect::Survey { question, answer }, Self::Survey(own, has)) => {
                question == own && answer == has
            }
            (Expect::Calls(wanted), Self::Calls(who)) => wanted == who,
            (Expect::Notify(wanted), Self::Notified(event)) => wanted == event,
            (Expect::Consent(wanted), Self::Consent(has)) => wanted == has,
            (Expect::Record(wanted), Self::Record(has)) => wanted == has,
            (Expect::Language(wanted), Self::Language(has)) => wanted == has,
            (Expect::Block(wanted), Self::Block(name)) => wanted == name,
            (Expect::Ends, Self::Ended(_)) => true,
            _ => false,
        }
    }
}

impl fmt::Display for Expect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hears(what) => write!(f, "hears {what}"),
            Self::Queued { to, skills } if skills.is_empty() => write!(f, "queued in {to}"),
            Self::Queued { to, skills } => {
                write!(f, "queued in {to} asking for {}", levels(skills))
            }
            Self::Http(step) => write!(f, "http {step}"),
            Self::Voicemail(mailbox) => write!(f, "a message for {mailbox}"),
            Self::Chooses(label) => write!(f, "chooses {label}"),
            Self::Tag { key, value } => write!(f, "tag {key} = {value}"),
            Self::Survey { question, answer } => {
                write!(f, "survey {}", survey(question, *answer))
            }
            Self::Calls(who) => write!(f, "calls {who}"),
            Self::Notify(event) => write!(f, "notify {event}"),
            Self::Consent(granted) => write!(f, "consent {}", agreed(*granted)),
            Self::Record(what) => write!(f, "record {}", what.as_str()),
            Self::Language(language) => write!(f, "language {language}"),
            Self::Block(name) => write!(f, "block {name}"),
            Self::Ends => write!(f, "the call ends"),
        }
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.at.as_secs();
        write!(f, "{:>3}:{:02}  ", seconds / 60, seconds % 60)?;
        match &self.seen {
            Seen::Heard { prompt, words } => match prompt {
                Some(name) if words.is_empty() => write!(f, "hears {name}"),
                Some(name) => write!(f, "hears {name}: \"{words}\""),
                None => write!(f, "hears \"{words}\""),
            },
            Seen::Did(what) => write!(f, "> {what}"),
            Seen::Block(name) => write!(f, "-- {name}"),
            Seen::Queued { to, skills } if skills.is_empty() => write!(f, "waits in queue {to}"),
            Seen::Queued { to, skills } => {
                write!(f, "waits in queue {to}, asking for {}", levels(skills))
            }
            Seen::Fetched { id, block, method } => {
                let step = id.as_ref().unwrap_or(block);
                write!(f, "asks a server outside: {} by {step}", method.as_str())
            }
            Seen::LeftQueue => write!(f, "leaves the queue"),
            Seen::Message(Some(mailbox)) => write!(f, "leaves a message for {mailbox}"),
            Seen::Message(None) => write!(f, "leaves no message: too short"),
            Seen::Chose(label) => write!(f, "chooses {label}"),
            Seen::Tagged(key, value) => write!(f, "tag {key} = {value}"),
            Seen::Survey(question, answer) => write!(f, "survey {}", survey(question, *answer)),
            Seen::Calls(who) => write!(f, "is given to {who}"),
            Seen::Notified(event) => write!(f, "tells others: {event}"),
            Seen::Refused(status) => write!(f, "is refused with {status}"),
            Seen::Consent(granted) => write!(f, "consent {}", agreed(*granted)),
            Seen::Record(what) => write!(f, "record {}", what.as_str()),
            Seen::Language(language) => write!(f, "language {language}"),
            Seen::Incident(what) => write!(f, "INCIDENT: {what}"),
            Seen::Ended(why) => write!(f, "the call ends: {why}"),
        }
    }
}

const fn agreed(granted: bool) -> &'static str {
    if granted { "granted" } else { "denied" }
}

fn survey(question: &str, answer: Option<u8>) -> String {
    answer.map_or_else(
        || format!("{question}: no answer"),
        |answer| format!("{question} = {answer}"),
    )
}

fn levels(skills: &BTreeMap<String, u8>) -> String {
    let each: Vec<String> = skills
        .iter()
        .map(|(skill, level)| format!("{skill} {level}"))
        .collect();
    each.join(", ")
}

/// Which prompt each audio file belongs to.
#[must_use]
pub fn prompts_by_file(flow: &Flow) -> HashMap<String, String> {
    let mut names = HashMap::new();
    let all = std::iter::once(flow).chain(flow.set().map(AsRef::as_ref));
    for (name, prompt) in all.flat_map(Flow::prompts) {
        names.insert(prompt.file.clone(), name.clone());
        for text in prompt.spoken.values() {
            let pieces = text.pieces(Some(&prompt.file)).into_iter();
            names.extend(pieces.filter_map(|(file, _)| Some((file?, name.clone()))));
        }
    }
    names
}

/// What sounds are, prompt by prompt, and how long each lasts.
pub(super) fn heard(sounds: &[Sound], names: &HashMap<String, String>) -> Vec<(Seen, Duration)> {
    let mut parts: Vec<(Option<String>, String, Duration)> = Vec::new();
    for sound in sounds {
        let file = sound.file.as_ref();
        let name = file.map(|file| names.get(file).unwrap_or(file).clone());
        let (text, length) = (sound.text().unwrap_or_default(), sound.seems_to_last());
        match parts.last_mut() {
            // A value between the pieces of a prompt has no file; the next piece has the prompt's again.
            Some((own, words, lasts)) if name.is_none() || *own == name => {
                words.push(' ');
                words.push_str(&text);
                *lasts = lasts.saturating_add(length);
            }
            _ => parts.push((name, text, length)),
        }
    }
    parts
        .into_iter()
        .map(|(prompt, words, lasts)| (Seen::Heard { prompt, words }, lasts))
        .collect()
}
