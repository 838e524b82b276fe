//! Made-up secrets of the demo: no default passwords anywhere.
//!
//! **Owns**: one password for each agent and one supervisor token, drawn once and kept in the demo's folder, readable
//! by its owner alone, so that a registered phone still fits after a restart.

use crate::api::right::RoleName;
use crate::config::Company;
use recordings::Store;
use std::collections::BTreeMap;
use std::path::Path;

/// Gives every agent a password.
pub(super) fn fill(data: &Path, company: &mut Company) -> anyhow::Result<()> {
    let path = data.join("passwords.toml");
    let mut known = known(&path)?;
    company.fill_passwords(|login| known.entry(login.to_owned()).or_insert_with(draw).clone());
    write_private(&path, &toml::to_string(&known)?)
}

/// What an earlier start drew, by login.
pub(super) fn known(path: &Path) -> anyhow::Result<BTreeMap<String, String>> {
    match std::fs::read_to_string(path) {
        Ok(text) => {
            toml::from_str(&text).map_err(|error| anyhow::anyhow!("{}: {error}", path.display()))
        }
        Err(_) => Ok(BTreeMap::new()),
    }
}

/// The supervisor's token, kept beside the passwords.
pub(super) async fn supervisor_token(data: &Path, store: &Store) -> anyhow::Result<String> {
    let path = data.join("supervisor-token");
    if let Ok(token) = std::fs::read_to_string(&path) {
        return Ok(token.trim().to_owned());
    }
    let token = crate::api::token::create(store, RoleName::Supervisor, None).await?;
    write_private(&path, &token)?;
    Ok(token)
}

/// Ten characters that are easy to type on a phone and hard to guess (50 bits).
pub(super) fn draw() -> String {
    const LETTERS: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz23456789x";
    (0..10)
        .map(|_| char::from(LETTERS[usize::from(rand::random::<u8>() & 31)]))
        .collect()
}

pub(super) fn write_private(path: &Path, text: &str) -> anyhow::Result<()> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let mut file = std::fs::OpenOptions::new()
        .create(true)
        .truncate(true)
        .write(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(text.as_bytes())?;
    Ok(())
}
