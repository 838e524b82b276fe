//! The way out: whoever ends the call, every leg is ended, every waiting has its outcome, the record its line.
//!
//! **Owns**: the interaction's outcome.

use super::CallMachine;
use super::phase::{Ending, Phase};
use crate::call::port::{IdSource, LegCommand};
use ivr_flows::FlowInput;
use router::distributor::port::LeaveCause;
use router::id::QueueEntryId;
use router::outcome::{EndCause, EntryOutcome, Outcome};
use router::{Event, Input, Timestamp};
use sip_gateway::leg::LegEndCause;
use sip_gateway::media::port::MediaQuality;
use std::time::Duration;

/// How long the Distributor may owe a waiting's outcome before the call's record is closed without it. A machine that
/// stands still for some seconds makes it late and no more.
const OWED: Duration = Duration::from_secs(10);

/// How long legs may take to report their end (a BYE nobody answers takes 64 × T1 = 32 s); after that the call is
/// closed without them, so that nothing leaks.
const LEGS_OVER: Duration = Duration::from_secs(40);

impl CallMachine {
    /// The customer's leg is over.
    pub(super) fn customer_left(
        &mut self,
        cause: LegEndCause,
        quality: Option<MediaQuality>,
        now: Timestamp,
        ids: &mut dyn IdSource,
    ) {
        if std::mem::replace(&mut self.customer.over, true) {
            return;
        }
        self.log_leg_ended(self.customer.log_leg, cause, quality);
        if matches!(self.phase, Phase::Ending(_)) {
            return;
        }
        let end_cause = match cause {
            LegEndCause::Bye | LegEndCause::Cancelled => EndCause::Customer,
            LegEndCause::Timeout { .. } => EndCause::Timeout,
            _ => EndCause::Error,
        };
        if end_cause == EndCause::Error {
            self.history.failed = true;
        }
        // The flow's `hangup` exit runs without audio: tags and settings only (see `flow_output`).
        self.drive_flow(FlowInput::HungUp, now, ids);
        self.leave_phase(end_cause, now);
    }

    /// The answer's line is not on the disk. Whatever was to follow must not happen without it, above all the 200 OK:
    /// the caller is refused (503).
    pub(super) fn journal_failed(&mut self, now: Timestamp) {
        self.outputs.clear();
        self.customer.answered = false;
        self.history.failed = true;
        self.end_from_our_side(EndCause::Error, now);
    }

    /// We end the call: the flow is over, the process goes down, the media died.
    pub(super) fn end_from_our_side(&mut self, cause: EndCause, now: Timestamp) {
        if matches!(self.phase, Phase::Ending(_)) {
            return;
        }
        self.leave_phase(cause, now);
        if !self.customer.over {
            let leg = self.customer.leg;
            if self.customer.answered {
                self.leg(LegCommand::Hangup(leg));
            } else {
                let status = match cause {
                    EndCause::Shutdown | EndCause::Error => 503,
                    _ => self.history.refuse_with.unwrap_or(480),
                };
                self.leg(LegCommand::Reject { leg, status });
            }
        }
    }

    /// Takes the call out of whatever it was doing, and into `Ending`.
    fn leave_phase(&mut self, cause: EndCause, now: Timestamp) {
        let mut owed = None;
        self.message_cut_off(now);
        self.flow_recording_over();
        match std::mem::replace(&mut self.phase, Phase::InFlow) {
            Phase::InFlow | Phase::Ending(_) => {}
            Phase::Waiting(waiting) => {
                self.close_all(&waiting.ringing);
                let cause = if cause == EndCause::Customer {
                    LeaveCause::HungUp
                } else {
                    LeaveCause::Failed
                };
                self.distribute(Input::Leave {
                    entry: waiting.entry,
                    cause,
                });
                owed = Some(waiting.entry);
            }
            Phase::Talking(talking) => self.talk_over(talking, None),
            Phase::Dialled(dialled) => self.dial_cut_off(*dialled),
        }
        self.phase = Phase::Ending(Ending {
            cause,
            owed,
            said: false,
            until: now + OWED,
            legs_until: now + LEGS_OVER,
        });
        if let Some(agent) = self.setup.caller_agent {
            self.distribute(Input::OwnCallEnded { agent });
        }
        if owed.is_none() {
            self.say_ended();
        }
    }

    pub(super) fn owes(&self, entry: QueueEntryId) -> bool {
        matches!(&self.phase, Phase::Ending(Ending { owed: Some(owed), said: false, .. }) if *owed == entry)
    }

    /// Logs `CallEnded`, once.
    pub(super) fn say_ended(&mut self) {
        let Phase::Ending(ending) = &mut self.phase else {
            return;
        };
        if std::mem::replace(&mut ending.said, true) {
            return;
        }
        ending.owed = None;
        let end_cause = ending.cause;
        let outcome = self.outcome();
        self.log(Event::CallEnded {
            interaction: self.setup.interaction,
            outcome,
            end_cause,
        });
    }

    /// A waiting that ended with the call, and of which the Distributor says nothing that would do.
    pub(super) fn waited_in_vain(&mut self) {
        if let Phase::Ending(Ending {
            owed: Some(_),
            cause,
            ..
        }) = &self.phase
        {
            self.history.last_entry = Some(match cause {
                EndCause::Customer => EntryOutcome::Abandoned,
                _ => EntryOutcome::Failed,
            });
        }
    }

    pub(super) fn ending_timer(&mut self, now: Timestamp) {
        let Phase::Ending(ending) = &self.phase else {
            return;
        };
        let (said_due, legs_due) = (now >= ending.until, now >= ending.legs_until);
        if said_due {
            self.waited_in_vain();
            self.say_ended();
        }
        if legs_due {
            self.customer.over = true;
            self.closing.clear();
        }
    }

    pub(super) fn ending_deadline(&self) -> Option<Timestamp> {
        match &self.phase {
            Phase::Ending(ending) if !ending.said => Some(ending.until),
            Phase::Ending(ending) if !self.finished => Some(ending.legs_until),
            _ => None,
        }
    }

    fn outcome(&self) -> Outcome {
        if self.history.connected {
            return Outcome::Answered;
        }
        if self.history.voicemail {
            return Outcome::Voicemail;
        }
        if self.history.failed {
            return Outcome::Failed;
        }
        match self.history.last_entry {
            None => Outcome::SelfServed,
            Some(EntryOutcome::Abandoned) => Outcome::Abandoned,
            Some(EntryOutcome::ShortAbandoned) => Outcome::ShortAbandoned,
            Some(EntryOutcome::Callback) => Outcome::Callback,
            Some(EntryOutcome::KeyExit) => Outcome::SelfServed,
            // Answered without `connected`: the agent was gone before anybody was heard. The box without a message: nobody
            // left any.
            Some(
                EntryOutcome::Answered
                | EntryOutcome::TimedOut
                | EntryOutcome::Refused
                | EntryOutcome::Overflowed
                | EntryOutcome::Voicemail,
            ) => Outcome::Unserved,
            Some(EntryOutcome::Failed) => Outcome::Failed,
        }
    }
}
