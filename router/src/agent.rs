//! Agent states and reasons, as the API, the log and the Distributor say them.
//!
//! **Owns**: [`AgentState`], [`Reason`], [`Wanted`]. **Must not**: decide transitions; `distributor/` does.

use serde::{Deserialize, Serialize};

/// What an agent is doing. The names are those of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AgentState {
    /// Not logged in, no phone.
    Offline,
    /// Ready for a caller.
    Available,
    /// One caller rings at this agent.
    Offered,
    /// Talking.
    OnCall,
    /// After-call work.
    WrapUp,
    /// Logged in and not to be offered anything, for a [`Reason`].
    NotReady,
}

impl AgentState {
    /// The API's and the log's name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Offline => "offline",
            Self::Available => "available",
            Self::Offered => "offered",
            Self::OnCall => "on_call",
            Self::WrapUp => "wrap_up",
            Self::NotReady => "not_ready",
        }
    }
}

/// Why an agent is not ready. The company's own reasons are free names; the others are ours.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Did not answer an offer, or missed too many in a row: until the agent returns.
    Missed,
    /// A screenless phone missed an offer: returns by itself after `miss_cooldown`.
    Cooldown,
    /// The phone is gone; returns when it registers again.
    DeviceLost,
    /// A supervisor said so.
    Supervisor,
    /// Was offline before a call of their own; only in the log, for a restart during that call.
    SignedOff,
    /// One of the company's reasons, such as `lunch`.
    Company(String),
}

impl Reason {
    /// The name shown to people and stored.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Missed => "missed",
            Self::Cooldown => "cooldown",
            Self::DeviceLost => "device_lost",
            Self::Supervisor => "supervisor",
            Self::SignedOff => "signed_off",
            Self::Company(name) => name,
        }
    }
    /// The inverse of [`Reason::as_str`]; any unknown name is one of the company's.
    #[must_use]
    pub fn from_name(name: &str) -> Self {
        match name {
            "missed" => Self::Missed,
            "cooldown" => Self::Cooldown,
            "device_lost" => Self::DeviceLost,
            "supervisor" => Self::Supervisor,
            "signed_off" => Self::SignedOff,
            other => Self::Company(other.to_owned()),
        }
    }
}

/// A state that an agent or a supervisor may ask for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Wanted {
    /// Ready for callers.
    Available,
    /// Not ready, for a reason.
    NotReady {
        /// Why.
        reason: Reason,
    },
    /// Log out.
    Offline,
}
