//! Registrations of phones, so that they survive a restart of ours.
//!
//! **Owns**: the table `registrations`. **Must not know**: what a contact means; the gateway does.

use super::Store;
use super::row::{RowExt as _, big};
use crate::error::StoreError;
use router::Timestamp;
use sqlx::{Sqlite, Transaction};

/// One binding of a phone, opaque to the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredRegistration {
    /// SIP user.
    pub extension: String,
    /// The Contact's URI as it was sent.
    pub contact: String,
    /// `+sip.instance` and `reg-id`, as the gateway writes them (RFC 5626).
    pub instance: Option<String>,
    /// Transport and address the registration came from, as the gateway writes them.
    pub source: String,
    /// Call-ID of the REGISTER.
    pub call_id: String,
    /// CSeq number of the REGISTER.
    pub cseq: u32,
    /// When it ends.
    pub expires_at: Timestamp,
}

impl Store {
    /// Every binding that has not ended by `now`; ended ones are forgotten.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn registrations(
        &self,
        now: Timestamp,
    ) -> Result<Vec<StoredRegistration>, StoreError> {
        let mut tx = self.write().await?;
        sqlx::query("DELETE FROM registrations WHERE expires_at <= $1")
            .bind(now.millis())
            .execute(&mut *tx)
            .await?;
        let rows = sqlx::query("SELECT * FROM registrations ORDER BY extension, contact, source")
            .fetch_all(&mut *tx)
            .await?;
        tx.commit().await?;
        rows.iter()
            .map(|row| {
                Ok(StoredRegistration {
                    extension: row.text("extension")?,
                    contact: row.text("contact")?,
                    instance: row.opt_text("instance")?,
                    source: row.text("source")?,
                    call_id: row.text("call_id")?,
                    cseq: row.count("cseq")?,
                    expires_at: row.at("expires_at")?.0,
                })
            })
            .collect()
    }

    /// Replaces all bindings of each of these phones at once; a phone with none is forgotten. `whole`: those of all
    /// other phones are forgotten as well.
    ///
    /// # Errors
    /// When the database fails; the old bindings stay then.
    pub async fn save_registrations(
        &self,
        phones: &[(String, Vec<StoredRegistration>)],
        whole: bool,
    ) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        if whole {
            sqlx::query("DELETE FROM registrations")
                .execute(&mut *tx)
                .await?;
        }
        for (extension, rows) in phones {
            sqlx::query("DELETE FROM registrations WHERE extension = $1")
                .bind(extension)
                .execute(&mut *tx)
                .await?;
            for row in rows {
                insert(row, &mut tx).await?;
            }
        }
        tx.commit().await?;
        Ok(())
    }
}

async fn insert(
    row: &StoredRegistration,
    tx: &mut Transaction<'_, Sqlite>,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO registrations \
         (extension, contact, instance, source, call_id, cseq, expires_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (extension, contact, source) DO NOTHING",
    )
    .bind(&row.extension)
    .bind(&row.contact)
    .bind(&row.instance)
    .bind(&row.source)
    .bind(&row.call_id)
    .bind(big(u64::from(row.cseq)))
    .bind(row.expires_at.millis())
    .execute(&mut **tx)
    .await?;
    Ok(())
}
