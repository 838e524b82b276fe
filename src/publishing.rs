//! Versions of flows: drafts, the gate, publishing, taking back, versions on trial. Database mode; in files mode it
//! checks texts and refuses the rest.
//!
//! **Owns**: [`Publisher`], the one way by which calls get another version: judged first, written down in one transaction
//! with its row in the audit, and only then shown to calls. One move at a time. **Must not know**: HTTP, rights.

mod begin;
mod plans;
mod refused;
#[cfg(test)]
mod tests;
mod trial;

pub use plans::MayPublish;
pub use refused::Refused;
pub use trial::Compared;

use crate::cli::flow_files;
use crate::clock::Clock;
use crate::company_view::CompanyView;
use crate::config::settings::{FlowMaster, Settings};
use crate::flows::gate::{Held, Judged, Report, judge, rehearsable};
use crate::flows::{FlowLibrary, LIVE, Pointed};
use ivr_flows::Flow;
use recordings::store::audit::AuditDraft;
use recordings::store::flow_drafts::{DraftSaved, FlowDraft, FlowDraftEdit};
use recordings::store::flows::{
    FlowAlias, FlowExpects, FlowMove, FlowMoved, FlowTarget, FlowTexts, NewFlowVersion,
};
use recordings::{Journal, Store, Utc};
use router::Event;
use router::event::FlowPointCause as Cause;
use std::sync::Arc;
use tokio::sync::{Mutex, watch};

/// Letters of a comment, and of a reason for warnings, at most.
pub const LONGEST_COMMENT: usize = 1_000;

/// Who moves an alias, for the record.
#[derive(Clone, Debug)]
pub struct By {
    /// Login, or a name for the token.
    pub actor: String,
    /// The role it is done with.
    pub role: String,
}

impl By {
    /// The process itself.
    fn ourselves() -> Self {
        Self {
            actor: "cordboard".to_owned(),
            role: "none".to_owned(),
        }
    }
}

/// What is to be published.
#[derive(Clone, Debug)]
pub struct Publish {
    /// The texts; none: those of the draft.
    pub texts: Option<FlowTexts>,
    /// The draft's revision that was looked at.
    pub revision: Option<u32>,
    /// The version that was changed; none: a new flow.
    pub base: Option<u32>,
    /// What the author says about it.
    pub comment: String,
    /// Why warnings are accepted.
    pub accepted: Option<String>,
    /// For this share of new calls alone, 1 to 99 percent.
    pub canary: Option<u8>,
}

/// A draft that is to be saved.
#[derive(Clone, Debug)]
pub struct SaveDraft {
    /// The texts.
    pub texts: FlowTexts,
    /// The version that it changes; none: a new flow.
    pub base: Option<u32>,
    /// The revision that was changed; none: there was no draft.
    pub revision: Option<u32>,
}

/// Where another alias than `live` is to point.
#[derive(Clone, Copy, Debug)]
pub enum PointTo {
    /// At a version.
    Version(u32),
    /// At a version made of the draft in this revision, which stays a draft.
    Draft(u32),
}

/// Publishes. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Publisher {
    store: Store,
    flows: Arc<FlowLibrary>,
    settings: Arc<Settings>,
    company: watch::Receiver<Arc<CompanyView>>,
    journal: Journal,
    clock: Clock,
    /// One move at a time, so that what calls take is what was written down last.
    moving: Arc<Mutex<()>>,
}

impl Publisher {
    /// Over these. In database mode nothing is there before [`Publisher::begin`].
    #[must_use]
    pub fn new(
        settings: &Settings,
        store: Store,
        company: watch::Receiver<Arc<CompanyView>>,
        journal: Journal,
        clock: Clock,
    ) -> Self {
        let flows = match settings.flows {
            FlowMaster::Files => FlowLibrary::new(&settings.node.flows),
            FlowMaster::Database => FlowLibrary::of_versions(),
        };
        Self {
            store,
            flows: Arc::new(flows),
            settings: Arc::new(settings.clone()),
            company,
            journal,
            clock,
            moving: Arc::default(),
        }
    }

