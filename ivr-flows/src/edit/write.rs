//! Values as YAML text.
//!
//! **Owns**: when a text needs quotes, and what new parts of a file look like.
//! **Must not know**: where the text goes.

use std::fmt::Write as _;

use super::Tree;
use super::tree::is_bare;

/// A map or list that is no longer than this stands in one line.
const ONE_LINE: usize = 90;

/// A scalar as it may stand: `quote` where quotes are wanted though not needed, `inside` a `{ }` or `[ ]`.
pub(crate) fn scalar_text(text: &str, quote: bool, inside: bool) -> String {
    if !quote && is_plain(text, inside) {
        return text.to_owned();
    }
    let odd = text
        .chars()
        .any(|c| c.is_control() || c == '\u{feff}' || is_break(c));
    if (text.contains('"') || text.contains('\\')) && !odd {
        return format!("'{}'", text.replace('\'', "''"));
    }
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if c.is_control() || c == '\u{feff}' || is_break(c) => {
                let _ = write!(out, "\\U{:08X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Line breaks that are none to YAML 1.2, and some readers take for one.
fn is_break(c: char) -> bool {
    matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Whether a text means itself without quotes, to our reader and to others.
pub(crate) fn is_plain(text: &str, inside: bool) -> bool {
    let first = text.chars().next();
    let Some(first) = first else { return false };
    let indicator = "-?:,[]{}#&*!|>'\"%@`=".contains(first);
    let dashed = first == '-' && text.chars().nth(1).is_some_and(char::is_alphanumeric);
    let typed = is_bare(text)
        || matches!(text, "~" | "null" | "Null" | "NULL" | "<<" | "---" | "...")
        || text.parse::<f64>().is_ok();
    let odd = text
        .chars()
        .any(|c| c.is_control() || c == '\u{feff}' || is_break(c));
    (dashed || !indicator)
        && !typed
        && !odd
        && text.trim() == text
        && !text.contains(": ")
        && !text.contains(" #")
        && !text.ends_with(':')
        && !text.contains("{{")
        && !(inside && text.contains([',', '[', ']', '{', '}', ' ', ':', '"', '\'']))
}

/// A key as it may stand.
pub(crate) fn key_text(key: &str) -> String {
    if is_bare(key) || is_plain(key, true) {
        key.to_owned()
    } else {
        scalar_text(key, true, true)
    }
}

/// A value in one line.
pub(crate) fn flow_text(tree: &Tree, quote: bool) -> String {
    in_line(tree, quote, true)
}

fn in_line(tree: &Tree, quote: bool, inside: bool) -> String {
    match tree {
        Tree::Empty | Tree::Gone => "~".to_owned(),
        Tree::Text(text) => scalar_text(text, quote, inside),
        Tree::Bare(text) => text.clone(),
        Tree::List(items) => {
            let items: Vec<String> = items
                .iter()
                .map(|item| in_line(item, quote, true))
                .collect();
            format!("[{}]", items.join(", "))
        }
        Tree::Map(entries) if entries.is_empty() => "{}".to_owned(),
        Tree::Map(entries) => {
            let entries: Vec<String> = entries
                .iter()
                .map(|(key, value)| format!("{}: {}", key_text(key), in_line(value, quote, true)))
                .collect();
            format!("{{ {} }}", entries.join(", "))
        }
    }
}

/// A value behind a key, with the room before it: in the same line, or in lines of their own that are indented deeper
/// than `indent`.
pub(super) fn behind_key(tree: &Tree, quote: bool, indent: usize, eol: &str) -> String {
    match tree {
        Tree::Empty | Tree::Gone => String::new(),
        Tree::Text(_) | Tree::Bare(_) => format!(" {}", in_line(tree, quote, false)),
        Tree::List(_) | Tree::Map(_) if fits_line(tree) => {
            format!(" {}", in_line(tree, quote, false))
        }
        _ => format!("{eol}{}", block(tree, quote, indent.saturating_add(2), eol)),
    }
}

/// Whether a value may stand in one line: short, and no list of steps.
fn fits_line(tree: &Tree) -> bool {
    !holds_steps(tree) && in_line(tree, false, false).chars().count() <= ONE_LINE
}

fn holds_steps(tree: &Tree) -> bool {
    match tree {
        Tree::Map(entries) => entries.iter().any(|(_, value)| {
            let many = matches!(value, Tree::Map(inner) if inner.len() > 3);
            many || holds_steps(value)
        }),
        Tree::List(items) => items.iter().any(|item| matches!(item, Tree::Map(_))),
        _ => false,
    }
}

/// A map or list in lines of their own, each with its indentation, without the last line end.
pub(super) fn block(tree: &Tree, quote: bool, indent: usize, eol: &str) -> String {
    let room = " ".repeat(indent);
    let lines: Vec<String> = match tree {
        Tree::Map(entries) if !entries.is_empty() => entries
            .iter()
            .map(|(key, value)| format!("{room}{}", entry(key, value, quote, indent, eol)))
            .collect(),
        Tree::List(items) if !items.is_empty() => items
            .iter()
            .map(|item| format!("{room}{}", item_text(item, quote, indent, eol)))
            .collect(),
        other => vec![format!("{room}{}", in_line(other, quote, false))],
    };
    lines.join(eol)
}

/// `key: value`, the first line without indentation.
pub(super) fn entry(key: &str, value: &Tree, quote: bool, indent: usize, eol: &str) -> String {
    format!(
        "{}:{}",
        key_text(key),
        behind_key(value, quote, indent, eol)
    )
}

/// `- value`, the first line without indentation.
pub(super) fn item_text(item: &Tree, quote: bool, indent: usize, eol: &str) -> String {
    match item {
        Tree::Map(entries) if !entries.is_empty() => {
            let inner = block(item, quote, indent.saturating_add(2), eol);
            format!("- {}", inner.trim_start())
        }
        Tree::Empty => "- ~".to_owned(),
        other => format!("- {}", in_line(other, quote, false)),
    }
}
