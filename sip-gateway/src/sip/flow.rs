//! What a message came by and an answer goes back on: a datagram address, or one connection (RFC 3261 18, RFC 5626).
//!
//! **Owns**: [`Flow`], [`ConnectionId`]. **Must not know**: sockets; a connection is a number that the driver gave.

use super::transaction::timers::Transport;
use std::net::{IpAddr, SocketAddr};

/// One connection of the driver; never used twice in one process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(pub u64);

impl ConnectionId {
    /// No connection: it ended with an earlier process.
    pub const NONE: Self = Self(0);

    /// The `n`th that we open ourselves. The driver numbers those that it accepts from 1 on.
    #[must_use]
    pub const fn opened(n: u64) -> Self {
        Self(n | 1 << 63)
    }
}

/// The way to one peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Flow {
    /// Datagrams to and from this address.
    Udp(SocketAddr),
    /// This connection, whose other end has this address.
    Tcp(ConnectionId, SocketAddr),
}

impl Flow {
    /// Address and port of the other end.
    #[must_use]
    pub const fn address(self) -> SocketAddr {
        match self {
            Self::Udp(address) | Self::Tcp(_, address) => address,
        }
    }

    /// Address of the other end.
    #[must_use]
    pub const fn ip(self) -> IpAddr {
        self.address().ip()
    }

    /// Whether messages on it neither get lost nor repeated.
    #[must_use]
    pub const fn is_stream(self) -> bool {
        matches!(self, Self::Tcp(..))
    }

    /// What transactions make of it.
    #[must_use]
    pub const fn transport(self) -> Transport {
        match self {
            Self::Udp(_) => Transport::Datagram,
            Self::Tcp(..) => Transport::Stream,
        }
    }

    /// Its name in Via (RFC 3261 20.42).
    #[must_use]
    pub const fn via_name(self) -> &'static str {
        match self {
            Self::Udp(_) => "UDP",
            Self::Tcp(..) => "TCP",
        }
    }
}

impl From<SocketAddr> for Flow {
    fn from(address: SocketAddr) -> Self {
        Self::Udp(address)
    }
}
