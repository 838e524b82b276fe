//! `ARCHITECTURE.md` held against the code, and words that no file may contain. **Owns**: the table reader and what
//! each table promises. **Must not know**: limits of Rust files.

use crate::manifests::third_party;
use crate::source::{Source, word_places};
use crate::tree::Tree;
use crate::{Complaint, names};

/// The map.
const MAP: &str = "ARCHITECTURE.md";
/// Who gets which caller.
const RULES: &str = "docs/routing-rules.md";
/// Nobody reads a longer map.
const MAP_LINES: usize = 300;
/// How a channel is made.
const CHANNEL_MAKERS: [&str; 4] = [
    "mpsc::channel",
    "sync_channel",
    "watch::channel",
    "broadcast::channel",
];
/// Beginnings of paths that exist on one machine only.
const PRIVATE: [&str; 5] = [
    concat!("/ho", "me/"),
    concat!("/ro", "ot/"),
    concat!("/Us", "ers/"),
    concat!("/wo", "rk/"),
    concat!("C:", "\\"),
];

pub(crate) fn private_paths(tree: &Tree) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for (path, text) in &tree.texts {
        for (number, line) in text.lines().enumerate() {
            for start in PRIVATE {
                let stands_alone = |place: usize| {
                    !line[..place].ends_with(|c: char| c.is_alphanumeric() || "._}-".contains(c))
                };
                if line
                    .match_indices(start)
                    .any(|(place, _)| stands_alone(place))
                {
                    complaints.push(format!(
                        "{path}:{}: `{start}` exists on one machine only",
                        number + 1
                    ));
                }
            }
        }
    }
    complaints
}

pub(crate) fn map_length(tree: &Tree) -> Vec<Complaint> {
    let lines = tree.text(MAP).lines().count();
    let wrong = lines == 0 || lines > MAP_LINES;
    wrong
        .then(|| format!("{MAP}: {lines} lines; it must exist and keep to {MAP_LINES}"))
        .into_iter()
        .collect()
}

pub(crate) fn hops(tree: &Tree) -> Vec<Complaint> {
    let rows = table(tree.text(MAP), "One call in eight hops");
    let mut complaints = Vec::new();
    if rows.len() != 8 {
        complaints.push(format!(
            "{MAP}: the hop table has {} rows, not eight",
            rows.len()
        ));
    }
    for row in &rows {
        let [_, file, function, ..] = row.as_slice() else {
            complaints.push(format!("{MAP}: hop without file and function: {row:?}"));
            continue;
        };
        complaints.extend(names_function(tree, file, function));
    }
    complaints
}

pub(crate) fn channels(tree: &Tree) -> Vec<Complaint> {
    let rows = table(tree.text(MAP), "Channels");
    let mut complaints = Vec::new();
    for source in tree.production() {
        let made: usize = CHANNEL_MAKERS
            .iter()
            .map(|maker| makes(source, maker))
            .sum();
        let listed = rows
            .iter()
            .filter(|row| row.get(1) == Some(&source.path))
            .count();
        if made > listed {
            let path = &source.path;
            complaints.push(format!(
                "{path}: makes {made} channel(s), {MAP} \"Channels\" lists {listed}"
            ));
        }
    }
    for row in &rows {
        let [name, file, capacity, when_full, ..] = row.as_slice() else {
            complaints.push(format!("{MAP}: channel row needs four cells: {row:?}"));
            continue;
        };
        if when_full.is_empty() {
            complaints.push(format!(
                "{MAP}: channel {name}: say what happens when it is full"
            ));
        }
        let Some(source) = tree.sources.iter().find(|source| source.path == *file) else {
            complaints.push(format!("{MAP}: channel {name}: {file} does not exist"));
            continue;
        };
        complaints.extend(wrong_capacity(source, name, capacity));
    }
    complaints
}

pub(crate) fn invariants(tree: &Tree) -> Vec<Complaint> {
    let rows = cells(tree.text(MAP), "Invariants");
    let mut complaints = Vec::new();
    if rows.is_empty() {
        complaints.push(format!("{MAP}: no table \"Invariants\""));
    }
    for row in &rows {
        let [id, _, checked_by, ..] = row.as_slice() else {
            complaints.push(format!("{MAP}: invariant row needs three cells: {row:?}"));
            continue;
        };
        let checks: Vec<&str> = checked_by.split('`').skip(1).step_by(2).collect();
        if checks.is_empty() {
            complaints.push(format!(
                "{MAP}: invariant {id}: name its check in back-ticks: a test function or a file"
            ));
        }
        for check in checks {
            let missing = match check.split_once("::") {
                Some((file, function)) => names_function(tree, file, function),
                None if check.contains(['/', '.']) => (!tree.texts.contains_key(check))
                    .then(|| format!("{MAP}: {check} does not exist"))
                    .into_iter()
                    .collect(),
                None => unknown_test(tree, check),
            };
            complaints.extend(
                missing
                    .into_iter()
                    .map(|what| format!("invariant {id}: {what}")),
            );
        }
    }
    complaints
}

pub(crate) fn dependencies(tree: &Tree) -> Vec<Complaint> {
    let rows = table(tree.text(MAP), "Dependencies");
    let listed = names(
        rows.iter()
            .filter_map(|row| row.first())
            .flat_map(|cell| cell.split(", "))
            .map(str::trim),
    );
    let used = third_party(tree.text("Cargo.toml"));
    let used = names(used.iter().map(String::as_str));
    let unexplained = used
        .difference(&listed)
        .map(|name| format!("{MAP}: why does the workspace need `{name}`?"));
    let gone = listed
        .difference(&used)
        .map(|name| format!("{MAP}: `{name}` is no longer a dependency"));
    unexplained.chain(gone).collect()
}

