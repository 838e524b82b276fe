//! What people may ask of a live call from outside it: hold, transfer, consult, three-way, monitor.
//!
//! **Owns**: these words, and why one was not done. Values only. **Must not know**: HTTP, who has which right; only
//! whether the agent who asks has the call is decided with them, by the call itself.

use super::port::KnownQueue;
use router::Private;
use router::id::{AgentId, UserId};
use std::time::Duration;

/// Names one request, so that its answer finds back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ControlId(pub u64);

/// A request about a live call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ControlRequest {
    /// Names it.
    pub id: ControlId,
    /// The agent who asks; none for a supervisor, who may ask it of every call.
    pub by: Option<AgentId>,
    /// What is asked.
    pub control: Control,
}

/// What can be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Control {
    /// The customer hears music, the agent nothing. Held twice is held.
    Hold,
    /// They hear each other again. Not held is as well.
    Resume,
    /// The agent leaves the call, as by hanging up.
    Hangup,
    /// A colleague's phone rings for the customer, or the customer waits in a queue.
    Transfer {
        /// Where to.
        to: Destination,
        /// For whoever has the caller next.
        notes: Option<Private<String>>,
    },
    /// A colleague's phone rings for the agent, while the customer hears music.
    Consult {
        /// Whose.
        colleague: Colleague,
        /// For the colleague.
        notes: Option<Private<String>>,
    },
    /// A waiting caller gets another place in the order; supervisors only.
    Prioritise {
        /// 0 emergency, 1 normal; none: as before.
        class: Option<u8>,
        /// Counts as waited besides, in place of what was given so before; none: as before.
        ahead: Option<Duration>,
    },
    /// Back to the customer, without the colleague.
    Cancel,
    /// The colleague gets the customer; the agent is out.
    Complete,
    /// All three hear each other.
    Merge,
    /// The agent asks for a supervisor.
    Help,
    /// The agent needs none any more; asked by a supervisor: nobody comes.
    NoHelp,
    /// A supervisor's phone rings to hear the call; or, when it hears it already, does so in another way.
    Monitor {
        /// In which way.
        mode: MonitorMode,
        /// Whose phone.
        supervisor: CalledIn,
    },
}

/// Whoever is called into a talk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// An agent, who is busy for every queue meanwhile.
    Agent(AgentId),
    /// A supervisor who is no agent.
    User(UserId),
}

impl Who {
    /// The agent, if it is one.
    #[must_use]
    pub const fn agent(self) -> Option<AgentId> {
        match self {
            Self::Agent(agent) => Some(agent),
            Self::User(_) => None,
        }
    }

    /// The user, if it is no agent.
    #[must_use]
    pub const fn user(self) -> Option<UserId> {
        match self {
            Self::Agent(_) => None,
            Self::User(user) => Some(user),
        }
    }
}

/// Somebody whose phone is to ring for a call that is another's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CalledIn {
    /// Who.
    pub who: Who,
    /// The phone: an agent's extension, or the name that a session's phone registered under.
    pub phone: String,
}

impl From<Colleague> for CalledIn {
    fn from(Colleague { agent, extension }: Colleague) -> Self {
        Self {
            who: Who::Agent(agent),
            phone: extension,
        }
    }
}

/// How a supervisor takes part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MonitorMode {
    /// Hears everybody, is heard by nobody.
    Listen,
    /// Is heard by the agent alone.
    Whisper,
    /// Is heard by everybody.
    Barge,
    /// Takes the agent's place.
    TakeOver,
}

impl MonitorMode {
    const ALL: [Self; 4] = [Self::Listen, Self::Whisper, Self::Barge, Self::TakeOver];

    /// Its name outside.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Listen => "listen",
            Self::Whisper => "whisper",
            Self::Barge => "barge",
            Self::TakeOver => "take_over",
        }
    }

    /// The inverse of [`Self::as_str`].
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.as_str() == name)
    }
}

/// Where a customer is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// To this colleague.
    Colleague(Colleague),
    /// To whoever serves this queue next.
    Queue {
        /// Its name.
        name: String,
        /// What a call needs of it.
        known: KnownQueue,
    },
}

/// An agent whose phone is to ring.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Colleague {
    /// The agent.
    pub agent: AgentId,
    /// The phone.
    pub extension: String,
}

/// Why nothing was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// There is no such live call.
    #[error("There is no such live call.")]
    NoCall,
    /// A call that is no customer's: an agent's own one.
    #[error("An agent's own call is handled at the phone.")]
    OwnCall,
    /// Another agent has it.
    #[error("Another agent has this call.")]
    NotYours,
    /// No agent talks with the customer.
    #[error("No agent talks in this call at the moment.")]
    NoTalk,
    /// The caller is in no queue.
    #[error("The caller does not wait in a queue at the moment.")]
    NotWaiting,
    /// The caller waits there already.
    #[error("The caller waits in that queue already.")]
    SameQueue,
    /// An agent's phone has just answered.
    #[error("An agent is answering this call at the moment.")]
    BeingAnswered,
    /// The phone holds, and only the phone can end that.
    #[error("The phone itself holds the call: resume it at the phone.")]
    PhoneHolds,
    /// The customer waits for the end of a consultation or transfer.
    #[error("A colleague was called in: complete or cancel that first.")]
    ColleagueCalled,
    /// The agent's phone is gone and may come back.
    #[error(
        "The agent's phone is not connected at the moment; the caller hears music until it is."
    )]
    AgentAway,
    /// Nobody was called in.
    #[error("No colleague was called in.")]
    NoColleague,
    /// The colleague has not answered.
    #[error("The colleague has not answered yet.")]
    NotAnswered,
    /// The colleague is talking, ringing or in after-call work.
    #[error("That agent is busy.")]
    Busy,
    /// The colleague has no registered phone, or is logged out.
    #[error("That agent cannot be reached: no registered phone, or logged out.")]
    Unreachable,
    /// The supervisor's phone is in another call.
    #[error("Your phone is in a call already: leave that one first.")]
    SupervisorBusy,
    /// The supervisor's phone is not registered.
    #[error(
        "Your phone is not connected: open the floor in this browser and allow the microphone."
    )]
    NoPhone,
    /// More supervisors than can hear one call.
    #[error("As many supervisors as can hear one call do already.")]
    TooMany,
    /// We are too busy to ask.
    #[error("The call could not be asked in time; try again.")]
    TooBusy,
}
