//! HTTP through TLS: a listener whose connections have their handshake behind them.
//!
//! **Owns**: the handshakes under way and how many there may be. **Must not know**: routes; rustls (the gateway's `net/tls.rs` does).

use axum::extract::connect_info::Connected;
use axum::extract::{ConnectInfo, Request};
use axum::middleware::Next;
use axum::response::Response;
use axum::serve::{IncomingStream, Listener};
use sip_gateway::net::tls::{Acceptor, TlsStream};
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};

/// Connections that wait to be served.
const ACCEPTED: usize = 64;
/// Handshakes at once; further connections wait in the kernel's backlog.
const HANDSHAKES: usize = 256;
/// Handshakes at once from one address: a whole office may come from it, and nobody takes all of them.
const HANDSHAKES_PER_SOURCE: u32 = 64;
/// Pause after the system refused a connection: it may be out of descriptors.
const PAUSE: Duration = Duration::from_millis(100);

/// Gives connections that speak TLS.
#[derive(Debug)]
pub(super) struct TlsListener {
    accepted: mpsc::Receiver<(TlsStream<TcpStream>, SocketAddr)>,
    local: SocketAddr,
}

impl TlsListener {
    /// Begins to accept; ends with the value.
    pub(super) fn start(listener: TcpListener, acceptor: Acceptor) -> std::io::Result<Self> {
        let local = listener.local_addr()?;
        let (to, accepted) = mpsc::channel(ACCEPTED);
        tokio::spawn(accept(listener, acceptor, to));
        Ok(Self { accepted, local })
    }
}

async fn accept(
    listener: TcpListener,
    acceptor: Acceptor,
    to: mpsc::Sender<(TlsStream<TcpStream>, SocketAddr)>,
) {
    let room = Arc::new(Semaphore::new(HANDSHAKES));
    let sources = Sources::default();
    while !to.is_closed() {
        let Ok(permit) = Arc::clone(&room).acquire_owned().await else {
            return;
        };
        match listener.accept().await {
            Ok((stream, peer)) => {
                let Some(place) = sources.enter(peer.ip().to_canonical()) else {
                    tracing::debug!("an HTTP connection too many of one address was closed");
                    continue;
                };
                let (acceptor, to) = (acceptor.clone(), to.clone());
                tokio::spawn(async move {
                    let stream = acceptor.accept(stream).await;
                    drop(place);
                    if let Some(stream) = stream {
                        // The server may be gone as well, and then nobody is to be served.
                        let _ = to.send((stream, peer)).await;
                    }
                    drop(permit);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "an HTTP connection could not be accepted");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// Handshakes under way by address. Cheap to clone; all clones are one.
#[derive(Clone, Debug, Default)]
struct Sources(Arc<Mutex<HashMap<IpAddr, u32>>>);

/// One handshake, until it is dropped.
#[derive(Debug)]
struct Place(Sources, IpAddr);

impl Sources {
    /// None when this address has enough of them.
    fn enter(&self, source: IpAddr) -> Option<Place> {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(source).or_default();
        if *count >= HANDSHAKES_PER_SOURCE {
            return None;
        }
        *count += 1;
        Some(Place(self.clone(), source))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Self(sources, source) = self;
        let mut counts = sources.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(source) {
            *count -= 1;
            if *count == 0 {
                counts.remove(source);
            }
        }
    }
}

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        match self.accepted.recv().await {
            Some(accepted) => accepted,
            // The task that accepts ends with this value only.
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> std::io::Result<Self::Addr> {
        Ok(self.local)
    }
}

/// Who is at the other end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peer(SocketAddr);

impl Connected<IncomingStream<'_, TlsListener>> for Peer {
    fn connect_info(stream: IncomingStream<'_, TlsListener>) -> Self {
        Self(*stream.remote_addr())
    }
}

/// Tells handlers the other end in the same words as without TLS.
pub(super) async fn name_peer(
    ConnectInfo(Peer(peer)): ConnectInfo<Peer>,
    mut request: Request,
    next: Next,
) -> Response {
    request.extensions_mut().insert(ConnectInfo(peer));
    next.run(request).await
}

#[cfg(test)]
mod tests {
    use super::{HANDSHAKES_PER_SOURCE, Sources};
    use std::net::IpAddr;

    #[test]
    fn one_address_cannot_take_every_handshake() {
        let (sources, here, there) = (
            Sources::default(),
            IpAddr::from([192, 0, 2, 1]),
            IpAddr::from([192, 0, 2, 2]),
        );
        let mut held: Vec<_> = (0..HANDSHAKES_PER_SOURCE)
            .map(|_| sources.enter(here).unwrap())
            .collect();
        assert!(sources.enter(here).is_none() && sources.enter(there).is_some());
        held.pop();
        assert!(sources.enter(here).is_some());
        drop(held);
        assert!(sources.0.lock().unwrap().is_empty());
    }
}
