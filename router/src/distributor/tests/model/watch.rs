//! What must hold on every path: the graph of agent states, idle keys, numbers of offers, the restart.
//!
//! **Owns**: these rules a second time, from what the Distributor says alone. Order and eligibility are the
//! oracle's, the moment's state is `invariants.rs`'s. **Must not**: look inside the Distributor, except to compare.

use crate::agent::{AgentState, Reason};
use crate::distributor::{Distributor, Input, Output};
use crate::event::Event;
use crate::id::{AgentId, InteractionId, OfferId, QueueEntryId, QueueId};
use crate::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// One agent as the log tells it; what a store would hand to the next run.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) state: AgentState,
    pub(super) reason: Option<Reason>,
    pub(super) idle: (Timestamp, u64),
    pub(super) interaction: Option<InteractionId>,
    pub(super) queue: Option<QueueId>,
    since: Timestamp,
    /// A phone was lost that rang or might have: the idle key holds if it is back until then.
    grace: Option<Timestamp>,
}

/// How soon a lost phone must be back.
const GRACE: Duration = Duration::from_secs(30);

/// Everything it has heard.
#[derive(Clone, Debug, Default)]
pub(super) struct Watch {
    agents: BTreeMap<AgentId, Seen>,
    open: BTreeMap<OfferId, (QueueEntryId, AgentId)>,
    queues: BTreeMap<InteractionId, QueueId>,
    /// Queues whose callers ring at several.
    pub(super) rings_all: BTreeSet<QueueId>,
    /// Callers who have left in this step.
    left: Vec<QueueEntryId>,
    /// The greatest ready sequence.
    ready_seq: u64,
    /// A phone has just registered.
    phone_is_back: bool,
    /// As they were before the restart that is going on.
    before: Option<BTreeMap<AgentId, Seen>>,
}

/// The graph of `docs/routing-rules.md`.
const fn may_follow(from: AgentState, to: AgentState) -> bool {
    use AgentState::{Available, NotReady, Offered, Offline, OnCall, WrapUp};
    match to {
        Available => !matches!(from, Available),
        Offered => matches!(from, Available),
        OnCall => !matches!(from, OnCall),
        // From elsewhere only as what an own call interrupted.
        WrapUp => matches!(from, OnCall),
        NotReady => true,
        Offline => !matches!(from, Offline),
    }
}

impl Watch {
    /// What one input made the Distributor say.
    pub(super) fn read(&mut self, input: &Input, outputs: &[Output], now: Timestamp) {
        self.phone_is_back = matches!(input, Input::PhoneRegistered { .. });
        let answered = match input {
            Input::OfferAnswered { offer } => Some(*offer),
            _ => None,
        };
        for output in outputs {
            match output {
                Output::Log(event) => self.event(event, now),
                Output::Offer { offer, .. } => {
                    assert!(self.open.contains_key(offer), "I8: {offer} was not made");
                }
                Output::Accepted { offer, .. } => {
                    assert_eq!(Some(*offer), answered, "I8: accepted without its answer");
                }
                _ => {}
            }
        }
        for entry in self.left.drain(..) {
            let mut open = self.open.values();
            assert!(open.all(|(other, _)| *other != entry), "I2: rings on");
        }
    }

    fn event(&mut self, event: &Event, now: Timestamp) {
        match event {
            Event::AgentStateChanged { .. } => self.agent_event(event, now),
            Event::OfferMade {
                offer,
                entry,
                agent,
                interaction,
                queue,
            } => {
                for (other_entry, other_agent) in self.open.values() {
                    assert_ne!(other_agent, agent, "I1: offered two");
                    let several = other_entry == entry;
                    let may = self.rings_all.contains(queue);
                    assert!(!several || may, "I2: rings at two");
                }
                self.queues.insert(*interaction, *queue);
                assert!(self.open.insert(*offer, (*entry, *agent)).is_none(), "I8");
            }
            Event::QueueLeft { entry, .. } => self.left.push(*entry),
            Event::OfferEnded { offer, outcome, .. } => {
                let (_, agent) = self.open.remove(offer).expect("ended once");
                let state = self.agents[&agent].state;
                assert_eq!(state, AgentState::Offered, "{offer} ended: {outcome:?}");
            }
            _ => {}
        }
    }

