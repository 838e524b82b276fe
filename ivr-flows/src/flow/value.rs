//! Values of variables: their types, what fits which, what can be put into a text, and data from outside.
//!
//! **Owns**: [`Value`], [`Number`], [`Given`], and the limits on data that comes from outside.
//! **Must not know**: steps; where data comes from.

use std::collections::BTreeMap;
use std::fmt;

use crate::calendar;
use crate::expression::{Expression, Failure, Scope, Template};

/// Data from outside may be nested so deeply.
const DEEPEST: usize = 16;
/// Data from outside may hold so many values.
const MOST_VALUES: usize = 5_000;

/// The value of a variable; its kind is the variable's type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Nothing: only inside a map or list.
    Null,
    /// `type: string`.
    Text(String),
    /// `type: int`.
    Int(i64),
    /// A number with a fraction: only inside a map or list, and in expressions.
    Number(Number),
    /// `type: bool`.
    Bool(bool),
    /// `type: list`.
    List(Vec<Self>),
    /// `type: map`.
    Map(BTreeMap<String, Self>),
    /// `type: duration`, in seconds.
    Duration(i64),
    /// `type: time`, in seconds since 1970-01-01T00:00:00Z.
    Time(i64),
}

/// A number with a fraction, never infinite and never "not a number".
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Number(f64);

impl Eq for Number {}

impl Number {
    /// None for what is no finite number.
    #[must_use]
    pub fn new(number: f64) -> Option<Self> {
        number.is_finite().then_some(Self(number))
    }

    /// As it is.
    #[must_use]
    pub const fn get(self) -> f64 {
        self.0
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Text(text) => f.write_str(text),
            Self::Int(number) | Self::Time(number) => write!(f, "{number}"),
            Self::Number(Number(number)) => write!(f, "{number}"),
            Self::Bool(truth) => write!(f, "{truth}"),
            Self::List(_) => f.write_str("a list"),
            Self::Map(_) => f.write_str("a map"),
            Self::Duration(seconds) => write!(f, "{seconds}"),
        }
    }
}

impl Value {
    /// The value of a variable of this type that was never set; none for a type that does not exist.
    pub(crate) fn zero(kind: &str) -> Option<Self> {
        Some(match kind {
            "string" => Self::Text(String::new()),
            "int" => Self::Int(0),
            "bool" => Self::Bool(false),
            "map" => Self::Map(BTreeMap::new()),
            "list" => Self::List(Vec::new()),
            "duration" => Self::Duration(0),
            "time" => Self::Time(0),
            _ => return None,
        })
    }

