//! `/queues/{name}/intervals`, `/agents/{login}/intervals`: quarters of an hour, for reports.
//!
//! **Owns**: the routes, the outside form of rows. **Must not know**: how they are counted (`router::metrics` does) and
//! kept.

use super::ApiState;
use super::agents::may;
use super::error::ApiError;
use super::openapi::shapes;
use super::page::Params;
use super::queues::readable;
use super::right::Action;
use super::time;
use super::token::Caller;
use axum::Json;
use axum::extract::{Path, State};
use recordings::Utc;
use router::AgentState;
use router::Timestamp;
use router::metrics::formula::{DEFINITIONS, Definition, ServiceLevels};
use router::metrics::{AgentRow, Histogram, QUARTER, QueueRow, quarter_of};
use router::outcome::{EntryOutcome, OfferOutcome, Refusal};
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::Duration;

/// At most this long a time in one answer.
const LONGEST: Duration = Duration::from_secs(31 * 24 * 3_600);

/// What is asked for, whole quarters of an hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Span {
    from: Timestamp,
    to: Timestamp,
}

/// Quarters of an hour of one queue or agent.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct IntervalsBody<T: utoipa::ToSchema> {
    /// Whose they are: the queue's name or the agent's log-in name.
    of: String,
    #[schema(value_type = shapes::Moment)]
    from: Utc,
    #[schema(value_type = shapes::Moment)]
    to: Utc,
    /// Seconds of an interval.
    interval: u64,
    /// Counted up to this line of the log; what comes later is not in yet.
    counted_to: u64,
    /// One for each quarter of an hour that has begun and is not before the first line, the oldest first.
    items: Vec<T>,
    /// What the numbers mean, by formula.
    #[schema(value_type = Vec<shapes::Formula>)]
    definitions: [Definition; 14],
}

/// Lengths of time: never a mean alone.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct Lengths {
    count: u64,
    /// All together, in seconds.
    sum: f64,
    /// In seconds; none of nothing.
    mean: Option<f64>,
    /// Half of them took at most so long, in seconds.
    median: Option<f64>,
    /// Nine of ten took at most so long, in seconds.
    p90: Option<f64>,
    longest: f64,
    /// How many took at most so many seconds, and longer than the bound before.
    #[schema(value_type = BTreeMap<String, u64>)]
    bounds: BTreeMap<u64, u64>,
}

/// A quarter of an hour of a queue.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct QueueInterval {
    #[schema(value_type = shapes::Moment)]
    begins_at: Utc,
    waiting_start: u64,
    entered: u64,
    #[schema(value_type = BTreeMap<String, u64>)]
    left: BTreeMap<EntryOutcome, u64>,
    waiting_end: u64,
    #[schema(value_type = BTreeMap<String, u64>)]
    refusals: BTreeMap<Refusal, u64>,
    offered: u64,
    #[schema(value_type = BTreeMap<String, u64>)]
    offers: BTreeMap<OfferOutcome, u64>,
    /// Of those who were answered.
    wait: Lengths,
    /// Of those who hung up after the short-abandon limit.
    abandoned_after: Lengths,
    talk: Lengths,
    hold: Lengths,
    wrap_up: Lengths,
    handle_time: Option<f64>,
    abandon_rate: Option<f64>,
    /// The queue's target of today, in seconds, by which the service levels are told.
    target: f64,
    /// Whether the service levels are exact for this target; else they are those of the bound below it.
    target_is_a_bound: bool,
    #[serde(flatten)]
    #[schema(value_type = shapes::ServiceLevels)]
    service_levels: ServiceLevels,
}

/// A quarter of an hour of an agent.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct AgentInterval {
    #[schema(value_type = shapes::Moment)]
    begins_at: Utc,
    /// Seconds.
    logged_in: f64,
    /// Seconds in each state.
    #[schema(value_type = BTreeMap<String, f64>)]
    states: BTreeMap<AgentState, f64>,
    /// Seconds not ready, by reason.
    reasons: BTreeMap<String, f64>,
    /// Seconds logged in while the server was down.
    unobserved: f64,
    #[schema(value_type = BTreeMap<String, u64>)]
    offers: BTreeMap<OfferOutcome, u64>,
    talk: Lengths,
    hold: Lengths,
    wrap_up: Lengths,
    handle_time: Option<f64>,
    occupancy: Option<f64>,
    utilisation: Option<f64>,
}

/// `GET /queues/{name}/intervals`: for whoever may read the queue.
#[utoipa::path(
    get,
    path = "/api/v1/queues/{name}/intervals",
    operation_id = "getQueueIntervals",
    tag = "queues",
    params(
        ("name" = String, Path, description = "Name or id."),
        ("from" = Option<String>, Query, description = "A time; the quarter of an hour it lies in comes first. Today's midnight when nothing is said."),
        ("to" = Option<String>, Query, description = "A time, at most 31 days later; now when nothing is said."),
    ),
    responses((status = 200, description = "Quarters of an hour, each number with its formula.", body = IntervalsBody<QueueInterval>)),
)]
pub(super) async fn of_queue(
    State(state): State<ApiState>,
    Caller(role): Caller,
    Path(name): Path<String>,
    params: Params,
) -> Result<Json<IntervalsBody<QueueInterval>>, ApiError> {
    let company = state.company();
    let (id, rules) = readable(&company, role, &name)?;
    let span = Span::read(&state, &params)?;
    let rows = state.store.queue_intervals(id, span.from, span.to).await?;
    let mut waiting = state.store.waiting_at(id, span.from).await?;
    let target = rules.service_level;
    let items = span.quarters().map(|begin| {
        let row = rows.get(&begin).cloned().unwrap_or_default();
        let item = queue_interval(begin, &row, waiting, target);
        waiting = item.waiting_end;
        item
    });
    body(&state, rules.name.clone(), span, items.collect()).await
}

