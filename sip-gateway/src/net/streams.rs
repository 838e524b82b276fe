//! SIP over connections: TCP listeners, connections of all kinds, who may have how many.
//!
//! **Owns**: [`Streams`]: the sockets and one task per connection. **Must not know**: what a message says; where one
//! ends is `sip/framing.rs`, what is done with it `sip/endpoint/`.
//!
//! A connection is read only as fast as the SIP task takes its messages. Towards a peer that does not read, messages
//! wait in its queue; when that is full the connection is closed.

use super::tls::{Acceptor, TlsListen};
use super::web::{WebConnection, WebRequest};
use crate::sip::flow::{ConnectionId, Flow, Wire};
use crate::sip::framing::{Frame, Framer, FramingError};
use bytes::Bytes;
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout, timeout_at};

/// Connections that wait to be taken in.
const ACCEPTED: usize = 64;
/// Messages of all connections that wait for the SIP task.
const ARRIVALS: usize = 1024;
/// Messages that wait for one peer to read.
const OUTGOING: usize = 256;

/// Connections at once by TCP, and as many of browsers.
const MOST: usize = 1024;
/// TCP connections at once from one address, and as many of browsers that have proven nothing.
const MOST_PER_SOURCE: usize = 64;
/// A connection that nobody registered over and no call uses is closed after this silence.
const IDLE: Duration = Duration::from_secs(300);
/// A connection of our own must stand after this time.
const CONNECT: Duration = Duration::from_secs(2);
/// A message that has begun must be whole after this time.
const WHOLE: Duration = Duration::from_secs(30);
/// A message must be taken by the peer's side in this time.
const WRITE: Duration = Duration::from_secs(10);
/// How long a connection that lost its frame is read for nothing, so that its end does not destroy our last answer.
const LINGER: Duration = Duration::from_secs(1);
/// Pause after the system refused a connection: it may be out of descriptors.
const PAUSE: Duration = Duration::from_millis(100);
/// Bytes read at once.
const PIECE: usize = 4096;

/// What connections tell the SIP task.
#[derive(Debug)]
pub(super) enum Arrival {
    /// A connection was made, at a listener for TLS when there is an acceptor.
    Opened(TcpStream, SocketAddr, Option<Acceptor>),
    /// One message, or line ends that ask for a sign of life.
    Message(Flow, Bytes),
    /// No more messages can be told apart; the connection ends.
    Broken(Flow, Bytes, &'static str),
    /// Nothing came for [`IDLE`].
    Idle(Flow),
    /// It is over.
    Closed(Flow),
    /// The HTTP server has a connection for us.
    Web(WebRequest),
}

#[derive(Debug)]
struct Open {
    flow: Flow,
    source: IpAddr,
    outgoing: mpsc::Sender<Bytes>,
    /// Somebody has once proven who they are over it.
    proven: bool,
}

/// A connection, its other end, and the acceptor of a listener for TLS.
type Accepted = (TcpStream, SocketAddr, Option<Acceptor>);

/// All connections of the SIP task. Their tasks end with it.
#[derive(Debug)]
pub(super) struct Streams {
    addresses: Vec<SocketAddr>,
    tls_addresses: Vec<SocketAddr>,
    accepted: mpsc::Receiver<Accepted>,
    arrivals: mpsc::Receiver<Arrival>,
    teller: mpsc::Sender<Arrival>,
    open: HashMap<ConnectionId, Open>,
    /// TCP connections of each source.
    by_source: HashMap<IpAddr, usize>,
    /// Connections of browsers.
    web: usize,
    last_id: u64,
    tasks: JoinSet<()>,
}

impl Streams {
    /// Listens on each address; the error names the one that cannot be had.
    pub(super) async fn bind(
        tcp: &[SocketAddr],
        tls: Option<TlsListen>,
    ) -> Result<Self, (SocketAddr, std::io::Error)> {
        let (accept_to, accepted) = mpsc::channel(ACCEPTED);
        let (teller, arrivals) = mpsc::channel(ARRIVALS);
        let mut tasks = JoinSet::new();
        let (mut addresses, mut tls_addresses) = (Vec::new(), Vec::new());
        let plain = tcp.iter().map(|&address| (address, None));
        let mut wanted: Vec<(SocketAddr, Option<Acceptor>)> = plain.collect();
        if let Some(TlsListen {
            addresses,
            acceptor,
        }) = tls
        {
            let secure = addresses.into_iter();
            wanted.extend(secure.map(|address| (address, Some(acceptor.clone()))));
        }
        for (address, acceptor) in wanted {
            let refused = |error| (address, error);
            let listener = TcpListener::bind(address).await.map_err(refused)?;
            let bound = listener.local_addr().map_err(refused)?;
            let is_tls = acceptor.is_some();
            tracing::info!(address = %bound, is_tls, "SIP listens for connections");
            match is_tls {
                true => tls_addresses.push(bound),
                false => addresses.push(bound),
            }
            tasks.spawn(accept(listener, acceptor, accept_to.clone()));
        }
        Ok(Self {
            addresses,
            tls_addresses,
            accepted,
            arrivals,
            teller,
            open: HashMap::new(),
            by_source: HashMap::new(),
            web: 0,
            last_id: 0,
            tasks,
        })
    }

