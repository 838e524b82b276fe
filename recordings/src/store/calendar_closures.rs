//! Calendars that somebody closed by hand.
//!
//! **Owns**: the table `calendar_closures`. A row changes together with its row in the audit, in one transaction.
//! **Must not know**: what a calendar says, who may close it.

use super::Store;
use super::audit::{self, AuditDraft};
use super::row::RowExt as _;
use crate::error::StoreError;
use crate::utc::Utc;
use router::Timestamp;
use router::closure::ClosureMessage;

/// A closing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CalendarClosure {
    /// The calendar by name.
    pub calendar: String,
    /// When it was closed.
    pub since: Utc,
    /// It opens by itself then.
    pub until: Utc,
    /// What callers hear; none: nothing of its own.
    pub message: Option<ClosureMessage>,
    /// Why, in a few words.
    pub reason: String,
    /// Who closed it: login, or a name for the token.
    pub by: String,
}

impl Store {
    /// Closings that are in force at `now`, by calendar.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn calendar_closures(
        &self,
        now: Timestamp,
    ) -> Result<Vec<CalendarClosure>, StoreError> {
        let rows =
            sqlx::query("SELECT * FROM calendar_closures WHERE until_at > $1 ORDER BY calendar")
                .bind(now.millis())
                .fetch_all(&mut *self.read().await?)
                .await?;
        let each = rows.iter().map(|row| {
            let prompt = row.opt_text("prompt")?.map(ClosureMessage::Prompt);
            let words = row.opt_text("words")?.map(ClosureMessage::Words);
            Ok(CalendarClosure {
                calendar: row.text("calendar")?,
                since: row.at("since")?,
                until: row.at("until_at")?,
                message: prompt.or(words),
                reason: row.text("reason")?,
                by: row.text("closed_by")?,
            })
        });
        each.collect()
    }

    /// Closes a calendar; one that is closed is closed anew.
    ///
    /// # Errors
    /// When the database fails; nothing is changed then.
    pub async fn close_calendar(
        &self,
        closure: &CalendarClosure,
        row: AuditDraft,
    ) -> Result<(), StoreError> {
        let (prompt, words) = match &closure.message {
            Some(ClosureMessage::Prompt(file)) => (Some(file), None),
            Some(ClosureMessage::Words(words)) => (None, Some(words)),
            None => (None, None),
        };
        let mut tx = self.write().await?;
        sqlx::query(
            "INSERT INTO calendar_closures (calendar, since, until_at, prompt, words, reason, closed_by) \
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (calendar) DO UPDATE SET \
             since = excluded.since, until_at = excluded.until_at, prompt = excluded.prompt, words = excluded.words, \
             reason = excluded.reason, closed_by = excluded.closed_by",
        )
        .bind(&closure.calendar)
        .bind(closure.since.0.millis())
        .bind(closure.until.0.millis())
        .bind(prompt)
        .bind(words)
        .bind(&closure.reason)
        .bind(&closure.by)
        .execute(&mut *tx)
        .await?;
        audit::append(&mut tx, &[row]).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Opens a calendar, also one that was not closed.
    ///
    /// # Errors
    /// When the database fails; nothing is changed then.
    pub async fn open_calendar(&self, calendar: &str, row: AuditDraft) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        sqlx::query("DELETE FROM calendar_closures WHERE calendar = $1")
            .bind(calendar)
            .execute(&mut *tx)
            .await?;
        audit::append(&mut tx, &[row]).await?;
        tx.commit().await?;
        Ok(())
    }
}
