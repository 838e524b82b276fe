//! Call control: one pure [`machine::CallMachine`] and one actor task per call; beside it
//! [`internal::InternalCall`] and [`service::ServiceCall`] for calls of agents' phones that are no interaction.
//!
//! **Owns**: the life of a call from its INVITE to its last leg's end. **Must not know**: SIP messages, RTP, SQL,
//! HTTP. Hops 3 to 5 of `ARCHITECTURE.md`.

pub mod actor;
pub mod browser_calls;
pub mod call_control;
pub mod control;
pub mod counts;
pub mod internal;
pub mod leg_commands;
pub mod machine;
pub mod outbound;
pub mod phone_call;
pub mod port;
pub mod registry;
pub mod ringback;
pub mod service;
