//! What a bare relay of the same packets costs on the same machine in the same minutes: rtpengine in user space, by turns
//! with workload B. Milliseconds of CPU drift with the hour of a shared machine by half as much again; what is left after
//! dividing by a relay that records nothing, plays nothing and decides nothing does not.
//!
//! `cargo bench --bench load -- relay --calls 150 --talk 15 --rounds 3`. Needs rtpengine (Debian: rtpengine-daemon).

use crate::server::{Server, Shape, cpu_ms};
use crate::world::{Plan, World};
use mio::net::UdpSocket;
use mio::{Events, Interest, Poll, Token};
use std::fmt::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

/// Where rtpengine takes commands.
const CONTROL: u16 = 15_223;
/// The first port of our ends; four a call, RTCP's unused.
const FIRST_PORT: u16 = 40_000;
/// As G.711 in 20 ms has it: 12 bytes of header, 160 of speech.
const PACKET: usize = 172;
/// Between two packets of one leg, in slots of 1 ms.
const PACKET_MS: usize = 20;

/// By turns, `rounds` times: ms a call-second of either, and the quotient of the means.
pub(crate) fn run(calls: u64, talk: Duration, rounds: u64) -> Result<(), String> {
    let (mut relay, mut ours) = (Vec::new(), Vec::new());
    for round in 1..=rounds.max(1) {
        relay.push(relayed(calls, talk)?);
        ours.push(recorded(calls, talk)?);
        println!(
            "round {round}: rtpengine relays {:.2}, Cordboard relays and records {:.2} ms a call-second",
            relay[relay.len() - 1],
            ours[ours.len() - 1]
        );
    }
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    println!(
        "{calls} calls: {:.2} and {:.2} ms a call-second, {:.2} times the relay",
        mean(&relay),
        mean(&ours),
        mean(&ours) / mean(&relay)
    );
    Ok(())
}

/// Workload B.
fn recorded(calls: u64, talk: Duration) -> Result<f64, String> {
    let server = Server::start(Shape::Queue, calls as usize + 5)?;
    let mut world = World::new(&server, Plan::talk(10, calls, talk))?;
    world.register_agents()?;
    std::thread::sleep(Duration::from_millis(500));
    let before = server.usage()?.cpu_ms;
    world.run()?;
    let spent = server.usage()?.cpu_ms - before;
    crate::report::verdict(&world)?;
    server.stop();
    Ok(spent / world.figures.call_seconds)
}

/// The relay, which ends with this value.
struct Relay(Child);

