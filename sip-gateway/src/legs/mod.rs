//! Legs without sockets: the SIP [`Endpoint`] and the media of each leg, joined.
//!
//! **Owns**: [`Legs`]: what each command of the product means for SIP and for media, and what each event of either
//! means for the leg. PURE: no socket, clock, task or randomness; `net/sip_driver.rs` drives it, and the simulation of
//! the whole core does. **Must not know**: SIP's rules (`sip/`), RTP's (`media/`), what a call is for.
//!
//! Beside this file: `owed.rs` keeps ends of recordings that a full ring has not taken; `media.rs`
//! answers and makes offers, opens and closes what each leg needs; `early.rs` does what comes before an answer,
//! `hold.rs` what a party on hold is offered, `secure.rs` who we are to a browser.

mod early;
mod hold;
mod media;
mod owed;
mod plane;
mod secure;

pub use plane::MediaPlane;

use crate::leg::{
    Dial, DialTarget, GatewayCommand, GatewayEvent, LegEndCause, LegEvent, LegId, StreamId,
};
use crate::media::port::{MediaEvent, PlayRequest, RecordRequest};
use crate::net::media_pool::MediaError;
use crate::sip::endpoint::Endpoint;
use crate::sip::flow::Flow;
use crate::sip::port::{SipCommand, SipInput, SipOutput};
use crate::sip::sdp::OpusPlace;
use bytes::Bytes;
use media::LegMedia;
use owed::OwedEnds;
use std::collections::{HashMap, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::time::Instant;

/// Everything the legs can be told.
#[derive(Debug)]
pub enum LegsInput {
    /// From the network, or a deadline.
    Sip(SipInput),
    /// From the product.
    Command(GatewayCommand),
    /// From the media plane.
    Media(MediaEvent),
    /// The answer to [`LegsOutput::Resolve`].
    Resolved {
        /// The leg.
        leg: LegId,
        /// The call.
        dial: Dial,
        /// Where to send it; none when the name has no address.
        address: Option<SocketAddr>,
    },
}

/// Everything the legs say.
#[derive(Debug, PartialEq)]
pub enum LegsOutput {
    /// Send this datagram.
    Transmit {
        /// Where to.
        destination: SocketAddr,
        /// The bytes.
        bytes: Bytes,
    },
    /// Send this message on a connection; when it is gone, say [`SipInput::FlowClosed`].
    TransmitStream {
        /// Which.
        flow: Flow,
        /// It is a new one: open it to its address first.
        open: bool,
        /// The bytes.
        bytes: Bytes,
    },
    /// Tell the product.
    Event(GatewayEvent),
    /// Look this name up beside the task, and say [`LegsInput::Resolved`].
    Resolve {
        /// The leg.
        leg: LegId,
        /// The call.
        dial: Dial,
        /// `HOST:PORT`.
        host: String,
    },
}

/// Every leg of one process.
#[derive(Debug)]
pub struct Legs<M> {
    endpoint: Endpoint,
    media: M,
    legs: HashMap<LegId, LegMedia>,
    /// Written into our SDP.
    media_address: IpAddr,
    opus: OpusPlace,
    now: Instant,
    outputs: VecDeque<LegsOutput>,
    /// Ends of recordings that never began and whose sink had no room for them yet.
    owed_ends: OwedEnds,
}

impl<M: MediaPlane> Legs<M> {
    /// Without legs.
    #[must_use]
    pub fn new(endpoint: Endpoint, media: M, media_address: IpAddr, now: Instant) -> Self {
        Self {
            endpoint,
            media,
            legs: HashMap::new(),
            media_address,
            opus: OpusPlace::default(),
            now,
            outputs: VecDeque::new(),
            owed_ends: OwedEnds::default(),
        }
    }

    /// The same, with Opus in this place on legs of browsers.
    #[must_use]
    pub fn with_opus(self, opus: OpusPlace) -> Self {
        Self { opus, ..self }
    }

    /// Tries again what a full sink has not taken; to be called every second or so.
    pub fn pay_owed(&mut self) {
        self.owed_ends.pay();
    }

    /// Advances everything; afterwards call [`Self::poll_output`] until it gives none.
    pub fn handle(&mut self, input: LegsInput, now: Instant) {
        self.now = now;
        match input {
            LegsInput::Sip(input) => self.input(input),
            LegsInput::Command(command) => self.command(command),
            LegsInput::Media(event) => self.media_event(event),
            LegsInput::Resolved {
                leg,
                dial,
                address: Some(address),
            } => self.dial(leg, dial, Some(address)),
            LegsInput::Resolved { leg, .. } => {
                self.ended_without_media(leg, LegEndCause::Unreachable);
            }
        }
    }

    /// The next thing to send or to tell; none when all has been given.
    pub fn poll_output(&mut self) -> Option<LegsOutput> {
        self.outputs.pop_front()
    }

    /// When [`SipInput::Tick`] is wanted at the latest.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Instant> {
        self.endpoint.next_deadline()
    }

    /// The SIP part, for counters and registrations.
    #[must_use]
    pub const fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// The same, for registrations put back at start.
    pub const fn endpoint_mut(&mut self) -> &mut Endpoint {
        &mut self.endpoint
    }

    /// The media part.
    #[must_use]
    pub const fn media(&self) -> &M {
        &self.media
    }

    /// The same, to be driven.
    pub const fn media_mut(&mut self) -> &mut M {
        &mut self.media
    }

    /// Legs that SIP or media has not finished.
    #[must_use]
    pub fn len(&self) -> usize {
        self.legs.len()
    }

    /// Whether no leg is left.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.legs.is_empty()
    }

    fn sip(&mut self, command: SipCommand) {
        self.input(SipInput::Command(command));
    }

    fn input(&mut self, input: SipInput) {
        self.endpoint.handle(input, self.now);
        while let Some(output) = self.endpoint.poll_output() {
            match output {
                SipOutput::Transmit { destination, bytes } => {
                    self.outputs
                        .push_back(LegsOutput::Transmit { destination, bytes });
                }
                SipOutput::TransmitStream { flow, open, bytes } => self
                    .outputs
                    .push_back(LegsOutput::TransmitStream { flow, open, bytes }),
                SipOutput::Event(event) => self.sip_event(event),
            }
        }
    }

    fn tell(&mut self, event: GatewayEvent) {
        self.outputs.push_back(LegsOutput::Event(event));
    }

    fn leg_event(&mut self, leg: LegId, event: LegEvent) {
        self.tell(GatewayEvent::Leg { leg, event });
    }

    fn command(&mut self, command: GatewayCommand) {
        match command {
            GatewayCommand::SetAccounts(accounts) => self.sip(SipCommand::SetAccounts(accounts)),
            GatewayCommand::Ring(leg) => self.sip(SipCommand::Provisional {
                leg,
                status: 180,
                sdp: None,
            }),
            GatewayCommand::EarlyMedia(leg) => self.early_media(leg),
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
            GatewayCommand::TakenElsewhere(leg) => self.sip(SipCommand::TakenElsewhere { leg }),
            GatewayCommand::Play { leg, request } => self.play(leg, request),
            GatewayCommand::StopPlay { leg } => Self::told(leg, self.media.stop(leg)),
            GatewayCommand::Bridge { a, b } => Self::told(a, self.media.bridge(a, b)),
            GatewayCommand::Mix(members) => self.mix(members),
            GatewayCommand::Unbridge { leg } => Self::told(leg, self.media.unbridge(leg)),
            GatewayCommand::Hold(leg) => self.hold(leg, true),
            GatewayCommand::Resume(leg) => self.hold(leg, false),
            GatewayCommand::SendKey { leg, key } => Self::told(leg, self.media.send_key(leg, key)),
            GatewayCommand::StartRecording(_)
            | GatewayCommand::PauseRecording { .. }
            | GatewayCommand::RecordOthers { .. }
            | GatewayCommand::StopRecording(_) => self.recording(command),
            // The driver's own: it gathers what the endpoint has to tell.
            GatewayCommand::TellBindings => {}
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
                    self.tell(GatewayEvent::Registration {
                        address_of_record,
                        result: Err(0),
                    });
                }
            }
            GatewayCommand::AddLogin(login) => self.sip(SipCommand::AddLogin(login)),
            GatewayCommand::RemoveLogin { username } => {
                self.sip(SipCommand::RemoveLogin { username });
            }
            GatewayCommand::LeaveTrunks => self.sip(SipCommand::LeaveTrunks),
            GatewayCommand::Unregister { address_of_record } => {
                self.sip(SipCommand::Unregister { address_of_record });
            }
        }
    }

    fn recording(&mut self, command: GatewayCommand) {
        match command {
            GatewayCommand::StartRecording(request) => self.start_recording(request),
            GatewayCommand::PauseRecording { stream, paused } => {
                Self::recorded(stream, self.media.pause_recording(stream, paused));
            }
            GatewayCommand::RecordOthers {
                stream,
                left,
                right,
            } => Self::recorded(stream, self.media.record_others(stream, left, right)),
            GatewayCommand::StopRecording(stream) => {
                Self::recorded(stream, self.media.stop_recording(stream));
            }
            _ => {}
        }
    }

    /// One of them may have ended a moment ago: the others hear each other all the same.
    fn mix(&mut self, mut members: Vec<(LegId, Vec<LegId>)>) {
        let alive = |leg: &LegId| self.legs.get(leg).is_some_and(LegMedia::is_alive);
        members.retain(|(leg, _)| alive(leg));
        for (_, hears) in &mut members {
            hears.retain(alive);
        }
        if let Some((leg, _)) = members.first().cloned() {
            Self::told(leg, self.media.mix(members));
        }
    }

    /// A leg without media (a caller who offered none and has no answer yet) hears nothing, and its playing is over: who
    /// waits for the end of it must not wait for ever.
    fn play(&mut self, leg: LegId, request: PlayRequest) {
        let play = request.play;
        let played = self.media.play(leg, request);
        if played.is_err() && self.legs.get(&leg).is_some_and(LegMedia::is_alive) {
            let finished = false;
            self.leg_event(leg, LegEvent::PlayEnded { play, finished });
        }
        Self::told(leg, played);
    }

    fn start_recording(&mut self, request: RecordRequest) {
        let (left, stream, sink) = (request.left, request.stream, request.sink.clone());
        let started = self.media.start_recording(request);
        if started.is_err() {
            // A leg has ended meanwhile: whoever opened the file must hear that nothing comes.
            self.owed_ends.owe(stream, sink);
        }
        Self::told(left, started);
    }

    /// Its legs may be closed already, and the recording has ended with them.
    fn recorded(stream: StreamId, result: Result<(), MediaError>) {
        if let Err(error) = result {
            tracing::debug!(?stream, %error, "no such recording");
        }
    }

    /// Names are looked up beside the task, never in it.
    fn resolve(&mut self, leg: LegId, dial: Dial) {
        match &dial.target {
            DialTarget::Device(_) => self.dial(leg, dial, None),
            DialTarget::Uri(uri) | DialTarget::Trunk { uri, .. } => match address_in(uri) {
                Some(address) => self.dial(leg, dial, Some(address)),
                None => {
                    let host = host_and_port(uri);
                    self.outputs
                        .push_back(LegsOutput::Resolve { leg, dial, host });
                }
            },
        }
    }
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

    mod between;

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
