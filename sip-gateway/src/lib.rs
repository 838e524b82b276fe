//! SIP and media, joined into legs.
//!
//! A [`leg::LegId`] names our dialog with one party together with its media. The crate offers verbs on legs (ring,
//! answer, dial, play, bridge, record, hang up) and tells what happens on them. Inside, `sip/` and `media/` are pure
//! state machines, `legs/` joins them as purely; `net/` holds the drivers: sockets, tokio tasks, media threads.
//!
//! **Must not know**: queues, agents, flows, customers, SQL. A registered phone is a *device* here, a carrier a
//! *trunk*.

pub mod leg;
pub mod legs;
pub mod login;
pub mod media;
pub mod net;
pub mod secure_media;
pub mod sip;

pub use leg::{GatewayCommand, GatewayEvent, LegEvent, LegId};
