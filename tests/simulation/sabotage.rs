//! Proof that the checks see: a fault planted for each rule, at the seams between the machines, and the rule's own check
//! must say so.
//!
//! **Owns**: [`Fault`] and what it changes on its way: a line of the log, something said to the desk, what the replay
//! reads. **Must not know**: the checks.

use crate::core::Core;
use cordboard::distributor_task::desk::DeskInput;
use router::decision::{Decision, DecisionKind};
use router::id::{AgentId, OfferId};
use router::{AgentState, Event, Input};

/// A fault, named by the rule it breaks. Planted for a whole seed; where it bites depends on the seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// An offer goes to an agent who has one.
    I1,
    /// A second offer for a caller who rings.
    I2,
    /// The desk does not hear that a caller left the queue.
    I3,
    /// The log tells of no offer: callers wait beside free agents.
    I4,
    /// The second-best agent is chosen.
    I5,
    /// The second caller in the line is chosen.
    I6,
    /// A caller's `V` moves while waiting.
    I7,
    /// An answer to an old offer is taken for one to the open offer.
    I8,
    /// An agent's change of state is missing in the log.
    I9,
    /// An interaction ends twice.
    I10,
    /// The desk heard something that is not written down.
    I11,
    /// The Distributor gives other head starts than the company file.
    I12,
    /// Nobody is told that a queue cannot be served.
    I13,
}

impl Fault {
    pub(crate) const ALL: [Self; 13] = [
        Self::I1,
        Self::I2,
        Self::I3,
        Self::I4,
        Self::I5,
        Self::I6,
        Self::I7,
        Self::I8,
        Self::I9,
        Self::I10,
        Self::I11,
        Self::I12,
        Self::I13,
    ];

    /// What becomes of a line on its way into the log.
    pub(crate) fn line(self, core: &Core, event: Event) -> Vec<Event> {
        match (self, event) {
            (Self::I1, event @ Event::OfferMade { .. }) => vec![to_a_busy_agent(core, event)],
            (Self::I2, event @ Event::OfferMade { .. }) => twice(core, event),
            (Self::I4, Event::Decided { .. } | Event::OfferMade { .. }) => vec![],
            (
                Self::I4,
                Event::AgentStateChanged {
                    to: AgentState::Offered,
                    ..
                },
            ) => vec![],
            (Self::I5, Event::Decided { decision }) if decision.kind != DecisionKind::Ready => {
                vec![another_agent(*decision)]
            }
            (Self::I6, Event::Decided { decision }) if decision.kind == DecisionKind::Ready => {
                vec![another_caller(*decision)]
            }
            (Self::I7, Event::Decided { mut decision }) => {
                decision.v = decision.v + std::time::Duration::from_millis(1);
                vec![Event::Decided { decision }]
            }
            (
                Self::I9,
                Event::AgentStateChanged {
                    to: AgentState::OnCall,
                    ..
                },
            ) => vec![],
            (Self::I10, event @ Event::CallEnded { .. }) => vec![event.clone(), event],
            (Self::I13, Event::SupervisorTold { queue: Some(_), .. }) => vec![],
            (_, event) => vec![event],
        }
    }

    /// What the desk hears instead; nothing when it hears nothing.
    pub(crate) fn heard(self, core: &Core, input: DeskInput) -> Option<DeskInput> {
        match (self, input) {
            (
                Self::I3,
                DeskInput::FromCall {
                    input: Input::Leave { .. },
                    ..
                },
            ) => None,
            (
                Self::I8,
                DeskInput::FromCall {
                    interaction,
                    input: Input::OfferAnswered { offer },
                },
            ) => {
                let offer = open_offer(core).unwrap_or(offer);
                let input = Input::OfferAnswered { offer };
                Some(DeskInput::FromCall { interaction, input })
            }
            (
                Self::I12,
                DeskInput::FromCall {
                    interaction,
                    input: Input::Enqueue(mut request),
                },
            ) => {
                // Every second caller.
                if request.entry.uuid().as_u128() % 2 == 0 {
                    request.head_start += std::time::Duration::from_secs(600);
                }
                let input = Input::Enqueue(request);
                Some(DeskInput::FromCall { interaction, input })
            }
            (_, input) => Some(input),
        }
    }

    /// Whether what the desk hears is kept for the replay.
    pub(crate) const fn is_kept(self, input: &DeskInput) -> bool {
        !matches!((self, input), (Self::I11, DeskInput::Device { .. }))
    }
}

/// The newest offer that is open.
fn open_offer(core: &Core) -> Option<OfferId> {
    let mut open = None;
    for (_, event) in &core.log {
        match event {
            Event::OfferMade { offer, .. } => open = Some(*offer),
            Event::OfferEnded { offer, .. } if open == Some(*offer) => open = None,
            _ => {}
        }
    }
    open
}

fn to_a_busy_agent(core: &Core, mut event: Event) -> Event {
    let offered = core.log.iter().rev().find_map(|(_, event)| match event {
        Event::OfferMade { agent, .. } => Some(*agent),
        _ => None,
    });
    let busy = |agent: &AgentId| {
        let states = core.log.iter().rev();
        let last = states
            .filter_map(|(_, event)| match event {
                Event::AgentStateChanged { agent: who, to, .. } if who == agent => Some(*to),
                _ => None,
            })
            .next();
        last == Some(AgentState::Offered)
    };
    if let (Event::OfferMade { agent, .. }, Some(other)) = (&mut event, offered.filter(busy)) {
        *agent = other;
    }
    event
}

fn twice(core: &Core, event: Event) -> Vec<Event> {
    let mut again = event.clone();
    if let Event::OfferMade { offer, agent, .. } = &mut again {
        offer.seq += 1;
        let others = core.company.routing.agents.keys();
        *agent = others
            .copied()
            .find(|other| other != agent)
            .unwrap_or(*agent);
    }
    vec![event, again]
}

fn another_agent(mut decision: Decision) -> Event {
    if let Some(next) = decision.candidates.first() {
        decision.chosen = next.clone();
    }
    Event::Decided {
        decision: Box::new(decision),
    }
}

fn another_caller(mut decision: Decision) -> Event {
    if let Some(next) = decision.candidates.first() {
        decision.chosen = next.clone();
        decision.entry = next.entry;
        if let router::decision::Keys::Caller { v, .. } = next.keys {
            decision.v = v;
        }
    }
    Event::Decided {
        decision: Box::new(decision),
    }
}
