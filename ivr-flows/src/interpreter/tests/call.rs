//! `call` and `return`: what is handed over and back, whose names count, how deep it goes.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Call;
use crate::flow::Flow;
use crate::port::{CallFacts, FlowInput};

const MAIN: &str = "
vars: { order: { type: string, default: \"77\" }, status: { type: string }, n: { type: int } }
prompts: { hi: { en: a } }
defaults: { exits: { error: bad, hangup: gone } }
blocks:
  start:
    - answer:
    - call: { flow: sub, with: { order: \"{{ vars.order }}\" }, into: { status: state }, exits: { refused: no } }
    - tag: { status: \"{{ vars.status }} {{ vars.n }} {{ tags.who }}\" }
    - hangup:
  no:
    - tag: { end: \"no {{ vars.status }}\" }
    - hangup:
  bad:
    - tag: { end: bad }
    - hangup:
  gone:
    - tag: { end: gone }
    - hangup:
";

const SUB: &str = "
inputs: { order: { type: string }, tries: { type: int, default: 2 } }
outputs: { state: { type: string } }
vars: { n: { type: int, default: 5 } }
prompts: { hi: { en: b } }
defaults: { exits: { error: own } }
blocks:
  start:
    - tag: { who: sub }
    - play: hi
    - set: { state: \"{{ vars.order }} sent {{ vars.tries }} {{ vars.n }}\", n: 9 }
    - branch: [ { when: 'vars.order == \"13\"', go: out }, { when: 'vars.order == \"0\"', go: return } ]
    - return:
  out:
    - return: refused
  own:
    - return: refused
";

fn parsed(name: &str, text: &str) -> Arc<Flow> {
    let source = format!("flow: 1\nname: {name}\n{text}");
    let flow = crate::parse(&source, &format!("{name}.flow.yaml"));
    Arc::new(flow.unwrap_or_else(|findings| panic!("{}", crate::render_human(&findings, &source))))
}

/// The codes and messages of a set, or the flow.
fn linked(main: &str, subs: &[(&str, &str)]) -> Result<Arc<Flow>, Vec<String>> {
    let all: BTreeMap<&str, Arc<Flow>> = subs
        .iter()
        .map(|(name, text)| (*name, parsed(name, text)))
        .collect();
    let main = parsed("main", main);
    let linked = crate::link(&main, &mut |name| all.get(name).cloned());
    let told = |finding: &crate::Finding| {
        format!(
            "{} {}:{} {} / {}",
            finding.code, finding.file, finding.line, finding.message, finding.help
        )
    };
    linked
        .flow
        .ok_or_else(|| linked.findings.iter().map(told).collect())
}

fn call(main: &str, subs: &[(&str, &str)]) -> Call {
    let flow = linked(main, subs).unwrap_or_else(|told| panic!("{told:#?}"));
    let mut call = Call::of(flow, CallFacts::default());
    call.give(FlowInput::Start);
    call
}

#[test]
fn values_go_in_and_out_and_names_stay_apart() {
    let mut call = call(MAIN, &[("sub", SUB)]);
    assert_eq!(call.heard(), "answer, tag who=sub, play hi");
    assert_eq!(call.ended(), "tag status=77 sent 2 5 0 sub, hangup Hangup");
}

#[test]
fn a_word_takes_its_exit_and_none_goes_on() {
    let mut one = call(&MAIN.replace("\"77\"", "\"13\""), &[("sub", SUB)]);
    one.heard();
    assert_eq!(one.ended(), "tag end=no 13 sent 2 5, hangup Hangup");
    let mut one = call(&MAIN.replace("\"77\"", "\"0\""), &[("sub", SUB)]);
    one.heard();
    assert_eq!(one.ended(), "tag status=0 sent 2 5 0 sub, hangup Hangup");
}

#[test]
fn steps_of_the_other_flow_bear_its_name() {
    let flow = linked(MAIN, &[("sub", SUB)]).unwrap();
    let mut call = Call::of(flow, CallFacts::default());
    call.steps = true;
    call.give(FlowInput::Start);
    let heard = call.heard();
    assert!(heard.contains("start.1 call, sub:start.0 tag"), "{heard}");
    assert!(call.ended().contains("sub:start.4 return, start.2 tag"));
}

#[test]
fn whoever_hangs_up_inside_runs_the_nearest_hangup_exit() {
    let mut one = call(MAIN, &[("sub", SUB)]);
    one.heard();
    assert_eq!(
        one.other(FlowInput::HungUp),
        "tag end=gone, hangup CallerLeft"
    );
    let own = SUB.replace("error: own", "error: own, hangup: left")
        + "  left:\n    - tag: { end: own }\n    - return:\n";
    let mut one = call(MAIN, &[("sub", &own)]);
    one.heard();
    // And nothing of the flow that called.
    assert_eq!(
        one.other(FlowInput::HungUp),
        "tag end=own, hangup CallerLeft"
    );
}

#[test]
fn a_failure_inside_is_the_other_flows_own() {
    let failing = SUB.replace("play: hi", "tag: { who: \"{{ 1 / (vars.n - 5) }}\" }");
    let mut one = call(MAIN, &[("sub", &failing)]);
    let heard = one.heard();
    assert!(heard.contains("flow `sub`, block `start`"), "{heard}");
    assert!(heard.ends_with("tag end=no , hangup Hangup"), "{heard}");
}

#[test]
fn eight_deep_is_fine_and_nine_is_refused() {
    let text = |n: usize| format!("blocks:\n  start:\n    - call: f{n}\n    - return:\n");
    let last = "blocks:\n  start:\n    - tag: { deep: yes }\n    - return:\n";
    for (depth, good) in [(8, true), (9, false)] {
        let mut flows: Vec<(String, String)> =
            (1..depth).map(|n| (format!("f{n}"), text(n + 1))).collect();
        flows.push((format!("f{depth}"), last.to_owned()));
        let flows: Vec<(&str, &str)> = flows
            .iter()
            .map(|(name, text)| (name.as_str(), text.as_str()))
            .collect();
        let main = "blocks:\n  start:\n    - call: f1\n    - hangup:\n";
        match linked(main, &flows) {
            Ok(_) => assert!(good),
            Err(told) => assert!(
                !good
                    && told
                        .iter()
                        .any(|told| told.starts_with("F027 f8.flow.yaml:")),
                "{told:?}"
            ),
        }
        if good {
            assert_eq!(call(main, &flows).heard(), "tag deep=yes, hangup Hangup");
        }
    }
}

#[test]
fn what_flows_do_not_agree_on_is_told_in_the_file_that_calls() {
    for (main, sub, says) in [
        (
            MAIN.replace("flow: sub", "flow: sbu"),
            SUB.to_owned(),
            "F004 main.flow.yaml:10 there is no flow `sbu`",
        ),
        (
            MAIN.replace("with: { order:", "with: { ordre:"),
            SUB.to_owned(),
            "F102 main.flow.yaml:10 flow `sub` has no input `ordre`",
        ),
        (
            MAIN.replace("with: { order: \"{{ vars.order }}\" }, ", ""),
            SUB.to_owned(),
            "F103 main.flow.yaml:10 flow `sub` needs the input `order`",
        ),
        (
            MAIN.replace("with: { ", "with: { tries: many, "),
            SUB.to_owned(),
            "F104 main.flow.yaml:10 `many` does not fit",
        ),
        (
            MAIN.replace("status: state }", "status: sate }"),
            SUB.to_owned(),
            "F102 main.flow.yaml:10 flow `sub` has no output `sate`",
        ),
        (
            MAIN.replace("status: state }", "n: state }"),
            SUB.to_owned(),
            "F104 main.flow.yaml:10 the output `state` is a `string`",
        ),
        (
            MAIN.replace("refused: no", "refsued: no"),
            SUB.to_owned(),
            "F009 main.flow.yaml:10 nothing says where `return: refused`",
        ),
        (
            MAIN.replace("refused: no", "refused: no, never: no"),
            SUB.to_owned(),
            "F102 main.flow.yaml:10 flow `sub` never returns with `never`",
        ),
        (
            MAIN.to_owned(),
            SUB.replace(
                "    - return:\n  out",
                "    - call: main\n    - return:\n  out",
            ),
            "F027 sub.flow.yaml:15 flow `main` is called from itself: main -> sub -> main",
        ),
        (
            MAIN.replace("call: {", "call: main\n    - call: {"),
            SUB.to_owned(),
            "F027 main.flow.yaml:10 flow `main` is called from itself: main -> main",
        ),
    ] {
        let told = linked(&main, &[("sub", &sub)]).unwrap_err();
        assert!(
            told.iter().any(|told| told.starts_with(says)),
            "{says}\n{told:#?}"
        );
        assert!(told.iter().all(|told| !told.ends_with("/ ")), "{told:#?}");
    }
}

#[test]
fn a_flow_that_a_number_leads_to_ends_where_it_returns() {
    let main = "blocks:\n  start:\n    - go: return\n";
    assert_eq!(Call::new(main).heard(), "hangup Hangup");
}
