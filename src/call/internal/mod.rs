//! The machine of one call between two agents: ask -> ring -> talk -> end.
//!
//! **Owns**: what such a call does next. PURE: no clock, task, socket or randomness. **Must not know**: who is free
//! (the Distributor's task says), flows, the record. It is no interaction: nobody's request for service is in it.

#[cfg(test)]
mod tests;

use crate::call::phone_call::{PhoneAnswer, PhoneAsk, PhoneMachine, PhoneOutput};
use crate::call::port::CallInput;
use router::id::AgentId;
use router::{Private, Timestamp};
use sip_gateway::leg::{LegEndCause, LegEvent, LegId};
use std::collections::VecDeque;
use std::time::Duration;

/// How long the Distributor's task may take to say whether the agent may be rung.
const ASKED: Duration = Duration::from_secs(2);
/// How long the called phone rings.
const RING: Duration = Duration::from_secs(30);
/// A phone that has sent no provisional answer for this long counts as unreachable.
const SILENT_PHONE: Duration = Duration::from_secs(5);
/// How long legs may take to report their end (a BYE nobody answers takes 64 × T1 = 32 s).
const LEGS_OVER: Duration = Duration::from_secs(40);

const RINGING: u16 = 180;
const BUSY_HERE: u16 = 486;
const UNAVAILABLE: u16 = 480;
const OUR_FAULT: u16 = 503;

/// Everything a call between agents is born with.
#[derive(Clone, Debug)]
pub struct InternalSetup {
    /// The calling agent.
    pub caller: AgentId,
    /// The calling phone's leg.
    pub caller_leg: LegId,
    /// The calling phone, as the called one shows it.
    pub caller_extension: String,
    /// The calling agent's name.
    pub caller_name: Private<String>,
    /// The called agent.
    pub called: AgentId,
    /// The leg that the called phone will have.
    pub called_leg: LegId,
    /// The called phone.
    pub called_extension: String,
}

/// One call between agents.
#[derive(Debug)]
pub struct InternalCall {
    setup: InternalSetup,
    phase: Phase,
    caller: Leg,
    called: Leg,
    outputs: VecDeque<PhoneOutput>,
}

/// How far a leg has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Leg {
    /// Not dialled.
    None,
    /// Neither answered nor over.
    Early,
    Answered,
    Over,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Asking {
        until: Timestamp,
    },
    Ringing {
        /// The phone has said something.
        heard: bool,
        /// The caller has been told that it rings.
        told: bool,
        /// The caller hears the called phone's side already.
        early: bool,
        silent_at: Timestamp,
        until: Timestamp,
    },
    Talking,
    Ending {
        until: Timestamp,
    },
}

impl InternalCall {
    /// A call whose INVITE arrived at `now`. Feed it [`CallInput::Begin`] first.
    #[must_use]
    pub fn new(setup: InternalSetup, now: Timestamp) -> Self {
        Self {
            setup,
            phase: Phase::Asking { until: now + ASKED },
            caller: Leg::Early,
            called: Leg::None,
            outputs: VecDeque::new(),
        }
    }

    /// Who calls and who is called, for checks.
    #[must_use]
    pub const fn agents(&self) -> [AgentId; 2] {
        [self.setup.caller, self.setup.called]
    }

    fn ask(&mut self) {
        let ask = PhoneAsk::CallAgent {
            caller: self.setup.caller,
            called: self.setup.called,
        };
        self.say(PhoneOutput::Ask(ask));
    }

    fn answered(&mut self, answer: PhoneAnswer, now: Timestamp) {
        if !matches!(self.phase, Phase::Asking { .. }) {
            return;
        }
        match answer {
            PhoneAnswer::Done => self.dial(now),
            PhoneAnswer::Busy => self.end(BUSY_HERE, now),
            PhoneAnswer::Unreachable | PhoneAnswer::NothingChanged => self.end(UNAVAILABLE, now),
        }
    }

    fn dial(&mut self, now: Timestamp) {
        self.called = Leg::Early;
        self.phase = Phase::Ringing {
            heard: false,
            told: false,
            early: false,
            silent_at: now + SILENT_PHONE,
            until: now + RING,
        };
        self.say(PhoneOutput::Dial {
            leg: self.setup.called_leg,
            extension: self.setup.called_extension.clone(),
            from_extension: self.setup.caller_extension.clone(),
            from_name: self.setup.caller_name.clone(),
        });
    }

    fn caller_event(&mut self, event: &LegEvent, now: Timestamp) {
        match event {
            LegEvent::Ended { .. } => {
                self.caller = Leg::Over;
                self.end(UNAVAILABLE, now);
            }
            LegEvent::MediaLost => self.media_lost(now),
            _ => {}
        }
    }

    /// Before the answer a phone need not send anything.
    fn media_lost(&mut self, now: Timestamp) {
        if self.phase == Phase::Talking {
            self.end(UNAVAILABLE, now);
        }
    }

    fn called_event(&mut self, event: &LegEvent, now: Timestamp) {
        match event {
            LegEvent::EarlyMedia => self.early_media(),
            LegEvent::Progress { status } => self.progress(*status),
            LegEvent::Answered => self.talk(),
            LegEvent::MediaLost => self.media_lost(now),
            LegEvent::Ended { cause, .. } => {
                self.called = Leg::Over;
                self.called_gone(*cause, now);
            }
            _ => {}
        }
    }

