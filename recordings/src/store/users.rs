//! People who sign in to the console.
//!
//! **Owns**: the tables `users` and `known_users`: which login an id of the log stands for. **Must not know**: passwords, only their hashes; what a role may do.

use super::Store;
use super::row::RowExt as _;
use crate::error::StoreError;
use crate::utc::Utc;
use router::id::UserId;
use router::{Private, Timestamp};
use sqlx::sqlite::SqliteRow;

/// A user as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredUser {
    /// Log-in name.
    pub login: String,
    /// As people see it.
    pub name: Private<String>,
    /// `admin`, `supervisor`, `agent` or `readonly`.
    pub role: String,
    /// The agent that an agent's user is.
    pub agent_login: Option<String>,
    /// The password's hash, a PHC string.
    pub password_hash: Private<String>,
    /// When the row was last written.
    pub changed_at: Timestamp,
}

impl Store {
    /// Keeps which login an id of the log stands for.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn name_user(&self, id: UserId, login: &str) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        sqlx::query(
            "INSERT INTO known_users (id, login) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING",
        )
        .bind(id.to_string())
        .bind(login)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Keeps a new user.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when the login is, else when the database fails.
    pub async fn create_user(&self, user: &StoredUser) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        let done = sqlx::query(
            "INSERT INTO users (login, name, role, agent_login, password_hash, changed_at) \
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (login) DO NOTHING",
        )
        .bind(&user.login)
        .bind(user.name.reveal())
        .bind(&user.role)
        .bind(&user.agent_login)
        .bind(user.password_hash.reveal())
        .bind(user.changed_at.millis())
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        if done.rows_affected() == 0 {
            return Err(StoreError::Taken("this login"));
        }
        Ok(())
    }

    /// Gives a user another password, which ends every session of theirs; false when there is no such user.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn set_password(
        &self,
        login: &str,
        password_hash: &Private<String>,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut tx = self.write().await?;
        let done =
            sqlx::query("UPDATE users SET password_hash = $1, changed_at = $2 WHERE login = $3")
                .bind(password_hash.reveal())
                .bind(at.millis())
                .bind(login)
                .execute(&mut *tx)
                .await?;
        sqlx::query("DELETE FROM sessions WHERE login = $1")
            .bind(login)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(done.rows_affected() > 0)
    }

    /// The user of this login.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn user(&self, login: &str) -> Result<Option<StoredUser>, StoreError> {
        let row = sqlx::query("SELECT * FROM users WHERE login = $1")
            .bind(login)
            .fetch_optional(&mut *self.read().await?)
            .await?;
        row.as_ref().map(read).transpose()
    }

    /// Every user, by login.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn users(&self) -> Result<Vec<StoredUser>, StoreError> {
        let rows = sqlx::query("SELECT * FROM users ORDER BY login")
            .fetch_all(&mut *self.read().await?)
            .await?;
        rows.iter().map(read).collect()
    }
}

fn read(row: &SqliteRow) -> Result<StoredUser, StoreError> {
    let Utc(changed_at) = row.at("changed_at")?;
    Ok(StoredUser {
        login: row.text("login")?,
        name: Private::new(row.text("name")?),
        role: row.text("role")?,
        agent_login: row.opt_text("agent_login")?,
        password_hash: Private::new(row.text("password_hash")?),
        changed_at,
    })
}
