//! A short soak: everything the server holds under calls is given back when they are over. `tests/run --long` has ten
//! minutes of it; the hour with the slope of memory is `cargo bench --bench load -- soak`. Beside it a short mix: a day with
//! everything in it and crashes in between decides the same again, and its numbers add up.

#![allow(
    dead_code,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "parts of the load generator, of which this test uses some"
)]

#[path = "load/dice.rs"]
mod dice;
#[path = "load/due.rs"]
mod due;
#[path = "load/mix/mod.rs"]
mod mix;
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

/// A hundred calls; some thousands when `CORDBOARD_LONG` is set.
#[test]
fn a_day_with_everything_in_it_decides_the_same_again_and_adds_up() {
    let long = std::env::var_os("CORDBOARD_LONG").is_some();
    let wish = mix::Wish {
        calls: if long { 3_000 } else { 100 },
        cps: if long { 12 } else { 8 },
        kills: if long { 4 } else { 1 },
    };
    mix::run(wish).unwrap();
}
