//! `/interactions/{id}/caller` and `/interactions/{id}/customer`: who calls, as the desk sees it.
//!
//! **Owns**: what a desk shows before anybody has asked who it is: name and reason alone, since a number is only a hint.
//! **Must not know**: SQL.

use super::error::ApiError;
use super::interactions::{owner, record};
use super::openapi::shapes;
use super::right::{Action, Role, authorise};
use super::token::Caller;
use super::{ApiState, recorded};
use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use recordings::store::customers::{CustomerDetails, CustomerPatch, CustomerRecord, NewCustomer};
use recordings::store::record::InteractionRecord;
use router::event::Direction;
use router::id::CustomerId;
use router::{Event, PhoneNumber, Private};
use serde::{Deserialize, Serialize};

/// Who calls.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct CallerBody {
    /// Who called, or was called; `null` when withheld.
    #[schema(value_type = Option<String>)]
    number: Option<PhoneNumber>,
    /// The name that the network sent.
    #[schema(value_type = Option<String>)]
    name: Option<Private<String>>,
    why: Vec<String>,
    /// Somebody asked, and said who it is.
    confirmed: bool,
    /// Once confirmed.
    #[schema(value_type = Option<shapes::Customer>)]
    customer: Option<CustomerRecord>,
    /// Before: whom the number hints at.
    candidates: Vec<Candidate>,
}

/// Somebody whom a number hints at.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = CustomerCandidate)]
struct Candidate {
    #[schema(value_type = shapes::Id)]
    id: CustomerId,
    #[schema(value_type = Option<String>)]
    name: Option<Private<String>>,
    #[schema(value_type = Option<String>)]
    company: Option<Private<String>>,
}

/// What `PUT …/customer` takes.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ConfirmBody {
    /// `null`: nobody knows who it is.
    #[schema(value_type = Option<shapes::Id>, required = true)]
    #[serde(deserialize_with = "Option::deserialize")]
    customer_id: Option<CustomerId>,
}

/// A customer to be made of the caller; the number is filled in.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
#[derive(Default)]
pub(super) struct NewCallerBody {
    #[schema(value_type = Option<String>)]
    name: Option<Private<String>>,
    #[schema(value_type = Option<String>)]
    company: Option<Private<String>>,
    #[schema(value_type = Option<String>)]
    email: Option<Private<String>>,
    #[schema(value_type = Option<String>)]
    notes: Option<Private<String>>,
    language: Option<String>,
}

/// `GET /interactions/{id}/caller`: name and reason alone, until somebody confirmed who it is.
#[utoipa::path(
    get,
    path = "/api/v1/interactions/{id}/caller",
    operation_id = "getCaller",
    tag = "interactions",
    params(("id" = String, Path, description = "Id.")),
    responses((status = 200, description = "`customer` once confirmed, else `candidates`.", body = CallerBody)),
)]
pub(super) async fn one(
    State(state): State<ApiState>,
    Caller(role): Caller,
    Path(id): Path<String>,
) -> Result<Json<CallerBody>, ApiError> {
    let record = record(&state, &id).await?;
    if !authorise(role, Action::ReadInteraction, owner(role, &record)) {
        return Err(ApiError::forbidden());
    }
    body(&state, record).await.map(Json)
}

/// `PUT /interactions/{id}/customer`: somebody asked, and says who it is.
#[utoipa::path(
    put,
    path = "/api/v1/interactions/{id}/customer",
    operation_id = "confirmCustomer",
    tag = "interactions",
    params(("id" = String, Path, description = "Id.")),
    request_body = ConfirmBody,
    responses((status = 200, description = "As `getCaller` from here on.", body = CallerBody)),
)]
pub(super) async fn confirm(
    State(state): State<ApiState>,
    Caller(role): Caller,
    Path(id): Path<String>,
    body: Result<Json<ConfirmBody>, JsonRejection>,
) -> Result<Json<CallerBody>, ApiError> {
    let record = writable(&state, role, &id).await?;
    let Json(ConfirmBody { customer_id }) = body?;
    if let Some(customer) = customer_id
        && state.store.customer(customer).await?.is_none()
    {
        return Err(ApiError::unprocessable(
            "There is no customer `customer_id`.",
        ));
    }
    say(&state, role, &record, customer_id).await.map(Json)
}

