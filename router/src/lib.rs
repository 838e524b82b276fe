//! The words of the domain and the engine that decides who gets which caller.
//!
//! **Owns**: ids, time as a value, the company's skills, queues and agents as routing sees them, agent states,
//! offers, decisions, the one event log's vocabulary, and the [`Distributor`].
//!
//! **Must not know**: SIP, RTP, HTTP, SQL, flows, the clock, tokio, randomness. Ids and the time are handed in.

pub mod agent;
pub mod company;
pub mod decision;
pub mod distributor;
pub mod event;
pub mod id;
pub mod outcome;
pub mod private;
pub mod time;

pub use agent::{AgentState, Reason};
pub use company::RoutingCompany;
pub use decision::Decision;
pub use distributor::{Distributor, Input, Output};
pub use event::{Event, LogLine};
pub use private::{PhoneNumber, Private};
pub use time::Timestamp;
