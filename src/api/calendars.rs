//! `/calendars`: the calendars that flows ask, what they say now; a supervisor closes one for now, and opens it.
//!
//! **Owns**: what may be asked for. **Must not know**: what a flow does with it; the interpreter does.

use super::ApiState;
use super::access::identity::{Identity, SignedIn};
use super::closures::{self, MessageBody};
use super::error::ApiError;
use super::notes::NOTHING;
use super::right::{Action, Resource, authorise};
use super::token::Caller;
use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use ivr_flows::calendar::Opening;
use recordings::Utc;
use recordings::store::audit::AuditDraft;
use recordings::store::calendar_closures::CalendarClosure;
use router::Timestamp;
use router::closure::ClosureMessage;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Longest time ahead: whoever means longer changes the calendar.
const LONGEST: Duration = Duration::from_secs(7 * 24 * 3600);

/// What `PUT /calendars/{name}/closure` takes.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CloseCalendarBody {
    /// Opens by itself then, as in `2026-01-31T18:00:00Z`; at most 7 days ahead.
    until: String,
    /// What callers hear before the exit `emergency`; `null`: what their flow says there.
    #[serde(default)]
    message: Option<MessageBody>,
    /// Why, in a few words for colleagues.
    reason: String,
}

/// A calendar.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct CalendarItem {
    /// Its name; several flows may have one of this name.
    name: String,
    /// The flow that has it; `null`: it is the company's.
    flow: Option<String>,
    /// `open`, `closed`, `holiday` or `emergency`.
    now: &'static str,
    /// Somebody closed it by hand.
    closure: Option<CalendarClosureBody>,
}

/// A closing of a calendar.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub(super) struct CalendarClosureBody {
    /// When it was closed.
    #[schema(value_type = String)]
    since: Utc,
    /// It opens by itself then.
    #[schema(value_type = String)]
    until: Utc,
    /// The prompt that callers hear.
    prompt: Option<String>,
    /// The words that callers hear.
    words: Option<String>,
    /// Why.
    reason: String,
    /// Who: login, or a name for the token.
    by: String,
}

/// The calendars.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct CalendarList {
    items: Vec<CalendarItem>,
    /// Always `null`: the list is whole.
    next: Option<String>,
}

impl From<CalendarClosure> for CalendarClosureBody {
    fn from(closure: CalendarClosure) -> Self {
        let (prompt, words) = match closure.message {
            Some(ClosureMessage::Prompt(file)) => (Some(file), None),
            Some(ClosureMessage::Words(words)) => (None, Some(words)),
            None => (None, None),
        };
        Self {
            since: closure.since,
            until: closure.until,
            prompt,
            words,
            reason: closure.reason,
            by: closure.by,
        }
    }
}

/// `GET /calendars`.
#[utoipa::path(
    get,
    path = "/api/v1/calendars",
    operation_id = "listCalendars",
    tag = "flows",
    responses((status = 200, description = "The company's calendars and those of the flows that calls take, with what they say now.", body = CalendarList)),
)]
pub(super) async fn list(
    State(state): State<ApiState>,
    Caller(role): Caller,
) -> Result<Json<CalendarList>, ApiError> {
    if !authorise(role, Action::ReadFlow, Resource::Others) {
        return Err(ApiError::forbidden());
    }
    let now = state.clock.now();
    let closed = state.store.calendar_closures(now).await?;
    let items = calendars(&state, now)
        .into_iter()
        .map(|(name, flow, opening)| {
            let closure = closed
                .iter()
                .find(|closure| closure.calendar == name)
                .cloned();
            let opening = if closure.is_some() {
                Opening::Emergency
            } else {
                opening
            };
            CalendarItem {
                name,
                flow,
                now: opening.as_str(),
                closure: closure.map(Into::into),
            }
        });
    Ok(Json(CalendarList {
        items: items.collect(),
        next: None,
    }))
}

