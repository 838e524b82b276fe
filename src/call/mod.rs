//! Call control: one pure [`machine::CallMachine`] and one actor task per call.
//!
//! **Owns**: the life of a call from its INVITE to its last leg's end. **Must not know**: SIP messages, RTP, SQL,
//! HTTP. Hops 3 to 5 of `ARCHITECTURE.md`.

pub mod actor;
pub mod counts;
pub mod machine;
pub mod port;
pub mod registry;
