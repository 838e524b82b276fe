//! Hold at a live gateway: a phone holds and takes back an answered call in each of the ways phones have, and we hold a
//! party ourselves.

#![allow(clippy::unwrap_used)] // clippy does not see that helpers of tests are tests

mod trunk_support;

use sip_gateway::leg::{
    Dial, DialTarget, GatewayCommand, GatewayEvent, LegEvent, LegId, PlayId, StreamId,
};
use sip_gateway::media::clip::Clip;
use sip_gateway::media::port::{PlayRequest, RecordBlock, RecordRequest};
use sip_gateway::media::tone;
use sip_gateway::net::Gateway;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::UdpSocket;
use tokio::sync::mpsc::Receiver;
use trunk_support::{gateway, next};

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
            let count = tokio::time::timeout(Duration::from_secs(20), received).await;
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
    while let Ok(Some(event)) = tokio::time::timeout(Duration::from_secs(20), events.recv()).await {
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

/// Hz of the customer, of the agent, of the music.
const CUSTOMER: f64 = 420.0;
const AGENT: f64 = 1_300.0;
const MUSIC: f64 = 700.0;
const RATE: u32 = 8_000;

fn endless(leg: LegId, hz: f64) -> GatewayCommand {
    let samples = tone::sine(hz, 8_000.0, 8_000, RATE);
    GatewayCommand::Play {
        leg,
        request: PlayRequest {
            play: PlayId(1),
            clips: vec![Arc::new(Clip::from_samples(samples))],
            repeat: true,
            resume: false,
            at_most: None,
            until_heard: false,
        },
    }
}

fn record(
    stream: u64,
    left: LegId,
    right: LegId,
) -> (GatewayCommand, std::sync::mpsc::Receiver<RecordBlock>) {
    let (sink, blocks) = std::sync::mpsc::sync_channel(1_000);
    let request = RecordRequest {
        stream: StreamId(stream),
        left,
        right,
        sample_rate: RATE,
        sink,
    };
    (GatewayCommand::StartRecording(request), blocks)
}

/// Both sides of a finished recording.
fn sides(blocks: &std::sync::mpsc::Receiver<RecordBlock>) -> [Vec<i16>; 2] {
    let mut all = Vec::new();
    loop {
        let block = blocks.recv_timeout(Duration::from_secs(20));
        match block.expect("the recording ends") {
            RecordBlock::Samples {
                start_frame,
                samples,
                ..
            } => {
                all.resize(start_frame as usize * 2, 0);
                all.extend(samples);
            }
            RecordBlock::End { .. } => break,
        }
    }
    [0, 1].map(|side| all.iter().skip(side).step_by(2).copied().collect())
}

/// What was heard for 0.3 s or more, in its order: a tone's Hz, 0 for silence.
fn story(samples: &[i16]) -> Vec<f64> {
    let mut told: Vec<(f64, usize)> = Vec::new();
    for window in samples.chunks_exact(800) {
        let tones = [CUSTOMER, AGENT, MUSIC];
        let found = tones
            .into_iter()
            .find(|hz| tone::share(window, *hz, RATE) > 0.9);
        let silent = (tone::rms(window) < 10.0).then_some(0.0);
        let Some(heard) = found.or(silent) else {
            continue;
        };
        match told.last_mut() {
            Some((last, count)) if *last == heard => *count += 1,
            _ => told.push((heard, 1)),
        }
    }
    told.retain(|(_, count)| *count >= 3);
    told.dedup_by_key(|(heard, _)| *heard);
    told.into_iter().map(|(heard, _)| heard).collect()
}

/// A party behind another gateway calls and is answered: its leg there, and ours.
async fn party(
    (ours, events): (&Gateway, &mut Receiver<GatewayEvent>),
    (theirs, told): (&Gateway, &mut Receiver<GatewayEvent>),
) -> (LegId, LegId) {
    let there = theirs.new_leg_id();
    let dial = Dial {
        target: DialTarget::Uri(format!("sip:9000@{}", ours.address())),
        from_user: None,
        from_name: None,
        headers: Vec::new(),
        credentials: None,
    };
    let dial = GatewayCommand::Dial { leg: there, dial };
    theirs.send(dial).await.unwrap();
    let here = next(events, |event| match event {
        GatewayEvent::Incoming(call) => Some(call.leg),
        _ => None,
    });
    let here = here.await;
    ours.send(GatewayCommand::Answer(here)).await.unwrap();
    let answered = GatewayEvent::Leg {
        leg: there,
        event: LegEvent::Answered,
    };
    next(told, |event| (*event == answered).then_some(())).await;
    (there, here)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_party_that_we_hold_hears_music_and_is_heard_by_nobody() {
    let (ours, mut events) = gateway().await;
    let (phones, mut told) = gateway().await;
    let ours_and = (&ours, &mut events);
    let (customer, at_customer) = party(ours_and, (&phones, &mut told)).await;
    let (agent, at_agent) = party((&ours, &mut events), (&phones, &mut told)).await;
    let drain =
        |mut events: Receiver<GatewayEvent>| async move { while events.recv().await.is_some() {} };
    tokio::spawn(drain(events));
    tokio::spawn(drain(told));
    let (hear_customer, heard_by_customer) = record(1, customer, customer);
    let (hear_agent, heard_by_agent) = record(2, agent, agent);
    let (take_down, talk) = record(3, at_customer, at_agent);
    let (a, b) = (at_customer, at_agent);
    let stream = StreamId(3);
    let pause = |paused| GatewayCommand::PauseRecording { stream, paused };
    for command in [
        endless(customer, CUSTOMER),
        endless(agent, AGENT),
        hear_customer,
        hear_agent,
    ] {
        phones.send(command).await.unwrap();
    }
    ours.send(GatewayCommand::Bridge { a, b }).await.unwrap();
    ours.send(take_down).await.unwrap();
    let second = || tokio::time::sleep(Duration::from_secs(1));
    second().await;
    for command in [
        GatewayCommand::Hold(at_customer),
        GatewayCommand::Unbridge { leg: at_customer },
        pause(true),
        endless(at_customer, MUSIC),
    ] {
        ours.send(command).await.unwrap();
    }
    second().await;
    for command in [
        GatewayCommand::Resume(at_customer),
        pause(false),
        GatewayCommand::Bridge { a, b },
    ] {
        ours.send(command).await.unwrap();
    }
    second().await;
    ours.send(GatewayCommand::StopRecording(stream))
        .await
        .unwrap();
    for stream in [1, 2] {
        let stop = GatewayCommand::StopRecording(StreamId(stream));
        phones.send(stop).await.unwrap();
    }
    assert_eq!(story(&sides(&heard_by_customer)[0]), [AGENT, MUSIC, AGENT]);
    assert_eq!(story(&sides(&heard_by_agent)[0]), [CUSTOMER, 0.0, CUSTOMER]);
    // The talk's record: silence on both sides meanwhile, one timeline.
    let [left, right] = sides(&talk);
    assert_eq!(story(&left), [CUSTOMER, 0.0, CUSTOMER]);
    assert_eq!(story(&right), [AGENT, 0.0, AGENT]);
    assert!(
        left.len() >= 23_000,
        "{} samples of three seconds",
        left.len()
    );
}
