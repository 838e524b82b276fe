//! Tests of settings and company files.

mod calendars;
mod company;
mod documented;
mod flows;
mod routing;
mod settings;
mod speech;
