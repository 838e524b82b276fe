//! One leg's media as a machine: what to believe of what arrives, what to send next.
//!
//! **Owns**: [`MediaLeg`]. **Must not know**: sockets, the clock, other legs, recordings. Time is media time: a
//! `Duration` since the media plane started, the same on all its threads.
//!
//! Unlike the signalling machines it does not queue outputs: [`MediaLeg::receive`], [`MediaLeg::forward`] and
//! [`MediaLeg::tick`] answer at once into the caller's buffer, so that no packet costs an allocation.

use super::clip::Clip;
use super::codec::{AnyCodec, Narrower, Sound, Widener};
use super::dtmf::{EventPayload, KeyReceiver, KeySender, KeyStep, key_of};
use super::latch::Latch;
use super::opus;
use super::outbound::{Outbound, StreamSeed};
use super::player::{FRAME, Fill, Player, ResumeMemory};
use super::playout::Playout;
use super::port::{PlayRequest, RemoteMedia};
use super::rtp::{HEADER_LENGTH, RtpHeader, RtpPacket};
use super::sequence::{Arrival, Reception};
use crate::leg::{LegId, PlayId};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

mod decode;
mod keys;
mod reports;

pub use keys::KeyWay;

/// Comfort noise (RFC 3389): a sign of life, and silence.
const COMFORT_NOISE: u8 = 13;

/// What a datagram on the RTP port turned out to be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Received<'a> {
    /// Not to be believed; it was counted.
    Ignored,
    /// Believed, but it carries nothing to pass on.
    Quiet,
    /// Audio in the leg's codec.
    Audio(RtpPacket<'a>),
    /// A telephone event.
    Event {
        /// The packet.
        packet: RtpPacket<'a>,
        /// The key, when this packet is the first of a press that counts.
        key: Option<char>,
        /// It is to be passed on: its press began while this bridge stood, and counts.
        passes: bool,
    },
}

/// A playing that is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Which.
    pub play: PlayId,
    /// Ran to its end, rather than being stopped.
    pub finished: bool,
}

/// What a tick brought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ticked {
    /// Length of the packet that now lies in the buffer and is to be sent.
    pub packet: Option<usize>,
    /// The playing that ended.
    pub ended: Option<Ended>,
}

/// The media of one leg.
#[derive(Debug)]
pub struct MediaLeg {
    id: LegId,
    remote: Option<RemoteMedia>,
    latch: Option<Latch>,
    reception: Reception,
    keys_in: KeyReceiver,
    received: u64,
    ignored: u64,
    last_heard: Option<Duration>,
    outbound: Outbound,
    player: Option<Player>,
    memory: ResumeMemory,
    keys_out: KeySender,
    key_timestamp: Option<u32>,
    keys: keys::Keys,
    reports: reports::Reports,
    /// State of what a G.722 party says, and of what we say to it. Made when it is first needed.
    narrower: Option<Box<Narrower>>,
    widener: Option<Box<Widener>>,
    /// The same of an Opus party.
    listener: Option<Box<opus::Listener>>,
    speaker: Option<Box<opus::Speaker>>,
    /// What the party says, on its way to a peer that needs it decoded. Made when it is first needed.
    playout: Option<Box<Playout>>,
}

