//! Operations as pieces of text to replace.
//!
//! **Owns**: which bytes each operation touches. A list or map in brackets is edited inside its brackets, any other in
//! whole lines. **Must not know**: what the operation makes of the tree; the edit is held against that afterwards.

use super::operation::{parts, prompt};
use super::source::{Source, Splice, Spot};
use super::write::{behind_key, block, entry, flow_text, item_text, key_text, scalar_text};
use super::{Operation, Refused, Tree};
use crate::yaml::{Entry, Kind, Node};

type Plan = Result<Vec<Splice>, Refused>;

pub(super) fn plan(source: &Source<'_>, operation: &Operation) -> Plan {
    match operation {
        Operation::Set { path, value } => set(source, &parts(path)?, value.as_ref(), false),
        Operation::SetPrompt { name, part, text } => {
            let tree = Tree::of(&source.root);
            let (path, value) = prompt(&tree, name, part, text.as_deref())?;
            let path: Vec<&str> = path.iter().map(String::as_str).collect();
            set(source, &path, value.as_ref(), part != "file")
        }
        Operation::InsertStep { list, at, step } => {
            insert(source, source.spot(&parts(list)?)?, *at, step)
        }
        Operation::RemoveStep { list, at } => remove_item(source, source.spot(&parts(list)?)?, *at),
        Operation::MoveStep {
            list,
            at,
            to_list,
            to,
        } => relocate(source, (list, *at), (to_list, *to)),
        Operation::AddBlock { name, after, steps } => {
            add_block(source, name, after.as_deref(), steps)
        }
        Operation::RenameBlock { .. } => Ok(Vec::new()),
    }
}

fn set(source: &Source<'_>, path: &[&str], value: Option<&Tree>, quote: bool) -> Plan {
    let Some((last, above)) = path.split_last() else {
        return Err(Refused::unfit("a path names something inside the file"));
    };
    let parent = source.spot(above)?;
    let inside = parent.inside || source.in_brackets(parent.node);
    match (&parent.node.kind, value) {
        (Kind::Map(entries), value) => {
            let place = entries.iter().position(|entry| entry.key == *last);
            match (place.and_then(|at| Some((at, entries.get(at)?))), value) {
                (Some((_, entry)), Some(value)) => {
                    let spot = Spot {
                        node: &entry.value,
                        entry: Some(entry),
                        inside,
                    };
                    replace(source, spot, value, quote)
                }
                (Some((at, _)), None) => remove_entry(source, parent, entries, at),
                (None, Some(value)) => add_entry(source, parent, entries, (last, value), quote),
                (None, None) => Err(Refused::layout()),
            }
        }
        (Kind::List(_), Some(value)) => replace(source, source.spot(path)?, value, quote),
        (Kind::List(_), None) => {
            let at = last.parse().map_err(|_| Refused::layout())?;
            remove_item(source, parent, at)
        }
        (Kind::Empty, Some(value)) => {
            let map = Tree::Map(vec![((*last).to_owned(), value.clone())]);
            replace(source, parent, &map, quote)
        }
        _ => Err(Refused::layout()),
    }
}

/// Another value in the place of one.
fn replace(source: &Source<'_>, spot: Spot<'_>, value: &Tree, quote: bool) -> Plan {
    let node = spot.node;
    let was_block = matches!(node.kind, Kind::List(_) | Kind::Map(_)) && !source.in_brackets(node);
    let is_block = matches!(value, Tree::List(items) if !items.is_empty())
        || matches!(value, Tree::Map(entries) if !entries.is_empty());
    if was_block && is_block {
        let indent = source.column(node.span.start);
        let text = block(value, quote, indent, source.eol);
        let range = node.span.start..source.node_end(node);
        return Ok(vec![Splice::new(range, text.trim_start())]);
    }
    if was_block {
        return to_one_line(source, spot, &flow_text(value, quote));
    }
    if let (Kind::Empty, Some(entry), true) = (&node.kind, spot.entry, node.span.is_empty()) {
        let at = source.behind_colon(entry);
        if *value == Tree::Empty {
            return Ok(Vec::new());
        }
        if spot.inside || !is_block {
            return Ok(vec![Splice::insert(
                at,
                format!(" {}", flow_text(value, quote)),
            )]);
        }
        let indent = source.column(entry.key_span.start);
        let text = behind_key(value, quote, indent, source.eol);
        // A remark behind the colon stays where it is.
        let at = if text.starts_with(' ') {
            at
        } else {
            source.line_end(at)
        };
        return Ok(vec![Splice::insert(at, text)]);
    }
    let quoted = matches!(&node.kind, Kind::Text { quoted: true, .. });
    let text = match value {
        Tree::Text(text) => scalar_text(text, quote || quoted, spot.inside),
        other => flow_text(other, quote),
    };
    Ok(vec![Splice::new(node.span.clone(), text)])
}

