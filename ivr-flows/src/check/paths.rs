//! Does every path lead somewhere, and every call to an end?
//!
//! **Owns**: F005 to F009, F013 for keys that hide each other, F025.
//! **Must not know**: whether names exist.

use std::collections::BTreeSet;
use std::time::Duration;

use super::Notes;
use super::circles::{circles, flood};
use super::graph::{Graph, Why};
use crate::flow::{Action, ExitName, Flow, Menu, find_exit};

pub(super) fn check(flow: &Flow, notes: &mut Notes<'_>) {
    let graph = Graph::new(flow);
    let paths = Paths {
        flow,
        reached: reached(flow, &graph),
        graph,
    };
    paths.never_run(notes);
    paths.nowhere(notes);
    paths.loops(notes);
    paths.no_end(notes);
    paths.exits(notes);
    paths.hidden_keys(notes);
    paths.before_answer(notes);
    paths.unused_waits(notes);
}

/// Steps that some call can reach: from `start`, and from the inherited `hangup` and `error`.
fn reached(flow: &Flow, graph: &Graph) -> Vec<bool> {
    let edges = graph.edges(|_| true);
    let mut reached = vec![false; graph.nodes.len()];
    let mut roots = graph.outside(flow, &flow.defaults.exits);
    roots.extend(
        flow.block_index("start")
            .and_then(|block| graph.starts.get(block)),
    );
    for root in roots {
        flood(&edges, root, &mut reached);
    }
    reached
}

struct Paths<'f> {
    flow: &'f Flow,
    graph: Graph,
    reached: Vec<bool>,
}

