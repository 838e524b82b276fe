//! Lists of steps compared.
//!
//! **Owns**: which step is which, and what is different about it.
//! **Must not know**: the rest of the file.

use super::values::{leaves, short};
use super::{Change, How, What};
use crate::edit::Tree;
use crate::reference::{ACTIONS, Kind};

/// Lists whose product is larger are compared step by step, in order.
const MOST: usize = 4_000_000;

/// The action of a step; empty: none is known.
pub(super) fn action(step: &Tree) -> &'static str {
    let Tree::Map(entries) = step else { return "" };
    let known = |key: &str| ACTIONS.iter().find(|action| action.name == key);
    let found = entries.iter().find_map(|(key, _)| known(key));
    found.map_or("", |action| action.name)
}

/// A step with its short form written out, so that both forms compare.
fn long(step: &Tree) -> Tree {
    let Tree::Map(entries) = step else {
        return step.clone();
    };
    let each = entries.iter().map(|(key, value)| {
        let known = ACTIONS.iter().find(|action| action.name == key);
        let mut value = match known.map(|action| (action.value, action.shape())) {
            // A language by name and one by expression are two things.
            Some((Kind::Either([Kind::Name(crate::reference::Refers::Language), ..]), _)) => {
                value.clone()
            }
            Some((Kind::Either(_), Some(shape))) => widened(value, shape.fields),
            _ => value.clone(),
        };
        if let Tree::Map(fields) = &mut value {
            for (field, inner) in fields {
                if matches!(field.as_str(), "keys" | "exits") {
                    widen_targets(inner);
                }
            }
        }
        (key.clone(), value)
    });
    Tree::Map(each.collect())
}

fn widened(value: &Tree, fields: &[crate::reference::Field]) -> Tree {
    let is_long = matches!(value, Tree::Map(entries) if entries
        .iter()
        .any(|(key, _)| fields.iter().any(|field| field.name == key)));
    match (is_long, fields.first()) {
        (false, Some(first)) if *value != Tree::Empty => {
            Tree::Map(vec![(first.name.to_owned(), value.clone())])
        }
        _ => value.clone(),
    }
}

fn widen_targets(targets: &mut Tree) {
    let Tree::Map(targets) = targets else { return };
    for (_, target) in targets {
        if matches!(target, Tree::Text(_) | Tree::Bare(_)) {
            *target = Tree::Map(vec![("go".to_owned(), target.clone())]);
        }
    }
}

/// How much two lists have in common, in hundredths of the longer one.
pub(super) fn alike(old: &[Tree], new: &[Tree]) -> usize {
    let (old, new): (Vec<Tree>, Vec<Tree>) = (
        old.iter().map(long).collect(),
        new.iter().map(long).collect(),
    );
    let same = common(&old, &new).len();
    same * 100 / old.len().max(new.len()).max(1)
}

pub(super) fn compare(block: &str, old: &[Tree], new: &[Tree], changes: &mut Vec<Change>) {
    let was: Vec<Tree> = old.iter().map(long).collect();
    let is: Vec<Tree> = new.iter().map(long).collect();
    let same = common(&was, &is);
    let mut gone: Vec<usize> = (0..was.len())
        .filter(|at| !same.iter().any(|(old, _)| old == at))
        .collect();
    let fresh: Vec<usize> = (0..is.len())
        .filter(|at| !same.iter().any(|(_, new)| new == at))
        .collect();
    for to in fresh {
        let Some(step) = is.get(to) else { continue };
        let place = place(block, to, step);
        // The very same step, elsewhere.
        if let Some(from) = take(&mut gone, |at| was.get(at) == Some(step)) {
            let number = |at: usize| Some(format!("step {}", at + 1));
            changes.push(Change::new(What::Step, How::Moved, place).of(number(from), number(to)));
            continue;
        }
        // One that does the same thing, between the same neighbours.
        let between = gap(&same, to, was.len());
        let alike = take(&mut gone, |at| {
            let other = was.get(at).map_or("", action);
            between.contains(&at) && !other.is_empty() && other == action(step)
        });
        match alike.and_then(|at| was.get(at)) {
            Some(old) => fields(&place, old, step, changes),
            None => changes
                .push(Change::new(What::Step, How::Added, place).of(None, new.get(to).map(short))),
        }
    }
    for at in gone {
        let Some(step) = was.get(at) else { continue };
        let place = place(block, at, step);
        changes.push(Change::new(What::Step, How::Removed, place).of(old.get(at).map(short), None));
    }
}

