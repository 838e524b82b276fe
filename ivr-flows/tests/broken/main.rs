//! One fault at a time in a flow that is clean: each must be told once, by its code, at its place; what merely follows
//! from it is a note of that one finding.

use ivr_flows::{Catalog, Finding, FindingLevel, check_source};
use std::collections::BTreeSet;

mod names;
mod paths;
mod shape;
mod words;

const WHOLE: &str = include_str!("whole.flow.yaml");

/// A fault: its code, what stands in the clean flow, and what stands there instead, with `§` where it must be told.
/// `…` stands for what lies between two places that change.
type Fault = (&'static str, &'static str, &'static str);

fn all() -> impl Iterator<Item = &'static Fault> {
    names::FAULTS
        .iter()
        .chain(shape::FAULTS)
        .chain(paths::FAULTS)
        .chain(words::FAULTS)
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
        skills: set(&["mechanics", "billing"]),
        prompt_files: Some(set(&["moh/calm.wav"])),
        speech: true,
        ..Catalog::default()
    }
}

/// The flow with the fault, and the place of the fault: line and column.
fn broken((code, old, new): &Fault) -> (String, usize, usize) {
    let mut marked = WHOLE.to_owned();
    for (old, new) in old.split('…').zip(new.split('…')) {
        assert_eq!(
            marked.matches(old).count(),
            1,
            "{code}: `{old}` stands once"
        );
        marked = marked.replace(old, new);
    }
    let (before, _) = marked
        .split_once('§')
        .unwrap_or_else(|| panic!("{code}: `{new}` has no place"));
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
    (marked.replace('§', ""), line, column)
}

fn shown(findings: &[Finding]) -> String {
    findings
        .iter()
        .map(|f| {
            let notes: Vec<_> = f.notes.iter().map(|note| &note.message).collect();
            format!(
                "  {} {}:{} {} / {} {notes:?}\n",
                f.code, f.line, f.column, f.message, f.help
            )
        })
        .collect()
}

#[test]
fn the_whole_flow_is_clean() {
    let checked = check_source(WHOLE, "whole.flow.yaml", Some(&catalog()));
    assert!(checked.findings.is_empty(), "{}", shown(&checked.findings));
}

#[test]
fn each_fault_is_the_one_finding_at_its_place() {
    assert!(all().count() >= 60, "{} faults", all().count());
    let mut wrong = String::new();
    for fault in all() {
        let (source, line, column) = broken(fault);
        let findings = check_source(&source, "whole.flow.yaml", Some(&catalog())).findings;
        let told: Vec<_> = findings
            .iter()
            .map(|f| (f.code, f.line, f.column))
            .collect();
        if told != [(fault.0, line, column)] {
            wrong.push_str(&format!(
                "{} at {line}:{column} by `{}`, told:\n{}",
                fault.0,
                fault.2,
                shown(&findings)
            ));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn every_finding_says_what_to_write_and_has_a_page() {
    for fault in all() {
        let (source, ..) = broken(fault);
        for finding in check_source(&source, "whole.flow.yaml", Some(&catalog())).findings {
            assert!(!finding.help.is_empty(), "{}", shown(&[finding]));
            assert!(
                ivr_flows::explain(finding.code).is_some(),
                "{}",
                finding.code
            );
        }
    }
}

#[test]
fn an_error_keeps_the_flow_from_running_and_a_warning_does_not() {
    for fault in all() {
        let (source, ..) = broken(fault);
        let checked = check_source(&source, "whole.flow.yaml", Some(&catalog()));
        let errors = checked
            .findings
            .iter()
            .any(|finding| finding.level == FindingLevel::Error);
        assert_eq!(
            checked.flow.is_none(),
            errors,
            "{}",
            shown(&checked.findings)
        );
    }
}

#[test]
fn every_code_of_the_checks_has_a_fault() {
    let told: BTreeSet<&str> = all().map(|(code, ..)| *code).collect();
    let wanted = [
        "F001", "F002", "F003", "F004", "F005", "F006", "F007", "F009", "F010", "F011", "F012",
        "F013", "F014", "F015", "F016", "F018", "F019", "F020", "F021", "F025",
    ];
    // F008 is a note of F006: where no path ends, a silent caller goes in a circle.
    let missing: Vec<_> = wanted.iter().filter(|code| !told.contains(*code)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
