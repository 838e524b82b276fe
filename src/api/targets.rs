//! `/transfer-targets`: whom an agent may hand a caller to.
//!
//! **Owns**: what colleagues and queues look like to an agent who looks for one: name, extension, state, length of the
//! line. **Must not know**: calls; whoever sees this sees nobody's customers.

use super::ApiState;
use super::error::ApiError;
use super::openapi::shapes;
use super::right::{Action, Resource, authorise};
use super::token::Caller;
use axum::Json;
use axum::extract::State;
use recordings::Utc;
use router::AgentState;
use serde::Serialize;

/// Colleagues and queues, by name.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct TargetsBody {
    agents: Vec<ColleagueBody>,
    queues: Vec<LineBody>,
}

/// A colleague.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct ColleagueBody {
    login: String,
    name: String,
    extension: String,
    #[schema(value_type = String)]
    state: AgentState,
    #[schema(value_type = Option<shapes::Moment>)]
    since: Option<Utc>,
}

/// A queue.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct LineBody {
    name: String,
    waiting: usize,
    /// A supervisor closed it for now: it takes nobody.
    closed: bool,
}

/// `GET /transfer-targets`: everybody's name, extension and state, and every queue: a caller is handed to other
/// departments too.
#[utoipa::path(
    get,
    path = "/api/v1/transfer-targets",
    operation_id = "listTransferTargets",
    tag = "calls",
    responses((status = 200, description = "Agents and queues, by name.", body = TargetsBody)),
)]
pub(super) async fn list(
    State(state): State<ApiState>,
    Caller(role): Caller,
) -> Result<Json<TargetsBody>, ApiError> {
    if !authorise(role, Action::ReadDeskLists, Resource::OwnPart) {
        return Err(ApiError::forbidden());
    }
    let (views, lines) = (state.live.agents().await?, state.live.queues().await?);
    let company = state.company();
    let mut agents: Vec<_> = company.company.agents.iter().collect();
    agents.sort_by(|a, b| a.name.reveal().cmp(b.name.reveal()));
    let agents = agents.into_iter().map(|agent| {
        let id = company.agent_at(&agent.extension);
        let view = views.iter().find(|view| Some(view.agent) == id);
        ColleagueBody {
            login: agent.login.clone(),
            name: agent.name.reveal().clone(),
            extension: agent.extension.clone(),
            state: view.map_or(AgentState::Offline, |view| view.state),
            since: view.map(|view| Utc(view.since)),
        }
    });
    let mut queues: Vec<_> = company
        .routing
        .queues
        .iter()
        .map(|(id, queue)| {
            let line = lines.iter().find(|line| line.queue == *id);
            LineBody {
                name: queue.name.clone(),
                waiting: line.map_or(0, |line| line.waiting.len()),
                closed: line.is_some_and(|line| line.closure.is_some()),
            }
        })
        .collect();
    queues.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(Json(TargetsBody {
        agents: agents.collect(),
        queues,
    }))
}
