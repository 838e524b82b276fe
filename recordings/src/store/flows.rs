//! Versions of flows, and the aliases that say which of them calls take.
//!
//! **Owns**: the tables `flow_versions` and `flow_aliases`. A version is written once; an alias is moved together with
//! its row in the audit, in one transaction. **Must not know**: what a flow says, who may publish.

use super::audit::{self, AuditDraft};
use super::row::{RowExt as _, unreadable};
use super::{Conn, Store, flow_drafts, flow_plans};
use crate::error::StoreError;
use crate::utc::Utc;
use router::Timestamp;
use serde::Serialize;
use serde_json::Value;
use sqlx::sqlite::SqliteRow;
use std::collections::HashMap;

/// The alias that numbers mean when they name a flow alone.
pub const LIVE: &str = "live";

/// How one version's calls are looked at: the newest ones, as many at most.
const LOOKED_AT: i64 = 2_000;

/// A version without its texts.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FlowVersion {
    /// The flow by name.
    pub flow: String,
    /// Counts from 1, for each flow.
    pub number: u32,
    /// SHA-256 of the flow's text: `flow_version` of the calls that took it.
    pub hash: String,
    /// Who made it: login, or a name for the token.
    pub author: String,
    /// When.
    pub made_at: Utc,
    /// What the author says about it.
    pub comment: String,
    /// The version that was live then.
    pub base: Option<u32>,
    /// Why its warnings were accepted.
    pub accepted: Option<String>,
    /// What check and tests said.
    pub report: Value,
}

/// The texts of a version or a draft.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FlowTexts {
    /// `NAME.flow.yaml`.
    pub text: String,
    /// `NAME.test.yaml`.
    pub tests: Option<String>,
}

/// Where an alias points.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FlowAlias {
    /// The flow by name.
    pub flow: String,
    /// `live`, `test`, …
    pub alias: String,
    /// The version.
    pub version: u32,
    /// A version that a share of the calls takes instead.
    pub canary: Option<FlowCanary>,
    /// When it was moved last.
    pub moved_at: Utc,
    /// By whom.
    pub moved_by: String,
}

/// A version on trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct FlowCanary {
    /// The version.
    pub version: u32,
    /// Its share of new calls, 1 to 99.
    pub percent: u8,
}

/// A version that is to be made.
#[derive(Clone, Debug, PartialEq)]
pub struct NewFlowVersion {
    /// SHA-256 of the flow's text.
    pub hash: String,
    /// Its texts.
    pub texts: FlowTexts,
    /// What the author says about it.
    pub comment: String,
    /// Why its warnings were accepted.
    pub accepted: Option<String>,
    /// What check and tests said.
    pub report: Value,
}

/// Where an alias is to point.
#[derive(Clone, Debug, PartialEq)]
pub enum FlowTarget {
    /// At a version that is made by this.
    New(Box<NewFlowVersion>),
    /// At one that is there.
    Version(u32),
}

/// What the alias must be for a move to count: what the mover saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlowExpects {
    /// Whatever it is.
    Anything,
    /// At this version, and no canary runs; none: there is no such alias yet.
    Base(Option<u32>),
    /// This canary runs.
    Canary(u32),
}

/// A move of an alias.
#[derive(Clone, Debug, PartialEq)]
pub struct FlowMove {
    /// The flow by name.
    pub flow: String,
    /// The alias.
    pub alias: String,
    /// Where to.
    pub to: FlowTarget,
    /// As a canary with this share, beside the version that is there; none: for all calls.
    pub percent: Option<u8>,
    /// What must hold.
    pub expects: FlowExpects,
    /// The draft that is used up by it, in this revision.
    pub draft: Option<u32>,
    /// The plan that it carries out, by when that was made.
    pub plan: Option<Utc>,
    /// Its row in the audit; `object` gets the versions added.
    pub audit: AuditDraft,
}

/// What became of a move.
#[derive(Clone, Debug, PartialEq)]
pub enum FlowMoved {
    /// It is done: the alias before and after it.
    Yes(Option<FlowAlias>, FlowAlias),
    /// Somebody else was first; this is how it stands.
    Stale(Option<FlowAlias>),
    /// There is no such version.
    NoVersion,
    /// The draft was saved anew, or is gone.
    OtherDraft,
    /// The plan was taken away, or made anew.
    OtherPlan,
}

/// How the calls of one version ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FlowCalls {
    /// Calls that are over.
    pub calls: u64,
    /// Those in which the flow met trouble: an `error` exit for it, a limit, a call that failed.
    pub errors: u64,
    /// Those whose caller hung up in the flow, before anything came of the call.
    pub dropped: u64,
}

