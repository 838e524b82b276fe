//! The example's support line by telephone: the real company, flow and customers of `ivr-flows/examples/fernhill/`, and at
//! least one call for each block of the flow, in English and Spanish.
//!
//! **Owns**: which test goes by which blocks, and that none is left out. **Must not know**: how the line is set up.

mod ears;
mod hours;
mod line;
mod menu;
mod orders;
mod people;
mod shop;
mod waiting;

use line::{Line, flow};
use std::collections::BTreeSet;

/// Both languages of the line.
const LANGUAGES: [&str; 2] = ["en", "es"];

/// Which blocks the calls of a test go by, as their records say.
const BLOCKS: [(&str, &[&str]); 10] = [
    (
        "silence_wrong_keys_and_repeat_are_answered_in_both_languages",
        &[
            "start",
            "main",
            "other-language",
            "to-a-person",
            "caller-left",
        ],
    ),
    (
        "each_state_of_an_order_is_heard_in_both_languages",
        &[
            "orders",
            "order-on-its-way",
            "order-ready",
            "order-being-built",
            "after-order",
            "goodbye",
        ],
    ),
    (
        "unknown_orders_a_slow_shop_and_a_failing_one_are_told_apart",
        &[
            "unknown-order",
            "shop-down",
            "order-ready",
            "to-a-person",
            "apology",
        ],
    ),
    (
        "while_the_shop_is_down_a_person_helps",
        &["orders", "shop-down", "to-a-person"],
    ),
    (
        "help_leads_to_an_agent_of_the_language_and_ends_with_the_survey",
        &[
            "help",
            "queue-support",
            "queue-spanish",
            "after-call",
            "goodbye",
        ],
    ),
    (
        "gold_customers_are_served_before_those_who_came_earlier",
        &["queue-gold", "queue-support", "after-call"],
    ),
    (
        "repairs_ring_the_mechanic_and_after_a_while_the_colleague",
        &["workshop", "queue-repairs"],
    ),
    (
        "who_waits_hears_the_place_and_that_all_are_busy",
        &["queue-support", "queue-spanish", "caller-left"],
    ),
    (
        "while_it_is_open_who_does_not_want_to_wait_leaves_a_message",
        &["message", "message-taken", "nobody-free"],
    ),
    (
        "while_the_workshop_is_closed_its_callers_leave_a_message",
        &[
            "workshop-closed",
            "message-closed",
            "message",
            "message-taken",
            "nobody-free",
        ],
    ),
];

/// Holds the calls from these numbers against the row of [`BLOCKS`].
fn went_by(line: &Line, test: &str, callers: &[String]) {
    let row = BLOCKS.iter().find(|(name, _)| *name == test).unwrap();
    line.wait_blocks(callers, &row.1.iter().copied().collect());
}

#[test]
fn every_block_of_the_example_has_a_call() {
    let flow = flow();
    let blocks: BTreeSet<&str> = flow.block_names().collect();
    let called: BTreeSet<&str> = BLOCKS
        .iter()
        .flat_map(|(_, blocks)| *blocks)
        .copied()
        .collect();
    let without: Vec<_> = blocks.difference(&called).collect();
    assert!(
        without.is_empty(),
        "no call of `BLOCKS` goes by {without:?}"
    );
    let gone: Vec<_> = called.difference(&blocks).collect();
    assert!(gone.is_empty(), "the flow has no block {gone:?}");
    let tests = [
        include_str!("hours.rs"),
        include_str!("menu.rs"),
        include_str!("orders.rs"),
        include_str!("people.rs"),
        include_str!("waiting.rs"),
    ]
    .concat();
    for (name, _) in BLOCKS {
        let is_there = tests.contains(&format!("#[test]\nfn {name}()"));
        let holds = tests.contains(&format!("\"{name}\""));
        assert!(
            is_there && holds,
            "no test {name} holds its calls against its row"
        );
    }
}
