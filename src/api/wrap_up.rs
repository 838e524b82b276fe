//! Wrap-up: the company's codes, what an interaction was about, more time, and the end.
//!
//! **Owns**: which codes may be chosen where, and that a queue may want one before the end. **Must not know**: how
//! long wrap-up lasts; the Distributor does.

use super::error::ApiError;
use super::interactions::{owner, record};
use super::live::{WrapUpAct, WrapUpError};
use super::notes::NOTHING;
use super::openapi::shapes;
use super::page::Params;
use super::right::{Action, Resource, Role, authorise};
use super::token::Caller;
use super::{ApiState, names, recorded};
use crate::company_view::CompanyView;
use crate::config::{WrapUpCode, nearest};
use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use recordings::Utc;
use recordings::store::record::WrapUpChoice;
use router::distributor::port::WrapUpView;
use router::id::{AgentId, InteractionId, QueueId};
use router::{AgentState, Event};
use serde::{Deserialize, Serialize};

/// Tags beside a code at most, and letters of one.
const MOST_TAGS: usize = 10;
const LONGEST_TAG: usize = 40;
/// Digits in a row that a tag may have: what is longer is a number of somebody.
const MOST_DIGITS: usize = 4;

/// The codes that may be chosen.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct CodesBody {
    items: Vec<CodeBody>,
    /// The queue wants one before wrap-up is done.
    required: bool,
    next: Option<String>,
}

/// One code.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct CodeBody {
    code: String,
    label: String,
    /// `Orders` or `Orders / Money`.
    group: Option<String>,
    /// Empty: all.
    queues: Vec<String>,
    /// Among the five that this agent chose last; these come first.
    recent: bool,
}

/// What `PUT …/wrap-up` takes.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ChoiceBody {
    code: String,
    /// Short words, at most ten.
    #[serde(default)]
    tags: Vec<String>,
}

/// Wrap-up as it is now.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct WrapUpBody {
    #[schema(value_type = shapes::Id)]
    interaction: InteractionId,
    queue: Option<String>,
    /// `null`: until the agent ends it.
    #[schema(value_type = Option<shapes::Moment>)]
    ends_at: Option<Utc>,
    extendable: bool,
    extensions_left: u32,
}

/// `GET /wrap-up-codes?queue=`: an agent's five last ones first, then as in the company file.
#[utoipa::path(
    get,
    path = "/api/v1/wrap-up-codes",
    operation_id = "listWrapUpCodes",
    tag = "wrap-up",
    params(("queue" = Option<String>, Query, description = "Those of this queue: name or id.")),
    responses((status = 200, description = "An agent's recent ones first.", body = CodesBody)),
)]
pub(super) async fn codes(
    State(state): State<ApiState>,
    Caller(role): Caller,
    params: Params,
) -> Result<Json<CodesBody>, ApiError> {
    params.only(&["queue"])?;
    if !authorise(role, Action::ReadDeskLists, Resource::OwnPart) {
        return Err(ApiError::forbidden());
    }
    let company = state.company();
    let queue = match params.get("queue") {
        Some(name) => {
            let id = names::queue_id(&company, name);
            Some(id.ok_or_else(|| ApiError::not_found("queue"))?)
        }
        None => None,
    };
    let recent = match role.agent() {
        Some(agent) => state.store.recent_wrap_up_codes(agent).await?,
        None => Vec::new(),
    };
    let name = queue.and_then(|id| company.queue_name(id));
    let codes = company.company.wrap_up_codes.iter();
    let fitting = codes.filter(|code| name.as_ref().is_none_or(|queue| code.fits(queue)));
    let mut items: Vec<CodeBody> = fitting.map(|code| shown(code, &recent)).collect();
    items.sort_by_key(|item| {
        let place = recent.iter().position(|code| *code == item.code);
        place.unwrap_or(usize::MAX)
    });
    Ok(Json(CodesBody {
        items,
        required: queue.is_some_and(|id| needs_code(&company, id)),
        next: None,
    }))
}

