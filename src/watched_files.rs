//! Saved files: flows, the company file.
//!
//! **Owns**: looking for changes, and putting a good new version in place of the last one. **Must not**: let a broken
//! file replace a working one.

use crate::app::ids_for;
use crate::company_changes;
use crate::company_view::CompanyView;
use crate::config::settings::Settings;
use crate::config::{Company, PasswordPolicy};
use crate::flows::FlowLibrary;
use recordings::Store;
use sip_gateway::leg::GatewayCommand;
use sip_gateway::net::Gateway;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// How often saved files are looked for.
const LOOK_FOR_CHANGES: Duration = Duration::from_secs(1);

/// Saved files: flows are read again (the next call takes them), the company is replaced whole. A broken file is
/// refused and the last good one stays.
#[derive(Debug)]
pub(crate) struct WatchedFiles {
    pub(crate) settings: Settings,
    pub(crate) passwords: PasswordPolicy,
    pub(crate) flows: Arc<FlowLibrary>,
    pub(crate) company: watch::Sender<Arc<CompanyView>>,
    pub(crate) store: Store,
    pub(crate) gateway: Gateway,
}

impl WatchedFiles {
    /// Runs until the process ends.
    pub(crate) async fn run(self) {
        let mut seen = self.stamp();
        loop {
            self.flows.refresh();
            tokio::time::sleep(LOOK_FOR_CHANGES).await;
            let now = self.stamp();
            if now == seen || now.is_none() {
                continue;
            }
            seen = now;
            match crate::config::load_company(&self.settings, self.passwords) {
                Err(findings) => {
                    let source = |file: &str| std::fs::read_to_string(file).ok();
                    let text = crate::config::finding::to_text(&findings, &source);
                    tracing::error!(
                        "the company file is refused, the last good one stays:\n{text}"
                    );
                }
                Ok((company, _)) => match self.replace(company).await {
                    Ok(changes) => {
                        tracing::info!(changes = changes.len(), "the company file was read again");
                        for line in changes {
                            tracing::info!("company file: {line}");
                        }
                    }
                    Err(error) => {
                        tracing::error!(%error, "the company file could not be taken over")
                    }
                },
            }
        }
    }

    /// None for a file that is not there or empty: somebody is saving it. An empty company is good TOML, and would
    /// send every agent home.
    fn stamp(&self) -> Option<(std::time::SystemTime, u64)> {
        let meta = std::fs::metadata(&self.settings.node.company).ok()?;
        (meta.len() > 0).then_some(())?;
        Some((meta.modified().ok()?, meta.len()))
    }

    async fn replace(&self, mut new: Company) -> anyhow::Result<Vec<String>> {
        let old = self.company.borrow().clone();
        // The demo's made-up passwords are not in the file; an agent who is new gets one, of which nobody is told
        // before the next start.
        new.fill_passwords(|login| {
            let known = old.company.agents.iter().find(|agent| agent.login == login);
            known
                .and_then(|agent| agent.password.as_ref())
                .map(|word| word.reveal().clone())
                .unwrap_or_default()
        });
        let changes = company_changes::lines(&old.company, &new);
        let ids = ids_for(&self.store, &new).await?;
        self.gateway
            .send(GatewayCommand::SetAccounts(new.accounts()))
            .await?;
        self.company
            .send_replace(Arc::new(old.with_company(new, ids)));
        Ok(changes)
    }
}
