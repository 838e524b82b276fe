//! Drivers: the only part of the crate with sockets, threads, tokio, the clock and randomness. (stub)

pub mod media_pool;
mod media_thread;
pub mod packet_io;

/// Handle of the gateway. (stub)
#[derive(Clone, Debug)]
pub struct Gateway {}

impl Gateway {
    /// An id for a leg about to be dialled. (stub)
    #[must_use]
    pub fn new_leg_id(&self) -> crate::leg::LegId {
        crate::leg::LegId(0)
    }
}
