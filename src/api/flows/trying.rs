//! `POST /flows/{name}/try`: a call through a text, rehearsed. Stateless: the whole call, from its beginning, each time.
//!
//! **Owns**: how much may be rehearsed at once, the outside form. **Must not know**: what a line means, how a call goes
//! on; `rehearsal` does, and it asks nobody outside.

use super::may_read;
use crate::api::ApiState;
use crate::api::error::ApiError;
use crate::api::time;
use crate::api::token::Caller;
use crate::flows::gate::Report;
use crate::publishing::Publisher;
use crate::rehearsal::{Kind, Moment, Rehearsal};
use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use ivr_flows::calendar::{CompanyHours, Opening};
use ivr_flows::interpreter::WaitsFor;
use ivr_flows::port::{CustomerAnswer, KnownCustomer};
use ivr_flows::{CallFacts, Flow};
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use utoipa::ToSchema;

/// Lines of one call at most.
const MOST_LINES: usize = 500;
/// Moments that are told at most.
const MOST_MOMENTS: usize = 2_000;
/// Longest number or name, in letters.
const LONGEST: usize = 200;

/// What `POST /flows/{name}/try` takes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct TryBody {
    /// `NAME.flow.yaml`.
    pub(super) text: String,
    #[serde(default)]
    pub(super) caller: CallerBody,
    /// What happens, one after the other: keys, an empty line for on to what happens next by itself, `+30s`, `agent`, `left`,
    /// `place 3 2m`, `http 200 {"a": 1}`, `bye`; 500 at most. `help` says all that may stand here.
    #[serde(default)]
    pub(super) lines: Vec<String>,
}

/// Who calls whom, and when.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CallerBody {
    /// Empty: withheld.
    #[serde(default)]
    from: String,
    /// The number that was dialled.
    #[serde(default)]
    to: String,
    /// RFC 3339; absent: now.
    #[serde(default)]
    at: Option<String>,
    /// What calendars say whatever the time is.
    #[serde(default)]
    hours: BTreeMap<String, OpeningBody>,
    /// Whom the flow finds, `null` for nobody; absent: the lines say it when it asks.
    #[serde(default, deserialize_with = "there")]
    #[schema(value_type = Option<KnownBody>)]
    customer: Option<Option<KnownBody>>,
}

/// What a calendar says.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum OpeningBody {
    Open,
    Closed,
    Holiday,
    Emergency,
}

/// A customer as the flow finds one.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct KnownBody {
    name: String,
    #[serde(default)]
    language: Option<String>,
    #[serde(default)]
    tier: Option<String>,
}

/// A call as far as it came.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct TriedBody {
    moments: Vec<MomentBody>,
    /// Where the call is; `FLOW:BLOCK` in a flow that this one calls.
    block: Option<String>,
    /// The step as operations name it; `null` where it is none of this text's lists of steps.
    step: Option<String>,
    /// `key`, `audio`, `agent`, `server` or `nothing`.
    #[schema(value_type = String)]
    waits_for: WaitsFor,
    over: bool,
}

/// Something that happened.
#[derive(Debug, Serialize, ToSchema)]
struct MomentBody {
    /// Which of `lines` led to it, from 0; `null`: the beginning.
    line: Option<usize>,
    /// Since the call began, in milliseconds.
    at_ms: u64,
    kind: Kind,
    text: String,
    /// The first prompt that is heard.
    prompt: Option<String>,
    /// The call's language where something is heard.
    language: Option<String>,
}

fn there<'de, D, T>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Option::deserialize(deserializer).map(Some)
}

/// `POST /flows/{name}/try`.
#[utoipa::path(
    post,
    path = "/api/v1/flows/{name}/try",
    operation_id = "tryFlow",
    tag = "flows",
    params(("name" = String, Path, description = "Name.")),
    request_body = TryBody,
    responses((status = 200, description = "What came of the lines. Nothing is kept, nobody outside is asked. 422 with `report` when the text cannot run.", body = TriedBody)),
)]
pub(in crate::api) async fn rehearse(
    State(state): State<ApiState>,
    Caller(role): Caller,
    Path(name): Path<String>,
    body: Result<Json<TryBody>, JsonRejection>,
) -> Result<Json<TriedBody>, ApiError> {
    may_read(role)?;
    let Json(body) = body?;
    let lines = body.lines.clone();
    let tried = begun(&state, name, body, move |flow, facts, known| {
        tried(flow, facts, known, &lines)
    });
    Ok(Json(tried.await?))
}

/// Checks what is asked for, and computes with the flow that the text is.
pub(super) async fn begun<T: Send + 'static>(
    state: &ApiState,
    name: String,
    body: TryBody,
    work: impl FnOnce(Arc<Flow>, CallFacts, Option<CustomerAnswer>) -> T + Send + 'static,
) -> Result<T, ApiError> {
    if body.lines.len() > MOST_LINES {
        let detail = format!("`lines` are {MOST_LINES} at most; begin a call anew.");
        return Err(ApiError::unprocessable(detail));
    }
    let (facts, known) = facts(state, body.caller)?;
    let (publisher, text) = (state.publisher.clone(), body.text);
    let done = state.editors.compute(move || {
        let flow = flow_of(&publisher, &name, &text)?;
        Ok(work(flow, facts, known))
    });
    done.await
}

