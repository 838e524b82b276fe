//! Rule 5: keys pressed while something plays.

use super::Call;

const FLOW: &str = "
prompts:
  notice: { en: a }
  info: { en: a }
  ask: { en: a }
blocks:
  start:
    - answer:
    - play: NOTICE
    - play: info
    - menu: { prompt: ask, keys: { 1: next, 2: end }, exits: { exhausted: end }MENU }
  next:
    - play: info
    - menu: { prompt: ask, keys: { 2: end }, exits: { exhausted: end } }
  end:
    - hangup:
  skipped:
    - tag: { skipped: yes }
    - go: end
";

fn call(notice: &str, menu: &str) -> Call {
    let mut call = Call::new(&FLOW.replace("NOTICE", notice).replace("MENU", menu));
    call.heard();
    call
}

#[test]
fn a_key_during_a_play_interrupts_it_and_is_the_answer_to_the_next_menu() {
    let mut call = call("notice", "");
    assert_eq!(call.key('2'), "stop, start: 2 = end, hangup Hangup");
}

#[test]
fn keys_typed_ahead_reach_the_menu_after_next_too() {
    let mut call = call("{ prompt: notice, barge_in: false }", "");
    assert_eq!(call.key('1'), "");
    assert_eq!(call.key('2'), "");
    assert_eq!(
        call.ended(),
        "start: 1 = next, next: 2 = end, hangup Hangup"
    );
}

#[test]
fn without_barge_in_the_play_goes_on_and_the_key_is_kept() {
    let mut call = call("{ prompt: notice, barge_in: false }", "");
    assert_eq!(call.key('2'), "", "not interrupted");
    assert_eq!(call.ended(), "start: 2 = end, hangup Hangup");
}

#[test]
fn a_menu_may_refuse_what_was_typed_ahead() {
    let mut call = call("notice", ", type_ahead: false");
    assert_eq!(
        call.key('2'),
        "stop, play ask",
        "the play between is passed over like any other"
    );
    assert_eq!(call.key('2'), "stop, start: 2 = end, hangup Hangup");
}

#[test]
fn a_prompt_that_may_not_be_interrupted_is_heard_to_its_end_first() {
    let mut call = call("notice", ", barge_in: false");
    assert_eq!(
        call.key('2'),
        "stop, play ask",
        "typed ahead, and still heard"
    );
    assert_eq!(call.key('1'), "");
    assert_eq!(
        call.ended(),
        "start: 2 = end, hangup Hangup",
        "the first key counts"
    );
    let mut other = self::call("notice", ", barge_in: false, type_ahead: false");
    other.ended();
    other.ended();
    other.heard();
    assert_eq!(other.key('2'), "");
    assert_eq!(
        other.ended(),
        "",
        "dropped: the menu listens only after its prompt"
    );
    assert_eq!(other.key('2'), "start: 2 = end, hangup Hangup");
}

#[test]
fn the_exit_interrupted_is_taken_when_there_is_one() {
    let mut call = call("{ prompt: notice, exits: { interrupted: skipped } }", "");
    assert_eq!(call.key('7'), "stop, tag skipped=yes, hangup Hangup");
    let mut call = self::call("{ prompt: notice, exits: { interrupted: skipped } }", "");
    assert_eq!(call.ended(), "play info", "not when it ends by itself");
}

#[test]
fn a_wrong_key_empties_what_was_typed_ahead() {
    let mut call = call("{ prompt: notice, barge_in: false }", "");
    call.key('7');
    call.key('2');
    assert_eq!(call.ended(), "play ask", "2 belonged to the mistake");
}

#[test]
fn only_so_many_keys_are_kept() {
    let mut call = call("{ prompt: notice, barge_in: false }", "");
    for _ in 0..1_000 {
        call.key('1');
    }
    assert!(call.flow.keys.len() <= super::super::MOST_KEYS);
}
