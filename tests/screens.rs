//! Done is when 100 desks and 20 wallboards see each change within 300 ms while 20 calls a second come in, and a tab
//! that does not read slows nothing.

#![allow(
    dead_code,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "parts of the load generator, of which this test uses some"
)]

#[path = "load/due.rs"]
mod due;
#[path = "load/rtp.rs"]
mod rtp;
#[path = "load/screens.rs"]
mod screens;
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

use std::time::Duration;

/// A few seconds beside other tests, in a build without optimisation; a minute and the real limit when `CORDBOARD_LONG`
/// is set, as `tests/run --long` does.
#[test]
fn changes_reach_every_screen_in_time() {
    let long = std::env::var_os("CORDBOARD_LONG").is_some();
    let wish = screens::Wish {
        cps: 20,
        seconds: if long { 60 } else { 4 },
        p99: Duration::from_millis(if long { 300 } else { 1_000 }),
    };
    screens::run(wish).unwrap();
}
