//! One agent as the Distributor keeps it: the state with the data that state carries, the phone, the idle clock.
//!
//! **Owns**: [`AgentRecord`], [`State`] and their views. **Must not**: decide transitions; `presence.rs`, `offer.rs`,
//! `miss.rs`, `wrap_up.rs`, `own_call.rs` and `restore.rs` do, through [`super::Distributor::enter`].

use super::load::Load;
use super::port::AgentView;
use crate::agent::{AgentState, Reason, Wanted};
use crate::id::{AgentId, InteractionId, OfferId, QueueId};
use crate::time::Timestamp;

/// Orders ready agents of one tier: who has been idle longest, then who became ready first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct IdleKey {
    pub(super) since: Timestamp,
    pub(super) ready_seq: u64,
}

/// What a transition does to the idle clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Clock {
    Keep,
    Restart,
}

/// Logged in and not to be offered anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pause {
    pub(super) reason: Reason,
    /// When it ends by itself; none: when the agent (or the phone) returns.
    pub(super) until: Option<Timestamp>,
    /// A return until then leaves the idle clock as it was: a lost phone that is back soon.
    pub(super) keep_clock_until: Option<Timestamp>,
}

impl Pause {
    /// Lasts until the agent returns.
    pub(super) const fn until_return(reason: Reason) -> Self {
        Self {
            reason,
            until: None,
            keep_clock_until: None,
        }
    }
}

/// After-call work that runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct AfterCall {
    /// None after a restart that lost it.
    pub(super) interaction: Option<InteractionId>,
    /// Ends by itself then.
    pub(super) until: Timestamp,
    /// No extension goes past this.
    pub(super) cap: Timestamp,
    /// Whose rules hold; none for a call out.
    pub(super) queue: Option<QueueId>,
    /// Lasts until the agent ends it.
    pub(super) open: bool,
    /// How often it was extended.
    pub(super) extended: u32,
    /// What its end does to the idle clock.
    pub(super) clock: Clock,
}

/// Where an agent came from when a call of their own began, and goes back to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Before {
    Offline,
    Available,
    WrapUp(AfterCall),
    NotReady(Pause),
}

/// What an agent does, with what that state needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum State {
    Offline,
    Available,
    Offered {
        offer: OfferId,
        interaction: InteractionId,
    },
    /// Talks with a caller of a queue.
    Serving {
        interaction: InteractionId,
        queue: QueueId,
    },
    /// An own outbound or internal call; a call out is an interaction.
    OwnCall {
        before: Before,
        interaction: Option<InteractionId>,
    },
    WrapUp(AfterCall),
    NotReady(Pause),
}

impl State {
    /// The name that the API and the log use.
    pub(super) const fn public(&self) -> AgentState {
        match self {
            Self::Offline => AgentState::Offline,
            Self::Available => AgentState::Available,
            Self::Offered { .. } => AgentState::Offered,
            Self::Serving { .. } | Self::OwnCall { .. } => AgentState::OnCall,
            Self::WrapUp(_) => AgentState::WrapUp,
            Self::NotReady(_) => AgentState::NotReady,
        }
    }
    pub(super) const fn reason(&self) -> Option<&Reason> {
        match self {
            Self::NotReady(pause) => Some(&pause.reason),
            _ => None,
        }
    }
    /// What the log keeps for a restart: in an own call the reason that the agent goes back to.
    pub(super) const fn logged_reason(&self) -> Option<&Reason> {
        match self {
            Self::OwnCall {
                before: Before::NotReady(pause),
                ..
            } => Some(&pause.reason),
            Self::OwnCall {
                before: Before::Offline,
                ..
            } => Some(&Reason::SignedOff),
            _ => self.reason(),
        }
    }
    pub(super) const fn interaction(&self) -> Option<InteractionId> {
        match self {
            Self::Offered { interaction, .. } | Self::Serving { interaction, .. } => {
                Some(*interaction)
            }
            Self::WrapUp(work) => work.interaction,
            Self::OwnCall { interaction, .. } => *interaction,
            _ => None,
        }
    }
    /// Logged in: counts for `when_no_agents` and for requirements that somebody can meet.
    pub(super) const fn logged_in(&self) -> bool {
        !matches!(
            self,
            Self::Offline
                | Self::OwnCall {
                    before: Before::Offline,
                    ..
                }
        )
    }
    pub(super) fn is_device_lost(&self) -> bool {
        self.reason() == Some(&Reason::DeviceLost)
    }
}

/// One agent.
#[derive(Clone, Debug)]
pub(super) struct AgentRecord {
    pub(super) state: State,
    pub(super) since: Timestamp,
    /// The phone has a registration.
    pub(super) registered: bool,
    /// The phone took its registration back by itself.
    pub(super) signed_off: bool,
    pub(super) idle: IdleKey,
    pub(super) load: Load,
    /// Offers missed in a row.
    pub(super) misses: u32,
    /// Asked for during a call.
    pub(super) next: Option<Wanted>,
    /// The step of the last change of state, 0 before the first; see `invariants.rs`.
    pub(super) touched: u64,
}

impl AgentRecord {
    pub(super) fn offline(now: Timestamp) -> Self {
        Self {
            state: State::Offline,
            since: now,
            registered: false,
            signed_off: false,
            idle: IdleKey {
                since: now,
                ready_seq: 0,
            },
            load: Load::default(),
            misses: 0,
            next: None,
            touched: 0,
        }
    }
    pub(super) fn view(&self, agent: AgentId) -> AgentView {
        AgentView {
            agent,
            state: self.state.public(),
            reason: self.state.reason().cloned(),
            since: self.since,
            registered: self.registered,
            idle_since: self.idle.since,
            interaction: self.state.interaction(),
            next: self.next.clone(),
        }
    }
}
