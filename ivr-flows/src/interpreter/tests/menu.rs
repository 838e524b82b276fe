//! The input rules of menus, numbered as in the reference.

use super::{Call, MENU, menu};

#[test]
fn a_key_leads_on_and_is_told_with_its_label() {
    let mut call = menu("");
    assert_eq!(call.heard(), "answer, play ask");
    call.ended();
    assert_eq!(call.key('2'), "start: 2 = two, tag at=two, hangup Hangup");
    let mut call = menu("");
    call.ended();
    call.heard();
    assert_eq!(call.key('1'), "start: 1 = One, tag at=one, play info");
    let mut call = menu("");
    call.heard();
    assert_eq!(call.key('0'), "stop, start: 0 = hangup, hangup Hangup");
}

#[test]
fn rule_1_the_time_begins_when_the_prompt_ends() {
    let mut call = menu("");
    call.heard();
    assert_eq!(call.seconds(60), "", "no time runs while the prompt plays");
    assert_eq!(call.ended(), "");
    assert_eq!(call.pass(std::time::Duration::from_millis(5_999)), "");
    assert_eq!(
        call.pass(std::time::Duration::from_millis(1)),
        "play silence-1+ask"
    );
}

#[test]
fn rule_1_or_at_barge_in_and_again_after_each_digit() {
    let keys = "blocks:\n  start:\n    - answer:\n    - menu: { prompt: ask, timeout: 6s, between_digits: 2s, \
                keys: { 123: end }, exits: { exhausted: end }, no_match: [ask] }\n  end:\n    - hangup:\nprompts:\n  ask: { en: a }";
    let mut call = Call::new(keys);
    call.seconds(30);
    call.heard();
    assert_eq!(
        call.key('1'),
        "stop",
        "the key interrupts the prompt and could grow"
    );
    assert_eq!(call.pass(std::time::Duration::from_millis(1_900)), "");
    assert_eq!(call.key('2'), "");
    assert_eq!(
        call.pass(std::time::Duration::from_millis(1_900)),
        "",
        "the time began anew"
    );
    assert_eq!(
        call.pass(std::time::Duration::from_millis(100)),
        "play ask+ask",
        "half a key is wrong"
    );
    call.ended();
    call.key('1');
    call.key('2');
    assert_eq!(
        call.key('3'),
        "start: 123 = end, hangup Hangup",
        "nothing longer: at once"
    );
}

#[test]
fn rule_3_silence_and_wrong_keys_are_counted_apart() {
    let mut call = menu("");
    call.ended();
    for (silence, wrong) in [
        ("play silence-1+ask", "play wrong-1+ask"),
        ("play silence-2+ask", "play wrong-2+ask"),
    ] {
        call.heard();
        assert_eq!(call.seconds(6), silence);
        call.ended();
        assert_eq!(call.key('7'), wrong);
        call.ended();
    }
    // Two of each: neither has used up its three tries. The third of one ends it, by its own name.
    let mut silent = call;
    assert_eq!(silent.seconds(6), "tag end=silent, hangup Hangup");
    let mut call = menu("");
    call.ended();
    for _ in 0..2 {
        call.key('7');
        call.ended();
    }
    call.seconds(6);
    call.ended();
    call.heard();
    assert_eq!(call.key('8'), "tag end=wrong, hangup Hangup");
}

#[test]
fn tries_bound_each_counter() {
    let mut call = menu("tries: 1");
    call.ended();
    call.heard();
    assert_eq!(call.seconds(6), "tag end=silent, hangup Hangup");
    let mut call = menu("tries: 1");
    call.heard();
    assert_eq!(call.key('7'), "stop, tag end=wrong, hangup Hangup");
}

#[test]
fn exhausted_stands_for_both_unless_one_is_named() {
    let with = |exits: &str| {
        let old = "exits: { exhausted_silence: silent, exhausted_wrong: wrong }";
        let mut call = Call::new(&MENU.replace(old, exits).replace("MENU", "tries: 1"));
        call.ended();
        call.heard();
        call
    };
    assert!(
        with("exits: { exhausted: silent }")
            .key('7')
            .starts_with("tag end=silent")
    );
    let both = "exits: { exhausted: silent, exhausted_wrong: wrong }";
    assert!(with(both).key('7').starts_with("tag end=wrong"));
    assert!(with(both).seconds(6).starts_with("tag end=silent"));
}

#[test]
fn rule_4_failures_are_answered_in_turn_then_the_prompt_or_its_short_form() {
    let mut call = menu("tries: 5\n        short_prompt: short");
    assert_eq!(call.heard(), "answer, play ask", "the first time in full");
    call.ended();
    for heard in [
        "play silence-1+short",
        "play silence-2+short",
        "play silence-2+short",
    ] {
        assert_eq!(call.seconds(6), heard);
        call.ended();
    }
    let mut call = menu("no_match: []\n        no_input: [info]");
    call.ended();
    call.heard();
    assert_eq!(call.key('7'), "play ask");
    call.ended();
    assert_eq!(call.seconds(6), "play info+ask");
}

