//! Somebody is called for the caller: what comes of each end.

use super::Call;
use crate::port::{DialEnd, FlowInput};

fn call(step: &str) -> Call {
    let flow = "
prompts: { sorry: { en: a }, busy: { en: a }, bye: { en: a } }
blocks:
  start:
    - answer:
    - STEP
    - play: bye
    - hangup:
  sorry:
    - play: sorry
    - hangup:
  busy:
    - play: busy
    - hangup:
";
    Call::new(&flow.replace("STEP", step))
}

const TRANSFER: &str = "transfer: { to: \"+34 911 222 333\", ring: 20s, caller_id: caller, exits: { no_answer: sorry, busy: busy } }";

#[test]
fn each_end_takes_its_exit_and_a_talk_ends_the_call() {
    for (end, said) in [
        (DialEnd::NoAnswer, "play sorry"),
        (DialEnd::Busy, "play busy"),
        (DialEnd::Failed, "play bye"),
        (DialEnd::Done, "hangup Hangup"),
    ] {
        let mut call = call(TRANSFER);
        assert_eq!(
            call.heard(),
            "answer, dial Number(\"+34911222333\") as Caller for 20s"
        );
        assert_eq!(call.key('1'), "", "keys are for whoever answers");
        assert_eq!(call.seconds(8_000), "", "nobody counts the time of a talk");
        assert_eq!(call.other(FlowInput::DialEnded(end)), said);
    }
}

#[test]
fn after_dial_the_flow_goes_on() {
    let mut dialled = call("dial: { agent: 2001 }");
    assert_eq!(
        dialled.heard(),
        "answer, dial Agent(\"2001\") as Company for 30s"
    );
    assert_eq!(
        dialled.other(FlowInput::DialEnded(DialEnd::Done)),
        "play bye"
    );
    assert_eq!(
        dialled.other(FlowInput::DialEnded(DialEnd::Done)),
        "",
        "told twice"
    );
    let mut back = call("transfer: { agent: 2001, return_here: true }");
    back.heard();
    assert_eq!(back.other(FlowInput::DialEnded(DialEnd::Done)), "play bye");
}

#[test]
fn who_hangs_up_meanwhile_is_gone() {
    let mut call = call(TRANSFER);
    call.heard();
    assert_eq!(call.other(FlowInput::HungUp), "hangup CallerLeft");
}
