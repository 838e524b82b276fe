//! `GET /flows/{name}/traffic`: what callers did in a flow.
//!
//! **Owns**: how long an interval may be, how many calls are looked at, the outside form. **Must not know**: what is
//! counted; `flows::traffic` does.

use super::may_read;
use crate::api::ApiState;
use crate::api::error::ApiError;
use crate::api::page::Params;
use crate::api::time;
use crate::api::token::Caller;
use crate::flows::traffic::{self, Traffic};
use axum::Json;
use axum::extract::{Path, State};
use recordings::store::traffic::TrafficFilter;
use router::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::Duration;
use utoipa::ToSchema;

/// Milliseconds that are looked at where nobody says how many.
const DAY: i64 = 24 * 3600 * 1000;
/// Longest interval.
const LONGEST: Duration = Duration::from_secs(92 * 24 * 3600);
/// Calls that are looked at, the newest.
const MOST_CALLS: usize = 20_000;

/// What callers did in a flow.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct TrafficBody {
    /// Calls that are over; every call stands in one of `outcomes`.
    calls: u64,
    /// There are more calls than are looked at: these are the newest.
    more: bool,
    /// Served by the flow alone: it ended the call, nobody talked, nothing was wrong.
    contained: u64,
    /// Talked with an agent.
    answered: u64,
    /// The caller hung up in the flow before anything came of the call.
    dropped: u64,
    /// The flow met trouble: what counts against a version on trial.
    errors: u64,
    outcomes: BTreeMap<&'static str, u64>,
    /// By name.
    blocks: Vec<BlockTrafficBody>,
    /// From block to block.
    ways: Vec<WayTrafficBody>,
}

/// One block. `visits` is how often it was left by `ways`, and `ended`.
#[derive(Debug, Serialize, ToSchema)]
struct BlockTrafficBody {
    block: String,
    /// Calls that came into it.
    calls: u64,
    /// Times that one did.
    visits: u64,
    /// Calls that came no further.
    ended: u64,
    /// Callers who hung up here before anything came of the call.
    dropped: u64,
    /// Times that it was left by `error`.
    errors: u64,
}

/// One way.
#[derive(Debug, Serialize, ToSchema)]
struct WayTrafficBody {
    from: String,
    /// The exit, key or case; `then` where a step was simply over.
    exit: String,
    to: String,
    /// Times that it was taken.
    times: u64,
}

/// `GET /flows/{name}/traffic`.
#[utoipa::path(
    get,
    path = "/api/v1/flows/{name}/traffic",
    operation_id = "readFlowTraffic",
    tag = "flows",
    params(
        ("name" = String, Path, description = "Name."),
        ("from" = Option<String>, Query, description = "Began at or after; 24 hours ago when absent."),
        ("to" = Option<String>, Query, description = "Began before; now when absent. 92 days after `from` at most."),
    ),
    responses((status = 200, description = "Counts alone, of calls that are over; the newest 20,000. `GET /interactions?flow=…&block=…` lists the calls behind a number.", body = TrafficBody)),
)]
pub(in crate::api) async fn traffic(
    State(state): State<ApiState>,
    Caller(role): Caller,
    Path(name): Path<String>,
    params: Params,
) -> Result<Json<TrafficBody>, ApiError> {
    may_read(role)?;
    params.only(&["from", "to"])?;
    let (from, to) = interval(&params, state.clock.now())?;
    let filter = TrafficFilter {
        flow: name,
        from,
        to,
    };
    let (paths, more) = state.store.flow_paths(&filter, MOST_CALLS).await?;
    let counted = state.editors.compute(move || Ok(traffic::of(&paths)));
    Ok(Json(body(counted.await?, more)))
}

/// Who is on the line now.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct CallersBody {
    /// Callers who are in the flow.
    calls: u64,
    /// Callers with whom it is done: they talk with an agent, or did.
    beyond: u64,
    /// Where those in the flow are, by name.
    blocks: Vec<CallersOfBlockBody>,
}

/// The callers in one block.
#[derive(Debug, Serialize, ToSchema)]
struct CallersOfBlockBody {
    /// `FLOW:BLOCK` in a flow that this one calls.
    block: String,
    calls: u64,
}

/// `GET /flows/{name}/callers`.
#[utoipa::path(
    get,
    path = "/api/v1/flows/{name}/callers",
    operation_id = "readFlowCallers",
    tag = "flows",
    params(("name" = String, Path, description = "Name.")),
    responses((status = 200, description = "How many callers are in each block at this moment, as the record has it: a second behind at most while the database answers.", body = CallersBody)),
)]
pub(in crate::api) async fn callers(
    State(state): State<ApiState>,
    Caller(role): Caller,
    Path(name): Path<String>,
) -> Result<Json<CallersBody>, ApiError> {
    may_read(role)?;
    let found = state.store.flow_callers(&name).await?;
    let blocks = found.blocks.into_iter();
    let blocks = blocks.map(|(block, calls)| CallersOfBlockBody { block, calls });
    let blocks: Vec<_> = blocks.collect();
    Ok(Json(CallersBody {
        calls: blocks.iter().map(|block| block.calls).sum(),
        beyond: found.beyond,
        blocks,
    }))
}

fn interval(params: &Params, now: Timestamp) -> Result<(Timestamp, Timestamp), ApiError> {
    let moment = "a time such as 2026-01-31T12:00:00Z";
    let to = params.read("to", moment, time::parse)?.unwrap_or(now);

    let from = params.read("from", moment, time::parse)?;
    let from = from.unwrap_or_else(|| Timestamp::from_millis(to.millis().saturating_sub(DAY)));
    if from >= to {
        return Err(ApiError::unprocessable("`from` must lie before `to`."));
    }
    if to.since(from) > LONGEST {
        let detail = "From `from` to `to` may be 92 days at most; ask for a shorter time.";
        return Err(ApiError::unprocessable(detail));
    }
    Ok((from, to))
}

fn body(counted: Traffic, more: bool) -> TrafficBody {
    let blocks = counted
        .blocks
        .into_iter()
        .map(|(block, one)| BlockTrafficBody {
            block,
            calls: one.calls,
            visits: one.visits,
            ended: one.ended,
            dropped: one.dropped,
            errors: one.errors,
        });
    let ways = counted.ways.into_iter().map(|(way, times)| WayTrafficBody {
        from: way.from,
        exit: way.exit,
        to: way.to,
        times,
    });
    TrafficBody {
        calls: counted.calls,
        more,
        contained: counted.contained,
        answered: counted.answered,
        dropped: counted.dropped,
        errors: counted.errors,
        outcomes: counted.outcomes,
        blocks: blocks.collect(),
        ways: ways.collect(),
    }
}
