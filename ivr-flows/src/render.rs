//! Findings for people and for machines.
//!
//! **Owns**: the picture of a line with its caret, and the JSON of `flow check --format json`.
//! **Must not know**: how findings come about.

use std::fmt::Write as _;

use serde::Serialize;

use crate::finding::{Finding, FindingLevel};

/// Columns of source shown around a finding; longer lines are cut.
const WIDTH: usize = 100;

/// Findings as text in the manner of a compiler: code, what, place, the line with a caret, what to write instead.
/// `source` is the text that was read; lines beyond it are shown without a picture.
#[must_use]
pub fn render_human(findings: &[Finding], source: &str) -> String {
    let lines: Vec<&str> = source.lines().collect();
    let mut out = String::new();
    for finding in findings {
        one(&mut out, finding, &lines);
    }
    let count = |level| {
        findings
            .iter()
            .filter(|finding| finding.level == level)
            .count()
    };
    let errors = count(FindingLevel::Error);
    let warnings = count(FindingLevel::Warning);
    if errors + warnings > 0 {
        out.push_str(&format!(
            "{}, {}\n",
            counted(errors, "error"),
            counted(warnings, "warning")
        ));
    }
    out
}

fn counted(count: usize, what: &str) -> String {
    if count == 1 {
        format!("1 {what}")
    } else {
        format!("{count} {what}s")
    }
}

fn one(out: &mut String, finding: &Finding, lines: &[&str]) {
    let level = match finding.level {
        FindingLevel::Error => "error",
        FindingLevel::Warning => "warning",
        FindingLevel::Info => "info",
    };
    let number = finding.line.to_string();
    let margin = " ".repeat(number.len());
    // Writing to a String cannot fail.
    let _ = writeln!(out, "{level}[{}]: {}", finding.code, finding.message);
    let _ = writeln!(
        out,
        "{margin}--> {}:{}:{}",
        finding.file, finding.line, finding.column
    );
    if let Some(line) = finding
        .line
        .checked_sub(1)
        .and_then(|index| lines.get(index))
    {
        let (text, before, carets) = picture(line, finding.column);
        let _ = writeln!(out, "{margin} |");
        let _ = writeln!(out, "{number} | {text}");
        let _ = writeln!(
            out,
            "{margin} | {}{}",
            " ".repeat(before),
            "^".repeat(carets)
        );
    }
    if !finding.help.is_empty() {
        let _ = writeln!(out, "{margin} = help: {}", finding.help);
    }
    for note in &finding.notes {
        let _ = writeln!(
            out,
            "{margin} = note: so line {}: {}",
            note.line, note.message
        );
    }
    out.push('\n');
}

/// The part of a line around `column` (from 1), the spaces before the caret, and the length of the word there.
fn picture(line: &str, column: usize) -> (String, usize, usize) {
    let clean: Vec<char> = line
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    let at = column.saturating_sub(1).min(clean.len());
    let from = if clean.len() <= WIDTH {
        0
    } else {
        at.saturating_sub(WIDTH / 2)
    };
    let text: String = clean.iter().skip(from).take(WIDTH).collect();
    let mut word = clean.iter().skip(at);
    let carets = match word.next() {
        Some(quote @ ('"' | '\'')) => 2 + word.take_while(|c| *c != quote).count(),
        _ => clean
            .iter()
            .skip(at)
            .take_while(|c| !c.is_whitespace() && !",:}]".contains(**c))
            .count(),
    };
    let room = text.chars().count().saturating_sub(at - from);
    (
        text.trim_end().to_owned(),
        at - from,
        carets.clamp(1, room.max(1)),
    )
}

/// `{"findings":[…]}` with the field names of the contract; an empty list when clean.
#[must_use]
pub fn render_json(findings: &[Finding]) -> String {
    #[derive(Serialize)]
    struct Report<'a> {
        findings: &'a [Finding],
    }
    serde_json::to_string(&Report { findings }).expect("strings and numbers always serialise")
}

#[cfg(test)]
mod tests {
    use super::{render_human, render_json};
    use crate::finding::{About, Finding, FindingLevel};

    fn finding(line: usize, column: usize) -> Finding {
        Finding {
            code: "F001",
            level: FindingLevel::Error,
            file: "a.flow.yaml".to_owned(),
            line,
            column,
            message: "there is no block `ordres`".to_owned(),
            help: "did you mean `orders`?".to_owned(),
            notes: Vec::new(),
            about: About::Itself,
        }
    }

    #[test]
    fn the_caret_stands_under_the_word() {
        let text = render_human(&[finding(2, 6)], "keys:\n  1: ordres, x\n");
        let want = "error[F001]: there is no block `ordres`\n --> a.flow.yaml:2:6\n  |\n2 |   1: ordres, x\n  |      \
                    ^^^^^^\n  = help: did you mean `orders`?\n\n1 error, 0 warnings\n";
        assert_eq!(text, want);
    }

    #[test]
    fn places_outside_the_text_and_wide_signs_do_no_harm() {
        for (line, column) in [(0, 0), (1, 1), (1, 500), (99, 1), (usize::MAX, usize::MAX)] {
            assert!(render_human(&[finding(line, column)], "é\u{7}: ü\u{1F980}").contains("F001"));
        }
        let long = format!("{}ordres{}", "x".repeat(400), "y".repeat(400));
        assert!(
            render_human(&[finding(1, 401)], &long)
                .lines()
                .all(|line| line.len() < 150)
        );
    }

    #[test]
    fn json_has_the_names_of_the_contract() {
        assert_eq!(render_json(&[]), r#"{"findings":[]}"#);
        let want = r#"{"findings":[{"code":"F001","level":"error","file":"a.flow.yaml","line":3,"column":4,"message":"there is no block `ordres`","help":"did you mean `orders`?"}]}"#;
        assert_eq!(render_json(&[finding(3, 4)]), want);
    }
}
