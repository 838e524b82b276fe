//! `GET /events`: the one event log as a stream (server-sent events), from a position on and then live.
//!
//! **Owns**: [`EventStreams`], positions, batches, heartbeats. **Must not know**: what events mean.
//!
//! A task per stream reads the store whenever the record has moved on, and waits for its reader: nothing is kept for a
//! slow one, who finds the log where it stopped.

use super::ApiState;
use super::error::ApiError;
use super::openapi::shapes;
use super::page::Params;
use super::right::{Action, Resource, authorise};
use super::token::Caller;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use http_body::Frame;
use recordings::store::record::EventRecord;
use recordings::{Position, Store};
use std::convert::Infallible;
use std::fmt::Write as _;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

/// Streams at once.
pub const STREAMS: usize = 32;
/// Lines read from the store at once.
const BATCH: u32 = 50;
/// Batches that wait for a reader.
const BATCHES: usize = 1;
/// A comment goes out after this long without events, so that both ends notice a dead line.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// A reader who takes nothing for this long loses the stream; it may come back with `Last-Event-ID`.
const PATIENCE: Duration = Duration::from_secs(60);

/// Places for streams. Cheap to clone.
#[derive(Clone, Debug)]
pub struct EventStreams(Arc<Semaphore>);

impl Default for EventStreams {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(STREAMS)))
    }
}

/// `GET /events`: lines behind `Last-Event-ID`, else behind `?after=`, else those that come from now on.
#[utoipa::path(
    get,
    path = "/api/v1/events",
    operation_id = "followEvents",
    tag = "events",
    params(
        ("after" = Option<u64>, Query, description = "Begin behind this line; 0 is the beginning. `Last-Event-ID` is stronger."),
    ),
    responses((status = 200, description = "The event log as server-sent events; each `data` is one line.", body = shapes::LogEvent, content_type = "text/event-stream")),
)]
pub(super) async fn follow(
    State(state): State<ApiState>,
    Caller(role): Caller,
    headers: HeaderMap,
    params: Params,
) -> Result<Response, ApiError> {
    params.only(&["after"])?;
    if !authorise(role, Action::ReadEvents, Resource::Others) {
        return Err(ApiError::forbidden());
    }
    let end = state.store.journal_seq().await?;
    let after = match headers.get("last-event-id") {
        Some(id) => Some(id.to_str().ok().and_then(read_seq).ok_or_else(|| {
            ApiError::unprocessable("`Last-Event-ID` must be the `id` of an event, or 0.")
        })?),
        None => params.read("after", "the `seq` of an event, or 0", read_seq)?,
    };
    let after = after.unwrap_or(end);
    if after > end {
        return Err(ApiError::conflict(format!(
            "The log ends at {end}: this position belongs to another log; begin with 0."
        )));
    }
    let place = state.streams.0.try_acquire_owned().map_err(|_| {
        let detail = format!("{STREAMS} streams are open; close one, or try again later.");
        ApiError::new(StatusCode::SERVICE_UNAVAILABLE, detail)
    })?;
    let (batches, reader) = mpsc::channel(BATCHES);
    let stream = Stream {
        store: state.store,
        position: state.metrics.position,
        batches,
        _place: place,
    };
    tokio::spawn(stream.run(after));
    Ok(EventBody(reader).into_response())
}

fn read_seq(text: &str) -> Option<u64> {
    text.trim().parse().ok()
}

/// One reader's task.
struct Stream {
    store: Store,
    position: Position,
    batches: mpsc::Sender<Bytes>,
    _place: OwnedSemaphorePermit,
}

impl Stream {
    /// Ends when the reader has gone or takes nothing, when the record cannot be read, or when the process ends.
    async fn run(mut self, mut after: u64) {
        let mut going = self.send("retry: 3000\n\n".to_owned()).await;
        while going {
            let lines = match self.store.events_after(after, BATCH).await {
                Ok(lines) => lines,
                Err(error) => {
                    tracing::warn!(%error, "an event stream ends: the record cannot be read");
                    return;
                }
            };
            going = match lines.last() {
                Some(last) => {
                    after = last.seq;
                    self.send(text(&lines)).await
                }
                None => self.wait().await,
            };
        }
    }

    /// Until the record has moved on; comments keep the line alive meanwhile.
    async fn wait(&mut self) -> bool {
        loop {
            let comment = tokio::select! {
                moved = self.position.changed() => return moved,
                () = self.batches.closed() => return false,
                () = tokio::time::sleep(HEARTBEAT) => ": still here\n\n".to_owned(),
            };
            if !self.send(comment).await {
                return false;
            }
        }
    }

    async fn send(&self, text: String) -> bool {
        let sent = self.batches.send(Bytes::from(text));
        matches!(tokio::time::timeout(PATIENCE, sent).await, Ok(Ok(())))
    }
}

/// `id`, `event` and `data` of each line; JSON has no line ends of its own.
fn text(lines: &[EventRecord]) -> String {
    let mut text = String::new();
    for line in lines {
        let kind = line.event.get("kind").and_then(serde_json::Value::as_str);
        let kind = kind.unwrap_or("message");
        let Ok(data) = serde_json::to_string(line) else {
            continue;
        };
        let _ = write!(text, "id: {}\nevent: {kind}\ndata: {data}\n\n", line.seq);
    }
    text
}

/// The body: batches as they come.
struct EventBody(mpsc::Receiver<Bytes>);

impl IntoResponse for EventBody {
    fn into_response(self) -> Response {
        let kind = [(header::CONTENT_TYPE, "text/event-stream")];
        (kind, Body::new(self)).into_response()
    }
}

impl http_body::Body for EventBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0
            .poll_recv(cx)
            .map(|batch| batch.map(|bytes| Ok(Frame::data(bytes))))
    }
}
