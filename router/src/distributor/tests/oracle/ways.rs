//! What the oracle thinks of a waiting that ended by the queue's rules: for a cause that holds, by the way it says.

use super::{Oracle, Waiting};
use crate::agent::AgentState;
use crate::company::WhenNoAgents;
use crate::event::Event;
use crate::id::AgentId;
use crate::outcome::{EntryOutcome, Refusal};
use crate::overflow::{Cause, Way};
use crate::time::Timestamp;

impl Oracle {
    /// The queue sends a caller on; the end that follows is of this kind.
    pub(super) fn overflowed(&mut self, event: &Event) {
        let Event::QueueOverflowed {
            entry, cause, way, ..
        } = event
        else {
            return;
        };
        assert_ne!(*way, Way::Exit, "the flow's exits are no events");
        let waiting = self.waiting.get_mut(entry).unwrap();
        assert!(waiting.sent_on.replace((*cause, *way)).is_none());
    }

    /// Checks the end of a waiting that no caller and no agent ended.
    pub(super) fn left_rightly(&self, event: &Event, now: Timestamp) {
        let Event::QueueLeft {
            entry,
            outcome,
            refusal,
            ..
        } = event
        else {
            return;
        };
        let waiting = &self.waiting[entry];
        let cause = match (outcome, refusal, waiting.sent_on) {
            (_, _, Some((cause, Way::Queue(_)))) => {
                assert_eq!((*outcome, *refusal), (EntryOutcome::Overflowed, None));
                cause
            }
            (_, _, Some((cause, Way::Voicemail))) => {
                assert_eq!((*outcome, *refusal), (EntryOutcome::Voicemail, None));
                cause
            }
            // By the flow's own limit, or by ours.
            (EntryOutcome::TimedOut, None, None) if !self.waited_out(waiting, now) => return,
            (EntryOutcome::TimedOut, None, _) => Cause::MaxWait,
            (EntryOutcome::Refused, Some(Refusal::Full), _) => Cause::Full,
            (EntryOutcome::Refused, Some(Refusal::NoAgents), _) => Cause::NoAgents,
            (_, _, sent_on) => return assert_eq!(sent_on, None),
        };
        let wanted = self.way(waiting, cause);
        assert_eq!(waiting.sent_on.map_or(Way::Exit, |(_, way)| way), wanted);
        let rules = &self.company.queues[&waiting.queue];
        match cause {
            Cause::MaxWait => assert!(self.waited_out(waiting, now)),
            Cause::Full => {
                let line = self.waiting.values().filter(|w| w.queue == waiting.queue);
                assert!(line.count() > rules.max_length);
            }
            Cause::NoAgents => {
                assert_eq!(rules.when_no_agents, WhenNoAgents::Exit);
                assert!(!self.somebody_for(waiting));
            }
        }
    }

    fn waited_out(&self, waiting: &Waiting, now: Timestamp) -> bool {
        now.since(waiting.since) >= self.company.queues[&waiting.queue].max_wait
    }

    /// Nobody waits where nobody could ever serve, unless the queue lets them.
    pub(super) fn nobody_waits_in_vain(&self) {
        for waiting in self.waiting.values() {
            let rules = &self.company.queues[&waiting.queue];
            let stays = rules.when_no_agents == WhenNoAgents::Wait || self.somebody_for(waiting);
            assert!(stays, "waits for nobody");
        }
    }

    fn way(&self, waiting: &Waiting, cause: Cause) -> Way {
        let ways = self.company.queues[&waiting.queue].overflow;
        let way = match cause {
            Cause::MaxWait => ways.max_wait,
            Cause::Full => ways.full,
            Cause::NoAgents => ways.no_agents,
        };
        let flow = waiting.wishes.own_exits.contains(&cause);
        let lost = matches!(way, Way::Queue(to) if to == waiting.queue
            || waiting.wishes.been.contains(&to) || !self.company.queues.contains_key(&to));
        if flow || lost { Way::Exit } else { way }
    }

    /// Whether somebody logged in serves the queue, and somebody logged in fits in the end.
    fn somebody_for(&self, waiting: &Waiting) -> bool {
        let all = self.company.agents.iter();
        let there: Vec<AgentId> = all
            .map(|(id, _)| *id)
            .filter(|id| self.state(*id) != AgentState::Offline && !self.signed_off.contains(id))
            .collect();
        let mut last = waiting.clone();
        last.step = super::ladder_of(&self.company, waiting).len();
        let of_queue = |id: &AgentId| self.company.agents[id].queues.contains_key(&waiting.queue);
        there.iter().any(of_queue) && there.iter().any(|id| self.unfit(*id, &last).is_none())
    }
}
