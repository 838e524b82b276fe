//! `say`, `collect`, `customer`, `language`, `voicemail`: what is clean, and each fault at its place.

use super::{STEP, catalog, found, frame};
use crate::check::{Catalog, check_source};
use crate::flow::FixedWords;

/// Adds what these steps need: a language, a prompt with a value, the `error` exit.
fn whole(step: &str) -> String {
    frame(step, "")
        .replace("hangup: bye }", "hangup: bye, error: bye }")
        .replace(
            "  music:",
            "  place: { en: \"You are number {{ queue.position }} now.\" }\n  music:",
        )
        .replace(
            "name: test\n",
            "name: test\nlanguages: { default: en, offer: [en] }\n",
        )
}

/// Lines that `whole` adds before the steps.
const MORE: usize = 2;

fn with(speech: bool, files: &[&str]) -> Catalog {
    let mut catalog = catalog();
    catalog.speech = speech;
    catalog.voices = speech;
    let known = catalog.prompt_files.get_or_insert_default();
    known.extend(files.iter().map(ToString::to_string));
    catalog
}

#[test]
fn every_form_is_clean() {
    for step in [
        "    - say: \"Hello {{ vars.reason }}.\"\n    - go: bye",
        "    - say: { en: \"Hello.\" }\n    - go: bye",
        "    - say: { text: { en: \"Hello.\" }, barge_in: false, exits: { error: bye } }\n    - go: bye",
        "    - play: [hello, place, { say: \"Bye.\", voice: { en: amy } }]\n    - go: bye",
        "    - play: { prompt: hello, loop: 3 }\n    - go: bye",
        "    - say: { text: \"Hello.\", voice: amy }\n    - go: bye",
        "    - menu: { say: \"Press 1.\", keys: { 1: bye } }",
        "    - collect: { into: reason, prompt: hello, digits: 4-10, end_key: star, check: 'size(vars.reason) > 4' }\n    - go: bye",
        "    - collect: { into: reason, say: \"Your number?\", digits: 6, end_key: none, sensitive: true, tries: 2 }\n    - go: bye",
        "    - customer: { by: call.from, create: true, timeout: 1s, exits: { not_found: bye } }\n    - tag: { who: \"{{ customer.company }}\" }\n    - go: bye",
        "    - customer: { by: vars.reason }\n    - language: { from: customer.language }\n    - language: en\n    - go: bye",
        "    - voicemail: support",
        "    - voicemail: { box: support, say: \"Your message?\", max: 3m, min: 2s, silence: 4s, beep: false, end_key: star, exits: { recorded: bye, too_short: start2 } }\n  start2:\n    - voicemail: repairs\n      when: vars.count == 2",
    ] {
        assert_eq!(found(&whole(step), Some(&with(true, &[]))), [], "{step}");
    }
}

