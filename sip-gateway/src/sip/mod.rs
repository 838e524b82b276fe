//! The SIP core. PURE: no socket, clock, task or randomness; `net/sip_driver.rs` drives it.

pub mod auth;
pub mod dialog;
pub mod endpoint;
pub mod flow;
pub mod framing;
pub mod message;
pub mod port;
pub mod registrar;
pub mod sdp;
pub mod session;
pub mod stun;
pub mod transaction;

pub use endpoint::{Counters, Endpoint, EndpointConfig, Limits, Occupancy};
pub use registrar::RegistrationRecord;
