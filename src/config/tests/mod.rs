//! Tests of settings and company files.

mod company;
mod settings;
