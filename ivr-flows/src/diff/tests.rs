//! What two versions are told to differ in.

use super::diff;

const SUPPORT: &str = include_str!("../../tests/samples/support.flow.yaml");

fn told(after: &str) -> Vec<String> {
    let changes = diff(SUPPORT, after).unwrap();
    changes.iter().map(ToString::to_string).collect()
}

#[test]
fn layout_and_comments_are_no_difference() {
    let bare: String = SUPPORT
        .lines()
        .filter(|line| !line.trim_start().starts_with('#'))
        .map(|line| format!("{line}\n\n"))
        .collect();
    assert_eq!(told(&bare), Vec::<String>::new());
    let long = SUPPORT.replace("- go: main\n", "- go: { to: main }\n");
    assert_ne!(long, SUPPORT);
    assert_eq!(told(&long), Vec::<String>::new());
}

#[test]
fn a_renamed_block_is_one_difference() {
    let after = crate::edit::rename(SUPPORT, "orders", "my-order")
        .unwrap()
        .text;
    assert_eq!(told(&after), ["~ block orders: my-order"]);
}

#[test]
fn steps_fields_exits_and_prompts_are_told_by_their_names() {
    let after = SUPPORT
        .replace("        tries: 1\n", "        tries: 2\n")
        .replace(
            "exits: { exhausted: goodbye }",
            "exits: { exhausted: apology }",
        )
        .replace(
            "1: { go: orders, label: Orders }",
            "1: { go: help, label: Orders }",
        )
        .replace("    - play: one-moment\n", "    - tag: { a: b }\n")
        .replace("I did not hear a key.", "I heard nothing.");
    assert_eq!(
        told(&after),
        [
            "~ main, step 1 (menu), keys/1: orders -> help",
            "~ orders, step 4 (menu), exits/exhausted: goodbye -> apology",
            "~ orders, step 4 (menu), tries: 1 -> 2",
            "+ to-a-person, step 1 (tag): { tag: { a: b } }",
            "- to-a-person, step 1 (play): { play: one-moment }",
            "~ prompt still-there (en): \"I did not hear a key.\" -> \"I heard nothing.\"",
        ]
    );
}

#[test]
fn what_is_added_removed_and_moved_is_told() {
    let after = SUPPORT
        .replace(
            "    - set: { reason: help }\n    - tag: { reason: help }\n",
            "    - tag: { reason: help }\n    - set: { reason: help }\n",
        )
        .replace(
            "  goodbye:\n    - play: goodbye\n",
            "  goodbye:\n    - play: goodbye\n    - play: greeting\n",
        )
        .replace(
            "  caller-left:\n",
            "  new:\n    - hangup:\n\n  caller-left:\n",
        )
        .replace("give_up_after: 15m", "give_up_after: 20m");
    let told = told(&after);
    assert!(told.contains(&"+ block new: 1 step".to_owned()), "{told:?}");
    assert!(
        told.contains(&"+ goodbye, step 2 (play): { play: greeting }".to_owned()),
        "{told:?}"
    );
    assert!(
        told.contains(&"~ waits/wait-for-agent/give_up_after: 15m -> 20m".to_owned()),
        "{told:?}"
    );
    assert!(
        told.iter().any(|line| line.starts_with("~ help, step")),
        "{told:?}"
    );
    assert_eq!(told.len(), 4, "{told:?}");
}

#[test]
fn what_cannot_be_read_is_told() {
    let findings = diff(SUPPORT, "a: [").unwrap_err();
    assert_eq!(findings[0].code, "F100");
}
