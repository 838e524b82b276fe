//! Connections that somebody else carries, handed over to a live gateway: a peer that never reads, places, the end.

#![allow(clippy::unwrap_used)] // clippy does not see that helpers of tests are tests

use bytes::Bytes;
use sip_gateway::leg::Accounts;
use sip_gateway::net::web::{Unwanted, WebConnection};
use sip_gateway::net::{Gateway, GatewayConfig};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(20);

async fn gateway() -> Gateway {
    let address = Ipv4Addr::LOCALHOST.into();
    let config = GatewayConfig {
        listen: SocketAddr::new(address, 0),
        listen_tcp: Vec::new(),
        tls: None,
        advertise: None,
        domain: "office.test".to_owned(),
        media_listen: address,
        media_ports: 10_000..=29_999,
        opus: sip_gateway::sip::sdp::OpusPlace::Off,
        media_threads: 1,
        media_lost_after: Duration::from_secs(60),
        accounts: Accounts::default(),
        bindings: Vec::new(),
        user_agent: "test".to_owned(),
    };
    Gateway::start(config).await.unwrap().0
}

async fn open(gateway: &Gateway, host: u8) -> Option<WebConnection> {
    let peer = SocketAddr::from(([127, 0, 0, host], 4_000));
    timeout(PATIENCE, gateway.open_web(peer, true))
        .await
        .unwrap()
}

fn options(number: u32) -> Bytes {
    let text = format!(
        "OPTIONS sip:office.test SIP/2.0\r\nVia: SIP/2.0/WSS a.invalid;branch=z9hG4bK{number}\r\nMax-Forwards: 70\r\n\
         From: <sip:a@office.test>;tag=a\r\nTo: <sip:office.test>\r\nCall-ID: a\r\nCSeq: {number} OPTIONS\r\n\r\n"
    );
    text.into()
}

async fn next(connection: &mut WebConnection) -> Option<Bytes> {
    timeout(PATIENCE, connection.next()).await.unwrap()
}

#[tokio::test]
async fn a_frame_is_a_message_and_its_answer_comes_back() {
    let gateway = gateway().await;
    let mut one = open(&gateway, 1).await.unwrap();
    // Without Content-Length: the frame says where it ends (RFC 7118 4.2).
    one.received(options(1)).await.unwrap();
    let answer = next(&mut one).await.unwrap();
    assert!(answer.starts_with(b"SIP/2.0 200 OK\r\n"));
    assert!(answer.windows(17).any(|part| part == b"/WSS a.invalid;br"));
    one.received(Bytes::from_static(b"\r\n\r\n")).await.unwrap();
    assert_eq!(next(&mut one).await.unwrap(), "\r\n");
    let junk = one.received(Bytes::from_static(b"junk")).await;
    assert_eq!(junk, Err(Unwanted::NoSip));
    // Nobody has proven anything over it, so its silence ends it.
    one.idle().await.unwrap();
    assert_eq!(next(&mut one).await, None);
}

#[tokio::test]
async fn who_never_reads_is_cut_off_and_others_are_served() {
    let gateway = gateway().await;
    let mut deaf = open(&gateway, 1).await.unwrap();
    let mut other = open(&gateway, 1).await.unwrap();
    for number in 0..290 {
        deaf.received(options(number)).await.unwrap();
    }
    other.received(options(1)).await.unwrap();
    assert!(next(&mut other).await.is_some());
    let mut read = 0;
    while next(&mut deaf).await.is_some() {
        read += 1;
    }
    assert_eq!(
        read, 256,
        "what had room is there, and the rest cost it the connection"
    );
}

#[tokio::test]
async fn places_are_bounded_for_each_source_and_come_back() {
    let gateway = gateway().await;
    let mut open_ones = Vec::new();
    while let Some(connection) = open(&gateway, 1).await {
        open_ones.push(connection);
    }
    assert_eq!(open_ones.len(), 64);
    assert!(open(&gateway, 2).await.is_some(), "there is room elsewhere");
    open_ones.pop();
    let again = async {
        loop {
            if let Some(connection) = gateway
                .open_web(SocketAddr::from(([127, 0, 0, 1], 9)), true)
                .await
            {
                break connection;
            }
        }
    };
    timeout(PATIENCE, again).await.unwrap();
}
