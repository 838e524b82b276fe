//! Sound judged with programs of others: speech synthesizers that must not press keys, a codec of another make.

#![allow(clippy::unwrap_used, reason = "a helper that fails is a failed test")]

#[path = "sound/g722.rs"]
mod g722;
#[path = "sound/speech.rs"]
mod speech;
