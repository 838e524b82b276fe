//! Follow-up tasks: what somebody still has to do for a customer.
//!
//! **Owns**: the table `tasks`. Written by whoever calls; the log says that a task changed, never what it says.
//! **Must not know**: who may see which task.

use super::page::{Page, Paging, page};
use super::row::{RowExt as _, unreadable};
use super::{Conn, Store};
use crate::error::StoreError;
use crate::utc::Utc;
use router::id::{AgentId, CustomerId, InteractionId, QueueId, TaskId};
use router::{Private, Timestamp};
use serde::Serialize;
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Sqlite};

const SELECT: &str = "SELECT t.*, a.login AS owner_login, q.name AS queue_name FROM tasks t \
     LEFT JOIN agents a ON a.id = t.agent_id LEFT JOIN queues q ON q.id = t.queue_id WHERE 1 = 1";

/// A task as the API shows it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TaskRecord {
    /// Id.
    pub id: TaskId,
    /// What is to be done, in one line.
    pub title: Private<String>,
    /// More about it.
    pub text: Option<Private<String>>,
    /// The agent whose task it is, by login.
    pub owner: Option<String>,
    /// The same by id.
    pub owner_id: Option<AgentId>,
    /// The queue whose agents may take it, by name.
    pub queue: Option<String>,
    /// The same by id.
    pub queue_id: Option<QueueId>,
    /// The interaction that it follows.
    pub interaction_id: Option<InteractionId>,
    /// The customer it is for.
    pub customer_id: Option<CustomerId>,
    /// When it should be done.
    pub due_at: Option<Utc>,
    /// Made.
    pub created_at: Utc,
    /// By whom: a login, or what else names them.
    pub created_by: String,
    /// Last changed.
    pub updated_at: Utc,
    /// Done; none while it is open.
    pub done_at: Option<Utc>,
}

/// What of a task people write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskDetails {
    /// What is to be done, in one line.
    pub title: Private<String>,
    /// More about it.
    pub text: Option<Private<String>>,
    /// Whose it is.
    pub owner: Option<AgentId>,
    /// Or whose agents' it is.
    pub queue: Option<QueueId>,
    /// The interaction that it follows.
    pub interaction: Option<InteractionId>,
    /// The customer it is for.
    pub customer: Option<CustomerId>,
    /// When it should be done.
    pub due_at: Option<Timestamp>,
    /// When it was done.
    pub done_at: Option<Timestamp>,
}

/// Which tasks a list shows; everything that is set must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TaskFilter {
    /// Of this agent, or of one of these queues.
    pub of: Option<(AgentId, Vec<QueueId>)>,
    /// Of this agent alone.
    pub owner: Option<AgentId>,
    /// Of this queue alone.
    pub queue: Option<QueueId>,
    /// That follow this interaction.
    pub interaction: Option<InteractionId>,
    /// For this customer.
    pub customer: Option<CustomerId>,
    /// Done, or open.
    pub done: Option<bool>,
    /// Open, and due before this moment.
    pub overdue_at: Option<Timestamp>,
}

impl Store {
    /// One task.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn task(&self, id: TaskId) -> Result<Option<TaskRecord>, StoreError> {
        one(&mut *self.read().await?, id).await
    }

    /// A page of tasks, newest first.
    ///
    /// # Errors
    /// When the database fails or the cursor is not ours.
    pub async fn tasks(
        &self,
        filter: &TaskFilter,
        paging: &Paging,
    ) -> Result<Page<TaskRecord>, StoreError> {
        let limit = paging.limit();
        let mut query = QueryBuilder::<Sqlite>::new(SELECT);
        narrow(&mut query, filter);
        if let Some((at, id)) = paging.after()? {
            query.push(" AND (t.created_at < ").push_bind(at);
            query.push(" OR (t.created_at = ").push_bind(at);
            query.push(" AND t.id < ").push_bind(id).push("))");
        }
        query.push(" ORDER BY t.created_at DESC, t.id DESC LIMIT ");
        query.push_bind(i64::from(limit) + 1);
        let rows = query.build().fetch_all(&mut *self.read().await?).await?;
        let items = rows.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        Ok(page(items, limit, |last| (last.created_at, last.id.uuid())))
    }

    /// Makes a task.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when the id is, or the database's.
    pub async fn create_task(
        &self,
        id: TaskId,
        details: &TaskDetails,
        author: &str,
        now: Timestamp,
    ) -> Result<TaskRecord, StoreError> {
        let mut tx = self.write().await?;
        let done = sqlx::query(
            "INSERT INTO tasks (id, title, created_at, created_by, updated_at) \
             VALUES ($1, '', $2, $3, $2) ON CONFLICT (id) DO NOTHING",
        )
        .bind(id.to_string())
        .bind(now.millis())
        .bind(author)
        .execute(&mut *tx)
        .await?;
        if done.rows_affected() == 0 {
            return Err(StoreError::Taken("the id"));
        }
        write(&mut tx, id, details, now).await?;
        let record = one(&mut tx, id).await?;
        tx.commit().await?;
        record.ok_or_else(|| unreadable("tasks.id"))
    }

    /// Writes a task anew; none when there is no such task.
    ///
    /// # Errors
    /// When the database fails; nothing has changed then.
    pub async fn change_task(
        &self,
        id: TaskId,
        details: &TaskDetails,
        now: Timestamp,
    ) -> Result<Option<TaskRecord>, StoreError> {
        let mut tx = self.write().await?;
        write(&mut tx, id, details, now).await?;
        let record = one(&mut tx, id).await?;
        tx.commit().await?;
        Ok(record)
    }
}

