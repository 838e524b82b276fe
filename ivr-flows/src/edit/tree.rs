//! What a file says, without its layout.
//!
//! **Owns**: when two texts say the same. **Must not know**: places, what the keys mean.

use std::fmt;

use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::yaml::{Kind, Node};

/// A value. Keys keep their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tree {
    /// Nothing.
    Empty,
    /// A text.
    Text(String),
    /// A whole number or a truth value, as written.
    Bare(String),
    /// A list.
    List(Vec<Self>),
    /// A map.
    Map(Vec<(String, Self)>),
    /// A step on its way elsewhere.
    #[doc(hidden)]
    Gone,
}

/// Whether a word without quotes is a number or a truth value.
pub(super) fn is_bare(text: &str) -> bool {
    matches!(text, "true" | "false") || text.parse::<i64>().is_ok()
}

impl Tree {
    /// As JSON: numbers and truth values as such, everything else as text.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Empty | Self::Gone => serde_json::Value::Null,
            Self::Text(text) => text.as_str().into(),
            Self::Bare(text) => match text.parse::<i64>() {
                Ok(number) => number.into(),
                Err(_) => (text == "true").into(),
            },
            Self::List(items) => items.iter().map(Self::to_json).collect(),
            Self::Map(entries) => entries
                .iter()
                .map(|(key, value)| (key.clone(), value.to_json()))
                .collect(),
        }
    }

    pub(crate) fn of(node: &Node) -> Self {
        match &node.kind {
            Kind::Empty => Self::Empty,
            Kind::Text {
                text,
                quoted: false,
            } if is_bare(text) => Self::Bare(text.clone()),
            Kind::Text { text, .. } => Self::Text(text.clone()),
            Kind::List(items) => Self::List(items.iter().map(Self::of).collect()),
            Kind::Map(entries) => Self::Map(
                entries
                    .iter()
                    .map(|entry| (entry.key.clone(), Self::of(&entry.value)))
                    .collect(),
            ),
        }
    }

    pub(crate) fn at(&self, path: &[&str]) -> Option<&Self> {
        let Some((first, rest)) = path.split_first() else {
            return Some(self);
        };
        let inner = match self {
            Self::Map(entries) => entries
                .iter()
                .find(|(key, _)| key == first)
                .map(|(_, value)| value),
            Self::List(items) => items.get(first.parse::<usize>().ok()?),
            _ => None,
        };
        inner?.at(rest)
    }

    pub(super) fn at_mut(&mut self, path: &[&str]) -> Option<&mut Self> {
        let Some((first, rest)) = path.split_first() else {
            return Some(self);
        };
        let inner = match self {
            Self::Map(entries) => entries
                .iter_mut()
                .find(|(key, _)| key == first)
                .map(|(_, value)| value),
            Self::List(items) => items.get_mut(first.parse::<usize>().ok()?),
            _ => None,
        };
        inner?.at_mut(rest)
    }

    pub(super) fn forget_gone(&mut self) {
        match self {
            Self::List(items) => {
                items.retain(|item| *item != Self::Gone);
                items.iter_mut().for_each(Self::forget_gone);
            }
            Self::Map(entries) => entries
                .iter_mut()
                .for_each(|(_, value)| value.forget_gone()),
            _ => {}
        }
    }
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, a whole number, true, false, null, a list or a map")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Tree, E> {
        Ok(Tree::Empty)
    }

    fn visit_none<E: de::Error>(self) -> Result<Tree, E> {
        Ok(Tree::Empty)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Tree, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_bool<E: de::Error>(self, truth: bool) -> Result<Tree, E> {
        Ok(Tree::Bare(truth.to_string()))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Tree, E> {
        Ok(Tree::Bare(number.to_string()))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Tree, E> {
        let number = i64::try_from(number).map_err(|_| E::custom("a number is too large"))?;
        Ok(Tree::Bare(number.to_string()))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Tree, E> {
        Ok(Tree::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Tree, A::Error> {
        let mut all = Vec::new();
        while let Some(item) = items.next_element()? {
            all.push(item);
        }
        Ok(Tree::List(all))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Tree, A::Error> {
        let mut all: Vec<(String, Tree)> = Vec::new();
        while let Some((key, value)) = entries.next_entry::<String, Tree>()? {
            if all.iter().any(|(known, _)| *known == key) {
                return Err(de::Error::custom(format!("`{key}` stands there twice")));
            }
            all.push((key, value));
        }
        Ok(Tree::Map(all))
    }
}
