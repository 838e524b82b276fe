//! Names that do not exist.

use crate::Fault;

pub(crate) const FAULTS: &[Fault] = &[
    ("F001", "1: { go: orders, label", "1: { go: §ordres, label"),
    ("F001", "          0: person", "          0: §persons"),
    ("F001", "    exhausted: person", "    exhausted: §perso"),
    ("F001", "    hangup: left", "    hangup: §lost-callers"),
    (
        "F001",
        "at_most: 2, then: person",
        "at_most: 2, then: §somebody",
    ),
    ("F001", "- { else: main }", "- { else: §mian }"),
    (
        "F001",
        "full: closed, closed: closed",
        "full: §clsoed, closed: closed",
    ),
    (
        "F001",
        "{ go: repairs } ], label",
        "{ go: §repars } ], label",
    ),
    ("F002", "    - play: hello", "    - play: §helo"),
    ("F002", "  no_input: [silent]", "  no_input: [§silence]"),
    ("F002", "prompt: number, digits", "prompt: §numbers, digits"),
    ("F002", "        prompt: choices", "        prompt: §choice"),
    ("F002", "      - play: place\n", "      - play: §places\n"),
    (
        "F002",
        "  music: { file: moh/calm.wav }",
        "  §music: { file: moh/clam.wav }",
    ),
    (
        "F003",
        "  hello: { en: \"Welcome to Fernhill.\", es: \"Bienvenido a Fernhill.\" }",
        "  §hello: { en: \"Welcome to Fernhill.\" }",
    ),
    ("F004", "use: patience }", "use: §patient }"),
    (
        "F004",
        "queue: { to: support, use",
        "queue: { to: §suport, use",
    ),
    (
        "F004",
        "skills: { mechanics: 2 }",
        "skills: { §mechanic: 2 }",
    ),
    ("F004", "hours: { check: shop,", "hours: { check: §shops,"),
    ("F004", "box: support, prompt", "box: §suport, prompt"),
    (
        "F011",
        "{ set: { reason: repair } }",
        "{ set: { §reasn: repair } }",
    ),
    ("F011", "collect: { into: order,", "collect: { into: §ordr,"),
    ("F011", "when: vars.visits > 2", "when: §vars.visit > 2"),
    (
        "F011",
        "when: customer.company ==",
        "when: §customer.firm ==",
    ),
    ("F011", "when: queue.position > 1", "when: §queue.place > 1"),
    (
        "F011",
        "customer: { by: call.from,",
        "customer: { by: §call.form,",
    ),
    (
        "F011",
        "reason: \"{{ vars.reason }}\" }",
        "reason: \"{{ §reason }}\" }",
    ),
    (
        "F011",
        "number {{ queue.position }}.\", es",
        "number {{ §queue.positon }}.\", es",
    ),
    (
        "F011",
        "    - customer: { by: call.from, timeout: 800ms }\n    - language: { from: customer.language }\n    - play: hello\n    - hours: { check: shop, exits: { closed: closed, holiday: closed } }\n    - branch:\n        - { when: customer.company == \"Fernhill\", go: person }\n",
        "    - play: hello\n    - hours: { check: shop, exits: { closed: closed, holiday: closed } }\n    - branch:\n        - { when: §customer.company == \"Fernhill\", go: person }\n",
    ),
];
