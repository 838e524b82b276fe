//! A file's values with the place of each, and overrides laid over them.
//!
//! **Owns**: [`Tree`] building from TOML text, [`Override`]s from the environment and flags.
//! **Must not know**: which keys exist.

use super::finding::{ConfigFinding, code};
use ivr_flows::FindingLevel;
use std::collections::BTreeMap;
use std::sync::Arc;
use toml::de::{DeTable, DeValue};

/// Where a value stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// File, environment variable or flag.
    pub(super) origin: Arc<str>,
    /// From 1.
    pub(super) line: usize,
    /// From 1, in characters.
    pub(super) column: usize,
}

impl Place {
    pub(super) fn finding(
        &self,
        code: &'static str,
        level: FindingLevel,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> ConfigFinding {
        ConfigFinding {
            code,
            level,
            file: self.origin.to_string(),
            line: self.line,
            column: self.column,
            message: message.into(),
            help: help.into(),
            notes: Vec::new(),
        }
    }
}

/// One value.
#[derive(Clone, Debug)]
pub(super) enum Value {
    Text(String),
    Integer(i64),
    Bool(bool),
    List(Vec<Node>),
    Table(Table),
    /// Text from the environment or a flag; the reader of the key knows what type it means.
    Raw(String),
    /// A type that no key takes: float, date.
    Other(&'static str),
}

/// A value and its place.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) place: Place,
    pub(super) value: Value,
}

/// A table: key -> place of the key, value.
#[derive(Clone, Debug, Default)]
pub(super) struct Table {
    pub(super) entries: BTreeMap<String, (Place, Node)>,
}

/// A value from outside the file that replaces what the file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Override {
    /// `["sip", "listen"]`.
    path: Vec<String>,
    value: String,
    origin: String,
}

impl Override {
    /// From a flag: `Override::flag("--http-port", "http.listen", "127.0.0.1:8090")`.
    #[must_use]
    pub fn flag(flag: &str, path: &str, value: impl Into<String>) -> Self {
        Self {
            path: path.split('.').map(str::to_owned).collect(),
            value: value.into(),
            origin: format!("flag {flag}"),
        }
    }

    /// Every `CORDBOARD__SECTION__KEY` of the environment, in order of name; other variables are none of ours.
    #[must_use]
    pub fn from_environment(environment: &BTreeMap<String, String>) -> Vec<Self> {
        environment
            .iter()
            .filter_map(|(name, value)| {
                let rest = name.strip_prefix("CORDBOARD__")?;
                Some(Self {
                    path: rest
                        .split("__")
                        .map(|part| part.to_ascii_lowercase())
                        .collect(),
                    value: value.clone(),
                    origin: format!("environment variable {name}"),
                })
            })
            .collect()
    }
}

/// Reads TOML text. Syntax errors end it: a recovered tree would only bring follow-up findings.
pub(super) fn read(source: &str, file: &str) -> Result<Table, Vec<ConfigFinding>> {
    let lines = Lines::new(source, file);
    let (tree, errors) = DeTable::parse_recoverable(source);
    if errors.is_empty() {
        return Ok(lines.table(tree.get_ref()));
    }
    Err(errors
        .iter()
        .map(|error| {
            let start = error.span().map_or(0, |span| span.start);
            lines.place(start).finding(
                code::SYNTAX,
                FindingLevel::Error,
                format!("not valid TOML: {}", error.message()),
                "write `key = value` under a `[table]` line; text stands in double quotes",
            )
        })
        .collect())
}

/// Reads one value as it would stand on the right side of `=`.
pub(super) fn read_value(text: &str, place: &Place) -> Option<Node> {
    let parsed = DeValue::parse(text).ok()?;
    let lines = Lines::new(text, &place.origin);
    Some(lines.node(0, parsed.get_ref()))
}

/// Lays overrides over a tree; the later one wins.
pub(super) fn lay_over(table: &mut Table, overrides: &[Override]) {
    for item in overrides {
        let place = Place {
            origin: item.origin.as_str().into(),
            line: 1,
            column: 1,
        };
        set(table, &item.path, &item.value, &place);
    }
}

fn set(table: &mut Table, path: &[String], value: &str, place: &Place) {
    let Some((first, rest)) = path.split_first() else {
        return;
    };
    if rest.is_empty() {
        let node = Node {
            place: place.clone(),
            value: Value::Raw(value.to_owned()),
        };
        table.entries.insert(first.clone(), (place.clone(), node));
        return;
    }
    let (_, node) = table.entries.entry(first.clone()).or_insert_with(|| {
        let node = Node {
            place: place.clone(),
            value: Value::Table(Table::default()),
        };
        (place.clone(), node)
    });
    if !matches!(node.value, Value::Table(_)) {
        node.value = Value::Table(Table::default());
    }
    if let Value::Table(inner) = &mut node.value {
        set(inner, rest, value, place);
    }
}

/// Byte offsets to lines and columns.
struct Lines<'a> {
    source: &'a str,
    file: Arc<str>,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    fn new(source: &'a str, file: &str) -> Self {
        let starts = std::iter::once(0)
            .chain(source.match_indices('\n').map(|(at, _)| at + 1))
            .collect();
        Self {
            source,
            file: file.into(),
            starts,
        }
    }

    fn place(&self, offset: usize) -> Place {
        let line = self.starts.partition_point(|start| *start <= offset).max(1);
        let start = self.starts.get(line - 1).copied().unwrap_or(0);
        let before = self.source.get(start..offset).unwrap_or("");
        Place {
            origin: Arc::clone(&self.file),
            line,
            column: before.chars().count() + 1,
        }
    }

    fn table(&self, table: &DeTable<'_>) -> Table {
        let entries = table
            .iter()
            .map(|(key, value)| {
                let node = self.node(value.span().start, value.get_ref());
                let name = key.get_ref().to_string();
                (name, (self.place(key.span().start), node))
            })
            .collect();
        Table { entries }
    }

    fn node(&self, offset: usize, value: &DeValue<'_>) -> Node {
        let value = match value {
            DeValue::String(text) => Value::Text(text.to_string()),
            DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
                .map_or(Value::Other("an integer beyond 64 bits"), Value::Integer),
            DeValue::Boolean(value) => Value::Bool(*value),
            DeValue::Array(items) => Value::List(
                items
                    .iter()
                    .map(|item| self.node(item.span().start, item.get_ref()))
                    .collect(),
            ),
            DeValue::Table(table) => Value::Table(self.table(table)),
            DeValue::Float(_) => Value::Other("a number with a fraction"),
            DeValue::Datetime(_) => Value::Other("a date"),
        };
        Node {
            place: self.place(offset),
            value,
        }
    }
}