fn place(block: &str, at: usize, step: &Tree) -> String {
    format!("{block}, step {} ({})", at + 1, action(step))
}

fn take(list: &mut Vec<usize>, wanted: impl Fn(usize) -> bool) -> Option<usize> {
    let at = list.iter().position(|one| wanted(*one))?;
    Some(list.remove(at))
}

/// The old steps between the neighbours of a new one that did not change.
fn gap(same: &[(usize, usize)], to: usize, count: usize) -> std::ops::Range<usize> {
    let before = same.iter().rev().find(|(_, new)| *new < to);
    let after = same.iter().find(|(_, new)| *new > to);
    before.map_or(0, |(old, _)| old + 1)..after.map_or(count, |(old, _)| *old)
}

/// What is different in one step.
fn fields(place: &str, old: &Tree, new: &Tree, changes: &mut Vec<Change>) {
    let (was, is) = (leaves(old), leaves(new));
    let at = |list: &[(String, String)], path: &str| {
        let found = list.iter().find(|(own, _)| own == path);
        found.map(|(_, value)| value.clone())
    };
    let mut paths: Vec<&String> = was.iter().chain(&is).map(|(path, _)| path).collect();
    paths.sort();
    paths.dedup();
    for path in paths {
        let (before, after) = (at(&was, path), at(&is, path));
        if before == after {
            continue;
        }
        let how = match (&before, &after) {
            (None, _) => How::Added,
            (_, None) => How::Removed,
            _ => How::Changed,
        };
        let own = action(new);
        let part = path
            .strip_prefix(own)
            .and_then(|rest| rest.strip_prefix('/'));
        let part = part.unwrap_or(path);
        let leads = part.starts_with("exits/") || part.starts_with("keys/") || part.ends_with("go");
        let what = if leads { What::Exit } else { What::Field };
        let part = part.strip_suffix("/go").unwrap_or(part);
        let mut change = Change::new(what, how, place).of(before, after);
        part.clone_into(&mut change.part);
        changes.push(change);
    }
}

/// The longest run of equal steps in both lists, as pairs of their numbers.
fn common(old: &[Tree], new: &[Tree]) -> Vec<(usize, usize)> {
    if old.len().saturating_mul(new.len()) > MOST {
        let pairs = old.iter().zip(new).enumerate();
        return pairs
            .filter(|(_, (old, new))| old == new)
            .map(|(at, _)| (at, at))
            .collect();
    }
    // How long the longest run is from each pair on.
    let width = new.len() + 1;
    let mut runs = vec![0_u32; (old.len() + 1) * width];
    let at = |runs: &[u32], a: usize, b: usize| runs.get(a * width + b).copied().unwrap_or(0);
    for (a, was) in old.iter().enumerate().rev() {
        for (b, is) in new.iter().enumerate().rev() {
            let run = if was == is {
                at(&runs, a + 1, b + 1) + 1
            } else {
                at(&runs, a + 1, b).max(at(&runs, a, b + 1))
            };
            if let Some(place) = runs.get_mut(a * width + b) {
                *place = run;
            }
        }
    }
    let (mut a, mut b) = (0, 0);
    let mut pairs = Vec::new();
    while let (Some(was), Some(is)) = (old.get(a), new.get(b)) {
        if was == is {
            pairs.push((a, b));
            (a, b) = (a + 1, b + 1);
        } else if at(&runs, a + 1, b) >= at(&runs, a, b + 1) {
            a += 1;
        } else {
            b += 1;
        }
    }
    pairs
}
