//! A party that we put on hold: what it is offered, and what is heard of it meanwhile (RFC 3264 5.1, 8.4).
//!
//! **Owns**: what our hold means for a leg's description and its media. **Must not know**: what the party hears, who it
//! talked with; how a change crosses the party's own (`sip/session/own_change.rs`).
//!
//! The hold does not hang on the party's consent: it takes effect on our side at once, and a refusal changes nothing.

use super::media::wanted;
use super::{Legs, MediaPlane};
use crate::leg::LegId;
use crate::sip::port::SipCommand;
use crate::sip::sdp::{self, Direction};

impl<M: MediaPlane> Legs<M> {
    /// Holds an answered party, or takes it back: what it agreed to before counts then, until it answers.
    pub(super) fn hold(&mut self, leg: LegId, held: bool) {
        let Some(media) = self.legs.get_mut(&leg) else {
            return;
        };
        let (Some(local), Some(agreed)) = (media.local, media.agreed.clone()) else {
            return;
        };
        if std::mem::replace(&mut media.held, held) == held {
            return;
        }
        media.version += 1;
        let version = media.version;
        self.set_remote(leg, &agreed);
        let mut described = self.described(leg, local.rtp, version);
        // A party that holds us gets `inactive` (RFC 3264 8.4). Taking back offers all: what a party that holds says then
        // is its own affair, and neither waits for the other.
        if held {
            described.direction = sdp::narrower(agreed.direction, wanted(held));
        }
        let sdp = sdp::offer_again(&described, &agreed);
        self.sip(SipCommand::Reinvite { leg, sdp });
    }

    /// The party answered a change of ours. To an offer that holds it the answer says nothing of whether it would send.
    pub(super) fn changed(&mut self, leg: LegId, offer: &[u8], answer: &[u8]) {
        let mut agreed = match sdp::accept_answer(answer, offer) {
            Ok(negotiated) => negotiated,
            Err(error) => {
                return tracing::info!(%leg, %error, "the answer to a change cannot be used");
            }
        };
        let may_send = sdp::offered_direction(offer).is_some_and(Direction::receives);
        let media = self.legs.get(&leg).filter(|_| !may_send);
        if let Some(before) = media.and_then(|media| media.agreed.as_ref()) {
            agreed.direction = before.direction;
        }
        self.set_remote(leg, &agreed);
    }
}
