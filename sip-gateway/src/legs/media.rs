//! Joining a leg's SIP with its media: offers, answers, and the end of both.
//!
//! **Owns**: which SDP a leg has seen and which sockets it has. **Must not**: parse SDP (`sip/sdp`) or RTP (`media/`).

use super::secure::secured;
use super::{Legs, MediaPlane};
use crate::leg::{Dial, GatewayEvent, LegEndCause, LegEvent, LegId};
use crate::media::codec::AnyCodec;
use crate::media::g711;
use crate::media::opus;
use crate::media::port::{self, MediaEvent, RemoteMedia};
use crate::net::media_pool::{LocalAddress, MediaError};
use crate::secure_media::LocalSecure;
use crate::sip::port::{SipCommand, SipEvent};
use crate::sip::sdp::{self, Codec, LocalMedia, NegotiatedMedia};
use bytes::Bytes;
use std::net::SocketAddr;

/// What we offer, best first.
pub(super) const CODECS: [Codec; 3] = Codec::ALL;

/// What the task knows of one leg's media.
#[derive(Debug, Default)]
pub(super) struct LegMedia {
    /// The party's offer, until we answer it.
    pub(super) offer: Option<Bytes>,
    /// Our sockets, once open.
    pub(super) local: Option<LocalAddress>,
    /// Our offer, until it is answered.
    pub(super) ours: Option<Bytes>,
    /// Its answer came with a provisional one: the final one may replace it.
    pub(super) early: bool,
    /// Our answer, when a 183 has brought it: the 200 says the same.
    pub(super) given: Option<Bytes>,
    /// What the party agreed to last, before our hold narrows it.
    pub(super) agreed: Option<NegotiatedMedia>,
    /// Who we are to the party, once its stream is secured.
    pub(super) secure: Option<LocalSecure>,
    /// We hold it.
    pub(super) held: bool,
    /// SDP version of what we sent last.
    pub(super) version: u64,
    /// SIP is over for this cause; the media's count is awaited.
    over: Option<LegEndCause>,
    /// Replaces SIP's cause: why we had to end it.
    fault: Option<LegEndCause>,
}

impl LegMedia {
    /// SIP has not ended it.
    pub(super) const fn is_alive(&self) -> bool {
        self.over.is_none()
    }
}

impl<M: MediaPlane> Legs<M> {
    pub(super) fn sip_event(&mut self, event: SipEvent) {
        match event {
            SipEvent::Incoming { call, offer } => self.incoming(call, offer),
            SipEvent::Dialled { leg, sip_call_id } => {
                self.leg_event(leg, LegEvent::Dialled { sip_call_id });
            }
            SipEvent::Progress {
                leg,
                status,
                offer,
                sdp,
            } => self.progress(leg, status, (&offer, sdp.as_ref())),
            SipEvent::Answered { leg, offer, sdp } => self.answered(leg, (&offer, &sdp)),
            SipEvent::Confirmed { leg, sdp } => self.confirmed(leg, sdp.as_ref()),
            SipEvent::Reoffer { leg, sdp } => self.reoffer(leg, sdp.as_ref()),
            SipEvent::Reoffered { leg, result } => self.reoffered(leg, result),
            SipEvent::Key { leg, key } => self.key_told(leg, key),
            SipEvent::FlowLost { leg } => Self::told(leg, self.media.watch(leg)),
            SipEvent::Ended { leg, cause } => self.sip_ended(leg, cause),
            SipEvent::Device { extension, change } => {
                self.tell(GatewayEvent::Device { extension, change });
            }
            SipEvent::Trunk { trunk, state } => self.tell(GatewayEvent::Trunk { trunk, state }),
            SipEvent::Registration {
                address_of_record,
                result,
            } => {
                self.tell(GatewayEvent::Registration {
                    address_of_record,
                    result,
                });
            }
        }
    }

    /// A key by INFO. Where there is media it may have come as an event too, and a bridged party is to have it: the
    /// media thread says whether it counts.
    fn key_told(&mut self, leg: LegId, key: char) {
        if self.media.key_told(leg, key).is_err() {
            self.leg_event(leg, LegEvent::Key(key));
        }
    }

    /// An offer that we cannot answer is refused before anybody hears of the call.
    fn incoming(&mut self, call: crate::leg::IncomingCall, offer: Option<Bytes>) {
        let leg = call.leg;
        let secure = offer.as_ref().and_then(|offer| self.own_side(None, offer));
        let local = LocalMedia {
            secure,
            ..self.local_media(SocketAddr::new(self.media_address, 9), 1)
        };
        if let Some(offer) = &offer
            && let Err(error) = sdp::answer(offer, &local)
        {
            return self.sip(SipCommand::Reject {
                leg,
                status: error.status,
                retry_after: None,
            });
        }
        self.legs.insert(
            leg,
            LegMedia {
                offer,
                secure,
                ..LegMedia::default()
            },
        );
        self.tell(GatewayEvent::Incoming(call));
    }

