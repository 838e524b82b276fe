//! Cordboard, a contact centre in one binary: the wiring, call control, the HTTP API, the commands.

pub mod api;
pub mod app;
mod background;
mod bindings;
pub mod call;
pub mod cli;
pub mod clock;
pub mod company_changes;
pub mod company_view;
pub mod config;
pub mod customer_lookup;
pub mod demo;
pub mod distributor_task;
pub mod floor;
pub mod flows;
pub mod ids;
pub mod limits;
pub mod metrics;
pub mod number;
pub mod phone;
pub mod prompts;
pub mod serve;
pub mod speech;
pub mod talk_recorder;
pub mod telemetry;
pub mod trunk_registrations;
mod watched_files;
