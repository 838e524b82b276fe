//! `GET /live`: one WebSocket a page, with the topics it asks for (RFC 6455).
//!
//! **Owns**: what a client may say, how often, and what happens to one that does not read. **Must not know**: what
//! topics hold; `floor` does.
//!
//! A reader gets the latest state at its own pace: nothing waits in a queue for it. One that does not read, sends junk
//! or floods is closed, and nobody else notices.

use super::ApiState;
use super::access::identity::{Identity, SignedIn};
use super::error::ApiError;
use super::right::{Action, Resource, authorise};
use crate::floor::topic::{Objects, Text, TopicNow};
use axum::extract::State;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::http::StatusCode;
use axum::response::Response;
use router::id::AgentId;
use serde::Deserialize;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{OwnedSemaphorePermit, watch};

/// Bytes of a client's message at most.
const LARGEST: usize = 4 * 1_024;
/// Messages that a client may send at once, and how long it takes to get one back.
const BURST: u32 = 30;
const REFILL: Duration = Duration::from_millis(500);
/// A reader who takes nothing for this long is closed; it comes back with `since`.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often we ask whether the other end is there, and whether it may still look.
const PING: Duration = Duration::from_secs(15);
/// Silence of three pings is the end.
const SILENCE: Duration = Duration::from_secs(45);
/// Bytes on their way to a reader: what is written goes to the socket, not into memory.
const BUFFER: usize = 0;
/// An item list of a thousand agents fits.
const LARGEST_BUFFER: usize = 4 * 1_024 * 1_024;

/// Close codes: RFC 6455 7.4.1, and our own for a session that is over.
const NOT_ALLOWED: u16 = 1008;
const SIGNED_OUT: u16 = 4401;