    /// Where it listens, with the ports that were bound.
    pub(super) fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Where it listens for TLS, with the ports that were bound.
    pub(super) fn tls_addresses(&self) -> &[SocketAddr] {
        &self.tls_addresses
    }

    /// How others tell news of connections that they carry.
    pub(super) fn teller(&self) -> mpsc::Sender<Arrival> {
        self.teller.clone()
    }

    /// How many connections are open.
    pub(super) fn len(&self) -> usize {
        self.open.len()
    }

    /// The next news; never, without a listener. Nothing is lost when the wait is given up.
    pub(super) async fn next(&mut self) -> Arrival {
        tokio::select! {
            Some((stream, peer, tls)) = self.accepted.recv() => Arrival::Opened(stream, peer, tls),
            Some(arrival) = self.arrivals.recv() => arrival,
            else => std::future::pending().await,
        }
    }

    /// Takes a connection in, or closes it when there are too many.
    pub(super) fn open(&mut self, stream: TcpStream, peer: SocketAddr, tls: Option<Acceptor>) {
        let wire = if tls.is_some() { Wire::Tls } else { Wire::Tcp };
        let flow = Flow::Stream(wire, ConnectionId(self.last_id + 1), peer);
        let Some(wanted) = self.enter(flow) else {
            return;
        };
        self.last_id += 1;
        let teller = self.teller.clone();
        // Messages are small and each is waited for. A socket that refuses works all the same.
        let _ = stream.set_nodelay(true);
        self.tasks.spawn(async move {
            let Some(acceptor) = tls else {
                return serve(stream.into_split(), flow, teller, wanted).await;
            };
            match acceptor.accept(stream).await {
                Some(stream) => serve(tokio::io::split(stream), flow, teller, wanted).await,
                // The SIP task may be gone as well, and then nobody needs to know.
                None => drop(teller.send(Arrival::Closed(flow)).await),
            }
        });
    }

    /// Opens a connection of our own; messages wait for it, and it is told as closed when it does not come about.
    pub(super) fn connect(&mut self, flow: Flow) {
        let Some(wanted) = self.enter(flow) else {
            return;
        };
        let teller = self.teller.clone();
        self.tasks.spawn(async move {
            match timeout(CONNECT, TcpStream::connect(flow.address())).await {
                Ok(Ok(stream)) => {
                    let _ = stream.set_nodelay(true);
                    serve(stream.into_split(), flow, teller, wanted).await;
                }
                // The SIP task may be gone as well, and then nobody needs to know.
                _ => drop(teller.send(Arrival::Closed(flow)).await),
            }
        });
    }

    /// Room for one more connection; its messages come out of the queue.
    fn enter(&mut self, flow: Flow) -> Option<mpsc::Receiver<Bytes>> {
        while self.tasks.try_join_next().is_some() {}
        let source = flow.ip().to_canonical();
        let count = self.by_source.get(&source).copied().unwrap_or(0);
        if self.open.len().saturating_sub(self.web) >= MOST || count >= MOST_PER_SOURCE {
            tracing::info!("a SIP connection too many was closed");
            return None;
        }
        self.by_source.insert(source, count + 1);
        self.keep(flow)
    }

    /// Takes in a connection of a browser, which the HTTP server carries. A whole office comes from one address, so that
    /// only those connections of it count over which nobody has proven who they are.
    pub(super) fn open_web(&mut self, asked: WebRequest, is_proven: impl Fn(Flow) -> bool) {
        let id = ConnectionId(self.last_id + 1);
        let (flow, source) = (asked.flow(id), asked.peer.ip().to_canonical());
        let mut unproven = 0;
        let beside = self.open.values_mut();
        for open in beside.filter(|open| open.flow.is_web() && open.source == source) {
            open.proven = open.proven || is_proven(open.flow);
            unproven += usize::from(!open.proven);
        }
        if self.web >= MOST || unproven >= MOST_PER_SOURCE {
            tracing::info!("a SIP connection of a browser too many was refused");
            return;
        }
        let Some(outgoing) = self.keep(flow) else {
            return;
        };
        self.last_id += 1;
        self.web += 1;
        // One that nobody waits for any more says so itself when it is dropped.
        let _ = asked
            .reply
            .send(WebConnection::new(flow, self.teller.clone(), outgoing));
    }

    fn keep(&mut self, flow: Flow) -> Option<mpsc::Receiver<Bytes>> {
        let (outgoing, wanted) = mpsc::channel(OUTGOING);
        let open = Open {
            flow,
            source: flow.ip().to_canonical(),
            outgoing,
            proven: false,
        };
        self.open.insert(flow.connection()?, open);
        Some(wanted)
    }

