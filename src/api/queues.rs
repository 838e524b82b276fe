//! `/queues`.
//!
//! **Owns**: what a queue looks like outside. **Must not know**: how callers are ordered, how counters are counted.

use super::error::ApiError;
use super::openapi::shapes::{self, PageOf};
use super::queue_rules::RulesBody;
use super::right::{Action, Resource, Role, authorise};
use super::token::Caller;
use super::{ApiState, names, page, time};
use crate::company_view::CompanyView;
use crate::distributor_task::desk::WaitView;
use crate::floor::closure::ClosureItem;
use crate::floor::thresholds::ThresholdsItem;
use axum::Json;
use axum::extract::{Path, State};
use recordings::Utc;
use recordings::store::counters::{QueueCounters, SERVICE_LEVEL_FORMULA};
use recordings::store::page::Page;
use router::Timestamp;
use router::company::Skills;
use router::distributor::port::{AgentView, QueueView, WaitingView};
use router::id::{AgentId, InteractionId, QueueEntryId, QueueId};
use router::wait::Forecast;
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::Duration;

/// How long live state waits for the record's counters.
const PATIENCE: Duration = Duration::from_secs(1);

/// A queue as clients see it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct QueueBody {
    #[schema(value_type = shapes::Id)]
    id: QueueId,
    name: String,
    #[schema(value_type = BTreeMap<String, u8>)]
    skills: Skills,
    waiting: Vec<WaitingBody>,
    longest_wait: f64,
    #[schema(value_type = BTreeMap<String, u32>)]
    agents: BTreeMap<&'static str, u32>,
    /// None while the database is away.
    #[schema(value_type = Option<shapes::QueueCounters>)]
    today: Option<QueueCounters>,
    service_level: ServiceLevelBody,
    expected_wait: ExpectedWaitBody,
    /// A supervisor closed it for now; else null.
    #[schema(value_type = Option<shapes::Closure>)]
    closure: Option<ClosureItem>,
    #[schema(value_type = shapes::Thresholds)]
    thresholds: ThresholdsItem,
    /// What the company file says of it.
    rules: RulesBody,
}

/// A waiting caller; ids only.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct WaitingBody {
    #[schema(value_type = shapes::Id)]
    interaction: InteractionId,
    #[schema(value_type = shapes::Id)]
    entry: QueueEntryId,
    position: usize,
    #[schema(value_type = shapes::Moment)]
    enqueued_at: Utc,
    wait: f64,
    priority: PriorityBody,
    /// Whose phone has rung longest for this caller.
    offered_to: Option<String>,
    /// The others, where the queue rings at all.
    also_offered_to: Vec<String>,
    /// Nobody who is logged in can ever serve this caller; supervisors were told.
    unmeetable: bool,
}

/// What orders the callers: the class first, then the virtual enqueue time.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct PriorityBody {
    class: u8,
    #[schema(value_type = shapes::Moment)]
    v: Utc,
}

/// The service level of today with the formula it was counted by.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct ServiceLevelBody {
    value: Option<f64>,
    target: Option<f64>,
    formula: &'static str,
}

/// What a caller who comes now may expect, in seconds, and how good that was for the queue's last callers. Null where
/// nobody can tell.
#[derive(Debug, Default, Serialize, utoipa::ToSchema)]
struct ExpectedWaitBody {
    /// By what: `queue_length`, `head_of_line` or `pace`.
    model: Option<&'static str>,
    /// The mean.
    expected: Option<f64>,
    /// Four of five callers wait at most so long.
    quantile: Option<f64>,
    /// The same rounded up: what flows say.
    announced: Option<f64>,
    /// Callers who are looked back at, at most 200, and those of them who were answered.
    callers: usize,
    answered: usize,
    /// Share of them who waited at most the quantile, and what was said; who gave up is censored.
    coverage: Option<f64>,
    coverage_announced: Option<f64>,
    /// Mean of expected less real wait of the answered, and of its distance.
    bias: Option<f64>,
    error: Option<f64>,
}

