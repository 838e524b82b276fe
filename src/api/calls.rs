//! `/calls`: what agents and supervisors do with live calls, whatever their phones are.
//!
//! **Owns**: the form of these requests, and which of them an agent may make. **Must not know**: what they do to a call;
//! whether an agent has that very call, the call itself says.

use super::ApiState;
use super::access::identity::SignedIn;
use super::error::ApiError;
use super::names;
use super::right::{Action, Resource, Role, authorise};
use super::token::Caller;
use crate::call::control::{Colleague, Control, Destination, MonitorMode, Refused};
use crate::company_view::CompanyView;
use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use router::id::{AgentId, InteractionId};
use serde::Deserialize;

/// What `transfer` and `consult` take.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ToBody {
    to: Target,
}

/// One of the three.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct Target {
    /// Log-in name or id of an agent.
    agent: Option<String>,
    /// Name or id of a queue; not for `consult`.
    queue: Option<String>,
    /// An agent's extension.
    extension: Option<String>,
}

/// What `monitor` takes.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MonitorBody {
    /// `listen`, `whisper`, `barge` or `take_over`.
    mode: String,
    /// Whose phone rings; none: the one of whoever asks.
    extension: Option<String>,
}

/// `POST /calls/{interaction}/hold`.
#[utoipa::path(
    post,
    path = "/api/v1/calls/{interaction}/hold",
    operation_id = "holdCall",
    tag = "calls",
    params(("interaction" = String, Path, description = "Id.")),
    responses((status = 204, description = "The customer hears music, also when they did before.")),
)]
pub(super) async fn hold(
    state: State<ApiState>,
    caller: Caller,
    path: Path<String>,
) -> Result<StatusCode, ApiError> {
    ask(state, caller, path, Control::Hold).await
}

/// `POST /calls/{interaction}/resume`.
#[utoipa::path(
    post,
    path = "/api/v1/calls/{interaction}/resume",
    operation_id = "resumeCall",
    tag = "calls",
    params(("interaction" = String, Path, description = "Id.")),
    responses((status = 204, description = "Customer and agent hear each other, also when they did before.")),
)]
pub(super) async fn resume(
    state: State<ApiState>,
    caller: Caller,
    path: Path<String>,
) -> Result<StatusCode, ApiError> {
    ask(state, caller, path, Control::Resume).await
}

/// `POST /calls/{interaction}/hangup`.
#[utoipa::path(
    post,
    path = "/api/v1/calls/{interaction}/hangup",
    operation_id = "hangUpCall",
    tag = "calls",
    params(("interaction" = String, Path, description = "Id.")),
    responses((status = 204, description = "The agent is out of the call; the flow goes on for the customer.")),
)]
pub(super) async fn hangup(
    state: State<ApiState>,
    caller: Caller,
    path: Path<String>,
) -> Result<StatusCode, ApiError> {
    ask(state, caller, path, Control::Hangup).await
}

/// `POST /calls/{interaction}/transfer`.
#[utoipa::path(
    post,
    path = "/api/v1/calls/{interaction}/transfer",
    operation_id = "transferCall",
    tag = "calls",
    params(("interaction" = String, Path, description = "Id.")),
    request_body = ToBody,
    responses((status = 204, description = "The colleague's phone rings, or the customer waits in that queue. A colleague who does not answer leaves the customer with the agent, or in front of the queue when the agent has hung up.")),
)]
pub(super) async fn transfer(
    state: State<ApiState>,
    caller: Caller,
    path: Path<String>,
    body: Result<Json<ToBody>, JsonRejection>,
) -> Result<StatusCode, ApiError> {
    may(caller.0, Action::ControlCall)?;
    let Json(body) = body?;
    let to = destination(&state.company(), &body.to)?;
    ask(state, caller, path, Control::Transfer(to)).await
}

/// `POST /calls/{interaction}/consult`.
#[utoipa::path(
    post,
    path = "/api/v1/calls/{interaction}/consult",
    operation_id = "consult",
    tag = "calls",
    params(("interaction" = String, Path, description = "Id.")),
    request_body = ToBody,
    responses((status = 204, description = "The colleague's phone rings for the agent; the customer hears music.")),
)]
pub(super) async fn consult(
    state: State<ApiState>,
    caller: Caller,
    path: Path<String>,
    body: Result<Json<ToBody>, JsonRejection>,
) -> Result<StatusCode, ApiError> {
    may(caller.0, Action::ControlCall)?;
    let Json(body) = body?;
    let Destination::Colleague(colleague) = destination(&state.company(), &body.to)? else {
        return Err(ApiError::unprocessable(
            "Consult an `agent` or an `extension`; a `queue` can be transferred to.",
        ));
    };
    ask(state, caller, path, Control::Consult(colleague)).await
}

/// `POST /calls/{interaction}/cancel`.
#[utoipa::path(
    post,
    path = "/api/v1/calls/{interaction}/cancel",
    operation_id = "cancelConsult",
    tag = "calls",
    params(("interaction" = String, Path, description = "Id.")),
    responses((status = 204, description = "The colleague is out; customer and agent hear each other.")),
)]
pub(super) async fn cancel(
    state: State<ApiState>,
    caller: Caller,
    path: Path<String>,
) -> Result<StatusCode, ApiError> {
    ask(state, caller, path, Control::Cancel).await
}

