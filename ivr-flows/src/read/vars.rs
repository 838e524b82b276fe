//! Variables: their declarations under `vars:`, the values that steps give them.
//!
//! **Owns**: the types and how a value of each is written.
//! **Must not know**: what a value is used for.

use std::collections::BTreeMap;

use super::{Reader, shortened};
use crate::expression::{Part, Template};
use crate::flow::{Given, Name, Number, Pos, Value};
use crate::nearest::suggest;
use crate::yaml::{Entry, Kind, Node};

const TYPES: [&str; 8] = [
    "string", "int", "bool", "map", "list", "duration", "time", "secret",
];
/// What has no value in a flow: it is the settings'.
const SECRET: &str = "secret";

/// The variables of a flow, and those of type `secret`.
#[derive(Default)]
pub(super) struct Declared {
    pub(super) vars: BTreeMap<String, Value>,
    pub(super) secrets: BTreeMap<String, Pos>,
}

impl Reader<'_> {
    /// Everything under `vars:`.
    pub(super) fn vars(&mut self, node: &Node) -> Declared {
        let mut declared = Declared::default();
        let help = "write lines such as `reason: { type: string, default: general }`";
        for entry in self.entries(node, "variables", help) {
            let name = Name {
                text: entry.key.clone(),
                pos: entry.pos,
            };
            if !self.is_name(&name, "a variable") {
                continue;
            }
            match self.var(entry) {
                Some(Some(value)) => drop(declared.vars.insert(name.text, value)),
                Some(None) => drop(declared.secrets.insert(name.text, name.pos)),
                None => {}
            }
        }
        declared
    }

    /// What a variable holds at first; inside none: it is a secret.
    fn var(&mut self, entry: &Entry) -> Option<Option<Value>> {
        let fields = self.fields(&entry.value, "a variable", &["type", "default"], &[])?;
        let Some(kind) = fields.get("type") else {
            let help = format!("write `type:` with one of {}", TYPES.join(", "));
            self.missing(entry.pos, "the variable", "type", &help);
            return None;
        };
        let kind = self.var_type(kind)?;
        let Some(zero) = Value::zero(&kind) else {
            if let Some(default) = fields.get("default") {
                let message = "a secret has no value in a flow";
                let help =
                    "remove `default:`; its value belongs to `[flows.secrets]` of the settings";
                self.error("F019", default.pos, message, help);
            }
            return Some(None);
        };
        let Some(default) = fields.get("default") else {
            return Some(Some(zero));
        };
        let value = self.value(default)?;
        match value.fit(&zero) {
            Some(value) => Some(Some(value)),
            None => {
                let message = format!("the default is not of type `{kind}`");
                self.error("F104", default.pos, message, kind_help(&zero));
                None
            }
        }
    }

    /// One of the types, `secret` too.
    pub(super) fn var_type(&mut self, node: &Node) -> Option<String> {
        let name = self.name(node, "a type")?;
        if !TYPES.contains(&name.text.as_str()) {
            let message = format!("`{}` is not a type", shortened(&name.text));
            let help = suggest(&name.text, TYPES);
            self.error("F104", name.pos, message, help);
            return None;
        }
        debug_assert!(name.text == SECRET || Value::zero(&name.text).is_some());
        Some(name.text)
    }

    pub(super) fn set(&mut self, node: &Node) -> Vec<(Name, Given)> {
        let help = "write `set: { NAME: value }`";
        let sets = self.given_names(node, "variables", "a variable", help);
        if sets.is_empty() && matches!(&node.kind, Kind::Empty) {
            self.wrong_kind(node, "a map of variables", help);
        }
        sets
    }

    /// A map of names and the values that they are given.
    pub(super) fn given_names(
        &mut self,
        node: &Node,
        what: &str,
        one: &str,
        help: &str,
    ) -> Vec<(Name, Given)> {
        let mut all = Vec::new();
        for entry in self.entries(node, what, help) {
            let name = Name {
                text: entry.key.clone(),
                pos: entry.pos,
            };
            let good = self.is_name(&name, one);
            if let (true, Some(value)) = (good, self.given(&entry.value)) {
                all.push((name, value));
            }
        }
        all
    }

    /// A value written out: its kind is what it looks like.
    pub(super) fn value(&mut self, node: &Node) -> Option<Value> {
        let given = self.given(node)?;
        let value = given.literal();
        if value.is_none() {
            let help = "write the value itself; `set:` in a step works values out";
            self.error("F104", node.pos, "`{{ }}` has no value here", help);
        }
        value
    }

    /// A value in which `{{ }}` may stand.
    pub(super) fn given(&mut self, node: &Node) -> Option<Given> {
        Some(match &node.kind {
            Kind::Empty => Given::Literal(Value::Null),
            Kind::Text { text, quoted } if !text.contains("{{") => Given::Literal(if *quoted {
                Value::Text(text.clone())
            } else {
                scalar(text)
            }),
            Kind::Text { .. } => {
                let text = self.template(node, "a value", "write a value")?;
                alone(text)
            }
            Kind::List(items) => {
                let items: Vec<_> = items.iter().map(|item| self.given(item)).collect();
                Given::List(items.into_iter().collect::<Option<_>>()?)
            }
            Kind::Map(entries) => {
                let given = |entry: &Entry| Some((entry.key.clone(), self.given(&entry.value)?));
                let entries: Vec<_> = entries.iter().map(given).collect();
                Given::Map(entries.into_iter().collect::<Option<_>>()?)
            }
        })
    }
}

