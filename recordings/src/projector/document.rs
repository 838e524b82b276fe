//! `interaction.json`: the whole record beside its recordings, readable without us.
//!
//! **Owns**: writing it, so that a reader sees the old file or the new one, never a part. **Must not know**: when.
//!
//! A file is not synced, which would cost the disk as much as the call's own line in the journal: all it says is in
//! the database. A power cut may leave the newest ones empty; the start writes those again
//! (`doubt_documents` in `store/documents.rs`).

use crate::error::StoreError;
use crate::folder::{DataFolder, private_folder};
use crate::store::Store;
use router::id::InteractionId;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

/// The file's name.
pub(crate) const NAME: &str = "interaction.json";
const TEMPORARY: &str = ".interaction.json.new";

/// Writes the documents of these interactions; those that do not exist have none.
pub(super) async fn write(
    store: &Store,
    folder: &DataFolder,
    ids: &[InteractionId],
) -> Result<(), StoreError> {
    let records = store.interactions_whole(ids).await?;
    let folder = folder.clone();
    // One change of threads for all of them.
    let written = tokio::task::spawn_blocking(move || {
        records.iter().try_for_each(|record| {
            let summary = &record.summary;
            let target = folder.interaction(summary.times.started_at.0, summary.id);
            let mut json = serde_json::to_vec_pretty(record)?;
            json.push(b'\n');
            replace(&target, &json)
        })
    })
    .await
    .unwrap_or_else(|_| Err(io::Error::other("the writing task ended")));
    written.map_err(StoreError::file("interaction.json could not be written"))
}

fn replace(folder: &Path, json: &[u8]) -> io::Result<()> {
    private_folder(folder)?;
    let temporary = folder.join(TEMPORARY);
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&temporary)?;
    file.write_all(json)?;
    fs::rename(&temporary, folder.join(NAME))
}
