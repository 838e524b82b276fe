//! Queue steps, and waits.
//!
//! **Owns**: the fields of `queue` and of an entry of `waits:`.
//! **Must not know**: which queues and skills the company has.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Reader;
use crate::expression::Expression;
use crate::flow::{Action, ExitName, Name, Play, Queue, Wait};
use crate::nearest::suggest;
use crate::yaml::{Kind, Node};

impl Reader<'_> {
    /// `queue: support`, `queue: { to: support, … }`.
    pub(super) fn queue(&mut self, node: &Node, block: &str) -> Option<Queue> {
        let Kind::Map(_) = &node.kind else {
            let to = self.name(node, "a queue name")?;
            return Some(Queue {
                to,
                skills: BTreeMap::new(),
                any_of: Vec::new(),
                ladder: None,
                last_agent: None,
                head_start: Duration::ZERO,
                class: None,
                wait: None,
                exits: BTreeMap::new(),
            });
        };
        let known = [
            "to",
            "skills",
            "any_of",
            "ladder",
            "last_agent",
            "head_start",
            "class",
            "use",
            "exits",
        ];
        let fields = self.fields(node, "`queue`", &known, &["screen", "priority"])?;
        let to = match fields.get("to") {
            Some(to) => self.name(to, "a queue name"),
            None => {
                self.missing(fields.pos, "`queue`", "to", "write `to: QUEUE`");
                None
            }
        };
        let skills = fields
            .get("skills")
            .map(|node| self.levels(node, 1))
            .unwrap_or_default();
        let any_of = fields.get("any_of").map(|node| self.any_of(node));
        let last_agent = fields
            .get("last_agent")
            .and_then(|node| self.duration(node, "`last_agent`"));
        let ladder = fields.get("ladder").map(|node| self.ladder(node));
        let head_start = fields
            .get("head_start")
            .and_then(|node| self.duration(node, "`head_start`"));
        let class = fields.get("class").and_then(|node| self.class(node));
        let wait = fields
            .get("use")
            .and_then(|node| self.name(node, "the name of a wait"));
        let exits = self.exits(fields.get("exits"), "`queue`", ExitName::QUEUE, block);
        Some(Queue {
            to: to?,
            skills,
            any_of: any_of.unwrap_or_default(),
            ladder,
            last_agent,
            head_start: head_start.unwrap_or(Duration::ZERO),
            class,
            wait,
            exits,
        })
    }

    fn class(&mut self, node: &Node) -> Option<u8> {
        match &node.kind {
            Kind::Text { text, .. } if text == "emergency" => Some(0),
            Kind::Text { text, .. } if text == "normal" => Some(1),
            Kind::Text { text, .. } => {
                let help = suggest(text, ["emergency", "normal"]);
                self.wrong_kind(node, "a class", &help);
                None
            }
            _ => {
                self.wrong_kind(node, "a class", "write `emergency` or `normal`");
                None
            }
        }
    }

    /// One entry of `waits:`.
    pub(super) fn wait(&mut self, name: &Name, node: &Node) -> Option<Wait> {
        let known = ["loop", "keys", "relax", "give_up_after", "exits"];
        let later = ["skills", "exit_key", "offer_callback"];
        let fields = self.fields(node, "a wait", &known, &later)?;
        let plays = match fields.get("loop") {
            Some(steps) => self.wait_loop(steps, &name.text),
            None => {
                self.missing(
                    name.pos,
                    "the wait",
                    "loop",
                    "write `loop:` with `- play:` steps",
                );
                Vec::new()
            }
        };
        let give_up = fields.get("give_up_after");
        let give_up_after = give_up.and_then(|node| self.some_time(node, "`give_up_after`"));
        let exits = self.exits(fields.get("exits"), "a wait", ExitName::QUEUE, &name.text);
        let keys = fields
            .get("keys")
            .map(|node| self.wait_keys(node, &name.text));
        let relax = fields.get("relax");
        Some(Wait {
            pos: name.pos,
            plays,
            keys: keys.unwrap_or_default(),
            relax: relax.map(|node| self.relax(node)),
            relax_pos: relax.map(|node| node.pos),
            give_up_after,
            exits,
        })
    }

    fn wait_loop(&mut self, node: &Node, name: &str) -> Vec<(Option<Expression>, Play)> {
        let mut plays = Vec::new();
        let steps = self.steps(node, name);
        if steps.is_empty() && matches!(&node.kind, Kind::Empty | Kind::List(_)) {
            self.wrong_kind(
                node,
                "at least one step",
                "write `- play: { prompt: MUSIC, for: 30s }`",
            );
        }
        for step in steps {
            match step.action {
                Action::Play(play) => {
                    if let Some((exit, _)) = play.exits.first_key_value() {
                        let message =
                            format!("what is heard in a wait has no exit `{}`", exit.as_str());
                        let help =
                            "put `exits:` on the wait: they belong to the waiting as a whole";
                        self.error("F104", step.pos, message, help);
                    }
                    plays.push((step.when, play));
                }
                action => {
                    let message = format!("`{}` cannot stand in the loop of a wait", action.name());
                    self.error("F104", step.pos, message, "only `play` and `say` steps can");
                }
            }
        }
        plays
    }
}
