//! The machine of one call to a feature code: ask -> answer -> confirm -> end, or an echo until the caller leaves.
//!
//! **Owns**: [`FeatureCode`] and what such a call does next. PURE: no clock, task, socket or randomness. **Must not
//! know**: which states an agent may enter (the Distributor says). Its agent is not on a call by it.

#[cfg(test)]
mod tests;

use crate::call::phone_call::tones::Confirmation;
use crate::call::phone_call::{PhoneAnswer, PhoneAsk, PhoneMachine, PhoneOutput};
use crate::call::port::CallInput;
use router::Timestamp;
use router::agent::{Reason, Wanted};
use router::id::AgentId;
use sip_gateway::leg::{LegEvent, LegId, PlayId};
use std::collections::VecDeque;
use std::time::Duration;

/// How long the Distributor's task may take to answer.
const ASKED: Duration = Duration::from_secs(2);
/// How long the phone may take to acknowledge our answer; the gateway gives up after 64 × T1 = 32 s.
const CONFIRMED: Duration = Duration::from_secs(40);
/// How long the confirmation may take: it lasts less than a second.
const PLAYED: Duration = Duration::from_secs(5);
/// How long an echo lasts at most, so that a forgotten receiver does not hold a line for ever.
const ECHO: Duration = Duration::from_secs(5 * 60);
/// How long the leg may take to report its end.
const LEG_OVER: Duration = Duration::from_secs(40);

const OUR_FAULT: u16 = 503;
/// The only playing of such a call.
const CONFIRMATION: PlayId = PlayId(1);

/// What an agent's phone may dial beside numbers and extensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FeatureCode {
    /// `*60`
    Available,
    /// `*61`
    NotReady,
    /// `*62`
    EndWrapUp,
    /// `*43`
    Echo,
}

impl FeatureCode {
    /// From the dialled user part, percent-decoded.
    #[must_use]
    pub fn from_dialled(user: &str) -> Option<Self> {
        match user {
            "*60" => Some(Self::Available),
            "*61" => Some(Self::NotReady),
            "*62" => Some(Self::EndWrapUp),
            "*43" => Some(Self::Echo),
            _ => None,
        }
    }

    /// What is asked in the agent's name; none when nothing is.
    fn ask(self, agent: AgentId) -> Option<PhoneAsk> {
        let wanted = match self {
            Self::Available => Wanted::Available,
            // No reason given: the word that the API uses then.
            Self::NotReady => Wanted::NotReady {
                reason: Reason::Company("unspecified".to_owned()),
            },
            Self::EndWrapUp => return Some(PhoneAsk::EndWrapUp { agent }),
            Self::Echo => return None,
        };
        Some(PhoneAsk::SetState { agent, wanted })
    }
}

/// One call to a feature code.
#[derive(Debug)]
pub struct ServiceCall {
    code: FeatureCode,
    agent: AgentId,
    leg: LegId,
    phase: Phase,
    outputs: VecDeque<PhoneOutput>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Asking {
        until: Timestamp,
    },
    /// Our 200 is on its way; what comes back first is the ACK.
    Answering {
        tone: Confirmation,
        until: Timestamp,
    },
    Confirming {
        until: Timestamp,
    },
    Echoing {
        until: Timestamp,
    },
    Ending {
        until: Timestamp,
    },
    Over,
}

impl ServiceCall {
    /// A call whose INVITE arrived at `now`. Feed it [`CallInput::Begin`] first.
    #[must_use]
    pub fn new(code: FeatureCode, agent: AgentId, leg: LegId, now: Timestamp) -> Self {
        Self {
            code,
            agent,
            leg,
            phase: Phase::Asking { until: now + ASKED },
            outputs: VecDeque::new(),
        }
    }

    fn begin(&mut self, now: Timestamp) {
        match self.code.ask(self.agent) {
            Some(ask) => self.say(PhoneOutput::Ask(ask)),
            None => self.answer(Confirmation::Yes, now),
        }
    }

    fn answered(&mut self, answer: PhoneAnswer, now: Timestamp) {
        if !matches!(self.phase, Phase::Asking { .. }) {
            return;
        }
        let tone = match answer {
            PhoneAnswer::Done => Confirmation::Yes,
            PhoneAnswer::NothingChanged | PhoneAnswer::Busy | PhoneAnswer::Unreachable => {
                Confirmation::No
            }
        };
        self.answer(tone, now);
    }

    fn answer(&mut self, tone: Confirmation, now: Timestamp) {
        self.phase = Phase::Answering {
            tone,
            until: now + CONFIRMED,
        };
        self.say(PhoneOutput::Answer(self.leg));
    }

    fn event(&mut self, event: &LegEvent, now: Timestamp) {
        match (event, self.phase) {
            (LegEvent::Ended { .. }, _) => self.phase = Phase::Over,
            (LegEvent::Confirmed, Phase::Answering { tone, .. }) => {
                self.phase = Phase::Confirming {
                    until: now + PLAYED,
                };
                self.say(PhoneOutput::Play {
                    leg: self.leg,
                    play: CONFIRMATION,
                    tone,
                });
            }
            (LegEvent::PlayEnded { .. }, Phase::Confirming { .. }) => self.confirmed(now),
            (LegEvent::MediaLost, Phase::Echoing { .. }) => self.end(now),
            _ => {}
        }
    }

    fn confirmed(&mut self, now: Timestamp) {
        if self.code != FeatureCode::Echo {
            return self.end(now);
        }
        self.phase = Phase::Echoing { until: now + ECHO };
        self.say(PhoneOutput::Bridge {
            a: self.leg,
            b: self.leg,
        });
    }

    fn end(&mut self, now: Timestamp) {
        let leg = self.leg;
        match self.phase {
            Phase::Ending { .. } | Phase::Over => return,
            Phase::Asking { .. } => self.say(PhoneOutput::Reject {
                leg,
                status: OUR_FAULT,
            }),
            Phase::Answering { .. } | Phase::Confirming { .. } | Phase::Echoing { .. } => {
                self.say(PhoneOutput::Hangup(leg));
            }
        }
        self.phase = Phase::Ending {
            until: now + LEG_OVER,
        };
    }

    fn tick(&mut self, now: Timestamp) {
        if self.next_deadline().is_none_or(|due| now < due) {
            return;
        }
        if matches!(self.phase, Phase::Ending { .. }) {
            self.phase = Phase::Over;
        } else {
            self.end(now);
        }
    }

    fn say(&mut self, output: PhoneOutput) {
        self.outputs.push_back(output);
    }
}

impl PhoneMachine for ServiceCall {
    fn handle(&mut self, input: CallInput, now: Timestamp) {
        match input {
            CallInput::Begin => self.begin(now),
            CallInput::PhoneAnswered(answer) => self.answered(answer, now),
            CallInput::Leg { leg, event } if leg == self.leg => self.event(&event, now),
            CallInput::Shutdown => self.end(now),
            CallInput::Tick => self.tick(now),
            _ => {}
        }
    }

    fn poll_output(&mut self) -> Option<PhoneOutput> {
        self.outputs.pop_front()
    }

    fn next_deadline(&self) -> Option<Timestamp> {
        match self.phase {
            Phase::Asking { until }
            | Phase::Answering { until, .. }
            | Phase::Confirming { until }
            | Phase::Echoing { until }
            | Phase::Ending { until } => Some(until),
            Phase::Over => None,
        }
    }

    fn is_finished(&self) -> bool {
        self.phase == Phase::Over && self.outputs.is_empty()
    }
}
