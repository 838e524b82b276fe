//! Tests of settings and company files.

mod company;
mod routing;
mod settings;
