//! Variables with types, secrets and `http`: what is clean, and each fault at its place.

use super::{STEP, catalog, found, frame};
use crate::check::{Catalog, check_source};

/// Lines that `whole` adds before the steps.
const MORE: usize = 7;

fn whole(step: &str) -> String {
    frame(step, "")
        .replace("hangup: bye }", "hangup: bye, error: bye }")
        .replace(
            "vars:\n",
            "vars:\n  order: { type: map, default: { status: new, lines: [1, 2.5] } }\n  \
             list: { type: list }\n  patience: { type: duration, default: 1m30s }\n  \
             due: { type: time, default: \"2026-11-23T10:30:00+01:00\" }\n  SHOP: { type: secret }\n  \
             OTHER: { type: secret }\n  pin: { type: string, default: \"\" }\n",
        )
}

fn settings() -> Catalog {
    Catalog {
        secrets: Some(["SHOP".to_owned()].into()),
        speech: true,
        ..catalog()
    }
}

#[test]
fn every_form_is_clean() {
    for step in [
        "    - say: \"It is {{ vars.order.status }}, {{ vars.order.lines[0] }}, {{ vars.order[\\\"status\\\"] }}.\"\n    - go: bye",
        "    - go: bye\n      when: 'vars.patience > duration(\"1m\") && vars.due < timestamp(\"2027-01-01T00:00:00Z\") && call.now > 0'\n    - hangup:",
        "    - set: { order: { a: \"{{ vars.count + 1 }}\" }, list: [a, 2], patience: 5m, count: \"{{ size(vars.list) }}\", reason: \"x {{ vars.count }}\" }\n    - go: bye",
        "    - http: { get: \"https://shop.example/orders/{{ vars.reason }}?full=1\", into: order }\n    - go: bye",
        "    - http: { post: \"https://shop.example\", headers: { X-Call: \"{{ call.to }}\" }, body: { pin: \"{{ vars.pin }}\" }, secret: SHOP, timeout: 2s, retries: 2, filler: hello, exits: { not_found: bye, client_error: bye, server_error: bye, timeout: bye, error: bye } }\n    - go: bye",
        "    - http: { put: \"https://10.0.0.1:8443/x\", body: hello, secret: { name: SHOP, header: X-Api-Key }, into: list }\n    - go: bye",
        "    - http: { delete: \"https://[::1]/x\" }\n    - go: bye",
    ] {
        assert_eq!(found(&whole(step), Some(&settings())), [], "{step}");
    }
}

