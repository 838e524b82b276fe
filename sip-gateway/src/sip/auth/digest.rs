//! The digest computation and the keyed hash of nonces.
//!
//! **Owns**: [`DigestInput`] and [`hmac_sha256`]. **Must not know**: nonce lifetimes, accounts.

use crate::leg::DigestAlgorithm;
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;

/// Everything that goes into one digest (RFC 7616 3.4.1).
pub(super) struct DigestInput<'a> {
    pub(super) algorithm: DigestAlgorithm,
    /// The hash of user, realm and password: [`ha1`].
    pub(super) ha1: &'a str,
    pub(super) method: &'a str,
    pub(super) uri: &'a str,
    pub(super) nonce: &'a str,
    /// `nc` and `cnonce` of `qop=auth`; none without qop (RFC 2069).
    pub(super) auth: Option<(&'a str, &'a str)>,
}

impl DigestInput<'_> {
    /// The `response` value: lower-case hex.
    pub(super) fn response(&self) -> String {
        let a2 = hash(self.algorithm, &[self.method, self.uri]);
        let parts = match self.auth {
            Some((nc, cnonce)) => &[self.ha1, self.nonce, nc, cnonce, "auth", &a2][..],
            None => &[self.ha1, self.nonce, &a2][..],
        };
        hash(self.algorithm, parts)
    }
}

/// What stands for a password in every digest (RFC 7616 3.4.2): it has one length, whatever the password has.
pub(crate) fn ha1(
    algorithm: DigestAlgorithm,
    username: &str,
    realm: &str,
    password: &str,
) -> String {
    hash(algorithm, &[username, realm, password])
}

/// Hash of the parts with colons between them, as hex.
fn hash(algorithm: DigestAlgorithm, parts: &[&str]) -> String {
    let text = parts.join(":");
    match algorithm {
        DigestAlgorithm::Md5 => hex(&md5::Md5::digest(text)),
        DigestAlgorithm::Sha256 => hex(&Sha256::digest(text)),
    }
}

/// The name on the wire.
pub(super) fn algorithm_name(algorithm: DigestAlgorithm) -> &'static str {
    match algorithm {
        DigestAlgorithm::Md5 => "MD5",
        DigestAlgorithm::Sha256 => "SHA-256",
    }
}

/// The algorithm of a header; absent means MD5, `-sess` forms and others are none of ours.
pub(super) fn algorithm_of(name: Option<&str>) -> Option<DigestAlgorithm> {
    let name = name.unwrap_or("MD5");
    [DigestAlgorithm::Md5, DigestAlgorithm::Sha256]
        .into_iter()
        .find(|a| algorithm_name(*a).eq_ignore_ascii_case(name))
}

pub(super) fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().saturating_mul(2));
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// A password as the key of [`hmac_sha256`].
pub(crate) fn key_of(password: &str) -> [u8; 32] {
    Sha256::digest(password.as_bytes()).into()
}

/// HMAC-SHA-256 (RFC 2104) with a key of one hash length, over the parts one behind the other.
pub(crate) fn hmac_sha256(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    const BLOCK: usize = 64;
    let pad = |byte: u8| {
        let mut block = [byte; BLOCK];
        for (place, key) in block.iter_mut().zip(key) {
            *place ^= key;
        }
        block
    };
    let mut inner = Sha256::new_with_prefix(pad(0x36));
    for part in parts {
        inner.update(part);
    }
    let mut outer = Sha256::new_with_prefix(pad(0x5c));
    outer.update(inner.finalize());
    outer.finalize().into()
}