/// Step with `@` before the place, code, what the message or the help says. There is a speech command.
const FAULTS: &[(&str, &str, &str)] = &[
    (
        "    - @sya: Hello\n    - hangup:",
        "F102",
        "did you mean `say`?",
    ),
    (
        "    - say: \"Hello {{ @reason }}\"\n    - hangup:",
        "F011",
        "write `vars.reason`",
    ),
    (
        "    - say: \"Hello @{{ vars.reason\"\n    - hangup:",
        "F010",
        "not closed",
    ),
    (
        "    - say: { @ne1: Hello }\n    - hangup:",
        "F104",
        "not a language",
    ),
    (
        "    - say: @{ barge_in: false }\n    - hangup:",
        "F103",
        "`text`",
    ),
    (
        "    - say: { text: Hello, @barge: true }\n    - hangup:",
        "F102",
        "`barge_in`",
    ),
    (
        "    - play: { @sya: Hello }\n    - hangup:",
        "F102",
        "`prompt`",
    ),
    (
        "    - menu: { prompt: hello, say: @Hello, keys: { 1: bye } }",
        "F105",
        "one step",
    ),
    (
        "    - say: \"{{ @customer.name }}\"\n    - hangup:",
        "F011",
        "no `customer` step",
    ),
    (
        "    - customer: { by: call.from }\n    - tag: { a: \"{{ @customer.nmae }}\" }\n    - hangup:",
        "F011",
        "did you mean `name`?",
    ),
    (
        "    - @customer: { create: true }\n    - hangup:",
        "F103",
        "`by: call.from`",
    ),
    (
        "    - customer: { by: @vars.number }\n    - hangup:",
        "F011",
        "no `vars.number`",
    ),
    (
        "    - customer: { by: call.from, timeout: @30s }\n    - hangup:",
        "F104",
        "at most 5 s",
    ),
    (
        "    - customer: { by: call.from, exits: { @notfound: bye } }\n    - hangup:",
        "F102",
        "`not_found`",
    ),
    (
        "    - language: @es\n    - hangup:",
        "F004",
        "does not offer",
    ),
    (
        "    - language: { @form: customer.language }\n    - hangup:",
        "F102",
        "`from`",
    ),
    (
        "    - @collect: { prompt: hello, digits: 4 }\n    - hangup:",
        "F103",
        "`into: VARIABLE`",
    ),
    (
        "    - @collect: { into: reason, digits: 4 }\n    - hangup:",
        "F103",
        "`prompt`",
    ),
    (
        "    - @collect: { into: reason, prompt: hello }\n    - hangup:",
        "F103",
        "`digits: 6`",
    ),
    (
        "    - collect: { into: @reson, prompt: hello, digits: 4 }\n    - hangup:",
        "F011",
        "did you mean `reason`?",
    ),
    (
        "    - collect: { into: @count, prompt: hello, digits: 4 }\n    - hangup:",
        "F104",
        "zeros",
    ),
    (
        "    - collect: { into: reason, prompt: hello, digits: @10-4 }\n    - hangup:",
        "F104",
        "`digits: 4-10`",
    ),
    (
        "    - collect: { into: reason, prompt: hello, digits: 4, end_key: @5 }\n    - hangup:",
        "F104",
        "`hash`",
    ),
    (
        "    - collect: { into: reason, prompt: hello, digits: 4, check: 'vars.reason @=! 1' }\n    - hangup:",
        "F010",
        "does not parse",
    ),
    (
        "    - collect: { into: reason, prompt: hello, digits: 4, sensitive: true }\n    - tag: { pin: \"{{ @vars.reason }}\" }\n    - hangup:",
        "F019",
        "`sensitive`",
    ),
    (
        "    - collect: { into: reason, prompt: hello, digits: 4, sensitive: true, harmless: @true }\n    - hangup:",
        "F104",
        "without `harmless` nobody sees the digits",
    ),
    (
        "    - collect: { into: reason, prompt: hello, digits: 4, label: @\"  \" }\n    - hangup:",
        "F104",
        "a label has 1 to 80 letters",
    ),
    (
        "    - menu: { prompt: hello, keys: { 1: { go: bye, label: @\"12345678901234567890123456789012345678901234567890123456789012345678901234567890x\" } } }",
        "F104",
        "`label: An order`",
    ),
    (
        "    - voicemail: @suport",
        "F004",
        "did you mean `support`?",
    ),
    ("    - voicemail: @{ max: 2m }", "F103", "`box: QUEUE`"),
    (
        "    - voicemail: { box: support, max: @1h }",
        "F104",
        "at most 600 s",
    ),
    (
        "    - voicemail: { box: support, max: 5s, min: @6s }",
        "F104",
        "too long",
    ),
    (
        "    - voicemail: { box: support, prompt: @helo }",
        "F002",
        "did you mean `hello`?",
    ),
    (
        "    - @voicemail: { box: support, exits: { recorded: start, too_short: start } }",
        "F006",
        "for ever",
    ),
];

