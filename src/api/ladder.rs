//! `/interactions/{id}/ladder`: the SIP messages of an interaction's legs.
//!
//! **Owns**: the form of the answer. **Must not know**: which messages are kept, what must not be shown; the gateway does.

use super::ApiState;
use super::error::ApiError;
use super::interactions::record;
use super::openapi::shapes;
use super::right::{Action, Resource, authorise};
use super::token::Caller;
use axum::Json;
use axum::extract::{Path, State};
use recordings::Utc;
use router::id::LegId;
use serde::Serialize;
use std::collections::BTreeSet;

/// The messages, and whose they are.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Ladder)]
pub(super) struct LadderBody {
    legs: Vec<LadderLegBody>,
    items: Vec<MessageBody>,
}

/// One leg; `kept` is false once its messages are gone: they are in memory alone, for the most recent calls.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = LadderLeg)]
struct LadderLegBody {
    #[schema(value_type = shapes::Id)]
    id: LegId,
    /// `customer`, or the agent's login.
    party: String,
    sip_call_id: String,
    kept: bool,
}

/// One SIP message.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = SipMessage)]
struct MessageBody {
    #[schema(value_type = shapes::Id)]
    leg: LegId,
    #[schema(value_type = shapes::Moment)]
    at: Utc,
    /// We sent it to the party; else the party sent it.
    sent: bool,
    transport: &'static str,
    /// The method, or status and reason.
    title: String,
    /// The very same message had gone this way before.
    again: bool,
    /// The message without secrets and without what was typed.
    text: String,
}

/// `GET /interactions/{id}/ladder`.
#[utoipa::path(
    get,
    path = "/api/v1/interactions/{id}/ladder",
    operation_id = "getLadder",
    tag = "interactions",
    params(("id" = String, Path, description = "Id.")),
    responses((status = 200, description = "The oldest first. Messages are kept in memory for the most recent calls, some hundreds; a restart forgets them.", body = LadderBody)),
)]
pub(super) async fn one(
    State(state): State<ApiState>,
    Caller(role): Caller,
    Path(id): Path<String>,
) -> Result<Json<LadderBody>, ApiError> {
    let record = record(&state, &id).await?;
    if !authorise(role, Action::ReadSignalling, Resource::Others) {
        return Err(ApiError::forbidden());
    }
    let mut legs: Vec<LadderLegBody> = record
        .legs
        .into_iter()
        .map(|leg| LadderLegBody {
            id: leg.id,
            party: leg.agent.unwrap_or_else(|| "customer".to_owned()),
            sip_call_id: leg.sip_call_id,
            kept: false,
        })
        .collect();
    let wanted = legs.iter().map(|leg| leg.sip_call_id.clone()).collect();
    let rungs = state.gateway.ladder(wanted).await;
    let rungs = rungs.map_err(|_| ApiError::unavailable("No calls are taken any more."))?;
    let now = state.clock.now();
    let mut seen = BTreeSet::new();
    let mut items = Vec::with_capacity(rungs.len());
    for rung in rungs {
        let leg = legs.iter_mut().find(|leg| leg.sip_call_id == rung.call_id);
        let Some(leg) = leg else { continue };
        leg.kept = true;
        let again = !seen.insert((leg.id, rung.sent, rung.text.clone()));
        items.push(MessageBody {
            leg: leg.id,
            at: Utc(now - rung.age),
            sent: rung.sent,
            transport: rung.transport,
            title: title(&rung.text),
            again,
            text: rung.text,
        });
    }
    Ok(Json(LadderBody { legs, items }))
}

/// `INVITE`, or `200 OK`.
fn title(text: &str) -> String {
    let start = text.lines().next().unwrap_or_default();
    let mut words = start.splitn(2, ' ');
    match (words.next(), words.next()) {
        (Some(version), Some(rest)) if version.starts_with("SIP/") => rest.to_owned(),
        (Some(method), _) => method.to_owned(),
        _ => String::new(),
    }
}
