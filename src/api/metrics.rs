//! `GET /metrics`.
//!
//! **Owns**: who may look. **Must not know**: what is measured.

use super::ApiState;
use super::error::ApiError;
use super::right::{Action, Resource, authorise};
use super::token::Caller;
use crate::metrics::text::CONTENT_TYPE;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;

/// Beside the API: with a token that may read.
#[utoipa::path(
    get,
    path = "/metrics",
    operation_id = "readMetrics",
    tag = "process",
    responses((status = 200, description = "Prometheus text.", body = String, content_type = "text/plain")),
)]
pub(super) async fn guarded(
    state: State<ApiState>,
    Caller(role): Caller,
) -> Result<impl IntoResponse, ApiError> {
    if !authorise(role, Action::ReadMetrics, Resource::Others) {
        return Err(ApiError::forbidden());
    }
    Ok(open(state).await)
}

/// On a listener of its own, which only this machine reaches.
pub(super) async fn open(State(state): State<ApiState>) -> impl IntoResponse + use<> {
    let text = state.metrics.text(&state.live, &state.company()).await;
    ([(header::CONTENT_TYPE, CONTENT_TYPE)], text)
}
