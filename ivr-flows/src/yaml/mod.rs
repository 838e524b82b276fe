//! YAML text into a tree in which every key and value knows its place.
//!
//! **Owns**: the one use of the YAML library, the limits against hostile input, and the refusal of what a flow file
//! may not hold (anchors, tags, merge keys, several documents).
//! **Must not know**: what a flow is.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

use serde_saphyr::granit_parser::{Event, Marker, Options, Parser, ScalarStyle, ScanError, Span};

use crate::finding::Finding;
use crate::flow::Pos;

mod explain_syntax;
#[cfg(test)]
mod tests;

/// Larger sources are refused: the longest flows of real call centres are a twentieth of this.
const MAX_BYTES: usize = 512 * 1024;
/// Deeper nesting is refused; a menu in a `do:` list in a menu needs about fifteen.
const MAX_DEPTH: usize = 40;
/// More values are refused.
const MAX_NODES: usize = 50_000;
/// No more findings than this from one reading.
const MAX_FINDINGS: usize = 100;

/// A value with its place.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) pos: Pos,
    pub(crate) kind: Kind,
    /// Where it begins and ends in the source, in bytes; a value that is not there has both behind its key.
    pub(crate) span: Range<usize>,
}

#[derive(Clone, Debug)]
pub(crate) enum Kind {
    /// Nothing, `~` or `null`.
    Empty,
    /// Any scalar, as written; numbers and truth values are told apart by who reads them.
    Text {
        text: String,
        quoted: bool,
    },
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// One line of a map.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) pos: Pos,
    pub(crate) value: Node,
    /// Where the key begins and ends in the source, in bytes.
    pub(crate) key_span: Range<usize>,
}

impl Entry {
    /// Where its last byte ends: that of the value, or of the key when there is no value.
    pub(crate) fn end(&self) -> usize {
        match self.value.kind {
            Kind::Empty if self.value.span.is_empty() => self.key_span.end,
            _ => self.value.span.end.max(self.key_span.end),
        }
    }
}

/// A tree as far as it could be read, and what is wrong with it.
pub(crate) struct Reading {
    pub(crate) root: Option<Node>,
    pub(crate) findings: Vec<Finding>,
}

/// Reads one document.
pub(crate) fn read(source: &str, file: &str) -> Reading {
    if source.len() > MAX_BYTES {
        let what = format!(
            "the file has {} bytes, more than the {MAX_BYTES} allowed",
            source.len()
        );
        let finding = Finding::error(
            "F107",
            file,
            Pos { line: 1, column: 1 },
            what,
            "split it into several flows",
        );
        return Reading {
            root: None,
            findings: vec![finding],
        };
    }
    let mut options = Options::default();
    options.set_emit_comments(false);
    options.emit_unresolved_aliases = true;
    options.disallow_directives = true;
    options.flow_nesting_limit = MAX_DEPTH;
    options.block_nesting_limit = MAX_DEPTH;
    let mut builder = Builder::new(file, source);
    for event in Parser::new_from_str_with_options(source, options) {
        let stop = match event {
            Ok((event, span)) => builder.event(event, span),
            Err(error) => {
                builder.syntax(&error, source);
                true
            }
        };
        if stop {
            return Reading {
                root: None,
                findings: builder.findings,
            };
        }
    }
    for finding in &mut builder.findings {
        explain_syntax::template(source, finding);
    }
    Reading {
        root: builder.root,
        findings: builder.findings,
    }
}

/// A list or map that is still open.
enum Open {
    List {
        pos: Pos,
        begins: usize,
        items: Vec<Node>,
    },
    Map {
        pos: Pos,
        begins: usize,
        entries: Vec<Entry>,
        seen: HashMap<String, Pos>,
        key: Option<Key>,
    },
}

/// A key whose value is still to come.
struct Key {
    text: String,
    pos: Pos,
    span: Range<usize>,
    /// It stood in the map before.
    again: bool,
}

struct Builder<'a> {
    file: &'a str,
    source: &'a str,
    stack: Vec<Open>,
    root: Option<Node>,
    findings: Vec<Finding>,
    nodes: usize,
    documents: usize,
}

impl<'a> Builder<'a> {
    fn new(file: &'a str, source: &'a str) -> Self {
        Self {
            file,
            source,
            stack: Vec::new(),
            root: None,
            findings: Vec::new(),
            nodes: 0,
            documents: 0,
        }
    }

