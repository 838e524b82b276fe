//! Faults of the machine at a running server: a database that is away, slow or read-only, disks that are full, stall or
//! lie, a wall clock that jumps. Each story makes calls before, during and after the fault, and joins what the phones
//! saw with the record.

#![allow(
    clippy::unwrap_used,
    reason = "stories: a helper that fails is a failed test"
)]

#[path = "../support/mod.rs"]
mod support;

mod calls;
mod clock;
mod database;
mod disks;
