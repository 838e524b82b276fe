//! A media thread without its loop: its legs, and what packets do to them.
//!
//! **Owns**: the seats of legs, forwarding between them. **Must not know**: the clock, the poll loop, channels'
//! other ends. Everything is handed the media time; the network is a [`PacketIo`].

use super::command::Command;
use super::outbox::Outbox;
use super::parking::Parking;
use super::recordings::{Recordings, Tap};
use super::rest::Rest;
use super::rooms::Room;
use super::secured::{Secured, send, send_report};
use super::wheel::Wheel;
use crate::leg::LegId;
use crate::media::codec::decodes;
use crate::media::dtmf::{EventPayload, key_of};
use crate::media::leg::{Ended, KeyWay, MediaLeg, Received};
use crate::media::player::FRAME;
use crate::media::playout::Pulled;
use crate::media::port::{Direction, MediaEvent};
use crate::media::rtp::{RtpPacket, is_rtcp};
use crate::media::secure::dtls_srtp::Identity;
use crate::media::secure::{PARTY, SecureLeg};
use crate::media::timeline::Piece;
use crate::net::packet_io::{Channel, PacketIo};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// Room for one datagram. An Ethernet frame holds 1472 bytes of UDP payload; 20 ms of G.711 are 172.
const BUFFER: usize = 2048;
/// Datagrams taken from one socket before others get their turn: a flood on one port must not stop the wheel.
const BUDGET: usize = 32;

/// Buffers of the thread, reused for every packet.
pub(super) struct Buffers {
    pub(super) inbound: [u8; BUFFER],
    pub(super) outbound: [u8; BUFFER],
    /// Samples at 8 kHz of the packet in hand.
    narrow: [i16; BUFFER],
}

impl Buffers {
    pub(super) fn new() -> Box<Self> {
        Box::new(Self {
            inbound: [0; BUFFER],
            outbound: [0; BUFFER],
            narrow: [0; BUFFER],
        })
    }
}

/// A leg at its place in the thread.
pub(super) struct Seat<P> {
    pub(super) leg: MediaLeg,
    pub(super) pair: P,
    /// What decrypts for the leg, where its stream is secured.
    pub(super) secure: Option<Box<SecureLeg>>,
    /// The leg that hears this one; itself for an echo.
    pub(super) peer: Option<usize>,
    /// The room where it is mixed with others; then it has no peer.
    pub(super) room: Option<usize>,
    pub(super) taps: Vec<Tap>,
    /// Since when silence of the party counts: bridged, or signalling changed.
    pub(super) quiet_since: Duration,
    pub(super) started: bool,
    pub(super) lost_told: bool,
    /// Its party may be gone: until then a short silence says so.
    pub(super) watched_until: Option<Duration>,
}

impl<P> Seat<P> {
    /// Nothing is sent or played out, and nobody's silence is counted: only its reports come due.
    fn may_rest(&self) -> bool {
        let alone = self.peer.is_none() && self.room.is_none() && self.secure.is_none();
        alone && self.watched_until.is_none() && !self.leg.wants_ticks() && !self.leg.holds_audio()
    }
}

/// A party whose connection has closed is gone when it sends nothing for so long. A browser sends every 20 ms, muted
/// or not.
const GONE_AFTER: Duration = Duration::from_secs(1);
/// How long that is looked for: the last packets may come after the news that the connection has closed.
pub(super) const WATCHED: Duration = Duration::from_secs(3);

/// What the thread is told at its start.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    /// A bridged leg that sends nothing for so long has lost its media.
    pub(crate) media_lost_after: Duration,
    /// Wall clock at media time zero, as time since 1900.
    pub(crate) ntp_at_zero: Duration,
}

/// The legs of one media thread.
pub(super) struct Core<I: PacketIo> {
    pub(super) io: I,
    pub(super) settings: Settings,
    pub(super) seats: Vec<Option<Seat<I::Pair>>>,
    pub(super) free: Vec<usize>,
    pub(super) keys: HashMap<LegId, usize>,
    pub(super) wheel: Wheel,
    pub(super) rest: Rest,
    pub(super) recordings: Recordings,
    pub(super) rooms: Vec<Option<Room>>,
    pub(super) outbox: Outbox,
    pub(super) parking: Parking<I::Pair>,
    /// Commands for other threads: legs that move there.
    pub(super) moves: Vec<(usize, Command<I::Pair>)>,
    pub(super) unsent: u64,
    pub(super) secured: Secured,
}

