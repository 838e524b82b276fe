//! Is a variable set before it is read?
//!
//! **Owns**: F012. **Must not know**: what the values are.

use std::collections::{BTreeMap, BTreeSet};

use super::Notes;
use super::circles::flood;
use super::graph::Graph;
use crate::expression::{Expression, Template};
use crate::flow::{Action, Flow, Given, Name, Pos, Saying, Step};

/// Warns of variables without a `default:` that a step reads though no path to it sets them.
pub(super) fn check(flow: &Flow, notes: &mut Notes<'_>) {
    if flow.unset.is_empty() {
        return;
    }
    let graph = Graph::new(flow);
    let edges = graph.edges(|_| true);
    // For each variable, the steps that some setting of it comes before.
    let mut behind: BTreeMap<&str, Vec<bool>> = BTreeMap::new();
    for (at, step) in numbered(flow, &graph) {
        for name in sets(step) {
            let taken = behind
                .entry(name)
                .or_insert_with(|| vec![false; graph.nodes.len()]);
            for next in edges.get(at).into_iter().flatten() {
                flood(&edges, *next, taken);
            }
        }
    }
    let mut told = BTreeSet::new();
    for (at, step) in numbered(flow, &graph) {
        for (name, pos) in reads(flow, step) {
            let may_be_set = behind.get(name.as_str()).and_then(|taken| taken.get(at));
            if flow.unset.contains(&name)
                && may_be_set != Some(&true)
                && told.insert((name.clone(), pos))
            {
                let message = format!("`vars.{name}` is read here, and no path to here has set it");
                let help = format!(
                    "set it before, or give it a value: `{name}: {{ …, default: … }}` under `vars:`"
                );
                notes.warning("F012", pos, message, help);
            }
        }
    }
}

fn numbered<'f>(flow: &'f Flow, graph: &Graph) -> Vec<(usize, &'f Step)> {
    let blocks = flow.blocks.iter().zip(&graph.starts);
    blocks
        .flat_map(|(block, start)| (*start..).zip(&block.steps))
        .collect()
}

fn sets(step: &Step) -> Vec<&str> {
    match &step.action {
        Action::Set(sets) => sets.iter().map(|(name, _)| name.text.as_str()).collect(),
        Action::Collect(collect) => vec![collect.into.text.as_str()],
        Action::Http(http) => {
            let remote = http.remote.iter().flat_map(|call| &call.into);
            let remote = remote.map(|(ours, _)| ours.text.as_str());
            let into = http.into.iter().map(|name| name.text.as_str());
            into.chain(remote).collect()
        }
        Action::Call(call) => call
            .into
            .iter()
            .map(|(ours, _)| ours.text.as_str())
            .collect(),
        _ => Vec::new(),
    }
}

/// The variables that a step reads, in expressions and in what it says. `check` of a `collect` reads what was typed.
fn reads(flow: &Flow, step: &Step) -> Vec<(String, Pos)> {
    let mut all: Vec<(String, Pos)> = Vec::new();
    if let Action::Set(sets) = &step.action {
        return reads_of_set(sets);
    }
    step.expressions()
        .into_iter()
        .for_each(|expression| add(expression, &mut all));
    for saying in step.sayings() {
        let texts: Vec<&Template> = match saying {
            Saying::Text(spoken) => spoken.texts.values().collect(),
            Saying::Prompt(name) => {
                let prompt = flow.prompts.get(&name.text);
                prompt
                    .into_iter()
                    .flat_map(|prompt| prompt.spoken.values())
                    .collect()
            }
        };
        texts
            .into_iter()
            .flat_map(Template::expressions)
            .for_each(|expression| add(expression, &mut all));
    }
    all
}

/// One value after the other is set: a later one may read what an earlier one was given.
fn reads_of_set(sets: &[(Name, Given)]) -> Vec<(String, Pos)> {
    let mut all = Vec::new();
    let mut set: BTreeSet<&str> = BTreeSet::new();
    for (name, given) in sets {
        let mut own = Vec::new();
        let expressions = given.expressions();
        expressions
            .into_iter()
            .for_each(|expression| add(expression, &mut own));
        all.extend(
            own.into_iter()
                .filter(|(read, _)| !set.contains(read.as_str())),
        );
        set.insert(&name.text);
    }
    all
}

fn add(expression: &Expression, all: &mut Vec<(String, Pos)>) {
    let vars = expression.reads.iter().filter(|read| read.root == "vars");
    all.extend(vars.filter_map(|read| Some((read.field.clone()?, read.pos))));
}
