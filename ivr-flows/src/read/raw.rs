//! Slips that YAML itself swallows without a word, found on the raw lines.
//!
//! **Owns**: F020, F021 for text that a `#` cuts off.
//! **Must not know**: the tree.

use super::Reader;
use crate::flow::Pos;

/// A `#:` where a key could stand begins a comment in YAML: the choice would be gone without a word.
pub(super) fn look(source: &str, reader: &mut Reader<'_>) {
    for (index, line) in source.lines().enumerate() {
        if let Some(column) = hash_key(line) {
            let pos = Pos {
                line: index.saturating_add(1),
                column,
            };
            let message = "`#:` begins a comment, so this choice does not exist";
            reader.error("F020", pos, message, "write `hash:` for the hash key");
        }
        if let Some(column) = cut_off(line) {
            let pos = Pos {
                line: index.saturating_add(1),
                column,
            };
            let message = "the text ends here: what stands behind ` #` is a comment";
            reader.warning("F021", pos, message, "put the whole text in quotes");
        }
    }
}

/// The column of a ` #` that cuts an unquoted text of several words off. A comment has a space behind its `#`.
fn cut_off(line: &str) -> Option<usize> {
    let at = line.find(" #")?.saturating_add(1);
    let (before, comment) = line.split_at_checked(at)?;
    let next = comment.chars().nth(1)?;
    let (key, text) = before.split_once(": ")?;
    let said = matches!(
        key.trim_start().trim_start_matches("- "),
        "say" | "prompt" | "text" | "label"
    ) || key.trim().len() == 2;
    let prose = said && text.trim().contains(' ') && !text.contains(['"', '\'', '{', '[']);
    (prose && !matches!(next, ' ' | '#' | ':')).then(|| before.chars().count().saturating_add(1))
}

/// The column of a `#:` used as a key: first on an indented line, or after `{` or `,`, and not in quotes.
fn hash_key(line: &str) -> Option<usize> {
    let mut quote = None;
    // The last sign that was no space, and the sign right before.
    let mut before = None;
    let mut space = true;
    for (index, c) in line.chars().enumerate() {
        match quote {
            Some(open) if open == c => quote = None,
            Some(_) => {}
            None if c == '#' && (space || matches!(before, Some('{' | ','))) => {
                let place = index > 0 && before.is_none_or(|b| matches!(b, '{' | ','));
                let mut rest = line.chars().skip(index.saturating_add(1));
                let key = rest.next() == Some(':') && rest.next().is_none_or(|next| next == ' ');
                // From here on the line is a comment either way.
                return (place && key).then(|| index.saturating_add(1));
            }
            None if matches!(c, '"' | '\'') && before.is_none_or(|b| ":{[,-".contains(b)) => {
                quote = Some(c)
            }
            None => {}
        }
        space = c == ' ';
        if !space {
            before = Some(c);
        }
    }
    None
}
