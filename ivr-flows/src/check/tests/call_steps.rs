//! Steps that act on the call itself: what is clean, and each fault at its place.

use super::{STEP, catalog, found, frame};
use crate::check::{Catalog, check_source};

#[test]
fn every_form_is_clean() {
    for step in [
        "    - survey: { prompt: hello, keys: 1-5, store: csat }\n    - go: bye",
        "    - survey: { say: \"How was it?\", keys: [1, 3], store: csat, tries: 1, timeout: 4s, exits: { skipped: bye } }\n    - go: bye",
        "    - survey:\n        questions:\n          - { prompt: hello, keys: 0-9, store: csat }\n          - { prompt: hello, keys: [1, 2], store: solved }\n    - go: bye",
        "    - consent: { prompt: hello, opt_out_key: 1, default: granted }\n    - go: bye",
        "    - consent: { say: \"May we?\", opt_out_key: 2, opt_in_key: star, default: denied, scope: recording, timeout: 5s, exits: { granted: bye, denied: bye } }",
        "    - record: start\n    - record: pause\n    - record: resume\n    - record: { action: stop, beep: true }\n    - go: bye",
    ] {
        let mut catalog = catalog();
        catalog.speech = true;
        assert_eq!(found(&frame(step, ""), Some(&catalog)), [], "{step}");
    }
}

/// Step with `@` before the place, code, what the message or the help says.
const FAULTS: &[(&str, &str, &str)] = &[
    (
        "    - @survey: { prompt: hello, keys: 1-5 }\n    - go: bye",
        "F103",
        "`store`",
    ),
    (
        "    - @survey: { prompt: hello, store: csat }\n    - go: bye",
        "F103",
        "`keys: 1-5`",
    ),
    (
        "    - @survey: { keys: 1-5, store: csat }\n    - go: bye",
        "F103",
        "`prompt`",
    ),
    (
        "    - survey: { prompt: hello, keys: @5-1, store: csat }\n    - go: bye",
        "F104",
        "`keys: 1-5`",
    ),
    (
        "    - survey: { prompt: hello, keys: @[1, x], store: csat }\n    - go: bye",
        "F104",
        "choice of keys",
    ),
    (
        "    - survey: { prompt: hello, keys: @1-12, store: csat }\n    - go: bye",
        "F104",
        "choice of keys",
    ),
    (
        "    - survey: { prompt: @helo, keys: 1-5, store: csat }\n    - go: bye",
        "F002",
        "`hello`",
    ),
    (
        "    - survey: { prompt: hello, keys: 1-5, store: csat, exits: { skipped: @bey } }\n    - go: bye",
        "F001",
        "`bye`",
    ),
    (
        "    - survey: { prompt: hello, keys: 1-5, store: csat, exits: { @exhausted: bye } }\n    - go: bye",
        "F102",
        "`skipped`",
    ),
    (
        "    - survey: { prompt: hello, keys: 1-5, store: csat, @voice_comment: true }\n    - go: bye",
        "F101",
        "later version",
    ),
    (
        "    - survey: { questions: @[] }\n    - go: bye",
        "F104",
        "1 to 10 questions",
    ),
    (
        "    - survey: { questions: [{ prompt: hello, keys: 1-5, store: a }], keys: @1-5 }\n    - go: bye",
        "F105",
        "move",
    ),
    (
        "    - survey: { questions: [{ prompt: hello, keys: 1-5, store: a }, { prompt: hello, keys: 1-5, store: @a }] }\n    - go: bye",
        "F104",
        "two questions",
    ),
    (
        "    - @survey: { prompt: hello, keys: 1-5, store: csat }",
        "F007",
        "goes nowhere",
    ),
    (
        "    - @consent: { prompt: hello, default: granted }\n    - go: bye",
        "F103",
        "`opt_out_key: 1`",
    ),
    (
        "    - @consent: { prompt: hello, opt_out_key: 1, default: denied }\n    - go: bye",
        "F103",
        "`opt_in_key: 1`",
    ),
    (
        "    - @consent: { prompt: hello, opt_out_key: 1 }\n    - go: bye",
        "F103",
        "`default: granted`",
    ),
    (
        "    - @consent: { opt_out_key: 1, default: granted }\n    - go: bye",
        "F103",
        "`prompt`",
    ),
    (
        "    - consent: { prompt: hello, opt_out_key: @12, default: granted }\n    - go: bye",
        "F104",
        "`star`",
    ),
    (
        "    - consent: { prompt: hello, opt_out_key: 1, opt_in_key: @1, default: granted }\n    - go: bye",
        "F013",
        "yes and no",
    ),
    (
        "    - consent: { prompt: hello, opt_out_key: 1, default: @yes }\n    - go: bye",
        "F104",
        "`granted`",
    ),
    (
        "    - consent: { prompt: hello, opt_out_key: 1, default: granted, scope: @transcription }\n    - go: bye",
        "F101",
        "transcription",
    ),
    (
        "    - consent: { prompt: hello, opt_out_key: 1, default: granted, exits: { @refused: bye } }\n    - go: bye",
        "F102",
        "`denied`",
    ),
    ("    - record: @begin\n    - go: bye", "F104", "`start`"),
    (
        "    - record: @{ beep: true }\n    - go: bye",
        "F103",
        "`action`",
    ),
    (
        "    - record: { action: start, beep: @1 }\n    - go: bye",
        "F104",
        "`true`",
    ),
];