fn narrow(query: &mut QueryBuilder<Sqlite>, filter: &TaskFilter) {
    if let Some((agent, queues)) = &filter.of {
        query
            .push(" AND (t.agent_id = ")
            .push_bind(agent.to_string());
        for queue in queues {
            query.push(" OR t.queue_id = ").push_bind(queue.to_string());
        }
        query.push(")");
    }
    let equal = [
        (" AND t.agent_id = ", filter.owner.map(|id| id.to_string())),
        (" AND t.queue_id = ", filter.queue.map(|id| id.to_string())),
        (
            " AND t.interaction_id = ",
            filter.interaction.map(|id| id.to_string()),
        ),
        (
            " AND t.customer_id = ",
            filter.customer.map(|id| id.to_string()),
        ),
    ];
    for (condition, value) in equal {
        if let Some(value) = value {
            query.push(condition).push_bind(value);
        }
    }
    match filter.done {
        Some(true) => drop(query.push(" AND t.done_at IS NOT NULL")),
        Some(false) => drop(query.push(" AND t.done_at IS NULL")),
        None => {}
    }
    if let Some(now) = filter.overdue_at {
        query.push(" AND t.done_at IS NULL AND t.due_at < ");
        query.push_bind(now.millis());
    }
}

async fn write(
    conn: &mut Conn,
    id: TaskId,
    details: &TaskDetails,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE tasks SET title = $1, text = $2, agent_id = $3, queue_id = $4, interaction_id = $5, \
         customer_id = $6, due_at = $7, done_at = $8, updated_at = $9 WHERE id = $10",
    )
    .bind(details.title.reveal())
    .bind(details.text.as_ref().map(Private::reveal))
    .bind(details.owner.map(|id| id.to_string()))
    .bind(details.queue.map(|id| id.to_string()))
    .bind(details.interaction.map(|id| id.to_string()))
    .bind(details.customer.map(|id| id.to_string()))
    .bind(details.due_at.map(Timestamp::millis))
    .bind(details.done_at.map(Timestamp::millis))
    .bind(now.millis())
    .bind(id.to_string())
    .execute(conn)
    .await?;
    Ok(())
}

async fn one(conn: &mut Conn, id: TaskId) -> Result<Option<TaskRecord>, StoreError> {
    let mut query = QueryBuilder::<Sqlite>::new(SELECT);
    query.push(" AND t.id = ").push_bind(id.to_string());
    let row = query.build().fetch_optional(conn).await?;
    row.as_ref().map(read).transpose()
}

fn read(row: &SqliteRow) -> Result<TaskRecord, StoreError> {
    Ok(TaskRecord {
        id: row.id("id")?,
        title: Private::new(row.text("title")?),
        text: row.opt_private("text")?,
        owner: row.opt_text("owner_login")?,
        owner_id: row.opt_id("agent_id")?,
        queue: row.opt_text("queue_name")?,
        queue_id: row.opt_id("queue_id")?,
        interaction_id: row.opt_id("interaction_id")?,
        customer_id: row.opt_id("customer_id")?,
        due_at: row.opt_at("due_at")?,
        created_at: row.at("created_at")?,
        created_by: row.text("created_by")?,
        updated_at: row.at("updated_at")?,
        done_at: row.opt_at("done_at")?,
    })
}
