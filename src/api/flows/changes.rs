//! What changes flows: drafts, check, publish, promote, rollback, aliases.
//!
//! **Owns**: what may be asked for, and how a refusal looks. **Must not know**: what makes a flow good.

use super::shapes::{AliasBody, DraftBody, DraftShape};
use crate::api::ApiState;
use crate::api::access::identity::{Identity, SignedIn};
use crate::api::error::ApiError;
use crate::api::right::{Action, Resource, Role, authorise};
use crate::api::token::Caller;
use crate::flows::gate::Report;
use crate::publishing::{By, LONGEST_COMMENT, PointTo, Publish, Refused, SaveDraft};
use axum::Json;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use recordings::store::flows::FlowTexts;
use serde::Deserialize;

/// What `PUT /flows/{name}/draft` takes.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct SaveDraftBody {
    /// `NAME.flow.yaml` as it is typed, whether it can be read or not.
    text: String,
    /// `NAME.test.yaml`.
    #[serde(default)]
    tests: Option<String>,
    /// The version that it changes; `null`: a new flow.
    #[serde(default)]
    base: Option<u32>,
    /// The draft's revision that was changed; `null`: there was none.
    #[serde(default)]
    revision: Option<u32>,
}

/// What `POST /flows/{name}/check` takes.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct CheckBody {
    /// `NAME.flow.yaml`.
    text: String,
    /// `NAME.test.yaml`.
    #[serde(default)]
    tests: Option<String>,
}

/// What `POST /flows/{name}/publish` takes.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct PublishBody {
    /// The version that is live, which the change was made on; `null`: the flow's first version.
    #[serde(default)]
    base: Option<u32>,
    /// The draft's revision that is meant; `null`: whichever there is.
    #[serde(default)]
    revision: Option<u32>,
    /// `NAME.flow.yaml`, for whoever has no draft; `null`: the draft is published.
    #[serde(default)]
    text: Option<String>,
    /// `NAME.test.yaml`, with `text`.
    #[serde(default)]
    tests: Option<String>,
    /// What is different, for colleagues.
    #[serde(default)]
    comment: String,
    /// Why warnings are meant; needed when there are any.
    #[serde(default)]
    accept_warnings: Option<String>,
    /// 1 to 99: this share of new calls takes it, the others the version that is live.
    #[serde(default)]
    canary: Option<u8>,
}

/// What `POST /flows/{name}/rollback` takes.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct RollbackBody {
    /// The version; `null`: the one before the present one, or, while one is on trial, the one beside it.
    #[serde(default)]
    to: Option<u32>,
}

/// What `PUT /flows/{name}/aliases/{alias}` takes: one of the two.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct PointBody {
    /// A version.
    #[serde(default)]
    version: Option<u32>,
    /// The draft's revision: a version is made of it, and it stays a draft.
    #[serde(default)]
    draft: Option<u32>,
}

/// `PUT /flows/{name}/draft`.
#[utoipa::path(
    put,
    path = "/api/v1/flows/{name}/draft",
    operation_id = "saveFlowDraft",
    tag = "flows",
    params(("name" = String, Path, description = "Name; a new one begins a new flow.")),
    request_body = SaveDraftBody,
    responses((status = 200, description = "Saved, with what check and tests say about it; 409 when somebody else was first.", body = DraftShape)),
)]
pub(in crate::api) async fn save_draft(
    State(state): State<ApiState>,
    SignedIn(identity): SignedIn,
    Path(name): Path<String>,
    body: Result<Json<SaveDraftBody>, JsonRejection>,
) -> Result<Json<DraftBody>, ApiError> {
    may(&identity, Action::EditFlow)?;
    let Json(body) = body?;
    let save = SaveDraft {
        texts: texts(body.text, body.tests)?,
        base: body.base,
        revision: body.revision,
    };
    let by = by(&identity);
    let draft = state.publisher.save_draft(&name, save, &by);
    Ok(Json(DraftBody(draft.await?)))
}

/// What `DELETE /flows/{name}/draft` takes.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::api) struct DiscardQuery {
    /// The draft's revision that is meant: what somebody saved since stays.
    revision: u32,
}

/// `DELETE /flows/{name}/draft`.
#[utoipa::path(
    delete,
    path = "/api/v1/flows/{name}/draft",
    operation_id = "discardFlowDraft",
    tag = "flows",
    params(("name" = String, Path, description = "Name."), DiscardQuery),
    responses((status = 204, description = "Thrown away; 404 when there is none, 409 when somebody saved another since.")),
)]
pub(in crate::api) async fn discard_draft(
    State(state): State<ApiState>,
    SignedIn(identity): SignedIn,
    Path(name): Path<String>,
    query: Result<Query<DiscardQuery>, QueryRejection>,
) -> Result<StatusCode, ApiError> {
    may(&identity, Action::EditFlow)?;
    let Query(query) = query.map_err(|_| {
        ApiError::bad_request("Say which draft: `?revision=` with the number it was read with.")
    })?;
    match state.publisher.discard_draft(&name, query.revision).await {
        Ok(()) => Ok(StatusCode::NO_CONTENT),
        Err(Refused::NoDraft) => Err(ApiError::not_found("draft")),
        Err(refused) => Err(refused.into()),
    }
}

