//! Flows that are to be published at a time.
//!
//! **Owns**: the table `flow_plans`. A row changes together with its row in the audit, in one transaction; one that is carried out
//! goes in the transaction that moves the alias.
//! **Must not know**: what a flow says, when a plan is due.

use super::audit::{self, AuditDraft};
use super::flows::{FlowTexts, number, read_texts};
use super::row::RowExt as _;
use super::{Conn, Store};
use crate::error::StoreError;
use crate::utc::Utc;
use sqlx::sqlite::SqliteRow;

/// A plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlowPlan {
    /// The flow by name.
    pub flow: String,
    /// When it is to be published.
    pub at: Utc,
    /// What was agreed.
    pub texts: FlowTexts,
    /// The version that it takes the place of; none: a new flow.
    pub base: Option<u32>,
    /// What the author says about it.
    pub comment: String,
    /// Why warnings are accepted.
    pub accepted: Option<String>,
    /// For this share of new calls alone, in percent.
    pub percent: Option<u8>,
    /// Who planned it: login, or a name for the token.
    pub by: String,
    /// They are a user, whose role may change, and not a token.
    pub by_user: bool,
    /// The role it was planned with.
    pub role: String,
    /// When it was planned.
    pub planned_at: Utc,
    /// Why it did not happen; none: it is to come.
    pub refused: Option<String>,
}

impl Store {
    /// Every plan, the earliest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn flow_plans(&self) -> Result<Vec<FlowPlan>, StoreError> {
        let rows = sqlx::query("SELECT * FROM flow_plans ORDER BY at, flow")
            .fetch_all(&mut *self.read().await?)
            .await?;
        rows.iter().map(read).collect()
    }

    /// The plan of a flow.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn flow_plan(&self, flow: &str) -> Result<Option<FlowPlan>, StoreError> {
        let row = sqlx::query("SELECT * FROM flow_plans WHERE flow = $1")
            .bind(flow)
            .fetch_optional(&mut *self.read().await?)
            .await?;
        row.as_ref().map(read).transpose()
    }

    /// Plans; an older plan of the flow is gone.
    ///
    /// # Errors
    /// When the database fails; nothing is changed then.
    pub async fn plan_flow(&self, plan: &FlowPlan, row: AuditDraft) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        sqlx::query("DELETE FROM flow_plans WHERE flow = $1")
            .bind(&plan.flow)
            .execute(&mut *tx)
            .await?;
        sqlx::query(
            "INSERT INTO flow_plans (flow, at, text, tests, base, comment, accepted, percent, planned_by, by_user, role, \
             planned_at, refused) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        )
        .bind(&plan.flow)
        .bind(plan.at.0.millis())
        .bind(&plan.texts.text)
        .bind(&plan.texts.tests)
        .bind(plan.base)
        .bind(&plan.comment)
        .bind(&plan.accepted)
        .bind(plan.percent)
        .bind(&plan.by)
        .bind(i64::from(plan.by_user))
        .bind(&plan.role)
        .bind(plan.planned_at.0.millis())
        .bind(&plan.refused)
        .execute(&mut *tx)
        .await?;
        audit::append(&mut tx, &[row]).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Takes a plan away; whether there was one.
    ///
    /// # Errors
    /// When the database fails; nothing is changed then.
    pub async fn unplan_flow(&self, flow: &str, row: AuditDraft) -> Result<bool, StoreError> {
        let mut tx = self.write().await?;
        let done = sqlx::query("DELETE FROM flow_plans WHERE flow = $1")
            .bind(flow)
            .execute(&mut *tx)
            .await?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
        audit::append(&mut tx, &[row]).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Writes down why a plan did not happen, if it is still the one that was planned then.
    ///
    /// # Errors
    /// When the database fails; nothing is changed then.
    pub async fn refuse_flow_plan(
        &self,
        plan: &FlowPlan,
        why: &str,
        row: AuditDraft,
    ) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        let done = sqlx::query(
            "UPDATE flow_plans SET refused = $1 WHERE flow = $2 AND planned_at = $3 AND refused IS NULL",
        )
        .bind(why)
        .bind(&plan.flow)
        .bind(plan.planned_at.0.millis())
        .execute(&mut *tx)
        .await?;
        if done.rows_affected() > 0 {
            audit::append(&mut tx, &[row]).await?;
        }
        tx.commit().await?;
        Ok(())
    }
}

/// The plan that was made then is carried out. False: it was taken away or made anew since.
pub(super) async fn carried_out(
    conn: &mut Conn,
    flow: &str,
    planned_at: Utc,
) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "DELETE FROM flow_plans WHERE flow = $1 AND planned_at = $2 AND refused IS NULL",
    )
    .bind(flow)
    .bind(planned_at.0.millis())
    .execute(&mut *conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

fn read(row: &SqliteRow) -> Result<FlowPlan, StoreError> {
    let percent = number(row, "percent")?;
    Ok(FlowPlan {
        flow: row.text("flow")?,
        at: row.at("at")?,
        texts: read_texts(row)?,
        base: number(row, "base")?,
        comment: row.text("comment")?,
        accepted: row.opt_text("accepted")?,
        percent: percent.and_then(|percent| u8::try_from(percent).ok()),
        by: row.text("planned_by")?,
        by_user: row.opt_int("by_user")?.is_some_and(|by| by != 0),
        role: row.text("role")?,
        planned_at: row.at("planned_at")?,
        refused: row.opt_text("refused")?,
    })
}
