//! Slips that YAML itself swallows without a word, found on the raw lines.
//!
//! **Owns**: F020.
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
    }
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
