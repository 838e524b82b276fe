//! `/queues/{name}/closure`: a supervisor closes a queue for now, and opens it.
//!
//! **Owns**: what may be asked for. **Must not know**: what a closing does to callers; the Distributor does.

use super::access::identity::{Identity, SignedIn};
use super::access::users;
use super::error::ApiError;
use super::notes::NOTHING;
use super::openapi::shapes;
use super::right::{Action, Resource, authorise};
use super::token::Caller;
use super::{ApiState, names, time};
use crate::floor::closure::ClosureItem;
use crate::speech::SpeechError;
use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use router::closure::{ClosedBy, Closure, ClosureMessage, WhileClosed};
use router::id::{ClosureId, QueueId};
use router::{Private, Timestamp};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Letters of a reason at most, and digits in a row: what is longer is a number of somebody.
const LONGEST_REASON: usize = 120;
const MOST_DIGITS: usize = 4;
/// Letters of a message at most: half a minute of speech.
const LONGEST_MESSAGE: usize = 500;
/// Longest time ahead: a year. Whoever means "for good" says `null`.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 3600);

/// What `PUT /queues/{name}/closure` takes.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CloseBody {
    /// Opens by itself then, as in `2026-01-31T18:00:00Z`; `null`: until somebody opens it.
    #[serde(default)]
    until: Option<String>,
    message: MessageBody,
    /// What becomes of those who wait already: `serve` (default) or `end`.
    #[serde(default)]
    waiting: Option<String>,
    /// Why, in a few words for colleagues.
    reason: String,
}

/// What callers hear: one of the two.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MessageBody {
    /// One of `GET /closure-messages`.
    prompt: Option<String>,
    /// For the speech command.
    words: Option<String>,
}

/// What callers of a closed queue may hear.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct MessagesBody {
    /// Prompts that callers of every language can hear.
    prompts: Vec<String>,
    /// Whether there is a speech command, so that words can be typed.
    speech: bool,
}

/// `GET /closure-messages`.
#[utoipa::path(
    get,
    path = "/api/v1/closure-messages",
    operation_id = "listClosureMessages",
    tag = "queues",
    responses((status = 200, description = "Prompts that can be heard in every language of the flows, and whether words can be spoken.", body = MessagesBody)),
)]
pub(super) async fn messages(
    State(state): State<ApiState>,
    Caller(role): Caller,
) -> Result<Json<MessagesBody>, ApiError> {
    let may = |action| authorise(role, action, Resource::Others);
    if !may(Action::CloseQueue) && !may(Action::CloseCalendar) {
        return Err(ApiError::forbidden());
    }
    Ok(Json(MessagesBody {
        prompts: state.announcements.prompts().await,
        speech: state.announcements.can_speak(),
    }))
}

/// `PUT /queues/{name}/closure`.
#[utoipa::path(
    put,
    path = "/api/v1/queues/{name}/closure",
    operation_id = "closeQueue",
    tag = "queues",
    params(("name" = String, Path, description = "Name or id.")),
    request_body = CloseBody,
    responses((status = 200, description = "Closed from now on: callers hear the message and go on by the exit `closed` of their flow. One that is closed is closed anew.", body = shapes::Closure)),
)]
pub(super) async fn close(
    State(state): State<ApiState>,
    SignedIn(identity): SignedIn,
    Path(name): Path<String>,
    body: Result<Json<CloseBody>, JsonRejection>,
) -> Result<Json<ClosureItem>, ApiError> {
    let queue = queue(&state, &identity, &name)?;
    let Json(body) = body?;
    let now = state.clock.now();
    let until = body.until.map(|text| until(&text, now)).transpose()?;
    let waiting = body.waiting.as_deref().unwrap_or("serve");
    let waiting = WhileClosed::from_name(waiting)
        .ok_or_else(|| ApiError::unprocessable("`waiting` must be `serve` or `end`."))?;
    let closure = Closure {
        id: ClosureId::from_uuid(uuid::Uuid::now_v7()),
        queue,
        since: now,
        until,
        waiting,
        reason: reason(&body.reason)?,
        message: message(&state, body.message).await?,
        by: by(&state, &identity).await,
    };
    let closed = state.live.close_queue(closure).await?;
    let closed = closed.ok_or_else(|| ApiError::not_found("queue"))?;
    kept(&state).await?;
    Ok(Json(ClosureItem::of(&closed)))
}

/// `DELETE /queues/{name}/closure`.
#[utoipa::path(
    delete,
    path = "/api/v1/queues/{name}/closure",
    operation_id = "openQueue",
    tag = "queues",
    params(("name" = String, Path, description = "Name or id.")),
    responses((status = 204, description = "Open, also when it was.")),
)]
pub(super) async fn open(
    State(state): State<ApiState>,
    SignedIn(identity): SignedIn,
    Path(name): Path<String>,
) -> Result<StatusCode, ApiError> {
    let queue = queue(&state, &identity, &name)?;
    let by = by(&state, &identity).await;
    state.live.open_queue(queue, by).await?;
    kept(&state).await?;
    Ok(NOTHING)
}