    /// Takes one event; true when reading must stop.
    fn event(&mut self, event: Event<'_>, span: Span) -> bool {
        let pos = place(&span);
        let bytes = self.bytes(&span);
        match event {
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents > 1 {
                    self.refuse(
                        pos,
                        "a second document begins here",
                        "keep one flow in one file",
                    );
                    return true;
                }
            }
            Event::Scalar(text, style, anchor, tag) => {
                self.properties(anchor, tag.map(|tag| tag.original()), pos);
                let block = matches!(style, ScalarStyle::Literal | ScalarStyle::Folded);
                let bytes = if block { self.with_sign(bytes) } else { bytes };
                self.scalar(&text, style, pos, bytes);
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.properties(anchor, tag.map(|tag| tag.original()), pos);
                self.stack.push(Open::List {
                    pos,
                    begins: bytes.start,
                    items: Vec::new(),
                });
            }
            Event::MappingStart(_, anchor, tag) => {
                self.properties(anchor, tag.map(|tag| tag.original()), pos);
                self.stack.push(Open::Map {
                    pos,
                    begins: bytes.start,
                    entries: Vec::new(),
                    seen: HashMap::new(),
                    key: None,
                });
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(bytes.end),
            Event::Alias(_) => self.alias(None, pos, bytes),
            Event::UnresolvedAlias(name) => self.alias(Some(name), pos, bytes),
            _ => {}
        }
        self.full(pos)
    }

    /// True when there is too much of anything to go on.
    fn full(&mut self, pos: Pos) -> bool {
        if self.nodes > MAX_NODES || self.stack.len() > MAX_DEPTH {
            let what = "the file is nested too deeply or holds too many values";
            self.add(Finding::error(
                "F107",
                self.file,
                pos,
                what,
                "split it into several flows",
            ));
            return true;
        }
        self.findings.len() >= MAX_FINDINGS
    }

    fn properties(&mut self, anchor: usize, tag: Option<String>, pos: Pos) {
        if anchor != 0 {
            let help = "write the value out, or give it a name: a prompt, a block, a wait";
            self.refuse(pos, "anchors (`&name`) are not allowed in flow files", help);
        }
        if let Some(tag) = tag {
            let what = format!("tags such as `{tag}` are not allowed in flow files");
            self.refuse(
                pos,
                what,
                "remove the tag; quote the text if it begins with `!`",
            );
        }
    }

    fn alias(&mut self, name: Option<Cow<'_, str>>, pos: Pos, span: Range<usize>) {
        let help = if name.is_none() {
            "write the value out: what runs must stand in the text"
        } else {
            "for the star key write `star`; quote a text that begins with `*`"
        };
        self.refuse(pos, "aliases (`*name`) are not allowed in flow files", help);
        self.put(Node {
            pos,
            span,
            kind: Kind::Empty,
        });
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, pos: Pos, span: Range<usize>) {
        let quoted = style != ScalarStyle::Plain;
        if let Some(Open::Map {
            key: key @ None,
            seen,
            ..
        }) = self.stack.last_mut()
        {
            let first = seen.insert(text.to_owned(), pos);
            *key = Some(Key {
                text: text.to_owned(),
                pos,
                span,
                again: first.is_some(),
            });
            if text == "<<" && !quoted {
                self.refuse(
                    pos,
                    "merge keys (`<<`) are not allowed in flow files",
                    "write the keys out",
                );
            } else if let Some(first) = first {
                self.add(twice(self.file, text, pos, first));
            }
            return;
        }
        let kind = if !quoted && matches!(text, "" | "~" | "null") {
            Kind::Empty
        } else {
            Kind::Text {
                text: text.to_owned(),
                quoted,
            }
        };
        self.put(Node { pos, kind, span });
    }

    /// `end` is where the closing bracket ends; without brackets a value ends where its last part does.
    fn close(&mut self, end: usize) {
        let brackets = |begins: usize| {
            let first = self.source.as_bytes().get(begins);
            matches!(first, Some(b'[' | b'{'))
        };
        let ends = |begins: usize, last: Option<usize>| {
            if brackets(begins) {
                end.max(begins)
            } else {
                last.unwrap_or(begins).max(begins)
            }
        };
        let node = match self.stack.pop() {
            Some(Open::List { pos, begins, items }) => Node {
                pos,
                span: begins..ends(begins, items.last().map(|item| item.span.end)),
                kind: Kind::List(items),
            },
            Some(Open::Map {
                pos,
                begins,
                entries,
                ..
            }) => Node {
                pos,
                span: begins..ends(begins, entries.last().map(Entry::end)),
                kind: Kind::Map(entries),
            },
            None => return,
        };
        self.put(node);
    }

