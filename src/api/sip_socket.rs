//! `GET /sip`: SIP over WebSocket (RFC 7118), the way in of phones in browsers.
//!
//! **Owns**: who may have the connection upgraded, the frames, the pings, and when it is given up. **Must not know**:
//! what a SIP message says; who may register or call is for SIP's own authentication.

mod pulse;

use self::pulse::{Due, Pulse};
use super::ApiState;
use super::access::{identity, origin};
use super::error::ApiError;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, close_code};
use axum::extract::{ConnectInfo, FromRequestParts as _, Request, State, WebSocketUpgrade};
use axum::http::StatusCode;
use axum::response::Response;
use bytes::Bytes;
use sip_gateway::net::web::{LONGEST, Unwanted, WebConnection};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::time::{Instant, sleep_until, timeout};

/// The subprotocol (RFC 7118 4.1).
const PROTOCOL: &str = "sip";
/// A message must be taken by the browser's side in this time.
const WRITE: Duration = Duration::from_secs(10);
/// How long we wait for the other side's close frame.
const LINGER: Duration = Duration::from_secs(1);

/// `GET /sip`: upgrades a page of ours that speaks SIP. SIP over WebSocket (RFC 7118): one message a frame, text or
/// binary, subprotocol `sip`; who may do what is for SIP's digest authentication.
#[utoipa::path(
    get,
    path = "/sip",
    operation_id = "phone",
    tag = "phone",
    responses(
        (status = 101, description = "The connection speaks SIP from here on."),
        (status = 400, description = "No WebSocket, or without the subprotocol `sip`."),
        (status = 403, description = "The page that asks is none of ours, or no page asks."),
        (status = 503, description = "Too many phones are connected, or are from there."),
    ),
)]
pub(super) async fn open(
    State(state): State<ApiState>,
    request: Request,
) -> Result<Response, ApiError> {
    let (mut parts, _) = request.into_parts();
    if !origin::is_ours(&parts.headers) {
        return Err(identity::foreign_origin());
    }
    let upgrade = WebSocketUpgrade::from_request_parts(&mut parts, &state).await;
    let upgrade = upgrade.map_err(|rejection| {
        ApiError::new(
            rejection.status(),
            "This path speaks WebSocket and nothing else.",
        )
    })?;
    let upgrade = upgrade
        .max_message_size(LONGEST)
        .max_frame_size(LONGEST)
        .protocols([PROTOCOL]);
    if upgrade.selected_protocol().is_none() {
        let detail = "The subprotocol `sip` must be among those that are offered (RFC 7118).";
        return Err(ApiError::new(StatusCode::BAD_REQUEST, detail));
    }
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
    let peer = peer.ok_or_else(|| ApiError::unavailable("This listener takes no phones."))?;
    let connection = state
        .gateway
        .open_web(peer.0, state.access.is_secure())
        .await;
    let connection = connection.ok_or_else(|| {
        ApiError::unavailable("Too many phones are connected, or are from there; try again.")
    })?;
    Ok(upgrade.on_upgrade(|socket| carry(socket, connection)))
}

/// Why a connection ends, as its close frame says it (RFC 6455 7.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// The browser closed it, or it broke.
    Theirs,
    /// This code.
    Ours(u16),
}

/// One connection, both ways, until either side ends it.
async fn carry(mut socket: WebSocket, mut connection: WebConnection) {
    let mut pulse = Pulse::new(Instant::now());
    let end = loop {
        let step = tokio::select! {
            message = connection.next() => match message {
                Some(message) => write(&mut socket, frame(message)).await,
                None => Err(End::Ours(close_code::POLICY)),
            },
            frame = socket.recv() => match frame {
                Some(Ok(frame)) => take(frame, &mut connection, &mut pulse).await,
                Some(Err(_)) | None => Err(End::Theirs),
            },
            () = sleep_until(pulse.next()) => match pulse.due(Instant::now()) {
                Due::Nothing => Ok(()),
                Due::Ping => write(&mut socket, Message::Ping(Bytes::new())).await,
                Due::Idle => connection.idle().await.map_err(code_of),
                Due::Gone => Err(End::Ours(close_code::POLICY)),
            },
        };
        if let Err(end) = step {
            break end;
        }
    };
    tracing::debug!(?end, "a phone's WebSocket has ended");
    drop(connection);
    if let End::Ours(code) = end {
        let reason = Utf8Bytes::from_static("");
        let last = Message::Close(Some(CloseFrame { code, reason }));
        if timeout(LINGER, socket.send(last))
            .await
            .is_ok_and(|sent| sent.is_ok())
        {
            let answer = async { while matches!(socket.recv().await, Some(Ok(_))) {} };
            // Who does not answer is cut off.
            let _ = timeout(LINGER, answer).await;
        }
    }
}

/// One frame of the browser.
async fn take(
    frame: Message,
    connection: &mut WebConnection,
    pulse: &mut Pulse,
) -> Result<(), End> {
    let now = Instant::now();
    pulse.heard(now);
    let message = match frame {
        Message::Text(text) => Bytes::from(text),
        Message::Binary(bytes) => bytes,
        Message::Ping(_) | Message::Pong(_) => return Ok(()),
        Message::Close(_) => return Err(End::Theirs),
    };
    pulse.spoke(now);
    connection.received(message).await.map_err(code_of)
}

const fn code_of(unwanted: Unwanted) -> End {
    End::Ours(match unwanted {
        Unwanted::NoSip => close_code::UNSUPPORTED,
        Unwanted::Flood => close_code::POLICY,
        Unwanted::Stopped => close_code::AWAY,
    })
}

/// SIP is text; what some peer made of its own bytes travels as it is (RFC 7118 4.2 has both).
fn frame(message: Bytes) -> Message {
    match Utf8Bytes::try_from(message.clone()) {
        Ok(text) => Message::Text(text),
        Err(_) => Message::Binary(message),
    }
}

async fn write(socket: &mut WebSocket, frame: Message) -> Result<(), End> {
    match timeout(WRITE, socket.send(frame)).await {
        Ok(Ok(())) => Ok(()),
        // It broke, or the browser does not read.
        Ok(Err(_)) | Err(_) => Err(End::Theirs),
    }
}
