//! The SIP task: one UDP socket, the connections, one [`Endpoint`], the media of each leg.
//!
//! **Owns**: the socket, the clock, the order of things. **Must not**: know SIP's rules (`sip/`) or RTP's (`media/`).

use super::leg_media::LegMedia;
use super::media_pool::{MediaConfig, MediaPool};
use super::stats::{PUBLISHED_EVERY, RecentWorst};
use super::streams::{Arrival, Streams};
use super::{GatewayConfig, GatewayStats, StartError};
use crate::leg::{Dial, DialTarget, GatewayCommand, GatewayEvent, LegId};
use crate::media::port::RecordBlock;
use crate::sip::endpoint::{Endpoint, EndpointConfig};
use crate::sip::flow::Flow;
use crate::sip::port::{SipCommand, SipInput, SipOutput};
use bytes::{Bytes, BytesMut};
use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::time::Instant;
use tokio::net::UdpSocket;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

/// Datagrams handled before the task looks at commands and timers again.
const BATCH: usize = 64;

/// Events that wait inside the task before it stops reading datagrams.
const BEHIND: usize = 1024;

/// The kernel's buffer for datagrams that arrive in a burst, bytes.
const SOCKET_BUFFER: usize = 4 << 20;

/// How long changes of bindings are gathered before they are told.
const GATHER_BINDINGS: std::time::Duration = std::time::Duration::from_millis(300);

/// A name that was looked up for a call of ours.
pub(super) struct Resolved {
    leg: LegId,
    dial: Dial,
    address: Option<SocketAddr>,
}

/// The task's state.
pub(super) struct SipDriver {
    pub(super) endpoint: Endpoint,
    pub(super) media: MediaPool,
    media_events: mpsc::Receiver<crate::media::port::MediaEvent>,
    pub(super) legs: HashMap<LegId, LegMedia>,
    pub(super) media_address: std::net::IpAddr,
    socket: UdpSocket,
    streams: Streams,
    address: SocketAddr,
    commands: mpsc::Receiver<GatewayCommand>,
    events: mpsc::Sender<GatewayEvent>,
    pub(super) pending: VecDeque<GatewayEvent>,
    lookups: JoinSet<Resolved>,
    /// Version of the bindings that were told last, and when the next telling is due.
    bindings: (u64, Option<tokio::time::Instant>),
    buffer: BytesMut,
    worst: RecentWorst,
}

impl SipDriver {
    pub(super) async fn bind(
        config: GatewayConfig,
        commands: mpsc::Receiver<GatewayCommand>,
        events: mpsc::Sender<GatewayEvent>,
    ) -> Result<Self, StartError> {
        let refused = |error| StartError::Listen {
            address: config.listen,
            error,
        };
        let socket = bind_udp(config.listen).map_err(refused)?;
        let address = socket.local_addr().map_err(refused)?;
        let streams = Streams::bind(&config.listen_tcp)
            .await
            .map_err(|(address, error)| StartError::ListenTcp { address, error })?;
        let advertised = config.advertise.unwrap_or_else(|| address.ip());
        let (media, media_events) = MediaPool::start(MediaConfig {
            address: config.media_listen,
            ports: config.media_ports,
            threads: config.media_threads,
            media_lost_after: config.media_lost_after,
        })
        .map_err(StartError::Media)?;
        let mut endpoint = Endpoint::new(
            EndpointConfig {
                domain: config.domain,
                advertised: SocketAddr::new(advertised, address.port()),
                stream_port: streams.addresses().first().map(SocketAddr::port),
                agent_name: config.user_agent,
                seed: rand::random(),
                limits: crate::sip::endpoint::Limits::default(),
            },
            config.accounts,
            Instant::now(),
        );
        for binding in &config.bindings {
            endpoint.restore_registration(binding, Instant::now());
        }
        Ok(Self {
            endpoint,
            media,
            media_events,
            legs: HashMap::new(),
            media_address: advertised,
            socket,
            streams,
            address,
            commands,
            events,
            pending: VecDeque::new(),
            lookups: JoinSet::new(),
            bindings: (0, None),
            buffer: BytesMut::with_capacity(1 << 18),
            worst: RecentWorst::default(),
        })
    }

    pub(super) const fn address(&self) -> SocketAddr {
        self.address
    }

    pub(super) fn tcp_addresses(&self) -> &[SocketAddr] {
        self.streams.addresses()
    }