fn shown(code: &WrapUpCode, recent: &[String]) -> CodeBody {
    CodeBody {
        code: code.code.clone(),
        label: code.name.clone(),
        group: (!code.group.is_empty()).then(|| code.group.join(" / ")),
        queues: code.queues.clone(),
        recent: recent.contains(&code.code),
    }
}

fn needs_code(company: &CompanyView, queue: QueueId) -> bool {
    let name = company.queue_name(queue);
    let queue = name.and_then(|name| company.company.queue(&name));
    queue.is_some_and(|queue| queue.needs_wrap_up_code)
}

/// `PUT /interactions/{id}/wrap-up`: what it was about. The last word counts.
#[utoipa::path(
    put,
    path = "/api/v1/interactions/{id}/wrap-up",
    operation_id = "chooseWrapUpCode",
    tag = "wrap-up",
    params(("id" = String, Path, description = "Id.")),
    request_body = ChoiceBody,
    responses((status = 200, description = "Chosen.", body = shapes::WrapUpChoice)),
)]
pub(super) async fn choose(
    State(state): State<ApiState>,
    Caller(role): Caller,
    Path(id): Path<String>,
    body: Result<Json<ChoiceBody>, JsonRejection>,
) -> Result<Json<WrapUpChoice>, ApiError> {
    let before = record(&state, &id).await?;
    if !authorise(role, Action::WriteRecord, owner(role, &before)) {
        return Err(ApiError::forbidden());
    }
    let Json(body) = body?;
    let company = state.company();
    let code = known_code(&company, before.summary.queue.as_deref(), &body.code)?;
    let event = Event::WrapUpCoded {
        interaction: before.summary.id,
        code: code.code.clone(),
        name: code.name.clone(),
        tags: tags(body.tags)?,
        by: role.agent(),
    };
    recorded::say(&state, event).await?;
    let after = record(&state, &id).await?.wrap_up_code;
    after.map(Json).ok_or_else(|| {
        ApiError::unavailable("It is written down, and not in the record yet; look again.")
    })
}

/// The code of this name, if the queue has it; else the nearest one is named.
fn known_code<'a>(
    company: &'a CompanyView,
    queue: Option<&str>,
    wanted: &str,
) -> Result<&'a WrapUpCode, ApiError> {
    let codes = &company.company.wrap_up_codes;
    let fitting = || {
        codes
            .iter()
            .filter(|code| queue.is_none_or(|queue| code.fits(queue)))
    };
    if let Some(code) = fitting().find(|code| code.code == wanted) {
        return Ok(code);
    }
    let help = nearest(wanted, fitting().map(|code| code.code.as_str())).map_or_else(
        || "`GET /wrap-up-codes` lists them.".to_owned(),
        |near| format!("did you mean `{near}`?"),
    );
    let wanted: String = wanted.chars().take(64).collect();
    let detail = format!("There is no wrap-up code `{wanted}` for this queue; {help}");
    Err(ApiError::unprocessable(detail))
}

