//! A virtual network: seeded loss, repetition and reordering; a virtual clock; who said what.

use crate::leg::{
    Accounts, Credentials, Device, Dial, DialTarget, DigestAlgorithm, IncomingCall, LegEndCause,
    LegId, Network, Trunk,
};
use crate::sip::endpoint::{Endpoint, EndpointConfig, Limits, Occupancy};
use crate::sip::port::{SipCommand, SipEvent, SipInput, SipOutput};
use bytes::Bytes;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

pub(super) const OFFER: &[u8] = b"v=0 offer";
pub(super) const ANSWER: &[u8] = b"v=0 answer";

/// The contact centre, a phone of device 2001, a carrier.
pub(super) const OFFICE: usize = 0;
pub(super) const PHONE: usize = 1;
pub(super) const CARRIER: usize = 2;
pub(super) const SECOND_PHONE: usize = 3;

pub(super) fn address(index: usize) -> SocketAddr {
    let text = [
        "127.0.0.1:5060",
        "127.0.0.9:5071",
        "127.0.0.2:5080",
        "127.0.0.10:5072",
    ];
    text[index].parse().unwrap()
}

pub(super) fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

/// SplitMix64: small, and the same on every machine.
#[derive(Clone)]
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn below(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % below
    }
}

/// What a packet is, for filters and the trace.
#[derive(Clone, Debug)]
pub(super) struct Packet {
    pub(super) from: SocketAddr,
    pub(super) to: SocketAddr,
    pub(super) bytes: Bytes,
}

impl Packet {
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// `INVITE`, or `200 INVITE` for a response.
    pub(super) fn kind(&self) -> String {
        let text = self.text();
        let first = text.split(' ').next().unwrap_or_default();
        if first != "SIP/2.0" {
            return first.to_owned();
        }
        let status = text.split(' ').nth(1).unwrap_or_default();
        let cseq = text
            .lines()
            .find(|line| line.starts_with("CSeq:"))
            .unwrap_or_default();
        format!("{status} {}", cseq.rsplit(' ').next().unwrap_or_default())
    }
}

pub(super) struct Net {
    pub(super) start: Instant,
    pub(super) now: Instant,
    pub(super) endpoints: Vec<Endpoint>,
    /// What each endpoint said, oldest first.
    pub(super) events: Vec<Vec<SipEvent>>,
    /// Everything that was sent, lost or not, with the milliseconds.
    pub(super) trace: Vec<(u128, Packet)>,
    /// What reached an address that no endpoint has.
    pub(super) mail: Vec<Packet>,
    /// Packets for which this is false are lost.
    pub(super) passes: Box<dyn FnMut(&Packet) -> bool>,
    pub(super) loss_percent: u64,
    pub(super) repeat_percent: u64,
    pub(super) delay: std::ops::Range<u64>,
    pub(super) dice: Dice,
    queue: BTreeMap<(Instant, u64), Packet>,
    sequence: u64,
    next_leg: u64,
}

pub(super) fn device(extension: &str) -> Device {
    Device {
        extension: extension.to_owned(),
        password: format!("secret of {extension}"),
        algorithm: DigestAlgorithm::Md5,
    }
}

pub(super) fn credentials(extension: &str) -> Credentials {
    Credentials {
        username: extension.to_owned(),
        password: format!("secret of {extension}"),
    }
}

fn trunk(name: &str, index: usize) -> Trunk {
    Trunk {
        name: name.to_owned(),
        register: None,
        from: vec![Network {
            address: address(index).ip(),
            prefix: 32,
        }],
    }
}

pub(super) fn office_accounts() -> Accounts {
    let mut sha = device("2002");
    sha.algorithm = DigestAlgorithm::Sha256;
    Accounts {
        devices: vec![device("2001"), sha],
        trunks: vec![trunk("carrier", CARRIER)],
    }
}

impl Net {
    pub(super) fn new(seed: u64) -> Self {
        Self::with_limits(seed, Limits::default())
    }

