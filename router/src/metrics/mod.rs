//! Numbers from the event log: each of them has a definition, and each can be proved.
//!
//! **Owns**: rows of a quarter of an hour ([`rows`]), how the log becomes them ([`Fold`]), what is read from them
//! ([`formula`]), and the proof that nothing was lost or counted twice ([`audit`]).
//! **Must not know**: SQL, HTTP, names of queues and agents, the clock.
//!
//! Definitions in words: `docs/metrics.md`.

mod agents;
pub mod audit;
mod fold;
pub mod formula;
pub mod histogram;
pub mod rows;
mod talk;
#[cfg(test)]
mod tests;

pub use fold::{Fold, VERSION};
pub use histogram::Histogram;
pub use rows::{AgentRow, QUARTER, QueueRow, Rows, quarter_of};
pub use talk::{Share, Talks};
