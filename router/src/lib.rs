//! The words of the domain and the engine that decides who gets which caller.
//!
//! **Owns**: ids, time as a value, the company's skills, queues and agents as routing sees them, agent states,
//! offers, decisions, the one event log's vocabulary, and the [`Distributor`].
//!
//! **Must not know**: SIP, RTP, HTTP, SQL, flows, the clock, tokio, randomness. Ids and the time are handed in.
//!
//! # How it is driven
//!
//! One task owns the [`Distributor`]. It hands each [`Input`] in with the time, drains the [`Output`]s, and comes
//! back with [`Input::Tick`] at the deadline:
//!
//! ```text
//! let mut distributor = Distributor::new(company, epoch);
//! loop {
//!     let (input, now) = next_input_or_tick_at(distributor.next_deadline());
//!     distributor.handle(input, now);
//!     while let Some(output) = distributor.poll_output() {
//!         carry_away(output, now);    // log lines in order, with the same `now`; commands to the calls
//!     }
//! }
//! ```
//!
//! At start the order is: log [`Event::RouterStarted`], one [`Input::RestoreAgent`] per stored agent, then
//! everything else. A call answers every [`Output::Offer`] by `OfferAnswered` or `OfferFailed`, and tells
//! `TalkEnded` once for each [`Output::Accepted`].
//!
//! # Where things are
//!
//! The rules are written down in `docs/routing-rules.md`, with the file that holds each. `distributor/select/` says
//! who fits whom, `presence`, `miss`, `wrap_up`, `own_call` and `restore` move agents, `waiting` moves callers,
//! `closing` keeps them out, `overflow` sends them on, `offer` pairs them, `settle` and `timers` drive it, `invariants` checks it after every input in debug builds.

pub mod agent;
pub mod classes;
pub mod closure;
pub mod company;
pub mod decision;
pub mod distributor;
pub mod event;
pub mod id;
pub mod metrics;
pub mod outcome;
pub mod overflow;
pub mod private;
pub mod replay;
pub mod requirement;
pub mod time;
pub mod wait;
pub mod why;

pub use agent::{AgentState, Reason};
pub use company::RoutingCompany;
pub use decision::Decision;
pub use distributor::{Distributor, Input, Output};
pub use event::{Event, LogLine};
pub use private::{PhoneNumber, Private};
pub use replay::Replay;
pub use time::Timestamp;
