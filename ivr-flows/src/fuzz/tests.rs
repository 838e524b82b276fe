//! Random callers on flows that are right, and on flows that are not.

use super::{Report, call, callers};
use crate::check::check_source;
use crate::flow::Flow;
use crate::interpreter::tests::property;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngSeed, TestRunner};
use std::sync::Arc;

const EXAMPLE: &str = include_str!("../../examples/fernhill/flows/support.flow.yaml");
/// With `CORDBOARD_LONG` set: a million callers each on the example and over the generated flows.
const LONG: u64 = 1_000_000;

/// A million when the long rounds are asked for, else some.
fn many(some: u64) -> u64 {
    if std::env::var_os("CORDBOARD_LONG").is_some() {
        LONG
    } else {
        some
    }
}

fn checked(source: &str) -> Option<Arc<Flow>> {
    check_source(source, "t", None).flow.map(Arc::new)
}

/// Read, but not checked.
fn unchecked(blocks: &str) -> Arc<Flow> {
    let source = format!(
        "flow: 1\nname: t\nprompts: {{ p: {{ en: a }} }}\nvars: {{ pin: {{ type: string }} }}\nblocks:\n{blocks}"
    );
    Arc::new(crate::parse(&source, "t").unwrap())
}

fn told(report: &Report) -> String {
    format!(
        "{} callers, {} steps, {:?}",
        report.callers, report.steps, report.ends
    )
}

#[test]
fn callers_of_the_example_all_come_to_an_end() {
    let flow = checked(EXAMPLE).unwrap();
    let report = callers(&flow, 1, many(3_000)).unwrap();
    println!("{}", told(&report));
    assert!(
        report.ends.len() >= 3,
        "every kind of end is met: {}",
        told(&report)
    );
}

#[test]
fn callers_of_two_hundred_generated_flows_all_come_to_an_end() {
    let config = Config {
        rng_seed: RngSeed::Fixed(11),
        ..Config::default()
    };
    let mut runner = TestRunner::new(config);
    let strategy = property::flow();
    let mut flows = 0;
    let each = many(8_000) / 200;
    while flows < 200 {
        let source = strategy.new_tree(&mut runner).unwrap().current();
        let Some(flow) = checked(&source) else {
            continue;
        };
        flows += 1;
        if let Err(broken) = callers(&flow, flows, each) {
            panic!("{broken:?}\n{source}");
        }
    }
}

#[test]
fn the_same_seed_makes_the_same_call() {
    let flow = checked(EXAMPLE).unwrap();
    assert_eq!(callers(&flow, 5, 50), callers(&flow, 5, 50));
    let calls: std::collections::BTreeSet<_> = (0..50)
        .map(|seed| call(&flow, seed).unwrap().after)
        .collect();
    assert!(calls.len() > 20, "seeds make different calls");
}

#[test]
fn a_circle_without_an_end_is_found() {
    let flow = unchecked("  start:\n    - answer:\n    - tag: { a: b }\n    - go: start\n");
    let broken = callers(&flow, 1, 10).unwrap_err();
    assert!(
        broken.what.contains("more steps than any flow"),
        "{broken:?}"
    );
    assert!(broken.transcript.len() > 100);
}

#[test]
fn a_caller_who_presses_nothing_and_is_asked_for_ever_is_found() {
    let blocks = "  start:\n    - answer:\n    - menu: { prompt: p, tries: 2, keys: { 1: start }, exits: { exhausted: start } }\n";
    let broken = callers(&unchecked(blocks), 1, 10).unwrap_err();
    assert!(broken.what.contains("any flow may"), "{broken:?}");
}

#[test]
fn a_secret_that_is_spoken_or_noted_is_found() {
    let collect = "  start:\n    - answer:\n    - collect: { into: pin, prompt: p, digits: 6, sensitive: true, exits: { exhausted: end } }\n";
    for step in [
        "say: \"You typed {{ vars.pin }}.\"",
        "tag: { pin: \"{{ vars.pin }}\" }",
    ] {
        let flow = unchecked(&format!(
            "{collect}    - {step}\n    - hangup:\n  end:\n    - hangup:\n"
        ));
        let broken = callers(&flow, 1, 3_000).unwrap_err();
        assert!(broken.what.contains("`sensitive`"), "{broken:?}");
    }
}
