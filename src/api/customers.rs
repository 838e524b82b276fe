//! `/customers`.
//!
//! **Owns**: what may be written about a customer. **Must not know**: SQL, how numbers are normalised.

use super::error::ApiError;
use super::openapi::shapes::{self, PageOf};
use super::page::Params;
use super::right::{Action, Resource, Role, authorise};
use super::token::Caller;
use super::{ApiState, time};
use crate::company_view::CompanyView;
use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use recordings::store::customers::{CustomerDetails, CustomerPatch, CustomerRecord, NewCustomer};
use recordings::store::interactions::InteractionFilter;
use recordings::store::page::{Page, Paging};
use recordings::store::record::InteractionSummary;
use router::PhoneNumber;
use router::id::CustomerId;

/// Numbers of one customer at most.
const MOST_NUMBERS: usize = 50;

/// `GET /customers?search=`: part of a name, company or number.
#[utoipa::path(
    get,
    path = "/api/v1/customers",
    operation_id = "listCustomers",
    tag = "customers",
    params(
        ("search" = Option<String>, Query, description = "Part of a name, company or number."),
        ("limit" = Option<u32>, Query, description = "Items of a page, 1 to 500."),
        ("cursor" = Option<String>, Query, description = "`next` of the page before."),
    ),
    responses((status = 200, description = "As asked.", body = PageOf<shapes::Customer>)),
)]
pub(super) async fn list(
    State(state): State<ApiState>,
    Caller(role): Caller,
    params: Params,
) -> Result<Json<Page<CustomerRecord>>, ApiError> {
    params.only(&["search", "limit", "cursor"])?;
    allow(role, Action::ReadCustomer, Resource::Others)?;
    let page = state
        .store
        .customers(params.get("search"), &params.paging()?)
        .await?;
    Ok(Json(page))
}

/// `GET /customers/{id}`: an agent sees the customers of own interactions.
#[utoipa::path(
    get,
    path = "/api/v1/customers/{id}",
    operation_id = "getCustomer",
    tag = "customers",
    params(
        ("id" = String, Path, description = "Id."),
    ),
    responses((status = 200, description = "As asked.", body = shapes::Customer)),
)]
pub(super) async fn one(
    State(state): State<ApiState>,
    Caller(role): Caller,
    Path(id): Path<String>,
) -> Result<Json<CustomerRecord>, ApiError> {
    let id = read_id(&id)?;
    allow(role, Action::ReadCustomer, owner(&state, role, id).await?)?;
    let customer = state.store.customer(id).await?;
    customer.map(Json).ok_or_else(missing)
}

/// `POST /customers`.
#[utoipa::path(
    post,
    path = "/api/v1/customers",
    operation_id = "createCustomer",
    tag = "customers",
    request_body = shapes::CustomerBody,
    responses((status = 201, description = "Made; `Location` says where.", body = shapes::Customer)),
)]
pub(super) async fn create(
    State(state): State<ApiState>,
    Caller(role): Caller,
    body: Result<Json<CustomerDetails>, JsonRejection>,
) -> Result<Response, ApiError> {
    allow(role, Action::WriteCustomer, Resource::Others)?;
    let Json(mut details) = body?;
    details.numbers = numbers(&state.company(), &details.numbers)?;
    let id = CustomerId::from_uuid(uuid::Uuid::now_v7());
    let customer = NewCustomer { id, details };
    let record = state
        .store
        .create_customer(&customer, state.clock.now())
        .await?;
    let mut response = (StatusCode::CREATED, Json(record)).into_response();
    if let Ok(place) = HeaderValue::from_str(&format!("/api/v1/customers/{id}")) {
        response.headers_mut().insert(header::LOCATION, place);
    }
    Ok(response)
}

