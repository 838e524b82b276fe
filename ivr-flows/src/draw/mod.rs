//! A flow as a picture: SVG, Mermaid, DOT, and lines for the terminal.
//!
//! **Owns**: [`Picture`]: boxes and arrows of a flow, and what may be laid over them.
//! **Must not know**: files, what the steps do: where they lead stands in the table of the language.

mod graph;
mod layout;
mod ranks;
mod svg;
#[cfg(test)]
mod tests;
mod text;

use std::collections::{BTreeMap, BTreeSet};

use crate::edit::{Refused, Source};
use crate::finding::Finding;
use crate::flow::Pos;

/// More boxes are not drawn as SVG: nobody could read it, and placing them would take long.
pub const MOST_BOXES: usize = 400;

/// How near one looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Zoom {
    /// One box for each block.
    #[default]
    Blocks,
    /// One box for each step.
    Steps,
}

/// How often callers went from one box to another, by the names of both, and by which exit, key or case.
pub type Traffic = BTreeMap<(String, String), BTreeMap<String, u64>>;

/// What is drawn.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// How near.
    pub zoom: Zoom,
    /// Exits that steps inherit from `defaults` too; most boxes have the same.
    pub inherited: bool,
    /// Steps that tests came by, by their places; none: coverage is not shown.
    pub covered: Option<BTreeSet<Pos>>,
    /// How often each way was taken; none: traffic is not shown.
    pub traffic: Option<Traffic>,
}

/// A box.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The block, or `BLOCK 2` for its second step.
    pub name: String,
    /// What is in it, in a few words.
    pub detail: String,
    /// How many of its steps tests came by, and how many it has; none: not shown.
    pub covered: Option<(usize, usize)>,
    /// Calls begin here.
    pub start: bool,
    /// The call can end here.
    pub ends: bool,
}

/// An arrow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrow {
    /// The box it leaves, by number.
    pub from: usize,
    /// The box it leads to.
    pub to: usize,
    /// Keys and exits.
    pub label: String,
    /// An exit from `defaults`.
    pub inherited: bool,
    /// Calls that took it; none: not shown.
    pub calls: Option<u64>,
}

/// A flow as boxes and arrows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Title of the flow.
    pub title: String,
    /// In the order of the file.
    pub boxes: Vec<Shown>,
    /// In the order of the file.
    pub arrows: Vec<Arrow>,
}

/// A flow's text as a picture. What is wrong with its names and paths does not matter.
///
/// # Errors
/// When the text cannot be read.
pub fn picture(source: &str, options: &Options) -> Result<Picture, Vec<Finding>> {
    match Source::read(source) {
        Ok(source) => Ok(graph::picture(&source.root, options)),
        Err(Refused::Unreadable(findings)) => Err(findings),
        Err(_) => Err(Vec::new()),
    }
}

impl Picture {
    /// As SVG, readable on light and dark grounds, with words for who cannot see it. None: too many boxes, or they
    /// cannot be placed.
    #[must_use]
    pub fn svg(&self) -> Option<String> {
        (self.boxes.len() <= MOST_BOXES).then(|| svg::svg(self))?
    }

    /// As a Mermaid flowchart.
    #[must_use]
    pub fn mermaid(&self) -> String {
        text::mermaid(self)
    }

    /// In the language of Graphviz.
    #[must_use]
    pub fn dot(&self) -> String {
        text::dot(self)
    }

    /// As lines for a terminal.
    #[must_use]
    pub fn lines(&self) -> String {
        text::lines(self)
    }
}
