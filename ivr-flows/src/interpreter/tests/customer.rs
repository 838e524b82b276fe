//! Who calls: found, not found, too late, and in which language they are spoken to.

use super::Call;
use crate::port::{CallFacts, CustomerAnswer, FlowInput, KnownCustomer};

const FLOW: &str = "
languages: { default: en, offer: [en, es] }
prompts: { hi: { en: a, es: b } }
defaults: { exits: { error: bye, not_found: stranger, timeout: never } }
blocks:
  start:
    - answer:
    - customer: { by: call.from, create: true, timeout: 1s }
    - language: { from: customer.language }
    - play: hi
    - branch: [ { when: customer.known, go: known }, { else: bye } ]
  known:
    - tag: { who: \"{{ customer.name }}\" }
    - hangup:
  stranger:
    - tag: { who: nobody }
    - hangup:
  never:
    - hangup:
  bye:
    - tag: { who: unknown }
    - hangup:
";

fn call(from: &str) -> Call {
    let facts = CallFacts {
        from: from.to_owned(),
        ..CallFacts::default()
    };
    let mut call = Call::with_facts(FLOW, facts);
    call.give(FlowInput::Start);
    call
}

fn ana() -> CustomerAnswer {
    CustomerAnswer::Found(KnownCustomer {
        name: "Ana Ruiz".to_owned(),
        language: "es".to_owned(),
        ..KnownCustomer::default()
    })
}

#[test]
fn a_customer_is_greeted_in_their_language_and_by_branch() {
    let mut call = call("+34600111222");
    assert_eq!(call.heard(), "answer, find +34600111222 1 or make");
    let found = FlowInput::Customer {
        ask: 1,
        answer: ana(),
    };
    assert!(!format!("{found:?}").contains("Ana"), "a name in Debug");
    assert_eq!(call.other(found), "play [es] hi");
    assert_eq!(call.ended(), "tag who=Ana Ruiz, hangup Hangup");
}

#[test]
fn nobody_and_a_withheld_number_take_not_found() {
    let mut one = call("+34600111222");
    one.heard();
    let answer = CustomerAnswer::NotFound;
    let none = FlowInput::Customer { ask: 1, answer };
    assert_eq!(one.other(none), "tag who=nobody, hangup Hangup");
    assert_eq!(call("").heard(), "answer, tag who=nobody, hangup Hangup");
}

#[test]
fn a_slow_or_failing_lookup_holds_up_nobody_and_the_inherited_timeout_is_not_meant() {
    let mut one = call("+34600111222");
    one.heard();
    assert_eq!(one.seconds(1), "play hi");
    // Too late to be waited for, and known from now on.
    assert_eq!(
        one.other(FlowInput::Customer {
            ask: 1,
            answer: ana()
        }),
        ""
    );
    assert_eq!(one.ended(), "tag who=Ana Ruiz, hangup Hangup");
    let mut one = call("+34600111222");
    one.heard();
    let answer = CustomerAnswer::Failed;
    assert_eq!(one.other(FlowInput::Customer { ask: 1, answer }), "play hi");
    assert_eq!(
        one.other(FlowInput::Customer {
            ask: 7,
            answer: ana()
        }),
        ""
    );
    assert_eq!(one.ended(), "tag who=unknown, hangup Hangup");
}

#[test]
fn keys_pressed_meanwhile_are_kept() {
    let mut call = call("+34600111222");
    call.heard();
    assert_eq!(call.key('1'), "");
    let found = FlowInput::Customer {
        ask: 1,
        answer: ana(),
    };
    assert_eq!(call.other(found), "tag who=Ana Ruiz, hangup Hangup");
}
