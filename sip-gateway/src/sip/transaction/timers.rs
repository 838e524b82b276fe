//! The timers of RFC 3261 17 and RFC 6026, and a small table that says which of them run.
//!
//! **Owns**: [`Timer`], [`Timers`], the base intervals. **Must not know**: what a machine does when one fires.

use std::time::{Duration, Instant};

/// Estimate of the round-trip time (RFC 3261 17.1.1.1).
pub const T1: Duration = Duration::from_millis(500);
/// Longest interval between retransmissions of non-INVITE requests and INVITE responses.
pub const T2: Duration = Duration::from_secs(4);
/// Longest time a message stays in the network.
pub const T4: Duration = Duration::from_secs(5);
/// 64 times T1: how long a transaction waits for its peer.
pub const T1_64: Duration = Duration::from_secs(32);

/// Whether the transport below may lose messages; machines on a reliable one neither retransmit nor linger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// UDP: messages are lost, repeated, reordered.
    Datagram,
    /// TCP, TLS, WebSocket.
    Stream,
}

impl Transport {
    /// The time a machine stays to absorb repeats: `time` on datagrams, nothing on streams.
    #[must_use]
    pub const fn linger(self, time: Duration) -> Duration {
        match self {
            Self::Datagram => time,
            Self::Stream => Duration::ZERO,
        }
    }
}

/// The timers, named as in RFC 3261 table 4 and RFC 6026 8. Timer C belongs to proxies and is not used here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Timer {
    /// INVITE request retransmission, datagrams only; T1, doubling.
    A,
    /// INVITE client transaction timeout; 64*T1.
    B,
    /// Wait for response retransmissions after a final non-2xx to an INVITE; 32 s on datagrams.
    D,
    /// Non-INVITE request retransmission, datagrams only; T1, doubling to T2.
    E,
    /// Non-INVITE client transaction timeout; 64*T1.
    F,
    /// INVITE final non-2xx response retransmission, datagrams only; T1, doubling to T2.
    G,
    /// Wait for the ACK of a final non-2xx; 64*T1.
    H,
    /// Wait for repeats of that ACK; T4 on datagrams.
    I,
    /// Wait for retransmissions of a non-INVITE request; 64*T1 on datagrams.
    J,
    /// Wait for response retransmissions of a non-INVITE; T4 on datagrams.
    K,
    /// Wait in Accepted for retransmissions of an INVITE answered by 2xx (RFC 6026); 64*T1.
    L,
    /// Wait in Accepted for retransmitted and forked 2xx (RFC 6026); 64*T1.
    M,
}

impl Timer {
    /// All of them, in order.
    pub const ALL: [Self; 12] = [
        Self::A,
        Self::B,
        Self::D,
        Self::E,
        Self::F,
        Self::G,
        Self::H,
        Self::I,
        Self::J,
        Self::K,
        Self::L,
        Self::M,
    ];
}

/// Which timers of one machine run, and until when. Fixed size: no timer can be lost or set twice.
#[derive(Clone, Debug, Default)]
pub struct Timers {
    due: [Option<Instant>; Timer::ALL.len()],
}

impl Timers {
    /// Starts or restarts a timer.
    pub fn set(&mut self, timer: Timer, due: Instant) {
        self.due[timer as usize] = Some(due);
    }

    /// Stops a timer; nothing happens when it does not run.
    pub fn stop(&mut self, timer: Timer) {
        self.due[timer as usize] = None;
    }

    /// Stops all of them.
    pub fn stop_all(&mut self) {
        self.due = [None; Timer::ALL.len()];
    }

    /// The one that fires first; ties go to the letter that comes last, so that a timeout wins over one more
    /// retransmission at the same instant.
    #[must_use]
    pub fn next(&self) -> Option<(Timer, Instant)> {
        let running = Timer::ALL
            .into_iter()
            .filter_map(|timer| self.due[timer as usize].map(|due| (timer, due)));
        running.min_by_key(|&(timer, due)| (due, std::cmp::Reverse(timer)))
    }

    /// Takes out the first timer that is due at `now`.
    pub fn pop_due(&mut self, now: Instant) -> Option<Timer> {
        let (timer, due) = self.next()?;
        if due > now {
            return None;
        }
        self.stop(timer);
        Some(timer)
    }

    /// The timers that run, in order of their letters.
    #[must_use]
    pub fn running(&self) -> Vec<Timer> {
        Timer::ALL
            .into_iter()
            .filter(|timer| self.due[*timer as usize].is_some())
            .collect()
    }
}
