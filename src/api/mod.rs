//! The HTTP API under `/api/v1`, health, and one plain status page.
//!
//! **Owns**: routes, signing in, tokens, rights, what objects look like outside. **Must not know**: media, SQL, what a
//! SIP message says. It reads live state through [`live::LiveState`], the record through [`recordings::Store`], the
//! company through a snapshot.

pub mod access;
mod agents;
pub mod audit;
mod calendars;
mod caller;
mod calls;
mod certificates;
mod closures;
#[cfg_attr(not(feature = "console"), path = "no_console.rs")]
mod console;
mod customers;
pub mod error;
pub mod events;
mod file_body;
mod flows;
mod guard;
mod health;
mod history;
mod host;
mod interactions;
mod intervals;
pub mod known_tokens;
mod ladder;
pub mod live;
mod live_socket;
mod metrics;
mod names;
mod notes;
mod openapi;
mod page;
mod peaks;
pub mod phones;
mod prompts;
mod queue_rules;
mod queues;
mod range;
mod recorded;
mod recordings_audio;
pub mod right;
mod sip_socket;
mod status_page;
mod targets;
mod tasks;
pub mod time;
mod timeline;
mod tls_listener;
pub(crate) mod today;
pub mod token;
mod wrap_up;

#[cfg(test)]
mod tests;

use crate::announcements::Announcements;
use crate::call::call_control::CallControl;
use crate::clock::Clock;
use crate::company_view::CompanyView;
use crate::floor::task::Floor;
use crate::metrics::Metrics;
use crate::publishing::Publisher;
use crate::speech::Voice;
use access::{Access, links_in, routes as session};
use audit::AuditLog;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, patch, post, put};
use events::EventStreams;
pub use flows::EditorTurns;
use known_tokens::KnownTokens;
use live::LiveState;
use phones::PhoneNames;
use recordings::{DataFolder, Journal, Store};
use sip_gateway::net::Gateway;
use sip_gateway::net::tls::Acceptor;
use std::net::SocketAddr;
use std::sync::Arc;
use tls_listener::TlsListener;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// Bytes of a request's body at most.
const LARGEST_BODY: usize = 64 * 1024;

/// What the handlers work with. Cheap to clone.
#[derive(Clone, Debug)]
pub struct ApiState {
    /// The record.
    pub store: Store,
    /// Live state.
    pub live: LiveState,
    /// Live calls.
    pub calls: CallControl,
    /// What goes on right now, for screens.
    pub floor: Floor,
    /// The one log, for what clients say.
    pub journal: Journal,
    /// The company of the moment.
    pub company: watch::Receiver<Arc<CompanyView>>,
    /// Where recordings lie.
    pub folder: DataFolder,
    /// The process's clock.
    pub clock: Clock,
    /// IANA name; where "today" begins.
    pub time_zone: String,
    /// Our domain, for the check of `Host`.
    pub domain: String,
    /// Where we listen, for the check of `Host`.
    pub listen: SocketAddr,
    /// The process's counters.
    pub metrics: Metrics,
    /// Places for event streams.
    pub streams: EventStreams,
    /// Tokens that are believed while the database is away.
    pub tokens: KnownTokens,
    /// Who is signed in.
    pub access: Access,
    /// Who did what.
    pub audit: AuditLog,
    /// Takes the connections of browsers' phones.
    pub gateway: Gateway,
    /// The names that browsers' phones were given.
    pub phones: PhoneNames,
    /// What callers of a closed queue may hear.
    pub announcements: Announcements,
    /// The flows and their versions.
    pub publisher: Publisher,
    /// Who says what callers hear.
    pub voice: Voice,
    /// Places for what editors ask.
    pub editors: EditorTurns,
}

impl ApiState {
    fn company(&self) -> Arc<CompanyView> {
        Arc::clone(&self.company.borrow())
    }
}

/// The API's description (OpenAPI 3.1) as JSON: what `GET /api/v1/openapi.json` answers.
#[must_use]
pub fn description() -> String {
    openapi::document().to_string()
}