impl Store {
    /// Every alias, by flow and name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn flow_aliases(&self) -> Result<Vec<FlowAlias>, StoreError> {
        let rows = sqlx::query("SELECT * FROM flow_aliases ORDER BY flow, alias")
            .fetch_all(&mut *self.read().await?)
            .await?;
        rows.iter().map(read_alias).collect()
    }

    /// Versions of a flow, newest first, below `before`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn flow_versions(
        &self,
        flow: &str,
        before: Option<u32>,
        limit: u32,
    ) -> Result<Vec<FlowVersion>, StoreError> {
        let rows = sqlx::query(
            "SELECT flow, number, hash, author, made_at, comment, base, accepted, report FROM flow_versions \
             WHERE flow = $1 AND number < $2 ORDER BY number DESC LIMIT $3",
        )
        .bind(flow)
        .bind(before.map_or(i64::MAX, i64::from))
        .bind(i64::from(limit))
        .fetch_all(&mut *self.read().await?)
        .await?;
        rows.iter().map(read_version).collect()
    }

    /// One version with its texts.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn flow_version(
        &self,
        flow: &str,
        number: u32,
    ) -> Result<Option<(FlowVersion, FlowTexts)>, StoreError> {
        let row = sqlx::query("SELECT * FROM flow_versions WHERE flow = $1 AND number = $2")
            .bind(flow)
            .bind(i64::from(number))
            .fetch_optional(&mut *self.read().await?)
            .await?;
        let Some(row) = row else { return Ok(None) };
        Ok(Some((read_version(&row)?, read_texts(&row)?)))
    }

    /// Moves an alias: the version if it is new, the alias and the row of the audit, all or nothing.
    ///
    /// # Errors
    /// When the database fails; nothing is moved then, unless the commit itself was what failed: look again.
    pub async fn move_flow_alias(&self, wanted: &FlowMove) -> Result<FlowMoved, StoreError> {
        let mut tx = self.write().await?;
        let before = alias(&mut tx, &wanted.flow, &wanted.alias).await?;
        if !fits(wanted.expects, before.as_ref()) {
            return Ok(FlowMoved::Stale(before));
        }
        let number = match &wanted.to {
            FlowTarget::New(new) => {
                let live = alias(&mut tx, &wanted.flow, LIVE).await?;
                insert(&mut tx, wanted, new, live.map(|live| live.version)).await?
            }
            FlowTarget::Version(number) => *number,
        };
        if !exists(&mut tx, &wanted.flow, number).await? {
            return Ok(FlowMoved::NoVersion);
        }
        if let Some(revision) = wanted.draft
            && !flow_drafts::use_up(&mut tx, &wanted.flow, revision).await?
        {
            return Ok(FlowMoved::OtherDraft);
        }
        if let Some(planned_at) = wanted.plan
            && !flow_plans::carried_out(&mut tx, &wanted.flow, planned_at).await?
        {
            return Ok(FlowMoved::OtherPlan);
        }
        let after = pointed(wanted, before.as_ref(), number);
        put_alias(&mut tx, &after).await?;
        let mut row = wanted.audit.clone();
        row.object = format!("{} {}", row.object, told(before.as_ref(), &after));
        audit::append(&mut tx, &[row]).await?;
        tx.commit().await?;
        Ok(FlowMoved::Yes(before, after))
    }

    /// How the calls of these versions ended that began since; by hash.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn flow_calls(
        &self,
        flow: &str,
        hashes: &[&str],
        since: Timestamp,
    ) -> Result<HashMap<String, FlowCalls>, StoreError> {
        let mut conn = self.read().await?;
        let mut all = HashMap::new();
        for hash in hashes {
            let row = sqlx::query(
                "SELECT COUNT(*) AS calls, \
                 COALESCE(SUM(CASE WHEN outcome = 'failed' OR told THEN 1 ELSE 0 END), 0) AS errors, \
                 COALESCE(SUM(CASE WHEN outcome = 'self_served' AND end_cause = 'customer' THEN 1 ELSE 0 END), 0) \
                 AS dropped FROM (SELECT i.outcome, i.end_cause, EXISTS (SELECT 1 FROM events e \
                 WHERE e.interaction_id = i.id AND e.kind = 'supervisor_told') AS told FROM interactions i \
                 WHERE i.flow = $1 AND i.flow_version = $2 AND i.started_at >= $3 AND i.ended_at IS NOT NULL \
                 ORDER BY i.started_at DESC LIMIT $4) AS looked_at",
            )
            .bind(flow)
            .bind(*hash)
            .bind(since.millis())
            .bind(LOOKED_AT)
            .fetch_one(&mut *conn)
            .await?;
            let calls = FlowCalls {
                calls: row.count("calls")?,
                errors: row.count("errors")?,
                dropped: row.count("dropped")?,
            };
            all.insert((*hash).to_owned(), calls);
        }
        Ok(all)
    }
}

fn fits(expects: FlowExpects, found: Option<&FlowAlias>) -> bool {
    match expects {
        FlowExpects::Anything => true,
        FlowExpects::Base(base) => {
            found.map(|alias| alias.version) == base
                && found.is_none_or(|alias| alias.canary.is_none())
        }
        FlowExpects::Canary(version) => found
            .and_then(|alias| alias.canary)
            .is_some_and(|canary| canary.version == version),
    }
}

