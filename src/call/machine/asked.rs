//! What the flow asks of a queue, in the router's words.
//!
//! **Owns**: the translation of names. **Must not**: decide anything.

use crate::call::port::KnownQueue;
use ivr_flows::port::{QueueEnd, QueueStep, QueueWishes};
use router::company::Skills;
use router::id::AgentId;
use router::overflow::Cause;
use router::requirement::{LadderStep, Wishes};
use std::collections::BTreeMap;
use std::time::Duration;

/// One `queue` step.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) skills: Skills,
    pub(super) head_start: Duration,
    pub(super) class: Option<u8>,
    pub(super) wishes: Wishes,
}

/// A queue that the company has no more adds nobody.
pub(super) fn wishes(
    asked: QueueWishes,
    known: &BTreeMap<String, KnownQueue>,
    last_agent: Option<AgentId>,
) -> Wishes {
    let step = |step: QueueStep| LadderStep {
        after: step.after,
        skills: step.skills,
        max_tier: step.max_tier,
        queues: step
            .queues
            .iter()
            .filter_map(|name| Some(known.get(name)?.id))
            .collect(),
        head_start: step.head_start,
    };
    Wishes {
        any_of: asked.any_of,
        ladder: asked
            .ladder
            .map(|steps| steps.into_iter().map(step).collect()),
        last_agent,
        hold: asked.last_agent,
        own_exits: asked.own_exits.into_iter().filter_map(cause_of).collect(),
        been: Vec::new(),
    }
}

const fn cause_of(end: QueueEnd) -> Option<Cause> {
    match end {
        QueueEnd::TimedOut => Some(Cause::MaxWait),
        QueueEnd::Full => Some(Cause::Full),
        QueueEnd::NoAgents => Some(Cause::NoAgents),
        QueueEnd::Closed | QueueEnd::Failed => None,
    }
}
