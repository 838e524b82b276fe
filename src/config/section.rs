//! Typed reading of one table: every getter notes the key as known and collects what is wrong.
//!
//! **Owns**: [`Section`]: types, unknown keys with the nearest known name. **Must not know**: which keys exist.

use super::duration;
use super::finding::{ConfigFinding, code};
use super::tree::{Node, Place, Table, Value, read_value};
use ivr_flows::FindingLevel;
use std::path::Path;
use std::time::Duration;

/// Reads the text of a secret's file. Handed in so that reading a settings text touches no file by itself.
pub type SecretReader<'a> = &'a dyn Fn(&Path) -> Result<String, String>;

/// What one reading collects.
pub(super) struct Findings<'a> {
    pub(super) list: Vec<ConfigFinding>,
    pub(super) secrets: SecretReader<'a>,
}

impl Findings<'_> {
    pub(super) fn error(
        &mut self,
        place: &Place,
        code: &'static str,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        let finding = place.finding(code, FindingLevel::Error, message, help);
        self.list.push(finding);
    }

    /// Turns a bad value into a finding.
    pub(super) fn check<T>(
        &mut self,
        place: &Place,
        result: Result<T, (String, String)>,
    ) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err((message, help)) => {
                self.error(place, code::BAD_VALUE, message, help);
                None
            }
        }
    }
}

/// A value that was read, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct At<T> {
    /// Where.
    pub(super) place: Place,
    /// What.
    pub value: T,
}

/// One table while it is read.
pub(super) struct Section {
    /// As people see it: `[sip]`, `[[queues]] "support"`.
    pub(super) title: String,
    pub(super) place: Place,
    table: Table,
    known: Vec<&'static str>,
}

impl Section {
    pub(super) const fn new(title: String, place: Place, table: Table) -> Self {
        Self {
            title,
            place,
            table,
            known: Vec::new(),
        }
    }

    /// Whether a key is there, without reading it.
    pub(super) fn has(&self, key: &str) -> bool {
        self.table.entries.contains_key(key)
    }

    /// Whether a key's value is a table.
    pub(super) fn is_table(&self, key: &str) -> bool {
        let entry = self.table.entries.get(key);
        entry.is_some_and(|(_, node)| matches!(node.value, Value::Table(_)))
    }

    /// Where a key's value stands.
    pub(super) fn value_place(&self, key: &str) -> Option<Place> {
        let (_, node) = self.table.entries.get(key)?;
        Some(node.place.clone())
    }

    fn take(&mut self, key: &'static str) -> Option<(Place, Node)> {
        self.known.push(key);
        self.table.entries.remove(key)
    }

    fn wrong_type(
        &self,
        key: &str,
        node: &Node,
        wanted: &str,
        example: &str,
        out: &mut Findings<'_>,
    ) {
        let got = match &node.value {
            Value::Text(_) => "text",
            Value::Integer(_) => "a number",
            Value::Bool(_) => "true or false",
            Value::List(_) => "a list",
            Value::Table(_) => "a table",
            Value::Raw(_) => "something else",
            Value::Other(what) => what,
        };
        out.error(
            &node.place,
            code::WRONG_TYPE,
            format!("`{key}` in {} must be {wanted}, and is {got}", self.title),
            format!("write {example}"),
        );
    }

    pub(super) fn text(&mut self, key: &'static str, out: &mut Findings<'_>) -> Option<At<String>> {
        let (_, node) = self.take(key)?;
        match node.value {
            Value::Text(value) | Value::Raw(value) => Some(At {
                place: node.place,
                value,
            }),
            _ => {
                self.wrong_type(key, &node, "text", &format!("`{key} = \"…\"`"), out);
                None
            }
        }
    }

