//! More calls than can be served, against a live gateway whose consumer is slow or stands still.
//!
//! The consumer is the bottleneck on purpose: its capacity is known, so the ratios hold on any machine.

#![allow(clippy::unwrap_used)] // clippy does not see that helpers of tests are tests

mod trunk_support;

use sip_gateway::leg::{GatewayCommand, GatewayEvent};
use sip_gateway::net::Gateway;
use std::collections::HashMap;
use std::time::{Duration, Instant};
use tokio::net::UdpSocket;
use tokio::sync::mpsc::Receiver;
use tokio::task::JoinHandle;
use trunk_support::gateway;

const SDP: &str = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9 RTP/AVP 0\r\n";
/// What the consumer takes for one new call.
const WORK: Duration = Duration::from_millis(10);

/// Answers each call after [`WORK`], for as long as there are events.
fn consume(
    gateway: Gateway,
    mut events: Receiver<GatewayEvent>,
) -> JoinHandle<Receiver<GatewayEvent>> {
    tokio::spawn(async move {
        while let Ok(Some(event)) =
            tokio::time::timeout(Duration::from_secs(1), events.recv()).await
        {
            if let GatewayEvent::Incoming(call) = event {
                tokio::time::sleep(WORK).await;
                gateway
                    .send(GatewayCommand::Answer(call.leg))
                    .await
                    .unwrap();
            }
        }
        events
    })
}

/// What became of one call, with the time since its INVITE.
#[derive(Clone, Copy, Debug, Default)]
struct Fate {
    sent: Option<Instant>,
    trying: Option<Duration>,
    status: u16,
    ended: bool,
}

/// A carrier with one socket and any number of calls.
struct Carrier {
    socket: UdpSocket,
    fates: HashMap<u32, Fate>,
    tags: HashMap<u32, String>,
    serial: u32,
}

fn header<'a>(text: &'a str, name: &str) -> &'a str {
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    line.unwrap_or_default()
}

impl Carrier {
    async fn towards(gateway: &Gateway) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        socket.connect(gateway.address()).await.unwrap();
        Self {
            socket,
            fates: HashMap::new(),
            tags: HashMap::new(),
            serial: 0,
        }
    }

    async fn send(&self, method: &str, call: u32, (cseq, branch): (u32, &str)) {
        let here = self.socket.local_addr().unwrap();
        let to = self
            .tags
            .get(&call)
            .map_or_else(|| "<sip:9000@office.test>".to_owned(), Clone::clone);
        let (body, content) = match method {
            "INVITE" => (SDP, "Content-Type: application/sdp\r\n"),
            _ => ("", ""),
        };
        let text = format!(
            "{method} sip:9000@office.test SIP/2.0\r\nVia: SIP/2.0/UDP {here};branch=z9hG4bK{branch}{call};rport\r\n\
             Max-Forwards: 70\r\nFrom: <sip:+34600111222@carrier.test>;tag=t{call}\r\nTo: {to}\r\nCall-ID: call-{call}\r\n\
             CSeq: {cseq} {method}\r\nContact: <sip:x@{here}>\r\n{content}Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        self.socket.send(text.as_bytes()).await.unwrap();
    }

    async fn invite(&mut self) -> u32 {
        self.serial += 1;
        let call = self.serial;
        self.fates.insert(
            call,
            Fate {
                sent: Some(Instant::now()),
                ..Fate::default()
            },
        );
        self.send("INVITE", call, (1, "i")).await;
        call
    }

    async fn bye(&self, call: u32) {
        self.send("BYE", call, (2, "b")).await;
    }

    /// Takes what comes until then. A call that was answered is acknowledged, and ended when `hang_up` says so.
    async fn listen(&mut self, until: Instant, hang_up: bool) {
        let mut buffer = vec![0; 65_536];
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let Ok(Ok(count)) = tokio::time::timeout(left, self.socket.recv(&mut buffer)).await
            else {
                return;
            };
            let text = String::from_utf8_lossy(&buffer[..count]).into_owned();
            let call: u32 = header(&text, "Call-ID")[5..].parse().unwrap();
            if let Ok(status) = text[8..11].parse::<u16>() {
                self.on_answer(&text, call, status, hang_up).await;
            }
        }
    }

    /// Takes what comes until it is so.
    async fn until(&mut self, hang_up: bool, so: impl Fn(&HashMap<u32, Fate>) -> bool) {
        let limit = Instant::now() + Duration::from_secs(20);
        while !so(&self.fates) {
            assert!(Instant::now() < limit, "{:?}", self.fates);
            let soon = Instant::now() + Duration::from_millis(20);
            self.listen(soon, hang_up).await;
        }
    }

    async fn on_answer(&mut self, text: &str, call: u32, status: u16, hang_up: bool) {
        let fate = self.fates.get_mut(&call).unwrap();
        if header(text, "CSeq").ends_with("BYE") {
            fate.ended = status == 200;
            return;
        }
        let took = fate.sent.unwrap().elapsed();
        fate.trying.get_or_insert(took);
        if status < 200 {
            return;
        }
        fate.status = status;
        if status == 503 {
            let pause: u32 = header(text, "Retry-After").parse().unwrap();
            assert!((5..=30).contains(&pause), "{text}");
        }
        let to = header(text, "To").to_owned();
        self.tags.insert(call, to);
        // An ACK of a refusal is the INVITE's; one of a 200 is its own.
        let branch = if status == 200 { "a" } else { "i" };
        self.send("ACK", call, (1, branch)).await;
        if status == 200 && hang_up {
            self.bye(call).await;
        }
    }

    /// So many calls a second for that long; each is ended as soon as it is answered. Gives the fates.
    async fn storm(&mut self, per_second: u32, time: Duration) -> Vec<Fate> {
        let (begin, first) = (Instant::now(), self.serial);
        let mut sent = 0_u32;
        while begin.elapsed() < time {
            let due = u32::try_from(begin.elapsed().as_millis()).unwrap() * per_second / 1_000;
            while sent < due {
                self.invite().await;
                sent += 1;
            }
            self.listen(Instant::now() + Duration::from_millis(5), true)
                .await;
        }
        let answered = Instant::now();
        self.listen(answered + Duration::from_millis(500), true)
            .await;
        // Whoever was answered in the end has hung up in the end.
        self.until(true, |fates| {
            let mut answered = fates.iter().filter(|(call, _)| **call > first);
            answered.all(|(_, fate)| fate.status != 200 || fate.ended)
        })
        .await;
        (first + 1..=self.serial)
            .map(|call| self.fates[&call])
            .collect()
    }
}

