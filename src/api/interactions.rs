//! `/interactions`: the record.
//!
//! **Owns**: filters, and what of a record an agent may see. **Must not know**: SQL, what events mean.

use super::error::ApiError;
use super::openapi::shapes::{self, PageOf};
use super::page::Params;
use super::right::{Action, Resource, Role, authorise};
use super::token::Caller;
use super::{ApiState, names, page, time};
use axum::Json;
use axum::extract::{Path, State};
use recordings::store::interactions::InteractionFilter;
use recordings::store::page::Page;
use recordings::store::record::{DecisionRecord, InteractionRecord, InteractionSummary};
use router::event::Direction;
use router::id::{AgentId, CustomerId, InteractionId};
use router::outcome::Outcome;

const FILTERS: [&str; 9] = [
    "from",
    "to",
    "queue",
    "agent",
    "customer",
    "outcome",
    "direction",
    "limit",
    "cursor",
];

/// `GET /interactions`: an agent's token sees its own.
#[utoipa::path(
    get,
    path = "/api/v1/interactions",
    operation_id = "listInteractions",
    tag = "interactions",
    params(
        ("from" = Option<String>, Query, description = "Started at or after."),
        ("to" = Option<String>, Query, description = "Started before."),
        ("queue" = Option<String>, Query, description = "Name or id."),
        ("agent" = Option<String>, Query, description = "Log-in name or id."),
        ("customer" = Option<String>, Query, description = "Id."),
        ("outcome" = Option<String>, Query, description = "Such as `answered`."),
        ("direction" = Option<String>, Query, description = "`inbound`, `outbound` or `internal`."),
        ("limit" = Option<u32>, Query, description = "Items of a page, 1 to 500."),
        ("cursor" = Option<String>, Query, description = "`next` of the page before."),
    ),
    responses((status = 200, description = "Newest first; an agent sees its own.", body = PageOf<shapes::Interaction>)),
)]
pub(super) async fn list(
    State(state): State<ApiState>,
    Caller(role): Caller,
    params: Params,
) -> Result<Json<Page<InteractionSummary>>, ApiError> {
    params.only(&FILTERS)?;
    let mut filter = filter(&params)?;
    let asked = filter
        .agent
        .as_deref()
        .map(|name| names::agent_id(&state.company(), name));
    let resource = match asked {
        None => Resource::OwnPart,
        Some(agent) => agent.map_or(Resource::Others, Resource::Of),
    };
    if !authorise(role, Action::ReadInteraction, resource) {
        return Err(ApiError::forbidden());
    }
    if let Some(own) = role.agent() {
        filter.agent = Some(own.to_string());
    }
    Ok(Json(
        state.store.interactions(&filter, &params.paging()?).await?,
    ))
}

fn filter(params: &Params) -> Result<InteractionFilter, ApiError> {
    let moment = "a time such as 2026-01-31T12:00:00Z";
    Ok(InteractionFilter {
        from: params.read("from", moment, time::parse)?,
        to: params.read("to", moment, time::parse)?,
        queue: params.get("queue").map(str::to_owned),
        agent: params.get("agent").map(str::to_owned),
        customer: params.read("customer", "a customer's id", |text| {
            text.parse::<CustomerId>().ok()
        })?,
        outcome: params.read(
            "outcome",
            "an outcome such as `answered`",
            Outcome::from_name,
        )?,
        direction: params.read(
            "direction",
            "`inbound`, `outbound` or `internal`",
            Direction::from_name,
        )?,
    })
}

/// `GET /interactions/{id}`. An agent sees own ones, without the candidates of routing decisions.
#[utoipa::path(
    get,
    path = "/api/v1/interactions/{id}",
    operation_id = "getInteraction",
    tag = "interactions",
    params(
        ("id" = String, Path, description = "Id."),
    ),
    responses((status = 200, description = "As asked.", body = shapes::InteractionRecord)),
)]
pub(super) async fn one(
    State(state): State<ApiState>,
    Caller(role): Caller,
    Path(id): Path<String>,
) -> Result<Json<InteractionRecord>, ApiError> {
    let mut record = record(&state, &id).await?;
    let resource = reader(&state, role, &record).await?;
    if !authorise(role, Action::ReadInteraction, resource) {
        return Err(ApiError::forbidden());
    }
    if !authorise(role, Action::ReadDecisions, resource) {
        record.decisions.clear();
        record
            .events
            .retain(|line| line.event.get("kind").is_none_or(|kind| kind != "decided"));
    }
    Ok(Json(record))
}

/// `GET /interactions/{id}/decisions`.
#[utoipa::path(
    get,
    path = "/api/v1/interactions/{id}/decisions",
    operation_id = "listDecisions",
    tag = "interactions",
    params(
        ("id" = String, Path, description = "Id."),
    ),
    responses((status = 200, description = "As asked.", body = PageOf<shapes::Decision>)),
)]
pub(super) async fn decisions(
    State(state): State<ApiState>,
    Caller(role): Caller,
    Path(id): Path<String>,
) -> Result<Json<Page<DecisionRecord>>, ApiError> {
    let record = record(&state, &id).await?;
    if !authorise(role, Action::ReadDecisions, owner(role, &record)) {
        return Err(ApiError::forbidden());
    }
    Ok(Json(page::whole(record.decisions)))
}

/// The record of a path.
pub(super) async fn record(state: &ApiState, id: &str) -> Result<InteractionRecord, ApiError> {
    let missing = || ApiError::not_found("interaction");
    let id: InteractionId = id.parse().map_err(|_| missing())?;
    state.store.interaction(id).await?.ok_or_else(missing)
}

/// To read, an interaction is also that of an agent who knows its customer by an own interaction: the time line leads
/// there.
pub(super) async fn reader(
    state: &ApiState,
    role: Role,
    record: &InteractionRecord,
) -> Result<Resource, ApiError> {
    let own = owner(role, record);
    let (Resource::Others, Some(agent), Some(customer)) =
        (own, role.agent(), record.summary.parties.customer_id)
    else {
        return Ok(own);
    };
    Ok(if state.store.agent_knows(agent, customer).await? {
        Resource::Of(agent)
    } else {
        Resource::Others
    })
}

/// An interaction belongs to the agents who talked with the customer or called out, and to the one it rings at now.
pub(super) fn owner(role: Role, record: &InteractionRecord) -> Resource {
    let had = |own: &AgentId| {
        record.summary.agent_id == Some(*own)
            || record
                .legs
                .iter()
                .any(|leg| leg.agent_id == Some(*own) && leg.connected_at.is_some())
            || record
                .offers
                .iter()
                .any(|offer| offer.agent_id == *own && offer.ended_at.is_none())
    };
    role.agent()
        .filter(had)
        .map_or(Resource::Others, Resource::Of)
}
