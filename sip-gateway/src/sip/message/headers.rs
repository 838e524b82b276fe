//! Header fields in their order.
//!
//! **Owns**: [`Headers`], [`HeaderValue`], [`HeaderError`]. **Must not know**: what the values mean; see `typed.rs`.

use super::name::HeaderName;
use bytes::Bytes;

/// A header is missing, repeated or broken; says which and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name}: {problem}")]
pub struct HeaderError {
    /// The header.
    pub name: HeaderName,
    /// What is wrong with it, without any of its content.
    pub problem: &'static str,
}

impl HeaderError {
    /// An error about this header.
    #[must_use]
    pub fn new(name: HeaderName, problem: &'static str) -> Self {
        Self { name, problem }
    }
}

/// One header's value: bytes exactly as received, folding undone. It never holds CR or LF, and NUL only where a
/// quoted pair of a received message brought it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct HeaderValue(Bytes);

impl HeaderValue {
    /// A value of our own.
    ///
    /// # Errors
    /// The bytes hold CR, LF or NUL.
    pub fn try_new(name: &HeaderName, value: impl Into<Bytes>) -> Result<Self, HeaderError> {
        let value = value.into();
        if value.iter().any(is_forbidden) {
            return Err(HeaderError::new(name.clone(), "CR, LF or NUL in the value"));
        }
        Ok(Self(value))
    }

    /// A value that the parser has checked.
    pub(super) fn received(value: Bytes) -> Self {
        Self(value)
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The text; none when it is not UTF-8.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }
}

fn is_forbidden(byte: &u8) -> bool {
    matches!(byte, b'\r' | b'\n' | 0)
}

/// CR, LF and NUL become spaces: nothing we write can begin another header.
impl From<Bytes> for HeaderValue {
    fn from(value: Bytes) -> Self {
        if !value.iter().any(is_forbidden) {
            return Self(value);
        }
        let clean = |b: u8| if is_forbidden(&b) { b' ' } else { b };
        Self(value.iter().copied().map(clean).collect())
    }
}

impl From<String> for HeaderValue {
    fn from(value: String) -> Self {
        Self::from(Bytes::from(value))
    }
}

impl From<&str> for HeaderValue {
    fn from(value: &str) -> Self {
        Self::from(Bytes::copy_from_slice(value.as_bytes()))
    }
}

impl From<&Self> for HeaderValue {
    fn from(value: &Self) -> Self {
        value.clone()
    }
}

/// Values that print themselves.
macro_rules! value_from_display {
    ($($kind:ty),*) => {
        $(
            impl From<$kind> for HeaderValue {
                fn from(value: $kind) -> Self {
                    Self::from(value.to_string())
                }
            }
        )*
    };
}

value_from_display!(
    u8,
    u16,
    u32,
    u64,
    usize,
    &super::Uri,
    &super::Via,
    super::Via,
    &super::NameAddr,
    super::NameAddr,
    &super::CSeq,
    super::CSeq,
    &super::MediaType,
    &super::AuthHeader,
    super::AuthHeader
);

/// An ordered list of headers. `Content-Length` is not part of it: the body's length is the truth, the parser takes the
/// header out and the printer writes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers {
    list: Vec<(HeaderName, HeaderValue)>,
}

impl Headers {
    /// No headers.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// True when there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The first value of this name, as bytes.
    #[must_use]
    pub fn get(&self, name: &HeaderName) -> Option<&[u8]> {
        self.all(name).next().map(HeaderValue::as_bytes)
    }

    /// The first value of this name, as text; none when absent or not UTF-8.
    #[must_use]
    pub fn get_str(&self, name: &HeaderName) -> Option<&str> {
        self.all(name).next().and_then(HeaderValue::as_str)
    }

    /// Every value of this name, in order.
    pub fn all<'a>(&'a self, name: &HeaderName) -> impl Iterator<Item = &'a HeaderValue> {
        self.list.iter().filter(move |h| h.0 == *name).map(|h| &h.1)
    }

    /// How many header lines have this name.
    #[must_use]
    pub fn count(&self, name: &HeaderName) -> usize {
        self.all(name).count()
    }

    /// True when the header is there.
    #[must_use]
    pub fn has(&self, name: &HeaderName) -> bool {
        self.all(name).next().is_some()
    }

    /// Adds a header at the end.
    pub fn push(&mut self, name: HeaderName, value: impl Into<HeaderValue>) {
        self.list.push((name, value.into()));
    }

    /// Adds a header before all others: Via of a request on its way out.
    pub fn push_front(&mut self, name: HeaderName, value: impl Into<HeaderValue>) {
        self.list.insert(0, (name, value.into()));
    }

    /// Makes this the only header of its name, in the place of the first one.
    pub fn set(&mut self, name: HeaderName, value: impl Into<HeaderValue>) {
        let place = self.list.iter().position(|h| h.0 == name);
        self.remove(&name);
        let place = place.unwrap_or(self.list.len()).min(self.list.len());
        self.list.insert(place, (name, value.into()));
    }

    /// Replaces the first header of this name and leaves the others; adds it in front when there is none.
    pub fn set_first(&mut self, name: HeaderName, value: impl Into<HeaderValue>) {
        match self.list.iter_mut().find(|h| h.0 == name) {
            Some(header) => header.1 = value.into(),
            None => self.push_front(name, value),
        }
    }

    /// Takes all headers of this name away; says how many there were.
    pub fn remove(&mut self, name: &HeaderName) -> usize {
        let before = self.list.len();
        self.list.retain(|h| h.0 != *name);
        before.saturating_sub(self.list.len())
    }

    /// All headers, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&HeaderName, &HeaderValue)> {
        self.list.iter().map(|(name, value)| (name, value))
    }

    /// Adds every header of this name from another list, in order.
    pub fn copy_from(&mut self, other: &Self, name: &HeaderName) {
        self.list
            .extend(other.list.iter().filter(|h| h.0 == *name).cloned());
    }
}
