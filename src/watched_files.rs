//! Saved files: flows, the company file.
//!
//! **Owns**: looking for changes, and putting a good new version in place of the last one. **Must not**: let a broken
//! file replace a working one.

use crate::cli::check::numbers_without_flow;
use crate::company_changes;
use crate::company_view::CompanyView;
use crate::config::finding::{ConfigFinding, to_text};
use crate::config::settings::Settings;
use crate::config::{Company, PasswordPolicy};
use crate::flows::FlowLibrary;
use crate::last_run::ids_for;
use crate::prompts::Prompts;
use crate::speech::{AheadText, Speech};
use ivr_flows::{Catalog, Flow};
use recordings::Store;
use sip_gateway::leg::GatewayCommand;
use sip_gateway::net::Gateway;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// How often saved files are looked for.
const LOOK_FOR_CHANGES: Duration = Duration::from_secs(1);

/// When a file was saved, and its bytes; none: it is not there.
type Stamp = Option<(std::time::SystemTime, u64)>;

fn stamp_of(file: &Path) -> Stamp {
    let meta = std::fs::metadata(file).ok()?;
    Some((meta.modified().ok()?, meta.len()))
}

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
    pub(crate) prompts: Arc<Prompts>,
    pub(crate) speech: Speech,
}

impl WatchedFiles {
    /// Runs until the process ends.
    pub(crate) async fn run(self) {
        let mut also = BTreeSet::new();
        let mut seen = self.stamp(&also);
        let mut versions = Vec::new();
        let mut refused = None;
        self.flows
            .set_names(self.names(&self.company.borrow().company));
        loop {
            self.flows.refresh();
            self.prepare(&mut versions).await;
            tokio::time::sleep(LOOK_FOR_CHANGES).await;
            let now = self.stamp(&also);
            // A company that was refused for what flows name is tried again: the flows may follow.
            if (now == seen && refused.is_none()) || now.is_none() {
                continue;
            }
            seen = now;
            match crate::config::load_company(&self.settings, self.passwords) {
                Err(findings) => {
                    also = findings
                        .iter()
                        .map(|found| PathBuf::from(&found.file))
                        .collect();
                    seen = self.stamp(&also);
                    let source = |file: &str| std::fs::read_to_string(file).ok();
                    let text = to_text(&findings, &source);
                    tracing::error!(
                        "the company file is refused, the last good one stays:\n{text}"
                    );
                }
                Ok((company, _)) if let Some(lost) = self.lost(&company) => {
                    if refused.replace(lost.clone()).as_ref() == Some(&lost) {
                        continue;
                    }
                    tracing::error!(
                        "the company file is refused, the last good one stays: it and the flows that calls run do not \
                         fit together, for something that one names is gone; put it back, or change the other too:\n{lost}"
                    );
                }
                Ok((company, _)) => match self.replace(company).await {
                    Ok(changes) => {
                        refused = None;
                        also.clear();
                        seen = self.stamp(&also);
                        self.flows
                            .set_names(self.names(&self.company.borrow().company));
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

    /// What flows may name with this company. Audio is not judged: a file that is missing costs a sentence, not a call.
    fn names(&self, company: &Company) -> Catalog {
        Catalog {
            queues: company
                .queues
                .iter()
                .map(|queue| queue.name.clone())
                .collect(),
            skills: company.skills.iter().cloned().collect(),
            prompt_files: None,
            secrets: Some(self.settings.secret_names()),
            speech: self.settings.speech.is_some(),
            voices: self.settings.takes_voices(),
            consent: company.needs_consent(self.settings.recording),
            staff: Some(company.staff()),
            callable: Some(company.callable()),
            calendars: Some(Arc::clone(&company.calendars)),
        }
    }

    /// What live flows would lose with this company, and its numbers with these flows; for people.
    fn lost(&self, company: &Company) -> Option<String> {
        let findings = self.flows.would_lose(&self.names(company));
        let mut findings: Vec<_> = findings.into_iter().map(ConfigFinding::from).collect();
        findings.extend(self.numbers_without_flow(company));
        let source = |file: &str| std::fs::read_to_string(file).ok();
        (!findings.is_empty()).then(|| to_text(&findings, &source))
    }

    /// Numbers of this company that would start nothing: now, or after the next start because a flow's file is gone.
    fn numbers_without_flow(&self, company: &Company) -> Vec<ConfigFinding> {
        let files = self.flows.names().into_iter();
        let mut names: BTreeSet<String> = files
            .filter(|name| self.flows.current(name).is_some())
            .collect();
        // What was missing before, and was said then, does not get worse.
        let known = self.company.borrow().clone();
        let flows = known.company.numbers.iter().map(|number| &number.flow);
        names.extend(
            flows
                .filter(|flow| self.flows.current(flow).is_none())
                .cloned(),
        );
        let file = self.settings.node.company.display().to_string();
        numbers_without_flow(company, &file, &names)
    }

    /// New versions: their prompts are read, their texts are rendered ahead.
    async fn prepare(&self, versions: &mut Vec<Arc<Flow>>) {
        let live = self.flows.live();
        let same = |(a, b): (&Arc<Flow>, &Arc<Flow>)| Arc::ptr_eq(a, b);
        if live.len() == versions.len() && live.iter().zip(versions.iter()).all(same) {
            return;
        }
        versions.clone_from(&live);
        let prompts = self.prompts.clone();
        let texts = tokio::task::spawn_blocking(move || {
            let mut texts = Vec::new();
            for flow in &live {
                prompts.keep(flow);
                let words = flow.fixed_words().into_iter();
                texts.extend(words.filter_map(|text| {
                    let file = text.file.as_deref();
                    let there = file.is_some_and(|file| prompts.clip(&text.language, file).is_ok());
                    (!there).then_some(AheadText {
                        language: text.language,
                        voice: text.voice,
                        words: text.words,
                    })
                }));
            }
            texts
        });
        if let Ok(texts) = texts.await {
            self.speech.ahead(texts);
        }
    }

    /// The company file and its files of holidays, with those that the last refusal was about. None for a company file
    /// that is not there or empty: somebody is saving it. An empty company is good TOML, and would send every agent home.
    fn stamp(&self, also: &BTreeSet<PathBuf>) -> Option<Vec<Stamp>> {
        let path = &self.settings.node.company;
        let company = stamp_of(path).filter(|(_, length)| *length > 0)?;
        let folder = path.parent().unwrap_or_else(|| Path::new(""));
        let known = self.company.borrow().clone();
        let named = known.company.holiday_files.iter();
        let mut files: BTreeSet<PathBuf> = named.map(|file| folder.join(file)).collect();
        files.extend(also.iter().cloned());
        let holidays = files.iter().map(|file| stamp_of(file));
        Some(std::iter::once(Some(company)).chain(holidays).collect())
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
