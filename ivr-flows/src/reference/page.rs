//! The reference page, made from the table.
//!
//! **Owns**: how the table looks in Markdown.
//! **Must not know**: the rest of the page it stands on.

use std::fmt::Write as _;

use super::shapes::{BESIDE, CHOICE};
use super::{ACTIONS, Action, After, EXITS, Exit, Field, Key, Kind, Refers, Shape, TOP};

/// Every action with fields, exits and an example, as the part of `docs/flows.md` that is never written by hand.
#[must_use]
pub fn page() -> String {
    let mut page = String::new();
    let _ = writeln!(page, "### The keys of a file\n");
    fields(&mut page, TOP.fields);
    for shape in shapes(TOP.fields) {
        let _ = writeln!(page, "\n#### {}\n", title(shape.what));
        fields(&mut page, shape.fields);
    }
    let _ = writeln!(page, "\n### Beside the action of a step\n");
    fields(&mut page, BESIDE);
    for action in ACTIONS {
        one(&mut page, action);
    }
    let _ = writeln!(page, "\n### Every exit\n");
    exits(&mut page, EXITS.iter().collect());
    page
}

fn one(page: &mut String, action: &Action) {
    let _ = writeln!(page, "\n### `{}`\n\n{}", action.name, action.about);
    if !action.waits.is_empty() {
        let _ = write!(page, "The call stays here {}. ", action.waits);
    }
    let after = match action.after {
        After::Next => "Then comes the next step.".to_owned(),
        After::NextOrEnd => {
            "Then comes the next step; after the last one of a block the call ends politely."
                .to_owned()
        }
        After::Elsewhere("") => "No step behind it runs.".to_owned(),
        After::Elsewhere(unless) => format!("No step behind it runs, {unless}."),
    };
    let _ = writeln!(page, "{after}\n\n```yaml\n{}\n```", action.example);
    if let Some(short) = short(action.value) {
        let _ = writeln!(page, "\nShort form: {short}.");
    }
    if let Some(shape) = action.shape() {
        page.push('\n');
        fields(page, shape.fields);
        for inner in shapes(shape.fields) {
            let _ = writeln!(page, "\nOf {}:\n", inner.what);
            fields(page, inner.fields);
        }
    } else if let Kind::List(Kind::Shape(shape)) = action.value {
        let _ = writeln!(page, "\nOf {}:\n", shape.what);
        fields(page, shape.fields);
    }
    let own: Vec<&str> = action.exits().iter().map(|exit| exit.as_str()).collect();
    let mine = EXITS
        .iter()
        .filter(|exit| exit.of.contains(&action.name) && own.contains(&exit.name));
    let mine: Vec<&Exit> = mine.collect();
    if !mine.is_empty() {
        page.push('\n');
        exits(page, mine);
    }
}

fn short(kind: Kind) -> Option<String> {
    let Kind::Either([forms @ .., _]) = kind else {
        return None;
    };
    let forms: Vec<String> = forms.iter().map(|form| words(*form)).collect();
    Some(forms.join("; or "))
}

/// The maps that stand in fields, each once, those inside them behind.
fn shapes(fields: &'static [Field]) -> Vec<&'static Shape> {
    let mut all = Vec::new();
    for field in fields {
        let shape = match field.kind {
            Kind::Shape(shape)
            | Kind::Either(&[.., Kind::Shape(shape)])
            | Kind::List(&Kind::Shape(shape))
            | Kind::Map(_, &(Kind::Shape(shape) | Kind::Either(&[.., Kind::Shape(shape)]))) => {
                shape
            }
            Kind::Map(_, Kind::Choice) => &CHOICE,
            _ => continue,
        };
        let known = |all: &[&Shape], what: &str| all.iter().any(|known| known.what == what);
        if known(&all, shape.what) {
            continue;
        }
        all.push(shape);
        for inner in shapes(shape.fields) {
            if !known(&all, inner.what) {
                all.push(inner);
            }
        }
    }
    all
}

fn title(what: &str) -> String {
    let mut signs = what.chars();
    signs.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(signs).collect()
    })
}

