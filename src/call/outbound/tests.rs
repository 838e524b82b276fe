use super::*;

mod early;

const PHONE: LegId = LegId(1);
const PARTY: LegId = LegId(2);

fn setup() -> OutboundSetup {
    OutboundSetup {
        interaction: InteractionId::from_number(1),
        agent: AgentId::from_number(1),
        phone: LegNames {
            leg: PHONE,
            log_leg: LogLegId::from_number(1),
        },
        phone_call_id: "phone".to_owned(),
        party: LegNames {
            leg: PARTY,
            log_leg: LogLegId::from_number(2),
        },
        trunk: "carrier".to_owned(),
        uri: Private::new("sip:+34911222333@192.0.2.10:5060".to_owned()),
        number: PhoneNumber::from_normalised("+34911222333".to_owned()),
        caller_id: PhoneNumber::from_normalised("+34910000000".to_owned()),
        credentials: None,
        record: true,
    }
}

struct Script {
    call: OutboundCall,
    now: Timestamp,
    said: Vec<PhoneOutput>,
}

impl Script {
    fn new() -> Self {
        let now = Timestamp::from_millis(1_000);
        let call = OutboundCall::new(setup(), now);
        let said = Vec::new();
        Self { call, now, said }
    }

    /// Up to the INVITE on its way.
    fn dialled() -> Self {
        let mut script = Self::new();
        script.feed(CallInput::Begin);
        script.feed(CallInput::PhoneAnswered(PhoneAnswer::Done));
        let sip_call_id = "party".to_owned();
        script.leg(PARTY, LegEvent::Dialled { sip_call_id });
        script
    }

    fn feed(&mut self, input: CallInput) {
        self.said.clear();
        self.call.handle(input, self.now);
        while let Some(output) = self.call.poll_output() {
            self.said.push(output);
        }
    }

    fn leg(&mut self, leg: LegId, event: LegEvent) {
        self.feed(CallInput::Leg { leg, event });
    }

    fn ended(&mut self, leg: LegId, cause: LegEndCause) {
        let quality = None;
        self.leg(leg, LegEvent::Ended { cause, quality });
    }

    fn outcome(&self) -> Option<(Outcome, EndCause)> {
        self.said.iter().find_map(|output| match output {
            PhoneOutput::Log {
                event:
                    Event::CallEnded {
                        outcome, end_cause, ..
                    },
                ..
            } => Some((*outcome, *end_cause)),
            _ => None,
        })
    }

    fn says(&self, output: &PhoneOutput) -> bool {
        self.said.contains(output)
    }

    fn released(&self) -> bool {
        let agent = AgentId::from_number(1);
        self.says(&PhoneOutput::Ask(PhoneAsk::Release { agent }))
    }
}

#[test]
fn nothing_is_dialled_before_the_agent_is_busy() {
    let mut script = Script::new();
    script.feed(CallInput::Begin);
    let agent = AgentId::from_number(1);
    assert_eq!(script.said, [PhoneOutput::Ask(PhoneAsk::CallOut { agent })]);
    // An answer to nothing of ours, and a leg that is not dialled, change nothing.
    script.leg(PARTY, LegEvent::Answered);
    assert_eq!(script.said, []);
    script.feed(CallInput::PhoneAnswered(PhoneAnswer::Done));
    assert!(matches!(
        script.said.last(),
        Some(PhoneOutput::DialOut { leg: PARTY, .. })
    ));
}

