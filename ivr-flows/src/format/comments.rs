//! The remarks of a file.
//!
//! **Owns**: telling a remark from a `#` inside a text. **Must not know**: what a remark belongs to.

use std::ops::Range;

use crate::edit::Source;
use crate::yaml::{Kind, Node};

/// One remark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Comment {
    /// Where its `#` stands, in bytes.
    pub(super) at: usize,
    /// With its `#`, without the room behind it.
    pub(super) text: String,
    /// Nothing else stands in its line.
    pub(super) alone: bool,
    /// Signs in front of it in its line.
    pub(super) column: usize,
}

/// All remarks in the order of the file.
pub(super) fn find(source: &Source<'_>) -> Vec<Comment> {
    let mut texts = Vec::new();
    scalars(&source.root, &mut texts);
    texts.sort_by_key(|text| text.start);
    let mut texts = texts.into_iter().peekable();
    let mut found = Vec::new();
    let mut start = 0;
    for line in source.text.split_inclusive('\n') {
        let end = start + line.trim_end().len();
        let mut at = start;
        while let Some(sign) = source.text.get(at..end).and_then(|rest| rest.find('#')) {
            at += sign;
            while texts.next_if(|text| text.end <= at).is_some() {}
            let inside = texts.peek().is_some_and(|text| text.start <= at);
            let before = source.text.get(start..at).unwrap_or_default();
            if !inside && (before.is_empty() || before.ends_with([' ', '\t'])) {
                found.push(Comment {
                    at,
                    text: source.text.get(at..end).unwrap_or_default().to_owned(),
                    alone: before.trim().is_empty(),
                    column: before.chars().count(),
                });
                break;
            }
            at += 1;
        }
        start += line.len();
    }
    found
}

fn scalars(node: &Node, all: &mut Vec<Range<usize>>) {
    match &node.kind {
        Kind::Text { .. } | Kind::Empty => all.push(node.span.clone()),
        Kind::List(items) => items.iter().for_each(|item| scalars(item, all)),
        Kind::Map(entries) => {
            for entry in entries {
                all.push(entry.key_span.clone());
                scalars(&entry.value, all);
            }
        }
    }
}
