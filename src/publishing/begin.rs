//! The start of database mode: the folder comes in once, then the versions are what calls take.
//!
//! **Owns**: import and loading. **Must not know**: who may publish.

use super::{By, Cause, Publisher, Wanted};
use crate::cli::check::numbers_without_flow;
use crate::cli::flow_files;
use crate::config::settings::FlowMaster;
use crate::flows::{Pointed, TESTS};
use anyhow::Context as _;
use recordings::StoreError;
use recordings::store::flow_drafts::FlowDraftEdit;
use recordings::store::flows::{FlowAlias, FlowExpects, FlowTarget, FlowTexts};
use std::collections::BTreeSet;
use std::path::Path;

impl Publisher {
    /// Before calls are taken. In database mode the folder's flows become version 1 each when the database has no flow
    /// yet; one that cannot run becomes a draft. After that the folder is not read.
    ///
    /// # Errors
    /// When the database fails, or the folder cannot be read at the first start.
    pub async fn begin(&self) -> anyhow::Result<()> {
        let known = self.store.flow_aliases().await?.len();
        if self.master() == FlowMaster::Files {
            if known > 0 {
                tracing::warn!(
                    flows = known,
                    "flows are edited in files: the versions in the database rest until `master = \"database\"`"
                );
            }
            return Ok(());
        }
        let folder = &self.settings.node.flows;
        if known == 0 && self.store.flows_with_draft().await?.is_empty() {
            self.import(folder).await?;
        } else {
            tracing::info!(
                folder = %folder.display(),
                "flows are edited by the API: the versions in the database count, the folder is not read"
            );
        }
        self.load().await?;
        let names: BTreeSet<String> = self.flows.names().into_iter().collect();
        let company = self.company.borrow().clone();
        let file = self.settings.node.company.display().to_string();
        let missing = numbers_without_flow(&company.company, &file, &names);
        anyhow::ensure!(
            missing.is_empty(),
            "{}\npublish it before a number names it; `[flows] master = \"files\"` takes the folder instead",
            crate::cli::check::text(&missing)
        );
        Ok(())
    }

    async fn import(&self, folder: &Path) -> anyhow::Result<()> {
        let files = match flow_files::find(folder) {
            Ok(files) => files,
            Err(problem) => anyhow::bail!(
                "the flows of {} come into the database at the first start, and cannot be read: {}; name the folder with \
                 `flows` under [node]",
                folder.display(),
                problem.why
            ),
        };
        let mut todo = Vec::new();
        for file in files {
            let Some(name) = flow_files::name_of(&file) else {
                continue;
            };
            let text = std::fs::read(&file).with_context(|| file.display().to_string())?;
            let tests = std::fs::read(folder.join(format!("{name}{TESTS}"))).ok();
            let texts = FlowTexts {
                text: String::from_utf8_lossy(&text).into_owned(),
                tests: tests.map(|text| String::from_utf8_lossy(&text).into_owned()),
            };
            todo.push((name.to_owned(), texts, file));
        }
        // A flow comes in after those that it calls. What is left when nothing more comes in cannot run.
        loop {
            let before = todo.len();
            let mut left = Vec::new();
            for (name, texts, file) in todo {
                let imported = self.import_one(&name, &texts, &file).await;
                if !imported.with_context(|| file.display().to_string())? {
                    left.push((name, texts, file));
                }
            }
            todo = left;
            if todo.len() == before || todo.is_empty() {
                break;
            }
        }
        for (name, texts, file) in todo {
            let drafted = self.import_as_draft(&name, texts).await;
            drafted.with_context(|| file.display().to_string())?;
        }
        Ok(())
    }

    /// Whether it can run, and is version 1 now.
    async fn import_one(&self, name: &str, texts: &FlowTexts, file: &Path) -> anyhow::Result<bool> {
        let accepted = Some("as it was in the folder".to_owned());
        let comment = format!("from {}", file.display());
        let version = self.version(name, texts.clone(), comment, accepted).await;
        match version {
            Ok((ready, new)) => {
                let wanted = Wanted {
                    to: FlowTarget::New(Box::new(new)),
                    expects: FlowExpects::Base(None),
                    ..Wanted::at(1, Cause::Imported)
                };
                let at = (name, crate::flows::LIVE);
                self.go(at, wanted, ready, &By::ourselves()).await?;
                Ok(true)
            }
            Err(super::Refused::Broken(_)) => Ok(false),
            Err(other) => Err(other.into()),
        }
    }

    async fn import_as_draft(&self, name: &str, texts: FlowTexts) -> anyhow::Result<()> {
        let report = self.check(name, &texts).await.report;
        tracing::error!(
            flow = name,
            "this flow cannot run, so it is a draft now: {}",
            report.summary()
        );
        let edit = FlowDraftEdit {
            flow: name.to_owned(),
            revision: None,
            texts,
            base: None,
            author: By::ourselves().actor,
            at: self.clock.now(),
            report: report.to_json(),
        };
        self.store.save_flow_draft(&edit).await?;
        Ok(())
    }

    /// Calls take what is written down.
    pub(super) async fn load(&self) -> Result<(), StoreError> {
        for alias in self.store.flow_aliases().await? {
            if let Some(at) = self.read(&alias).await? {
                self.flows.point(&alias.flow, &alias.alias, at);
            }
        }
        Ok(())
    }

    /// None, told loudly, when this program cannot read the version any more.
    async fn read(&self, alias: &FlowAlias) -> Result<Option<Pointed>, StoreError> {
        let mut flows = Vec::new();
        let canary = alias.canary.map(|canary| canary.version);
        for number in [Some(alias.version), canary].into_iter().flatten() {
            let Some((_, texts)) = self.store.flow_version(&alias.flow, number).await? else {
                continue;
            };
            let file = format!("{}@{number}", alias.flow);
            match ivr_flows::parse(&texts.text, &file) {
                Ok(flow) => flows.push(std::sync::Arc::new(flow)),
                Err(findings) => tracing::error!(
                    flow = alias.flow,
                    version = number,
                    "this version cannot be read: publish one that can\n{}",
                    ivr_flows::render_human(&findings, &texts.text)
                ),
            }
        }
        let mut flows = flows.into_iter();
        let Some(main) = flows.next() else {
            return Ok(None);
        };
        let percent = alias.canary.map(|canary| canary.percent);
        Ok(Some(Pointed {
            main,
            canary: flows.next().zip(percent),
        }))
    }
}
