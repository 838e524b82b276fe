//! Who asks: a bearer token, or the cookie of a session.
//!
//! **Owns**: [`Identity`], the extractor [`SignedIn`], the cookie, and the proof that a page of ours sent an unsafe
//! request. **Must not know**: what a role may do (`right` does), routes.

use super::origin;
use super::sessions::SessionKey;
use crate::api::error::ApiError;
use crate::api::right::{Role, RoleName};
use crate::api::{ApiState, names, token};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, Method, StatusCode, header};
use recordings::store::sessions::StoredSession;
use router::id::AgentId;
use sha2::{Digest as _, Sha256};
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};
use subtle::ConstantTimeEq as _;

/// The cookie's name.
pub(in crate::api) const COOKIE: &str = "cordboard_session";
/// The header that says a page of ours sent an unsafe request.
pub(super) const CSRF: HeaderName = HeaderName::from_static("x-csrf-token");

/// Who asks.
#[derive(Clone, Debug)]
pub(in crate::api) struct Identity {
    /// What for.
    pub(in crate::api) role: Role,
    /// The role's name.
    pub(in crate::api) role_name: RoleName,
    /// Login of the user, or a name for the token that tells nothing about it.
    pub(in crate::api) actor: String,
    /// The agent that the user is, for a supervisor with a phone too.
    pub(in crate::api) agent: Option<AgentId>,
    /// The session; none for a token.
    pub(in crate::api) session: Option<SessionKey>,
    /// Hash of the token; none for a session.
    pub(in crate::api) token: Option<[u8; 32]>,
}

impl Identity {
    /// Whether the session or token still counts, for what stays open after the request. It is a use of a session.
    /// What cannot be asked at the moment counts.
    pub(in crate::api) async fn still_good(&self, state: &ApiState) -> bool {
        if let Some(key) = self.session {
            let now = state.clock.now();
            let used = state.access.sessions.used(&state.store, key, now).await;
            return used.map_or(true, |session| session.is_some());
        }
        match &self.token {
            Some(hash) => {
                let found = state.tokens.find(&state.store, hash).await;
                found.map_or(true, |token| token.is_some())
            }
            None => false,
        }
    }
}

/// Who asked, and what they did if that is worth a word, for those who come after the handler.
#[derive(Clone, Debug, Default)]
pub(in crate::api) struct Seen(Arc<Sight>);

#[derive(Debug, Default)]
struct Sight {
    who: OnceLock<Identity>,
    said: OnceLock<&'static str>,
    stranger: OnceLock<Stranger>,
}

/// Somebody whose sign-in was refused.
#[derive(Clone, Debug)]
pub(in crate::api) struct Stranger {
    /// The login, when somebody has it: any other may be a password in the wrong field, and is not repeated.
    pub(in crate::api) actor: String,
    /// What was wrong, in words of ours.
    pub(in crate::api) what: String,
    /// Where the try came from.
    pub(in crate::api) from: IpAddr,
}

impl Seen {
    /// This is who asks; the first word counts.
    pub(in crate::api) fn is(&self, who: Identity) {
        let _ = self.0.who.set(who);
    }

    /// This gets a row in the audit, with this word, even though it changes nothing; the first word counts.
    pub(in crate::api) fn say(&self, what: &'static str) {
        let _ = self.0.said.set(what);
    }

    /// This sign-in was refused, and gets a row.
    pub(in crate::api) fn refuse(&self, stranger: Stranger) {
        let _ = self.0.stranger.set(stranger);
    }

    pub(in crate::api) fn stranger(&self) -> Option<&Stranger> {
        self.0.stranger.get()
    }

    pub(in crate::api) fn who(&self) -> Option<&Identity> {
        self.0.who.get()
    }

    pub(in crate::api) fn said(&self) -> Option<&'static str> {
        self.0.said.get().copied()
    }
}

/// The extractor: whoever asks with a token or a session that we know.
#[derive(Clone, Debug)]
pub(in crate::api) struct SignedIn(pub(in crate::api) Identity);

impl FromRequestParts<ApiState> for SignedIn {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, ApiError> {
        let identity = if parts.headers.contains_key(header::AUTHORIZATION) {
            token::identify(&parts.headers, state).await?
        } else {
            by_session(parts, state).await?
        };
        if let Some(seen) = parts.extensions.get::<Seen>() {
            seen.is(identity.clone());
        }
        Ok(Self(identity))
    }
}

