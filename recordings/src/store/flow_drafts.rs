//! Drafts of flows: what somebody types, whether it can run or not.
//!
//! **Owns**: the table `flow_drafts`, one row a flow. Whoever saves says which revision they changed, so that nobody's
//! text is lost unseen; a draft that was published or thrown away leaves its count behind, so that no revision is ever meant twice.
//! **Must not know**: what a flow says.

use super::flows::{FlowTexts, number, read_texts};
use super::row::RowExt as _;
use super::{Conn, Store};
use crate::error::StoreError;
use crate::utc::Utc;
use router::Timestamp;
use serde::Serialize;
use serde_json::Value;
use sqlx::sqlite::SqliteRow;

/// A draft.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FlowDraft {
    /// The flow by name.
    pub flow: String,
    /// Counts the times that it was saved, from 1.
    pub revision: u32,
    /// Its texts.
    #[serde(flatten)]
    pub texts: FlowTexts,
    /// The version that it changes; none: a new flow.
    pub base: Option<u32>,
    /// Who saved it last.
    pub author: String,
    /// When.
    pub saved_at: Utc,
    /// What check and tests said.
    pub report: Value,
}

/// A draft that is to be saved.
#[derive(Clone, Debug, PartialEq)]
pub struct FlowDraftEdit {
    /// The flow by name.
    pub flow: String,
    /// The revision that was changed; none: there was no draft.
    pub revision: Option<u32>,
    /// The texts.
    pub texts: FlowTexts,
    /// The version that it changes.
    pub base: Option<u32>,
    /// Who saves it.
    pub author: String,
    /// When.
    pub at: Timestamp,
    /// What check and tests said.
    pub report: Value,
}

/// What became of a save.
#[derive(Clone, Debug, PartialEq)]
pub enum DraftSaved {
    /// It is the draft.
    Yes(FlowDraft),
    /// Somebody else saved since, or took it away: this is the draft.
    Stale(Option<FlowDraft>),
}

impl Store {
    /// The draft of a flow.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn flow_draft(&self, flow: &str) -> Result<Option<FlowDraft>, StoreError> {
        draft(&mut *self.read().await?, flow).await
    }

    /// Flows that have a draft, in order.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn flows_with_draft(&self) -> Result<Vec<String>, StoreError> {
        Ok(
            sqlx::query_scalar("SELECT flow FROM flow_drafts WHERE text IS NOT NULL ORDER BY flow")
                .fetch_all(&mut *self.read().await?)
                .await?,
        )
    }

    /// Saves a draft, if it is of the revision that was changed.
    ///
    /// # Errors
    /// When the database fails; nothing is saved then.
    pub async fn save_flow_draft(&self, edit: &FlowDraftEdit) -> Result<DraftSaved, StoreError> {
        let mut tx = self.write().await?;
        let found = draft(&mut tx, &edit.flow).await?;
        if found.as_ref().map(|draft| draft.revision) != edit.revision {
            return Ok(DraftSaved::Stale(found));
        }
        let row = sqlx::query(
            "INSERT INTO flow_drafts (flow, revision, text, tests, base, author, saved_at, report) \
             VALUES ($1, 1, $2, $3, $4, $5, $6, $7) ON CONFLICT (flow) DO UPDATE SET \
             revision = flow_drafts.revision + 1, text = excluded.text, tests = excluded.tests, base = excluded.base, \
             author = excluded.author, saved_at = excluded.saved_at, report = excluded.report RETURNING *",
        )
        .bind(&edit.flow)
        .bind(&edit.texts.text)
        .bind(&edit.texts.tests)
        .bind(edit.base.map(i64::from))
        .bind(&edit.author)
        .bind(edit.at.millis())
        .bind(edit.report.to_string())
        .fetch_one(&mut *tx)
        .await?;
        let saved = read(&row)?;
        tx.commit().await?;
        Ok(DraftSaved::Yes(saved))
    }

    /// Throws a draft away, if it is in the revision that is meant. False otherwise.
    ///
    /// # Errors
    /// When the database fails; the draft is there then.
    pub async fn discard_flow_draft(&self, flow: &str, revision: u32) -> Result<bool, StoreError> {
        let mut tx = self.write().await?;
        let done = use_up(&mut tx, flow, revision).await?;
        tx.commit().await?;
        Ok(done)
    }
}

/// The draft is a version now, or nothing. False when it is no longer in this revision.
pub(super) async fn use_up(conn: &mut Conn, flow: &str, revision: u32) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "UPDATE flow_drafts SET revision = revision + 1, text = NULL, tests = NULL \
         WHERE flow = $1 AND revision = $2 AND text IS NOT NULL",
    )
    .bind(flow)
    .bind(i64::from(revision))
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

async fn draft(conn: &mut Conn, flow: &str) -> Result<Option<FlowDraft>, StoreError> {
    let row = sqlx::query("SELECT * FROM flow_drafts WHERE flow = $1 AND text IS NOT NULL")
        .bind(flow)
        .fetch_optional(conn)
        .await?;
    row.as_ref().map(read).transpose()
}

fn read(row: &SqliteRow) -> Result<FlowDraft, StoreError> {
    Ok(FlowDraft {
        flow: row.text("flow")?,
        revision: row.count("revision")?,
        texts: read_texts(row)?,
        base: number(row, "base")?,
        author: row.text("author")?,
        saved_at: row.at("saved_at")?,
        report: row.json("report")?,
    })
}