/// Whoever is told that a queue is closed, or open, must find it so after a crash.
async fn kept(state: &ApiState) -> Result<(), ApiError> {
    state.journal.sync().await.map(|_| ()).map_err(|error| {
        tracing::error!(%error, "a closing or opening of a queue is in force and not on the disk");
        ApiError::unavailable(
            "It is done, but could not be written down: a restart would forget it. See the server's disk.",
        )
    })
}

fn queue(state: &ApiState, identity: &Identity, name: &str) -> Result<QueueId, ApiError> {
    if !authorise(identity.role, Action::CloseQueue, Resource::Others) {
        return Err(ApiError::forbidden());
    }
    names::queue_id(&state.company(), name).ok_or_else(|| ApiError::not_found("queue"))
}

async fn by(state: &ApiState, identity: &Identity) -> ClosedBy {
    let user = users::id_of(&identity.actor);
    // A name that cannot be kept at the moment is no reason to leave a queue open; the audit has it as well.
    if let Err(error) = state.store.name_user(user, &identity.actor).await {
        tracing::warn!(%error, "records will not name who closed or opened a queue");
    }
    ClosedBy {
        user: Some(user),
        name: Private::new(identity.actor.clone()),
    }
}

pub(super) fn until(text: &str, now: Timestamp) -> Result<Timestamp, ApiError> {
    let until = time::parse(text).ok_or_else(|| {
        ApiError::unprocessable("`until` must be a time such as 2026-01-31T18:00:00Z, or null.")
    })?;
    if until <= now {
        return Err(ApiError::unprocessable("`until` has passed already."));
    }
    if until > now + LONGEST {
        let detail =
            "`until` is more than a year ahead; `null` closes the queue until somebody opens it.";
        return Err(ApiError::unprocessable(detail));
    }
    Ok(until)
}

/// It goes into the log, which holds no numbers of people.
pub(super) fn reason(text: &str) -> Result<String, ApiError> {
    let text = text.trim();
    let mut runs = text.split(|c: char| !c.is_ascii_digit());
    let good = !text.is_empty()
        && text.chars().count() <= LONGEST_REASON
        && runs.all(|run| run.len() <= MOST_DIGITS)
        && !text.chars().any(|c| c.is_control() || c == '@');
    if good {
        return Ok(text.to_owned());
    }
    let detail = format!(
        "`reason` is a few words for colleagues: 1 to {LONGEST_REASON} letters, no long number, no address."
    );
    Err(ApiError::unprocessable(detail))
}

/// What cannot be heard is refused now, while somebody can choose something else.
pub(super) async fn message(
    state: &ApiState,
    body: MessageBody,
) -> Result<ClosureMessage, ApiError> {
    match (body.prompt, body.words) {
        (Some(file), None) => {
            if state.announcements.can_play(&file).await {
                return Ok(ClosureMessage::Prompt(file));
            }
            let detail = "This prompt cannot be heard in every language of the flows; `GET /closure-messages` lists those that can.";
            Err(ApiError::unprocessable(detail))
        }
        (None, Some(words)) => spoken(state, words.trim()).await,
        _ => Err(ApiError::unprocessable(
            "`message` needs a `prompt` or `words`, not both.",
        )),
    }
}

async fn spoken(state: &ApiState, words: &str) -> Result<ClosureMessage, ApiError> {
    let speakable = words.chars().any(char::is_alphanumeric);
    let clean = !words.chars().any(|c| c.is_control() && c != '\n');
    if !speakable || !clean || words.chars().count() > LONGEST_MESSAGE {
        let detail = format!("`words` must be 1 to {LONGEST_MESSAGE} letters that can be spoken.");
        return Err(ApiError::unprocessable(detail));
    }
    match state.announcements.speak(words).await {
        Ok(()) => Ok(ClosureMessage::Words(words.to_owned())),
        Err(SpeechError::NoCommand) => Err(ApiError::unprocessable(
            "Words cannot be spoken here, because the settings have no speech command: choose a prompt.",
        )),
        Err(error) => {
            tracing::warn!(%error, "the message of a closing could not be spoken");
            Err(ApiError::unavailable(
                "The speech command did not speak these words: try again, or choose a prompt.",
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_few_words_without_numbers_of_people() {
        for good in ["Flood", "Strike until 18:00", "Öl auf der Straße 2026"] {
            assert_eq!(reason(&format!(" {good} ")).unwrap(), good);
        }
        let long = "x".repeat(LONGEST_REASON + 1);
        for wrong in [
            "",
            "  ",
            "call 600111222",
            "ask eve@example.org",
            "a\nb",
            long.as_str(),
        ] {
            assert!(reason(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_end_lies_ahead_and_not_too_far() {
        let now = time::parse("2026-01-31T12:00:00Z").unwrap();
        assert!(until("2026-01-31T12:00:01Z", now).is_ok());
        assert!(until("2026-01-31T14:00:00+01:00", now).is_ok());
        for wrong in [
            "",
            "18:00",
            "2026-01-31T12:00:00Z",
            "2020-01-31T12:00:00Z",
            "2031-01-01T00:00:00Z",
        ] {
            assert!(until(wrong, now).is_err(), "{wrong}");
        }
    }
}
