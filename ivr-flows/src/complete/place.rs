//! Where in a file a cursor stands, read from the lines alone.
//!
//! **Owns**: the way from the root to the cursor by indentation, dashes and brackets, in a text that need not be YAML yet.
//! **Must not know**: what the keys mean.

/// One step on the way from the root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Key(String),
    Item,
}

/// What may be written at the cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Writing {
    Key,
    Value,
    /// Behind a dash: a value, or the first key of a map.
    Either,
}

/// Where the cursor stands.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) path: Vec<Step>,
    pub(super) writing: Writing,
    /// What stands of the word already.
    pub(super) word: String,
    /// Keys that stand in the same map.
    pub(super) beside: Vec<String>,
    /// A colon follows the cursor: what is written is a key that has one.
    pub(super) colon: bool,
}

/// A dash or a key at the beginning of a line, by the character where it stands.
#[derive(Debug)]
struct Token {
    column: usize,
    step: Step,
}

/// One line: how it begins, and what follows.
#[derive(Debug, Default)]
struct Line {
    tokens: Vec<Token>,
    /// Where what follows begins, and what it is.
    column: usize,
    rest: String,
}

/// The place of a line from 0 and of a character from 0; nothing inside quotes, comments and words of several lines.
pub(super) fn place(text: &str, line: usize, column: usize) -> Option<Place> {
    let lines: Vec<&str> = text.lines().collect();
    let current = lines.get(line).copied().unwrap_or_default();
    let head: String = current.chars().take(column).collect();
    let tail: String = current.chars().skip(column).collect();
    let begins = opened(lines.get(..line).unwrap_or_default(), &head);
    let mut whole = String::new();
    for earlier in lines.get(begins..line).unwrap_or_default() {
        whole.push_str(without_comment(earlier));
        whole.push(' ');
    }
    whole.push_str(&head);
    let mine = split(&whole);
    let inner = inline(&mine.rest)?;
    let word: String = last_word(&mine.rest);
    let starts = mine.tokens.first().map_or(mine.column, |one| one.column);
    let dashed = mine.tokens.iter().any(|one| one.step == Step::Item);
    let last = mine.tokens.last();
    let writing = match (&inner.writing, last.map(|one| &one.step)) {
        (Some(writing), _) => *writing,
        (None, Some(Step::Key(_))) => Writing::Value,
        (None, Some(Step::Item)) => Writing::Either,
        (None, None) => Writing::Key,
    };
    // Behind a value that is whole nothing is offered: a second word is a text.
    if inner.writing.is_none() && mine.rest.trim_start() != word {
        return None;
    }
    let above = lines.get(..begins).unwrap_or_default();
    let (mut path, mut beside) = ancestors(above, starts, dashed);
    path.extend(mine.tokens.into_iter().map(|one| one.step));
    path.extend(inner.path);
    if inner.writing.is_some() || writing != Writing::Key {
        beside = inner.beside;
    } else {
        beside.extend(below(lines.get(line + 1..).unwrap_or_default(), starts));
    }
    let after = tail.trim_start_matches(|one: char| is_word(one));
    Some(Place {
        path,
        writing,
        word,
        beside,
        colon: after.starts_with(':'),
    })
}

fn is_word(one: char) -> bool {
    one.is_alphanumeric() || one == '-' || one == '_'
}

fn last_word(text: &str) -> String {
    let reversed: Vec<char> = text.chars().rev().take_while(|one| is_word(*one)).collect();
    reversed.into_iter().rev().collect()
}

/// The line on which the brackets that are open at the cursor begin; the cursor's own where none are.
fn opened(above: &[&str], head: &str) -> usize {
    let mut open: Option<(usize, usize)> = None;
    let mut depth = 0_usize;
    for (at, line) in above.iter().chain([&head]).enumerate() {
        let split = split(line);
        let indent = split.tokens.first().map_or(split.column, |one| one.column);
        let blank = line.trim().is_empty();
        // A bracket that was forgotten does not swallow the rest of the file.
        if open.is_some_and(|(_, from)| !blank && indent <= from && !split.tokens.is_empty()) {
            open = None;
            depth = 0;
        }
        if at == above.len() {
            break;
        }
        let scanned = if open.is_some() {
            without_comment(line)
        } else {
            split.rest.as_str()
        };
        depth = depth_after(scanned, depth);
        match (depth, open) {
            (0, _) => open = None,
            (_, None) => open = Some((at, indent)),
            _ => {}
        }
    }
    open.map_or(above.len(), |(at, _)| at)
}

fn depth_after(text: &str, mut depth: usize) -> usize {
    let mut quote = None;
    let mut before = ' ';
    for one in text.chars() {
        match (quote, one) {
            (Some(open), _) if open == one => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') if !is_word(before) => quote = Some(one),
            (None, '{' | '[') if depth > 0 || before == ' ' => depth = depth.saturating_add(1),
            (None, '}' | ']') => depth = depth.saturating_sub(1),
            _ => {}
        }
        before = one;
    }
    depth
}

fn without_comment(line: &str) -> &str {
    if line.trim_start().starts_with('#') {
        return "";
    }
    line.find(" #")
        .filter(|at| {
            line.get(..*at)
                .is_some_and(|head| head.matches('"').count() % 2 == 0)
        })
        .map_or(line, |at| line.get(..at).unwrap_or(line))
}

