//! Bearer tokens, by their hash.
//!
//! **Owns**: the table `tokens`. **Must not know**: the tokens themselves, nor what a role may do.

use super::Store;
use super::row::RowExt as _;
use crate::error::StoreError;
use crate::utc::Utc;
use router::Timestamp;
use sqlx::sqlite::SqliteRow;

/// A token as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredToken {
    /// SHA-256 of the token.
    pub hash: [u8; 32],
    /// `admin`, `supervisor`, `agent` or `readonly`.
    pub role: String,
    /// The agent it speaks for.
    pub agent_login: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Store {
    /// Keeps a token. The same hash twice is the same token.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn create_token(&self, token: &StoredToken) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        sqlx::query(
            "INSERT INTO tokens (hash, role, agent_login, created_at) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (hash) DO NOTHING",
        )
        .bind(hex(&token.hash))
        .bind(&token.role)
        .bind(&token.agent_login)
        .bind(token.created_at.millis())
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(())
    }

    /// The token with this hash.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn token(&self, hash: &[u8; 32]) -> Result<Option<StoredToken>, StoreError> {
        let row = sqlx::query("SELECT * FROM tokens WHERE hash = $1")
            .bind(hex(hash))
            .fetch_optional(&mut *self.read().await?)
            .await?;
        row.as_ref().map(|row| read(row, *hash)).transpose()
    }

    /// Revokes a token; false when there was none.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn delete_token(&self, hash: &[u8; 32]) -> Result<bool, StoreError> {
        let mut tx = self.write().await?;
        let done = sqlx::query("DELETE FROM tokens WHERE hash = $1")
            .bind(hex(hash))
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(done.rows_affected() > 0)
    }
}

fn read(row: &SqliteRow, hash: [u8; 32]) -> Result<StoredToken, StoreError> {
    let Utc(created_at) = row.at("created_at")?;
    Ok(StoredToken {
        hash,
        role: row.text("role")?,
        agent_login: row.opt_text("agent_login")?,
        created_at,
    })
}

fn hex(hash: &[u8; 32]) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}
