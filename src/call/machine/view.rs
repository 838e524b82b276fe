//! What others may see of a call: where its caller is, and which legs it still answers for.
//!
//! **Owns**: [`Place`]. For checks that hold a call against the Distributor and the gateway; it changes nothing.

use super::CallMachine;
use super::helper::Helper;
use super::phase::Phase;
use crate::call::port::{CallOutput, CallerCard};
use router::Private;
use router::id::{AgentId, OfferId, QueueEntryId, RecordingId};
use sip_gateway::leg::LegId;

/// Where the caller is (I3: in exactly one place).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// Hears the flow.
    InFlow,
    /// Waits in a queue.
    Waiting {
        /// The waiting.
        entry: QueueEntryId,
        /// The offers that ring at agents' phones.
        ringing: Vec<OfferId>,
    },
    /// Talks with an agent.
    Talking {
        /// The agent; none when a supervisor who is no agent took the call over.
        agent: Option<AgentId>,
        /// The agent's leg.
        leg: LegId,
        /// What is recorded.
        recording: Option<RecordingId>,
    },
    /// Waits for the agent's phone, which is gone and may come back.
    Parted {
        /// The agent.
        agent: AgentId,
        /// What is recorded.
        recording: Option<RecordingId>,
    },
    /// Hears a colleague's phone ring; the agent has left.
    Passed {
        /// What is recorded.
        recording: Option<RecordingId>,
    },
    /// On the way out.
    Ending,
}

impl CallMachine {
    /// Who calls and why, for the screen of whoever will answer.
    pub(super) fn show_caller(&mut self) {
        let card = CallerCard {
            number: self.setup.caller_number.clone(),
            name: self.customer_name.clone(),
            why: self.why.words(),
            handed: self.handed.clone(),
        };
        self.outputs.push_back(CallOutput::ShowCaller(card));
    }

    /// The customer's name has come; whoever waits is shown with it. And whom they spoke with last, for the next queue.
    pub(super) fn customer_known(
        &mut self,
        name: Option<Private<String>>,
        last_agent: Option<AgentId>,
    ) {
        self.last_agent = last_agent;
        let Some(name) = name else { return };
        self.customer_name = Some(name);
        if matches!(self.phase, Phase::Waiting(_)) {
            self.show_caller();
        }
    }

    /// Where the caller is.
    #[must_use]
    pub fn place(&self) -> Place {
        match &self.phase {
            Phase::InFlow | Phase::Dialled(_) => Place::InFlow,
            Phase::Waiting(waiting) => Place::Waiting {
                entry: waiting.entry,
                ringing: waiting.ringing.iter().map(|phone| phone.offer).collect(),
            },
            Phase::Talking(talking) => match (talking.main, &talking.away) {
                (Some(_), Some(away)) => Place::Parted {
                    agent: away.agent(),
                    recording: talking.recording,
                },
                (Some(main), None) => Place::Talking {
                    agent: main.who.agent(),
                    leg: main.leg,
                    recording: talking.recording,
                },
                (None, _) => Place::Passed {
                    recording: talking.recording,
                },
            },
            Phase::Ending(_) => Place::Ending,
        }
    }

    /// The customer's leg, until it is over.
    #[must_use]
    pub fn customer_leg(&self) -> Option<LegId> {
        (!self.customer.over).then_some(self.customer.leg)
    }

    /// The agent whose own phone this call came from.
    #[must_use]
    pub const fn calling_agent(&self) -> Option<AgentId> {
        self.setup.caller_agent
    }

    /// Agents' legs that have not reported their end.
    #[must_use]
    pub fn agent_legs(&self) -> Vec<LegId> {
        let now: Vec<LegId> = match &self.phase {
            Phase::Waiting(waiting) => {
                let ringing = waiting.ringing.iter().filter(|phone| !phone.gone);
                ringing.map(|phone| phone.leg).collect()
            }
            Phase::Talking(talking) => match &talking.away {
                Some(away) => away.leg().into_iter().collect(),
                None => talking.main.map(|main| main.leg).into_iter().collect(),
            },
            Phase::Dialled(dialled) => dialled.leg().into_iter().collect(),
            Phase::InFlow | Phase::Ending(_) => Vec::new(),
        };
        let helpers = self.helpers().map(|helper| helper.leg);
        let closing = self.closing.iter().map(|closing| closing.leg);
        now.into_iter().chain(helpers).chain(closing).collect()
    }

    /// Agents who were called in: by a colleague's wish, as a colleague, or as a supervisor who hears the call.
    #[must_use]
    pub fn called_in(&self) -> Vec<AgentId> {
        let main = match &self.phase {
            Phase::Talking(talking) => talking.main.filter(|main| main.called_in),
            _ => None,
        };
        let helpers = self.helpers().filter_map(|helper| helper.who.agent());
        main.and_then(|main| main.who.agent())
            .into_iter()
            .chain(helpers)
            .collect()
    }

    fn helpers(&self) -> impl Iterator<Item = &Helper> {
        let talking = match &self.phase {
            Phase::Talking(talking) => Some(talking),
            _ => None,
        };
        talking.into_iter().flat_map(|talking| &talking.helpers)
    }

    /// Who hears whom: each leg of the talk with those whom it hears.
    #[must_use]
    pub fn hearing(&self) -> Vec<(LegId, Vec<LegId>)> {
        match &self.phase {
            Phase::Talking(talking) => talking.sound.joined.each(),
            _ => Vec::new(),
        }
    }
}
