//! What the oracle thinks a caller needs, and who is better by the queue's strategy.

use super::{Oracle, Waiting};
use crate::agent::AgentState;
use crate::company::{RoutingCompany, Skills, Strategy};
use crate::decision::StrategyKey;
use crate::id::{AgentId, QueueId};
use crate::requirement::LadderStep;
use crate::time::Timestamp;
use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::time::Duration;

/// Queue, outermost tier, levels.
type Way = (QueueId, u8, Skills);

impl Oracle {
    /// None: could take this caller if free. Otherwise the first thing that is in the way.
    pub(super) fn unfit(&self, agent: AgentId, waiting: &Waiting) -> Option<String> {
        let ways = self.ways(waiting);
        let fit = ways.iter().any(|way| self.lacks(agent, way).is_none());
        (!fit).then(|| self.lacks(agent, &ways[0]).unwrap())
    }

    fn lacks(&self, agent: AgentId, (queue, tiers, needs): &Way) -> Option<String> {
        let facts = &self.company.agents[&agent];
        let Some(tier) = facts.queues.get(queue) else {
            return Some("not_in_queue".into());
        };
        if tier > tiers {
            return Some("tier".into());
        }
        for (skill, level) in needs {
            if facts.skills.get(skill).unwrap_or(&0) < level {
                return Some(format!("skill:{skill}"));
            }
        }
        let used = needs.iter().filter(|(_, level)| **level > 0);
        let ends: Vec<_> = used
            .filter_map(|(skill, _)| facts.licences.get(skill))
            .collect();
        if ends.into_iter().any(|end| self.now >= *end) {
            return Some("licence".into());
        }
        None
    }

    pub(super) fn tier(&self, agent: AgentId, waiting: &Waiting) -> u8 {
        let ways = self.ways(waiting);
        let met = ways.iter().filter(|way| self.lacks(agent, way).is_none());
        met.map(|way| self.company.agents[&agent].queues[&way.0])
            .min()
            .unwrap()
    }

    /// The best place in the agent's own order of a queue by which the agent fits.
    pub(super) fn preference(&self, agent: AgentId, waiting: &Waiting) -> u8 {
        let order = &self.company.agents[&agent].prefers;
        let ways = self.ways(waiting);
        let met = ways.iter().filter(|way| self.lacks(agent, way).is_none());
        let place = |queue| order.iter().take_while(|known| **known != queue).count();
        met.map(|way| place(way.0)).min().unwrap() as u8
    }

    /// Whom a newcomer waits for alone, and until when.
    pub(super) fn hold(&self, waiting: &Waiting, now: Timestamp) -> Option<(AgentId, Timestamp)> {
        let rules = &self.company.queues[&waiting.queue];
        let hold = waiting.wishes.hold.or(rules.last_agent)?;
        let agent = waiting.wishes.last_agent?;
        let works = [
            AgentState::Available,
            AgentState::Offered,
            AgentState::OnCall,
            AgentState::WrapUp,
        ];
        let fit = self.company.agents.contains_key(&agent)
            && works.contains(&self.state(agent))
            && self.unfit(agent, waiting).is_none();
        fit.then(|| (agent, now + hold))
    }

    /// Every way to be fit for a caller now: queue, outermost tier, levels.
    pub(super) fn ways(&self, waiting: &Waiting) -> Vec<Way> {
        let rules = &self.company.queues[&waiting.queue];
        let taken = &ladder_of(&self.company, waiting)[..waiting.step];
        let mut tiers = rules.max_tier.unwrap_or(255);
        let mut queues = vec![waiting.queue];
        for step in taken {
            tiers = tiers.max(step.max_tier.unwrap_or(0));
            queues.extend(&step.queues);
        }
        let none = vec![Skills::new()];
        let or_none = |list: &Vec<Skills>| {
            if list.is_empty() {
                none.clone()
            } else {
                list.clone()
            }
        };
        let mut ways = Vec::new();
        for queue in queues {
            for one in or_none(&rules.any_of) {
                for other in or_none(&waiting.wishes.any_of) {
                    let parts = [&rules.skills, &waiting.asked, &one, &other];
                    let mut all: Vec<_> = parts.into_iter().flatten().collect();
                    all.sort();
                    let mut needs: Skills = all.into_iter().map(|(s, l)| (s.clone(), *l)).collect();
                    for (skill, most) in taken.iter().flat_map(|step| &step.skills) {
                        needs
                            .entry(skill.clone())
                            .and_modify(|level| *level = (*level).min(*most));
                        needs.retain(|name, _| *most > 0 || name != skill);
                    }
                    ways.push((queue, tiers, needs));
                }
            }
        }
        ways
    }

    /// Smaller is better.
    pub(super) fn strategy(
        &self,
        agent: AgentId,
        waiting: &Waiting,
    ) -> (i128, Option<StrategyKey>) {
        let rules = &self.company.queues[&waiting.queue];
        let (occupancy, calls) = self.loads.of(agent);
        let key = match rules.strategy {
            Strategy::LongestIdle => return (0, None),
            Strategy::RingAll => {
                let ringing = waiting.ringing.len() as u32;
                return (0, Some(StrategyKey::RingAll(ringing)));
            }
            Strategy::MostSkilled => {
                let mut named: BTreeSet<&String> = rules.skills.keys().collect();
                named.extend(waiting.asked.keys());
                named.extend(rules.any_of.iter().flat_map(|part| part.keys()));
                named.extend(waiting.wishes.any_of.iter().flat_map(|part| part.keys()));
                let held = &self.company.agents[&agent].skills;
                let sum = named.iter().map(|s| u32::from(*held.get(*s).unwrap_or(&0)));
                let sum: u32 = sum.sum();
                return (
                    -i128::from(sum),
                    Some(StrategyKey::MostSkilled(Reverse(sum))),
                );
            }
            Strategy::LeastOccupied => StrategyKey::LeastOccupied(occupancy),
            Strategy::FewestCalls => StrategyKey::FewestCalls(calls),
        };
        let rank = if rules.strategy == Strategy::FewestCalls {
            i128::from(calls)
        } else {
            i128::from(occupancy)
        };
        (rank, Some(key))
    }
}

pub(super) fn ladder_of<'a>(company: &'a RoutingCompany, waiting: &'a Waiting) -> &'a [LadderStep] {
    let own = company.queues.get(&waiting.queue);
    let own = own.map_or(&[][..], |queue| &queue.ladder);
    waiting.wishes.ladder.as_deref().unwrap_or(own)
}

pub(super) fn steps_due(ladder: &[LadderStep], waited: Duration) -> usize {
    ladder.iter().filter(|step| step.after <= waited).count()
}
