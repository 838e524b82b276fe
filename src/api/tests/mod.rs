//! The API through a real listener, over a real store in a temporary folder.

mod http;
mod objects;
mod roles;
mod world;
