//! What a caller needs of an agent, and how that is relaxed while the caller waits.
//!
//! **Owns**: [`LadderStep`], [`Wishes`], [`Ask`] and how queue, flow and ladder together become a list of asks. An
//! agent who meets any one of them may be offered the caller. PURE. **Must not know**: who meets them
//! (`distributor/select/eligible.rs`), clocks.

use crate::company::{Level, Queue, Skills};
use crate::id::{AgentId, QueueId};
use crate::overflow::Cause;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// The outermost tier: everybody of the queue.
pub const ANY_TIER: u8 = u8::MAX;

/// More asks than this one caller does not have; those that come after are left out.
const MOST_ASKS: usize = 64;

/// What changes for a caller who has waited so long. Steps add up.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LadderStep {
    /// From this wait on.
    pub after: Duration,
    /// Skills of which no more than this level is asked for from now on; 0 drops the skill.
    #[serde(default, skip_serializing_if = "Skills::is_empty")]
    pub skills: Skills,
    /// Agents up to this tier are asked from now on; none: as before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_tier: Option<u8>,
    /// Agents of these queues are asked too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub queues: Vec<QueueId>,
    /// Counts as waited besides: `V` is so much earlier.
    #[serde(default, skip_serializing_if = "Duration::is_zero")]
    pub head_start: Duration,
}

/// What a flow asks for one caller, beyond levels, head start and class.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wishes {
    /// One of these must be met besides; none: nothing besides.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub any_of: Vec<Skills>,
    /// In place of the queue's ladder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ladder: Option<Vec<LadderStep>>,
    /// Whom the caller spoke with last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_agent: Option<AgentId>,
    /// For so long the caller waits for that agent alone; none: as long as the queue says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<Duration>,
    /// Here the flow has an exit of its own, which comes before the queue's way.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub own_exits: Vec<Cause>,
    /// Queues that have sent this caller on since the flow asked: none of them a second time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub been: Vec<QueueId>,
}

impl Wishes {
    /// What goes along to another queue: no skills, no ladder, no agent, but the flow's exits.
    #[must_use]
    pub fn elsewhere(&self) -> Self {
        Self {
            own_exits: self.own_exits.clone(),
            been: self.been.clone(),
            ..Self::default()
        }
    }

    /// Nothing is asked for.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        *self == Self::default()
    }
}

/// One way to be fit for a caller: of this queue, up to this tier, with these levels.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Ask {
    /// Agents of this queue.
    pub queue: QueueId,
    /// Up to this tier; [`ANY_TIER`]: everybody.
    #[serde(default = "any_tier", skip_serializing_if = "is_any_tier")]
    pub max_tier: u8,
    /// Minimum levels.
    pub skills: Skills,
}

const fn any_tier() -> u8 {
    ANY_TIER
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde hands a reference
const fn is_any_tier(tier: &u8) -> bool {
    *tier == ANY_TIER
}

/// The rules that hold for one caller: the queue's and the flow's together.
#[derive(Clone, Copy, Debug)]
pub struct Rules<'a> {
    /// The caller's queue.
    pub id: QueueId,
    /// Its rules.
    pub queue: &'a Queue,
    /// Levels from the flow.
    pub asked: &'a Skills,
    /// What else the flow asks for.
    pub wishes: &'a Wishes,
}

impl Rules<'_> {
    /// The flow's ladder, else the queue's.
    #[must_use]
    pub fn ladder(&self) -> &[LadderStep] {
        self.wishes.ladder.as_ref().unwrap_or(&self.queue.ladder)
    }

    /// The agent whom the caller waits for at first, and how long; none: for anybody.
    #[must_use]
    pub fn hold(&self) -> Option<(AgentId, Duration)> {
        let hold = self.wishes.hold.or(self.queue.last_agent)?;
        let agent = self.wishes.last_agent?;
        (!hold.is_zero()).then_some((agent, hold))
    }

    /// How many steps of the ladder a caller has behind them who has waited so long.
    #[must_use]
    pub fn steps_after(&self, waited: Duration) -> usize {
        let due = |step: &&LadderStep| step.after <= waited;
        self.ladder().iter().take_while(due).count()
    }

    /// The asks after so many steps of the ladder, the caller's own queue first. Never empty.
    #[must_use]
    pub fn asks(&self, steps: usize) -> Vec<Ask> {
        let taken: Vec<&LadderStep> = self.ladder().iter().take(steps).collect();
        let max_tier = taken
            .iter()
            .filter_map(|step| step.max_tier)
            .fold(self.queue.max_tier.unwrap_or(ANY_TIER), u8::max);
        let mut ceilings = BTreeMap::new();
        for (skill, level) in taken.iter().flat_map(|step| &step.skills) {
            let held = ceilings.entry(skill).or_insert(*level);
            *held = (*held).min(*level);
        }
        let queues = std::iter::once(self.id).chain(taken.iter().flat_map(|s| s.queues.clone()));
        let alternatives = self.alternatives(&ceilings);
        let mut asks: Vec<Ask> = Vec::new();
        for queue in queues {
            for skills in &alternatives {
                let ask = Ask {
                    queue,
                    max_tier,
                    skills: skills.clone(),
                };
                if asks.len() < MOST_ASKS && !asks.contains(&ask) {
                    asks.push(ask);
                }
            }
        }
        asks
    }

    /// Every skill that queue or flow names, whatever the ladder has done to it since: what `most_skilled` counts.
    #[must_use]
    pub fn named(&self) -> Vec<String> {
        let choices = self.queue.any_of.iter().chain(&self.wishes.any_of);
        let all = [&self.queue.skills, self.asked]
            .into_iter()
            .chain(choices)
            .flat_map(|skills| skills.keys().cloned());
        let mut all: Vec<String> = all.collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// The levels of queue and flow, with each choice among their alternatives, under the ladder's ceilings.
    fn alternatives(&self, ceilings: &BTreeMap<&String, Level>) -> Vec<Skills> {
        let base = merged(&self.queue.skills, self.asked);
        let nothing = [Skills::new()];
        let choices = |list: &'_ [Skills]| -> Vec<Skills> {
            if list.is_empty() {
                nothing.to_vec()
            } else {
                list.to_vec()
            }
        };
        let (of_queue, of_flow) = (choices(&self.queue.any_of), choices(&self.wishes.any_of));
        let mut all: Vec<Skills> = Vec::new();
        for (one, other) in of_queue
            .iter()
            .flat_map(|one| of_flow.iter().map(move |other| (one, other)))
        {
            let mut skills = merged(&merged(&base, one), other);
            for (skill, ceiling) in ceilings {
                if let Some(level) = skills.get_mut(*skill) {
                    *level = (*level).min(*ceiling);
                }
                if *ceiling == 0 {
                    skills.remove(*skill);
                }
            }
            if !all.contains(&skills) {
                all.push(skills);
            }
        }
        all
    }
}

/// The higher level of both holds, skill by skill.
fn merged(one: &Skills, other: &Skills) -> Skills {
    let mut all = one.clone();
    for (skill, level) in other {
        let held = all.entry(skill.clone()).or_insert(*level);
        *held = (*held).max(*level);
    }
    all
}
