//! `kill -9` at every moment of a wave of calls, joined with what the load generator saw.

#![allow(
    dead_code,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "parts of the load generator, of which this test uses some"
)]

#[path = "load/due.rs"]
mod due;
#[path = "load/kill.rs"]
mod kill;
#[path = "load/rtp.rs"]
mod rtp;
#[path = "load/server.rs"]
mod server;
#[path = "support/phone/shield.rs"]
mod shield;
#[path = "load/sip.rs"]
mod sip;
#[path = "load/voice.rs"]
mod voice;
#[path = "load/world.rs"]
mod world;

/// Fifty; two hundred when `CORDBOARD_LONG` is set, as `tests/run --long` does.
#[test]
fn kills_leave_nothing_open_and_lose_at_most_a_second() {
    let long = std::env::var_os("CORDBOARD_LONG").is_some();
    kill::run(if long { 200 } else { 50 }).unwrap();
}
