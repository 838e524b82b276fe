//! The demo's files: carried in the binary, copied out once, then the visitor's own.
//!
//! **Owns**: the copying, `--reset`, and the 30 customers.

use crate::app::Running;
use recordings::folder::private_folder;
use recordings::store::customers::{CustomerDetails, NewCustomer};
use router::id::CustomerId;
use router::{PhoneNumber, Private};
use rust_embed::RustEmbed;
use std::net::SocketAddr;
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
    private_folder(data).map_err(|error| anyhow::anyhow!("{}: {error}", data.display()))?;
    std::fs::write(data.join(MARK), b"made by `cordboard demo`\n")?;
    for name in Fernhill::iter() {
        let path = data.join("fernhill").join(name.as_ref());
        if path.exists() {
            continue;
        }
        let Some(file) = Fernhill::get(&name) else {
            continue;
        };
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        std::fs::write(&path, file.data)?;
    }
    Ok(())
}

/// The demo's settings as a file, so that `explain` and `token create` work beside it.
pub(super) fn write_settings(
    data: &Path,
    sip: SocketAddr,
    http: SocketAddr,
    tls: bool,
) -> std::io::Result<()> {
    let certificate = match tls {
        true => "tls = { cert = \"lan-cert.pem\", key = \"lan-key.pem\" }\n",
        false => "",
    };
    let media = sip.ip();
    let text = format!(
        "# Written by `cordboard demo` at each start.\n[node]\ndata = \".\"\ncountry = \"ES\"\n\
         company = \"./fernhill/company.toml\"\nflows = \"./fernhill/flows\"\nprompts = \"./fernhill/prompts\"\n\n\
         # The shop that the flow asks about orders stands on this machine.\n\
         [flows]\nmay_reach = [\"127.0.0.1\"]\n\n\
         [sip]\nlisten = [\"udp:{sip}\"]\n\n[media]\nlisten = \"{media}\"\n\n\
         [http]\nlisten = \"{http}\"\n{certificate}"
    );
    std::fs::write(data.join("cordboard.toml"), text)
}

/// One entry of `customers.toml`.
#[derive(serde::Deserialize)]
struct Entry {
    name: String,
    #[serde(default)]
    numbers: Vec<String>,
    #[serde(default)]
    notes: Option<String>,
    #[serde(default)]
    language: Option<String>,
    #[serde(default)]
    tier: Option<String>,
}

#[derive(serde::Deserialize)]
struct File {
    customers: Vec<Entry>,
}

/// Writes the demo's customers into the store; those who are there already stay as they are.
pub(super) async fn seed_customers(data: &Path, running: &Running) -> anyhow::Result<()> {
    let path = data.join("fernhill/customers.toml");
    let text = std::fs::read_to_string(&path)
        .map_err(|error| anyhow::anyhow!("{}: {error}", path.display()))?;
    let file: File =
        toml::from_str(&text).map_err(|error| anyhow::anyhow!("{}: {error}", path.display()))?;
    let customers: Vec<NewCustomer> = file
        .customers
        .into_iter()
        .map(|entry| NewCustomer {
            id: CustomerId::from_uuid(uuid::Uuid::now_v7()),
            details: CustomerDetails {
                name: Some(Private::new(entry.name)),
                notes: entry.notes.map(Private::new),
                language: entry.language,
                tier: entry.tier,
                numbers: entry
                    .numbers
                    .into_iter()
                    .map(PhoneNumber::from_normalised)
                    .collect(),
                ..CustomerDetails::default()
            },
        })
        .collect();
    running
        .store
        .seed_customers(&customers, running.clock.now())
        .await?;
    Ok(())
}