/// Dashes and the key at the beginning of a line.
fn split(line: &str) -> Line {
    let chars: Vec<char> = line.chars().collect();
    let mut found = Line::default();
    let mut at = 0;
    loop {
        while chars.get(at) == Some(&' ') {
            at += 1;
        }
        let dash = chars.get(at) == Some(&'-') && chars.get(at + 1).is_none_or(|next| *next == ' ');
        if !dash {
            break;
        }
        found.tokens.push(Token {
            column: at,
            step: Step::Item,
        });
        at += 1;
    }
    if let Some(end) = key_end(&chars, at) {
        let key: String = chars.get(at..end).unwrap_or_default().iter().collect();
        found.tokens.push(Token {
            column: at,
            step: Step::Key(key.trim_matches(['"', '\'']).to_owned()),
        });
        at = end + 1;
    }
    found.column = at;
    found.rest = chars.get(at..).unwrap_or_default().iter().collect();
    found
}

/// Where the colon of a key stands.
fn key_end(chars: &[char], from: usize) -> Option<usize> {
    for (at, one) in chars.iter().enumerate().skip(from) {
        match one {
            ':' if chars.get(at + 1).is_none_or(|next| *next == ' ') => {
                return (at > from).then_some(at);
            }
            '{' | '}' | '[' | ']' | '#' | ',' => return None,
            _ => {}
        }
    }
    None
}

/// The way within brackets.
#[derive(Debug)]
struct Inline {
    path: Vec<Step>,
    /// Nothing outside brackets.
    writing: Option<Writing>,
    beside: Vec<String>,
}

#[derive(Debug)]
enum Bracket {
    Map { keys: Vec<String>, value: bool },
    List,
}

/// Nothing inside quotes and comments.
fn inline(rest: &str) -> Option<Inline> {
    let mut open: Vec<Bracket> = Vec::new();
    let (mut quote, mut before, mut word) = (None, ' ', String::new());
    let mut chars = rest.chars().peekable();
    while let Some(one) = chars.next() {
        match (quote, one) {
            (Some(open), _) if open == one => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') if !is_word(before) => quote = Some(one),
            (None, '#') if before == ' ' => return None,
            (None, '{') if open.last().is_some() || word.trim().is_empty() => {
                open.push(Bracket::Map {
                    keys: Vec::new(),
                    value: false,
                });
                word.clear();
            }
            (None, '[') if open.last().is_some() || word.trim().is_empty() => {
                open.push(Bracket::List);
                word.clear();
            }
            (None, '}' | ']') => {
                open.pop();
                word.clear();
            }
            (None, ',') => {
                if let Some(Bracket::Map { value, .. }) = open.last_mut() {
                    *value = false;
                }
                word.clear();
            }
            (None, ':') if chars.peek().is_none_or(|next| *next == ' ') => {
                if let Some(Bracket::Map { keys, value }) = open.last_mut() {
                    keys.push(word.trim().to_owned());
                    *value = true;
                }
                word.clear();
            }
            _ => word.push(one),
        }
        before = one;
    }
    if quote.is_some() {
        return None;
    }
    let writing = open.last().map(|one| match one {
        Bracket::Map { value: false, .. } => Writing::Key,
        Bracket::Map { .. } | Bracket::List => Writing::Value,
    });
    let beside = match open.last() {
        Some(Bracket::Map { keys, .. }) => keys.clone(),
        _ => Vec::new(),
    };
    let path = open.into_iter().filter_map(|one| match one {
        Bracket::Map { mut keys, value } => keys.pop().filter(|_| value).map(Step::Key),
        Bracket::List => Some(Step::Item),
    });
    Some(Inline {
        path: path.collect(),
        writing,
        beside,
    })
}

/// The way to a line that begins at `column`, and the keys before it in the same map.
fn ancestors(above: &[&str], column: usize, dashed: bool) -> (Vec<Step>, Vec<String>) {
    let (mut path, mut beside) = (Vec::new(), Vec::new());
    let (mut limit, mut dash) = (column, dashed);
    for line in above.iter().rev() {
        if line.trim().is_empty() || line.trim_start().starts_with('#') {
            continue;
        }
        for token in split(line).tokens.into_iter().rev() {
            // Items may stand right below their key, as far to the left as it does.
            let same = token.column == limit && dash && matches!(token.step, Step::Key(_));
            if token.column < limit || same {
                (limit, dash) = (token.column, token.step == Step::Item);
                path.push(token.step);
            } else if let (true, false, Step::Key(key)) = (
                path.is_empty() && token.column == column,
                dashed,
                token.step,
            ) {
                beside.push(key);
            }
        }
    }
    path.reverse();
    (path, beside)
}

/// The keys after a line in the same map.
fn below(lines: &[&str], column: usize) -> Vec<String> {
    let mut keys = Vec::new();
    for line in lines {
        let Some(first) = split(line).tokens.into_iter().next() else {
            continue;
        };
        match first.step {
            _ if first.column < column => break,
            Step::Key(key) if first.column == column => keys.push(key),
            _ => {}
        }
    }
    keys
}
