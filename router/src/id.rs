//! Identifiers: one newtype over a UUID for each noun of the domain.
//!
//! **Owns**: the types and their text form. **Must not**: make ids. Drivers make them (UUIDv7) and hand them in,
//! so that a run of the core is reproducible from its inputs.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! id {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// Wraps a UUID made by a driver.
            #[must_use]
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }
            /// The UUID inside, for stores and drivers.
            #[must_use]
            pub const fn uuid(self) -> Uuid {
                self.0
            }
            /// A small readable id for tests and models.
            #[must_use]
            pub const fn from_number(number: u64) -> Self {
                Self(Uuid::from_u128(number as u128))
            }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }
        impl std::str::FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }
    )*};
}

id! {
    /// One customer's request for service, from arrival to the end of wrap-up.
    InteractionId;
    /// The person or company that calls.
    CustomerId;
    /// One waiting of one interaction in one queue.
    QueueEntryId;
    /// An agent: the id never changes, the login may.
    AgentId;
    /// Somebody who signs in and is no agent: the same login is always the same id.
    UserId;
    /// A follow-up task.
    TaskId;
    /// A queue: the id never changes, the name may.
    QueueId;
    /// One closing of a queue by somebody.
    ClosureId;
    /// One recording of an interaction.
    RecordingId;
    /// Our dialog with one party of a call, as the log knows it.
    LegId;
}

/// Names one offer for ever: the Distributor's epoch (raised at each start) and a sequence number inside it.
/// An answer that carries an outdated pair changes nothing (invariant I8).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct OfferId {
    /// Raised by one each time the router starts.
    pub epoch: u64,
    /// Counts the offers of one epoch, from 1.
    pub seq: u64,
}

impl std::fmt::Display for OfferId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.epoch, self.seq)
    }
}