#[test]
fn a_talk_is_answered_recorded_and_ended_in_order() {
    let mut script = Script::dialled();
    script.leg(PARTY, LegEvent::Progress { status: 100 });
    assert_eq!(script.said, []);
    script.leg(PARTY, LegEvent::Progress { status: 180 });
    assert_eq!(script.said, [PhoneOutput::Ring(PHONE)]);
    script.leg(PARTY, LegEvent::Progress { status: 183 });
    assert_eq!(script.said, []);
    script.leg(PARTY, LegEvent::Answered);
    assert!(matches!(
        script.said.as_slice(),
        [
            PhoneOutput::LogSynced(Event::CallAnswered { .. }),
            PhoneOutput::Answer(PHONE),
            PhoneOutput::Bridge { a: PARTY, b: PHONE },
            PhoneOutput::StartRecording {
                customer: PARTY,
                agent: PHONE,
                ..
            },
            PhoneOutput::Log { .. }
        ]
    ));
    script.ended(PARTY, LegEndCause::Bye);
    assert_eq!(
        script.outcome(),
        Some((Outcome::Answered, EndCause::Customer))
    );
    assert!(script.says(&PhoneOutput::StopRecording));
    assert!(script.says(&PhoneOutput::Hangup(PHONE)));
    assert!(script.released());
    assert!(!script.call.is_finished());
    script.ended(PHONE, LegEndCause::Local);
    assert_eq!(script.outcome(), None);
    assert!(script.call.is_finished());
}

#[test]
fn refusals_are_told_to_the_phone_and_kept_in_the_record() {
    for (cause, outcome, status) in [
        (LegEndCause::Rejected(486), Outcome::Rejected, 486),
        (LegEndCause::Rejected(603), Outcome::Rejected, 486),
        (LegEndCause::Rejected(404), Outcome::Rejected, 404),
        (LegEndCause::Rejected(480), Outcome::Unserved, 480),
        (LegEndCause::Rejected(407), Outcome::Failed, 503),
        (LegEndCause::Rejected(500), Outcome::Failed, 503),
        (LegEndCause::Unreachable, Outcome::Failed, 503),
        (LegEndCause::Timeout { silent: true }, Outcome::Failed, 503),
        (
            LegEndCause::Timeout { silent: false },
            Outcome::Unserved,
            480,
        ),
    ] {
        let mut script = Script::dialled();
        script.ended(PARTY, cause);
        assert_eq!(
            script.outcome().map(|end| end.0),
            Some(outcome),
            "{cause:?}"
        );
        let leg = PHONE;
        assert!(
            script.says(&PhoneOutput::Reject { leg, status }),
            "{cause:?}: {:?}",
            script.said
        );
        assert!(script.released());
        script.ended(PHONE, LegEndCause::Local);
        assert!(script.call.is_finished());
    }
}

#[test]
fn an_agent_who_gives_up_leaves_nothing_ringing() {
    let mut script = Script::dialled();
    script.ended(PHONE, LegEndCause::Cancelled);
    assert_eq!(
        script.outcome(),
        Some((Outcome::Abandoned, EndCause::Agent))
    );
    assert!(script.says(&PhoneOutput::Hangup(PARTY)));
    assert!(script.released());
    // The answer that crossed our CANCEL changes nothing.
    script.leg(PARTY, LegEvent::Answered);
    assert_eq!(script.said, []);
    script.ended(PARTY, LegEndCause::Local);
    assert!(script.call.is_finished());
}

#[test]
fn nobody_rings_for_ever() {
    let mut script = Script::dialled();
    script.now = script.call.next_deadline().unwrap();
    script.feed(CallInput::Tick);
    assert_eq!(
        script.outcome(),
        Some((Outcome::Unserved, EndCause::Timeout))
    );
    assert!(script.says(&PhoneOutput::Hangup(PARTY)));
    script.now = script.call.next_deadline().unwrap();
    script.feed(CallInput::Tick);
    assert!(script.call.is_finished());
}

#[test]
fn without_its_line_no_answer_leaves() {
    let mut script = Script::dialled();
    script.leg(PARTY, LegEvent::Answered);
    script.feed(CallInput::JournalFailed);
    let (leg, status) = (PHONE, 503);
    assert!(script.says(&PhoneOutput::Reject { leg, status }));
    assert!(script.says(&PhoneOutput::Hangup(PARTY)));
    assert_eq!(script.outcome(), Some((Outcome::Failed, EndCause::Error)));
}
