//! How phones fail, and how calls end.

use super::*;
use router::overflow::Way;

#[test]
fn how_a_phone_fails_becomes_the_offers_outcome() {
    for (cause, wanted) in [
        (LegEndCause::Rejected(486), OfferOutcome::Declined),
        (LegEndCause::Rejected(600), OfferOutcome::Declined),
        (LegEndCause::Rejected(603), OfferOutcome::Declined),
        (LegEndCause::Rejected(408), OfferOutcome::NoAnswer),
        (LegEndCause::Rejected(404), OfferOutcome::Unreachable),
        (LegEndCause::Rejected(480), OfferOutcome::Unreachable),
        (LegEndCause::Rejected(503), OfferOutcome::Unreachable),
        (LegEndCause::Unreachable, OfferOutcome::Unreachable),
        (
            LegEndCause::Timeout { silent: true },
            OfferOutcome::Unreachable,
        ),
    ] {
        let (mut script, agent) = Script::ringing();
        script.leg_ends(agent, cause);
        let offer = script.offer_id();
        assert!(
            script.inputs().contains(&Input::OfferFailed {
                offer,
                outcome: wanted
            }),
            "{cause:?}"
        );
    }
}

#[test]
fn a_phone_that_rings_out_missed_it_and_one_that_says_nothing_is_unreachable() {
    let (mut script, agent) = Script::ringing();
    script.after(Duration::from_millis(19_999));
    assert!(!script.did(&LegCommand::Hangup(agent)));
    script.after(Duration::from_millis(1));
    assert!(script.did(&LegCommand::Hangup(agent)));
    let offer = script.offer_id();
    assert!(script.inputs().contains(&Input::OfferFailed {
        offer,
        outcome: OfferOutcome::NoAnswer
    }));

    let mut script = Script::waiting();
    script.offer();
    script.after(Duration::from_secs(5));
    let offer = script.offer_id();
    assert!(script.inputs().contains(&Input::OfferFailed {
        offer,
        outcome: OfferOutcome::Unreachable
    }));
}

#[test]
fn a_waiting_that_times_out_goes_on_in_the_flow_and_is_unserved() {
    let mut script = Script::waiting();
    let entry = script.entry();
    script.say(CallInput::EntryLeft {
        entry,
        outcome: EntryOutcome::TimedOut,
        refusal: None,
        message: None,
        way: Way::Exit,
    });
    let play = script.played();
    script.say(CallInput::Leg {
        leg: CUSTOMER,
        event: LegEvent::PlayEnded {
            play,
            finished: true,
        },
    });
    assert_eq!(script.ended(), [(Outcome::Unserved, EndCause::Flow)]);

    let mut script = Script::waiting();
    let entry = script.entry();
    script.say(CallInput::EntryLeft {
        entry,
        outcome: EntryOutcome::Refused,
        refusal: Some(Refusal::Full),
        message: None,
        way: Way::Exit,
    });
    script.customer_hangs_up();
    assert_eq!(script.ended(), [(Outcome::Unserved, EndCause::Customer)]);
}

#[test]
fn who_is_sent_off_from_a_closed_queue_hears_why_and_is_unserved() {
    let mut script = Script::waiting();
    let entry = script.entry();
    script.say(CallInput::EntryLeft {
        entry,
        outcome: EntryOutcome::Refused,
        refusal: Some(Refusal::Closed),
        message: Some(router::closure::ClosureMessage::Prompt(
            "flood.wav".to_owned(),
        )),
        way: Way::Exit,
    });
    let said = |script: &Script| {
        let play = script.all.iter().rev().find_map(|output| match output {
            CallOutput::Leg(LegCommand::Play(play)) => Some(play.clone()),
            _ => None,
        });
        play.unwrap().sounds[0].file.clone()
    };
    assert_eq!(said(&script).as_deref(), Some("flood.wav"));
    for _ in 0..2 {
        let play = script.played();
        script.say(CallInput::Leg {
            leg: CUSTOMER,
            event: LegEvent::PlayEnded {
                play,
                finished: true,
            },
        });
    }
    assert_eq!(script.ended(), [(Outcome::Unserved, EndCause::Flow)]);
}

#[test]
fn a_caller_who_hangs_up_in_the_menu_served_themselves() {
    let mut script = Script::begin();
    script.customer_hangs_up();
    assert_eq!(script.ended(), [(Outcome::SelfServed, EndCause::Customer)]);
    assert!(script.finished());
}

#[test]
fn a_distributor_that_never_says_the_outcome_does_not_keep_the_record_open() {
    let mut script = Script::waiting();
    script.customer_hangs_up();
    script.after(Duration::from_secs(9));
    assert!(
        script.ended().is_empty(),
        "it may be late: how the waiting ended is its word"
    );
    script.after(Duration::from_secs(1));
    assert_eq!(script.ended(), [(Outcome::Abandoned, EndCause::Customer)]);
    assert!(script.finished());
}

