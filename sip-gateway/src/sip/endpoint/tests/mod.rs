//! Endpoints that talk to each other over a virtual network, and to scripted peers that send raw text.

mod calls;
mod devices;
mod early;
mod fuzz;
mod guessing;
mod kit;
mod logins;
mod lossy;
mod outbound;
mod overload;
mod own_changes;
mod puppet;
mod races;
mod raw;
mod registrar;
mod reinvite;
mod streams;
mod timing;
mod torture;
mod trunks;
mod web;
