//! Consent and the recording: which keys count, what silence means, and what is asked of the call.

use super::Call;
use crate::port::FlowInput;

const FLOW: &str = "
defaults: { input: { timeout: 6s } }
prompts: { hello: { en: a }, recorded: { en: a }, ask: { en: a } }
blocks:
  start:
    - answer:
    - play: hello
    - consent: { prompt: recorded, opt_out_key: 1, opt_in_key: 2, default: DEFAULT, exits: { denied: refused } }
    - menu: { prompt: ask, keys: { 1: refused }, exits: { exhausted: refused } }
  refused:
    - hangup:
";

/// The caller hears the words.
fn asked(default: &str) -> Call {
    let mut call = Call::new(&FLOW.replace("DEFAULT", default));
    assert_eq!(call.heard(), "answer, play hello");
    assert_eq!(call.ended(), "play recorded");
    call
}

#[test]
fn silence_says_what_the_step_says() {
    let mut call = asked("granted");
    assert_eq!(call.ended(), "");
    assert_eq!(call.seconds(2), "");
    assert_eq!(call.seconds(1), "consent true, by key false, play ask");
    let mut call = asked("denied");
    call.ended();
    assert_eq!(
        call.seconds(3),
        "consent false, by key false, hangup Hangup"
    );
}

#[test]
fn a_key_says_it_at_once_and_other_keys_say_nothing() {
    let mut call = asked("granted");
    assert_eq!(call.key('5'), "", "the words go on");
    assert_eq!(
        call.key('1'),
        "stop, consent false, by key true, hangup Hangup"
    );
    let mut call = asked("denied");
    call.ended();
    assert_eq!(call.key('2'), "consent true, by key true, play ask");
    assert_eq!(call.seconds(5), "", "no key is left for the menu");
}

#[test]
fn what_was_typed_ahead_agrees_to_nothing() {
    let mut call = Call::new(&FLOW.replace("DEFAULT", "denied"));
    call.heard();
    assert_eq!(call.key('2'), "stop, play recorded");
    call.ended();
    assert_eq!(
        call.seconds(3),
        "consent false, by key false, hangup Hangup"
    );
}

#[test]
fn words_that_nobody_could_hear_are_no_question() {
    let mut call = asked("granted");
    let token = call.playing.take().unwrap();
    let told = call.other(FlowInput::PlayFailed(token));
    assert!(
        told.contains("incident") && told.contains("consent false, by key false"),
        "{told}"
    );
}

#[test]
fn the_recording_is_asked_for_and_a_tone_tells_of_it() {
    let mut call = Call::new(
        "
prompts: { hello: { en: a } }
blocks:
  start:
    - record: start
    - record: { action: pause, beep: true }
    - play: hello
    - record: resume
    - record: stop
    - hangup:
",
    );
    assert_eq!(
        call.heard(),
        "answer, recording start, recording pause, play beep"
    );
    assert_eq!(call.key('1'), "", "the tone is heard to its end");
    // The key was kept, so the prompt is passed over.
    assert_eq!(
        call.ended(),
        "recording resume, recording stop, hangup Hangup"
    );
}
