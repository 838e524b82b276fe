//! What several kinds of tests share. Included by path (`#[path = "../support/mod.rs"] mod support;`), so each test
//! binary uses a part of it.
#![allow(
    dead_code,
    unused_imports,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a library of helpers: each test binary uses its part, and a helper that fails is a failed test"
)]

pub(crate) mod calls;
pub(crate) mod faults;
pub(crate) mod http;
pub(crate) mod mutate;
pub(crate) mod patience;
pub(crate) mod peers;
pub(crate) mod phone;
pub(crate) mod world;
