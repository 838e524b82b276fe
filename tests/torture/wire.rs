//! Raw SIP on sockets: bytes go out as they are given, answers come back whole.
//!
//! **Owns**: datagrams, one connection, the cutting of answers out of it. **Must not know**: what is right.

use crate::support::phone::message::Message;
use crate::support::phone::wire::connect_from;
use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream, UdpSocket};
use std::time::{Duration, Instant};

/// How often a socket is looked at.
const GLANCE: Duration = Duration::from_micros(500);

/// The `n`th of the addresses that are this test's; all lie in the trunk of its company.
pub(crate) fn place(n: u16) -> IpAddr {
    let [high, low] = (n + 1).to_be_bytes();
    Ipv4Addr::new(127, 3, high, low).into()
}

/// The network of [`place`].
pub(crate) const NETWORK: &str = "127.3.0.0/16";

/// A way to the server.
#[derive(Debug)]
pub(crate) enum Wire {
    /// Sockets on one address; answers may come to any of them, as a Via without `rport` names the port.
    Udp {
        sockets: Vec<UdpSocket>,
        server: SocketAddr,
    },
    /// A connection, and what came on it and was not taken yet.
    Tcp { stream: TcpStream, came: Vec<u8> },
}

impl Wire {
    /// Datagrams from any port of `ip`; answers are heard at the ports `more` as well.
    pub(crate) fn udp(server: SocketAddr, ip: IpAddr, more: &[u16]) -> Self {
        let bind = |port: &u16| {
            let socket = UdpSocket::bind((ip, *port)).unwrap();
            socket.set_nonblocking(true).unwrap();
            socket
        };
        let sockets = std::iter::once(&0).chain(more).map(bind).collect();
        Self::Udp { sockets, server }
    }

    /// A connection from `ip`.
    pub(crate) fn tcp(server: SocketAddr, ip: IpAddr) -> Self {
        let stream = connect_from(ip, server).unwrap();
        let came = Vec::new();
        Self::Tcp { stream, came }
    }

    /// Our address as the server sees it.
    pub(crate) fn local(&self) -> SocketAddr {
        match self {
            Self::Udp { sockets, .. } => sockets[0].local_addr().unwrap(),
            Self::Tcp { stream, .. } => stream.local_addr().unwrap(),
        }
    }

    /// The transport's name in Via.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Udp { .. } => "UDP",
            Self::Tcp { .. } => "TCP",
        }
    }

    /// One datagram, or one piece of the stream.
    pub(crate) fn send(&mut self, bytes: &[u8]) {
        match self {
            Self::Udp { sockets, server } => {
                sockets[0].send_to(bytes, *server).unwrap();
            }
            Self::Tcp { stream, .. } => {
                let mut rest = bytes;
                while !rest.is_empty() {
                    match stream.write(rest) {
                        Ok(count) => rest = &rest[count..],
                        Err(error) if error.kind() == ErrorKind::WouldBlock => {
                            std::thread::sleep(GLANCE);
                        }
                        // The server has closed it, as it may; what it said is still there.
                        Err(_) => return,
                    }
                }
            }
        }
    }

    /// Piece by piece of `size` bytes, each in a segment of its own as far as the kernel lets us.
    pub(crate) fn send_cut(&mut self, bytes: &[u8], size: usize) {
        for piece in bytes.chunks(size) {
            self.send(piece);
        }
    }

    /// The next message; none when nothing whole came within `limit`.
    pub(crate) fn next(&mut self, limit: Duration) -> Option<Message> {
        let until = Instant::now() + limit;
        loop {
            if let Some(message) = self.take() {
                return Some(message);
            }
            if Instant::now() >= until {
                return None;
            }
            std::thread::sleep(GLANCE);
        }
    }

    /// The next final response, whatever it is for.
    pub(crate) fn next_final(&mut self, limit: Duration) -> Option<Message> {
        let mut messages = std::iter::from_fn(|| self.next(limit));
        messages.find(|message| message.status().is_some_and(|status| status >= 200))
    }

    /// The next final response to the request of this Call-ID and CSeq number.
    pub(crate) fn answer(&mut self, call_id: &str, cseq: u32, limit: Duration) -> Option<Message> {
        let until = Instant::now() + limit;
        loop {
            let message = self.next(until.saturating_duration_since(Instant::now()))?;
            let is_it = message.call_id() == call_id && message.cseq() == cseq;
            if is_it && message.status().is_some_and(|status| status >= 200) {
                return Some(message);
            }
        }
    }

    /// Whether the server ends the connection within `limit`; what comes before is thrown away.
    pub(crate) fn is_closed_within(&mut self, limit: Duration) -> bool {
        let Self::Tcp { stream, .. } = self else {
            return false;
        };
        let until = Instant::now() + limit;
        let mut buffer = [0; 4096];
        stream.set_nonblocking(true).unwrap();
        while Instant::now() < until {
            match stream.read(&mut buffer) {
                Ok(0) => return true,
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => std::thread::sleep(GLANCE),
                Err(_) => return true,
            }
        }
        false
    }

    fn take(&mut self) -> Option<Message> {
        match self {
            Self::Udp { sockets, .. } => {
                let mut buffer = [0; 65_536];
                sockets.iter().find_map(|socket| {
                    let (length, _) = socket.recv_from(&mut buffer).ok()?;
                    Message::parse(&buffer[..length])
                })
            }
            Self::Tcp { stream, came } => {
                let mut buffer = [0; 65_536];
                stream.set_nonblocking(true).unwrap();
                if let Ok(length) = stream.read(&mut buffer) {
                    came.extend_from_slice(&buffer[..length]);
                }
                stream.set_nonblocking(false).unwrap();
                cut(came)
            }
        }
    }
}

/// Takes the first whole message off a stream; the server always writes its length.
fn cut(came: &mut Vec<u8>) -> Option<Message> {
    let is_line_end = |byte: &u8| matches!(byte, b'\r' | b'\n');
    let blank = came.iter().take_while(|byte| is_line_end(byte)).count();
    came.drain(..blank);
    let head = came.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let text = String::from_utf8_lossy(&came[..head]).to_ascii_lowercase();
    let mut lines = text.lines();
    let length = lines.find_map(|line| line.strip_prefix("content-length:"))?;
    let length: usize = length.trim().parse().ok()?;
    if came.len() < head + length {
        return None;
    }
    let whole: Vec<u8> = came.drain(..head + length).collect();
    Message::parse(&whole)
}
