//! The phases of a call, one type per phase that carries data, and what the call has been through.
//!
//! **Owns**: these values. **Must not**: decide anything.

use super::away::Away;
use super::dialled::Dialled;
use super::helper::Helper;
use super::sound::Sound;
use crate::call::control::Who;
use crate::call::port::KnownQueue;
use crate::config::settings::RecordPolicy;
use router::Timestamp;
use router::company::Skills;
use router::event::PauseCause;
use router::id::{LegId as LogLegId, OfferId, QueueEntryId, RecordingId};
use router::outcome::{EndCause, EntryOutcome};
use router::requirement::Wishes;
use sip_gateway::leg::LegId;
use std::time::Duration;

/// Where the caller is (I3: in exactly one place).
#[derive(Debug)]
pub(super) enum Phase {
    /// Hears the flow.
    InFlow,
    /// Waits in a queue; perhaps agents' phones ring.
    Waiting(Waiting),
    /// Talks with an agent.
    Talking(Talking),
    /// The flow calls somebody for them, or they talk with whom it called.
    Dialled(Box<Dialled>),
    /// On the way out.
    Ending(Ending),
}

/// A caller in a queue.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) entry: QueueEntryId,
    /// Agents' phones that ring for this caller: one, or several where the queue rings at all.
    pub(super) ringing: Vec<Ringing>,
    /// Which line it is, for the talk that follows.
    pub(super) line: Line,
    /// An agent sent the caller here: the flow is not asked meanwhile.
    pub(super) sent: Option<Sent>,
    /// In this line since; none until the Distributor has said so.
    pub(super) since: Option<Timestamp>,
    /// Asked for when this waiting began.
    pub(super) head_start: Duration,
    /// How much of it a supervisor has given in this waiting.
    pub(super) ahead: Duration,
    /// A supervisor moved the caller here.
    pub(super) moved: Option<Moved>,
}

/// Where a caller goes back whom the queue that a supervisor chose does not take.
#[derive(Debug)]
pub(super) struct Moved {
    /// The line before.
    pub(super) back: Line,
    /// The time that was waited there.
    pub(super) head_start: Duration,
}

/// A waiting line, as a call remembers it.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) name: String,
    pub(super) known: KnownQueue,
    /// What the flow asked for.
    pub(super) skills: Skills,
    pub(super) wishes: Box<Wishes>,
    pub(super) class: Option<u8>,
    /// When the caller first stood in it: whoever comes back has waited since then.
    pub(super) since: Timestamp,
}

/// Where a caller goes whom the queue does not take, or does not keep.
#[derive(Debug)]
pub(super) struct Sent {
    /// The line of the talk before; none when that is this very one.
    pub(super) back: Option<Line>,
}

/// An agent's phone that rings for this caller.
#[derive(Debug)]
pub(super) struct Ringing {
    pub(super) offer: OfferId,
    pub(super) extension: String,
    pub(super) leg: LegId,
    pub(super) log_leg: LogLegId,
    /// Whose it is, until the log has heard of the leg.
    pub(super) unlogged: Option<Who>,
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
    /// The rule about recording that holds for the talk.
    pub(super) record: RecordPolicy,
}

/// An agent has the caller; others may be called in.
#[derive(Debug)]
pub(super) struct Talking {
    /// None when that agent hung up while a colleague's phone rings for the customer.
    pub(super) main: Option<Main>,
    pub(super) line: Line,
    pub(super) recording: Option<RecordingId>,
    /// The agent put the customer on hold by command.
    pub(super) held: bool,
    /// The agent's phone is gone, and is waited for; no colleague is called in meanwhile.
    pub(super) away: Option<Away>,
    /// The agent asked for a supervisor, and none has come.
    pub(super) help: bool,
    /// A colleague at most, and supervisors.
    pub(super) helpers: Vec<Helper>,
    /// What everybody hears now.
    pub(super) sound: Sound,
    /// Why customer and agent do not hear each other now.
    pub(super) pause: Option<PauseCause>,
    /// Who is on the right side of the recording.
    pub(super) recorded: Vec<LegId>,
}

/// Whoever has the call: an agent, or a supervisor who took it over.
#[derive(Clone, Copy, Debug)]
pub(super) struct Main {
    pub(super) who: Who,
    pub(super) leg: LegId,
    pub(super) log_leg: LogLegId,
    /// Came by a colleague's or supervisor's wish, not by an offer.
    pub(super) called_in: bool,
    /// The phone itself holds.
    pub(super) holds: bool,
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
    /// Whose it is, until the log has heard of the leg.
    pub(super) unlogged: Option<Who>,
}

/// A message that is recorded.
#[derive(Clone, Copy, Debug)]
pub(super) struct Message {
    pub(super) recording: RecordingId,
    pub(super) since: Timestamp,
}

/// A recording that the flow began and no talk has taken over.
#[derive(Clone, Copy, Debug)]
pub(super) struct FlowRecording {
    pub(super) recording: RecordingId,
    pub(super) paused: bool,
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
    /// What the caller said when asked whether the call may be recorded.
    pub(super) consent: Option<bool>,
    /// The flow has ended the recording, and begun none since.
    pub(super) flow_says_no: bool,
    /// What the flow records now.
    pub(super) flow_recording: Option<FlowRecording>,
    /// How the flow wants a call refused that it does not answer: SIP status.
    pub(super) refuse_with: Option<u16>,
    /// Recordings so far.
    pub(super) recordings: u32,
}