/// `POST /interactions/{id}/customer`: a new customer with the caller's number, confirmed at once. A caller of whom
/// nothing but the number is known so far is that customer.
#[utoipa::path(
    post,
    path = "/api/v1/interactions/{id}/customer",
    operation_id = "createCustomerOfCaller",
    tag = "interactions",
    params(("id" = String, Path, description = "Id.")),
    request_body = NewCallerBody,
    responses((status = 201, description = "As `getCaller` from here on.", body = CallerBody)),
)]
pub(super) async fn create(
    State(state): State<ApiState>,
    Caller(role): Caller,
    Path(id): Path<String>,
    body: Result<Json<NewCallerBody>, JsonRejection>,
) -> Result<Response, ApiError> {
    let record = writable(&state, role, &id).await?;
    let Json(body) = body?;
    if body.name.is_none() && body.company.is_none() {
        return Err(ApiError::unprocessable("Give a `name` or a `company`."));
    }
    let customer = make(&state, &record, body).await?;
    let said = say(&state, role, &record, Some(customer)).await?;
    Ok((StatusCode::CREATED, Json(said)).into_response())
}

async fn writable(state: &ApiState, role: Role, id: &str) -> Result<InteractionRecord, ApiError> {
    let record = record(state, id).await?;
    if authorise(role, Action::WriteRecord, owner(role, &record)) {
        Ok(record)
    } else {
        Err(ApiError::forbidden())
    }
}

async fn say(
    state: &ApiState,
    role: Role,
    before: &InteractionRecord,
    customer: Option<CustomerId>,
) -> Result<CallerBody, ApiError> {
    let event = Event::CustomerConfirmed {
        interaction: before.summary.id,
        customer,
        by: role.agent(),
    };
    recorded::say(state, event).await?;
    body(state, record(state, &before.summary.id.to_string()).await?).await
}

async fn make(
    state: &ApiState,
    record: &InteractionRecord,
    body: NewCallerBody,
) -> Result<CustomerId, ApiError> {
    let numbers: Vec<PhoneNumber> = number(record).into_iter().collect();
    let now = state.clock.now();
    let known = match numbers.first() {
        Some(number) => state.store.customers_with_number(number).await?,
        None => Vec::new(),
    };
    if let Some(nameless) = known.iter().find(|known| is_nameless(known)) {
        let patch = CustomerPatch {
            name: Some(body.name),
            company: Some(body.company),
            email: Some(body.email),
            notes: Some(body.notes),
            language: Some(body.language),
            // The company's own ranking stays.
            tier: None,
            numbers: None,
        };
        let changed = state
            .store
            .update_customer(nameless.id, &patch, now)
            .await?;
        return changed
            .map(|customer| customer.id)
            .ok_or_else(|| ApiError::not_found("customer"));
    }
    let customer = NewCustomer {
        id: CustomerId::from_uuid(uuid::Uuid::now_v7()),
        details: CustomerDetails {
            name: body.name,
            company: body.company,
            email: body.email,
            notes: body.notes,
            language: body.language,
            numbers,
            ..CustomerDetails::default()
        },
    };
    let made = state.store.create_customer_sharing(&customer, now).await?;
    Ok(made.id)
}

async fn body(state: &ApiState, record: InteractionRecord) -> Result<CallerBody, ApiError> {
    let number = number(&record);
    let parties = record.summary.parties;
    let confirmed = parties.customer_confirmed_at.is_some();
    let customer = match parties.customer_id.filter(|_| confirmed) {
        Some(id) => state.store.customer(id).await?,
        None => None,
    };
    let candidates = match &number {
        Some(number) if customer.is_none() => state.store.customers_with_number(number).await?,
        _ => Vec::new(),
    };
    Ok(CallerBody {
        number,
        name: parties.caller_name,
        why: record.why,
        confirmed: customer.is_some(),
        customer,
        candidates: candidates
            .into_iter()
            .filter(|candidate| !is_nameless(candidate))
            .map(|candidate| Candidate {
                id: candidate.id,
                name: candidate.name,
                company: candidate.company,
            })
            .collect(),
    })
}

/// The customer's number: who called, or going out who was called.
fn number(record: &InteractionRecord) -> Option<PhoneNumber> {
    let parties = &record.summary.parties;
    match record.summary.direction {
        Direction::Outbound => parties.dialed_number.clone(),
        Direction::Inbound | Direction::Internal => parties.caller_number.clone(),
    }
}

/// Nothing is known but the number: a call made the row.
fn is_nameless(customer: &CustomerRecord) -> bool {
    customer.name.is_none() && customer.company.is_none()
}
