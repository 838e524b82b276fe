//! Planted faults, each with the code and the place that must be told.

use std::collections::BTreeSet;

use super::{Catalog, check_source};
use crate::finding::FindingLevel;

mod call_steps;
mod faults;
mod hours;
mod outside;
mod steps;

/// A flow that is clean, with marks for what the tables put in.
const FRAME: &str = "\
flow: 1
name: test
defaults:
  exits: { exhausted: bye, hangup: bye }
prompts:
  hello: { en: \"Hello.\" }
  music: { file: moh/calm.wav }
vars:
  reason: { type: string, default: none }
  count: { type: int, default: 2 }
blocks:
  start:
    - answer:
    - play: hello
STEP
  bye:
    - hangup:
MORE
";
/// The line on which what replaces `STEP` begins.
const STEP: usize = 15;

fn frame(step: &str, more: &str) -> String {
    FRAME.replace("STEP", step).replace("MORE", more)
}

fn catalog() -> Catalog {
    let set = |names: &[&str]| {
        names
            .iter()
            .map(ToString::to_string)
            .collect::<BTreeSet<_>>()
    };
    Catalog {
        queues: set(&["support", "repairs"]),
        skills: set(&["billing"]),
        prompt_files: Some(set(&["en/hello.wav", "moh/calm.wav"])),
        secrets: None,
        speech: false,
        voices: false,
        consent: false,
        staff: None,
        callable: None,
        calendars: None,
    }
}

/// Code, line and column of each finding.
fn found(source: &str, catalog: Option<&Catalog>) -> Vec<(&'static str, usize, usize)> {
    let checked = check_source(source, "test.flow.yaml", catalog);
    let errors = checked
        .findings
        .iter()
        .any(|finding| finding.level == FindingLevel::Error);
    assert_eq!(
        checked.flow.is_none(),
        errors,
        "a flow comes exactly when nothing is an error"
    );
    checked
        .findings
        .iter()
        .map(|f| (f.code, f.line, f.column))
        .collect()
}

/// The only finding's message and help.
fn words(source: &str) -> String {
    let checked = check_source(source, "test.flow.yaml", Some(&catalog()));
    assert_eq!(checked.findings.len(), 1, "{:?}", checked.findings);
    format!(
        "{} / {}",
        checked.findings[0].message, checked.findings[0].help
    )
}

#[test]
fn the_frame_itself_is_clean() {
    for step in [
        "    - go: bye",
        "    - menu: { prompt: hello, keys: { 1: bye, 9: repeat, star: hangup, \"#\": bye } }",
        "    - menu:\n        prompt: hello\n        keys: { 1: { do: [ { tag: { a: b } }, { go: bye } ], label: X } }",
        "    - queue: support",
        "    - queue: { to: support, skills: { billing: 3 }, head_start: 2m, class: emergency }",
        "    - go: { to: start, at_most: 2, then: bye }",
        "    - set: { reason: x, count: 3 }\n      id: one\n      note: why\n    - hangup:",
        "    - play: { prompt: [hello, hello], barge_in: false, exits: { interrupted: bye } }\n    - hangup:",
    ] {
        assert_eq!(found(&frame(step, ""), Some(&catalog())), [], "{step}");
    }
}

#[test]
fn what_comes_later_is_refused_and_says_so() {
    for step in [
        "    - voicemail: { box: support, transcribe: true }",
        "    - customer: { by: call.from, adapter: crm }",
        "    - say: { text: hello, ssml: true }",
        "    - queue: { to: support, exits: { callback: bye } }",
        "    - queue: { to: support, screen: true }",
        "    - answer: { early_media: true }",
    ] {
        let source = frame(&format!("{step}\n    - hangup:"), "");
        let checked = check_source(&source, "t", None);
        assert!(checked.flow.is_none(), "{step}");
        let later = checked.findings.iter().find(|f| f.code == "F101");
        assert!(
            later.is_some_and(|f| f.message.contains("later version") && f.line >= STEP),
            "{step}: {:?}",
            checked.findings
        );
    }
    {
        let (from, to) = ("name: test\n", "name: test\ntitle: \"{{ call.to }}\"\n");
        let codes = found(&frame("    - go: bye", "").replace(from, to), None);
        assert_eq!(
            codes.iter().map(|f| f.0).collect::<Vec<_>>(),
            ["F101"],
            "{to}"
        );
    }
}

#[test]
fn several_faults_are_told_in_one_run_in_the_order_of_the_file() {
    let source = frame(
        "    - plya: hello\n    - play: helo\n    - go: by",
        "  extra:\n    - queue: suport",
    );
    let codes: Vec<_> = found(&source, Some(&catalog()))
        .iter()
        .map(|f| (f.0, f.1))
        .collect();
    assert_eq!(
        codes,
        [("F102", 15), ("F002", 16), ("F001", 17), ("F004", 21)]
    );
}

#[test]
fn without_a_catalog_the_company_and_the_audio_are_not_judged() {
    assert_eq!(found(&frame("    - queue: nowhere", ""), None), []);
    let source = frame("    - queue: support", "").replace("file: moh/calm.wav", "file: x.wav");
    assert_eq!(found(&source, None), []);
    let files = Catalog {
        prompt_files: None,
        ..catalog()
    };
    assert_eq!(found(&source, Some(&files)), []);
}

#[test]
fn audio_that_is_missing_is_told_at_the_prompt() {
    let mut files = catalog();
    files.prompt_files = Some(["en/helo.wav".to_owned()].into());
    assert_eq!(
        found(&frame("    - go: bye", ""), Some(&files)),
        [("F002", 6, 3)]
    );
    let text = check_source(&frame("    - go: bye", ""), "t", Some(&files)).findings[0]
        .help
        .clone();
    assert!(text.contains("en/helo.wav"), "{text}");
    // Without a language folder it is found too.
    files.prompt_files = Some(["hello.wav".to_owned()].into());
    assert_eq!(found(&frame("    - go: bye", ""), Some(&files)), []);
}

#[test]
fn a_language_that_is_offered_and_lacks_words_is_a_warning() {
    let source = frame("    - go: bye", "").replace(
        "prompts:",
        "languages: { default: en, offer: [en, es] }\nprompts:",
    );
    assert_eq!(found(&source, None), [("F003", 7, 3)]);
}

#[test]
fn blocks_and_waits_that_never_run_are_warnings() {
    let source = frame(
        "    - go: bye",
        "  lonely:\n    - go: bye\nwaits:\n  w: { loop: [ { play: music } ] }",
    );
    assert_eq!(found(&source, None), [("F005", 18, 3), ("F005", 21, 3)]);
}

#[test]
fn inherited_exits_make_their_blocks_run() {
    let source = frame(
        "    - queue: support",
        "  gone:\n    - tag: { a: b }\n    - hangup:",
    )
    .replace("hangup: bye", "hangup: gone");
    // `bye` is only reached by an exit that no step can take.
    assert_eq!(found(&source, None), [("F005", 16, 3)]);
}

#[test]
fn circles_need_a_person_or_a_bound() {
    let silent = "    - menu: { prompt: hello, keys: { 1: bye }, exits: { exhausted: start } }";
    assert!(words(&frame(silent, "")).contains("presses nothing"));
    let wrong =
        "    - menu: { prompt: hello, keys: { 1: bye }, exits: { exhausted_wrong: start } }";
    assert_eq!(
        found(&frame(wrong, ""), None),
        [],
        "wrong keys are pressed by a person"
    );
    let key = "    - menu: { prompt: hello, keys: { 1: start } }";
    assert_eq!(found(&frame(key, ""), None), []);
    let queue = "    - queue: { to: support, exits: { timeout: start } }";
    assert!(
        words(&frame(queue, "")).contains("for ever"),
        "a queue may end at once"
    );
    let answered = "    - queue: { to: support, exits: { answered: start, timeout: bye } }";
    assert_eq!(
        found(&frame(answered, ""), None),
        [],
        "an agent talked in between"
    );
    let bounded = "    - go: { to: start, at_most: 2, then: bye }";
    assert_eq!(found(&frame(bounded, ""), None), []);
}

#[test]
fn a_circle_of_several_blocks_is_told_once_with_their_names() {
    let source = frame(
        "    - go: a",
        "  a:\n    - play: hello\n    - go: b\n  b:\n    - go: a",
    );
    let findings = check_source(&source, "t", None).findings;
    let circle: Vec<_> = findings.iter().filter(|f| f.code == "F006").collect();
    assert_eq!(circle.len(), 1);
    assert!(
        circle[0].message.contains("`a`, `b`"),
        "{}",
        circle[0].message
    );
}

#[test]
fn a_block_without_a_way_to_an_end_is_told() {
    let source = frame(
        "    - go: a",
        "  a:\n    - menu: { prompt: hello, keys: { 1: a }, exits: { exhausted_wrong: a, exhausted_silence: b } }\n  b:\n    - go: { to: a, at_most: 3, then: a }",
    );
    let findings = check_source(&source, "t", None).findings;
    // `b` goes to `a` for ever; that no path ends follows from it, for `a`, `b` and `start`.
    assert_eq!(
        findings.iter().map(|f| f.code).collect::<Vec<_>>(),
        ["F006"]
    );
    assert_eq!(findings[0].notes.len(), 3, "{findings:?}");
    assert!(
        findings[0]
            .notes
            .iter()
            .all(|note| note.message.contains("block"))
    );
}

#[test]
fn a_menu_whose_end_nobody_handles_is_told_with_the_missing_half() {
    let menu = |exits: &str| {
        let step = format!("    - menu: {{ prompt: hello, keys: {{ 1: bye }}{exits} }}");
        frame(&step, "").replace("exhausted: bye, ", "")
    };
    assert_eq!(found(&menu(""), None), [("F009", STEP, 7)]);
    assert!(words(&menu(", exits: { exhausted_silence: bye }")).contains("`exhausted_wrong`"));
    assert_eq!(found(&menu(", exits: { exhausted: bye }"), None), []);
    let both = ", exits: { exhausted_silence: bye, exhausted_wrong: hangup }";
    assert_eq!(found(&menu(both), None), []);
}

#[test]
fn a_hash_sign_as_a_key_is_found_on_the_raw_line() {
    let step =
        "    - menu:\n        prompt: hello\n        keys:\n          1: bye\n          #: bye";
    assert_eq!(found(&frame(step, ""), None), [("F020", 19, 11)]);
    let inner = "    - menu: { prompt: hello, keys: { 1: bye,\n      #: bye\n      } }";
    assert_eq!(found(&frame(inner, ""), None), [("F020", 16, 7)]);
    for harmless in [
        "    # a comment: yes",
        "    #: ",
        "#: banner",
        "    #:no space",
    ] {
        let codes = found(
            &frame(
                &format!("    - tag: {{ a: \"x, #: y\" }}\n{harmless}\n    - hangup:"),
                "",
            ),
            None,
        );
        let told = codes.iter().any(|f| f.0 == "F020");
        assert_eq!(told, harmless == "    #: ", "{harmless}");
    }
}

#[test]
fn what_answers_by_itself_is_a_warning() {
    let source = frame("    - go: bye", "").replace("    - answer:\n", "");
    assert_eq!(found(&source, None), []);
    let asks = source.replace("    - go: bye", "    - queue: support\n    - go: bye");
    assert_eq!(found(&asks, None), [("F025", 14, 7)]);
    let answers = asks.replace("    - queue", "    - answer:\n    - queue");
    assert_eq!(found(&answers, None), []);
}

#[test]
fn the_top_of_the_file_is_judged() {
    let good = frame("    - go: bye", "");
    for (from, to, code, line) in [
        ("flow: 1\n", "flow: 2\n", "F108", 1),
        ("flow: 1\n", "flow: one\n", "F108", 1),
        ("flow: 1\n", "", "F103", 1),
        ("name: test\n", "", "F103", 1),
        ("name: test", "name: a b", "F109", 2),
        ("name: test", "nmae: test", "F102", 2),
        ("  start:", "  begin:", "F103", 12),
        ("  bye:", "  repeat:", "F109", 16),
        ("  bye:", "  a/b:", "F109", 16),
        ("{ en: \"Hello.\" }", "Hello.", "F104", 6),
        ("en: \"Hello.\"", "english: \"Hello.\"", "F104", 6),
        ("moh/calm.wav", "../secret.wav", "F104", 7),
        ("moh/calm.wav", "/etc/a.wav", "F104", 7),
        ("moh/calm.wav", "calm.mp3", "F104", 7),
        ("default: 2", "default: two", "F104", 10),
        ("type: int", "type: integer", "F104", 10),
    ] {
        assert!(good.contains(from), "{from}");
        let findings = check_source(&good.replace(from, to), "t", None).findings;
        let hit = findings.iter().any(|f| f.code == code && f.line == line);
        assert!(hit, "{to}: {findings:?}");
    }
    let help = words(&good.replace("flow: 1", "flow: 7"));
    assert!(
        help.contains("format 7") && help.contains("format 1"),
        "{help}"
    );
}

#[test]
fn waits_are_judged() {
    for (wait, code) in [
        ("w: { loop: [ { play: music } ], give_up_after: 5m }", None),
        (
            "w: { loop: [ { play: { prompt: music, for: 30s } }, { play: hello } ] }",
            None,
        ),
        ("w: { loop: [ { play: misuc } ] }", Some("F002")),
        ("w: { loop: [] }", Some("F104")),
        ("w: { give_up_after: 5m }", Some("F103")),
        ("w: { loop: [ { hangup: } ] }", Some("F104")),
        (
            "w: { loop: [ { play: { prompt: music, exits: { interrupted: bye } } } ] }",
            Some("F104"),
        ),
        (
            "w: { loop: [ { play: music } ], skills: { billing: 1 } }",
            Some("F101"),
        ),
        (
            "w: { loop: [ { play: music } ], offer_callback: { key: 1 } }",
            Some("F101"),
        ),
        (
            "w: { loop: [ { play: music } ], exits: { ful: bye } }",
            Some("F102"),
        ),
        (
            "w: { loop: [ { play: music } ], exits: { full: by } }",
            Some("F001"),
        ),
    ] {
        let source = frame(
            "    - queue: { to: support, use: w, exits: { closed: bye } }",
            &format!("waits:\n  {wait}"),
        );
        let codes: Vec<_> = found(&source, Some(&catalog()))
            .iter()
            .map(|f| f.0)
            .collect();
        assert_eq!(codes, code.into_iter().collect::<Vec<_>>(), "{wait}");
    }
}

#[test]
fn a_queue_whose_every_exit_leads_back_has_no_end() {
    let exits = "answered: start, timeout: start, full: start, closed: start, no_agents: start, error: start";
    let source = frame(
        &format!("    - queue: {{ to: support, exits: {{ {exits} }} }}"),
        "",
    );
    let told = check_source(&source, "t", None).findings;
    let all = told.iter().flat_map(|f| &f.notes).map(|note| &note.message);
    let mut all = all.chain(told.iter().map(|f| &f.message));
    assert!(all.any(|text| text.contains("no path leads")), "{told:?}");
    let open = source.replace(", full: start", "");
    assert!(!found(&open, None).iter().any(|f| f.0 == "F008"));
}

/// With an `error` exit, a step that is passed over leads on and the names in expressions are known.
#[test]
fn expressions_are_clean_when_their_names_and_the_error_exit_exist() {
    let steps = "    - play: hello
      when: vars.reason == \"x\" && call.from.startsWith(\"+34\")
    - tag: { why: \"{{ vars.reason }} {{ queue.position }}\" }
    - branch:
        - { when: 'tags.why in [\"a\", call.to]', go: bye }
        - { when: vars.count > 2, do: [ { hangup: } ] }
        - else: bye";
    let source = frame(steps, "").replace("hangup: bye }", "hangup: bye, error: bye }");
    assert_eq!(found(&source, Some(&catalog())), []);
    let alone = frame(steps, "");
    let codes: Vec<_> = found(&alone, None).iter().map(|f| (f.0, f.1)).collect();
    assert_eq!(codes, [("F009", 15)]);
    let told = check_source(&alone, "t", None).findings;
    let others: Vec<_> = told[0].notes.iter().map(|note| note.line).collect();
    assert_eq!(
        others,
        [17, 18],
        "one `error` under `defaults:` mends all three"
    );
    // Passed over, a last step leads nowhere; a branch without `else` too.
    for step in [
        "    - go: bye\n      when: vars.count == 2",
        "    - branch:\n        - { when: vars.count == 2, go: bye }",
    ] {
        let source = frame(step, "").replace("hangup: bye }", "hangup: bye, error: bye }");
        assert_eq!(found(&source, None), [("F007", 15, 7)], "{step}");
    }
    // A circle that a condition may leave is still a circle for a caller for whom it holds.
    let circle = "    - go: start\n      when: vars.count == 2\n    - hangup:";
    let source = frame(circle, "").replace("hangup: bye }", "hangup: bye, error: bye }");
    assert_eq!(found(&source, None).first().map(|f| f.0), Some("F006"));
}