    pub(super) fn required_text(
        &mut self,
        key: &'static str,
        example: &str,
        out: &mut Findings<'_>,
    ) -> Option<At<String>> {
        let missing = !self.table.entries.contains_key(key);
        if missing {
            self.known.push(key);
            out.error(
                &self.place,
                code::MISSING,
                format!("{} has no `{key}`", self.title),
                format!("add `{key} = \"{example}\"`"),
            );
            return None;
        }
        let text = self.text(key, out)?;
        if text.value.trim().is_empty() {
            out.error(
                &text.place,
                code::BAD_VALUE,
                format!("`{key}` in {} is empty", self.title),
                format!("write `{key} = \"{example}\"`"),
            );
            return None;
        }
        Some(text)
    }

    /// The text of `key`, or of the file that `key_file` names.
    pub(super) fn secret(
        &mut self,
        key: &'static str,
        key_file: &'static str,
        out: &mut Findings<'_>,
    ) -> Option<At<String>> {
        let plain = self.text(key, out);
        let file = self.text(key_file, out);
        match (plain, file) {
            (Some(_), Some(file)) => {
                out.error(
                    &file.place,
                    code::DUPLICATE,
                    format!("{} has both `{key}` and `{key_file}`", self.title),
                    "keep one of the two",
                );
                None
            }
            (Some(plain), None) => Some(plain),
            (None, Some(file)) => match (out.secrets)(Path::new(&file.value)) {
                Ok(text) => Some(At {
                    place: file.place,
                    value: text.trim_end_matches(['\r', '\n']).to_owned(),
                }),
                Err(why) => {
                    out.error(
                        &file.place,
                        code::UNREADABLE,
                        format!("cannot read the file that `{key_file}` names: {why}"),
                        "name a readable file that holds nothing but the secret",
                    );
                    None
                }
            },
            (None, None) => None,
        }
    }

    pub(super) fn boolean(&mut self, key: &'static str, out: &mut Findings<'_>) -> Option<bool> {
        let (_, node) = self.take(key)?;
        match &node.value {
            Value::Bool(value) => Some(*value),
            Value::Raw(text) if text == "true" => Some(true),
            Value::Raw(text) if text == "false" => Some(false),
            _ => {
                self.wrong_type(key, &node, "true or false", &format!("`{key} = true`"), out);
                None
            }
        }
    }

    pub(super) fn integer(
        &mut self,
        key: &'static str,
        range: std::ops::RangeInclusive<u32>,
        out: &mut Findings<'_>,
    ) -> Option<At<u32>> {
        let (_, node) = self.take(key)?;
        let number = match &node.value {
            Value::Integer(number) => Some(*number),
            Value::Raw(text) => text.trim().parse().ok(),
            _ => None,
        };
        let Some(number) = number else {
            let example = format!("`{key} = {}`", range.start());
            self.wrong_type(key, &node, "a whole number", &example, out);
            return None;
        };
        let value = u32::try_from(number).ok().filter(|n| range.contains(n));
        if value.is_none() {
            out.error(
                &node.place,
                code::BAD_VALUE,
                format!("`{key}` in {} is {number}", self.title),
                format!("write a number from {} to {}", range.start(), range.end()),
            );
        }
        value.map(|value| At {
            place: node.place,
            value,
        })
    }

    pub(super) fn duration(
        &mut self,
        key: &'static str,
        out: &mut Findings<'_>,
    ) -> Option<Duration> {
        let text = self.duration_text(key, out)?;
        let parsed = duration::parse(&text.value).ok_or_else(|| bad_duration(key, &text.value));
        out.check(&text.place, parsed)
    }

    /// The text of a duration; a bare number gets a finding that says how to write it.
    pub(super) fn duration_text(
        &mut self,
        key: &'static str,
        out: &mut Findings<'_>,
    ) -> Option<At<String>> {
        if let Some((_, node)) = self.table.entries.get(key)
            && let Value::Integer(number) = node.value
        {
            let place = node.place.clone();
            self.take(key);
            out.error(
                &place,
                code::WRONG_TYPE,
                format!("`{key}` in {} is a number without a unit", self.title),
                format!("write `{key} = \"{number}s\"` for seconds"),
            );
            return None;
        }
        self.text(key, out)
    }

