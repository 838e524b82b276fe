//! A far side that is text on a socket.

use crate::trunk_support::{PATIENCE, next};
use sip_gateway::leg::{Dial, DialTarget, GatewayEvent, LegEvent, LegId};
use std::net::SocketAddr;
use tokio::net::UdpSocket;
use tokio::sync::mpsc::Receiver;
use tokio::time::timeout;

pub(crate) fn sdp(direction: &str) -> String {
    format!(
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9 RTP/AVP 0\r\na={direction}\r\n"
    )
}

pub(crate) fn header(text: &str, name: &str) -> String {
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    line.unwrap_or_default().to_owned()
}

/// One end of one call.
pub(crate) struct Peer {
    pub(crate) socket: UdpSocket,
    pub(crate) server: SocketAddr,
    /// From and To of its requests, and the Call-ID.
    pub(crate) names: (String, String, String),
    pub(crate) cseq: u32,
}

impl Peer {
    pub(crate) async fn towards(server: SocketAddr, call_id: &str) -> Self {
        Self {
            socket: UdpSocket::bind("127.0.0.1:0").await.unwrap(),
            server,
            names: (
                "<sip:+34600111222@carrier.test>;tag=theirs".to_owned(),
                "<sip:9000@office.test>".to_owned(),
                call_id.to_owned(),
            ),
            cseq: 0,
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.socket.local_addr().unwrap()
    }

    /// The next message that begins so, whatever else comes before it.
    pub(crate) async fn expect(&self, start: &str) -> String {
        let mut buffer = vec![0; 65_536];
        let wait = async {
            loop {
                let (count, _) = self.socket.recv_from(&mut buffer).await.unwrap();
                let text = String::from_utf8_lossy(&buffer[..count]).into_owned();
                if text.starts_with(start) {
                    return text;
                }
            }
        };
        let found = timeout(PATIENCE, wait).await;
        found.unwrap_or_else(|_| panic!("no {start:?} came"))
    }

    /// A request in its call; an ACK has the number of the last one.
    pub(crate) async fn request(&mut self, method: &str, body: &str) {
        self.cseq += u32::from(method != "ACK");
        let (here, cseq, (from, to, call_id)) = (self.address(), self.cseq, &self.names);
        let kind = if method == "ACK" { "INVITE" } else { method };
        let content = if body.is_empty() {
            ""
        } else {
            "Content-Type: application/sdp\r\n"
        };
        let text = format!(
            "{method} sip:9000@office.test SIP/2.0\r\nVia: SIP/2.0/UDP {here};branch=z9hG4bK{kind}{cseq}{call_id};rport\r\n\
             Max-Forwards: 70\r\nFrom: {from}\r\nTo: {to}\r\nCall-ID: {call_id}\r\nCSeq: {cseq} {method}\r\n\
             Contact: <sip:x@{here}>\r\n{content}Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        self.send(text.as_bytes()).await;
    }

    pub(crate) async fn send(&self, bytes: &[u8]) {
        self.socket.send_to(bytes, self.server).await.unwrap();
    }

    /// A response to a request of the gateway.
    pub(crate) fn response(&self, request: &str, status: &str, body: &str) -> String {
        let copy = |name| format!("{name}: {}\r\n", header(request, name));
        let mut to = copy("To");
        if !to.contains("tag=") {
            to = to.replace("\r\n", ";tag=theirs\r\n");
        }
        let content = if body.is_empty() {
            ""
        } else {
            "Content-Type: application/sdp\r\n"
        };
        format!(
            "SIP/2.0 {status}\r\n{}{}{to}{}{}Contact: <sip:x@{}>\r\n{content}Content-Length: {}\r\n\r\n{body}",
            copy("Via"),
            copy("From"),
            copy("Call-ID"),
            copy("CSeq"),
            self.address(),
            body.len()
        )
    }

    pub(crate) async fn answer(&self, request: &str, status: &str, body: &str) {
        let text = self.response(request, status, body);
        self.send(text.as_bytes()).await;
    }
}

pub(crate) fn dial_to(peer: SocketAddr) -> Dial {
    Dial {
        target: DialTarget::Uri(format!("sip:x@{peer}")),
        from_user: Some("9000".to_owned()),
        from_name: None,
        headers: Vec::new(),
        credentials: None,
    }
}

/// The next event of a leg that is wanted.
pub(crate) async fn leg_event(
    events: &mut Receiver<GatewayEvent>,
    wanted: LegId,
    is_it: impl Fn(&LegEvent) -> bool,
) {
    next(events, |event| match event {
        GatewayEvent::Leg { leg, event } if *leg == wanted && is_it(event) => Some(()),
        _ => None,
    })
    .await;
}
