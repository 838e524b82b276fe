//! Our answers to challenges.
//!
//! **Owns**: [`respond`], [`choose`]. **Must not know**: whom to trust with an answer: the caller answers a challenge
//! only on a request that it sent to the account's own server.

use super::digest::{self, DigestInput};
use crate::leg::Credentials;
use crate::sip::message::{AuthHeader, Method};

/// A challenge that we cannot answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChallengeError {
    /// Not `Digest`.
    #[error("the scheme is not Digest")]
    Scheme,
    /// Neither MD5 nor SHA-256.
    #[error("the algorithm is neither MD5 nor SHA-256")]
    Algorithm,
    /// A qop list without `auth`.
    #[error("the qop list has no auth")]
    Qop,
    /// No realm or no nonce.
    #[error("realm or nonce is missing")]
    Incomplete,
}

/// The challenge to answer: the first that we can, in the server's order (RFC 8760 2.3).
#[must_use]
pub fn choose(challenges: &[AuthHeader]) -> Option<&AuthHeader> {
    challenges.iter().find(|c| check(c).is_ok())
}

/// Credentials for Authorization (to a 401) or Proxy-Authorization (to a 407). `uri` is the Request-URI as printed,
/// `cnonce` fresh randomness as text, `nc` counts the uses of this nonce from 1.
///
/// # Errors
/// [`ChallengeError`]: the challenge cannot be answered.
pub fn respond(
    challenge: &AuthHeader,
    credentials: &Credentials,
    method: &Method,
    uri: &str,
    cnonce: &str,
    nc: u32,
) -> Result<AuthHeader, ChallengeError> {
    let (realm, nonce) = check(challenge)?;
    let algorithm =
        digest::algorithm_of(challenge.get("algorithm")).ok_or(ChallengeError::Algorithm)?;
    let nc = format!("{nc:08x}");
    let with_qop = challenge.get("qop").is_some();
    let Credentials { username, password } = credentials;
    let response = DigestInput {
        algorithm,
        ha1: &digest::ha1(algorithm, username, realm, password),
        method: method.as_str(),
        uri,
        nonce,
        auth: with_qop.then_some((nc.as_str(), cnonce)),
    }
    .response();
    let mut answer = AuthHeader::new("Digest");
    answer.push_quoted("username", &credentials.username);
    answer.push_quoted("realm", realm);
    answer.push_quoted("nonce", nonce);
    answer.push_quoted("uri", uri);
    answer.push_quoted("response", &response);
    answer.push_token("algorithm", digest::algorithm_name(algorithm));
    if with_qop {
        answer.push_token("qop", "auth");
        answer.push_token("nc", &nc);
        answer.push_quoted("cnonce", cnonce);
    }
    if let Some(opaque) = challenge.get("opaque") {
        answer.push_quoted("opaque", opaque);
    }
    Ok(answer)
}

/// Realm and nonce of a challenge that we can answer.
fn check(challenge: &AuthHeader) -> Result<(&str, &str), ChallengeError> {
    if !challenge.is_digest() {
        return Err(ChallengeError::Scheme);
    }
    if digest::algorithm_of(challenge.get("algorithm")).is_none() {
        return Err(ChallengeError::Algorithm);
    }
    let offers_auth = |list: &str| {
        list.split(',')
            .any(|q| q.trim().eq_ignore_ascii_case("auth"))
    };
    if !challenge.get("qop").is_none_or(offers_auth) {
        return Err(ChallengeError::Qop);
    }
    match (challenge.get("realm"), challenge.get("nonce")) {
        (Some(realm), Some(nonce)) => Ok((realm, nonce)),
        _ => Err(ChallengeError::Incomplete),
    }
}
