//! A tree with its remarks as text.
//!
//! **Owns**: where lines break. What stands in brackets stays in one line while it fits and holds no remark.
//! **Must not know**: how remarks are found.

use std::ops::Range;

use super::comments::Comment;
use crate::edit::{Source, scalar_text};
use crate::reference::{ACTIONS, BESIDE, CHOICE, Field, Kind, SAID, TARGET, TOP, fits};
use crate::yaml::{self, Entry, Node};

/// What stands in brackets and is longer gets lines of its own.
const WIDTH: usize = 132;

/// The file's text, and for each remark whether it is in it.
pub(super) fn file(source: &Source<'_>, comments: &[Comment]) -> (String, Vec<bool>) {
    let mut printer = Printer {
        source,
        comments,
        kept: vec![false; comments.len()],
        out: String::new(),
    };
    let first = match &source.root.kind {
        yaml::Kind::Map(entries) => entries.first().map(|entry| entry.key_span.start),
        _ => None,
    };
    // What stands above everything stays there, whatever the order of the keys becomes.
    let head = printer.take(0..first.unwrap_or(source.text.len()), |comment| {
        comment.alone
    });
    for comment in head {
        if printer.blank_before(comment.at) && !printer.out.is_empty() {
            printer.out.push('\n');
        }
        printer.out.push_str(&comment.text);
        printer.out.push('\n');
    }
    if first.is_some_and(|first| printer.blank_before(first)) && !printer.out.is_empty() {
        printer.out.push('\n');
    }
    printer.collection(Kind::Shape(&TOP), &source.root, 0, 0..source.text.len());
    (printer.out, printer.kept)
}

struct Printer<'s> {
    source: &'s Source<'s>,
    comments: &'s [Comment],
    kept: Vec<bool>,
    out: String,
}

/// One line of a map, or one item of a list, with the remarks around it.
struct Part<'n> {
    key: Option<&'n Entry>,
    node: &'n Node,
    kind: Kind,
    above: Vec<Comment>,
    below: Vec<Comment>,
    blank: bool,
}

impl<'s> Printer<'s> {
    /// The remarks of a stretch that are not yet printed.
    fn take(&mut self, range: Range<usize>, wanted: impl Fn(&Comment) -> bool) -> Vec<Comment> {
        let first = self
            .comments
            .partition_point(|comment| comment.at < range.start);
        let within = self.comments.iter().zip(&mut self.kept).skip(first);
        let mut taken = Vec::new();
        for (comment, kept) in within.take_while(|(comment, _)| comment.at < range.end) {
            if !*kept && wanted(comment) {
                *kept = true;
                taken.push(comment.clone());
            }
        }
        taken
    }

    /// The remark in the rest of a line.
    fn behind(&mut self, at: usize) {
        let end = self.source.next_line(at);
        for comment in self.take(at..end, |comment| !comment.alone) {
            self.out.push(' ');
            self.out.push_str(&comment.text);
        }
        self.out.push('\n');
    }

    fn blank_before(&self, at: usize) -> bool {
        let start = self.source.line_start(at);
        let before = self.source.text.get(..start).unwrap_or_default();
        before
            .lines()
            .next_back()
            .is_some_and(|line| line.trim().is_empty())
            && !before.is_empty()
    }

    fn room(&mut self, indent: usize) {
        self.out.extend(std::iter::repeat_n(' ', indent));
    }

    fn brackets(&self, node: &Node) -> bool {
        self.source.in_brackets(node)
    }

    /// A list or map in lines of their own. Its remarks stand in this stretch.
    fn collection(&mut self, kind: Kind, node: &Node, indent: usize, stretch: Range<usize>) {
        let parts = self.parts(kind, node, indent, stretch);
        self.lines(parts, indent, false);
    }

    /// `begun`: the first line has its dash already.
    fn lines(&mut self, parts: Vec<Part<'_>>, indent: usize, begun: bool) {
        for (at, mut part) in parts.into_iter().enumerate() {
            let first = at == 0;
            let mut inner = self.inner(&part, indent);
            // Behind a dash there is no room for a remark of its own.
            if let Some(first) = inner.as_mut().and_then(|inner| inner.first_mut()) {
                part.above.append(&mut first.above);
            }
            if !(first && begun) {
                if part.blank && !first {
                    self.out.push('\n');
                }
                self.remarks(&part.above, indent);
                self.room(indent);
            }
            match (part.key, inner) {
                (Some(entry), _) => self.entry(entry, part.kind, indent),
                (None, Some(inner)) => {
                    self.out.push_str("- ");
                    self.lines(inner, indent + 2, true);
                }
                (None, None) => self.item(part.node, part.kind, indent),
            }
            self.remarks(&part.below, indent + 2);
        }
    }

    fn remarks(&mut self, remarks: &[Comment], indent: usize) {
        for comment in remarks {
            self.room(indent);
            self.out.push_str(&comment.text);
            self.out.push('\n');
        }
    }

