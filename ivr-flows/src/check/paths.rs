//! Does every path lead somewhere, and every call to an end?
//!
//! **Owns**: F005 to F009, F013 for keys that hide each other, F025.
//! **Must not know**: whether names exist.

use std::collections::BTreeSet;
use std::time::Duration;

use super::Notes;
use super::circles::{circles, flood};
use super::graph::{Graph, Why};
use crate::finding::{About, Note};
use crate::flow::{Action, Block, ExitName, Flow, Menu, find_exit};

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

    /// What can never run: steps behind one that never goes on, and blocks that nothing leads to. What only they lead
    /// to is not told: it runs once they do.
    fn never_run(&self, notes: &mut Notes<'_>) {
        let edges = self.graph.edges(|_| true);
        let mut told = self.reached.clone();
        let mut tell = |at: usize| {
            let new = !told.get(at).copied().unwrap_or(true);
            flood(&edges, at, &mut told);
            new
        };
        for (block, start) in self.flow.blocks.iter().zip(&self.graph.starts) {
            let dead = block.steps.iter().enumerate().find_map(|(offset, step)| {
                let at = start.saturating_add(offset);
                (self.is_reached(*start) && !self.is_reached(at)).then_some((at, step))
            });
            if let Some((at, step)) = dead
                && tell(at)
            {
                let message = format!("this `{}` can never run", step.action.name());
                let help = "the step before it never goes on to the next";
                notes.warning("F005", step.pos, message, help);
            }
        }
        for (block, start) in self.dead_blocks() {
            if tell(start) {
                let message = format!("block `{}` can never run", block.name.text);
                let help = "lead a key, a `go` or an exit to it, or remove it";
                notes.warning_about(About::Block, "F005", block.name.pos, message, help);
            }
        }
    }

    /// Blocks that nothing reaches: first those to which not even another such block leads, in the order of the file.
    fn dead_blocks(&self) -> Vec<(&Block, usize)> {
        let back = self.graph.back();
        let blocks = self.flow.blocks.iter().zip(&self.graph.starts);
        let mut dead: Vec<(&Block, usize)> = blocks
            .map(|(block, start)| (block, *start))
            .filter(|(block, start)| !block.inline && !self.is_reached(*start))
            .collect();
        dead.sort_by_key(|(_, start)| back.get(*start).is_some_and(|from| !from.is_empty()));
        dead
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
            if self.is_reached(*start) && !self.is_reached(before) {
                // A step that never runs is told as that.
                continue;
            }
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
        let edges = self.graph.edges(|_| true);
        let blocks = self.flow.blocks.iter().zip(&self.graph.starts);
        let mut caught: Vec<(usize, &Block)> = blocks
            .filter(|(block, start)| {
                let ends = ends.get(**start).copied().unwrap_or(true);
                self.is_reached(**start) && !ends && !block.inline
            })
            .map(|(block, start)| {
                let mut taken = vec![false; edges.len()];
                (flood(&edges, *start, &mut taken).len(), block)
            })
            .collect();
        // The narrowest of them is where callers are caught; the others only lead there.
        caught.sort_by_key(|(reach, block)| (*reach, block.name.pos));
        let mut caught = caught.into_iter().map(|(_, block)| block);
        let Some(trap) = caught.next() else { return };
        let message = format!("no path leads from block `{}` to an end", trap.name.text);
        let help = "give one of its paths a `hangup:` or a `queue:`";
        notes.error_about(About::Block, "F008", trap.name.pos, message, help);
        let others = caught.map(|block| Note {
            line: block.name.pos.line,
            column: block.name.pos.column,
            message: format!("nor from block `{}`", block.name.text),
        });
        if let Some(told) = notes.findings.last_mut() {
            told.notes.extend(others);
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
                notes.warning_about(
                    About::Wait,
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