/// Every route.
pub fn router(state: ApiState) -> Router {
    let v1 = Router::new()
        .route(
            "/session",
            get(session::show)
                .post(session::sign_in)
                .delete(session::sign_out),
        )
        .route("/agents", get(agents::list))
        .route("/agents/{login}", get(agents::one))
        .route("/agents/{login}/intervals", get(intervals::of_agent))
        .route("/agents/{login}/state", put(agents::set_state))
        .route("/queues", get(queues::list))
        .route("/queues/{name}", get(queues::one))
        .route(
            "/queues/{name}/closure",
            put(closures::close).delete(closures::open),
        )
        .route("/closure-messages", get(closures::messages))
        .route("/queues/{name}/history", get(history::one))
        .route("/queues/{name}/intervals", get(intervals::of_queue))
        .route("/audit", get(audit::list))
        .route("/certificates", get(certificates::list))
        .route("/events", get(events::follow))
        .route("/live", get(live_socket::follow))
        .route("/openapi.json", get(openapi::show))
        .route("/interactions", get(interactions::list))
        .route("/interactions/{id}", get(interactions::one))
        .route("/interactions/{id}/decisions", get(interactions::decisions))
        .route("/interactions/{id}/timeline", get(timeline::one))
        .route("/interactions/{id}/ladder", get(ladder::one))
        .route("/customers", get(customers::list).post(customers::create))
        .route(
            "/customers/{id}",
            get(customers::one).patch(customers::change),
        )
        .route("/customers/{id}/interactions", get(customers::interactions))
        .route("/phone/credentials", post(phones::credentials))
        .route("/recordings/{id}", get(recordings_audio::one))
        .route("/recordings/{id}/audio", get(recordings_audio::audio))
        .route("/recordings/{id}/peaks", get(peaks::one))
        .merge(call_routes())
        .merge(flow_routes())
        .merge(prompt_routes())
        .merge(desk_routes());
    Router::new()
        .route("/", get(status_page::show))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(metrics::guarded))
        .route("/sip", get(sip_socket::open))
        .nest("/api/v1", v1)
        .merge(console::routes())
        .fallback(guard::no_such_path)
        .method_not_allowed_fallback(guard::no_such_method)
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .layer(axum::middleware::from_fn_with_state(
            state.clone(),
            links_in::spend,
        ))
        .layer(axum::middleware::from_fn_with_state(
            state.clone(),
            audit::keep,
        ))
        .layer(axum::middleware::from_fn_with_state(
            state.clone(),
            guard::guard,
        ))
        .with_state(state)
}

/// What is done to a live call.
fn call_routes() -> Router<ApiState> {
    Router::new()
        .route("/calls/{interaction}/hold", post(calls::hold))
        .route("/calls/{interaction}/resume", post(calls::resume))
        .route("/calls/{interaction}/hangup", post(calls::hangup))
        .route("/calls/{interaction}/transfer", post(calls::transfer))
        .route("/calls/{interaction}/priority", post(calls::priority))
        .route("/calls/{interaction}/consult", post(calls::consult))
        .route("/calls/{interaction}/cancel", post(calls::cancel))
        .route("/calls/{interaction}/complete", post(calls::complete))
        .route("/calls/{interaction}/merge", post(calls::merge))
        .route(
            "/calls/{interaction}/help",
            post(calls::help).delete(calls::no_help),
        )
        .route("/calls/{interaction}/monitor", post(calls::monitor))
}

