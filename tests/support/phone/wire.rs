//! How a phone's messages travel: datagrams, or one connection to the server, by TCP (RFC 3261 18.3) or WebSocket
//! (RFC 7118).
//!
//! **Owns**: the socket, and the cut of a stream into messages. **Must not know**: what messages say.

use std::io::{self, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream, UdpSocket};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tungstenite::{Message as Frame, WebSocket};

/// How long a look for something new may take.
const GLANCE: Duration = Duration::from_millis(20);

/// The phone's end of the network.
#[derive(Debug)]
pub(super) enum Wire {
    Udp(UdpSocket),
    Tcp(TcpStream),
    /// The browser's end, and the address that SIP is told: its own is not known to the page.
    Web(Box<Mutex<WebSocket<TcpStream>>>, SocketAddr),
}

impl Wire {
    pub(super) fn udp(local: SocketAddr) -> io::Result<Self> {
        let socket = UdpSocket::bind(local)?;
        socket.set_read_timeout(Some(GLANCE))?;
        Ok(Self::Udp(socket))
    }

    pub(super) fn tcp(ip: IpAddr, server: SocketAddr) -> io::Result<Self> {
        let stream = connect_from(ip, server)?;
        stream.set_read_timeout(Some(GLANCE))?;
        Ok(Self::Tcp(stream))
    }

    /// As a page that `http` has served.
    pub(super) fn web(ip: IpAddr, http: SocketAddr) -> io::Result<Self> {
        let stream = connect_from(ip, http)?;
        let local = stream.local_addr()?;
        let (socket, _) = web_client(stream, http, &format!("http://{http}"))?;
        socket.get_ref().set_nonblocking(true)?;
        Ok(Self::Web(Box::new(Mutex::new(socket)), local))
    }

    /// The host of our Via and Contact: a page does not know its address (RFC 7118 5.1).
    pub(super) fn host(&self, local: SocketAddr) -> String {
        match self {
            Self::Web(..) => format!("p{}.invalid", local.port()),
            _ => local.to_string(),
        }
    }

    pub(super) fn local(&self) -> io::Result<SocketAddr> {
        match self {
            Self::Udp(socket) => socket.local_addr(),
            Self::Tcp(stream) => stream.local_addr(),
            Self::Web(_, local) => Ok(*local),
        }
    }

    /// The transport's name in Via.
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Udp(_) => "UDP",
            Self::Tcp(_) => "TCP",
            Self::Web(..) => "WS",
        }
    }

    /// What a Contact says of the transport.
    pub(super) const fn parameter(&self) -> &'static str {
        match self {
            Self::Udp(_) => "",
            Self::Tcp(_) => ";transport=tcp",
            Self::Web(..) => ";transport=ws",
        }
    }

    /// Whether what is sent arrives, so that nothing is sent twice.
    pub(super) const fn is_reliable(&self) -> bool {
        !matches!(self, Self::Udp(_))
    }

    /// A connection leads to one place, whatever `to` says.
    pub(super) fn send(&self, bytes: &[u8], to: SocketAddr) {
        let _ = match self {
            Self::Udp(socket) => socket.send_to(bytes, to).map(drop),
            Self::Tcp(stream) => (&*stream).write_all(bytes),
            Self::Web(socket, _) => {
                let mut socket = socket.lock().unwrap_or_else(PoisonError::into_inner);
                let text = String::from_utf8_lossy(bytes).into_owned();
                socket.send(Frame::text(text)).map_err(io::Error::other)
            }
        };
    }

    /// Looks once for something new; `came` keeps the beginning of a message whose rest is on its way.
    pub(super) fn receive(&self, came: &mut Vec<u8>) -> Vec<(Vec<u8>, SocketAddr)> {
        let mut buffer = vec![0; 65_535];
        match self {
            Self::Udp(socket) => match socket.recv_from(&mut buffer) {
                Ok((length, from)) => vec![(buffer[..length].to_vec(), from)],
                Err(_) => Vec::new(),
            },
            Self::Web(socket, local) => {
                let mut locked = socket.lock().unwrap_or_else(PoisonError::into_inner);
                let frames = std::iter::from_fn(|| locked.read().ok());
                let messages = frames.filter(|frame| frame.is_text() || frame.is_binary());
                let found: Vec<_> = messages
                    .map(|frame| (frame.into_data().to_vec(), *local))
                    .collect();
                drop(locked);
                if found.is_empty() {
                    std::thread::sleep(GLANCE / 4);
                }
                found
            }
            Self::Tcp(stream) => {
                let (Ok(length), Ok(from)) = ((&*stream).read(&mut buffer), stream.peer_addr())
                else {
                    return Vec::new();
                };
                if length == 0 {
                    // The connection is over; the reader must not spin.
                    std::thread::sleep(GLANCE);
                }
                came.extend_from_slice(&buffer[..length]);
                let messages = std::iter::from_fn(|| cut(came));
                messages.map(|message| (message, from)).collect()
            }
        }
    }
}

/// The first whole message of a stream: head, blank line, as many bytes as Content-Length says.
fn cut(came: &mut Vec<u8>) -> Option<Vec<u8>> {
    let blank = came
        .iter()
        .take_while(|byte| b"\r\n".contains(byte))
        .count();
    came.drain(..blank);
    let head = came.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let text = String::from_utf8_lossy(&came[..head]).to_ascii_lowercase();
    let body = text.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        let is_length = ["content-length", "l"].contains(&name.trim());
        is_length.then(|| value.trim().parse::<usize>().ok())?
    });
    let whole = head + body.unwrap_or(0);
    (came.len() >= whole).then(|| came.drain(..whole).collect())
}

/// Upgrades a connection for a page of `origin` that speaks SIP; gives the answer's head beside it.
pub(crate) fn web_client(
    stream: TcpStream,
    http: SocketAddr,
    origin: &str,
) -> io::Result<(
    WebSocket<TcpStream>,
    tungstenite::handshake::client::Response,
)> {
    let request = tungstenite::http::Request::get(format!("ws://{http}/sip"))
        .header("Host", http.to_string())
        .header("Origin", origin)
        .header("Connection", "Upgrade")
        .header("Upgrade", "websocket")
        .header("Sec-WebSocket-Version", "13")
        .header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
        .header("Sec-WebSocket-Protocol", "sip")
        .body(())
        .map_err(io::Error::other)?;
    tungstenite::client(request, stream).map_err(|error| io::Error::other(error.to_string()))
}

/// A connection whose own end is at `ip`.
pub(crate) fn connect_from(ip: IpAddr, server: SocketAddr) -> io::Result<TcpStream> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let stream = runtime.block_on(async {
        let socket = match ip {
            IpAddr::V4(_) => tokio::net::TcpSocket::new_v4(),
            IpAddr::V6(_) => tokio::net::TcpSocket::new_v6(),
        }?;
        socket.bind((ip, 0).into())?;
        socket.connect(server).await?.into_std()
    })?;
    stream.set_nonblocking(false)?;
    stream.set_nodelay(true)?;
    Ok(stream)
}