/// How many channels of one kind `source` makes: calls, not imports.
fn makes(source: &Source, maker: &str) -> usize {
    let text = source.production();
    word_places(text, maker)
        .into_iter()
        .filter(|place| text[place + maker.len()..].starts_with(['(', ':']))
        .filter(|place| !text[..*place].ends_with("fn "))
        .count()
}

/// A capacity given as a constant must be that constant, and have the value that stands beside it.
fn wrong_capacity(source: &Source, name: &str, capacity: &str) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    let is_constant =
        |word: &&str| word.len() > 2 && word.chars().all(|c| c.is_ascii_uppercase() || c == '_');
    let Some(constant) = capacity.split([' ', '=']).find(is_constant) else {
        return complaints;
    };
    let text = source.production();
    if word_places(text, constant).is_empty() {
        complaints.push(format!(
            "{MAP}: channel {name}: {} knows no `{constant}`",
            source.path
        ));
    }
    let declared = text
        .split_once(&format!("const {constant}: usize = "))
        .and_then(|(_, value)| value.split_once(';'));
    let digits = |text: &str| {
        text.chars()
            .filter(char::is_ascii_digit)
            .collect::<String>()
    };
    if let Some((value, _)) = declared
        && digits(value) != digits(capacity)
    {
        complaints.push(format!(
            "{MAP}: channel {name}: `{constant}` is {value}, the table says {capacity}"
        ));
    }
    complaints
}

/// What stands before the tests that run the whole program.
const BY_SIP: &str = "SIP: ";
/// Where those tests live.
const STORIES: &str = "tests/e2e/";

/// The routing rules' page names, for each rule, tests that exist, and of the whole program at least one.
pub(crate) fn routing_rules(tree: &Tree) -> Vec<Complaint> {
    let rows = cells(tree.text(RULES), "Each rule and its tests");
    let mut complaints = Vec::new();
    if rows.is_empty() {
        complaints.push(format!("{RULES}: no table \"Each rule and its tests\""));
    }
    for row in &rows {
        let [rule, .., tests] = row.as_slice() else {
            continue;
        };
        let (inside, by_sip) = tests.split_once(BY_SIP).unwrap_or((tests, ""));
        let [inside, by_sip] =
            [inside, by_sip].map(|part| part.split('`').skip(1).step_by(2).collect::<Vec<&str>>());
        if inside.is_empty() {
            complaints.push(format!("{RULES}: \"{rule}\" names no test"));
        }
        if by_sip.is_empty() {
            complaints.push(format!(
                "{RULES}: \"{rule}\": name a test of {STORIES} behind `{BY_SIP}`"
            ));
        }
        let known = |name: &&str| unknown_test(tree, name).is_empty();
        let elsewhere = by_sip.iter().filter(|name| {
            let story = |source: &Source| {
                source.path.starts_with(STORIES)
                    && !word_places(source.all(), &format!("fn {name}")).is_empty()
            };
            known(name) && !tree.sources.iter().any(story)
        });
        complaints.extend(elsewhere.map(|name| {
            format!("{RULES}: \"{rule}\": `{name}` is not in {STORIES}: write it before `{BY_SIP}`")
        }));
        let unknown = inside.iter().chain(&by_sip).filter(|name| !known(name));
        complaints
            .extend(unknown.map(|name| format!("{RULES}: \"{rule}\": no test function `{name}`")));
    }
    complaints
}

/// Complains unless `file` has a function of this name; `Type::function` names the last part.
fn names_function(tree: &Tree, file: &str, function: &str) -> Vec<Complaint> {
    let name = function.rsplit("::").next().unwrap_or(function);
    match tree.sources.iter().find(|source| source.path == file) {
        None => vec![format!("{MAP}: {file} does not exist")],
        Some(source) if word_places(source.all(), &format!("fn {name}")).is_empty() => {
            vec![format!("{MAP}: {file} has no `fn {name}`")]
        }
        Some(_) => Vec::new(),
    }
}

/// Complains unless a test function of this name exists: an attribute that ends in `test]` or a property test.
fn unknown_test(tree: &Tree, name: &str) -> Vec<Complaint> {
    let is_test = |source: &Source| {
        let text = source.all();
        word_places(text, &format!("fn {name}"))
            .into_iter()
            .any(|place| {
                let before = text[..place]
                    .trim_end()
                    .trim_end_matches("async")
                    .trim_end();
                before.ends_with("test]") || before.ends_with(")]")
            })
    };
    let known = tree.sources.iter().any(is_test);
    (!known)
        .then(|| format!("{MAP}: no test function `{name}`"))
        .into_iter()
        .collect()
}

/// Rows of the first table below the heading that begins with `heading`, back-ticks removed.
fn table(text: &str, heading: &str) -> Vec<Vec<String>> {
    let plain = |cell: String| cell.replace('`', "");
    cells(text, heading)
        .into_iter()
        .map(|row| row.into_iter().map(plain).collect())
        .collect()
}

fn cells(text: &str, heading: &str) -> Vec<Vec<String>> {
    text.lines()
        .skip_while(|line| {
            !(line.starts_with('#') && line.trim_start_matches(['#', ' ']).starts_with(heading))
        })
        .skip(1)
        .take_while(|line| !line.starts_with('#'))
        .skip_while(|line| !line.starts_with('|'))
        .take_while(|line| line.starts_with('|'))
        .skip(2)
        .map(|line| {
            let inside = line.trim().trim_matches('|');
            inside
                .split('|')
                .map(|cell| cell.trim().to_owned())
                .collect()
        })
        .collect()
}