/// A list or map of several lines becomes a word behind its key.
fn to_one_line(source: &Source<'_>, spot: Spot<'_>, text: &str) -> Plan {
    let node = spot.node;
    let end = source.node_end(node);
    match spot.entry {
        Some(entry) if source.is_first(node.span.start) => {
            let lines = source.line_start(node.span.start)..source.next_line(end);
            Ok(vec![
                Splice::insert(source.behind_colon(entry), format!(" {text}")),
                Splice::new(lines, ""),
            ])
        }
        _ => Ok(vec![Splice::new(node.span.start..end, text)]),
    }
}

fn add_entry(
    source: &Source<'_>,
    parent: Spot<'_>,
    entries: &[Entry],
    (key, value): (&str, &Tree),
    quote: bool,
) -> Plan {
    let in_line = format!("{}: {}", key_text(key), flow_text(value, quote));
    let Some(last) = entries.last() else {
        return Ok(vec![Splice::new(
            parent.node.span.clone(),
            format!("{{ {in_line} }}"),
        )]);
    };
    let end = source.entry_end(last);
    if parent.inside || source.in_brackets(parent.node) {
        return Ok(vec![Splice::insert(end, format!(", {in_line}"))]);
    }
    let indent = source.column(last.key_span.start);
    let text = entry(key, value, quote, indent, source.eol);
    let room = " ".repeat(indent);
    Ok(vec![Splice::insert(
        source.line_end(end),
        format!("{}{room}{text}", source.eol),
    )])
}

fn remove_entry(source: &Source<'_>, parent: Spot<'_>, entries: &[Entry], at: usize) -> Plan {
    let Some(own) = entries.get(at) else {
        return Err(Refused::layout());
    };
    let brackets = parent.inside || source.in_brackets(parent.node);
    let next = entries.get(at + 1);
    let before = at.checked_sub(1).and_then(|before| entries.get(before));
    if next.is_none() && before.is_none() {
        return replace(source, parent, &Tree::Map(Vec::new()), false);
    }
    let end = source.entry_end(own);
    if brackets {
        let range = match (before, next) {
            (Some(before), _) => source.entry_end(before)..end,
            (None, Some(next)) => own.key_span.start..next.key_span.start,
            (None, None) => own.key_span.start..end,
        };
        return Ok(vec![Splice::new(range, "")]);
    }
    if source.is_first(own.key_span.start) {
        return Ok(vec![whole_lines(source, own.key_span.start, end)]);
    }
    // It stands behind a dash: what comes next takes its place.
    let next = next.ok_or_else(Refused::layout)?.key_span.start;
    let between = source
        .text
        .get(source.line_end(end)..next)
        .unwrap_or_default();
    let range = if between.trim().is_empty() {
        own.key_span.start..next
    } else {
        own.key_span.start..source.line_end(end)
    };
    Ok(vec![Splice::new(range, "")])
}

/// Takes away the lines from one byte to another.
fn whole_lines(source: &Source<'_>, from: usize, to: usize) -> Splice {
    let start = source.line_start(from);
    let end = source.next_line(to);
    let open = end == source.text.len() && !source.text.ends_with('\n');
    let start = if open {
        let before = source.text.get(..start).unwrap_or_default();
        before
            .strip_suffix('\n')
            .map_or(before, |rest| rest.strip_suffix('\r').unwrap_or(rest))
            .len()
    } else {
        start
    };
    Splice::new(start..end, "")
}

fn insert(source: &Source<'_>, list: Spot<'_>, at: usize, step: &Tree) -> Plan {
    let items = match &list.node.kind {
        Kind::List(items) => items.as_slice(),
        Kind::Empty => &[],
        _ => return Err(Refused::layout()),
    };
    let brackets = list.inside || source.in_brackets(list.node);
    if items.is_empty() {
        return first_item(source, list, step);
    }
    let at = at.min(items.len());
    if brackets {
        let text = flow_text(step, false);
        return Ok(vec![match items.get(at) {
            Some(item) => Splice::insert(item.span.start, format!("{text}, ")),
            None => {
                let end = items
                    .last()
                    .map_or(list.node.span.end, |item| source.node_end(item));
                Splice::insert(end, format!(", {text}"))
            }
        }]);
    }
    let indent = source.column(list.node.span.start);
    let text = format!(
        "{}{}",
        " ".repeat(indent),
        item_text(step, false, indent, source.eol)
    );
    let place = line_for_item(source, list, items, at)?;
    Ok(vec![Splice::insert(place, format!("{}{text}", source.eol))])
}

/// Where a new item of a list without brackets goes: the end of the line that comes before it. Remarks above an item stay
/// above it.
fn line_for_item(
    source: &Source<'_>,
    list: Spot<'_>,
    items: &[Node],
    at: usize,
) -> Result<usize, Refused> {
    if let Some(before) = at.checked_sub(1).and_then(|before| items.get(before)) {
        return Ok(source.line_end(source.node_end(before)));
    }
    match list.entry {
        Some(entry) if source.is_first(list.node.span.start) => {
            Ok(source.line_end(source.behind_colon(entry)))
        }
        _ => Err(Refused::layout()),
    }
}

