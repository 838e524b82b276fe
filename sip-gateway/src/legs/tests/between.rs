//! Two gateways without sockets that talk to each other in virtual time: what each makes of the other's changes.

use super::super::{Legs, LegsInput, LegsOutput, MediaPlane};
use crate::leg::{
    Accounts, Dial, DialTarget, GatewayCommand, GatewayEvent, LegEvent, LegId, Network, StreamId,
    Trunk,
};
use crate::media::port::{Direction, PlayRequest, RecordRequest, RemoteMedia};
use crate::net::media_pool::{LocalAddress, MediaError, OpenError};
use crate::sip::endpoint::{Endpoint, EndpointConfig, Limits};
use crate::sip::port::SipInput;
use bytes::Bytes;
use std::collections::{HashMap, HashSet, VecDeque};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

mod early;
mod hold;

/// Remembers what each leg was told of its party.
#[derive(Debug, Default)]
struct Plane {
    opened: u16,
    legs: HashSet<LegId>,
    remotes: HashMap<LegId, RemoteMedia>,
}

impl MediaPlane for Plane {
    fn open(&mut self, leg: LegId, _: u64) -> Result<LocalAddress, OpenError> {
        self.legs.insert(leg);
        self.opened += 2;
        let rtp = SocketAddr::from(([127, 0, 0, 1], 20_000 + self.opened));
        Ok(LocalAddress { rtp })
    }

    fn set_remote(&mut self, leg: LegId, remote: RemoteMedia) -> Result<(), MediaError> {
        self.remotes.insert(leg, remote);
        Ok(())
    }

    fn play(&mut self, leg: LegId, _: PlayRequest) -> Result<(), MediaError> {
        let open = self.legs.contains(&leg);
        open.then_some(()).ok_or(MediaError::UnknownLeg(leg))
    }

    fn stop(&mut self, _: LegId) -> Result<(), MediaError> {
        Ok(())
    }

    fn bridge(&mut self, _: LegId, _: LegId) -> Result<(), MediaError> {
        Ok(())
    }

    fn unbridge(&mut self, _: LegId) -> Result<(), MediaError> {
        Ok(())
    }

    fn send_key(&mut self, _: LegId, _: char) -> Result<(), MediaError> {
        Ok(())
    }

    fn start_recording(&mut self, _: RecordRequest) -> Result<(), MediaError> {
        Ok(())
    }

    fn stop_recording(&mut self, _: StreamId) -> Result<(), MediaError> {
        Ok(())
    }

    fn close(&mut self, _: LegId) -> Result<(), MediaError> {
        Ok(())
    }
}

/// The gateway that calls, the gateway that is called.
const CALLER: usize = 0;
const CALLED: usize = 1;

/// What both call their one leg.
const THEIRS: LegId = LegId(2);

struct Wire {
    now: Instant,
    sides: [Legs<Plane>; 2],
    events: [Vec<GatewayEvent>; 2],
    waiting: VecDeque<(usize, Bytes)>,
    /// Everything that was sent: by whom, what.
    trace: Vec<(usize, String)>,
}

fn address(side: usize) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1 + side as u8], 5_060))
}

fn side(index: usize, now: Instant) -> Legs<Plane> {
    let config = EndpointConfig {
        domain: "office.test".to_owned(),
        stream_port: None,
        tls_port: None,
        advertised: address(index),
        agent_name: "test".to_owned(),
        seed: [index as u8 + 1; 32],
        limits: Limits::default(),
    };
    let network = Network {
        address: address(1 - index).ip(),
        prefix: 32,
    };
    let accounts = Accounts {
        devices: Vec::new(),
        trunks: vec![Trunk {
            name: "other".to_owned(),
            register: None,
            from: vec![network],
        }],
    };
    let endpoint = Endpoint::new(config, accounts, now);
    Legs::new(endpoint, Plane::default(), address(index).ip(), now)
}

impl Wire {
    fn new() -> Self {
        let now = Instant::now();
        Self {
            now,
            sides: [side(CALLER, now), side(CALLED, now)],
            events: [Vec::new(), Vec::new()],
            waiting: VecDeque::new(),
            trace: Vec::new(),
        }
    }

