//! One fault in one step each: the code, the place and the words.

use super::{STEP, catalog, frame};
use crate::check::check_source;

/// Step with `@` before the place, code, what the message or the help says.
const FAULTS: &[(&str, &str, &str)] = &[
    ("    - go: @by", "F001", "did you mean `bye`?"),
    (
        "    - menu: { prompt: hello, keys: { 1: @bey } }",
        "F001",
        "did you mean `bye`?",
    ),
    (
        "    - queue: { to: support, exits: { full: @byee } }",
        "F001",
        "`bye`",
    ),
    (
        "    - play: @helo\n    - hangup:",
        "F002",
        "did you mean `hello`?",
    ),
    (
        "    - menu: { prompt: hello, no_input: [@hallo], keys: { 1: bye } }",
        "F002",
        "`hello`",
    ),
    ("    - queue: @suport", "F004", "did you mean `support`?"),
    (
        "    - queue: { to: support, skills: { @biling: 2 } }",
        "F004",
        "did you mean `billing`?",
    ),
    (
        "    - queue: { to: support, any_of: [{ @biling: 2 }] }",
        "F004",
        "did you mean `billing`?",
    ),
    (
        "    - queue: { to: support, ladder: [{ after: 5s, queues: [@suport] }] }",
        "F004",
        "did you mean `support`?",
    ),
    (
        "    - queue: { to: support, ladder: [{ after: 5s }, @{ after: 5s }] }",
        "F104",
        "do not rise",
    ),
    (
        "    - queue: { to: support, ladder: [@{ skills: { billing: 0 } }] }",
        "F103",
        "has no `after`",
    ),
    (
        "    - queue: { to: support, ladder: [{ after: 5s, @tier: 2 }] }",
        "F102",
        "max_tier",
    ),
    (
        "    - queue: { to: support, use: @music }",
        "F004",
        "no wait `music`",
    ),
    (
        "    - go: bye\n    - @play: hello",
        "F005",
        "this `play` can never run",
    ),
    ("    - @go: start", "F006", "for ever"),
    ("    - @play: hello", "F007", "goes nowhere"),
    (
        "    - @go: { to: bye, at_most: 2 }",
        "F007",
        "ends with `go`",
    ),
    (
        "    - set: { @reson: x }\n    - hangup:",
        "F011",
        "did you mean `reason`?",
    ),
    (
        "    - go: bye\n      when: vars.reason @=< 1",
        "F010",
        "does not parse",
    ),
    (
        "    - go: bye\n      when: \"1 == @vars\"",
        "F010",
        "vars.NAME",
    ),
    (
        "    - tag: { why: \"a @{{ vars.reason\" }\n    - hangup:",
        "F010",
        "not closed",
    ),
    (
        "    - go: bye\n      when: @vars.reson == 1",
        "F011",
        "did you mean `reason`?",
    ),
    (
        "    - go: bye\n      when: 1 == @reason",
        "F011",
        "write `vars.reason`",
    ),
    (
        "    - tag: { why: \"a {{ @call.form }}\" }\n    - hangup:",
        "F011",
        "did you mean `from`?",
    ),
    (
        "    - branch: [ { when: @tags.why == 1, go: bye } ]\n    - hangup:",
        "F011",
        "no `tags.why`",
    ),
    (
        "    - branch: [ { when: true, go: @byee }, { else: bye } ]",
        "F001",
        "`bye`",
    ),
    (
        "    - branch: [ @{ else: bye }, { when: true, go: bye } ]",
        "F105",
        "last",
    ),
    ("    - branch: [ @{ go: bye } ]", "F103", "`when`"),
    ("    - branch: [ @{ when: true } ]", "F103", "`go`"),
    ("    - branch: @bye", "F104", "list of cases"),
    (
        "    - @branch: [ { when: true, go: bye } ]",
        "F009",
        "error",
    ),
    (
        "    - set: { @count: many }\n    - hangup:",
        "F104",
        "does not fit",
    ),
    (
        "    - menu: { prompt: hello, keys: { 1: bye, @1: bye } }",
        "F013",
        "second time",
    ),
    (
        "    - menu: { prompt: hello, keys: { 1: bye, @\"1\": bye } }",
        "F013",
        "second time",
    ),
    (
        "    - menu: { prompt: hello, keys: { star: bye, @\"*\": bye } }",
        "F013",
        "second",
    ),
    (
        "    - menu: { prompt: hello, between_digits: 0s, keys: { 1: bye, @12: bye } }",
        "F013",
        "can never be reached",
    ),
    (
        "    - @plya: hello\n    - hangup:",
        "F102",
        "did you mean `play`?",
    ),
    (
        "    - menu: { @promt: hello, prompt: hello, keys: { 1: bye } }",
        "F102",
        "`prompt`",
    ),
    (
        "    - queue: { to: support, exits: { @timout: bye } }",
        "F102",
        "`timeout`",
    ),
    ("    - queue: @{ skills: {} }", "F103", "`to`"),
    ("    - @menu: { prompt: hello }", "F103", "`keys`"),
    (
        "    - menu: { prompt: hello, keys: { @x: bye } }",
        "F104",
        "telephone key",
    ),
    (
        "    - menu: { prompt: hello, timeout: @6, keys: { 1: bye } }",
        "F104",
        "`6s`",
    ),
    (
        "    - menu: { prompt: hello, timeout: @0s, keys: { 1: bye } }",
        "F104",
        "zero",
    ),
    (
        "    - menu: { prompt: hello, tries: @99, keys: { 1: bye } }",
        "F104",
        "1 to 10",
    ),
    (
        "    - queue: { to: support, skills: { billing: @11 } }",
        "F104",
        "1 to 10",
    ),
    (
        "    - queue: { to: support, class: @urgent }",
        "F104",
        "class",
    ),
    (
        "    - play: { prompt: hello, barge_in: @yes }\n    - hangup:",
        "F104",
        "`true`",
    ),
    ("    - @hangup", "F104", "with a colon"),
    ("    - go: @repeat", "F104", "keys of a menu"),
    (
        "    - play: hello\n      @hangup:",
        "F105",
        "start a new `-` line",
    ),
    ("    - @note: nothing", "F105", "does nothing"),
    ("    - play: &a @hello\n    - hangup:", "F106", "anchors"),
    (
        "    - play: !include @x.yaml\n    - hangup:",
        "F106",
        "tags",
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
