//! Another name for a block.
//!
//! **Owns**: finding every place where a block is named, by the table of the language, and in tests.
//! **Must not know**: layout: a name is replaced by a name where it stands.

use super::source::{Source, Splice, applied, back};
use super::write::scalar_text;
use super::{Edited, Refused, Tree};
use crate::reference::{Key, Kind, Place, walk};
use crate::yaml::{self, Node};

/// Words that are no names of blocks.
const TARGETS: [&str; 3] = ["repeat", "hangup", "return"];
/// Longest name.
const LONGEST: usize = 64;

/// Renames a block in a flow.
///
/// # Errors
/// When the text cannot be read, there is no such block, or the new name is taken or no name.
pub fn rename(source: &str, from: &str, to: &str) -> Result<Edited, Refused> {
    use super::{Editor as _, Operation, Splicer};
    let operation = Operation::RenameBlock {
        from: from.to_owned(),
        to: to.to_owned(),
    };
    Splicer.edit(source, &operation)
}

/// Renames a block in the tests of its flow, where it stands under `block:`. None: it is not named there.
///
/// # Errors
/// When the text cannot be read.
pub fn rename_in_tests(source: &str, from: &str, to: &str) -> Result<Option<Edited>, Refused> {
    let source = Source::read(source)?;
    let mut splices = Vec::new();
    for list in ["expect", "never"] {
        for test in list_of(&source.root, "tests") {
            for expected in list_of(test, list) {
                let Some(node) = value(expected, "block") else {
                    continue;
                };
                if let Some(rest) = below(node, from) {
                    splices.push(splice(&source, node.span.clone(), &format!("{to}{rest}")));
                }
            }
        }
    }
    splices.sort_by_key(|splice| splice.range.start);
    let text = applied(source.text, &splices);
    let back = back(source.text, &splices);
    Ok((!splices.is_empty()).then_some(Edited { text, back }))
}

fn value<'n>(node: &'n Node, key: &str) -> Option<&'n Node> {
    let yaml::Kind::Map(entries) = &node.kind else {
        return None;
    };
    let entry = entries.iter().find(|entry| entry.key == key);
    entry.map(|entry| &entry.value)
}

fn list_of<'n>(node: &'n Node, key: &str) -> &'n [Node] {
    match value(node, key).map(|node| &node.kind) {
        Some(yaml::Kind::List(items)) => items,
        _ => &[],
    }
}

fn is(node: &Node, name: &str) -> bool {
    matches!(&node.kind, yaml::Kind::Text { text, .. } if text == name)
}

/// What stands behind the block's name, where a `do:` list of it is named: `/2` of `main/2`.
fn below<'n>(node: &'n Node, name: &str) -> Option<&'n str> {
    let yaml::Kind::Text { text, .. } = &node.kind else {
        return None;
    };
    let rest = text.strip_prefix(name)?;
    (rest.is_empty() || rest.starts_with('/')).then_some(rest)
}

/// The name with the quotes that the old one had.
fn splice(source: &Source<'_>, range: std::ops::Range<usize>, to: &str) -> Splice {
    let first = source.text.as_bytes().get(range.start);
    let quoted = matches!(first, Some(b'"' | b'\''));
    let text = if quoted {
        let quote = if first == Some(&b'"') { '"' } else { '\'' };
        format!("{quote}{to}{quote}")
    } else {
        scalar_text(to, false, true)
    };
    Splice::new(range, text)
}

/// Where the block is defined, and where it is a target.
fn places(
    source: &Source<'_>,
    from: &str,
) -> (Option<std::ops::Range<usize>>, Vec<std::ops::Range<usize>>) {
    let mut defined = None;
    let mut named = Vec::new();
    walk(&source.root, &mut |place| match place {
        Place::Key(Key::Own("a block"), entry) if entry.key == from => {
            defined = Some(entry.key_span.clone());
        }
        Place::Value(Kind::Block, node) if is(node, from) => named.push(node.span.clone()),
        _ => {}
    });
    (defined, named)
}

pub(super) fn plan(source: &Source<'_>, from: &str, to: &str) -> Result<Vec<Splice>, Refused> {
    let (defined, named) = places(source, from);
    let all = defined.into_iter().chain(named);
    Ok(all.map(|range| splice(source, range, to)).collect())
}

/// What the tree must be afterwards.
pub(super) fn expected(source: &Source<'_>, from: &str, to: &str) -> Result<Tree, Refused> {
    let good = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    if to.is_empty() || to.chars().count() > LONGEST || !to.chars().all(good) {
        let why = format!(
            "`{to}` cannot be the name of a block: letters, digits, `-`, `_` and `.`, at most {LONGEST}"
        );
        return Err(Refused::unfit(why));
    }
    if TARGETS.contains(&to) {
        return Err(Refused::unfit(format!(
            "`{to}` is a target of its own; take another name"
        )));
    }
    let (defined, named) = places(source, from);
    if defined.is_none() {
        return Err(Refused::unfit(format!("there is no block `{from}`")));
    }
    if places(source, to).0.is_some() {
        return Err(Refused::unfit(format!("there is a block `{to}` already")));
    }
    let mut tree = renamed(&source.root, &named, to);
    if let Some(Tree::Map(blocks)) = tree.at_mut(&["blocks"])
        && let Some((key, _)) = blocks.iter_mut().find(|(key, _)| key == from)
    {
        to.clone_into(key);
    }
    Ok(tree)
}

/// The tree with another word in these places.
fn renamed(node: &Node, places: &[std::ops::Range<usize>], to: &str) -> Tree {
    match &node.kind {
        // A name that looks like a number is written in quotes.
        yaml::Kind::Text { .. } if places.contains(&node.span) => Tree::Text(to.to_owned()),
        yaml::Kind::List(items) => {
            Tree::List(items.iter().map(|item| renamed(item, places, to)).collect())
        }
        yaml::Kind::Map(entries) => Tree::Map(
            entries
                .iter()
                .map(|entry| (entry.key.clone(), renamed(&entry.value, places, to)))
                .collect(),
        ),
        _ => Tree::of(node),
    }
}