#[test]
fn a_call_that_we_end_while_the_distributor_says_nothing_failed() {
    let mut script = Script::waiting();
    script.say(CallInput::Shutdown);
    script.after(Duration::from_secs(10));
    assert_eq!(script.ended(), [(Outcome::Failed, EndCause::Shutdown)]);
}

#[test]
fn a_leg_that_never_reports_its_end_does_not_keep_the_call() {
    let (mut script, _agent) = Script::talking();
    script.customer_hangs_up();
    assert!(!script.finished());
    assert!(script.machine.next_deadline().is_some());
    script.after(Duration::from_secs(40));
    assert!(script.finished());
}

#[test]
fn dead_media_ends_the_talk() {
    let (mut script, agent) = Script::talking();
    script.say(CallInput::Leg {
        leg: CUSTOMER,
        event: LegEvent::MediaLost,
    });
    assert!(script.did(&LegCommand::Hangup(agent)));
    assert!(script.did(&LegCommand::Hangup(CUSTOMER)));
    assert_eq!(script.ended(), [(Outcome::Answered, EndCause::MediaLost)]);
}

#[test]
fn a_caller_whose_page_was_closed_in_a_queue_has_hung_up() {
    let mut script = Script::waiting();
    script.say(CallInput::Leg {
        leg: CUSTOMER,
        event: LegEvent::MediaLost,
    });
    assert!(script.did(&LegCommand::Hangup(CUSTOMER)));
    let entry = script.entry();
    let cause = LeaveCause::HungUp;
    assert!(script.inputs().contains(&Input::Leave { entry, cause }));
}

#[test]
fn shutdown_ends_a_waiting_call_as_our_fault() {
    let mut script = Script::waiting();
    let entry = script.entry();
    script.say(CallInput::Shutdown);
    assert!(script.did(&LegCommand::Hangup(CUSTOMER)));
    assert!(script.inputs().contains(&Input::Leave {
        entry,
        cause: LeaveCause::Failed
    }));
    script.say(CallInput::EntryLeft {
        entry,
        outcome: EntryOutcome::Failed,
        refusal: None,
        message: None,
        way: Way::Exit,
    });
    assert_eq!(script.ended(), [(Outcome::Failed, EndCause::Shutdown)]);
}

/// Its driver would turn in circles until the legs are over.
#[test]
fn a_call_on_its_way_out_wants_no_time_of_its_flow() {
    let mut script = Script::begin_with(
        r#"
flow: 1
name: support
prompts: { choose: { en: "Press 1." } }
blocks:
  start:
    - answer:
    - menu:
        prompt: choose
        timeout: 5s
        tries: 3
        keys: { 1: { go: bye, label: Bye } }
        exits: { exhausted: bye, error: bye }
  bye:
    - hangup:
"#,
    );
    let play = script.played();
    script.say(CallInput::Leg {
        leg: CUSTOMER,
        event: LegEvent::PlayEnded {
            play,
            finished: true,
        },
    });
    script.say(CallInput::Shutdown);
    script.after(Duration::from_secs(6));
    let deadline = script.machine.next_deadline().unwrap();
    assert!(deadline > Timestamp::from_millis(script.at), "{deadline:?}");
}

/// Who calls, what was dialled and the time of day reach the flow.
/// A prompt that is stopped by the end, and a key on its way, come after it.
#[test]
fn a_call_on_its_way_out_enters_no_queue() {
    let mut script = Script::begin();
    let play = script.played();
    script.say(CallInput::Shutdown);
    script.say(CallInput::Leg {
        leg: CUSTOMER,
        event: LegEvent::PlayEnded {
            play,
            finished: false,
        },
    });
    assert!(script.last.is_empty(), "{:?}", script.last);
}

#[test]
fn a_flow_decides_by_the_caller_and_the_time() {
    let flow = r#"
flow: 1
name: support
hours:
  night: { zone: UTC, week: { thu: "00:00-00:01" }, closed_on: [] }
blocks:
  start:
    - answer:
    - tag: { who: "{{ call.from }} to {{ call.to }}" }
    - hours: { check: night, exits: { open: open, closed: closed } }
  open: [ { tag: { it: "is open" } }, { hangup: } ]
  closed: [ { hangup: } ]
"#;
    let script = Script::begin_with(flow);
    let tags: Vec<String> = script
        .all
        .iter()
        .filter_map(|output| match output {
            CallOutput::Log {
                event: Event::Tagged { key, value, .. },
                ..
            } => Some(format!("{key}={value}")),
            _ => None,
        })
        .collect();
    // The virtual clock stands at 1970-01-01, a Thursday.
    assert_eq!(tags, ["who=+34600111222 to 9000", "it=is open"]);
}
