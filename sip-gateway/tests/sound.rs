//! Sound judged with programs of others: speech synthesizers that must not press keys, a codec of another make.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a helper that fails is a failed test, and prints what it measured"
)]

#[path = "sound/g722.rs"]
mod g722;
#[path = "sound/ogg.rs"]
mod ogg;
#[path = "sound/opus.rs"]
mod opus;
#[path = "sound/speech.rs"]
mod speech;
