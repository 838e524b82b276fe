//! `/flows`: the flows as they are: which version is live, which calls are on which, what was published when.
//!
//! **Owns**: what flows look like outside. **Must not know**: how versions are kept or judged; `publishing` does.

mod changes;
mod complete;
mod difference;
mod draft_call;
mod editing;
mod hearing;
mod plans;
mod prompt_list;
mod shapes;
mod traffic;
mod trying;
mod turns;
mod view;
mod worth;

pub(super) use changes::*;
pub(super) use complete::*;
pub(super) use difference::*;
pub(super) use draft_call::*;
pub(super) use editing::*;
pub(super) use hearing::*;
pub(super) use plans::*;
pub(super) use prompt_list::*;
pub(super) use traffic::*;
pub(super) use trying::*;
pub use turns::EditorTurns;
pub(super) use worth::*;

use super::ApiState;
use super::error::ApiError;
use super::openapi::shapes::PageOf;
use super::page::Params;
use super::right::{Action, Resource, Role, authorise};
use super::token::Caller;
use crate::config::settings::FlowMaster;
use crate::flows::LIVE;
use axum::Json;
use axum::extract::{Path, State};
use recordings::store::flows::{FlowAlias, FlowTexts, FlowVersion};
use recordings::store::page::{MAX_LIMIT, Page};
use shapes::{AliasBody, DraftHead, FlowBody, FlowItem, FlowList, InUseBody, TrialBody};
use shapes::{DraftBody, DraftShape, VersionBody, VersionShape};
use std::collections::BTreeSet;

/// Bytes of a request's body at most: a flow may have 1 MiB, its tests as much, and JSON escapes some of it.
pub(super) const LARGEST_BODY: usize = 4 * 1024 * 1024;

/// `GET /flows`.
#[utoipa::path(
    get,
    path = "/api/v1/flows",
    operation_id = "listFlows",
    tag = "flows",
    responses((status = 200, description = "Every flow by name, in order; `master` says where flows are edited.", body = FlowList)),
)]
pub(super) async fn list(
    State(state): State<ApiState>,
    Caller(role): Caller,
) -> Result<Json<FlowList>, ApiError> {
    may_read(role)?;
    let aliases = state.store.flow_aliases().await?;
    let drafts = state.store.flows_with_draft().await?;
    let library = state.publisher.flows();
    let mut names: BTreeSet<String> = library.names().into_iter().collect();
    names.retain(|name| !name.contains('@'));
    let in_database = state.publisher.master() == FlowMaster::Database;
    if in_database {
        names.extend(aliases.iter().map(|alias| alias.flow.clone()));
        names.extend(drafts.iter().cloned());
    }
    let items = names.into_iter().map(|name| {
        let flow = library.current(&name);
        let live = aliases
            .iter()
            .find(|alias| in_database && alias.flow == name && alias.alias == LIVE);
        FlowItem {
            title: flow.as_ref().map(|flow| flow.title().to_owned()),
            hash: flow.as_ref().map(|flow| flow.content_hash().to_owned()),
            live: live.map(|live| live.version),
            canary: live.and_then(|live| live.canary).map(Into::into),
            draft: in_database && drafts.contains(&name),
            calls: library.in_use(&name).iter().map(|used| used.calls).sum(),
            name,
        }
    });
    Ok(Json(FlowList {
        items: items.collect(),
        next: None,
        master: state.publisher.master().as_str(),
        edited: edited(&state),
    }))
}

/// `GET /flows/{name}`.
#[utoipa::path(
    get,
    path = "/api/v1/flows/{name}",
    operation_id = "getFlow",
    tag = "flows",
    params(("name" = String, Path, description = "Name.")),
    responses((status = 200, description = "The flow as calls take it now, where its aliases point, and how many live calls are on which version.", body = FlowBody)),
)]
pub(super) async fn one(
    State(state): State<ApiState>,
    Caller(role): Caller,
    Path(name): Path<String>,
) -> Result<Json<FlowBody>, ApiError> {
    may_read(role)?;
    let library = state.publisher.flows();
    let flow = library.current(&name);
    let aliases = aliases(&state, &name).await?;
    let draft = match state.publisher.master() {
        FlowMaster::Database => state.store.flow_draft(&name).await?,
        FlowMaster::Files => None,
    };
    let live = aliases.iter().find(|alias| alias.alias == LIVE);
    let texts = match live {
        Some(live) => {
            let found = state.store.flow_version(&name, live.version).await?;
            found.map(|(_, texts)| texts)
        }
        None => library
            .texts(&name)
            .map(|(text, tests)| FlowTexts { text, tests }),
    };
    if texts.is_none() && draft.is_none() && aliases.is_empty() {
        return Err(ApiError::not_found("flow"));
    }
    let trial = match live {
        Some(live) => trial(&state, live).await?,
        None => None,
    };
    let (text, tests) = texts.map_or((None, None), |texts| (Some(texts.text), texts.tests));
    Ok(Json(FlowBody {
        title: flow.as_ref().map(|flow| flow.title().to_owned()),
        hash: flow.map(|flow| flow.content_hash().to_owned()),
        text,
        tests,
        in_use: in_use(&state, &name, aliases.is_empty()).await?,
        aliases: aliases.into_iter().map(AliasBody::from).collect(),
        draft: draft.map(DraftHead::from),
        plan: state.store.flow_plan(&name).await?.map(PlannedBody::from),
        trial,
        master: state.publisher.master().as_str(),
        edited: edited(&state),
        name,
    }))
}

