//! `GET /healthz` and `GET /readyz`: for whoever starts and watches the process. No token, no detail.
//!
//! **Owns**: the two answers. **Must not know**: what readiness is made of; the application says it. A database that is
//! away makes nobody unready: calls are taken and the journal keeps their record.

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

/// Calls can be taken: journal drained, sweep done, and the journal has room. The text says when the database is away.
#[utoipa::path(
    get,
    path = "/readyz",
    operation_id = "isReady",
    tag = "process",
    responses((status = 200, description = "Calls are taken; 503 when not.", body = String, content_type = "text/plain")),
)]
pub(super) async fn ready(State(state): State<ApiState>) -> (StatusCode, &'static str) {
    if !state.live.is_ready() || !state.metrics.health.journal_has_room() {
        return (StatusCode::SERVICE_UNAVAILABLE, "not ready\n");
    }
    match state.store.ping().await {
        Ok(()) => (StatusCode::OK, "ready\n"),
        Err(error) => {
            tracing::debug!(%error, "the database does not answer");
            (
                StatusCode::OK,
                "ready; the database does not answer, the journal keeps the records\n",
            )
        }
    }
}