/// Flows and their versions.
fn flow_routes() -> Router<ApiState> {
    Router::new()
        .route("/calendars", get(calendars::list))
        .route(
            "/calendars/{name}/closure",
            put(calendars::close).delete(calendars::open),
        )
        .route("/flows", get(flows::list))
        .route("/flows/schema", get(flows::schema))
        .route("/flows/{name}", get(flows::one))
        .route("/flows/{name}/versions", get(flows::versions))
        .route("/flows/{name}/versions/{number}", get(flows::version))
        .route(
            "/flows/{name}/draft",
            get(flows::draft)
                .put(flows::save_draft)
                .delete(flows::discard_draft),
        )
        .route("/flows/{name}/traffic", get(flows::traffic))
        .route("/flows/{name}/callers", get(flows::callers))
        .route("/flows/{name}/check", post(flows::check))
        .route("/flows/{name}/view", post(flows::view))
        .route("/flows/{name}/edit", post(flows::edit))
        .route("/flows/{name}/complete", post(flows::complete))
        .route("/flows/{name}/difference", post(flows::difference))
        .route("/flows/{name}/prompts", post(flows::prompt_list))
        .route("/flows/{name}/worth", post(flows::worth))
        .route("/flows/{name}/call", post(flows::call_draft))
        .route("/flows/{name}/try", post(flows::rehearse))
        .route("/flows/{name}/try/sound", post(flows::sound))
        .route("/flows/{name}/publish", post(flows::publish))
        .route("/flows/{name}/plan", put(flows::plan).delete(flows::unplan))
        .route("/flows/{name}/promote", post(flows::promote))
        .route("/flows/{name}/rollback", post(flows::roll_back))
        .route("/flows/{name}/aliases/{alias}", put(flows::point))
        .layer(DefaultBodyLimit::max(flows::LARGEST_BODY))
}

/// Recordings of what callers hear.
fn prompt_routes() -> Router<ApiState> {
    Router::new()
        .route(
            "/prompts/{language}/{*name}",
            get(prompts::hear)
                .put(prompts::record)
                .delete(prompts::remove),
        )
        .layer(DefaultBodyLimit::max(prompts::LARGEST_BODY))
}

/// What an agent writes down during a call and after it.
fn desk_routes() -> Router<ApiState> {
    Router::new()
        .route("/interactions/{id}/notes", get(notes::one).put(notes::save))
        .route("/interactions/{id}/caller", get(caller::one))
        .route(
            "/interactions/{id}/customer",
            put(caller::confirm).post(caller::create),
        )
        .route("/interactions/{id}/wrap-up", put(wrap_up::choose))
        .route("/interactions/{id}/wrap-up/extend", post(wrap_up::extend))
        .route("/interactions/{id}/wrap-up/done", post(wrap_up::done))
        .route("/wrap-up-codes", get(wrap_up::codes))
        .route("/not-ready-reasons", get(agents::reasons))
        .route("/transfer-targets", get(targets::list))
        .route("/tasks", get(tasks::list).post(tasks::create))
        .route("/tasks/{id}", patch(tasks::change))
}

/// Serves `/metrics` alone and without a token: for a listener on loopback. Runs until the listener fails.
///
/// # Errors
/// When the listener fails.
pub async fn serve_metrics(listener: TcpListener, state: ApiState) -> std::io::Result<()> {
    let router = Router::new()
        .route("/metrics", get(metrics::open))
        .fallback(guard::no_such_path)
        .method_not_allowed_fallback(guard::no_such_method)
        .layer(axum::middleware::from_fn_with_state(
            state.clone(),
            guard::guard,
        ))
        .with_state(state);
    axum::serve(listener, router).await
}

/// Serves until `shutdown` is done; requests that run then are finished.
///
/// # Errors
/// When the listener fails.
pub async fn serve(
    listener: TcpListener,
    state: ApiState,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let service = router(state).into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service)
        .with_graceful_shutdown(shutdown)
        .await
}

/// The same through TLS.
///
/// # Errors
/// When the listener fails.
pub async fn serve_tls(
    listener: TcpListener,
    acceptor: Acceptor,
    state: ApiState,
) -> std::io::Result<()> {
    let router = router(state).layer(axum::middleware::from_fn(tls_listener::name_peer));
    let service = router.into_make_service_with_connect_info::<tls_listener::Peer>();
    axum::serve(TlsListener::start(listener, acceptor)?, service).await
}
