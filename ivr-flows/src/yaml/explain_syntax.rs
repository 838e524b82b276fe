//! Guesses what was meant where the text is not YAML.
//!
//! **Owns**: the help texts for the usual slips.
//! **Must not know**: what a flow is.

use crate::finding::Finding;
use crate::flow::Pos;

/// A text without quotes that YAML takes for something else, on the line of the error or the one before: the place of
/// what it stumbles over, and what is wrong.
pub(super) fn unquoted(source: &str, pos: Pos) -> Option<(Pos, String)> {
    let before = pos.line.checked_sub(1).filter(|line| *line > 0);
    [Some(pos.line), before]
        .into_iter()
        .flatten()
        .find_map(|number| {
            let line = source.lines().nth(number.checked_sub(1)?)?;
            let (key, text) = line.split_once(": ")?;
            let begins = text.trim_start().chars().next()?;
            let column = |at: usize| {
                line.get(..at)
                    .map_or(1, |text| text.chars().count().saturating_add(1))
            };
            let starts = line.len().saturating_sub(text.trim_start().len());
            let (at, sign) = if text.trim_start().starts_with("{{") {
                (starts, "{{")
            } else if matches!(
                begins,
                '"' | '\'' | '{' | '[' | '#' | '|' | '>' | '&' | '*' | '!'
            ) {
                return None;
            } else {
                (
                    key.len().saturating_add(2).saturating_add(text.find(": ")?),
                    ": ",
                )
            };
            let pos = Pos {
                line: number,
                column: column(at),
            };
            Some((pos, format!("a text that holds `{sign}` needs quotes")))
        })
}

/// A map where a key belongs that is in truth a `{{ }}` without quotes.
pub(super) fn template(source: &str, finding: &mut Finding) {
    let line = finding
        .line
        .checked_sub(1)
        .and_then(|at| source.lines().nth(at));
    // The inner map's place, one behind the `{` that YAML took for the outer one.
    let Some(at) = finding.column.checked_sub(2) else {
        return;
    };
    let begins = line.is_some_and(|line| line.chars().skip(at).take(2).eq("{{".chars()));
    if finding.code == "F106" && begins {
        finding.code = "F021";
        finding.column = finding.column.saturating_sub(1);
        "a text that holds `{{` needs quotes".clone_into(&mut finding.message);
        "put the whole text in quotes".clone_into(&mut finding.help);
    }
}

/// What to write instead, by the look of the lines around the error.
pub(super) fn help(source: &str, pos: Pos, reason: &str) -> &'static str {
    let mut lines = source.lines().skip(pos.line.saturating_sub(2));
    let before = if pos.line > 1 {
        lines.next().unwrap_or("")
    } else {
        ""
    };
    let here = lines.next().unwrap_or("");
    let tabbed = |line: &&str| line.trim_start_matches(' ').starts_with('\t');
    if reason.contains("tab") || [before, here].iter().any(tabbed) {
        return "indent with spaces, never with tabs";
    }
    if [before, here].iter().any(|line| {
        let line = line.trim_start();
        line.starts_with("*:") || line.starts_with("* :")
    }) {
        return "the star key is written `star`, the hash key `hash`";
    }
    if [before, here]
        .iter()
        .any(|line| line.matches('"').count() % 2 == 1)
    {
        return "a quote is not closed";
    }
    let open = |line: &&str| line.matches(['[', '{']).count() > line.matches([']', '}']).count();
    if [before, here].iter().any(open) {
        return "a `[` or `{` is not closed";
    }
    if reason.contains("simple key") || reason.contains("':'") {
        return "each line of a map is `key: value`; look for a missing `:` or a line that is indented wrongly";
    }
    "look at the indentation and the quotes of this line and the one before"
}
