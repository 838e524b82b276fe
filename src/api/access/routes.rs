//! `/session`: sign in, see who one is, sign out.
//!
//! **Owns**: these three, and the cookie they set. **Must not know**: what a role may do.
//!
//! A wrong password and a login that nobody has get the same answer after the same work; whoever tries too often
//! waits, whether the login exists or not.

use super::identity::{self, Identity, Seen, SignedIn, Stranger};
use super::password::{LONGEST, PasswordError};
use super::sessions::{LONGEST as LONGEST_SESSION, NewSession, SessionKey, ends_at};
use super::source_of;
use crate::api::ApiState;
use crate::api::error::ApiError;
use crate::api::openapi::shapes;
use crate::api::right::RoleName;
use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{ConnectInfo, Extension, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use recordings::Utc;
use recordings::store::sessions::StoredSession;
use recordings::store::users::StoredUser;
use router::Private;
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// What `POST /session` takes.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct SignInBody {
    login: String,
    #[schema(value_type = String)]
    password: Private<String>,
}

/// Who is signed in.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(in crate::api) struct SessionBody {
    user: UserBody,
    csrf: String,
    #[schema(value_type = shapes::Moment)]
    expires_at: Utc,
}

/// A user as pages see it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct UserBody {
    login: String,
    name: String,
    role: &'static str,
    agent: Option<OwnAgentBody>,
}

/// The agent that a user is.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct OwnAgentBody {
    login: String,
    name: String,
    extension: String,
}

/// `POST /session`.
#[utoipa::path(
    post,
    path = "/api/v1/session",
    operation_id = "signIn",
    tag = "session",
    request_body = SignInBody,
    responses((status = 200, description = "Signed in; the cookie comes with it. 401 for a wrong login or password, 429 after too many.", body = SessionBody)),
)]
pub(in crate::api) async fn sign_in(
    State(state): State<ApiState>,
    peer: Option<Extension<ConnectInfo<SocketAddr>>>,
    Extension(seen): Extension<Seen>,
    headers: HeaderMap,
    body: Result<Json<SignInBody>, JsonRejection>,
) -> Result<Response, ApiError> {
    let Json(SignInBody { login, password }) = body?;
    let address = peer.map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |peer| peer.0.0.ip());
    let user = check(&state, address, &seen, &login, password).await?;
    let role = RoleName::from_name(&user.role).ok_or_else(wrong)?;
    let new = NewSession {
        login: user.login,
        name: user.name,
        role,
        agent_login: user.agent_login,
    };
    let (cookie, body) = begin(&state, &headers, new, &seen).await?;
    let mut response = Json(body).into_response();
    response.headers_mut().insert(header::SET_COOKIE, cookie);
    Ok(response)
}

/// The user, when the password fits.
async fn check(
    state: &ApiState,
    address: IpAddr,
    seen: &Seen,
    login: &str,
    password: Private<String>,
) -> Result<StoredUser, ApiError> {
    let now = state.clock.now();
    let source = source_of(address);
    let refuse = |user: Option<&str>, what: &str| {
        if let Some(left_out) = state.access.wrong_tries().tried(user, now) {
            seen.refuse(stranger(user, what, left_out, address));
        }
    };
    let pause = state.access.throttle().pause(source, login, now);
    if let Some(pause) = pause {
        refuse(None, "too many tries");
        return Err(too_many(pause.as_secs().max(1)));
    }
    let readable = login.len() <= LONGEST && password.reveal().len() <= LONGEST;
    let (login, password) = if readable {
        (login, password)
    } else {
        ("", Private::default())
    };
    let user = state.store.user(login).await?;
    let hash = user.as_ref().map(|user| user.password_hash.clone());
    let fits = state.access.checks.fits(password, hash).await;
    let fits = fits.map_err(|error| match error {
        PasswordError::Busy => ApiError::unavailable("Too many sign in at once; try again."),
        PasswordError::Failed => ApiError::internal(error.to_string()),
    })?;
    let mut throttle = state.access.throttle();
    match user {
        Some(user) if fits => {
            throttle.succeeded(source, login);
            Ok(user)
        }
        user => {
            throttle.failed(source, login, now);
            refuse(
                user.as_ref().map(|user| user.login.as_str()),
                "wrong password or login",
            );
            Err(wrong())
        }
    }
}

