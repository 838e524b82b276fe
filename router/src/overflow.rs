//! Where a caller goes whom a queue does not take, or does not keep.
//!
//! **Owns**: the causes, the ways, and which way each queue has for each cause. PURE. **Must not know**: what a caller
//! meets there (flows, mailboxes).

use crate::id::QueueId;
use serde::{Deserialize, Serialize};

/// Why a queue sends a caller on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// `max_wait` has passed.
    MaxWait,
    /// `max_length` callers wait already.
    Full,
    /// Nobody is logged in for the queue, or nobody who could ever meet what is asked for.
    NoAgents,
}

/// Where the caller goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// By the flow: its exit of that name, else its next step.
    #[default]
    Exit,
    /// To another queue, with the place in the line that the time waited is worth.
    Queue(QueueId),
    /// Leaves a message in the queue's box, then the call ends.
    Voicemail,
    /// As if the queue were closed: by the flow's exit `closed`.
    Closed,
}

/// The ways of one queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overflow {
    /// For [`Cause::MaxWait`].
    #[serde(default)]
    pub max_wait: Way,
    /// For [`Cause::Full`].
    #[serde(default)]
    pub full: Way,
    /// For [`Cause::NoAgents`].
    #[serde(default)]
    pub no_agents: Way,
}

impl Overflow {
    /// Everything is left to the flow.
    #[must_use]
    pub fn is_exit(&self) -> bool {
        *self == Self::default()
    }

    /// The same with this way for this cause.
    #[must_use]
    pub const fn with(mut self, cause: Cause, way: Way) -> Self {
        match cause {
            Cause::MaxWait => self.max_wait = way,
            Cause::Full => self.full = way,
            Cause::NoAgents => self.no_agents = way,
        }
        self
    }

    /// The way for this cause.
    #[must_use]
    pub const fn way(&self, cause: Cause) -> Way {
        match cause {
            Cause::MaxWait => self.max_wait,
            Cause::Full => self.full,
            Cause::NoAgents => self.no_agents,
        }
    }
}