    /// The name of its type.
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Text(_) => "string",
            Self::Int(_) => "int",
            Self::Number(_) => "number",
            Self::Bool(_) => "bool",
            Self::List(_) => "list",
            Self::Map(_) => "map",
            Self::Duration(_) => "duration",
            Self::Time(_) => "time",
        }
    }

    /// Whether it has parts: `vars.NAME.PART`.
    pub(crate) const fn has_parts(&self) -> bool {
        matches!(self, Self::Map(_) | Self::List(_))
    }

    /// As a part of a text. Nothing, a list or a map is none.
    pub(crate) fn text(&self) -> Result<String, Failure> {
        match self {
            Self::Null => Err("a value that is to be a text is null"),
            Self::List(_) | Self::Map(_) => Err("a list or a map is to be a text"),
            other => Ok(other.to_string()),
        }
    }

    /// This value as the type of `like`: numbers and truth values are fine where text is wanted, seconds and texts where
    /// a time or a duration is.
    pub(crate) fn fit(self, like: &Self) -> Option<Self> {
        match (self, like) {
            (value @ Self::Text(_), Self::Text(_))
            | (value @ Self::Int(_), Self::Int(_))
            | (value @ Self::Bool(_), Self::Bool(_))
            | (value @ Self::List(_), Self::List(_))
            | (value @ Self::Map(_), Self::Map(_))
            | (value @ Self::Duration(_), Self::Duration(_))
            | (value @ Self::Time(_), Self::Time(_)) => Some(value),
            (Self::Int(seconds), Self::Duration(_)) if seconds >= 0 => {
                Some(Self::Duration(seconds))
            }
            (Self::Int(seconds), Self::Time(_)) => Some(Self::Time(seconds)),
            (Self::Duration(seconds) | Self::Time(seconds), Self::Int(_)) => {
                Some(Self::Int(seconds))
            }
            (Self::Text(text), Self::Duration(_)) => duration(&text).map(Self::Duration),
            (Self::Text(text), Self::Time(_)) => time(&text).map(Self::Time),
            (value, Self::Text(_)) => value.text().ok().map(Self::Text),
            _ => None,
        }
    }

    /// Reads JSON that came from outside.
    ///
    /// # Errors
    /// What is wrong, without any of the data: no JSON, nested too deeply, too many values.
    pub fn from_json(text: &str) -> Result<Self, &'static str> {
        let json: serde_json::Value =
            serde_json::from_str(text).map_err(|_| "the answer is no JSON")?;
        let mut left = MOST_VALUES;
        plain(json, DEEPEST, &mut left)
    }

    /// How large it is, about in bytes.
    pub(crate) fn weight(&self) -> usize {
        let inside = match self {
            Self::Text(text) => text.len(),
            Self::List(items) => items.iter().map(Self::weight).sum(),
            Self::Map(entries) => entries
                .iter()
                .map(|(key, value)| key.len().saturating_add(value.weight()))
                .sum(),
            _ => 0,
        };
        inside.saturating_add(size_of::<Self>())
    }

    /// As JSON.
    pub(crate) fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Null => serde_json::Value::Null,
            Self::Text(text) => text.as_str().into(),
            Self::Int(number) | Self::Duration(number) | Self::Time(number) => (*number).into(),
            Self::Number(Number(number)) => (*number).into(),
            Self::Bool(truth) => (*truth).into(),
            Self::List(items) => items.iter().map(Self::to_json).collect(),
            Self::Map(entries) => entries
                .iter()
                .map(|(key, value)| (key.clone(), value.to_json()))
                .collect(),
        }
    }
}

fn plain(json: serde_json::Value, depth: usize, left: &mut usize) -> Result<Value, &'static str> {
    *left = left
        .checked_sub(1)
        .ok_or("the answer holds too many values")?;
    let deeper = || {
        depth
            .checked_sub(1)
            .ok_or("the answer is nested too deeply")
    };
    Ok(match json {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(truth) => Value::Bool(truth),
        serde_json::Value::String(text) => Value::Text(text),
        serde_json::Value::Number(number) => match number.as_i64() {
            Some(number) => Value::Int(number),
            None => {
                let number = number.as_f64().and_then(Number::new);
                Value::Number(number.ok_or("a number of the answer is too large")?)
            }
        },
        serde_json::Value::Array(items) => {
            let deeper = deeper()?;
            let items = items.into_iter().map(|item| plain(item, deeper, left));
            Value::List(items.collect::<Result<_, _>>()?)
        }
        serde_json::Value::Object(entries) => {
            let deeper = deeper()?;
            let mut map = BTreeMap::new();
            for (key, value) in entries {
                map.insert(key, plain(value, deeper, left)?);
            }
            Value::Map(map)
        }
    })
}

/// `1m30s` in whole seconds.
pub(crate) fn duration(text: &str) -> Option<i64> {
    let time = crate::read::duration(text)?;
    i64::try_from(time.as_secs()).ok()
}

/// `2026-11-23T10:30:00+01:00` in seconds since 1970.
pub(crate) fn time(text: &str) -> Option<i64> {
    calendar::moment(text).map(|millis| millis.div_euclid(1_000))
}

/// A value as a flow gives it: written out, or worked out in the call.
#[derive(Clone, Debug)]
pub(crate) enum Given {
    Literal(Value),
    /// `"{{ EXPRESSION }}"` alone: keeps its type.
    Worked(Expression),
    /// A text with values in it.
    Text(Template),
    List(Vec<Self>),
    Map(Vec<(String, Self)>),
}

