//! What every request passes: the check of `Host`, a time limit, and headers of every answer.
//!
//! **Owns**: these, and the answers for paths and methods that do not exist. **Must not know**: routes, rights.

use super::error::ApiError;
use super::{ApiState, host};
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use std::time::Duration;

/// How long a handler may take. The body of a recording streams after it and is not counted.
const PATIENCE: Duration = Duration::from_secs(15);

/// Around every handler.
pub(super) async fn guard(State(state): State<ApiState>, request: Request, next: Next) -> Response {
    let host = request
        .headers()
        .get(header::HOST)
        .map(|value| value.to_str().unwrap_or("?"));
    let mut response = if host::is_ours(host, state.listen, &state.domain) {
        match tokio::time::timeout(PATIENCE, next.run(request)).await {
            Ok(response) => response,
            Err(_) => ApiError::unavailable("This took too long; try again.").into_response(),
        }
    } else {
        let detail = "This host name is none of ours; use an address, `localhost` or our domain.";
        ApiError::new(StatusCode::MISDIRECTED_REQUEST, detail).into_response()
    };
    let headers = response.headers_mut();
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    response
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
