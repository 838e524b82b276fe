use super::*;
use router::id::{AgentId, CustomerId, InteractionId, LegId as LogLegId};
use router::outcome::Outcome;
use router::{PhoneNumber, Private};

mod early;

const PHONE: LegId = LegId(1);
const PARTY: LegId = LegId(2);
const SECOND: LegId = LegId(4);

fn setup() -> OutboundSetup {
    OutboundSetup {
        interaction: InteractionId::from_number(1),
        agent: AgentId::from_number(1),
        phone: LegNames {
            leg: PHONE,
            log_leg: LogLegId::from_number(1),
        },
        phone_call_id: "phone".to_owned(),
        number: PhoneNumber::from_normalised("+34911222333".to_owned()),
        new_customer: Some(CustomerId::from_number(1)),
        extension: PhoneNumber::from_normalised("2001".to_owned()),
        ways: Ok(vec![way(PARTY, "carrier"), way(SECOND, "second")]),
    }
}

fn way(leg: LegId, trunk: &str) -> Way {
    Way {
        party: LegNames {
            leg,
            log_leg: LogLegId::from_number(leg.0),
        },
        trunk: trunk.to_owned(),
        uri: Private::new("sip:+34911222333@192.0.2.10:5060".to_owned()),
        caller_id: PhoneNumber::from_normalised("+34910000000".to_owned()),
        credentials: None,
        record: true,
        of_trunk: 10,
        of_agent: 1,
    }
}

struct Script {
    call: OutboundCall,
    now: Timestamp,
    said: Vec<PhoneOutput>,
}

impl Script {
    fn new() -> Self {
        Self::with(setup())
    }

    fn with(setup: OutboundSetup) -> Self {
        let now = Timestamp::from_millis(1_000);
        let call = OutboundCall::new(setup);
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
    // The log knows the interaction before it hears of its agent.
    assert!(matches!(
        script.said.as_slice(),
        [
            PhoneOutput::Log {
                event: Event::CallArrived {
                    direction: Direction::Outbound,
                    agent: Some(_),
                    ..
                },
                ..
            },
            PhoneOutput::Log { .. },
            PhoneOutput::Log { .. },
            PhoneOutput::Ask(PhoneAsk::CallOut { .. })
        ]
    ));
    assert!(script.says(&PhoneOutput::Ask(PhoneAsk::CallOut { agent })));
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
            PhoneOutput::Log { .. },
            PhoneOutput::Ask(PhoneAsk::Talked { .. })
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
        let mut script = Script::with(OutboundSetup {
            ways: Ok(vec![way(PARTY, "carrier")]),
            ..setup()
        });
        script.feed(CallInput::Begin);
        script.feed(CallInput::PhoneAnswered(PhoneAnswer::Done));
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
    script.leg(PARTY, LegEvent::Progress { status: 100 });
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

impl Script {
    fn tag(&self, name: &str) -> Option<String> {
        self.said.iter().find_map(|output| match output {
            PhoneOutput::Log {
                event: Event::Tagged { key, value, .. },
                ..
            } if key == name => Some(value.clone()),
            _ => None,
        })
    }
}

#[test]
fn what_never_goes_out_is_a_record_all_the_same() {
    for (why, result) in [
        (NoWay::NotAllowed, "not_allowed"),
        (NoWay::TooMany, "too_many_calls"),
    ] {
        let mut script = Script::with(OutboundSetup {
            ways: Err(why),
            new_customer: None,
            ..setup()
        });
        script.feed(CallInput::Begin);
        assert_eq!(
            script.outcome(),
            Some((Outcome::Rejected, EndCause::Error)),
            "{why:?}"
        );
        assert_eq!(script.tag("outbound_result").as_deref(), Some(result));
        let (leg, status) = (PHONE, 403);
        assert!(script.says(&PhoneOutput::Reject { leg, status }));
        let asks = |output: &PhoneOutput| matches!(output, PhoneOutput::Ask(_));
        assert!(!script.said.iter().any(asks), "the agent stays as they are");
        script.ended(PHONE, LegEndCause::Local);
        assert!(script.call.is_finished());
    }
}

#[test]
fn a_trunk_that_cannot_is_followed_by_the_next() {
    for (cause, goes_on) in [
        (LegEndCause::Rejected(503), true),
        (LegEndCause::Rejected(500), true),
        (LegEndCause::Unreachable, true),
        (LegEndCause::Timeout { silent: true }, true),
        // These say something of the number, or of us.
        (LegEndCause::Rejected(403), false),
        (LegEndCause::Rejected(404), false),
        (LegEndCause::Rejected(486), false),
        (LegEndCause::Timeout { silent: false }, false),
    ] {
        let mut script = Script::dialled();
        script.leg(PARTY, LegEvent::Progress { status: 100 });
        script.ended(PARTY, cause);
        assert_eq!(script.outcome().is_none(), goes_on, "{cause:?}");
        if !goes_on {
            continue;
        }
        assert_eq!(script.tag("trunk").as_deref(), Some("second"), "{cause:?}");
        assert!(matches!(
            script.said.last(),
            Some(PhoneOutput::DialOut { leg: SECOND, .. })
        ));
        // Nothing that the first leg still says counts.
        script.leg(PARTY, LegEvent::Answered);
        assert_eq!(script.said, []);
        script.ended(SECOND, cause);
        assert_eq!(script.outcome(), Some((Outcome::Failed, EndCause::Error)));
    }
}

#[test]
fn who_has_heard_it_ring_is_not_sent_another_way() {
    let mut script = Script::dialled();
    script.leg(PARTY, LegEvent::Progress { status: 180 });
    script.ended(PARTY, LegEndCause::Rejected(503));
    assert_eq!(script.outcome(), Some((Outcome::Failed, EndCause::Error)));
}

#[test]
fn a_trunk_that_says_nothing_is_given_up_within_seconds() {
    let mut script = Script::dialled();
    let began = script.now;
    script.now = script.call.next_deadline().unwrap();
    assert!(script.now <= began + Duration::from_secs(4));
    script.feed(CallInput::Tick);
    assert_eq!(script.tag("trunk").as_deref(), Some("second"));
    assert!(script.says(&PhoneOutput::Hangup(PARTY)));
    // Its answer, should it still come, is nobody's; its end is in the record.
    script.leg(PARTY, LegEvent::Answered);
    assert_eq!(script.said, []);
    script.now = script.call.next_deadline().unwrap();
    script.feed(CallInput::Tick);
    assert_eq!(script.outcome(), Some((Outcome::Failed, EndCause::Error)));
    assert_eq!(
        script.tag("outbound_result").as_deref(),
        Some("carrier_unreachable")
    );
    script.ended(PHONE, LegEndCause::Local);
    script.ended(SECOND, LegEndCause::Local);
    assert!(!script.call.is_finished());
    script.ended(PARTY, LegEndCause::Local);
    assert!(matches!(
        script.said.as_slice(),
        [PhoneOutput::Log {
            event: Event::LegEnded { .. },
            ..
        }]
    ));
    assert!(script.call.is_finished());
}

/// A call that is begun late is not given up before the log knows of it.
#[test]
fn no_time_runs_before_it_begins() {
    let mut script = Script::new();
    assert_eq!(script.call.next_deadline(), None);
    script.now = script.now + Duration::from_secs(60);
    script.feed(CallInput::Tick);
    assert_eq!(script.said, []);
    script.feed(CallInput::Begin);
    assert!(matches!(
        &script.said[0],
        PhoneOutput::Log {
            event: Event::CallArrived { .. },
            ..
        }
    ));
    assert!(script.call.next_deadline() > Some(script.now));
}