/// The first item of a list that has none.
fn first_item(source: &Source<'_>, list: Spot<'_>, step: &Tree) -> Plan {
    let steps = Tree::List(vec![step.clone()]);
    match list.entry {
        Some(entry) if !list.inside => {
            let indent = source.column(entry.key_span.start);
            let text = block(&steps, false, indent + 2, source.eol);
            let colon = source.behind_colon(entry);
            let mut splices = Vec::new();
            if !list.node.span.is_empty() {
                splices.push(Splice::new(colon..list.node.span.end, ""));
            }
            let end = source.line_end(list.node.span.end.max(colon));
            let end = if list.node.span.is_empty() {
                source.line_end(colon)
            } else {
                end
            };
            splices.push(Splice::insert(end, format!("{}{text}", source.eol)));
            Ok(splices)
        }
        _ => replace(source, list, &steps, false),
    }
}

fn remove_item(source: &Source<'_>, list: Spot<'_>, at: usize) -> Plan {
    let Kind::List(items) = &list.node.kind else {
        return Err(Refused::layout());
    };
    let Some(own) = items.get(at) else {
        return Err(Refused::layout());
    };
    if items.len() == 1 {
        return replace(source, list, &Tree::List(Vec::new()), false);
    }
    let end = source.node_end(own);
    if list.inside || source.in_brackets(list.node) {
        let before = at.checked_sub(1).and_then(|before| items.get(before));
        let range = match (before, items.get(at + 1)) {
            (Some(before), _) => source.node_end(before)..end,
            (None, Some(next)) => own.span.start..next.span.start,
            (None, None) => own.span.start..end,
        };
        return Ok(vec![Splice::new(range, "")]);
    }
    let dash = source.dash(list.node, own)?;
    Ok(vec![whole_lines(source, dash, end)])
}

fn relocate(source: &Source<'_>, (list, at): (&str, usize), (to_list, to): (&str, usize)) -> Plan {
    let from = source.spot(&parts(list)?)?;
    let goal = source.spot(&parts(to_list)?)?;
    let same = list == to_list;
    if same && at == to {
        return Ok(Vec::new());
    }
    let items = |spot: Spot<'_>| match &spot.node.kind {
        Kind::List(items) => items.len(),
        _ => 0,
    };
    // The place as it is numbered before the step is gone.
    let place = if same && to > at {
        to.saturating_add(1)
    } else {
        to
    }
    .min(items(goal));
    if same && place == at + 1 {
        return Ok(Vec::new());
    }
    let lines = |spot: Spot<'_>| !spot.inside && !source.in_brackets(spot.node);
    let Kind::List(own) = &from.node.kind else {
        return Err(Refused::layout());
    };
    let item = own.get(at).ok_or_else(Refused::layout)?;
    let mut splices = remove_item(source, from, at)?;
    if !(lines(from) && lines(goal)) || items(goal) == 0 {
        splices.extend(insert(source, goal, place, &Tree::of(item))?);
        return Ok(splices);
    }
    let Kind::List(others) = &goal.node.kind else {
        return Err(Refused::layout());
    };
    let dash = source.dash(from.node, item)?;
    let taken = source.line_start(dash)..source.line_end(source.node_end(item));
    let text = source.text.get(taken).unwrap_or_default();
    let (was, is) = (
        source.column(from.node.span.start),
        source.column(goal.node.span.start),
    );
    let text = shifted(text, was, is);
    let end = line_for_item(source, goal, others, place)?;
    splices.push(Splice::insert(end, format!("{}{text}", source.eol)));
    Ok(splices)
}

/// Lines moved from one indentation to another.
fn shifted(text: &str, was: usize, is: usize) -> String {
    let line = |line: &str| {
        let bare = line.trim_start_matches(' ');
        let room = line.len() - bare.len();
        if bare.trim().is_empty() {
            return line.to_owned();
        }
        let room = (room + is).saturating_sub(was);
        format!("{}{bare}", " ".repeat(room))
    };
    let lines: Vec<String> = text.split('\n').map(line).collect();
    lines.join("\n")
}

fn add_block(source: &Source<'_>, name: &str, after: Option<&str>, steps: &Tree) -> Plan {
    let blocks = source.spot(&["blocks"])?;
    let Kind::Map(entries) = &blocks.node.kind else {
        return Err(Refused::layout());
    };
    let after = match after {
        Some(after) => entries.iter().find(|entry| entry.key == after),
        None => entries.last(),
    };
    let Some(after) = after else {
        return Err(Refused::layout());
    };
    let end = source.entry_end(after);
    if blocks.inside || source.in_brackets(blocks.node) {
        let text = format!(", {}: {}", key_text(name), flow_text(steps, false));
        return Ok(vec![Splice::insert(end, text)]);
    }
    let indent = source.column(after.key_span.start);
    let text = match steps {
        Tree::List(items) if !items.is_empty() => {
            let lines = block(steps, false, indent + 2, source.eol);
            format!("{}:{}{lines}", key_text(name), source.eol)
        }
        _ => entry(name, steps, false, indent, source.eol),
    };
    let (eol, room) = (source.eol, " ".repeat(indent));
    Ok(vec![Splice::insert(
        source.line_end(end),
        format!("{eol}{eol}{room}{text}"),
    )])
}
