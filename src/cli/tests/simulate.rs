//! `flow simulate`: a call typed line by line.

use crate::cli::simulate::shown;
use crate::rehearsal::Rehearsal;
use ivr_flows::CallFacts;
use std::sync::Arc;

const FLOW: &str = r#"
flow: 1
name: test
defaults: { exits: { exhausted: bye, hangup: left } }
prompts:
  ask: { en: "Press 1 to wait for somebody to talk to." }
  music: { file: moh.wav }
waits:
  w: { loop: [ { play: { prompt: music, for: 30s } } ], give_up_after: 1m }
blocks:
  start:
    - answer:
    - menu: { prompt: ask, tries: 2, keys: { 1: { go: wait, label: Wait } } }
  wait:
    - queue: { to: support, use: w, exits: { timeout: bye, answered: bye } }
  bye:
    - tag: { end: "{{ call.from }} at {{ queue.position }}" }
    - hangup:
  left:
    - tag: { end: left }
"#;

/// What each line shows, without the clock at its head.
fn typed(lines: &[&str]) -> Vec<String> {
    let flow = ivr_flows::parse(FLOW, "test").unwrap();
    let facts = CallFacts {
        from: "555".to_owned(),
        ..CallFacts::default()
    };
    let (mut call, told) = Rehearsal::begin(Arc::new(flow), facts, None);
    let mut said = shown(&told);
    for line in lines {
        said.push_str(&shown(&call.line(line)));
    }
    said.lines().map(ToOwned::to_owned).collect()
}

#[test]
fn a_call_is_told_with_its_times() {
    assert_eq!(
        typed(&["", "1", "place 3", "+31s", "agent", "left"]),
        [
            "  0:00  -- start",
            "  0:00  answered",
            "  0:00  hears \"Press 1 to wait for somebody to talk to.\"",
            "  0:03  chooses 1: Wait",
            "  0:03  -- wait",
            "  0:03  waits in queue support",
            "  0:03  hears [moh.wav] for 30s",
            "  0:33  hears [moh.wav] for 30s",
            "  0:34  an agent answers",
            "  0:34  (cut off)",
            "  0:34  -- bye",
            "  0:34  tag end = 555 at 3",
            "  0:34  the call ends: Hangup",
        ]
    );
}

#[test]
fn silence_giving_up_and_hanging_up_are_told() {
    let silent = typed(&["+60s"]);
    assert_eq!(silent.last().unwrap(), "  0:18  the call ends: Hangup");
    let gave_up = typed(&["1", "+61s"]);
    assert!(
        gave_up.contains(&"  1:00  leaves the queue".to_owned()),
        "{gave_up:?}"
    );
    let left = typed(&["bye"]);
    assert_eq!(left.last().unwrap(), "  0:00  the call ends: CallerLeft");
}

#[test]
fn odd_lines_change_nothing() {
    let long = "1".repeat(500);
    for line in [
        "place x",
        "+",
        "+soon",
        "1x",
        "agent",
        "full",
        "é",
        &long,
        "+99999999999999999999h",
    ] {
        let said = typed(&[line]);
        assert_eq!(said.len(), 4, "{line}: {said:?}");
    }
    assert!(
        typed(&["help"])
            .iter()
            .any(|line| line.contains("no_agents"))
    );
    // After the end nothing more happens.
    let over = typed(&["bye", "1", "agent", ""]);
    assert!(over.last().unwrap().contains("nothing happens"));
}

#[test]
fn customers_digits_texts_and_messages_are_told() {
    const STEPS: &str = r#"
flow: 1
name: test
languages: { default: en, offer: [en, es] }
defaults: { exits: { exhausted: bye, error: bye } }
vars: { order: { type: string } }
prompts: { ask: { en: "Your order number?", es: "¿Su pedido?" } }
waits:
  w: { loop: [ { say: { en: "You are number {{ queue.position }}, {{ queue.ewt_minutes }} minutes.", es: "Puesto {{ queue.position }}." } } ] }
blocks:
  start:
    - answer:
    - customer: { by: call.from }
    - say: { en: "Hello {{ customer.name }}.", es: "Hola {{ customer.name }}." }
    - say: { en: "Dear {{ customer.tier }}.", es: "x" }
      when: customer.tier == "gold"
    - language: { from: customer.language }
    - collect: { into: order, prompt: ask, digits: 4 }
    - say: { en: "Order {{ vars.order }}.", es: "Pedido {{ vars.order }}." }
    - queue: { to: support, use: w, exits: { timeout: leave } }
  leave:
    - voicemail: { box: support, prompt: ask }
  bye:
    - hangup:
"#;
    let flow = Arc::new(ivr_flows::parse(STEPS, "test").unwrap());
    let facts = CallFacts {
        from: "555".to_owned(),
        ..CallFacts::default()
    };
    let (mut call, told) = Rehearsal::begin(flow, facts, None);
    let mut said = shown(&told);
    for line in [
        "customer Ana de Ruiz es gold",
        "",
        "",
        "0042",
        "",
        "place 2 3m",
        "",
        "timeout",
        "",
        "+3s",
        "silent",
        "stranger",
    ] {
        said.push_str(&shown(&call.line(line)));
    }
    let lines: Vec<&str> = said
        .lines()
        .filter_map(|line| line.split_once("  ").map(|(_, words)| words))
        .map(|line| line.trim_start_matches(|c: char| c.is_ascii_digit() || c == ':' || c == ' '))
        .collect();
    let expected = [
        "looks up the customer",
        "hears \"Hello\" \"Ana de Ruiz\"",
        "hears \"Dear\" \"gold\"",
        "hears \"¿Su pedido?\"",
        "hears \"Pedido\" \"0 0 4 2\"",
        "waits in queue support",
        "hears \"Puesto\" \"2\"",
        "hears \"¿Su pedido?\" [beep]",
        "(a message is recorded)",
        "leaves no message: too short",
        "the call ends: AfterQueue",
    ];
    let mut rest = lines.iter();
    for wanted in expected {
        assert!(rest.any(|line| *line == wanted), "{wanted}: {lines:#?}");
    }
}
