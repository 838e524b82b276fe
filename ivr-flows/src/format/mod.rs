//! One layout for every flow file: what `flow fmt` writes.
//!
//! **Owns**: the order of keys, quotes, room and indentation; that every remark is kept, and that the file says the same.
//! **Must not know**: whether the flow is right.

mod comments;
mod print;
#[cfg(test)]
mod tests;

use crate::edit::{Refused, Source, Tree};

/// The text in the one layout.
///
/// # Errors
/// When the text cannot be read, or holds something that cannot be laid out without a loss: the message says where.
pub fn format(text: &str) -> Result<String, Refused> {
    let source = Source::read(text)?;
    let found = comments::find(&source);
    let (laid_out, kept) = print::file(&source, &found);
    if let Some((comment, _)) = found.iter().zip(&kept).find(|(_, kept)| !**kept) {
        let line = text
            .get(..comment.at)
            .unwrap_or_default()
            .matches('\n')
            .count()
            + 1;
        return Err(Refused::Layout(format!(
            "the remark in line {line} stands where it cannot be kept: put it in a line of its own above what it is about"
        )));
    }
    let again = Source::read(&laid_out).map_err(|_| Refused::layout())?;
    let same = sorted(Tree::of(&again.root)) == sorted(Tree::of(&source.root));
    if !same || comments::find(&again).len() != found.len() {
        return Err(Refused::layout());
    }
    Ok(laid_out)
}

/// A tree in which the order of keys does not matter.
fn sorted(tree: Tree) -> Tree {
    match tree {
        Tree::Map(mut entries) => {
            entries.sort_by(|a, b| a.0.cmp(&b.0));
            let each = entries.into_iter().map(|(key, value)| (key, sorted(value)));
            Tree::Map(each.collect())
        }
        Tree::List(items) => Tree::List(items.into_iter().map(sorted).collect()),
        other => other,
    }
}
