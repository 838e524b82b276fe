//! Offers at agents' phones: dial, ring, answer, decline, ring out, be taken back. Several may ring for one caller; the
//! Distributor says who has won.
//!
//! **Owns**: the agent's leg until it is bridged. **Must not**: choose agents.

use super::phase::{ClosingLeg, Phase, Ringing, Waiting};
use super::{CallMachine, SILENT_PHONE};
use crate::call::control::Who;
use crate::call::port::{IdSource, LegCommand, Offered};
use router::event::{LegQuality, LegRole};
use router::id::{InteractionId, LegId as LogLegId, OfferId};
use router::outcome::OfferOutcome;
use router::{Event, Input, Timestamp};
use sip_gateway::leg::{LegEndCause, LegId};
use sip_gateway::media::port::MediaQuality;

impl CallMachine {
    /// The Distributor chose an agent: ring the phone. An offer that finds the caller elsewhere is given back.
    pub(super) fn offered(&mut self, offered: Offered, now: Timestamp, ids: &mut dyn IdSource) {
        let Phase::Waiting(waiting) = &mut self.phase else {
            return;
        };
        if waiting.entry != offered.entry {
            return;
        }
        let (leg, log_leg) = ids.leg();
        waiting.ringing.push(Ringing {
            offer: offered.offer,
            extension: offered.extension.clone(),
            leg,
            log_leg,
            unlogged: Some(Who::Agent(offered.agent)),
            heard: false,
            rings: false,
            answered: false,
            gone: false,
            silent_at: now + SILENT_PHONE.min(offered.ring_timeout),
            until: now + offered.ring_timeout,
            record: offered.record.unwrap_or(self.setup.record),
        });
        let interaction = self.setup.interaction;
        self.leg(LegCommand::Dial {
            leg,
            extension: offered.extension,
            from_number: self.setup.caller_number.clone(),
            from_name: self.customer_name.clone(),
            headers: vec![
                (
                    "X-Cordboard-Interaction".to_owned(),
                    interaction.to_string(),
                ),
                ("X-Cordboard-Queue".to_owned(), offered.queue_name),
            ],
        });
    }

    /// The INVITE is on its way: now the leg's Call-ID is known, and the log hears of the leg.
    pub(super) fn agent_dialled(&mut self, leg: LegId, sip_call_id: String) {
        let Some(ringing) = self.ringing_at(leg) else {
            return;
        };
        if let Some(who) = ringing.unlogged.take() {
            let log_leg = ringing.log_leg;
            self.log_leg_started(log_leg, who, sip_call_id);
        }
    }

    pub(super) fn log_leg_started(&mut self, leg: LogLegId, who: Who, sip_call_id: String) {
        self.log(Event::LegStarted {
            interaction: self.setup.interaction,
            leg,
            role: LegRole::Agent,
            agent: who.agent(),
            sip_call_id,
        });
    }

    /// A leg that ends before its INVITE was sent is in the log all the same.
    pub(super) fn log_unlogged(&mut self, leg: LogLegId, unlogged: Option<Who>) {
        if let Some(who) = unlogged {
            self.log_leg_started(leg, who, String::new());
        }
    }

    /// The phone is there, and perhaps it rings already.
    pub(super) fn agent_progress(&mut self, leg: LegId, rings: bool) {
        if let Some(ringing) = self.ringing_at(leg) {
            ringing.heard = true;
            ringing.rings |= rings;
        }
    }

    pub(super) fn agent_answered(&mut self, leg: LegId) {
        if let Some(ringing) = self.ringing_at(leg) {
            ringing.heard = true;
            ringing.answered = true;
            let offer = ringing.offer;
            self.distribute(Input::OfferAnswered { offer });
        }
    }

    /// The Distributor took the offer back, or the answer does not count.
    pub(super) fn offer_over(&mut self, offer: OfferId) {
        if let Some(over) = self.take_first(|ringing| ringing.offer == offer) {
            self.close_ringing(&over);
        }
    }

    /// An agent's leg is over, in whatever phase it was.
    pub(super) fn agent_leg_ended(
        &mut self,
        leg: LegId,
        cause: LegEndCause,
        quality: Option<MediaQuality>,
        now: Timestamp,
        ids: &mut dyn IdSource,
    ) {
        if let Some(position) = self.closing.iter().position(|closing| closing.leg == leg) {
            let closed = self.closing.swap_remove(position);
            self.log_unlogged(closed.log_leg, closed.unlogged);
            self.log_leg_ended(closed.log_leg, cause, quality);
        } else if let Some((log_leg, unlogged)) = self.answer_is_gone(leg) {
            self.log_unlogged(log_leg, unlogged);
            self.log_leg_ended(log_leg, cause, quality);
        } else if let Some(ringing) = self.take_first(|ringing| ringing.leg == leg) {
            self.log_unlogged(ringing.log_leg, ringing.unlogged);
            self.log_leg_ended(ringing.log_leg, cause, quality);
            self.offer_failed(ringing, offer_outcome(cause));
        } else if self.talks_with(leg) {
            self.agent_leaves(Some((cause, quality)), now, ids);
        }
    }

    /// Phones that ring out, or say nothing at all.
    pub(super) fn ring_timer(&mut self, now: Timestamp) {
        let is_due = |ringing: &Ringing| ringing.deadline().is_some_and(|at| now >= at);
        while let Some(over) = self.take_first(is_due) {
            let outcome = if over.heard {
                OfferOutcome::NoAnswer
            } else {
                OfferOutcome::Unreachable
            };
            self.close_agent_leg(over.leg, over.log_leg, over.unlogged);
            self.offer_failed(over, outcome);
        }
    }

