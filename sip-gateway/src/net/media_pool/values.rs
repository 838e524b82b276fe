//! Settings, answers, errors and counters of the media pool.
//!
//! **Owns**: the plain values of [`super::MediaPool`]'s interface.

use crate::leg::{LegId, StreamId};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::time::Duration;

/// Settings of the media plane.
#[derive(Clone, Debug)]
pub struct MediaConfig {
    /// The address to bind. What SDP names may be another one (`advertise`): that is the gateway's matter.
    pub address: IpAddr,
    /// Ports for RTP (even) and RTCP (odd).
    pub ports: RangeInclusive<u16>,
    /// Media threads, at least one.
    pub threads: usize,
    /// A bridged leg that sends nothing for so long has lost its media.
    pub media_lost_after: Duration,
}

/// Where a leg listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocalAddress {
    /// RTP; RTCP is the next port.
    pub rtp: SocketAddr,
}

/// Why a leg got no media.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Every port of the range is in use or rests.
    #[error("no free pair of ports in the media range")]
    NoPort,
    /// The media thread has more to do than it can take.
    #[error("the media thread's queue is full")]
    Full,
    /// The leg has media already.
    #[error("{0} has media already")]
    AlreadyOpen(LegId),
    /// The media threads are gone.
    #[error("the media threads have stopped")]
    Stopped,
    /// The sockets could not be made; such as no more descriptors.
    #[error("media sockets: {0}")]
    Io(#[from] io::Error),
}

/// Why a command was not given to a media thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MediaError {
    /// The leg was never opened, or is closed.
    #[error("{0} has no media")]
    UnknownLeg(LegId),
    /// The recording was never started, or has ended.
    #[error("there is no such recording")]
    UnknownStream(StreamId),
    /// Both legs are being recorded, on different threads: neither can move. Stop one of the recordings first.
    #[error("the legs are being recorded on different media threads")]
    Apart,
    /// The media threads are gone.
    #[error("the media threads have stopped")]
    Stopped,
}

/// How the media threads do; sums over all of them, since their start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MediaStats {
    /// Legs open now.
    pub legs: u64,
    /// Pairs of ports whose sockets are open now.
    pub ports_taken: usize,
    /// Pairs of ports that rest before they are given out again.
    pub ports_resting: usize,
    /// The worst lateness of a wheel's step since the last look, in microseconds.
    pub worst_lateness_us: u64,
    /// Steps that came more than 5 ms late.
    pub late_steps: u64,
    /// Steps left out after a stall of more than 100 ms.
    pub skipped_steps: u64,
    /// Record blocks that a full sink could not take: raise an alarm when it grows.
    pub dropped_blocks: u64,
    /// Times the event channel was full.
    pub delayed_events: u64,
    /// Keys dropped because a party flooded us with them.
    pub dropped_keys: u64,
    /// Packets the system did not take.
    pub unsent_packets: u64,
    /// Legs of browsers (DTLS-SRTP), open now.
    pub secured_legs: u64,
    /// Connectivity checks that did not know the password, on secured legs.
    pub refused_stun: u64,
    /// DTLS from addresses that had not proved themselves, or of no use.
    pub refused_dtls: u64,
    /// SRTP and SRTCP with a wrong tag, from elsewhere, or repeated.
    pub refused_srtp: u64,
}
