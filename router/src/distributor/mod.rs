//! The Distributor: callers wait in queues, agents change states, offers pair them.
//!
//! **Owns**: every agent's state and idle clock, every queue entry, every offer, every decision.
//! **Must not know**: clock, tokio, SQL, SIP. It is driven by [`Distributor::handle`], read by
//! [`Distributor::poll_output`] until `None`, and woken at [`Distributor::next_deadline`].

pub mod port;

pub use port::{Input, Output};

use crate::company::RoutingCompany;
use crate::time::Timestamp;

/// The ACD engine. One task owns it.
#[derive(Debug)]
pub struct Distributor {
    company: RoutingCompany,
}

impl Distributor {
    /// A Distributor whose offers carry `epoch`. Every agent begins `offline`; see [`Input::RestoreAgent`].
    #[must_use]
    pub fn new(company: RoutingCompany, _epoch: u64) -> Self {
        Self { company }
    }
    /// Takes one input. Never blocks and never fails: what makes no sense (an unknown id, an outdated offer)
    /// changes nothing, and is answered by [`Output::OfferVoid`] where somebody waits for an answer.
    pub fn handle(&mut self, _input: Input, _now: Timestamp) {}
    /// The next output; drain until `None` after each `handle`.
    pub fn poll_output(&mut self) -> Option<Output> {
        let _ = &self.company;
        None
    }
    /// When to call `handle(Input::Tick, …)` at the latest.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Timestamp> {
        None
    }
}
