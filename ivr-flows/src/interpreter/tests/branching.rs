//! `when:`, `branch` and `{{ }}`, and what happens when one of them fails.

use super::Call;
use crate::calendar::CompanyHours;
use crate::port::{CallFacts, FlowInput, QueueEnd};

const FRAME: &str = "
prompts: { p: { en: a }, q: { en: a }, sorry: { en: a } }
vars: { reason: { type: string, default: orders }, count: { type: int, default: 0 } }
EXITS
blocks:
  start:
    - answer:
STEPS
  other:
    - tag: { at: other }
    - hangup:
  sorry:
    - tag: { at: sorry }
    - go: start
";

fn flow(steps: &str, exits: &str) -> String {
    FRAME.replace("STEPS", steps).replace("EXITS", exits)
}

fn call(steps: &str, exits: &str) -> Call {
    Call::with_facts(
        &flow(steps, exits),
        CallFacts {
            from: "+34600111222".to_owned(),
            to: "9000".to_owned(),
            began_at: None,
            hours: CompanyHours::default(),
        },
    )
}

fn begun(steps: &str, exits: &str) -> String {
    call(steps, exits).other(FlowInput::Start)
}

const ERROR: &str = "defaults: { exits: { error: sorry } }";

#[test]
fn a_step_is_passed_over_when_its_condition_is_false() {
    let steps = "    - tag: { a: b }
      when: vars.count > 0
    - set: { count: 1 }
    - tag: { c: \"{{ vars.count }} from {{ call.from }} to {{ call.to }}, {{ call.language }}\" }
      when: vars.count > 0
    - go: other
      when: call.from.startsWith(\"+34\")
    - play: p";
    assert_eq!(
        begun(steps, ""),
        "answer, tag c=1 from +34600111222 to 9000, en, tag at=other, hangup Hangup"
    );
}

#[test]
fn a_branch_takes_the_first_case_that_holds() {
    let branch = "    - branch:
        - { when: vars.count == 1, go: sorry }
        - { when: vars.reason == \"WHAT\", do: [ { tag: { found: it } }, hangup: ] }
        - { when: true, go: other }
    - hangup:";
    let found = begun(&branch.replace("WHAT", "orders"), "");
    assert_eq!(found, "answer, tag found=it, hangup Hangup");
    let last = begun(&branch.replace("WHAT", "other"), "");
    assert_eq!(last, "answer, tag at=other, hangup Hangup");
    let next =
        "    - branch: [ { when: false, go: other } ]\n    - tag: { next: line }\n    - hangup:";
    assert_eq!(begun(next, ""), "answer, tag next=line, hangup Hangup");
    let otherwise = "    - branch: [ { when: false, go: sorry }, { else: other } ]";
    assert_eq!(begun(otherwise, ""), "answer, tag at=other, hangup Hangup");
}

#[test]
fn a_failure_takes_the_error_exit_once_and_then_counts_as_false() {
    let told = "incident: flow `test`, block `start`: an expression failed: a division by zero";
    for step in [
        "    - play: p\n      when: 1 / vars.count == 1\n    - go: other",
        "    - branch: [ { when: 1 / vars.count == 1, go: start }, { else: other } ]",
        "    - tag: { a: \"{{ 1 / vars.count }}\" }\n    - go: other",
    ] {
        assert_eq!(
            begun(step, ERROR),
            format!("answer, {told}, tag at=sorry, {told}, tag at=other, hangup Hangup"),
            "{step}"
        );
        // Without an `error` exit, which the check refuses, the call goes on.
        assert_eq!(
            begun(step, ""),
            format!("answer, {told}, tag at=other, hangup Hangup"),
            "{step}"
        );
    }
}

#[test]
fn a_step_takes_its_own_error_exit() {
    let steps = "    - play: { prompt: p, exits: { error: other } }\n      when: 1 / vars.count == 1\n    - hangup:";
    let heard = begun(steps, ERROR);
    assert!(heard.ends_with("tag at=other, hangup Hangup"), "{heard}");
}

#[test]
fn the_place_in_the_queue_and_tags_can_be_read() {
    let steps = "    - tag: { place: \"{{ queue.position }}\" }
    - queue: support
    - tag: { place: \"{{ queue.position }}, was {{ tags.place }}\" }
    - hangup:";
    let mut call = call(steps, "");
    assert_eq!(
        call.other(FlowInput::Start),
        "answer, tag place=0, queue support"
    );
    call.give(FlowInput::Queued {
        position: 4,
        expected: None,
    });
    assert_eq!(
        call.queue_ended(QueueEnd::Full),
        "tag place=4, was 0, hangup Hangup"
    );
}

#[test]
fn a_queue_that_is_last_and_passed_over_ends_the_call_politely() {
    let steps = "    - queue: support\n      when: false";
    assert_eq!(begun(steps, ""), "answer, hangup AfterQueue");
}

#[test]
fn conditions_hold_after_the_caller_has_left() {
    let steps = "    - play: p\n    - hangup:";
    let exits = "defaults: { exits: { hangup: left } }";
    let left = "
  left:
    - tag: { a: \"1\" }
      when: vars.reason == \"orders\"
    - tag: { b: \"1\" }
      when: vars.reason == \"other\"
    - tag: { c: \"1\" }
      when: 1 / vars.count == 1
    - branch: [ { when: vars.count == 0, go: other }, { else: start } ]
";
    let mut call = Call::new(&format!("{}{left}", flow(steps, exits)));
    call.heard();
    let heard = call.other(FlowInput::HungUp);
    assert_eq!(heard, "tag a=1, tag at=other, hangup CallerLeft");
}

const HOURS: &str = "
hours:
  office: { zone: Europe/Madrid, week: { mon-fri: \"09:00-17:00\" }, closed_on: [ \"2026-12-25\" ] }
prompts: { p: { en: a } }
blocks:
  start:
    - answer:
    - hours: { check: office, exits: { closed: closed, HOLIDAY } }
    - play: p
    - go: { to: start, at_most: 1 }
    - hangup:
  closed: [ { tag: { at: closed } }, { hangup: } ]
  holiday: [ { tag: { at: holiday } }, { hangup: } ]
";

/// A call that begins at a moment, in milliseconds.
fn call_at(began_at: Option<i64>, source: &str) -> Call {
    let facts = CallFacts {
        began_at,
        ..CallFacts::default()
    };
    Call::with_facts(source, facts)
}

/// 2026-11-23 was a Monday; 15:59:55 UTC is 16:59:55 in Madrid.
const MONDAY: i64 = 1_795_449_595_000;
const CHRISTMAS: i64 = 1_798_196_400_000;

#[test]
fn opening_hours_lead_to_their_exits() {
    let own = HOURS.replace("HOLIDAY", "holiday: holiday");
    let mut call = call_at(Some(MONDAY), &own);
    assert_eq!(call.other(FlowInput::Start), "answer, play p");
    // Five seconds later the office has closed: the clock goes on with the call.
    call.seconds(5);
    assert_eq!(call.ended(), "tag at=closed, hangup Hangup");
    let heard = call_at(Some(CHRISTMAS), &own).other(FlowInput::Start);
    assert_eq!(heard, "answer, tag at=holiday, hangup Hangup");
    // Without a word for holidays, they are closed days.
    let mut call = call_at(Some(CHRISTMAS), &HOURS.replace(", HOLIDAY", ""));
    assert_eq!(
        call.other(FlowInput::Start),
        "answer, tag at=closed, hangup Hangup"
    );
}

#[test]
fn an_unknown_time_takes_the_error_exit_or_counts_as_open() {
    let told = "incident: flow `test`, block `start`: whether it is open is not known";
    for began_at in [None, Some(i64::MAX), Some(i64::MIN)] {
        let source = HOURS.replace("HOLIDAY", "error: holiday");
        let heard = call_at(began_at, &source).other(FlowInput::Start);
        assert_eq!(
            heard,
            format!("answer, {told}, tag at=holiday, hangup Hangup")
        );
        let heard = call_at(began_at, &HOURS.replace(", HOLIDAY", "")).other(FlowInput::Start);
        assert_eq!(heard, format!("answer, {told}, play p"));
    }
}
