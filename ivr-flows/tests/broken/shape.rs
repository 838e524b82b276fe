//! Text that has the wrong shape: keys, values, YAML itself.

use crate::Fault;

pub(crate) const FAULTS: &[Fault] = &[
    ("F013", "          9: repeat", "          §1: repeat"),
    ("F013", "  left:\n", "  §after:\n    - hangup:\n  left:\n"),
    ("F020", "          0: person", "          §#: person"),
    (
        "F021",
        "  bye: { en: \"Goodbye.\", es: \"Adiós.\" }",
        "  bye:\n    en: Goodbye§: until next time\n    es: \"Adiós.\"",
    ),
    (
        "F021",
        "  bye: { en: \"Goodbye.\", es: \"Adiós.\" }",
        "  bye:\n    en: Goodbye from §#1 in bicycles\n    es: \"Adiós.\"",
    ),
    (
        "F021",
        "  place: { en: \"You are number {{ queue.position }}.\", es: \"Es el número {{ queue.position }}.\" }",
        "  place:\n    en: §{{ queue.position }} callers are before you.\n    es: \"Es el número {{ queue.position }}.\"",
    ),
    (
        "F021",
        "  message: { en: \"Leave a message.\", es: \"Deje un mensaje.\" }",
        "  message: { en: Leave a message, §then press hash, es: \"Deje un mensaje.\" }",
    ),
    (
        "F100",
        "    - go: { to: main, at_most: 2, then: person }",
        "    - go: { to: main, at_most: 2, then: person\n  more§: x",
    ),
    ("F100", "  repairs:\n    - queue", "  repairs:\n\t§- queue"),
    ("F101", "waits:\n", "§tests: x\nwaits:\n"),
    ("F102", "    - play: hello", "    - §plya: hello"),
    (
        "F104",
        "  bye: { en: \"Goodbye.\", es",
        "  bye: { en: \"Goodbye.\", §files: x, es",
    ),
    ("F102", "        prompt: choices", "        §promt: choices"),
    (
        "F102",
        "use: patience, head_start: 30s",
        "use: patience, §headstart: 30s",
    ),
    (
        "F102",
        "answered: after, timeout",
        "§answerd: after, timeout",
    ),
    ("F102", "owner: service", "§owners: service"),
    ("F103", "order: { type: string }", "§order: { default: x }"),
    (
        "F103",
        "{ to: support, use: patience, head",
        "§{ use: patience, head",
    ),
    ("F103", "  shop:\n    zone: Europe/Madrid\n", "  §shop:\n"),
    ("F104", "timeout: 800ms", "timeout: §800 ms"),
    ("F104", "digits: 4-6", "digits: §6-4"),
    ("F104", "tries: 3,", "tries: §none,"),
    (
        "F104",
        "visits: { type: int, default: 0 }",
        "visits: { type: int, default: §zero }",
    ),
    ("F104", "give_up_after: 10m", "give_up_after: §soon"),
    (
        "F104",
        "mon-fri: \"08:30-19:00\"",
        "mon-fri: §\"08:30-26:00\"",
    ),
    ("F104", "zone: Europe/Madrid", "zone: §Europe/Madrit"),
    (
        "F104",
        "closed_on: [\"2026-12-24\"]",
        "closed_on: [§\"2026-13-24\"]",
    ),
    ("F104", "mechanics: 2 }", "mechanics: §12 }"),
    (
        "F105",
        "    - play: hello\n",
        "    - play: hello\n      §go: main\n",
    ),
    (
        "F106",
        "  bye: { en: \"Goodbye.\", es",
        "  bye: &bye §{ en: \"Goodbye.\", es",
    ),
    (
        "F106",
        "  bye: { en: \"Goodbye.\", es",
        "  bye: { en: !include §goodbye.txt, es",
    ),
    ("F108", "flow: 1\n", "flow: §2\n"),
    ("F109", "name: whole", "name: §the whole"),
    ("F109", "  main:\n", "  §repeat:\n"),
];
