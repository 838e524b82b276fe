//! The SIP task: one UDP socket, the connections, the legs.
//!
//! **Owns**: the socket, the clock, the order of things. **Must not**: know SIP's rules (`sip/`), RTP's (`media/`) or
//! how they make a leg (`legs/`).

use super::alarm::Alarm;
use super::backlog::Backlog;
use super::ladder::{Ask, Ladder};
use super::media_pool::{MediaConfig, MediaPool};
use super::stats::{PUBLISHED_EVERY, RecentWorst};
use super::streams::{Arrival, Streams};
use super::{GatewayConfig, GatewayStats, StartError};
use crate::leg::{Dial, GatewayCommand, GatewayEvent, LegId, RegistrationRecord};
use crate::legs::{Legs, LegsInput, LegsOutput};
use crate::sip::endpoint::{Endpoint, EndpointConfig};
use crate::sip::port::SipInput;
use bytes::{Bytes, BytesMut};
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::net::UdpSocket;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

/// Datagrams handled before the task looks at commands and timers again.
const BATCH: usize = 64;

/// Events that wait inside the task before it stops reading datagrams. New calls are refused long before that, so
/// these are news of the calls there are.
const BEHIND: usize = 16_384;

/// The kernel's buffer for datagrams that arrive in a burst, bytes.
const SOCKET_BUFFER: usize = 4 << 20;

/// How long bindings that came, went or moved are gathered before they are told. A kill may undo them in this time.
const GATHER_BINDINGS: Duration = Duration::from_millis(10);
/// The same for refreshes alone, of which a kill costs nothing but the time they gave.
const GATHER_REFRESHES: Duration = Duration::from_millis(300);

/// The task's state.
pub(super) struct SipDriver {
    legs: Legs<MediaPool>,
    media_events: mpsc::Receiver<crate::media::port::MediaEvent>,
    socket: UdpSocket,
    streams: Streams,
    address: SocketAddr,
    commands: mpsc::Receiver<GatewayCommand>,
    events: mpsc::Sender<GatewayEvent>,
    pending: VecDeque<GatewayEvent>,
    lookups: JoinSet<LegsInput>,
    /// When changes of bindings are to be told.
    bindings_due: Option<tokio::time::Instant>,
    buffer: BytesMut,
    /// Datagrams that were read and are handled next.
    arrived: Vec<(SocketAddr, Bytes)>,
    worst: RecentWorst,
    alarm: Alarm,
    backlog: Backlog,
    /// The messages of the most recent calls.
    ladder: Ladder,
    asks: mpsc::Receiver<Ask>,
}