impl<I: PacketIo> Core<I> {
    pub(super) fn new(io: I, settings: Settings, identity: Option<Arc<Identity>>) -> Self {
        Self {
            io,
            settings,
            seats: Vec::new(),
            free: Vec::new(),
            keys: HashMap::new(),
            wheel: Wheel::default(),
            rest: Rest::default(),
            recordings: Recordings::default(),
            rooms: Vec::new(),
            outbox: Outbox::default(),
            parking: Parking::new(),
            moves: Vec::new(),
            unsent: 0,
            secured: Secured::new(identity),
        }
    }

    pub(super) fn seat(&mut self, key: usize) -> Option<&mut Seat<I::Pair>> {
        self.seats.get_mut(key)?.as_mut()
    }

    /// The wheel must turn.
    pub(super) fn is_busy(&self) -> bool {
        !self.keys.is_empty()
            || !self.recordings.is_empty()
            || !self.outbox.is_empty()
            || !self.moves.is_empty()
    }

    /// Nothing comes due but reports of legs at rest.
    pub(super) fn is_at_rest(&self) -> bool {
        let waits =
            !self.recordings.is_empty() || !self.outbox.is_empty() || !self.moves.is_empty();
        !waits && self.keys.values().all(|key| self.rest.rests(*key))
    }

    /// Takes what waits on a socket; true when more may wait.
    pub(super) fn readable(
        &mut self,
        key: usize,
        channel: Channel,
        now: Duration,
        buffers: &mut Buffers,
    ) -> bool {
        for _ in 0..BUDGET {
            let Some(seat) = self.seats.get(key).and_then(Option::as_ref) else {
                return false;
            };
            match self.io.receive(&seat.pair, channel, &mut buffers.inbound) {
                Ok(Some((length, source))) => {
                    self.datagram(key, channel, (length, source), now, buffers)
                }
                Ok(None) => return false,
                // Such as an ICMP message of an earlier packet; the next datagram may be fine.
                Err(_) => {}
            }
        }
        true
    }

    fn datagram(
        &mut self,
        key: usize,
        channel: Channel,
        (length, source): (usize, std::net::SocketAddr),
        now: Duration,
        buffers: &mut Buffers,
    ) {
        let Some(seat) = self.seats.get_mut(key).and_then(Option::as_mut) else {
            return;
        };
        self.rest.set(key, false);
        if let Some(peer) = seat.peer {
            self.rest.set(peer, false);
        }
        let Some(bytes) = buffers
            .inbound
            .get(..length)
            .filter(|bytes| bytes.len() < BUFFER)
        else {
            return seat.leg.ignore();
        };
        let plain;
        let (bytes, source) = if seat.secure.is_none() {
            (bytes, source)
        } else {
            match self.secured.open(&self.io, seat, bytes, source, now) {
                Some(packet) => {
                    plain = packet;
                    (&plain[..], PARTY)
                }
                None => return,
            }
        };
        if channel == Channel::Rtcp || is_rtcp(bytes) {
            seat.leg.receive_report(bytes, source, now);
            return;
        }
        let received = seat.leg.receive(bytes, source, now);
        if received == Received::Ignored {
            return;
        }
        let leg = seat.leg.id();
        seat.lost_told = false;
        if !std::mem::replace(&mut seat.started, true) {
            self.outbox.push(MediaEvent::MediaStarted { leg });
        }
        match received {
            Received::Audio(packet) => self.pass_on(
                key,
                &packet,
                false,
                now,
                (&mut buffers.outbound, &mut buffers.narrow),
            ),
            Received::Event {
                packet,
                key: pressed,
                passes,
            } => {
                match pressed {
                    Some(pressed) => self.pressed(key, pressed, KeyWay::Event),
                    None if passes => self.held(key, packet.payload),
                    None => {}
                }
                if passes {
                    self.pass_on(
                        key,
                        &packet,
                        true,
                        now,
                        (&mut buffers.outbound, &mut buffers.narrow),
                    );
                }
            }
            Received::Ignored | Received::Quiet => {}
        }
    }

