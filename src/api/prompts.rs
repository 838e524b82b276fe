//! `/prompts/{language}/{name}`: recordings of what callers hear.
//!
//! **Owns**: who may hear, change and remove one, how large one may be, the outside form. **Must not know**: audio;
//! `prompt_import` does.

use super::ApiState;
use super::access::identity::SignedIn;
use super::error::ApiError;
use super::right::{Action, Resource, authorise};
use super::token::Caller;
use crate::prompt_import::{self, ImportError, Imported, Loudness, Wish};
use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;
use std::io::ErrorKind;
use std::path::PathBuf;
use utoipa::ToSchema;

/// Bytes of a recording that is sent at most: some minutes of WAV, hours of anything else.
pub(super) const LARGEST_BODY: usize = 20 * 1024 * 1024;
/// In place of a language: for callers of all of them.
const ANY: &str = "any";

/// What came of a recording.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RecordedBody {
    /// Milliseconds, without the silence at both ends.
    lasts_ms: u64,
    /// As it was sent.
    before: LoudnessBody,
    /// As callers hear it.
    after: LoudnessBody,
    /// Its peaks were cut off: it was recorded too loud.
    clipped: bool,
    /// There was one before.
    replaced: bool,
}

/// How loud it is.
#[derive(Debug, Serialize, ToSchema)]
struct LoudnessBody {
    lufs: f64,
    peak_dbtp: f64,
}

impl From<Loudness> for LoudnessBody {
    fn from(loudness: Loudness) -> Self {
        Self {
            lufs: loudness.lufs,
            peak_dbtp: loudness.peak,
        }
    }
}

impl From<Imported> for RecordedBody {
    fn from(imported: Imported) -> Self {
        Self {
            lasts_ms: u64::try_from(imported.lasts.as_millis()).unwrap_or(u64::MAX),
            before: imported.before.into(),
            after: imported.after.into(),
            clipped: imported.clipped,
            replaced: imported.replaced,
        }
    }
}

/// `GET /prompts/{language}/{name}`.
#[utoipa::path(
    get,
    path = "/api/v1/prompts/{language}/{name}",
    operation_id = "hearPrompt",
    tag = "flows",
    params(
        ("language" = String, Path, description = "`en`, `en-GB`; `any`: for callers of every language."),
        ("name" = String, Path, description = "Name, with its folders: `welcome`, `moh/calm`."),
    ),
    responses((status = 200, description = "The recording.", content_type = "audio/wav", body = Vec<u8>)),
)]
pub(super) async fn hear(
    State(state): State<ApiState>,
    Caller(role): Caller,
    Path((language, name)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    if !authorise(role, Action::ReadFlow, Resource::Others) {
        return Err(ApiError::forbidden());
    }
    let path = place(&state, &language, &name)?;
    match tokio::fs::read(path).await {
        Ok(bytes) => {
            let head = [
                (header::CONTENT_TYPE, "audio/wav"),
                (header::CACHE_CONTROL, "no-store"),
            ];
            Ok((head, bytes).into_response())
        }
        Err(error) => Err(missing(&error)),
    }
}

/// `PUT /prompts/{language}/{name}`.
#[utoipa::path(
    put,
    path = "/api/v1/prompts/{language}/{name}",
    operation_id = "recordPrompt",
    tag = "flows",
    params(
        ("language" = String, Path, description = "`en`, `en-GB`; `any`: for callers of every language."),
        ("name" = String, Path, description = "Name, with its folders."),
    ),
    request_body(content = Vec<u8>, content_type = "application/octet-stream", description = "WAV, MP3, FLAC, Ogg Vorbis or Opus; at most 20 MiB."),
    responses((status = 200, description = "Trimmed, brought to the loudness of the others, and heard by the next caller wherever a live flow plays it. 422 when it is no audio, too long or nothing but silence.", body = RecordedBody)),
)]
pub(super) async fn record(
    State(state): State<ApiState>,
    SignedIn(identity): SignedIn,
    Path((language, name)): Path<(String, String)>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<RecordedBody>, ApiError> {
    may_change(identity.role)?;
    let place = below(&language, &name)?;
    let body = body.map_err(|_| {
        let detail = format!(
            "A recording has {} MiB at most.",
            LARGEST_BODY / 1024 / 1024
        );
        ApiError::unprocessable(detail)
    })?;
    let folder = state.announcements.folder().to_owned();
    let done = state.editors.compute(move || {
        let imported = prompt_import::import(Vec::from(body), &folder, &place, Wish::default());
        imported.map_err(|error| refused(&error))
    });
    Ok(Json(done.await?.into()))
}

/// `DELETE /prompts/{language}/{name}`.
#[utoipa::path(
    delete,
    path = "/api/v1/prompts/{language}/{name}",
    operation_id = "removePrompt",
    tag = "flows",
    params(
        ("language" = String, Path, description = "`en`, `en-GB`; `any`: for callers of every language."),
        ("name" = String, Path, description = "Name, with its folders."),
    ),
    responses((status = 204, description = "Gone; where its flow has words for it, the speech program or server says them.")),
)]
pub(super) async fn remove(
    State(state): State<ApiState>,
    SignedIn(identity): SignedIn,
    Path((language, name)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    may_change(identity.role)?;
    let path = place(&state, &language, &name)?;
    match tokio::fs::remove_file(path).await {
        Ok(()) => Ok(StatusCode::NO_CONTENT),
        Err(error) => Err(missing(&error)),
    }
}

/// A recording is heard at once wherever a live flow plays it: that is for whoever may publish.
fn may_change(role: super::right::Role) -> Result<(), ApiError> {
    if authorise(role, Action::PublishFlow, Resource::Others) {
        Ok(())
    } else {
        Err(ApiError::forbidden())
    }
}

fn below(language: &str, name: &str) -> Result<PathBuf, ApiError> {
    let language = (language != ANY).then_some(language);
    prompt_import::place(language, name).map_err(|error| refused(&error))
}

fn place(state: &ApiState, language: &str, name: &str) -> Result<PathBuf, ApiError> {
    Ok(state.announcements.folder().join(below(language, name)?))
}

fn missing(error: &std::io::Error) -> ApiError {
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::IsADirectory => {
            ApiError::not_found("recording")
        }
        _ => ApiError::internal(error.to_string()),
    }
}

fn refused(error: &ImportError) -> ApiError {
    match error {
        // Its path is nobody's business outside.
        ImportError::File { why, .. } => ApiError::internal(why.clone()),
        other => ApiError::unprocessable(format!("{other}.")),
    }
}
