//! Calls that happened become tests that pass.

use super::{Happened, Story, from_call, read, run};
use crate::port::{KnownCustomer, QueueEnd};
use crate::{Flow, check_source};
use std::sync::Arc;
use std::time::Duration;

const SUPPORT: &str = include_str!("../../tests/samples/support.flow.yaml");

fn flow(source: &str) -> Arc<Flow> {
    Arc::new(
        check_source(source, "x.flow.yaml", None)
            .flow
            .expect("a flow that may run"),
    )
}

fn step(block: &str, step: u32) -> Happened {
    let block = block.to_owned();
    Happened::Step { block, step }
}

fn chose(key: &str, label: &str) -> Happened {
    let (key, label) = (key.to_owned(), label.to_owned());
    Happened::Chose { key, label }
}

fn story(happened: &[(u64, Happened)]) -> Story {
    Story {
        began: "2026-11-23T10:30:00Z".to_owned(),
        from: Some("+34600111222".to_owned()),
        to: Some("+34910000000".to_owned()),
        happened: happened
            .iter()
            .map(|(at, what)| (Duration::from_secs(*at), what.clone()))
            .collect(),
        ..Story::default()
    }
}

/// The test as text; it passes with the flow.
#[track_caller]
fn passes(flow: &Arc<Flow>, story: &Story) -> String {
    let text = from_call(flow, story);
    let trials = read(&text, "x.test.yaml").unwrap_or_else(|found| panic!("{found:?}\n{text}"));
    for one in &trials.trials {
        let outcome = run(flow, one);
        let told: Vec<String> = outcome.transcript.iter().map(ToString::to_string).collect();
        assert_eq!(outcome.missed, None, "{text}\n{}", told.join("\n"));
    }
    text
}

#[test]
fn keys_an_answer_and_an_agent_who_leaves() {
    let tag = Happened::Tagged {
        key: "reason".to_owned(),
        value: "orders".to_owned(),
    };
    let text = passes(
        &flow(SUPPORT),
        &story(&[
            (0, step("start", 1)),
            (3, step("main", 0)),
            (9, chose("1", "Orders")),
            (9, tag),
            (9, step("orders", 2)),
            (20, step("orders", 3)),
            (25, chose("1", "A person about the order")),
            (25, step("to-a-person", 0)),
            (30, step("to-a-person", 1)),
            (30, Happened::Queued("support".to_owned())),
            (52, Happened::Answered),
            (200, step("after-call", 0)),
            (205, Happened::Ended),
        ]),
    );
    assert!(
        text.contains("      - press: \"1\"\n        after: main-menu\n"),
        "{text}"
    );
    assert!(
        text.contains("queue: { support: { answers: 22s } }"),
        "{text}"
    );
    assert!(
        text.contains("      - wait: 148s\n      - agent: leaves\n"),
        "{text}"
    );
    assert!(text.contains("- tag: { reason: orders }"), "{text}");
    assert!(
        !text.contains("600111222") && !text.contains("910000000"),
        "{text}"
    );
}

#[test]
fn who_waited_too_long_and_left_a_message() {
    let message = Happened::Tagged {
        key: "voicemail".to_owned(),
        value: "support".to_owned(),
    };
    let text = passes(
        &flow(SUPPORT),
        &story(&[
            (3, step("main", 0)),
            (6, chose("0", "A person")),
            (12, Happened::Queued("support".to_owned())),
            (912, Happened::NotAnswered(QueueEnd::TimedOut)),
            (912, step("message", 1)),
            (940, message),
            (950, Happened::Ended),
        ]),
    );
    assert!(
        text.contains("- wait: 960s") && text.contains("- voicemail: support"),
        "{text}"
    );
    let text = passes(
        &flow(SUPPORT),
        &story(&[
            (3, step("main", 0)),
            (6, chose("0", "A person")),
            (12, Happened::Queued("support".to_owned())),
            (12, Happened::NotAnswered(QueueEnd::NoAgents)),
            (30, Happened::HungUp),
            (30, Happened::Ended),
        ]),
    );
    assert!(
        text.contains("queue: { support: { ends: no_agents } }"),
        "{text}"
    );
    assert!(text.contains("- wait: 18s\n      - hang_up:\n"), "{text}");
}

const DIGITS: &str = "flow: 1\nname: digits\nvars: { order: { type: string } }\nprompts: { ask: { en: \"Your number.\" } }\n\
    defaults: { exits: { exhausted: end, error: end } }\nblocks:\n  start:\n    - answer:\n    - customer: { by: call.from }\n\
    \x20   - collect: { into: order, prompt: ask, digits: 4-6, harmless: true }\n    - tag: { order: \"{{ vars.order }}\" }\n    - go: end\n  end:\n    - hangup:\n";

#[test]
fn digits_names_and_numbers_are_made_up_unless_they_are_asked_for() {
    let flow = flow(DIGITS);
    let tag = Happened::Tagged {
        key: "order".to_owned(),
        value: "482216".to_owned(),
    };
    let mut story = story(&[
        (1, step("start", 2)),
        (5, Happened::Typed(Some("482216".to_owned()))),
        (5, tag),
        (6, Happened::Ended),
    ]);
    story.customer = Some(KnownCustomer {
        name: "Berta Sanz".to_owned(),
        company: "Sanz SL".to_owned(),
        language: "es".to_owned(),
        tier: String::new(),
    });
    let text = passes(&flow, &story);
    for personal in ["482216", "Berta", "Sanz", "600111222"] {
        assert!(!text.contains(personal), "{text}");
    }
    assert!(text.contains("press: 1111#"), "{text}");
    story.personal = true;
    let text = from_call(&flow, &story);
    for personal in [
        "press: 482216#",
        "order: \"482216\"",
        "Berta Sanz",
        "+34600111222",
    ] {
        assert!(text.contains(personal), "{personal}: {text}");
    }
}
