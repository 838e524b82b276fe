//! Tests of flows find what is there, and tell what is not.

use super::*;
use crate::parse;
use std::sync::Arc;

const FLOW: &str = r#"
flow: 1
name: line
languages: { default: en, offer: [en] }
defaults:
  input: { timeout: 6s, tries: 2 }
  no_input: [still-there]
  exits: { exhausted: person, error: person }
prompts:
  greeting: { en: "Welcome." }
  menu: { en: "For repairs, press 1." }
  still-there: { en: "I did not hear a key." }
  place: { en: "You are number {{ queue.position }}." }
  closed: { en: "We are closed." }
  leave: { en: "Leave a message." }
hours:
  shop: { zone: Europe/Madrid, week: { mon-fri: "09:00-18:00" } }
blocks:
  start:
    - answer:
    - play: greeting
    - hours: { check: shop, exits: { closed: closed, holiday: closed } }
    - go: main
  main:
    - menu:
        prompt: menu
        keys:
          1: { go: repairs, label: Repairs }
  repairs:
    - tag: { reason: repairs }
    - queue: { to: workshop, skills: { mechanics: 3 }, use: patience }
  person:
    - queue: { to: support, use: patience }
  closed:
    - play: closed
    - voicemail: { box: support, prompt: leave }
waits:
  patience:
    loop:
      - play: place
    give_up_after: 5m
    exits: { timeout: closed }
"#;

fn outcomes(tests: &str) -> Vec<Outcome> {
    let flow = Arc::new(parse(FLOW, "line.flow.yaml").unwrap());
    let source =
        format!("flow: line\ndefaults: {{ now: \"2026-11-23T10:30:00+01:00\" }}\ntests:\n{tests}");
    let trials = read(&source, "line.test.yaml").unwrap();
    trials
        .trials
        .iter()
        .map(|trial| run(&flow, trial))
        .collect()
}

/// Why the one test failed.
fn missed(tests: &str) -> String {
    let [outcome] = outcomes(tests).try_into().unwrap();
    outcome.missed.map(|(_, why)| why).unwrap_or_default()
}

#[test]
fn a_survey_after_the_agent_left_is_answered_or_not() {
    let flow = FLOW.replace(
        "exits: { timeout: closed }",
        "exits: { timeout: closed, answered: after }",
    );
    let flow = flow.replace(
        "waits:\n",
        "  after:\n    - survey: { prompt: greeting, keys: 1-5, store: csat }\n    - hangup:\nwaits:\n",
    );
    let flow = Arc::new(parse(&flow, "line.flow.yaml").unwrap());
    let source = r#"
flow: line
defaults: { now: "2026-11-23T10:30:00+01:00", queue: { workshop: { answers: 5s } } }
tests:
  - name: answered
    do: [{ press: 1 }, { wait: 10s }, { agent: leaves }, { press: 4 }]
    expect: [{ survey: { csat: 4 } }, { ends: }]
    never: [{ survey: { csat: none } }]
  - name: not answered
    do: [{ press: 1 }, { wait: 10s }, { agent: leaves }]
    expect: [{ survey: { csat: none } }, { ends: }]
"#;
    for trial in &read(source, "line.test.yaml").unwrap().trials {
        let outcome = run(&flow, trial);
        assert_eq!(outcome.missed, None, "{:#?}", outcome.transcript);
    }
    let wrong = source.replace("csat: 4 } }, {", "csat: 3 } }, {");
    let trials = read(&wrong, "line.test.yaml").unwrap();
    let (_, why) = run(&flow, &trials.trials[0]).missed.unwrap();
    assert!(why.contains("survey csat = 3"), "{why}");
}

