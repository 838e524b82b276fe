//! Edits against what they mean, and against every byte they must not touch.

use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestRunner};

use super::{Editor, Operation, Refused, Splicer, Tree, rename, rename_in_tests};
use crate::check_source;
use crate::yaml;

const SUPPORT: &str = include_str!("../../tests/samples/support.flow.yaml");
const EXAMPLE: &str = include_str!("../../examples/fernhill/flows/support.flow.yaml");

fn tree(text: &str) -> Tree {
    Tree::of(&yaml::read(text, "").root.unwrap())
}

fn operation(json: &str) -> Operation {
    serde_json::from_str(json).unwrap()
}

fn edited(source: &str, json: &str) -> String {
    let edited = Splicer.edit(source, &operation(json)).unwrap();
    assert_eq!(edited.undone(), source, "{json}");
    edited.text
}

/// Lines that one text has and the other has not, in order: `-` gone, `+` new.
fn lines(before: &str, after: &str) -> Vec<String> {
    let (old, new): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let head = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let tail = old[head..].iter().rev().zip(new[head..].iter().rev());
    let tail = tail.take_while(|(a, b)| a == b).count();
    let gone = old[head..old.len() - tail]
        .iter()
        .map(|line| format!("-{line}"));
    let fresh = new[head..new.len() - tail]
        .iter()
        .map(|line| format!("+{line}"));
    gone.chain(fresh).collect()
}

#[test]
fn each_operation_touches_its_own_lines_alone() {
    for (json, changed) in [
        (
            r#"{"op":"set","path":"/blocks/orders/3/menu/tries","value":2}"#,
            vec!["-        tries: 1", "+        tries: 2"],
        ),
        (
            r#"{"op":"set","path":"/defaults/exits/exhausted","value":"goodbye"}"#,
            vec![
                "-    exhausted: to-a-person # silent or lost callers reach a person, not a dead end",
                "+    exhausted: goodbye # silent or lost callers reach a person, not a dead end",
            ],
        ),
        (
            r#"{"op":"set","path":"/blocks/main/0/menu/keys/3","value":"help"}"#,
            vec!["+          3: help"],
        ),
        (
            r#"{"op":"set","path":"/defaults/input/tries","value":null}"#,
            vec![
                "-  input: { timeout: 6s, between_digits: 3s, tries: 3, barge_in: true }",
                "+  input: { timeout: 6s, between_digits: 3s, barge_in: true }",
            ],
        ),
        (
            r#"{"op":"insert_step","list":"/blocks/help","at":0,"step":{"play":"one-moment"}}"#,
            vec!["+    - play: one-moment"],
        ),
        (
            r#"{"op":"insert_step","list":"/blocks/goodbye","at":9,"step":{"tag":{"a":"b c"}}}"#,
            vec!["+    - tag: { a: \"b c\" }"],
        ),
        (
            r#"{"op":"remove_step","list":"/blocks/help","at":1}"#,
            vec!["-    - tag: { reason: help }"],
        ),
        (
            r#"{"op":"set_prompt","name":"goodbye","part":"es","text":"Adiós."}"#,
            vec!["+    es: \"Adiós.\""],
        ),
        (
            r#"{"op":"set_prompt","name":"bye","part":"en","text":"Bye."}"#,
            vec!["+  bye: { en: \"Bye.\" }"],
        ),
        (
            r#"{"op":"add_block","name":"late","after":"goodbye","steps":[{"play":"goodbye"},{"hangup":null}]}"#,
            vec!["+  late:", "+    - play: goodbye", "+    - hangup:", "+"],
        ),
    ] {
        let text = edited(SUPPORT, json);
        let mut found = lines(SUPPORT, &text);
        let mut changed: Vec<String> = changed.iter().map(|line| (*line).to_owned()).collect();
        found.sort();
        changed.sort();
        assert_eq!(found, changed, "{json}");
    }
}

#[test]
fn a_step_moves_with_the_remarks_inside_it() {
    let source = "blocks:\n  a:\n    - menu: # asks\n        # what for\n        keys: { 1: b } # one\n    # the second\n    - go: b\n  b:\n      - hangup:\n";
    let json = r#"{"op":"move_step","list":"/blocks/a","at":0,"to_list":"/blocks/b","to":0}"#;
    assert_eq!(
        edited(source, json),
        "blocks:\n  a:\n    # the second\n    - go: b\n  b:\n      - menu: # asks\n          # what for\n          keys: { 1: b } # one\n      - hangup:\n"
    );
}