#[test]
fn repeat_asks_again_and_counts_as_a_try_of_its_own() {
    let mut call = menu("short_prompt: short");
    call.ended();
    call.seconds(6);
    call.ended();
    call.key('7');
    call.ended();
    call.heard();
    assert_eq!(call.key('9'), "start: 9 = repeat, play short");
    assert_eq!(call.key('9'), "stop, start: 9 = repeat, play short");
    assert_eq!(
        call.key('9'),
        "stop, start: 9 = repeat, tag end=wrong, hangup Hangup"
    );
}

#[test]
fn rule_6_an_unknown_key_does_not_wait_unless_a_longer_one_could_match() {
    let mut call = menu("");
    call.ended();
    call.key('7');
    call.ended();
    assert_eq!(
        call.key('7'),
        "play wrong-2+ask",
        "at once, after the first failure too"
    );
    let mut call = Call::new(
        &MENU
            .replace("2: two", "2: two\n          77: two")
            .replace("MENU", ""),
    );
    call.ended();
    call.heard();
    assert_eq!(call.key('7'), "", "77 could still come");
    assert_eq!(call.seconds(3), "play wrong-1+ask");
    call.ended();
    call.key('7');
    assert_eq!(call.key('7'), "start: 77 = two, tag at=two, hangup Hangup");
}

#[test]
fn a_short_key_waits_for_a_longer_one_and_then_counts() {
    let source = MENU.replace("2: two", "12: two").replace("MENU", "");
    let mut call = Call::new(&source);
    call.ended();
    call.heard();
    assert_eq!(call.key('1'), "");
    assert_eq!(call.seconds(3), "start: 1 = One, tag at=one, play info");
    let mut call = Call::new(&source);
    call.heard();
    call.key('1');
    call.heard();
    assert_eq!(call.key('2'), "start: 12 = two, tag at=two, hangup Hangup");
    // What cannot belong to it is the key for the next menu.
    let mut call = Call::new(&source);
    call.heard();
    call.key('1');
    call.heard();
    assert_eq!(
        call.key('5'),
        "start: 1 = One, tag at=one, one: 5 = two, tag at=two, hangup Hangup"
    );
}

#[test]
fn star_and_hash_are_keys_and_other_signs_are_none() {
    let source = MENU
        .replace("2: two", "star: two\n          hash: one")
        .replace("MENU", "");
    for (key, label) in [('*', "two"), ('#', "one")] {
        let mut call = Call::new(&source);
        call.heard();
        assert!(
            call.key(key)
                .starts_with(&format!("stop, start: {key} = {label}")),
            "{key}"
        );
    }
    let mut call = Call::new(&source);
    call.heard();
    for key in ['x', ' ', '\u{0}', 'é', '+'] {
        assert_eq!(call.key(key), "", "{key:?} is no key of a telephone");
    }
}

#[test]
fn a_late_end_of_an_earlier_playing_is_passed_over() {
    let mut call = menu("");
    let first = call.playing.unwrap();
    call.key('7');
    call.heard();
    call.other(crate::port::FlowInput::PlayEnded(first));
    assert_eq!(
        call.seconds(60),
        "",
        "the second playing still runs: no time is counted"
    );
}

#[test]
fn steps_are_told_as_they_begin() {
    let mut call = Call::not_begun(&MENU.replace("MENU", ""));
    call.steps = true;
    let heard = call.other(crate::port::FlowInput::Start);
    assert_eq!(heard, "start.0 answer, answer, start.1 menu, play ask");
    let heard = call.key('2');
    assert_eq!(
        heard,
        "stop, start: 2 = two, way 2, two.0 tag, tag at=two, two.1 hangup, hangup Hangup"
    );
}

#[test]
fn without_time_between_digits_the_short_key_counts_at_once() {
    let source = MENU
        .replace("2: two", "12: two")
        .replace("MENU", "between_digits: 0s");
    let mut call = Call::new(&source);
    call.heard();
    assert!(call.key('1').starts_with("stop, start: 1 = One"));
}

#[test]
fn a_late_end_of_an_earlier_play_does_not_end_the_next_one() {
    let mut call = Call::new(
        "prompts: { a: { en: a }, b: { en: b } }\nblocks:\n  start:\n    - answer:\n    - play: a\n    - play: b\n    - hangup:\n",
    );
    let first = call.playing.unwrap();
    assert_eq!(call.ended(), "answer, play a, play b");
    assert_eq!(call.other(crate::port::FlowInput::PlayEnded(first)), "");
    assert_eq!(call.ended(), "hangup Hangup");
}
