//! What stands in a picture.

use proptest::prelude::*;

use super::{Options, Zoom, picture};
use crate::flow::Pos;

const SUPPORT: &str = include_str!("../../tests/samples/support.flow.yaml");

fn arrows(options: &Options) -> Vec<String> {
    let picture = picture(SUPPORT, options).unwrap();
    let name = |at: usize| picture.boxes[at].name.clone();
    let told = picture.arrows.iter().map(|arrow| {
        let line = if arrow.inherited { "..>" } else { "->" };
        format!(
            "{} {line} {} {}",
            name(arrow.from),
            name(arrow.to),
            arrow.label
        )
    });
    told.map(|line| line.trim_end().to_owned()).collect()
}

#[test]
fn blocks_are_joined_by_keys_exits_and_go() {
    let arrows = arrows(&Options::default());
    for wanted in [
        "start -> main",
        "main -> orders 1",
        "main -> help 2",
        "main -> main 9",
        "main -> to-a-person 0",
        "orders -> to-a-person 1, 0",
        "orders -> goodbye exhausted",
        "to-a-person -> after-call answered",
        "to-a-person -> message timeout, full, closed, no_agents",
        "message -> message-closed closed, holiday",
        "message -> message-taken recorded",
    ] {
        assert!(arrows.contains(&wanted.to_owned()), "{wanted}: {arrows:#?}");
    }
    assert!(
        !arrows
            .iter()
            .any(|line| line.contains("..>") || line.contains("apology"))
    );
}

#[test]
fn inherited_exits_are_shown_when_they_are_asked_for() {
    let options = Options {
        inherited: true,
        ..Options::default()
    };
    let arrows = arrows(&options);
    assert!(
        arrows.contains(&"main ..> to-a-person exhausted".to_owned()),
        "{arrows:#?}"
    );
    assert!(
        arrows.contains(&"start ..> apology error".to_owned()),
        "{arrows:#?}"
    );
    // The step's own word comes first.
    assert!(!arrows.contains(&"orders ..> to-a-person exhausted".to_owned()));
}

#[test]
fn every_sort_of_target_is_an_arrow() {
    let source = "flow: 1\nname: x\nblocks:\n  start:\n    - branch:\n        - { when: vars.a, go: a }\n        - { when: vars.b, do: [ { tag: { a: b } }, { go: b } ] }\n        - else: c\n    - go: { to: a, at_most: 2, then: b }\n    - go: c\n      when: vars.d\n  a:\n    - menu: { say: x, keys: { 1: hangup, 2: { do: [ { go: b } ] } }, exits: { exhausted: { go: c } } }\n  b: [ { hangup: } ]\n  c: [ { hangup: } ]\n";
    let picture = picture(source, &Options::default()).unwrap();
    let told: Vec<String> = picture
        .arrows
        .iter()
        .map(|arrow| {
            let name = |at: usize| picture.boxes[at].name.clone();
            format!("{} {} {}", name(arrow.from), name(arrow.to), arrow.label)
        })
        .collect();
    assert_eq!(
        told,
        [
            "start a vars.a, at most 2",
            "start b vars.b, then",
            "start c else, vars.d",
            "a hang up 1",
            "a b 2",
            "a c exhausted",
        ]
    );
}

#[test]
fn steps_follow_each_other_until_one_leads_away() {
    let options = Options {
        zoom: Zoom::Steps,
        ..Options::default()
    };
    let arrows = arrows(&options);
    for wanted in [
        "start 1 -> start 2",
        "start 3 -> main 1",
        "orders 3 -> orders 4",
    ] {
        assert!(arrows.contains(&wanted.to_owned()), "{wanted}: {arrows:#?}");
    }
    assert!(!arrows.contains(&"main 1 -> main 2".to_owned()));
}