/// The flow that a text is, with those that it calls. Blocks.
pub(super) fn flow_of(
    publisher: &Publisher,
    name: &str,
    text: &str,
) -> Result<Arc<Flow>, ApiError> {
    let flow = publisher.rehearsable(name, text);
    flow.map_err(|report| broken("tried", &report))
}

/// A text that cannot be `done` yet.
pub(super) fn broken(done: &str, report: &Report) -> ApiError {
    let detail = format!(
        "This cannot be {done} yet: {}. `report` says where and what to write instead.",
        report.summary()
    );
    ApiError::unprocessable(detail)
        .of_kind("flow-broken")
        .with("report", report.to_json())
}

fn facts(
    state: &ApiState,
    caller: CallerBody,
) -> Result<(CallFacts, Option<CustomerAnswer>), ApiError> {
    let began = match &caller.at {
        None => state.clock.now(),
        Some(text) => time::parse(text).ok_or_else(|| {
            ApiError::unprocessable("`at` is no time; write it as 2026-12-24T10:00:00+01:00.")
        })?,
    };
    let mut words = vec![&caller.from, &caller.to];
    if let Some(Some(known)) = &caller.customer {
        words.extend(
            [&known.name]
                .into_iter()
                .chain(&known.language)
                .chain(&known.tier),
        );
    }
    if words.iter().any(|word| word.chars().count() > LONGEST) {
        let detail = format!("Numbers and names have {LONGEST} letters at most.");
        return Err(ApiError::unprocessable(detail));
    }
    let known = caller.customer.map(|known| match known {
        None => CustomerAnswer::NotFound,
        Some(known) => CustomerAnswer::Found(KnownCustomer {
            name: known.name,
            language: known.language.unwrap_or_default(),
            tier: known.tier.unwrap_or_default(),
            ..KnownCustomer::default()
        }),
    });
    let said = caller.hours.into_iter();
    let hours = CompanyHours {
        calendars: Arc::clone(&state.company().company.calendars),
        said: said.map(|(name, said)| (name, said.into())).collect(),
        ..CompanyHours::default()
    };
    let facts = CallFacts {
        from: caller.from,
        to: caller.to,
        began_at: Some(began.millis()),
        hours,
    };
    Ok((facts, known))
}

fn tried(
    flow: Arc<Flow>,
    facts: CallFacts,
    known: Option<CustomerAnswer>,
    lines: &[String],
) -> TriedBody {
    let (call, told) = gone_through(&flow, facts, known, lines);
    let mut moments: Vec<MomentBody> = told.into_iter().map(one_of).collect();
    if moments.len() > MOST_MOMENTS {
        moments.truncate(MOST_MOMENTS);
        if let Some(last) = moments.last_mut() {
            last.kind = Kind::Note;
            last.text = "more happens than is told at once: begin a call anew".to_owned();
        }
    }
    let place = call.place();
    let path = place.and_then(|(block, step)| {
        let own = flow.block_names().any(|name| name == block);
        own.then(|| format!("/blocks/{block}/{step}"))
    });
    TriedBody {
        moments,
        block: place.map(|(block, _)| block.to_owned()),
        step: path,
        waits_for: call.waits_for(),
        over: call.is_over(),
    }
}

/// The call after these lines, and each moment with the line that led to it; hardly more of them than are told.
pub(super) fn gone_through(
    flow: &Arc<Flow>,
    facts: CallFacts,
    known: Option<CustomerAnswer>,
    lines: &[String],
) -> (Rehearsal, Vec<(Option<usize>, Moment)>) {
    let (mut call, told) = Rehearsal::begin(Arc::clone(flow), facts, known);
    let mut moments: Vec<_> = told.into_iter().map(|one| (None, one)).collect();
    for (at, line) in lines.iter().enumerate() {
        if call.is_over() || moments.len() > MOST_MOMENTS {
            break;
        }
        moments.extend(call.line(line).into_iter().map(|one| (Some(at), one)));
    }
    (call, moments)
}

fn one_of((line, moment): (Option<usize>, Moment)) -> MomentBody {
    MomentBody {
        line,
        at_ms: u64::try_from(moment.at.as_millis()).unwrap_or(u64::MAX),
        kind: moment.kind,
        text: moment.text,
        prompt: moment.prompt,
        language: moment.language,
    }
}

impl From<OpeningBody> for Opening {
    fn from(said: OpeningBody) -> Self {
        match said {
            OpeningBody::Open => Self::Open,
            OpeningBody::Closed => Self::Closed,
            OpeningBody::Holiday => Self::Holiday,
            OpeningBody::Emergency => Self::Emergency,
        }
    }
}
