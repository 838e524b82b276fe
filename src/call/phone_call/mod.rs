//! Calls that an agent's phone makes: to another agent, to a feature code, to the outside.
//!
//! **Owns**: what their machines ask for ([`PhoneOutput`], [`PhoneAsk`]) and are answered ([`PhoneAnswer`]), and the
//! three verbs that the machines share ([`PhoneMachine`]). **Must not know**: flows, queues. Only a call to the outside
//! is an interaction; of the others nothing is written but the states of their agents.

pub mod actor;
pub mod tones;

use crate::call::port::CallInput;
use router::agent::Wanted;
use router::event::PersonalData;
use router::id::{AgentId, UserId};
use router::{Event, PhoneNumber, Private, Timestamp};
use sip_gateway::leg::{Credentials, LegId, PlayId};
use tones::Confirmation;

/// What the Distributor's task is asked in the name of an agent's phone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PhoneAsk {
    /// Ask for a state, as the API does. Answered.
    SetState {
        /// The agent.
        agent: AgentId,
        /// What is asked for.
        wanted: Wanted,
    },
    /// End the agent's after-call work. Answered.
    EndWrapUp {
        /// The agent.
        agent: AgentId,
    },
    /// May this agent be rung by that one? Yes makes both busy for every queue in the same step. Answered.
    CallAgent {
        /// Who calls.
        caller: AgentId,
        /// Who is called.
        called: AgentId,
    },
    /// A customer's call wants to ring this agent: busy for every queue from here on, unless the agent is busy already.
    /// Answered.
    Reserve {
        /// The agent.
        agent: AgentId,
        /// One who is logged out will do: a supervisor who takes no calls.
        even_offline: bool,
    },
    /// A customer's call wants to ring the phone of a supervisor who is no agent: one call at a time. Answered.
    ReserveUser {
        /// The supervisor.
        user: UserId,
        /// The name that the phone registered under.
        phone: String,
    },
    /// That call is over for the supervisor. Not answered; said twice it changes nothing.
    ReleaseUser {
        /// The supervisor.
        user: UserId,
    },
    /// The agent calls the outside: busy for every queue from here on. Answered.
    CallOut {
        /// The agent.
        agent: AgentId,
    },
    /// The agent's call out was answered: after-call work follows its end. Not answered.
    Talked {
        /// The agent.
        agent: AgentId,
    },
    /// Tell when this agent can be rung: at once, or when their phone registers. Answered by
    /// [`CallInput::AgentReachable`], once.
    Await {
        /// The agent.
        agent: AgentId,
    },
    /// This call is over for the agent. Not answered; said twice it changes nothing.
    Release {
        /// The agent.
        agent: AgentId,
    },
}

/// The answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PhoneAnswer {
    /// It is so now.
    Done,
    /// Nothing has changed: it was so before, or it cannot be.
    NothingChanged,
    /// The called agent is talking, ringing or in after-call work.
    Busy,
    /// The called agent is logged out or has no registered phone.
    Unreachable,
}

/// What a phone call asks of its driver, in order.
#[derive(Clone, Debug, PartialEq)]
pub enum PhoneOutput {
    /// To the Distributor's task.
    Ask(PhoneAsk),
    /// 180 to the calling phone.
    Ring(LegId),
    /// 183 to the calling phone: it hears the other leg from here on.
    EarlyMedia(LegId),
    /// The ringing tone towards a leg that carries audio already, until somebody is heard.
    Ringback(LegId),
    /// 200 to the calling phone.
    Answer(LegId),
    /// Refuse the calling phone.
    Reject {
        /// Its leg.
        leg: LegId,
        /// SIP status.
        status: u16,
    },
    /// Ring another agent's phone.
    Dial {
        /// The new leg.
        leg: LegId,
        /// The called phone.
        extension: String,
        /// The calling agent's extension.
        from_extension: String,
        /// The calling agent's name.
        from_name: Private<String>,
    },
    /// Call the outside through a trunk.
    DialOut {
        /// The new leg.
        leg: LegId,
        /// The trunk, by name.
        trunk: String,
        /// `sip:NUMBER@ADDRESS`.
        uri: Private<String>,
        /// What the called party is shown.
        caller_id: PhoneNumber,
        /// For the carrier's challenge.
        credentials: Option<Credentials>,
    },
    /// A line for the one event log.
    Log {
        /// The event.
        event: Event,
        /// Personal data that belongs to the rows.
        personal: Option<PersonalData>,
    },
    /// The same, and it must be on the disk before the next output is carried out.
    LogSynced(Event),
    /// Begin a recording: left = customer, right = agent.
    StartRecording {
        /// The customer's leg.
        customer: LegId,
        /// The agent's leg.
        agent: LegId,
    },
    /// End it.
    StopRecording,
    /// End a leg in the way its state needs.
    Hangup(LegId),
    /// Let two legs hear each other; one leg twice is an echo.
    Bridge {
        /// One.
        a: LegId,
        /// The other.
        b: LegId,
    },
    /// Play a confirmation.
    Play {
        /// Towards this leg.
        leg: LegId,
        /// Names the playing.
        play: PlayId,
        /// Yes or no.
        tone: Confirmation,
    },
    /// The phone cannot be reached where it registered from.
    ForgetDevice {
        /// The phone.
        extension: String,
    },
}

/// The verbs of a machine that [`actor::PhoneActor`] drives.
pub trait PhoneMachine: Send + 'static {
    /// Takes one input; what does not fit the phase changes nothing.
    fn handle(&mut self, input: CallInput, now: Timestamp);
    /// The next thing to do; drain until `None` after each `handle`.
    fn poll_output(&mut self) -> Option<PhoneOutput>;
    /// When to hand in [`CallInput::Tick`] at the latest.
    fn next_deadline(&self) -> Option<Timestamp>;
    /// Every leg is over: the actor may end.
    fn is_finished(&self) -> bool;
}
