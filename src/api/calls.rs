//! `/calls`: what agents and supervisors do with live calls, whatever their phones are.
//!
//! **Owns**: the form of these requests, and which of them an agent may make. **Must not know**: what they do to a call;
//! whether an agent has that very call, the call itself says.

use super::ApiState;
use super::access::identity::{Identity, Seen, SignedIn};
use super::access::users;
use super::error::ApiError;
use super::names;
use super::notes;
use super::right::{Action, Resource, Role, authorise};
use super::token::Caller;
use crate::call::control::{CalledIn, Colleague, Control, Destination, MonitorMode, Refused, Who};
use crate::company_view::CompanyView;
use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Extension, Path, State};
use axum::http::StatusCode;
use recordings::store::notes::LONGEST_HANDED;
use router::Private;
use router::id::{AgentId, InteractionId};
use serde::Deserialize;
use std::time::Duration;

/// Nobody is put before those who came a day earlier.
const LONGEST_HEAD_START: Duration = Duration::from_secs(24 * 3600);

/// What `transfer` and `consult` take.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ToBody {
    to: Target,
    /// What whoever has the caller next should know, at most 1,000 letters; the record keeps it.
    #[schema(value_type = Option<String>)]
    #[serde(default)]
    notes: Option<Private<String>>,
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

/// What `priority` takes: one of the two at least.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PriorityBody {
    /// `emergency` or `normal`; none: as before.
    class: Option<String>,
    /// Seconds that count as waited besides, in place of what was given so before; a day at most. None: as before.
    head_start: Option<u32>,
}

/// What `monitor` takes.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MonitorBody {
    /// `listen`, `whisper`, `barge` or `take_over`.
    mode: String,
    /// Whose phone rings; none: the one of whoever asks, an agent's, or else the one in their browser.
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
    responses((status = 204, description = "The colleague's phone rings, or the customer waits in that queue. A colleague who does not answer leaves the customer with the agent, or in front of the queue when the agent has hung up. Supervisors send a waiting caller to another queue so, with the time that was waited, or to an agent by name; one that does not take the caller gives them back.")),
)]
pub(super) async fn transfer(
    state: State<ApiState>,
    caller: Caller,
    path: Path<String>,
    body: Result<Json<ToBody>, JsonRejection>,
) -> Result<StatusCode, ApiError> {
    may(caller.0, Action::ControlCall)?;
    let Json(body) = body?;
    let notes = handed(body.notes)?;
    let to = destination(&state.company(), &body.to)?;
    takes_callers(&state, &to).await?;
    ask(state, caller, path, Control::Transfer { to, notes }).await
}

/// `POST /calls/{interaction}/priority`.
#[utoipa::path(
    post,
    path = "/api/v1/calls/{interaction}/priority",
    operation_id = "prioritiseCall",
    tag = "calls",
    params(("interaction" = String, Path, description = "Id.")),
    request_body = PriorityBody,
    responses((status = 204, description = "The waiting caller has another place: by class, or by seconds that count as waited. Who was promoted stays so.")),
)]
pub(super) async fn priority(
    State(state): State<ApiState>,
    Caller(role): Caller,
    Path(id): Path<String>,
    body: Result<Json<PriorityBody>, JsonRejection>,
) -> Result<StatusCode, ApiError> {
    may(role, Action::PlaceCaller)?;
    let Json(body) = body?;
    let class = match body.class.as_deref() {
        None => None,
        Some("emergency") => Some(0),
        Some("normal") => Some(1),
        Some(_) => {
            return Err(ApiError::unprocessable(
                "`class` is `emergency` or `normal`.",
            ));
        }
    };
    let ahead = body.head_start.map(u64::from).map(Duration::from_secs);
    if ahead.is_some_and(|ahead| ahead > LONGEST_HEAD_START) {
        return Err(ApiError::unprocessable(
            "`head_start` is 86400 seconds at most.",
        ));
    }
    if class.is_none() && ahead.is_none() {
        return Err(ApiError::unprocessable(
            "Give `class`, `head_start` or both.",
        ));
    }
    asked(&state, None, &id, Control::Prioritise { class, ahead }).await
}

