//! Digest authentication (RFC 3261 22, RFC 7616, RFC 8760) with MD5 and SHA-256, `qop=auth`.
//!
//! **Owns**: nonces and their use ([`NonceStore`]), the check of credentials, the pause after wrong ones (`lockout.rs`), and our answers to challenges
//! ([`respond`]). **Must not know**: who may do what, sockets, the clock, randomness: both are handed in.

mod client;
mod digest;
mod lockout;
mod nonce;
#[cfg(test)]
mod tests;

pub use client::{ChallengeError, choose, respond};
pub(crate) use digest::{ha1, hmac_sha256, key_of};
pub(crate) use lockout::{Lockout, network_of};
pub use nonce::{Expected, NonceStore, Verdict};