#[test]
fn the_last_of_a_list_or_map_leaves_brackets_and_comes_back() {
    let source = "a:\n  - x: 1 # one\nb:\n  c: 1\nd: []\ne:\n";
    let text = edited(source, r#"{"op":"remove_step","list":"/a","at":0}"#);
    assert_eq!(text, "a: []\nb:\n  c: 1\nd: []\ne:\n");
    let text = edited(source, r#"{"op":"set","path":"/b/c","value":null}"#);
    assert_eq!(text, "a:\n  - x: 1 # one\nb: {}\nd: []\ne:\n");
    let text = edited(
        source,
        r#"{"op":"insert_step","list":"/d","at":0,"step":{"y":2}}"#,
    );
    assert_eq!(text, "a:\n  - x: 1 # one\nb:\n  c: 1\nd:\n  - y: 2\ne:\n");
    let text = edited(
        source,
        r#"{"op":"insert_step","list":"/e","at":0,"step":{"y":2}}"#,
    );
    assert_eq!(
        text,
        "a:\n  - x: 1 # one\nb:\n  c: 1\nd: []\ne:\n  - y: 2\n"
    );
    let text = edited(source, r#"{"op":"set","path":"/e/f","value":[1, 2]}"#);
    assert_eq!(
        tree(&text).at(&["e", "f", "1"]),
        Some(&Tree::Bare("2".into()))
    );
}

#[test]
fn files_without_a_last_line_end_and_with_other_line_ends_stay_so() {
    let source = "a:\r\n  - x: 1\r\n  - y: 2";
    let text = edited(
        source,
        r#"{"op":"insert_step","list":"/a","at":2,"step":{"z":3}}"#,
    );
    assert_eq!(text, "a:\r\n  - x: 1\r\n  - y: 2\r\n  - z: 3");
    let text = edited(source, r#"{"op":"remove_step","list":"/a","at":1}"#);
    assert_eq!(text, "a:\r\n  - x: 1");
}

#[test]
fn the_first_key_of_a_step_may_go() {
    let source = "a:\n  - play: x # hear\n    # unless\n    when: y\n  - { play: x, when: y }\n";
    let text = edited(source, r#"{"op":"set","path":"/a/1/play","value":null}"#);
    assert!(text.ends_with("  - { when: y }\n"), "{text}");
    let text = edited(source, r#"{"op":"set","path":"/a/0/play","value":null}"#);
    assert!(text.contains("# unless\n    when: y\n"), "{text}");
}

#[test]
fn what_does_not_fit_is_refused_in_words() {
    for (json, why) in [
        (
            r#"{"op":"set","path":"/blocks/nowhere/0/go","value":"x"}"#,
            "nothing at /blocks/nowhere",
        ),
        (
            r#"{"op":"remove_step","list":"/blocks/help","at":9}"#,
            "has no step 9",
        ),
        (
            r#"{"op":"rename_block","from":"x","to":"y"}"#,
            "there is no block `x`",
        ),
        (
            r#"{"op":"rename_block","from":"main","to":"help"}"#,
            "already",
        ),
        (
            r#"{"op":"rename_block","from":"main","to":"hangup"}"#,
            "a target of its own",
        ),
        (
            r#"{"op":"rename_block","from":"main","to":"a b"}"#,
            "cannot be the name",
        ),
        (
            r#"{"op":"add_block","name":"main","after":null,"steps":[]}"#,
            "already",
        ),
        (r#"{"op":"set","path":"x","value":1}"#, "is no path"),
    ] {
        match Splicer.edit(SUPPORT, &operation(json)) {
            Err(Refused::Unfit(text)) => assert!(text.contains(why), "{json}: {text}"),
            other => panic!("{json}: {other:?}"),
        }
    }
    let broken = Splicer.edit("a: [", &operation(r#"{"op":"set","path":"/a","value":1}"#));
    assert!(matches!(broken, Err(Refused::Unreadable(_))));
}

#[test]
fn a_renamed_block_is_renamed_wherever_it_is_a_target_and_nowhere_else() {
    let text = rename(SUPPORT, "goodbye", "farewell").unwrap().text;
    let changed: Vec<(&str, &str)> = SUPPORT
        .lines()
        .zip(text.lines())
        .filter(|(a, b)| a != b)
        .collect();
    assert_eq!(SUPPORT.lines().count(), text.lines().count());
    assert_eq!(
        changed,
        [
            (
                "        exits: { exhausted: goodbye }",
                "        exits: { exhausted: farewell }"
            ),
            ("  goodbye:", "  farewell:"),
        ]
    );
    assert!(check_source(&text, "x", None).findings.is_empty());
    // The prompt of that name is another thing.
    assert!(text.contains("- play: goodbye"));
}

#[test]
fn the_keys_of_a_wait_lead_to_the_new_name_and_what_they_play_keeps_its_own() {
    let source = "flow: 1\nname: x\nblocks:\n  start:\n    - queue: { to: q, use: w }\n  b:\n    - hangup: busy\nwaits:\n  w:\n    loop: [ { play: b } ]\n    keys: { 1: b, 2: { go: b, label: b }, 3: { play: b } }\n";
    let text = rename(source, "b", "c").unwrap().text;
    assert!(
        text.contains("keys: { 1: c, 2: { go: c, label: b }, 3: { play: b } }"),
        "{text}"
    );
    assert!(text.contains("  c:\n    - hangup: busy"), "{text}");
}

#[test]
fn quotes_and_every_sort_of_target_follow() {
    let source = "flow: 1\nname: x\ndefaults: { exits: { error: 'b' } }\nblocks:\n  start:\n    - branch:\n        - { when: vars.b, go: \"b\" }\n        - else: b\n    - go: { to: start, at_most: 1, then: { do: [ { go: b } ] } }\n    - menu: { say: b, keys: { 1: b, 2: { go: b, label: b }, 3: { do: [ { tag: { b: b } }, { go: b } ] } } }\n  b:\n    - hangup:\n";
    let text = rename(source, "b", "c").unwrap().text;
    assert_eq!(text.matches("c").count() - source.matches("c").count(), 8);
    assert!(text.contains("error: 'c'") && text.contains("go: \"c\"") && text.contains("vars.b"));
    assert!(text.contains("say: b") && text.contains("label: b") && text.contains("{ b: b }"));
    let tests = "flow: x\ntests:\n  - name: b\n    expect: [ { block: b }, { hears: b } ]\n    never:\n      - block: b/3 # not\n";
    let text = rename_in_tests(tests, "b", "c").unwrap().unwrap().text;
    assert_eq!(text, tests.replace("block: b", "block: c"));
    assert_eq!(rename_in_tests(tests, "z", "c").unwrap(), None);
}

/// A step or value to put in.
fn value() -> impl Strategy<Value = Tree> {
    let leaf = prop_oneof![
        "[a-z][a-z-]{0,8}".prop_map(Tree::Text),
        "[ -~äß¿#:,'\"{}\\[\\]]{0,12}".prop_map(Tree::Text),
        (0..100_i64).prop_map(|number| Tree::Bare(number.to_string())),
        Just(Tree::Empty),
        Just(Tree::Bare("true".into())),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Tree::List),
            prop::collection::btree_map("[a-z]{1,6}", inner, 0..4)
                .prop_map(|map| Tree::Map(map.into_iter().collect())),
        ]
    })
}

/// Every path of a tree; those of lists besides.
fn paths(tree: &Tree, path: &str, all: &mut Vec<String>, lists: &mut Vec<String>) {
    match tree {
        Tree::Map(entries) => {
            for (key, value) in entries.iter().filter(|(key, _)| !key.contains('/')) {
                let path = format!("{path}/{key}");
                all.push(path.clone());
                paths(value, &path, all, lists);
            }
        }
        Tree::List(items) => {
            lists.push(path.to_owned());
            for (at, item) in items.iter().enumerate() {
                let path = format!("{path}/{at}");
                all.push(path.clone());
                paths(item, &path, all, lists);
            }
        }
        _ => {}
    }
}

/// An operation that may fit, by numbers.
fn some_operation(tree: &Tree, kind: u8, a: usize, b: usize, value: Tree) -> Operation {
    let (mut all, mut lists) = (Vec::new(), Vec::new());
    paths(tree, "", &mut all, &mut lists);
    let path = all[a % all.len()].clone();
    let other = if lists.is_empty() {
        path.clone()
    } else {
        lists[b % lists.len()].clone()
    };
    let list = if lists.is_empty() {
        path.clone()
    } else {
        lists[a % lists.len()].clone()
    };
    let names: Vec<String> = match tree.at(&["blocks"]) {
        Some(Tree::Map(entries)) => entries.iter().map(|(key, _)| key.clone()).collect(),
        _ => vec!["start".to_owned()],
    };
    let name = names
        .get(a % names.len().max(1))
        .cloned()
        .unwrap_or_default();
    match kind % 8 {
        0 => Operation::Set {
            path,
            value: Some(value),
        },
        1 => Operation::Set { path, value: None },
        2 => Operation::Set {
            path: format!("{path}/new-{}", b % 5),
            value: Some(value),
        },
        3 => Operation::InsertStep {
            list,
            at: b % 6,
            step: value,
        },
        4 => Operation::RemoveStep { list, at: b % 4 },
        5 => Operation::MoveStep {
            list,
            at: b % 3,
            to_list: other,
            to: a % 4,
        },
        6 => Operation::AddBlock {
            name: format!("b{}", b % 50),
            after: Some(name),
            steps: Tree::List(vec![value]),
        },
        _ => match a % 3 {
            0 => Operation::RenameBlock {
                from: name,
                to: format!("n{}", b % 50),
            },
            1 => Operation::SetPrompt {
                name,
                part: "es".into(),
                text: Some(format!("¡a{b}: \"x\" # ")),
            },
            _ => Operation::SetPrompt {
                name: "goodbye".into(),
                part: "en".into(),
                text: None,
            },
        },
    }
}

fn comments(text: &str) -> usize {
    text.lines()
        .filter(|line| line.trim_start().starts_with('#'))
        .count()
}

#[test]
fn a_thousand_edits_of_the_example_mean_what_they_say_and_can_be_undone() {
    let config = Config {
        cases: 1000,
        rng_seed: RngSeed::Fixed(6),
        failure_persistence: None,
        ..Config::default()
    };
    let strategy = (any::<u8>(), any::<u16>(), any::<u16>(), value());
    let text = std::cell::RefCell::new(EXAMPLE.to_owned());
    let counts = std::cell::RefCell::new([0_usize; 3]);
    TestRunner::new(config)
        .run(&strategy, |(kind, a, b, value)| {
            let mut text = text.borrow_mut();
            let mut counts = counts.borrow_mut();
            let before = tree(&text);
            let operation = some_operation(&before, kind, a.into(), b.into(), value);
            match Splicer.edit(&text, &operation) {
                Ok(edited) => {
                    counts[0] += 1;
                    // What is read from the text is what the operation makes of what was read.
                    if !matches!(operation, Operation::RenameBlock { .. }) {
                        let expected = operation.on(before).unwrap();
                        prop_assert_eq!(&tree(&edited.text), &expected, "{:?}", operation);
                    }
                    prop_assert_eq!(edited.undone(), text.clone());
                    prop_assert!(
                        untouched(&text, &edited.text, &operation),
                        "{:?}",
                        operation
                    );
                    // The file stays one that people could have written.
                    let whole = edited.text.lines().count() > 100 && edited.text.len() < 40_000;
                    *text = if whole {
                        edited.text
                    } else {
                        EXAMPLE.to_owned()
                    };
                }
                Err(Refused::Layout(_)) => counts[1] += 1,
                Err(Refused::Unfit(_)) => counts[2] += 1,
                Err(Refused::Unreadable(findings)) => prop_assert!(false, "{:?}", findings),
            }
            Ok(())
        })
        .unwrap();
    let [done, layout, unfit] = *counts.borrow();
    println!("{done} edits done, {layout} refused for their layout, {unfit} did not fit");
    assert!(done > 500, "{done} edits were made");
    assert!(
        layout * 50 < done,
        "{layout} of {done} edits were refused for their layout"
    );
}

/// What holds for every edit: outside one stretch of lines, or two for a move, each line is what it was; and remarks above
/// steps and keys survive unless they stand inside what was taken away.
fn untouched(before: &str, after: &str, operation: &Operation) -> bool {
    match operation {
        Operation::MoveStep { .. } => {
            // The same lines, in another order and with other indentation, but for brackets that are edited inside a line.
            comments(before) == comments(after)
        }
        Operation::RenameBlock { .. } => before.lines().count() == after.lines().count(),
        Operation::InsertStep { .. } | Operation::AddBlock { .. } => {
            let changed = lines(before, after);
            changed.iter().filter(|line| line.starts_with('-')).count() <= 1
                && comments(before) <= comments(after)
        }
        Operation::SetPrompt { text: Some(_), .. } => lines(before, after).len() <= 3,
        _ => true,
    }
}