#[test]
fn each_planted_fault_is_told_at_its_place() {
    for (marked, code, says) in FAULTS {
        let step = marked.replace('@', "");
        let before = marked.split('@').next().unwrap();
        let line = STEP + MORE + before.matches('\n').count();
        let column = before.lines().last().unwrap().chars().count() + 1;
        let findings = check_source(&whole(&step), "t", Some(&with(true, &[]))).findings;
        let hit = findings.iter().find(|f| f.code == *code);
        let hit = hit.unwrap_or_else(|| panic!("{step}: no {code} in {findings:?}"));
        assert_eq!((hit.line, hit.column), (line, column), "{step}: {hit:?}");
        let text = format!("{} / {}", hit.message, hit.help);
        assert!(text.contains(says), "{step}: {text}");
        assert!(!hit.help.is_empty(), "{step}");
    }
}

#[test]
fn tries_that_lead_nowhere_are_told_for_collect_too() {
    let step = "    - collect: { into: reason, prompt: hello, digits: 4 }\n    - go: bye";
    let source = whole(step).replace("exhausted: bye, ", "");
    assert_eq!(found(&source, Some(&with(true, &[]))), [("F009", 17, 7)]);
}

#[test]
fn without_a_voice_texts_need_audio() {
    let say = whole("    - say: Hello\n    - go: bye");
    assert_eq!(found(&say, Some(&with(false, &[]))), [("F026", 17, 12)]);
    assert_eq!(found(&say, None), [], "nothing is known of audio");
    // A prompt with values needs its pieces and the numbers.
    let place = whole("    - play: place\n    - go: bye");
    let pieces = ["en/place-1.wav", "en/place-2.wav"];
    let codes = |files: &[&str]| found(&place, Some(&with(false, files)));
    assert_eq!(codes(&[]), [("F002", 8, 3), ("F002", 8, 3), ("F026", 8, 3)]);
    assert_eq!(codes(&pieces), [("F026", 8, 3)]);
    let numbers: Vec<String> = (0..=9).map(|n| format!("en/numbers/{n}.wav")).collect();
    let all: Vec<&str> = pieces
        .into_iter()
        .chain(numbers.iter().map(String::as_str))
        .collect();
    assert_eq!(codes(&all), []);
    assert_eq!(found(&place, Some(&with(true, &[]))), []);
    // A text that lacks a language which callers may get.
    let two = say.replace("offer: [en]", "offer: [en, es]");
    let codes: Vec<_> = found(&two, Some(&with(true, &[])))
        .iter()
        .map(|f| f.0)
        .collect();
    assert_eq!(
        codes,
        ["F003", "F003"],
        "hello with its file as a note, and the text itself"
    );
}

#[test]
fn the_words_to_render_ahead_are_known_with_their_files() {
    let source = whole(
        "    - play: [hello, place, { say: \"Order {{ vars.reason }}.\" }, { say: Bye., voice: amy }]\n    - go: bye",
    );
    let flow = crate::parse(&source, "t").unwrap();
    let words = flow.fixed_words();
    let told = |words: &FixedWords| {
        let file = words.file.as_deref().unwrap_or_default();
        let voice = words.voice.as_deref().unwrap_or_default();
        format!("{} {voice} {file}: {}", words.language, words.words)
    };
    let words: Vec<String> = words.iter().map(told).collect();
    assert_eq!(
        words,
        [
            "en  : Order",
            "en  hello.wav: Hello.",
            "en  place-1.wav: You are number",
            "en  place-2.wav: now.",
            "en amy : Bye.",
        ]
    );
}