/// A value of somebody else's: `{{ }}` in it means nothing to us.
pub(super) fn as_written(node: &Node) -> Value {
    match &node.kind {
        Kind::Empty => Value::Null,
        Kind::Text { text, quoted: true } => Value::Text(text.clone()),
        Kind::Text { text, .. } => scalar(text),
        Kind::List(items) => Value::List(items.iter().map(as_written).collect()),
        Kind::Map(entries) => {
            let entry = |entry: &Entry| (entry.key.clone(), as_written(&entry.value));
            Value::Map(entries.iter().map(entry).collect())
        }
    }
}

/// What a word without quotes is.
fn scalar(text: &str) -> Value {
    match text {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        _ => {
            if let Ok(number) = text.parse() {
                return Value::Int(number);
            }
            // Numbers with a fraction, and nothing else that the library would take, such as `inf` and `1e5`.
            let plain = text
                .chars()
                .all(|c| c.is_ascii_digit() || matches!(c, '.' | '-'));
            let number = text.parse().ok().filter(|_| plain).and_then(Number::new);
            number.map_or_else(|| Value::Text(text.to_owned()), Value::Number)
        }
    }
}

/// One expression and nothing else keeps its type.
fn alone(text: Template) -> Given {
    let blank = |part: &Part| matches!(part, Part::Text(text) if text.trim().is_empty());
    let mut parts = text.parts.iter().filter(|part| !blank(part));
    match (parts.next(), parts.next()) {
        (Some(Part::Value(expression)), None) => Given::Worked(expression.clone()),
        _ => Given::Text(text),
    }
}

/// What to write for the type of `like`.
pub(crate) const fn kind_help(like: &Value) -> &'static str {
    match like {
        Value::Null | Value::Text(_) => "write a text",
        Value::Int(_) | Value::Number(_) => "write a whole number without quotes",
        Value::Bool(_) => "write `true` or `false` without quotes",
        Value::List(_) => "write a list such as `[a, b]`",
        Value::Map(_) => "write a map such as `{ a: 1 }`",
        Value::Duration(_) => "write a time such as `30s` or `1h30m`",
        Value::Time(_) => "write a moment with its offset, such as \"2026-11-23T10:30:00+01:00\"",
    }
}
