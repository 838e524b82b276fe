//! The API through a real listener, over a real store in a temporary folder.

mod audit;
mod callers;
mod calls_page;
mod desk;
mod editing;
mod events;
mod flows;
mod http;
mod live;
mod metrics;
mod objects;
mod openapi;
mod phones;
mod prompts;
mod random_edits;
mod roles;
mod sessions;
mod sip_socket;
mod tasks;
mod traffic;
mod websocket;
mod world;
