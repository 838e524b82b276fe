//! The outside form of flows, their versions and drafts.
//!
//! **Owns**: field names and what they mean. **Must not know**: routes.

use super::plans::PlannedBody;
use crate::api::openapi::shapes::Moment;
use crate::flows::canary::Verdict;
use crate::flows::gate::Report;
use crate::publishing::Compared;
use recordings::Utc;
use recordings::store::flow_drafts::FlowDraft;
use recordings::store::flows::{FlowAlias, FlowCalls, FlowCanary, FlowTexts, FlowVersion};
use serde::Serialize;
use utoipa::ToSchema;

/// Every flow.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct FlowList {
    pub(super) items: Vec<FlowItem>,
    /// Always `null`: there is one page.
    pub(super) next: Option<String>,
    /// `files` or `database`: where flows are edited.
    pub(super) master: &'static str,
    /// The same in words, with what to do.
    pub(super) edited: &'static str,
}

/// One flow in a list.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct FlowItem {
    pub(super) name: String,
    pub(super) title: Option<String>,
    /// SHA-256 of the text that calls take.
    pub(super) hash: Option<String>,
    /// Number of the version that calls take; `null` in files mode.
    pub(super) live: Option<u32>,
    pub(super) canary: Option<CanaryBody>,
    /// Whether somebody has begun to change it.
    pub(super) draft: bool,
    /// Live calls that began with it.
    pub(super) calls: usize,
}

/// A version on trial.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CanaryBody {
    version: u32,
    /// Its share of new calls.
    percent: u8,
}

impl From<FlowCanary> for CanaryBody {
    fn from(canary: FlowCanary) -> Self {
        Self {
            version: canary.version,
            percent: canary.percent,
        }
    }
}

/// One flow.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct FlowBody {
    pub(super) name: String,
    pub(super) title: Option<String>,
    /// `files` or `database`: where flows are edited.
    pub(super) master: &'static str,
    /// The same in words, with what to do.
    pub(super) edited: &'static str,
    /// SHA-256 of the text that calls take.
    pub(super) hash: Option<String>,
    /// The text that is live; in files mode the file as it lies there, good or not.
    pub(super) text: Option<String>,
    pub(super) tests: Option<String>,
    /// Where its aliases point; empty in files mode.
    pub(super) aliases: Vec<AliasBody>,
    /// Live calls by the version they began with.
    pub(super) in_use: Vec<InUseBody>,
    pub(super) draft: Option<DraftHead>,
    /// What is to be published at a time, or was refused then.
    pub(super) plan: Option<PlannedBody>,
    pub(super) trial: Option<TrialBody>,
}

/// Where an alias points.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct AliasBody {
    /// A number of the company names it as `FLOW@ALIAS`; without an alias it means `live`.
    alias: String,
    version: u32,
    canary: Option<CanaryBody>,
    #[schema(value_type = Moment)]
    moved_at: Utc,
    moved_by: String,
}

impl From<FlowAlias> for AliasBody {
    fn from(alias: FlowAlias) -> Self {
        Self {
            alias: alias.alias,
            version: alias.version,
            canary: alias.canary.map(Into::into),
            moved_at: alias.moved_at,
            moved_by: alias.moved_by,
        }
    }
}

/// Live calls of one version.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct InUseBody {
    /// Its number; `null` for a file.
    pub(super) version: Option<u32>,
    pub(super) hash: String,
    pub(super) calls: usize,
}

/// A draft without its texts.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DraftHead {
    revision: u32,
    base: Option<u32>,
    author: String,
    #[schema(value_type = Moment)]
    saved_at: Utc,
}

impl From<FlowDraft> for DraftHead {
    fn from(draft: FlowDraft) -> Self {
        Self {
            revision: draft.revision,
            base: draft.base,
            author: draft.author,
            saved_at: draft.saved_at,
        }
    }
}

/// How the two versions of a trial do, since it began.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TrialBody {
    /// `too_few` calls to say anything, `goes`, or `return`: it is about to be taken back.
    verdict: &'static str,
    /// The version that stays.
    other: TrialCalls,
    /// The one on trial.
    trial: TrialCalls,
}

/// How the calls of one version ended.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TrialCalls {
    version: u32,
    /// Calls that are over, the newest 2,000 at most.
    calls: u64,
    /// Those that met trouble in the flow.
    errors: u64,
    /// Those whose caller hung up in the flow.
    dropped: u64,
    /// Of all, 0 to 1; `null` without calls.
    error_share: Option<f64>,
    drop_share: Option<f64>,
}

impl TrialBody {
    pub(super) fn of(version: u32, canary: FlowCanary, compared: Compared) -> Self {
        Self {
            verdict: match compared.verdict {
                Verdict::TooFew => "too_few",
                Verdict::Goes => "goes",
                Verdict::Return(_) => "return",
            },
            other: TrialCalls::of(version, compared.other),
            trial: TrialCalls::of(canary.version, compared.trial),
        }
    }
}

impl TrialCalls {
    fn of(version: u32, calls: FlowCalls) -> Self {
        Self {
            version,
            calls: calls.calls,
            errors: calls.errors,
            dropped: calls.dropped,
            error_share: share(calls.errors, calls.calls),
            drop_share: share(calls.dropped, calls.calls),
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a few thousand at most")]
fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// A version with its texts.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct VersionBody {
    #[serde(flatten)]
    #[schema(value_type = VersionShape)]
    pub(super) version: FlowVersion,
    #[serde(flatten)]
    #[schema(value_type = TextsShape)]
    pub(super) texts: FlowTexts,
}

/// A draft with its texts.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub(in crate::api) struct DraftBody(pub(super) FlowDraft);

/// A version without its texts, as the API's description has it.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only its description is used")]
#[schema(as = FlowVersion)]
pub(in crate::api) struct VersionShape {
    flow: String,
    /// Counts from 1, for each flow.
    number: u32,
    /// SHA-256 of the text: `flow_version` of the interactions that took it.
    hash: String,
    /// Login, or a name for the token.
    author: String,
    made_at: Moment,
    comment: String,
    /// The version that was live then.
    base: Option<u32>,
    /// Why its warnings were accepted.
    accepted: Option<String>,
    report: Report,
}

/// `NAME.flow.yaml` and `NAME.test.yaml`.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only its description is used")]
#[schema(as = FlowTexts)]
pub(in crate::api) struct TextsShape {
    text: String,
    tests: Option<String>,
}

/// A draft, as the API's description has it.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only its description is used")]
#[schema(as = FlowDraft)]
pub(in crate::api) struct DraftShape {
    flow: String,
    /// Send it back with the next change.
    revision: u32,
    text: String,
    tests: Option<String>,
    /// The version that it changes; `null`: a new flow.
    base: Option<u32>,
    author: String,
    saved_at: Moment,
    report: Report,
}