/// The alias after the move. A canary beside nothing is a version for all calls.
fn pointed(wanted: &FlowMove, before: Option<&FlowAlias>, number: u32) -> FlowAlias {
    let (version, canary) = match (wanted.percent, before) {
        (Some(percent), Some(before)) => {
            let version = number;
            (before.version, Some(FlowCanary { version, percent }))
        }
        _ => (number, None),
    };
    FlowAlias {
        flow: wanted.flow.clone(),
        alias: wanted.alias.clone(),
        version,
        canary,
        moved_at: Utc(wanted.audit.at),
        moved_by: wanted.audit.actor.clone(),
    }
}

/// In the audit's words: `3 -> 4`, `3 -> 3 with 10 % at 4`.
fn told(before: Option<&FlowAlias>, after: &FlowAlias) -> String {
    let share = |alias: &FlowAlias| match alias.canary {
        Some(canary) => format!(" with {} % at {}", canary.percent, canary.version),
        None => String::new(),
    };
    let side = |alias: &FlowAlias| format!("{}{}", alias.version, share(alias));
    let from = before.map_or_else(|| "none".to_owned(), side);
    format!("{from} -> {}", side(after))
}

async fn alias(conn: &mut Conn, flow: &str, name: &str) -> Result<Option<FlowAlias>, StoreError> {
    let row = sqlx::query("SELECT * FROM flow_aliases WHERE flow = $1 AND alias = $2")
        .bind(flow)
        .bind(name)
        .fetch_optional(conn)
        .await?;
    row.as_ref().map(read_alias).transpose()
}

async fn exists(conn: &mut Conn, flow: &str, number: u32) -> Result<bool, StoreError> {
    let row = sqlx::query("SELECT 1 FROM flow_versions WHERE flow = $1 AND number = $2")
        .bind(flow)
        .bind(i64::from(number))
        .fetch_optional(conn)
        .await?;
    Ok(row.is_some())
}

async fn insert(
    conn: &mut Conn,
    wanted: &FlowMove,
    new: &NewFlowVersion,
    base: Option<u32>,
) -> Result<u32, StoreError> {
    let last: Option<i64> =
        sqlx::query_scalar("SELECT MAX(number) FROM flow_versions WHERE flow = $1")
            .bind(&wanted.flow)
            .fetch_one(&mut *conn)
            .await?;
    let number = last.unwrap_or(0).saturating_add(1);
    sqlx::query(
        "INSERT INTO flow_versions \
         (flow, number, hash, text, tests, author, made_at, comment, base, accepted, report) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
    )
    .bind(&wanted.flow)
    .bind(number)
    .bind(&new.hash)
    .bind(&new.texts.text)
    .bind(&new.texts.tests)
    .bind(&wanted.audit.actor)
    .bind(wanted.audit.at.millis())
    .bind(&new.comment)
    .bind(base.map(i64::from))
    .bind(&new.accepted)
    .bind(new.report.to_string())
    .execute(conn)
    .await?;
    u32::try_from(number).map_err(|_| unreadable("number"))
}

async fn put_alias(conn: &mut Conn, alias: &FlowAlias) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO flow_aliases (flow, alias, version, canary, percent, moved_at, moved_by) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (flow, alias) DO UPDATE SET \
         version = excluded.version, canary = excluded.canary, percent = excluded.percent, \
         moved_at = excluded.moved_at, moved_by = excluded.moved_by",
    )
    .bind(&alias.flow)
    .bind(&alias.alias)
    .bind(i64::from(alias.version))
    .bind(alias.canary.map(|canary| i64::from(canary.version)))
    .bind(alias.canary.map(|canary| i64::from(canary.percent)))
    .bind(alias.moved_at.0.millis())
    .bind(&alias.moved_by)
    .execute(conn)
    .await?;
    Ok(())
}

fn read_alias(row: &SqliteRow) -> Result<FlowAlias, StoreError> {
    let canary = number(row, "canary")?;
    let percent = number(row, "percent")?.and_then(|percent| u8::try_from(percent).ok());
    Ok(FlowAlias {
        flow: row.text("flow")?,
        alias: row.text("alias")?,
        version: row.count("version")?,
        canary: canary
            .zip(percent)
            .map(|(version, percent)| FlowCanary { version, percent }),
        moved_at: row.at("moved_at")?,
        moved_by: row.text("moved_by")?,
    })
}

fn read_version(row: &SqliteRow) -> Result<FlowVersion, StoreError> {
    Ok(FlowVersion {
        flow: row.text("flow")?,
        number: row.count("number")?,
        hash: row.text("hash")?,
        author: row.text("author")?,
        made_at: row.at("made_at")?,
        comment: row.text("comment")?,
        base: number(row, "base")?,
        accepted: row.opt_text("accepted")?,
        report: row.json("report")?,
    })
}

pub(super) fn read_texts(row: &SqliteRow) -> Result<FlowTexts, StoreError> {
    Ok(FlowTexts {
        text: row.text("text")?,
        tests: row.opt_text("tests")?,
    })
}

/// A version's number that may be missing.
pub(super) fn number(row: &SqliteRow, column: &str) -> Result<Option<u32>, StoreError> {
    let found = row.opt_int(column)?;
    found
        .map(|n| u32::try_from(n).map_err(|_| unreadable(column)))
        .transpose()
}

#[cfg(test)]
mod tests;