    /// 200 OK: open sockets, answer the offer (or offer, when the INVITE had none).
    pub(super) fn answer(&mut self, leg: LegId) {
        match self.describe(leg) {
            Ok(sdp) => self.sip(SipCommand::Answer { leg, sdp }),
            Err(status) => self.sip(SipCommand::Reject {
                leg,
                status,
                retry_after: None,
            }),
        }
    }

    /// Our side towards a caller: what a 183 said already, else the answer to the offer, else our offer.
    pub(super) fn describe(&mut self, leg: LegId) -> Result<Bytes, u16> {
        let given = self.legs.get(&leg).and_then(|media| media.given.clone());
        if let Some(given) = given {
            return Ok(given);
        }
        let (local, version) = self.open(leg).ok_or(503_u16)?;
        let described = self.described(leg, local.rtp, version);
        let offer = self.legs.get(&leg).and_then(|media| media.offer.clone());
        let Some(offer) = offer else {
            let ours = sdp::make_offer(&described, &CODECS);
            if let Some(media) = self.legs.get_mut(&leg) {
                media.ours = Some(ours.clone());
            }
            return Ok(ours);
        };
        let (answer, negotiated) = sdp::answer(&offer, &described).map_err(|error| error.status)?;
        if let Some(media) = self.legs.get_mut(&leg) {
            media.offer = None;
        }
        self.set_remote(leg, &negotiated);
        Ok(answer)
    }

    pub(super) fn dial(&mut self, leg: LegId, dial: Dial, destination: Option<SocketAddr>) {
        self.legs.insert(leg, LegMedia::default());
        let Some((local, version)) = self.open(leg) else {
            return self.ended_without_media(leg, LegEndCause::Unreachable);
        };
        let described = self.local_media(local.rtp, version);
        let sdp = self.offers_of(leg, &dial.target, described);
        self.sip(SipCommand::Dial {
            leg,
            dial,
            destination,
            sdp,
        });
    }

    /// A call of ours was answered.
    fn answered(&mut self, leg: LegId, (offer, sdp): (&Bytes, &Bytes)) {
        if let Some(media) = self.legs.get_mut(&leg) {
            media.ours = Some(offer.clone());
        }
        if self.take_answer(leg, sdp) {
            self.leg_event(leg, LegEvent::Answered);
        } else {
            self.fault(leg);
        }
    }

    fn confirmed(&mut self, leg: LegId, sdp: Option<&Bytes>) {
        let waits = self
            .legs
            .get(&leg)
            .is_some_and(|media| media.ours.is_some());
        if waits && !sdp.is_some_and(|sdp| self.take_answer(leg, sdp)) {
            return self.fault(leg);
        }
        self.leg_event(leg, LegEvent::Confirmed);
    }

    fn take_answer(&mut self, leg: LegId, sdp: &Bytes) -> bool {
        let Some(ours) = self.legs.get_mut(&leg).and_then(|media| media.ours.take()) else {
            return false;
        };
        match sdp::accept_answer(sdp, &ours) {
            Ok(negotiated) => {
                if let Some(media) = self.legs.get_mut(&leg)
                    && negotiated.secure.is_none()
                {
                    media.secure = None;
                }
                self.set_remote(leg, &negotiated);
                true
            }
            Err(error) => {
                tracing::info!(%leg, %error, "the answer cannot be used");
                false
            }
        }
    }

    /// The party's answer cannot be used: end the leg, and say why.
    fn fault(&mut self, leg: LegId) {
        if let Some(media) = self.legs.get_mut(&leg) {
            media.fault = Some(LegEndCause::BadMedia);
        }
        self.sip(SipCommand::Hangup { leg });
    }

    /// The party changes the session: same sockets, new version, perhaps another address or direction.
    fn reoffer(&mut self, leg: LegId, sdp: Option<&Bytes>) {
        let result = match self.legs.get_mut(&leg) {
            None => Err(481),
            Some(media) => {
                media.version += 1;
                let (version, held) = (media.version, media.held);
                match media.local {
                    None => Err(488),
                    Some(local) => {
                        let mut described = self.described(leg, local.rtp, version);
                        described.direction = wanted(held);
                        match sdp {
                            None => Ok(self.offer_anew(leg, &described)),
                            Some(sdp) => self.answer_anew(leg, sdp, described),
                        }
                    }
                }
            }
        };
        self.sip(SipCommand::Reanswer { leg, result });
    }

    fn offer_anew(&mut self, leg: LegId, described: &LocalMedia) -> Bytes {
        let ours = sdp::make_offer(described, &CODECS);
        if let Some(media) = self.legs.get_mut(&leg) {
            media.ours = Some(ours.clone());
        }
        ours
    }

    /// A change or refresh of ours was answered: the party's side of the media may have moved with it.
    fn reoffered(&mut self, leg: LegId, result: Result<(Bytes, Bytes), u16>) {
        match result {
            Ok((offer, answer)) => self.changed(leg, &offer, &answer),
            Err(status) => tracing::info!(%leg, status, "the party refused a change"),
        }
    }

