//! `/interactions/{id}/notes`: what people write about an interaction, saved while they type.
//!
//! **Owns**: how long notes may be, what a stale save gets. **Must not know**: SQL.

use super::error::ApiError;
use super::interactions::{owner, record};
use super::openapi::shapes;
use super::right::{Action, Role, authorise};
use super::token::Caller;
use super::{ApiState, recorded};
use crate::company_view::CompanyView;
use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use recordings::store::notes::{LONGEST_NOTES, NoteEdit, Notes, Saved};
use router::{Event, Private};
use serde::Deserialize;
use serde_json::json;

/// What `PUT …/notes` takes.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NotesBody {
    /// The whole text, at most 10,000 letters.
    #[schema(value_type = String)]
    text: Private<String>,
    /// The version that was changed; 0 for the first.
    version: u64,
}

/// `GET /interactions/{id}/notes`.
#[utoipa::path(
    get,
    path = "/api/v1/interactions/{id}/notes",
    operation_id = "getNotes",
    tag = "interactions",
    params(("id" = String, Path, description = "Id.")),
    responses((status = 200, description = "Text, version, and who wrote.", body = shapes::Notes)),
)]
pub(super) async fn one(
    State(state): State<ApiState>,
    Caller(role): Caller,
    Path(id): Path<String>,
) -> Result<Json<Notes>, ApiError> {
    let record = record(&state, &id).await?;
    if !authorise(role, Action::ReadInteraction, owner(role, &record)) {
        return Err(ApiError::forbidden());
    }
    let notes = state.store.notes(record.summary.id).await?;
    notes
        .map(Json)
        .ok_or_else(|| ApiError::not_found("interaction"))
}

/// `PUT /interactions/{id}/notes`. A version that is no longer the newest gets 409 with the notes as they are.
#[utoipa::path(
    put,
    path = "/api/v1/interactions/{id}/notes",
    operation_id = "saveNotes",
    tag = "interactions",
    params(("id" = String, Path, description = "Id.")),
    request_body = NotesBody,
    responses(
        (status = 200, description = "Saved.", body = shapes::Notes),
        (status = 409, description = "Somebody else saved since; `current` has the notes.", body = shapes::StaleNotes, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn save(
    State(state): State<ApiState>,
    Caller(role): Caller,
    Path(id): Path<String>,
    body: Result<Json<NotesBody>, JsonRejection>,
) -> Result<Response, ApiError> {
    let record = record(&state, &id).await?;
    if !authorise(role, Action::WriteRecord, owner(role, &record)) {
        return Err(ApiError::forbidden());
    }
    let Json(body) = body?;
    check(body.text.reveal(), "text", LONGEST_NOTES)?;
    let interaction = record.summary.id;
    let edit = NoteEdit {
        text: body.text,
        version: body.version,
        author: author(role, &state.company()),
        agent: role.agent(),
    };
    let now = state.clock.now();
    match state.store.save_notes(interaction, &edit, now).await? {
        Saved::Yes(notes) => {
            let event = Event::NotesSaved {
                interaction,
                version: notes.version,
                by: role.agent(),
            };
            recorded::note(&state, event).await;
            Ok(Json(notes).into_response())
        }
        Saved::Stale(notes) => Ok(stale(&notes)),
        Saved::NoInteraction => Err(ApiError::not_found("interaction")),
    }
}

/// What people write in this field.
pub(super) fn check(text: &str, field: &str, longest: usize) -> Result<(), ApiError> {
    let odd = |c: char| c.is_control() && !matches!(c, '\n' | '\t' | '\r');
    if text.chars().any(odd) {
        let detail = format!("`{field}` has control characters; take them out.");
        return Err(ApiError::unprocessable(detail));
    }
    let length = text.chars().count();
    if length > longest {
        let detail = format!("`{field}` has {length} letters; at most {longest} are kept.");
        return Err(ApiError::unprocessable(detail));
    }
    Ok(())
}

fn stale(notes: &Notes) -> Response {
    let detail = "Somebody else saved these notes since; `current` has them.";
    ApiError::conflict(detail)
        .with("current", json!(notes))
        .into_response()
}

/// Names whoever writes: an agent's login, else what the role is called.
pub(super) fn author(role: Role, company: &CompanyView) -> String {
    let agent = role.agent().and_then(|id| company.routing.agents.get(&id));
    match (agent, role) {
        (Some(agent), _) => agent.login.clone(),
        (None, Role::Admin) => "admin".to_owned(),
        (None, _) => "supervisor".to_owned(),
    }
}

/// What a client gets that has nothing to read.
pub(super) const NOTHING: StatusCode = StatusCode::NO_CONTENT;