/// `GET /agents/{login}/intervals`: for whoever may read the agent.
#[utoipa::path(
    get,
    path = "/api/v1/agents/{login}/intervals",
    operation_id = "getAgentIntervals",
    tag = "agents",
    params(
        ("login" = String, Path, description = "Log-in name or id."),
        ("from" = Option<String>, Query, description = "A time; the quarter of an hour it lies in comes first. Today's midnight when nothing is said."),
        ("to" = Option<String>, Query, description = "A time, at most 31 days later; now when nothing is said."),
    ),
    responses((status = 200, description = "Quarters of an hour, each number with its formula.", body = IntervalsBody<AgentInterval>)),
)]
pub(super) async fn of_agent(
    State(state): State<ApiState>,
    Caller(role): Caller,
    Path(name): Path<String>,
    params: Params,
) -> Result<Json<IntervalsBody<AgentInterval>>, ApiError> {
    let company = state.company();
    let id = may(role, Action::ReadAgent, &company, &name)?;
    let span = Span::read(&state, &params)?;
    let rows = state.store.agent_intervals(id, span.from, span.to).await?;
    let items = span.quarters().map(|begin| {
        let row = rows.get(&begin).cloned().unwrap_or_default();
        agent_interval(begin, &row)
    });
    let agent = company.routing.agents.get(&id);
    let login = agent.map_or_else(|| id.to_string(), |agent| agent.login.clone());
    body(&state, login, span, items.collect()).await
}

async fn body<T: utoipa::ToSchema>(
    state: &ApiState,
    of: String,
    span: Span,
    items: Vec<T>,
) -> Result<Json<IntervalsBody<T>>, ApiError> {
    Ok(Json(IntervalsBody {
        of,
        from: Utc(span.from),
        to: Utc(span.to),
        interval: QUARTER.as_secs(),
        counted_to: state.store.intervals_counted_to().await?,
        items,
        definitions: DEFINITIONS,
    }))
}

impl Span {
    fn read(state: &ApiState, params: &Params) -> Result<Self, ApiError> {
        params.only(&["from", "to"])?;
        let now = state.clock.now();
        let moment = |name| params.read(name, "a time such as 2026-12-24T10:00:00Z", time::parse);
        let from = moment("from")?.unwrap_or_else(|| time::day_begin(now, &state.time_zone));
        let to = moment("to")?.unwrap_or(now).min(now);
        if to < from {
            return Err(ApiError::unprocessable(
                "`from` must lie before `to`, and not in the future.",
            ));
        }
        if to.since(from) > LONGEST {
            return Err(ApiError::unprocessable(
                "`to` may lie 31 days after `from` at most.",
            ));
        }
        let from = quarter_of(from);
        // A quarter of an hour that has begun counts; one that begins at `to` does not.
        let last = quarter_of(Timestamp::from_millis(to.millis().saturating_sub(1)).max(from));
        Ok(Self {
            from,
            to: last + QUARTER,
        })
    }

    fn quarters(self) -> impl Iterator<Item = Timestamp> {
        let next = move |begin: &Timestamp| Some(*begin + QUARTER).filter(|begin| *begin < self.to);
        std::iter::successors(Some(self.from), next)
    }
}

fn queue_interval(
    begin: Timestamp,
    row: &QueueRow,
    waiting: u64,
    target: Duration,
) -> QueueInterval {
    let none = Histogram::default();
    let of = |outcome| Lengths::of(row.left.get(&outcome).unwrap_or(&none));
    let left = row.left.iter();
    QueueInterval {
        begins_at: Utc(begin),
        waiting_start: waiting,
        entered: row.entered,
        left: left
            .map(|(outcome, waits)| (*outcome, waits.count))
            .collect(),
        waiting_end: (waiting + row.entered).saturating_sub(row.left_all()),
        refusals: row.refusals.clone(),
        offered: row.offered,
        offers: row.offers.clone(),
        wait: of(EntryOutcome::Answered),
        abandoned_after: of(EntryOutcome::Abandoned),
        talk: Lengths::of(&row.talk),
        hold: Lengths::of(&row.hold),
        wrap_up: Lengths::of(&row.wrap_up),
        handle_time: row.handle_time(),
        abandon_rate: row.abandon_rate(),
        target: target.as_secs_f64(),
        target_is_a_bound: Histogram::is_bound(target),
        service_levels: row.service_levels(target),
    }
}

fn agent_interval(begin: Timestamp, row: &AgentRow) -> AgentInterval {
    let states = row.states.iter();
    let reasons = row.reasons.iter();
    AgentInterval {
        begins_at: Utc(begin),
        logged_in: seconds(row.logged_in()),
        states: states.map(|(state, ms)| (*state, seconds(*ms))).collect(),
        reasons: reasons
            .map(|(reason, ms)| (reason.clone(), seconds(*ms)))
            .collect(),
        unobserved: seconds(row.unobserved),
        offers: row.offers.clone(),
        talk: Lengths::of(&row.talk),
        hold: Lengths::of(&row.hold),
        wrap_up: Lengths::of(&row.wrap_up),
        handle_time: row.handle_time(),
        occupancy: row.occupancy(),
        utilisation: row.utilisation(),
    }
}

impl Lengths {
    fn of(histogram: &Histogram) -> Self {
        Self {
            count: histogram.count,
            sum: seconds(histogram.sum_ms),
            mean: histogram.mean(),
            median: histogram.quantile(0.5),
            p90: histogram.quantile(0.9),
            longest: seconds(histogram.longest_ms),
            bounds: histogram.bounds.clone(),
        }
    }
}

fn seconds(ms: u64) -> f64 {
    Duration::from_millis(ms).as_secs_f64()
}
