//! Packets from strangers at every port while two parties talk.

#![allow(clippy::unwrap_used)] // clippy does not see that helpers of tests are tests

mod media_support;

use media_support::{PCMU, Party, every_20_ms, numbered, pool_on, wait_bridged, wait_for};
use sip_gateway::leg::{LegId, StreamId};
use sip_gateway::media::g711::Codec;
use sip_gateway::media::port::{RecordBlock, RecordRequest};
use sip_gateway::media::rtp::RtpHeader;
use sip_gateway::media::tone;
use std::net::UdpSocket;
use std::sync::mpsc::sync_channel;
use std::time::Duration;

const A: LegId = LegId(1);
const B: LegId = LegId(2);
const STRANGER_HZ: f64 = 2500.0;
const PORTS: std::ops::RangeInclusive<u16> = 9360..=9379;

/// From another address from the very beginning, and once the parties are known from another port of their own address
/// too; with the right SSRC and plausible numbers, and without.
#[test]
fn what_is_sprayed_at_every_port_reaches_no_party_and_no_recording() {
    let (pool, mut receiver) = pool_on(PORTS);
    let mut a = Party::join_with(&pool, A, 7, 0.0, PCMU);
    let mut b = Party::join_with(&pool, B, 7, 0.0, PCMU);
    let elsewhere = UdpSocket::bind("127.0.0.9:0").unwrap();
    let beside = UdpSocket::bind("127.0.0.1:0").unwrap();
    let noise: Vec<u8> = tone::sine(STRANGER_HZ, 12_000.0, 160, 8000)
        .iter()
        .map(|sample| Codec::Pcmu.encode(*sample))
        .collect();
    let spray = |socket: &UdpSocket, headers: [RtpHeader; 2]| {
        for (header, port) in headers
            .iter()
            .flat_map(|one| PORTS.map(move |port| (one, port)))
        {
            let packet = [&header.to_bytes()[..], &noise].concat();
            socket.send_to(&packet, ("127.0.0.1", port)).unwrap();
        }
    };
    (0..5).for_each(|_| spray(&elsewhere, [a.header, b.header]));
    pool.bridge(A, B).unwrap();
    wait_bridged(&pool, &mut receiver, B, &b);
    let (sink, blocks) = sync_channel(64);
    let request = RecordRequest {
        stream: StreamId(8),
        left: A,
        right: B,
        sample_rate: 8000,
        sink,
    };
    pool.start_recording(request).unwrap();

    let (mut heard_a, mut heard_b) = (Vec::new(), Vec::new());
    every_20_ms(Duration::from_millis(1000), |n| {
        let strange = RtpHeader {
            ssrc: 4711,
            ..a.header
        };
        a.send_numbered();
        b.send_numbered();
        spray(&elsewhere, [a.header, strange]);
        // The parties' first packets have closed the window.
        if n > 10 {
            spray(&beside, [a.header, b.header]);
        }
    });
    wait_for("the last packets", || {
        a.hear(&mut heard_a);
        b.hear(&mut heard_b);
        heard_a.len() >= 50 && heard_b.len() >= 50
    });
    for (heard, ssrc) in [(&heard_a, b.header.ssrc), (&heard_b, a.header.ssrc)] {
        assert_eq!(heard.len(), 50);
        for (n, packet) in (0..).zip(heard) {
            assert_eq!(packet.payload, numbered(ssrc, n));
        }
    }
    pool.stop_recording(StreamId(8)).unwrap();
    let mut samples = Vec::new();
    while let RecordBlock::Samples { samples: more, .. } =
        blocks.recv_timeout(Duration::from_secs(20)).unwrap()
    {
        samples.extend(more);
    }
    for side in 0..2 {
        let side: Vec<i16> = samples.iter().skip(side).step_by(2).copied().collect();
        let strange = side
            .chunks_exact(160)
            .filter(|part| tone::share(part, STRANGER_HZ, 8000) > 0.5);
        assert_eq!(strange.count(), 0);
    }
}
