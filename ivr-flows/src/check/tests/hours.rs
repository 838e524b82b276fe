//! Calendars and the step `hours`: what is clean, and each fault at its place.

use super::{STEP, catalog, found, frame};
use crate::check::check_source;

const STEPS: &str =
    "    - hours: { check: office, exits: { closed: bye, holiday: bye } }\n    - go: bye";
const OFFICE: &str = "hours:
  office:
    zone: Europe/Madrid
    week: { mon-fri: \"08:30-19:00\", sat: [ \"10:00-12:00\", \"13:00-24:00\" ], sun: [] }
    closed_on: [ \"2026-12-25\", 2027-01-06 ]
    also_open: { \"2026-12-27\": \"10:00-14:00\" }";

#[test]
fn a_calendar_that_is_thought_through_is_clean() {
    assert_eq!(found(&frame(STEPS, OFFICE), Some(&catalog())), []);
    let short = "    - hours: office\n    - go: bye";
    let source =
        frame(short, OFFICE).replace("hangup: bye }", "hangup: bye, closed: bye, holiday: bye }");
    assert_eq!(found(&source, None), []);
}

/// What is replaced, by what, the code and what is said.
const FAULTS: &[(&str, &str, &str, &str)] = &[
    (
        "Europe/Madrid",
        "Europe/Madird",
        "F104",
        "did you mean `Europe/Madrid`?",
    ),
    ("    zone: Europe/Madrid\n", "", "F103", "`zone`"),
    ("08:30-19:00", "19:00-08:30", "F104", "begins anew"),
    ("08:30-19:00", "8-19", "F104", "span"),
    ("13:00-24:00", "11:59-13:00", "F104", "overlaps"),
    ("sat:", "fri-sat:", "F104", "two lines"),
    ("sat:", "samstag:", "F104", "no day"),
    ("2027-01-06", "6.1.2027", "F104", "no date"),
    ("2026-12-27", "2026-12-25", "F104", "closed_on"),
    ("2026-12-27", "2026-12-32", "F104", "no date"),
    ("also_open", "open_also", "F102", "`also_open`"),
    (
        "closed_on: [",
        "holidays: { ics: x }\n    closed_on: [",
        "F101",
        "holidays",
    ),
    (
        "check: office",
        "check: offise",
        "F004",
        "did you mean `office`?",
    ),
    ("closed: bye, ", "", "F009", "`closed`"),
    (", holiday: bye", "", "F018", "holiday"),
    (
        "    closed_on: [ \"2026-12-25\", 2027-01-06 ]\n",
        "",
        "F018",
        "no holidays",
    ),
    (
        "hours: { check: office, exits: { closed: bye, holiday: bye } }",
        "answer:",
        "F005",
        "office",
    ),
    (
        "    week: { mon-fri: \"08:30-19:00\", sat: [ \"10:00-12:00\", \"13:00-24:00\" ], sun: [] }\n",
        "",
        "F103",
        "`week`",
    ),
];

#[test]
fn faults_of_calendars_are_told() {
    for (from, to, code, says) in FAULTS {
        let source = frame(STEPS, OFFICE);
        assert!(source.contains(*from), "{from}");
        let findings = check_source(&source.replacen(from, to, 1), "t", None).findings;
        let hit = findings.iter().find(|f| f.code == *code);
        let hit = hit.unwrap_or_else(|| panic!("{to}: no {code} in {findings:?}"));
        let text = format!("{} / {}", hit.message, hit.help);
        assert!(text.contains(*says), "{to}: {text}");
        assert!(hit.line >= STEP, "{to}: {hit:?}");
    }
    let closed = OFFICE.replace(
        "08:30-19:00\", sat: [ \"10:00-12:00\", \"13:00-24:00\" ], sun: [] }",
        "08:30-19:00\" }",
    );
    let never = closed
        .replace("mon-fri: \"08:30-19:00\"", "")
        .replace(": \"10:00-14:00\"", ": []");
    let codes = found(&frame(STEPS, &never), None);
    assert_eq!(codes.iter().map(|f| f.0).collect::<Vec<_>>(), ["F018"]);
}

#[test]
fn a_circle_while_it_is_closed_is_found() {
    let steps =
        "    - hours: { check: office, exits: { closed: start, holiday: bye } }\n    - go: bye";
    let codes = found(&frame(steps, OFFICE), None);
    assert_eq!(codes.first().map(|f| f.0), Some("F006"));
}
