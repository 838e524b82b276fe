//! How a media thread reaches the network: a small trait, and its `mio` backend with a pair of sockets per leg.
//!
//! **Owns**: [`PacketIo`], [`UdpIo`]. **Must not know**: RTP, legs. Another backend (io_uring, one shared socket) would
//! come in here; tests use one without a network.

use mio::net::UdpSocket;
use mio::{Interest, Registry, Token};
use std::io;
use std::net::SocketAddr;

/// Which of a leg's two sockets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// The even port.
    Rtp,
    /// The odd port above it.
    Rtcp,
}

/// The network of one media thread. Nothing here blocks.
pub trait PacketIo {
    /// A leg's sockets; they move between threads with the leg.
    type Pair: Send + 'static;

    /// Watches a pair from now on; its readiness is reported under `key`.
    ///
    /// # Errors
    /// When the system refuses.
    fn attach(&mut self, pair: &mut Self::Pair, key: usize) -> io::Result<()>;

    /// Watches it no longer.
    fn detach(&mut self, pair: &mut Self::Pair);

    /// The next datagram: its length in `buffer` and its source. None when nothing waits. A datagram that fills the
    /// buffer may have been cut.
    ///
    /// # Errors
    /// When the system refuses; a further call may succeed.
    fn receive(
        &self,
        pair: &Self::Pair,
        channel: Channel,
        buffer: &mut [u8],
    ) -> io::Result<Option<(usize, SocketAddr)>>;

    /// Sends a datagram.
    ///
    /// # Errors
    /// When the system refuses; the packet is lost then, as any packet may be.
    fn send(
        &self,
        pair: &Self::Pair,
        channel: Channel,
        packet: &[u8],
        to: SocketAddr,
    ) -> io::Result<()>;
}

/// The RTP and RTCP sockets of a leg.
#[derive(Debug)]
pub struct SocketPair {
    rtp: UdpSocket,
    rtcp: UdpSocket,
}

impl SocketPair {
    /// Takes two bound sockets.
    ///
    /// # Errors
    /// When they cannot be made non-blocking.
    pub fn new(rtp: std::net::UdpSocket, rtcp: std::net::UdpSocket) -> io::Result<Self> {
        rtp.set_nonblocking(true)?;
        rtcp.set_nonblocking(true)?;
        Ok(Self {
            rtp: UdpSocket::from_std(rtp),
            rtcp: UdpSocket::from_std(rtcp),
        })
    }

    fn socket(&self, channel: Channel) -> &UdpSocket {
        match channel {
            Channel::Rtp => &self.rtp,
            Channel::Rtcp => &self.rtcp,
        }
    }
}

/// `mio` (epoll) with a pair of sockets per leg.
#[derive(Debug)]
pub struct UdpIo {
    registry: Registry,
}

impl UdpIo {
    /// Watches through this registry.
    #[must_use]
    pub fn new(registry: Registry) -> Self {
        Self { registry }
    }

    /// The token under which a pair's channel reports.
    #[must_use]
    pub fn token(key: usize, channel: Channel) -> Token {
        Token(key * 2 + usize::from(channel == Channel::Rtcp))
    }

    /// What a token stands for.
    #[must_use]
    pub fn source(token: Token) -> (usize, Channel) {
        let channel = if token.0.is_multiple_of(2) {
            Channel::Rtp
        } else {
            Channel::Rtcp
        };
        (token.0 / 2, channel)
    }
}

impl PacketIo for UdpIo {
    type Pair = SocketPair;

    fn attach(&mut self, pair: &mut SocketPair, key: usize) -> io::Result<()> {
        self.registry.register(
            &mut pair.rtp,
            Self::token(key, Channel::Rtp),
            Interest::READABLE,
        )?;
        self.registry.register(
            &mut pair.rtcp,
            Self::token(key, Channel::Rtcp),
            Interest::READABLE,
        )
    }

    fn detach(&mut self, pair: &mut SocketPair) {
        // A socket that was never registered is not watched either: nothing to do about an error.
        let _ = self.registry.deregister(&mut pair.rtp);
        let _ = self.registry.deregister(&mut pair.rtcp);
    }

    fn receive(
        &self,
        pair: &SocketPair,
        channel: Channel,
        buffer: &mut [u8],
    ) -> io::Result<Option<(usize, SocketAddr)>> {
        match pair.socket(channel).recv_from(buffer) {
            Ok(received) => Ok(Some(received)),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn send(
        &self,
        pair: &SocketPair,
        channel: Channel,
        packet: &[u8],
        to: SocketAddr,
    ) -> io::Result<()> {
        pair.socket(channel).send_to(packet, to).map(|_| ())
    }
}