    /// The lines of an item of a list that does not stand in one line.
    fn inner<'n>(&mut self, part: &Part<'n>, indent: usize) -> Option<Vec<Part<'n>>> {
        let one_line = self.one_line(part.kind, part.node, indent + 2, indent);
        if part.key.is_some() || one_line.is_some() {
            return None;
        }
        let stretch = part.node.span.start..self.source.node_end(part.node);
        Some(self.parts(part.kind, part.node, indent + 2, stretch))
    }

    /// Lines or items in the order in which they are printed.
    fn parts<'n>(
        &mut self,
        kind: Kind,
        node: &'n Node,
        indent: usize,
        stretch: Range<usize>,
    ) -> Vec<Part<'n>> {
        let kind = resolved(kind, node);
        let list: Vec<(Option<&'n Entry>, &'n Node, usize, Kind)> = match &node.kind {
            yaml::Kind::Map(entries) => entries
                .iter()
                .map(|entry| {
                    (
                        Some(entry),
                        &entry.value,
                        entry.key_span.start,
                        kind_of(kind, &entry.key),
                    )
                })
                .collect(),
            yaml::Kind::List(items) => items
                .iter()
                .map(|item| (None, item, item.span.start, item_kind(kind)))
                .collect(),
            _ => Vec::new(),
        };
        let column = list
            .first()
            .map_or(indent, |(_, _, start, _)| self.source.column(*start));
        let column = if list.first().is_some_and(|(key, ..)| key.is_none()) {
            self.source.column(node.span.start)
        } else {
            column
        };
        let (mut from, end) = (stretch.start, stretch.end);
        let mut parts: Vec<Part<'n>> = Vec::new();
        for (key, node, start, kind) in list {
            let gap = self.take(from..start, |comment| comment.alone);
            let deep = gap
                .iter()
                .take_while(|comment| comment.column > column)
                .count();
            let closed = parts.last().is_none_or(|last| self.brackets(last.node));
            let deep = if closed { 0 } else { deep };
            let above = gap.get(deep..).unwrap_or_default().to_vec();
            let first = above.first().map_or(start, |comment| comment.at);
            let blank = !parts.is_empty() && self.blank_before(first);
            if let Some(last) = parts.last_mut() {
                last.below = gap.get(..deep).unwrap_or_default().to_vec();
            }
            from = self.end_of(key, node);
            parts.push(Part {
                key,
                node,
                kind,
                above,
                below: Vec::new(),
                blank,
            });
        }
        let below = self.behind_last(column, indent == 0, from..end);
        if let Some(last) = parts.last_mut() {
            last.below.extend(below);
        }
        order(kind, &mut parts);
        parts
    }

    /// The remarks behind the last line of a map or list that are indented deeper than its lines.
    fn behind_last(&mut self, column: usize, top: bool, stretch: Range<usize>) -> Vec<Comment> {
        let rest = self
            .comments
            .iter()
            .filter(|comment| stretch.contains(&comment.at) && comment.alone);
        let deep = rest
            .take_while(|comment| comment.column > column || (comment.column == column && top))
            .map(|comment| comment.at);
        let deep: Vec<usize> = deep.collect();
        self.take(stretch, |comment| deep.contains(&comment.at))
    }

    fn end_of(&self, key: Option<&Entry>, node: &Node) -> usize {
        key.map_or_else(
            || self.source.node_end(node),
            |entry| self.source.entry_end(entry),
        )
    }

    fn entry(&mut self, entry: &Entry, kind: Kind, indent: usize) {
        let key = self
            .source
            .text
            .get(entry.key_span.clone())
            .unwrap_or(&entry.key);
        self.out.push_str(key);
        self.out.push(':');
        let node = &entry.value;
        let start = self.out.rfind('\n').map_or(0, |at| at + 1);
        let used = self.out.get(start..).map_or(0, |line| line.chars().count());
        if let Some(text) = self.one_line(kind, node, used, indent) {
            if !text.is_empty() {
                self.out.push(' ');
                self.out.push_str(&text);
            }
            return self.behind(self.source.entry_end(entry));
        }
        self.behind(self.source.behind_colon(entry));
        let end = self.source.entry_end(entry);
        let begin = self.source.behind_colon(entry);
        self.collection(kind, node, indent + 2, begin..end);
    }

    fn item(&mut self, node: &Node, kind: Kind, indent: usize) {
        self.out.push_str("- ");
        if let Some(text) = self.one_line(kind, node, indent + 2, indent) {
            self.out.push_str(&text);
        }
        self.behind(self.source.node_end(node));
    }

    /// A value that needs no lines of its own.
    fn one_line(&self, kind: Kind, node: &Node, used: usize, indent: usize) -> Option<String> {
        match &node.kind {
            yaml::Kind::Empty => Some(self.source.text.get(node.span.clone())?.to_owned()),
            yaml::Kind::Text { .. } => Some(self.scalar(node, false, indent)),
            yaml::Kind::List(items) if items.is_empty() => Some("[]".to_owned()),
            yaml::Kind::Map(entries) if entries.is_empty() => Some("{}".to_owned()),
            _ if !self.brackets(node) => None,
            _ => {
                let inside = |comment: &&Comment| node.span.contains(&comment.at);
                let text = self.in_brackets(kind, node);
                let fits = used + 1 + text.chars().count() <= WIDTH;
                (fits && !self.comments.iter().any(|comment| inside(&comment))).then_some(text)
            }
        }
    }

    fn in_brackets(&self, kind: Kind, node: &Node) -> String {
        let kind = resolved(kind, node);
        match &node.kind {
            yaml::Kind::Empty => self
                .source
                .text
                .get(node.span.clone())
                .unwrap_or_default()
                .to_owned(),
            yaml::Kind::Text { .. } => self.scalar(node, true, 0),
            yaml::Kind::List(items) if items.is_empty() => "[]".to_owned(),
            yaml::Kind::Map(entries) if entries.is_empty() => "{}".to_owned(),
            yaml::Kind::List(items) => {
                let items: Vec<String> = items
                    .iter()
                    .map(|item| self.in_brackets(item_kind(kind), item))
                    .collect();
                format!("[{}]", items.join(", "))
            }
            yaml::Kind::Map(entries) => {
                let mut entries: Vec<&Entry> = entries.iter().collect();
                entries.sort_by_key(|entry| place(kind, &entry.key));
                let entries = entries.into_iter().map(|entry| {
                    let key = self
                        .source
                        .text
                        .get(entry.key_span.clone())
                        .unwrap_or(&entry.key);
                    let value = self.in_brackets(kind_of(kind, &entry.key), &entry.value);
                    let room = if value.is_empty() { "" } else { " " };
                    format!("{key}:{room}{value}")
                });
                format!("{{ {} }}", entries.collect::<Vec<_>>().join(", "))
            }
        }
    }

    /// A scalar as it was written, with quotes where brackets would cut it.
    fn scalar(&self, node: &Node, inside: bool, indent: usize) -> String {
        let written = self.source.text.get(node.span.clone()).unwrap_or_default();
        let yaml::Kind::Text { text, quoted } = &node.kind else {
            return written.to_owned();
        };
        if !inside && written.starts_with(['|', '>']) && *quoted {
            return lines_of(written, indent + 2);
        }
        let cut = inside && !quoted && text.contains([' ', ',', ':', '"', '\'']);
        if written.contains('\n') || cut {
            return scalar_text(text, true, inside);
        }
        written.to_owned()
    }
}