#[test]
fn each_planted_fault_is_told_at_its_place() {
    for (marked, code, says) in FAULTS {
        let step = marked.replace('@', "");
        let before = marked.split('@').next().unwrap();
        let line = STEP + before.matches('\n').count();
        let column = before.lines().last().unwrap().chars().count() + 1;
        let findings = check_source(&frame(&step, ""), "t", Some(&catalog())).findings;
        let hit = findings.iter().find(|f| f.code == *code);
        let hit = hit.unwrap_or_else(|| panic!("{step}: no {code} in {findings:?}"));
        assert_eq!((hit.line, hit.column), (line, column), "{step}: {hit:?}");
        let text = format!("{} / {}", hit.message, hit.help);
        assert!(text.contains(says), "{step}: {text}");
    }
}

#[test]
fn what_asks_before_the_answer_is_a_warning() {
    let step = "    - survey: { prompt: hello, keys: 1-5, store: csat }\n    - go: bye";
    let source = frame(step, "").replace("    - answer:\n", "");
    assert_eq!(found(&source, None), [("F025", STEP - 1, 7)]);
}

#[test]
fn a_silent_caller_goes_on_after_a_survey_so_a_circle_is_one() {
    let step = "    - survey: { prompt: hello, keys: 1-5, store: csat }\n    - go: start";
    assert!(found(&frame(step, ""), None).iter().any(|f| f.0 == "F006"));
    let step = "    - survey: { prompt: hello, keys: 1-5, store: csat, exits: { skipped: bye } }\n    - go: start";
    assert_eq!(found(&frame(step, ""), None), [], "a person has answered");
}

#[test]
fn what_records_before_the_caller_was_asked_is_told_where_the_company_needs_it() {
    let needs = Catalog {
        consent: true,
        ..catalog()
    };
    let ask = "    - consent: { prompt: hello, opt_out_key: 1, default: granted }\n";
    let asked = frame(&format!("{ask}    - record: start\n    - go: bye"), "");
    assert_eq!(found(&asked, Some(&needs)), []);
    let early = frame(&format!("    - record: start\n{ask}    - go: bye"), "");
    assert_eq!(found(&early, Some(&needs)), [("F017", STEP, 7)]);
    assert_eq!(
        found(&early, Some(&catalog())),
        [],
        "this company asks nobody"
    );
    assert_eq!(found(&early, None), []);
    // By another path than the one through the question.
    let around = format!(
        "    - menu: {{ prompt: hello, keys: {{ 1: ask, 2: talk }} }}\n  ask:\n{ask}    - go: talk\n  talk:\n    - record: start\n    - go: bye"
    );
    let line = STEP + 5;
    assert_eq!(
        found(&frame(&around, ""), Some(&needs)),
        [("F017", line, 7)]
    );
    let stops = frame("    - record: stop\n    - go: bye", "");
    assert_eq!(found(&stops, Some(&needs)), [], "nothing begins");
}
