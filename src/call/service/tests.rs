//! The life of a call to a feature code as scripts: inputs with times, outputs in order.

use super::{FeatureCode, ServiceCall};
use crate::call::phone_call::PhoneOutput::{Answer, Ask, Bridge, Hangup, Play, Reject};
use crate::call::phone_call::tones::Confirmation;
use crate::call::phone_call::{PhoneAnswer, PhoneAsk, PhoneMachine, PhoneOutput};
use crate::call::port::CallInput;
use router::Timestamp;
use router::agent::{Reason, Wanted};
use router::id::AgentId;
use sip_gateway::leg::{LegEndCause, LegEvent, LegId, PlayId};
use std::time::Duration;

const LEG: LegId = LegId(1);

struct Script {
    machine: ServiceCall,
    at: Timestamp,
    last: Vec<PhoneOutput>,
}

impl Script {
    fn dialled(code: &str) -> Self {
        let at = Timestamp::from_millis(0);
        let code = FeatureCode::from_dialled(code).unwrap();
        let mut script = Self {
            machine: ServiceCall::new(code, AgentId::from_number(1), LEG, at),
            at,
            last: Vec::new(),
        };
        script.say(CallInput::Begin);
        script
    }

    fn say(&mut self, input: CallInput) {
        self.machine.handle(input, self.at);
        self.last.clear();
        while let Some(output) = self.machine.poll_output() {
            self.last.push(output);
        }
    }

    fn leg(&mut self, event: LegEvent) {
        self.say(CallInput::Leg { leg: LEG, event });
    }

    fn played(&mut self) {
        self.leg(LegEvent::PlayEnded {
            play: PlayId(1),
            finished: true,
        });
    }

    fn ended(&mut self) {
        self.leg(LegEvent::Ended {
            cause: LegEndCause::Bye,
            quality: None,
        });
    }

    fn deadline(&mut self, after: Duration) {
        let due = self.at + after;
        assert_eq!(self.machine.next_deadline(), Some(due));
        self.at = due;
        self.say(CallInput::Tick);
    }
}

fn play(tone: Confirmation) -> PhoneOutput {
    Play {
        leg: LEG,
        play: PlayId(1),
        tone,
    }
}

#[test]
fn each_code_asks_for_what_it_means() {
    let agent = AgentId::from_number(1);
    let not_ready = Wanted::NotReady {
        reason: Reason::Company("unspecified".to_owned()),
    };
    for (code, ask) in [
        (
            "*60",
            PhoneAsk::SetState {
                agent,
                wanted: Wanted::Available,
            },
        ),
        (
            "*61",
            PhoneAsk::SetState {
                agent,
                wanted: not_ready,
            },
        ),
        ("*62", PhoneAsk::EndWrapUp { agent }),
    ] {
        assert_eq!(Script::dialled(code).last, [Ask(ask)], "{code}");
    }
    for other in ["60", "*6", "*600", "*44", "*", "", "%2A60"] {
        assert_eq!(FeatureCode::from_dialled(other), None, "{other}");
    }
}

#[test]
fn a_code_is_answered_confirmed_and_over() {
    for (answer, tone) in [
        (PhoneAnswer::Done, Confirmation::Yes),
        (PhoneAnswer::NothingChanged, Confirmation::No),
    ] {
        let mut script = Script::dialled("*60");
        script.say(CallInput::PhoneAnswered(answer));
        assert_eq!(script.last, [Answer(LEG)]);
        script.leg(LegEvent::Confirmed);
        assert_eq!(script.last, [play(tone)]);
        script.played();
        assert_eq!(script.last, [Hangup(LEG)]);
        script.ended();
        assert!(script.machine.is_finished());
        assert_eq!(script.machine.next_deadline(), None);
    }
}

#[test]
fn an_echo_lasts_until_the_caller_leaves() {
    let mut script = Script::dialled("*43");
    assert_eq!(script.last, [Answer(LEG)]);
    script.leg(LegEvent::Confirmed);
    assert_eq!(script.last, [play(Confirmation::Yes)]);
    script.played();
    assert_eq!(script.last, [Bridge { a: LEG, b: LEG }]);
    script.ended();
    assert_eq!(script.last, []);
    assert!(script.machine.is_finished());
}

fn echoing() -> Script {
    let mut script = Script::dialled("*43");
    script.leg(LegEvent::Confirmed);
    script.played();
    script
}

#[test]
fn an_echo_is_not_for_ever() {
    let mut script = echoing();
    script.deadline(Duration::from_secs(300));
    assert_eq!(script.last, [Hangup(LEG)]);
    let mut script = echoing();
    script.leg(LegEvent::MediaLost);
    assert_eq!(script.last, [Hangup(LEG)]);
    let mut script = echoing();
    script.say(CallInput::Shutdown);
    assert_eq!(script.last, [Hangup(LEG)]);
}

#[test]
fn nothing_waits_for_ever() {
    let mut script = Script::dialled("*61");
    script.deadline(Duration::from_secs(2));
    let status = 503;
    assert_eq!(script.last, [Reject { leg: LEG, status }]);
    // The word that comes too late changes nothing.
    script.say(CallInput::PhoneAnswered(PhoneAnswer::Done));
    assert_eq!(script.last, []);
    script.deadline(Duration::from_secs(40));
    assert!(script.machine.is_finished());

    let mut script = Script::dialled("*61");
    script.say(CallInput::PhoneAnswered(PhoneAnswer::Done));
    script.deadline(Duration::from_secs(40));
    assert_eq!(script.last, [Hangup(LEG)]);

    let mut script = Script::dialled("*61");
    script.say(CallInput::PhoneAnswered(PhoneAnswer::Done));
    script.leg(LegEvent::Confirmed);
    script.deadline(Duration::from_secs(5));
    assert_eq!(script.last, [Hangup(LEG)]);
}

#[test]
fn the_caller_may_leave_at_any_moment() {
    let mut script = Script::dialled("*60");
    script.ended();
    assert!(script.machine.is_finished());
    script.say(CallInput::PhoneAnswered(PhoneAnswer::Done));
    assert_eq!(script.last, []);
    let mut script = Script::dialled("*60");
    script.say(CallInput::PhoneAnswered(PhoneAnswer::Done));
    script.leg(LegEvent::Confirmed);
    script.ended();
    script.played();
    assert_eq!(script.last, []);
    assert!(script.machine.is_finished());
}