#[test]
fn what_callers_hear_and_where_they_get_is_found() {
    let all = outcomes(
        r#"
  - name: repairs
    do: [{ press: 1, after: menu }]
    expect: [{ hears: greeting }, { chooses: Repairs }, { tag: { reason: repairs } }, { queued: { to: workshop, skills: { mechanics: 3 } } }]
    never: [{ hears: still-there }]
  - name: who knows the menu presses at once
    do: [{ press: 1 }]
    expect: [{ queued: workshop }]
  - name: silence
    expect: [{ hears: still-there }, { hears: "for repairs, PRESS" }, { queued: support }]
  - name: sunday
    now: 2026-11-22T11:00:00+01:00
    expect: [{ hears: closed }, { voicemail: support }, { ends: }]
  - name: nobody comes
    do: [{ press: 1 }, { wait: 6m }]
    queue: { workshop: { position: 2 } }
    expect: [{ hears: "You are number 2" }, { block: closed }, { voicemail: support }]
  - name: the queue is full
    do: [{ press: 1 }]
    queue: { workshop: { ends: timeout } }
    expect: [{ queued: workshop }, { hears: closed }]
  - name: an agent answers and leaves first
    queue: { support: { answers: 20s } }
    do: [{ wait: 2m }, { agent: leaves }]
    expect: [{ queued: support }, { ends: }]
  - name: an agent answers as soon as somebody waits
    do: [{ agent: answers }, { agent: leaves }]
    expect: [{ queued: support }, { ends: }]
"#,
    );
    for outcome in &all {
        let told: Vec<String> = outcome.transcript.iter().map(ToString::to_string).collect();
        assert_eq!(outcome.missed, None, "\n{}", told.join("\n"));
    }
    let steps: std::collections::BTreeSet<_> = all.iter().flat_map(|one| &one.steps).collect();
    assert!(steps.contains(&("closed".to_owned(), 1)), "{steps:?}");
}

#[test]
fn a_miss_says_what_never_came_behind_what() {
    let told = missed(
        "  - { name: a, do: [{ press: 1 }], expect: [{ queued: workshop }, { hears: greeting }] }",
    );
    assert_eq!(
        told,
        "expected: hears greeting; it never came after `queued in workshop`"
    );
    let told = missed("  - { name: a, do: [{ press: 1, after: goodbye }], expect: [{ ends: }] }");
    assert_eq!(
        told,
        "`goodbye` was never heard, so nothing is done after it"
    );
    let told = missed("  - { name: a, never: [{ hears: greeting }] }");
    assert!(
        told.starts_with("never expected: hears greeting; it came:"),
        "{told}"
    );
    let told = missed(
        "  - { name: a, do: [{ hang_up: }, { agent: answers }], expect: [{ queued: support }] }",
    );
    assert_eq!(told, "the caller waits in no queue, so no agent can answer");
    let told = missed(
        "  - { name: a, do: [{ press: 1 }], expect: [{ queued: { to: workshop, skills: { mechanics: 4 } } }] }",
    );
    assert!(told.contains("mechanics 4"), "{told}");
}

#[test]
fn each_fault_of_a_test_file_is_told_at_its_line() {
    let cases = [
        (
            "flow: line\ntests:\n  - nme: a\n    name: b\n    expect: [{ ends: }]\n",
            3,
            "did you mean `name`",
        ),
        ("flow: line\ntests:\n  - name: a\n", 3, "expect"),
        (
            "flow: line\ntests:\n  - name: a\n    do: [{ press: x }]\n    expect: [{ ends: }]\n",
            4,
            "keys",
        ),
        (
            "flow: line\ntests:\n  - name: a\n    do: [{ press: 1, wait: 3s }]\n    expect: [{ ends: }]\n",
            4,
            "line of its own",
        ),
        (
            "flow: line\ntests:\n  - name: a\n    now: tomorrow\n    expect: [{ ends: }]\n",
            4,
            "offset",
        ),
        (
            "flow: line\ntests:\n  - name: a\n    queue: { q: { ends: soon } }\n    expect: [{ ends: }]\n",
            4,
            "timeout",
        ),
        ("tests: []\n", 1, "flow: support"),
        ("", 1, "flow: NAME"),
    ];
    for (source, line, help) in cases {
        let findings = read(source, "line.test.yaml").unwrap_err();
        assert_eq!(findings.len(), 1, "{source}\n{findings:?}");
        assert_eq!(findings[0].line, line, "{source}");
        assert!(findings[0].help.contains(help), "{source}\n{findings:?}");
    }
}

const SUPPORT: &str = include_str!("../../examples/fernhill/flows/support.flow.yaml");

fn example() -> Trials {
    let tests = include_str!("../../examples/fernhill/flows/support.test.yaml");
    read(tests, "support.test.yaml").unwrap()
}

fn failed(flow: &str) -> Vec<String> {
    let flow = Arc::new(parse(flow, "support.flow.yaml").unwrap());
    let trials = example().trials.into_iter();
    let missed = trials.filter(|trial| run(&flow, trial).missed.is_some());
    missed.map(|trial| trial.name).collect()
}

