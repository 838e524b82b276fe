//! The words that events are told in: roles, directions, causes, kinds.
//!
//! **Owns**: their names, as they stand in the log.
//! **Must not know**: which event uses which.

use serde::{Deserialize, Serialize};

/// Whose side of a call a leg is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LegRole {
    /// The customer's.
    Customer,
    /// An agent's.
    Agent,
    /// Somebody's whom the flow called through a trunk.
    Outside,
}

/// Which way an interaction went, seen from the company.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// A customer called.
    #[default]
    Inbound,
    /// An agent called a customer.
    Outbound,
    /// An agent's phone called one of our numbers.
    Internal,
}

impl Direction {
    /// The stored name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Inbound => "inbound",
            Self::Outbound => "outbound",
            Self::Internal => "internal",
        }
    }

    /// The inverse of [`Self::as_str`].
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "inbound" => Some(Self::Inbound),
            "outbound" => Some(Self::Outbound),
            "internal" => Some(Self::Internal),
            _ => None,
        }
    }
}

/// What a recording holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordingKind {
    /// Customer and agent.
    #[default]
    Talk,
    /// A message that the customer left; the right side is silent.
    Voicemail,
}

impl RecordingKind {
    /// The stored name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Talk => "talk",
            Self::Voicemail => "voicemail",
        }
    }

    /// The inverse of [`Self::as_str`].
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "talk" => Some(Self::Talk),
            "voicemail" => Some(Self::Voicemail),
            _ => None,
        }
    }
}

/// Why the customer and the agent do not hear each other for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PauseCause {
    /// The agent put the customer on hold, by command or at the phone.
    Hold,
    /// The agent consults a colleague.
    Consult,
    /// A colleague's phone rings for the customer.
    Transfer,
    /// The agent's phone is gone and may come back: a page that is loaded again.
    Reconnect,
    /// The flow leaves something out of the recording; no talk.
    Flow,
}

impl PauseCause {
    /// The stored name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hold => "hold",
            Self::Consult => "consult",
            Self::Transfer => "transfer",
            Self::Reconnect => "reconnect",
            Self::Flow => "flow",
        }
    }

    /// The inverse of [`Self::as_str`].
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [
            Self::Hold,
            Self::Consult,
            Self::Transfer,
            Self::Reconnect,
            Self::Flow,
        ]
        .into_iter()
        .find(|cause| cause.as_str() == name)
    }
}

/// What came of calling somebody for a caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DialOutcome {
    /// They talked.
    Answered,
    /// Nobody answered.
    NoAnswer,
    /// They were talking, or did not want the call.
    Busy,
    /// It could not be called: nobody may, no trunk took it, or there is no such number.
    Failed,
    /// The caller hung up while it rang.
    CallerLeft,
}

/// How who talks in an interaction changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TalkChange {
    /// A colleague's phone rings for the customer.
    TransferBegan,
    /// The colleague has the customer.
    Transferred,
    /// The colleague did not take the customer.
    TransferFailed,
    /// The customer waits in a queue again, by the agent's wish or because a transfer failed without an agent to go
    /// back to.
    SentToQueue,
    /// A colleague's phone rings for the agent.
    ConsultBegan,
    /// Agent and colleague hear each other; the customer waits.
    ConsultAnswered,
    /// The colleague is gone, or never came.
    ConsultEnded,
    /// Customer, agent and colleague hear each other.
    Merged,
    /// A supervisor's phone rings, to hear this call.
    MonitorBegan,
    /// The supervisor hears the call; nobody hears the supervisor.
    Listens,
    /// The same, and the agent hears the supervisor.
    Whispers,
    /// The same, and everybody hears the supervisor.
    Barges,
    /// The supervisor has the customer in the agent's place.
    TookOver,
    /// The supervisor is gone, or never came.
    MonitorEnded,
    /// The agent's phone is gone without a word: the customer waits for it.
    AgentLost,
    /// It is back, and the talk goes on.
    AgentBack,
    /// It did not come back in time: the customer goes to the front of the queue.
    AgentStayedAway,
    /// The agent asks for a supervisor.
    HelpAsked,
    /// The supervisor whom the agent asked for is in the call.
    HelpTaken,
    /// A supervisor has seen it, and nobody comes.
    HelpDismissed,
    /// The agent needs nobody any more, or does not have the caller any more.
    HelpEnded,
}

/// What a leg's media was like, counted by the media thread until the leg closed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LegQuality {
    /// RTP packets that arrived and were accepted.
    pub packets_received: u64,
    /// RTP packets we sent.
    pub packets_sent: u64,
    /// Packets missing by sequence number.
    pub packets_lost: u64,
    /// RTP packets ignored because they came from a foreign source or were broken.
    pub packets_ignored: u64,
    /// Interarrival jitter, RFC 3550 6.4.1, in ms.
    pub jitter_ms: f64,
    /// Codec name, such as `PCMU`.
    pub codec: String,
    /// Bursts of loss against those of random loss, 1 or more (ITU-T G.107).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub burst_ratio: Option<f64>,
    /// There and back on the network, in ms; none when the party's reports did not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub round_trip_ms: Option<f64>,
    /// Packets of ours that the party says it missed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub far_lost: Option<u64>,
    /// Mean opinion score of what the party sent, 1 to 4.5, by the E-model (ITU-T G.107); none when nothing came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mos: Option<f64>,
}

/// Why an alias of a flow was moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FlowPointCause {
    /// The folder came into the database at the first start.
    Imported,
    /// Somebody published a version.
    Published,
    /// Somebody published a version for a share of the calls.
    Canary,
    /// The version on trial is for all calls now.
    Promoted,
    /// Somebody went back to an older version.
    RolledBack,
    /// The version on trial did worse and was taken back by itself.
    Returned,
    /// Somebody pointed another alias than `live`.
    Pointed,
}

impl FlowPointCause {
    /// The stable name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Imported => "imported",
            Self::Published => "published",
            Self::Canary => "canary",
            Self::Promoted => "promoted",
            Self::RolledBack => "rolled_back",
            Self::Returned => "returned",
            Self::Pointed => "pointed",
        }
    }
}
