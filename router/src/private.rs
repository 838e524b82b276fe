//! Personal data in types that do not print it.
//!
//! **Owns**: [`PhoneNumber`] and [`Private`]. **Must not**: normalise numbers (that needs the country tables of a
//! library and is the root package's business).

use serde::{Deserialize, Serialize};

/// A value that `Debug` and `Display` never show, so that it cannot reach a log line by accident.
#[derive(Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Private<T>(T);

impl<T> Private<T> {
    /// Wraps a value.
    pub const fn new(value: T) -> Self {
        Self(value)
    }
    /// The value, for the places that may show it: the record, the API, the agent's screen, the wire.
    pub const fn reveal(&self) -> &T {
        &self.0
    }
    /// Takes the value out.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> std::fmt::Debug for Private<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[private]")
    }
}

impl<T> std::fmt::Display for Private<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[private]")
    }
}

/// A telephone number in E.164 (`+34600111222`) or a short internal number (`9000`), already normalised.
/// Prints as `[number]` everywhere but through [`PhoneNumber::reveal`].
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PhoneNumber(String);

impl PhoneNumber {
    /// Takes text that is normalised already.
    pub fn from_normalised(text: impl Into<String>) -> Self {
        Self(text.into())
    }
    /// The number itself.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[number]")
    }
}

impl std::fmt::Display for PhoneNumber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[number]")
    }
}
