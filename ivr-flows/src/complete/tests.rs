//! What is offered where; `|` is the cursor.

use super::{Completion, complete};
use crate::reference::Names;
use std::collections::BTreeSet;

const ABOVE: &str = "\
flow: 1
name: shop
languages: { default: en, offer: [en, es] }
prompts:
  greeting: { en: \"Welcome.\" }
hours:
  office:
    zone: Europe/Madrid
blocks:
  orders:
    - hangup:
  start:
    - answer:
";

fn at(rest: &str) -> Completion {
    let marked = format!("{ABOVE}{rest}");
    let before = marked.split('|').next().unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let column = before
        .rsplit('\n')
        .next()
        .unwrap_or_default()
        .chars()
        .count()
        + 1;
    let set = |names: &[&str]| {
        names
            .iter()
            .map(|&name| name.to_owned())
            .collect::<BTreeSet<_>>()
    };
    let names = Names::of_company(set(&["billing", "sales"]), set(&["spanish"]))
        .with_flows(["returns".to_owned()]);
    complete(&marked.replacen('|', "", 1), line, column, &names)
}

fn labels(rest: &str) -> Vec<String> {
    at(rest).options.into_iter().map(|one| one.label).collect()
}

#[track_caller]
fn offers(rest: &str, wanted: &[&str]) {
    let found = labels(rest);
    for one in wanted {
        assert!(
            found.iter().any(|label| label == one),
            "{one} at {rest:?}: {found:?}"
        );
    }
}

#[test]
fn actions_stand_behind_a_dash_and_only_one_in_a_step() {
    offers("    - |", &["play", "menu", "queue", "when"]);
    offers("    - pl|\n    - hangup:\n", &["play"]);
    let beside = labels("    - play: greeting\n      |");
    assert_eq!(beside, ["when", "id", "note"]);
    offers("    - when: vars.x\n      |", &["play"]);
    let plain = at("    - pl|");
    assert_eq!(plain.from, 7);
    assert!(plain.options.iter().any(|one| one.insert == "play: "));
    assert!(
        at("    - pl|: x")
            .options
            .iter()
            .any(|one| one.insert == "play")
    );
}

#[test]
fn fields_of_an_action_but_those_that_stand_there() {
    let menu = "    - menu:\n        prompt: greeting\n        |\n        tries: 2\n";
    offers(menu, &["keys", "exits"]);
    let found = labels(menu);
    assert!(!found.contains(&"prompt".to_owned()) && !found.contains(&"tries".to_owned()));
    let collect = labels("    - collect: { prompt: greeting, |");
    assert!(collect.contains(&"into".to_owned()) && !collect.contains(&"prompt".to_owned()));
}

#[test]
fn blocks_behind_go_in_exits_and_at_keys() {
    offers("    - go: |", &["orders", "start", "hangup", "return"]);
    let menu = "    - menu:\n        prompt: greeting\n        keys:\n";
    offers(&format!("{menu}          1: |"), &["orders", "repeat"]);
    offers(
        &format!("{menu}          1: {{ go: or|"),
        &["orders", "repeat"],
    );
    offers(
        &format!("{menu}          1:\n            go: |"),
        &["orders", "repeat"],
    );
    offers("    - menu:\n        exits: { exhausted: |", &["orders"]);
    assert!(!labels("    - go: |").contains(&"repeat".to_owned()));
}

#[test]
fn exits_are_those_of_the_step() {
    let found = labels("    - menu:\n        exits:\n          |");
    assert!(found.contains(&"exhausted".to_owned()), "{found:?}");
    assert!(!found.contains(&"answered".to_owned()), "{found:?}");
}

#[test]
fn names_of_the_company_and_of_the_text() {
    offers("    - queue: { to: |", &["billing", "sales"]);
    offers("    - queue:\n        to: bil|", &["billing"]);
    offers("    - play: |", &["greeting"]);
    offers("    - play: [greeting, |", &["greeting"]);
    offers("    - hours: |", &["office"]);
    offers("    - call: |", &["returns"]);
    offers("    - say: { |", &["en", "es"]);
    offers("    - language: |", &["en", "es"]);
}

#[test]
fn brackets_over_several_lines_and_lists_right_below_their_key() {
    offers(
        "    - menu: {\n        prompt: greeting,\n        exits: { exhausted: |",
        &["orders"],
    );
    offers("  more:\n  - |", &["play"]);
    // A bracket that somebody forgot does not spoil what comes after it.
    offers("    - menu: { prompt: greeting\n    - go: |", &["orders"]);
}

#[test]
fn nothing_in_texts_comments_and_behind_whole_values() {
    for rest in [
        "    - say: \"pl|",
        "    - play: greeting # go: |",
        "    - note: two words |",
        "    # - |",
        "    - play: greeting |",
    ] {
        assert_eq!(labels(rest), Vec::<String>::new(), "{rest:?}");
    }
}

#[test]
fn the_top_of_a_file() {
    let found = complete("flow: 1\n\nname: x\n", 2, 1, &Names::default());
    let labels: Vec<&str> = found.options.iter().map(|one| one.label.as_str()).collect();
    assert!(labels.contains(&"blocks") && !labels.contains(&"flow") && !labels.contains(&"name"));
}

#[test]
fn any_place_of_any_text_is_answered() {
    let text = format!("{ABOVE}    - menu: {{ a: [\"é\n\t- x: ]}}|\n:\n- - : -\n");
    for line in 0..30 {
        for column in 0..40 {
            let _ = complete(&text, line, column, &Names::default());
        }
    }
    let _ = complete("", usize::MAX, usize::MAX, &Names::default());
}