/// Whoever hands a caller on hears that the queue is closed while the caller is still theirs.
async fn takes_callers(state: &ApiState, to: &Destination) -> Result<(), ApiError> {
    let Destination::Queue { name, known } = to else {
        return Ok(());
    };
    let lines = state.live.queues().await?;
    let line = lines.iter().find(|line| line.queue == known.id);
    if line.is_some_and(|line| line.closure.is_some()) {
        let detail = format!("Queue {name} is closed at the moment: choose another.");
        return Err(ApiError::conflict(detail).of_kind("queue-closed"));
    }
    Ok(())
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
    let notes = handed(body.notes)?;
    let Destination::Colleague(colleague) = destination(&state.company(), &body.to)? else {
        return Err(ApiError::unprocessable(
            "Consult an `agent` or an `extension`; a `queue` can be transferred to.",
        ));
    };
    let control = Control::Consult { colleague, notes };
    ask(state, caller, path, control).await
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

/// `POST /calls/{interaction}/help`.
#[utoipa::path(
    post,
    path = "/api/v1/calls/{interaction}/help",
    operation_id = "askForHelp",
    tag = "calls",
    params(("interaction" = String, Path, description = "Id.")),
    responses((status = 204, description = "Supervisors see that the agent asks for one, also when they did before. The first who hears the call answers it; it ends with the talk.")),
)]
pub(super) async fn help(
    state: State<ApiState>,
    caller: Caller,
    path: Path<String>,
) -> Result<StatusCode, ApiError> {
    ask(state, caller, path, Control::Help).await
}

/// `DELETE /calls/{interaction}/help`.
#[utoipa::path(
    delete,
    path = "/api/v1/calls/{interaction}/help",
    operation_id = "endHelpRequest",
    tag = "calls",
    params(("interaction" = String, Path, description = "Id.")),
    responses((status = 204, description = "The agent needs nobody any more, or (by a supervisor) has been told that nobody comes; also when nobody was asked for.")),
)]
pub(super) async fn no_help(
    state: State<ApiState>,
    caller: Caller,
    path: Path<String>,
) -> Result<StatusCode, ApiError> {
    ask(state, caller, path, Control::NoHelp).await
}

/// `POST /calls/{interaction}/monitor`.
#[utoipa::path(
    post,
    path = "/api/v1/calls/{interaction}/monitor",
    operation_id = "monitorCall",
    tag = "calls",
    params(("interaction" = String, Path, description = "Id.")),
    request_body = MonitorBody,
    responses((status = 204, description = "The supervisor's phone rings; one that hears the call already does so in the new way. 409 of the type `urn:cordboard:no-phone` when there is none to ring.")),
)]
pub(super) async fn monitor(
    state: State<ApiState>,
    SignedIn(identity): SignedIn,
    Extension(seen): Extension<Seen>,
    Path(id): Path<String>,
    body: Result<Json<MonitorBody>, JsonRejection>,
) -> Result<StatusCode, ApiError> {
    may(identity.role, Action::MonitorCall)?;
    let Json(body) = body?;
    let mode = MonitorMode::from_name(&body.mode).ok_or_else(|| {
        ApiError::unprocessable("`mode` must be `listen`, `whisper`, `barge` or `take_over`.")
    })?;
    // Named whether it comes to it or not: the row has the status beside it.
    seen.say(mode.as_str());
    let supervisor = phone_of(&state, &identity, body.extension).await?;
    let control = Control::Monitor { mode, supervisor };
    // Not in an agent's name: a supervisor may hear every call.
    asked(&state, None, &id, control).await
}

/// The phone that was named; else that of the agent who the supervisor is; else the one in the supervisor's browser.
async fn phone_of(
    state: &ApiState,
    identity: &Identity,
    named: Option<String>,
) -> Result<CalledIn, ApiError> {
    let company = state.company();
    let own = || identity.agent.and_then(|agent| company.extension_of(agent));
    if let Some(extension) = named.or_else(own) {
        return at_extension(&company, &extension).map(CalledIn::from);
    }
    let session = identity.session.ok_or_else(|| {
        ApiError::unprocessable("Say whose phone is to ring: `extension`, an agent's.")
    })?;
    let phone = state.phones.of_session(session).ok_or_else(|| {
        ApiError::conflict("You have no phone here: open the floor in this browser, or name an agent's `extension`.")
            .of_kind("no-phone")
    })?;
    let user = users::id_of(&identity.actor);
    // A name that cannot be kept at the moment is no reason not to help a caller; the audit has it as well.
    if let Err(error) = state.store.name_user(user, &identity.actor).await {
        tracing::warn!(%error, "the record will not name the supervisor of a call");
    }
    Ok(CalledIn {
        who: Who::User(user),
        phone,
    })
}

/// Notes that are nothing but space are none.
fn handed(notes: Option<Private<String>>) -> Result<Option<Private<String>>, ApiError> {
    let Some(notes) = notes else { return Ok(None) };
    let text = notes.reveal().trim();
    notes::check(text, "notes", LONGEST_HANDED)?;
    Ok((!text.is_empty()).then(|| Private::new(text.to_owned())))
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
        | Refused::NotWaiting
        | Refused::SameQueue
        | Refused::BeingAnswered
        | Refused::PhoneHolds
        | Refused::ColleagueCalled
        | Refused::AgentAway
        | Refused::NoColleague
        | Refused::NotAnswered
        | Refused::Busy
        | Refused::SupervisorBusy
        | Refused::NoPhone
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