#[test]
fn a_voice_by_name_is_for_whoever_takes_one_and_is_no_path_and_no_option() {
    let said = |voice: &str| {
        whole(&format!(
            "    - say: {{ text: {{ en: Hello }}, voice: {voice} }}\n    - go: bye"
        ))
    };
    let codes = |voice: &str, catalog: &Catalog| {
        let findings = check_source(&said(voice), "t", Some(catalog)).findings;
        findings.iter().map(|f| f.code).collect::<Vec<_>>()
    };
    let takes = with(true, &[]);
    let deaf = Catalog {
        voices: false,
        ..takes.clone()
    };
    for voice in [
        "amy",
        "{ en: en-gb+f3, es: \"Ana María\" }",
        "en_US-amy.medium",
    ] {
        assert_eq!(codes(voice, &takes), [""; 0], "{voice}");
        assert_eq!(codes(voice, &deaf), ["F026"], "{voice}");
    }
    for voice in [
        "-w",
        "../x",
        "a/b",
        "\"\"",
        "{ xyzzy: amy }",
        "[amy]",
        "\"a\\nb\"",
    ] {
        assert_ne!(codes(voice, &takes), [""; 0], "{voice}");
    }
}

#[test]
fn forms_need_each_word_a_currency_and_a_time_zone() {
    let spoken = |text: &str| whole(&format!("    - say: '{text}'\n    - go: bye"));
    let first = |text: &str| {
        let findings = check_source(&spoken(text), "t", Some(&with(true, &[]))).findings;
        let first = findings
            .first()
            .map(|f| (f.code, f.column, f.message.clone()));
        first.unwrap_or(("", 0, String::new()))
    };
    assert_eq!(first("Now {{ clock(call.now, \"Europe/Madrid\") }}").0, "");
    for (text, code, column, says) in [
        ("{{ clock(call.now) }}", "F104", 22, "which time zone"),
        (
            "{{ clock(call.now, \"Mars/X\") }}",
            "F010",
            0,
            "no time zone",
        ),
        ("{{ amount(call.now) }}", "F010", 0, "needs its currency"),
        ("{{ amount(call.now, \"XYZ\") }}", "F010", 0, "\"EUR\""),
        ("{{ 1 + minutes(2) }}", "F010", 0, "how a value is said"),
        (
            "{{ digits(call.from, 3, 4) }}",
            "F010",
            0,
            "at most one word",
        ),
        ("{{ digits(call.from, call.to) }}", "F010", 0, "written out"),
    ] {
        let (found, at, message) = first(text);
        assert!(
            found == code && message.contains(says),
            "{text}: {found} {message}"
        );
        assert!(column == 0 || at == column, "{text}: column {at}");
    }
    // Outside what is heard a form has no meaning.
    let tag = whole("    - tag: { topic: '{{ minutes(2) }}' }\n    - go: bye");
    assert_eq!(found(&tag, None).first().map(|f| f.0), Some("F010"));
    // Without a voice each word must be there, and a grammar.
    let place = whole("    - play: place\n    - go: bye");
    let place = place.replace("queue.position", "minutes(queue.ewt_minutes)");
    let numbers: Vec<String> = (0..=20)
        .chain([30, 40, 50, 60, 70, 80, 90])
        .map(|n| format!("en/numbers/{n}.wav"))
        .collect();
    let words = [
        "times/minute-1",
        "times/minute-n",
        "times/hour-1",
        "times/hour-n",
        "numbers/and",
        "place-1",
        "place-2",
    ];
    let mut files: Vec<String> = words.iter().map(|word| format!("en/{word}.wav")).collect();
    files.extend(numbers);
    let lists = |files: &[String]| {
        let files: Vec<&str> = files.iter().map(String::as_str).collect();
        check_source(&place, "t", Some(&with(false, &files))).findings
    };
    assert_eq!(lists(&files), []);
    files.retain(|file| !file.ends_with("/60.wav") && !file.ends_with("/and.wav"));
    let missing = lists(&files);
    let codes: Vec<_> = missing.iter().map(|f| (f.code, f.line)).collect();
    assert_eq!(codes, [("F026", 8)]);
    let message = &missing.first().unwrap().message;
    for name in [
        "en/numbers/and.wav (\"and\")",
        "en/numbers/60.wav (\"sixty\")",
    ] {
        assert!(message.contains(name), "{message}");
    }
}
