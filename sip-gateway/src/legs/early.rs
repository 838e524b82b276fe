//! What comes before an answer: the called party's media as it rings, and ours towards a caller who has no 200 yet.
//!
//! **Owns**: what a provisional answer means for a leg's media, either way. **Must not know**: which of several early
//! dialogs counts (`sip/session/early.rs`).

use super::{Legs, MediaPlane};
use crate::leg::{LegEvent, LegId};
use crate::sip::port::SipCommand;
use crate::sip::sdp;
use bytes::Bytes;

const RINGING: u16 = 180;
const PROGRESS: u16 = 183;

impl<M: MediaPlane> Legs<M> {
    /// A call of ours makes progress, perhaps with a description: the party is believed from there on, and may be
    /// sent to. Our offer stays open: the final answer counts (RFC 3261 13.2.1).
    pub(super) fn progress(
        &mut self,
        leg: LegId,
        status: u16,
        (offer, sdp): (&Bytes, Option<&Bytes>),
    ) {
        let event = if sdp.is_some_and(|sdp| self.hear_early(leg, offer, sdp)) {
            LegEvent::EarlyMedia
        } else {
            LegEvent::Progress { status }
        };
        self.leg_event(leg, event);
    }

    /// True for the first description that can be used.
    fn hear_early(&mut self, leg: LegId, offer: &Bytes, sdp: &Bytes) -> bool {
        if self.legs.get(&leg).is_none_or(|media| media.ours.is_none()) {
            return false;
        }
        match sdp::accept_answer(sdp, offer) {
            Ok(negotiated) => {
                self.set_remote(leg, &negotiated);
                let media = self.legs.get_mut(&leg);
                media.is_some_and(|media| !std::mem::replace(&mut media.early, true))
            }
            // It may ring all the same, and its final answer may be better.
            Err(error) => {
                tracing::info!(%leg, %error, "early media that cannot be used");
                false
            }
        }
    }

    /// 183 with our answer. A caller without an offer can have none before our 200 (RFC 3261 13.2.1), and one whose
    /// media cannot be opened now may have it then: both are told that it rings.
    pub(super) fn early_media(&mut self, leg: LegId) {
        let can = self
            .legs
            .get(&leg)
            .is_some_and(|media| media.offer.is_some() || media.given.is_some());
        let sdp = if can { self.describe(leg).ok() } else { None };
        if let Some(media) = self.legs.get_mut(&leg) {
            media.given.clone_from(&sdp);
        }
        let status = if sdp.is_some() { PROGRESS } else { RINGING };
        self.sip(SipCommand::Provisional { leg, status, sdp });
    }
}
