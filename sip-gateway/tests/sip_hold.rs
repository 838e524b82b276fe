//! A phone holds and takes back an answered call in each of the ways phones have, at a live gateway.

#![allow(clippy::unwrap_used)] // clippy does not see that helpers of tests are tests

mod trunk_support;

use sip_gateway::leg::{GatewayCommand, GatewayEvent, LegEvent};
use std::time::Duration;
use tokio::net::UdpSocket;
use trunk_support::gateway;

struct Phone {
    socket: UdpSocket,
    to: String,
    cseq: u32,
}

/// What is offered: an address and a direction, or nothing.
fn sdp(address: &str, direction: &str) -> String {
    format!(
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 {address}\r\nt=0 0\r\nm=audio 40000 RTP/AVP 0\r\n{direction}"
    )
}

fn header(text: &str, name: &str) -> String {
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    line.unwrap_or_default().to_owned()
}

impl Phone {
    async fn send(&self, method: &str, body: &str) {
        let (here, to, cseq) = (self.socket.local_addr().unwrap(), &self.to, self.cseq);
        let content = if body.is_empty() {
            ""
        } else {
            "Content-Type: application/sdp\r\n"
        };
        let text = format!(
            "{method} sip:9000@office.test SIP/2.0\r\nVia: SIP/2.0/UDP {here};branch=z9hG4bK{method}{cseq};rport\r\n\
             Max-Forwards: 70\r\nFrom: <sip:+34600111222@carrier.test>;tag=theirs\r\nTo: {to}\r\nCall-ID: hold\r\n\
             CSeq: {cseq} {method}\r\nContact: <sip:x@{here}>\r\n{content}Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        self.socket.send(text.as_bytes()).await.unwrap();
    }

    /// The final answer to what was sent last.
    async fn answer(&self) -> String {
        let mut buffer = vec![0; 65_536];
        loop {
            let received = self.socket.recv(&mut buffer);
            let count = tokio::time::timeout(Duration::from_secs(10), received).await;
            let count = count.expect("an answer in time").unwrap();
            let text = String::from_utf8_lossy(&buffer[..count]).into_owned();
            let is_it = header(&text, "CSeq").starts_with(&format!("{} ", self.cseq));
            if text.starts_with("SIP/2.0 ") && !text.starts_with("SIP/2.0 1") && is_it {
                return text;
            }
        }
    }

    /// A re-INVITE; the SDP of its 200. Without an offer the answer goes with the ACK.
    async fn change(&mut self, offer: &str) -> String {
        self.cseq += 1;
        self.send("INVITE", offer).await;
        let answer = self.answer().await;
        assert!(answer.starts_with("SIP/2.0 200"), "{offer}\n{answer}");
        let in_ack = if offer.is_empty() {
            sdp("127.0.0.1", "a=sendonly\r\n")
        } else {
            String::new()
        };
        self.send("ACK", &in_ack).await;
        let (_, body) = answer.split_once("\r\n\r\n").unwrap();
        body.to_owned()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_way_to_hold_is_answered_as_rfc_3264_says_and_the_call_goes_on() {
    let (gateway, mut events) = gateway().await;
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    socket.connect(gateway.address()).await.unwrap();
    let mut phone = Phone {
        socket,
        to: "<sip:9000@office.test>".to_owned(),
        cseq: 1,
    };
    phone.send("INVITE", &sdp("127.0.0.1", "")).await;
    let Some(GatewayEvent::Incoming(call)) = events.recv().await else {
        panic!("no call");
    };
    let answer = GatewayCommand::Answer(call.leg);
    gateway.send(answer).await.unwrap();
    let answer = phone.answer().await;
    phone.to = header(&answer, "To");
    phone.send("ACK", "").await;

    let resumed = sdp("127.0.0.1", "a=sendrecv\r\n");
    let table = [
        (sdp("127.0.0.1", "a=sendonly\r\n"), "a=recvonly"),
        (resumed.clone(), "a=sendrecv"),
        (sdp("127.0.0.1", "a=inactive\r\n"), "a=inactive"),
        (resumed.clone(), "a=sendrecv"),
        (sdp("0.0.0.0", ""), "a=recvonly"),
        (resumed.clone(), "a=sendrecv"),
        // No offer: ours is a whole one, and the phone holds in its answer.
        (String::new(), "a=sendrecv"),
        (resumed, "a=sendrecv"),
    ];
    for (offer, wanted) in table {
        let answered = phone.change(&offer).await;
        assert!(answered.contains("m=audio "), "{offer}\n{answered}");
        assert!(answered.contains(wanted), "{offer}\n{answered}");
        let port = answered.split("m=audio ").nth(1).unwrap();
        assert!(!port.starts_with("0 "), "the stream stays: {answered}");
    }
    phone.cseq += 1;
    phone.send("BYE", "").await;
    assert!(phone.answer().await.starts_with("SIP/2.0 200"));
    let mut ended = false;
    while let Ok(Some(event)) = tokio::time::timeout(Duration::from_secs(2), events.recv()).await {
        if let GatewayEvent::Leg {
            event: LegEvent::Ended { .. },
            ..
        } = event
        {
            ended = true;
            break;
        }
    }
    assert!(ended);
}