    pub(super) fn with_limits(seed: u64, limits: Limits) -> Self {
        let start = Instant::now();
        let endpoints: Vec<Endpoint> = (0..4)
            .map(|index| {
                let accounts = if index == OFFICE {
                    office_accounts()
                } else {
                    Accounts {
                        devices: Vec::new(),
                        trunks: vec![trunk("office", OFFICE)],
                    }
                };
                let config = EndpointConfig {
                    domain: "office.test".to_owned(),
                    stream_port: None,
                    tls_port: None,
                    advertised: address(index),
                    agent_name: "test".to_owned(),
                    seed: [u8::try_from(index).unwrap_or(0) + 1; 32],
                    limits,
                };
                Endpoint::new(config, accounts, start)
            })
            .collect();
        Self {
            start,
            now: start,
            events: endpoints.iter().map(|_| Vec::new()).collect(),
            endpoints,
            trace: Vec::new(),
            mail: Vec::new(),
            passes: Box::new(|_| true),
            loss_percent: 0,
            repeat_percent: 0,
            delay: 5..6,
            dice: Dice(seed),
            queue: BTreeMap::new(),
            sequence: 0,
            next_leg: 2,
        }
    }

    pub(super) fn command(&mut self, index: usize, command: SipCommand) {
        self.input(index, SipInput::Command(command));
    }

    pub(super) fn input(&mut self, index: usize, input: SipInput) {
        let now = self.now;
        self.endpoints[index].handle(input, now);
        self.collect(index);
    }

    fn collect(&mut self, index: usize) {
        while let Some(output) = self.endpoints[index].poll_output() {
            match output {
                SipOutput::Event(event) => self.events[index].push(event),
                // This network has datagrams only; `streams.rs` has its own.
                SipOutput::TransmitStream { .. } => {}
                SipOutput::Transmit { destination, bytes } => self.post(Packet {
                    from: address(index),
                    to: destination,
                    bytes,
                }),
            }
        }
    }

    /// Puts a packet on the wire.
    pub(super) fn post(&mut self, packet: Packet) {
        let elapsed = self.now.duration_since(self.start).as_millis();
        self.trace.push((elapsed, packet.clone()));
        if !(self.passes)(&packet) || self.dice.below(100) < self.loss_percent {
            return;
        }
        let copies = if self.dice.below(100) < self.repeat_percent {
            2
        } else {
            1
        };
        for _ in 0..copies {
            let span = self.delay.end - self.delay.start;
            let delay = Duration::from_millis(self.delay.start + self.dice.below(span.max(1)));
            self.sequence += 1;
            self.queue
                .insert((self.now + delay, self.sequence), packet.clone());
        }
    }

    /// Lets time pass.
    pub(super) fn run(&mut self, time: Duration) {
        let end = self.now + time;
        loop {
            let packet = self.queue.first_key_value().map(|((due, _), _)| *due);
            let timers = self.endpoints.iter().filter_map(Endpoint::next_deadline);
            let Some(next) = timers.chain(packet).min().filter(|next| *next <= end) else {
                break;
            };
            self.now = self.now.max(next);
            self.turn();
        }
        self.now = end;
    }

    fn turn(&mut self) {
        let now = self.now;
        while let Some(entry) = self.queue.first_entry() {
            if entry.key().0 > now {
                break;
            }
            let packet = entry.remove();
            match (0..self.endpoints.len()).find(|index| address(*index) == packet.to) {
                Some(index) => self.input(
                    index,
                    SipInput::Datagram {
                        source: packet.from,
                        bytes: packet.bytes,
                    },
                ),
                None => self.mail.push(packet),
            }
        }
        for index in 0..self.endpoints.len() {
            if self.endpoints[index]
                .next_deadline()
                .is_some_and(|due| due <= now)
            {
                self.input(index, SipInput::Tick);
            }
        }
    }

    pub(super) fn new_leg(&mut self) -> LegId {
        self.next_leg += 2;
        LegId(self.next_leg)
    }

    /// Dials `uri` at another endpoint.
    pub(super) fn dial(&mut self, from: usize, to: usize, with: Option<Credentials>) -> LegId {
        let leg = self.new_leg();
        let user = with
            .as_ref()
            .map_or("+34600111222", |with| with.username.as_str());
        let dial = dial_to(
            DialTarget::Uri("sip:9000@office.test".to_owned()),
            user,
            with.clone(),
        );
        let destination = Some(address(to));
        let sdp = OFFER.into();
        self.command(
            from,
            SipCommand::Dial {
                leg,
                dial,
                destination,
                sdp,
            },
        );
        leg
    }

