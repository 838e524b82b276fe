//! Edits of a flow's text that leave everything else as it was: comments, layout, every other byte.
//!
//! **Owns**: the [`Operation`]s, the trait [`Editor`], and the promise that each edit keeps: what is read from the edited
//! text is what the operation makes of what was read before, else the edit is refused.
//! **Must not know**: files, what the steps of a flow mean.
//!
//! ```text
//! source + operation --plan (text/)--> splices --> new source --read--> tree
//!        \--read--> tree --operation (tree)---------------------------> the same tree, or refused
//! ```

mod operation;
mod plan;
mod rename;
mod source;
#[cfg(test)]
mod tests;
mod tree;
mod write;

pub use operation::Operation;
pub(crate) use source::{Source, Splice, applied};
pub use tree::Tree;
pub(crate) use write::{flow_text, scalar_text};

use crate::finding::Finding;
use crate::yaml;

/// Why an edit was not made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The text is not YAML as flows may have it.
    Unreadable(Vec<Finding>),
    /// The operation does not fit the file, in words for people.
    Unfit(String),
    /// The place is written in a way that cannot be changed without touching more; in words for people.
    Layout(String),
}

impl Refused {
    pub(crate) fn unfit(why: impl Into<String>) -> Self {
        Self::Unfit(why.into())
    }

    pub(crate) fn layout() -> Self {
        Self::Layout(
            "this place is laid out in a way that cannot be edited by itself: change it in the text"
                .to_owned(),
        )
    }
}

/// An edited text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edited {
    /// The text.
    pub text: String,
    back: Vec<Splice>,
}

impl Edited {
    /// The text as it was before, made from the edited one.
    #[must_use]
    pub fn undone(&self) -> String {
        applied(&self.text, &self.back)
    }
}

/// Whoever can edit a flow's text.
pub trait Editor {
    /// Makes one edit.
    ///
    /// # Errors
    /// When the text cannot be read, the operation does not fit, or the layout does not allow it. Nothing is half done.
    fn edit(&self, source: &str, operation: &Operation) -> Result<Edited, Refused>;
}

/// Edits by replacing pieces of the text at the places that the reader tells of.
#[derive(Clone, Copy, Debug, Default)]
pub struct Splicer;

impl Editor for Splicer {
    fn edit(&self, source: &str, operation: &Operation) -> Result<Edited, Refused> {
        let before = Source::read(source)?;
        let expected = match operation {
            Operation::RenameBlock { from, to } => rename::expected(&before, from, to)?,
            _ => operation.on(Tree::of(&before.root))?,
        };
        let mut splices = match operation {
            Operation::RenameBlock { from, to } => rename::plan(&before, from, to)?,
            _ => plan::plan(&before, operation)?,
        };
        splices.sort_by_key(|splice| splice.range.start);
        let overlap = splices
            .windows(2)
            .any(|pair| matches!(pair, [a, b] if a.range.end > b.range.start));
        if overlap {
            return Err(Refused::layout());
        }
        let text = applied(source, &splices);
        let reading = yaml::read(&text, "");
        let read = reading.root.map(|root| Tree::of(&root));
        if !reading.findings.is_empty() || read != Some(expected) {
            return Err(Refused::layout());
        }
        let back = source::back(source, &splices);
        Ok(Edited { text, back })
    }
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unreadable(findings) => match findings.first() {
                Some(first) => write!(f, "line {}: {}; {}", first.line, first.message, first.help),
                None => f.write_str("the text cannot be read"),
            },
            Self::Unfit(why) | Self::Layout(why) => f.write_str(why),
        }
    }
}

pub use rename::{rename, rename_in_tests};
