//! How long an answer takes on the wire says nothing about which users exist: Welch's t over tries for users of both
//! kinds that alternate at random. What is measured in process, passwords included, is in `sip/endpoint/tests/timing.rs`.

use crate::mutate::Dice;
use crate::peer::header;
use crate::trunk_support::{PATIENCE, gateway_of};
use sip_gateway::leg::{Accounts, Device, DigestAlgorithm};
use sip_gateway::net::Gateway;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

/// Sources that take turns: one alone may not send as many messages a second as there are tries.
const SOURCES: u8 = 64;
/// Of all values, the slowest tenth is the machine's.
const KEPT: usize = 90;
const WANTED: f64 = 4.5;
/// A busy machine spoils a round; what is real shows in every one.
const ROUNDS: usize = 4;

async fn office() -> Gateway {
    let devices = (2000..2100).map(|extension| Device {
        extension: extension.to_string(),
        password: format!("secret of {extension}"),
        algorithm: if extension % 4 == 0 {
            DigestAlgorithm::Sha256
        } else {
            DigestAlgorithm::Md5
        },
    });
    let accounts = Accounts {
        devices: devices.collect(),
        trunks: Vec::new(),
    };
    let (gateway, mut events) = gateway_of(accounts).await;
    tokio::spawn(async move { while events.recv().await.is_some() {} });
    gateway
}

/// Somebody who asks from many addresses and waits for each answer.
struct Asker {
    sockets: Vec<UdpSocket>,
    tries: u32,
}

impl Asker {
    fn towards(server: SocketAddr) -> Self {
        let socket = |n: u8| {
            let socket = UdpSocket::bind((Ipv4Addr::new(127, 0, 7, n + 1), 0)).unwrap();
            socket.connect(server).unwrap();
            socket.set_read_timeout(Some(PATIENCE)).unwrap();
            socket
        };
        Self {
            sockets: (0..SOURCES).map(socket).collect(),
            tries: 0,
        }
    }

    /// One try: how long its answer took, in nanoseconds, and the answer.
    fn ask(&mut self, method: &str, user: u64) -> (f64, String) {
        self.tries += 1;
        let socket = &self.sockets[self.tries as usize % self.sockets.len()];
        let (here, n) = (socket.local_addr().unwrap(), self.tries);
        let to = if method == "REGISTER" { user } else { 9_000 };
        // Of one length, whatever the numbers are.
        let text = format!(
            "{method} sip:9000@office.test SIP/2.0\r\nVia: SIP/2.0/UDP {here};branch=z9hG4bK{n:08};rport\r\n\
             Max-Forwards: 70\r\nFrom: <sip:{user}@office.test>;tag=theirs\r\nTo: <sip:{to}@office.test>\r\n\
             Call-ID: {n:08}\r\nCSeq: 1 {method}\r\nContact: <sip:{user}@{here}>\r\nContent-Length: 0\r\n\r\n"
        );
        let mut buffer = [0; 4_096];
        let before = Instant::now();
        socket.send(text.as_bytes()).unwrap();
        let count = socket.recv(&mut buffer).expect("an answer in time");
        let took = before.elapsed().as_nanos() as f64;
        let answer = String::from_utf8_lossy(&buffer[..count]).into_owned();
        assert!(answer.starts_with("SIP/2.0 401 "), "{answer}");
        assert_eq!(header(&answer, "Call-ID"), format!("{n:08}"));
        (took, answer)
    }
}

/// 100 users that are nobody, with SHA-256 as often as those that are somebody: that a nonce of it costs more is no
/// secret, and which users it is asked of tells nothing.
fn strangers(asker: &mut Asker) -> Vec<u64> {
    let (mut strong, mut weak) = (Vec::new(), Vec::new());
    for user in 7_000..7_600 {
        let is_strong = asker.ask("REGISTER", user).1.contains("SHA-256");
        if is_strong { &mut strong } else { &mut weak }.push(user);
    }
    let strong = strong.into_iter().take(25);
    let all: Vec<u64> = strong.chain(weak.into_iter().take(75)).collect();
    assert_eq!(all.len(), 100);
    all
}

/// Mean, variance and number of the values up to `most`.
fn moments(values: &[f64], most: f64) -> (f64, f64, f64) {
    let kept = || values.iter().filter(|value| **value <= most);
    let count = kept().count() as f64;
    let mean = kept().sum::<f64>() / count;
    let variance = kept().map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1.0);
    (mean, variance, count)
}

/// Welch's t, and the two means in nanoseconds.
fn welch(
    asker: &mut Asker,
    users: &[Vec<u64>; 2],
    method: &str,
    tries: usize,
    seed: u64,
) -> [f64; 3] {
    let mut dice = Dice(seed);
    let mut times = [Vec::new(), Vec::new()];
    while times.iter().any(|times| times.len() < tries) {
        let kind = dice.below(2);
        let user = *dice.pick(&users[kind]);
        times[kind].push(asker.ask(method, user).0);
    }
    let mut all = times.concat();
    all.sort_by(f64::total_cmp);
    let most = all[all.len() * KEPT / 100];
    let (known, v1, n1) = moments(&times[0], most);
    let (unknown, v2, n2) = moments(&times[1], most);
    [
        (known - unknown) / (v1 / n1 + v2 / n2).sqrt(),
        known,
        unknown,
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_on_the_wire_take_as_long_for_known_and_unknown_users() {
    let gateway = office().await;
    let is_long = std::env::var_os("CORDBOARD_LONG").is_some_and(|value| value == "1");
    let tries = if is_long { 10_000 } else { 1_500 };
    let mut asker = Asker::towards(gateway.address());
    let asking = move || {
        let users = [(2_000..2_100).collect(), strangers(&mut asker)];
        for method in ["REGISTER", "INVITE"] {
            let mut rounds = Vec::new();
            for round in 0..ROUNDS {
                rounds.push(welch(&mut asker, &users, method, tries, round as u64 + 1));
                if rounds[round][0].abs() < WANTED {
                    break;
                }
            }
            println!("{method}: t, known ns, unknown ns: {rounds:.1?}");
            let last = rounds.last().unwrap()[0];
            assert!(last.abs() < WANTED, "{method}: {rounds:.1?}");
        }
    };
    tokio::task::spawn_blocking(asking).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_peer_that_asks_as_soon_as_it_is_answered_is_no_queue() {
    let gateway = office().await;
    let mut asker = Asker::towards(gateway.address());
    // Each answer is 401, never 503.
    let asking = move || {
        let until = Instant::now() + Duration::from_secs(1);
        while Instant::now() < until {
            asker.ask("REGISTER", 2_001);
        }
    };
    tokio::task::spawn_blocking(asking).await.unwrap();
    assert_eq!(gateway.stats().borrow().sip.overload, 0);
}