fn count(fates: &[Fate], status: u16) -> usize {
    fates.iter().filter(|fate| fate.status == status).count()
}

/// The share of calls that heard something within 200 ms.
fn prompt_share(fates: &[Fate]) -> f64 {
    let limit = Duration::from_millis(200);
    let prompt = fates
        .iter()
        .filter(|fate| fate.trying.is_some_and(|took| took <= limit));
    prompt.count() as f64 / fates.len() as f64
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_eight_times_its_capacity_it_serves_as_many_and_drops_nobody() {
    let (gateway, events) = gateway().await;
    let consumer = consume(gateway.clone(), events);
    let mut carrier = Carrier::towards(&gateway).await;
    // Twenty calls that talk through it all.
    let mut live = Vec::new();
    for _ in 0..20 {
        live.push(carrier.invite().await);
        carrier
            .listen(Instant::now() + Duration::from_millis(30), false)
            .await;
    }
    carrier
        .until(false, |fates| {
            live.iter().all(|call| fates[call].status == 200)
        })
        .await;

    let time = Duration::from_secs(3);
    let capacity = count(&carrier.storm(120, time).await, 200);
    let fates = carrier.storm(800, time).await;
    let (served, refused) = (count(&fates, 200), count(&fates, 503));
    println!(
        "at 120/s {capacity} calls served; at 800/s {served} served, {refused} refused, {} silent; {:.4} heard within 200 ms",
        count(&fates, 0),
        prompt_share(&fates)
    );
    assert!(served * 4 >= capacity * 3, "{served} of {capacity}");
    assert!(refused > served, "{refused} refused");
    assert!(prompt_share(&fates) >= 0.99, "{}", prompt_share(&fates));
    // What was answered has ended in order, and so do those that talked all the while.
    let ended = fates.iter().filter(|fate| fate.status == 200 && fate.ended);
    assert_eq!(ended.count(), served);
    for call in &live {
        carrier.bye(*call).await;
    }
    carrier
        .until(false, |fates| live.iter().all(|call| fates[call].ended))
        .await;
    consumer.await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_nobody_takes_its_events_callers_hear_100_or_503_and_live_calls_end() {
    let (gateway, events) = gateway().await;
    let consumer = consume(gateway.clone(), events);
    let mut carrier = Carrier::towards(&gateway).await;
    let live = [carrier.invite().await, carrier.invite().await];
    carrier
        .until(false, |fates| {
            live.iter().all(|call| fates[call].status == 200)
        })
        .await;
    // From here on the registry, the journal, the Distributor, whatever stands behind the channel, is stalled.
    let events = consumer.await.unwrap();
    let mut fates = Vec::new();
    for _ in 0..60 {
        let call = carrier.invite().await;
        carrier
            .listen(Instant::now() + Duration::from_millis(20), false)
            .await;
        fates.push(call);
    }
    carrier
        .listen(Instant::now() + Duration::from_millis(300), false)
        .await;
    let all: Vec<Fate> = fates.iter().map(|call| carrier.fates[call]).collect();
    assert!(prompt_share(&all) >= 0.95, "{all:?}");
    let refused = count(&all, 503);
    // The few of the first third of a second may be a moment of a busy machine.
    assert!((30..=48).contains(&refused), "{refused} refused: {all:?}");
    for call in live {
        carrier.bye(call).await;
    }
    carrier
        .until(false, |fates| live.iter().all(|call| fates[call].ended))
        .await;
    // It goes on again: those that wait are served, and so are new ones.
    let consumer = consume(gateway.clone(), events);
    let waited = |known: &HashMap<u32, Fate>| {
        let served = fates.iter().filter(|call| known[call].status == 200);
        served.count()
    };
    carrier
        .until(true, |known| waited(known) >= 60 - refused)
        .await;
    assert_eq!(waited(&carrier.fates), 60 - refused);
    let late = carrier.invite().await;
    carrier.until(true, |fates| fates[&late].status != 0).await;
    assert_eq!(carrier.fates[&late].status, 200);
    consumer.await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_consumer_that_stands_still_is_a_queue_however_few_the_calls() {
    let (gateway, _nobody_reads) = gateway().await;
    let mut carrier = Carrier::towards(&gateway).await;
    let mut calls = Vec::new();
    // Twenty events in all: fewer than a busy machine holds up for a moment.
    for _ in 0..20 {
        calls.push(carrier.invite().await);
        carrier
            .listen(Instant::now() + Duration::from_millis(60), false)
            .await;
    }
    let all: Vec<Fate> = calls.iter().map(|call| carrier.fates[call]).collect();
    assert!(prompt_share(&all) >= 0.9, "{all:?}");
    let (early, late) = all.split_at(3);
    assert_eq!(count(early, 503), 0, "{early:?}");
    assert!(count(&late[5..], 503) >= 10, "{late:?}");
}
