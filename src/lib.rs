//! Cordboard, a contact centre in one binary.

pub mod api;
pub mod cli;
pub mod clock;
pub mod company_view;
pub mod config;
pub mod number;
