//! The machine of an agent's call to the outside: ask -> dial -> ring -> talk -> end. It is an interaction, recorded as
//! one that came in: left = customer, right = agent.
//!
//! **Owns**: what such a call does next, its lines in the log. PURE: no clock, task, socket or randomness. **Must not
//! know**: which numbers may be called (the registry has asked the company), SIP, flows.

#[cfg(test)]
mod tests;

use crate::call::machine::ringing::leg_ended;
use crate::call::phone_call::{PhoneAnswer, PhoneAsk, PhoneMachine, PhoneOutput};
use crate::call::port::CallInput;
use router::event::{LegRole, PersonalData};
use router::id::{AgentId, InteractionId, LegId as LogLegId};
use router::outcome::{EndCause, Outcome};
use router::{Event, PhoneNumber, Private, Timestamp};
use sip_gateway::leg::{Credentials, LegEndCause, LegEvent, LegId};
use std::collections::VecDeque;
use std::time::Duration;

/// How long the Distributor's task may take to say that the agent is busy now.
const ASKED: Duration = Duration::from_secs(2);
/// How long the called party may ring.
const RING: Duration = Duration::from_secs(90);
/// How long legs may take to report their end (a BYE nobody answers takes 64 × T1 = 32 s).
const LEGS_OVER: Duration = Duration::from_secs(40);

const RINGING: u16 = 180;
const BUSY_HERE: u16 = 486;
const NOT_FOUND: u16 = 404;
const UNAVAILABLE: u16 = 480;
const OUR_FAULT: u16 = 503;

/// A leg as the gateway and the log name it.
#[derive(Clone, Copy, Debug)]
pub struct LegNames {
    /// At the gateway.
    pub leg: LegId,
    /// In the log.
    pub log_leg: LogLegId,
}

/// Everything a call to the outside is born with.
#[derive(Clone, Debug)]
pub struct OutboundSetup {
    /// The interaction it is.
    pub interaction: InteractionId,
    /// Who calls.
    pub agent: AgentId,
    /// The calling phone's leg.
    pub phone: LegNames,
    /// The calling phone's Call-ID.
    pub phone_call_id: String,
    /// The leg that the called party will have.
    pub party: LegNames,
    /// The trunk, by name.
    pub trunk: String,
    /// Where the INVITE goes.
    pub uri: Private<String>,
    /// Whom.
    pub number: PhoneNumber,
    /// What the called party is shown.
    pub caller_id: PhoneNumber,
    /// For the carrier's challenge.
    pub credentials: Option<Credentials>,
    /// Whether the talk is recorded.
    pub record: bool,
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
        /// The phone has been told that it rings.
        told: bool,
        /// It hears the party's side already.
        early: bool,
        until: Timestamp,
    },
    Talking,
    Ending {
        until: Timestamp,
    },
}

/// How the call ended, as the record has it.
#[derive(Clone, Copy, Debug)]
struct End {
    outcome: Outcome,
    cause: EndCause,
    /// The tag `outbound_result`, for calls that were not answered.
    result: Option<&'static str>,
    /// For a phone that has no answer yet.
    status: u16,
}

/// One call to the outside.
#[derive(Debug)]
pub struct OutboundCall {
    setup: OutboundSetup,
    phase: Phase,
    phone: Leg,
    party: Leg,
    /// The log has heard of the call, and of the party's leg.
    logged: bool,
    party_logged: bool,
    outputs: VecDeque<PhoneOutput>,
}

impl OutboundCall {
    /// A call whose INVITE arrived at `now`. Feed it [`CallInput::Begin`] first.
    #[must_use]
    pub fn new(setup: OutboundSetup, now: Timestamp) -> Self {
        Self {
            setup,
            phase: Phase::Asking { until: now + ASKED },
            phone: Leg::Early,
            party: Leg::None,
            logged: false,
            party_logged: false,
            outputs: VecDeque::new(),
        }
    }

    fn begin(&mut self) {
        let agent = self.setup.agent;
        self.say(PhoneOutput::Ask(PhoneAsk::CallOut { agent }));
    }

    /// The agent is busy for everybody else: the interaction begins.
    fn dial(&mut self, now: Timestamp) {
        if !matches!(self.phase, Phase::Asking { .. }) {
            return;
        }
        let setup = self.setup.clone();
        self.logged = true;
        self.say(PhoneOutput::Log {
            event: Event::CallArrived {
                interaction: setup.interaction,
                leg: setup.party.log_leg,
                trunk: Some(setup.trunk),
                flow: "outbound".to_owned(),
                flow_version: String::new(),
            },
            personal: Some(PersonalData {
                dialed_number: Some(setup.number),
                ..PersonalData::default()
            }),
        });
        self.tag("direction", "outbound");
        self.log(Event::LegStarted {
            interaction: setup.interaction,
            leg: setup.phone.log_leg,
            role: LegRole::Agent,
            agent: Some(setup.agent),
            sip_call_id: setup.phone_call_id,
        });
        self.party = Leg::Early;
        self.phase = Phase::Ringing {
            told: false,
            early: false,
            until: now + RING,
        };
        self.say(PhoneOutput::DialOut {
            leg: setup.party.leg,
            uri: setup.uri,
            caller_id: setup.caller_id,
            credentials: setup.credentials,
        });
    }

