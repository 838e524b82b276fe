//! The demo's files: carried in the binary, copied out once, then the visitor's own.
//!
//! **Owns**: the copying, `--reset`, and the 30 customers.

use recordings::{NewCustomer, Store};
use rust_embed::RustEmbed;
use std::path::Path;

/// Fernhill Cycles: company, flows, prompts, customers.
#[derive(RustEmbed)]
#[folder = "ivr-flows/examples/fernhill/"]
struct Fernhill;

/// Marks a folder as ours, so that `--reset` never deletes anything else.
const MARK: &str = ".cordboard-demo";

/// Deletes what earlier runs left. Refuses a folder that no demo made.
pub(super) fn reset(data: &Path) -> anyhow::Result<()> {
    if !data.exists() {
        return Ok(());
    }
    anyhow::ensure!(
        data.join(MARK).exists(),
        "{} was not made by the demo, so --reset leaves it alone; name another folder with --data",
        data.display()
    );
    std::fs::remove_dir_all(data).map_err(|error| anyhow::anyhow!("{}: {error}", data.display()))
}

/// Copies out every file that is not there yet.
pub(super) fn fill(data: &Path) -> anyhow::Result<()> {
    recordings::private_folder(data).map_err(|error| anyhow::anyhow!("{}: {error}", data.display()))?;
    std::fs::write(data.join(MARK), b"made by `cordboard demo`\n")?;
    for name in Fernhill::iter() {
        let path = data.join("fernhill").join(name.as_ref());
        if path.exists() {
            continue;
        }
        let Some(file) = Fernhill::get(&name) else { continue };
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        std::fs::write(&path, file.data)?;
    }
    Ok(())
}

/// Writes the demo's customers into an empty store.
pub(super) async fn seed_customers(data: &Path, store: &Store) -> anyhow::Result<()> {
    #[derive(serde::Deserialize)]
    struct File {
        customers: Vec<NewCustomer>,
    }
    let path = data.join("fernhill/customers.toml");
    let text = std::fs::read_to_string(&path).map_err(|error| anyhow::anyhow!("{}: {error}", path.display()))?;
    let file: File = toml::from_str(&text).map_err(|error| anyhow::anyhow!("{}: {error}", path.display()))?;
    store.seed_customers(&file.customers).await?;
    Ok(())
}
