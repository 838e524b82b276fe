//! Orders of the example: each state, and a shop that is slow, failing, silent, odd or down.

use super::line::{Caller, Line, Workshop};
use super::shop::{
    BEING_BUILT, DAYS, EMPTY, FAILING, HANGING, ODD, ON_ITS_WAY, READY, SLOW, Shop, UNKNOWN,
    nowhere,
};
use super::went_by;
use std::thread::scope;

/// From the menu to the order.
fn asks(caller: &Caller<'_>, order: &str) {
    caller.press("1");
    caller.hears(&["order-number"]);
    caller.press(order);
}

#[test]
fn each_state_of_an_order_is_heard_in_both_languages() {
    let shop = Shop::open();
    let line = Line::start(Workshop::Open, shop.address);
    let callers = line.in_both(|language| {
        let caller = line.stranger_in(language);
        asks(&caller, ON_ITS_WAY);
        let days = format!("numbers/{DAYS}");
        caller.hears(&["order-on-its-way-1", &days, "order-menu"]);
        for (order, state) in [(READY, "order-ready"), (BEING_BUILT, "order-being-built")] {
            caller.press("9");
            caller.hears(&["main-menu"]);
            asks(&caller, order);
            caller.hears(&[state, "order-menu"]);
        }
        // Who has heard enough says nothing, once.
        caller.hears(&["goodbye"]);
        vec![caller.left_by_line()]
    });
    for order in [ON_ITS_WAY, READY, BEING_BUILT] {
        assert_eq!(shop.asked_for(order), callers.len(), "{order}");
    }
    let told = line.record(&callers[0]).to_string() + &line.world.log();
    assert!(!told.contains(READY), "the order's number is told");
    let test = "each_state_of_an_order_is_heard_in_both_languages";
    went_by(&line, test, &callers);
}

/// What is heard behind the order's number, until the caller waits for a person or is left.
fn hears_of(line: &Line, language: &'static str, order: &str) -> String {
    let caller = line.stranger_in(language);
    asks(&caller, order);
    match order {
        UNKNOWN => {
            for _ in 0..2 {
                caller.hears(&["bad-order", "order-number"]);
                caller.press(UNKNOWN);
            }
            caller.hears(&["bad-order"]);
            caller.waits();
        }
        SLOW => {
            caller.hears(&["looking"]);
            caller.hears_at_last("order-ready");
            caller.hears(&["order-menu"]);
            caller.press("1");
            caller.waits();
        }
        HANGING => {
            caller.hears(&["looking"]);
            caller.hears_at_last("shop-down");
            caller.waits();
        }
        EMPTY => {
            caller.hears(&["something-wrong"]);
            return caller.left_by_line();
        }
        _ => {
            caller.hears(&["shop-down"]);
            caller.waits();
        }
    }
    caller.hangs_up()
}

#[test]
fn unknown_orders_a_slow_shop_and_a_failing_one_are_told_apart() {
    let shop = Shop::open();
    let line = Line::start(Workshop::Open, shop.address);
    let orders = [UNKNOWN, SLOW, HANGING, FAILING, ODD, EMPTY];
    let callers = line.in_both(|language| {
        scope(|all| {
            let calls = orders.map(|order| all.spawn(|| hears_of(&line, language, order)));
            calls.into_iter().map(|one| one.join().unwrap()).collect()
        })
    });
    // What may pass is asked again, once.
    assert_eq!(shop.asked_for(FAILING), 4);
    assert_eq!(shop.asked_for(HANGING), 4);
    assert_eq!(shop.asked_for(UNKNOWN), 6);
    let test = "unknown_orders_a_slow_shop_and_a_failing_one_are_told_apart";
    went_by(&line, test, &callers);
}

#[test]
fn while_the_shop_is_down_a_person_helps() {
    let line = Line::start(Workshop::Open, nowhere());
    let callers = line.in_both(|language| {
        let caller = line.stranger_in(language);
        asks(&caller, READY);
        caller.hears(&["shop-down"]);
        caller.waits();
        vec![caller.hangs_up()]
    });
    went_by(&line, "while_the_shop_is_down_a_person_helps", &callers);
}
