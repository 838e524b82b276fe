//! Rules about `Cargo.toml` and the lock files. **Owns**: the arrows between the crates. **Must not know**: Rust code.

use crate::Complaint;
use crate::tree::Tree;

/// Manifest -> the crates of ours it may name -> outside crates that would break its promise.
const ARROWS: [(&str, &[&str], &[&str]); 4] = [
    (
        "router/Cargo.toml",
        &[],
        &["tokio", "rand", "sqlx", "axum", "rsip", "mio", "jiff"],
    ),
    (
        "ivr-flows/Cargo.toml",
        &[],
        &["tokio", "rand", "sqlx", "axum", "rsip", "mio"],
    ),
    ("sip-gateway/Cargo.toml", &[], &["sqlx", "axum"]),
    (
        "recordings/Cargo.toml",
        &["router"],
        &["axum", "rsip", "mio"],
    ),
];

/// Crates of ours.
const OURS: [&str; 5] = [
    "router",
    "ivr-flows",
    "sip-gateway",
    "recordings",
    "cordboard",
];

/// Where every Rust package comes from.
const CRATES: &str = "registry+https://github.com/rust-lang/crates.io-index";
/// Where every Node package comes from.
const NODE: &str = "https://registry.npmjs.org/";

pub(crate) fn layering(tree: &Tree) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for (path, allowed, broken_promise) in ARROWS {
        let text = tree.text(path);
        if text.is_empty() {
            complaints.push(format!("{path}: missing"));
        }
        for (name, production) in dependencies(text) {
            if OURS.contains(&name.as_str()) && !allowed.contains(&name.as_str()) {
                complaints.push(format!(
                    "{path}: must not depend on `{name}`: the root package wires the crates"
                ));
            }
            if production && broken_promise.contains(&name.as_str()) {
                complaints.push(format!(
                    "{path}: must not depend on `{name}`: see ARCHITECTURE.md, \"Crates\""
                ));
            }
        }
    }
    complaints
}

pub(crate) fn sources(tree: &Tree) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for (number, line) in tree.text("Cargo.lock").lines().enumerate() {
        if let Some(source) = line.strip_prefix("source = ")
            && source.trim_matches('"') != CRATES
        {
            complaints.push(format!("Cargo.lock:{}: package from {source}", number + 1));
        }
    }
    for (path, text) in tree
        .texts
        .iter()
        .filter(|(path, _)| path.ends_with("package-lock.json"))
    {
        for (number, line) in text.lines().enumerate() {
            let resolved = line.trim().strip_prefix("\"resolved\": \"");
            if resolved.is_some_and(|from| !from.starts_with(NODE)) {
                complaints.push(format!("{path}:{}: package not from {NODE}", number + 1));
            }
        }
    }
    complaints
}

/// Names in every table of dependencies, and whether the product itself needs them.
fn dependencies(manifest: &str) -> Vec<(String, bool)> {
    let mut section = "";
    let mut found = Vec::new();
    for line in manifest.lines().map(str::trim) {
        if line.starts_with('[') {
            section = line.trim_matches(['[', ']']);
        } else if section.ends_with("dependencies") && !line.is_empty() && !line.starts_with('#') {
            let name = line.split(['.', '=', ' ']).next().unwrap_or(line);
            found.push((name.to_owned(), !section.ends_with("dev-dependencies")));
        }
    }
    found
}

/// Third-party names of `[workspace.dependencies]`.
pub(crate) fn third_party(root_manifest: &str) -> Vec<String> {
    let start = root_manifest
        .find("[workspace.dependencies]")
        .unwrap_or(root_manifest.len());
    let table = &root_manifest[start..];
    let end = table[1..]
        .find("\n[")
        .map_or(table.len(), |found| found + 1);
    dependencies(&table[..end])
        .into_iter()
        .map(|(name, _)| name)
        .filter(|name| !OURS.contains(&name.as_str()))
        .collect()
}
