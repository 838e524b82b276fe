//! Odd, broken and hostile bytes at a running server: each is answered as the RFC wants or not at all, and after each
//! the server is the same process, answers OPTIONS and takes a whole call.

#![allow(
    clippy::unwrap_used,
    reason = "stories: a helper that fails is a failed test"
)]

mod alive;
mod device;
mod everyday;
mod generated;
mod ipv6;
mod mutation;
mod rfc4475;
mod sizes;
#[path = "../support/mod.rs"]
mod support;
mod wire;

/// The messages of RFC 4475 are those of the parser's own tests.
#[allow(dead_code, reason = "the parser's tests read more of them")]
#[path = "../../sip-gateway/src/sip/message/tests/torture/mod.rs"]
mod messages;

use sip_gateway::sip::message::Layer;
