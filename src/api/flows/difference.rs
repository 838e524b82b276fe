//! `POST /flows/{name}/difference`: two texts compared in blocks, steps and exits, and both drawn with signs at what differs.
//!
//! **Owns**: which sign stands at which block. **Must not know**: what is a difference; `ivr_flows::diff` does.

use super::may_read;
use super::view::{PictureBody, picture_of};
use crate::api::ApiState;
use crate::api::error::ApiError;
use crate::api::token::Caller;
use axum::Json;
use axum::extract::Path;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use ivr_flows::diff::{Change, How, What, diff};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Changes that are told at most.
const MOST: usize = 500;

/// What `POST /flows/{name}/difference` takes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct DifferenceBody {
    /// `NAME.flow.yaml` as it was.
    before: String,
    /// As it is.
    after: String,
}

/// What is different.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct DifferentBody {
    /// A line each, as `cordboard flow diff` has them: `+ block gifts: 2 steps`. The first 500.
    changes: Vec<String>,
    /// There are more.
    more: bool,
    before: SideBody,
    after: SideBody,
}

/// One of the two texts.
#[derive(Debug, Default, Serialize, ToSchema)]
struct SideBody {
    /// Block by block; `null` when there are more than anybody could look at.
    picture: Option<PictureBody>,
    /// By the block's name in this text.
    signs: BTreeMap<String, Sign>,
}

/// What stands at a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Sign {
    /// It was not there.
    New,
    /// It is there no more.
    Gone,
    /// Something in it, or its name, is different.
    Changed,
}

/// `POST /flows/{name}/difference`.
#[utoipa::path(
    post,
    path = "/api/v1/flows/{name}/difference",
    operation_id = "compareFlows",
    tag = "flows",
    params(("name" = String, Path, description = "Name.")),
    request_body = DifferenceBody,
    responses((status = 200, description = "What is different. Nothing is kept. 422 when one of the texts cannot be read.", body = DifferentBody)),
)]
pub(in crate::api) async fn difference(
    State(state): State<ApiState>,
    Caller(role): Caller,
    Path(_): Path<String>,
    body: Result<Json<DifferenceBody>, JsonRejection>,
) -> Result<Json<DifferentBody>, ApiError> {
    may_read(role)?;
    let Json(body) = body?;
    let compared = state
        .editors
        .compute(move || compared(&body.before, &body.after));
    Ok(Json(compared.await?))
}

fn compared(before: &str, after: &str) -> Result<DifferentBody, ApiError> {
    let changes = diff(before, after).map_err(|findings| {
        let first = findings.first();
        let why = first.map_or_else(String::new, |found| {
            format!(": line {}, {}", found.line, found.message)
        });
        ApiError::unprocessable(format!("One of the texts cannot be read{why}."))
    })?;
    let (signs_before, signs_after) = signs(&changes);
    let told = changes.iter().take(MOST).map(ToString::to_string);
    Ok(DifferentBody {
        changes: told.collect(),
        more: changes.len() > MOST,
        before: SideBody {
            picture: picture_of(before),
            signs: signs_before,
        },
        after: SideBody {
            picture: picture_of(after),
            signs: signs_after,
        },
    })
}

type Signs = BTreeMap<String, Sign>;

/// Of both texts. Whatever changed in a block that has another name now stands at both names.
fn signs(changes: &[Change]) -> (Signs, Signs) {
    let (mut before, mut after) = (Signs::new(), Signs::new());
    let mut old_names = BTreeMap::new();
    for change in changes {
        let Some(block) = change.block() else {
            continue;
        };
        match (change.what, change.how) {
            (What::Block, How::Added) => {
                after.insert(block.to_owned(), Sign::New);
            }
            (What::Block, How::Removed) => {
                before.insert(block.to_owned(), Sign::Gone);
            }
            (What::Block, How::Renamed) => {
                let new = change.after.clone().unwrap_or_default();
                before.insert(block.to_owned(), Sign::Changed);
                after.insert(new.clone(), Sign::Changed);
                old_names.insert(new, block.to_owned());
            }
            _ => {
                let old = old_names.get(block).cloned();
                before.insert(old.unwrap_or_else(|| block.to_owned()), Sign::Changed);
                after.insert(block.to_owned(), Sign::Changed);
            }
        }
    }
    (before, after)
}
