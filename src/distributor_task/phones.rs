//! What agents' phones ask of the Distributor, and which calls keep an agent busy.
//!
//! **Owns**: [`OwnCalls`], and the answer to each [`PhoneAsk`]. **Must not**: know SIP, or decide transitions: it says
//! whether anything changed by looking at the agent before and after.

use super::desk::Desk;
use crate::call::phone_call::{PhoneAnswer, PhoneAsk};
use crate::call::port::CallInput;
use router::id::{AgentId, InteractionId};
use router::{AgentState, Input};
use std::collections::HashMap;

/// Which calls of an agent's own are up. The agent is free again after the last of them.
#[derive(Debug, Default)]
pub(super) struct OwnCalls {
    by_agent: HashMap<AgentId, Vec<InteractionId>>,
    /// The last call out that was answered: after-call work is about it.
    talked: HashMap<AgentId, InteractionId>,
}

impl OwnCalls {
    fn begin(&mut self, agent: AgentId, call: InteractionId) {
        let calls = self.by_agent.entry(agent).or_default();
        if !calls.contains(&call) {
            calls.push(call);
        }
    }

    /// Whether it was the agent's last one. A call that is not known ends nothing.
    fn end(&mut self, agent: AgentId, call: InteractionId) -> bool {
        let Some(calls) = self.by_agent.get_mut(&agent) else {
            return false;
        };
        calls.retain(|known| *known != call);
        if calls.is_empty() {
            self.by_agent.remove(&agent);
            return true;
        }
        false
    }

    /// Agents whom this call keeps busy.
    fn agents_of(&self, call: InteractionId) -> Vec<AgentId> {
        let mut agents: Vec<AgentId> = self
            .by_agent
            .iter()
            .filter(|(_, calls)| calls.contains(&call))
            .map(|(agent, _)| *agent)
            .collect();
        agents.sort_unstable();
        agents
    }
}

impl Desk {
    pub(super) fn own_call_started(&mut self, agent: AgentId, call: InteractionId) {
        self.own_calls.begin(agent, call);
        // A second one changes nothing there.
        self.input(Input::OwnCallStarted { agent });
    }

    fn call_out_started(&mut self, agent: AgentId, interaction: InteractionId) {
        self.own_calls.begin(agent, interaction);
        self.input(Input::CallOutStarted { agent, interaction });
    }

    pub(super) fn own_call_ended(&mut self, agent: AgentId, call: InteractionId) {
        if self.own_calls.end(agent, call) {
            let input = match self.own_calls.talked.remove(&agent) {
                Some(interaction) => Input::CallOutEnded { agent, interaction },
                None => Input::OwnCallEnded { agent },
            };
            self.input(input);
        }
    }

    /// The call is gone, whatever it said before.
    pub(super) fn no_own_calls_of(&mut self, call: InteractionId) {
        for agent in self.own_calls.agents_of(call) {
            self.own_call_ended(agent, call);
        }
    }

    /// One step for question and answer, so that nothing comes between "free" and "busy".
    pub(super) fn phone_asks(&mut self, call: InteractionId, ask: PhoneAsk) {
        let answer = match ask {
            PhoneAsk::SetState { agent, wanted } => self.changes(agent, |desk| {
                // Available without a phone is refused, and so nothing changes.
                let _ = desk.ask_state(agent, wanted);
            }),
            PhoneAsk::EndWrapUp { agent } => self.changes(agent, |desk| {
                desk.input(Input::EndWrapUp { agent });
            }),
            PhoneAsk::CallAgent { caller, called } => self.call_agent(call, caller, called),
            PhoneAsk::Reserve {
                agent,
                even_offline,
            } => self.reserve(call, agent, even_offline),
            PhoneAsk::CallOut { agent } => {
                self.call_out_started(agent, call);
                PhoneAnswer::Done
            }
            PhoneAsk::Talked { agent } => {
                self.own_calls.talked.insert(agent, call);
                return;
            }
            PhoneAsk::Release { agent } => return self.own_call_ended(agent, call),
        };
        self.tell(call, CallInput::PhoneAnswered(answer));
    }

    fn changes(&mut self, agent: AgentId, act: impl FnOnce(&mut Self)) -> PhoneAnswer {
        let before = self.distributor.agent(agent);
        act(self);
        if self.distributor.agent(agent) == before {
            PhoneAnswer::NothingChanged
        } else {
            PhoneAnswer::Done
        }
    }

    /// The interaction is the agent's from here on, so that after-call work is about it.
    fn reserve(&mut self, call: InteractionId, agent: AgentId, even_offline: bool) -> PhoneAnswer {
        let Some(view) = self.distributor.agent(agent).filter(|v| v.registered) else {
            return PhoneAnswer::Unreachable;
        };
        match view.state {
            AgentState::Offline if !even_offline => PhoneAnswer::Unreachable,
            AgentState::Offered | AgentState::OnCall | AgentState::WrapUp => PhoneAnswer::Busy,
            AgentState::Available | AgentState::NotReady | AgentState::Offline => {
                self.call_out_started(agent, call);
                PhoneAnswer::Done
            }
        }
    }

    fn call_agent(&mut self, call: InteractionId, caller: AgentId, called: AgentId) -> PhoneAnswer {
        if caller == called {
            return PhoneAnswer::Busy;
        }
        let Some(view) = self.distributor.agent(called).filter(|v| v.registered) else {
            return PhoneAnswer::Unreachable;
        };
        match view.state {
            AgentState::Offline => PhoneAnswer::Unreachable,
            AgentState::Offered | AgentState::OnCall | AgentState::WrapUp => PhoneAnswer::Busy,
            AgentState::Available | AgentState::NotReady => {
                self.own_call_started(called, call);
                self.own_call_started(caller, call);
                PhoneAnswer::Done
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_call_frees_the_agent() {
        let (agent, other) = (AgentId::from_number(1), AgentId::from_number(2));
        let (one, two) = (InteractionId::from_number(1), InteractionId::from_number(2));
        let mut calls = OwnCalls::default();
        calls.begin(agent, one);
        calls.begin(agent, one);
        calls.begin(agent, two);
        calls.begin(other, two);
        assert_eq!(calls.agents_of(two), [agent, other]);
        assert!(!calls.end(agent, one));
        assert!(!calls.end(agent, one));
        assert!(calls.end(agent, two));
        assert!(!calls.end(agent, two));
        assert!(calls.end(other, two));
        assert!(calls.agents_of(two).is_empty());
    }
}
