//! Who we are to a party whose stream is secured (DTLS-SRTP), and what a change of it means.
//!
//! **Owns**: our login of a leg: one for its life, another when the party begins ICE again. **Must not know**: the
//! attributes of such streams (`sip/sdp/secure.rs`), ICE and DTLS (`media/secure`).
//!
//! A secured leg stays secured: an offer that would go on in clear is refused.

use super::media::CODECS;
use super::{Legs, MediaPlane};
use crate::leg::{DialTarget, LegId};
use crate::secure_media::{LocalSecure, SecureRemote};
use crate::sip::port::Offers;
use crate::sip::sdp::{self, AgreedSecure, LocalMedia, NegotiatedMedia};
use bytes::Bytes;
use std::net::SocketAddr;

impl<M: MediaPlane> Legs<M> {
    /// Our side of an answer to this offer: none when the offer is plain or there are no secured streams here. A leg
    /// that has one keeps it.
    pub(super) fn own_side(&mut self, leg: Option<LegId>, offer: &[u8]) -> Option<LocalSecure> {
        let known = leg.and_then(|leg| self.legs.get(&leg)?.secure);
        match known {
            None if sdp::wants_secure(offer) => self.media.secure(),
            known => known,
        }
    }

    /// Our end of the stream as this leg's party knows us.
    pub(super) fn described(&self, leg: LegId, rtp: SocketAddr, version: u64) -> LocalMedia {
        LocalMedia {
            secure: self.legs.get(&leg).and_then(|media| media.secure),
            ..self.local_media(rtp, version)
        }
    }

    /// What a call of ours offers: in clear, and secured to those phones of an agent that are browsers.
    pub(super) fn offers_of(
        &mut self,
        leg: LegId,
        target: &DialTarget,
        described: LocalMedia,
    ) -> Offers {
        let secure = match target {
            DialTarget::Device(_) => self.media.secure(),
            DialTarget::Uri(_) | DialTarget::Trunk { .. } => None,
        };
        let plain = sdp::make_offer(&described, &CODECS);
        if let Some(media) = self.legs.get_mut(&leg) {
            media.ours = Some(plain.clone());
            media.secure = secure;
        }
        let described = LocalMedia {
            secure,
            ..described
        };
        Offers {
            plain,
            secured: secure.map(|_| sdp::make_offer(&described, &CODECS)),
        }
    }

    /// Answers an offer in a session that stands. A party that begins ICE again finds us under a new login (RFC 8839
    /// 4.4.1.1).
    pub(super) fn answer_anew(
        &mut self,
        leg: LegId,
        offer: &Bytes,
        mut described: LocalMedia,
    ) -> Result<Bytes, u16> {
        described.secure = self.own_side(Some(leg), offer);
        let (mut answer, negotiated) =
            sdp::answer(offer, &described).map_err(|error| error.status)?;
        let before = self.legs.get(&leg).and_then(|media| media.agreed.as_ref());
        let before = before.and_then(|agreed| agreed.secure.as_ref());
        let begins_again = match (before, &negotiated.secure) {
            (Some(_), None) => return Err(488),
            (Some(before), Some(now)) => AgreedSecure::restarts(now, before),
            (None, _) => false,
        };
        if begins_again {
            described.secure = self.media.secure();
            (answer, _) = sdp::answer(offer, &described).map_err(|error| error.status)?;
        }
        if let Some(media) = self.legs.get_mut(&leg) {
            media.secure = described.secure;
        }
        self.set_remote(leg, &negotiated);
        Ok(answer)
    }
}

/// What the media plane is told of a secured party.
pub(super) fn secured(
    negotiated: &NegotiatedMedia,
    own: Option<LocalSecure>,
) -> Option<SecureRemote> {
    let (party, own) = negotiated.secure.as_ref().zip(own)?;
    Some(SecureRemote {
        login: own.login,
        fingerprint: party.fingerprint,
        role: party.role,
    })
}