impl SipDriver {
    pub(super) async fn bind(
        config: GatewayConfig,
        (commands, asks): (mpsc::Receiver<GatewayCommand>, mpsc::Receiver<Ask>),
        events: mpsc::Sender<GatewayEvent>,
    ) -> Result<Self, StartError> {
        let refused = |error| StartError::Listen {
            address: config.listen,
            error,
        };
        let socket = bind_udp(config.listen).map_err(refused)?;
        let address = socket.local_addr().map_err(refused)?;
        let streams = Streams::bind(&config.listen_tcp, config.tls)
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
                tls_port: streams.tls_addresses().first().map(SocketAddr::port),
                agent_name: config.user_agent,
                seed: rand::random(),
                limits: crate::sip::endpoint::Limits::default(),
            },
            config.accounts,
            Instant::now(),
        );
        // Without a listener nobody comes back over a connection.
        let is_heard =
            |binding: &&RegistrationRecord| !binding.stream || !config.listen_tcp.is_empty();
        for binding in config.bindings.iter().filter(is_heard) {
            endpoint.restore_registration(binding, Instant::now());
        }
        Ok(Self {
            legs: Legs::new(endpoint, media, advertised, Instant::now()).with_opus(config.opus),
            media_events,
            socket,
            streams,
            address,
            commands,
            events,
            pending: VecDeque::new(),
            lookups: JoinSet::new(),
            bindings_due: None,
            buffer: BytesMut::with_capacity(1 << 18),
            arrived: Vec::with_capacity(BATCH),
            worst: RecentWorst::default(),
            alarm: Alarm::default(),
            backlog: Backlog::default(),
            ladder: Ladder::default(),
            asks,
        })
    }

    pub(super) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// How the HTTP server hands connections over.
    pub(super) fn web_door(&self) -> mpsc::Sender<Arrival> {
        self.streams.teller()
    }

    pub(super) fn tls_addresses(&self) -> &[SocketAddr] {
        self.streams.tls_addresses()
    }

    pub(super) fn tcp_addresses(&self) -> &[SocketAddr] {
        self.streams.addresses()
    }

    /// Hop 1: datagrams, commands, media and timers in; datagrams and events out. Ends when every handle is gone.
    pub(super) async fn run(mut self, stats: watch::Sender<GatewayStats>) {
        let events = self.events.clone();
        // What came back from before the restart is told now, and not with the first message.
        self.sip(SipInput::Tick);
        let mut publish = tokio::time::interval(PUBLISHED_EVERY);
        publish.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            self.measure();
            let deadline = self.legs.next_deadline();
            let sleep = async {
                match deadline {
                    Some(then) => tokio::time::sleep_until(then.into()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                command = self.commands.recv() => match command {
                    Some(GatewayCommand::TellBindings) => self.tell_bindings(),
                    Some(command) => self.input(LegsInput::Command(command)),
                    None => break,
                },
                Some(ask) = self.asks.recv() => self.ladder.answer(ask, Instant::now()),
                event = self.media_events.recv() => match event {
                    Some(event) => self.input(LegsInput::Media(event)),
                    None => {
                        tracing::error!("a media thread died");
                        break;
                    }
                },
                Some(Ok(resolved)) = self.lookups.join_next(), if !self.lookups.is_empty() => self.input(resolved),
                permit = events.reserve(), if !self.pending.is_empty() => match permit {
                    Ok(permit) => {
                        if let Some(event) = self.pending.pop_front() {
                            permit.send(event);
                            self.backlog.on_sent();
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
                () = sleep => self.sip(SipInput::Tick),
                () = due(self.bindings_due) => self.tell_bindings(),
                _ = publish.tick() => {
                    self.publish(&stats);
                    self.legs.pay_owed();
                }
            }
            self.watch_bindings();
            self.flush_events();
        }
    }

    fn publish(&mut self, to: &watch::Sender<GatewayStats>) {
        let now = self.stats();
        self.alarm
            .look(&now.sip, self.legs.endpoint().offenders(), Instant::now());
        to.send_replace(now);
    }

    fn stats(&mut self) -> GatewayStats {
        let mut media = self.legs.media().stats();
        media.worst_lateness_us = self.worst.take(media.worst_lateness_us);
        GatewayStats {
            sip: self.legs.endpoint().counters(),
            held: self.legs.endpoint().occupancy(),
            connections: self.streams.len(),
            media,
        }
    }

    /// Changes are gathered, so that a burst of registrations costs one telling.
    fn watch_bindings(&mut self) {
        let gathered = match self.legs.endpoint().registrations_changed() {
            None => return,
            Some(true) => GATHER_BINDINGS,
            Some(false) if self.bindings_due.is_some() => return,
            Some(false) => GATHER_REFRESHES,
        };
        let due = tokio::time::Instant::now() + gathered;
        self.bindings_due = Some(self.bindings_due.map_or(due, |set| set.min(due)));
    }

    fn tell_bindings(&mut self) {
        self.bindings_due = None;
        let endpoint = self.legs.endpoint_mut();
        let changed = endpoint.take_changed_registrations(Instant::now());
        self.pending.push_back(GatewayEvent::Bindings(changed));
    }

    /// Takes a batch of datagrams off the socket, and then handles them: what comes while they are handled did not wait,
    /// and a peer that sends one as soon as it has its answer to the last is no queue.
    fn receive(&mut self) {
        let is_empty = self.read_batch();
        self.backlog.on_read(is_empty, Instant::now());
        let mut arrived = std::mem::take(&mut self.arrived);
        for (source, bytes) in arrived.drain(..) {
            self.ladder
                .saw(source.into(), false, &bytes, Instant::now());
            self.sip(SipInput::Datagram { source, bytes });
        }
        self.arrived = arrived;
    }

    /// Whether nothing is left in the socket.
    fn read_batch(&mut self) -> bool {
        while self.arrived.len() < BATCH {
            self.buffer.reserve(1 << 16);
            match self.socket.try_recv_buf_from(&mut self.buffer) {
                Ok((_, source)) => self.arrived.push((source, self.buffer.split().freeze())),
                Err(error) if error.kind() == std::io::ErrorKind::ConnectionRefused => {}
                Err(_) => return true,
            }
        }
        false
    }

    /// Tells the endpoint how far behind we, or those we tell, are.
    fn measure(&mut self) {
        let untaken = self.events.max_capacity() - self.events.capacity();
        let now = Instant::now();
        let delay = self.backlog.delay(self.pending.len(), untaken, now);
        self.legs.endpoint_mut().observe_delay(delay, now);
    }

    /// News of the connections.
    fn arrival(&mut self, arrival: Arrival) {
        match arrival {
            Arrival::Opened(stream, peer, tls) => self.streams.open(stream, peer, tls),
            Arrival::Web(asked) => {
                let endpoint = self.legs.endpoint();
                self.streams
                    .open_web(asked, |flow| endpoint.is_proven(flow));
            }
            Arrival::Message(flow, bytes) => {
                self.ladder.saw(flow, false, &bytes, Instant::now());
                self.sip(SipInput::Stream { flow, bytes });
            }
            Arrival::Broken(flow, head, problem) => {
                tracing::debug!(problem, "a SIP connection has lost its frame");
                self.sip(SipInput::BrokenStream {
                    flow,
                    head,
                    problem,
                });
            }
            Arrival::Idle(flow) if self.legs.endpoint().uses(flow) => {}
            Arrival::Idle(flow) | Arrival::Closed(flow) => {
                if self.streams.close(flow) {
                    self.sip(SipInput::FlowClosed { flow });
                }
            }
        }
    }

    fn sip(&mut self, input: SipInput) {
        self.input(LegsInput::Sip(input));
    }

    fn input(&mut self, input: LegsInput) {
        let (mut next, mut closed) = (Some(input), Vec::new());
        while let Some(input) = next {
            self.legs.handle(input, Instant::now());
            while let Some(output) = self.legs.poll_output() {
                match output {
                    LegsOutput::Transmit { destination, bytes } => {
                        self.ladder
                            .saw(destination.into(), true, &bytes, Instant::now());
                        self.transmit(destination, &bytes);
                    }
                    LegsOutput::TransmitStream { flow, open, bytes } => {
                        self.ladder.saw(flow, true, &bytes, Instant::now());
                        if open {
                            self.streams.connect(flow);
                        }
                        if !self.streams.send(flow, bytes) {
                            closed.push(flow);
                        }
                    }
                    LegsOutput::Event(event) => self.pending.push_back(event),
                    LegsOutput::Resolve { leg, dial, host } => self.look_up(leg, dial, host),
                }
            }
            // What could not be sent fails now and not when its timers end.
            next = closed
                .pop()
                .map(|flow| LegsInput::Sip(SipInput::FlowClosed { flow }));
        }
    }

    fn look_up(&mut self, leg: LegId, dial: Dial, host: String) {
        self.lookups.spawn(async move {
            let address = tokio::net::lookup_host(host)
                .await
                .ok()
                .and_then(|mut found| found.next());
            LegsInput::Resolved { leg, dial, address }
        });
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
                self.backlog.on_sent();
            }
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
