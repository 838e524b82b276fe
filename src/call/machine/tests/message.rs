//! Messages and customers: what is recorded, what the record says, and who the customer is.

use super::{CUSTOMER, Script};
use crate::call::port::{CallInput, CallOutput, LegCommand};
use ivr_flows::port::{CustomerAnswer, KnownCustomer};
use router::Event;
use router::id::{CustomerId, RecordingId};
use router::outcome::{EndCause, Outcome};
use sip_gateway::leg::LegEvent;
use std::time::Duration;

const FLOW: &str = r#"
flow: 1
name: support
defaults: { exits: { error: sorry } }
prompts: { sorry: { en: "Sorry." } }
blocks:
  start:
    - answer:
    - customer: { by: call.from }
    - branch: [ { when: customer.known, go: leave }, { else: sorry } ]
  leave:
    - voicemail: { box: support, max: 30s }
  sorry:
    - play: sorry
    - hangup:
"#;

/// A known caller whose message is recorded.
fn recording() -> (Script, RecordingId) {
    let mut script = Script::begin_with(FLOW);
    let answer = CustomerAnswer::Found(KnownCustomer {
        name: "Ana Ruiz".to_owned(),
        ..KnownCustomer::default()
    });
    script.say(CallInput::CustomerFound {
        ask: 1,
        customer: Some(CustomerId::from_number(5)),
        answer,
    });
    let play = script.played();
    script.say(CallInput::Leg {
        leg: CUSTOMER,
        event: LegEvent::PlayEnded {
            play,
            finished: true,
        },
    });
    let started = script.last.iter().find_map(|output| match output {
        CallOutput::Leg(LegCommand::StartMessage {
            recording,
            index: 1,
            customer: CUSTOMER,
            ..
        }) => Some(*recording),
        _ => None,
    });
    let recording = started.expect("the message is recorded");
    (script, recording)
}

fn logged(script: &Script, wanted: impl Fn(&Event) -> bool) -> usize {
    let is =
        |output: &&CallOutput| matches!(output, CallOutput::Log { event, .. } if wanted(event));
    script.all.iter().filter(is).count()
}

fn tagged(script: &Script) -> usize {
    logged(
        script,
        |event| matches!(event, Event::Tagged { key, value, .. } if key == "voicemail" && value == "support"),
    )
}

#[test]
fn a_question_for_the_customer_carries_what_was_asked_and_its_answer_names_the_customer() {
    let mut script = Script::begin_with(FLOW);
    let question = script.last.iter().find_map(|output| match output {
        CallOutput::FindCustomer(question) => Some(question.clone()),
        _ => None,
    });
    let question = question.expect("the flow asks");
    assert_eq!((question.ask, question.create), (1, false));
    assert_eq!(question.number.0, "+34600111222");
    assert_eq!(question.fresh, Some(CustomerId::from_number(1)));
    assert!(!format!("{question:?}").contains("600111222"));
    script.say(CallInput::CustomerFound {
        ask: 1,
        customer: None,
        answer: CustomerAnswer::NotFound,
    });
    let identified = |event: &Event| matches!(event, Event::CustomerIdentified { .. });
    assert_eq!(logged(&script, identified), 0);
    let (script, _) = recording();
    assert_eq!(logged(&script, identified), 1);
}

#[test]
fn a_message_ends_by_silence_and_the_outcome_is_voicemail() {
    let (mut script, recording) = recording();
    script.after(Duration::from_secs(9));
    script.say(CallInput::CallerSilent);
    assert!(script.did(&LegCommand::StopRecording(recording)));
    assert!(
        script.did(&LegCommand::Hangup(CUSTOMER)),
        "the call ends politely"
    );
    assert_eq!(script.ended(), [(Outcome::Voicemail, EndCause::Flow)]);
    assert_eq!(tagged(&script), 1);
}

#[test]
fn who_hangs_up_has_left_a_message_unless_it_was_short() {
    let (mut script, recorded) = recording();
    script.after(Duration::from_secs(3));
    script.customer_hangs_up();
    assert!(script.did(&LegCommand::StopRecording(recorded)));
    assert_eq!(script.ended(), [(Outcome::Voicemail, EndCause::Customer)]);
    let (mut script, _) = recording();
    script.after(Duration::from_millis(400));
    script.customer_hangs_up();
    assert_eq!(script.ended(), [(Outcome::SelfServed, EndCause::Customer)]);
    assert_eq!(tagged(&script), 0);
}

#[test]
fn a_shutdown_keeps_what_was_said_until_then() {
    let (mut script, recording) = recording();
    script.after(Duration::from_secs(3));
    script.say(CallInput::Shutdown);
    assert!(script.did(&LegCommand::StopRecording(recording)));
    assert_eq!(script.ended(), [(Outcome::Voicemail, EndCause::Shutdown)]);
}

#[test]
fn a_message_that_cannot_be_recorded_is_told_and_the_error_exit_is_taken() {
    let (mut script, recording) = recording();
    script.say(CallInput::MessageFailed {
        recording: RecordingId::from_number(4_000),
    });
    assert!(script.last.is_empty(), "another one's");
    script.say(CallInput::MessageFailed { recording });
    assert!(matches!(
        script.last.last(),
        Some(CallOutput::Leg(LegCommand::Play(_)))
    ));
    script.customer_hangs_up();
    assert_eq!(script.ended(), [(Outcome::SelfServed, EndCause::Customer)]);
}
