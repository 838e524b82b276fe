//! Tests of settings and company files.

mod company;
mod documented;
mod routing;
mod settings;
