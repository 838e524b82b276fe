//! Damaged messages at the running server while calls stand: a minute in every run, ten with `CORDBOARD_LONG=1`.
//!
//! The same seed gives the same inputs; what is in the air differs with the machine. Whatever comes back is a SIP
//! message that can be read, never a 500; noise is answered with nothing. On a failure the inputs sent last are
//! printed as they would stand in `tests/fuzz/corpus/sip_message.txt`, which is sent first in each run.

use crate::alive::{Alive, PATIENCE};
use crate::device::Device;
use crate::messages;
use crate::support::mutate::{self, Dice, escaped};
use crate::support::phone::message::Message;
use crate::support::phone::seconds;
use crate::wire::{Wire, place};
use std::collections::VecDeque;
use std::path::Path;
use std::time::Instant;

/// Inputs that are printed when the test fails.
const KEPT: usize = 48;
/// Inputs before the server is asked whether it still answers; so few that loss is never the kernel's.
const BATCH: usize = 24;
/// Batches between two whole calls.
const CALLS: usize = 16;

/// KiB by which the server may have grown in the end: tables keep their room, and the allocator keeps pages.
const GROWTH: u64 = 64 * 1_024;

/// The inputs sent last; tells them when the test fails.
struct Sent(VecDeque<Vec<u8>>);

impl Sent {
    fn push(&mut self, bytes: &[u8]) {
        if self.0.len() == KEPT {
            self.0.pop_front();
        }
        self.0.push_back(bytes.to_vec());
    }
}

impl Drop for Sent {
    #[allow(clippy::print_stderr, reason = "for whoever reads the failure")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the last {} inputs:", self.0.len());
            for bytes in &self.0 {
                eprintln!("{}", escaped(bytes));
            }
        }
    }
}

/// A call that stands, whose requests are damaged: the caller's own, with the right tags.
struct Standing {
    wire: Wire,
    call_id: String,
    to: String,
    cseq: u32,
}

impl Standing {
    fn dial(alive: &Alive, number: u32, ip: u16) -> Self {
        let mut wire = Wire::udp(alive.world.sip, place(ip), &[]);
        let call_id = format!("standing-{number}");
        let here = wire.local();
        let invite = request(alive, &wire, ("INVITE", "9000"), (&call_id, 1), "", SDP);
        wire.send(&invite);
        let answer = wire.answer(&call_id, 1, PATIENCE).expect("an answer");
        assert_eq!(answer.status(), Some(200), "{here}: {answer:?}");
        let to = format!(";tag={}", answer.tag("to").unwrap());
        let ack = request(alive, &wire, ("ACK", "9000"), (&call_id, 1), &to, "");
        wire.send(&ack);
        Self {
            wire,
            call_id,
            to,
            cseq: 1,
        }
    }

    /// BYE with the highest number there is: damage may have raised the last one, and a BYE below it is refused.
    fn hang_up(&mut self, alive: &Alive) {
        self.cseq = i32::MAX as u32 - 1;
        let bye = self.request(alive, "BYE");
        self.wire.send(&bye);
    }

    /// The next request of this call, as it should be.
    fn request(&mut self, alive: &Alive, method: &str) -> Vec<u8> {
        self.cseq += 1;
        let body = match method {
            "INVITE" | "UPDATE" => SDP,
            "INFO" => "Signal=5\r\nDuration=100\r\n",
            _ => "",
        };
        let ids = (self.call_id.as_str(), self.cseq);
        request(alive, &self.wire, (method, "9000"), ids, &self.to, body)
    }
}

const SDP: &str = "v=0\r\no=- 1 1 IN IP4 127.0.0.9\r\ns=-\r\nc=IN IP4 127.0.0.9\r\nt=0 0\r\n\
    m=audio 9 RTP/AVP 0 8 9 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\n\
    a=fmtp:101 0-15\r\na=ptime:20\r\na=sendrecv\r\na=rtcp:10 IN IP4 127.0.0.9\r\n";

const METHODS: [&str; 13] = [
    "INVITE",
    "ACK",
    "BYE",
    "CANCEL",
    "OPTIONS",
    "REGISTER",
    "INFO",
    "UPDATE",
    "PRACK",
    "REFER",
    "NOTIFY",
    "MESSAGE",
    "SUBSCRIBE",
];

