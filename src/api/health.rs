//! `GET /healthz` and `GET /readyz`: for whoever starts and watches the process. No token, no detail.
//!
//! **Owns**: the two answers. **Must not know**: what readiness is made of; the application says it.

use super::ApiState;
use axum::extract::State;
use axum::http::StatusCode;

/// The process lives and answers.
#[utoipa::path(
    get,
    path = "/healthz",
    operation_id = "isAlive",
    tag = "process",
    responses((status = 200, description = "As asked.", body = String, content_type = "text/plain")),
)]
pub(super) async fn alive() -> &'static str {
    "ok\n"
}

/// Calls can be taken: journal drained, sweep done, and the store answers.
#[utoipa::path(
    get,
    path = "/readyz",
    operation_id = "isReady",
    tag = "process",
    responses((status = 200, description = "Calls are taken; 503 when not.", body = String, content_type = "text/plain")),
)]
pub(super) async fn ready(State(state): State<ApiState>) -> (StatusCode, &'static str) {
    if !state.live.is_ready() {
        return (StatusCode::SERVICE_UNAVAILABLE, "not ready\n");
    }
    match state.store.ping().await {
        Ok(()) => (StatusCode::OK, "ready\n"),
        Err(error) => {
            tracing::warn!(%error, "the store does not answer");
            (StatusCode::SERVICE_UNAVAILABLE, "not ready\n")
        }
    }
}