/// `GET /live`.
#[utoipa::path(
    get,
    path = "/api/v1/live",
    operation_id = "followLive",
    tag = "events",
    responses((status = 101, description = "A WebSocket. Send `{\"subscribe\":[{\"topic\":\"me\"}]}`, `since` to resume; topics are `me`, `queues`, `agents`, `calls`. `{\"ping\":true}` is answered by `{\"topic\":\"pong\"}`.")),
)]
pub(super) async fn follow(
    State(state): State<ApiState>,
    SignedIn(identity): SignedIn,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, ApiError> {
    if !TOPICS.iter().any(|topic| may_follow(&identity, topic)) {
        return Err(ApiError::forbidden());
    }
    let upgrade = upgrade.map_err(|_| {
        let detail = "This path speaks WebSocket: send `Upgrade: websocket`.";
        ApiError::new(StatusCode::UPGRADE_REQUIRED, detail)
    })?;
    let place = state.floor.places().try_acquire_owned();
    let place = place.map_err(|_| ApiError::unavailable("Too many screens are open."))?;
    let upgrade = upgrade
        .max_message_size(LARGEST)
        .max_frame_size(LARGEST)
        .write_buffer_size(BUFFER)
        .max_write_buffer_size(LARGEST_BUFFER);
    Ok(upgrade.on_upgrade(|socket| Screen::new(socket, state, identity, place).run()))
}

/// Every topic.
pub(super) const TOPICS: [&str; 4] = ["me", "queues", "agents", "calls"];
/// Those that are lists.
const LISTS: [&str; 3] = ["queues", "agents", "calls"];

/// Whether a topic is for them. Topics that are not there are for nobody.
pub(super) fn may_follow(identity: &Identity, topic: &str) -> bool {
    let role = identity.role;
    match topic {
        "me" => identity
            .agent
            .is_some_and(|own| authorise(role, Action::FollowOwn, Resource::Of(own))),
        "queues" | "agents" | "calls" => authorise(role, Action::FollowFloor, Resource::Others),
        _ => false,
    }
}

/// What a client says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Said {
    #[serde(default)]
    subscribe: Vec<Subscription>,
    #[serde(default)]
    unsubscribe: Vec<String>,
    /// A page asks whether the way still leads here: it does not see the pings of WebSocket.
    #[serde(default)]
    ping: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Subscription {
    topic: String,
    since: Option<u64>,
}

/// A list that is followed, and the number of what was sent of it.
struct List {
    now: watch::Receiver<Arc<TopicNow>>,
    sent: Option<u64>,
}

/// The own object that is followed.
struct Own {
    agent: AgentId,
    now: watch::Receiver<Arc<Objects<AgentId>>>,
    sent: Option<u64>,
}

/// Why a socket ends.
enum End {
    /// The other end is gone, or does not read.
    Gone,
    /// It is told why.
    Told(u16, &'static str),
}

struct Screen {
    socket: WebSocket,
    state: ApiState,
    identity: Identity,
    own: Option<Own>,
    /// As [`LISTS`].
    lists: [Option<List>; 3],
    heard_at: Instant,
    budget: Budget,
    _place: OwnedSemaphorePermit,
}

impl Screen {
    fn new(
        socket: WebSocket,
        state: ApiState,
        identity: Identity,
        place: OwnedSemaphorePermit,
    ) -> Self {
        Self {
            socket,
            state,
            identity,
            own: None,
            lists: [const { None }; 3],
            heard_at: Instant::now(),
            budget: Budget::full(Instant::now()),
            _place: place,
        }
    }

    async fn run(mut self) {
        let mut ended = self.state.access.ended();
        let mut ping = tokio::time::interval(PING);
        ping.reset();
        let end = loop {
            let done = tokio::select! {
                said = self.socket.recv() => self.said(said).await,
                () = own_changed(&mut self.own) => self.send_own().await,
                () = list_changed(&mut self.lists) => self.send_lists().await,
                Ok(key) = ended.recv() => {
                    let mine = self.identity.session == Some(key);
                    if mine { Err(signed_out()) } else { Ok(()) }
                }
                _ = ping.tick() => self.ping().await,
            };
            if let Err(end) = done {
                break end;
            }
        };
        if let End::Told(code, reason) = end {
            let frame = CloseFrame {
                code,
                reason: reason.into(),
            };
            let _ = self.send(Message::Close(Some(frame))).await;
        }
    }

    async fn said(&mut self, said: Option<Result<Message, axum::Error>>) -> Result<(), End> {
        let now = Instant::now();
        self.heard_at = now;
        // Gone, or a frame that is none of RFC 6455's or too large.
        let Some(Ok(message)) = said else {
            return Err(End::Gone);
        };
        if !self.budget.take(now) {
            return Err(End::Told(NOT_ALLOWED, "too many messages"));
        }
        match message {
            Message::Text(text) => match serde_json::from_str::<Said>(&text) {
                Ok(said) => {
                    if said.ping {
                        let pong = serde_json::json!({ "topic": "pong" });
                        self.send_text(pong.to_string().into()).await?;
                    }
                    self.subscriptions(said).await
                }
                Err(_) => Err(End::Told(NOT_ALLOWED, "this is no message of ours")),
            },
            Message::Binary(_) => Err(End::Told(NOT_ALLOWED, "text only")),
            Message::Close(_) => Err(End::Gone),
            // Pings are answered below us.
            Message::Ping(_) | Message::Pong(_) => Ok(()),
        }
    }

    async fn subscriptions(&mut self, said: Said) -> Result<(), End> {
        for topic in &said.unsubscribe {
            if topic == "me" {
                self.own = None;
            }
            if let Some(place) = self.place_of(topic) {
                *place = None;
            }
        }
        for Subscription { topic, since } in said.subscribe.into_iter().take(TOPICS.len()) {
            let known = TOPICS.into_iter().find(|known| *known == topic);
            match known.filter(|topic| may_follow(&self.identity, topic)) {
                Some("me") => self.follow_own(since).await,
                Some(topic) => self.follow_list(topic, since).await,
                None => {
                    let refused = serde_json::json!({ "topic": topic, "error": "forbidden" });
                    self.send_text(refused.to_string().into()).await?;
                }
            }
        }
        self.send_own().await?;
        self.send_lists().await
    }

    async fn follow_own(&mut self, since: Option<u64>) {
        if let Some(agent) = self.identity.agent {
            let now = self.state.floor.me().await;
            let sent = since;
            self.own = Some(Own { agent, now, sent });
        }
    }

    async fn follow_list(&mut self, topic: &'static str, since: Option<u64>) {
        let now = self.state.floor.list(topic).await;
        if let Some(place) = self.place_of(topic) {
            *place = now.map(|now| List { now, sent: since });
        }
    }

    fn place_of(&mut self, topic: &str) -> Option<&mut Option<List>> {
        let at = LISTS.iter().position(|name| *name == topic)?;
        self.lists.get_mut(at)
    }

    async fn send_own(&mut self) -> Result<(), End> {
        let Some(own) = &mut self.own else {
            return Ok(());
        };
        let now = Arc::clone(&own.now.borrow_and_update());
        let Some((seq, text)) = now.get(own.agent) else {
            return Ok(());
        };
        if own.sent == Some(*seq) {
            return Ok(());
        }
        own.sent = Some(*seq);
        self.send_text(Arc::clone(text)).await
    }

    async fn send_lists(&mut self) -> Result<(), End> {
        let mut texts = Vec::new();
        for list in self.lists.iter_mut().flatten() {
            let now = Arc::clone(&list.now.borrow_and_update());
            texts.extend(now.after(list.sent));
            list.sent = Some(now.seq);
        }
        for text in texts {
            self.send_text(text).await?;
        }
        Ok(())
    }

    /// An open page is a use of the session; a session or token that is over closes the page's socket.
    async fn ping(&mut self) -> Result<(), End> {
        if self.heard_at.elapsed() > SILENCE {
            return Err(End::Gone);
        }
        if !self.identity.still_good(&self.state).await {
            return Err(signed_out());
        }
        self.send(Message::Ping(Vec::new().into())).await
    }

    async fn send_text(&mut self, text: Text) -> Result<(), End> {
        self.send(Message::text(text.as_ref())).await
    }

    async fn send(&mut self, message: Message) -> Result<(), End> {
        let sent = tokio::time::timeout(PATIENCE, self.socket.send(message)).await;
        match sent {
            Ok(Ok(())) => Ok(()),
            _ => Err(End::Gone),
        }
    }
}

const fn signed_out() -> End {
    End::Told(SIGNED_OUT, "signed out")
}

/// Comes back when the followed object may have changed; never without one.
async fn own_changed(own: &mut Option<Own>) {
    if let Some(own) = own
        && own.now.changed().await.is_ok()
    {
        return;
    }
    std::future::pending().await
}

/// Comes back when one of the lists has changed; never without one.
async fn list_changed([one, two, three]: &mut [Option<List>; 3]) {
    tokio::select! {
        () = changed(one) => {}
        () = changed(two) => {}
        () = changed(three) => {}
    }
}

async fn changed(list: &mut Option<List>) {
    if let Some(list) = list
        && list.now.changed().await.is_ok()
    {
        return;
    }
    std::future::pending().await
}

/// Messages that a client may still send.
struct Budget {
    left: u32,
    filled_at: Instant,
}

impl Budget {
    const fn full(now: Instant) -> Self {
        Self {
            left: BURST,
            filled_at: now,
        }
    }

    fn take(&mut self, now: Instant) -> bool {
        let passed = now.saturating_duration_since(self.filled_at).as_millis() / REFILL.as_millis();
        if let Ok(passed @ 1..) = u32::try_from(passed) {
            self.left = self.left.saturating_add(passed).min(BURST);
            self.filled_at = now;
        }
        match self.left.checked_sub(1) {
            Some(left) => {
                self.left = left;
                true
            }
            None => false,
        }
    }
}
