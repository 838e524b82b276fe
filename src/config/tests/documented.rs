//! The examples of the page of the routing rules, as the program reads them.

use crate::config::{PasswordPolicy, parse_company};
use ivr_flows::{Catalog, FindingLevel};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/routing-rules.md");

/// Two queues; the examples are about support and about Ana.
const COMPANY: [(&str, &str); 3] = [
    (
        "[[skills]]\nname = \"billing\"\n[[skills]]\nname = \"spanish\"\n[[queues]]\nname = \"sales\"\n[[queues]]\n",
        "name = \"support\"\nmax_tier = 1",
    ),
    (
        "[[agents]]\n",
        "login = \"ana\"\nextension = \"2001\"\npassword = \"x\"\nskills = { billing = 9, spanish = 9 }\n\
         queues = { support = 1, sales = 1 }",
    ),
    ("[routing]\n", ""),
];

/// Cells of the table: the rule, its example for the company file, for the flow.
fn rows(page: &str) -> Vec<[&str; 3]> {
    let table = page.split_once("## Each rule and its tests").unwrap().1;
    let table = table.split_once("\n## ").unwrap().0;
    let rows = table.lines().filter(|line| line.starts_with('|')).skip(2);
    rows.map(cells).collect()
}

fn cells(row: &str) -> [&str; 3] {
    let mut cells = row.trim_matches('|').split('|').map(str::trim);
    std::array::from_fn(|_| cells.next().unwrap())
}

/// What stands in back-ticks.
fn code(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

/// A company with this line in one of its tables, in the place of the line of that key.
fn company(table: &str, line: &str) -> String {
    let key = line.split(" =").next().unwrap();
    let of = |(begin, lines): &(&str, &str)| {
        let own = begin.trim_end().ends_with(table);
        let kept = lines
            .lines()
            .filter(|known| !own || known.split(" =").next() != Some(key));
        let mut lines: Vec<&str> = kept.collect();
        lines.extend(own.then_some(line));
        format!("{begin}{}\n", lines.join("\n"))
    };
    COMPANY.iter().map(of).collect()
}

/// The codes of what the company file says about it.
fn of_company(example: &str) -> Vec<String> {
    let mut table = "[[queues]]";
    let mut found = Vec::new();
    for part in code(example) {
        if part.starts_with('[') {
            table = part;
            continue;
        }
        let text = company(table, part);
        assert!(text.contains(part), "{part}: {table} is no table of ours");
        let read = parse_company(&text, "company.toml", PasswordPolicy::Required);
        let said = read.findings.iter();
        found.extend(said.map(|finding| format!("{part}: {finding:?}")));
        table = "[[queues]]";
    }
    found
}

/// A flow whose step says this.
fn flow(part: &str) -> String {
    let used = if part.starts_with("use: ") {
        ""
    } else {
        "use: wait, "
    };
    format!(
        "flow: 1\nname: support\nprompts:\n  music: {{ file: music.wav }}\nblocks:\n  start:\n    - answer:\n    - queue: \
         {{ to: support, {used}{part} }}\n  sorry:\n    - hangup:\nwaits:\n  wait:\n    loop:\n      - play: {{ prompt: music, for: \
         30s }}\n"
    )
}

/// The errors that the check of flows finds in it.
fn of_flow(example: &str) -> Vec<String> {
    let names = |all: [&str; 2]| all.map(str::to_owned).into();
    let catalog = Catalog {
        queues: names(["support", "sales"]),
        skills: names(["billing", "spanish"]),
        ..Catalog::default()
    };
    let mut found = Vec::new();
    for part in code(example).into_iter().filter(|part| part.contains(": ")) {
        let checked = ivr_flows::check_source(&flow(part), "support.flow.yaml", Some(&catalog));
        let errors = checked.findings.into_iter();
        let errors = errors.filter(|finding| finding.level == FindingLevel::Error);
        found.extend(errors.map(|finding| format!("{part}: {finding:?}")));
    }
    found
}

#[test]
fn what_the_page_of_the_rules_shows_can_be_written() {
    let page = std::fs::read_to_string(PAGE).unwrap();
    let rows = rows(&page);
    assert!(rows.len() > 20, "{rows:#?}");
    for [rule, in_company, in_flow] in rows {
        let refused = in_company.starts_with("refused: ");
        for found in [of_company(in_company), of_flow(in_flow)] {
            assert_eq!(!found.is_empty(), refused, "{rule}: {found:#?}");
        }
    }
}
