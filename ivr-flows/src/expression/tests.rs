//! Values, failures, refusals with their places, and texts that nobody meant.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{Expression, Scope, Template};
use crate::calendar::CompanyHours;
use crate::flow::{Pos, Value};
use crate::port::{CallFacts, KnownCustomer};

const START: Pos = Pos { line: 1, column: 1 };

fn with_scope<T>(look: impl FnOnce(&Scope<'_>) -> T) -> T {
    let vars = BTreeMap::from([
        ("reason".to_owned(), Value::Text("orders".to_owned())),
        ("odd-name".to_owned(), Value::Text("odd".to_owned())),
        ("count".to_owned(), Value::Int(3)),
        ("largest".to_owned(), Value::Int(i64::MAX)),
        ("known".to_owned(), Value::Bool(true)),
    ]);
    let tags = BTreeMap::from([("tier".to_owned(), String::new())]);
    let facts = CallFacts {
        from: "+34600111222".to_owned(),
        to: "9000".to_owned(),
        began_at: None,
        hours: CompanyHours::default(),
    };
    let customer = KnownCustomer {
        name: "Ana Ruiz".to_owned(),
        tier: "gold".to_owned(),
        ..KnownCustomer::default()
    };
    look(&Scope {
        vars: &vars,
        tags: &tags,
        facts: &facts,
        now: None,
        language: "en",
        position: 2,
        ewt: 61,
        customer: Some(&customer),
    })
}

fn truth(text: &str) -> Result<bool, &'static str> {
    let expression = Expression::parse(text, START).unwrap_or_else(|f| panic!("{text}: {f:?}"));
    with_scope(|scope| expression.truth(scope))
}

#[test]
fn what_a_call_shows_can_be_compared() {
    for (text, expected) in [
        ("true", true),
        ("vars.reason == \"orders\"", true),
        ("vars.reason != 'orders'", false),
        ("vars.count > 2 && vars.count <= 3", true),
        ("vars.count + 1 == 4 || false", true),
        ("vars.known", true),
        ("!vars.known", false),
        ("vars[\"odd-name\"] == \"odd\"", true),
        ("call.from.startsWith(\"+34\")", true),
        ("call.to in [\"9000\", \"9001\"]", true),
        ("call.language == \"es\"", false),
        ("queue.position >= 2", true),
        ("queue.ewt == 61 && queue.ewt_minutes == 2", true),
        (
            "customer.known && customer.name == \"Ana Ruiz\" && customer.company == \"\"",
            true,
        ),
        ("customer.tier == \"gold\"", true),
        ("tags.tier == \"\"", true),
        ("size(call.from) == 12", true),
        ("vars.known ? vars.count == 3 : false", true),
        ("string(vars.count) == \"3\" && int(\"7\") == 7", true),
        // A side that decides makes the other one's failure harmless.
        ("true || vars.count / 0 == 1", true),
    ] {
        assert_eq!(truth(text), Ok(expected), "{text}");
    }
}

#[test]
fn a_failure_is_told_without_values() {
    for (text, says) in [
        ("vars.count", "neither"),
        ("vars.reason", "neither"),
        ("vars.count / 0 == 1", "division"),
        ("vars.count % 0 == 1", "division"),
        ("vars.largest + 1 > 0", "too large"),
        ("vars.count + vars.reason == 1", "kinds"),
        ("int(call.from + \"x\") == 1", "number"),
        ("call.from > 3", "kinds"),
    ] {
        let why = truth(text).expect_err(text);
        assert!(why.contains(says), "{text}: {why}");
    }
}

#[test]
fn what_is_no_expression_is_told_at_its_place() {
    for (text, offset, says) in [
        ("vars.count =< 2", 11, "does not parse"),
        ("vars.count ==", 13, "does not parse"),
        ("", 0, "empty"),
        ("vars == 1", 0, "vars.NAME"),
        ("1 == vars", 5, "vars.NAME"),
        ("call.from.size == 1", 9, "a part `size`"),
        ("call.from.matches(\"a\")", 17, "no function `matches`"),
        ("[1].all(x, x > 0)", 7, "loops"),
        ("{1: 2}[1] == 2", 6, "in quotes"),
        ("vars[call.from] == 1", 4, "in quotes"),
    ] {
        let fault = Expression::parse(text, START).expect_err(text);
        assert!(fault.message.contains(says), "{text}: {fault:?}");
        assert_eq!(fault.offset, offset, "{text}: {fault:?}");
    }
}

