//! Findings as workflow commands: lines that GitHub and Forgejo show beside the changed line of a pull request.
//!
//! **Owns**: the form and its escapes. **Must not know**: how findings come about.

use crate::config::finding::ConfigFinding;
use ivr_flows::FindingLevel;

/// One line a finding; empty when clean.
pub(super) fn to_commands(findings: &[ConfigFinding]) -> String {
    let lines: Vec<String> = findings.iter().map(command).collect();
    lines.join("\n")
}

/// `::error file=…,line=…,col=…,title=F006::message`.
fn command(finding: &ConfigFinding) -> String {
    let level = match finding.level {
        FindingLevel::Error => "error",
        FindingLevel::Warning => "warning",
        FindingLevel::Info => "notice",
    };
    let mut text = finding.message.clone();
    if !finding.help.is_empty() {
        text.push('\n');
        text.push_str(&finding.help);
    }
    format!(
        "::{level} file={},line={},col={},title={}::{}",
        property(&finding.file),
        finding.line,
        finding.column,
        property(finding.code),
        data(&text)
    )
}

/// What would end the line, or begin an escape.
fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// In a property the signs that part properties are escaped too.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(level: FindingLevel, file: &str, message: &str, help: &str) -> ConfigFinding {
        ConfigFinding {
            code: "F006",
            level,
            file: file.to_owned(),
            line: 3,
            column: 7,
            message: message.to_owned(),
            help: help.to_owned(),
            notes: Vec::new(),
        }
    }

    #[test]
    fn a_finding_is_one_command_and_nothing_in_it_makes_another() {
        let findings = [
            finding(
                FindingLevel::Error,
                "a,b:c.yaml",
                "50% of `x`:\r\n::error::y",
                "write z",
            ),
            finding(FindingLevel::Warning, "a.yaml", "b", ""),
            finding(FindingLevel::Info, "a.yaml", "c", ""),
        ];
        assert_eq!(
            to_commands(&findings),
            "::error file=a%2Cb%3Ac.yaml,line=3,col=7,title=F006::50%25 of `x`:%0D%0A::error::y%0Awrite z\n\
             ::warning file=a.yaml,line=3,col=7,title=F006::b\n\
             ::notice file=a.yaml,line=3,col=7,title=F006::c"
        );
        assert_eq!(to_commands(&[]), "");
    }
}