#[test]
fn a_transfer_without_return_goes_on_only_where_a_failure_does() {
    let drawn = |more: &str| {
        let source = format!(
            "flow: 1\nname: t\nblocks:\n  start:\n    - transfer: {{ to: \"+34911222333\"{more} }}\n    - hangup:\n"
        );
        let options = Options {
            zoom: Zoom::Steps,
            ..Options::default()
        };
        let picture = picture(&source, &options).unwrap();
        let goes_on = picture
            .arrows
            .iter()
            .any(|arrow| arrow.to == 1 && arrow.label.is_empty());
        (picture.boxes[0].ends, goes_on)
    };
    let all = "no_answer: hangup, busy: hangup, failed: hangup";
    assert_eq!(drawn(""), (true, true), "nobody was reached");
    assert_eq!(drawn(&format!(", exits: {{ {all} }}")), (true, false));
    assert_eq!(drawn(", exits: { busy: hangup }"), (true, true));
    assert_eq!(
        drawn(&format!(", return_here: true, exits: {{ {all} }}")),
        (false, true)
    );
    assert!(!drawn(&format!(", exits: {{ {all}, done: hangup }}")).0);
}

#[test]
fn coverage_and_traffic_are_laid_over() {
    let options = Options {
        covered: Some(
            [Pos {
                line: 70,
                column: 7,
            }]
            .into(),
        ),
        traffic: Some(
            [(
                ("main".to_owned(), "orders".to_owned()),
                [("1".to_owned(), 3)].into(),
            )]
            .into(),
        ),
        ..Options::default()
    };
    let picture = picture(SUPPORT, &options).unwrap();
    let places: Vec<_> = picture.boxes.iter().map(|shown| shown.covered).collect();
    assert!(places.iter().all(Option::is_some));
    let svg = picture.svg().unwrap();
    assert!(svg.contains("1 3 (100 %)"), "{svg}");
    assert!(svg.contains("class=\"box none\"") || svg.contains("class=\"box start none\""));
    assert!(picture.mermaid().contains("class b1 untested"));
}

#[test]
fn the_picture_has_words_for_who_cannot_see_it_and_both_grounds() {
    let svg = picture(SUPPORT, &Options::default())
        .unwrap()
        .svg()
        .unwrap();
    assert!(svg.contains("<title id=\"title\">Fernhill Cycles, support line</title>"));
    assert!(svg.contains("main to orders by 1"));
    assert!(svg.contains("prefers-color-scheme: dark"));
    assert_eq!(svg.matches("<rect").count(), 13);
    assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
}

#[test]
fn every_label_stands_in_the_picture() {
    for zoom in [Zoom::Blocks, Zoom::Steps] {
        let options = Options {
            zoom,
            inherited: true,
            ..Options::default()
        };
        let picture = picture(SUPPORT, &options).unwrap();
        let labelled = picture
            .arrows
            .iter()
            .filter(|arrow| !arrow.label.is_empty());
        let svg = picture.svg().unwrap();
        assert_eq!(svg.matches("class=\"label\"").count(), labelled.count());
    }
}

#[test]
fn no_name_breaks_out_of_its_notation() {
    let source = "flow: 1\nname: x\ntitle: \"</title><script>\\\"]\"\nblocks:\n  start:\n    - branch: [ { when: 'a < \"|b\"', go: start } ]\n";
    let picture = picture(source, &Options::default()).unwrap();
    assert!(!picture.svg().unwrap().contains("<script>"));
    let mermaid = picture.mermaid();
    assert!(mermaid.contains("a &lt; #quot;#124;b#quot;"), "{mermaid}");
    assert!(picture.dot().contains("digraph \"</title><script>\\\"]\""));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]
    /// Any flow can be drawn: the layout library has panics of its own.
    #[test]
    fn any_net_of_blocks_can_be_drawn(blocks in prop::collection::vec(prop::collection::vec(0..14_usize, 0..4), 1..14)) {
        let mut source = "flow: 1\nname: x\nblocks:\n".to_owned();
        for (at, targets) in blocks.iter().enumerate() {
            source.push_str(&format!("  b{at}:\n    - answer:\n"));
            for to in targets {
                source.push_str(&format!("    - go: b{to}\n      when: x{to}\n"));
            }
        }
        for zoom in [Zoom::Blocks, Zoom::Steps] {
            let picture = picture(&source, &Options { zoom, ..Options::default() }).unwrap();
            let svg = picture.svg().unwrap();
            prop_assert_eq!(svg.matches("<rect").count(), picture.boxes.len());
            prop_assert_eq!(svg.matches("<path class").count(), picture.arrows.len());
        }
    }
}
