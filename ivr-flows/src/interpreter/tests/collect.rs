//! The input rules as they hold for `collect`: each of the eight that concerns digits has its test here.

use std::time::Duration;

use super::Call;
use crate::interpreter::Interpreter;

const FLOW: &str = "
defaults:
  input: { timeout: 6s, between_digits: 3s, tries: 2 }
  no_input: [silence]
  no_match: [wrong]
vars:
  order: { type: string, default: none }
prompts: { hi: { en: a }, ask: { en: a }, short: { en: a }, silence: { en: a }, wrong: { en: a }, done: { en: a } }
blocks:
  start:
    - answer:
    - play: hi
    - collect: { into: order, prompt: ask, short_prompt: short, digits: 4-6, MORE exits: { exhausted_silence: silent, exhausted_wrong: lost } }
    - tag: { order: \"{{ vars.order }}\" }
    - hangup:
  silent:
    - tag: { end: silent }
    - hangup:
  lost:
    - tag: { end: lost }
    - hangup:
";

fn asked(more: &str) -> Call {
    let mut call = Call::new(&FLOW.replace("MORE", more));
    assert_eq!(call.heard(), "answer, play hi");
    assert_eq!(call.ended(), "play ask");
    call
}

#[test]
fn the_time_begins_when_the_prompt_ends_and_anew_after_each_digit() {
    let mut call = asked("");
    assert_eq!(call.seconds(60), "", "the prompt still plays");
    assert_eq!(call.ended(), "");
    assert_eq!(call.pass(Duration::from_millis(5_999)), "");
    assert_eq!(call.key('1'), "");
    assert_eq!(call.pass(Duration::from_millis(2_999)), "");
    assert_eq!(call.key('2'), "");
    assert_eq!(call.pass(Duration::from_millis(2_999)), "");
    // Two digits are too few: wrong input, not silence.
    assert_eq!(call.pass(Duration::from_millis(1)), "play wrong+short");
}

#[test]
fn the_time_begins_at_barge_in() {
    let mut call = asked("");
    assert_eq!(call.key('1'), "stop");
    assert_eq!(call.seconds(3), "play wrong+short");
}

#[test]
fn the_end_key_without_digits_is_silence_and_never_part_of_the_value() {
    let mut call = asked("");
    call.ended();
    assert_eq!(call.key('#'), "play silence+short");
    for key in ['1', '2', '3', '4'] {
        call.key(key);
    }
    assert_eq!(call.key('#'), "tag order=1234, hangup Hangup");
}

#[test]
fn the_last_digit_ends_it_without_waiting_and_enough_digits_end_it_in_time() {
    let mut call = asked("");
    call.ended();
    for key in ['1', '2', '3', '4', '5'] {
        assert_eq!(call.key(key), "");
    }
    assert_eq!(call.key('6'), "tag order=123456, hangup Hangup");
    let mut call = asked("");
    call.ended();
    let _ = ['1', '2', '3', '4'].map(|key| call.key(key));
    assert_eq!(call.seconds(3), "tag order=1234, hangup Hangup");
}

#[test]
fn silence_and_wrong_input_are_counted_apart_and_the_exit_says_which() {
    let mut call = asked("");
    call.ended();
    assert_eq!(call.seconds(6), "play silence+short");
    call.ended();
    assert_eq!([call.key('1'), call.key('#')].concat(), "play wrong+short");
    call.ended();
    assert_eq!(call.seconds(6), "tag end=silent, hangup Hangup");
    let mut call = asked("");
    call.ended();
    assert_eq!([call.key('1'), call.key('#')].concat(), "play wrong+short");
    assert_eq!(
        [call.key('1'), call.key('#')].concat(),
        "stop, tag end=lost, hangup Hangup".replace("stop, ", "stop")
    );
}

#[test]
fn digits_typed_ahead_are_kept_except_into_what_is_sensitive() {
    let typed = |more: &str| {
        let mut call = Call::new(&FLOW.replace("MORE", more));
        call.heard();
        let mut heard = vec![call.key('9')];
        heard.extend(['8', '7', '6', '#'].map(|key| call.key(key)));
        heard.join("; ")
    };
    assert_eq!(typed(""), "stop; ; ; ; tag order=9876, hangup Hangup");
    // What was typed before is dropped, and the rest interrupts the prompt.
    let sensitive = FLOW.replace("    - tag: { order: \"{{ vars.order }}\" }\n", "");
    let mut call = Call::new(&sensitive.replace("MORE", "sensitive: true,"));
    call.heard();
    assert_eq!(call.key('9'), "stop, play ask");
    assert_eq!(call.key('8'), "stop");
    assert!(
        !format!("{:?}", call.flow).contains("\"8\""),
        "digits in Debug"
    );
}

#[test]
fn a_check_refuses_and_the_value_before_it_stays() {
    let mut call = asked("check: 'vars.order.startsWith(\"4\")',");
    call.ended();
    let _ = ['1', '2', '3', '4'].map(|key| call.key(key));
    assert_eq!(call.key('#'), "play wrong+short");
    assert_eq!(value(&call.flow), "none");
    let _ = ['4', '2', '3', '4'].map(|key| call.key(key));
    assert_eq!(call.key('#'), "tag order=4234, hangup Hangup");
}

#[test]
fn letters_are_no_digits_and_another_key_may_end_it_or_none() {
    let mut call = asked("end_key: star,");
    call.ended();
    let keys = ['1', 'A', '#', '2', '3', '4', '*'].map(|key| call.key(key));
    assert_eq!(keys.concat(), "tag order=1234, hangup Hangup");
    let mut call = asked("end_key: none,");
    call.ended();
    assert_eq!(
        ['1', '2', '3', '4', '#'].map(|key| call.key(key)).concat(),
        ""
    );
    assert_eq!(call.seconds(3), "tag order=1234, hangup Hangup");
}

#[test]
fn without_barge_in_the_prompt_is_heard_to_its_end_and_the_digits_count() {
    let mut call = Call::new(&FLOW.replace("MORE", "barge_in: false,"));
    call.heard();
    call.ended();
    assert_eq!(
        ['1', '2', '3', '4', '#'].map(|key| call.key(key)).concat(),
        ""
    );
    assert_eq!(call.ended(), "tag order=1234, hangup Hangup");
}

#[test]
fn who_answers_hears_what_was_typed_and_the_digits_only_where_they_are_harmless() {
    let typed = |more: &str| {
        let flow = FLOW.replace("MORE", more);
        let flow = flow.replace("    - tag: { order: \"{{ vars.order }}\" }\n", "");
        let mut call = Call::new(&flow);
        call.steps = true;
        call.heard();
        call.ended();
        let _ = ['4', '2', '3', '4'].map(|key| call.key(key));
        call.key('#')
    };
    let told = |words: &str| format!("start typed {words}, start.3 hangup, hangup Hangup");
    assert_eq!(typed(""), told("order ***"));
    assert_eq!(typed("label: order number,"), told("order number ***"));
    let shown = typed("label: order number, harmless: true,");
    assert_eq!(shown, told("order number 4234"));
    assert_eq!(typed("sensitive: true,"), told("order ***"));
}

fn value(flow: &Interpreter) -> String {
    flow.var("order").unwrap().to_string()
}