/// `GET /flows/{name}/versions`.
#[utoipa::path(
    get,
    path = "/api/v1/flows/{name}/versions",
    operation_id = "listFlowVersions",
    tag = "flows",
    params(
        ("name" = String, Path, description = "Name."),
        ("limit" = Option<u32>, Query, description = "Items of a page, 1 to 500."),
        ("cursor" = Option<String>, Query, description = "`next` of the page before."),
    ),
    responses((status = 200, description = "Newest first, without their texts.", body = PageOf<VersionShape>)),
)]
pub(super) async fn versions(
    State(state): State<ApiState>,
    Caller(role): Caller,
    Path(name): Path<String>,
    params: Params,
) -> Result<Json<Page<FlowVersion>>, ApiError> {
    may_read(role)?;
    params.only(&["limit", "cursor"])?;
    let paging = params.paging()?;
    let number = |text: &str| text.parse::<u32>().ok();
    let before = params.read("cursor", "`next` of the page before", number)?;
    let limit = paging.limit();
    let found = state.store.flow_versions(&name, before, limit + 1).await?;
    if found.is_empty() && before.is_none() && state.publisher.flows().current(&name).is_none() {
        return Err(ApiError::not_found("flow"));
    }
    let mut items = found;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = items.len() > limit;
    items.truncate(limit);
    let last = items.last().filter(|_| more);
    let next = last.map(|version| version.number.to_string());
    Ok(Json(Page { items, next }))
}

/// `GET /flows/{name}/versions/{number}`.
#[utoipa::path(
    get,
    path = "/api/v1/flows/{name}/versions/{number}",
    operation_id = "getFlowVersion",
    tag = "flows",
    params(
        ("name" = String, Path, description = "Name."),
        ("number" = u32, Path, description = "Counts from 1."),
    ),
    responses((status = 200, description = "The version with its texts.", body = VersionBody)),
)]
pub(super) async fn version(
    State(state): State<ApiState>,
    Caller(role): Caller,
    Path((name, number)): Path<(String, String)>,
) -> Result<Json<VersionBody>, ApiError> {
    may_read(role)?;
    let number = number.parse().ok();
    let found = match number {
        Some(number) => state.store.flow_version(&name, number).await?,
        None => None,
    };
    let (version, texts) = found.ok_or_else(|| ApiError::not_found("version"))?;
    Ok(Json(VersionBody { version, texts }))
}

/// `GET /flows/{name}/draft`.
#[utoipa::path(
    get,
    path = "/api/v1/flows/{name}/draft",
    operation_id = "getFlowDraft",
    tag = "flows",
    params(("name" = String, Path, description = "Name.")),
    responses((status = 200, description = "The draft as it was typed, with what check and tests said when it was saved.", body = DraftShape)),
)]
pub(super) async fn draft(
    State(state): State<ApiState>,
    Caller(role): Caller,
    Path(name): Path<String>,
) -> Result<Json<DraftBody>, ApiError> {
    may_read(role)?;
    let draft = state.store.flow_draft(&name).await?;
    let draft = draft.ok_or_else(|| ApiError::not_found("draft"))?;
    Ok(Json(DraftBody(draft)))
}

fn may_read(role: Role) -> Result<(), ApiError> {
    if authorise(role, Action::ReadFlow, Resource::Others) {
        Ok(())
    } else {
        Err(ApiError::forbidden())
    }
}

/// In words for people.
fn edited(state: &ApiState) -> &'static str {
    match state.publisher.master() {
        FlowMaster::Files => {
            "Edited in files: change them in the flows folder and save; the next call takes them."
        }
        FlowMaster::Database => "Edited here: save a draft and publish it.",
    }
}

/// None in files mode, where what lies in the database rests.
async fn aliases(state: &ApiState, name: &str) -> Result<Vec<FlowAlias>, ApiError> {
    if state.publisher.master() == FlowMaster::Files {
        return Ok(Vec::new());
    }
    let mut all = state.store.flow_aliases().await?;
    all.retain(|alias| alias.flow == name);
    Ok(all)
}

/// Live calls by version; of versions with one text, the newest.
async fn in_use(state: &ApiState, name: &str, in_files: bool) -> Result<Vec<InUseBody>, ApiError> {
    let used = state.publisher.flows().in_use(name);
    if used.is_empty() {
        return Ok(Vec::new());
    }
    let versions = match in_files {
        true => Vec::new(),
        false => state.store.flow_versions(name, None, MAX_LIMIT).await?,
    };
    let used = used.into_iter().map(|used| {
        let version = versions.iter().find(|version| version.hash == used.hash);
        InUseBody {
            version: version.map(|version| version.number),
            hash: used.hash,
            calls: used.calls,
        }
    });
    Ok(used.collect())
}

async fn trial(state: &ApiState, live: &FlowAlias) -> Result<Option<TrialBody>, ApiError> {
    let compared = state.publisher.compared(live).await?;
    let canary = live.canary.zip(compared);
    Ok(canary.map(|(canary, compared)| TrialBody::of(live.version, canary, compared)))
}
