//! Keys of callers who wait, and what is asked of agents with time.

use std::time::Duration;

use super::Call;
use crate::port::{FlowInput, FlowOutput};

const FLOW: &str = "
prompts: { music: { file: moh.wav }, info: { en: a }, busy: { en: a } }
blocks:
  start:
    - answer:
    - queue: { to: support, use: w, exits: { timeout: late } }
    - hangup:
  message:
    - voicemail: support
  late:
    - hangup:
waits:
  w:
    loop:
      - play: { prompt: music, for: 30s }
      - play: busy
    keys:
      1: { go: message, label: Message }
      2: { play: info }
      star: hangup
    relax:
      - { after: 45s, skills: { billing: 1 } }
      - { after: 2m, also: [repairs], drop: [billing], head_start: 1m }
    give_up_after: 2m
";

fn waiting() -> Call {
    let mut call = Call::new(FLOW);
    let begun = call.heard();
    assert!(begun.starts_with("answer, queue support"), "{begun}");
    assert!(begun.ends_with("play moh for 30s"), "{begun}");
    call
}

#[test]
fn a_key_leaves_the_queue_by_its_own_way() {
    let mut call = waiting();
    assert_eq!(
        call.key('1'),
        "start: 1 = Message, stop, leave queue, by key true, play beep"
    );
    // The agent who answers at the same moment has the caller all the same.
    let mut call = waiting();
    call.key('1');
    assert_eq!(call.other(FlowInput::AgentConnected), "stop");
    let mut call = waiting();
    assert_eq!(
        call.key('*'),
        "start: * = hangup, stop, leave queue, by key true, hangup Hangup"
    );
}

#[test]
fn a_key_that_plays_something_keeps_the_place_and_the_time() {
    let mut call = waiting();
    call.seconds(10);
    assert_eq!(call.key('2'), "start: 2 = hear, stop, play info");
    assert_eq!(call.ended(), "play busy", "the loop goes on");
    assert_eq!(call.key('9'), "", "a key that the wait does not have");
    assert_eq!(
        call.seconds(110),
        "stop, leave queue, by key false, hangup Hangup"
    );
}

#[test]
fn a_key_between_two_sounds_is_heard_at_once() {
    let mut call = waiting();
    call.ended();
    call.ended();
    assert_eq!(call.key('2'), "start: 2 = hear, play info");
    assert_eq!(call.seconds(2), "", "nothing else begins beside it");
    assert!(call.ended().starts_with("play moh"));
}

#[test]
fn relax_is_the_ladder_of_a_step_without_one() {
    let source = format!("flow: 1\nname: test\n{FLOW}");
    let ladder = |source: &str| {
        let flow = crate::parse(source, "t").unwrap();
        let mut flow = super::Interpreter::new(std::sync::Arc::new(flow));
        flow.handle(FlowInput::Start, Duration::ZERO);
        loop {
            if let FlowOutput::Enqueue { wishes, .. } = flow.poll_output().unwrap() {
                break wishes.ladder.unwrap();
            }
        }
    };
    let steps = ladder(&source);
    assert_eq!(steps.len(), 2);
    assert_eq!(steps[0].skills["billing"], 1);
    assert_eq!(steps[1].skills["billing"], 0, "dropped");
    assert_eq!(steps[1].queues, ["repairs"]);
    assert_eq!(steps[1].head_start, Duration::from_secs(60));
    let own = source.replace("use: w,", "use: w, ladder: [ { after: 9s } ],");
    assert_eq!(ladder(&own)[0].after, Duration::from_secs(9));
}
