//! `/flows/{name}/plan`: a publish at a time.
//!
//! **Owns**: the outside form. **Must not know**: how a plan is kept or carried out; `publishing` does.

use super::changes::{PublishBody, by, may, meant};
use crate::api::ApiState;
use crate::api::access::identity::SignedIn;
use crate::api::error::ApiError;
use crate::api::openapi::shapes::Moment;
use crate::api::right::Action;
use crate::api::time;
use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use recordings::Utc;
use recordings::store::flow_plans::FlowPlan;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What `PUT /flows/{name}/plan` takes: that of a publish, and when.
#[derive(Debug, Deserialize, ToSchema)]
pub(in crate::api) struct PlanBody {
    /// RFC 3339; a year ahead at most.
    at: String,
    #[serde(flatten)]
    publish: PublishBody,
}

/// A publish at a time.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct PlannedBody {
    #[schema(value_type = Moment)]
    at: Utc,
    /// The version that it takes the place of.
    base: Option<u32>,
    comment: String,
    /// For this share of new calls alone, in percent.
    canary: Option<u8>,
    by: String,
    #[schema(value_type = Moment)]
    planned_at: Utc,
    /// Why it did not happen; `null`: it is to come.
    refused: Option<String>,
}

impl From<FlowPlan> for PlannedBody {
    fn from(plan: FlowPlan) -> Self {
        Self {
            at: plan.at,
            base: plan.base,
            comment: plan.comment,
            canary: plan.percent,
            by: plan.by,
            planned_at: plan.planned_at,
            refused: plan.refused,
        }
    }
}

/// `PUT /flows/{name}/plan`.
#[utoipa::path(
    put,
    path = "/api/v1/flows/{name}/plan",
    operation_id = "planFlow",
    tag = "flows",
    params(("name" = String, Path, description = "Name.")),
    request_body = PlanBody,
    responses((status = 200, description = "The texts as they are now are published then, by the same checks; an older plan is gone. Refused now like a publish.", body = PlannedBody)),
)]
pub(in crate::api) async fn plan(
    State(state): State<ApiState>,
    SignedIn(identity): SignedIn,
    Path(name): Path<String>,
    body: Result<Json<PlanBody>, JsonRejection>,
) -> Result<Json<PlannedBody>, ApiError> {
    may(&identity, Action::PublishFlow)?;
    let Json(body) = body?;
    let at = time::parse(&body.at).ok_or_else(|| {
        ApiError::unprocessable("`at` is no time; write it as 2026-12-24T10:00:00+01:00.")
    })?;
    let publish = meant(body.publish)?;
    let by = by(&identity);
    let done = state.publisher.plan(&name, publish, at, &by);
    Ok(Json(done.await?.into()))
}

/// `DELETE /flows/{name}/plan`.
#[utoipa::path(
    delete,
    path = "/api/v1/flows/{name}/plan",
    operation_id = "unplanFlow",
    tag = "flows",
    params(("name" = String, Path, description = "Name.")),
    responses((status = 204, description = "Nothing is planned for the flow any more.")),
)]
pub(in crate::api) async fn unplan(
    State(state): State<ApiState>,
    SignedIn(identity): SignedIn,
    Path(name): Path<String>,
) -> Result<StatusCode, ApiError> {
    may(&identity, Action::PublishFlow)?;
    state.publisher.unplan(&name, &by(&identity)).await?;
    Ok(StatusCode::NO_CONTENT)
}