    fn phone_event(&mut self, event: LegEvent, now: Timestamp) {
        match event {
            LegEvent::Ended { cause, quality } => {
                let was = std::mem::replace(&mut self.phone, Leg::Over);
                if self.logged && was != Leg::Over {
                    let leg = self.setup.phone.log_leg;
                    self.log(leg_ended(self.setup.interaction, leg, cause, quality));
                }
                let end = match self.phase {
                    Phase::Talking => talked(EndCause::Agent),
                    _ => End {
                        outcome: Outcome::Abandoned,
                        cause: EndCause::Agent,
                        result: Some("given_up"),
                        status: UNAVAILABLE,
                    },
                };
                self.end(end, now);
            }
            LegEvent::MediaLost => self.media_lost(now),
            _ => {}
        }
    }

    fn party_event(&mut self, event: LegEvent, now: Timestamp) {
        match event {
            LegEvent::Dialled { sip_call_id } => self.party_dialled(sip_call_id),
            LegEvent::EarlyMedia => self.early_media(),
            LegEvent::Progress { status } => self.progress(status),
            LegEvent::Answered => self.talk(),
            LegEvent::MediaLost => self.media_lost(now),
            LegEvent::Ended { cause, quality } => {
                self.party = Leg::Over;
                self.party_dialled(String::new());
                let leg = self.setup.party.log_leg;
                self.log(leg_ended(self.setup.interaction, leg, cause, quality));
                let end = match self.phase {
                    Phase::Talking => talked(EndCause::Customer),
                    _ => refused(cause),
                };
                self.end(end, now);
            }
            _ => {}
        }
    }

    /// A leg that ends before its INVITE was sent is in the log all the same.
    fn party_dialled(&mut self, sip_call_id: String) {
        if std::mem::replace(&mut self.party_logged, true) {
            return;
        }
        self.log(Event::LegStarted {
            interaction: self.setup.interaction,
            leg: self.setup.party.log_leg,
            role: LegRole::Customer,
            agent: None,
            sip_call_id,
        });
    }

    fn progress(&mut self, status: u16) {
        let Phase::Ringing { told, early, .. } = &mut self.phase else {
            return;
        };
        let (leg, news) = (self.setup.phone.leg, !*told);
        *told |= status > 100;
        if *early && status == RINGING {
            self.say(PhoneOutput::Ringback(leg));
        } else if news && status > 100 {
            self.say(PhoneOutput::Ring(leg));
        }
    }

    /// The carrier can be heard. Until it is, we ring: a phone that got 183 with media makes no tone of its own.
    fn early_media(&mut self) {
        if let Phase::Ringing { told, early, .. } = &mut self.phase {
            (*told, *early) = (true, true);
            let (a, b) = (self.setup.party.leg, self.setup.phone.leg);
            self.say(PhoneOutput::EarlyMedia(b));
            self.say(PhoneOutput::Bridge { a, b });
            self.say(PhoneOutput::Ringback(b));
        }
    }

    fn talk(&mut self) {
        if !matches!(self.phase, Phase::Ringing { .. }) {
            return;
        }
        let (interaction, agent) = (self.setup.interaction, self.setup.agent);
        let (phone, party) = (self.setup.phone, self.setup.party);
        self.phase = Phase::Talking;
        (self.phone, self.party) = (Leg::Answered, Leg::Answered);
        self.say(PhoneOutput::LogSynced(Event::CallAnswered { interaction }));
        self.say(PhoneOutput::Answer(phone.leg));
        self.say(PhoneOutput::Bridge {
            a: party.leg,
            b: phone.leg,
        });
        if self.setup.record {
            self.say(PhoneOutput::StartRecording {
                customer: party.leg,
                agent: phone.leg,
            });
        }
        self.log(Event::Connected {
            interaction,
            agent,
            leg: phone.log_leg,
        });
    }

    fn media_lost(&mut self, now: Timestamp) {
        if self.phase == Phase::Talking {
            self.end(talked(EndCause::MediaLost), now);
        }
    }

    /// The answer's line is not on the disk, so our 200 did not leave: the phone is refused.
    fn journal_failed(&mut self, now: Timestamp) {
        if self.phone == Leg::Answered {
            self.phone = Leg::Early;
        }
        self.end(our_fault(EndCause::Error), now);
    }

    fn tick(&mut self, now: Timestamp) {
        match self.phase {
            Phase::Asking { until } if now >= until => self.end(our_fault(EndCause::Error), now),
            Phase::Ringing { until, .. } if now >= until => {
                let cause = LegEndCause::Timeout { silent: false };
                self.end(refused(cause), now);
            }
            Phase::Ending { until } if now >= until => {
                (self.phone, self.party) = (Leg::Over, Leg::Over);
            }
            _ => {}
        }
    }