/// `PUT /calendars/{name}/closure`.
#[utoipa::path(
    put,
    path = "/api/v1/calendars/{name}/closure",
    operation_id = "closeCalendar",
    tag = "flows",
    params(("name" = String, Path, description = "Name; of the company, or of a flow.")),
    request_body = CloseCalendarBody,
    responses((status = 200, description = "Closed from the next call on: callers hear the message, if there is one, and go on by the exit `emergency` of their flow, else by `closed`. One that is closed is closed anew.", body = CalendarClosureBody)),
)]
pub(super) async fn close(
    State(state): State<ApiState>,
    SignedIn(identity): SignedIn,
    Path(name): Path<String>,
    body: Result<Json<CloseCalendarBody>, JsonRejection>,
) -> Result<Json<CalendarClosureBody>, ApiError> {
    let now = state.clock.now();
    known(&state, &identity, &name, now)?;
    let Json(body) = body?;
    let until = closures::until(&body.until, now)?;
    if until > now + LONGEST {
        let detail =
            "`until` is more than 7 days ahead; for longer, give the calendar other hours.";
        return Err(ApiError::unprocessable(detail));
    }
    let message = match body.message {
        Some(message) => Some(closures::message(&state, message).await?),
        None => None,
    };
    let closure = CalendarClosure {
        calendar: name.clone(),
        since: Utc::from_millis(now.millis()),
        until: Utc::from_millis(until.millis()),
        message,
        reason: closures::reason(&body.reason)?,
        by: identity.actor.clone(),
    };
    let object = format!("{name} until {}: {}", closure.until, closure.reason);
    let row = row(&identity, now, ("close calendar", object), 200);
    state.store.close_calendar(&closure, row).await?;
    state.publisher.flows().take_closure(&closure);
    Ok(Json(closure.into()))
}

/// `DELETE /calendars/{name}/closure`.
#[utoipa::path(
    delete,
    path = "/api/v1/calendars/{name}/closure",
    operation_id = "openCalendar",
    tag = "flows",
    params(("name" = String, Path, description = "Name; of the company, or of a flow.")),
    responses((status = 204, description = "From the next call on it is as its hours say, also when it was.")),
)]
pub(super) async fn open(
    State(state): State<ApiState>,
    SignedIn(identity): SignedIn,
    Path(name): Path<String>,
) -> Result<StatusCode, ApiError> {
    let now = state.clock.now();
    known(&state, &identity, &name, now)?;
    let row = row(&identity, now, ("open calendar", name.clone()), 204);
    state.store.open_calendar(&name, row).await?;
    state.publisher.flows().close(&name, None);
    Ok(NOTHING)
}

fn row(
    identity: &Identity,
    at: Timestamp,
    (action, object): (&str, String),
    status: u16,
) -> AuditDraft {
    AuditDraft {
        at,
        actor: identity.actor.clone(),
        role: identity.role_name.as_str().to_owned(),
        action: action.to_owned(),
        object,
        status,
    }
}

fn known(
    state: &ApiState,
    identity: &Identity,
    name: &str,
    now: Timestamp,
) -> Result<(), ApiError> {
    if !authorise(identity.role, Action::CloseCalendar, Resource::Others) {
        return Err(ApiError::forbidden());
    }
    let found = calendars(state, now)
        .iter()
        .any(|(known, _, _)| known == name);
    found
        .then_some(())
        .ok_or_else(|| ApiError::not_found("calendar"))
}

/// Name, the flow that has it, what its hours say now.
fn calendars(state: &ApiState, now: Timestamp) -> Vec<(String, Option<String>, Opening)> {
    let company = state.company();
    let moment = now.millis();
    let of_company = company.company.calendars.iter();
    let mut all: Vec<_> = of_company
        .filter_map(|(name, calendar)| Some((name.clone(), None, calendar.at(moment)?)))
        .collect();
    for flow in state.publisher.flows().each_alone() {
        let own = flow.calendars();
        all.extend(own.filter_map(|(name, calendar)| {
            let of = Some(flow.name().to_owned());
            Some((name.to_owned(), of, calendar.at(moment)?))
        }));
    }
    all.sort_by(|a, b| (&a.0, &a.1).cmp(&(&b.0, &b.1)));
    all
}
