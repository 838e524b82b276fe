//! The life of a call between agents as scripts: inputs with times, outputs in order.

use super::{InternalCall, InternalSetup, SILENT_PHONE};
use crate::call::phone_call::PhoneOutput::{
    Answer, Ask, Bridge, Dial, EarlyMedia, ForgetDevice, Hangup, Reject, Ring, Ringback,
};
use crate::call::phone_call::{PhoneAnswer, PhoneAsk, PhoneMachine, PhoneOutput};
use crate::call::port::CallInput;
use router::id::AgentId;
use router::{Private, Timestamp};
use sip_gateway::leg::{LegEndCause, LegEvent, LegId};
use std::time::Duration;

const ANA: LegId = LegId(1);
const BEN: LegId = LegId(2);

fn ana() -> AgentId {
    AgentId::from_number(1)
}

fn ben() -> AgentId {
    AgentId::from_number(2)
}

struct Script {
    machine: InternalCall,
    at: Timestamp,
    last: Vec<PhoneOutput>,
}

impl Script {
    fn begin() -> Self {
        let at = Timestamp::from_millis(0);
        let setup = InternalSetup {
            caller: ana(),
            caller_leg: ANA,
            caller_extension: "2001".to_owned(),
            caller_name: Private::new("Ana".to_owned()),
            called: ben(),
            called_leg: BEN,
            called_extension: "2002".to_owned(),
        };
        let machine = InternalCall::new(setup, at);
        let mut script = Self {
            machine,
            at,
            last: Vec::new(),
        };
        script.say(CallInput::Begin);
        script
    }

    fn ringing() -> Self {
        let mut script = Self::begin();
        script.say(CallInput::PhoneAnswered(PhoneAnswer::Done));
        script.leg(BEN, LegEvent::Progress { status: 180 });
        script
    }

    fn talking() -> Self {
        let mut script = Self::ringing();
        script.leg(BEN, LegEvent::Answered);
        script
    }

    fn say(&mut self, input: CallInput) {
        self.machine.handle(input, self.at);
        self.last.clear();
        while let Some(output) = self.machine.poll_output() {
            self.last.push(output);
        }
    }

    fn leg(&mut self, leg: LegId, event: LegEvent) {
        self.say(CallInput::Leg { leg, event });
    }

    fn ended(&mut self, leg: LegId, cause: LegEndCause) {
        let quality = None;
        self.leg(leg, LegEvent::Ended { cause, quality });
    }

    /// To the deadline that the machine names, which must be `after` from now.
    fn deadline(&mut self, after: Duration) {
        let due = self.at + after;
        assert_eq!(self.machine.next_deadline(), Some(due));
        self.at = due;
        self.say(CallInput::Tick);
    }
}

/// What ends every call: both agents are released.
fn and_released(first: &[PhoneOutput]) -> Vec<PhoneOutput> {
    let release = [ana(), ben()].map(|agent| Ask(PhoneAsk::Release { agent }));
    first.iter().cloned().chain(release).collect()
}

fn refused(status: u16) -> PhoneOutput {
    Reject { leg: ANA, status }
}

#[test]
fn one_calls_the_other_and_both_talk() {
    let mut script = Script::begin();
    let (caller, called) = (ana(), ben());
    assert_eq!(script.last, [Ask(PhoneAsk::CallAgent { caller, called })]);
    script.say(CallInput::PhoneAnswered(PhoneAnswer::Done));
    let dial = Dial {
        leg: BEN,
        extension: "2002".to_owned(),
        from_extension: "2001".to_owned(),
        from_name: Private::new("Ana".to_owned()),
    };
    assert_eq!(script.last, [dial]);
    script.leg(BEN, LegEvent::Progress { status: 100 });
    assert_eq!(script.last, []);
    script.leg(BEN, LegEvent::Progress { status: 180 });
    assert_eq!(script.last, [Ring(ANA)]);
    script.leg(BEN, LegEvent::Progress { status: 183 });
    assert_eq!(script.last, []);
    script.leg(BEN, LegEvent::Answered);
    assert_eq!(script.last, [Answer(ANA), Bridge { a: ANA, b: BEN }]);
    assert_eq!(script.machine.next_deadline(), None);
    script.ended(ANA, LegEndCause::Bye);
    assert_eq!(script.last, and_released(&[Hangup(BEN)]));
    assert!(!script.machine.is_finished());
    script.ended(BEN, LegEndCause::Local);
    assert_eq!(script.last, []);
    assert!(script.machine.is_finished());
}

#[test]
fn the_called_side_may_end_it_too() {
    let mut script = Script::talking();
    script.ended(BEN, LegEndCause::Bye);
    assert_eq!(script.last, and_released(&[Hangup(ANA)]));
    script.ended(ANA, LegEndCause::Local);
    assert!(script.machine.is_finished());
}

#[test]
fn an_agent_who_cannot_be_rung_is_not_rung() {
    for (answer, status) in [
        (PhoneAnswer::Busy, 486),
        (PhoneAnswer::Unreachable, 480),
        (PhoneAnswer::NothingChanged, 480),
    ] {
        let mut script = Script::begin();
        script.say(CallInput::PhoneAnswered(answer));
        assert_eq!(script.last, and_released(&[refused(status)]));
        script.ended(ANA, LegEndCause::Local);
        assert!(script.machine.is_finished());
    }
}

