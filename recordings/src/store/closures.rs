//! Queues that somebody closed for now.
//!
//! **Owns**: the table `queue_closures`. **Must not know**: what a closing does to callers.

use super::row::{RowExt as _, unreadable};
use super::{Conn, Store};
use crate::error::StoreError;
use crate::utc::Utc;
use router::closure::{ClosedBy, Closure, Opening, WhileClosed};
use router::id::{ClosureId, UserId};
use router::{Private, Timestamp};
use sqlx::sqlite::SqliteRow;

/// A queue was closed.
pub(crate) async fn closed(conn: &mut Conn, closure: &Closure) -> Result<(), StoreError> {
    let message = serde_json::to_string(&closure.message).map_err(|_| unreadable("message"))?;
    sqlx::query(
        "INSERT INTO queue_closures \
         (id, queue_id, closed_at, ends_at, waiting, message, reason, user_id) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (id) DO NOTHING",
    )
    .bind(closure.id.to_string())
    .bind(closure.queue.to_string())
    .bind(closure.since.millis())
    .bind(closure.until.map(Timestamp::millis))
    .bind(closure.waiting.as_str())
    .bind(message)
    .bind(&closure.reason)
    .bind(closure.by.user.map(|user| user.to_string()))
    .execute(conn)
    .await?;
    Ok(())
}

/// A closing is over; the first end counts.
pub(crate) async fn opened(
    conn: &mut Conn,
    closure: ClosureId,
    cause: Opening,
    by: Option<UserId>,
    at: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE queue_closures SET opened_at = $1, opened_by = $2, opened_cause = $3 \
         WHERE id = $4 AND opened_at IS NULL",
    )
    .bind(at.millis())
    .bind(by.map(|user| user.to_string()))
    .bind(cause.as_str())
    .bind(closure.to_string())
    .execute(conn)
    .await?;
    Ok(())
}

impl Store {
    /// The closings in force, with the names of those who closed: for the Distributor's restore.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn closures_in_force(&self) -> Result<Vec<Closure>, StoreError> {
        let rows = sqlx::query(
            "SELECT c.*, k.login AS by_name FROM queue_closures c \
             LEFT JOIN known_users k ON k.id = c.user_id \
             WHERE c.opened_at IS NULL ORDER BY c.closed_at, c.id",
        )
        .fetch_all(&mut *self.read().await?)
        .await?;
        rows.iter().map(read).collect()
    }
}

fn read(row: &SqliteRow) -> Result<Closure, StoreError> {
    let Utc(since) = row.at("closed_at")?;
    Ok(Closure {
        id: row.id("id")?,
        queue: row.id("queue_id")?,
        since,
        until: row.opt_at("ends_at")?.map(|Utc(until)| until),
        message: row.json("message")?,
        waiting: row.word("waiting", WhileClosed::from_name)?,
        reason: row.text("reason")?,
        by: ClosedBy {
            user: row.opt_id("user_id")?,
            name: Private::new(row.opt_text("by_name")?.unwrap_or_default()),
        },
    })
}
