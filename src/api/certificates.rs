//! `/certificates`: what pages and phones are shown, and how near its end is.
//!
//! **Owns**: the route and its form. **Must not know**: files, TLS, when somebody is told.

use super::ApiState;
use super::error::ApiError;
use super::openapi::shapes::{self, PageOf};
use super::page;
use super::right::{Action, Resource, authorise};
use super::token::Caller;
use crate::certificates::expiry::{self, Nearness};
use axum::Json;
use axum::extract::State;
use recordings::Utc;
use recordings::store::page::Page;
use router::Timestamp;
use serde::Serialize;

/// A certificate in use.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Certificate)]
pub(super) struct CertificateBody {
    /// What shows it: `http` or `sip`.
    shown: &'static str,
    #[schema(value_type = shapes::Moment)]
    expires_at: Utc,
    /// `far`, `near` (21 days or less), `close` (7 days or less) or `expired`.
    state: &'static str,
    /// The same for people.
    words: String,
    /// What to do; empty while its end is far.
    help: &'static str,
}

/// `GET /certificates`: for whoever may see the process's counters.
#[utoipa::path(
    get,
    path = "/api/v1/certificates",
    operation_id = "listCertificates",
    tag = "process",
    responses((status = 200, description = "Those in use; none without TLS.", body = PageOf<CertificateBody>)),
)]
pub(super) async fn list(
    State(state): State<ApiState>,
    Caller(role): Caller,
) -> Result<Json<Page<CertificateBody>>, ApiError> {
    if !authorise(role, Action::ReadMetrics, Resource::Others) {
        return Err(ApiError::forbidden());
    }
    let now = state.clock.now();
    let known = state.metrics.certificates.known();
    let items = known.map(|(shown, seconds)| body(shown, seconds, now));
    Ok(Json(page::whole(items.collect())))
}

fn body(shown: &'static str, seconds: i64, now: Timestamp) -> CertificateBody {
    let end = Timestamp::from_millis(seconds.saturating_mul(1_000));
    let nearness = Nearness::of(end, now);
    CertificateBody {
        shown,
        expires_at: Utc(end),
        state: nearness.as_str(),
        words: expiry::words(end, now),
        help: nearness.help(),
    }
}
