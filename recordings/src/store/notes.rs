//! Notes of an interaction: one text that several people write, with a version.
//!
//! **Owns**: `notes` and `notes_version` of `interactions`, the table `note_authors`. Whoever saves says which version
//! they changed, so that nobody's words are lost unseen. Written by whoever calls, not by the projector: the text is
//! personal data and is in no log. Only what is handed on with a caller comes beside its event. **Must not know**: who may write.

use super::many::of_interactions;
use super::record::NoteAuthor;
use super::row::{RowExt as _, big};
use super::{Conn, Store, documents};
use crate::error::StoreError;
use router::id::{AgentId, InteractionId};
use router::{Private, Timestamp};
use serde::Serialize;
use std::collections::HashMap;

/// Letters of an interaction's notes at most.
pub const LONGEST_NOTES: usize = 10_000;

/// Letters that can be handed on with a caller at most.
pub const LONGEST_HANDED: usize = 1_000;

/// How a supervisor who is no agent is named as an author.
const SUPERVISOR: &str = "supervisor";

/// The notes of one interaction.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Notes {
    /// The text; empty before anybody wrote.
    pub text: Private<String>,
    /// Counts from 1; 0 before anybody wrote.
    pub version: u64,
    /// Who wrote, the first one first.
    pub authors: Vec<NoteAuthor>,
}

/// Somebody who saves notes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteEdit {
    /// The whole text.
    pub text: Private<String>,
    /// The version that was changed.
    pub version: u64,
    /// Login, or what else names the author.
    pub author: String,
    /// The author's agent, if any.
    pub agent: Option<AgentId>,
}

/// What became of a save.
#[derive(Clone, Debug, PartialEq)]
pub enum Saved {
    /// It is the new text.
    Yes(Notes),
    /// Somebody else saved since: nothing has changed, and these are the notes.
    Stale(Notes),
    /// There is no such interaction.
    NoInteraction,
}

impl Store {
    /// The notes of an interaction; none when there is no such interaction.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn notes(&self, id: InteractionId) -> Result<Option<Notes>, StoreError> {
        notes(&mut *self.read().await?, id).await
    }

    /// Saves notes, if they are of the version that was changed.
    ///
    /// # Errors
    /// When the database fails; nothing is saved then.
    pub async fn save_notes(
        &self,
        id: InteractionId,
        edit: &NoteEdit,
        now: Timestamp,
    ) -> Result<Saved, StoreError> {
        let mut tx = self.write().await?;
        let done = sqlx::query(
            "UPDATE interactions SET notes = $1, notes_version = notes_version + 1 \
             WHERE id = $2 AND notes_version = $3",
        )
        .bind(edit.text.reveal())
        .bind(id.to_string())
        .bind(big(edit.version))
        .execute(&mut *tx)
        .await?;
        if done.rows_affected() == 0 {
            let found = notes(&mut tx, id).await?;
            return Ok(found.map_or(Saved::NoInteraction, Saved::Stale));
        }
        let version = edit.version.saturating_add(1);
        wrote(&mut tx, (id, version), &edit.author, edit.agent, now).await?;
        documents::behind(&mut tx, &[id]).await?;
        let saved = notes(&mut tx, id).await?;
        tx.commit().await?;
        Ok(saved.map_or(Saved::NoInteraction, Saved::Yes))
    }
}

async fn wrote(
    conn: &mut Conn,
    (id, version): (InteractionId, u64),
    author: &str,
    agent: Option<AgentId>,
    at: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO note_authors (interaction_id, author, agent_id, first_at, last_at, version) \
         VALUES ($1, $2, $3, $4, $4, $5) ON CONFLICT (interaction_id, author) DO UPDATE SET \
         agent_id = excluded.agent_id, last_at = excluded.last_at, version = excluded.version",
    )
    .bind(id.to_string())
    .bind(author)
    .bind(agent.map(|agent| agent.to_string()))
    .bind(at.millis())
    .bind(big(version))
    .execute(conn)
    .await?;
    Ok(())
}

/// What one agent wrote for the next stands behind what is there, with the name of whoever wrote it.
pub(crate) async fn handed_on(
    conn: &mut Conn,
    id: InteractionId,
    text: &Private<String>,
    by: Option<AgentId>,
    at: Timestamp,
) -> Result<(), StoreError> {
    let login: Option<String> = match by {
        None => None,
        Some(agent) => {
            sqlx::query_scalar("SELECT login FROM agents WHERE id = $1")
                .bind(agent.to_string())
                .fetch_optional(&mut *conn)
                .await?
        }
    };
    let author = login.unwrap_or_else(|| SUPERVISOR.to_owned());
    let version: Option<i64> = sqlx::query_scalar(
        "UPDATE interactions SET notes_version = notes_version + 1, notes = \
         CASE WHEN COALESCE(notes, '') = '' THEN $1 ELSE notes || $2 || $1 END \
         WHERE id = $3 RETURNING notes_version",
    )
    .bind(format!("{author}, handing over: {}", text.reveal()))
    .bind("\n\n")
    .bind(id.to_string())
    .fetch_optional(&mut *conn)
    .await?;
    match version.and_then(|version| u64::try_from(version).ok()) {
        Some(version) => wrote(conn, (id, version), &author, by, at).await,
        None => Ok(()),
    }
}

async fn notes(conn: &mut Conn, id: InteractionId) -> Result<Option<Notes>, StoreError> {
    let row = sqlx::query("SELECT notes, notes_version FROM interactions WHERE id = $1")
        .bind(id.to_string())
        .fetch_optional(&mut *conn)
        .await?;
    let Some(row) = row else { return Ok(None) };
    let mut authors = authors_of(conn, &[id]).await?;
    Ok(Some(Notes {
        text: row
            .opt_private("notes")?
            .unwrap_or_else(|| Private::new(String::new())),
        version: row.count("notes_version")?,
        authors: authors.remove(&id).unwrap_or_default(),
    }))
}

pub(super) async fn authors_of(
    conn: &mut Conn,
    ids: &[InteractionId],
) -> Result<HashMap<InteractionId, Vec<NoteAuthor>>, StoreError> {
    let asked = (
        "SELECT * FROM note_authors",
        "interaction_id",
        "first_at, author",
    );
    of_interactions(conn, asked, ids, |row| {
        Ok(NoteAuthor {
            author: row.text("author")?,
            agent_id: row.opt_id("agent_id")?,
            first_at: row.at("first_at")?,
            last_at: row.at("last_at")?,
            version: row.count("version")?,
        })
    })
    .await
}