impl Drop for Relay {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn relayed(calls: u64, talk: Duration) -> Result<f64, String> {
    let relay = start()?;
    let mut legs = Legs::open(calls)?;
    let before = cpu_ms(relay.0.id())?;
    let (sent, heard) = legs.talk(talk)?;
    let spent = cpu_ms(relay.0.id())? - before;
    if heard < sent {
        return Err(format!("rtpengine lost {} of {sent} packets", sent - heard));
    }
    Ok(spent / talk.as_secs_f64() / calls as f64)
}

fn start() -> Result<Relay, String> {
    let child = crate::server::command("rtpengine".as_ref())
        .args(["--foreground", "--interface=127.0.0.1", "--table=-1"])
        .arg(format!("--listen-ng=127.0.0.1:{CONTROL}"))
        .args(["--port-min=20000", "--port-max=30000", "--num-threads=2"])
        .args(["--log-stderr", "--log-level=3"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| format!("rtpengine (Debian: rtpengine-daemon): {error}"))?;
    let relay = Relay(child);
    let control = control()?;
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(10) {
        if ask(&control, "0", &[("command", "ping")]).is_ok() {
            return Ok(relay);
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    Err("rtpengine answered no ping for 10 s".to_owned())
}

fn control() -> Result<std::net::UdpSocket, String> {
    let socket = std::net::UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).map_err(|e| e.to_string())?;
    socket
        .connect((Ipv4Addr::LOCALHOST, CONTROL))
        .and_then(|()| socket.set_read_timeout(Some(Duration::from_secs(1))))
        .map_err(|e| e.to_string())?;
    Ok(socket)
}

/// One command of its control protocol: a cookie, then a bencoded dictionary, whose keys are in order.
fn ask(
    control: &std::net::UdpSocket,
    cookie: &str,
    words: &[(&str, &str)],
) -> Result<String, String> {
    let mut text = format!("{cookie} d");
    for (key, value) in words {
        let _ = write!(text, "{}:{key}{}:{value}", key.len(), value.len());
    }
    text.push('e');
    control.send(text.as_bytes()).map_err(|e| e.to_string())?;
    let mut answer = [0_u8; 8192];
    let length = control.recv(&mut answer).map_err(|e| e.to_string())?;
    Ok(String::from_utf8_lossy(&answer[..length]).into_owned())
}

/// Both ends of every call, and where each sends.
struct Legs {
    poll: Poll,
    legs: Vec<(UdpSocket, SocketAddr)>,
}

impl Legs {
    fn open(calls: u64) -> Result<Self, String> {
        let control = control()?;
        let poll = Poll::new().map_err(|e| e.to_string())?;
        let mut legs = Vec::new();
        for call in 0..calls {
            let near = FIRST_PORT + 4 * call as u16;
            let id = format!("call-{call}");
            let offer = [
                ("call-id", id.as_str()),
                ("command", "offer"),
                ("from-tag", "near"),
                ("sdp", &sdp(near)),
            ];
            let to_far = port(&ask(&control, &format!("o{call}"), &offer)?)?;
            let answer = [
                ("call-id", id.as_str()),
                ("command", "answer"),
                ("from-tag", "near"),
                ("sdp", &sdp(near + 2)),
                ("to-tag", "far"),
            ];
            let to_near = port(&ask(&control, &format!("a{call}"), &answer)?)?;
            // The far end sends to the port it was offered, the near one to that of the answer.
            for (own, to) in [(near, to_near), (near + 2, to_far)] {
                let mut socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, own).into())
                    .map_err(|error| format!("port {own}: {error}"))?;
                poll.registry()
                    .register(&mut socket, Token(legs.len()), Interest::READABLE)
                    .map_err(|e| e.to_string())?;
                legs.push((socket, (Ipv4Addr::LOCALHOST, to).into()));
            }
        }
        Ok(Self { poll, legs })
    }

    /// Packets sent, and packets heard, on all legs in this time; each leg's in a slot of its own.
    fn talk(&mut self, time: Duration) -> Result<(u64, u64), String> {
        let (mut sent, mut heard) = (0, 0);
        let begun = Instant::now();
        let slots = time.as_millis() as usize;
        // The last packets are still on their way.
        for slot in 0..slots + 200 {
            if slot < slots {
                for (at, (socket, to)) in self.legs.iter().enumerate() {
                    if at % PACKET_MS == slot % PACKET_MS {
                        let packet = rtp(at, slot / PACKET_MS);
                        socket.send_to(&packet, *to).map_err(|e| e.to_string())?;
                        sent += 1;
                    }
                }
            }
            heard += self.listen(begun + Duration::from_millis(slot as u64 + 1))?;
        }
        Ok((sent, heard))
    }

    fn listen(&mut self, until: Instant) -> Result<u64, String> {
        let mut events = Events::with_capacity(256);
        let mut packet = [0_u8; 2048];
        let mut heard = 0;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(heard);
            }
            self.poll
                .poll(&mut events, Some(left))
                .map_err(|e| e.to_string())?;
            for event in &events {
                while self.legs[event.token().0].0.recv(&mut packet).is_ok() {
                    heard += 1;
                }
            }
        }
    }
}

/// RFC 3550 5.1: version 2, PCMU, sequence, timestamp, source.
fn rtp(leg: usize, number: usize) -> [u8; PACKET] {
    let mut packet = [0xff_u8; PACKET];
    packet[0] = 0x80;
    packet[1] = 0;
    packet[2..4].copy_from_slice(&(number as u16).to_be_bytes());
    packet[4..8].copy_from_slice(&(number as u32).wrapping_mul(160).to_be_bytes());
    packet[8..12].copy_from_slice(&(leg as u32 + 1).to_be_bytes());
    packet
}

fn sdp(port: u16) -> String {
    format!(
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio {port} RTP/AVP 0\r\n"
    )
}

fn port(answer: &str) -> Result<u16, String> {
    answer
        .split_once("m=audio ")
        .and_then(|(_, rest)| rest.split(' ').next()?.parse().ok())
        .ok_or_else(|| format!("rtpengine gave no port: {answer}"))
}
