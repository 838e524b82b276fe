//! A flow as a tree of what stands in it: languages, prompts, blocks and their steps, each with its line and path.
//!
//! **Owns**: what an editor lists beside the text. **Must not know**: files, what is wrong with the flow.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::edit::{Refused, Source, Tree};
use crate::finding::Finding;
use crate::reference::ACTIONS;
use crate::yaml::{Entry, Kind, Node};

/// Longer summaries are cut, in letters.
const SUMMARY: usize = 60;

/// What stands in a flow, in the order of the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outline {
    /// Its title.
    pub title: Option<String>,
    /// Languages that are offered, as `en`.
    pub languages: Vec<String>,
    /// The language that calls begin with.
    pub default_language: Option<String>,
    /// Prompts.
    pub prompts: Vec<Spoken>,
    /// Blocks.
    pub blocks: Vec<Block>,
}

/// A prompt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spoken {
    /// Its name.
    pub name: String,
    /// From 1.
    pub line: usize,
    /// Texts by language, or what stands under `file`.
    pub parts: BTreeMap<String, String>,
}

/// A block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// Its name.
    pub name: String,
    /// From 1.
    pub line: usize,
    /// As operations name it: `/blocks/main`.
    pub path: String,
    /// Calls begin here.
    pub start: bool,
    /// Its steps; those of lists inside them are in their values.
    pub steps: Vec<Step>,
}

/// A step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// As operations name it: `/blocks/main/0`.
    pub path: String,
    /// From 1.
    pub line: usize,
    /// None: no action of the language.
    pub action: Option<&'static str>,
    /// The action and the word behind it.
    pub summary: String,
    /// The whole step.
    pub value: Value,
}

/// A flow's text as an outline. What is wrong with its names and steps does not matter.
///
/// # Errors
/// When the text cannot be read.
pub fn outline(source: &str) -> Result<Outline, Vec<Finding>> {
    let source = match Source::read(source) {
        Ok(source) => source,
        Err(Refused::Unreadable(findings)) => return Err(findings),
        Err(_) => return Err(Vec::new()),
    };
    let languages = get(&source.root, "languages");
    let offered = languages.and_then(|languages| get(languages, "offer"));
    Ok(Outline {
        title: get(&source.root, "title").and_then(text),
        languages: offered
            .map(items)
            .unwrap_or_default()
            .iter()
            .filter_map(text)
            .collect(),
        default_language: languages
            .and_then(|languages| get(languages, "default"))
            .and_then(text),
        prompts: entries_of(&source.root, "prompts")
            .iter()
            .map(spoken)
            .collect(),
        blocks: entries_of(&source.root, "blocks")
            .iter()
            .map(block)
            .collect(),
    })
}

fn entries(node: &Node) -> &[Entry] {
    match &node.kind {
        Kind::Map(entries) => entries,
        _ => &[],
    }
}

fn entries_of<'n>(node: &'n Node, key: &str) -> &'n [Entry] {
    get(node, key).map(entries).unwrap_or_default()
}

fn items(node: &Node) -> &[Node] {
    match &node.kind {
        Kind::List(items) => items,
        _ => &[],
    }
}

fn get<'n>(node: &'n Node, key: &str) -> Option<&'n Node> {
    let entry = entries(node).iter().find(|entry| entry.key == key);
    entry.map(|entry| &entry.value)
}

fn text(node: &Node) -> Option<String> {
    match &node.kind {
        Kind::Text { text, .. } => Some(text.clone()),
        _ => None,
    }
}

fn spoken(entry: &Entry) -> Spoken {
    let parts = entries(&entry.value)
        .iter()
        .filter_map(|part| Some((part.key.clone(), text(&part.value)?)));
    Spoken {
        name: entry.key.clone(),
        line: entry.pos.line,
        parts: parts.collect(),
    }
}

fn block(entry: &Entry) -> Block {
    let path = format!("/blocks/{}", entry.key);
    let steps = items(&entry.value).iter().enumerate();
    Block {
        name: entry.key.clone(),
        line: entry.pos.line,
        start: entry.key == "start",
        steps: steps
            .map(|(at, node)| step(format!("{path}/{at}"), node))
            .collect(),
        path,
    }
}

fn step(path: String, node: &Node) -> Step {
    let own = |name: &str| entries(node).iter().any(|entry| entry.key == name);
    let action = ACTIONS
        .iter()
        .map(|action| action.name)
        .find(|name| own(name));
    let value = action.and_then(|action| get(node, action)).and_then(text);
    let summary = format!("{} {}", action.unwrap_or("?"), value.unwrap_or_default());
    Step {
        path,
        line: node.pos.line,
        action,
        summary: summary.trim_end().chars().take(SUMMARY).collect(),
        value: Tree::of(node).to_json(),
    }
}

#[cfg(test)]
mod tests {
    use super::outline;

    #[test]
    fn the_example_is_listed_with_the_paths_that_operations_take() {
        let source = include_str!("../examples/fernhill/flows/support.flow.yaml");
        let outline = outline(source).unwrap();
        assert_eq!(outline.languages, ["en", "es"]);
        assert_eq!(outline.default_language.as_deref(), Some("en"));
        let greeting = &outline.prompts[0];
        assert_eq!((greeting.name.as_str(), greeting.line), ("greeting", 25));
        assert_eq!(greeting.parts["es"], "Bienvenido a Fernhill Cycles.");
        let lines: Vec<&str> = source.lines().collect();
        assert_eq!(outline.blocks.iter().filter(|block| block.start).count(), 1);
        for block in &outline.blocks {
            assert_eq!(
                lines[block.line - 1].trim().split(':').next(),
                Some(block.name.as_str())
            );
            for (at, step) in block.steps.iter().enumerate() {
                assert_eq!(step.path, format!("/blocks/{}/{at}", block.name));
                assert!(step.action.is_some(), "{step:?}");
                assert!(lines[step.line - 1].trim().starts_with('-'), "{step:?}");
            }
        }
    }

    #[test]
    fn what_cannot_be_read_has_no_outline() {
        let findings = outline("blocks: [").unwrap_err();
        assert!(!findings.is_empty());
        assert_eq!(outline("flow: 1\n").unwrap().blocks, []);
    }
}
