//! One Rust file, read just far enough: comments and string contents masked, test items and tables found, functions
//! measured.
//!
//! **Owns**: the masking reader. **Must not know**: any rule or limit. It is no parser: braces are matched, items are
//! not understood, and that is enough for text that `rustfmt` has laid out.

/// One Rust file.
pub(crate) struct Source {
    /// Path below the root, with `/`.
    pub(crate) path: String,
    /// As it was written.
    pub(crate) raw: String,
    masked: String,
    production: String,
}

/// One function with a body.
pub(crate) struct Function {
    /// Its name.
    pub(crate) name: String,
    /// Where `fn` stands, from 1.
    pub(crate) line: usize,
    /// Lines of its body that are neither blank nor comment.
    pub(crate) code_lines: usize,
}

impl Source {
    /// Reads `text`.
    pub(crate) fn new(path: &str, text: &str) -> Self {
        let masked = mask(text);
        let production = without_test_items(&masked);
        Self {
            path: path.to_owned(),
            raw: text.to_owned(),
            masked,
            production,
        }
    }

    /// Goes into the product: not below `tests/`, not `tests.rs` or `testing.rs`, not a bench or an example.
    pub(crate) fn is_production(&self) -> bool {
        let parts: Vec<&str> = self.path.split('/').collect();
        let file = parts.last().copied().unwrap_or_default();
        let folders = ["tests", "benches", "examples", "fuzz"];
        !parts.iter().any(|part| folders.contains(part))
            && !["tests.rs", "testing.rs"].contains(&file)
            && !file.ends_with("_tests.rs")
    }

    /// The code, comments blanked and string contents masked.
    pub(crate) fn all(&self) -> &str {
        &self.masked
    }

    /// The same without test items.
    pub(crate) fn production(&self) -> &str {
        &self.production
    }

    /// Lines that are neither blank nor comment nor test nor the rows of a table (an array of a `const` or `static`).
    pub(crate) fn code_lines(&self) -> usize {
        let text = if self.is_production() {
            &self.production
        } else {
            &self.masked
        };
        let total = text.lines().filter(|line| !line.trim().is_empty()).count();
        total - table_rows(text)
    }

    /// Every function that has a body, tests included.
    pub(crate) fn functions(&self) -> Vec<Function> {
        let text = &self.masked;
        word_places(text, "fn")
            .into_iter()
            .filter_map(|place| function_at(text, place))
            .collect()
    }

    /// Lines (from 1) of production code that name the third-party crate `name`.
    pub(crate) fn crate_uses(&self, name: &str) -> Vec<usize> {
        let text = &self.production;
        word_places(text, name)
            .into_iter()
            .filter(|place| {
                let before = text[..*place].trim_end();
                let after = text[*place + name.len()..].trim_start();
                let used = before.ends_with("use") || before.ends_with("extern crate");
                !before.ends_with("::") && (after.starts_with("::") || used)
            })
            .map(|place| line_of(text, place))
            .collect()
    }

    /// Lines (from 1) of production code where `pattern` stands, not as a part of a longer word.
    pub(crate) fn finds(&self, pattern: &str) -> Vec<usize> {
        word_places(&self.production, pattern)
            .into_iter()
            .map(|place| line_of(&self.production, place))
            .collect()
    }
}

/// Line number of a byte offset, from 1.
pub(crate) fn line_of(text: &str, place: usize) -> usize {
    text[..place].matches('\n').count() + 1
}

/// Byte offsets where `word` stands, with no word character before it, nor after it if it ends in one.
pub(crate) fn word_places(text: &str, word: &str) -> Vec<usize> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let ends_in_word = word.chars().next_back().is_some_and(is_word);
    let begins_with_word = word.chars().next().is_some_and(is_word);
    text.match_indices(word)
        .filter(|(place, _)| {
            let before = text[..*place].chars().next_back();
            let after = text[place + word.len()..].chars().next();
            !(begins_with_word && before.is_some_and(is_word)
                || ends_in_word && after.is_some_and(is_word))
        })
        .map(|(place, _)| place)
        .collect()
}

/// Offset just behind the bracket that closes the one at `open`.
pub(crate) fn after_closing(text: &str, open: usize) -> Option<usize> {
    let mut depth = 0_usize;
    for (offset, c) in text[open..].char_indices() {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(open + offset + 1);
                }
            }
            _ => {}
        }
    }
    None
}

fn function_at(text: &str, place: usize) -> Option<Function> {
    let rest = text[place + 2..].trim_start();
    let name: String = rest
        .chars()
        .take_while(|c| c.is_alphanumeric() || *c == '_')
        .collect();
    if name.is_empty() {
        return None;
    }
    let open = item_body(text, place)?;
    let end = after_closing(text, open)?;
    let code_lines = text[open + 1..end - 1]
        .lines()
        .filter(|line| !line.trim().is_empty())
        .count();
    Some(Function {
        name,
        line: line_of(text, place),
        code_lines,
    })
}

