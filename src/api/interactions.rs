//! `/interactions`: the record.
//!
//! **Owns**: filters, and what of a record an agent may see. **Must not know**: SQL, what events mean.

use super::access::identity::{Identity, SignedIn};
use super::error::ApiError;
use super::openapi::shapes::{self, PageOf};
use super::page::Params;
use super::right::{Action, Resource, Role, authorise};
use super::token::Caller;
use super::{ApiState, names, page, time};
use axum::Json;
use axum::extract::{Path, State};
use recordings::store::interactions::{FlowEnded, FlowFilter, InteractionFilter};
use recordings::store::page::Page;
use recordings::store::record::{DecisionRecord, InteractionRecord, InteractionSummary, Parties};
use router::Private;
use router::event::Direction;
use router::id::{AgentId, CustomerId, InteractionId};
use router::outcome::Outcome;
use std::collections::BTreeMap;

const FILTERS: [&str; 16] = [
    "from",
    "to",
    "queue",
    "agent",
    "customer",
    "outcome",
    "direction",
    "number",
    "text",
    "flow",
    "block",
    "exit",
    "next",
    "ended",
    "limit",
    "cursor",
];

/// Letters of what is looked for in notes at most.
const LONGEST_TEXT: usize = 200;
/// Digits of what is looked for in numbers at most; E.164 has 15.
const MOST_DIGITS: usize = 20;

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
        ("number" = Option<String>, Query, description = "At least three digits of the customer's number, in a row; spaces, `+`, `-`, `(`, `)` and `.` do not count."),
        ("text" = Option<String>, Query, description = "Words of the notes, as they stand there; at most 200 letters."),
        ("flow" = Option<String>, Query, description = "Took this flow."),
        ("block" = Option<String>, Query, description = "Came into this block of it."),
        ("exit" = Option<String>, Query, description = "Left that block by this exit, key or case; `then`: by going on."),
        ("next" = Option<String>, Query, description = "And came into this block by it."),
        ("ended" = Option<String>, Query, description = "`here`: came no further than that block; `dropped`: the caller hung up there before anything came of the call."),
        ("limit" = Option<u32>, Query, description = "Items of a page, 1 to 500."),
        ("cursor" = Option<String>, Query, description = "`next` of the page before."),
    ),
    responses((status = 200, description = "Newest first; an agent sees its own.", body = PageOf<shapes::Interaction>)),
)]
pub(super) async fn list(
    State(state): State<ApiState>,
    SignedIn(identity): SignedIn,
    params: Params,
) -> Result<Json<Page<InteractionSummary>>, ApiError> {
    let role = identity.role;
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
    if role == Role::Caller {
        let own = own_call(&state, &identity).await;
        let own = match own {
            Some(id) => state.store.interaction(id).await?,
            None => None,
        };
        let items = own.into_iter().map(|record| for_caller(record).summary);
        return Ok(Json(page::whole(items.collect())));
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
        flow: flow_filter(params)?,
        number: params.read("number", "at least three digits of a phone number", digits)?,
        text: params.read("text", "at most 200 letters", |text| {
            (text.chars().count() <= LONGEST_TEXT).then(|| Private::new(text.to_owned()))
        })?,
    })
}

/// What `GET /flows/{name}/traffic` counts, as the calls behind a number.
fn flow_filter(params: &Params) -> Result<Option<FlowFilter>, ApiError> {
    let name = |key: &str| params.get(key).map(str::to_owned);
    let (block, exit, next) = (name("block"), name("exit"), name("next"));
    let ended = params.read("ended", "`here` or `dropped`", |text| match text {
        "here" => Some(FlowEnded::Here),
        "dropped" => Some(FlowEnded::Dropped),
        _ => None,
    })?;
    let needs = |what: &str, other: &str| {
        let detail = format!("`{what}` says nothing without `{other}`.");
        Err(ApiError::unprocessable(detail))
    };
    let Some(flow) = name("flow") else {
        return match (block, exit, next, ended) {
            (None, None, None, None) => Ok(None),
            _ => needs("block` or `exit` or `next` or `ended", "flow"),
        };
    };
    if exit.is_some() && block.is_none() {
        return needs("exit", "block");
    }
    if next.is_some() && exit.is_none() {
        return needs("next", "exit");
    }
    Ok(Some(FlowFilter {
        flow,
        block,
        exit: exit.map(|exit| Some(exit).filter(|exit| exit != "then")),
        next,
        ended,
    }))
}

/// The digits of a number as people type it.
fn digits(text: &str) -> Option<Private<String>> {
    let mut digits = String::new();
    for letter in text.chars() {
        match letter {
            '0'..='9' => digits.push(letter),
            ' ' | '+' | '-' | '(' | ')' | '.' | '/' => {}
            _ => return None,
        }
    }
    (3..=MOST_DIGITS)
        .contains(&digits.len())
        .then(|| Private::new(digits))
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
    SignedIn(identity): SignedIn,
    Path(id): Path<String>,
) -> Result<Json<InteractionRecord>, ApiError> {
    readable(&state, &identity, &id).await.map(Json)
}

/// What of a record whoever asks may read.
pub(super) async fn readable(
    state: &ApiState,
    identity: &Identity,
    id: &str,
) -> Result<InteractionRecord, ApiError> {
    let role = identity.role;
    let mut record = record(state, id).await?;
    let resource = reader(state, identity, &record).await?;
    if !authorise(role, Action::ReadInteraction, resource) {
        return Err(ApiError::forbidden());
    }
    if role == Role::Caller {
        return Ok(for_caller(record));
    }
    if !authorise(role, Action::ReadDecisions, resource) {
        record.decisions.clear();
        record
            .events
            .retain(|line| line.event.get("kind").is_none_or(|kind| kind != "decided"));
    }
    Ok(record)
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
    identity: &Identity,
    record: &InteractionRecord,
) -> Result<Resource, ApiError> {
    let role = identity.role;
    if role == Role::Caller {
        let own = own_call(state, identity).await;
        return Ok(if own == Some(record.summary.id) {
            Resource::OwnCall
        } else {
            Resource::Others
        });
    }
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

/// The call that the phone of this very session began last.
async fn own_call(state: &ApiState, identity: &Identity) -> Option<InteractionId> {
    let names = state.phones.names_of(identity.session?);
    state.calls.last_of(names).await
}

/// What a customer may see of the own call: its way, who talked when, what was recorded. What the company wrote down
/// about it, and who else listened, stays out.
fn for_caller(mut record: InteractionRecord) -> InteractionRecord {
    let kinds = ["talk_paused", "talk_resumed"];
    record.events.retain(|line| {
        let kind = line.event.get("kind").and_then(serde_json::Value::as_str);
        kind.is_some_and(|kind| kinds.contains(&kind))
    });
    for leg in &mut record.legs {
        leg.sip_call_id.clear();
        leg.quality = None;
    }
    let summary = InteractionSummary {
        notes: None,
        ..record.summary
    };
    let parties = Parties {
        customer_id: None,
        customer_confirmed_at: None,
        ..summary.parties
    };
    InteractionRecord {
        summary: InteractionSummary { parties, ..summary },
        tags: BTreeMap::new(),
        offers: Vec::new(),
        wrap_up: None,
        wrap_up_code: None,
        note_authors: Vec::new(),
        decisions: Vec::new(),
        ..record
    }
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
