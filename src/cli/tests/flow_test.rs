//! `flow test`: files found, results told, faults of files refused.

use crate::cli::flow_test::{self, Unusable, told};
use crate::cli::{FlowCheckArgs, FlowTestArgs, Format, flow_check, junit};
use std::path::{Path, PathBuf};

fn args(paths: &[&Path]) -> FlowTestArgs {
    FlowTestArgs {
        paths: paths.iter().map(PathBuf::from).collect(),
        coverage: true,
        junit: None,
        watch: false,
    }
}

const FLOW: &str = "flow: 1\nname: f\nprompts: { hi: { en: Hello } }\nblocks:\n  start:\n    - play: hi\n    - go: end\n  \
                    end:\n    - hangup:\n  spare:\n    - hangup:\n";

/// A folder with a flow `f` and these tests of it.
fn folder(tests: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("f.flow.yaml"), FLOW).unwrap();
    std::fs::write(folder.path().join("f.test.yaml"), tests).unwrap();
    folder
}

#[test]
fn results_are_told_with_the_transcript_of_what_failed_and_what_no_test_comes_by() {
    let tests = "flow: f\ntests:\n  - { name: good, expect: [{ hears: hi }, { ends: }] }\n  \
                 - { name: a < b, expect: [{ queued: support }] }\n";
    let folder = folder(tests);
    let file = folder.path().join("f.test.yaml");
    let flow = folder.path().join("f.flow.yaml");
    for named in [folder.path(), &file, &flow] {
        let all = flow_test::tested(&args(&[named])).unwrap();
        let text = told(&all[0], true);
        assert!(text.contains("  ok    good\n  FAIL  a < b\n"), "{text}");
        assert!(
            text.contains("f.test.yaml:4:29: expected: queued in support"),
            "{text}"
        );
        assert!(text.contains("0:00  hears hi: \"Hello\"\n"), "{text}");
        assert!(text.contains("steps: 3 of 4, 75 %"), "{text}");
        assert!(
            text.contains("f.flow.yaml:11: block spare, step 1"),
            "{text}"
        );
        let xml = junit::xml(&all);
        assert!(xml.contains("tests=\"2\" failures=\"1\""), "{xml}");
        assert!(xml.contains("name=\"a &lt; b\""), "{xml}");
        assert!(xml.contains("hears hi: &quot;Hello&quot;"), "{xml}");
    }
}

#[test]
fn what_cannot_be_tested_is_said() {
    let told = |tests: &str| {
        let folder = folder(tests);
        match flow_test::tested(&args(&[folder.path()])).unwrap_err() {
            Unusable::Findings(findings) => findings[0].message.clone(),
            Unusable::Problem(problem) => problem.to_string(),
        }
    };
    let test = "  - { name: a, expect: [{ ends: }] }";
    assert!(told(&format!("flow: g\ntests:\n{test}")).contains("g.flow.yaml"));
    assert!(told("flow: f\ntests: 3\n").contains("a list of tests"));
    let empty = tempfile::tempdir().unwrap();
    let nothing = flow_test::tested(&args(&[empty.path()])).unwrap_err();
    assert!(matches!(nothing, Unusable::Problem(_)), "{nothing:?}");
}

/// `f` calls `g`, which asks a server outside; `after` ends the first block of `g`.
fn two(after: &str) -> tempfile::TempDir {
    let tests = "flow: f\ntests:\n  \
                 - { name: good, mock: { http: { g:start: { body: { a: sent } } } }, expect: [{ http: g:start }, { hears: It is sent }, { ends: }] }\n  \
                 - { name: away, mock: { http: { g:start: unreachable } }, expect: [{ hears: sorry }] }\n";
    let folder = folder(tests);
    let main = "flow: 1\nname: f\nvars: { a: { type: map } }\nprompts: { it: { en: \"It is {{ vars.a.a }}\" }, sorry: { en: Sorry } }\n\
                defaults: { exits: { error: no } }\nblocks:\n  start:\n    - call: { flow: g, into: { a: b }, exits: { away: no } }\n    \
                - play: it\n    - hangup:\n  no:\n    - play: sorry\n    - hangup:\n";
    let sub = format!(
        "flow: 1\nname: g\noutputs: {{ b: {{ type: map }} }}\nblocks:\n  start:\n    \
         - http: {{ get: \"https://shop.example/\", into: b, exits: {{ error: away }} }}\n    {after}\n  away:\n    - return: away\n"
    );
    std::fs::write(folder.path().join("f.flow.yaml"), main).unwrap();
    std::fs::write(folder.path().join("g.flow.yaml"), sub).unwrap();
    folder
}

#[test]
fn flows_that_are_called_are_found_beside_the_flow() {
    let folder = two("- return:");
    let all = flow_test::tested(&args(&[folder.path()])).unwrap();
    let text = told(&all[0], false);
    assert!(text.contains("  ok    good\n  ok    away\n"), "{text}");
    // A circle is told once, though it is found from both ends.
    let folder = two("- call: { flow: f }\n    - return:");
    let check = FlowCheckArgs {
        paths: vec![folder.path().to_owned()],
        config: None,
        format: Format::Human,
    };
    let findings = flow_check::findings(&check, &[]).unwrap();
    let told: Vec<_> = findings
        .iter()
        .filter(|one| one.code == "F027")
        .map(|one| one.message.as_str())
        .collect();
    assert_eq!(told.len(), 2, "{told:#?}");
    assert!(told[0].contains("is called from itself: "), "{told:#?}");
    match flow_test::tested(&args(&[folder.path()])).unwrap_err() {
        Unusable::Findings(findings) => assert!(findings.iter().any(|one| one.code == "F027")),
        Unusable::Problem(problem) => panic!("{problem}"),
    }
}
