//! `/recordings/{id}/peaks`: the picture of a recording, without its sound.
//!
//! **Owns**: that it is computed once, beside the requests, and by few at a time. **Must not know**: samples, SQL.

use super::ApiState;
use super::access::identity::SignedIn;
use super::error::ApiError;
use super::recordings_audio::{find, unreadable};
use super::right::Action;
use axum::Json;
use axum::extract::{Path, State};
use recordings::peaks::{self, Peaks};
use recordings::wav::WavError;
use serde::Serialize;
use tokio::sync::Semaphore;

/// Recordings that are read for their picture at once.
static READERS: Semaphore = Semaphore::const_new(2);

/// Loudness by column, 0 to 255 of full scale; both lanes have the same number of columns.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct PeaksBody {
    /// Seconds of all columns together.
    duration: f64,
    /// The customer's lane, left in the recording.
    left: Vec<u8>,
    /// The agent's lane, right in the recording.
    right: Vec<u8>,
}

/// `GET /recordings/{id}/peaks`. Nobody hears anything by it, so it is no listen in the audit.
#[utoipa::path(
    get,
    path = "/api/v1/recordings/{id}/peaks",
    operation_id = "getPeaks",
    tag = "recordings",
    params(("id" = String, Path, description = "Id.")),
    responses((status = 200, description = "As many columns for a short recording as for a long one; of one that still runs, what is on disk.", body = PeaksBody)),
)]
pub(super) async fn one(
    State(state): State<ApiState>,
    SignedIn(identity): SignedIn,
    Path(id): Path<String>,
) -> Result<Json<PeaksBody>, ApiError> {
    let recording = find(&state, &identity, Action::ReadRecording, &id).await?;
    let so_far = || {
        let now = state.clock.now();
        now.since(recording.started_at.0).as_secs_f64()
    };
    let known = state.store.peaks(recording.id).await?;
    let found = match known {
        Some(found) => found,
        None => {
            let found = read(&state, &recording.path).await?;
            if recording.finished_at.is_some() {
                state.store.keep_peaks(recording.id, &found).await?;
            }
            found
        }
    };
    Ok(Json(PeaksBody {
        duration: recording.duration.unwrap_or_else(so_far),
        left: found.customer,
        right: found.agent,
    }))
}

async fn read(state: &ApiState, path: &str) -> Result<Peaks, ApiError> {
    let path = state.folder.recording_file(path);
    let path =
        path.ok_or_else(|| ApiError::internal("a recording's path leads out of its folder"))?;
    let _place = READERS
        .acquire()
        .await
        .map_err(|_| ApiError::internal("nobody reads recordings any more"))?;
    let read = tokio::task::spawn_blocking(move || peaks::peaks(&path)).await;
    match read {
        Ok(Ok(found)) => Ok(found),
        Ok(Err(WavError::Io(error))) => Err(unreadable(&error)),
        Ok(Err(error)) => Err(ApiError::internal(error.to_string())),
        Err(error) => Err(ApiError::internal(error.to_string())),
    }
}
