//! Names and ids in paths: either is taken.
//!
//! **Owns**: finding agents and queues by name or id. **Must not know**: HTTP.

use crate::company_view::CompanyView;
use router::id::{AgentId, QueueId};

/// The id of an agent by login or id.
pub(super) fn agent_id(company: &CompanyView, name: &str) -> Option<AgentId> {
    let by_login = company
        .routing
        .agents
        .iter()
        .find(|(_, agent)| agent.login == name);
    by_login.map(|(id, _)| *id).or_else(|| {
        let id: AgentId = name.parse().ok()?;
        company.routing.agents.contains_key(&id).then_some(id)
    })
}

/// The id of a queue by name or id.
pub(super) fn queue_id(company: &CompanyView, name: &str) -> Option<QueueId> {
    company.queues.get(name).map(|queue| queue.id).or_else(|| {
        let id: QueueId = name.parse().ok()?;
        company.routing.queues.contains_key(&id).then_some(id)
    })
}