    /// The flows as calls see them.
    #[must_use]
    pub fn flows(&self) -> &Arc<FlowLibrary> {
        &self.flows
    }

    /// Where flows are changed.
    #[must_use]
    pub fn master(&self) -> FlowMaster {
        self.settings.flows
    }

    /// Checks texts against the company as it is, audio included, and runs the tests.
    pub async fn check(&self, flow: &str, texts: &FlowTexts) -> Judged {
        let (own, flow, texts) = (self.clone(), flow.to_owned(), texts.clone());
        let judged = tokio::task::spawn_blocking(move || own.judge(&flow, &texts));
        judged.await.unwrap_or_else(|error| {
            tracing::error!(%error, "a flow could not be judged");
            Judged {
                flow: None,
                report: Report::default(),
                coverage: None,
            }
        })
    }

    /// The same on the thread that asks. Blocks: it reads the folder of prompts.
    #[must_use]
    pub fn judge(&self, flow: &str, texts: &FlowTexts) -> Judged {
        let company = self.company.borrow().clone();
        let catalog = flow_files::catalog(&company.company, &self.settings);
        judge(flow, texts, Some(&catalog), &self.flows.each_alone())
    }

    /// Whether words without a recording can be spoken.
    #[must_use]
    pub fn speaks(&self) -> bool {
        self.settings.speech.is_some()
    }

