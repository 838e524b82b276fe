//! `/agents`.
//!
//! **Owns**: what an agent looks like outside, and the states that may be asked for.
//! **Must not know**: which transitions are allowed; the Distributor does.

use super::error::ApiError;
use super::live::SetStateError;
use super::openapi::shapes::{self, PageOf};
use super::right::{Action, Resource, Role, authorise};
use super::token::Caller;
use super::{ApiState, names, page};
use crate::company_view::CompanyView;
use crate::config::nearest;
use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use recordings::Utc;
use recordings::store::page::Page;
use router::agent::Wanted;
use router::distributor::port::AgentView;
use router::id::{AgentId, InteractionId};
use router::{AgentState, Reason};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The reason of an agent who gives none.
const UNSPECIFIED: &str = "unspecified";
/// Letters of a reason at most.
const LONGEST_REASON: usize = 64;

/// An agent as clients see it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct AgentBody {
    #[schema(value_type = shapes::Id)]
    id: AgentId,
    login: String,
    name: String,
    extension: String,
    #[schema(value_type = String)]
    state: AgentState,
    reason: Option<String>,
    #[schema(value_type = Option<shapes::Moment>)]
    since: Option<Utc>,
    registered: bool,
    #[schema(value_type = Option<shapes::Moment>)]
    idle_since: Option<Utc>,
    queues: BTreeMap<String, u8>,
    skills: BTreeMap<String, u8>,
    #[schema(value_type = Option<shapes::Id>)]
    current_interaction: Option<InteractionId>,
    next: Option<WantedBody>,
}

/// What was asked for during a call and comes after it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct WantedBody {
    state: &'static str,
    reason: Option<String>,
}

/// What `PUT /agents/{login}/state` takes.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct StateBody {
    state: String,
    reason: Option<String>,
}

/// Why an agent may not be ready.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct ReasonBody {
    name: String,
    label: String,
    paid: bool,
}

/// `GET /not-ready-reasons`: those of the company file; none there: any word is a reason.
#[utoipa::path(
    get,
    path = "/api/v1/not-ready-reasons",
    operation_id = "listNotReadyReasons",
    tag = "agents",
    responses((status = 200, description = "As in the company file.", body = PageOf<ReasonBody>)),
)]
pub(super) async fn reasons(
    State(state): State<ApiState>,
    Caller(role): Caller,
) -> Result<Json<Page<ReasonBody>>, ApiError> {
    if !authorise(role, Action::ReadDeskLists, Resource::OwnPart) {
        return Err(ApiError::forbidden());
    }
    let company = state.company();
    let reasons = company.company.not_ready_reasons.iter();
    let items = reasons.map(|reason| ReasonBody {
        name: reason.name.clone(),
        label: reason.label.clone(),
        paid: reason.paid,
    });
    Ok(Json(page::whole(items.collect())))
}

/// `GET /agents`: an agent's token sees its own agent.
#[utoipa::path(
    get,
    path = "/api/v1/agents",
    operation_id = "listAgents",
    tag = "agents",
    responses((status = 200, description = "Agents; an agent sees itself.", body = PageOf<AgentBody>)),
)]
pub(super) async fn list(
    State(state): State<ApiState>,
    Caller(role): Caller,
) -> Result<Json<Page<AgentBody>>, ApiError> {
    if !authorise(role, Action::ReadAgent, Resource::OwnPart) {
        return Err(ApiError::forbidden());
    }
    let views = state.live.agents().await?;
    let company = state.company();
    let items = company
        .routing
        .agents
        .keys()
        .filter(|id| authorise(role, Action::ReadAgent, Resource::Of(**id)))
        .filter_map(|id| body(&company, *id, &views))
        .collect();
    Ok(Json(page::whole(items)))
}

/// `GET /agents/{login}`.
#[utoipa::path(
    get,
    path = "/api/v1/agents/{login}",
    operation_id = "getAgent",
    tag = "agents",
    params(
        ("login" = String, Path, description = "Log-in name or id."),
    ),
    responses((status = 200, description = "As asked.", body = AgentBody)),
)]
pub(super) async fn one(
    State(state): State<ApiState>,
    Caller(role): Caller,
    Path(name): Path<String>,
) -> Result<Json<AgentBody>, ApiError> {
    let company = state.company();
    let id = may(role, Action::ReadAgent, &company, &name)?;
    let views = state.live.agents().await?;
    body(&company, id, &views)
        .map(Json)
        .ok_or_else(|| ApiError::not_found("agent"))
}

/// `PUT /agents/{login}/state`.
#[utoipa::path(
    put,
    path = "/api/v1/agents/{login}/state",
    operation_id = "setAgentState",
    tag = "agents",
    params(
        ("login" = String, Path, description = "Log-in name or id."),
    ),
    request_body = StateBody,
    responses((status = 200, description = "The agent after it; during a call the state comes after the call.", body = AgentBody)),
)]
pub(super) async fn set_state(
    State(state): State<ApiState>,
    Caller(role): Caller,
    Path(name): Path<String>,
    wanted: Result<Json<StateBody>, JsonRejection>,
) -> Result<Json<AgentBody>, ApiError> {
    let company = state.company();
    let id = may(role, Action::SetAgentState, &company, &name)?;
    let Json(wanted) = wanted?;
    let wanted = read_wanted(wanted, role, id)?;
    known_reason(&company, &wanted)?;
    match state.live.set_agent_state(id, wanted).await? {
        Ok(()) => {}
        Err(SetStateError::UnknownAgent) => return Err(ApiError::not_found("agent")),
        Err(SetStateError::NoPhone) => {
            return Err(ApiError::conflict(
                "The agent's phone is not registered: register it first.",
            ));
        }
    }
    let views = state.live.agents().await?;
    body(&company, id, &views)
        .map(Json)
        .ok_or_else(|| ApiError::not_found("agent"))
}