    /// Gives a packet to the recordings of its leg and to the leg that hears it.
    fn pass_on(
        &mut self,
        key: usize,
        packet: &RtpPacket<'_>,
        event: bool,
        now: Duration,
        (out, narrow): (&mut [u8], &mut [i16]),
    ) {
        let Some(seat) = self.seats.get(key).and_then(Option::as_ref) else {
            return;
        };
        let hearer = seat.peer.and_then(|peer| self.seats.get(peer)?.as_ref());
        let own_codec = seat.leg.codec();
        let decoding = hearer.is_some_and(|peer| decodes(own_codec, peer.leg.codec()));
        let hearer_takes_events = hearer.is_some_and(|peer| peer.leg.takes_events());
        let Some(seat) = self.seats.get_mut(key).and_then(Option::as_mut) else {
            return;
        };
        let mixed = seat.room.is_some();
        let decoded = !event && (mixed || decoding || !seat.taps.is_empty() || seat.leg.listens());
        let (heard, sound) = seat.leg.hear(packet, decoded, narrow);
        // An event, and a packet that came too late for a codec that hangs on order, is no sound.
        let sounds = !event && !heard.payload.is_empty();
        // A room gives recordings what it has mixed.
        if sounds && !mixed {
            let (ssrc, timestamp) = (heard.header.ssrc, heard.header.timestamp);
            let piece = Piece {
                ssrc,
                timestamp,
                sound,
                payload: heard.payload,
            };
            for tap in &seat.taps {
                self.recordings.place(*tap, piece, now);
            }
        }
        let pressed = sounds
            .then(|| seat.leg.listen(&heard, sound, now))
            .flatten();
        let held = !event && seat.leg.holds_tones(hearer_takes_events);
        if held {
            seat.leg.drop_buffered();
        } else if (decoding || mixed) && sounds {
            seat.leg.buffer(&heard, sound, now);
        }
        let peer = seat.peer;
        let sounding = seat.leg.sounding().filter(|_| held);
        if let Some(pressed) = pressed {
            self.pressed(key, pressed, KeyWay::InBand);
        }
        let Some(peer) = peer.and_then(|peer| self.seats.get_mut(peer)?.as_mut()) else {
            return;
        };
        if held {
            if let Some(sounding) = sounding {
                peer.leg.hold_key(sounding, true);
            }
            return peer.leg.skip_source();
        }
        let over = if event { None } else { peer.leg.give_way() };
        if let Some(Ended { play, finished }) = over {
            let leg = peer.leg.id();
            self.outbox.push(MediaEvent::PlayEnded {
                leg,
                play,
                finished,
            });
        }
        if decoding {
            return;
        }
        if let Some(length) = peer.leg.forward(packet, event, sound, now, out) {
            let sent = send(&self.io, peer, out, length);
            self.unsent += u64::from(!sent);
        }
    }

    /// A key that counts: tells of it, and gives it to the peer when the peer does not get it as it came.
    fn pressed(&mut self, key: usize, pressed: char, way: KeyWay) {
        let Some(seat) = self.seats.get(key).and_then(Option::as_ref) else {
            return;
        };
        let (leg, peer, codec) = (seat.leg.id(), seat.peer, seat.leg.codec());
        self.outbox.push(MediaEvent::Key { leg, key: pressed });
        let Some(peer) = peer.and_then(|peer| self.seat(peer)) else {
            return;
        };
        let comes_as_it_is = match way {
            // A bridge that decodes makes a stream of its own, in which the party's event has no place.
            KeyWay::Event => peer.leg.takes_events() && !decodes(codec, peer.leg.codec()),
            KeyWay::InBand => !peer.leg.takes_events(),
            KeyWay::Signalling => false,
        };
        if !comes_as_it_is {
            peer.leg.send_key(pressed);
        }
    }

    /// One more packet of an event whose key counted: where the peer gets a key of our making, it lasts as long.
    fn held(&mut self, key: usize, payload: &[u8]) {
        let peer = self.seats.get(key).and_then(|seat| seat.as_ref()?.peer);
        let event = EventPayload::parse(payload);
        if let Some(event) = event
            && let Some(pressed) = key_of(event.event)
            && let Some(peer) = peer.and_then(|peer| self.seat(peer))
        {
            peer.leg.hold_key(pressed, !event.end);
        }
    }

