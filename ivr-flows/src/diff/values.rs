//! Everything of a file that is no step: prompts, defaults, variables, calendars, waits.
//!
//! **Owns**: how values are shown, and paths to what is different.
//! **Must not know**: steps.

use super::{Change, How, What};
use crate::edit::{Tree, flow_text};

/// Longer texts are cut when they are shown.
const SHOWN: usize = 80;

/// A value in one short line.
pub(super) fn short(tree: &Tree) -> String {
    let text = flow_text(tree, false);
    if text.chars().count() <= SHOWN {
        return text;
    }
    text.chars().take(SHOWN).chain(['…']).collect()
}

/// Every value with the path to it.
pub(super) fn leaves(tree: &Tree) -> Vec<(String, String)> {
    let mut all = Vec::new();
    gather(tree, "", &mut all);
    all
}

fn gather(tree: &Tree, path: &str, all: &mut Vec<(String, String)>) {
    let below = |key: &str| {
        if path.is_empty() {
            key.to_owned()
        } else {
            format!("{path}/{key}")
        }
    };
    match tree {
        Tree::Map(entries) if !entries.is_empty() => {
            for (key, value) in entries {
                gather(value, &below(key), all);
            }
        }
        Tree::List(items) if items.iter().any(|item| matches!(item, Tree::Map(_))) => {
            for (at, item) in items.iter().enumerate() {
                gather(item, &below(&(at + 1).to_string()), all);
            }
        }
        other => all.push((path.to_owned(), flow_text(other, false))),
    }
}

/// What is different outside the blocks.
pub(super) fn compare(old: &Tree, new: &Tree, changes: &mut Vec<Change>) {
    let outside = |tree: &Tree| {
        let Tree::Map(entries) = tree else {
            return Vec::new();
        };
        let rest = entries.iter().filter(|(key, _)| key != "blocks").cloned();
        leaves(&Tree::Map(rest.collect()))
    };
    let (was, is) = (outside(old), outside(new));
    let find = |list: &[(String, String)], path: &str| {
        let found = list.iter().find(|(own, _)| own == path);
        found.map(|(_, value)| value.clone())
    };
    for (path, value) in &was {
        let after = find(&is, path);
        if after.as_ref() != Some(value) {
            changes.push(one(path, Some(value.clone()), after));
        }
    }
    for (path, value) in &is {
        if find(&was, path).is_none() {
            changes.push(one(path, None, Some(value.clone())));
        }
    }
}

fn one(path: &str, before: Option<String>, after: Option<String>) -> Change {
    let how = match (&before, &after) {
        (None, _) => How::Added,
        (_, None) => How::Removed,
        _ => How::Changed,
    };
    let prompt = path
        .strip_prefix("prompts/")
        .and_then(|rest| rest.split_once('/'));
    let change = match prompt {
        Some((name, part)) => Change::new(What::Prompt, how, format!("{name} ({part})")),
        None => Change::new(What::Other, how, path),
    };
    change.of(before, after)
}