fn stranger(user: Option<&str>, what: &str, left_out: u64, from: IpAddr) -> Stranger {
    let what = match left_out {
        0 => what.to_owned(),
        more => format!("{what}, and {more} more without a row"),
    };
    Stranger {
        actor: user.unwrap_or("nobody we know").to_owned(),
        what,
        from,
    }
}

fn wrong() -> ApiError {
    let detail = "Login or password is wrong.";
    ApiError::new(StatusCode::UNAUTHORIZED, detail).of_kind("wrong-password")
}

fn too_many(seconds: u64) -> ApiError {
    let detail = format!("Too many wrong tries: try again in {seconds} s.");
    ApiError::new(StatusCode::TOO_MANY_REQUESTS, detail)
        .of_kind("too-many-tries")
        .retry_after(seconds)
}

/// Begins a session in place of the one that the request came with, if any: an id from before a sign-in is worth
/// nothing after it.
pub(super) async fn begin(
    state: &ApiState,
    headers: &HeaderMap,
    new: NewSession,
    seen: &Seen,
) -> Result<(HeaderValue, SessionBody), ApiError> {
    let (access, store) = (&state.access, &state.store);
    if let Some(old) = identity::cookie(headers) {
        access.sessions.end(store, SessionKey::of(old)).await?;
    }
    if !access.sessions.has_room() {
        return Err(ApiError::unavailable("Too many are signed in."));
    }
    let now = state.clock.now();
    let (secret, session) = access.sessions.begin(store, new, now).await?;
    let key = SessionKey::of(&secret);
    seen.is(identity::identity_of(state, key, &session)?);
    let body = body(state, &secret, &session)?;
    let seconds = LONGEST_SESSION.as_secs();
    Ok((cookie(state, &secret, seconds)?, body))
}

fn cookie(state: &ApiState, secret: &str, seconds: u64) -> Result<HeaderValue, ApiError> {
    let secure = if state.access.is_secure() {
        "; Secure"
    } else {
        ""
    };
    let name = identity::COOKIE;
    format!("{name}={secret}; Path=/; HttpOnly; SameSite=Strict; Max-Age={seconds}{secure}")
        .parse()
        .map_err(|_| ApiError::internal("a cookie cannot be written"))
}

fn body(state: &ApiState, secret: &str, session: &StoredSession) -> Result<SessionBody, ApiError> {
    let key = SessionKey::of(secret);
    let Identity {
        role_name, agent, ..
    } = identity::identity_of(state, key, session)?;
    let company = state.company();
    let login = session.agent_login.as_deref().filter(|_| agent.is_some());
    let mut agents = company.company.agents.iter();
    let agent = login.and_then(|login| agents.find(|agent| agent.login == login));
    Ok(SessionBody {
        user: UserBody {
            login: session.login.clone(),
            name: session.name.reveal().clone(),
            role: role_name.as_str(),
            agent: agent.map(|agent| OwnAgentBody {
                login: agent.login.clone(),
                name: agent.name.reveal().clone(),
                extension: agent.extension.clone(),
            }),
        },
        csrf: identity::csrf(secret),
        expires_at: Utc(ends_at(session)),
    })
}

/// `GET /session`.
#[utoipa::path(
    get,
    path = "/api/v1/session",
    operation_id = "getSession",
    tag = "session",
    responses((status = 200, description = "Who is signed in by the cookie; 401 when nobody is.", body = SessionBody)),
)]
pub(in crate::api) async fn show(
    State(state): State<ApiState>,
    headers: HeaderMap,
) -> Result<Json<SessionBody>, ApiError> {
    let secret = identity::cookie(&headers).ok_or_else(ApiError::unauthorized)?;
    let (_, session) = identity::session(secret, &state).await?;
    body(&state, secret, &session).map(Json)
}

/// `DELETE /session`.
#[utoipa::path(
    delete,
    path = "/api/v1/session",
    operation_id = "signOut",
    tag = "session",
    responses((status = 204, description = "Signed out; whatever was bound to the session is over.")),
)]
pub(in crate::api) async fn sign_out(
    State(state): State<ApiState>,
    SignedIn(identity): SignedIn,
) -> Result<Response, ApiError> {
    let key = identity.session.ok_or_else(ApiError::unauthorized)?;
    state.access.sessions.end(&state.store, key).await?;
    let mut response = StatusCode::NO_CONTENT.into_response();
    let gone = cookie(&state, "", 0)?;
    response.headers_mut().insert(header::SET_COOKIE, gone);
    Ok(response)
}
