//! Cordboard, a contact centre in one binary.

pub mod config;
pub mod number;
