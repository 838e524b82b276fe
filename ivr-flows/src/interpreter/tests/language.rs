//! The call's language: what is known is taken, who is not known is asked in each language.

use super::Call;

const FLOW: &str = "
languages: { default: en, offer: [en, es, ca] }
defaults: { input: { timeout: 6s, tries: 2 }, exits: { error: bye } }
vars: { spoken: { type: string, default: \"KNOWN\" } }
prompts: { choose: { en: a, es: b, ca: c }, hello: { en: a }, first: { en: a } }
blocks:
  start:
    - answer:
    - play: first
    - language: { from: 'FROM', ask_if_unknown: choose }
    - play: hello
    - hangup:
  bye:
    - hangup:
";

/// A caller whose language is kept as `known`, behind the first words.
fn call(known: &str, from: &str) -> Call {
    let source = FLOW.replace("KNOWN", known).replace("FROM", from);
    let mut call = Call::new(&source);
    assert_eq!(call.heard(), "answer, play first");
    call
}

const KEPT: &str = "vars.spoken";

#[test]
fn whoever_is_known_is_not_asked() {
    assert_eq!(call("es", KEPT).ended(), "play [es] hello");
}

#[test]
fn whoever_is_not_known_hears_each_language_and_presses_its_number() {
    for (known, from) in [
        ("", KEPT),
        ("fr", KEPT),
        ("fr", "1 / 0 > 0 ? \"en\" : vars.spoken"),
    ] {
        let mut call = call(known, from);
        assert_eq!(call.ended(), "play choose");
        assert_eq!(call.ended(), "play [es] choose");
        assert_eq!(call.key('9'), "", "there is no ninth language");
        assert_eq!(call.key('*'), "");
        assert_eq!(call.ended(), "play [ca] choose");
        assert_eq!(call.key('2'), "stop, play [es] hello");
    }
    let mut call = call("", KEPT);
    for _ in 0..4 {
        call.ended();
    }
    assert_eq!(call.seconds(5), "");
    assert_eq!(call.key('3'), "play [ca] hello");
}

#[test]
fn silence_is_asked_once_more_and_then_changes_nothing() {
    let mut call = call("", KEPT);
    for _ in 0..4 {
        call.ended();
    }
    assert_eq!(call.seconds(6), "play choose");
    for _ in 0..3 {
        call.ended();
    }
    assert_eq!(call.seconds(6), "play hello");
}

#[test]
fn whoever_knows_the_question_types_ahead() {
    let mut typed = call("", KEPT);
    assert_eq!(typed.key('2'), "stop, play [es] hello");
    let mut wrong = call("", KEPT);
    assert_eq!(wrong.key('7'), "stop, play choose");
}
