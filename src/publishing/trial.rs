//! Versions on trial: how their calls end, and the way back when they end worse.
//!
//! **Owns**: the look at them. **Must not know**: the rule; `flows/canary.rs` has it.

use super::{By, Cause, Publisher, Refused, Wanted};
use crate::flows::LIVE;
use crate::flows::canary::{Verdict, Worse, verdict};
use recordings::store::flows::{FlowAlias, FlowCalls, FlowExpects};
use router::Event;
use std::time::Duration;

/// How often trials are looked at.
const LOOK: Duration = Duration::from_secs(5);

/// How the two versions of a trial do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compared {
    /// The version that stays.
    pub other: FlowCalls,
    /// The one on trial.
    pub trial: FlowCalls,
    /// What is said about it.
    pub verdict: Verdict,
}

impl Publisher {
    /// Looks at trials until the process ends.
    pub async fn watch_trials(self) {
        loop {
            tokio::time::sleep(LOOK).await;
            let trials = match self.store.flow_aliases().await {
                Ok(aliases) => aliases.into_iter().filter(|alias| alias.canary.is_some()),
                Err(error) => {
                    tracing::warn!(%error, "versions on trial cannot be looked at");
                    continue;
                }
            };
            for alias in trials {
                if let Err(error) = self.look(&alias).await {
                    tracing::warn!(%error, flow = alias.flow, "a version on trial cannot be looked at");
                }
            }
        }
    }

    /// Both versions of a trial since it began; none when there is no trial.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn compared(&self, alias: &FlowAlias) -> Result<Option<Compared>, Refused> {
        let Some(canary) = alias.canary else {
            return Ok(None);
        };
        let (other, _) = self.stored(&alias.flow, alias.version).await?;
        let (trial, _) = self.stored(&alias.flow, canary.version).await?;
        let hashes = [other.hash.as_str(), trial.hash.as_str()];
        let since = alias.moved_at.0;
        let mut calls = self.store.flow_calls(&alias.flow, &hashes, since).await?;
        let mut of = |hash: &str| calls.remove(hash).unwrap_or_default();
        let (other, trial) = (of(&other.hash), of(&trial.hash));
        Ok(Some(Compared {
            other,
            trial,
            verdict: verdict(other, trial),
        }))
    }

    pub(super) async fn look(&self, alias: &FlowAlias) -> Result<(), Refused> {
        let (Some(canary), Some(compared)) = (alias.canary, self.compared(alias).await?) else {
            return Ok(());
        };
        let Verdict::Return(worse) = compared.verdict else {
            return Ok(());
        };
        let _one = self.moving.lock().await;
        let wanted = Wanted {
            expects: FlowExpects::Canary(canary.version),
            ..Wanted::at(alias.version, Cause::Returned)
        };
        // It serves most of the calls already: whatever check says of it today, it is the better one.
        let Some(beside) = self.flows.pointed(&alias.flow, LIVE) else {
            return Ok(());
        };
        self.go((&alias.flow, LIVE), wanted, beside.main, &By::ourselves())
            .await?;
        let what = told(alias, canary.version, worse, &compared);
        tracing::error!(flow = alias.flow, "{what}");
        let event = Event::SupervisorTold {
            interaction: None,
            agent: None,
            queue: None,
            what,
        };
        if let Err(error) = self.journal.append(self.clock.now(), event, None).await {
            tracing::error!(%error, "the log does not tell that a trial ended; the audit does");
        }
        Ok(())
    }
}

fn told(alias: &FlowAlias, version: u32, worse: Worse, compared: &Compared) -> String {
    let (Compared { other, trial, .. }, flow) = (compared, &alias.flow);
    let (bad, trial_bad, what) = match worse {
        Worse::Errors => (other.errors, trial.errors, "met trouble in the flow"),
        Worse::Dropped => (other.dropped, trial.dropped, "hung up in the flow"),
    };
    format!(
        "flow {flow}: version {version} was on trial and is taken back: {trial_bad} of {} callers {what}, with version {} \
         {bad} of {}",
        trial.calls, alias.version, other.calls
    )
}