impl ExpectedWaitBody {
    fn of(view: WaitView) -> Self {
        let WaitView { newcomer, error } = view;
        let seconds =
            |of: fn(&Forecast) -> Duration| newcomer.as_ref().map(|f| of(f).as_secs_f64());
        Self {
            model: newcomer.map(|forecast| forecast.model.as_str()),
            expected: seconds(|forecast| forecast.expected),
            quantile: seconds(|forecast| forecast.quantile),
            announced: seconds(|forecast| forecast.announced),
            callers: error.lately,
            answered: error.answered,
            coverage: error.coverage,
            coverage_announced: error.coverage_announced,
            bias: error.bias,
            error: error.error,
        }
    }
}

/// Live state and time of one answer.
struct Moment {
    company: std::sync::Arc<CompanyView>,
    queues: Vec<QueueView>,
    agents: Vec<AgentView>,
    waits: BTreeMap<QueueId, WaitView>,
    now: Timestamp,
}

impl Moment {
    async fn read(state: &ApiState) -> Result<Self, ApiError> {
        Ok(Self {
            company: state.company(),
            queues: state.live.queues().await?,
            agents: state.live.agents().await?,
            waits: state.live.waits().await?,
            now: state.clock.now(),
        })
    }
}

/// `GET /queues`: an agent's token sees the queues it serves.
#[utoipa::path(
    get,
    path = "/api/v1/queues",
    operation_id = "listQueues",
    tag = "queues",
    responses((status = 200, description = "Queues; an agent sees those it serves.", body = PageOf<QueueBody>)),
)]
pub(super) async fn list(
    State(state): State<ApiState>,
    Caller(role): Caller,
) -> Result<Json<Page<QueueBody>>, ApiError> {
    if !authorise(role, Action::ReadQueue, Resource::OwnPart) {
        return Err(ApiError::forbidden());
    }
    let moment = Moment::read(&state).await?;
    let mut items = Vec::new();
    for id in moment.company.routing.queues.keys() {
        if authorise(role, Action::ReadQueue, owner(&moment.company, role, *id)) {
            items.extend(body(&state, &moment, *id).await?);
        }
    }
    Ok(Json(page::whole(items)))
}

/// `GET /queues/{name}`.
#[utoipa::path(
    get,
    path = "/api/v1/queues/{name}",
    operation_id = "getQueue",
    tag = "queues",
    params(
        ("name" = String, Path, description = "Name or id."),
    ),
    responses((status = 200, description = "As asked.", body = QueueBody)),
)]
pub(super) async fn one(
    State(state): State<ApiState>,
    Caller(role): Caller,
    Path(name): Path<String>,
) -> Result<Json<QueueBody>, ApiError> {
    let moment = Moment::read(&state).await?;
    let (id, _) = readable(&moment.company, role, &name)?;
    body(&state, &moment, id)
        .await?
        .map(Json)
        .ok_or_else(|| ApiError::not_found("queue"))
}

/// A queue by name or id, for whoever may read it.
pub(super) fn readable<'a>(
    company: &'a CompanyView,
    role: Role,
    name: &str,
) -> Result<(QueueId, &'a router::company::Queue), ApiError> {
    let id = names::queue_id(company, name);
    let resource = id.map_or(Resource::Others, |id| owner(company, role, id));
    if !authorise(role, Action::ReadQueue, resource) {
        return Err(ApiError::forbidden());
    }
    id.and_then(|id| Some((id, company.routing.queues.get(&id)?)))
        .ok_or_else(|| ApiError::not_found("queue"))
}

/// A queue belongs to each agent who serves it.
fn owner(company: &CompanyView, role: Role, queue: QueueId) -> Resource {
    let serves = |agent: &AgentId| {
        let agent = company.routing.agents.get(agent);
        agent.is_some_and(|a| a.queues.contains_key(&queue))
    };
    role.agent()
        .filter(serves)
        .map_or(Resource::Others, Resource::Of)
}

