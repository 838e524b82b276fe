//! The order in which callers and agents find each other: I4 to I7, I12, I13 and the places that callers are told.
//!
//! **Owns**: these rules, by the log and the company file. **Must not**: ask the Distributor, or share code with it.

use super::{Oracle, Waiting, must};
use router::company::Strategy;
use router::decision::{Decision, DecisionKind};
use router::id::{AgentId, QueueEntryId, QueueId};
use router::{AgentState, Event, Timestamp};
use std::collections::BTreeMap;
use std::time::Duration;

/// After this long nobody is asked for before a caller because of the class (`docs/routing-rules.md`).
const PROMOTED: Duration = Duration::from_secs(15 * 60);
/// A requirement that nobody meets is told within this time.
const TOLD_WITHIN: Duration = Duration::from_secs(1);
/// A call may be late to report by this much.
const REPORT_GRACE: Duration = Duration::from_secs(2);
/// A place that changed is told within this time, and one step of the clock.
const PLACE_WITHIN: Duration = Duration::from_millis(501);

/// Since when a queue asks for what nobody who is logged in can do, and when the supervisor was told last.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Unmet {
    since: Option<Timestamp>,
    told: Option<Timestamp>,
}

impl Waiting {
    /// Class, `V`, order of arrival.
    fn rank(&self, now: Timestamp) -> (u8, Timestamp, u64) {
        let promoted = now.since(self.since) >= PROMOTED;
        let class = if promoted { 0 } else { self.class };
        (class, self.v, self.seq)
    }
}

impl Oracle {
    /// Could take this caller if free: the tier.
    fn fits(&self, agent: AgentId, caller: &Waiting) -> Option<u8> {
        self.tier(agent, caller.queue)
    }

    fn can(&self, agent: AgentId, queue: QueueId) -> bool {
        self.tier(agent, queue).is_some()
    }

    fn tier(&self, agent: AgentId, queue: QueueId) -> Option<u8> {
        let facts = self.company.agents.get(&agent)?;
        let tier = facts.queues.get(&queue)?;
        let wanted = &self.company.queues.get(&queue)?.skills;
        let able = |(skill, level): (&String, &u8)| facts.skills.get(skill).unwrap_or(&0) >= level;
        wanted.iter().all(able).then_some(*tier)
    }

    pub(super) fn rings_all(&self, caller: &Waiting) -> bool {
        let queue = self.company.queues.get(&caller.queue);
        queue.is_some_and(|queue| queue.strategy == Strategy::RingAll)
    }

    /// Rings nowhere, or rings at all who are free.
    fn looks(&self, caller: &Waiting) -> bool {
        caller.ringing.is_empty() || self.rings_all(caller)
    }

    fn free(&self, caller: &Waiting, now: Timestamp) -> Vec<AgentId> {
        let ringing = caller.ringing.keys();
        let innermost = ringing.filter_map(|agent| self.fits(*agent, caller)).min();
        let fit = |agent: &&AgentId| {
            let tier = self.fits(**agent, caller);
            self.state(**agent) == AgentState::Available
                && tier.is_some_and(|tier| innermost.is_none_or(|inner| tier <= inner))
        };
        let all: Vec<AgentId> = self.company.agents.keys().filter(fit).copied().collect();
        let barred = |agent: &AgentId| caller.refused.get(agent).is_some_and(|until| now < *until);
        let asked: Vec<AgentId> = all.iter().filter(|agent| !barred(agent)).copied().collect();
        // When nobody else is eligible or rings, the exclusion is lifted.
        let rings = caller.ringing.keys().any(|agent| !barred(agent));
        if asked.is_empty() && !rings {
            all
        } else {
            asked
        }
    }

    /// I5, I6: nobody better was passed over.
    pub(super) fn decided(&mut self, decision: &Decision, now: Timestamp) -> Result<(), String> {
        self.decisions += 1;
        let chosen = decision.chosen.agent;
        let caller = self
            .waiting
            .get(&decision.entry)
            .ok_or("a decision about nobody")?;
        must(decision.v == caller.v, || "I7: V has changed".to_owned())?;
        must(self.looks(caller), || {
            format!("I2: {} rings already", decision.entry)
        })?;
        must(self.free(caller, now).contains(&chosen), || {
            format!("{chosen} is chosen and not eligible")
        })?;
        if decision.kind == DecisionKind::Ready {
            let rank = |waiting: &Waiting| waiting.rank(now);
            let first = self
                .waiting
                .values()
                .filter(|waiting| self.looks(waiting))
                .filter(|waiting| self.free(waiting, now).contains(&chosen))
                .map(rank)
                .min();
            must(first == Some(rank(caller)), || {
                format!("I6: {} is passed over for {}", chosen, decision.entry)
            })?;
        } else {
            let rank = |agent: &AgentId| {
                let known = self.agents.get(agent)?;
                let tier = self.fits(*agent, caller)?;
                Some((tier, known.idle_since, known.ready_seq, *agent))
            };
            let first = self.free(caller, now).iter().filter_map(rank).min();
            must(first.map(|rank| rank.3) == Some(chosen), || {
                format!("I5: {first:?} is passed over for {chosen}")
            })?;
        }
        self.overtakes_rightly(decision, now)
    }

