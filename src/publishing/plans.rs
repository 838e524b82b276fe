//! Publishing at a time: the texts that were agreed are kept, and go the way of every publish when their time has come.
//!
//! **Owns**: what may be planned, the look at plans that are due, what is told of one that is refused then.
//! **Must not know**: HTTP, who may publish; whoever starts it says that.

use super::{By, Publish, Publisher, Refused};
use recordings::Utc;
use recordings::store::audit::AuditDraft;
use recordings::store::flow_plans::FlowPlan;
use recordings::store::flows::{FlowTarget, FlowTexts};
use router::{Event, Timestamp};
use std::time::Duration;

/// How often plans are looked at.
const LOOK: Duration = Duration::from_secs(1);
/// Furthest ahead.
const FURTHEST: Duration = Duration::from_secs(366 * 24 * 3600);

/// Whether whoever planned may publish, by the name of their role.
pub type MayPublish = fn(&str) -> bool;

impl Publisher {
    /// Plans a publish, which is judged now as it will be then. An older plan of the flow is gone.
    ///
    /// # Errors
    /// Why not; nothing has changed then.
    pub async fn plan(
        &self,
        flow: &str,
        publish: Publish,
        at: Timestamp,
        by: &By,
    ) -> Result<FlowPlan, Refused> {
        let now = self.clock.now();
        if at <= now || at.since(now) > FURTHEST {
            return Err(Refused::NoTime);
        }
        let _one = self.moving.lock().await;
        let (base, comment) = (publish.base, publish.comment.clone());
        let (accepted, percent) = (publish.accepted.clone(), publish.canary);
        let (wanted, _) = self.prepared(flow, publish).await?;
        let plan = FlowPlan {
            flow: flow.to_owned(),
            at: Utc(at),
            texts: agreed(wanted.to).ok_or(Refused::NoVersion)?,
            base,
            comment,
            accepted,
            percent,
            by_user: self.store.user(&by.actor).await?.is_some(),
            by: by.actor.clone(),
            role: by.role.clone(),
            planned_at: Utc(now),
            refused: None,
        };
        let row = self.row(by, "flow planned", format!("{flow}@live"));
        self.store.plan_flow(&plan, row).await?;
        Ok(plan)
    }

    /// Takes the plan of a flow away, also one that was refused.
    ///
    /// # Errors
    /// Why not; nothing has changed then.
    pub async fn unplan(&self, flow: &str, by: &By) -> Result<(), Refused> {
        let _one = self.moving.lock().await;
        let row = self.row(by, "flow plan taken away", format!("{flow}@live"));
        match self.store.unplan_flow(flow, row).await? {
            true => Ok(()),
            false => Err(Refused::NoPlan),
        }
    }

    /// Carries out what is due, until the process ends. What fell due while it was away happens at once.
    pub async fn watch_plans(self, may: MayPublish) {
        loop {
            if let Err(error) = self.due(self.clock.now(), may).await {
                tracing::warn!(%error, "plans of flows cannot be looked at");
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    pub(super) async fn due(&self, now: Timestamp, may: MayPublish) -> Result<(), Refused> {
        // In files mode they rest, as the versions do.
        if self.only_here().is_err() {
            return Ok(());
        }
        let plans = self.store.flow_plans().await?.into_iter();
        let due = plans.filter(|plan| plan.refused.is_none() && plan.at.0 <= now);
        for plan in due {
            let own = self.clone();
            super::to_the_end(async move { own.carry_out(&plan, may).await }).await?;
        }
        Ok(())
    }

    async fn carry_out(&self, plan: &FlowPlan, may: MayPublish) -> Result<(), Refused> {
        let by = By {
            actor: plan.by.clone(),
            role: plan.role.clone(),
        };
        match self.published_as_planned(plan, may, &by).await {
            Ok(()) | Err(Refused::OtherPlan) => Ok(()),
            // The database is away: it is tried again.
            Err(error @ (Refused::Store(_) | Refused::Died(_))) => Err(error),
            Err(refused) => self.tell(plan, &refused.to_string(), &by).await,
        }
    }

    async fn published_as_planned(
        &self,
        plan: &FlowPlan,
        may: MayPublish,
        by: &By,
    ) -> Result<(), Refused> {
        let _one = self.moving.lock().await;
        let role = match plan.by_user {
            true => self.store.user(&plan.by).await?.map(|user| user.role),
            false => Some(plan.role.clone()),
        };
        if !role.is_some_and(|role| may(&role)) {
            return Err(Refused::NoRight(plan.by.clone()));
        }
        let publish = Publish {
            texts: Some(plan.texts.clone()),
            revision: None,
            base: plan.base,
            comment: plan.comment.clone(),
            accepted: plan.accepted.clone(),
            canary: plan.percent,
        };
        let (mut wanted, judged) = self.prepared(&plan.flow, publish).await?;
        wanted.plan = Some(plan.planned_at);
        let draft = self.store.flow_draft(&plan.flow).await?;
        let used_up = draft.filter(|draft| draft.texts == plan.texts);
        wanted.draft = used_up.map(|draft| draft.revision);
        self.go((&plan.flow, super::LIVE), wanted, judged, by)
            .await?;
        Ok(())
    }

    /// Nothing has changed for callers; supervisors, the plan and the audit say why.
    async fn tell(&self, plan: &FlowPlan, why: &str, by: &By) -> Result<(), Refused> {
        let row = self.row(by, "flow plan refused", format!("{}@live", plan.flow));
        self.store.refuse_flow_plan(plan, why, row).await?;
        let what = format!(
            "flow {}: what {} planned was not published: {why}",
            plan.flow, plan.by
        );
        tracing::error!(flow = plan.flow, "{what}");
        let event = Event::SupervisorTold {
            interaction: None,
            agent: None,
            queue: None,
            what,
        };
        if let Err(error) = self.journal.append(self.clock.now(), event, None).await {
            tracing::error!(%error, "the log does not tell that a plan was refused; the audit does");
        }
        Ok(())
    }

    fn row(&self, by: &By, action: &str, object: String) -> AuditDraft {
        AuditDraft {
            at: self.clock.now(),
            actor: by.actor.clone(),
            role: by.role.clone(),
            action: action.to_owned(),
            object,
            status: 200,
        }
    }
}

/// The texts of what is to be published, which is always new.
fn agreed(target: FlowTarget) -> Option<FlowTexts> {
    match target {
        FlowTarget::New(new) => Some(new.texts),
        FlowTarget::Version(_) => None,
    }
}