    pub(super) fn texts(
        &mut self,
        key: &'static str,
        out: &mut Findings<'_>,
    ) -> Option<(Place, Vec<At<String>>)> {
        let (_, node) = self.take(key)?;
        let example = format!("`{key} = [\"…\"]`");
        let items = match &node.value {
            Value::List(items) => items.clone(),
            Value::Raw(text) => raw_list(text, &node.place),
            _ => {
                self.wrong_type(key, &node, "a list of texts", &example, out);
                return None;
            }
        };
        let mut texts = Vec::new();
        for item in items {
            match item.value {
                Value::Text(value) | Value::Raw(value) => texts.push(At {
                    place: item.place,
                    value,
                }),
                _ => self.wrong_type(key, &item, "a list of texts", &example, out),
            }
        }
        Some((node.place, texts))
    }

    /// A table inside this one.
    pub(super) fn section(
        &mut self,
        key: &'static str,
        title: String,
        out: &mut Findings<'_>,
    ) -> Option<Self> {
        let (place, node) = self.take(key)?;
        let table = match &node.value {
            Value::Table(table) => Some(table.clone()),
            Value::Raw(text) => read_value(text, &node.place).and_then(|n| match n.value {
                Value::Table(table) => Some(table),
                _ => None,
            }),
            _ => None,
        };
        let Some(table) = table else {
            let example = format!("`{key} = {{ … }}` or a table of its own");
            self.wrong_type(key, &node, "a table", &example, out);
            return None;
        };
        Some(Self::new(title, place, table))
    }

    /// The tables of `[[key]]`.
    pub(super) fn sections(&mut self, key: &'static str, out: &mut Findings<'_>) -> Vec<Self> {
        let Some((_, node)) = self.take(key) else {
            return Vec::new();
        };
        let Value::List(items) = &node.value else {
            self.wrong_type(key, &node, "a list of tables", &format!("`[[{key}]]`"), out);
            return Vec::new();
        };
        let mut sections = Vec::new();
        for item in items {
            let Value::Table(table) = &item.value else {
                self.wrong_type(key, item, "a list of tables", &format!("`[[{key}]]`"), out);
                continue;
            };
            sections.push(Self::new(
                format!("[[{key}]]"),
                item.place.clone(),
                table.clone(),
            ));
        }
        sections
    }

    /// `{ name = number, … }` with free names.
    pub(super) fn numbers(
        &mut self,
        key: &'static str,
        range: std::ops::RangeInclusive<u8>,
        out: &mut Findings<'_>,
    ) -> Vec<(At<String>, u8)> {
        let Some((_, node)) = self.take(key) else {
            return Vec::new();
        };
        let example = format!("`{key} = {{ name = {} }}`", range.start());
        let Value::Table(table) = &node.value else {
            self.wrong_type(key, &node, "a table of names and numbers", &example, out);
            return Vec::new();
        };
        self.numbers_in(key, table, range, out)
    }

    /// This whole table as `{ name = number, … }` with free names.
    pub(super) fn all_numbers(
        &mut self,
        key: &'static str,
        range: std::ops::RangeInclusive<u8>,
        out: &mut Findings<'_>,
    ) -> Vec<(At<String>, u8)> {
        let table = std::mem::take(&mut self.table);
        self.numbers_in(key, &table, range, out)
    }

    /// This whole table as `{ name = "…", … }` with free names.
    pub(super) fn all_texts(self, out: &mut Findings<'_>) -> Vec<(At<String>, At<String>)> {
        let mut texts = Vec::new();
        for (name, (place, node)) in &self.table.entries {
            let Value::Text(text) = &node.value else {
                self.wrong_type(name, node, "text", &format!("`{name} = \"…\"`"), out);
                continue;
            };
            let at = |place: &Place, value: &str| At {
                place: place.clone(),
                value: value.to_owned(),
            };
            texts.push((at(place, name), at(&node.place, text)));
        }
        texts
    }

