//! Which `interaction.json` files are behind the rows.
//!
//! **Owns**: the table `documents_due`. **Must not know**: the files.

use super::many::{lists, push_in};
use super::row::RowExt as _;
use super::{Conn, Store};
use crate::error::StoreError;
use router::id::InteractionId;
use sqlx::{QueryBuilder, Sqlite};

/// Documents that are younger than this many ms may not be on the disk yet.
const DOUBTED_MS: i64 = 120_000;
/// As many lines are looked at for them at most: 100 calls a second for two minutes.
const DOUBTED_LINES: i64 = 200_000;

impl Store {
    /// Interactions whose `interaction.json` must be written, oldest first.
    pub(crate) async fn documents_due(
        &self,
        at_most: u32,
    ) -> Result<Vec<InteractionId>, StoreError> {
        let rows = sqlx::query(
            "SELECT interaction_id FROM documents_due ORDER BY interaction_id LIMIT $1",
        )
        .bind(i64::from(at_most))
        .fetch_all(&mut *self.read().await?)
        .await?;
        rows.iter().map(|row| row.id("interaction_id")).collect()
    }

    /// Notes that the documents of whatever happened last may not have survived a power cut: the system keeps what
    /// was written for up to half a minute before it goes to the disk.
    pub(crate) async fn doubt_documents(&self) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        sqlx::query(
            "INSERT INTO documents_due (interaction_id) SELECT DISTINCT i.id FROM \
             (SELECT interaction_id, at FROM events ORDER BY seq DESC LIMIT $1) e \
             JOIN interactions i ON i.id = e.interaction_id \
             WHERE i.ended_at IS NOT NULL AND e.at + $2 >= (SELECT at FROM events \
             WHERE interaction_id IS NOT NULL ORDER BY seq DESC LIMIT 1) \
             ON CONFLICT (interaction_id) DO NOTHING",
        )
        .bind(DOUBTED_LINES)
        .bind(DOUBTED_MS)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(())
    }

    /// These are up to their rows.
    pub(crate) async fn documents_written(
        &self,
        written: &[InteractionId],
    ) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        for some in lists(written) {
            let mut query =
                QueryBuilder::<Sqlite>::new("DELETE FROM documents_due WHERE interaction_id");
            push_in(&mut query, some);
            query.build().execute(&mut *tx).await?;
        }
        tx.commit().await?;
        Ok(())
    }
}

/// Notes that `interaction.json` is behind, where the interaction has ended (before that there is none).
pub(crate) async fn behind(conn: &mut Conn, ids: &[InteractionId]) -> Result<(), StoreError> {
    for some in lists(ids) {
        let mut query = QueryBuilder::<Sqlite>::new(
            "INSERT INTO documents_due (interaction_id) SELECT id FROM interactions WHERE id",
        );
        push_in(&mut query, some);
        query.push(" AND ended_at IS NOT NULL ON CONFLICT (interaction_id) DO NOTHING");
        query.build().execute(&mut *conn).await?;
    }
    Ok(())
}