    fn progress(&mut self, status: u16) {
        let Phase::Ringing {
            heard, told, early, ..
        } = &mut self.phase
        else {
            return;
        };
        *heard = true;
        let (leg, news) = (self.setup.caller_leg, !*told);
        *told |= status > 100;
        if *early && status == RINGING {
            self.say(PhoneOutput::Ringback(leg));
        } else if news && status > 100 {
            self.say(PhoneOutput::Ring(leg));
        }
    }

    /// The called side can be heard. Until it is, we ring: a phone that got 183 with media makes no tone of its own.
    fn early_media(&mut self) {
        if let Phase::Ringing {
            heard, told, early, ..
        } = &mut self.phase
        {
            (*heard, *told, *early) = (true, true, true);
            let (a, b) = (self.setup.caller_leg, self.setup.called_leg);
            self.say(PhoneOutput::EarlyMedia(a));
            self.say(PhoneOutput::Bridge { a, b });
            self.say(PhoneOutput::Ringback(a));
        }
    }

    fn talk(&mut self) {
        if !matches!(self.phase, Phase::Ringing { .. }) {
            return;
        }
        let (a, b) = (self.setup.caller_leg, self.setup.called_leg);
        self.phase = Phase::Talking;
        self.caller = Leg::Answered;
        self.called = Leg::Answered;
        self.say(PhoneOutput::Answer(a));
        self.say(PhoneOutput::Bridge { a, b });
    }

    fn called_gone(&mut self, cause: LegEndCause, now: Timestamp) {
        let ringing = matches!(self.phase, Phase::Ringing { .. });
        let unreachable = matches!(
            cause,
            LegEndCause::Unreachable | LegEndCause::Timeout { silent: true }
        );
        if ringing && unreachable {
            self.forget();
        }
        let status = match cause {
            LegEndCause::Rejected(486 | 600 | 603) => BUSY_HERE,
            _ => UNAVAILABLE,
        };
        self.end(status, now);
    }

    /// An unreachable phone is forgotten where it registered from, so that its next REGISTER brings the agent back.
    fn forget(&mut self) {
        let extension = self.setup.called_extension.clone();
        self.say(PhoneOutput::ForgetDevice { extension });
    }

    fn tick(&mut self, now: Timestamp) {
        match self.phase {
            Phase::Asking { until } if now >= until => self.end(OUR_FAULT, now),
            Phase::Ringing {
                heard: false,
                silent_at,
                ..
            } if now >= silent_at => {
                self.forget();
                self.end(UNAVAILABLE, now);
            }
            Phase::Ringing { until, .. } if now >= until => self.end(UNAVAILABLE, now),
            Phase::Ending { until } if now >= until => {
                self.caller = Leg::Over;
                self.called = Leg::Over;
            }
            _ => {}
        }
    }

    /// Ends whatever is left, once. `status` is for a caller who has no answer yet. Both agents are released even
    /// while the Distributor's task still owes its word: it hears this after the question.
    fn end(&mut self, status: u16, now: Timestamp) {
        if matches!(self.phase, Phase::Ending { .. }) {
            return;
        }
        self.phase = Phase::Ending {
            until: now + LEGS_OVER,
        };
        let leg = self.setup.caller_leg;
        match self.caller {
            Leg::Early => self.say(PhoneOutput::Reject { leg, status }),
            Leg::Answered => self.say(PhoneOutput::Hangup(leg)),
            Leg::None | Leg::Over => {}
        }
        if matches!(self.called, Leg::Early | Leg::Answered) {
            self.say(PhoneOutput::Hangup(self.setup.called_leg));
        }
        for agent in [self.setup.caller, self.setup.called] {
            self.say(PhoneOutput::Ask(PhoneAsk::Release { agent }));
        }
    }

    fn say(&mut self, output: PhoneOutput) {
        self.outputs.push_back(output);
    }
}

impl PhoneMachine for InternalCall {
    fn handle(&mut self, input: CallInput, now: Timestamp) {
        match input {
            CallInput::Begin => self.ask(),
            CallInput::PhoneAnswered(answer) => self.answered(answer, now),
            CallInput::Leg { leg, event } if leg == self.setup.caller_leg => {
                self.caller_event(&event, now);
            }
            CallInput::Leg { leg, event } if leg == self.setup.called_leg => {
                self.called_event(&event, now);
            }
            CallInput::Shutdown => self.end(OUR_FAULT, now),
            CallInput::Tick => self.tick(now),
            _ => {}
        }
    }

    fn poll_output(&mut self) -> Option<PhoneOutput> {
        self.outputs.pop_front()
    }

    fn next_deadline(&self) -> Option<Timestamp> {
        match self.phase {
            Phase::Asking { until } | Phase::Ending { until } => Some(until),
            Phase::Ringing {
                heard: false,
                silent_at,
                until,
                ..
            } => Some(silent_at.min(until)),
            Phase::Ringing { until, .. } => Some(until),
            Phase::Talking => None,
        }
    }

    fn is_finished(&self) -> bool {
        matches!(self.phase, Phase::Ending { .. })
            && self.caller == Leg::Over
            && matches!(self.called, Leg::None | Leg::Over)
            && self.outputs.is_empty()
    }
}
