//! Bearer tokens: made once, shown once, kept as a hash.
//!
//! **Owns**: the form of a token, its hash, [`create`], and finding who a token speaks for.
//! **Must not know**: what a role may do (`right` does), routes.

use super::ApiState;
use super::access::identity::{Identity, SignedIn};
use super::error::ApiError;
use super::names;
use super::right::{Role, RoleName};
use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use recordings::store::tokens::StoredToken;
use recordings::{Store, StoreError};
use router::Timestamp;
use sha2::{Digest, Sha256};

/// What every token begins with, so that scanners for lost secrets can find one.
const PREFIX: &str = "cb_";
/// Random bytes of a token.
const RANDOM: usize = 32;

/// SHA-256 of a token. The token is 256 random bits, so that a plain hash is as good as a slow one.
#[must_use]
pub fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

/// Makes a token and keeps its hash. The token itself is given once and cannot be read again.
///
/// # Errors
/// When the database fails.
pub async fn create(
    store: &Store,
    role: RoleName,
    agent: Option<&str>,
) -> Result<String, StoreError> {
    let token = draw();
    let created_at = jiff::Timestamp::now().as_millisecond();
    let row = StoredToken {
        hash: hash(&token),
        role: role.as_str().to_owned(),
        agent_login: agent.map(str::to_owned),
        created_at: Timestamp::from_millis(created_at),
    };
    store.create_token(&row).await?;
    Ok(token)
}

fn draw() -> String {
    let random: [u8; RANDOM] = rand::random();
    let hex: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{PREFIX}{hex}")
}

/// The role of whoever asks, by a token or by a session.
#[derive(Clone, Copy, Debug)]
pub(super) struct Caller(pub(super) Role);

impl FromRequestParts<ApiState> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, ApiError> {
        let SignedIn(identity) = SignedIn::from_request_parts(parts, state).await?;
        Ok(Self(identity.role))
    }
}

/// Who the token in the `Authorization` header speaks for.
pub(super) async fn identify(headers: &HeaderMap, state: &ApiState) -> Result<Identity, ApiError> {
    let token = headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(bearer)
        .ok_or_else(ApiError::unauthorized)?;
    let hash = hash(token);
    let stored = state.tokens.find(&state.store, &hash).await?;
    let stored = stored.ok_or_else(ApiError::unauthorized)?;
    let agent = stored
        .agent_login
        .and_then(|login| names::agent_id(&state.company(), &login));
    let role_name = RoleName::of_staff(&stored.role).ok_or_else(ApiError::unauthorized)?;
    // A token of an agent who left the company speaks for nobody.
    let role = Role::new(role_name, agent).ok_or_else(ApiError::unauthorized)?;
    let [a, b, c, d, ..] = hash;
    Ok(Identity {
        role,
        role_name,
        // Enough to tell tokens apart.
        actor: format!("token {a:02x}{b:02x}{c:02x}{d:02x}"),
        agent,
        session: None,
        token: Some(hash),
    })
}

/// The token of `Bearer TOKEN` (RFC 6750; the scheme's case does not matter).
fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.trim().split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && token.starts_with(PREFIX)).then_some(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_differ_and_are_long() {
        let (one, other) = (draw(), draw());
        assert_ne!(one, other);
        assert_eq!(one.len(), PREFIX.len() + 64);
        assert_ne!(hash(&one), hash(&other));
        assert_eq!(hash(&one), hash(&one));
    }

    #[test]
    fn the_header_is_read() {
        assert_eq!(bearer("Bearer cb_1"), Some("cb_1"));
        assert_eq!(bearer("bearer   cb_1 "), Some("cb_1"));
        for wrong in ["", "Bearer", "Basic cb_1", "Bearer x", "cb_1"] {
            assert_eq!(bearer(wrong), None, "{wrong}");
        }
    }
}
