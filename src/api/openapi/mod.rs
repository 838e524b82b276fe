//! `GET /openapi.json`: the API's description, made from the handlers' own annotations.
//!
//! **Owns**: which handlers are described, and what holds for all of them: tokens and problem documents.
//! **Must not know**: what the handlers do. A test compares the paths with the router's.

pub(super) mod shapes;

use super::access::identity::COOKIE;
use super::access::routes as session;
use super::error::ApiError;
use super::right::{Action, Resource, authorise};
use super::token::Caller;
use super::{
    agents, audit, calendars, caller, calls, certificates, closures, customers, events, flows,
    health, history, interactions, intervals, ladder, live_socket, metrics, notes, peaks, phones,
    prompts, queues, recordings_audio, sip_socket, targets, tasks, timeline, wrap_up,
};
use axum::http::header;
use axum::response::IntoResponse;
use serde_json::{Value, json};
use std::sync::LazyLock;
use utoipa::OpenApi;

/// Operations that need neither session nor token.
const OPEN: [&str; 4] = ["isAlive", "isReady", "phone", "signIn"];

/// The description does not change while the process runs.
static TEXT: LazyLock<String> = LazyLock::new(|| document().to_string());

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Cordboard",
        description = "The HTTP API of one Cordboard. Moments are UTC, durations seconds, absent values null."
    ),
    paths(
        session::show,
        session::sign_in,
        session::sign_out,
        agents::list,
        agents::one,
        agents::set_state,
        queues::list,
        queues::one,
        calendars::list,
        calendars::close,
        calendars::open,
        closures::close,
        closures::open,
        closures::messages,
        history::one,
        intervals::of_queue,
        intervals::of_agent,
        calls::hold,
        calls::resume,
        calls::hangup,
        calls::transfer,
        calls::priority,
        calls::consult,
        calls::cancel,
        calls::complete,
        calls::merge,
        calls::help,
        calls::no_help,
        calls::monitor,
        interactions::list,
        interactions::one,
        interactions::decisions,
        timeline::one,
        ladder::one,
        caller::one,
        caller::confirm,
        caller::create,
        notes::one,
        notes::save,
        wrap_up::codes,
        wrap_up::choose,
        wrap_up::extend,
        wrap_up::done,
        agents::reasons,
        targets::list,
        tasks::list,
        tasks::create,
        tasks::change,
        customers::list,
        customers::one,
        customers::create,
        customers::change,
        customers::interactions,
        flows::list,
        flows::one,
        flows::versions,
        flows::version,
        flows::draft,
        flows::save_draft,
        flows::discard_draft,
        flows::check,
        flows::view,
        flows::edit,
        flows::complete,
        flows::difference,
        flows::prompt_list,
        flows::worth,
        flows::call_draft,
        flows::traffic,
        flows::callers,
        flows::rehearse,
        flows::sound,
        prompts::hear,
        prompts::record,
        prompts::remove,
        flows::schema,
        flows::publish,
        flows::plan,
        flows::unplan,
        flows::promote,
        flows::roll_back,
        flows::point,
        recordings_audio::one,
        recordings_audio::audio,
        peaks::one,
        audit::list,
        events::follow,
        live_socket::follow,
        health::alive,
        health::ready,
        metrics::guarded,
        certificates::list,
        phones::credentials,
        sip_socket::open,
        show,
    ),
    components(schemas(shapes::Problem))
)]
struct Description;

/// `GET /openapi.json`: for staff.
#[utoipa::path(
    get,
    path = "/api/v1/openapi.json",
    operation_id = "describe",
    tag = "process",
    responses((status = 200, description = "This document.", body = serde_json::Value)),
)]
pub(super) async fn show(Caller(role): Caller) -> Result<impl IntoResponse, ApiError> {
    if !authorise(role, Action::ReadDescription, Resource::OwnPart) {
        return Err(ApiError::forbidden());
    }
    let kind = [(header::CONTENT_TYPE, "application/json")];
    Ok((kind, TEXT.as_str()))
}

/// The whole document, with what holds for every operation.
pub(super) fn document() -> Value {
    let mut document = serde_json::to_value(Description::openapi()).unwrap_or_default();
    if let Some(info) = document.get_mut("info") {
        info["version"] = json!(env!("CARGO_PKG_VERSION"));
    }
    if let Some(components) = document.get_mut("components") {
        components["securitySchemes"] = json!({
            "token": { "type": "http", "scheme": "bearer" },
            "session": { "type": "apiKey", "in": "cookie", "name": COOKIE },
        });
    }
    let paths = document.get_mut("paths").and_then(Value::as_object_mut);
    for (_, operations) in paths.into_iter().flatten() {
        for (_, operation) in operations.as_object_mut().into_iter().flatten() {
            let name = operation.get("operationId").and_then(Value::as_str);
            if name.is_some_and(|name| OPEN.contains(&name)) {
                continue;
            }
            operation["security"] = json!([{ "token": [] }, { "session": [] }]);
            operation["responses"]["default"] = json!({
                "description": "What is wrong; 401 without session and token, 403 when the role does not allow it.",
                "content": { "application/problem+json": {
                    "schema": { "$ref": "#/components/schemas/Problem" }
                } }
            });
        }
    }
    document
}
