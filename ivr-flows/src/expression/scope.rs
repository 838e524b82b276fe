//! What an expression can see of a call, and the library's values.
//!
//! **Owns**: [`Scope`], the values as the library has them, the functions of our own.
//! **Must not know**: how an expression is read.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, LazyLock};

use cel::{Context, Env, ExecutionError};

use super::{Failure, Read};
use crate::flow::{Number, Value, duration, time};
use crate::port::{CallFacts, KnownCustomer};

/// What stands under `call`.
pub(crate) const CALL: [&str; 4] = ["from", "to", "language", NOW];
/// The only name that may have no value: no clock was handed in.
pub(super) const NOW: &str = "now";
/// What stands under `queue`.
pub(crate) const QUEUE: [&str; 3] = ["position", "ewt", "ewt_minutes"];
/// What stands under `customer`.
pub(crate) const CUSTOMER: [&str; 5] = ["known", "name", "company", "language", "tier"];
/// Functions of our own: a text to seconds, and a text to seconds since 1970.
pub(super) const DURATION: &str = "duration";
pub(super) const TIMESTAMP: &str = "timestamp";

/// Building the table of operators takes longer than most evaluations.
static ENV: LazyLock<Arc<Env>> = LazyLock::new(|| Arc::new(Env::stdlib()));

/// What an expression can see of a call.
pub(crate) struct Scope<'a> {
    pub(crate) vars: &'a BTreeMap<String, Value>,
    pub(crate) tags: &'a BTreeMap<String, String>,
    pub(crate) facts: &'a CallFacts,
    /// Seconds since 1970; none: no clock was handed in.
    pub(crate) now: Option<i64>,
    pub(crate) language: &'a str,
    /// Last known place in the queue; 0 before any.
    pub(crate) position: usize,
    /// Seconds until an agent is expected to answer; 0 when nobody can tell.
    pub(crate) ewt: i64,
    /// Who calls, as far as `customer` found out.
    pub(crate) customer: Option<&'a KnownCustomer>,
}

impl Scope<'_> {
    /// Holds what is read and nothing else: a variable may be large.
    pub(super) fn context(&self, reads: &[Read], own: bool) -> Context<'static, 'static> {
        let mut roots: BTreeMap<&str, HashMap<String, cel::Value>> = BTreeMap::new();
        for read in reads {
            let values = roots.entry(read.root.as_str()).or_default();
            let Some(field) = &read.field else { continue };
            if !values.contains_key(field)
                && let Some(value) = self.read(&read.root, field)
            {
                values.insert(field.clone(), value);
            }
        }
        let mut context = Context::with_env(Arc::clone(&ENV));
        for (root, values) in roots {
            context.add_variable_from_value(root, values);
        }
        if own {
            // Neither name is the library's, so neither can be refused.
            let _ = context.add_function(DURATION, |text: Arc<String>| {
                duration(&text).ok_or_else(|| ExecutionError::function_error(DURATION, ""))
            });
            let _ = context.add_function(TIMESTAMP, |text: Arc<String>| {
                time(&text).ok_or_else(|| ExecutionError::function_error(TIMESTAMP, ""))
            });
        }
        context
    }

    fn read(&self, root: &str, field: &str) -> Option<cel::Value> {
        match root {
            "vars" => self.vars.get(field).map(cel_value),
            "tags" => self.tags.get(field).map(|value| value.as_str().into()),
            "call" => Some(match field {
                "from" => self.facts.from.as_str().into(),
                "to" => self.facts.to.as_str().into(),
                "language" => self.language.into(),
                NOW => cel::Value::Int(self.now?),
                _ => return None,
            }),
            "queue" => Some(cel::Value::Int(match field {
                "position" => i64::try_from(self.position).unwrap_or(i64::MAX),
                "ewt" => self.ewt,
                // Whole minutes, rounded up: nobody is promised less than it is.
                "ewt_minutes" => self.ewt.saturating_add(59) / 60,
                _ => return None,
            })),
            "customer" => {
                let text = |of: fn(&KnownCustomer) -> &str| self.customer.map_or("", of).into();
                Some(match field {
                    "known" => cel::Value::Bool(self.customer.is_some()),
                    "name" => text(|known| &known.name),
                    "company" => text(|known| &known.company),
                    "language" => text(|known| &known.language),
                    "tier" => text(|known| &known.tier),
                    _ => return None,
                })
            }
            _ => None,
        }
    }
}

fn cel_value(value: &Value) -> cel::Value {
    match value {
        Value::Null => cel::Value::Null,
        Value::Text(text) => text.as_str().into(),
        Value::Int(number) | Value::Duration(number) | Value::Time(number) => {
            cel::Value::Int(*number)
        }
        Value::Number(number) => cel::Value::Float(number.get()),
        Value::Bool(truth) => cel::Value::Bool(*truth),
        Value::List(items) => cel::Value::List(Arc::new(items.iter().map(cel_value).collect())),
        Value::Map(entries) => {
            let entries: HashMap<String, cel::Value> = entries
                .iter()
                .map(|(key, value)| (key.clone(), cel_value(value)))
                .collect();
            entries.into()
        }
    }
}

/// What an expression came to.
pub(super) fn our_value(value: cel::Value) -> Result<Value, Failure> {
    const ODD: Failure = "the value is of a kind that flows do not have";
    Ok(match value {
        cel::Value::Null => Value::Null,
        cel::Value::Bool(truth) => Value::Bool(truth),
        cel::Value::Int(number) => Value::Int(number),
        cel::Value::UInt(number) => {
            Value::Int(i64::try_from(number).map_err(|_| "a number is too large")?)
        }
        cel::Value::Float(number) => {
            Value::Number(Number::new(number).ok_or("a number is too large")?)
        }
        cel::Value::String(text) => Value::Text(text.as_ref().clone()),
        cel::Value::List(items) => {
            let items = items.iter().cloned().map(our_value);
            Value::List(items.collect::<Result<_, _>>()?)
        }
        cel::Value::Map(map) => {
            let entries = map.map.iter().map(|(key, value)| match key {
                cel::objects::Key::String(key) => {
                    Ok((key.as_ref().clone(), our_value(value.clone())?))
                }
                _ => Err(ODD),
            });
            Value::Map(entries.collect::<Result<_, _>>()?)
        }
        _ => return Err(ODD),
    })
}

/// The library's words hold values, so ours are said instead.
pub(super) fn why(error: &ExecutionError) -> Failure {
    match error {
        ExecutionError::DivisionByZero(_) | ExecutionError::RemainderByZero(_) => {
            "a division by zero"
        }
        ExecutionError::Overflow(..) => "a number is too large",
        ExecutionError::NoSuchKey(_) | ExecutionError::UndeclaredReference(_) => {
            "a name has no value"
        }
        ExecutionError::IndexOutOfBounds(_) => "a list has no such place",
        ExecutionError::FunctionError { .. } => {
            "a text could not be turned into a number or a time"
        }
        _ => "values of kinds that do not go together",
    }
}