/// `POST /calls/{interaction}/complete`.
#[utoipa::path(
    post,
    path = "/api/v1/calls/{interaction}/complete",
    operation_id = "completeConsult",
    tag = "calls",
    params(("interaction" = String, Path, description = "Id.")),
    responses((status = 204, description = "The agent is out; the colleague has the customer, or gets them on answering.")),
)]
pub(super) async fn complete(
    state: State<ApiState>,
    caller: Caller,
    path: Path<String>,
) -> Result<StatusCode, ApiError> {
    ask(state, caller, path, Control::Complete).await
}

/// `POST /calls/{interaction}/merge`.
#[utoipa::path(
    post,
    path = "/api/v1/calls/{interaction}/merge",
    operation_id = "mergeConsult",
    tag = "calls",
    params(("interaction" = String, Path, description = "Id.")),
    responses((status = 204, description = "Customer, agent and colleague hear each other.")),
)]
pub(super) async fn merge(
    state: State<ApiState>,
    caller: Caller,
    path: Path<String>,
) -> Result<StatusCode, ApiError> {
    ask(state, caller, path, Control::Merge).await
}

/// `POST /calls/{interaction}/monitor`.
#[utoipa::path(
    post,
    path = "/api/v1/calls/{interaction}/monitor",
    operation_id = "monitorCall",
    tag = "calls",
    params(("interaction" = String, Path, description = "Id.")),
    request_body = MonitorBody,
    responses((status = 204, description = "The supervisor's phone rings; one that hears the call already does so in the new way.")),
)]
pub(super) async fn monitor(
    state: State<ApiState>,
    SignedIn(identity): SignedIn,
    Path(id): Path<String>,
    body: Result<Json<MonitorBody>, JsonRejection>,
) -> Result<StatusCode, ApiError> {
    may(identity.role, Action::MonitorCall)?;
    let Json(body) = body?;
    let mode = MonitorMode::from_name(&body.mode).ok_or_else(|| {
        ApiError::unprocessable("`mode` must be `listen`, `whisper`, `barge` or `take_over`.")
    })?;
    let company = state.company();
    let own = || identity.agent.and_then(|agent| company.extension_of(agent));
    let extension = body.extension.or_else(own).ok_or_else(|| {
        ApiError::unprocessable("Say whose phone is to ring: `extension`, an agent's.")
    })?;
    let supervisor = at_extension(&company, &extension)?;
    let control = Control::Monitor { mode, supervisor };
    // Not in an agent's name: a supervisor may hear every call.
    asked(&state, None, &id, control).await
}

fn may(role: Role, action: Action) -> Result<(), ApiError> {
    if authorise(role, action, Resource::OwnPart) {
        Ok(())
    } else {
        Err(ApiError::forbidden())
    }
}

async fn ask(
    State(state): State<ApiState>,
    Caller(role): Caller,
    Path(id): Path<String>,
    control: Control,
) -> Result<StatusCode, ApiError> {
    may(role, Action::ControlCall)?;
    asked(&state, role.agent(), &id, control).await
}

async fn asked(
    state: &ApiState,
    by: Option<AgentId>,
    id: &str,
    control: Control,
) -> Result<StatusCode, ApiError> {
    let id: InteractionId = id.parse().map_err(|_| ApiError::not_found("call"))?;
    let done = state.calls.ask(id, by, control).await;
    done.map(|()| StatusCode::NO_CONTENT).map_err(problem)
}

fn problem(refused: Refused) -> ApiError {
    let status = match refused {
        Refused::NoCall => StatusCode::NOT_FOUND,
        Refused::NotYours => StatusCode::FORBIDDEN,
        Refused::TooBusy => StatusCode::SERVICE_UNAVAILABLE,
        Refused::OwnCall
        | Refused::NoTalk
        | Refused::PhoneHolds
        | Refused::ColleagueCalled
        | Refused::NoColleague
        | Refused::NotAnswered
        | Refused::Busy
        | Refused::Unreachable
        | Refused::TooMany => StatusCode::CONFLICT,
    };
    ApiError::new(status, refused.to_string())
}

fn destination(company: &CompanyView, to: &Target) -> Result<Destination, ApiError> {
    match (&to.agent, &to.queue, &to.extension) {
        (Some(agent), None, None) => {
            let agent =
                names::agent_id(company, agent).ok_or_else(|| ApiError::not_found("agent"))?;
            let extension = company
                .extension_of(agent)
                .ok_or_else(|| ApiError::not_found("agent"))?;
            Ok(Destination::Colleague(Colleague { agent, extension }))
        }
        (None, Some(queue), None) => {
            let id = names::queue_id(company, queue).ok_or_else(|| ApiError::not_found("queue"))?;
            let mut queues = company.queues.iter();
            let (name, known) = queues
                .find(|(_, known)| known.id == id)
                .ok_or_else(|| ApiError::not_found("queue"))?;
            Ok(Destination::Queue {
                name: name.clone(),
                known: known.clone(),
            })
        }
        (None, None, Some(extension)) => {
            at_extension(company, extension).map(Destination::Colleague)
        }
        _ => Err(ApiError::unprocessable(
            "`to` takes one of `agent`, `queue` and `extension`.",
        )),
    }
}

fn at_extension(company: &CompanyView, extension: &str) -> Result<Colleague, ApiError> {
    let agent = company
        .agent_at(extension)
        .ok_or_else(|| ApiError::not_found("extension"))?;
    Ok(Colleague {
        agent,
        extension: extension.to_owned(),
    })
}
