//! The flow language as one table: every action, field and exit in words, with what may stand in each place.
//!
//! **Owns**: the table ([`ACTIONS`], [`TOP`], [`EXITS`]), and what is made from it: the reference page, the schema for
//! editors, and [`walk`], which tells of every value in a file what it is.
//! **Must not know**: how a flow is read or run. Tests hold the table to the reader: both know the same keys.
//!
//! An action that is added needs one entry in [`actions`], its fields in [`fields`], [`more_fields`] or
//! [`other_fields`], and its exits in [`exits`].

mod actions;
mod exits;
mod fields;
mod more_fields;
mod other_fields;
mod page;
mod schema;
mod shapes;
#[cfg(test)]
mod tests;
mod walk;

pub(crate) use actions::ACTIONS;
pub(crate) use exits::EXITS;
pub use page::page;
pub use schema::{Names, schema};
pub(crate) use shapes::{BESIDE, CHOICE, SAID, TARGET, TOP};
pub(crate) use walk::{Place, fits, walk};

use crate::flow::ExitName;

/// What a name names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refers {
    Queue,
    Skill,
    Prompt,
    Wait,
    Calendar,
    Variable,
    Language,
    Flow,
    Secret,
}

/// What may stand in a place.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    /// Nothing.
    Empty,
    /// One line of text.
    Text,
    /// A name of something that stands elsewhere.
    Name(Refers),
    /// One name, or a list of them.
    Names(Refers),
    /// A word of the author's own.
    Word,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// A block, `hangup` or `return`.
    Block,
    /// Where an exit leads: a block, `hangup`, `return`, `{ do: [ steps ] }`.
    Target,
    /// What a key of a menu does: a target, `repeat`, or a map with a label.
    Choice,
    /// Prompts by name and `{ say: … }`, one or a list of them.
    Sayings,
    /// A text, or texts by language.
    Spoken,
    /// A text in which `{{ }}` may stand.
    Template,
    Expression,
    Time,
    Truth,
    /// A whole number from, to.
    Number(u32, u32),
    /// `6`, `4-10`.
    Digits,
    /// `1-5`, `[1, 2]`.
    Answers,
    /// Any value: a list and a map too; `{{ }}` may stand in it.
    Any,
    /// Spans of a day, one or a list.
    Spans,
    Steps,
    Exits(&'static [ExitName]),
    /// Exits by the words that another flow returns with, besides these.
    Returns(&'static [ExitName]),
    /// A map whose keys are the author's; what a key is, and what its value is.
    Map(Key, &'static Self),
    List(&'static Self),
    Shape(&'static Shape),
    /// The short form and the long one.
    Either(&'static [Self]),
}

/// What the keys of a map are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Key {
    /// Names that are defined here.
    Own(&'static str),
    /// Names of something that stands elsewhere.
    Name(Refers),
    /// Keys of a telephone, several in a row too.
    Telephone,
    /// One key of a telephone.
    Single,
    /// Languages, or `file`.
    PromptPart,
    /// `mon`, `mon-fri`.
    Days,
    /// `2026-12-24`.
    Dates,
}

/// A map with keys of the language.
#[derive(Debug)]
pub(crate) struct Shape {
    /// As the reader calls it in its messages.
    pub(crate) what: &'static str,
    pub(crate) fields: &'static [Field],
}

/// One key of a map.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    /// Must stand there.
    pub(crate) needed: bool,
    /// What holds without it; empty: nothing in particular.
    pub(crate) default: &'static str,
    pub(crate) about: &'static str,
}

impl Field {
    const fn needed(name: &'static str, kind: Kind, about: &'static str) -> Self {
        Self {
            name,
            kind,
            needed: true,
            default: "",
            about,
        }
    }

    const fn new(
        name: &'static str,
        kind: Kind,
        default: &'static str,
        about: &'static str,
    ) -> Self {
        Self {
            name,
            kind,
            needed: false,
            default,
            about,
        }
    }
}

/// What comes after a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum After {
    /// The next step.
    Next,
    /// The next step; after the last one of a block the call ends politely.
    NextOrEnd,
    /// The step leads elsewhere, under the condition in words, if there is one.
    Elsewhere(&'static str),
}

/// One action.
#[derive(Debug)]
pub(crate) struct Action {
    pub(crate) name: &'static str,
    /// One sentence.
    pub(crate) about: &'static str,
    /// What may stand behind the name.
    pub(crate) value: Kind,
    /// The call stays in the step until something happens, in words; empty: it does not.
    pub(crate) waits: &'static str,
    pub(crate) after: After,
    /// A list of steps that checks clean in a block, given [`EXAMPLE_FLOW`].
    pub(crate) example: &'static str,
}

impl Action {
    /// The long form's fields; none when there is no long form.
    pub(crate) fn shape(&self) -> Option<&'static Shape> {
        match self.value {
            Kind::Shape(shape) => Some(shape),
            Kind::Either(kinds) => kinds.iter().find_map(|kind| match kind {
                Kind::Shape(shape) => Some(*shape),
                _ => None,
            }),
            _ => None,
        }
    }

    /// The exits that the step may name.
    pub(crate) fn exits(&self) -> &'static [ExitName] {
        let fields = self.shape().map_or(&[][..], |shape| shape.fields);
        let exits = fields.iter().find_map(|field| match field.kind {
            Kind::Exits(exits) | Kind::Returns(exits) => Some(exits),
            _ => None,
        });
        exits.unwrap_or_default()
    }
}

/// One exit of one or more actions.
#[derive(Debug)]
pub(crate) struct Exit {
    pub(crate) name: &'static str,
    /// Names of the actions; empty: all that have exits.
    pub(crate) of: &'static [&'static str],
    pub(crate) when: &'static str,
    /// What happens when nothing handles it.
    pub(crate) unhandled: &'static str,
}

/// The rest of a flow around an example, so that every name in it stands somewhere. `STEPS` is where the example goes.
#[cfg(test)]
pub(crate) const EXAMPLE_FLOW: &str = "\
flow: 1
name: example
languages: { default: en, offer: [en, es] }
defaults:
  exits: { exhausted: goodbye, error: goodbye }
prompts:
  greeting: { en: \"Welcome.\", es: \"Bienvenido.\" }
  choose-language: { en: \"For English, press 1.\", es: \"Para español, pulse 2.\" }
  question: { en: \"Press 1. To hear this again, press 9.\", es: \"Pulse 1. Para repetir, pulse 9.\" }
  rate-us: { en: \"Press 1 to 5.\", es: \"Pulse de 1 a 5.\" }
  was-it-solved: { en: \"Press 1 for yes, 2 for no.\", es: \"Pulse 1 para sí, 2 para no.\" }
  recorded: { en: \"This call is recorded. Press 1 if you do not want that.\", es: \"Grabamos la llamada. Pulse 1 si no quiere.\" }
  music: { file: moh/calm.wav }
vars:
  order: { type: string }
  BOT_KEY: { type: secret }
  reason: { type: string, default: general }
  found: { type: map }
hours:
  office:
    zone: Europe/Madrid
    week: { mon-fri: \"08:30-19:00\" }
    closed_on: [\"2026-12-25\"]
blocks:
  start:
    - answer:
    - customer: { by: call.from }
STEPS
  orders:
    - tag: { wants: orders }
    - go: goodbye
  closed:
    - play: greeting
    - hangup:
  goodbye:
    - tag: { why: \"{{ vars.reason }}\" }
    - play: greeting
    - hangup:
waits:
  music-and-place:
    loop: [ { play: { prompt: music, for: 30s } } ]
";
