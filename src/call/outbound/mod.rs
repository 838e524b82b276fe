//! The machine of an agent's call to the outside: ask -> dial -> ring -> talk -> end. It is an interaction, recorded as
//! one that came in: left = customer, right = agent.
//!
//! **Owns**: what such a call does next, its lines in the log. PURE: no clock, task, socket or randomness. **Must not
//! know**: which numbers may be called (the registry has asked the company), SIP, flows.

mod ends;
mod setup;
#[cfg(test)]
mod tests;

pub use setup::{LegNames, NoWay, OutboundSetup, Way};

use crate::call::machine::ringing::leg_ended;
use crate::call::phone_call::{PhoneAnswer, PhoneAsk, PhoneMachine, PhoneOutput};
use crate::call::port::CallInput;
use ends::{End, given_up, is_of_the_trunk, no_way, our_fault, refused, talked};
use router::event::{Direction, LegRole, PersonalData};
use router::outcome::EndCause;
use router::{Event, Timestamp};
use sip_gateway::leg::{LegEndCause, LegEvent, LegId};
use std::collections::VecDeque;
use std::time::Duration;

/// How long the Distributor's task may take to say that the agent is busy now.
const ASKED: Duration = Duration::from_secs(2);
/// How long a trunk may say nothing at all, not even 100: by then the INVITE was sent four times.
const SILENT: Duration = Duration::from_secs(4);
/// How long the called party may ring.
const RING: Duration = Duration::from_secs(90);
/// How long legs may take to report their end (a BYE nobody answers takes 64 × T1 = 32 s).
const LEGS_OVER: Duration = Duration::from_secs(40);