#[test]
fn a_phone_that_refuses_says_why() {
    for (cause, status) in [
        (LegEndCause::Rejected(486), 486),
        (LegEndCause::Rejected(603), 486),
        (LegEndCause::Rejected(480), 480),
        (LegEndCause::Rejected(500), 480),
        (LegEndCause::Timeout { silent: false }, 480),
        (LegEndCause::BadMedia, 480),
    ] {
        let mut script = Script::ringing();
        script.ended(BEN, cause);
        assert_eq!(script.last, and_released(&[refused(status)]), "{cause:?}");
    }
    let mut script = Script::ringing();
    script.ended(BEN, LegEndCause::Unreachable);
    let extension = "2002".to_owned();
    assert_eq!(
        script.last,
        and_released(&[ForgetDevice { extension }, refused(480)])
    );
}

#[test]
fn nobody_answers_for_30_seconds() {
    let mut script = Script::ringing();
    script.deadline(Duration::from_secs(30));
    assert_eq!(script.last, and_released(&[refused(480), Hangup(BEN)]));
    script.ended(ANA, LegEndCause::Local);
    script.ended(BEN, LegEndCause::Local);
    assert!(script.machine.is_finished());
}

#[test]
fn a_phone_that_says_nothing_is_unreachable() {
    let mut script = Script::begin();
    script.say(CallInput::PhoneAnswered(PhoneAnswer::Done));
    script.deadline(Duration::from_secs(5));
    let extension = "2002".to_owned();
    assert_eq!(
        script.last,
        and_released(&[ForgetDevice { extension }, refused(480), Hangup(BEN)])
    );
}

#[test]
fn the_caller_gives_up_at_any_moment() {
    // While the question is open: whatever the answer is, both are released after it and nobody is rung.
    let mut script = Script::begin();
    script.ended(ANA, LegEndCause::Cancelled);
    assert_eq!(script.last, and_released(&[]));
    assert!(script.machine.is_finished());
    script.say(CallInput::PhoneAnswered(PhoneAnswer::Done));
    assert_eq!(script.last, []);
    // While it rings; the answer that crosses changes nothing.
    let mut script = Script::ringing();
    script.ended(ANA, LegEndCause::Cancelled);
    assert_eq!(script.last, and_released(&[Hangup(BEN)]));
    script.leg(BEN, LegEvent::Answered);
    assert_eq!(script.last, []);
    script.ended(BEN, LegEndCause::Local);
    assert!(script.machine.is_finished());
}

#[test]
fn nothing_waits_for_ever() {
    // For the Distributor's word.
    let mut script = Script::begin();
    script.deadline(Duration::from_secs(2));
    assert_eq!(script.last, and_released(&[refused(503)]));
    // For legs that never report their end.
    script.deadline(Duration::from_secs(40));
    assert!(script.machine.is_finished());
}

#[test]
fn going_down_and_dead_media_end_it() {
    let mut script = Script::talking();
    script.say(CallInput::Shutdown);
    assert_eq!(script.last, and_released(&[Hangup(ANA), Hangup(BEN)]));
    script.say(CallInput::Shutdown);
    assert_eq!(script.last, []);
    for leg in [ANA, BEN] {
        let mut script = Script::talking();
        script.leg(leg, LegEvent::MediaLost);
        assert_eq!(script.last, and_released(&[Hangup(ANA), Hangup(BEN)]));
    }
    let mut script = Script::ringing();
    script.say(CallInput::Shutdown);
    assert_eq!(script.last, and_released(&[refused(503), Hangup(BEN)]));
}

#[test]
fn a_called_phone_with_media_is_heard_before_it_answers() {
    let mut script = Script::begin();
    script.say(CallInput::PhoneAnswered(PhoneAnswer::Done));
    script.leg(BEN, LegEvent::EarlyMedia);
    let bridge = Bridge { a: ANA, b: BEN };
    assert_eq!(
        script.last,
        [EarlyMedia(ANA), bridge.clone(), Ringback(ANA)]
    );
    // It is there, so it may ring on.
    script.at = script.at + SILENT_PHONE;
    script.say(CallInput::Tick);
    assert_eq!(script.last, []);
    // A phone that sends nothing before the answer has lost nothing.
    for leg in [ANA, BEN] {
        script.leg(leg, LegEvent::MediaLost);
        assert_eq!(script.last, []);
    }
    // Ringing without media once more: a tone, should nobody be heard.
    script.leg(BEN, LegEvent::Progress { status: 180 });
    assert_eq!(script.last, [Ringback(ANA)]);
    script.leg(BEN, LegEvent::Progress { status: 183 });
    assert_eq!(script.last, []);
    script.leg(BEN, LegEvent::Answered);
    assert_eq!(script.last, [Answer(ANA), bridge]);
    script.leg(ANA, LegEvent::MediaLost);
    assert_eq!(script.last, and_released(&[Hangup(ANA), Hangup(BEN)]));
}