    /// Queues a message; false when the connection is gone or its peer does not read: then it is closed.
    pub(super) fn send(&mut self, flow: Flow, bytes: Bytes) -> bool {
        let open = flow.connection().and_then(|id| self.open.get(&id));
        let Some(open) = open else {
            return false;
        };
        let taken = open.outgoing.try_send(bytes).is_ok();
        if !taken {
            self.close(flow);
        }
        taken
    }

    /// Closes a connection after what is queued for it; false when it is gone already.
    pub(super) fn close(&mut self, flow: Flow) -> bool {
        let open = flow.connection().and_then(|id| self.open.remove(&id));
        let Some(open) = open else {
            return false;
        };
        if open.flow.is_web() {
            self.web = self.web.saturating_sub(1);
        } else if let Some(count) = self.by_source.get_mut(&open.source) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.by_source.remove(&open.source);
            }
        }
        true
    }
}

/// Accepts for ever; an error is a connection's or a moment's, never the listener's.
async fn accept(listener: TcpListener, tls: Option<Acceptor>, accepted: mpsc::Sender<Accepted>) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                if accepted.send((stream, peer, tls.clone())).await.is_err() {
                    return;
                }
            }
            Err(error) => {
                tracing::warn!(%error, "a SIP connection could not be accepted");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// One connection, both ways, until either way ends.
async fn serve(
    (mut read, write): (impl AsyncRead + Unpin, impl AsyncWrite + Unpin),
    flow: Flow,
    arrivals: mpsc::Sender<Arrival>,
    outgoing: mpsc::Receiver<Bytes>,
) {
    let mut writing = pin!(write_all(write, outgoing));
    tokio::select! {
        () = read_all(&mut read, flow, &arrivals) => {
            if arrivals.send(Arrival::Closed(flow)).await.is_ok() {
                writing.await;
                // Closing with unread bytes would reset the connection, and our last answer with it.
                let _ = timeout(LINGER, discard(&mut read)).await;
            }
        }
        () = &mut writing => {
            // The SIP task may be gone as well, and then nobody needs to know.
            let _ = arrivals.send(Arrival::Closed(flow)).await;
        }
    }
}

/// Reads until the peer ends, is too slow, or has lost its frame.
async fn read_all(
    read: &mut (impl AsyncRead + Unpin),
    flow: Flow,
    arrivals: &mpsc::Sender<Arrival>,
) {
    let (mut framer, mut buffer) = (Framer::default(), vec![0; PIECE]);
    let mut begun: Option<Instant> = None;
    loop {
        let until = begun.map_or_else(|| Instant::now() + IDLE, |begun| begun + WHOLE);
        let told = match timeout_at(until, read.read(&mut buffer)).await {
            Err(_) if begun.is_some() => return,
            Err(_) => arrivals.send(Arrival::Idle(flow)).await.is_ok(),
            Ok(Ok(0) | Err(_)) => return,
            Ok(Ok(count)) => {
                framer.push(buffer.get(..count).unwrap_or_default());
                match take(&mut framer, flow, arrivals).await {
                    Some(taken) => {
                        let now = Instant::now();
                        let since = if taken { now } else { begun.unwrap_or(now) };
                        begun = framer.is_inside_message().then_some(since);
                        true
                    }
                    None => false,
                }
            }
        };
        if !told {
            return;
        }
    }
}

/// Tells everything that is whole: whether there was anything, or none when the connection must end.
async fn take(framer: &mut Framer, flow: Flow, arrivals: &mpsc::Sender<Arrival>) -> Option<bool> {
    let mut taken = false;
    loop {
        let bytes = match framer.poll() {
            Ok(None) => return Some(taken),
            Ok(Some(Frame::Message(bytes))) => bytes,
            Ok(Some(Frame::Ping)) => Bytes::from_static(b"\r\n\r\n"),
            Err(FramingError { head, problem }) => {
                let broken = Arrival::Broken(flow, head.unwrap_or_default(), problem);
                // The connection ends either way.
                let _ = arrivals.send(broken).await;
                return None;
            }
        };
        taken = true;
        arrivals.send(Arrival::Message(flow, bytes)).await.ok()?;
    }
}

/// Writes what is queued until the queue is closed and empty, or the peer does not take it.
async fn write_all(mut write: impl AsyncWrite + Unpin, mut outgoing: mpsc::Receiver<Bytes>) {
    while let Some(bytes) = outgoing.recv().await {
        if !matches!(timeout(WRITE, send(&mut write, &bytes)).await, Ok(Ok(()))) {
            return;
        }
    }
    // A peer that is gone already cannot be told that we are done.
    let _ = write.shutdown().await;
}

/// Written to the network, and not only into the buffer of TLS.
async fn send(write: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> std::io::Result<()> {
    write.write_all(bytes).await?;
    write.flush().await
}

async fn discard(read: &mut (impl AsyncRead + Unpin)) {
    let mut buffer = [0; PIECE];
    while matches!(read.read(&mut buffer).await, Ok(1..)) {}
}
