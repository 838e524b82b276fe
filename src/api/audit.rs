//! Who did what: a row for every request that may change something, for every listen, and for wrong sign-ins (as many
//! as `access/wrong_tries.rs` lets through). `GET /audit`.
//!
//! **Owns**: [`AuditLog`], what gets a row, that nothing is done that cannot get one. **Must not know**: how rows are
//! kept.
//!
//! The place of a row is taken before the handler runs; with none left the request gets 503. A database that is away
//! does not stop what agents do: rows wait, as many as there are places, and are written when it is back.

use super::ApiState;
use super::access::identity::{Seen, is_unsafe};
use super::error::ApiError;
use super::openapi::shapes::{self, PageOf};
use super::page::Params;
use super::right::{Action, Resource, authorise};
use super::token::Caller;
use axum::Json;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use recordings::Store;
use recordings::store::audit::{AuditDraft, AuditRow};
use recordings::store::page::Page;
use std::time::Duration;
use tokio::sync::mpsc;

/// Rows that wait for the database.
const ROWS: usize = 1_024;
/// Rows written at once.
const AT_ONCE: usize = 64;
/// The role of whoever was not let in.
const NO_ROLE: &str = "none";
/// What is sent with POST because it is long, and changes nothing: an editor asks it with every key that is pressed.
const COMPUTED: [&str; 9] = [
    "check",
    "view",
    "edit",
    "complete",
    "difference",
    "prompts",
    "worth",
    "try",
    "try/sound",
];
/// A database that failed is tried again after this long.
const AGAIN: Duration = Duration::from_secs(1);

/// Where rows go. Cheap to clone.
#[derive(Clone, Debug)]
pub struct AuditLog(mpsc::Sender<AuditDraft>);

impl AuditLog {
    /// The log, and the task that writes it; it ends when every clone is gone and all is written.
    pub fn new(store: Store) -> (Self, impl Future<Output = ()> + Send) {
        let (rows, waiting) = mpsc::channel(ROWS);
        (Self(rows), write(store, waiting))
    }
}

async fn write(store: Store, mut waiting: mpsc::Receiver<AuditDraft>) {
    let mut rows = Vec::new();
    while waiting.recv_many(&mut rows, AT_ONCE).await > 0 {
        let mut told = false;
        while let Err(error) = store.append_audit(&rows).await {
            if !std::mem::replace(&mut told, true) {
                tracing::warn!(%error, "rows of the audit wait for the database");
            }
            tokio::time::sleep(AGAIN).await;
        }
        rows.clear();
    }
}

/// Around every handler.
pub(super) async fn keep(State(state): State<ApiState>, request: Request, next: Next) -> Response {
    let seen = request.extensions().get::<Seen>().cloned();
    let seen = seen.unwrap_or_default();
    let matched = request.extensions().get::<MatchedPath>();
    let path = request.uri().path().to_owned();
    let template = matched.map_or(path.as_str(), MatchedPath::as_str);
    let action = format!("{} {template}", request.method());
    let changes = is_unsafe(request.method()) && !only_computes(template);
    let Ok(place) = state.audit.0.clone().try_reserve_owned() else {
        let response = next_or_refused(changes, request, next).await;
        return if seen.said().is_some() {
            refused()
        } else {
            response
        };
    };
    let response = next.run(request).await;
    let said = seen.said();
    if let Some(stranger) = seen.stranger() {
        place.send(AuditDraft {
            at: state.clock.now(),
            actor: stranger.actor.clone(),
            role: NO_ROLE.to_owned(),
            action: format!("{action} ({})", stranger.what),
            object: format!("{path} from {}", stranger.from),
            status: response.status().as_u16(),
        });
    } else if let Some(who) = seen.who()
        && (changes || said.is_some())
    {
        let action = said.map_or_else(|| action.clone(), |said| format!("{action} ({said})"));
        place.send(AuditDraft {
            at: state.clock.now(),
            actor: who.actor.clone(),
            role: who.role_name.as_str().to_owned(),
            action,
            object: path,
            status: response.status().as_u16(),
        });
    }
    response
}

fn only_computes(template: &str) -> bool {
    let asked = template.strip_prefix("/api/v1/flows/{name}/");
    asked.is_some_and(|asked| COMPUTED.contains(&asked))
}

/// Without a place: what changes something is not even begun.
async fn next_or_refused(changes: bool, request: Request, next: Next) -> Response {
    if changes {
        refused()
    } else {
        next.run(request).await
    }
}

fn refused() -> Response {
    ApiError::unavailable("This cannot be written into the audit at the moment; try again.")
        .into_response()
}

/// `GET /audit`.
#[utoipa::path(
    get,
    path = "/api/v1/audit",
    operation_id = "listAudit",
    tag = "process",
    params(
        ("limit" = Option<u32>, Query, description = "Items of a page, 1 to 500."),
        ("cursor" = Option<String>, Query, description = "`next` of the page before."),
    ),
    responses((status = 200, description = "Who did what, newest first.", body = PageOf<shapes::Audit>)),
)]
pub(super) async fn list(
    State(state): State<ApiState>,
    Caller(role): Caller,
    params: Params,
) -> Result<Json<Page<AuditRow>>, ApiError> {
    params.only(&["limit", "cursor"])?;
    if !authorise(role, Action::ReadAudit, Resource::Others) {
        return Err(ApiError::forbidden());
    }
    Ok(Json(state.store.audit(&params.paging()?).await?))
}
