//! `/recordings`: metadata and the audio itself, with ranges.
//!
//! **Owns**: answers 200, 206 and 416. **Must not know**: how recordings are written.

use super::ApiState;
use super::access::identity::{Identity, Seen, SignedIn};
use super::error::ApiError;
use super::file_body::FileBody;
use super::interactions::reader;
use super::openapi::shapes;
use super::range::{self, Wanted};
use super::right::{Action, authorise};
use axum::Json;
use axum::body::Body;
use axum::extract::{Extension, Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use recordings::store::record::RecordingRecord;
use router::id::RecordingId;
use tokio::fs::File;

/// `GET /recordings/{id}`.
#[utoipa::path(
    get,
    path = "/api/v1/recordings/{id}",
    operation_id = "getRecording",
    tag = "recordings",
    params(
        ("id" = String, Path, description = "Id."),
    ),
    responses((status = 200, description = "As asked.", body = shapes::Recording)),
)]
pub(super) async fn one(
    State(state): State<ApiState>,
    SignedIn(identity): SignedIn,
    Path(id): Path<String>,
) -> Result<Json<RecordingRecord>, ApiError> {
    find(&state, &identity, Action::ReadRecording, &id)
        .await
        .map(Json)
}

/// `GET /recordings/{id}/audio`. One that is still running is given as far as it is on disk.
#[utoipa::path(
    get,
    path = "/api/v1/recordings/{id}/audio",
    operation_id = "getAudio",
    tag = "recordings",
    params(
        ("id" = String, Path, description = "Id."),
    ),
    responses((status = 200, description = "WAV, left the customer, right the agent; `Range` gives a part.", body = Vec<u8>, content_type = "audio/wav")),
)]
pub(super) async fn audio(
    State(state): State<ApiState>,
    SignedIn(identity): SignedIn,
    Path(id): Path<String>,
    Extension(seen): Extension<Seen>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    seen.say("hear");
    let recording = find(&state, &identity, Action::HearRecording, &id).await?;
    let path = state.folder.recording_file(&recording.path);
    let path =
        path.ok_or_else(|| ApiError::internal("a recording's path leads out of its folder"))?;
    let file = File::open(&path)
        .await
        .map_err(|error| unreadable(&error))?;
    let length = file
        .metadata()
        .await
        .map_err(|error| unreadable(&error))?
        .len();
    let tag = format!("\"{id}-{length}\"");
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    // A range that was asked for under the condition of another version means the whole (RFC 9110 13.1.5).
    let same = text(header::IF_RANGE).is_none_or(|condition| condition == tag);
    let wanted = range::wanted(text(header::RANGE).filter(|_| same), length);
    let name = format!(
        "inline; filename=\"{}-{}.wav\"",
        recording.interaction_id, recording.index
    );
    let mut response = match wanted {
        Wanted::Whole => FileBody::new(file, length).into_response(),
        Wanted::Part { first, last } => part(file, first, last, length).await?,
        Wanted::Beyond => return Ok(beyond(length)),
    };
    let set = [
        (header::CONTENT_TYPE, "audio/wav".to_owned()),
        (header::ACCEPT_RANGES, "bytes".to_owned()),
        (header::ETAG, tag),
        (header::CONTENT_DISPOSITION, name),
    ];
    for (name, value) in set {
        let value = value
            .parse()
            .map_err(|_| ApiError::internal("a header cannot be written"))?;
        response.headers_mut().insert(name, value);
    }
    Ok(response)
}

async fn part(mut file: File, first: u64, last: u64, length: u64) -> Result<Response, ApiError> {
    use tokio::io::AsyncSeekExt as _;
    let start = std::io::SeekFrom::Start(first);
    file.seek(start).await.map_err(|error| unreadable(&error))?;
    let range = [(
        header::CONTENT_RANGE,
        format!("bytes {first}-{last}/{length}"),
    )];
    let body = Body::new(FileBody::new(file, last - first + 1));
    Ok((StatusCode::PARTIAL_CONTENT, range, body).into_response())
}

fn beyond(length: u64) -> Response {
    let error = ApiError::new(
        StatusCode::RANGE_NOT_SATISFIABLE,
        format!("The recording has {length} bytes."),
    );
    let mut response = error.into_response();
    if let Ok(value) = format!("bytes */{length}").parse() {
        response.headers_mut().insert(header::CONTENT_RANGE, value);
    }
    response
}

/// The recording of a path, when the role may do that with it.
pub(super) async fn find(
    state: &ApiState,
    identity: &Identity,
    action: Action,
    id: &str,
) -> Result<RecordingRecord, ApiError> {
    let missing = || ApiError::not_found("recording");
    let id: RecordingId = id.parse().map_err(|_| missing())?;
    let recording = state.store.recording(id).await?.ok_or_else(missing)?;
    let interaction = state.store.interaction(recording.interaction_id).await?;
    let interaction = interaction.ok_or_else(missing)?;
    let resource = reader(state, identity, &interaction).await?;
    if !authorise(identity.role, action, resource) {
        return Err(ApiError::forbidden());
    }
    Ok(recording)
}

/// A file that is gone is one thing, a disk that fails another.
pub(super) fn unreadable(error: &std::io::Error) -> ApiError {
    if error.kind() == std::io::ErrorKind::NotFound {
        ApiError::new(StatusCode::NOT_FOUND, "The recording's file is gone.")
    } else {
        ApiError::internal(format!("a recording cannot be read: {error}"))
    }
}
