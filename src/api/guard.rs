//! What every request passes: the checks of `Host` and `Origin`, a time limit, and headers of every answer.
//!
//! **Owns**: these, and the answers for paths and methods that do not exist. **Must not know**: routes, rights.

use super::access::identity::{Seen, foreign_origin, is_unsafe};
use super::access::origin;
use super::error::ApiError;
use super::{ApiState, host};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use std::time::Duration;

/// How long a handler may take. The body of a recording streams after it and is not counted.
const PATIENCE: Duration = Duration::from_secs(15);

/// Headers of every answer, where the handler has not set its own: nothing is guessed, framed, kept or told to others.
const ALWAYS: [(&str, &str); 7] = [
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    (
        "permissions-policy",
        "microphone=(self), speaker-selection=(self), camera=(), geolocation=()",
    ),
    ("cache-control", "no-store"),
];

/// Around every handler.
pub(super) async fn guard(
    State(state): State<ApiState>,
    mut request: Request,
    next: Next,
) -> Response {
    let headers = request.headers();
    let host = headers.get(header::HOST);
    let host = host.map(|value| value.to_str().unwrap_or("?").to_owned());
    let asks = is_unsafe(request.method()) || headers.contains_key(header::UPGRADE);
    let played = state.access.is_secure() && origin::is_plain(headers);
    let foreign = asks && (played || origin::is_foreign(headers));
    request.extensions_mut().insert(Seen::default());
    let mut response = if !host::is_ours(host.as_deref(), state.listen, &state.domain) {
        let detail = "This host name is none of ours; use an address, `localhost` or our domain.";
        ApiError::new(StatusCode::MISDIRECTED_REQUEST, detail).into_response()
    } else if foreign {
        foreign_origin().into_response()
    } else {
        match tokio::time::timeout(PATIENCE, next.run(request)).await {
            Ok(response) => response,
            Err(_) => ApiError::unavailable("This took too long; try again.").into_response(),
        }
    };
    protect(response.headers_mut(), host.as_deref(), &state);
    response
}

fn protect(headers: &mut HeaderMap, host: Option<&str>, state: &ApiState) {
    for (name, value) in ALWAYS {
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    if state.access.is_secure() {
        let stays = HeaderValue::from_static("max-age=31536000");
        headers.insert(header::STRICT_TRANSPORT_SECURITY, stays);
    }
    if let Ok(policy) = policy(host, state.access.is_secure()).parse() {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
}

/// Everything from here and nothing from elsewhere; scripts and styles from files of ours alone. `'self'` means our
/// WebSockets too, but not to every browser, so they are named.
fn policy(host: Option<&str>, secure: bool) -> String {
    let plain = |text: &&str| {
        text.bytes()
            .all(|b| b.is_ascii_alphanumeric() || b".-:[]".contains(&b))
    };
    let scheme = if secure { "wss" } else { "ws" };
    let sockets = host
        .filter(plain)
        .map(|host| format!(" {scheme}://{host}"))
        .unwrap_or_default();
    format!(
        "default-src 'self'; connect-src 'self'{sockets}; img-src 'self' data:; media-src 'self' blob:; \
         object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
}

/// 404 for paths.
pub(super) async fn no_such_path() -> ApiError {
    ApiError::not_found("path")
}

/// 405 for methods.
pub(super) async fn no_such_method() -> ApiError {
    ApiError::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "This path does not know that method.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_cannot_write_into_the_policy() {
        assert!(policy(Some("localhost:8080"), false).contains("'self' ws://localhost:8080;"));
        assert!(policy(Some("[::1]:8080"), true).contains(" wss://[::1]:8080;"));
        for hostile in ["a; script-src *", "a b", "*", "a,b"] {
            assert!(policy(Some(hostile), false).contains("connect-src 'self';"));
        }
        assert!(!policy(None, false).contains("unsafe"));
    }
}