    /// A call that has arrived and was not answered; the called gateway's leg.
    fn called() -> (Self, LegId) {
        let mut wire = Self::new();
        let dial = Dial {
            target: DialTarget::Uri(format!("sip:9000@{}", address(CALLED))),
            from_user: None,
            from_name: None,
            headers: Vec::new(),
            credentials: None,
        };
        wire.tell(CALLER, GatewayCommand::Dial { leg: THEIRS, dial });
        wire.run(1);
        let ours = wire.arrived();
        (wire, ours)
    }

    /// A call whose INVITE offers nothing.
    fn called_without_offer() -> (Self, LegId) {
        let mut wire = Self::new();
        let (there, here) = (address(CALLER), address(CALLED));
        let invite = format!(
            "INVITE sip:9000@{here} SIP/2.0\r\nVia: SIP/2.0/UDP {there};branch=z9hG4bK1\r\nMax-Forwards: 70\r\n\
             From: <sip:a@{there}>;tag=t\r\nTo: <sip:9000@{here}>\r\nCall-ID: no-offer\r\nCSeq: 1 INVITE\r\n\
             Contact: <sip:a@{there}>\r\nContent-Length: 0\r\n\r\n"
        );
        wire.waiting.push_back((CALLED, invite.into()));
        wire.run(1);
        let ours = wire.arrived();
        (wire, ours)
    }

    fn arrived(&self) -> LegId {
        let arrived = self.events[CALLED].iter().find_map(|event| match event {
            GatewayEvent::Incoming(call) => Some(call.leg),
            _ => None,
        });
        arrived.expect("a call arrived")
    }

    /// A call that was answered.
    fn talking() -> (Self, LegId) {
        let (mut wire, ours) = Self::called();
        wire.tell(CALLED, GatewayCommand::Answer(ours));
        wire.run(1);
        (wire, ours)
    }

    /// A command, and what it sends at once; nothing has arrived yet.
    fn tell(&mut self, index: usize, command: GatewayCommand) {
        self.input(index, LegsInput::Command(command));
    }

    fn input(&mut self, index: usize, input: LegsInput) {
        self.sides[index].handle(input, self.now);
        while let Some(output) = self.sides[index].poll_output() {
            match output {
                LegsOutput::Transmit { bytes, .. } => {
                    let text = String::from_utf8_lossy(&bytes).into_owned();
                    self.trace.push((index, text));
                    self.waiting.push_back((1 - index, bytes));
                }
                LegsOutput::Event(event) => self.events[index].push(event),
                LegsOutput::TransmitStream { .. } | LegsOutput::Resolve { .. } => {}
            }
        }
    }

    /// Lets seconds pass in steps of 10 ms; what was sent arrives with the next step.
    fn run(&mut self, seconds: u64) {
        for _ in 0..seconds * 100 {
            self.now += Duration::from_millis(10);
            for _ in 0..self.waiting.len() {
                let Some((to, bytes)) = self.waiting.pop_front() else {
                    break;
                };
                let source = address(1 - to);
                let datagram = SipInput::Datagram { source, bytes };
                self.input(to, LegsInput::Sip(datagram));
            }
            for index in [CALLER, CALLED] {
                let due = self.sides[index].next_deadline();
                if due.is_some_and(|due| due <= self.now) {
                    self.input(index, LegsInput::Sip(SipInput::Tick));
                }
            }
        }
    }

    /// Which way media flows, as this side's media plane knows it.
    fn direction(&self, index: usize, leg: LegId) -> Direction {
        self.sides[index].media().remotes[&leg].direction
    }

    /// Bodies of what this side sent of this kind (`INVITE`, `SIP/2.0 183`), oldest first.
    fn bodies(&self, index: usize, kind: &str) -> Vec<&str> {
        let sent = self.trace.iter().filter(|(by, _)| *by == index);
        let of_kind = sent.filter(|(_, text)| text.starts_with(kind));
        let body =
            of_kind.filter_map(|(_, text)| text.split_once("\r\n\r\n").map(|(_, body)| body));
        body.collect()
    }

    fn told(&self, index: usize) -> Vec<&LegEvent> {
        let events = self.events[index].iter();
        let of_legs = events.filter_map(|event| match event {
            GatewayEvent::Leg { event, .. } => Some(event),
            _ => None,
        });
        of_legs.collect()
    }
}