fn fields(page: &mut String, fields: &[Field]) {
    page.push_str("| field | what may stand there | without it | meaning |\n|---|---|---|---|\n");
    for field in fields {
        let without = match (field.needed, field.default) {
            (true, _) => "needed",
            (false, "") => "",
            (false, default) => default,
        };
        let (name, kind, about) = (field.name, words(field.kind), field.about);
        let _ = writeln!(page, "| `{name}` | {kind} | {without} | {about} |");
    }
}

fn exits(page: &mut String, exits: Vec<&Exit>) {
    page.push_str("| exit | of | taken when | handled by nobody |\n|---|---|---|---|\n");
    for exit in exits {
        let of = if exit.of.is_empty() {
            "any".to_owned()
        } else {
            exit.of.join(", ")
        };
        let (name, when, unhandled) = (exit.name, exit.when, exit.unhandled);
        let _ = writeln!(page, "| `{name}` | {of} | {when} | {unhandled} |");
    }
}

/// What may stand in a place, in words.
pub(super) fn words(kind: Kind) -> String {
    match kind {
        Kind::Empty => "nothing".to_owned(),
        Kind::Text => "text".to_owned(),
        Kind::Name(refers) => named(refers).to_owned(),
        Kind::Names(refers) => format!("{}, or a list", named(refers)),
        Kind::Word => "a name".to_owned(),
        Kind::OneOf(words) => {
            let words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
            words.join(", ")
        }
        Kind::Block => "a block, `hangup` or `return`".to_owned(),
        Kind::Target => "a target".to_owned(),
        Kind::Choice => "a target, or `repeat`".to_owned(),
        Kind::Sayings => "a prompt, `{ say: \"text\" }`, or a list of them".to_owned(),
        Kind::Spoken => "a text, or texts by language".to_owned(),
        Kind::Template => "a text; `{{ }}` in it".to_owned(),
        Kind::Expression => "an expression".to_owned(),
        Kind::Time => "a time".to_owned(),
        Kind::Truth => "`true`, `false`".to_owned(),
        Kind::Number(least, most) => format!("{least} to {most}"),
        Kind::Digits => "`6`, `4-10`".to_owned(),
        Kind::Answers => "`1-5`, or a list of digits".to_owned(),
        Kind::Any => {
            "a text, a number, `true`, `false`, a list or a map; `{{ }}` in them".to_owned()
        }
        Kind::Spans => "one, or a list".to_owned(),
        Kind::Steps => "steps".to_owned(),
        Kind::Exits(exits) => {
            let own = exits.iter().map(|exit| exit.as_str());
            let own: Vec<String> = own.map(|exit| format!("`{exit}`")).collect();
            if own.len() > 8 {
                "any exit: a target".to_owned()
            } else {
                format!("{}: a target each", own.join(", "))
            }
        }
        Kind::Returns(own) => {
            let own = own.iter().map(|exit| format!("`{}`", exit.as_str()));
            let own: Vec<String> = own.collect();
            format!("words of the other side, {}: a target each", own.join(", "))
        }
        Kind::Map(key, inner) => format!("{}: {}", key_words(key), words(*inner)),
        Kind::List(inner) => format!("a list of: {}", words(*inner)),
        Kind::Shape(shape) => format!("{}, see below", shape.what),
        Kind::Either(kinds) => {
            let kinds: Vec<String> = kinds.iter().map(|kind| words(*kind)).collect();
            kinds.join("; or ")
        }
    }
}

fn named(refers: Refers) -> &'static str {
    match refers {
        Refers::Queue => "a queue",
        Refers::Skill => "a skill",
        Refers::Prompt => "a prompt",
        Refers::Wait => "a wait",
        Refers::Calendar => "a calendar",
        Refers::Variable => "a variable",
        Refers::Language => "a language",
        Refers::Flow => "a flow",
        Refers::Secret => "a secret",
    }
}

pub(super) fn key_words(key: Key) -> &'static str {
    match key {
        Key::Own(_) => "by name",
        Key::Name(refers) => named(refers),
        Key::Telephone | Key::Single => "a key",
        Key::PromptPart => "a language, `file` or `voice`",
        Key::Days => "days",
        Key::Dates => "a date",
    }
}