/// Short words: they go into the log, which holds no numbers of people.
fn tags(given: Vec<String>) -> Result<Vec<String>, ApiError> {
    let mut tags: Vec<String> = Vec::new();
    for tag in given {
        let tag = tag.trim().to_owned();
        let digits = tag.chars().filter(char::is_ascii_digit).count();
        let good = !tag.is_empty()
            && tag.chars().count() <= LONGEST_TAG
            && digits <= MOST_DIGITS
            && !tag.chars().any(|c| c.is_control() || c == '@');
        if !good {
            let detail = format!(
                "A tag is a short word: at most {LONGEST_TAG} letters and {MOST_DIGITS} digits, no address."
            );
            return Err(ApiError::unprocessable(detail));
        }
        if !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    if tags.len() > MOST_TAGS {
        let detail = format!("`tags` may hold {MOST_TAGS} at most.");
        return Err(ApiError::unprocessable(detail));
    }
    Ok(tags)
}

/// `POST /interactions/{id}/wrap-up/extend`: longer, as the queue allows.
#[utoipa::path(
    post,
    path = "/api/v1/interactions/{id}/wrap-up/extend",
    operation_id = "extendWrapUp",
    tag = "wrap-up",
    params(("id" = String, Path, description = "Id.")),
    responses((status = 200, description = "As it is now; 409 when it is over or as long as it may be.", body = WrapUpBody)),
)]
pub(super) async fn extend(
    State(state): State<ApiState>,
    Caller(role): Caller,
    Path(id): Path<String>,
) -> Result<Json<WrapUpBody>, ApiError> {
    let (agent, interaction) = wrapping(&state, role, &id).await?;
    let view = act(&state, agent, interaction, WrapUpAct::Extend).await?;
    let queue = view.queue.and_then(|id| state.company().queue_name(id));
    Ok(Json(WrapUpBody {
        interaction,
        queue,
        ends_at: (!view.open).then_some(Utc(view.ends_at)),
        extendable: view.extensions_left > 0,
        extensions_left: view.extensions_left,
    }))
}

/// `POST /interactions/{id}/wrap-up/done`. A queue may want a code first: 409; the time runs on meanwhile.
#[utoipa::path(
    post,
    path = "/api/v1/interactions/{id}/wrap-up/done",
    operation_id = "endWrapUp",
    tag = "wrap-up",
    params(("id" = String, Path, description = "Id.")),
    responses((status = 204, description = "Over; 409 when it was, or when the queue wants a code first.")),
)]
pub(super) async fn done(
    State(state): State<ApiState>,
    Caller(role): Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    let (agent, interaction) = wrapping(&state, role, &id).await?;
    let view = act(&state, agent, interaction, WrapUpAct::Look).await?;
    let needed = view
        .queue
        .is_some_and(|queue| needs_code(&state.company(), queue));
    if needed && !state.store.has_wrap_up_code(interaction).await? {
        return Err(ApiError::conflict(
            "This queue wants a wrap-up code first; choose one.",
        ));
    }
    act(&state, agent, interaction, WrapUpAct::Done).await?;
    Ok(NOTHING)
}

/// The agent who wraps this interaction up now, if the role may act for that agent. Live state alone is asked, so that
/// an agent gets on without the database.
async fn wrapping(
    state: &ApiState,
    role: Role,
    id: &str,
) -> Result<(AgentId, InteractionId), ApiError> {
    let id: InteractionId = id.parse().map_err(|_| ApiError::not_found("interaction"))?;
    if !authorise(role, Action::WriteRecord, Resource::OwnPart) {
        return Err(ApiError::forbidden());
    }
    let agents = state.live.agents().await?;
    let found = agents
        .iter()
        .find(|view| view.state == AgentState::WrapUp && view.interaction == Some(id))
        .map(|view| view.agent);
    // What is nobody's is told to its own agent and to supervisors alike.
    let agent = found.or_else(|| role.agent()).ok_or_else(over)?;
    if !authorise(role, Action::WriteRecord, Resource::Of(agent)) {
        return Err(ApiError::forbidden());
    }
    Ok((agent, id))
}

async fn act(
    state: &ApiState,
    agent: AgentId,
    interaction: InteractionId,
    act: WrapUpAct,
) -> Result<WrapUpView, ApiError> {
    match state.live.wrap_up(agent, interaction, act).await? {
        Ok(view) => Ok(view),
        Err(WrapUpError::Over) => Err(over()),
        Err(WrapUpError::NoLonger) => Err(ApiError::conflict(
            "Wrap-up cannot be made longer: its queue allows no more.",
        )),
    }
}

fn over() -> ApiError {
    ApiError::conflict("The wrap-up of this interaction is over.")
}
