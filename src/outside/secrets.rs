//! What authorises us at servers outside.
//!
//! **Owns**: where each secret comes from, and a value that cannot print itself. **Must not know**: who is asked.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::path::{Path, PathBuf};

/// Longest secret, in bytes.
const LONGEST: usize = 4_096;

/// Where a secret comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretSource {
    /// An environment variable of the server.
    Environment(String),
    /// A file, read whenever the secret is used: a new value needs no restart.
    File(PathBuf),
}

/// The secrets of the settings by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Secrets(BTreeMap<String, SecretSource>);

/// A secret's value: neither shown nor printed; it only goes into a header.
#[derive(Clone)]
pub(super) struct Secret(String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl Secret {
    /// The bytes of a header: `before` and the secret.
    pub(super) fn header(&self, before: &str) -> Vec<u8> {
        [before.as_bytes(), self.0.as_bytes()].concat()
    }

    /// The signature of a body at a time in seconds since 1970: `t=TIME,v1=HEX`, HMAC-SHA256 (RFC 2104) over `TIME.BODY`.
    pub(super) fn signature(&self, time: u64, body: &[u8]) -> Option<String> {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.as_bytes()).ok()?;
        mac.update(format!("{time}.").as_bytes());
        mac.update(body);
        let mut signature = format!("t={time},v1=");
        for byte in mac.finalize().into_bytes() {
            let _ = write!(signature, "{byte:02x}");
        }
        Some(signature)
    }

    /// Whether a text shows it.
    pub(super) fn is_in(&self, text: &str) -> bool {
        text.contains(&self.0)
    }
}

impl Secrets {
    /// These.
    #[must_use]
    pub const fn new(sources: BTreeMap<String, SecretSource>) -> Self {
        Self(sources)
    }

    /// Their names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// The same with every relative path taken from `folder`.
    pub(crate) fn below(&mut self, folder: &Path) {
        for source in self.0.values_mut() {
            if let SecretSource::File(path) = source {
                *path = folder.join(&*path);
            }
        }
    }

    /// Reads a secret now. The error says why without the value.
    pub(super) async fn value(&self, name: &str) -> Result<Secret, &'static str> {
        let text = match self.0.get(name) {
            None => return Err("the settings have no such secret"),
            Some(SecretSource::Environment(name)) => std::env::var(name)
                .map_err(|_| "the environment variable of a secret is not set")?,
            Some(SecretSource::File(path)) => tokio::fs::read_to_string(path)
                .await
                .map_err(|_| "the file of a secret cannot be read")?,
        };
        let text = text.trim();
        let good = !text.is_empty() && text.len() <= LONGEST;
        if !good || !text.chars().all(|c| c.is_ascii_graphic() || c == ' ') {
            return Err("a secret is empty, too long, or no plain text");
        }
        Ok(Secret(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::Secret;

    #[test]
    fn a_signature_is_the_one_that_others_make() {
        // hmac.new(b"word-of-the-bot", b'1763880000.{"a":1}', "sha256") of Python.
        let expected = "190aab8ed98afc85e88cf303325231f3d921207ee35016a7cd4d8f1a6bb680d3";
        let secret = Secret("word-of-the-bot".to_owned());
        let made = secret.signature(1_763_880_000, b"{\"a\":1}").unwrap();
        assert_eq!(made, format!("t=1763880000,v1={expected}"));
        assert_ne!(secret.signature(1_763_880_001, b"{\"a\":1}").unwrap(), made);
    }
}
