//! SIP connections that somebody else carries: the HTTP server, which upgraded them to WebSocket (RFC 7118).
//!
//! **Owns**: [`WebConnection`], the one thing that both sides hold; what is no SIP at all and what comes too often is
//! told apart here. **Must not know**: WebSocket, HTTP, what a message says.

use super::streams::Arrival;
use crate::sip::flow::{ConnectionId, Flow, Wire};
use bytes::Bytes;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot};

/// The longest message, bytes; a longer one ends the connection.
pub const LONGEST: usize = crate::sip::message::MAX_MESSAGE;

/// Messages that one browser may send in [`FLOOD_TIME`]; its phone needs a handful.
const FLOOD: u32 = 300;
/// Over which time they are counted.
const FLOOD_TIME: Duration = Duration::from_secs(10);
/// Bytes in which the first line of a message must say that it is SIP.
const FIRST_LINE: usize = 4096;

/// A connection that waits to be taken in; not answered when there are too many.
#[derive(Debug)]
pub(super) struct WebRequest {
    pub(super) peer: SocketAddr,
    secure: bool,
    pub(super) reply: oneshot::Sender<WebConnection>,
}

impl WebRequest {
    pub(super) const fn flow(&self, id: ConnectionId) -> Flow {
        let wire = if self.secure { Wire::Wss } else { Wire::Ws };
        Flow::Stream(wire, id, self.peer)
    }
}

/// Asks the SIP task for a place.
pub(super) async fn open(
    door: &mpsc::Sender<Arrival>,
    peer: SocketAddr,
    secure: bool,
) -> Option<WebConnection> {
    let (reply, answer) = oneshot::channel();
    let asked = WebRequest {
        peer,
        secure,
        reply,
    };
    door.send(Arrival::Web(asked)).await.ok()?;
    answer.await.ok()
}

/// Why a connection must be closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unwanted {
    /// What came is no SIP message.
    NoSip,
    /// More messages than any phone sends.
    Flood,
    /// The gateway has stopped.
    Stopped,
}

/// One connection. Whoever carries it hands in what arrives and sends what it gives. Dropping it tells the SIP task that
/// it is over.
#[derive(Debug)]
pub struct WebConnection {
    flow: Flow,
    arrivals: mpsc::Sender<Arrival>,
    outgoing: mpsc::Receiver<Bytes>,
    /// Messages since the moment beside it.
    counted: (u32, Instant),
}

impl WebConnection {
    pub(super) fn new(
        flow: Flow,
        arrivals: mpsc::Sender<Arrival>,
        outgoing: mpsc::Receiver<Bytes>,
    ) -> Self {
        Self {
            flow,
            arrivals,
            outgoing,
            counted: (0, Instant::now()),
        }
    }

    /// The next message for the peer. None when the connection is to be closed: the SIP task wants it no more, or the
    /// peer has not read what it was sent. Nothing is lost when the wait is given up.
    pub async fn next(&mut self) -> Option<Bytes> {
        self.outgoing.recv().await
    }

    /// Hands over one message of the peer, and waits while the SIP task is behind.
    ///
    /// # Errors
    /// [`Unwanted`] when the connection is to be closed instead.
    pub async fn received(&mut self, message: Bytes) -> Result<(), Unwanted> {
        let now = Instant::now();
        let (count, since) = &mut self.counted;
        if now.saturating_duration_since(*since) >= FLOOD_TIME {
            (*count, *since) = (0, now);
        }
        *count += 1;
        if *count > FLOOD {
            return Err(Unwanted::Flood);
        }
        if !may_be_sip(&message) {
            return Err(Unwanted::NoSip);
        }
        let arrival = Arrival::Message(self.flow, message);
        let told = self.arrivals.send(arrival).await;
        told.map_err(|_| Unwanted::Stopped)
    }

    /// No SIP message has come for long. When nobody needs the connection, [`WebConnection::next`] says so.
    ///
    /// # Errors
    /// [`Unwanted::Stopped`].
    pub async fn idle(&self) -> Result<(), Unwanted> {
        let told = self.arrivals.send(Arrival::Idle(self.flow)).await;
        told.map_err(|_| Unwanted::Stopped)
    }
}

impl Drop for WebConnection {
    fn drop(&mut self) {
        let closed = Arrival::Closed(self.flow);
        let Err(mpsc::error::TrySendError::Full(closed)) = self.arrivals.try_send(closed) else {
            return;
        };
        // The SIP task is behind: it is told when it has room.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let arrivals = self.arrivals.clone();
            runtime.spawn(async move { arrivals.send(closed).await });
        }
    }
}

/// Whether this can be a SIP message or a keep-alive: the first line names the protocol, in a request at its end and in
/// an answer at its beginning.
fn may_be_sip(message: &[u8]) -> bool {
    if message.iter().all(|byte| matches!(byte, b'\r' | b'\n')) {
        return true;
    }
    let mut lines = message.split(|&byte| byte == b'\n');
    // RFC 3261 7.5: empty lines before the first are none.
    let first = lines
        .find(|line| !matches!(line, [] | [b'\r']))
        .unwrap_or_default();
    let first = first.get(..FIRST_LINE).unwrap_or(first);
    first
        .windows(4)
        .any(|part| part.eq_ignore_ascii_case(b"SIP/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_sip_is_told_apart() {
        for good in [
            "REGISTER sip:x SIP/2.0\r\nVia: y\r\n\r\n",
            "SIP/2.0 200 OK\r\n\r\n",
            "\r\nOPTIONS sip:x SIP/7.0\r\n",
            "\r\n\r\n",
            "",
        ] {
            assert!(may_be_sip(good.as_bytes()), "{good}");
        }
        for junk in ["{}", "GET / HTTP/1.1\r\nX: SIP/2.0\r\n", "\0\u{1}\u{2}"] {
            assert!(!may_be_sip(junk.as_bytes()), "{junk}");
        }
        assert!(!may_be_sip(&[b'x'; 70_000]));
    }

    /// One connection whose SIP task is the test.
    fn connection() -> (WebConnection, mpsc::Receiver<Arrival>, mpsc::Sender<Bytes>) {
        let (teller, arrivals) = mpsc::channel(4);
        let (outgoing, wanted) = mpsc::channel(4);
        let peer = "127.0.0.1:4000".parse().unwrap();
        let flow = Flow::Stream(Wire::Ws, ConnectionId(1), peer);
        (WebConnection::new(flow, teller, wanted), arrivals, outgoing)
    }

    #[tokio::test]
    async fn a_flood_is_cut_and_its_end_is_told_once_there_is_room() {
        let (mut connection, mut arrivals, _outgoing) = connection();
        let ping = Bytes::from_static(b"\r\n\r\n");
        for _ in 0..FLOOD {
            assert_eq!(connection.received(ping.clone()).await, Ok(()));
            arrivals.recv().await.unwrap();
        }
        assert_eq!(
            connection.received(ping.clone()).await,
            Err(Unwanted::Flood)
        );
        for _ in 0..4 {
            connection.idle().await.unwrap();
        }
        drop(connection);
        for _ in 0..4 {
            assert!(matches!(arrivals.recv().await, Some(Arrival::Idle(_))));
        }
        assert!(matches!(arrivals.recv().await, Some(Arrival::Closed(_))));
    }
}
