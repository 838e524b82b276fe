//! Two versions of a flow compared in blocks, steps and exits, not in lines.
//!
//! **Owns**: [`Change`], and which block and step of one version is which of the other.
//! **Must not know**: layout and comments, what steps do.

mod steps;
#[cfg(test)]
mod tests;
mod values;

use std::fmt;

use serde::Serialize;

use crate::edit::{Refused, Source, Tree, rename};
use crate::finding::Finding;

/// What sort of thing changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// A block.
    Block,
    /// A step of a block.
    Step,
    /// A field of a step.
    Field,
    /// Where an exit, a key or a case of a step leads.
    Exit,
    /// What a prompt says in a language, or its file.
    Prompt,
    /// Anything else of the file.
    Other,
}

/// How it changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// It was not there.
    Added,
    /// It is there no more.
    Removed,
    /// It has another name.
    Renamed,
    /// It stands elsewhere in its block.
    Moved,
    /// It says something else.
    Changed,
}

/// One difference. The field names are those of `flow diff --json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// What changed.
    pub what: What,
    /// How.
    pub how: How,
    /// Where: `main`, `main, step 2 (menu)`, `greeting (en)`, `defaults/input/tries`.
    pub place: String,
    /// Which part of it: `exits/timeout`, `keys/1`; empty: all of it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub part: String,
    /// As it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// As it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

impl Change {
    /// The block it is in, by its name in the text where it stands now; a block that is gone or has another name, by the one
    /// it had.
    #[must_use]
    pub fn block(&self) -> Option<&str> {
        match self.what {
            What::Block => Some(&self.place),
            What::Step | What::Field | What::Exit => {
                self.place.split_once(", step ").map(|(block, _)| block)
            }
            What::Prompt | What::Other => None,
        }
    }

    fn new(what: What, how: How, place: impl Into<String>) -> Self {
        Self {
            what,
            how,
            place: place.into(),
            part: String::new(),
            before: None,
            after: None,
        }
    }

    fn of(mut self, before: Option<String>, after: Option<String>) -> Self {
        (self.before, self.after) = (before, after);
        self
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = match self.how {
            How::Added => '+',
            How::Removed => '-',
            How::Renamed | How::Moved | How::Changed => '~',
        };
        let what = match self.what {
            What::Block => "block ",
            What::Prompt => "prompt ",
            What::Step | What::Field | What::Exit | What::Other => "",
        };
        write!(f, "{sign} {what}{}", self.place)?;
        if !self.part.is_empty() {
            write!(f, ", {}", self.part)?;
        }
        match (&self.before, &self.after) {
            (Some(before), Some(after)) => write!(f, ": {before} -> {after}"),
            (Some(text), None) | (None, Some(text)) => write!(f, ": {text}"),
            (None, None) => Ok(()),
        }
    }
}

/// What is different in `after`.
///
/// # Errors
/// What is wrong with the first text that cannot be read.
pub fn diff(before: &str, after: &str) -> Result<Vec<Change>, Vec<Finding>> {
    let mut changes = Vec::new();
    let new = tree(after)?;
    let old = tree(before)?;
    let renamed = renamed(&old, &new);
    // Targets follow a renamed block, so only what is really different is told.
    let mut text = before.to_owned();
    for (from, to) in &renamed {
        changes
            .push(Change::new(What::Block, How::Renamed, from.clone()).of(None, Some(to.clone())));
        if let Ok(edited) = rename(&text, from, to) {
            text = edited.text;
        }
    }
    let old = tree(&text)?;
    let (old_blocks, new_blocks) = (blocks(&old), blocks(&new));
    for (name, steps) in &old_blocks {
        if find(&new_blocks, name).is_none() {
            changes.push(whole(How::Removed, name, steps));
        }
    }
    for (name, steps) in &new_blocks {
        match find(&old_blocks, name) {
            None => changes.push(whole(How::Added, name, steps)),
            Some(was) => steps::compare(name, was, steps, &mut changes),
        }
    }
    values::compare(&old, &new, &mut changes);
    Ok(changes)
}

fn tree(text: &str) -> Result<Tree, Vec<Finding>> {
    match Source::read(text) {
        Ok(source) => Ok(Tree::of(&source.root)),
        Err(Refused::Unreadable(findings)) => Err(findings),
        Err(_) => Err(Vec::new()),
    }
}

type Blocks<'t> = Vec<(&'t str, &'t [Tree])>;

fn blocks(tree: &Tree) -> Blocks<'_> {
    let Some(Tree::Map(entries)) = tree.at(&["blocks"]) else {
        return Vec::new();
    };
    let each = entries.iter().map(|(name, steps)| match steps {
        Tree::List(steps) => (name.as_str(), steps.as_slice()),
        _ => (name.as_str(), &[][..]),
    });
    each.collect()
}

fn find<'t>(blocks: &Blocks<'t>, name: &str) -> Option<&'t [Tree]> {
    let found = blocks.iter().find(|(own, _)| *own == name);
    found.map(|(_, steps)| *steps)
}

fn whole(how: How, name: &str, steps: &[Tree]) -> Change {
    let count = match steps.len() {
        1 => "1 step".to_owned(),
        count => format!("{count} steps"),
    };
    let (before, after) = match how {
        How::Removed => (Some(count), None),
        _ => (None, Some(count)),
    };
    Change::new(What::Block, how, name).of(before, after)
}

/// Blocks that are gone with the new ones that have their steps.
fn renamed(old: &Tree, new: &Tree) -> Vec<(String, String)> {
    let (old, new) = (blocks(old), blocks(new));
    let gone = old.iter().filter(|(name, _)| find(&new, name).is_none());
    let mut fresh: Vec<_> = new
        .iter()
        .filter(|(name, _)| find(&old, name).is_none())
        .collect();
    let mut pairs = Vec::new();
    for (name, steps) in gone {
        let best = fresh
            .iter()
            .enumerate()
            .map(|(at, (_, other))| (steps::alike(steps, other), at))
            .max_by_key(|(alike, at)| (*alike, usize::MAX - at));
        // Half of what both have together.
        if let Some((alike, at)) = best
            && alike >= 50
        {
            let (to, _) = fresh.remove(at);
            pairs.push(((*name).to_owned(), (*to).to_owned()));
        }
    }
    pairs
}
