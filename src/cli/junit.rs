//! Results of flow tests as JUnit XML, which build servers show.
//!
//! **Owns**: the few elements that are read everywhere. **Must not know**: how tests run.

use super::flow_test::Tested;
use std::fmt::Write as _;

/// One `testsuite` for each file.
#[must_use]
pub(super) fn xml(all: &[Tested]) -> String {
    let mut text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n".to_owned();
    for one in all {
        let failed = one
            .tests
            .iter()
            .filter(|(_, outcome, _)| outcome.missed.is_some());
        let file = escaped(&one.file.display().to_string());
        let (tests, failures) = (one.tests.len(), failed.count());
        let _ = writeln!(
            text,
            "  <testsuite name=\"{file}\" tests=\"{tests}\" failures=\"{failures}\">"
        );
        for (trial, outcome, took) in &one.tests {
            let (name, seconds) = (escaped(&trial.name), took.as_secs_f64());
            let _ = write!(
                text,
                "    <testcase classname=\"{file}\" name=\"{name}\" time=\"{seconds:.6}\""
            );
            match &outcome.missed {
                None => text.push_str("/>\n"),
                Some((pos, why)) => {
                    let lines: Vec<String> =
                        outcome.transcript.iter().map(ToString::to_string).collect();
                    let (why, lines) = (escaped(why), escaped(&lines.join("\n")));
                    let _ = writeln!(
                        text,
                        ">\n      <failure message=\"{why}\">{file}:{}:{}\n{lines}</failure>\n    </testcase>",
                        pos.line, pos.column
                    );
                }
            }
        }
        text.push_str("  </testsuite>\n");
    }
    text.push_str("</testsuites>\n");
    text
}

/// Text as it may stand in an attribute; what XML cannot hold becomes a sign for it.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\t' => out.push(c),
            c if c.is_control() => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}
