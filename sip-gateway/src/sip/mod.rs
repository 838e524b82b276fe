//! The SIP core. PURE: no socket, clock, task or randomness; `net/sip_driver.rs` drives it.

pub mod auth;
pub mod message;
pub mod port;
pub mod sdp;
