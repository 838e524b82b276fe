//! Small steps: a pause, an event, the end with a reason; digits with a format, and read back.

use super::Call;
use crate::port::FlowInput;

#[test]
fn keys_of_a_pause_are_kept_and_shorten_nothing() {
    let mut call = Call::new(
        "
defaults: { exits: { exhausted: two } }
prompts: { ask: { en: a } }
blocks:
  start:
    - answer:
    - wait: 2s
    - menu: { prompt: ask, keys: { 1: two } }
  two:
    - hangup:
",
    );
    assert_eq!(call.heard(), "answer");
    assert_eq!(call.key('1'), "");
    assert_eq!(call.pass(std::time::Duration::from_millis(1_900)), "");
    assert_eq!(call.seconds(1), "start: 1 = two, hangup Hangup");
}

#[test]
fn an_event_carries_its_values_also_of_a_caller_who_has_left() {
    let mut call = Call::new(
        "
defaults: { exits: { error: gone, hangup: gone } }
vars: { order: { type: string, default: x7 } }
prompts: { hello: { en: a } }
blocks:
  start:
    - notify: { event: order-asked, data: { order: \"{{ vars.order }}\", n: \"{{ 1 / (queue.position) }}\", far: es } }
    - play: hello
    - hangup:
  gone:
    - notify: left
    - hangup:
",
    );
    let told = call.heard();
    assert!(
        told.contains("notify order-asked {\"far\": \"es\", \"order\": \"x7\"}"),
        "{told}"
    );
    // The value that failed took the `error` exit.
    assert!(
        told.contains("incident") && told.contains("notify left {}"),
        "{told}"
    );
    let mut call = Call::new(
        "
defaults: { exits: { hangup: gone } }
prompts: { hello: { en: a } }
blocks:
  start: [ { answer: }, { play: hello }, { hangup: } ]
  gone: [ { notify: left }, { hangup: } ]
",
    );
    call.heard();
    assert_eq!(
        call.other(FlowInput::HungUp),
        "notify left {}, hangup CallerLeft"
    );
}

#[test]
fn a_call_that_was_not_answered_is_refused_with_a_reason() {
    let flow = |steps: &str| format!("blocks: {{ start: [ {steps} ] }}\n");
    assert_eq!(
        Call::new(&flow("{ hangup: busy }")).heard(),
        "refuse 486, hangup Hangup"
    );
    let code = flow("{ hangup: { code: 603 } }");
    assert_eq!(Call::new(&code).heard(), "refuse 603, hangup Hangup");
    let answered = flow("{ answer: }, { hangup: { cause: declined } }");
    assert_eq!(Call::new(&answered).heard(), "answer, hangup Hangup");
}

const COLLECT: &str = "
defaults: { input: { timeout: 6s, between_digits: 3s, tries: 2 }, no_input: [silence], no_match: [wrong] }
vars: { day: { type: string, default: none } }
prompts: { when: { en: a }, right: { en: a }, silence: { en: a }, wrong: { en: a } }
blocks:
  start:
    - answer:
    - collect: { into: day, prompt: when, digits: 1-8, format: date, confirm: { prompt: right, accept: 1, again: 2 }, exits: { exhausted: out } }
    - tag: { day: \"{{ vars.day }}\" }
    - hangup:
  out:
    - tag: { out: \"{{ vars.day }}\" }
    - hangup:
";

fn typed(keys: &str) -> (Call, String) {
    let mut call = Call::new(COLLECT);
    assert_eq!(call.heard(), "answer, play when");
    let said: Vec<String> = keys.chars().map(|key| call.key(key)).collect();
    let said = said.into_iter().filter(|said| !said.is_empty());
    let said = said.collect::<Vec<_>>().join(", ");
    (call, said)
}

#[test]
fn digits_are_read_back_and_count_when_they_are_accepted() {
    let (mut call, said) = typed("24122026");
    assert_eq!(said, "stop, play digits 24122026+right");
    assert_eq!(call.key('1'), "stop, tag day=24122026, hangup Hangup");
    // The end key behind the last digit is no answer.
    let (mut call, said) = typed("24122026#");
    assert_eq!(said, "stop, play digits 24122026+right, stop");
    assert_eq!(call.key('1'), "tag day=24122026, hangup Hangup");
}

#[test]
fn asked_for_again_they_are_typed_anew_as_often_as_there_are_tries() {
    let (mut call, _) = typed("24122026");
    assert_eq!(call.key('2'), "stop, play when");
    for key in "25122026".chars() {
        call.key(key);
    }
    assert_eq!(
        call.key('2'),
        "stop, tag out=none, hangup Hangup",
        "what was not accepted is forgotten"
    );
}

#[test]
fn silence_and_wrong_keys_at_the_question_are_counted_with_the_others() {
    let (mut call, _) = typed("24122026");
    call.ended();
    assert_eq!(call.seconds(6), "play silence+digits 24122026+right");
    call.ended();
    assert_eq!(call.seconds(6), "tag out=none, hangup Hangup");
    let (mut call, said) = typed("30022026");
    assert_eq!(said, "stop, play wrong+when", "no such day");
    for key in "24122026".chars() {
        call.key(key);
    }
    assert_eq!(call.key('9'), "stop, tag out=none, hangup Hangup");
}

#[test]
fn what_nothing_stands_behind_goes_where_the_flow_says_and_nowhere_else() {
    for step in [
        "callback: { exits: { unavailable: gone, accepted: bye } }",
        "offer_callback: { key: 1, prompt: hello, exits: { unavailable: gone } }",
        "pay: { processor: bank, amount: \"1\", exits: { unavailable: gone, paid: bye } }",
    ] {
        let mut call = Call::new(&format!(
            "prompts: {{ hello: {{ en: a }} }}\nblocks:\n  start: [ {{ {step} }} ]\n  gone: [ {{ tag: {{ it: later }} }}, {{ hangup: }} ]\n  bye: [ {{ hangup: }} ]\n"
        ));
        assert_eq!(call.heard(), "tag it=later, hangup Hangup", "{step}");
    }
}
