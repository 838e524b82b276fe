//! Rule 7: the caller hangs up.

use super::Call;
use crate::port::{FlowInput, QueueEnd};

const FLOW: &str = "
defaults:
  exits: { hangup: gone, exhausted: end }
vars:
  step: { type: int }
prompts:
  hello: { en: a }
blocks:
  start:
    - answer:
    - play: hello
    - menu: { prompt: hello, keys: { 1: wait }, exits: { hangup: { do: [ { tag: { in: menu } }, { hangup: } ] } } }
  wait:
    - queue: support
    - hangup:
  gone:
    - play: hello
    - tag: { left: caller }
    - set: { step: 7 }
    - go: more
  more:
    - answer:
    - tag: { more: yes }
    - REST
  end:
    - hangup:
";

fn call(rest: &str) -> Call {
    let mut call = Call::new(&FLOW.replace("REST", rest));
    call.heard();
    call
}

#[test]
fn the_hangup_exit_runs_without_audio_in_every_state() {
    let quiet = "tag left=caller, tag more=yes, hangup CallerLeft";
    let mut playing = call("hangup:");
    assert_eq!(playing.other(FlowInput::HungUp), quiet);
    assert_eq!(playing.flow.var("step"), Some(&crate::Value::Int(7)));
    assert!(playing.flow.is_over());
    let mut in_menu = call("hangup:");
    in_menu.ended();
    assert_eq!(
        in_menu.other(FlowInput::HungUp),
        "tag in=menu, hangup CallerLeft"
    );
    let mut waiting = call("hangup:");
    waiting.ended();
    waiting.key('1');
    assert_eq!(waiting.other(FlowInput::HungUp), quiet);
    let mut talking = call("hangup:");
    talking.ended();
    talking.key('1');
    talking.other(FlowInput::AgentConnected);
    assert_eq!(talking.other(FlowInput::HungUp), quiet);
}

#[test]
fn it_ends_where_the_caller_would_be_needed() {
    let rest = "queue: support";
    assert_eq!(
        call(rest).other(FlowInput::HungUp),
        "tag left=caller, tag more=yes, hangup CallerLeft"
    );
    let rest = "menu: { prompt: hello, keys: { 1: end } }";
    assert_eq!(
        call(rest).other(FlowInput::HungUp),
        "tag left=caller, tag more=yes, hangup CallerLeft"
    );
}

#[test]
fn a_circle_in_it_ends_soon() {
    let heard = call("go: more").other(FlowInput::HungUp);
    let tags = heard.matches("more=yes").count();
    assert!((2..=100).contains(&tags), "{tags}");
    assert!(heard.ends_with("hangup CallerLeft"));
}

#[test]
fn without_the_exit_the_flow_is_simply_over() {
    let mut call = Call::new(
        &FLOW
            .replace("hangup: gone, ", "")
            .replace("REST", "hangup:"),
    );
    call.heard();
    assert_eq!(call.other(FlowInput::HungUp), "hangup CallerLeft");
    assert_eq!(call.other(FlowInput::HungUp), "");
    assert_eq!(call.queue_ended(QueueEnd::Full), "");
}

#[test]
fn a_caller_may_leave_before_the_flow_began() {
    let mut call = Call::not_begun(&FLOW.replace("REST", "hangup:"));
    assert_eq!(call.other(FlowInput::HungUp), "hangup CallerLeft");
    assert_eq!(call.other(FlowInput::Start), "");
}