async fn body(
    state: &ApiState,
    moment: &Moment,
    id: QueueId,
) -> Result<Option<QueueBody>, ApiError> {
    let company = &moment.company;
    let Some(rules) = company.routing.queues.get(&id) else {
        return Ok(None);
    };
    let since = time::day_begin(moment.now, &state.time_zone);
    let today = counters(state, id, since, rules.service_level).await?;
    let waiting: Vec<WaitingBody> = moment
        .queues
        .iter()
        .filter(|view| view.queue == id)
        .flat_map(|view| view.waiting.iter().map(|caller| waiting(caller, moment)))
        .collect();
    let closure = moment.queues.iter().find(|view| view.queue == id);
    let closure = closure.and_then(|view| view.closure.as_ref());
    Ok(Some(QueueBody {
        closure: closure.map(ClosureItem::of),
        id,
        name: rules.name.clone(),
        skills: rules.skills.clone(),
        longest_wait: waiting.iter().map(|w| w.wait).fold(0.0, f64::max),
        waiting,
        agents: agents_by_state(moment, id),
        service_level: ServiceLevelBody {
            value: today.as_ref().and_then(|today| today.service_level),
            target: today.as_ref().map(|today| today.service_level_target),
            formula: SERVICE_LEVEL_FORMULA,
        },
        today,
        expected_wait: moment
            .waits
            .get(&id)
            .copied()
            .map(ExpectedWaitBody::of)
            .unwrap_or_default(),
        thresholds: company.thresholds_of(id).into(),
        rules: RulesBody::of(company, rules),
    }))
}

/// Live state is worth an answer without the record's counters: none while the database is away or slow.
pub(super) async fn counters(
    state: &ApiState,
    queue: QueueId,
    since: Timestamp,
    service_level: Duration,
) -> Result<Option<QueueCounters>, ApiError> {
    let asked = state.store.queue_counters(queue, since, service_level);
    match tokio::time::timeout(PATIENCE, asked).await {
        Ok(Ok(counters)) => Ok(Some(counters)),
        Ok(Err(error)) if error.is_transient() => Ok(None),
        Ok(Err(error)) => Err(error.into()),
        Err(_) => Ok(None),
    }
}

fn waiting(view: &WaitingView, moment: &Moment) -> WaitingBody {
    let login = |id: AgentId| {
        moment
            .company
            .routing
            .agents
            .get(&id)
            .map(|a| a.login.clone())
    };
    let mut ringing = view.offered_to.iter().filter_map(|agent| login(*agent));
    WaitingBody {
        interaction: view.interaction,
        entry: view.entry,
        position: view.position,
        enqueued_at: Utc(view.enqueued_at),
        wait: moment.now.since(view.enqueued_at).as_secs_f64(),
        priority: PriorityBody {
            class: view.class,
            v: Utc(view.v),
        },
        offered_to: ringing.next(),
        also_offered_to: ringing.collect(),
        unmeetable: view.unmeetable,
    }
}

/// How many of the queue's agents are in each state; every state is there.
fn agents_by_state(moment: &Moment, queue: QueueId) -> BTreeMap<&'static str, u32> {
    use router::AgentState::{Available, NotReady, Offered, Offline, OnCall, WrapUp};
    let states = [Offline, Available, Offered, OnCall, WrapUp, NotReady];
    let mut counts: BTreeMap<&'static str, u32> = states.map(|state| (state.as_str(), 0)).into();
    for (id, agent) in &moment.company.routing.agents {
        if agent.queues.contains_key(&queue) {
            let view = moment.agents.iter().find(|view| view.agent == *id);
            let state = view.map_or(Offline, |view| view.state);
            *counts.entry(state.as_str()).or_default() += 1;
        }
    }
    counts
}
