//! Steps that come from outside: what may come, what is refused, and the way back.

use super::*;
use crate::parse;
use std::sync::Arc;

const LINE: &str = r#"
flow: 1
name: line
defaults: { exits: { error: sorry } }
vars:
  number: { type: string }
  BOT_KEY: { type: secret }
prompts:
  moment: { en: "One moment." }
  sorry: { en: "We are sorry." }
blocks:
  start:
    - answer:
    - remote:
        url: "https://bot.example/steps"
        secret: BOT_KEY
        with: { tries: 2 }
        into: { number: order }
        filler: moment
        exits: { person: person, timeout: late, invalid: odd }
      id: bot
    - tag: { order: "{{ vars.number }}" }
    - hangup:
  person:
    - tag: { wanted: person }
    - hangup:
  late:
    - tag: { bot: late }
    - hangup:
  odd:
    - tag: { bot: odd }
    - hangup:
  sorry:
    - play: sorry
    - hangup:
"#;

fn outcome(answer: &str, rest: &str) -> Outcome {
    let flow = Arc::new(parse(LINE, "line.flow.yaml").unwrap());
    let test = format!("{{ name: a, mock: {{ http: {{ bot: {answer} }} }}, {rest} }}");
    let trials = read(&format!("flow: line\ntests:\n  - {test}\n"), "t").unwrap();
    run(&flow, &trials.trials[0])
}

#[test]
fn steps_from_outside_are_heard_answered_and_come_back() {
    let asks = "{ body: { vars: { typed: { type: string } }, outputs: { order: { type: string } }, steps: [\
                { collect: { into: typed, say: Which order?, digits: 4 } },\
                { set: { order: \"{{ vars.typed }}\" } },\
                { say: Thank you. } ] } }";
    let back = "do: [{ press: \"4711\" }], expect: [{ http: bot }, { hears: Which order }, { hears: Thank you }, { tag: { order: \"4711\" } }, { ends: }]";
    assert_eq!(outcome(asks, back).missed, None);
    let word = "{ body: { steps: [{ say: I call somebody. }, { return: person }] } }";
    let person = "expect: [{ hears: I call somebody }, { tag: { wanted: person } }, { ends: }]";
    let found = outcome(word, person);
    assert_eq!(found.missed, None);
    assert!(found.ways.iter().any(|way| way.name == "person"));
    let ends = "{ body: { steps: [{ hangup: }] } }";
    assert_eq!(
        outcome(
            ends,
            "expect: [{ ends: }], never: [{ tag: { order: \"\" } }]"
        )
        .missed,
        None
    );
}

#[test]
fn blocks_prompts_and_waits_may_come_along() {
    let answer = "{ body: { prompts: { hello: { en: Hello from outside. } },\
                  waits: { tune: { loop: [{ say: Still nobody. }] } },\
                  blocks: { start: [{ play: hello }, { go: on }], on: [{ queue: { to: support, use: tune } }] } } }";
    let found = outcome(
        answer,
        "expect: [{ hears: Hello from outside }, { queued: support }, { hears: Still nobody }]",
    );
    assert_eq!(found.missed, None);
}

#[test]
fn what_is_late_broken_or_not_allowed_takes_its_exit() {
    let odd = "expect: [{ tag: { bot: odd } }, { ends: }]";
    let late = "expect: [{ hears: moment }, { tag: { bot: late } }, { ends: }]";
    assert_eq!(outcome("timeout", late).missed, None);
    for answer in [
        "unreachable",
        "{ status: 500 }",
        "{ status: 404 }",
        "{ body: [1] }",
        "{ body: steps }",
        "{ body: {} }",
        "{ body: { steps: [{ sey: x }] } }",
        "{ body: { steps: [{ go: nowhere }] } }",
        "{ body: { steps: [{ play: nothing }] } }",
        "{ body: { steps: [{ go: start }] } }",
        "{ body: { steps: [{ say: x }], hours: {} } }",
        "{ body: { steps: [{ say: x }], languages: {} } }",
        "{ body: { vars: { KEY: { type: secret } }, steps: [{ say: x }] } }",
        "{ body: { steps: [{ dial: \"+34911222333\" }] } }",
        "{ body: { steps: [{ transfer: \"+34911222333\" }] } }",
        "{ body: { steps: [{ http: { get: \"https://a.example/\", exits: { error: hangup } } }] } }",
        "{ body: { steps: [{ call: line }] } }",
        "{ body: { steps: [{ record: stop }] } }",
    ] {
        assert_eq!(outcome(answer, odd).missed, None, "{answer}");
    }
    let many: Vec<&str> = std::iter::repeat_n("{ say: x }", 101).collect();
    let many = format!("{{ body: {{ steps: [{}] }} }}", many.join(", "));
    assert_eq!(outcome(&many, odd).missed, None);
}

#[test]
fn without_a_word_for_failures_the_check_asks_for_one() {
    let bare = LINE.replace("timeout: late, invalid: odd", "invalid: odd");
    let bare = bare.replace("defaults: { exits: { error: sorry } }\n", "");
    let checked = crate::check_source(&bare, "line.flow.yaml", None);
    let codes: Vec<&str> = checked.findings.iter().map(|found| found.code).collect();
    assert!(codes.contains(&"F009"), "{codes:?}");
}
