//! What the editor asks: a text as outline, report and picture, and operations on it.
//!
//! **Owns**: how much may be asked at once. **Must not know**: what an operation means; `ivr_flows::edit` does.

use super::changes::{may_edit, texts};
use super::may_read;
use super::view::{Look, View, ZoomBody, view_of};
use crate::api::ApiState;
use crate::api::error::ApiError;
use crate::api::token::Caller;
use crate::cli::flow_tools;
use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use ivr_flows::edit::{Editor as _, Operation, Refused, Splicer, rename_in_tests};
use ivr_flows::reference;
use recordings::store::flows::FlowTexts;
use serde::{Deserialize, Serialize};
use std::time::{Duration, Instant};

/// Operations of one request at most.
const MOST_OPERATIONS: usize = 200;
/// Operations are begun for so long. One alone ends by itself: the language's limits of a text bound it.
const TIME: Duration = Duration::from_secs(2);

/// What `POST /flows/{name}/view` takes.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct ViewBody {
    /// `NAME.flow.yaml` as it is typed, whether it can be read or not.
    text: String,
    /// `NAME.test.yaml`; they are run.
    #[serde(default)]
    tests: Option<String>,
    #[serde(default)]
    zoom: ZoomBody,
    /// Draws the exits that steps have from `defaults` too.
    #[serde(default)]
    inherited: bool,
    /// Tells what the tests come by, in the picture too.
    #[serde(default)]
    coverage: bool,
}

/// What `POST /flows/{name}/edit` takes.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct EditBody {
    /// `NAME.flow.yaml`.
    text: String,
    /// `NAME.test.yaml`: a renamed block is renamed there too.
    #[serde(default)]
    tests: Option<String>,
    /// 1 to 200, made one after the other: `{"op": "set", "path": "/blocks/main/0/menu/tries", "value": 2}`.
    #[schema(value_type = Vec<serde_json::Value>)]
    operations: Vec<Operation>,
    #[serde(default)]
    zoom: ZoomBody,
    /// Draws the exits that steps have from `defaults` too.
    #[serde(default)]
    inherited: bool,
}

/// The texts after the operations.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(in crate::api) struct EditedBody {
    text: String,
    tests: Option<String>,
    view: View,
}

/// `POST /flows/{name}/view`.
#[utoipa::path(
    post,
    path = "/api/v1/flows/{name}/view",
    operation_id = "viewFlow",
    tag = "flows",
    params(("name" = String, Path, description = "Name.")),
    request_body = ViewBody,
    responses((status = 200, description = "What check and tests say, what stands in the text, and its picture. Nothing is kept.", body = View)),
)]
pub(in crate::api) async fn view(
    State(state): State<ApiState>,
    Caller(role): Caller,
    Path(name): Path<String>,
    body: Result<Json<ViewBody>, JsonRejection>,
) -> Result<Json<View>, ApiError> {
    may_read(role)?;
    let Json(body) = body?;
    let texts = texts(body.text, body.tests)?;
    let look = Look {
        zoom: body.zoom,
        inherited: body.inherited,
        coverage: body.coverage,
    };
    let publisher = state.publisher.clone();
    let view = state
        .editors
        .compute(move || Ok(view_of(&publisher, &name, &texts, look)));
    Ok(Json(view.await?))
}

/// `GET /flows/schema`.
#[utoipa::path(
    get,
    path = "/api/v1/flows/schema",
    operation_id = "getFlowSchema",
    tag = "flows",
    responses((status = 200, description = "JSON Schema of flow files, for completion and marks in editors, with the names of the company and of the flows that calls take now.", body = serde_json::Value)),
)]
pub(in crate::api) async fn schema(
    State(state): State<ApiState>,
    Caller(role): Caller,
) -> Result<Json<serde_json::Value>, ApiError> {
    may_read(role)?;
    let (company, publisher) = (state.company(), state.publisher.clone());
    let schema = state.editors.compute(move || {
        let mut names = flow_tools::names_of(&company.company);
        for flow in publisher.flows().each_alone() {
            names.add(&flow);
        }
        Ok(reference::schema(&names))
    });
    Ok(Json(schema.await?))
}

/// `POST /flows/{name}/edit`.
#[utoipa::path(
    post,
    path = "/api/v1/flows/{name}/edit",
    operation_id = "editFlow",
    tag = "flows",
    params(("name" = String, Path, description = "Name.")),
    request_body = EditBody,
    responses((status = 200, description = "The texts after all operations, comments and layout kept, and how they look. Nothing is kept. 422 when one of them does not fit: then none is made.", body = EditedBody)),
)]
pub(in crate::api) async fn edit(
    State(state): State<ApiState>,
    Caller(role): Caller,
    Path(name): Path<String>,
    body: Result<Json<EditBody>, JsonRejection>,
) -> Result<Json<EditedBody>, ApiError> {
    may_edit(role)?;
    let Json(body) = body?;
    if body.operations.is_empty() || body.operations.len() > MOST_OPERATIONS {
        let detail =
            format!("`operations` are 1 to {MOST_OPERATIONS}; send more in several requests.");
        return Err(ApiError::unprocessable(detail));
    }
    let (texts, operations) = (texts(body.text, body.tests)?, body.operations);
    let look = Look {
        zoom: body.zoom,
        inherited: body.inherited,
        coverage: false,
    };
    let publisher = state.publisher.clone();
    let edited = state.editors.compute(move || {
        let texts = edited(texts, &operations)?;
        let view = view_of(&publisher, &name, &texts, look);
        Ok(EditedBody {
            text: texts.text,
            tests: texts.tests,
            view,
        })
    });
    Ok(Json(edited.await?))
}

/// All operations or none.
fn edited(mut texts: FlowTexts, operations: &[Operation]) -> Result<FlowTexts, ApiError> {
    let began = Instant::now();
    for (at, operation) in operations.iter().enumerate() {
        if began.elapsed() > TIME {
            let detail = format!(
                "After {at} operations the time was over; nothing is changed. Send fewer at once."
            );
            return Err(ApiError::unprocessable(detail).of_kind("edit-refused"));
        }
        let edited = Splicer.edit(&texts.text, operation);
        texts.text = edited.map_err(|why| refused(at, &why))?.text;
        if let (Operation::RenameBlock { from, to }, Some(tests)) = (operation, &texts.tests) {
            let renamed = rename_in_tests(tests, from, to).map_err(|why| {
                let detail =
                    format!("The tests cannot be read, so no block is renamed in them: {why}.");
                ApiError::unprocessable(detail).of_kind("edit-refused")
            })?;
            if let Some(renamed) = renamed {
                texts.tests = Some(renamed.text);
            }
        }
    }
    Ok(texts)
}

fn refused(at: usize, why: &Refused) -> ApiError {
    ApiError::unprocessable(format!("{why}."))
        .of_kind("edit-refused")
        .with("operation", at.into())
}