/// `POST /flows/{name}/check`.
#[utoipa::path(
    post,
    path = "/api/v1/flows/{name}/check",
    operation_id = "checkFlow",
    tag = "flows",
    params(("name" = String, Path, description = "Name.")),
    request_body = CheckBody,
    responses((status = 200, description = "What check says against the company as it is, and what came of the tests. Nothing is kept.", body = Report)),
)]
pub(in crate::api) async fn check(
    State(state): State<ApiState>,
    Caller(role): Caller,
    Path(name): Path<String>,
    body: Result<Json<CheckBody>, JsonRejection>,
) -> Result<Json<Report>, ApiError> {
    may_edit(role)?;
    let Json(body) = body?;
    let texts = texts(body.text, body.tests)?;
    Ok(Json(state.publisher.check(&name, &texts).await.report))
}

/// `POST /flows/{name}/publish`.
#[utoipa::path(
    post,
    path = "/api/v1/flows/{name}/publish",
    operation_id = "publishFlow",
    tag = "flows",
    params(("name" = String, Path, description = "Name; a new one begins a new flow.")),
    request_body = PublishBody,
    responses((status = 200, description = "New calls take it; 409 when somebody else was first, 422 with `report` when it is wrong, a test fails, or warnings have no reason.", body = AliasBody)),
)]
pub(in crate::api) async fn publish(
    State(state): State<ApiState>,
    SignedIn(identity): SignedIn,
    Path(name): Path<String>,
    body: Result<Json<PublishBody>, JsonRejection>,
) -> Result<Json<AliasBody>, ApiError> {
    may(&identity, Action::PublishFlow)?;
    let Json(body) = body?;
    let publish = meant(body)?;
    let by = by(&identity);
    let done = state.publisher.publish(&name, publish, &by);
    Ok(Json(done.await?.into()))
}

/// What a publish or a plan asks for.
pub(super) fn meant(body: PublishBody) -> Result<Publish, ApiError> {
    if body
        .canary
        .is_some_and(|percent| !(1..=99).contains(&percent))
    {
        let detail = "`canary` is a share of the calls, 1 to 99 percent; without it all calls take the version.";
        return Err(ApiError::unprocessable(detail));
    }
    let given = match (body.text, body.tests) {
        (Some(text), tests) => Some(texts(text, tests)?),
        (None, None) => None,
        (None, Some(_)) => {
            let detail = "`tests` come with `text`; the draft has its own.";
            return Err(ApiError::unprocessable(detail));
        }
    };
    let accepted = body.accept_warnings.map(|reason| words(&reason, true));
    Ok(Publish {
        texts: given,
        revision: body.revision,
        base: body.base,
        comment: words(&body.comment, false)?,
        accepted: accepted.transpose()?,
        canary: body.canary,
    })
}

/// `POST /flows/{name}/rollback`.
#[utoipa::path(
    post,
    path = "/api/v1/flows/{name}/rollback",
    operation_id = "rollBackFlow",
    tag = "flows",
    params(("name" = String, Path, description = "Name.")),
    request_body = RollbackBody,
    responses((status = 200, description = "New calls take the older version; live ones stay on theirs.", body = AliasBody)),
)]
pub(in crate::api) async fn roll_back(
    State(state): State<ApiState>,
    SignedIn(identity): SignedIn,
    Path(name): Path<String>,
    body: Result<Json<RollbackBody>, JsonRejection>,
) -> Result<Json<AliasBody>, ApiError> {
    may(&identity, Action::PublishFlow)?;
    let Json(body) = body?;
    let by = by(&identity);
    let done = state.publisher.roll_back(&name, body.to, &by);
    Ok(Json(done.await?.into()))
}

/// `POST /flows/{name}/promote`.
#[utoipa::path(
    post,
    path = "/api/v1/flows/{name}/promote",
    operation_id = "promoteFlow",
    tag = "flows",
    params(("name" = String, Path, description = "Name.")),
    responses((status = 200, description = "All new calls take the version that was on trial.", body = AliasBody)),
)]
pub(in crate::api) async fn promote(
    State(state): State<ApiState>,
    SignedIn(identity): SignedIn,
    Path(name): Path<String>,
) -> Result<Json<AliasBody>, ApiError> {
    may(&identity, Action::PublishFlow)?;
    let by = by(&identity);
    let done = state.publisher.promote(&name, &by);
    Ok(Json(done.await?.into()))
}

