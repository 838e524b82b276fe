//! What a caller did in the flow: the menu path, what the flow noted, and both in words.
//!
//! **Owns**: the tables `menu_choices`, `tags`.

use super::Conn;
use super::many::of_interactions;
use super::record::{EventRecord, MenuChoice};
use super::row::{RowExt as _, big};
use crate::error::StoreError;
use router::Timestamp;
use router::id::InteractionId;
use router::why::Why;
use serde_json::Value;
use std::collections::HashMap;

/// Of the few events that tell it; a line of a later version that cannot be read tells nothing.
pub(super) fn why(events: &[EventRecord]) -> Vec<String> {
    const TELLING: [&str; 4] = ["menu_chosen", "typed", "language_set", "tagged"];
    let mut why = Why::default();
    for line in events {
        let kind = line.event.get("kind").and_then(Value::as_str);
        if kind.is_some_and(|kind| TELLING.contains(&kind)) {
            let event = serde_json::from_value(Value::Object(line.event.clone()));
            if let Ok(event) = event {
                why.told(&event);
            }
        }
    }
    why.words()
}

pub(super) async fn menu_paths(
    conn: &mut Conn,
    ids: &[InteractionId],
) -> Result<HashMap<InteractionId, Vec<MenuChoice>>, StoreError> {
    let asked = ("SELECT * FROM menu_choices", "interaction_id", "seq");
    of_interactions(conn, asked, ids, |row| {
        Ok(MenuChoice {
            at: row.at("at")?,
            block: row.text("block")?,
            key: row.text("pressed")?,
            label: row.text("label")?,
        })
    })
    .await
}

pub(super) async fn tags(
    conn: &mut Conn,
    ids: &[InteractionId],
) -> Result<HashMap<InteractionId, Vec<(String, String)>>, StoreError> {
    let asked = ("SELECT * FROM tags", "interaction_id", "name");
    of_interactions(conn, asked, ids, |row| {
        Ok((row.text("name")?, row.text("value")?))
    })
    .await
}

pub(crate) async fn menu_chosen(
    conn: &mut Conn,
    seq: u64,
    id: InteractionId,
    at: Timestamp,
    choice: [&str; 3],
) -> Result<(), StoreError> {
    let [block, key, label] = choice;
    sqlx::query(
        "INSERT INTO menu_choices (seq, interaction_id, at, block, pressed, label) \
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (seq) DO NOTHING",
    )
    .bind(big(seq))
    .bind(id.to_string())
    .bind(at.millis())
    .bind(block)
    .bind(key)
    .bind(label)
    .execute(conn)
    .await?;
    Ok(())
}

pub(crate) async fn tagged(
    conn: &mut Conn,
    id: InteractionId,
    name: &str,
    value: &str,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO tags (interaction_id, name, value) VALUES ($1, $2, $3) \
         ON CONFLICT (interaction_id, name) DO UPDATE SET value = excluded.value",
    )
    .bind(id.to_string())
    .bind(name)
    .bind(value)
    .execute(conn)
    .await?;
    Ok(())
}