/// Offset of the `{` of an item that begins at `start`; none when the item ends in `;`.
fn item_body(text: &str, start: usize) -> Option<usize> {
    let mut at = start;
    loop {
        let step = text[at..].find(['(', '[', '{', ';'])?;
        at += step;
        match text.as_bytes()[at] {
            b'{' => return Some(at),
            b';' => return None,
            _ => at = after_closing(text, at)?,
        }
    }
}

/// Blanks every item under `#[cfg(test)]`, keeping the lines.
fn without_test_items(masked: &str) -> String {
    let mut text = masked.to_owned();
    while let Some(start) = text
        .find("#[cfg(test)]")
        .or_else(|| text.find("#[cfg(all(test"))
    {
        let mut at = after_closing(&text, start + 1).unwrap_or(text.len());
        while text[at..].trim_start().starts_with("#[") {
            let bracket = at + text[at..].find('[').expect("just seen");
            at = after_closing(&text, bracket).unwrap_or(text.len());
        }
        let semicolon = text[at..]
            .find(';')
            .map_or(text.len(), |found| at + found + 1);
        let end = item_body(&text, at).map_or(semicolon, |open| {
            after_closing(&text, open).unwrap_or(text.len())
        });
        text.replace_range(start..end, &blank(&text[start..end]));
    }
    text
}

/// Rows of tables: lines strictly inside the array of a `const` or `static`.
fn table_rows(text: &str) -> usize {
    let mut rows = 0;
    for keyword in ["const", "static"] {
        for place in word_places(text, keyword) {
            let Some(equals) = text[place..].find(" = ").map(|found| place + found + 3) else {
                continue;
            };
            let declaration = &text[place..equals];
            if declaration.contains(['{', '\n']) || declaration.contains(" fn ") {
                continue;
            }
            let value = text[equals..].trim_start_matches('&');
            if value.starts_with('[') {
                let open = text.len() - value.len();
                let end = after_closing(text, open).unwrap_or(open + 1);
                rows += text[open..end].matches('\n').count().saturating_sub(1);
            }
        }
    }
    rows
}

fn blank(text: &str) -> String {
    text.chars()
        .map(|c| if c == '\n' { '\n' } else { ' ' })
        .collect()
}

/// Blanks comments; replaces what is inside string and character literals by `_`.
fn mask(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let previous_is_word = out
            .chars()
            .next_back()
            .is_some_and(|c| c.is_alphanumeric() || c == '_');
        let length = if rest.starts_with("//") {
            let length = rest.find('\n').unwrap_or(rest.len());
            out.push_str(&blank(&rest[..length]));
            length
        } else if rest.starts_with("/*") {
            let length = block_comment(rest);
            out.push_str(&blank(&rest[..length]));
            length
        } else if let Some(length) = literal(rest, previous_is_word) {
            out.push_str(&masked_literal(&rest[..length]));
            length
        } else {
            out.push(first);
            first.len_utf8()
        };
        rest = &rest[length..];
    }
    out
}

fn block_comment(text: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while at < text.len() {
        if text[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if text[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += text[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    text.len()
}

/// Length of the string or character literal that `text` begins with, its prefix included.
fn literal(text: &str, previous_is_word: bool) -> Option<usize> {
    if text.starts_with('\'') {
        return character(text);
    }
    let prefix = if previous_is_word {
        0
    } else {
        text.find(|c| !"bcr".contains(c))
            .filter(|length| *length <= 2)?
    };
    let hashes = text[prefix..].chars().take_while(|c| *c == '#').count();
    let open = prefix + hashes;
    if !text[open..].starts_with('"') {
        return None;
    }
    if text[..prefix].contains('r') {
        let close = format!("\"{}", "#".repeat(hashes));
        let found = text[open + 1..].find(&close)?;
        return Some(open + 1 + found + close.len());
    }
    if hashes > 0 {
        return None;
    }
    quoted(&text[open..], '"').map(|length| open + length)
}

fn quoted(text: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    for (offset, c) in text.char_indices().skip(1) {
        if !escaped && c == quote {
            return Some(offset + c.len_utf8());
        }
        escaped = !escaped && c == '\\';
    }
    None
}

/// A character literal, told from a lifetime by its closing quote.
fn character(text: &str) -> Option<usize> {
    let mut chars = text.char_indices().skip(1);
    let (_, first) = chars.next()?;
    if first == '\\' {
        return quoted(text, '\'');
    }
    let (offset, second) = chars.next()?;
    (second == '\'').then_some(offset + 1)
}

fn masked_literal(literal: &str) -> String {
    literal
        .chars()
        .map(|c| {
            if c == '\n' || c == ' ' || c == '"' || c == '\'' {
                c
            } else {
                '_'
            }
        })
        .map(|c| if c == '\'' { '_' } else { c })
        .collect()
}
