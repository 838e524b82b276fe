//! Lists of steps, and the small actions.
//!
//! **Owns**: "one action in a step", the names of all actions, those that are not built yet included.
//! **Must not know**: menus and queues in detail.

use super::exits::RESERVED;
use super::{Reader, shortened};
use crate::expression::Template;
use crate::flow::{Action, Bound, Go, Name, Step};
use crate::nearest::suggest;
use crate::yaml::{Entry, Kind, Node};

/// What this version runs.
pub(super) const ACTIONS: [&str; 29] = [
    "answer",
    "play",
    "say",
    "menu",
    "collect",
    "customer",
    "http",
    "remote",
    "language",
    "voicemail",
    "survey",
    "consent",
    "record",
    "wait",
    "notify",
    "transfer",
    "dial",
    "offer_callback",
    "callback",
    "pay",
    "go",
    "branch",
    "hours",
    "set",
    "tag",
    "queue",
    "call",
    "return",
    "hangup",
];
/// What the language has, and this version does not run yet.
const LATER: [&str; 3] = ["event", "if", "log"];

impl Reader<'_> {
    /// A list of steps; `block` names the block they stand in.
    pub(super) fn steps(&mut self, node: &Node, block: &str) -> Vec<Step> {
        let items = match &node.kind {
            Kind::List(items) => items.as_slice(),
            Kind::Empty => &[],
            Kind::Text { .. } | Kind::Map(_) => {
                self.wrong_kind(node, "a list of steps", "begin each step with `- `");
                &[]
            }
        };
        items
            .iter()
            .filter_map(|item| self.step(item, block))
            .collect()
    }

    fn step(&mut self, node: &Node, block: &str) -> Option<Step> {
        let entries = match &node.kind {
            Kind::Map(entries) => entries,
            Kind::Text { text, .. } if ACTIONS.contains(&text.as_str()) => {
                let help = format!("write `- {text}:` with a colon");
                self.wrong_kind(node, "a step", &help);
                return None;
            }
            _ => {
                self.wrong_kind(node, "a step", "write `- play: PROMPT`, for example");
                return None;
            }
        };
        let mut when = None;
        let mut id = None;
        let mut actions: Vec<&Entry> = Vec::new();
        let mut odd = false;
        for entry in entries {
            match entry.key.as_str() {
                "id" => id = self.name(&entry.value, "an id"),
                "note" => drop(self.text(&entry.value, "a note", "write a text")),
                "when" => when = self.expression(&entry.value, "`when`"),
                key if ACTIONS.contains(&key) => actions.push(entry),
                key if LATER.contains(&key) => {
                    self.later(entry.pos, &format!("the step `{key}`"));
                    odd = true;
                }
                key => {
                    odd = true;
                    let known = ACTIONS
                        .into_iter()
                        .chain(LATER)
                        .chain(["id", "note", "when"]);
                    let message = format!("`{}` is not a step", shortened(key));
                    self.error("F102", entry.pos, message, suggest(key, known));
                }
            }
        }
        match actions.as_slice() {
            [action] => {
                let action = self.action(action, block)?;
                Some(Step {
                    pos: node.pos,
                    id,
                    when,
                    action,
                })
            }
            [] => {
                if !odd {
                    let help = "write one action, such as `play: PROMPT`";
                    self.error("F105", node.pos, "this step does nothing", help);
                }
                None
            }
            [first, second, ..] => {
                let message = format!("`{}` and `{}` stand in one step", first.key, second.key);
                let help = "one step does one thing: start a new `-` line";
                self.error("F105", second.pos, message, help);
                None
            }
        }
    }

    fn action(&mut self, entry: &Entry, block: &str) -> Option<Action> {
        let node = &entry.value;
        match entry.key.as_str() {
            "answer" => {
                self.bare(node, "answer", &["early_media", "headers"]);
                Some(Action::Answer)
            }
            "hangup" => {
                let status = self.hangup(node);
                Some(Action::Hangup(status))
            }
            "play" => self.play(node, block).map(Action::Play),
            "menu" => self
                .menu(node, entry.pos, block)
                .map(|menu| Action::Menu(Box::new(menu))),
            "say" => self.say(node, block).map(Action::Play),
            "collect" => self
                .collect(node, entry.pos, block)
                .map(|collect| Action::Collect(Box::new(collect))),
            "customer" => self.customer(node, entry.pos, block).map(Action::Customer),
            "http" => self
                .http(node, entry.pos, block)
                .map(|http| Action::Http(Box::new(http))),
            "remote" => self
                .remote(node, entry.pos, block)
                .map(|http| Action::Http(Box::new(http))),
            "language" => self.language_step(node).map(Action::Language),
            "voicemail" => self
                .voicemail(node, block)
                .map(|voicemail| Action::Voicemail(Box::new(voicemail))),
            "survey" => self
                .survey(node, entry.pos, block)
                .map(|survey| Action::Survey(Box::new(survey))),
            "consent" => self
                .consent(node, entry.pos, block)
                .map(|consent| Action::Consent(Box::new(consent))),
            "record" => self.record(node).map(Action::Record),
            "wait" => self.pause(node).map(Action::Pause),
            "offer_callback" => self
                .callback(node, entry.pos, ("offer_callback", block))
                .map(|later| Action::NotYet(Box::new(later))),
            "callback" => self
                .callback(node, entry.pos, ("callback", block))
                .map(|later| Action::NotYet(Box::new(later))),
            "pay" => self
                .pay(node, entry.pos, block)
                .map(|later| Action::NotYet(Box::new(later))),
            what @ ("transfer" | "dial") => self
                .transfer(node, what == "dial", block)
                .map(|transfer| Action::Transfer(Box::new(transfer))),
            "notify" => self
                .notify(node)
                .map(|notify| Action::Notify(Box::new(notify))),
            "go" => self.go(node, block).map(Action::Go),
            "call" => self
                .call(node, entry.pos, block)
                .map(|call| Action::Call(Box::new(call))),
            "return" => self.return_step(node).map(Action::Return),
            "hours" => self.hours(node, block).map(Action::Hours),
            "branch" => self.branch(node, block).map(Action::Branch),
            "set" => Some(Action::Set(self.set(node))),
            "tag" => Some(Action::Tag(self.tag(node))),
            _ => self
                .queue(node, block)
                .map(|queue| Action::Queue(Box::new(queue))),
        }
    }

    /// An action without a value.
    fn bare(&mut self, node: &Node, action: &str, later: &[&str]) {
        match &node.kind {
            Kind::Empty => {}
            Kind::Map(_) => drop(self.fields(node, &format!("`{action}`"), &[], later)),
            Kind::Text { .. } | Kind::List(_) => {
                self.wrong_kind(
                    node,
                    "nothing",
                    &format!("write `- {action}:` and nothing after it"),
                );
            }
        }
    }

    /// `go: main`, `go: { to: main, at_most: 2, then: other }`.
    fn go(&mut self, node: &Node, block: &str) -> Option<Go> {
        let Kind::Map(_) = &node.kind else {
            return Some(Go {
                to: self.block_or_hangup(node)?,
                bound: None,
            });
        };
        let fields = self.fields(node, "`go`", &["to", "at_most", "then"], &[])?;
        let Some(to) = fields.get("to") else {
            self.missing(fields.pos, "`go`", "to", "write `to: BLOCK`");
            return None;
        };
        let to = self.block_or_hangup(to)?;
        let then = fields.get("then");
        let Some(at_most) = fields.get("at_most") else {
            if let Some(then) = then {
                let help = "add `at_most: 2`, or remove `then:`";
                self.error("F103", then.pos, "`then:` needs `at_most:`", help);
            }
            return Some(Go { to, bound: None });
        };
        let at_most = self.number(at_most, "a count for `at_most`", 1, 100)?;
        let then = then.and_then(|then| self.target(then, &format!("{block}/then")));
        Some(Go {
            to,
            bound: Some(Bound { at_most, then }),
        })
    }

    fn tag(&mut self, node: &Node) -> Vec<(String, Template)> {
        let mut tags = Vec::new();
        for entry in self.entries(node, "tags", "write `tag: { NAME: value }`") {
            let name = Name {
                text: entry.key.clone(),
                pos: entry.pos,
            };
            let good = self.is_name(&name, "a tag");
            let value = self.template(
                &entry.value,
                "a value",
                "write a text, a number, `true` or `false`",
            );
            if let (true, Some(value)) = (good, value) {
                tags.push((name.text, value));
            }
        }
        if tags.is_empty() && matches!(&node.kind, Kind::Empty) {
            self.wrong_kind(node, "a map of tags", "write `tag: { NAME: value }`");
        }
        tags
    }

    /// A block's own name.
    pub(super) fn block_name(&mut self, entry: &Entry) -> Option<Name> {
        let name = Name {
            text: entry.key.clone(),
            pos: entry.pos,
        };
        if RESERVED.contains(&name.text.as_str()) {
            let message = format!("`{}` cannot be the name of a block", name.text);
            self.error(
                "F109",
                name.pos,
                message,
                "it is a target of its own; take another name",
            );
            return None;
        }
        self.is_name(&name, "the name of a block").then_some(name)
    }
}
