//! What may be written where the cursor stands in a flow's text.
//!
//! **Owns**: the names that are offered: the company's, and the flows that calls take now.
//! **Must not know**: what fits where; `ivr_flows::complete` does.

use super::changes::texts;
use super::may_read;
use crate::api::ApiState;
use crate::api::error::ApiError;
use crate::api::token::Caller;
use crate::cli::flow_tools;
use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use ivr_flows::complete::{Completion, Offered, complete as offered};
use serde::{Deserialize, Serialize};

/// What `POST /flows/{name}/complete` takes.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct CompleteBody {
    /// `NAME.flow.yaml` as it is typed, whether it can be read or not.
    text: String,
    /// From 1.
    line: usize,
    /// In characters, from 1.
    column: usize,
}

/// What may be written there.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(in crate::api) struct CompletionBody {
    /// The column, in characters from 1, from which an option takes the place of what stands there.
    from: usize,
    /// 500 at most; none where nothing is known.
    options: Vec<OfferedBody>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
struct OfferedBody {
    label: String,
    /// `action`, `field`, `exit`, `block`, `queue`, `skill`, `prompt`, `wait`, `calendar`, `variable`, `language`,
    /// `flow`, `secret` or `word`.
    #[schema(value_type = String)]
    kind: ivr_flows::complete::OptionKind,
    /// One sentence, or nothing.
    detail: String,
    /// What is written: keys bring their colon where none stands there yet.
    insert: String,
}

impl From<Offered> for OfferedBody {
    fn from(one: Offered) -> Self {
        Self {
            label: one.label,
            kind: one.kind,
            detail: one.detail,
            insert: one.insert,
        }
    }
}

impl From<Completion> for CompletionBody {
    fn from(completion: Completion) -> Self {
        Self {
            from: completion.from,
            options: completion.options.into_iter().map(Into::into).collect(),
        }
    }
}

/// `POST /flows/{name}/complete`.
#[utoipa::path(
    post,
    path = "/api/v1/flows/{name}/complete",
    operation_id = "completeFlow",
    tag = "flows",
    params(("name" = String, Path, description = "Name.")),
    request_body = CompleteBody,
    responses((status = 200, description = "What may be written at that place of the text, which need not be whole. Nothing is kept.", body = CompletionBody)),
)]
pub(in crate::api) async fn complete(
    State(state): State<ApiState>,
    Caller(role): Caller,
    Path(name): Path<String>,
    body: Result<Json<CompleteBody>, JsonRejection>,
) -> Result<Json<CompletionBody>, ApiError> {
    may_read(role)?;
    let Json(body) = body?;
    let texts = texts(body.text, None)?;
    let (company, publisher) = (state.company(), state.publisher.clone());
    let completion = state.editors.compute(move || {
        let flows = publisher.flows().names().into_iter();
        // A flow does not call itself, and `NAME@test` is no name to write.
        let flows = flows.filter(|other| *other != name && !other.contains('@'));
        let names = flow_tools::names_of(&company.company).with_flows(flows);
        Ok(offered(&texts.text, body.line, body.column, &names).into())
    });
    Ok(Json(completion.await?))
}
