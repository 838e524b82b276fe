//! `/interactions/{id}/timeline`: everything that happened to a caller, on one time axis.
//!
//! **Owns**: the route, and the form of [`TimelineBody`]. **Must not know**: how the record is kept. What becomes an
//! item, and its words, is in `items.rs`,
//! the words of the log's events in `told.rs`.

mod items;
#[cfg(test)]
mod tests;
mod told;

use super::ApiState;
use super::access::identity::SignedIn;
use super::error::ApiError;
use super::interactions::readable;
use super::openapi::shapes;
use axum::Json;
use axum::extract::{Path, State};
use recordings::Utc;
use recordings::store::record::InteractionRecord;
use serde::Serialize;

/// What happened to a caller.
#[derive(Debug, PartialEq, Serialize, utoipa::ToSchema)]
#[schema(as = Timeline)]
pub(super) struct TimelineBody {
    /// The call came in, or the agent dialled.
    #[schema(value_type = shapes::Moment)]
    from: Utc,
    /// The last thing ended; none while anything goes on.
    #[schema(value_type = Option<shapes::Moment>)]
    to: Option<Utc>,
    /// By their beginning.
    items: Vec<ItemBody>,
}

/// What an item is about. The console has a word for each, or its types do not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = TimelineKind)]
#[serde(rename_all = "snake_case")]
pub(super) enum ItemKind {
    /// In the menus.
    Menu,
    /// The caller chose or typed something.
    Choice,
    /// In a queue.
    Waiting,
    /// Why an agent was chosen.
    Decision,
    /// At an agent's phone.
    Ringing,
    /// With an agent.
    Talk,
    /// Customer and agent do not hear each other.
    Pause,
    /// Colleagues and supervisors; the agent's phone; help.
    Others,
    /// What was written down: tags, the customer, what it was about, tasks.
    Record,
    /// A recording.
    Recording,
    /// The work after the call.
    WrapUp,
    /// Notes.
    Notes,
    /// The end of the call.
    End,
}

/// One thing that happened: at a moment, or from one to another.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
#[schema(as = TimelineItem)]
pub(super) struct ItemBody {
    kind: ItemKind,
    #[schema(value_type = shapes::Moment)]
    from: Utc,
    /// Of what lasts; none while it does.
    #[schema(value_type = Option<shapes::Moment>)]
    to: Option<Utc>,
    /// It lasted, or does; else it is of one moment.
    lasts: bool,
    /// What it was, for people.
    words: String,
    /// Whom it is about, by login.
    agent: Option<String>,
    /// The queue it is about.
    queue: Option<String>,
}

/// `GET /interactions/{id}/timeline`. Decisions are for those who may see the other candidates.
#[utoipa::path(
    get,
    path = "/api/v1/interactions/{id}/timeline",
    operation_id = "getTimeline",
    tag = "interactions",
    params(("id" = String, Path, description = "Id.")),
    responses((status = 200, description = "Menu path, waiting, decisions with reasons, talk, hold, consultation, notes: on one axis.", body = TimelineBody)),
)]
pub(super) async fn one(
    State(state): State<ApiState>,
    SignedIn(identity): SignedIn,
    Path(id): Path<String>,
) -> Result<Json<TimelineBody>, ApiError> {
    let record = readable(&state, &identity, &id).await?;
    Ok(Json(timeline(&record, &state.time_zone)))
}

/// Pure.
fn timeline(record: &InteractionRecord, time_zone: &str) -> TimelineBody {
    let times = &record.summary.times;
    let items = items::of(record, time_zone);
    let open = times.ended_at.is_none() || items.iter().any(|item| item.lasts && item.to.is_none());
    let last = items.iter().map(|item| item.to.unwrap_or(item.from)).max();
    TimelineBody {
        from: times.started_at,
        to: last.filter(|_| !open),
        items,
    }
}