/// `PUT /flows/{name}/aliases/{alias}`.
#[utoipa::path(
    put,
    path = "/api/v1/flows/{name}/aliases/{alias}",
    operation_id = "pointFlowAlias",
    tag = "flows",
    params(
        ("name" = String, Path, description = "Name."),
        ("alias" = String, Path, description = "Any but `live`, such as `test`; a new one is made."),
    ),
    request_body = PointBody,
    responses((status = 200, description = "Calls to numbers with `FLOW@ALIAS` take that version from now on.", body = AliasBody)),
)]
pub(in crate::api) async fn point(
    State(state): State<ApiState>,
    SignedIn(identity): SignedIn,
    Path((name, alias)): Path<(String, String)>,
    body: Result<Json<PointBody>, JsonRejection>,
) -> Result<Json<AliasBody>, ApiError> {
    may(&identity, Action::PublishFlow)?;
    let Json(body) = body?;
    let to = match (body.version, body.draft) {
        (Some(version), None) => PointTo::Version(version),
        (None, Some(revision)) => PointTo::Draft(revision),
        _ => {
            let detail = "Say `version` or `draft`, one of the two, with a number.";
            return Err(ApiError::unprocessable(detail));
        }
    };
    let at = (name.as_str(), alias.as_str());
    let by = by(&identity);
    let done = state.publisher.point(at, to, &by);
    Ok(Json(done.await?.into()))
}

pub(super) fn may_edit(role: Role) -> Result<(), ApiError> {
    if authorise(role, Action::EditFlow, Resource::Others) {
        Ok(())
    } else {
        Err(ApiError::forbidden())
    }
}

pub(super) fn may(identity: &Identity, action: Action) -> Result<(), ApiError> {
    if authorise(identity.role, action, Resource::Others) {
        Ok(())
    } else {
        Err(ApiError::forbidden())
    }
}

pub(super) fn by(identity: &Identity) -> By {
    By {
        actor: identity.actor.clone(),
        role: identity.role_name.as_str().to_owned(),
    }
}

/// A text of a database ends at a zero byte for some readers.
pub(super) fn texts(text: String, tests: Option<String>) -> Result<FlowTexts, ApiError> {
    let zero = |text: &String| text.contains('\0');
    if zero(&text) || tests.as_ref().is_some_and(zero) {
        return Err(ApiError::unprocessable("A flow has no zero bytes."));
    }
    Ok(FlowTexts { text, tests })
}

/// A comment, or a reason, which is needed.
fn words(text: &str, needed: bool) -> Result<String, ApiError> {
    let text = text.trim();
    let printable = !text.chars().any(|c| c.is_control() && c != '\n');
    let there = !needed || text.chars().any(char::is_alphanumeric);
    if printable && there && text.chars().count() <= LONGEST_COMMENT {
        return Ok(text.to_owned());
    }
    let detail = format!(
        "`comment` and `accept_warnings` are words for colleagues, {LONGEST_COMMENT} letters at most; a reason is not empty."
    );
    Err(ApiError::unprocessable(detail))
}

impl From<Refused> for ApiError {
    fn from(refused: Refused) -> Self {
        let detail = format!("{refused}.");
        match refused {
            Refused::Store(error) => error.into(),
            Refused::Died(why) => Self::internal(why),
            Refused::NoFlow => Self::not_found("flow"),
            Refused::NoVersion => Self::not_found("version"),
            Refused::Files(_) => Self::conflict(detail).of_kind("edited-in-files"),
            Refused::Stale(live) => {
                let live = live.map(|live| live.version);
                Self::conflict(detail)
                    .of_kind("flow-moved")
                    .with("live", live.into())
            }
            Refused::OtherDraft(draft) => {
                let revision = draft.map(|draft| draft.revision);
                Self::conflict(detail)
                    .of_kind("draft-changed")
                    .with("revision", revision.into())
            }
            Refused::Broken(report) => Self::unprocessable(detail)
                .of_kind("flow-broken")
                .with("report", report.to_json()),
            Refused::Warnings(report) => Self::unprocessable(detail)
                .of_kind("flow-warnings")
                .with("report", report.to_json()),
            Refused::NoDraft
            | Refused::CanaryRuns(_)
            | Refused::NoCanary
            | Refused::OtherPlan
            | Refused::NothingBefore => Self::conflict(detail),
            Refused::NoPlan => Self::not_found("plan"),
            Refused::NoRight(_) => Self::forbidden(),
            Refused::NothingBeside | Refused::LiveIsPublished | Refused::NoTime | Refused::Name => {
                Self::unprocessable(detail)
            }
        }
    }
}
