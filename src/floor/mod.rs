//! What goes on right now, for screens: desks and wallboards.
//!
//! **Owns**: the live picture of calls, agents and queues as topics, and who follows them. **Must not know**: HTTP,
//! rights, sockets. It follows the log and asks the Distributor's task; nothing waits for it.
//!
//! `model` folds the log, `items` says what a topic's items look like, `topic` numbers changes: all three are pure.
//! `task` carries them.

pub mod closure;
pub mod items;
pub mod model;
pub mod task;
pub mod thresholds;
pub mod topic;

#[cfg(test)]
mod tests;
