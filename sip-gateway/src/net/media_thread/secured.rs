//! What stands between the socket and the leg of a browser.
//!
//! **Owns**: [`Secured`], how every packet leaves. **Must not know**: the clock, ICE's and DTLS's rules
//! (`media/secure`). A leg without a secured stream pays one comparison per packet.

use super::Gauges;
use super::core::Seat;
use crate::media::port::RemoteMedia;
use crate::media::secure::dtls_srtp::Identity;
use crate::media::secure::{Incoming, PARTY, Refused, SecureLeg};
use crate::net::packet_io::{Channel, PacketIo};
use bytes::BytesMut;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// What secured legs of a thread share.
#[derive(Debug)]
pub(super) struct Secured {
    identity: Option<Arc<Identity>>,
    /// Of all of them, since the thread began.
    refused: Refused,
    legs: u64,
}

impl<P> Seat<P> {
    /// What is played to the party now would reach it.
    pub(super) fn can_be_told(&self) -> bool {
        self.secure.as_ref().is_none_or(|secure| secure.is_ready())
    }
}

impl Secured {
    pub(super) fn new(identity: Option<Arc<Identity>>) -> Self {
        Self {
            identity,
            refused: Refused::default(),
            legs: 0,
        }
    }

    pub(super) fn publish(&self, gauges: &Gauges) {
        let Refused {
            stun,
            dtls,
            srtp,
            other: _,
        } = self.refused;
        gauges.secured_legs.store(self.legs, Ordering::Relaxed);
        gauges.refused_stun.store(stun, Ordering::Relaxed);
        gauges.refused_dtls.store(dtls, Ordering::Relaxed);
        gauges.refused_srtp.store(srtp, Ordering::Relaxed);
    }

    /// What the leg's machine is told of its party: of a secured one, that it is always in the same place.
    pub(super) fn set_remote<P>(
        &mut self,
        seat: &mut Seat<P>,
        remote: RemoteMedia,
        now: Duration,
    ) -> RemoteMedia {
        let Some(secure) = remote.secure else {
            return remote;
        };
        let done = match (&mut seat.secure, &self.identity) {
            (Some(known), _) => known.set_remote(secure, now),
            (None, Some(identity)) => SecureLeg::new(identity.clone(), secure, now).map(|made| {
                seat.secure = Some(Box::new(made));
                self.legs += 1;
            }),
            (None, None) => Ok(()),
        };
        if let Err(error) = done {
            tracing::error!(leg = %seat.leg.id(), %error, "no secured media for this leg");
        }
        RemoteMedia {
            rtp: PARTY,
            rtcp: Some(PARTY),
            ..remote
        }
    }

    /// A leg came to the thread.
    pub(super) fn came(&mut self, secure: Option<&SecureLeg>) {
        self.legs += u64::from(secure.is_some());
    }

    /// A leg was closed, or went to another thread.
    pub(super) fn left(&mut self, secure: Option<&SecureLeg>) {
        self.legs = self.legs.saturating_sub(u64::from(secure.is_some()));
    }

    /// Takes a datagram of a secured leg; the packet in it when it is one for the leg.
    pub(super) fn open<I: PacketIo>(
        &mut self,
        io: &I,
        seat: &mut Seat<I::Pair>,
        bytes: &[u8],
        source: SocketAddr,
        now: Duration,
    ) -> Option<BytesMut> {
        let secure = seat.secure.as_deref_mut()?;
        let incoming = secure.receive(bytes, source, now);
        self.step(io, seat);
        match incoming {
            Incoming::Nothing => None,
            Incoming::Rtp(packet) | Incoming::Rtcp(packet) => Some(packet),
        }
    }

    /// Each 20 ms. True when the leg will never have keys, once.
    pub(super) fn tick<I: PacketIo>(
        &mut self,
        io: &I,
        seat: &mut Seat<I::Pair>,
        now: Duration,
    ) -> bool {
        let failed = seat
            .secure
            .as_deref_mut()
            .is_some_and(|secure| secure.tick(now));
        self.step(io, seat);
        failed
    }

    fn step<I: PacketIo>(&mut self, io: &I, seat: &mut Seat<I::Pair>) {
        let Some(secure) = seat.secure.as_deref_mut() else {
            return;
        };
        while let Some((datagram, to)) = secure.poll_transmit() {
            // One that is lost here is sent again, as one that is lost on the way.
            let _ = io.send(&seat.pair, Channel::Rtp, &datagram, to);
        }
        let refused = secure.take_refused();
        self.refused.add(refused);
        for _ in 0..refused.total() {
            seat.leg.ignore();
        }
    }
}

/// Sends what lies in `out` to a leg's party. A secured one that has no keys yet hears nothing, which is no fault.
pub(super) fn send<I: PacketIo>(
    io: &I,
    seat: &mut Seat<I::Pair>,
    out: &[u8],
    length: usize,
) -> bool {
    let (Some(packet), Some(to)) = (out.get(..length), seat.leg.destination()) else {
        return false;
    };
    match seat.secure.as_deref_mut() {
        None => io.send(&seat.pair, Channel::Rtp, packet, to).is_ok(),
        Some(secure) => match secure.protect(packet) {
            Some((packet, to)) => io.send(&seat.pair, Channel::Rtp, &packet, to).is_ok(),
            None => !secure.is_ready(),
        },
    }
}

/// Sends a report to a leg's party: on the RTP port where the stream is secured (RFC 5761).
pub(super) fn send_report<I: PacketIo>(
    io: &I,
    seat: &mut Seat<I::Pair>,
    report: &[u8],
    to: SocketAddr,
) -> bool {
    match seat.secure.as_deref_mut() {
        None => io.send(&seat.pair, Channel::Rtcp, report, to).is_ok(),
        Some(secure) => match secure.protect_report(report) {
            Some((report, to)) => io.send(&seat.pair, Channel::Rtp, &report, to).is_ok(),
            None => !secure.is_ready(),
        },
    }
}
