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

/// What a connection is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Wire {
    /// A stream of bytes (RFC 3261 18).
    Tcp,
    /// The same through TLS (RFC 3261 26.2).
    Tls,
    /// WebSocket, a message a frame (RFC 7118).
    Ws,
    /// WebSocket through TLS.
    Wss,
}

/// The way to one peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Flow {
    /// Datagrams to and from this address.
    Udp(SocketAddr),
    /// This connection, whose other end has this address.
    Stream(Wire, ConnectionId, SocketAddr),
}

impl Flow {
    /// Address and port of the other end.
    #[must_use]
    pub const fn address(self) -> SocketAddr {
        match self {
            Self::Udp(address) | Self::Stream(_, _, address) => address,
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
        matches!(self, Self::Stream(..))
    }

    /// Whether it came in at the HTTP port: only a browser's phone is there, never a carrier, and nobody but the
    /// browser can open such a connection.
    #[must_use]
    pub const fn is_web(self) -> bool {
        matches!(self, Self::Stream(Wire::Ws | Wire::Wss, ..))
    }

    /// Whether the way back is ours to open: over WebSocket and TLS the other side comes to us, and nothing for it may
    /// go by a connection that is neither.
    #[must_use]
    pub const fn is_ours_to_open(self) -> bool {
        matches!(self, Self::Udp(_) | Self::Stream(Wire::Tcp, ..))
    }

    /// The connection, when it is one.
    #[must_use]
    pub const fn connection(self) -> Option<ConnectionId> {
        match self {
            Self::Udp(_) => None,
            Self::Stream(_, id, _) => Some(id),
        }
    }

    /// What transactions make of it.
    #[must_use]
    pub const fn transport(self) -> Transport {
        match self {
            Self::Udp(_) => Transport::Datagram,
            Self::Stream(..) => Transport::Stream,
        }
    }

    /// Its name in Via (RFC 3261 20.42, RFC 7118 5.2).
    #[must_use]
    pub const fn via_name(self) -> &'static str {
        match self {
            Self::Udp(_) => "UDP",
            Self::Stream(Wire::Tcp, ..) => "TCP",
            Self::Stream(Wire::Tls, ..) => "TLS",
            Self::Stream(Wire::Ws, ..) => "WS",
            Self::Stream(Wire::Wss, ..) => "WSS",
        }
    }

    /// Its name as `transport` of a SIP URI; none for datagrams, which need no word (RFC 7118 5.1: WSS says `ws`).
    #[must_use]
    pub const fn uri_name(self) -> Option<&'static str> {
        match self {
            Self::Udp(_) => None,
            Self::Stream(Wire::Tcp, ..) => Some("tcp"),
            Self::Stream(Wire::Tls, ..) => Some("tls"),
            Self::Stream(Wire::Ws | Wire::Wss, ..) => Some("ws"),
        }
    }
}

impl From<SocketAddr> for Flow {
    fn from(address: SocketAddr) -> Self {
        Self::Udp(address)
    }
}
