//! `POST /flows/{name}/try/sound`: what a caller hears at one moment of a rehearsed call, as a phone plays it.
//!
//! **Owns**: how much of it is given, and that hearing takes no more than one place of the speech program from calls.
//! **Must not know**: where recordings lie, who speaks; `Voice` does, the same one that live calls hear.

use super::may_read;
use super::trying::{CallerBody, TryBody, begun, gone_through};
use crate::api::ApiState;
use crate::api::error::ApiError;
use crate::api::token::Caller;
use crate::prompt_import::wav_at;
use crate::speech::{SilentSound, SpeechError};
use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use sip_gateway::media::clip::CLIP_RATE;
use utoipa::ToSchema;

/// Seconds that are heard at most.
const LONGEST: usize = 120;
/// Sounds of one moment at most; a flow hardly has ten.
const MOST_SOUNDS: usize = 100;

/// What `POST /flows/{name}/try/sound` takes: that of `/try`, and which moment of its answer.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct HearBody {
    /// `NAME.flow.yaml`.
    text: String,
    #[serde(default)]
    caller: CallerBody,
    #[serde(default)]
    lines: Vec<String>,
    /// Place in `moments`, from 0.
    moment: usize,
}

/// `POST /flows/{name}/try/sound`.
#[utoipa::path(
    post,
    path = "/api/v1/flows/{name}/try/sound",
    operation_id = "hearTriedFlow",
    tag = "flows",
    params(("name" = String, Path, description = "Name.")),
    request_body = HearBody,
    responses(
        (status = 200, description = "The recordings, or what the speech program says in their place; 8 kHz, 120 s at most.", content_type = "audio/wav", body = Vec<u8>),
        (status = 404, description = "Nothing is heard at that moment, or there is neither a recording nor a speech program."),
    ),
)]
pub(in crate::api) async fn sound(
    State(state): State<ApiState>,
    Caller(role): Caller,
    Path(name): Path<String>,
    body: Result<Json<HearBody>, JsonRejection>,
) -> Result<Response, ApiError> {
    may_read(role)?;
    let Json(HearBody {
        text,
        caller,
        lines,
        moment,
    }) = body?;
    let typed = lines.clone();
    let body = TryBody {
        text,
        caller,
        lines,
    };
    let heard = begun(&state, name, body, move |flow, facts, known| {
        let (_, moments) = gone_through(&flow, facts, known, &typed);
        let found = moments.into_iter().nth(moment);
        found.map(|(_, moment)| (moment.language.unwrap_or_default(), moment.sounds))
    });
    let heard = heard.await?.filter(|(_, sounds)| !sounds.is_empty());
    let (language, sounds) = heard.ok_or_else(|| ApiError::not_found("sound"))?;
    let longest = LONGEST * CLIP_RATE as usize;
    let mut samples = Vec::new();
    let _ear = state.editors.ear().await?;
    for sound in sounds.iter().take(MOST_SOUNDS) {
        if samples.len() >= longest {
            break;
        }
        let clips = state.voice.clips(&language, sound).await;
        for clip in clips.map_err(|error| silent(&error))? {
            samples.extend_from_slice(clip.pcm());
        }
    }
    samples.truncate(longest);
    let head = [
        (header::CONTENT_TYPE, "audio/wav"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((head, wav_at(&samples, CLIP_RATE)).into_response())
}

fn silent(error: &SilentSound) -> ApiError {
    match error {
        SilentSound::Speech(SpeechError::NoCommand)
        | SilentSound::Prompt(_)
        | SilentSound::Nothing => ApiError::not_found("recording, and no speech program"),
        SilentSound::Speech(error) => ApiError::unavailable(format!("It cannot be said: {error}.")),
    }
}
