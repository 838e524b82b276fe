//! Messages: how they begin, every way they end, and what is too short to be one.

use super::Call;
use crate::port::FlowInput;

const FLOW: &str = "
prompts: { leave: { en: a }, thanks: { en: a } }
defaults: { exits: { error: away, hangup: gone } }
blocks:
  start:
    - answer:
    - voicemail: { box: support, prompt: leave, max: 30s, min: 2s, silence: 4s, exits: { recorded: thanks, too_short: again } }
  thanks:
    - play: thanks
    - hangup:
  again:
    - tag: { was: short }
    - voicemail: support
  away:
    - tag: { was: error }
    - hangup:
  gone:
    - tag: { was: gone }
    - hangup:
";

fn recording() -> Call {
    let mut call = Call::new(FLOW);
    assert_eq!(call.heard(), "answer, play leave+beep");
    assert_eq!(call.ended(), "record, silence 4s");
    call
}

#[test]
fn a_key_the_longest_time_and_silence_end_a_message() {
    let mut call = recording();
    assert_eq!(call.seconds(5), "");
    assert_eq!(call.key('1'), "", "only the end key ends it");
    assert_eq!(call.key('#'), "message Some(\"support\"), play thanks");
    let mut call = recording();
    assert_eq!(call.seconds(30), "message Some(\"support\"), play thanks");
    let mut call = recording();
    assert_eq!(call.seconds(7), "");
    assert_eq!(
        call.other(FlowInput::CallerSilent),
        "message Some(\"support\"), play thanks"
    );
    assert_eq!(call.other(FlowInput::CallerSilent), "");
}

#[test]
fn a_caller_who_hangs_up_has_left_a_message() {
    let mut call = recording();
    call.seconds(3);
    assert_eq!(
        call.other(FlowInput::HungUp),
        "message Some(\"support\"), tag was=gone, hangup CallerLeft"
    );
    let mut call = recording();
    call.seconds(1);
    assert_eq!(
        call.other(FlowInput::HungUp),
        "message None, tag was=gone, hangup CallerLeft"
    );
}

#[test]
fn what_is_too_short_is_no_message_and_silence_alone_is_short() {
    let mut call = recording();
    call.seconds(1);
    assert_eq!(call.key('#'), "message None, tag was=short, play beep");
    let mut call = recording();
    call.seconds(5);
    assert_eq!(
        call.other(FlowInput::CallerSilent),
        "message None, tag was=short, play beep"
    );
    // After a `voicemail` that is last the call ends politely.
    assert_eq!(call.ended(), "record, silence 5s");
    call.seconds(5);
    assert_eq!(
        call.key('#'),
        "message Some(\"support\"), hangup AfterQueue"
    );
}

#[test]
fn a_key_during_the_words_goes_on_to_the_tone_and_one_before_counts_for_nothing() {
    let mut call = Call::new(&FLOW.replace(
        "    - voicemail: { box: s",
        "    - play: thanks\n    - voicemail: { box: s",
    ));
    call.heard();
    assert_eq!(call.key('#'), "stop, play leave+beep");
    assert_eq!(call.key('#'), "stop, play beep");
    assert_eq!(call.ended(), "record, silence 4s");
}

#[test]
fn a_message_that_cannot_be_recorded_takes_the_error_exit() {
    let mut call = recording();
    let said = call.other(FlowInput::RecordingFailed);
    assert!(
        said.starts_with("incident") && said.ends_with("tag was=error, hangup Hangup"),
        "{said}"
    );
}

#[test]
fn an_agent_who_comes_late_is_heard_all_the_same() {
    let mut call = recording();
    call.seconds(5);
    assert_eq!(
        call.other(FlowInput::AgentConnected),
        "message Some(\"support\")"
    );
}

/// The queue sends a waiting caller to its own box: no step says so.
#[test]
fn a_queues_own_box_takes_a_message_and_then_the_call_ends() {
    let flow = "
prompts: { moh: { en: a } }
waits: { calm: { loop: [{ play: { prompt: moh, for: 30s } }] } }
blocks:
  start:
    - answer:
    - queue: { to: support, use: calm }
    - tag: { was: talk }
    - hangup:
";
    let greeting = crate::port::Sound {
        file: Some("leave.wav".to_owned()),
        words: None,
        voice: None,
    };
    for (seconds, end) in [(9, "message Some(\"sales\")"), (0, "message None")] {
        let mut call = Call::new(flow);
        call.heard();
        let heard = call.other(FlowInput::QueueVoicemail {
            mailbox: "sales".to_owned(),
            greeting: Some(greeting.clone()),
        });
        assert_eq!(heard, "stop, play leave+beep");
        assert_eq!(call.ended(), "record, silence 5s");
        assert_eq!(call.seconds(seconds), "");
        assert_eq!(call.key('#'), format!("{end}, hangup AfterQueue"));
    }
    let mut call = Call::new(flow);
    call.heard();
    call.other(FlowInput::QueueVoicemail {
        mailbox: "sales".to_owned(),
        greeting: None,
    });
    call.ended();
    call.seconds(4);
    assert_eq!(
        call.other(FlowInput::HungUp),
        "message Some(\"sales\"), hangup CallerLeft"
    );
}