    /// A text as a flow that can be rehearsed among those that calls take now, whatever is recorded yet and whatever its
    /// name and its tests say. Blocks.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn rehearsable(&self, flow: &str, text: &str) -> Result<Arc<Flow>, Report> {
        rehearsable(flow, text, &self.flows.each_alone())
    }

    /// Saves what somebody types, whether it can run or not.
    ///
    /// # Errors
    /// Why not.
    pub async fn save_draft(
        &self,
        flow: &str,
        save: SaveDraft,
        by: &By,
    ) -> Result<FlowDraft, Refused> {
        self.only_here()?;
        named(flow)?;
        let live = self.alias(flow, LIVE).await?;
        let draft = self.store.flow_draft(flow).await?;
        // A draft may fall behind what is live while somebody types; a new one may not begin so.
        let goes_on = draft.is_some_and(|draft| draft.base == save.base);
        if !goes_on && live.as_ref().map(|live| live.version) != save.base {
            return Err(Refused::Stale(live));
        }
        let judged = self.check(flow, &save.texts).await;
        let edit = FlowDraftEdit {
            flow: flow.to_owned(),
            revision: save.revision,
            texts: save.texts,
            base: save.base,
            author: by.actor.clone(),
            at: self.clock.now(),
            report: judged.report.to_json(),
        };
        match self.store.save_flow_draft(&edit).await? {
            DraftSaved::Yes(draft) => Ok(draft),
            DraftSaved::Stale(draft) => Err(Refused::OtherDraft(draft.map(Box::new))),
        }
    }

    /// Throws a draft away. `revision` is the one that is meant: what somebody saved since stays.
    ///
    /// # Errors
    /// Why not; the draft is there then.
    pub async fn discard_draft(&self, flow: &str, revision: u32) -> Result<(), Refused> {
        self.only_here()?;
        if self.store.discard_flow_draft(flow, revision).await? {
            return Ok(());
        }
        let other = self.store.flow_draft(flow).await?;
        Err(other.map_or(Refused::NoDraft, |draft| {
            Refused::OtherDraft(Some(Box::new(draft)))
        }))
    }

    /// Publishes a draft or a text. The whole of it goes on when whoever asked goes away.
    ///
    /// # Errors
    /// Why not; nothing has changed then.
    pub async fn publish(
        &self,
        flow: &str,
        publish: Publish,
        by: &By,
    ) -> Result<FlowAlias, Refused> {
        let (own, flow, by) = (self.clone(), flow.to_owned(), by.clone());
        to_the_end(async move { own.publish_now(&flow, publish, &by).await }).await
    }

    async fn publish_now(
        &self,
        flow: &str,
        publish: Publish,
        by: &By,
    ) -> Result<FlowAlias, Refused> {
        let _one = self.moving.lock().await;
        let (wanted, judged) = self.prepared(flow, publish).await?;
        self.go((flow, LIVE), wanted, judged, by).await
    }

    /// Everything that must hold before a publish. Nothing is changed by it.
    async fn prepared(&self, flow: &str, publish: Publish) -> Result<(Wanted, Arc<Flow>), Refused> {
        self.only_here()?;
        named(flow)?;
        let live = self.alias(flow, LIVE).await?;
        if live.as_ref().map(|live| live.version) != publish.base {
            return Err(Refused::Stale(live));
        }
        if let Some(canary) = live.as_ref().and_then(|live| live.canary) {
            return Err(Refused::CanaryRuns(canary));
        }
        if publish.canary.is_some() && live.is_none() {
            return Err(Refused::NothingBeside);
        }
        let (texts, draft) = match publish.texts {
            Some(texts) => (texts, None),
            None => {
                let draft = self.draft(flow, publish.revision).await?;
                // It was typed on an older version: what came in between would be lost unseen.
                if draft.base != publish.base {
                    return Err(Refused::Stale(live));
                }
                (draft.texts, Some(draft.revision))
            }
        };
        let (judged, new) = self
            .version(flow, texts, publish.comment, publish.accepted)
            .await?;
        let wanted = Wanted {
            to: FlowTarget::New(Box::new(new)),
            percent: publish.canary,
            expects: FlowExpects::Base(publish.base),
            draft,
            plan: None,
            cause: match publish.canary {
                Some(_) => Cause::Canary,
                None => Cause::Published,
            },
        };
        Ok((wanted, judged))
    }

    /// The version that texts become, if they may.
    async fn version(
        &self,
        flow: &str,
        texts: FlowTexts,
        comment: String,
        accepted: Option<String>,
    ) -> Result<(Arc<Flow>, NewFlowVersion), Refused> {
        let judged = self.check(flow, &texts).await;
        let held = judged.held();
        match (held, judged.flow) {
            (Some(Held::Warnings), Some(_)) if accepted.is_none() => {
                Err(Refused::Warnings(Box::new(judged.report)))
            }
            (_, None) => Err(Refused::Broken(Box::new(judged.report))),
            (_, Some(ready)) => {
                let new = NewFlowVersion {
                    hash: ready.content_hash().to_owned(),
                    texts,
                    comment,
                    accepted: accepted.filter(|_| held.is_some()),
                    report: judged.report.to_json(),
                };
                Ok((ready, new))
            }
        }
    }

    /// Calls take an older version again: this one, else the one that was live when the present one was published. A
    /// version on trial is taken back first.
    ///
    /// # Errors
    /// Why not; nothing has changed then.
    pub async fn roll_back(
        &self,
        flow: &str,
        to: Option<u32>,
        by: &By,
    ) -> Result<FlowAlias, Refused> {
        let (own, flow, by) = (self.clone(), flow.to_owned(), by.clone());
        to_the_end(async move { own.roll_back_now(&flow, to, &by).await }).await
    }

    async fn roll_back_now(
        &self,
        flow: &str,
        to: Option<u32>,
        by: &By,
    ) -> Result<FlowAlias, Refused> {
        self.only_here()?;
        let _one = self.moving.lock().await;
        let live = self.alias(flow, LIVE).await?.ok_or(Refused::NoFlow)?;
        let number = match (to, live.canary) {
            (Some(number), _) => number,
            (None, Some(_)) => live.version,
            (None, None) => {
                let (present, _) = self.stored(flow, live.version).await?;
                present.base.ok_or(Refused::NothingBefore)?
            }
        };
        let expects = match live.canary {
            Some(canary) => FlowExpects::Canary(canary.version),
            None => FlowExpects::Base(Some(live.version)),
        };
        let wanted = Wanted {
            expects,
            ..Wanted::at(number, Cause::RolledBack)
        };
        let ready = self.ready(flow, number).await?;
        self.go((flow, LIVE), wanted, ready, by).await
    }

    /// The version on trial becomes the one for all calls.
    ///
    /// # Errors
    /// Why not; nothing has changed then.
    pub async fn promote(&self, flow: &str, by: &By) -> Result<FlowAlias, Refused> {
        let (own, flow, by) = (self.clone(), flow.to_owned(), by.clone());
        to_the_end(async move {
            own.only_here()?;
            let _one = own.moving.lock().await;
            let live = own.alias(&flow, LIVE).await?.ok_or(Refused::NoFlow)?;
            let canary = live.canary.ok_or(Refused::NoCanary)?;
            let wanted = Wanted {
                expects: FlowExpects::Canary(canary.version),
                ..Wanted::at(canary.version, Cause::Promoted)
            };
            let ready = own.ready(&flow, canary.version).await?;
            own.go((&flow, LIVE), wanted, ready, &by).await
        })
        .await
    }

    /// Another alias than `live`, such as `test`, points there from now on. Made when there is none.
    ///
    /// # Errors
    /// Why not; nothing has changed then.
    pub async fn point(
        &self,
        (flow, alias): (&str, &str),
        to: PointTo,
        by: &By,
    ) -> Result<FlowAlias, Refused> {
        let own = self.clone();
        let (flow, alias, by) = (flow.to_owned(), alias.to_owned(), by.clone());
        to_the_end(async move { own.point_now((&flow, &alias), to, &by).await }).await
    }

    async fn point_now(
        &self,
        (flow, alias): (&str, &str),
        to: PointTo,
        by: &By,
    ) -> Result<FlowAlias, Refused> {
        self.only_here()?;
        named(flow)?;
        named(alias)?;
        if alias == LIVE {
            return Err(Refused::LiveIsPublished);
        }
        let _one = self.moving.lock().await;
        let (wanted, ready) = match to {
            PointTo::Version(number) => {
                let ready = self.ready(flow, number).await?;
                (Wanted::at(number, Cause::Pointed), ready)
            }
            PointTo::Draft(revision) => {
                let draft = self.draft(flow, Some(revision)).await?;
                let comment = format!("draft {revision} for {flow}@{alias}");
                // Whoever calls a version for trying things out accepts its warnings.
                let accepted = Some("for trying it out".to_owned());
                let (ready, new) = self.version(flow, draft.texts, comment, accepted).await?;
                let wanted = Wanted {
                    to: FlowTarget::New(Box::new(new)),
                    ..Wanted::at(0, Cause::Pointed)
                };
                (wanted, ready)
            }
        };
        self.go((flow, alias), wanted, ready, by).await
    }

    /// Writes the move down and shows it to calls. `ready` is the version it goes to.
    async fn go(
        &self,
        (flow, alias): (&str, &str),
        wanted: Wanted,
        ready: Arc<Flow>,
        by: &By,
    ) -> Result<FlowAlias, Refused> {
        let now = self.clock.now();
        let cause = wanted.cause;
        let moving = FlowMove {
            flow: flow.to_owned(),
            alias: alias.to_owned(),
            to: wanted.to,
            percent: wanted.percent,
            expects: wanted.expects,
            draft: wanted.draft,
            plan: wanted.plan,
            audit: AuditDraft {
                at: now,
                actor: by.actor.clone(),
                role: by.role.clone(),
                action: format!("flow {}", cause.as_str()),
                object: format!("{flow}@{alias}"),
                status: 200,
            },
        };
        let after = match self.store.move_flow_alias(&moving).await {
            Ok(FlowMoved::Yes(_, after)) => after,
            Ok(FlowMoved::Stale(found)) => return Err(Refused::Stale(found)),
            Ok(FlowMoved::NoVersion) => return Err(Refused::NoVersion),
            Ok(FlowMoved::OtherPlan) => return Err(Refused::OtherPlan),
            Ok(FlowMoved::OtherDraft) => {
                let draft = self.store.flow_draft(flow).await?;
                return Err(Refused::OtherDraft(draft.map(Box::new)));
            }
            Err(error) => {
                // A commit that failed may have counted all the same: calls take what is written down.
                if let Err(error) = self.load().await {
                    tracing::error!(%error, "flows cannot be read; calls take those that they took before");
                }
                return Err(error.into());
            }
        };
        self.show(&after, ready.clone());
        let (version, hash) = (after.canary.map_or(after.version, |c| c.version), ready);
        let told = Event::FlowPointed {
            flow: flow.to_owned(),
            alias: alias.to_owned(),
            version,
            flow_version: hash.content_hash().to_owned(),
            canary: after.canary.map(|canary| (canary.version, canary.percent)),
            cause,
        };
        if let Err(error) = self.journal.append(now, told, None).await {
            tracing::error!(%error, "the log does not tell that a flow was published; the audit does");
        }
        tracing::info!(
            flow,
            alias,
            version,
            cause = cause.as_str(),
            by = by.role,
            "the next call takes it"
        );
        Ok(after)
    }

    /// The next call takes it. In a trial the version beside it stays.
    fn show(&self, after: &FlowAlias, ready: Arc<Flow>) {
        let beside = self.flows.pointed(&after.flow, &after.alias);
        let at = match (after.canary, beside) {
            (Some(canary), Some(beside)) => Pointed {
                main: beside.main,
                canary: Some((ready, canary.percent)),
            },
            _ => Pointed {
                main: ready,
                canary: None,
            },
        };
        self.flows.point(&after.flow, &after.alias, at);
    }

    /// A version that may reach callers today: what it names may be gone since it was published.
    async fn ready(&self, flow: &str, number: u32) -> Result<Arc<Flow>, Refused> {
        let (_, texts) = self.stored(flow, number).await?;
        let judged = self.check(flow, &texts).await;
        judged.flow.ok_or(Refused::Broken(Box::new(judged.report)))
    }

    async fn stored(
        &self,
        flow: &str,
        number: u32,
    ) -> Result<(recordings::store::flows::FlowVersion, FlowTexts), Refused> {
        let found = self.store.flow_version(flow, number).await?;
        found.ok_or(Refused::NoVersion)
    }

    async fn draft(&self, flow: &str, revision: Option<u32>) -> Result<FlowDraft, Refused> {
        let draft = self.store.flow_draft(flow).await?;
        let draft = draft.ok_or(Refused::NoDraft)?;
        if revision.is_some_and(|revision| revision != draft.revision) {
            return Err(Refused::OtherDraft(Some(Box::new(draft))));
        }
        Ok(draft)
    }

    /// Where an alias points, as it is written down.
    async fn alias(&self, flow: &str, alias: &str) -> Result<Option<FlowAlias>, Refused> {
        let all = self.store.flow_aliases().await?.into_iter();
        Ok(all
            .into_iter()
            .find(|found| found.flow == flow && found.alias == alias))
    }

    fn only_here(&self) -> Result<(), Refused> {
        match self.master() {
            FlowMaster::Database => Ok(()),
            FlowMaster::Files => Err(Refused::Files(self.settings.node.flows.clone())),
        }
    }
}

/// A move before it has a place and a time.
struct Wanted {
    to: FlowTarget,
    percent: Option<u8>,
    expects: FlowExpects,
    draft: Option<u32>,
    plan: Option<Utc>,
    cause: Cause,
}

impl Wanted {
    /// For all calls, at a version that is there.
    const fn at(number: u32, cause: Cause) -> Self {
        Self {
            to: FlowTarget::Version(number),
            percent: None,
            expects: FlowExpects::Anything,
            draft: None,
            plan: None,
            cause,
        }
    }
}

/// A request that is dropped halfway must not leave calls on another version than the one written down.
async fn to_the_end<T: Send + 'static>(
    work: impl Future<Output = Result<T, Refused>> + Send + 'static,
) -> Result<T, Refused> {
    let done = tokio::spawn(work).await;
    done.unwrap_or_else(|error| Err(Refused::Died(error.to_string())))
}

/// Names of flows and aliases: they stand in file names, numbers and paths.
fn named(name: &str) -> Result<(), Refused> {
    let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_');
    let fits = !name.is_empty() && name.len() <= 64 && name.chars().all(good);
    fits.then_some(()).ok_or(Refused::Name)
}