#[test]
fn the_tests_of_the_example_come_by_every_step_and_every_exit() {
    let flow = Arc::new(parse(SUPPORT, "support.flow.yaml").unwrap());
    let outcomes: Vec<Outcome> = example()
        .trials
        .iter()
        .map(|trial| run(&flow, trial))
        .collect();
    let left: Vec<_> = steps(&flow)
        .into_iter()
        .filter(|(block, step, _)| {
            let place = (block.clone(), *step);
            !outcomes
                .iter()
                .any(|outcome| outcome.steps.contains(&place))
        })
        .collect();
    assert!(left.is_empty(), "{left:?}");
    let left: Vec<_> = ways(&flow)
        .into_iter()
        .filter(|(way, _)| !outcomes.iter().any(|outcome| outcome.ways.contains(way)))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_fault_in_any_block_of_the_example_turns_a_test_red() {
    assert_eq!(failed(SUPPORT), Vec::<String>::new());
    let flow = parse(SUPPORT, "support.flow.yaml").unwrap();
    let names: Vec<&str> = flow
        .block_names()
        .filter(|name| !name.contains('/'))
        .collect();
    assert!(names.len() > 24, "{names:?}");
    for name in names {
        let head = format!("\n  {name}:\n    - ");
        assert!(SUPPORT.contains(&head), "{name}");
        // The block does nothing but end the call.
        let faulty = SUPPORT.replace(&head, &format!("\n  {name}:\n    - hangup:\n    - "));
        assert_ne!(failed(&faulty), Vec::<String>::new(), "{name}");
    }
}

const SHOP: &str = r#"
flow: 1
name: line
vars: { order: { type: map } }
prompts:
  status: { en: "Your order is {{ vars.order.status }}." }
  moment: { en: "One moment." }
  sorry: { en: "Sorry." }
blocks:
  start:
    - answer:
    - http: { get: "https://shop.example/1", into: order, filler: moment, timeout: 3s, exits: { error: failed, server_error: down } }
      id: orders
    - play: status
    - hangup:
  failed:
    - play: sorry
    - hangup:
  down:
    - hangup:
"#;

fn shop(test: &str) -> Outcome {
    let flow = Arc::new(parse(SHOP, "line.flow.yaml").unwrap());
    let trials = read(&format!("flow: line\ntests:\n  - {test}\n"), "t").unwrap();
    run(&flow, &trials.trials[0])
}

#[test]
fn servers_outside_answer_as_the_test_says() {
    for test in [
        "{ name: a, mock: { http: { orders: { body: { status: sent } } } }, expect: [{ http: orders }, { hears: Your order is sent }], never: [{ hears: moment }] }",
        "{ name: by its block, mock: { http: { start: { body: { status: new } } } }, expect: [{ http: start }, { hears: Your order is new }] }",
        "{ name: slow, mock: { http: { orders: { body: { status: sent }, after: 2s } } }, expect: [{ hears: moment }, { hears: status }] }",
        "{ name: down, mock: { http: { orders: { status: 503 } } }, expect: [{ block: down }] }",
        "{ name: away, mock: { http: { orders: unreachable } }, expect: [{ block: down }] }",
        "{ name: late, mock: { http: { orders: timeout } }, expect: [{ hears: moment }, { hears: sorry }] }",
        "{ name: odd, mock: { http: { orders: { body: [1] } } }, expect: [{ hears: sorry }] }",
    ] {
        assert_eq!(shop(test).missed, None, "{test}");
    }
}

#[test]
fn the_exit_that_an_answer_takes_counts_as_taken() {
    for (mock, wanted) in [
        ("{ status: 503 }", "server_error"),
        ("timeout", "error"),
        ("{ body: [1] }", "error"),
    ] {
        let test =
            format!("{{ name: a, mock: {{ http: {{ orders: {mock} }} }}, expect: [{{ ends: }}] }}");
        let outcome = shop(&test);
        let taken: Vec<&str> = outcome.ways.iter().map(|way| way.name.as_str()).collect();
        assert_eq!(taken, [wanted], "{mock}");
    }
}

#[test]
fn a_question_without_an_answer_turns_the_test_red() {
    let (_, why) = shop("{ name: a, expect: [{ hears: sorry }] }")
        .missed
        .unwrap();
    assert!(why.contains("mock: { http: { orders:"), "{why}");
    for (mock, says) in [
        ("{ orders: soon }", "timeout"),
        ("{ orders: { status: 99 } }", "100 to 599"),
        ("{ orders: { sttus: 200 } }", "did you mean `status`?"),
    ] {
        let source = format!(
            "flow: line\ntests:\n  - {{ name: a, mock: {{ http: {mock} }}, expect: [{{ ends: }}] }}\n"
        );
        let findings = read(&source, "t").unwrap_err();
        assert!(findings[0].help.contains(says), "{findings:?}");
    }
}