/// The agent of a path, when the role may do that to it. An agent's token learns nothing of other names.
pub(super) fn may(
    role: Role,
    action: Action,
    company: &CompanyView,
    name: &str,
) -> Result<AgentId, ApiError> {
    let id = names::agent_id(company, name);
    let resource = id.map_or(Resource::Others, Resource::Of);
    if !authorise(role, action, resource) {
        return Err(ApiError::forbidden());
    }
    id.ok_or_else(|| ApiError::not_found("agent"))
}

fn read_wanted(body: StateBody, role: Role, agent: AgentId) -> Result<Wanted, ApiError> {
    let reason = body.reason.filter(|reason| !reason.is_empty());
    if reason.is_some() && body.state != "not_ready" {
        return Err(ApiError::unprocessable(
            "`reason` goes with the state `not_ready` only.",
        ));
    }
    match body.state.as_str() {
        "available" => Ok(Wanted::Available),
        "offline" => Ok(Wanted::Offline),
        "not_ready" => Ok(Wanted::NotReady {
            reason: read_reason(reason, role, agent)?,
        }),
        other if ["offered", "on_call", "wrap_up"].contains(&other) => {
            Err(ApiError::unprocessable(
                "This state follows from calls; ask for `available`, `not_ready` or `offline`.",
            ))
        }
        _ => Err(ApiError::unprocessable(
            "`state` must be `available`, `not_ready` or `offline`.",
        )),
    }
}

/// A reason of the company must be one of its list, if it has one.
fn known_reason(company: &CompanyView, wanted: &Wanted) -> Result<(), ApiError> {
    let known = &company.company.not_ready_reasons;
    let Wanted::NotReady {
        reason: Reason::Company(name),
    } = wanted
    else {
        return Ok(());
    };
    let fits = known.is_empty() || name == UNSPECIFIED;
    if fits || known.iter().any(|reason| reason.name == *name) {
        return Ok(());
    }
    let names = || known.iter().map(|reason| reason.name.as_str());
    let help = nearest(name, names()).map_or_else(
        || format!("known: {}", names().collect::<Vec<_>>().join(", ")),
        |near| format!("did you mean `{near}`?"),
    );
    let detail = format!("There is no reason `{name}`; {help}");
    Err(ApiError::unprocessable(detail))
}

fn read_reason(reason: Option<String>, role: Role, agent: AgentId) -> Result<Reason, ApiError> {
    let Some(name) = reason else {
        let by_itself = role.agent() == Some(agent);
        return Ok(if by_itself {
            Reason::Company(UNSPECIFIED.to_owned())
        } else {
            Reason::Supervisor
        });
    };
    if name.chars().count() > LONGEST_REASON || name.chars().any(char::is_control) {
        return Err(ApiError::unprocessable(
            "`reason` must be at most 64 letters.",
        ));
    }
    match Reason::from_name(&name) {
        company @ Reason::Company(_) => Ok(company),
        Reason::Supervisor if role.agent() != Some(agent) => Ok(Reason::Supervisor),
        _ => Err(ApiError::unprocessable(
            "This reason is one of the router's own; use another word.",
        )),
    }
}

fn body(company: &CompanyView, id: AgentId, views: &[AgentView]) -> Option<AgentBody> {
    let routing = company.routing.agents.get(&id)?;
    let agent = company
        .company
        .agents
        .iter()
        .find(|a| a.login == routing.login)?;
    let view = views.iter().find(|v| v.agent == id);
    Some(AgentBody {
        id,
        login: agent.login.clone(),
        name: agent.name.reveal().clone(),
        extension: agent.extension.clone(),
        state: view.map_or(AgentState::Offline, |v| v.state),
        reason: view
            .and_then(|v| v.reason.as_ref())
            .map(|r| r.as_str().to_owned()),
        since: view.map(|v| Utc(v.since)),
        registered: view.is_some_and(|v| v.registered),
        idle_since: view.map(|v| Utc(v.idle_since)),
        queues: agent.queues.clone(),
        skills: agent.skills.clone(),
        current_interaction: view.and_then(|v| v.interaction),
        next: view.and_then(|v| v.next.as_ref()).map(wanted_body),
    })
}

fn wanted_body(wanted: &Wanted) -> WantedBody {
    match wanted {
        Wanted::Available => WantedBody {
            state: "available",
            reason: None,
        },
        Wanted::Offline => WantedBody {
            state: "offline",
            reason: None,
        },
        Wanted::NotReady { reason } => WantedBody {
            state: "not_ready",
            reason: Some(reason.as_str().to_owned()),
        },
    }
}