impl MediaLeg {
    /// A leg whose party is not known yet.
    #[must_use]
    pub fn new(id: LegId, seed: StreamSeed, now: Duration) -> Self {
        Self {
            id,
            remote: None,
            latch: None,
            reception: Reception::default(),
            keys_in: KeyReceiver::default(),
            received: 0,
            ignored: 0,
            last_heard: None,
            outbound: Outbound::new(seed),
            player: None,
            memory: ResumeMemory::default(),
            keys_out: KeySender::default(),
            key_timestamp: None,
            keys: keys::Keys::default(),
            reports: reports::Reports::new(now),
            narrower: None,
            widener: None,
            listener: None,
            speaker: None,
            playout: None,
        }
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> LegId {
        self.id
    }

    /// What signalling settled last.
    #[must_use]
    pub fn remote(&self) -> Option<&RemoteMedia> {
        self.remote.as_ref()
    }

    /// When the last packet was believed; none before the first.
    #[must_use]
    pub fn last_heard(&self) -> Option<Duration> {
        self.last_heard
    }

    /// Signalling settled where the party is and what it speaks; again at each change.
    pub fn set_remote(&mut self, remote: RemoteMedia) {
        match &mut self.latch {
            Some(latch) => latch.signal(remote.rtp),
            None => self.latch = Some(Latch::new(remote.rtp)),
        }
        self.outbound.set_clock(remote.codec.clock_rate());
        self.keys_out.set_ticks(self.outbound.ticks());
        if let Some(speaker) = &mut self.speaker {
            speaker.obey(remote.opus);
        }
        self.remote = Some(remote);
    }

    /// Where packets for the party go now; none while nothing may be sent.
    #[must_use]
    pub fn destination(&self) -> Option<SocketAddr> {
        self.remote
            .as_ref()
            .filter(|remote| remote.direction.sends())?;
        self.latch.as_ref()?.destination()
    }

    /// Takes a datagram from the RTP socket.
    pub fn receive<'a>(
        &mut self,
        bytes: &'a [u8],
        source: SocketAddr,
        now: Duration,
    ) -> Received<'a> {
        let believed = self.believe(bytes, source, now);
        if believed == Received::Ignored {
            self.ignored += 1;
        } else {
            self.received += 1;
            self.last_heard = Some(now);
        }
        believed
    }

    fn believe<'a>(&mut self, bytes: &'a [u8], source: SocketAddr, now: Duration) -> Received<'a> {
        let (Some(remote), Some(latch)) = (&self.remote, &mut self.latch) else {
            return Received::Ignored;
        };
        let Ok(packet) = RtpPacket::parse(bytes) else {
            return Received::Ignored;
        };
        let RtpHeader {
            payload_type,
            timestamp,
            ssrc,
            sequence,
            ..
        } = packet.header;
        let audio = payload_type == remote.payload_type;
        let event = Some(payload_type) == remote.telephone_event;
        // A payload type nobody agreed on proves nothing: only a party already known may send it.
        let agreed = audio || event || payload_type == COMFORT_NOISE;
        let known = if agreed {
            latch.accept(source, now)
        } else {
            latch.learned() == Some(source)
        };
        if !known || self.reception.receive(ssrc, sequence) == Arrival::Suspect {
            return Received::Ignored;
        }
        if !remote.direction.receives() {
            return Received::Quiet;
        }
        if audio && !packet.payload.is_empty() {
            self.reception
                .time(timestamp, now, remote.codec.clock_rate());
            return Received::Audio(packet);
        }
        match EventPayload::parse(packet.payload) {
            Some(payload) if event => {
                let pressed = self.keys_in.receive(ssrc, timestamp, payload);
                let key = pressed.and_then(key_of);
                let counts = key.map(|key| self.count_key(key, KeyWay::Event, now));
                if pressed.is_some() {
                    self.keys.event_passes = counts.unwrap_or(true);
                } else {
                    self.keys.goes_on(now);
                }
                Received::Event {
                    packet,
                    key: key.filter(|_| counts == Some(true)),
                    passes: self.keys.event_passes,
                }
            }
            _ => Received::Quiet,
        }
    }

    /// The codec of the party; the default while it is not known.
    #[must_use]
    pub fn codec(&self) -> AnyCodec {
        self.remote
            .map_or_else(AnyCodec::default, |remote| remote.codec)
    }

    /// Makes the packet for this leg's party out of one that a bridged leg received and understood by its
    /// [`MediaLeg::hear`]; the length in `out`. None while a prompt or key of our own has the line, or when the party cannot take it.
    pub fn forward<'s>(
        &mut self,
        packet: &RtpPacket<'_>,
        event: bool,
        sound: impl Into<Sound<'s>>,
        now: Duration,
        out: &mut [u8],
    ) -> Option<usize> {
        let remote = self.remote.filter(|remote| remote.direction.sends())?;
        if self.player.is_some() || self.keys_out.is_busy() {
            self.outbound.leave_source();
            return None;
        }
        let (payload_type, samples) = if event {
            (remote.telephone_event?, 0)
        } else {
            let samples = match remote.codec {
                AnyCodec::Opus => opus::samples(packet.payload).unwrap_or(FRAME as u32),
                _ => u32::try_from(packet.payload.len()).ok()?,
            };
            (remote.payload_type, samples)
        };
        let header = self
            .outbound
            .mapped(packet.header, payload_type, samples, now)?;
        let length = header.write(packet.payload, out)?;
        if !event {
            self.convert(
                sound.into(),
                remote.codec,
                out.get_mut(HEADER_LENGTH..length)?,
            );
        }
        self.outbound.count(packet.payload.len());
        Some(length)
    }

    /// Rewrites codes in place; they are left as they are when both sides speak the same.
    fn convert(&mut self, from: Sound<'_>, to: AnyCodec, codes: &mut [u8]) {
        match (from.codec, to) {
            (AnyCodec::G711(from), AnyCodec::G711(to)) => from.convert(to, codes),
            (AnyCodec::G711(from), AnyCodec::G722) => {
                self.widener.get_or_insert_default().convert(from, codes);
            }
            (AnyCodec::G722, AnyCodec::G711(to)) => {
                for (code, sample) in codes.iter_mut().zip(from.narrow) {
                    *code = to.encode(*sample);
                }
            }
            // What is decoded does not come this way.
            (AnyCodec::G722, AnyCodec::G722) | (AnyCodec::Opus, _) | (_, AnyCodec::Opus) => {}
        }
    }

    /// The bridge of this leg changed. What is left of a key that its party presses now is not for the new peer.
    pub fn leave_source(&mut self) {
        self.outbound.leave_source();
        self.keys.bridge_changed();
        self.drop_buffered();
    }

    /// Audio of the peer is left out: what follows it is mapped anew.
    pub fn skip_source(&mut self) {
        self.outbound.leave_source();
    }

    /// Plays towards the party; what played before is over.
    pub fn play(&mut self, request: PlayRequest, now: Duration) -> Option<Ended> {
        let before = self.stop();
        let start = self.memory.start(&request);
        self.player = Some(Player::new(request, start, now));
        before
    }

    /// Clips of what plays that the caller is to [`Clip::prepare`] for the party's codec, elsewhere; each is given out
    /// once. The playing waits for them. To be asked after [`MediaLeg::play`] and [`MediaLeg::set_remote`].
    #[must_use]
    pub fn unprepared(&self) -> Option<(AnyCodec, Vec<Arc<Clip>>)> {
        let codec = self.remote?.codec;
        let clips = self.player.as_ref()?.clips().iter();
        let claimed: Vec<_> = clips.filter(|clip| clip.claim(codec)).cloned().collect();
        (!claimed.is_empty()).then_some((codec, claimed))
    }

    /// The bridged party is heard: what plays until then is over.
    pub fn give_way(&mut self) -> Option<Ended> {
        let gives_way = self.player.as_ref().is_some_and(Player::gives_way);
        gives_way.then(|| self.stop()).flatten()
    }

    /// Stops what plays.
    pub fn stop(&mut self) -> Option<Ended> {
        self.end_play(false)
    }

    fn end_play(&mut self, finished: bool) -> Option<Ended> {
        let player = self.player.take()?;
        self.outbound.pause();
        let ended = Ended {
            play: player.id(),
            finished,
        };
        self.memory.remember(player);
        Some(ended)
    }

    /// Something of our own is to be sent: the wheel must call [`MediaLeg::tick`].
    #[must_use]
    pub fn wants_ticks(&self) -> bool {
        self.player.is_some() || self.keys_out.is_busy()
    }

    /// The next 20 ms of what we generate ourselves. A prompt waits while the party is not known yet and while a key
    /// has the line; towards a party that must not be sent to it runs on unheard.
    pub fn tick(&mut self, now: Duration, out: &mut [u8]) -> Ticked {
        let Some(remote) = self.remote else {
            return Ticked::default();
        };
        match self.keys_out.step() {
            KeyStep::Idle => {}
            step => {
                return Ticked {
                    packet: self.write_key(step, &remote, now, out),
                    ended: None,
                };
            }
        }
        let Some(player) = &mut self.player else {
            return Ticked::default();
        };
        let mut frame = [0; FRAME];
        match player.fill(remote.codec, &mut frame, now) {
            Fill::Audio => {}
            Fill::Waiting => return Ticked::default(),
            Fill::Over => {
                return Ticked {
                    packet: None,
                    ended: self.end_play(true),
                };
            }
        }
        if !remote.direction.sends() {
            self.outbound.pause();
            return Ticked::default();
        }
        if remote.codec != remote.codec.kept() {
            return Ticked {
                packet: self.write_kept(&frame, &remote, now, out),
                ended: None,
            };
        }
        let header = self
            .outbound
            .own_audio(remote.payload_type, FRAME as u32, now);
        self.outbound.count(FRAME);
        Ticked {
            packet: header.write(&frame, out),
            ended: None,
        }
    }

    /// Counts a datagram that was never looked at.
    pub fn ignore(&mut self) {
        self.ignored += 1;
    }
}

#[cfg(test)]
mod tests;