    /// Dials a registered device from the office.
    pub(super) fn dial_device(&mut self, extension: &str) -> LegId {
        let leg = self.new_leg();
        let dial = dial_to(
            DialTarget::Device(extension.to_owned()),
            "+34600111222",
            None,
        );
        let sdp = OFFER.into();
        self.command(
            OFFICE,
            SipCommand::Dial {
                leg,
                dial,
                destination: None,
                sdp,
            },
        );
        leg
    }

    pub(super) fn register(&mut self, phone: usize, extension: &str, with: Credentials) {
        self.command(
            phone,
            SipCommand::Register {
                address_of_record: format!("sip:{extension}@office.test"),
                destination: address(OFFICE),
                credentials: with,
                expires: seconds(600),
            },
        );
    }

    pub(super) fn ring(&mut self, index: usize, leg: LegId) {
        self.command(
            index,
            SipCommand::Provisional {
                leg,
                status: 180,
                sdp: None,
            },
        );
    }

    pub(super) fn answer(&mut self, index: usize, leg: LegId) {
        let sdp = Bytes::from_static(ANSWER);
        self.command(index, SipCommand::Answer { leg, sdp });
    }

    pub(super) fn hang_up(&mut self, index: usize, leg: LegId) {
        self.command(index, SipCommand::Hangup { leg });
    }

    /// The last call that came in.
    pub(super) fn incoming(&self, index: usize) -> Option<&IncomingCall> {
        self.events[index]
            .iter()
            .rev()
            .find_map(|event| match event {
                SipEvent::Incoming { call, .. } => Some(call),
                _ => None,
            })
    }

    pub(super) fn incoming_leg(&self, index: usize) -> LegId {
        self.incoming(index).expect("a call came in").leg
    }

    pub(super) fn count_incoming(&self, index: usize) -> usize {
        let is_incoming = |event: &&SipEvent| matches!(event, SipEvent::Incoming { .. });
        self.events[index].iter().filter(is_incoming).count()
    }

    /// The causes told for a leg: exactly one for one that is over.
    pub(super) fn ends(&self, index: usize, wanted: LegId) -> Vec<LegEndCause> {
        let ends = self.events[index].iter().filter_map(|event| match event {
            SipEvent::Ended { leg, cause } if *leg == wanted => Some(*cause),
            _ => None,
        });
        ends.collect()
    }

    pub(super) fn is_answered(&self, index: usize, wanted: LegId) -> bool {
        let told =
            |event: &SipEvent| matches!(event, SipEvent::Answered { leg, .. } if *leg == wanted);
        self.events[index].iter().any(told)
    }

    pub(super) fn is_confirmed(&self, index: usize, wanted: LegId) -> bool {
        let told =
            |event: &SipEvent| matches!(event, SipEvent::Confirmed { leg, .. } if *leg == wanted);
        self.events[index].iter().any(told)
    }

    /// How often this kind was sent by this endpoint.
    pub(super) fn sent(&self, from: usize, kind: &str) -> usize {
        let is_it = |packet: &Packet| packet.from == address(from) && packet.kind() == kind;
        self.trace
            .iter()
            .filter(|(_, packet)| is_it(packet))
            .count()
    }

    /// After every timer has run, nothing may be left anywhere.
    pub(super) fn assert_clean(&mut self, label: &str) {
        self.run(seconds(38));
        for index in 0..self.endpoints.len() {
            let left = self.endpoints[index].occupancy();
            let bindings = left.bindings;
            let deadlines = left.deadlines - usize::from(bindings > 0) - left.registrations;
            let left = Occupancy {
                bindings: 0,
                registrations: 0,
                deadlines,
                ..left
            };
            assert_eq!(left, Occupancy::default(), "{label}: endpoint {index}");
            assert!(
                self.endpoints[index].core.arrivals.is_empty(),
                "{label}: endpoint {index}"
            );
        }
    }
}

pub(super) fn dial_to(target: DialTarget, from_user: &str, with: Option<Credentials>) -> Dial {
    Dial {
        target,
        from_user: Some(from_user.to_owned()),
        from_name: Some("Ana \"A\" Ruiz".to_owned()),
        headers: vec![("X-Cordboard-Queue".to_owned(), "support".to_owned())],
        credentials: with,
    }
}
