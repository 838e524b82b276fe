//! What the last run left, as the first state of this one.
//!
//! **Owns**: ids of names, who was signed on, the Distributor with its agents, what the start found. **Must not know**:
//! tasks, channels.

use crate::clock::Clock;
use crate::company_view::CompanyView;
use crate::config::{Company, Ids};
use recordings::{Started, Store};
use router::id::AgentId;
use router::{AgentState, Distributor, Input, RoutingCompany};

/// What the start found: told loudly, each in one line.
pub(crate) fn tell_findings(started: &Started) {
    if started.report != recordings::sweep::SweepReport::default() {
        tracing::warn!("the start-up sweep closed or found: {:?}", started.report);
    }
    if started.damage != recordings::journal::Damage::default() {
        tracing::error!("the journal was damaged: {:?}", started.damage);
    }
}

/// Ids that never change for the names of the company file; new names get new ids.
pub(crate) async fn ids_for(store: &Store, company: &Company) -> anyhow::Result<Ids> {
    let mut ids = Ids::default();
    for agent in &company.agents {
        let fresh = AgentId::from_uuid(uuid::Uuid::now_v7());
        ids.agents.insert(
            agent.login.clone(),
            store.agent_id(&agent.login, fresh).await?,
        );
    }
    for queue in &company.queues {
        let fresh = router::id::QueueId::from_uuid(uuid::Uuid::now_v7());
        ids.queues.insert(
            queue.name.clone(),
            store.queue_id(&queue.name, fresh).await?,
        );
    }
    Ok(ids)
}

/// Whether an agent's phone was not signed off when the last run ended.
pub(crate) fn signed_on(started: &Started, company: &CompanyView, extension: &str) -> bool {
    let agent = company.agent_at(extension);
    let stored = started
        .agents
        .iter()
        .find(|stored| Some(stored.agent) == agent);
    let signed_off = Some(router::agent::Reason::SignedOff);
    stored.is_some_and(|stored| stored.state != AgentState::Offline && stored.reason != signed_off)
}

/// The Distributor with every agent where the last run left them (routing rules, "our restart").
pub(crate) fn restored(
    started: &Started,
    routing: &RoutingCompany,
    clock: Clock,
    registered: impl Fn(AgentId) -> bool,
) -> Distributor {
    let mut distributor = Distributor::new(routing.clone(), started.epoch);
    distributor.log_inputs(clock.now());
    // Ties of the idle clock go by the order of restoring.
    let mut agents: Vec<_> = started.agents.iter().collect();
    agents.sort_by_key(|agent| (agent.idle_since.0, agent.ready_seq));
    for agent in agents {
        let input = Input::RestoreAgent {
            agent: agent.agent,
            state: agent.state,
            reason: agent.reason.clone(),
            idle_since: agent.idle_since.0,
            interaction: agent.interaction,
            queue: agent.queue,
            registered: registered(agent.agent),
        };
        distributor.handle(input, clock.now());
    }
    for closure in &started.closures {
        distributor.handle(Input::RestoreClosure(closure.clone()), clock.now());
    }
    distributor
}
