//! Transactions: RFC 3261 17 with RFC 6026 and RFC 4320.
//!
//! **Owns**: the four machines, their timers, the keys that match messages to them ([`key`]), the table of those under
//! way ([`table`]). **Must not know**: dialogs, calls, registrations. A machine is told [`Action`]s by value; it never
//! sends.

pub mod client_invite;
pub mod client_other;
pub mod key;
pub mod server_invite;
pub mod server_other;
pub mod table;
pub mod timers;

#[cfg(test)]
mod tests;

use bytes::Bytes;

/// One transaction; never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TransactionId(pub u64);

/// What a machine wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Send these bytes to the peer of the transaction.
    Send(Bytes),
    /// Hand the message that is being handled to the user of the transaction.
    Deliver,
    /// Tell the user that the peer never answered (timers B, F, H).
    TimedOut,
    /// Tell the user that the peer cannot be reached.
    TransportFailed,
}

/// Collects actions.
pub type Actions = Vec<Action>;
