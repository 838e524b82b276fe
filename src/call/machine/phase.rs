//! The phases of a call, one type per phase that carries data, and what the call has been through.
//!
//! **Owns**: these values. **Must not**: decide anything.

use router::Timestamp;
use router::id::{AgentId, LegId as LogLegId, OfferId, QueueEntryId, RecordingId};
use router::outcome::{EndCause, EntryOutcome};
use sip_gateway::leg::LegId;

/// Where the caller is (I3: in exactly one place).
#[derive(Debug)]
pub(super) enum Phase {
    /// Hears the flow.
    InFlow,
    /// Waits in a queue; perhaps an agent's phone rings.
    Waiting(Waiting),
    /// Talks with an agent.
    Talking(Talking),
    /// On the way out.
    Ending(Ending),
}

/// A caller in a queue.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) entry: QueueEntryId,
    pub(super) ringing: Option<Ringing>,
}

/// An agent's phone that rings for this caller.
#[derive(Debug)]
pub(super) struct Ringing {
    pub(super) offer: OfferId,
    pub(super) extension: String,
    pub(super) leg: LegId,
    pub(super) log_leg: LogLegId,
    /// The agent, until the log has heard of the leg.
    pub(super) unlogged: Option<AgentId>,
    /// A provisional answer came: the phone is there.
    pub(super) heard: bool,
    /// It rings.
    pub(super) rings: bool,
    /// It answered; the Distributor's word is awaited.
    pub(super) answered: bool,
    /// Its leg ended after it answered and before that word came.
    pub(super) gone: bool,
    /// When a phone without any answer counts as unreachable.
    pub(super) silent_at: Timestamp,
    /// When ringing ends.
    pub(super) until: Timestamp,
    /// Whether the talk will be recorded.
    pub(super) record: bool,
}

/// Caller and agent hear each other.
#[derive(Debug)]
pub(super) struct Talking {
    pub(super) agent: AgentId,
    pub(super) leg: LegId,
    pub(super) log_leg: LogLegId,
    pub(super) recording: Option<RecordingId>,
}

/// The customer's leg is ending or over.
#[derive(Debug)]
pub(super) struct Ending {
    pub(super) cause: EndCause,
    /// The waiting whose outcome the Distributor still owes.
    pub(super) owed: Option<QueueEntryId>,
    /// `CallEnded` has been logged.
    pub(super) said: bool,
    /// When to stop waiting for what is owed.
    pub(super) until: Timestamp,
    /// When to stop waiting for legs that never report their end.
    pub(super) legs_until: Timestamp,
}

/// The customer's leg.
#[derive(Debug)]
pub(super) struct CustomerLeg {
    pub(super) leg: LegId,
    pub(super) log_leg: LogLegId,
    /// Our 200 was sent.
    pub(super) answered: bool,
    /// It ended.
    pub(super) over: bool,
}

/// An agent's leg on its way out.
#[derive(Debug)]
pub(super) struct ClosingLeg {
    pub(super) leg: LegId,
    pub(super) log_leg: LogLegId,
    /// The agent, until the log has heard of the leg.
    pub(super) unlogged: Option<AgentId>,
}

/// A message that is recorded.
#[derive(Clone, Copy, Debug)]
pub(super) struct Message {
    pub(super) recording: RecordingId,
    pub(super) since: Timestamp,
}

/// What the outcome is worked out from.
#[derive(Debug, Default)]
pub(super) struct History {
    /// An agent and the customer were connected.
    pub(super) connected: bool,
    /// How the last waiting without an agent ended.
    pub(super) last_entry: Option<EntryOutcome>,
    /// The agent left first, and the flow has asked the caller nothing since.
    pub(super) agent_left_last: bool,
    /// The message that is recorded now.
    pub(super) message: Option<Message>,
    /// A message was left.
    pub(super) voicemail: bool,
    /// Our fault ended the call.
    pub(super) failed: bool,
    /// Recordings so far.
    pub(super) recordings: u32,
}