    /// I12: whoever is asked for before an earlier caller of the same class came within the head start that the company
    /// and the flow give, both as they were on arrival; and a quarter of an hour puts everybody into the first class.
    fn overtakes_rightly(&self, decision: &Decision, now: Timestamp) -> Result<(), String> {
        let caller = self
            .waiting
            .get(&decision.entry)
            .ok_or("a decision about nobody")?;
        let agent = decision.chosen.agent;
        for (id, earlier) in &self.waiting {
            let passed = *id != decision.entry
                && self.looks(earlier)
                && earlier.seq < caller.seq
                && caller.rank(now).0 >= earlier.rank(now).0
                && self.free(earlier, now).contains(&agent);
            let window = caller.head_start.saturating_sub(earlier.head_start);
            must(
                !passed || caller.since.since(earlier.since) <= window,
                || {
                    format!(
                        "I12: {} overtakes {id}, who came {:?} earlier; the head start is {window:?}",
                        decision.entry,
                        caller.since.since(earlier.since)
                    )
                },
            )?;
        }
        Ok(())
    }

    /// The Distributor has nothing more to do at this moment.
    pub(crate) fn at_rest(&mut self, now: Timestamp) -> Result<(), String> {
        for (id, caller) in self.waiting.iter().filter(|(_, c)| self.looks(c)) {
            let free = self.free(caller, now);
            must(free.is_empty(), || {
                format!("I4: {id} waits while {free:?} could take the call")
            })?;
        }
        self.nobody_is_forgotten(now)?;
        self.unmet_is_told(now)
    }

    /// Waiting and ringing have an end, whatever calls report.
    fn nobody_is_forgotten(&self, now: Timestamp) -> Result<(), String> {
        for (id, caller) in &self.waiting {
            let Some(queue) = self.company.queues.get(&caller.queue) else {
                continue;
            };
            must(now.since(caller.since) <= queue.max_wait, || {
                format!("{id} waits for longer than its queue allows")
            })?;
            let rings = caller.ringing.values().min();
            let limit = self.longest_ringing + REPORT_GRACE;
            must(rings.is_none_or(|since| now.since(*since) <= limit), || {
                format!("{id} rings for ever")
            })?;
        }
        Ok(())
    }

    /// I13.
    fn unmet_is_told(&mut self, now: Timestamp) -> Result<(), String> {
        let queues: Vec<QueueId> = self.company.queues.keys().copied().collect();
        for queue in queues {
            let waits = self.waiting.values().filter(|w| w.queue == queue);
            let first = waits.map(|waiting| waiting.since).min();
            let able = |agent: &&AgentId| self.can(**agent, queue);
            let able = self.company.agents.keys().filter(able);
            let states: Vec<AgentState> = able.map(|agent| self.state(*agent)).collect();
            // An agent in a call of their own may have been offline before, and counts as such.
            let perhaps = states.contains(&AgentState::OnCall);
            let met = states
                .iter()
                .any(|state| ![AgentState::OnCall, AgentState::Offline].contains(state));
            let unmet = self.unmet.entry(queue).or_default();
            if met {
                unmet.since = None;
                continue;
            }
            let since = *unmet.since.get_or_insert(now);
            let told = unmet.told.is_some_and(|told| told + TOLD_WITHIN >= since);
            let due = first.map(|first| first.max(since) + TOLD_WITHIN);
            must(perhaps || told || due.is_none_or(|due| now < due), || {
                format!("I13: nobody can serve {queue}, and nobody was told: {unmet:?}")
            })?;
        }
        Ok(())
    }

    /// What the supervisor is told.
    pub(super) fn told(&mut self, at: Timestamp, event: &Event) {
        if let Event::SupervisorTold {
            queue: Some(queue),
            what,
            ..
        } = event
            && what == "unmeetable_requirement"
        {
            self.unmet.entry(*queue).or_default().told = Some(at);
        }
    }

    /// Whoever has stood in the same place for a while was told that place.
    pub(crate) fn places(
        &mut self,
        told: &BTreeMap<QueueEntryId, usize>,
        now: Timestamp,
    ) -> Result<(), String> {
        let mut line: Vec<_> = self
            .waiting
            .iter()
            .map(|(id, waiting)| (waiting.queue, waiting.rank(now), *id))
            .collect();
        line.sort_unstable();
        let mut before = None;
        let mut place = 0;
        for (queue, _, id) in line {
            place = if before == Some(queue) { place + 1 } else { 1 };
            before = Some(queue);
            let Some(waiting) = self.waiting.get_mut(&id) else {
                continue;
            };
            if waiting.place.is_none_or(|(before, _)| before != place) {
                waiting.place = Some((place, now));
            }
            let stands = waiting
                .place
                .is_some_and(|(_, since)| now.since(since) > PLACE_WITHIN);
            must(!stands || told.get(&id) == Some(&place), || {
                format!("{id} is in place {place} and was told {:?}", told.get(&id))
            })?;
        }
        Ok(())
    }
}