    /// Hop 1: datagrams, commands, media and timers in; datagrams and events out. Ends when every handle is gone.
    pub(super) async fn run(mut self, stats: watch::Sender<GatewayStats>) {
        let events = self.events.clone();
        let mut publish = tokio::time::interval(PUBLISHED_EVERY);
        publish.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            let deadline = self.endpoint.next_deadline();
            let sleep = async {
                match deadline {
                    Some(then) => tokio::time::sleep_until(then.into()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                command = self.commands.recv() => match command {
                    Some(command) => self.command(command),
                    None => break,
                },
                Some(event) = self.media_events.recv() => self.media_event(event),
                Some(Ok(resolved)) = self.lookups.join_next(), if !self.lookups.is_empty() => self.dial_resolved(resolved),
                permit = events.reserve(), if !self.pending.is_empty() => match permit {
                    Ok(permit) => {
                        if let Some(event) = self.pending.pop_front() {
                            permit.send(event);
                        }
                    }
                    Err(_) => break,
                },
                readable = self.socket.readable(), if self.pending.len() < BEHIND => {
                    if readable.is_ok() {
                        self.receive();
                    }
                }
                arrival = self.streams.next(), if self.pending.len() < BEHIND => self.arrival(arrival),
                () = sleep => self.input(SipInput::Tick),
                () = due(self.bindings.1) => self.tell_bindings(),
                _ = publish.tick() => drop(stats.send_replace(self.stats())),
            }
            self.watch_bindings();
            self.flush_events();
        }
    }

    fn stats(&mut self) -> GatewayStats {
        let mut media = self.media.stats();
        media.worst_lateness_us = self.worst.take(media.worst_lateness_us);
        GatewayStats {
            sip: self.endpoint.counters(),
            held: self.endpoint.occupancy(),
            connections: self.streams.len(),
            media,
        }
    }

    /// Changes are gathered, so that a burst of registrations costs one telling.
    fn watch_bindings(&mut self) {
        let changed = self.endpoint.registrations_version() != self.bindings.0;
        if changed && self.bindings.1.is_none() {
            self.bindings.1 = Some(tokio::time::Instant::now() + GATHER_BINDINGS);
        }
    }

    fn tell_bindings(&mut self) {
        self.bindings = (self.endpoint.registrations_version(), None);
        let all = self.endpoint.registrations(Instant::now());
        self.pending.push_back(GatewayEvent::Bindings(all));
    }

    /// Takes a batch of datagrams off the socket.
    fn receive(&mut self) {
        for _ in 0..BATCH {
            self.buffer.reserve(1 << 16);
            match self.socket.try_recv_buf_from(&mut self.buffer) {
                Ok((_, source)) => {
                    let bytes = self.buffer.split().freeze();
                    self.input(SipInput::Datagram { source, bytes });
                }
                Err(error) if error.kind() == std::io::ErrorKind::ConnectionRefused => {}
                Err(_) => break,
            }
        }
    }

    pub(super) fn sip(&mut self, command: SipCommand) {
        self.input(SipInput::Command(command));
    }

    /// News of the connections.
    fn arrival(&mut self, arrival: Arrival) {
        match arrival {
            Arrival::Opened(stream, peer) => self.streams.open(stream, peer),
            Arrival::Message(flow, bytes) => self.input(SipInput::Stream { flow, bytes }),
            Arrival::Broken(flow, head, problem) => {
                tracing::debug!(problem, "a SIP connection has lost its frame");
                self.input(SipInput::BrokenStream {
                    flow,
                    head,
                    problem,
                });
            }
            Arrival::Idle(flow) if self.endpoint.uses(flow) => {}
            Arrival::Idle(flow) | Arrival::Closed(flow) => {
                if let Flow::Tcp(id, _) = flow
                    && self.streams.close(id)
                {
                    self.input(SipInput::FlowClosed { flow });
                }
            }
        }
    }

    fn input(&mut self, input: SipInput) {
        let (mut next, mut closed) = (Some(input), Vec::new());
        while let Some(input) = next {
            self.endpoint.handle(input, Instant::now());
            while let Some(output) = self.endpoint.poll_output() {
                match output {
                    SipOutput::Transmit { destination, bytes } => {
                        self.transmit(destination, &bytes);
                    }
                    SipOutput::TransmitStream {
                        connection,
                        peer,
                        bytes,
                    } => {
                        if !self.streams.send(connection, bytes) {
                            closed.push(Flow::Tcp(connection, peer));
                        }
                    }
                    SipOutput::Event(event) => self.sip_event(event),
                }
            }
            // What could not be sent fails now and not when its timers end.
            next = closed.pop().map(|flow| SipInput::FlowClosed { flow });
        }
    }

    /// A full socket loses the datagram, as the network may; SIP's timers send it again.
    fn transmit(&self, destination: SocketAddr, bytes: &Bytes) {
        if let Err(error) = self.socket.try_send_to(bytes, destination) {
            tracing::debug!(%error, "datagram not sent");
        }
    }

    /// As many events as the channel takes now; the rest waits for room.
    fn flush_events(&mut self) {
        while !self.pending.is_empty() {
            let Ok(permit) = self.events.try_reserve() else {
                break;
            };
            if let Some(event) = self.pending.pop_front() {
                permit.send(event);
            }
        }
    }

    fn command(&mut self, command: GatewayCommand) {
        match command {
            GatewayCommand::SetAccounts(accounts) => self.sip(SipCommand::SetAccounts(accounts)),
            GatewayCommand::Ring(leg) => self.sip(SipCommand::Provisional {
                leg,
                status: 180,
                sdp: None,
            }),
            GatewayCommand::Answer(leg) => self.answer(leg),
            GatewayCommand::Reject {
                leg,
                status,
                retry_after,
            } => {
                self.sip(SipCommand::Reject {
                    leg,
                    status,
                    retry_after,
                });
            }
            GatewayCommand::Dial { leg, dial } => self.resolve(leg, dial),
            GatewayCommand::Hangup(leg) => self.sip(SipCommand::Hangup { leg }),
            GatewayCommand::Play { leg, request } => Self::told(leg, self.media.play(leg, request)),
            GatewayCommand::StopPlay { leg } => Self::told(leg, self.media.stop(leg)),
            GatewayCommand::Bridge { a, b } => Self::told(a, self.media.bridge(a, b)),
            GatewayCommand::Unbridge { leg } => Self::told(leg, self.media.unbridge(leg)),
            GatewayCommand::SendKey { leg, key } => Self::told(leg, self.media.send_key(leg, key)),
            GatewayCommand::StartRecording(request) => {
                let (left, stream, sink) = (request.left, request.stream, request.sink.clone());
                let started = self.media.start_recording(request);
                if started.is_err() {
                    // A leg has ended meanwhile: whoever opened the file must hear that nothing comes.
                    let _ = sink.try_send(RecordBlock::End { stream, frames: 0 });
                }
                Self::told(left, started);
            }
            GatewayCommand::StopRecording(stream) => {
                // Its legs may be closed already, and the recording has ended with them.
                if let Err(error) = self.media.stop_recording(stream) {
                    tracing::debug!(?stream, %error, "no recording to stop");
                }
            }
            GatewayCommand::ForgetDevice { extension } => {
                self.sip(SipCommand::ForgetDevice { extension })
            }
            GatewayCommand::Register {
                address_of_record,
                credentials,
                expires,
            } => {
                if let Some(destination) = address_in(&address_of_record) {
                    self.sip(SipCommand::Register {
                        address_of_record,
                        destination,
                        credentials,
                        expires,
                    });
                } else {
                    self.pending.push_back(GatewayEvent::Registration {
                        address_of_record,
                        result: Err(0),
                    });
                }
            }
            GatewayCommand::Unregister { address_of_record } => {
                self.sip(SipCommand::Unregister { address_of_record });
            }
        }
    }

    /// Names are looked up beside the task, never in it.
    fn resolve(&mut self, leg: LegId, dial: Dial) {
        match &dial.target {
            DialTarget::Device(_) => self.dial(leg, dial, None),
            DialTarget::Uri(uri) => match address_in(uri) {
                Some(address) => self.dial(leg, dial, Some(address)),
                None => {
                    let host = host_and_port(uri);
                    self.lookups.spawn(async move {
                        let address = tokio::net::lookup_host(host)
                            .await
                            .ok()
                            .and_then(|mut found| found.next());
                        Resolved { leg, dial, address }
                    });
                }
            },
        }
    }

    fn dial_resolved(&mut self, resolved: Resolved) {
        match resolved.address {
            Some(address) => self.dial(resolved.leg, resolved.dial, Some(address)),
            None => self.ended_without_media(resolved.leg, crate::leg::LegEndCause::Unreachable),
        }
    }
}

/// Waits for a moment; for ever when there is none.
async fn due(at: Option<tokio::time::Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}

fn bind_udp(address: SocketAddr) -> std::io::Result<UdpSocket> {
    use socket2::{Domain, Protocol, Socket, Type};
    let socket = Socket::new(
        Domain::for_address(address),
        Type::DGRAM,
        Some(Protocol::UDP),
    )?;
    socket.set_nonblocking(true)?;
    // The kernel grants what its limit allows; less is no fault.
    let _ = socket.set_recv_buffer_size(SOCKET_BUFFER);
    let _ = socket.set_send_buffer_size(SOCKET_BUFFER);
    socket.bind(&address.into())?;
    UdpSocket::from_std(socket.into())
}

/// `HOST:PORT` of a SIP URI, port 5060 when it names none.
fn host_and_port(uri: &str) -> String {
    let rest = uri.split_once(':').map_or(uri, |(_, rest)| rest);
    let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    let host = host.split([';', '?', '>']).next().unwrap_or(host);
    let has_port = match host.rfind(']') {
        Some(end) => host.get(end..).is_some_and(|tail| tail.contains(':')),
        None => host.contains(':'),
    };
    if has_port {
        host.to_owned()
    } else {
        format!("{host}:5060")
    }
}

fn address_in(uri: &str) -> Option<SocketAddr> {
    host_and_port(uri).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_of_a_uri_is_found_with_and_without_a_port() {
        let at = |uri: &str| address_in(uri).map(|address| address.to_string());
        assert_eq!(
            at("sip:9000@127.0.0.1:5070").as_deref(),
            Some("127.0.0.1:5070")
        );
        assert_eq!(
            at("sip:9000@127.0.0.1;transport=udp").as_deref(),
            Some("127.0.0.1:5060")
        );
        assert_eq!(at("sip:[::1]:5080").as_deref(), Some("[::1]:5080"));
        assert_eq!(at("sip:a@[::1]").as_deref(), Some("[::1]:5060"));
        assert_eq!(at("sip:9000@example.com"), None);
    }
}