    /// Where something stands in the source, without the room behind it.
    fn bytes(&self, span: &Span) -> Range<usize> {
        let place = |marker: &Marker| marker.byte_offset().unwrap_or_else(|| marker.index());
        let begins = place(&span.start).min(self.source.len());
        let text = self.source.get(begins..place(&span.end));
        begins..begins.saturating_add(text.map_or(0, |text| text.trim_end().len()))
    }

    /// A text of several lines begins with its `|` or `>`.
    fn with_sign(&self, text: Range<usize>) -> Range<usize> {
        let before = self.source.get(..text.start).unwrap_or_default();
        let own = self.source.as_bytes().get(text.start);
        let sign = before.rfind(['|', '>']);
        match (own, sign) {
            (Some(b'|' | b'>'), _) | (_, None) => text,
            (_, Some(sign)) => sign..text.end.max(sign),
        }
    }

    fn put(&mut self, node: Node) {
        self.nodes = self.nodes.saturating_add(1);
        let mut complex = None;
        let mut cut = None;
        match self.stack.last_mut() {
            None => self.root = Some(node),
            Some(Open::List { items, .. }) => items.push(node),
            Some(Open::Map { entries, key, .. }) => match key.take() {
                // The first of two stays, so that one mistake does not make a second.
                Some(Key { again: true, .. }) => {}
                // No key has a space, so this is the rest of a text that a comma cut off.
                Some(Key { text, pos, .. })
                    if text.contains(' ') && matches!(node.kind, Kind::Empty) =>
                {
                    cut = Some(pos);
                }
                Some(Key {
                    text, pos, span, ..
                }) => entries.push(Entry {
                    key: text,
                    pos,
                    key_span: span,
                    value: node,
                }),
                None => {
                    complex = Some(node.pos);
                    *key = Some(Key {
                        text: String::new(),
                        pos: node.pos,
                        span: node.span.clone(),
                        again: true,
                    });
                }
            },
        }
        if let Some(pos) = cut {
            let what = "a comma in `{ }` ends a text without quotes, so this stands by itself";
            let help = "put the whole text in quotes";
            self.add(Finding::error("F021", self.file, pos, what, help));
        }
        if let Some(pos) = complex {
            let help = "quote a text that begins with `{` or `[`; `{{ }}` needs quotes too";
            self.refuse(pos, "a list or map stands where a key belongs", help);
        }
    }

    fn syntax(&mut self, error: &ScanError, source: &str) {
        let pos = Pos {
            line: error.marker().line().max(1),
            column: error.marker().col().saturating_add(1),
        };
        if let Some((pos, what)) = explain_syntax::unquoted(source, pos) {
            let help = "put the whole text in quotes";
            // A `{{` read as a map has been refused as that already.
            self.findings.retain(|other| other.line != pos.line);
            return self.add(Finding::error("F021", self.file, pos, what, help));
        }
        let help = explain_syntax::help(source, pos, &error.info());
        let what = format!("this is not YAML: {}", error.info());
        self.add(Finding::error("F100", self.file, pos, what, help));
    }

    fn refuse(&mut self, pos: Pos, what: impl Into<String>, help: &str) {
        self.add(Finding::error("F106", self.file, pos, what, help));
    }

    fn add(&mut self, finding: Finding) {
        if self.findings.len() < MAX_FINDINGS {
            self.findings.push(finding);
        }
    }
}

/// The finding for a key that stands twice in one map.
pub(crate) fn twice(file: &str, key: &str, pos: Pos, first: Pos) -> Finding {
    let what = format!("`{key}` stands here a second time");
    let help = format!("the first is in line {}; keep one of them", first.line);
    Finding::error("F013", file, pos, what, help)
}

fn place(span: &Span) -> Pos {
    Pos {
        line: span.start.line().max(1),
        column: span.start.col().saturating_add(1),
    }
}