async fn by_session(parts: &Parts, state: &ApiState) -> Result<Identity, ApiError> {
    let secret = cookie(&parts.headers).ok_or_else(ApiError::unauthorized)?;
    if needs_proof(parts) {
        prove(parts, secret)?;
    }
    let (key, session) = session(secret, state).await?;
    identity_of(state, key, &session)
}

/// The session of a cookie's secret, used now.
pub(super) async fn session(
    secret: &str,
    state: &ApiState,
) -> Result<(SessionKey, StoredSession), ApiError> {
    let key = SessionKey::of(secret);
    let now = state.clock.now();
    let session = state.access.sessions.used(&state.store, key, now).await?;
    session.map(|session| (key, session)).ok_or_else(expired)
}

/// Who a session speaks for. An agent who left the company speaks for nobody.
pub(super) fn identity_of(
    state: &ApiState,
    key: SessionKey,
    session: &StoredSession,
) -> Result<Identity, ApiError> {
    let login = session.agent_login.as_deref();
    let agent = login.and_then(|login| names::agent_id(&state.company(), login));
    let role_name = RoleName::from_name(&session.role).ok_or_else(expired)?;
    Ok(Identity {
        role: Role::new(role_name, agent).ok_or_else(expired)?,
        role_name,
        actor: session.login.clone(),
        agent,
        session: Some(key),
        token: None,
    })
}

/// 401: there was a session.
fn expired() -> ApiError {
    let detail = "You are no longer signed in: sign in again.";
    ApiError::new(StatusCode::UNAUTHORIZED, detail).of_kind("session-expired")
}

/// What changes something, and what opens a WebSocket, which browsers let any page do.
fn needs_proof(parts: &Parts) -> bool {
    is_unsafe(&parts.method) || parts.headers.contains_key(header::UPGRADE)
}

/// Methods that may change something (RFC 9110 9.2.1).
pub(in crate::api) fn is_unsafe(method: &Method) -> bool {
    !matches!(
        *method,
        Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE
    )
}

/// A cookie is sent whoever asks the browser to; these two show that a page of ours did. A WebSocket can send no
/// header of its own: there the Origin is the proof.
fn prove(parts: &Parts, secret: &str) -> Result<(), ApiError> {
    if !origin::is_ours(&parts.headers) {
        return Err(foreign_origin());
    }
    if !is_unsafe(&parts.method) {
        return Ok(());
    }
    let sent = parts.headers.get(CSRF).map_or(&[][..], |v| v.as_bytes());
    if bool::from(sent.ct_eq(csrf(secret).as_bytes())) {
        return Ok(());
    }
    let detail = "Send the session's `csrf` in the header `X-CSRF-Token`.";
    Err(ApiError::new(StatusCode::FORBIDDEN, detail).of_kind("csrf"))
}

/// 403: another site's page asks.
pub(in crate::api) fn foreign_origin() -> ApiError {
    let detail = "A page of another site may not ask this.";
    ApiError::new(StatusCode::FORBIDDEN, detail).of_kind("foreign-origin")
}

/// Derived from the cookie, so that it needs no place of its own and is another after each sign-in.
pub(in crate::api) fn csrf(secret: &str) -> String {
    let hash = Sha256::digest(format!("csrf:{secret}").as_bytes());
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The secret in the request's cookie, if its form is right.
pub(super) fn cookie(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get_all(header::COOKIE).iter();
    let mut pairs = cookies
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='));
    let (_, secret) = pairs.find(|(name, _)| *name == COOKIE)?;
    let good = secret.len() == 32 && secret.bytes().all(|b| b.is_ascii_hexdigit());
    good.then_some(secret)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cookie_is_found_among_others() {
        let id = "0123456789abcdef0123456789abcdef";
        let headers = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::COOKIE, text.parse().unwrap());
            headers
        };
        for good in [
            format!("cordboard_session={id}"),
            format!("a=b; cordboard_session={id}; c=d"),
        ] {
            assert_eq!(cookie(&headers(&good)), Some(id), "{good}");
        }
        for wrong in [
            "".to_owned(),
            "cordboard_session".to_owned(),
            "cordboard_session=".to_owned(),
            format!("cordboard_session={id}0"),
            format!("xcordboard_session={id}"),
            "cordboard_session=../../../../../../../../etc/pass".to_owned(),
        ] {
            assert_eq!(cookie(&headers(&wrong)), None, "{wrong}");
        }
    }
}