impl Given {
    pub(crate) fn value(&self, scope: &Scope<'_>) -> Result<Value, Failure> {
        Ok(match self {
            Self::Literal(value) => value.clone(),
            Self::Worked(expression) => expression.value(scope)?,
            Self::Text(text) => Value::Text(text.text(scope)?),
            Self::List(items) => {
                let items = items.iter().map(|item| item.value(scope));
                Value::List(items.collect::<Result<_, _>>()?)
            }
            Self::Map(entries) => {
                let mut map = BTreeMap::new();
                for (key, given) in entries {
                    map.insert(key.clone(), given.value(scope)?);
                }
                Value::Map(map)
            }
        })
    }

    /// The value, when nothing in it is worked out in the call.
    pub(crate) fn literal(&self) -> Option<Value> {
        Some(match self {
            Self::Literal(value) => value.clone(),
            Self::Worked(_) | Self::Text(_) => return None,
            Self::List(items) => {
                Value::List(items.iter().map(Self::literal).collect::<Option<_>>()?)
            }
            Self::Map(entries) => {
                let entries = entries
                    .iter()
                    .map(|(key, given)| Some((key.clone(), given.literal()?)));
                Value::Map(entries.collect::<Option<_>>()?)
            }
        })
    }

    /// Every expression in it.
    pub(crate) fn expressions(&self) -> Vec<&Expression> {
        match self {
            Self::Literal(_) => Vec::new(),
            Self::Worked(expression) => vec![expression],
            Self::Text(text) => text.expressions().collect(),
            Self::List(items) => items.iter().flat_map(Self::expressions).collect(),
            Self::Map(entries) => entries
                .iter()
                .flat_map(|(_, given)| given.expressions())
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Value, duration, time};

    fn zero(kind: &str) -> Value {
        Value::zero(kind).unwrap()
    }

    #[test]
    fn what_fits_which_type() {
        let text = |text: &str| Value::Text(text.to_owned());
        for (value, kind, expected) in [
            (Value::Int(7), "string", Some(text("7"))),
            (Value::Int(90), "duration", Some(Value::Duration(90))),
            (Value::Int(-1), "duration", None),
            (text("1m30s"), "duration", Some(Value::Duration(90))),
            (text("soon"), "duration", None),
            (
                text("1970-01-01T01:00:30+01:00"),
                "time",
                Some(Value::Time(30)),
            ),
            (text("tomorrow"), "time", None),
            (Value::Duration(5), "int", Some(Value::Int(5))),
            (Value::Null, "string", None),
            (zero("map"), "string", None),
            (zero("map"), "list", None),
            (text("7"), "int", None),
        ] {
            assert_eq!(value.clone().fit(&zero(kind)), expected, "{value:?} {kind}");
        }
        assert_eq!(Value::zero("secret"), None);
    }

    #[test]
    fn data_from_outside_is_read_with_limits() {
        let order = Value::from_json(r#"{"a": [1, 2.5, null, true, "x"]}"#).unwrap();
        let Value::Map(order) = order else { panic!() };
        let Some(Value::List(items)) = order.get("a") else {
            panic!()
        };
        assert_eq!(items.first(), Some(&Value::Int(1)));
        assert_eq!(items.get(2), Some(&Value::Null));
        let deep = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(Value::from_json(&deep(16)).is_ok());
        let many = format!("[{}1]", "1,".repeat(6_000));
        for (text, says) in [
            (deep(17), "deeply"),
            (deep(100_000), "no JSON"),
            (many, "too many"),
            ("{\"a\":".to_owned(), "no JSON"),
            ("<html>".to_owned(), "no JSON"),
            ("1e999".to_owned(), ""),
        ] {
            let why = Value::from_json(&text).unwrap_err();
            assert!(why.contains(says), "{why}");
        }
    }

    #[test]
    fn texts_of_times() {
        assert_eq!(duration("2h"), Some(7_200));
        assert_eq!(duration("2"), None);
        assert_eq!(time("1969-12-31T23:59:59.5Z"), Some(-1));
        assert_eq!(time(""), None);
    }
}
