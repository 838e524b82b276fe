//! A short soak: everything the server holds under calls is given back when they are over. `tests/run --long` has ten
//! minutes of it; the hour with the slope of memory is `cargo bench --bench load -- soak`.

#![allow(
    dead_code,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "parts of the load generator, of which this test uses some"
)]

#[path = "load/rtp.rs"]
mod rtp;
#[path = "load/server.rs"]
mod server;
#[path = "load/sip.rs"]
mod sip;
#[path = "load/soak/mod.rs"]
mod soak;

use std::time::Duration;

/// Half a minute with 10 calls standing; ten minutes with 30 when `CORDBOARD_LONG` is set, as `tests/run --long` does.
#[test]
fn what_calls_took_is_given_back() {
    let long = std::env::var_os("CORDBOARD_LONG").is_some();
    let wish = soak::Wish {
        standing: if long { 30 } else { 10 },
        length: Duration::from_secs(if long { 600 } else { 30 }),
        calls: if long { 450 } else { 10 },
    };
    soak::run(wish).unwrap();
}