impl Paths<'_> {
    fn is_reached(&self, at: usize) -> bool {
        self.reached.get(at).copied().unwrap_or(false)
    }

    fn never_run(&self, notes: &mut Notes<'_>) {
        for (block, start) in self.flow.blocks.iter().zip(&self.graph.starts) {
            if !self.is_reached(*start) {
                if !block.inline {
                    let message = format!("block `{}` can never run", block.name.text);
                    let help = "lead a key, a `go` or an exit to it, or remove it";
                    notes.warning("F005", block.name.pos, message, help);
                }
                continue;
            }
            let dead = block
                .steps
                .iter()
                .enumerate()
                .find(|(offset, _)| !self.is_reached(start.saturating_add(*offset)));
            if let Some((_, step)) = dead {
                let message = format!("this `{}` can never run", step.action.name());
                notes.warning(
                    "F005",
                    step.pos,
                    message,
                    "the step before it never goes on to the next",
                );
            }
        }
    }

    fn nowhere(&self, notes: &mut Notes<'_>) {
        for (block, start) in self.flow.blocks.iter().zip(&self.graph.starts) {
            let after = start.saturating_add(block.steps.len());
            let Some(last) = block.steps.last() else {
                let message = format!("block `{}` is empty", block.name.text);
                notes.error(
                    "F007",
                    block.name.pos,
                    message,
                    "give it steps, the last one `hangup:` or `go:`",
                );
                continue;
            };
            let before = after.saturating_sub(1);
            let falls = self
                .graph
                .nodes
                .get(before)
                .is_some_and(|node| node.edges.iter().any(|edge| edge.to == after));
            if falls {
                let message = format!(
                    "block `{}` ends with `{}` and goes nowhere",
                    block.name.text,
                    last.action.name()
                );
                notes.error(
                    "F007",
                    last.pos,
                    message,
                    "end it with `- hangup:` or `- go: BLOCK`",
                );
            }
        }
    }

    /// Circles through which a caller who does nothing would go for ever.
    fn loops(&self, notes: &mut Notes<'_>) {
        let mut told = BTreeSet::new();
        let alone: Vec<Vec<usize>> = self.graph.edges(|why| why == Why::Itself);
        for component in circles(&alone) {
            let blocks: BTreeSet<usize> = component
                .iter()
                .filter_map(|at| self.graph.nodes.get(*at))
                .map(|node| node.block)
                .collect();
            let names: Vec<String> = blocks
                .iter()
                .filter_map(|block| self.flow.blocks.get(*block))
                .map(|block| format!("`{}`", block.name.text))
                .collect();
            // The edge that closes the circle is the last step of it in the file.
            let Some(node) = component
                .iter()
                .filter_map(|at| self.graph.nodes.get(*at))
                .max_by_key(|node| node.pos)
            else {
                continue;
            };
            if told.insert(blocks) {
                let message = format!(
                    "{} {} for ever for a caller who presses nothing",
                    names.join(", "),
                    if names.len() == 1 {
                        "runs"
                    } else {
                        "run in a circle"
                    }
                );
                let help =
                    "bound it: `go: { to: BLOCK, at_most: 2, then: OTHER }`, or end the call";
                notes.error("F006", node.pos, message, help);
            }
        }
    }

    fn no_end(&self, notes: &mut Notes<'_>) {
        let back = self.graph.back();
        let mut ends = vec![false; self.graph.nodes.len()];
        for (at, node) in self.graph.nodes.iter().enumerate() {
            // A block that goes nowhere (F007) and a target that does not exist (F001) are told already.
            if node.ends || node.edges.is_empty() {
                flood(&back, at, &mut ends);
            }
        }
        for (block, start) in self.flow.blocks.iter().zip(&self.graph.starts) {
            if self.is_reached(*start)
                && !ends.get(*start).copied().unwrap_or(true)
                && !block.inline
            {
                let message = format!("no path leads from block `{}` to an end", block.name.text);
                notes.error(
                    "F008",
                    block.name.pos,
                    message,
                    "give one of its paths a `hangup:` or a `queue:`",
                );
            }
        }
    }

    fn exits(&self, notes: &mut Notes<'_>) {
        for step in self.flow.steps() {
            let places = self.flow.exit_places(&step.action);
            let safe = find_exit(places, ExitName::Error).is_some();
            if !safe && step.can_fail() {
                let message = "nothing says what happens when the expression fails (`error`)";
                let help = "add `exits: { error: BLOCK }` under `defaults:`";
                notes.error("F009", step.pos, message, help);
            }
            if !matches!(&step.action, Action::Menu(_) | Action::Collect(_)) {
                continue;
            }
            let places = self.flow.exit_places(&step.action);
            let open: Vec<&str> = [ExitName::ExhaustedSilence, ExitName::ExhaustedWrong]
                .into_iter()
                .filter(|exit| find_exit(places.iter().copied(), *exit).is_none())
                .map(ExitName::as_str)
                .collect();
            let what = match open.as_slice() {
                [] => continue,
                [one] => *one,
                _ => ExitName::Exhausted.as_str(),
            };
            let message = format!(
                "nothing says what happens when the tries of this `{}` are used up (`{what}`)",
                step.action.name()
            );
            let help = format!("add `exits: {{ {what}: BLOCK }}` here or under `defaults:`");
            notes.error("F009", step.pos, message, help);
        }
    }

    /// `1` and `12` in one menu need a time to tell them apart.
    fn hidden_keys(&self, notes: &mut Notes<'_>) {
        for step in self.flow.steps() {
            let Action::Menu(menu) = &step.action else {
                continue;
            };
            if menu.input.between_digits > Duration::ZERO {
                continue;
            }
            hidden(menu, notes);
        }
    }

    /// What asks the caller something before `answer:` answers by itself, which is rarely meant.
    fn before_answer(&self, notes: &mut Notes<'_>) {
        let start = self
            .flow
            .block_index("start")
            .and_then(|block| self.graph.starts.get(block));
        let mut todo: Vec<usize> = start.copied().into_iter().collect();
        let mut seen = BTreeSet::new();
        while let Some(at) = todo.pop() {
            let Some(node) = self.graph.nodes.get(at).filter(|_| seen.insert(at)) else {
                continue;
            };
            match node.action {
                "answer" => {}
                "menu" | "collect" | "voicemail" | "survey" | "consent" | "transfer" | "dial"
                | "queue" => {
                    let message = format!("`{}` comes before `answer`", node.action);
                    let help = "add `- answer:` before it; without, the call is answered here";
                    notes.warning("F025", node.pos, message, help);
                }
                _ => todo.extend(node.edges.iter().map(|edge| edge.to)),
            }
        }
    }

    fn unused_waits(&self, notes: &mut Notes<'_>) {
        for (name, wait) in &self.flow.waits {
            let used = self.flow.steps().any(|step| match &step.action {
                Action::Queue(queue) => queue.wait.as_ref().is_some_and(|wait| wait.text == *name),
                _ => false,
            });
            if !used {
                let help = format!("write `use: {name}` in a `queue` step, or remove it");
                notes.warning(
                    "F005",
                    wait.pos,
                    format!("no `queue` step uses wait `{name}`"),
                    help,
                );
            }
        }
    }
}

fn hidden(menu: &Menu, notes: &mut Notes<'_>) {
    for choice in &menu.choices {
        let shorter = menu.choices.iter().find(|other| {
            other.keys.len() < choice.keys.len() && choice.keys.starts_with(other.keys.as_str())
        });
        if let Some(shorter) = shorter {
            let message = format!(
                "`{}` can never be reached: `{}` is taken first",
                choice.keys, shorter.keys
            );
            notes.error(
                "F013",
                choice.pos,
                message,
                "give the menu `between_digits: 2s`",
            );
        }
    }
}
