//! Who is signed in, by the hash of the session's id.
//!
//! **Owns**: the table `sessions`. **Must not know**: the ids themselves, how long a session lasts.

use super::Store;
use super::row::RowExt as _;
use crate::error::StoreError;
use crate::utc::Utc;
use router::{Private, Timestamp};

/// A session as it is kept. What the user was at sign-in is copied: a change of the user ends the session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredSession {
    /// SHA-256 of the session's id.
    pub hash: [u8; 32],
    /// Who signed in.
    pub login: String,
    /// As people see it.
    pub name: Private<String>,
    /// `admin`, `supervisor`, `agent`, `readonly` or `caller`.
    pub role: String,
    /// The agent that the user is.
    pub agent_login: Option<String>,
    /// When the sign-in was.
    pub created_at: Timestamp,
    /// When it was last used, to within a minute.
    pub last_used_at: Timestamp,
}

impl Store {
    /// Keeps a session.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn create_session(&self, session: &StoredSession) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        sqlx::query(
            "INSERT INTO sessions (hash, login, name, role, agent_login, created_at, last_used_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(hex(&session.hash))
        .bind(&session.login)
        .bind(session.name.reveal())
        .bind(&session.role)
        .bind(&session.agent_login)
        .bind(session.created_at.millis())
        .bind(session.last_used_at.millis())
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(())
    }

    /// The session with this hash.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn session(&self, hash: &[u8; 32]) -> Result<Option<StoredSession>, StoreError> {
        let row = sqlx::query("SELECT * FROM sessions WHERE hash = $1")
            .bind(hex(hash))
            .fetch_optional(&mut *self.read().await?)
            .await?;
        let Some(row) = row else { return Ok(None) };
        let (Utc(created_at), Utc(last_used_at)) = (row.at("created_at")?, row.at("last_used_at")?);
        Ok(Some(StoredSession {
            hash: *hash,
            login: row.text("login")?,
            name: Private::new(row.text("name")?),
            role: row.text("role")?,
            agent_login: row.opt_text("agent_login")?,
            created_at,
            last_used_at,
        }))
    }

    /// Says that a session was used.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn use_session(&self, hash: &[u8; 32], at: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        sqlx::query("UPDATE sessions SET last_used_at = $1 WHERE hash = $2")
            .bind(at.millis())
            .bind(hex(hash))
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Ends a session; false when there was none.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn delete_session(&self, hash: &[u8; 32]) -> Result<bool, StoreError> {
        let mut tx = self.write().await?;
        let done = sqlx::query("DELETE FROM sessions WHERE hash = $1")
            .bind(hex(hash))
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(done.rows_affected() > 0)
    }

    /// Forgets sessions that began before `created` or were not used since `used`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn delete_old_sessions(
        &self,
        created: Timestamp,
        used: Timestamp,
    ) -> Result<u64, StoreError> {
        let mut tx = self.write().await?;
        let done = sqlx::query("DELETE FROM sessions WHERE created_at < $1 OR last_used_at < $2")
            .bind(created.millis())
            .bind(used.millis())
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(done.rows_affected())
    }
}

fn hex(hash: &[u8; 32]) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}
