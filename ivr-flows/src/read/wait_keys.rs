//! `keys` and `relax` of a wait.
//!
//! **Owns**: their fields. **Must not know**: which agents there are.

use std::collections::BTreeMap;
use std::time::Duration;

use super::recording::key_of;
use super::{Fields, Reader, shortened};
use crate::flow::{Pos, Rung, WaitKey, WaitThen};
use crate::yaml::{Entry, Kind, Node, twice};

const MOST_TIERS: u32 = 100;

impl Reader<'_> {
    /// `keys: { 1: message, 2: { play: opening-hours } }`.
    pub(super) fn wait_keys(&mut self, node: &Node, wait: &str) -> Vec<WaitKey> {
        let help = "write lines such as `1: BLOCK` or `2: { play: PROMPT }`";
        let mut seen: BTreeMap<char, Pos> = BTreeMap::new();
        let mut keys = Vec::new();
        for entry in self.entries(node, "keys", help) {
            let Some(key) = key_of(&entry.key) else {
                let message = format!("`{}` is not one telephone key", shortened(&entry.key));
                let help = "a waiting caller presses one key: `0` to `9`, `star` or `hash`";
                self.error("F104", entry.pos, message, help);
                continue;
            };
            if let Some(first) = seen.insert(key, entry.pos) {
                self.findings
                    .push(twice(self.file, &entry.key, entry.pos, first));
                continue;
            }
            keys.extend(self.wait_key(entry, key, wait));
        }
        keys
    }

    fn wait_key(&mut self, entry: &Entry, key: char, wait: &str) -> Option<WaitKey> {
        let node = &entry.value;
        let inline = format!("{wait}/{}", entry.key);
        let mut label = None;
        let then = match &node.kind {
            Kind::Map(_) => {
                let known = ["go", "do", "play", "say", "label"];
                let fields = self.fields(node, "a key of a wait", &known, &["when"])?;
                label = fields.get("label").and_then(|node| self.label(node));
                self.wait_then(&fields, &inline)?
            }
            _ => WaitThen::Leave(self.block_or_hangup(node)?),
        };
        Some(WaitKey { key, label, then })
    }

    fn wait_then(&mut self, fields: &Fields<'_>, inline: &str) -> Option<WaitThen> {
        let ways = ["go", "do", "play", "say"];
        let mut named = ways.iter().filter_map(|way| Some((*way, fields.get(way)?)));
        let Some((way, node)) = named.next() else {
            let help = "write `go: BLOCK` to leave the queue, or `play: PROMPT` to hear something";
            self.missing(fields.pos, "the key", "go", help);
            return None;
        };
        if let Some((other, node)) = named.next() {
            let message = format!("`{way}` and `{other}` stand at one key");
            self.error("F105", node.pos, message, "one key does one thing");
            return None;
        }
        match way {
            "go" => self.block_or_hangup(node).map(WaitThen::Leave),
            "do" => Some(WaitThen::Leave(self.lift(node, inline))),
            "play" => {
                let heard = self.sayings(node);
                (!heard.is_empty()).then_some(WaitThen::Hear(heard))
            }
            _ => self.said(node).map(WaitThen::Hear),
        }
    }

    /// `relax: [{ after: 45s, skills: { billing: 1 } }, { after: 2m, also: [repairs], drop: [billing] }]`.
    pub(super) fn relax(&mut self, node: &Node) -> Vec<Rung> {
        let help = "write `relax: [{ after: 45s, skills: { SKILL: level } }]`";
        let Kind::List(items) = &node.kind else {
            self.wrong_kind(node, "a list of steps", help);
            return Vec::new();
        };
        let mut rungs: Vec<Rung> = Vec::new();
        for item in items {
            let Some(rung) = self.relaxed(item) else {
                continue;
            };
            if rungs.last().is_some_and(|last| rung.after <= last.after) {
                let message = "the times of `relax` do not rise";
                let help = "write more in `after` than in the step before";
                self.error("F023", item.pos, message, help);
            }
            rungs.push(rung);
        }
        rungs
    }

    fn relaxed(&mut self, node: &Node) -> Option<Rung> {
        let known = ["after", "skills", "drop", "also", "max_tier", "head_start"];
        let fields = self.fields(node, "a step of `relax`", &known, &["priority"])?;
        let Some(after) = fields.get("after") else {
            let help = "write `after: 45s`";
            self.missing(fields.pos, "a step of `relax`", "after", help);
            return None;
        };
        let after = self.some_time(after, "`after`");
        let skills = fields.get("skills").map(|node| self.levels(node, 1));
        let mut skills = skills.unwrap_or_default();
        if let Some(node) = fields.get("drop") {
            for skill in self.names(node, "a skill") {
                skills.insert(skill.text, (0, skill.pos));
            }
        }
        let max_tier = fields.get("max_tier").and_then(|node| {
            let tier = self.number(node, "a tier", 1, MOST_TIERS)?;
            u8::try_from(tier).ok()
        });
        let also = fields.get("also");
        let queues = also.map(|node| self.names(node, "a queue name"));
        let head_start = fields
            .get("head_start")
            .and_then(|node| self.duration(node, "`head_start`"));
        Some(Rung {
            after: after?,
            skills,
            max_tier,
            queues: queues.unwrap_or_default(),
            head_start: head_start.unwrap_or(Duration::ZERO),
        })
    }
}