fn request(
    alive: &Alive,
    wire: &Wire,
    (method, number): (&str, &str),
    (call_id, cseq): (&str, u32),
    to: &str,
    body: &str,
) -> Vec<u8> {
    let (here, server, name) = (wire.local(), alive.world.sip, wire.name());
    let kind = match method {
        "INFO" => "application/dtmf-relay",
        _ => "application/sdp",
    };
    format!(
        "{method} sip:{number}@{server} SIP/2.0\r\nVia: SIP/2.0/{name} {here};branch=z9hG4bK{call_id}{cseq}{method};rport\r\n\
         Max-Forwards: 70\r\nFrom: \"A \\\" B\" <sip:600111222@{here}>;tag=a1\r\nTo: <sip:{number}@{server}>{to}\r\n\
         Call-ID: {call_id}\r\nCSeq: {cseq} {method}\r\nContact: <sip:x@{here}>;expires=60\r\nAllow: INVITE, ACK, BYE\r\n\
         Authorization: Digest username=\"2001\", realm=\"cordboard.localhost\", nonce=\"x\", uri=\"sip:{server}\", response=\"0\"\r\n\
         Supported: timer, 100rel\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// Well-formed messages to begin with: the torture messages, every method, responses.
fn seeds(alive: &Alive, wire: &Wire) -> Vec<Vec<u8>> {
    let mut seeds: Vec<Vec<u8>> = messages::all().into_iter().map(|m| m.bytes).collect();
    for method in METHODS {
        // None of our numbers, so that what is left whole is refused and does not become a call that nobody ends.
        let ids = ("seed", 1);
        seeds.push(request(alive, wire, (method, "4711"), ids, "", SDP));
        seeds.push(request(
            alive,
            wire,
            (method, "4711"),
            ids,
            ";tag=guess",
            SDP,
        ));
    }
    for status in [100, 180, 200, 302, 401, 487, 503] {
        seeds.push(
            format!(
                "SIP/2.0 {status} X\r\nVia: SIP/2.0/UDP {0};branch=z9hG4bKb1\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:c@d>;tag=2\r\n\
                 Call-ID: b1\r\nCSeq: 1 INVITE\r\nContact: <sip:x@{0}>\r\nContent-Length: 0\r\n\r\n",
                alive.world.sip
            )
            .into_bytes(),
        );
    }
    seeds
}

/// What came back is what a server may say to anything. Where requests have an order that includes 500: in a dialog for a
/// number that is not above the last one (RFC 3261 12.2.2) and for an INVITE within an INVITE (14.2), and for a device's
/// REGISTER with the Call-ID of an earlier one and no higher number (10.3, step 7).
fn judge(wire: &mut Wire, in_order: bool) -> Vec<u16> {
    let answers: Vec<Message> = std::iter::from_fn(|| wire.next(seconds(0))).collect();
    // What is no answer is the end of a standing call, or a ping.
    let statuses = answers.iter().filter_map(|answer| {
        let status = answer.status()?;
        let is_fair = (100..500).contains(&status) || matches!(status, 501 | 503 | 505);
        let is_fair = is_fair || (in_order && status == 500);
        assert!(is_fair, "{answer:?}");
        Some(status)
    });
    statuses.collect()
}

/// Everything of one run.
struct Storm {
    alive: Alive,
    dice: Dice,
    sent: Sent,
    seeds: Vec<Vec<u8>>,
    strangers: Vec<Wire>,
    streams: Vec<Wire>,
    noise: Wire,
    standing: Vec<Standing>,
    device: Device,
    dialled: u32,
    inputs: usize,
    answers: usize,
    /// Damaged requests of the agent's phone that were taken.
    proven: usize,
}

impl Storm {
    fn start(seed: u64) -> Self {
        let alive = Alive::start();
        let server = alive.world.sip;
        let strangers = (300..304).map(|n| Wire::udp(server, place(n), &[]));
        let strangers: Vec<Wire> = strangers.collect();
        let streams = (310..314).map(|n| Wire::tcp(server, place(n))).collect();
        let seeds = seeds(&alive, &strangers[0]);
        let noise = Wire::udp(server, place(320), &[]);
        let standing = (0..3).map(|n| Standing::dial(&alive, n, 330 + n as u16));
        let standing = standing.collect();
        let device = Device::new(Wire::udp(server, place(340), &[]), server.to_string());
        Self {
            dice: Dice(seed),
            sent: Sent(VecDeque::new()),
            seeds,
            strangers,
            streams,
            noise,
            standing,
            device,
            dialled: 3,
            inputs: 0,
            answers: 0,
            proven: 0,
            alive,
        }
    }

    /// Every kept input, as it is, over both transports.
    fn replay(&mut self) {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus/sip_message.txt");
        for (n, bytes) in mutate::corpus(&file).into_iter().enumerate() {
            self.sent.push(&bytes);
            self.strangers[0].send(&bytes[..bytes.len().min(65_000)]);
            let mut stream = Wire::tcp(self.alive.world.sip, place(300));
            stream.send(&bytes);
            if n % BATCH == 0 {
                self.alive.ping("the corpus");
            }
        }
        self.alive.check("the corpus");
    }

    fn one(&mut self) {
        self.inputs += 1;
        let kind = self.dice.below(20);
        let bytes = match kind {
            // In a standing call, from its own caller.
            0..=5 => {
                let n = self.dice.below(self.standing.len());
                let method = *self.dice.pick(&METHODS);
                let standing = &mut self.standing[n];
                let right = standing.request(&self.alive, method);
                let bytes = self.dice.mutate(&right);
                self.sent.push(&bytes);
                self.standing[n]
                    .wire
                    .send(&bytes[..bytes.len().min(65_000)]);
                return;
            }
            6 => {
                let bytes = self.dice.bytes(1_400);
                self.sent.push(&bytes);
                return self.noise.send(&bytes);
            }
            7 | 8 => {
                let bytes = self.device.damaged(&mut self.dice);
                self.sent.push(&bytes);
                return self.device.wire.send(&bytes[..bytes.len().min(65_000)]);
            }
            _ => {
                let seed = self.dice.below(self.seeds.len());
                self.dice.mutate(&self.seeds[seed])
            }
        };
        self.sent.push(&bytes);
        if kind < 14 {
            let n = self.dice.below(self.strangers.len());
            self.strangers[n].send(&bytes[..bytes.len().min(65_000)]);
        } else {
            let n = self.dice.below(self.streams.len());
            let size = *self.dice.pick(&[1, 7, 100, 1_000, usize::MAX]);
            self.streams[n].send_cut(&bytes, if bytes.len() > 4_000 { 1_000 } else { size });
            // Most damage loses the frame, and the connection with it.
            if self.dice.below(3) == 0 {
                self.answers += judge(&mut self.streams[n], false).len();
                self.streams[n] = Wire::tcp(self.alive.world.sip, place(310 + n as u16));
            }
        }
    }

    fn batch(&mut self) {
        for _ in 0..BATCH {
            self.one();
        }
        self.alive.ping("a batch");
        for wire in self.strangers.iter_mut().chain(&mut self.streams) {
            self.answers += judge(wire, false).len();
        }
        for standing in &mut self.standing {
            self.answers += judge(&mut standing.wire, true).len();
        }
        let proven = judge(&mut self.device.wire, true);
        self.proven += proven.iter().filter(|status| **status == 200).count();
        assert!(self.noise.next(seconds(0)).is_none(), "noise was answered");
    }

    /// A new call in the place of one, whether that still stands or not.
    fn dial_again(&mut self) {
        self.dialled += 1;
        let n = self.dialled as usize % self.standing.len();
        self.standing[n].hang_up(&self.alive);
        self.standing[n] = Standing::dial(&self.alive, self.dialled, 330 + n as u16);
    }
}

#[test]
fn a_minute_of_damage() {
    let mut storm = Storm::start(4_475);
    storm.replay();
    let before = storm.alive.resident();
    let until = Instant::now() + mutate::time(seconds(60), seconds(600));
    let mut batches = 0;
    while Instant::now() < until {
        storm.batch();
        batches += 1;
        if batches % CALLS == 0 {
            storm.alive.check("damage");
            storm.dial_again();
        }
    }
    // The damage is mild enough that the server has much to say.
    assert!(
        storm.inputs > 2_000 && storm.answers > storm.inputs / 10,
        "{} inputs, {} answers",
        storm.inputs,
        storm.answers
    );
    assert!(storm.proven > storm.inputs / 200, "{}", storm.proven);
    for standing in &mut storm.standing {
        standing.hang_up(&storm.alive);
    }
    storm.streams.clear();
    assert_eq!(storm.device.unregister(), Some(200));
    storm.alive.check("all of it");
    storm.alive.assert_clean();
    let grown = storm.alive.resident().saturating_sub(before);
    assert!(grown < GROWTH, "resident memory grew by {grown} KiB");
}
