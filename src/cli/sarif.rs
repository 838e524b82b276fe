//! Findings as SARIF 2.1.0 (OASIS), the form that code review tools and editors read.
//!
//! **Owns**: the mapping of findings to results, rules and regions. **Must not know**: how findings come about.

use crate::config::finding::ConfigFinding;
use ivr_flows::FindingLevel;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Where the form is defined.
const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// One log with one run; an empty list of results when clean.
pub(super) fn to_sarif(findings: &[ConfigFinding]) -> String {
    let codes: BTreeSet<&str> = findings.iter().map(|finding| finding.code).collect();
    let rules: Vec<Value> = codes.iter().map(|code| rule(code)).collect();
    let results: Vec<Value> = findings
        .iter()
        .map(|finding| {
            let index = codes.iter().position(|code| *code == finding.code);
            result(finding, index.unwrap_or_default())
        })
        .collect();
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "cordboard",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            }},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
    .to_string()
}

fn rule(code: &str) -> Value {
    match ivr_flows::explain(code) {
        Some(text) => json!({ "id": code, "fullDescription": { "text": text } }),
        None => json!({ "id": code }),
    }
}

fn result(finding: &ConfigFinding, rule_index: usize) -> Value {
    let text = if finding.help.is_empty() {
        finding.message.clone()
    } else {
        format!("{}. Help: {}", finding.message, finding.help)
    };
    let level = match finding.level {
        FindingLevel::Error => "error",
        FindingLevel::Warning => "warning",
        FindingLevel::Info => "note",
    };
    json!({
        "ruleId": finding.code,
        "ruleIndex": rule_index,
        "level": level,
        "message": { "text": text },
        "locations": [{ "physicalLocation": {
            "artifactLocation": { "uri": uri(&finding.file) },
            "region": { "startLine": finding.line.max(1), "startColumn": finding.column.max(1) },
        }}],
    })
}

/// A path as a URI reference (RFC 3986): a whole path begins with `file://`, whatever is no plain sign is escaped.
fn uri(file: &str) -> String {
    let mut out = String::new();
    if file.starts_with('/') {
        out.push_str("file://");
    }
    for byte in file.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' | b'~' => {
                out.push(char::from(byte));
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(code: &'static str, level: FindingLevel, file: &str, line: usize) -> ConfigFinding {
        ConfigFinding {
            code,
            level,
            file: file.to_owned(),
            line,
            column: 7,
            message: "there is no block `ordres`".to_owned(),
            help: "did you mean `orders`?".to_owned(),
            notes: Vec::new(),
        }
    }

    fn read(findings: &[ConfigFinding]) -> Value {
        serde_json::from_str(&to_sarif(findings)).unwrap()
    }

    #[test]
    fn a_clean_run_has_one_run_without_results() {
        let log = read(&[]);
        assert_eq!(log["version"], "2.1.0");
        assert_eq!(log["runs"].as_array().unwrap().len(), 1);
        assert_eq!(log["runs"][0]["results"], json!([]));
        assert_eq!(log["runs"][0]["tool"]["driver"]["rules"], json!([]));
        assert_eq!(log["runs"][0]["tool"]["driver"]["name"], "cordboard");
    }

    #[test]
    fn each_finding_is_a_result_with_its_rule_place_and_help() {
        let log = read(&[
            finding("F011", FindingLevel::Warning, "flows/a b.flow.yaml", 3),
            finding("F001", FindingLevel::Error, "/etc/é.yaml", 0),
            finding("C009", FindingLevel::Info, "x", 1),
        ]);
        let run = &log["runs"][0];
        let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
        let results = run["results"].as_array().unwrap();
        assert_eq!((rules.len(), results.len()), (3, 3));
        for result in results {
            let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
            assert_eq!(rules[index]["id"], result["ruleId"]);
        }
        let text = "there is no block `ordres`. Help: did you mean `orders`?";
        assert_eq!(results[0]["message"]["text"], text);
        let levels: Vec<_> = results
            .iter()
            .map(|r| r["level"].as_str().unwrap())
            .collect();
        assert_eq!(levels, ["warning", "error", "note"]);
        let place = |n: usize| results[n]["locations"][0]["physicalLocation"].clone();
        assert_eq!(
            place(0),
            json!({ "artifactLocation": { "uri": "flows/a%20b.flow.yaml" }, "region": { "startLine": 3, "startColumn": 7 } })
        );
        assert_eq!(
            place(1)["artifactLocation"]["uri"],
            "file:///etc/%C3%A9.yaml"
        );
        assert_eq!(place(1)["region"]["startLine"], 1);
        assert!(
            rules[1]["fullDescription"]["text"]
                .as_str()
                .unwrap()
                .contains("block")
        );
    }
}
