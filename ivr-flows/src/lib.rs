//! The flow language: what callers hear, may press, and where they go.
//!
//! **Owns**: reading `NAME.flow.yaml` with positions, the checks, and the pure [`interpreter`].
//! **Must not know**: SIP, audio, queues as the router has them (only their names), the clock, files.

pub mod finding;
pub mod port;

pub use finding::{Finding, FindingLevel};
pub use port::{FlowInput, FlowOutput};
