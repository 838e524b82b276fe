//! The one layout, and that it says the same.

use proptest::prelude::*;

use super::format;
use crate::diff::diff;
use crate::edit::Refused;

const SUPPORT: &str = include_str!("../../examples/fernhill/flows/support.flow.yaml");
const HELLO: &str = include_str!("../../examples/hello/flows/hello.flow.yaml");

/// Lays out, and holds what every layout must keep.
fn laid_out(source: &str) -> String {
    let text = format(source).unwrap_or_else(|why| panic!("{why:?}\n{source}"));
    assert_eq!(
        format(&text).unwrap(),
        text,
        "a second time changes nothing"
    );
    assert_eq!(diff(source, &text).unwrap(), [], "{text}");
    assert_eq!(
        source.matches('#').count(),
        text.matches('#').count(),
        "{text}"
    );
    text
}

#[test]
fn the_examples_are_laid_out_but_for_quotes() {
    assert_eq!(laid_out(HELLO), HELLO);
    // Texts in brackets get quotes, and nothing else is different.
    let text = laid_out(SUPPORT);
    assert_eq!(text.lines().count(), SUPPORT.lines().count());
    for (is, was) in text.lines().zip(SUPPORT.lines()) {
        assert!(
            is == was || is.replace('"', "") == was.replace('"', ""),
            "{is}\n{was}"
        );
    }
}

#[test]
fn keys_get_their_order_and_remarks_move_with_them() {
    let source = "# the head\n\nname: x\n# format\nflow:   1   # one\n\n\n\nblocks:\n   # begins\n   start:\n   - when: a\n     # hears\n     play: b\n   # then\n   - queue: {exits: {timeout: c}, to: support}\n     # deeper\n   # last\nprompts: {b: {en: Hello there}}\n";
    let text = laid_out(source);
    assert_eq!(
        text,
        "# the head\n\n# format\nflow: 1 # one\nname: x\nprompts: { b: { en: \"Hello there\" } }\n\nblocks:\n  # begins\n  start:\n    # hears\n    - play: b\n      when: a\n    # then\n    - queue: { to: support, exits: { timeout: c } }\n  # deeper\n  # last\n"
    );
}

#[test]
fn what_is_cut_in_brackets_gets_quotes_and_what_is_long_gets_lines() {
    let source = "flow: 1\nname: x\nblocks:\n  start:\n    - branch: [ { when: vars.a == \"b\", go: start } ]\n    - queue: { to: support, exits: { timeout: a-block-with-a-long-name, full: a-block-with-a-long-name, closed: a-block-with-a-long-name, no_agents: a-block-with-a-long-name } }\n    - play: [ a,\n        b ]\n    - tag: {\n        a: b, # why\n        c: d }\n";
    let text = laid_out(source);
    assert!(
        text.contains("- branch: [{ when: 'vars.a == \"b\"', go: start }]\n"),
        "{text}"
    );
    assert!(
        text.contains("        to: support\n        exits:"),
        "{text}"
    );
    assert!(text.contains("- play: [a, b]\n"), "{text}");
    assert!(
        text.contains("- tag:\n        a: b # why\n        c: d\n"),
        "{text}"
    );
}

#[test]
fn texts_of_several_lines_stay_what_they_are() {
    let source = "flow: 1\nname: x\nprompts:\n    a:\n       en: |\n           one\n             two\n       es: \"uno\n         dos\"\nblocks:\n  start: [ { hangup: } ]\n";
    let text = laid_out(source);
    assert!(
        text.contains("    en: |\n      one\n        two\n    es: \"uno dos\"\n"),
        "{text}"
    );
    assert!(text.contains("start: [{ hangup: }]"), "{text}");
}

#[test]
fn what_cannot_be_read_is_refused() {
    assert!(matches!(format("a: ["), Err(Refused::Unreadable(_))));
}

/// A flow in some odd layout.
fn odd() -> impl Strategy<Value = String> {
    let word = "[a-z]{1,6}";
    let text = "[a-zA-Z,'# :.]{0,20}";
    let step = prop_oneof![
        word.prop_map(|w| format!("play: {w}")),
        word.prop_map(|w| format!("queue: {{to:   {w} ,exits: {{timeout: {w}}}}}")),
        (word, text).prop_map(|(w, t)| format!("tag: {{ {w}: '{}' }}", t.replace('\'', "''"))),
        word.prop_map(|w| format!(
            "menu: {{ keys: {{ 1: {w}, 2: {{label: {w}, go: {w}}} }}, prompt: {w} }}"
        )),
        word.prop_map(|w| format!("go: {w}")),
    ];
    let remark = prop_oneof![
        Just(String::new()),
        "[a-z ]{1,8}".prop_map(|text| format!("# {text}"))
    ];
    let line = (step, remark.clone(), remark, any::<bool>(), 0..3_usize);
    let block = (prop::collection::vec(line, 1..5), 1..5_usize);
    prop::collection::vec(block, 1..5).prop_map(|blocks| {
        let mut out = String::from("name: x\nflow: 1\nblocks:\n");
        for (at, (lines, indent)) in blocks.iter().enumerate() {
            out.push_str(&format!("   b{at}:\n"));
            let room = " ".repeat(3 + indent);
            for (step, above, behind, when, blanks) in lines {
                out.push_str(&"\n".repeat(*blanks));
                if !above.is_empty() {
                    out.push_str(&format!("{room}{}\n", above.trim_end()));
                }
                let behind = behind.trim_end();
                if *when {
                    out.push_str(&format!("{room}-  when: a {behind}\n{room}   {step}\n"));
                } else {
                    out.push_str(&format!("{room}-  {step} {behind}\n"));
                }
            }
        }
        out
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn any_layout_becomes_one_that_says_the_same(source in odd()) {
        laid_out(&source);
    }
}
