//! What agents' phones ask of the Distributor, and which calls keep an agent busy.
//!
//! **Owns**: [`OwnCalls`], and the answer to each [`PhoneAsk`]. **Must not**: know SIP, or decide transitions: it says
//! whether anything changed by looking at the agent before and after.

use super::desk::Desk;
use crate::call::phone_call::{PhoneAnswer, PhoneAsk};
use crate::call::port::CallInput;
use router::id::{AgentId, InteractionId, UserId};
use router::{AgentState, Input};
use std::collections::{HashMap, HashSet};

/// Which calls of an agent's own are up. The agent is free again after the last of them.
#[derive(Debug, Default)]
pub(super) struct OwnCalls {
    by_agent: HashMap<AgentId, Vec<InteractionId>>,
    /// The last call out that was answered: after-call work is about it.
    talked: HashMap<AgentId, InteractionId>,
    /// The call that waits for this agent's phone to come back.
    awaited: HashMap<AgentId, InteractionId>,
    /// The one call of each supervisor who is no agent.
    users: HashMap<UserId, InteractionId>,
    /// Registered phones that are no agent's.
    guests: HashSet<String>,
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

    /// A phone that is no agent's registered, or is gone.
    pub(super) fn guest(&mut self, name: &str, there: bool) {
        if there {
            self.guests.insert(name.to_owned());
        } else {
            self.guests.remove(name);
        }
    }

    fn reserve_user(&mut self, call: InteractionId, user: UserId, phone: &str) -> PhoneAnswer {
        if !self.guests.contains(phone) {
            return PhoneAnswer::Unreachable;
        }
        if self.users.contains_key(&user) {
            return PhoneAnswer::Busy;
        }
        self.users.insert(user, call);
        PhoneAnswer::Done
    }

    fn release_user(&mut self, call: InteractionId, user: UserId) {
        if self.users.get(&user) == Some(&call) {
            self.users.remove(&user);
        }
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

    /// A talk has lost this agent's phone and wants to ring it as soon as it is there.
    fn awaits(&mut self, call: InteractionId, agent: AgentId) {
        self.own_calls.awaited.insert(agent, call);
        self.phone_is_there(agent);
    }

    /// Tells the call that waits for this agent's phone, when there is one to ring.
    pub(super) fn phone_is_there(&mut self, agent: AgentId) {
        let registered = self.distributor.agent(agent).is_some_and(|v| v.registered);
        let extension = self.extension_of(agent).filter(|_| registered);
        if let Some(extension) = extension
            && let Some(call) = self.own_calls.awaited.remove(&agent)
        {
            self.tell(call, CallInput::AgentReachable { agent, extension });
        }
    }

    /// The call is gone, whatever it said before.
    pub(super) fn no_own_calls_of(&mut self, call: InteractionId) {
        self.own_calls.awaited.retain(|_, waits| *waits != call);
        self.own_calls.users.retain(|_, of| *of != call);
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
            PhoneAsk::ReserveUser { user, phone } => {
                self.own_calls.reserve_user(call, user, &phone)
            }
            PhoneAsk::ReleaseUser { user } => return self.own_calls.release_user(call, user),
            PhoneAsk::CallOut { agent } => {
                self.call_out_started(agent, call);
                PhoneAnswer::Done
            }
            PhoneAsk::Talked { agent } => {
                self.own_calls.talked.insert(agent, call);
                return;
            }
            PhoneAsk::Await { agent } => return self.awaits(call, agent),
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

    #[test]
    fn a_supervisor_without_an_agent_is_in_one_call_with_a_phone_that_is_there() {
        let user = UserId::from_number(1);
        let (one, two) = (InteractionId::from_number(1), InteractionId::from_number(2));
        let mut calls = OwnCalls::default();
        let asks = |calls: &mut OwnCalls, call| calls.reserve_user(call, user, "page");
        assert_eq!(asks(&mut calls, one), PhoneAnswer::Unreachable);
        calls.guest("page", true);
        assert_eq!(asks(&mut calls, one), PhoneAnswer::Done);
        assert_eq!(asks(&mut calls, two), PhoneAnswer::Busy);
        calls.release_user(two, user);
        assert_eq!(asks(&mut calls, two), PhoneAnswer::Busy, "not its own");
        calls.release_user(one, user);
        assert_eq!(asks(&mut calls, two), PhoneAnswer::Done);
        calls.guest("page", false);
        calls.release_user(two, user);
        assert_eq!(asks(&mut calls, one), PhoneAnswer::Unreachable);
    }
}
