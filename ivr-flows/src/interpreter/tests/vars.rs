//! Variables of every type: their parts, what they are given, and that nothing that fails ends a call.

use super::Call;
use crate::port::{CallFacts, FlowInput};

const FLOW: &str = "
vars:
  order: { type: map, default: { status: new, lines: [{ sku: a, price: 12.5 }, { sku: b }], none: null } }
  list: { type: list, default: [x, y] }
  wait: { type: duration, default: 90s }
  due: { type: time, default: \"2026-11-23T10:30:00+01:00\" }
  n: { type: int }
  t: { type: string }
  b: { type: bool }
defaults: { exits: { error: bad } }
blocks:
  start:
    STEP
    - tag: { end: good }
    - hangup:
  bad:
    - tag: { end: bad }
    - hangup:
";

fn heard(step: &str) -> String {
    let facts = CallFacts {
        began_at: Some(1_795_426_200_000),
        ..CallFacts::default()
    };
    let mut call = Call::with_facts(&FLOW.replace("STEP", step), facts);
    call.give(FlowInput::Start);
    call.heard()
}

#[test]
fn parts_are_read_compared_and_noted() {
    for (text, expected) in [
        ("{{ vars.order.status }}", "new"),
        ("{{ vars.order[\\\"status\\\"] }}", "new"),
        ("{{ vars.order.lines[0].price }}", "12.5"),
        ("{{ vars.order.lines[vars.n + 1].sku }}", "b"),
        (
            "{{ vars.order.lines[0].price > 12 && vars.order.lines[0].price < 13.0 }}",
            "true",
        ),
        (
            "{{ size(vars.list) }} {{ \\\"x\\\" in vars.list }}",
            "2 true",
        ),
        (
            "{{ vars.wait }} {{ vars.wait == duration(\\\"1m30s\\\") }}",
            "90 true",
        ),
        (
            "{{ vars.due == timestamp(\\\"2026-11-23T09:30:00Z\\\") }}",
            "true",
        ),
        ("{{ call.now - vars.due }}", "0"),
        (
            "{{ has(vars.order.status) }} {{ has(vars.order.nothing) }}",
            "true false",
        ),
    ] {
        let told = heard(&format!("- tag: {{ a: \"{text}\" }}"));
        assert_eq!(
            told,
            format!("tag a={expected}, tag end=good, hangup Hangup"),
            "{text}"
        );
    }
}

#[test]
fn a_failure_takes_the_error_exit() {
    for step in [
        "- tag: { a: \"{{ vars.order.nothing }}\" }",
        "- tag: { a: \"{{ vars.order.lines[7].sku }}\" }",
        "- tag: { a: \"{{ vars.order.lines[0 - 1].sku }}\" }",
        "- tag: { a: \"{{ vars.order.none }}\" }",
        "- tag: { a: \"{{ vars.order }}\" }",
        "- tag: { a: \"{{ vars.list.x }}\" }",
        "- tag: { a: \"{{ duration(\\\"soon\\\") }}\" }",
        "- tag: { a: \"{{ timestamp(vars.t) }}\" }",
        "- set: { n: \"{{ vars.t }}\" }",
        "- set: { order: \"{{ vars.list }}\" }",
        "- set: { t: \"{{ vars.list }}\" }",
        "- set: { b: \"{{ vars.n }}\" }",
        "- set: { wait: \"{{ 0 - 5 }}\" }",
        "- tag: { a: b }\n      when: vars.order.lines[0].price",
    ] {
        let told = heard(step);
        assert!(
            told.starts_with("incident: flow `test`, block `start`: "),
            "{step}: {told}"
        );
        assert!(
            told.ends_with("tag end=bad, hangup Hangup"),
            "{step}: {told}"
        );
    }
}

#[test]
fn values_are_worked_out_and_keep_their_type() {
    for (sets, read, expected) in [
        ("n: \"{{ vars.n + 3 }}\"", "vars.n * 2", "6"),
        ("t: \"a {{ vars.n }}\"", "vars.t", "a 0"),
        ("t: \"{{ vars.n }}\"", "vars.t + \\\"!\\\"", "0!"),
        (
            "order: { id: \"{{ vars.list[1] }}\", l: [\"{{ vars.n }}\"] }",
            "vars.order.l[0]",
            "0",
        ),
        ("list: \"{{ vars.order.lines }}\"", "vars.list[1].sku", "b"),
        ("wait: \"2m\", n: \"{{ vars.wait }}\"", "vars.n", "120"),
        ("due: \"{{ call.now + 60 }}\"", "vars.due - call.now", "60"),
        ("b: \"{{ vars.n == 0 }}\"", "vars.b", "true"),
    ] {
        let step = format!("- set: {{ {sets} }}\n    - tag: {{ a: \"{{{{ {read} }}}}\" }}");
        let told = heard(&step);
        assert_eq!(
            told,
            format!("tag a={expected}, tag end=good, hangup Hangup"),
            "{sets}"
        );
    }
}

/// Twenty doublings of a text would be a hundred megabytes.
#[test]
fn a_value_made_of_itself_stays_bounded() {
    let twice = "- set: { t: \"{{ vars.t + vars.t }}\" }\n    ".repeat(30);
    let told = heard(&format!(
        "- set: {{ t: \"{}\" }}\n    {twice}",
        "x".repeat(1_000)
    ));
    assert!(
        told.contains("too large") || told.contains("too long"),
        "{told}"
    );
    assert!(told.ends_with("tag end=bad, hangup Hangup"), "{told}");
    let twice = "- set: { list: [\"{{ vars.list }}\", \"{{ vars.list }}\"] }\n    ".repeat(30);
    assert!(heard(&twice).contains("too large"));
}

#[test]
fn a_long_tag_is_cut_and_a_clock_that_is_not_there_fails() {
    let told = heard(&format!(
        "- set: {{ t: \"{}\" }}\n    - tag: {{ a: \"{{{{ vars.t }}}}\" }}",
        "é".repeat(600)
    ));
    assert!(
        told.starts_with(&format!("tag a={}, ", "é".repeat(500))),
        "{told}"
    );
    let mut call = Call::not_begun(&FLOW.replace("STEP", "- tag: { a: \"{{ call.now }}\" }"));
    call.give(FlowInput::Start);
    assert!(call.heard().ends_with("tag end=bad, hangup Hangup"));
}