/// `PATCH /customers/{id}`: what is absent stays, `null` is removed, `numbers` replaces all.
#[utoipa::path(
    patch,
    path = "/api/v1/customers/{id}",
    operation_id = "changeCustomer",
    tag = "customers",
    params(
        ("id" = String, Path, description = "Id."),
    ),
    request_body = shapes::CustomerBody,
    responses((status = 200, description = "As asked.", body = shapes::Customer)),
)]
pub(super) async fn change(
    State(state): State<ApiState>,
    Caller(role): Caller,
    Path(id): Path<String>,
    body: Result<Json<CustomerPatch>, JsonRejection>,
) -> Result<Json<CustomerRecord>, ApiError> {
    allow(role, Action::WriteCustomer, Resource::Others)?;
    let id = read_id(&id)?;
    let Json(mut patch) = body?;
    if let Some(given) = &patch.numbers {
        patch.numbers = Some(numbers(&state.company(), given)?);
    }
    let changed = state
        .store
        .update_customer(id, &patch, state.clock.now())
        .await?;
    changed.map(Json).ok_or_else(missing)
}

/// `GET /customers/{id}/interactions`: an agent sees own ones.
#[utoipa::path(
    get,
    path = "/api/v1/customers/{id}/interactions",
    operation_id = "listInteractionsOfCustomer",
    tag = "customers",
    params(
        ("id" = String, Path, description = "Id."),
        ("from" = Option<String>, Query, description = "Started at or after."),
        ("to" = Option<String>, Query, description = "Started before."),
        ("limit" = Option<u32>, Query, description = "Items of a page, 1 to 500."),
        ("cursor" = Option<String>, Query, description = "`next` of the page before."),
    ),
    responses((status = 200, description = "As asked.", body = PageOf<shapes::Interaction>)),
)]
pub(super) async fn interactions(
    State(state): State<ApiState>,
    Caller(role): Caller,
    Path(id): Path<String>,
    params: Params,
) -> Result<Json<Page<InteractionSummary>>, ApiError> {
    params.only(&["limit", "cursor", "from", "to"])?;
    let id = read_id(&id)?;
    allow(role, Action::ReadCustomer, owner(&state, role, id).await?)?;
    if state.store.customer(id).await?.is_none() {
        return Err(missing());
    }
    let moment = "a time such as 2026-01-31T12:00:00Z";
    let filter = InteractionFilter {
        customer: Some(id),
        agent: role.agent().map(|own| own.to_string()),
        from: params.read("from", moment, time::parse)?,
        to: params.read("to", moment, time::parse)?,
        ..InteractionFilter::default()
    };
    Ok(Json(
        state.store.interactions(&filter, &params.paging()?).await?,
    ))
}

fn allow(role: Role, action: Action, resource: Resource) -> Result<(), ApiError> {
    if authorise(role, action, resource) {
        Ok(())
    } else {
        Err(ApiError::forbidden())
    }
}

fn missing() -> ApiError {
    ApiError::not_found("customer")
}

fn read_id(text: &str) -> Result<CustomerId, ApiError> {
    text.parse().map_err(|_| missing())
}

/// A customer belongs to every agent who had one of the customer's interactions.
async fn owner(state: &ApiState, role: Role, id: CustomerId) -> Result<Resource, ApiError> {
    let Some(own) = role.agent() else {
        return Ok(Resource::Others);
    };
    let filter = InteractionFilter {
        customer: Some(id),
        agent: Some(own.to_string()),
        ..InteractionFilter::default()
    };
    let paging = Paging {
        limit: Some(1),
        cursor: None,
    };
    let known = !state
        .store
        .interactions(&filter, &paging)
        .await?
        .items
        .is_empty();
    Ok(if known {
        Resource::Of(own)
    } else {
        Resource::Others
    })
}

/// Each number in its one form, each once.
fn numbers(company: &CompanyView, given: &[PhoneNumber]) -> Result<Vec<PhoneNumber>, ApiError> {
    if given.len() > MOST_NUMBERS {
        return Err(ApiError::unprocessable(format!(
            "`numbers` may hold {MOST_NUMBERS} at most."
        )));
    }
    let mut numbers: Vec<PhoneNumber> = Vec::new();
    for (place, number) in given.iter().enumerate() {
        let number = company.normalise(number.reveal()).ok_or_else(|| {
            ApiError::unprocessable(format!(
                "Number {} of `numbers` is no telephone number; write it as +34600111222.",
                place + 1
            ))
        })?;
        if !numbers.contains(&number) {
            numbers.push(number);
        }
    }
    Ok(numbers)
}
