//! Surveys: questions one after the other, each told once, answered or not.

use super::Call;
use crate::port::FlowInput;

const FLOW: &str = "
defaults:
  input: { timeout: 6s, tries: 2 }
  no_input: [silence]
  no_match: [wrong]
prompts: { rate: { en: a }, again: { en: a }, silence: { en: a }, wrong: { en: a }, bye: { en: a } }
blocks:
  start:
    - answer:
    - queue: { to: support, exits: { answered: after } }
    - hangup:
  after:
    - survey:
        questions:
          - { prompt: rate, keys: 1-5, store: csat }
          - { prompt: again, keys: [1, 2], store: solved }
        MORE
    - play: bye
    - hangup:
  gone:
    - hangup:
";

/// The agent has left first, and the first question is asked.
fn asked(more: &str) -> Call {
    let mut call = Call::new(&FLOW.replace("MORE", more));
    call.heard();
    call.other(FlowInput::AgentConnected);
    assert_eq!(call.other(FlowInput::AgentLeft), "play rate");
    call
}

#[test]
fn each_answer_is_told_and_the_next_question_asked() {
    let mut call = asked("");
    assert_eq!(call.key('4'), "stop, survey csat Some(4), play again");
    assert_eq!(call.ended(), "");
    assert_eq!(call.seconds(5), "");
    assert_eq!(call.key('1'), "survey solved Some(1), play bye");
}

#[test]
fn both_answers_may_be_typed_at_once() {
    let mut call = asked("barge_in: false");
    assert_eq!(call.key('4'), "", "the question is heard to its end");
    assert_eq!(call.key('2'), "");
    assert_eq!(call.ended(), "survey csat Some(4), play again");
    assert_eq!(call.ended(), "survey solved Some(2), play bye");
    let mut call = asked("");
    assert_eq!(call.key('4'), "stop, survey csat Some(4), play again");
    assert_eq!(call.key('2'), "stop, survey solved Some(2), play bye");
}

#[test]
fn silence_and_wrong_keys_are_counted_apart_and_for_each_question() {
    let mut call = asked("exits: { skipped: gone }");
    call.ended();
    assert_eq!(call.seconds(6), "play silence+rate");
    assert_eq!(
        call.key('9'),
        "stop, play wrong+rate",
        "a wrong key is another count"
    );
    assert_eq!(call.key('5'), "stop, survey csat Some(5), play again");
    call.ended();
    assert_eq!(
        call.seconds(6),
        "play silence+again",
        "the count begins anew"
    );
    call.ended();
    assert_eq!(call.seconds(6), "survey solved None, hangup Hangup");
}

#[test]
fn without_an_exit_who_does_not_answer_goes_on() {
    let mut call = asked("");
    assert_eq!(call.key('0'), "stop, play wrong+rate");
    assert_eq!(call.key('#'), "stop, survey csat None, play bye");
}

#[test]
fn who_hangs_up_has_not_answered_the_question_that_was_asked() {
    let mut call = asked("");
    call.key('3');
    assert_eq!(
        call.other(FlowInput::HungUp),
        "survey solved None, hangup CallerLeft"
    );
}