#[test]
fn names_are_found_where_they_stand() {
    let text = "vars.a == 1 && é.b || has(tags.c) || reason == vars[\"d-e\"]";
    let plain = text.replace('é', "e");
    let expression = Expression::parse(&plain, Pos { line: 7, column: 5 }).unwrap();
    let found: Vec<(String, usize)> = expression
        .reads
        .iter()
        .map(|read| {
            let field = read.field.as_deref().unwrap_or("-");
            (format!("{}.{field}", read.root), read.pos.column)
        })
        .collect();
    let expected = [
        ("vars.a", 5),
        ("e.b", 20),
        ("tags.c", 31),
        ("reason.-", 42),
        ("vars.d-e", 52),
    ];
    let expected: Vec<(String, usize)> = expected
        .iter()
        .map(|(name, at)| ((*name).to_owned(), *at))
        .collect();
    let mut sorted = found.clone();
    sorted.sort_by_key(|(_, at)| *at);
    assert_eq!(sorted, expected);
    assert!(expression.reads.iter().all(|read| read.pos.line == 7));
}

#[test]
fn texts_hold_values() {
    for (text, expected) in [
        ("plain", "plain"),
        ("", ""),
        ("{{ vars.reason }}", "orders"),
        ("a {{vars.count}}{{ vars.known }} b", "a 3true b"),
        ("}} {{ \"{\" }}", "}} {"),
    ] {
        let template = Template::parse(text, START).unwrap();
        assert_eq!(with_scope(|s| template.text(s)).as_deref(), Ok(expected));
    }
    for (text, offset) in [
        ("a {{ vars.x", 2),
        ("ab {{ }}", 5),
        ("{{ 1 }} {{ 1 + }}", 15),
    ] {
        assert_eq!(
            Template::parse(text, START).unwrap_err().offset,
            offset,
            "{text}"
        );
    }
    let template = Template::parse("{{ vars.count / 0 }}", START).unwrap();
    assert!(with_scope(|s| template.text(s)).is_err());
}

#[test]
fn long_and_deep_texts_are_refused_or_work_out() {
    for (open, close) in [
        ("(", ")"),
        ("[", "]"),
        ("int(", ")"),
        ("!(", ")"),
        ("true?1:", ""),
        ("\")\"+(", ")"),
    ] {
        for depth in [6, 20, 60] {
            let deep = format!("{}1{}", open.repeat(depth), close.repeat(depth));
            assert!(Expression::parse(&deep, START).is_err(), "{deep}");
        }
    }
    assert!(Expression::parse(&"!".repeat(600), START).is_err());
    for text in [
        "1+".repeat(249) + "1",
        "true&&".repeat(80) + "true",
        "!".repeat(490) + "true",
    ] {
        if let Ok(expression) = Expression::parse(&text, START) {
            let _ = with_scope(|scope| expression.value(scope));
        }
    }
    let dots = format!("vars{}", ".a".repeat(240));
    assert!(Expression::parse(&dots, START).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 400,
        failure_persistence: None,
        rng_seed: proptest::test_runner::RngSeed::Fixed(11),
        ..ProptestConfig::default()
    })]

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,60}") {
        if let Ok(expression) = Expression::parse(&text, START) {
            let _ = with_scope(|scope| expression.value(scope));
        }
        let _ = Template::parse(&text, START);
    }

    #[test]
    fn any_row_of_words_is_read_or_refused(words in prop::collection::vec(
        prop::sample::select(vec![
            "vars", ".", "count", "reason", "call", "from", "==", "(", ")", "[", "]", "\"a\"", "'", "-9223372036854775808",
            "/", "%", "-", "!", "&&", "||", "?", ":", "in", "has", "size", "int", "9999999999999999999", "1u", "0x", "1.5e400",
            "{", "}", ",", "null", "b'\\xff'", "\\", "`", "all", "map", "@", "r\"", "\"\"\"", "//",
        ]), 0..24)) {
        let text = words.concat();
        if let Ok(expression) = Expression::parse(&text, START) {
            let _ = with_scope(|scope| expression.value(scope));
        }
        let text = words.join(" ");
        if let Ok(expression) = Expression::parse(&text, START) {
            let _ = with_scope(|scope| expression.value(scope));
        }
    }
}
