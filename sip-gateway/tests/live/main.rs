//! What only shows on real sockets: two that change a session at once, a far side whose answers are damaged, how long
//! answers take.

#![allow(clippy::unwrap_used)] // clippy does not see that helpers of tests are tests

mod damaged;
mod glare;
#[allow(dead_code, reason = "the torture tests need more of it")]
#[path = "../../../tests/support/mutate.rs"]
mod mutate;
mod peer;
mod timing;
#[path = "../trunk_support/mod.rs"]
mod trunk_support;
