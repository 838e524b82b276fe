//! Places, refusals and limits of the reader.

use super::{Kind, Node, read};

fn root(source: &str) -> Node {
    let reading = read(source, "t");
    assert!(reading.findings.is_empty(), "{:?}", reading.findings);
    reading.root.unwrap()
}

fn codes(source: &str) -> Vec<(&'static str, usize)> {
    read(source, "t")
        .findings
        .iter()
        .map(|f| (f.code, f.line))
        .collect()
}

#[test]
fn every_key_and_value_knows_its_place_in_characters() {
    let Kind::Map(entries) = root("é: [ü, \"x\"]\nb:\n  - c: 1\n").kind else {
        panic!()
    };
    let Kind::List(items) = &entries[0].value.kind else {
        panic!()
    };
    assert_eq!((items[1].pos.line, items[1].pos.column), (1, 8));
    let Kind::List(items) = &entries[1].value.kind else {
        panic!()
    };
    let Kind::Map(inner) = &items[0].kind else {
        panic!()
    };
    assert_eq!((inner[0].pos.line, inner[0].pos.column), (3, 5));
    assert_eq!((inner[0].value.pos.line, inner[0].value.pos.column), (3, 8));
}

#[test]
fn empty_values_and_quoted_words_are_told_apart() {
    let Kind::Map(entries) = root("a:\nb: ~\nc: null\nd: \"null\"\ne: ''\n").kind else {
        panic!()
    };
    let empty: Vec<bool> = entries
        .iter()
        .map(|e| matches!(e.value.kind, Kind::Empty))
        .collect();
    assert_eq!(empty, [true, true, true, false, false]);
}

#[test]
fn what_hides_what_runs_is_refused() {
    for (source, line) in [
        ("a: &x 1\n", 1),
        ("a: 1\nb: *x\n", 2),
        ("a: &x {c: 1}\nb:\n  <<: *x\n", 1),
        ("a: !include b.yaml\n", 1),
        ("a: !!str 1\n", 1),
        ("a: 1\n---\nb: 2\n", 2),
        ("? [a, b]\n: 1\n", 1),
        ("a: {{ b }}\n", 1),
    ] {
        let found = codes(source);
        let unquoted = source.contains("{{");
        let code = if unquoted { "F021" } else { "F106" };
        assert!(
            found.first().is_some_and(|f| *f == (code, line)),
            "{source}: {found:?}"
        );
    }
}

#[test]
fn the_same_key_twice_is_told_and_the_first_stays() {
    let reading = read("a: 1\nb: 2\na: 3\n", "t");
    assert_eq!(reading.findings[0].code, "F013");
    assert_eq!(
        (reading.findings[0].line, reading.findings[0].column),
        (3, 1)
    );
    assert!(reading.findings[0].help.contains("line 1"));
    let Some(Kind::Map(entries)) = reading.root.map(|root| root.kind) else {
        panic!()
    };
    assert_eq!(entries.len(), 2);
}

#[test]
fn broken_text_is_told_with_its_place_and_what_was_meant() {
    for (source, line, help) in [
        ("a: 1\n\tb: 2\n", 2, "tabs"),
        ("a:\n  *: x\n", 2, "star"),
        ("a: To reach us: press 1\n", 1, "quotes"),
        ("a: \"open\nb: 1\n", 3, "quote"),
        ("a: [1, 2\nb: 3\n", 2, "not closed"),
        ("%YAML 1.2\n---\na: 1\n", 1, ""),
    ] {
        let findings = read(source, "t").findings;
        let unquoted = help == "quotes";
        let code = if unquoted { "F021" } else { "F100" };
        let hit = findings.iter().find(|f| f.code == code);
        let hit = hit.unwrap_or_else(|| panic!("{source}: {findings:?}"));
        assert!(
            hit.line <= line && hit.help.contains(help),
            "{source}: {hit:?}"
        );
    }
}

#[test]
fn hostile_sizes_end_quickly() {
    let deep = "[".repeat(100_000);
    let wide = format!("[{}]", "a,".repeat(200_000));
    let huge = "#".repeat(600_000);
    let blocks: String = (0..200).map(|n| format!("{}a:\n", " ".repeat(n))).collect();
    let twice = "a: 1\n".repeat(40_000);
    let long = format!("{}: 1", "k".repeat(400_000));
    for source in [deep, wide, huge, blocks, twice, long] {
        let findings = read(&source, "t").findings;
        assert!(!findings.is_empty() && findings.len() <= super::MAX_FINDINGS);
    }
}
