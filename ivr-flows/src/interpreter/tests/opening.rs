//! The step `hours` with what the company says: its calendars, and those that somebody closed by hand.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Call;
use crate::calendar::{Calendar, ClosedByHand, CompanyHours, Opening, Span};
use crate::port::{CallFacts, FlowInput, Sound};

const FLOW: &str = "
prompts: { p: { en: a } }
blocks:
  start:
    - answer:
    - hours: { check: office, exits: { closed: closed, EMERGENCY } }
    - play: p
    - hangup:
  closed: [ { tag: { at: closed } }, { hangup: } ]
  shut: [ { tag: { at: shut } }, { hangup: } ]
";
const OWN: &str =
    "hours:\n  office: { zone: UTC, week: { mon-sun: \"00:00-24:00\" }, closed_on: [] }\n";
/// A Monday, 15:59:55 UTC.
const MONDAY: i64 = 1_795_449_595_000;

fn flow(emergency: bool) -> String {
    let exit = if emergency { "emergency: shut" } else { "" };
    FLOW.replace("EMERGENCY", exit).replace(", }", " }")
}

fn prompt() -> Sound {
    Sound {
        file: Some("flood.wav".to_owned()),
        words: None,
        voice: None,
    }
}

fn closed(until: i64, message: Option<Sound>) -> CompanyHours {
    let closed = ClosedByHand { until, message };
    CompanyHours {
        closed: Arc::new(BTreeMap::from([("office".to_owned(), closed)])),
        ..CompanyHours::default()
    }
}

fn call(source: &str, hours: CompanyHours) -> Call {
    let facts = CallFacts {
        began_at: Some(MONDAY),
        hours,
        ..CallFacts::default()
    };
    Call::with_facts(source, facts)
}

#[test]
fn a_calendar_of_the_company_decides_and_the_flows_own_comes_before() {
    let mut office = Calendar::in_zone("Europe/Madrid").unwrap();
    office.set_week_day(0, vec![Span::read("09:00-16:59").unwrap()]);
    let hours = CompanyHours {
        calendars: Arc::new(BTreeMap::from([("office".to_owned(), office)])),
        ..CompanyHours::default()
    };
    let heard = call(&flow(true), hours.clone()).other(FlowInput::Start);
    assert_eq!(heard, "answer, tag at=closed, hangup Hangup");
    let own = format!("{OWN}{}", flow(true).trim_start());
    let heard = call(&own, hours).other(FlowInput::Start);
    assert_eq!(heard, "answer, play p");
}

#[test]
fn closed_by_hand_takes_its_exit_until_its_time_and_no_longer() {
    for (source, at) in [(flow(true), "shut"), (flow(false), "closed")] {
        let source = format!("{OWN}{}", source.trim_start());
        let heard = call(&source, closed(MONDAY + 1, None)).other(FlowInput::Start);
        assert_eq!(heard, format!("answer, tag at={at}, hangup Hangup"));
        let heard = call(&source, closed(MONDAY, None)).other(FlowInput::Start);
        assert_eq!(heard, "answer, play p", "it has expired");
    }
}

#[test]
fn the_message_is_heard_first_to_its_end_or_to_a_key() {
    let source = format!("{OWN}{}", flow(true).trim_start());
    let mut one = call(&source, closed(MONDAY + 5_000, Some(prompt())));
    let heard = one.other(FlowInput::Start);
    assert!(
        heard.starts_with("answer, play ") && heard.contains("flood"),
        "{heard}"
    );
    // It expires while the caller listens: what they have heard holds.
    one.seconds(6);
    assert_eq!(one.ended(), "tag at=shut, hangup Hangup");
    let mut two = call(&source, closed(MONDAY + 5_000, Some(prompt())));
    two.other(FlowInput::Start);
    let heard = two.other(FlowInput::Key('1'));
    assert!(heard.ends_with("tag at=shut, hangup Hangup"), "{heard}");
    // Who hung up hears nothing any more.
    let mut three = call(&source, closed(MONDAY + 5_000, Some(prompt())));
    three.other(FlowInput::Start);
    assert_eq!(three.other(FlowInput::HungUp), "hangup CallerLeft");
}

#[test]
fn a_test_says_what_calendars_say() {
    let hours = CompanyHours {
        said: BTreeMap::from([("office".to_owned(), Opening::Closed)]),
        ..CompanyHours::default()
    };
    let heard = call(&flow(true), hours).other(FlowInput::Start);
    assert_eq!(heard, "answer, tag at=closed, hangup Hangup");
}
