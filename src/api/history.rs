//! `/queues/{name}/history`: a queue's last minutes, for charts.
//!
//! **Owns**: the route, what it says of its numbers. **Must not know**: how they are counted, who draws.

use super::ApiState;
use super::error::ApiError;
use super::openapi::shapes;
use super::page::Params;
use super::queues::{counters, readable};
use super::time;
use super::token::Caller;
use axum::Json;
use axum::extract::{Path, State};
use recordings::Utc;
use recordings::store::history::{INTERVAL, QueueHistory, STEP};
use serde::Serialize;
use std::collections::BTreeMap;

/// When nothing is asked for.
const MINUTES: u32 = 60;
/// At most: more is for reports.
const MOST: u32 = 240;

/// What each number counts.
const DEFINITIONS: [(&str, &str); 4] = [
    (
        "waiting",
        "The most callers who waited in this queue at once in the minute, also while an agent's phone rang for them.",
    ),
    (
        "longest_wait",
        "The longest that a caller who waited in this queue in the minute had waited by its end, or by leaving the queue.",
    ),
    (
        "answered",
        "Callers of this queue whom an agent answered in these five minutes, whenever they came.",
    ),
    (
        "abandoned",
        "Callers who hung up in this queue in these five minutes, after the short-abandon limit.",
    ),
];

/// A queue's last minutes.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = QueueHistory)]
pub(super) struct HistoryBody {
    queue: String,
    /// Up to here; what comes later is told by the topic `queues`.
    #[schema(value_type = shapes::Moment)]
    to: Utc,
    /// Seconds from one point to the next.
    step: f64,
    /// Seconds from one count to the next.
    interval: f64,
    #[serde(flatten)]
    #[schema(value_type = shapes::HistoryPart)]
    history: QueueHistory,
    /// The counters of today at `to`, as in the topic `queues`: what that says more came afterwards. None while the
    /// database is slow.
    #[schema(value_type = Option<shapes::HistoryToday>)]
    today: Option<TodayBody>,
    /// What each number counts, by its name.
    #[schema(value_type = BTreeMap<String, String>)]
    definitions: BTreeMap<&'static str, &'static str>,
}

#[derive(Debug, Serialize)]
struct TodayBody {
    answered: u64,
    abandoned: u64,
}

/// `GET /queues/{name}/history`: for whoever may read the queue.
#[utoipa::path(
    get,
    path = "/api/v1/queues/{name}/history",
    operation_id = "getQueueHistory",
    tag = "queues",
    params(
        ("name" = String, Path, description = "Name or id."),
        ("minutes" = Option<u32>, Query, description = "How far back, 1 to 240; 60 when nothing is said."),
    ),
    responses((status = 200, description = "Callers waiting and the longest wait by minute; answered and abandoned by five minutes.", body = HistoryBody)),
)]
pub(super) async fn one(
    State(state): State<ApiState>,
    Caller(role): Caller,
    Path(name): Path<String>,
    params: Params,
) -> Result<Json<HistoryBody>, ApiError> {
    let company = state.company();
    let (id, rules) = readable(&company, role, &name)?;
    params.only(&["minutes"])?;
    let expected = format!("a number from 1 to {MOST}");
    let minutes = params.read("minutes", &expected, |text| {
        text.parse().ok().filter(|n| (1..=MOST).contains(n))
    })?;
    let minutes = minutes.unwrap_or(MINUTES);
    let now = state.clock.now();
    let history = state.store.queue_history(id, minutes, now).await?;
    let since = time::day_begin(now, &state.time_zone);
    let today = counters(&state, id, since, rules.service_level).await?;
    Ok(Json(HistoryBody {
        queue: rules.name.clone(),
        to: Utc(now),
        step: STEP.as_secs_f64(),
        interval: INTERVAL.as_secs_f64(),
        history,
        today: today.map(|today| TodayBody {
            answered: today.outcomes.answered,
            abandoned: today.outcomes.abandoned,
        }),
        definitions: DEFINITIONS.into(),
    }))
}