/// A text of several lines at another indentation.
fn lines_of(written: &str, indent: usize) -> String {
    let mut lines = written.lines();
    let mut out = lines.next().unwrap_or_default().trim_end().to_owned();
    let rest: Vec<&str> = lines.collect();
    let room = |line: &&str| line.len() - line.trim_start_matches(' ').len();
    let least = rest
        .iter()
        .filter(|line| !line.trim().is_empty())
        .map(room)
        .min()
        .unwrap_or(0);
    for line in rest {
        out.push('\n');
        if let Some(line) = line.get(least..).filter(|line| !line.trim().is_empty()) {
            out.extend(std::iter::repeat_n(' ', indent));
            out.push_str(line);
        }
    }
    out
}

/// The form that a value has.
fn resolved(kind: Kind, node: &Node) -> Kind {
    match kind {
        Kind::Either(kinds) => kinds
            .iter()
            .copied()
            .find(|kind| fits(*kind, node))
            .unwrap_or(kind),
        Kind::Target => Kind::Shape(&TARGET),
        Kind::Choice => Kind::Shape(&CHOICE),
        Kind::Sayings if matches!(node.kind, yaml::Kind::Map(_)) => Kind::Shape(&SAID),
        other => other,
    }
}

/// The fields of a map with keys of the language.
fn fields(kind: Kind) -> &'static [Field] {
    match kind {
        Kind::Shape(shape) => shape.fields,
        _ => &[],
    }
}

/// What the value of a key is; the map of a step has the kind `Steps`.
fn kind_of(kind: Kind, key: &str) -> Kind {
    match kind {
        Kind::Steps => {
            let action = ACTIONS.iter().find(|action| action.name == key);
            action.map_or(Kind::Text, |action| action.value)
        }
        Kind::Map(_, inner) => *inner,
        Kind::Exits(_) | Kind::Returns(_) => Kind::Target,
        Kind::Spoken => Kind::Template,
        kind => {
            let field = fields(kind).iter().find(|field| field.name == key);
            field.map_or(Kind::Text, |field| field.kind)
        }
    }
}

fn item_kind(kind: Kind) -> Kind {
    match kind {
        Kind::List(inner) => *inner,
        other => other,
    }
}

/// Where a key stands in its map; the author's own keys stay in their order.
fn place(kind: Kind, key: &str) -> usize {
    if matches!(kind, Kind::Steps) {
        let beside = BESIDE.iter().position(|field| field.name == key);
        return beside.map_or(0, |at| at + 1);
    }
    let fields = fields(kind);
    fields
        .iter()
        .position(|field| field.name == key)
        .unwrap_or(fields.len())
}

fn order(kind: Kind, parts: &mut [Part<'_>]) {
    parts.sort_by_key(|part| part.key.map_or(0, |entry| place(kind, &entry.key)));
}
