//! A text with its tree, and what has to be known about its lines.
//!
//! **Owns**: pieces that are replaced, where lines begin and end, which values stand in brackets.
//! **Must not know**: operations.

use std::ops::Range;

use super::Refused;
use crate::yaml::{self, Entry, Kind, Node};

/// A piece of a text that is replaced, in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Splice {
    pub(crate) range: Range<usize>,
    pub(crate) with: String,
}

impl Splice {
    pub(crate) fn new(range: Range<usize>, with: impl Into<String>) -> Self {
        Self {
            range,
            with: with.into(),
        }
    }

    pub(crate) fn insert(at: usize, with: impl Into<String>) -> Self {
        Self::new(at..at, with)
    }
}

/// The text with the pieces replaced; they are in order and do not overlap.
pub(crate) fn applied(source: &str, splices: &[Splice]) -> String {
    let mut text = String::with_capacity(source.len());
    let mut from = 0;
    for splice in splices {
        text.push_str(source.get(from..splice.range.start).unwrap_or_default());
        text.push_str(&splice.with);
        from = splice.range.end;
    }
    text.push_str(source.get(from..).unwrap_or_default());
    text
}

/// What turns the new text into the old one.
pub(super) fn back(source: &str, splices: &[Splice]) -> Vec<Splice> {
    let mut grown = 0_usize;
    let mut shrunk = 0_usize;
    let each = splices.iter().map(|splice| {
        let at = (splice.range.start + grown) - shrunk;
        grown += splice.with.len();
        shrunk += splice.range.len();
        let was = source.get(splice.range.clone()).unwrap_or_default();
        Splice::new(at..at + splice.with.len(), was)
    });
    each.collect()
}

/// A text that was read.
pub(crate) struct Source<'t> {
    pub(crate) text: &'t str,
    pub(crate) root: Node,
    /// How its lines end.
    pub(crate) eol: &'static str,
}

/// A value with where it hangs.
#[derive(Clone, Copy)]
pub(super) struct Spot<'n> {
    pub(super) node: &'n Node,
    /// The line of the map it is the value of; none: it stands in a list, or is the whole file.
    pub(super) entry: Option<&'n Entry>,
    /// Inside brackets of something above it.
    pub(super) inside: bool,
}

impl<'t> Source<'t> {
    pub(crate) fn read(text: &'t str) -> Result<Self, Refused> {
        let reading = yaml::read(text, "");
        match reading.root {
            Some(root) if reading.findings.is_empty() => Ok(Self {
                text,
                root,
                eol: if text.contains("\r\n") { "\r\n" } else { "\n" },
            }),
            _ => Err(Refused::Unreadable(reading.findings)),
        }
    }

    /// What a path leads to.
    pub(super) fn spot(&self, path: &[&str]) -> Result<Spot<'_>, Refused> {
        let mut spot = Spot {
            node: &self.root,
            entry: None,
            inside: false,
        };
        for part in path {
            let inside = spot.inside || self.in_brackets(spot.node);
            let found = match &spot.node.kind {
                Kind::Map(entries) => entries
                    .iter()
                    .find(|entry| entry.key == *part)
                    .map(|entry| (&entry.value, Some(entry))),
                Kind::List(items) => {
                    let place = part.parse::<usize>().ok();
                    place
                        .and_then(|place| items.get(place))
                        .map(|node| (node, None))
                }
                _ => None,
            };
            let Some((node, entry)) = found else {
                let path = path.join("/");
                return Err(Refused::unfit(format!("there is nothing at /{path}")));
            };
            spot = Spot {
                node,
                entry,
                inside,
            };
        }
        Ok(spot)
    }

    /// Whether a list or map is written with brackets.
    pub(crate) fn in_brackets(&self, node: &Node) -> bool {
        matches!(node.kind, Kind::List(_) | Kind::Map(_))
            && matches!(self.text.as_bytes().get(node.span.start), Some(b'[' | b'{'))
    }

    /// Where the line begins in which a byte stands.
    pub(crate) fn line_start(&self, at: usize) -> usize {
        let before = self.text.get(..at).unwrap_or_default();
        before.rfind('\n').map_or(0, |place| place + 1)
    }

    /// Where the line ends in which a byte stands, in front of its line end.
    pub(crate) fn line_end(&self, at: usize) -> usize {
        let rest = self.text.get(at..).unwrap_or_default();
        let line = rest.split('\n').next().unwrap_or_default();
        at + line.strip_suffix('\r').unwrap_or(line).len()
    }

    /// The same behind its line end.
    pub(crate) fn next_line(&self, at: usize) -> usize {
        let rest = self.text.get(at..).unwrap_or_default();
        rest.find('\n')
            .map_or(self.text.len(), |place| at + place + 1)
    }

    /// How many signs stand in front of a byte in its line.
    pub(crate) fn column(&self, at: usize) -> usize {
        let line = self.text.get(self.line_start(at)..at).unwrap_or_default();
        line.chars().count()
    }

    /// Whether nothing but room stands in front of a byte in its line.
    pub(super) fn is_first(&self, at: usize) -> bool {
        let line = self.text.get(self.line_start(at)..at).unwrap_or_default();
        line.trim().is_empty()
    }

    /// Behind the colon of a line of a map.
    pub(crate) fn behind_colon(&self, entry: &Entry) -> usize {
        let rest = self.text.get(entry.key_span.end..).unwrap_or_default();
        let colon = rest.find(':').unwrap_or(0);
        entry.key_span.end + colon + 1
    }

    /// Where a line of a map really ends: behind the colon when no value stands there.
    pub(crate) fn entry_end(&self, entry: &Entry) -> usize {
        match &entry.value.kind {
            Kind::Empty if entry.value.span.is_empty() => self.behind_colon(entry),
            _ => self.node_end(&entry.value),
        }
    }

    pub(crate) fn node_end(&self, node: &Node) -> usize {
        if self.in_brackets(node) {
            return node.span.end;
        }
        match &node.kind {
            Kind::Map(entries) => entries
                .last()
                .map_or(node.span.end, |entry| self.entry_end(entry)),
            Kind::List(items) => items
                .last()
                .map_or(node.span.end, |item| self.node_end(item)),
            _ => node.span.end,
        }
    }

    /// The dash of an item of a list without brackets.
    pub(super) fn dash(&self, list: &Node, item: &Node) -> Result<usize, Refused> {
        let column = self.column(list.span.start);
        let mut start = self.line_start(item.span.start);
        loop {
            let line = self.text.get(start..).unwrap_or_default();
            let dash = line.char_indices().nth(column).filter(|(at, c)| {
                *c == '-' && line.get(..*at).is_some_and(|room| room.trim().is_empty())
            });
            if let Some((at, _)) = dash {
                return Ok(start + at);
            }
            if start <= list.span.start {
                // Two dashes in one line.
                return Err(Refused::layout());
            }
            start = self.line_start(start - 1);
        }
    }
}
