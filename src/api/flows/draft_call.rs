//! `POST /flows/{name}/call`: a browser's phone may call a text as it stands, before anybody else can.
//!
//! **Owns**: who may, by which number, the outside form. **Must not know**: how the call is taken; the registry does.
//!
//! It is a call like any other: queues ring their agents, servers are asked, numbers are dialled, a record is written. So
//! it takes the right to publish. The calls of a flow are counted without it: its flow is `NAME@draft`.

use super::changes::may;
use super::trying::{broken, flow_of};
use crate::api::ApiState;
use crate::api::access::identity::SignedIn;
use crate::api::error::ApiError;
use crate::api::phones::{self, CredentialsBody};
use crate::api::right::Action;
use crate::flows::{DRAFT, HeldDraft};
use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use ivr_flows::Flow;
use router::PhoneNumber;
use serde::{Deserialize, Serialize};
use sip_gateway::leg::Holder;
use std::sync::Arc;
use utoipa::ToSchema;

/// What `POST /flows/{name}/call` takes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct DraftCallBody {
    /// `NAME.flow.yaml`.
    text: String,
    /// The number that calls; empty: withheld.
    #[serde(default)]
    from: String,
}

/// What calls the text.
#[derive(Serialize, ToSchema)]
pub(in crate::api) struct DraftPhoneBody {
    /// It can call and do nothing else.
    phone: CredentialsBody,
    /// What it dials for the text.
    dial: &'static str,
    /// The flow of the call's record: `NAME@draft`.
    flow: String,
}

/// `POST /flows/{name}/call`.
#[utoipa::path(
    post,
    path = "/api/v1/flows/{name}/call",
    operation_id = "callDraft",
    tag = "flows",
    params(("name" = String, Path, description = "Name.")),
    request_body = DraftCallBody,
    responses((status = 200, description = "A phone that calls this text, for as long as the session lasts. A real call: queues ring their agents, servers are asked, numbers are dialled, a record is written; its flow is `NAME@draft`. 422 with `report` when the text cannot run.", body = DraftPhoneBody)),
)]
pub(in crate::api) async fn call_draft(
    State(state): State<ApiState>,
    SignedIn(identity): SignedIn,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Result<Json<DraftCallBody>, JsonRejection>,
) -> Result<Json<DraftPhoneBody>, ApiError> {
    may(&identity, Action::PublishFlow)?;
    let Json(DraftCallBody { text, from }) = body?;
    let number = number_of(&state, &name)?;
    let holder = Holder::Caller {
        number: calling(&state, &from)?,
    };
    let flow = callable(&state, &name, text).await?;
    let called = format!("{name}@{DRAFT}");
    let flow = Arc::new(flow.named(&called));
    let phone = phones::give(&state, &identity, &headers, holder).await?;
    let draft = HeldDraft { number, flow };
    state
        .publisher
        .flows()
        .hold_draft(phone.username.clone(), draft);
    Ok(Json(DraftPhoneBody {
        phone,
        dial: DRAFT,
        flow: called,
    }))
}

/// The flow that the text is, if nothing in it is wrong; tests may fail.
async fn callable(state: &ApiState, name: &str, text: String) -> Result<Arc<Flow>, ApiError> {
    let (publisher, name) = (state.publisher.clone(), name.to_owned());
    let done = state.editors.compute(move || {
        let texts = super::changes::texts(text, None)?;
        let judged = publisher.judge(&name, &texts);
        if judged.flow.is_none() {
            return Err(broken("called", &judged.report));
        }
        flow_of(&publisher, &name, &texts.text)
    });
    done.await
}

/// What the flow hears as the dialled number: the first that leads to it, else the first of the company.
fn number_of(state: &ApiState, flow: &str) -> Result<PhoneNumber, ApiError> {
    let company = state.company();
    let numbers = &company.company.numbers;
    let leads = |flow_of: &str| crate::flows::aliased(flow_of).0 == flow;
    let number = numbers
        .iter()
        .find(|number| leads(&number.flow))
        .or_else(|| numbers.first());
    let number = number.map(|number| number.number.clone());
    number.ok_or_else(|| {
        ApiError::unprocessable(
            "The company has no number yet, so nothing can be called: add one under `[[numbers]]`.",
        )
    })
}

fn calling(state: &ApiState, from: &str) -> Result<Option<String>, ApiError> {
    let from = from.trim();
    if from.is_empty() {
        return Ok(None);
    }
    let number = state.company().normalise(from).ok_or_else(|| {
        ApiError::unprocessable("`from` is no number; write it as +34600000101, or leave it empty.")
    })?;
    Ok(Some(number.reveal().to_owned()))
}
