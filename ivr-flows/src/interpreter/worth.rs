//! What an expression is worth at one moment of a call, for whoever writes one.
//!
//! **Owns**: [`Worth`]. **Must not know**: where the expression stands. Nothing of the call changes by it.

use super::Interpreter;
use crate::expression::Expression;
use crate::flow::{Pos, Value};

/// What an expression is worth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Worth {
    /// A value, by the name of its type and in words.
    Value {
        /// `bool`, `int`, `string` …
        kind: &'static str,
        /// As a text would have it.
        text: String,
    },
    /// It can be read and has no value in this call, and why.
    Nothing(&'static str),
    /// It cannot be read.
    Fault {
        /// In characters, from 1.
        column: usize,
        /// What is wrong.
        message: String,
    },
}

impl Interpreter {
    /// What an expression is worth now.
    #[must_use]
    pub fn worth(&self, text: &str) -> Worth {
        let read = match Expression::parse(text, Pos { line: 1, column: 1 }) {
            Ok(read) => read,
            Err(fault) => {
                return Worth::Fault {
                    column: fault.offset.saturating_add(1),
                    message: fault.message,
                };
            }
        };
        match read.value(&self.scope()) {
            Ok(value) => Worth::Value {
                kind: value.kind(),
                text: in_words(&value),
            },
            Err(why) => Worth::Nothing(why),
        }
    }
}

/// A list by how much is in it, a map by its names.
fn in_words(value: &Value) -> String {
    match value {
        Value::List(items) => format!("a list of {}", items.len()),
        Value::Map(parts) => {
            let names: Vec<&str> = parts.keys().map(String::as_str).collect();
            format!("a map of {}", names.join(", "))
        }
        other => other.to_string(),
    }
}
