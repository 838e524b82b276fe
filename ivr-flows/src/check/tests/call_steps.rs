//! Steps that act on the call itself: what is clean, and each fault at its place.

use super::{STEP, catalog, found, frame};
use crate::check::{Callable, Catalog, Member, Staff, check_source};

#[test]
fn every_form_is_clean() {
    for step in [
        "    - survey: { prompt: hello, keys: 1-5, store: csat }\n    - go: bye",
        "    - survey: { say: \"How was it?\", keys: [1, 3], store: csat, tries: 1, timeout: 4s, exits: { skipped: bye } }\n    - go: bye",
        "    - survey:\n        questions:\n          - { prompt: hello, keys: 0-9, store: csat }\n          - { prompt: hello, keys: [1, 2], store: solved }\n    - go: bye",
        "    - consent: { prompt: hello, opt_out_key: 1, default: granted }\n    - go: bye",
        "    - consent: { say: \"May we?\", opt_out_key: 2, opt_in_key: star, default: denied, scope: recording, timeout: 5s, exits: { granted: bye, denied: bye } }",
        "    - record: start\n    - record: pause\n    - record: resume\n    - record: { action: stop, beep: true }\n    - go: bye",
        "    - wait: 2s\n    - wait: { for: 1m }\n    - notify: seen\n    - notify: { event: seen, data: { a: \"b\", c: 1 } }\n    - go: bye",
        "    - hangup: busy",
        "    - offer_callback: { key: 2, prompt: hello, number: caller, window: 2h, keeps_place: true, attempts: 3, spacing: 10m, exits: { accepted: bye, unavailable: bye } }",
        "    - callback: { say: \"We call you back.\", number: ask, exits: { invalid_number: bye, unavailable: bye } }",
        "    - pay: { processor: bank, amount: vars.count, retain_agent: true, exits: { paid: bye, declined: bye, abandoned: bye, unavailable: bye } }",
        "    - transfer: \"+34 911 222 333\"\n    - go: bye",
        "    - transfer: { to: \"+34911222333\", mode: blind, caller_id: caller, ring: 20s, exits: { no_answer: bye, busy: bye, failed: bye, done: bye } }",
        "    - dial: { agent: 2001, exits: { busy: bye } }\n    - go: bye",
        "    - hangup: { cause: not_found }",
        "    - hangup: { code: 503 }",
        "    - collect: { into: reason, prompt: hello, digits: 8, format: date, confirm: { prompt: hello, accept: 1, again: star } }\n    - go: bye",
        "    - collect: { into: reason, prompt: hello, digits: 7-15, format: phone }\n    - collect: { into: reason, prompt: hello, digits: 12-19, format: card-luhn, sensitive: true }\n    - go: bye",
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
    ("    - wait: @2\n    - go: bye", "F104", "`6s`"),
    ("    - wait: @2m\n    - go: bye", "F104", "at most 60s"),
    (
        "    - notify: @{ data: { a: b } }\n    - go: bye",
        "F103",
        "`event: NAME`",
    ),
    (
        "    - notify: { event: e, @webhook: x }\n    - go: bye",
        "F101",
        "later version",
    ),
    ("    - hangup: @bussy", "F104", "did you mean `busy`?"),
    ("    - hangup: { code: @200 }", "F104", "400 to 699"),
    (
        "    - hangup: { cause: busy, code: @486 }",
        "F105",
        "keep one",
    ),
    (
        "    - collect: { into: reason, prompt: hello, digits: 6, format: @date }\n    - go: bye",
        "F104",
        "`digits: 8`",
    ),
    (
        "    - collect: { into: reason, prompt: hello, digits: 6, format: @fone }\n    - go: bye",
        "F104",
        "`phone`",
    ),
    (
        "    - collect: { into: reason, prompt: hello, digits: 6, confirm: @{ prompt: hello, accept: 1 } }\n    - go: bye",
        "F103",
        "`again`",
    ),
    (
        "    - collect: { into: reason, prompt: hello, digits: 6, sensitive: true, confirm: @{ prompt: hello, accept: 1, again: 2 } }\n    - go: bye",
        "F019",
        "read back",
    ),
    (
        "    - transfer: @911222333\n    - go: bye",
        "F104",
        "country code",
    ),
    (
        "    - transfer: @\"sip:a@example.org\"\n    - go: bye",
        "F101",
        "SIP address",
    ),
    (
        "    - transfer: @\"+{{ vars.reason }}\"\n    - go: bye",
        "F101",
        "later version",
    ),
    (
        "    - transfer: @{ ring: 20s }\n    - go: bye",
        "F103",
        "`to`",
    ),
    (
        "    - transfer: { to: \"+34911222333\", agent: @2001 }\n    - go: bye",
        "F105",
        "one party",
    ),
    (
        "    - transfer: { agent: 2001, mode: @consult }\n    - go: bye",
        "F104",
        "cannot consult",
    ),
    (
        "    - transfer: { agent: 2001, ring: @5m }\n    - go: bye",
        "F104",
        "at most 120 s",
    ),
    (
        "    - transfer: { agent: 2001, caller_id: @me }\n    - go: bye",
        "F104",
        "`company`",
    ),
    (
        "    - transfer: { agent: 2001, exits: { @timeout: bye } }\n    - go: bye",
        "F102",
        "`no_answer`",
    ),
    ("    - @transfer: { agent: 2001 }", "F007", "goes nowhere"),
    (
        "    - @offer_callback: { key: 2, prompt: hello, exits: { accepted: bye } }\n    - go: bye",
        "F101",
        "unavailable: BLOCK",
    ),
    (
        "    - @callback: { prompt: hello }\n    - go: bye",
        "F101",
        "nothing stands behind `callback`",
    ),
    (
        "    - @pay: { processor: bank, amount: vars.count }\n    - go: bye",
        "F101",
        "nothing stands behind `pay`",
    ),
    (
        "    - @offer_callback: { prompt: hello, exits: { unavailable: bye } }",
        "F103",
        "`key: 2`",
    ),
    (
        "    - @pay: { amount: vars.count, exits: { unavailable: bye } }",
        "F103",
        "`processor: NAME`",
    ),
    (
        "    - @pay: { processor: bank, exits: { unavailable: bye } }",
        "F103",
        "`amount: vars.NAME`",
    ),
    (
        "    - callback: { number: @mine, exits: { unavailable: bye } }",
        "F104",
        "`number: caller`",
    ),
    (
        "    - callback: { attempts: @0, exits: { unavailable: bye } }",
        "F104",
        "1 to 10",
    ),
    (
        "    - pay: { processor: bank, amount: vars.count, exits: { @refused: bye, unavailable: bye } }",
        "F102",
        "`declined`",
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

#[test]
fn secrets_stand_in_no_event() {
    let step = "    - collect: { into: reason, prompt: hello, digits: 4, sensitive: true }\n    - notify: { event: e, data: { pin: \"{{ vars.reason }}\" } }\n    - go: bye";
    let source = frame(step, "").replace("hangup: bye }", "hangup: bye, error: bye }");
    let codes: Vec<_> = found(&source, Some(&catalog()))
        .iter()
        .map(|f| f.0)
        .collect();
    assert_eq!(codes, ["F019"]);
}

/// The findings of this wait, used by a queue that asks for nothing more than `billing` 5.
fn of_wait(wait: &str, catalog: &Catalog) -> Vec<(&'static str, usize)> {
    let queue = "    - queue: { to: support, use: w, skills: { billing: 5 } }";
    let source = frame(
        queue,
        &format!("waits:\n  w:\n    loop: [ {{ play: music }} ]\n{wait}"),
    );
    found(&source, Some(catalog))
        .iter()
        .map(|f| (f.0, f.1))
        .collect()
}

#[test]
fn keys_and_relax_of_a_wait_are_judged() {
    let line = STEP + 6;
    for (wait, code) in [
        (
            "    keys: { 1: bye, 2: { play: hello }, star: { do: [ { hangup: } ], label: X }, 3: { go: bye } }",
            None,
        ),
        ("    keys: { 12: bye }", Some("F104")),
        ("    keys: { 1: bey }", Some("F001")),
        ("    keys: { 1: { play: helo } }", Some("F002")),
        ("    keys: { 1: { play: hello, go: bye } }", Some("F105")),
        ("    keys: { 1: {} }", Some("F103")),
        ("    keys: { star: bye, \"*\": bye }", Some("F013")),
        (
            "    relax: [ { after: 45s, skills: { billing: 1 } }, { after: 2m, also: [repairs], drop: [billing], head_start: 1m } ]",
            None,
        ),
        ("    relax: [ { after: 2m }, { after: 45s } ]", Some("F023")),
        ("    relax: [ { skills: { billing: 1 } } ]", Some("F103")),
        ("    relax: [ { after: 5s, also: [suport] } ]", Some("F004")),
        ("    relax: [ { after: 5s, drop: [biling] } ]", Some("F004")),
        ("    relax: [ { after: 5s, priority: 3 } ]", Some("F101")),
    ] {
        let expected: Vec<_> = code.into_iter().map(|code| (code, line)).collect();
        assert_eq!(of_wait(wait, &catalog()), expected, "{wait}");
    }
}

#[test]
fn the_last_step_of_relax_must_find_somebody_who_is_configured() {
    let member = |queue: &str, level: u8| Member {
        queues: [queue.to_owned()].into(),
        skills: [("billing".to_owned(), level)].into(),
    };
    let staffed = |agents: Vec<Member>| Catalog {
        staff: Some(Staff {
            agents,
            queues: [("support".to_owned(), [("billing".to_owned(), 2)].into())].into(),
        }),
        ..catalog()
    };
    let relax = "    relax: [ { after: 45s, skills: { billing: 3 } } ]";
    let told = [("F023", STEP + 6)];
    assert_eq!(of_wait(relax, &staffed(vec![member("support", 3)])), []);
    assert_eq!(of_wait(relax, &staffed(vec![member("support", 2)])), told);
    assert_eq!(of_wait(relax, &staffed(vec![member("repairs", 5)])), told);
    let also = "    relax: [ { after: 45s, skills: { billing: 3 }, also: [repairs] } ]";
    assert_eq!(of_wait(also, &staffed(vec![member("repairs", 3)])), []);
    let drop = "    relax: [ { after: 45s, drop: [billing] } ]";
    assert_eq!(of_wait(drop, &staffed(vec![member("support", 0)])), []);
    assert_eq!(of_wait(drop, &staffed(Vec::new())), told);
    assert_eq!(
        of_wait(relax, &catalog()),
        [],
        "nobody is known, so nobody is missed"
    );
}

#[test]
fn only_whom_the_company_may_call_is_called() {
    let callable = Callable {
        extensions: ["2001".to_owned()].into(),
        trunks: vec![(vec!["+34".to_owned()], vec!["+34803".to_owned()])],
    };
    let catalog = Catalog {
        callable: Some(callable),
        ..catalog()
    };
    let judged = |step: &str| {
        let source = frame(&format!("    - {step}\n    - go: bye"), "");
        found(&source, Some(&catalog))
    };
    for allowed in ["transfer: \"+34911222333\"", "dial: { agent: 2001 }"] {
        assert_eq!(judged(allowed), [], "{allowed}");
    }
    assert_eq!(judged("transfer: \"+34803123456\""), [("F004", STEP, 17)]);
    assert_eq!(judged("dial: \"+33123456789\""), [("F004", STEP, 13)]);
    assert_eq!(judged("dial: { agent: 2009 }"), [("F004", STEP, 22)]);
}

#[test]
fn nobody_may_answer_for_ever_so_a_circle_is_one() {
    let circle = "    - dial: { agent: 2001, exits: { no_answer: start } }\n    - go: bye";
    assert!(
        found(&frame(circle, ""), None)
            .iter()
            .any(|f| f.0 == "F006")
    );
    let person = "    - dial: { agent: 2001, exits: { done: start } }\n    - go: bye";
    assert_eq!(found(&frame(person, ""), None), []);
}