const RINGING: u16 = 180;

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
    /// Nothing is in the log yet, so nothing may be said of it.
    New,
    Asking {
        until: Timestamp,
    },
    Ringing {
        /// The trunk has said anything at all.
        heard: bool,
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

/// One call to the outside.
#[derive(Debug)]
pub struct OutboundCall {
    setup: OutboundSetup,
    /// The trunks that were not tried yet, the next one last, and the one that is.
    ways: Vec<Way>,
    way: Option<Way>,
    /// Legs at trunks that said nothing; they end on their own.
    given_up: Vec<LegNames>,
    phase: Phase,
    phone: Leg,
    party: Leg,
    /// The log has heard of the party's leg.
    party_logged: bool,
    outputs: VecDeque<PhoneOutput>,
}

impl OutboundCall {
    /// A call whose INVITE arrived. Feed it [`CallInput::Begin`] first: until then no time runs.
    #[must_use]
    pub fn new(setup: OutboundSetup) -> Self {
        Self {
            setup,
            ways: Vec::new(),
            way: None,
            given_up: Vec::new(),
            phase: Phase::New,
            phone: Leg::Early,
            party: Leg::None,
            party_logged: false,
            outputs: VecDeque::new(),
        }
    }

    /// The interaction begins, in the log before anything is said of its agent.
    fn begin(&mut self, now: Timestamp) {
        self.phase = Phase::Asking { until: now + ASKED };
        let setup = self.setup.clone();
        let first = setup.ways.as_ref().ok().and_then(|ways| ways.first());
        let shown = first.map_or(&setup.extension, |way| &way.caller_id);
        self.say(PhoneOutput::Log {
            event: Event::CallArrived {
                interaction: setup.interaction,
                leg: setup.phone.log_leg,
                trunk: first.map(|way| way.trunk.clone()),
                flow: "outbound".to_owned(),
                flow_version: String::new(),
                direction: Direction::Outbound,
                agent: Some(setup.agent),
            },
            personal: Some(PersonalData {
                caller_number: Some(shown.clone()),
                dialed_number: Some(setup.number),
                new_customer: setup.new_customer,
                ..PersonalData::default()
            }),
        });
        self.tag("direction", Direction::Outbound.as_str());
        self.log(Event::LegStarted {
            interaction: setup.interaction,
            leg: setup.phone.log_leg,
            role: LegRole::Agent,
            agent: Some(setup.agent),
            sip_call_id: setup.phone_call_id,
        });
        match setup.ways {
            Ok(ways) => {
                self.ways = ways;
                self.ways.reverse();
                let agent = setup.agent;
                self.say(PhoneOutput::Ask(PhoneAsk::CallOut { agent }));
            }
            Err(why) => self.end(no_way(why), now),
        }
    }

    /// The agent is busy for everybody else.
    fn dial(&mut self, now: Timestamp) {
        if !matches!(self.phase, Phase::Asking { .. }) {
            return;
        }
        if let Some(way) = self.ways.pop() {
            self.go(way, now);
        } else {
            self.end(our_fault(EndCause::Error), now);
        }
    }

    /// Tries a trunk.
    fn go(&mut self, way: Way, now: Timestamp) {
        self.party = Leg::Early;
        self.party_logged = false;
        self.phase = Phase::Ringing {
            heard: false,
            told: false,
            early: false,
            until: now + SILENT,
        };
        self.way = Some(way.clone());
        self.say(PhoneOutput::DialOut {
            leg: way.party.leg,
            trunk: way.trunk,
            uri: way.uri,
            caller_id: way.caller_id,
            credentials: way.credentials,
        });
    }

    /// The trunk did not take it and nobody has heard anything yet: the next one.
    fn goes_another_way(&mut self, cause: LegEndCause, now: Timestamp) -> bool {
        let untold = matches!(self.phase, Phase::Ringing { told: false, .. });
        if !untold || !is_of_the_trunk(cause) {
            return false;
        }
        let Some(way) = self.ways.pop() else {
            return false;
        };
        self.tag("trunk", &way.trunk);
        self.go(way, now);
        true
    }

    fn phone_event(&mut self, event: LegEvent, now: Timestamp) {
        match event {
            LegEvent::Ended { cause, quality } => {
                let was = std::mem::replace(&mut self.phone, Leg::Over);
                if was != Leg::Over {
                    let leg = self.setup.phone.log_leg;
                    self.log(leg_ended(self.setup.interaction, leg, cause, quality));
                }
                let end = match self.phase {
                    Phase::Talking => talked(EndCause::Agent),
                    _ => given_up(),
                };
                self.end(end, now);
            }
            LegEvent::MediaLost => self.media_lost(now),
            _ => {}
        }
    }

    fn party_event(&mut self, party: LegNames, event: LegEvent, now: Timestamp) {
        match event {
            LegEvent::Dialled { sip_call_id } => self.party_dialled(party, sip_call_id),
            LegEvent::EarlyMedia => self.early_media(party, now),
            LegEvent::Progress { status } => self.progress(status, now),
            LegEvent::Answered => self.talk(party),
            LegEvent::MediaLost => self.media_lost(now),
            LegEvent::Ended { cause, quality } => {
                self.party = Leg::Over;
                self.party_dialled(party, String::new());
                let leg = party.log_leg;
                self.log(leg_ended(self.setup.interaction, leg, cause, quality));
                if self.goes_another_way(cause, now) {
                    return;
                }
                let end = match self.phase {
                    Phase::Talking => talked(EndCause::Customer),
                    _ => refused(cause),
                };
                self.end(end, now);
            }
            _ => {}
        }
    }

    /// Of a trunk that was given up nothing counts any more but the end of its leg.
    fn given_up_event(&mut self, leg: LegId, event: LegEvent) {
        let LegEvent::Ended { cause, quality } = event else {
            return;
        };
        let place = self.given_up.iter().position(|party| party.leg == leg);
        if let Some(party) = place.map(|place| self.given_up.swap_remove(place)) {
            let log_leg = party.log_leg;
            self.log(leg_ended(self.setup.interaction, log_leg, cause, quality));
        }
    }

    /// A leg that ends before its INVITE was sent is in the log all the same.
    fn party_dialled(&mut self, party: LegNames, sip_call_id: String) {
        if std::mem::replace(&mut self.party_logged, true) {
            return;
        }
        self.log(Event::LegStarted {
            interaction: self.setup.interaction,
            leg: party.log_leg,
            role: LegRole::Customer,
            agent: None,
            sip_call_id,
        });
    }

    fn progress(&mut self, status: u16, now: Timestamp) {
        let leg = self.setup.phone.leg;
        let Phase::Ringing {
            heard,
            told,
            early,
            until,
        } = &mut self.phase
        else {
            return;
        };
        if !std::mem::replace(heard, true) {
            *until = now + RING;
        }
        let news = !*told;
        *told |= status > 100;
        if *early && status == RINGING {
            self.say(PhoneOutput::Ringback(leg));
        } else if news && status > 100 {
            self.say(PhoneOutput::Ring(leg));
        }
    }

    /// The carrier can be heard. Until it is, we ring: a phone that got 183 with media makes no tone of its own.
    fn early_media(&mut self, party: LegNames, now: Timestamp) {
        if let Phase::Ringing {
            heard,
            told,
            early,
            until,
        } = &mut self.phase
        {
            if !std::mem::replace(heard, true) {
                *until = now + RING;
            }
            (*told, *early) = (true, true);
            let (a, b) = (party.leg, self.setup.phone.leg);
            self.say(PhoneOutput::EarlyMedia(b));
            self.say(PhoneOutput::Bridge { a, b });
            self.say(PhoneOutput::Ringback(b));
        }
    }

    fn talk(&mut self, party: LegNames) {
        if !matches!(self.phase, Phase::Ringing { .. }) {
            return;
        }
        let (interaction, agent) = (self.setup.interaction, self.setup.agent);
        let phone = self.setup.phone;
        self.phase = Phase::Talking;
        (self.phone, self.party) = (Leg::Answered, Leg::Answered);
        self.say(PhoneOutput::LogSynced(Event::CallAnswered { interaction }));
        self.say(PhoneOutput::Answer(phone.leg));
        self.say(PhoneOutput::Bridge {
            a: party.leg,
            b: phone.leg,
        });
        if self.records() {
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
        self.say(PhoneOutput::Ask(PhoneAsk::Talked { agent }));
    }

    fn records(&self) -> bool {
        self.way.as_ref().is_some_and(|way| way.record)
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
            Phase::Ringing { heard, until, .. } if now >= until => {
                let cause = LegEndCause::Timeout { silent: !heard };
                let silent = self.way.as_ref().map(|way| way.party);
                if !self.goes_another_way(cause, now) {
                    self.end(refused(cause), now);
                } else if let Some(party) = silent {
                    self.given_up.push(party);
                    self.say(PhoneOutput::Hangup(party.leg));
                }
            }
            Phase::Ending { until } if now >= until => {
                (self.phone, self.party) = (Leg::Over, Leg::Over);
                self.given_up.clear();
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
        if talked && self.records() {
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
        if matches!(self.party, Leg::Early | Leg::Answered)
            && let Some(way) = &self.way
        {
            let leg = way.party.leg;
            self.say(PhoneOutput::Hangup(leg));
        }
        if let Some(result) = end.result {
            self.tag("outbound_result", result);
        }
        self.log(Event::CallEnded {
            interaction: self.setup.interaction,
            outcome: end.outcome,
            end_cause: end.cause,
        });
        if self.setup.ways.is_ok() {
            let agent = self.setup.agent;
            self.say(PhoneOutput::Ask(PhoneAsk::Release { agent }));
        }
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

impl PhoneMachine for OutboundCall {
    fn handle(&mut self, input: CallInput, now: Timestamp) {
        match input {
            CallInput::Begin => self.begin(now),
            CallInput::PhoneAnswered(PhoneAnswer::Done) => self.dial(now),
            CallInput::PhoneAnswered(_) => self.end(our_fault(EndCause::Error), now),
            CallInput::Leg { leg, event } if leg == self.setup.phone.leg => {
                self.phone_event(event, now);
            }
            CallInput::Leg { leg, event } => {
                let party = self.way.as_ref().map(|way| way.party);
                if let Some(party) = party.filter(|party| party.leg == leg) {
                    self.party_event(party, event, now);
                } else {
                    self.given_up_event(leg, event);
                }
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
            Phase::New | Phase::Talking => None,
        }
    }

    fn is_finished(&self) -> bool {
        matches!(self.phase, Phase::Ending { .. })
            && self.phone == Leg::Over
            && matches!(self.party, Leg::None | Leg::Over)
            && self.given_up.is_empty()
            && self.outputs.is_empty()
    }
}
