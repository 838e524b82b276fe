//! In and out of hours at the example's workshop: who reaches people, who a message box, and what lies in it.

use super::line::{Caller, Line, Workshop};
use super::shop::nowhere;
use super::went_by;
use crate::hold::{CUSTOMER_HZ, heard_in};
use crate::support::phone::{Sending, seconds};
use crate::support::world::channels;
use std::time::Duration;

const BEEP: f64 = 1_000.0;

/// Behind the words before a message: the caller speaks for two seconds, presses hash and is thanked.
fn speaks(line: &Line, caller: Caller<'_>) -> String {
    caller.call.wait_tone(BEEP, seconds(20)).unwrap();
    caller.call.wait_silence(seconds(20)).unwrap();
    caller.call.send(Sending::Tone(CUSTOMER_HZ));
    std::thread::sleep(Duration::from_secs(2));
    caller.press("#");
    caller.hears(&["message-taken"]);
    let number = caller.left_by_line();
    let record = line.record(&number);
    assert_eq!(record["outcome"], "voicemail", "{record:#}");
    assert_eq!(record["recordings"][0]["kind"], "voicemail");
    let id = record["id"].as_str().unwrap();
    let (_, left, _) = channels(&line.world.recording_file(id, 1));
    let heard = heard_in(&left, CUSTOMER_HZ);
    assert!(heard > 1.0, "{heard} s of the caller");
    number
}

/// The same, but nothing is said.
fn says_nothing(caller: Caller<'_>) -> String {
    caller.call.wait_tone(BEEP, seconds(20)).unwrap();
    caller.press("#");
    caller.hears(&["nobody-free"]);
    caller.left_by_line()
}

/// A caller who waits for a person, and would rather leave a message.
fn gives_up_waiting<'a>(line: &'a Line, language: &'static str) -> Caller<'a> {
    let caller = line.stranger_in(language);
    caller.press("2");
    caller.waits();
    caller.press("1");
    caller
}

#[test]
fn while_it_is_open_who_does_not_want_to_wait_leaves_a_message() {
    let line = Line::start(Workshop::Open, nowhere());
    let callers = line.in_both(|language| {
        let caller = gives_up_waiting(&line, language);
        caller.hears(&["leave-message"]);
        let spoke = speaks(&line, caller);
        let caller = gives_up_waiting(&line, language);
        caller.hears(&["leave-message"]);
        vec![spoke, says_nothing(caller)]
    });
    let test = "while_it_is_open_who_does_not_want_to_wait_leaves_a_message";
    went_by(&line, test, &callers);
}

#[test]
fn while_the_workshop_is_closed_its_callers_leave_a_message() {
    let line = Line::start(Workshop::Closed, nowhere());
    let callers = line.in_both(|language| {
        let caller = line.stranger_in(language);
        caller.press("3");
        caller.hears(&["workshop-closed", "leave-message-closed"]);
        let spoke = speaks(&line, caller);
        // People are there all the same, but not today's word of calling back.
        let caller = gives_up_waiting(&line, language);
        caller.hears(&["leave-message-closed"]);
        vec![spoke, says_nothing(caller)]
    });
    let test = "while_the_workshop_is_closed_its_callers_leave_a_message";
    went_by(&line, test, &callers);
}
