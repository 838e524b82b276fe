//! Who has the customer, and for how long they hear each other: from the log alone.
//!
//! **Owns**: how a talk is split. One agent has the customer at a time; when a talk changes hands, the time before the
//! change is the one's and the time after it the other's. A colleague who was added to the talk has no share of it
//! until the customer is theirs. **Must not know**: what is counted from it.

use crate::agent::AgentState;
use crate::event::{Event, PauseCause, TalkChange};
use crate::id::{AgentId, InteractionId, LegId, QueueId};
use crate::outcome::EntryOutcome;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// One agent's part of one interaction, over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    /// The interaction.
    pub interaction: InteractionId,
    /// Who had the customer; none: a supervisor who is no agent.
    pub agent: Option<AgentId>,
    /// The queue by which the customer came; none for a call out. A transfer to a colleague keeps it.
    pub queue: Option<QueueId>,
    /// When the agent got the customer.
    pub since: Timestamp,
    /// How long they heard each other.
    pub talk: Duration,
    /// How long the customer was held, for a consultation too.
    pub hold: Duration,
}

/// Whoever has the customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Holder {
    agent: Option<AgentId>,
    leg: Option<LegId>,
    queue: Option<QueueId>,
    since: Timestamp,
    talk: Duration,
    hold: Duration,
    /// What runs now: since when, and whether the customer is held. None while the agent's phone is gone.
    runs: Option<(Timestamp, bool)>,
}

/// One interaction.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Talk {
    queue: Option<QueueId>,
    holder: Option<Holder>,
    /// Colleagues who were added to the talk.
    joined: BTreeMap<AgentId, LegId>,
}

/// Every interaction that is not over. One whose arrival was not read is not known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Talks(BTreeMap<InteractionId, Talk>);

impl Holder {
    fn stop(&mut self, at: Timestamp) {
        if let Some((since, held)) = self.runs.take() {
            let length = at.since(since);
            if held {
                self.hold += length;
            } else {
                self.talk += length;
            }
        }
    }

    fn run(&mut self, at: Timestamp, held: bool) {
        self.stop(at);
        self.runs = Some((at, held));
    }
}

impl Talk {
    fn begins(&mut self, agent: Option<AgentId>, leg: Option<LegId>, at: Timestamp) {
        self.holder = Some(Holder {
            agent,
            leg,
            queue: self.queue,
            since: at,
            talk: Duration::ZERO,
            hold: Duration::ZERO,
            runs: Some((at, false)),
        });
    }

    fn ends(&mut self, interaction: InteractionId, at: Timestamp) -> Option<Share> {
        let mut holder = self.holder.take()?;
        holder.stop(at);
        Some(Share {
            interaction,
            agent: holder.agent,
            queue: holder.queue,
            since: holder.since,
            talk: holder.talk,
            hold: holder.hold,
        })
    }

    fn connected(
        &mut self,
        interaction: InteractionId,
        agent: AgentId,
        leg: LegId,
        at: Timestamp,
    ) -> Option<Share> {
        match &mut self.holder {
            Some(holder) if holder.agent == Some(agent) => {
                holder.leg = Some(leg);
                if holder.runs.is_none() {
                    holder.run(at, false);
                }
                None
            }
            // Whoever had the customer is gone: the flow went on, and found another agent.
            Some(holder) if holder.runs.is_none() => {
                let over = self.ends(interaction, at);
                self.begins(Some(agent), Some(leg), at);
                over
            }
            Some(_) => {
                self.joined.insert(agent, leg);
                None
            }
            None => {
                self.begins(Some(agent), Some(leg), at);
                None
            }
        }
    }
}

impl Talks {
    /// Who has the customer now, and since when; none: nobody, or a supervisor who is no agent.
    #[must_use]
    pub fn holder(&self, interaction: InteractionId) -> Option<(AgentId, Timestamp)> {
        let holder = self.0.get(&interaction)?.holder.as_ref()?;
        Some((holder.agent?, holder.since))
    }

    /// The queue by which the customer came to an agent last.
    #[must_use]
    pub fn queue(&self, interaction: InteractionId) -> Option<QueueId> {
        self.0.get(&interaction)?.queue
    }

    /// Takes one line; says whose part of a talk is over by it.
    pub fn read(&mut self, event: &Event, at: Timestamp) -> Option<Share> {
        let interaction = event.interaction()?;
        match event {
            Event::CallArrived { .. } => {
                self.0.entry(interaction).or_default();
                None
            }
            Event::QueueLeft {
                outcome: EntryOutcome::Answered,
                queue,
                ..
            } => {
                let talk = self.0.get_mut(&interaction)?;
                let over = talk.ends(interaction, at);
                talk.queue = Some(*queue);
                over
            }
            Event::Connected { agent, leg, .. } => {
                let talk = self.0.get_mut(&interaction)?;
                talk.connected(interaction, *agent, *leg, at)
            }
            Event::CallEnded { .. } => self.0.remove(&interaction)?.ends(interaction, at),
            _ => self.changes(interaction, event, at),
        }
    }

    fn changes(
        &mut self,
        interaction: InteractionId,
        event: &Event,
        at: Timestamp,
    ) -> Option<Share> {
        let talk = self.0.get_mut(&interaction)?;
        match event {
            Event::TalkPaused { cause, .. } => {
                let holder = talk.holder.as_mut()?;
                if *cause == PauseCause::Reconnect {
                    holder.stop(at);
                } else if holder.runs.is_some() {
                    // Who has left meanwhile holds nobody: a colleague's phone rings on without them.
                    holder.run(at, true);
                }
            }
            Event::TalkResumed { .. } => {
                // One whose phone is gone does not go on by it.
                let holder = talk.holder.as_mut()?;
                if holder.runs.is_some() {
                    holder.run(at, false);
                }
            }
            Event::LegEnded { leg, .. } => {
                talk.joined.retain(|_, of| of != leg);
                let holder = talk.holder.as_mut()?;
                if holder.leg == Some(*leg) {
                    holder.stop(at);
                }
            }
            // The flow goes on, or the agent is free for something else: the leg's own end may be told much later, when
            // the phone does not answer our BYE.
            Event::StepEntered { .. } => talk.holder.as_mut()?.stop(at),
            Event::AgentStateChanged {
                agent,
                from: AgentState::OnCall,
                to,
                ..
            } if *to != AgentState::OnCall => {
                let holder = talk.holder.as_mut()?;
                if holder.agent == Some(*agent) {
                    holder.stop(at);
                }
            }
            Event::TalkChanged {
                change, agent, leg, ..
            } => match change {
                TalkChange::Transferred | TalkChange::TookOver => {
                    let over = talk.ends(interaction, at);
                    let joined = agent.and_then(|agent| talk.joined.remove(&agent));
                    talk.begins(*agent, joined.or(*leg), at);
                    return over;
                }
                TalkChange::SentToQueue => {
                    talk.joined.clear();
                    return talk.ends(interaction, at);
                }
                TalkChange::AgentLost => talk.holder.as_mut()?.stop(at),
                TalkChange::ConsultEnded => {
                    if let Some(agent) = agent {
                        talk.joined.remove(agent);
                    }
                }
                _ => {}
            },
            _ => {}
        }
        None
    }
}
