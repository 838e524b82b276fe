//! Rule 8: the backstops, and bounded loops.

use super::Call;
use crate::port::{FlowInput, QueueEnd};

#[test]
fn a_flow_that_runs_in_circles_is_stopped_and_told_then_the_error_exit() {
    let source = "defaults: { exits: { error: sorry } }\nprompts: { sorry: { en: a } }\nblocks:\n  start:\n    - answer:\n    \
                  - go: start\n  sorry:\n    - play: sorry\n    - hangup:\n";
    let mut call = Call::new(source);
    let heard = call.heard();
    assert!(
        heard.starts_with("answer, incident: flow `test`"),
        "{heard}"
    );
    assert!(heard.ends_with(", play sorry"), "{heard}");
    assert_eq!(call.ended(), "hangup Hangup");
}

#[test]
fn a_circle_in_the_error_exit_ends_the_call() {
    let source = "defaults: { exits: { error: start } }\nblocks:\n  start:\n    - answer:\n    - go: start\n";
    let heard = Call::new(source).heard();
    assert_eq!(heard.matches("incident").count(), 2, "{heard}");
    assert!(heard.ends_with("hangup Backstop"), "{heard}");
}

#[test]
fn without_an_error_exit_the_call_ends() {
    let heard = Call::new("blocks:\n  start:\n    - go: start\n").heard();
    assert!(
        heard.starts_with("incident") && heard.ends_with("hangup Backstop"),
        "{heard}"
    );
}

#[test]
fn two_hours_outside_queues_are_enough() {
    let source = "defaults: { exits: { error: sorry } }\nprompts: { long: { en: a }, sorry: { en: a } }\nblocks:\n  start:\n    - answer:\n    \
                  - play: long\n    - queue: q\n    - play: long\n    - hangup:\n  sorry:\n    - play: sorry\n    - hangup:\n";
    let mut call = Call::new(source);
    call.heard();
    assert_eq!(call.seconds(3_600), "");
    call.ended();
    call.heard();
    assert_eq!(call.seconds(50_000), "", "waiting does not count");
    call.other(FlowInput::AgentConnected);
    call.seconds(50_000);
    assert_eq!(
        call.other(FlowInput::AgentLeft),
        "play long",
        "nor does talking"
    );
    assert_eq!(call.seconds(3_599), "");
    let heard = call.seconds(1);
    assert!(
        heard.starts_with("stop, incident") && heard.ends_with("play sorry"),
        "{heard}"
    );
    let heard = call.seconds(120);
    assert!(
        heard.ends_with("hangup Backstop"),
        "the error exit has two minutes: {heard}"
    );
}

#[test]
fn a_bounded_go_is_taken_so_often_and_then_goes_elsewhere() {
    let source = |then: &str| {
        format!(
            "blocks:\n  start:\n    - tag: {{ a: b }}\n    - go: {{ to: start, at_most: 2{then} }}\n    - tag: {{ a: next }}\n    \
             - hangup:\n  other:\n    - tag: {{ a: other }}\n    - hangup:\n"
        )
    };
    assert_eq!(
        Call::new(&source(", then: other")).heard(),
        "tag a=b, tag a=b, tag a=b, tag a=other, hangup Hangup"
    );
    assert_eq!(
        Call::new(&source("")).heard(),
        "tag a=b, tag a=b, tag a=b, tag a=next, hangup Hangup"
    );
}

#[test]
fn a_flow_that_was_not_checked_does_no_harm() {
    for source in [
        "blocks:\n  start:\n    - go: nowhere\n",
        "blocks:\n  start:\n    - tag: { a: b }\n",
        "blocks:\n  start: []\n",
        "blocks:\n  start:\n    - menu: { prompt: none, keys: { 1: start }, tries: 1 }\n",
    ] {
        let mut call = Call::new(source);
        let mut heard = call.heard();
        if call.playing.is_some() {
            heard += &call.ended();
        }
        heard += &call.seconds(60);
        assert!(call.flow.is_over(), "{source}");
        assert!(
            heard.ends_with("hangup Backstop") && heard.contains("incident"),
            "{source}: {heard}"
        );
        assert_eq!(call.queue_ended(QueueEnd::Full), "");
    }
}

#[test]
fn time_that_runs_backwards_counts_as_standing_still() {
    let mut call = Call::new(
        "prompts: { a: { en: a } }\nblocks:\n  start:\n    - menu: { prompt: a, keys: { 1: start }, exits: { exhausted: hangup } }\n",
    );
    call.now = std::time::Duration::from_secs(100);
    call.other(FlowInput::Tick);
    call.now = std::time::Duration::ZERO;
    call.ended();
    assert_eq!(
        call.flow.next_deadline(),
        Some(std::time::Duration::from_secs(106))
    );
}