    /// An unreachable phone is forgotten where it registered from, so that its next REGISTER brings the agent back.
    fn offer_failed(&mut self, ringing: Ringing, outcome: OfferOutcome) {
        self.distribute(Input::OfferFailed {
            offer: ringing.offer,
            outcome,
        });
        if outcome == OfferOutcome::Unreachable {
            self.leg(LegCommand::ForgetDevice {
                extension: ringing.extension,
            });
        }
    }

    pub(super) fn ring_deadline(&self) -> Option<Timestamp> {
        match &self.phase {
            Phase::Waiting(Waiting { ringing, .. }) => {
                ringing.iter().filter_map(Ringing::deadline).min()
            }
            _ => None,
        }
    }

    /// A phone that answered hangs up while the Distributor is being told of the answer. Its word decides: an answer
    /// that counts has taken the caller out of the queue already, so nothing may be reported as failed.
    fn answer_is_gone(&mut self, leg: LegId) -> Option<(LogLegId, Option<Who>)> {
        let ringing = self.ringing_at(leg).filter(|ringing| ringing.answered)?;
        ringing.gone = true;
        Some((ringing.log_leg, ringing.unlogged.take()))
    }

    /// Ends the leg of an offer that is over, if it has not ended by itself.
    pub(super) fn close_ringing(&mut self, over: &Ringing) {
        if !over.gone {
            self.close_agent_leg(over.leg, over.log_leg, over.unlogged);
        }
    }

    /// The caller is served no more: no phone rings on.
    pub(super) fn close_all(&mut self, over: &[Ringing]) {
        for ringing in over {
            self.close_ringing(ringing);
        }
    }

    /// A colleague has the caller: what rings ends, and an answer that comes too late hears nobody. Each phone is told
    /// why, so that it shows no missed call.
    pub(super) fn taken_elsewhere(&mut self, others: &[Ringing]) {
        for other in others.iter().filter(|other| !other.gone) {
            self.leg(LegCommand::TakenElsewhere(other.leg));
            self.closing.push(ClosingLeg {
                leg: other.leg,
                log_leg: other.log_leg,
                unlogged: other.unlogged,
            });
        }
    }

    /// Ends an agent's leg in the way its state needs (CANCEL, BYE; the gateway handles the crossing 200).
    pub(super) fn close_agent_leg(&mut self, leg: LegId, log_leg: LogLegId, unlogged: Option<Who>) {
        self.leg(LegCommand::Hangup(leg));
        self.closing.push(ClosingLeg {
            leg,
            log_leg,
            unlogged,
        });
    }

    pub(super) fn log_leg_ended(
        &mut self,
        leg: LogLegId,
        cause: LegEndCause,
        quality: Option<MediaQuality>,
    ) {
        let interaction = self.setup.interaction;
        self.log(leg_ended(interaction, leg, cause, quality));
    }

    fn ringing_at(&mut self, leg: LegId) -> Option<&mut Ringing> {
        match &mut self.phase {
            Phase::Waiting(Waiting { ringing, .. }) => {
                ringing.iter_mut().find(|ringing| ringing.leg == leg)
            }
            _ => None,
        }
    }

    /// The first phone of these; it counts as ringing no more.
    fn take_first(&mut self, which: impl Fn(&Ringing) -> bool) -> Option<Ringing> {
        let Phase::Waiting(Waiting { ringing, .. }) = &mut self.phase else {
            return None;
        };
        let place = ringing.iter().position(which)?;
        Some(ringing.remove(place))
    }
}

impl Ringing {
    /// When it has rung for long enough, or has been silent for too long; one that answered waits for no time.
    fn deadline(&self) -> Option<Timestamp> {
        let until = if self.heard {
            self.until
        } else {
            self.silent_at.min(self.until)
        };
        (!self.answered).then_some(until)
    }
}

/// What a failed agent's leg means for the offer (routing rules, "no answer", "unreachable").
fn offer_outcome(cause: LegEndCause) -> OfferOutcome {
    match cause {
        LegEndCause::Rejected(486 | 600 | 603 | 300..=399) => OfferOutcome::Declined,
        LegEndCause::Rejected(408 | 487) | LegEndCause::Timeout { silent: false } => {
            OfferOutcome::NoAnswer
        }
        // An answered phone that hangs up before the bridge stands has declined.
        LegEndCause::Bye | LegEndCause::Cancelled => OfferOutcome::Declined,
        LegEndCause::Rejected(_)
        | LegEndCause::Timeout { silent: true }
        | LegEndCause::Unreachable
        | LegEndCause::Local
        | LegEndCause::BadMedia => OfferOutcome::Unreachable,
    }
}

/// A measurement as records keep it: what lies behind the second decimal says nothing.
fn two_decimals(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

/// The log's line about the end of a leg.
pub(in crate::call) fn leg_ended(
    interaction: InteractionId,
    leg: LogLegId,
    cause: LegEndCause,
    quality: Option<MediaQuality>,
) -> Event {
    let quality = quality.map(|q| LegQuality {
        packets_received: q.packets_received,
        packets_sent: q.packets_sent,
        packets_lost: q.packets_lost,
        packets_ignored: q.packets_ignored,
        jitter_ms: two_decimals(q.jitter_ms),
        codec: q.codec,
        burst_ratio: Some(two_decimals(q.burst_ratio)),
        round_trip_ms: q.round_trip_ms.map(two_decimals),
        far_lost: q.far_lost,
        mos: q.mos.map(two_decimals),
    });
    Event::LegEnded {
        interaction,
        leg,
        cause: cause.as_text(),
        quality,
    }
}