    fn agent_event(&mut self, event: &Event, now: Timestamp) {
        let Event::AgentStateChanged {
            agent,
            from,
            to,
            reason,
            interaction,
            idle_since,
            ready_seq,
            ..
        } = event
        else {
            return;
        };
        let idle = (*idle_since, *ready_seq);
        let former = self.agents.get(agent);
        if let Some(former) = former
            && self.before.is_none()
        {
            assert_eq!(former.state, *from, "I9: a path");
            assert!(may_follow(*from, *to), "I9: from {from:?} to {to:?}");
            assert!(former.since <= now, "I9: time goes on");
            self.idle_holds(former, *to, idle, now);
        }
        let lost = *reason == Some(Reason::DeviceLost);
        let grace = match from {
            AgentState::Available | AgentState::Offered if lost => Some(now + GRACE),
            // A call of the agent's own goes back to what it interrupted.
            AgentState::NotReady if *to == AgentState::OnCall => former.and_then(|seen| seen.grace),
            AgentState::OnCall if lost => former.and_then(|seen| seen.grace),
            _ => None,
        };
        let queue = interaction.and_then(|id| self.queues.get(&id).copied());
        let seen = Seen {
            state: *to,
            reason: reason.clone(),
            idle,
            interaction: *interaction,
            queue,
            since: now,
            grace: grace.filter(|_| self.before.is_none()),
        };
        self.ready_seq = self.ready_seq.max(*ready_seq);
        self.agents.insert(*agent, seen);
    }

    /// The idle key begins anew on the way to `available`, and only there; a caller who left and a phone that is
    /// soon back leave it as it was.
    fn idle_holds(&self, former: &Seen, to: AgentState, idle: (Timestamp, u64), now: Timestamp) {
        let soon = self.phone_is_back && former.grace.is_some_and(|until| now <= until);
        let keeps = to != AgentState::Available || former.state == AgentState::Offered || soon;
        if keeps {
            assert_eq!(former.idle, idle, "the idle key changed by {to:?}");
        } else {
            assert_eq!(idle.0, now, "the idle key did not begin anew");
            assert!(idle.1 > self.ready_seq, "the idle key did not begin anew");
        }
    }

    pub(super) const fn is_restarting(&self) -> bool {
        self.before.is_some()
    }

    /// Each agent is in the state that the log tells, since then, with that key.
    pub(super) fn look(&self, distributor: &Distributor) {
        for view in distributor.agents() {
            let Some(seen) = self.agents.get(&view.agent) else {
                continue;
            };
            assert_eq!(view.state, seen.state, "I9: {}", view.agent);
            assert_eq!(view.since, seen.since, "I9: times of {}", view.agent);
            assert_eq!(view.idle_since, seen.idle.0, "idle key of {}", view.agent);
        }
    }

    /// The program is gone: what a store would tell of each agent, in the order in which a driver tells it.
    pub(super) fn restart(&mut self) -> Vec<(AgentId, Seen)> {
        self.open.clear();
        self.ready_seq = 0;
        self.before = Some(self.agents.clone());
        let mut stored: Vec<_> = self.agents.clone().into_iter().collect();
        stored.sort_by_key(|(id, seen)| (seen.idle, *id));
        stored
    }

    /// Everybody was told of: each agent is where the rules put those who come back.
    pub(super) fn restarted(&mut self, distributor: &Distributor) {
        let before = self.before.take().unwrap();
        for (id, former) in before {
            let view = distributor.agent(id).unwrap();
            let expected = self.comes_back_as(&former, view.registered);
            assert!(
                expected.contains(&view.state),
                "restart: {id} was {:?} and is {:?}",
                former.state,
                view.state
            );
            let keeps = matches!(former.state, AgentState::Available | AgentState::Offered);
            assert!(
                !keeps || view.idle_since == former.idle.0,
                "restart: the idle key of {id} changed"
            );
            assert!(
                view.state != AgentState::NotReady
                    || former.state != AgentState::NotReady
                    || view.reason == former.reason,
                "restart: the reason of {id} changed"
            );
            // Whoever was logged out gets no line of their own.
            if let Some(seen) = self.agents.get_mut(&id) {
                seen.since = view.since;
                seen.idle.1 = distributor.world.agents[&id].idle.ready_seq;
            }
        }
    }
    /// The states in which the rules put an agent after a restart.
    fn comes_back_as(&self, former: &Seen, registered: bool) -> &'static [AgentState] {
        use AgentState::{Available, NotReady, Offered, Offline, OnCall, WrapUp};
        let lost = former.reason == Some(Reason::DeviceLost);
        match former.state {
            Available | Offered => &[Available],
            Offline => &[Offline],
            WrapUp => &[WrapUp],
            NotReady if lost && registered => &[Available],
            NotReady => &[NotReady],
            // A call of the agent's own goes back to what it interrupted.
            OnCall if former.queue.is_none() || former.reason.is_some() => {
                &[Available, NotReady, Offline]
            }
            // After-call work where the queue has it; without a phone nobody is available.
            OnCall if registered => &[WrapUp, Available],
            OnCall => &[WrapUp, NotReady],
        }
    }
}