/// Step with `@` before the place, code, what the message or the help says.
const FAULTS: &[(&str, &str, &str)] = &[
    (
        "    - say: \"{{ @vars.SHOP }}\"\n    - hangup:",
        "F019",
        "is a secret",
    ),
    (
        "    - tag: { a: \"{{ @vars.SHOP }}\" }\n    - hangup:",
        "F019",
        "is a secret",
    ),
    (
        "    - go: bye\n      when: '@vars.SHOP == \"x\"'\n    - hangup:",
        "F019",
        "is a secret",
    ),
    (
        "    - set: { @SHOP: x }\n    - hangup:",
        "F019",
        "is a secret",
    ),
    (
        "    - set: { reason: \"{{ @vars.SHOP }}\" }\n    - hangup:",
        "F019",
        "is a secret",
    ),
    (
        "    - http: { get: \"https://a.b/{{ @vars.SHOP }}\" }\n    - hangup:",
        "F019",
        "`secret:`",
    ),
    (
        "    - http: { get: \"https://a.b\", headers: { X: \"{{ @vars.SHOP }}\" } }\n    - hangup:",
        "F019",
        "is a secret",
    ),
    (
        "    - http: { post: \"https://a.b\", body: { a: [\"{{ @vars.SHOP }}\"] } }\n    - hangup:",
        "F019",
        "is a secret",
    ),
    (
        "    - http: { get: \"https://a.b\", into: @SHOP }\n    - hangup:",
        "F019",
        "is a secret",
    ),
    (
        "    - collect: { into: @SHOP, prompt: hello, digits: 4 }\n    - hangup:",
        "F019",
        "is a secret",
    ),
    (
        "    - http: { get: \"https://a.b\", headers: { @authorization: x } }\n    - hangup:",
        "F019",
        "`secret:`",
    ),
    (
        "    - http: { get: \"http://a.b\", secret: @SHOP }\n    - hangup:",
        "F019",
        "in clear",
    ),
    (
        "    - collect: { into: pin, prompt: hello, digits: 4, sensitive: true }\n    - http: { get: \"https://a.b/{{ @vars.pin }}\" }\n    - hangup:",
        "F019",
        "a URL",
    ),
    (
        "    - collect: { into: pin, prompt: hello, digits: 4, sensitive: true }\n    - set: { reason: \"{{ @vars.pin }}\" }\n    - hangup:",
        "F019",
        "`set`",
    ),
    (
        "    - http: { get: \"https://a.b\", secret: @SHPO }\n    - hangup:",
        "F004",
        "did you mean `SHOP`?",
    ),
    (
        "    - http: { get: \"https://a.b\", secret: @OTHER }\n    - hangup:",
        "F004",
        "[flows.secrets]",
    ),
    (
        "    - http: { get: \"https://a.b\", into: @ordre }\n    - hangup:",
        "F011",
        "did you mean `order`?",
    ),
    (
        "    - http: { get: \"https://a.b\", into: @count }\n    - hangup:",
        "F104",
        "`map`, `list` or `string`",
    ),
    (
        "    - go: bye\n      when: '@vars.reason.length == 1'\n    - hangup:",
        "F011",
        "has no parts",
    ),
    (
        "    - say: \"{{ @vars.order }}\"\n    - hangup:",
        "F104",
        "cannot be said",
    ),
    (
        "    - say: \"{{ @vars.due }}\"\n    - hangup:",
        "F104",
        "cannot be said",
    ),
    (
        "    - set: { @list: { a: 1 } }\n    - hangup:",
        "F104",
        "`[a, b]`",
    ),
    (
        "    - set: { @patience: soon }\n    - hangup:",
        "F104",
        "`30s`",
    ),
    (
        "    - http: { get: @\"ftp://a.b\" }\n    - hangup:",
        "F104",
        "https://",
    ),
    (
        "    - http: { get: @\"{{ vars.reason }}/x\" }\n    - hangup:",
        "F104",
        "not with a value",
    ),
    (
        "    - http: { get: @\"https://{{ vars.reason }}/x\" }\n    - hangup:",
        "F104",
        "are fixed",
    ),
    (
        "    - http: { get: @\"https://a{{ vars.reason }}.b/x\" }\n    - hangup:",
        "F104",
        "are fixed",
    ),
    (
        "    - http: { get: @\"https://u:p@a.b/x\" }\n    - hangup:",
        "F104",
        "no host",
    ),
    (
        "    - http: { get: @\"https://a.b/x y\" }\n    - hangup:",
        "F104",
        "no spaces",
    ),
    (
        "    - @http: { into: order }\n    - hangup:",
        "F103",
        "`get`",
    ),
    (
        "    - http: { get: \"https://a.b\", post: @\"https://a.b\" }\n    - hangup:",
        "F105",
        "two methods",
    ),
    (
        "    - http: { get: \"https://a.b\", body: @x }\n    - hangup:",
        "F104",
        "no body",
    ),
    (
        "    - http: { get: \"https://a.b\", headers: { @Host: x } }\n    - hangup:",
        "F104",
        "ours",
    ),
    (
        "    - http: { get: \"https://a.b\", headers: { @\"a b\": x } }\n    - hangup:",
        "F104",
        "ours",
    ),
    (
        "    - http: { get: \"https://a.b\", timeout: @1m }\n    - hangup:",
        "F104",
        "at most 15 s",
    ),
    (
        "    - http: { get: \"https://a.b\", timeout: @10s, retries: 3 }\n    - hangup:",
        "F104",
        "30 s",
    ),
    (
        "    - http: { get: \"https://a.b\", exits: { @notfound: bye } }\n    - hangup:",
        "F102",
        "not_found",
    ),
    (
        "    - @http: { get: \"https://a.b\", exits: { error: start } }\n    - hangup:",
        "F006",
        "for ever",
    ),
];

#[test]
fn each_planted_fault_is_told_at_its_place() {
    for (marked, code, says) in FAULTS {
        // A password in a URL has a sign of its own.
        let (before, after) = marked.split_once('@').unwrap();
        let step = format!("{before}{after}");
        let line = STEP + MORE + before.matches('\n').count();
        let column = before.lines().last().unwrap().chars().count() + 1;
        let findings = check_source(&whole(&step), "t", Some(&settings())).findings;
        let hit = findings.iter().find(|f| f.code == *code);
        let hit = hit.unwrap_or_else(|| panic!("{step}: no {code} in {findings:?}"));
        assert_eq!((hit.line, hit.column), (line, column), "{step}: {hit:?}");
        let text = format!("{} / {}", hit.message, hit.help);
        assert!(text.contains(says), "{step}: {text}");
        assert!(!hit.help.is_empty(), "{step}");
    }
}

#[test]
fn declarations_are_looked_at() {
    for (line, code, says) in [
        ("x: { type: strnig }", "F104", "did you mean `string`?"),
        ("x: { type: duration, default: 5 minutes }", "F104", "`30s`"),
        ("x: { type: map, default: [a] }", "F104", "`{ a: 1 }`"),
        ("x: { type: time, default: tomorrow }", "F104", "offset"),
        (
            "x: { type: secret, default: abc }",
            "F019",
            "[flows.secrets]",
        ),
        ("x: { default: abc }", "F103", "secret"),
        (
            "x: { type: string, default: \"{{ call.to }}\" }",
            "F104",
            "no value here",
        ),
    ] {
        let source = frame("    - go: bye", "").replace("vars:\n", &format!("vars:\n  {line}\n"));
        let findings = check_source(&source, "t", None).findings;
        let hit = findings.iter().find(|f| f.code == code);
        let hit = hit.unwrap_or_else(|| panic!("{line}: {findings:?}"));
        assert_eq!(hit.line, 9, "{line}");
        let text = format!("{} / {}", hit.message, hit.help);
        assert!(text.contains(says), "{line}: {text}");
    }
}

#[test]
fn an_answer_of_no_use_needs_a_word() {
    let step = "    - http: { get: \"https://a.b\", exits: { not_found: bye, timeout: bye } }\n    - hangup:";
    let source = whole(step).replace(", error: bye }", " }");
    assert_eq!(found(&source, None), [("F009", STEP + MORE, 7)]);
}
