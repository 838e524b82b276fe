//! `/customers`.
//!
//! **Owns**: what may be written about a customer. **Must not know**: SQL, how numbers are normalised.

use super::error::ApiError;
use super::openapi::shapes::{self, PageOf};
use super::page::Params;
use super::right::{Action, Resource, Role, authorise};
use super::token::Caller;
use super::{ApiState, page, time};
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
use router::distributor::port::AgentView;
use router::id::{AgentId, CustomerId};
use router::{PhoneNumber, Timestamp};

/// An agent may look up a number that called within so many ms.
const LATELY_MS: i64 = 24 * 3_600 * 1_000;
/// Letters of an agent's search at least, and customers in its answer at most.
const SHORTEST_SEARCH: usize = 3;
const MOST_HINTS: u32 = 10;
/// Numbers of one customer at most.
const MOST_NUMBERS: usize = 50;
/// Signs of a tier at most.
const LONGEST_TIER: usize = 40;

/// `GET /customers?search=`: part of a name, company or number; `?number=`: those with this number, none, one or
/// several. An agent gets names alone, of a number that called lately or, during a call, of what is searched for.
#[utoipa::path(
    get,
    path = "/api/v1/customers",
    operation_id = "listCustomers",
    tag = "customers",
    params(
        ("search" = Option<String>, Query, description = "Part of a name, company or number."),
        ("number" = Option<String>, Query, description = "The whole number; not beside `search`."),
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
    params.only(&["search", "number", "limit", "cursor"])?;
    allow(role, Action::FindCustomer, Resource::OwnPart)?;
    let (search, number) = (params.get("search"), params.get("number"));
    let number = match number {
        Some(text) => Some(state.company().normalise(text).ok_or_else(|| {
            ApiError::unprocessable("`number` must be a telephone number such as +34600111222.")
        })?),
        None => None,
    };
    if search.is_some() && number.is_some() {
        let detail = "Give `search` or `number`, not both.";
        return Err(ApiError::unprocessable(detail));
    }
    if let Some(own) = role.agent() {
        return hints(&state, own, search, number.as_ref()).await.map(Json);
    }
    if let Some(number) = number {
        let found = state.store.customers_with_number(&number).await?;
        return Ok(Json(page::whole(found)));
    }
    let page = state.store.customers(search, &params.paging()?).await?;
    Ok(Json(page))
}

/// What an agent may look up of people who are not yet confirmed: names.
async fn hints(
    state: &ApiState,
    own: AgentId,
    search: Option<&str>,
    number: Option<&PhoneNumber>,
) -> Result<Page<CustomerRecord>, ApiError> {
    let found = match (search, number) {
        (None, Some(number)) => {
            let now = state.clock.now().millis();
            let since = Timestamp::from_millis(now.saturating_sub(LATELY_MS));
            if !state.store.agent_met_number(own, number, since).await? {
                return Err(ApiError::forbidden());
            }
            state.store.customers_with_number(number).await?
        }
        (Some(search), None) if search.chars().count() >= SHORTEST_SEARCH => {
            let agents = state.live.agents().await?;
            let busy = |view: &AgentView| view.agent == own && view.interaction.is_some();
            if !agents.iter().any(busy) {
                return Err(ApiError::forbidden());
            }
            let paging = Paging {
                limit: Some(MOST_HINTS),
                cursor: None,
            };
            state.store.customers(Some(search), &paging).await?.items
        }
        _ => return Err(ApiError::forbidden()),
    };
    let named = found.into_iter().map(|customer| CustomerRecord {
        email: None,
        notes: None,
        language: None,
        tier: None,
        numbers: Vec::new(),
        ..customer
    });
    Ok(page::whole(named.collect()))
}

/// `GET /customers/{id}`: an agent sees those who were confirmed in an own interaction.
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
    check_tier(details.tier.as_deref())?;
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
    check_tier(patch.tier.as_ref().and_then(Option::as_deref))?;
    if let Some(given) = &patch.numbers {
        patch.numbers = Some(numbers(&state.company(), given)?);
    }
    let changed = state
        .store
        .update_customer(id, &patch, state.clock.now())
        .await?;
    changed.map(Json).ok_or_else(missing)
}

/// `GET /customers/{id}/interactions`: the time line; an agent sees it once the customer was confirmed in an own
/// interaction.
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

/// A customer is every agent's in whose interaction somebody said who it is: a number alone is only a hint.
async fn owner(state: &ApiState, role: Role, id: CustomerId) -> Result<Resource, ApiError> {
    let Some(own) = role.agent() else {
        return Ok(Resource::Others);
    };
    Ok(if state.store.agent_knows(own, id).await? {
        Resource::Of(own)
    } else {
        Resource::Others
    })
}

/// A word that flows compare, not a text.
fn check_tier(tier: Option<&str>) -> Result<(), ApiError> {
    let fits = |tier: &str| {
        (1..=LONGEST_TIER).contains(&tier.chars().count()) && !tier.chars().any(char::is_control)
    };
    if tier.is_none_or(fits) {
        return Ok(());
    }
    Err(ApiError::unprocessable(format!(
        "`tier` is a word of 1 to {LONGEST_TIER} signs such as gold, on one line; null removes it."
    )))
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