    /// Ends whatever is left, once.
    fn end(&mut self, end: End, now: Timestamp) {
        let talked = match self.phase {
            Phase::Ending { .. } => return,
            Phase::Talking => true,
            _ => false,
        };
        self.phase = Phase::Ending {
            until: now + LEGS_OVER,
        };
        if talked && self.setup.record {
            self.say(PhoneOutput::StopRecording);
        }
        let leg = self.setup.phone.leg;
        match self.phone {
            Leg::Early => self.say(PhoneOutput::Reject {
                leg,
                status: end.status,
            }),
            Leg::Answered => self.say(PhoneOutput::Hangup(leg)),
            Leg::None | Leg::Over => {}
        }
        if matches!(self.party, Leg::Early | Leg::Answered) {
            self.say(PhoneOutput::Hangup(self.setup.party.leg));
        }
        if self.logged {
            if let Some(result) = end.result {
                self.tag("outbound_result", result);
            }
            self.log(Event::CallEnded {
                interaction: self.setup.interaction,
                outcome: end.outcome,
                end_cause: end.cause,
            });
        }
        let agent = self.setup.agent;
        self.say(PhoneOutput::Ask(PhoneAsk::Release { agent }));
    }

    fn tag(&mut self, key: &str, value: &str) {
        self.log(Event::Tagged {
            interaction: self.setup.interaction,
            key: key.to_owned(),
            value: value.to_owned(),
        });
    }

    fn log(&mut self, event: Event) {
        self.say(PhoneOutput::Log {
            event,
            personal: None,
        });
    }

    fn say(&mut self, output: PhoneOutput) {
        self.outputs.push_back(output);
    }
}

/// Both were heard.
const fn talked(cause: EndCause) -> End {
    End {
        outcome: Outcome::Answered,
        cause,
        result: None,
        status: OUR_FAULT,
    }
}

const fn our_fault(cause: EndCause) -> End {
    End {
        outcome: Outcome::Failed,
        cause,
        result: Some("our_fault"),
        status: OUR_FAULT,
    }
}

/// What the carrier's refusal means for the record and for the agent's phone.
const fn refused(cause: LegEndCause) -> End {
    let (outcome, end_cause, result, status) = match cause {
        LegEndCause::Rejected(486 | 600) => {
            (Outcome::Rejected, EndCause::Customer, "busy", BUSY_HERE)
        }
        LegEndCause::Rejected(603) => {
            (Outcome::Rejected, EndCause::Customer, "declined", BUSY_HERE)
        }
        LegEndCause::Rejected(404 | 410 | 484 | 604) => (
            Outcome::Rejected,
            EndCause::Customer,
            "no_such_number",
            NOT_FOUND,
        ),
        LegEndCause::Rejected(408 | 480 | 487) | LegEndCause::Timeout { silent: false } => (
            Outcome::Unserved,
            EndCause::Timeout,
            "no_answer",
            UNAVAILABLE,
        ),
        LegEndCause::Rejected(401 | 403 | 407) => (
            Outcome::Failed,
            EndCause::Error,
            "refused_by_carrier",
            OUR_FAULT,
        ),
        LegEndCause::Unreachable | LegEndCause::Timeout { silent: true } => (
            Outcome::Failed,
            EndCause::Error,
            "carrier_unreachable",
            OUR_FAULT,
        ),
        _ => (
            Outcome::Failed,
            EndCause::Error,
            "carrier_failed",
            OUR_FAULT,
        ),
    };
    End {
        outcome,
        cause: end_cause,
        result: Some(result),
        status,
    }
}

impl PhoneMachine for OutboundCall {
    fn handle(&mut self, input: CallInput, now: Timestamp) {
        match input {
            CallInput::Begin => self.begin(),
            CallInput::PhoneAnswered(PhoneAnswer::Done) => self.dial(now),
            CallInput::PhoneAnswered(_) => self.end(our_fault(EndCause::Error), now),
            CallInput::Leg { leg, event } if leg == self.setup.phone.leg => {
                self.phone_event(event, now);
            }
            CallInput::Leg { leg, event } if leg == self.setup.party.leg => {
                self.party_event(event, now);
            }
            CallInput::JournalFailed => self.journal_failed(now),
            CallInput::Shutdown if self.phase == Phase::Talking => {
                self.end(talked(EndCause::Shutdown), now);
            }
            CallInput::Shutdown => self.end(our_fault(EndCause::Shutdown), now),
            CallInput::Tick => self.tick(now),
            _ => {}
        }
    }

    fn poll_output(&mut self) -> Option<PhoneOutput> {
        self.outputs.pop_front()
    }

    fn next_deadline(&self) -> Option<Timestamp> {
        match self.phase {
            Phase::Asking { until } | Phase::Ringing { until, .. } | Phase::Ending { until } => {
                Some(until)
            }
            Phase::Talking => None,
        }
    }

    fn is_finished(&self) -> bool {
        matches!(self.phase, Phase::Ending { .. })
            && self.phone == Leg::Over
            && matches!(self.party, Leg::None | Leg::Over)
            && self.outputs.is_empty()
    }
}