    /// This whole table as `{ name = "…", other = ["…", "…"] }` with free names.
    pub(super) fn all_lists(self, out: &mut Findings<'_>) -> Vec<(At<String>, Vec<At<String>>)> {
        let mut lists = Vec::new();
        for (name, (place, node)) in &self.table.entries {
            let items = match &node.value {
                Value::List(items) => items.as_slice(),
                _ => std::slice::from_ref(node),
            };
            let mut texts = Vec::new();
            for item in items {
                match &item.value {
                    Value::Text(value) => texts.push(At {
                        place: item.place.clone(),
                        value: value.clone(),
                    }),
                    _ => {
                        let example = format!("`{name} = \"…\"` or `{name} = [\"…\", \"…\"]`");
                        self.wrong_type(name, item, "text or a list of texts", &example, out);
                    }
                }
            }
            let name = At {
                place: place.clone(),
                value: name.clone(),
            };
            lists.push((name, texts));
        }
        lists
    }

    fn numbers_in(
        &self,
        key: &str,
        table: &Table,
        range: std::ops::RangeInclusive<u8>,
        out: &mut Findings<'_>,
    ) -> Vec<(At<String>, u8)> {
        let example = format!("`{key} = {{ name = {} }}`", range.start());
        let mut numbers = Vec::new();
        for (name, (place, value)) in &table.entries {
            let Value::Integer(number) = value.value else {
                self.wrong_type(
                    &format!("{key}.{name}"),
                    value,
                    "a whole number",
                    &example,
                    out,
                );
                continue;
            };
            let Some(level) = u8::try_from(number).ok().filter(|n| range.contains(n)) else {
                out.error(
                    &value.place,
                    code::BAD_VALUE,
                    format!("`{name} = {number}` in `{key}` of {}", self.title),
                    format!("write a number from {} to {}", range.start(), range.end()),
                );
                continue;
            };
            let name = At {
                place: place.clone(),
                value: name.clone(),
            };
            numbers.push((name, level));
        }
        numbers
    }

    /// Every key that nobody asked for is unknown.
    pub(super) fn finish(self, out: &mut Findings<'_>) {
        for (key, (place, _)) in &self.table.entries {
            let mut help = nearest(key, self.known.iter().copied()).map_or_else(
                || format!("known here: {}", self.known.join(", ")),
                |known| format!("did you mean `{known}`?"),
            );
            if place.origin.starts_with("environment variable") {
                help.push_str(" (upper case, parts joined by two underscores)");
            }
            out.error(
                place,
                code::UNKNOWN_KEY,
                format!("unknown key `{key}` in {}", self.title),
                help,
            );
        }
    }
}

/// A list from the environment: TOML's `["a", "b"]`, or `a,b`.
fn raw_list(text: &str, place: &Place) -> Vec<Node> {
    if text.trim_start().starts_with('[')
        && let Some(Node {
            value: Value::List(items),
            ..
        }) = read_value(text.trim(), place)
    {
        return items;
    }
    text.split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .map(|part| Node {
            place: place.clone(),
            value: Value::Raw(part.to_owned()),
        })
        .collect()
}

/// Message and help for a duration that cannot be read.
pub(super) fn bad_duration(key: &str, text: &str) -> (String, String) {
    (
        format!("`{key} = \"{text}\"` is not a duration"),
        format!("write `{key} = \"20s\"`, \"10m\" or \"1h30m\" (units d, h, m, s, ms)"),
    )
}

/// The known name that is nearest to `name`, if one is near enough to be meant: a slip or two of the fingers, or a
/// common beginning.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let name = name.to_lowercase();
    let slips = (name.chars().count() / 3).max(1);
    known
        .into_iter()
        .filter_map(|candidate| {
            let lower = candidate.to_lowercase();
            let likeness = strsim::jaro_winkler(&name, &lower);
            let near = likeness >= 0.8 || strsim::osa_distance(&name, &lower) <= slips;
            near.then_some((likeness, candidate))
        })
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}
