//! `POST /flows/{name}/worth`: what an expression is worth in a rehearsed call.
//!
//! **Owns**: how long it may be, the outside form. **Must not know**: expressions; `ivr_flows` does.

use super::may_read;
use super::trying::{CallerBody, TryBody, begun, gone_through};
use crate::api::ApiState;
use crate::api::error::ApiError;
use crate::api::token::Caller;
use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use ivr_flows::interpreter::Worth;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Letters of an expression at most; the language takes fewer.
const LONGEST: usize = 2_000;

/// What `POST /flows/{name}/worth` takes: that of `/try`, and the expression.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct WorthOfBody {
    /// `NAME.flow.yaml`.
    text: String,
    #[serde(default)]
    caller: CallerBody,
    #[serde(default)]
    lines: Vec<String>,
    /// As it stands under `when`.
    expression: String,
}

/// What it is worth: a value, or why there is none.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(in crate::api) struct WorthBody {
    /// `bool`, `int`, `string` …; `null`: it has none in this call.
    kind: Option<&'static str>,
    value: Option<String>,
    /// Why it has none.
    why: Option<String>,
    /// Where it cannot be read, in characters from 1; `null`: it can.
    column: Option<usize>,
}

impl From<Worth> for WorthBody {
    fn from(worth: Worth) -> Self {
        match worth {
            Worth::Value { kind, text } => Self {
                kind: Some(kind),
                value: Some(text),
                ..Self::default()
            },
            Worth::Nothing(why) => Self {
                why: Some(why.to_owned()),
                ..Self::default()
            },
            Worth::Fault { column, message } => Self {
                why: Some(message),
                column: Some(column),
                ..Self::default()
            },
        }
    }
}

/// `POST /flows/{name}/worth`.
#[utoipa::path(
    post,
    path = "/api/v1/flows/{name}/worth",
    operation_id = "valueOfExpression",
    tag = "flows",
    params(("name" = String, Path, description = "Name.")),
    request_body = WorthOfBody,
    responses((status = 200, description = "What the expression is worth after these lines of the call. Nothing is kept. 422 with `report` when the text cannot run.", body = WorthBody)),
)]
pub(in crate::api) async fn worth(
    State(state): State<ApiState>,
    Caller(role): Caller,
    Path(name): Path<String>,
    body: Result<Json<WorthOfBody>, JsonRejection>,
) -> Result<Json<WorthBody>, ApiError> {
    may_read(role)?;
    let Json(body) = body?;
    if body.expression.chars().count() > LONGEST {
        let detail = format!("`expression` has {LONGEST} letters at most.");
        return Err(ApiError::unprocessable(detail));
    }
    let (expression, lines) = (body.expression, body.lines);
    let tried = TryBody {
        text: body.text,
        caller: body.caller,
        lines: lines.clone(),
    };
    let worth = begun(&state, name, tried, move |flow, facts, known| {
        let (call, _) = gone_through(&flow, facts, known, &lines);
        call.worth(&expression).into()
    });
    Ok(Json(worth.await?))
}
