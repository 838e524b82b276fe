//! What every value of a file is, by the table.
//!
//! **Owns**: the way through a tree along the table.
//! **Must not know**: what the values are looked for: renaming, comparing and writing anew each have their own eyes.

use super::shapes::{BESIDE, CHOICE, SAID, TARGET};
use super::{ACTIONS, Field, Key, Kind, Refers, Shape, TOP};
use crate::yaml::{self, Entry, Node};

/// What stands in a place.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Place<'n> {
    /// A value, and what the language has it for.
    Value(Kind, &'n Node),
    /// A key that is a name of the author's, or of something that stands elsewhere.
    Key(Key, &'n Entry),
}

/// Tells of every value and every name in a flow file. What the table does not know is passed over.
pub(crate) fn walk<'n>(root: &'n Node, see: &mut dyn FnMut(Place<'n>)) {
    value(Kind::Shape(&TOP), root, see);
}

fn value<'n>(kind: Kind, node: &'n Node, see: &mut dyn FnMut(Place<'n>)) {
    see(Place::Value(kind, node));
    match (kind, &node.kind) {
        (Kind::Either(kinds), _) => {
            if let Some(kind) = kinds.iter().find(|kind| fits(**kind, node)) {
                value(*kind, node, see);
            }
        }
        (Kind::Shape(shape), yaml::Kind::Map(entries)) => fields(shape.fields, entries, see),
        (Kind::Map(key, inner), yaml::Kind::Map(entries)) => {
            for entry in entries {
                see(Place::Key(key, entry));
                value(*inner, &entry.value, see);
            }
        }
        (Kind::Exits(_) | Kind::Returns(_), yaml::Kind::Map(entries)) => {
            for entry in entries {
                value(Kind::Target, &entry.value, see);
            }
        }
        (Kind::List(inner), yaml::Kind::List(items)) => {
            for item in items {
                value(*inner, item, see);
            }
        }
        (Kind::Steps, yaml::Kind::List(items)) => {
            for item in items {
                step(item, see);
            }
        }
        (Kind::Names(refers), yaml::Kind::List(items)) => {
            for item in items {
                value(Kind::Name(refers), item, see);
            }
        }
        (Kind::Names(refers), yaml::Kind::Text { .. }) => value(Kind::Name(refers), node, see),
        (Kind::Sayings, _) => sayings(node, see),
        (Kind::Spoken, yaml::Kind::Map(entries)) => {
            for entry in entries {
                value(Kind::Template, &entry.value, see);
            }
        }
        (Kind::Target, yaml::Kind::Map(entries)) => fields(TARGET.fields, entries, see),
        (Kind::Choice, yaml::Kind::Map(entries)) => fields(CHOICE.fields, entries, see),
        (Kind::Target | Kind::Choice, yaml::Kind::Text { .. }) => value(Kind::Block, node, see),
        _ => {}
    }
}

fn sayings<'n>(node: &'n Node, see: &mut dyn FnMut(Place<'n>)) {
    match &node.kind {
        yaml::Kind::List(items) => {
            for item in items {
                sayings(item, see);
            }
        }
        yaml::Kind::Map(entries) => fields(SAID.fields, entries, see),
        yaml::Kind::Text { .. } => value(Kind::Name(Refers::Prompt), node, see),
        yaml::Kind::Empty => {}
    }
}

fn fields<'n>(fields: &'static [Field], entries: &'n [Entry], see: &mut dyn FnMut(Place<'n>)) {
    for entry in entries {
        if let Some(field) = fields.iter().find(|field| field.name == entry.key) {
            value(field.kind, &entry.value, see);
        }
    }
}

fn step<'n>(node: &'n Node, see: &mut dyn FnMut(Place<'n>)) {
    let yaml::Kind::Map(entries) = &node.kind else {
        return;
    };
    for entry in entries {
        if let Some(action) = ACTIONS.iter().find(|action| action.name == entry.key) {
            value(action.value, &entry.value, see);
        }
    }
    fields(BESIDE, entries, see);
}

/// Whether a value looks like this form of several.
pub(crate) fn fits(kind: Kind, node: &Node) -> bool {
    match (&node.kind, kind) {
        (yaml::Kind::Map(entries), Kind::Shape(shape)) => knows(shape, entries),
        (yaml::Kind::Map(entries), Kind::Sayings) => {
            SAID.fields
                .first()
                .is_some_and(|say| entries.iter().any(|entry| entry.key == say.name))
                && entries
                    .iter()
                    .all(|entry| SAID.fields.iter().any(|field| field.name == entry.key))
        }
        (yaml::Kind::Map(entries), Kind::Spoken) => {
            !entries.iter().any(|entry| entry.key == "text")
        }
        (
            yaml::Kind::Map(_),
            Kind::Map(..)
            | Kind::Choice
            | Kind::Target
            | Kind::Exits(_)
            | Kind::Returns(_)
            | Kind::Any,
        ) => true,
        (yaml::Kind::Empty, kind) => matches!(kind, Kind::Empty),
        (yaml::Kind::Map(_), _) => false,
        (yaml::Kind::List(_), kind) => matches!(
            kind,
            Kind::List(_)
                | Kind::Any
                | Kind::Names(_)
                | Kind::Sayings
                | Kind::Steps
                | Kind::Spans
                | Kind::Answers
        ),
        (yaml::Kind::Text { .. }, kind) => !matches!(
            kind,
            Kind::Empty
                | Kind::List(_)
                | Kind::Shape(_)
                | Kind::Map(..)
                | Kind::Steps
                | Kind::Exits(_)
                | Kind::Returns(_)
        ),
    }
}

fn knows(shape: &Shape, entries: &[Entry]) -> bool {
    entries
        .iter()
        .any(|entry| shape.fields.iter().any(|field| field.name == entry.key))
}
