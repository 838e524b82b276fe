//! Ports for the programs of others.
//!
//! **Owns**: where they lie: above the servers' and the servers' media, below those that the system gives to whoever
//! asks for any. One of those could be taken again, for either protocol, before the program that it was drawn for opens it.

use std::net::{IpAddr, TcpListener, UdpSocket};
use std::sync::atomic::{AtomicU16, Ordering};

/// Pairs, from an even port each.
const FIRST: u16 = 30_000;
const PAIRS: u16 = 1_300;

/// An even port; it and the next one are free on UDP and on TCP. Programs that run side by side begin at different ones.
pub(super) fn free_pair(ip: IpAddr) -> std::io::Result<u16> {
    static TAKEN: AtomicU16 = AtomicU16::new(0);
    let begin = std::process::id().wrapping_mul(97) % u32::from(PAIRS);
    let begin = u16::try_from(begin).unwrap_or_default();
    let is_free =
        |port: u16| UdpSocket::bind((ip, port)).is_ok() && TcpListener::bind((ip, port)).is_ok();
    std::iter::repeat_with(|| TAKEN.fetch_add(1, Ordering::Relaxed) % PAIRS)
        .take(usize::from(PAIRS))
        .map(|turn| FIRST + (begin + turn) % PAIRS * 2)
        .find(|port| is_free(*port) && is_free(port + 1))
        .ok_or_else(|| std::io::ErrorKind::AddrInUse.into())
}