    /// The party told a key in signalling.
    pub(super) fn key_told(&mut self, leg: LegId, pressed: char, now: Duration) {
        let Some(key) = self.keys.get(&leg).copied() else {
            return;
        };
        let counts =
            |seat: &mut Seat<I::Pair>| seat.leg.count_key(pressed, KeyWay::Signalling, now);
        if self.seat(key).is_some_and(counts) {
            self.pressed(key, pressed, KeyWay::Signalling);
        }
    }

    /// Runs every slot of the wheel that is due; the greatest lateness among them.
    pub(super) fn turn(&mut self, now: Duration, buffers: &mut Buffers) -> Duration {
        let mut latest = Duration::ZERO;
        while let Some(due) = self.wheel.take_due(now) {
            latest = latest.max(now.saturating_sub(due.nominal));
            let mut n = 0;
            while let Some(key) = self.wheel.member(due.slot, n) {
                n += 1;
                if !self.rest.is_looked_at(key, due.nominal) {
                    continue;
                }
                self.tick(key, due.nominal, &mut buffers.outbound);
                self.play_out(key, due.nominal, &mut buffers.outbound);
                if Rest::is_turn_of(key, due.nominal) {
                    let rests = self.seat(key).is_some_and(|seat| seat.may_rest());
                    self.rest.set(key, rests);
                }
            }
            self.mix_rooms(due.slot, due.nominal, &mut buffers.outbound);
            self.recordings.step(now);
        }
        latest
    }

    /// Sends the next 20 ms of what waits in a leg's jitter buffer to the leg that hears it.
    fn play_out(&mut self, key: usize, now: Duration, out: &mut [u8]) {
        let mut samples = [0; FRAME];
        let Some(seat) = self.seat(key).filter(|seat| seat.room.is_none()) else {
            return;
        };
        let pulled = seat.leg.pull(now, &mut samples);
        let hearer = seat.peer.filter(|_| pulled != Pulled::Nothing);
        let Some(peer) = hearer.and_then(|peer| self.seats.get_mut(peer)?.as_mut()) else {
            return;
        };
        if pulled == Pulled::Ended {
            peer.leg.fall_silent();
        } else if let Some(length) = peer.leg.say(&samples, now, out) {
            let sent = send(&self.io, peer, out, length);
            self.unsent += u64::from(!sent);
        }
    }

    fn tick(&mut self, key: usize, now: Duration, out: &mut [u8]) {
        let Some(seat) = self.seats.get_mut(key).and_then(Option::as_mut) else {
            return;
        };
        let leg = seat.leg.id();
        if seat.secure.is_some() && self.secured.tick(&self.io, seat, now) {
            self.outbox.push(MediaEvent::NotSecured { leg });
        }
        if seat.leg.wants_ticks() && seat.can_be_told() {
            let ticked = seat.leg.tick(now, out);
            if let Some(length) = ticked.packet {
                let sent = send(&self.io, seat, out, length);
                self.unsent += u64::from(!sent);
            }
            if let Some(Ended { play, finished }) = ticked.ended {
                self.outbox.push(MediaEvent::PlayEnded {
                    leg,
                    play,
                    finished,
                });
            }
        }
        let ntp = self.settings.ntp_at_zero.saturating_add(now);
        if let Some((length, to)) = seat.leg.report(now, ntp, out)
            && let Some(report) = out.get(..length)
        {
            self.unsent += u64::from(!send_report(&self.io, seat, report, to));
        }
        // A party that has us on hold may play music to us or nothing at all.
        let should_send = seat
            .leg
            .remote()
            .is_some_and(|remote| remote.direction == Direction::SendReceive);
        let heard = seat
            .leg
            .last_heard()
            .unwrap_or_default()
            .max(seat.quiet_since);
        let silence = now.saturating_sub(heard);
        let joined = seat.peer.is_some() || seat.room.is_some();
        let lost = joined && silence >= self.settings.media_lost_after;
        let gone = seat.watched_until.is_some_and(|until| now < until) && silence >= GONE_AFTER;
        if (lost || gone) && should_send && !std::mem::replace(&mut seat.lost_told, true) {
            self.outbox.push(MediaEvent::MediaLost { leg });
        }
    }
}

#[cfg(test)]
mod tests;
