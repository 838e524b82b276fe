//! Paths that lead nowhere, for ever, or past something.

use crate::Fault;

pub(crate) const FAULTS: &[Fault] = &[
    (
        "F005",
        "  sorry:\n    - play: sorry\n",
        "  §promotion:\n    - play: hello\n    - hangup:\n  sorry:\n    - play: sorry\n",
    ),
    (
        "F005",
        "  sorry:\n    - play: sorry\n    - hangup:\n",
        "  sorry:\n    - play: sorry\n    - hangup:\n    - §play: bye\n",
    ),
    (
        "F005",
        "waits:\n",
        "waits:\n  §empty: { loop: [ { play: music } ] }\n",
    ),
    (
        "F005",
        "vars:\n",
        "  §office: { zone: Europe/Madrid, week: { mon: \"09:00-12:00\" }, closed_on: [] }\nvars:\n",
    ),
    (
        "F005",
        "        - { else: main }\n  main:\n",
        "        - { else: person }\n  §main:\n",
    ),
    (
        "F006",
        "    - play: sorry\n    - hangup:\n",
        "    - play: sorry\n    - §go: sorry\n",
    ),
    (
        "F007",
        "    - go: { to: main, at_most: 2, then: person }",
        "    - §set: { reason: orders }",
    ),
    (
        "F007",
        "  sorry:\n    - play: sorry\n    - hangup:\n",
        "  sorry:\n    - §play: sorry\n",
    ),
    (
        "F009",
        "    exhausted: person\n…    - menu:\n",
        "…    - §menu:\n",
    ),
    (
        "F009",
        "    error: sorry\n…    - branch:\n",
        "…    - §branch:\n",
    ),
    (
        "F009",
        "    - hours: { check: shop, exits: { closed: closed, ",
        "    - §hours: { check: shop, exits: { ",
    ),
    (
        "F010",
        "when: vars.visits > 2, go",
        "when: vars.visits >§> 2, go",
    ),
    (
        "F010",
        "      when: queue.position > 1",
        "      when: queue.position >§",
    ),
    (
        "F010",
        "order: \"{{ vars.order }}\"",
        "order: \"§{{ vars.order }\"",
    ),
    (
        "F010",
        "      when: vars.reason != \"repair\"",
        "      when: vars.reason.matches§(\"x\")",
    ),
    (
        "F012",
        "    - collect: { into: order, prompt: number, digits: 4-6, end_key: hash, check: vars.order.startsWith(\"1\") }\n    - tag: { order: \"{{ vars.order }}\"",
        "    - tag: { order: \"{{ §vars.order }}\"",
    ),
    (
        "F018",
        "    - hours: { check: shop, exits: { closed: closed, holiday: closed } }",
        "    - §hours: { check: shop, exits: { closed: closed } }",
    ),
    (
        "F018",
        "  shop:\n…    closed_on: [\"2026-12-24\"]\n",
        "  §shop:\n…",
    ),
    (
        "F019",
        "check: vars.order.startsWith(\"1\") }\n    - tag: { order: \"{{ vars.order }}\"",
        "sensitive: true }\n    - tag: { order: \"{{ §vars.order }}\"",
    ),
    ("F025", "    - answer:\n…    - menu:\n", "…    - §menu:\n"),
    (
        "F016",
        "    - play: bye\n      when: vars.reason != \"repair\"\n    - hangup:\n",
        "    - §menu: { say: { en: \"To end, press 1.\", es: \"Para terminar, pulse 1.\" }, keys: { 1: sorry }, exits: { exhausted: sorry } }\n",
    ),
];