    /// SIP is over; the leg ends when its media has been counted.
    fn sip_ended(&mut self, leg: LegId, cause: LegEndCause) {
        let Some(media) = self.legs.get_mut(&leg) else {
            return self.leg_event(
                leg,
                LegEvent::Ended {
                    cause,
                    quality: None,
                },
            );
        };
        let cause = media.fault.unwrap_or(cause);
        if media.local.is_some() {
            media.over = Some(cause);
            let closed = self.media.close(leg);
            Self::told(leg, closed);
        } else {
            self.ended_without_media(leg, cause);
        }
    }

    pub(super) fn ended_without_media(&mut self, leg: LegId, cause: LegEndCause) {
        self.legs.remove(&leg);
        self.leg_event(
            leg,
            LegEvent::Ended {
                cause,
                quality: None,
            },
        );
    }

    pub(super) fn media_event(&mut self, event: MediaEvent) {
        match event {
            MediaEvent::Key { leg, key } => self.leg_event(leg, LegEvent::Key(key)),
            MediaEvent::PlayEnded {
                leg,
                play,
                finished,
            } => {
                self.leg_event(leg, LegEvent::PlayEnded { play, finished });
            }
            MediaEvent::MediaStarted { leg } => self.leg_event(leg, LegEvent::MediaStarted),
            MediaEvent::MediaLost { leg } => self.leg_event(leg, LegEvent::MediaLost),
            MediaEvent::NotSecured { leg } => self.fault(leg),
            MediaEvent::Closed { leg, quality } => {
                let cause = self
                    .legs
                    .remove(&leg)
                    .and_then(|media| media.over)
                    .unwrap_or(LegEndCause::Local);
                self.leg_event(
                    leg,
                    LegEvent::Ended {
                        cause,
                        quality: Some(quality),
                    },
                );
            }
        }
    }

    /// The leg's sockets and the SDP version to use, opened on first need.
    fn open(&mut self, leg: LegId) -> Option<(LocalAddress, u64)> {
        let media = self.legs.get_mut(&leg)?;
        media.version += 1;
        if media.local.is_none() {
            match self.media.open(leg, leg.0) {
                Ok(local) => media.local = Some(local),
                Err(error) => {
                    tracing::error!(%leg, %error, "no media for this leg");
                    return None;
                }
            }
        }
        media.local.map(|local| (local, media.version))
    }

    pub(super) fn set_remote(&mut self, leg: LegId, negotiated: &NegotiatedMedia) {
        let mut effective = negotiated.clone();
        let mut holds = None;
        let mut secure = None;
        if let Some(media) = self.legs.get_mut(&leg) {
            let sends = negotiated.direction.sends();
            holds = media
                .agreed
                .as_ref()
                .is_some_and(|before| before.direction.sends() != sends)
                .then_some(!sends);
            media.agreed = Some(negotiated.clone());
            effective.direction = sdp::narrower(negotiated.direction, wanted(media.held));
            secure = secured(negotiated, media.secure);
        }
        let remote = RemoteMedia {
            secure,
            ..remote(&effective)
        };
        Self::told(leg, self.media.set_remote(leg, remote));
        if let Some(holds) = holds {
            self.leg_event(leg, LegEvent::Holds(holds));
        }
    }

    /// A leg may have ended a moment ago, so its media may be gone: that is no fault.
    pub(super) fn told(leg: LegId, result: Result<(), MediaError>) {
        if let Err(error) = result {
            tracing::debug!(%leg, %error, "the media plane did not take a command");
        }
    }

    pub(super) fn local_media(&self, rtp: SocketAddr, version: u64) -> LocalMedia {
        LocalMedia {
            address: self.media_address,
            port: rtp.port(),
            session_id: u64::from(rtp.port()),
            version,
            direction: sdp::Direction::SendRecv,
            secure: None,
            opus: self.opus,
        }
    }
}

/// What we want of a party at most.
pub(super) const fn wanted(held: bool) -> sdp::Direction {
    if held {
        sdp::Direction::SendOnly
    } else {
        sdp::Direction::SendRecv
    }
}

fn remote(negotiated: &NegotiatedMedia) -> RemoteMedia {
    let direction = match negotiated.direction {
        sdp::Direction::SendRecv => port::Direction::SendReceive,
        sdp::Direction::SendOnly => port::Direction::SendOnly,
        sdp::Direction::RecvOnly => port::Direction::ReceiveOnly,
        sdp::Direction::Inactive => port::Direction::Inactive,
    };
    let codec = match negotiated.codec {
        Codec::Pcmu => AnyCodec::G711(g711::Codec::Pcmu),
        Codec::Pcma => AnyCodec::G711(g711::Codec::Pcma),
        Codec::G722 => AnyCodec::G722,
        Codec::Opus => AnyCodec::Opus,
    };
    let sdp::OpusWish { max_bitrate, fec } = negotiated.opus;
    RemoteMedia {
        rtp: negotiated.remote,
        rtcp: Some(negotiated.rtcp),
        codec,
        payload_type: negotiated.payload_type,
        telephone_event: negotiated.telephone_event,
        opus: opus::Wish { max_bitrate, fec },
        direction,
        secure: None,
    }
}
