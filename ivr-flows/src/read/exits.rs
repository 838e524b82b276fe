//! Targets and `exits:`.
//!
//! **Owns**: block names, `hangup`, `{ go: … }` and `{ do: […] }` as targets; the names of exits.
//! **Must not know**: when an exit is taken.

use super::Reader;
use crate::flow::{Block, ExitName, Exits, Name, Pos, Target};
use crate::nearest::suggest;
use crate::yaml::{Kind, Node};

/// Words that cannot be names of blocks.
pub(super) const RESERVED: [&str; 3] = ["repeat", "hangup", "return"];

const TARGET_HELP: &str = "write a block name, `hangup`, or `{ do: [ steps ] }`";

impl Reader<'_> {
    /// Where an exit or a `go` leads.
    pub(super) fn target(&mut self, node: &Node, inline_name: &str) -> Option<Target> {
        if let Kind::Map(_) = &node.kind {
            let fields = self.fields(node, "a target", &["go", "do"], &[])?;
            return match (fields.get("go"), fields.get("do")) {
                (Some(go), None) => self.block_or_hangup(go),
                (None, Some(steps)) => Some(self.lift(steps, inline_name)),
                (Some(_), Some(_)) => {
                    let help = "keep `do:`, and end its list with `- go: BLOCK`";
                    self.error(
                        "F105",
                        fields.pos,
                        "a target has `go` or `do`, not both",
                        help,
                    );
                    None
                }
                (None, None) => {
                    self.missing(fields.pos, "the target", "go", TARGET_HELP);
                    None
                }
            };
        }
        self.block_or_hangup(node)
    }

    /// A plain word: a block or `hangup`.
    pub(super) fn block_or_hangup(&mut self, node: &Node) -> Option<Target> {
        let text = match &node.kind {
            Kind::Text { text, .. } => text.as_str(),
            _ => {
                self.wrong_kind(node, "a block name", TARGET_HELP);
                return None;
            }
        };
        match text {
            "hangup" => Some(Target::Hangup),
            "return" => Some(Target::Return),
            "repeat" => {
                let help = "`repeat` is for the keys of a menu; here name the block, with `at_most:` if it loops";
                self.error("F104", node.pos, "`repeat` means nothing here", help);
                None
            }
            _ => self.name(node, "a block name").map(Target::Block),
        }
    }

    /// A `do:` list becomes a block of its own.
    pub(super) fn lift(&mut self, steps: &Node, inline_name: &str) -> Target {
        let mut text = inline_name.to_owned();
        let mut number = 1_u32;
        while self.inline.iter().any(|block| block.name.text == text) {
            number = number.saturating_add(1);
            text = format!("{inline_name}-{number}");
        }
        let name = Name {
            text,
            pos: steps.pos,
        };
        // The name is taken before its steps are read: they may hold `do:` lists themselves.
        let place = self.inline.len();
        self.inline.push(Block {
            name: name.clone(),
            inline: true,
            steps: Vec::new(),
        });
        let steps = self.steps(steps, &name.text);
        if let Some(block) = self.inline.get_mut(place) {
            block.steps = steps;
        }
        Target::Block(name)
    }

    /// An `exits:` map. `allowed` are the exits that the step has.
    pub(super) fn exits(
        &mut self,
        node: Option<&Node>,
        what: &str,
        allowed: &[ExitName],
        context: &str,
    ) -> Exits {
        let Some(node) = node else {
            return Exits::new();
        };
        let mut exits = Exits::new();
        for entry in self.entries(node, "exits", "write lines such as `timeout: BLOCK`") {
            let known = allowed.iter().find(|exit| exit.as_str() == entry.key);
            if known.is_none() {
                self.unknown_exit(&entry.key, entry.pos, what, allowed);
            }
            let target = self.target(&entry.value, &format!("{context}/{}", entry.key));
            if let (Some(known), Some(target)) = (known, target) {
                exits.insert(*known, target);
            }
        }
        exits
    }

    fn unknown_exit(&mut self, key: &str, pos: Pos, what: &str, allowed: &[ExitName]) {
        const LATER: [&str; 3] = ["callback", "many", "cancelled"];
        if LATER.contains(&key) {
            self.later(pos, &format!("the exit `{key}`"));
            return;
        }
        let help = suggest(key, allowed.iter().map(|exit| exit.as_str()));
        self.error(
            "F102",
            pos,
            format!("{what} has no exit `{}`", super::shortened(key)),
            help,
        );
    }
}
